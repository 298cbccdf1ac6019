#include "backend_rig.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <qpdf/qpdf-c.h>

#include "pdf_maker.h"
#include "printhold/base/clock.h"
#include "printhold/base/io.h"

#define DEADLINE_MS 60000
#define FILE_MAX    (64 * 1024 * 1024)

/* --- small things --- */

static void
path_in(const struct rig *rig, char *dst, size_t cap, const char *name)
{
    (void)snprintf(dst, cap, "%s/%s", rig->dir.path, name);
}

static void
read_all(const struct rig *rig, const char *name, struct ph_buf *buf)
{
    char path[300];

    path_in(rig, path, sizeof(path), name);
    if (ph_io_read_file(AT_FDCWD, path, FILE_MAX, buf) != 0)
        fail_msg("cannot read %s", path);
    assert_non_null(ph_buf_str(buf));
}

static int64_t
deadline(void)
{
    return ph_clock_mono_ms() + DEADLINE_MS;
}

/* Let others run; fail at the deadline. */
static void
pause_until(int64_t end_ms, const char *what)
{
    if (ph_clock_mono_ms() > end_ms)
        fail_msg("waited too long for: %s", what);
    (void)poll(NULL, 0, 2);
}

/* --- the agent --- */

void
rig_agent(struct rig *rig, const char *mode, const char *uid)
{
    char sock[300], dir[300], ready[6] = "";
    int out[2];

    path_in(rig, sock, sizeof(sock), "s");
    path_in(rig, dir, sizeof(dir), "agent");
    assert_int_equal(pipe(out), 0);
    rig->agent = fork();
    assert_true(rig->agent >= 0);
    if (rig->agent == 0) {
        (void)dup2(out[1], STDOUT_FILENO);
        (void)close(out[0]);
        (void)close(out[1]);
        execl(PH_FAKE_AGENT, "ph-fake-agent", sock, dir, mode, uid,
              (char *)NULL);
        _exit(127);
    }
    (void)close(out[1]);
    assert_int_equal(read(out[0], ready, 5), 5);
    assert_string_equal(ready, "ready");
    (void)close(out[0]);
}

void
rig_agent_stop(struct rig *rig)
{
    if (rig->agent > 0) {
        assert_int_equal(kill(rig->agent, SIGKILL), 0);
        assert_int_equal(waitpid(rig->agent, NULL, 0), rig->agent);
    }
    rig->agent = 0;
}

/* --- the backend --- */

static void
write_settings(const struct rig *rig)
{
    char path[300];
    FILE *file;

    path_in(rig, path, sizeof(path), "etc/printhold.conf");
    file = fopen(path, "w");
    assert_non_null(file);
    (void)fprintf(file,
                  "[agent]\ncapture_socket = %s/s\nagent_user = %s\n"
                  "[jobs]\n%s[backend]\npagecount_program = %s\n%s",
                  rig->dir.path, rig->agent_user,
                  rig->job_settings != NULL ? rig->job_settings : "",
                  rig->pagecount, rig->settings != NULL ? rig->settings : "");
    assert_int_equal(fclose(file), 0);
}

static void
set_or_unset(const char *name, const char *value)
{
    if (value != NULL)
        (void)setenv(name, value, 1);
    else
        (void)unsetenv(name);
}

/* In the child: cupsd's environment and nothing else. */
static void
set_environment(const struct rig *rig)
{
    char etc[300];

    (void)clearenv();
    path_in(rig, etc, sizeof(etc), "etc");
    set_or_unset("PRINTHOLD_CONFIG_DIR", etc);
    set_or_unset("PATH", "/usr/bin:/bin");
    set_or_unset("PRINTER", "PrintHold");
    set_or_unset("AUTH_UID", rig->auth_uid);
    set_or_unset("AUTH_USERNAME", rig->auth_username);
    set_or_unset("AUTH_PASSWORD", rig->password);
    set_or_unset("FINAL_CONTENT_TYPE", rig->final_type);
    set_or_unset("CUPS_FILETYPE", rig->file_type);
    /* Sanitizers must not take the signals that are tested. */
    set_or_unset("ASAN_OPTIONS",
                 "handle_segv=0:handle_abort=0:handle_sigbus=0");
}

