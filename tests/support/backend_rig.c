#include "backend_rig_private.h"

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

/* --- small things --- */

void
rig_path(const struct rig *rig, char *dst, size_t cap, const char *name)
{
    (void)snprintf(dst, cap, "%s/%s", rig->dir.path, name);
}

int64_t
rig_deadline(void)
{
    return ph_clock_mono_ms() + DEADLINE_MS;
}

void
rig_pause(int64_t end_ms, const char *what)
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

    rig_path(rig, sock, sizeof(sock), "s");
    rig_path(rig, dir, sizeof(dir), "agent");
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

    rig_path(rig, path, sizeof(path), "etc/printhold.conf");
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
    rig_path(rig, etc, sizeof(etc), "etc");
    set_or_unset("PRINTHOLD_CONFIG_DIR", etc);
    set_or_unset("PATH", "/usr/bin:/bin");
    set_or_unset("TMPDIR", rig->tmpdir);
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
    int64_t end_ms = rig_deadline();

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
    int64_t end_ms = rig_deadline();
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
    int64_t end_ms = rig_deadline();
    int left = 1;

    for (;;) {
        assert_int_equal(ioctl(rig->input, FIONREAD, &left), 0);
        if (left == 0)
            return;
        rig_pause(end_ms, "the document to be read");
    }
}

void
rig_wait_log_count(struct rig *rig, const char *text, unsigned count)
{
    int64_t end_ms = rig_deadline();

    while (rig_count_log(rig, text) < count)
        rig_pause(end_ms, text);
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

/* --- documents --- */

void
rig_encrypted_pdf(struct ph_buf *pdf, const char *user, const char *owner)
{
    qpdf_data q = qpdf_init();
    struct ph_buf plain;

    ph_buf_init(&plain, RIG_FILE_MAX);
    ph_buf_init(pdf, RIG_FILE_MAX);
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
    rig_path(rig, path, sizeof(path), "etc");
    assert_int_equal(mkdir(path, 0755), 0);
    rig_path(rig, path, sizeof(path), "agent");
    assert_int_equal(mkdir(path, 0700), 0);
    rig_path(rig, path, sizeof(path), "agent/log");
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
