/*
 * The notification centre takes notices of programs in a bundle of their own, by
 * a framework of Objective-C, or of osascript(1) for everybody. The text goes
 * through its standard input: a title in argv is everybody's to read.
 */
#include "sink.h"

#include <errno.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "printhold/base/err.h"
#include "printhold/base/io.h"
#include "printhold/base/log.h"

#define OSASCRIPT  "/usr/bin/osascript"
#define SCRIPT_MAX (2 * (PH_NOTICE_SUMMARY_MAX + PH_NOTICE_BODY_MAX) + 64)

struct ph_notify_sink {
    int nothing; /* launchd starts one in each session, and ends it */
};

int
ph_notify_sink_open(struct ph_notify_sink **out_sink, struct ph_why *why)
{
    *out_sink = calloc(1, sizeof(**out_sink));
    return *out_sink != NULL ? PH_OK
                             : ph_why_fail(why, PH_ERR_NOMEM, "out of memory");
}

void
ph_notify_sink_close(struct ph_notify_sink *sink)
{
    free(sink);
}

int
ph_notify_sink_fd(struct ph_notify_sink *sink)
{
    (void)sink;
    return -1;
}

int
ph_notify_sink_turn(struct ph_notify_sink *sink)
{
    (void)sink;
    return PH_OK;
}

/* The program reads the script from in. */
static int
spawn(int in, pid_t *out_pid)
{
    char *const argv[] = {(char[]){"osascript"}, (char[]){"-"}, NULL};
    char *const environment[] = {(char[]){"LANG=en_US.UTF-8"}, NULL};
    posix_spawn_file_actions_t actions;
    int rc = posix_spawn_file_actions_init(&actions);

    if (rc != 0)
        return PH_ERR_NOMEM;
    rc = posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
    if (rc == 0)
        rc = posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO,
                                              "/dev/null", O_WRONLY, 0);
    if (rc == 0)
        rc = posix_spawn(out_pid, OSASCRIPT, &actions, NULL, argv, environment);
    (void)posix_spawn_file_actions_destroy(&actions);
    return rc == 0 ? PH_OK : PH_ERR_NOT_FOUND;
}

static int
run(const char *script)
{
    int ends[2], status = 0, err;
    pid_t pid = -1;

    if (pipe(ends) != 0)
        return ph_err_from_errno(errno);
    (void)fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    (void)fcntl(ends[1], F_SETFD, FD_CLOEXEC);
    err = spawn(ends[0], &pid);
    ph_io_close(&ends[0]);
    if (err == PH_OK)
        err = ph_io_write_full(ends[1], script, strlen(script));
    ph_io_close(&ends[1]);
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    return err == PH_OK && status != 0 ? PH_ERR_IO : err;
}

int
ph_notify_sink_show(struct ph_notify_sink *sink, const struct ph_notice *notice,
                    uint32_t *id)
{
    char script[SCRIPT_MAX];
    int err = ph_notice_applescript(notice, script, sizeof(script));

    (void)sink;
    *id = 0; /* it has none */
    if (err == PH_OK)
        err = run(script);
    if (err != PH_OK)
        ph_log_warning("a notice was not shown: %s, continuing",
                       ph_err_text(err));
    return err;
}