static void
run_child(const struct rig *rig, int in, int out, int count)
{
    /* More arguments than any backend gets, for the test of that. */
    const char *words[] = {
        "printhold:/", "7", "alice", rig->title, "2",  rig->options,
        rig->file,     "7", "8",     NULL,       NULL,
    };
    char *argv[11];

    for (int i = 0; i < 11; i++)
        argv[i] = i <= count && words[i] != NULL ? strdup(words[i]) : NULL;
    (void)setpgid(0, 0);
    (void)dup2(in, STDIN_FILENO);
    (void)dup2(out, STDERR_FILENO);
    (void)dup2(out, STDOUT_FILENO);
    for (int fd = 3; fd < 64; fd++)
        (void)close(fd);
    if (chdir(rig->dir.path) != 0)
        _exit(127);
    if (rig->file_size_limit > 0) {
        const struct rlimit limit = {rig->file_size_limit,
                                     rig->file_size_limit};

        (void)setrlimit(RLIMIT_FSIZE, &limit);
    }
    set_environment(rig);
    execv(PH_BACKEND, argv);
    _exit(127);
}

static void
start(struct rig *rig, int count)
{
    int in[2], out[2];

    write_settings(rig);
    if (rig->input >= 0)
        ph_io_close(&rig->input);
    rig->errors_len = 0;
    rig->errors[0] = '\0';
    assert_int_equal(pipe2(in, O_CLOEXEC), 0);
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    rig->backend = fork();
    assert_true(rig->backend >= 0);
    if (rig->backend == 0)
        run_child(rig, in[0], out[1], count);
    (void)setpgid(rig->backend, rig->backend);
    (void)close(in[0]);
    (void)close(out[1]);
    rig->input = in[1];
    rig->output = out[0];
    assert_int_equal(fcntl(rig->input, F_SETFL, O_NONBLOCK), 0);
}

void
rig_start(struct rig *rig)
{
    start(rig, rig->file != NULL ? 6 : 5);
}

/* Take what the backend says; false at its end. */
static bool
hear(struct rig *rig)
{
    ssize_t n = read(rig->output, rig->errors + rig->errors_len,
                     sizeof(rig->errors) - 1 - rig->errors_len);

    if (n <= 0)
        return false;
    rig->errors_len += (size_t)n;
    rig->errors[rig->errors_len] = '\0';
    assert_true(rig->errors_len < sizeof(rig->errors) - 1);
    return true;
}

void
rig_feed(struct rig *rig, const void *bytes, size_t len)
{
    const uint8_t *pos = bytes;
    int64_t end_ms = deadline();

    while (len > 0) {
        struct pollfd pfd = {.fd = rig->input, .events = POLLOUT};
        ssize_t n;

        if (ph_clock_mono_ms() > end_ms)
            fail_msg("the backend stopped reading");
        (void)poll(&pfd, 1, 100);
        n = write(rig->input, pos, len);
        if (n < 0 && errno == EPIPE)
            return; /* it has made up its mind already */
        if (n > 0) {
            pos += n;
            len -= (size_t)n;
        }
    }
}

void
rig_close_input(struct rig *rig)
{
    ph_io_close(&rig->input);
}

int
rig_wait(struct rig *rig)
{
    int64_t end_ms = deadline();
    int status = 0;

    for (;;) {
        struct pollfd pfd = {.fd = rig->output, .events = POLLIN};

        if (ph_clock_mono_ms() > end_ms) {
            (void)kill(-rig->backend, SIGKILL);
            fail_msg("the backend does not end; it said: %s", rig->errors);
        }
        if (poll(&pfd, 1, 100) > 0 && !hear(rig))
            break;
    }
    ph_io_close(&rig->output);
    assert_int_equal(waitpid(rig->backend, &status, 0), rig->backend);
    if (!WIFEXITED(status))
        fail_msg("the backend died by signal %d", WTERMSIG(status));
    return WEXITSTATUS(status);
}

int
rig_finish(struct rig *rig)
{
    rig_close_input(rig);
    return rig_wait(rig);
}

int
rig_print(struct rig *rig, const void *document, size_t len)
{
    rig_start(rig);
    rig_feed(rig, document, len);
    return rig_finish(rig);
}

int
rig_run_bare(struct rig *rig, int count)
{
    rig->file = "/nonexistent";
    start(rig, count);
    return rig_finish(rig);
}

/* --- events --- */

