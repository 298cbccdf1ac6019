#include "backend_rig_private.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "printhold/base/io.h"

static void
read_all(const struct rig *rig, const char *name, struct ph_buf *buf)
{
    char path[300];

    rig_path(rig, path, sizeof(path), name);
    if (ph_io_read_file(AT_FDCWD, path, RIG_FILE_MAX, buf) != 0)
        fail_msg("cannot read %s", path);
    assert_non_null(ph_buf_str(buf));
}

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
    int64_t end_ms = rig_deadline();

    for (;;) {
        pid_t worker = -1, counter = -1;

        /* Until it runs its own program the counter looks like a worker. */
        find_children(rig, &worker, &counter);
        if (worker > 0 && counter > 0)
            return worker;
        rig_pause(end_ms, "worker and page counter");
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
    int64_t end_ms = rig_deadline();
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
        rig_pause(end_ms, end);
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