void
rig_wait_consumed(struct rig *rig)
{
    int64_t end_ms = deadline();
    int left = 1;

    for (;;) {
        assert_int_equal(ioctl(rig->input, FIONREAD, &left), 0);
        if (left == 0)
            return;
        pause_until(end_ms, "the document to be read");
    }
}

void
rig_wait_log_count(struct rig *rig, const char *text, unsigned count)
{
    int64_t end_ms = deadline();

    while (rig_count_log(rig, text) < count)
        pause_until(end_ms, text);
}

void
rig_wait_log(struct rig *rig, const char *text)
{
    rig_wait_log_count(rig, text, 1);
}

void
rig_wait_stderr(struct rig *rig, const char *text)
{
    while (strstr(rig->errors, text) == NULL) {
        if (!hear(rig))
            fail_msg("never said: %s", text);
    }
}

/* --- facts --- */

/* Parent and name of a process, from /proc/PID/stat. */
static bool
read_stat(const char *pid, int *out_parent, char name[64])
{
    char path[64];
    FILE *file;
    int n;

    (void)snprintf(path, sizeof(path), "/proc/%.20s/stat", pid);
    file = fopen(path, "r");
    if (file == NULL)
        return false;
    n = fscanf(file, "%*d (%63[^)]) %*c %d", name, out_parent);
    (void)fclose(file);
    return n == 2;
}

/* The children of the backend: the counter (by its name) and the other. */
static void
find_children(const struct rig *rig, pid_t *out_worker, pid_t *out_counter)
{
    struct dirent *entry;
    DIR *dir = opendir("/proc");

    assert_non_null(dir);
    while ((entry = readdir(dir)) != NULL) {
        char name[64];
        int parent;

        if (entry->d_name[0] < '1' || entry->d_name[0] > '9' ||
            !read_stat(entry->d_name, &parent, name) ||
            parent != (int)rig->backend)
            continue;
        if (strstr(name, "-page") != NULL)
            *out_counter = (pid_t)strtol(entry->d_name, NULL, 10);
        else
            *out_worker = (pid_t)strtol(entry->d_name, NULL, 10);
    }
    (void)closedir(dir);
}

pid_t
rig_worker(const struct rig *rig)
{
    int64_t end_ms = deadline();

    for (;;) {
        pid_t worker = -1, counter = -1;

        /* Until it runs its own program the counter looks like a worker. */
        find_children(rig, &worker, &counter);
        if (worker > 0 && counter > 0)
            return worker;
        pause_until(end_ms, "worker and page counter");
    }
}

int
rig_children_left(const struct rig *rig)
{
    return kill(-rig->backend, 0) == 0 ? 1 : 0;
}

unsigned
rig_count_log(const struct rig *rig, const char *text)
{
    struct ph_buf log;
    unsigned count = 0;
    const char *pos;

    read_all(rig, "agent/log", &log);
    for (pos = ph_buf_str(&log); (pos = strstr(pos, text)) != NULL;
         pos += strlen(text))
        count++;
    ph_buf_close(&log);
    return count;
}

void
rig_expect_code(const char *what, int code, int expected)
{
    if (code != expected)
        fail_msg("%s: exit code %d, not %d", what, code, expected);
}

void
rig_expect_log(const struct rig *rig, const char *end)
{
    int64_t end_ms = deadline();
    size_t len = strlen(end);

    for (;;) {
        struct ph_buf log;
        bool is_there;

        read_all(rig, "agent/log", &log);
        is_there =
            log.len >= len && memcmp(log.data + log.len - len, end, len) == 0;
        ph_buf_close(&log);
        if (is_there)
            return;
        pause_until(end_ms, end);
    }
}

void
rig_expect_empty_log(const struct rig *rig)
{
    struct ph_buf log;

    read_all(rig, "agent/log", &log);
    assert_int_equal(log.len, 0);
    ph_buf_close(&log);
}

void
rig_expect_no_violation(const struct rig *rig)
{
    struct ph_buf log;
    const char *found;

    read_all(rig, "agent/log", &log);
    found = strstr(ph_buf_str(&log), "VIOLATION");
    if (found != NULL)
        fail_msg("%.*s", (int)strcspn(found, "\n"), found);
    ph_buf_close(&log);
}

void
rig_expect_stderr(const struct rig *rig, const char *text)
{
    if (strstr(rig->errors, text) == NULL)
        fail_msg("not said: \"%s\" but: \"%s\"", text, rig->errors);
}

void
rig_expect_status(pid_t pid, const char *line)
{
    char path[64], text[8192];
    FILE *file;
    size_t len;

    (void)snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
    file = fopen(path, "r");
    assert_non_null(file);
    len = fread(text, 1, sizeof(text) - 1, file);
    (void)fclose(file);
    text[len] = '\0';
    if (strstr(text, line) == NULL)
        fail_msg("process status has no \"%s\"", line);
}

void
rig_expect_document(const struct rig *rig, unsigned job, const void *document,
                    size_t len)
{
    struct ph_buf held;
    char name[64];

    (void)snprintf(name, sizeof(name), "agent/%u.document", job);
    read_all(rig, name, &held);
    assert_int_equal(held.len, len);
    assert_memory_equal(held.data, document, len);
    ph_buf_close(&held);
}

static bool
ticket_has(const struct rig *rig, unsigned job, const char *text)
{
    struct ph_buf ticket;
    char name[64];
    bool has;

    (void)snprintf(name, sizeof(name), "agent/%u.ticket", job);
    read_all(rig, name, &ticket);
    has = strstr(ph_buf_str(&ticket), text) != NULL;
    ph_buf_close(&ticket);
    return has;
}

void
rig_expect_ticket(const struct rig *rig, unsigned job, const char *text)
{
    if (!ticket_has(rig, job, text))
        fail_msg("ticket %u lacks %s", job, text);
}

void
rig_expect_no_ticket_text(const struct rig *rig, unsigned job, const char *text)
{
    if (ticket_has(rig, job, text))
        fail_msg("ticket %u has %s", job, text);
}

/* --- documents --- */

void
rig_encrypted_pdf(struct ph_buf *pdf, const char *user, const char *owner)
{
    qpdf_data q = qpdf_init();
    struct ph_buf plain;

    ph_buf_init(&plain, FILE_MAX);
    ph_buf_init(pdf, FILE_MAX);
    assert_int_equal(pdf_make(&plain, 3, 1000, NULL, NULL), 0);
    assert_int_equal(
        qpdf_read_memory(q, "plain", (const char *)plain.data, plain.len, NULL),
        QPDF_SUCCESS);
    assert_int_equal(qpdf_init_write_memory(q), QPDF_SUCCESS);
    qpdf_set_r6_encryption_parameters2(q, user, owner, QPDF_TRUE, QPDF_TRUE,
                                       QPDF_TRUE, QPDF_TRUE, QPDF_TRUE,
                                       QPDF_TRUE, qpdf_r3p_full, QPDF_TRUE);
    assert_int_equal(qpdf_write(q), QPDF_SUCCESS);
    assert_int_equal(
        ph_buf_put(pdf, qpdf_get_buffer(q), qpdf_get_buffer_length(q)), 0);
    qpdf_cleanup(&q);
    ph_buf_close(&plain);
}

/* --- the frame of each test --- */

int
rig_setup(void **state)
{
    struct rig *rig = calloc(1, sizeof(*rig));
    char path[300];

    assert_non_null(rig);
    scratch_make(&rig->dir);
    /* A stranger must be able to reach the socket. */
    assert_int_equal(chmod(rig->dir.path, 0777), 0);
    path_in(rig, path, sizeof(path), "etc");
    assert_int_equal(mkdir(path, 0755), 0);
    path_in(rig, path, sizeof(path), "agent");
    assert_int_equal(mkdir(path, 0700), 0);
    path_in(rig, path, sizeof(path), "agent/log");
    scratch_write(path, "", 0);
    rig->title = "A title";
    rig->options = "job-uuid=urn:uuid:01234567-89ab-cdef-0123-456789abcdef "
                   "sides=two-sided-long-edge media=A4";
    rig->auth_uid = "1";
    rig->auth_username = "daemon";
    rig->final_type = "application/pdf";
    rig->agent_user = "root";
    rig->pagecount = PH_PAGECOUNT;
    rig->input = -1;
    rig->output = -1;
    *state = rig;
    return 0;
}

int
rig_teardown(void **state)
{
    struct rig *rig = *state;

    rig_agent_stop(rig);
    ph_io_close(&rig->input);
    ph_io_close(&rig->output);
    scratch_remove(&rig->dir);
    free(rig);
    return 0;
}
