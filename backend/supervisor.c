#include "supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "again.h"
#include "capture.h"
#include "confine.h"
#include "cupslog.h"
#include "exitcode.h"
#include "jobstate.h"
#include "pagecount.h"
#include "printhold/base/err.h"
#include "printhold/base/io.h"

/*
 * The signal handler's two facts, the only global state of the program. The
 * process id is changed with SIGTERM blocked.
 */
static volatile sig_atomic_t is_terminated;
static volatile pid_t worker_pid;

/* cupsd signals the whole process group; this is for a SIGTERM that comes to
 * us alone. */
static void
on_sigterm(int signum)
{
    int saved = errno;

    (void)signum;
    is_terminated = 1;
    if (worker_pid > 0)
        (void)kill(worker_pid, SIGTERM);
    errno = saved;
}

void
ph_supervisor_catch_signals(void)
{
    struct sigaction action = {.sa_handler = on_sigterm};

    (void)sigemptyset(&action.sa_mask);
    (void)sigaction(SIGTERM, &action, NULL);
    action.sa_handler = SIG_IGN;
    (void)sigaction(SIGPIPE, &action, NULL);
    (void)sigaction(SIGXFSZ, &action, NULL);
    /* cupsd may have left SIGCHLD ignored; then there is no status to wait
     * for. */
    action.sa_handler = SIG_DFL;
    (void)sigaction(SIGCHLD, &action, NULL);
}

static void
block_sigterm(bool is_blocked)
{
    sigset_t set;

    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    (void)sigprocmask(is_blocked ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL);
}

/* In the new process: never returns. It goes on when the supervisor is killed:
 * cupsd takes that for success, and waits until the last of us has closed
 * standard error. */
static void
work(const struct ph_config *config, struct ph_jobinfo *info, int input,
     struct ph_pagecount *pages, int supervisor)
{
    struct ph_capture_job job = {
        .config = config,
        .info = info,
        .pages = pages,
        .input = input,
        .supervisor = supervisor,
    };

    /* It does not follow its parent: cupsd forgets a job whose backend was
     * killed, and the worker brings it home all the same. */
    (void)signal(SIGTERM, SIG_DFL);
    block_sigterm(false);
    _exit(ph_capture_run(&job));
}

/* Fork the worker; *out_sock is the socket to it. */
static int
start_worker(const struct ph_config *config, struct ph_jobinfo *info, int input,
             struct ph_pagecount *pages, int *out_sock)
{
    int pair[2];
    pid_t pid;

    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0)
        return ph_err_from_errno(errno);
    (void)fcntl(pair[0], F_SETFD, FD_CLOEXEC);
    (void)fcntl(pair[1], F_SETFD, FD_CLOEXEC);
    block_sigterm(true);
    pid = is_terminated ? -1 : fork();
    if (pid == 0) {
        (void)close(pair[0]);
        work(config, info, input, pages, pair[1]);
    }
    worker_pid = pid;
    block_sigterm(false);
    (void)close(pair[1]);
    if (pid < 0) {
        (void)close(pair[0]);
        return PH_ERR_AGAIN;
    }
    *out_sock = pair[0];
    return PH_OK;
}

/* Answer the worker's questions until it ends. */
static void
serve_worker(int sock, int32_t job_id)
{
    for (;;) {
        char byte;
        ssize_t n = read(sock, &byte, 1);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return;
        byte = ph_jobstate_is_ended(job_id) ? PH_CAPTURE_IS_ENDED
                                            : PH_CAPTURE_IS_ACTIVE;
        (void)ph_io_write_full(sock, &byte, 1);
    }
}

/* Its end is near: the socket said so. */
static int
reap(pid_t pid)
{
    int status = 0;

    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    return status;
}

static void
stop_counter(pid_t pid)
{
    if (pid <= 0)
        return;
    (void)kill(pid, SIGKILL);
    (void)reap(pid);
}

/*
 * After a cancel cupsd looks at no exit code. After cupsdisable or hold it
 * starts us again; and a SIGTERM that was not cupsd's must not lose the job:
 * "try again" is right for all.
 */
static int
exit_code(int status)
{
    if (WIFEXITED(status))
        return WEXITSTATUS(status);
    if (!is_terminated)
        ph_cupslog_error("Taking the job ended unexpectedly (signal %d); it "
                         "is tried again.",
                         WIFSIGNALED(status) ? WTERMSIG(status) : 0);
    return PH_EXIT_RETRY;
}

/* The agent was lost; returns the exit code. */
static int
wait_for_agent(const struct ph_config *config, int64_t attempt_s)
{
    int rc;

    block_sigterm(true);
    rc = ph_again_wait(config, attempt_s, &is_terminated);
    block_sigterm(false);
    return rc;
}

/* Take the document; returns the exit code. */
static int
supervise(const struct ph_config *config, struct ph_jobinfo *info, int input,
          struct ph_pagecount *pages)
{
    int sock = -1, status;
    int err = start_worker(config, info, input, pages, &sock);

    ph_pagecount_close(pages);
    if (err != PH_OK) {
        if (!is_terminated)
            ph_cupslog_error("No process could be started for the job (%s); "
                             "it is tried again.",
                             ph_err_text(err));
        return PH_EXIT_RETRY;
    }
    serve_worker(sock, info->ticket.cups_job_id);
    ph_io_close(&sock);
    block_sigterm(true);
    status = reap(worker_pid);
    worker_pid = 0;
    block_sigterm(false);
    return exit_code(status);
}

/* The owner cannot be proven: refused for good, or tried again. */
static int
refuse_owner(int err, const struct ph_why *why)
{
    if (err == PH_ERR_AGAIN) {
        ph_cupslog_info("Waiting: %s.", why->text);
        return PH_EXIT_RETRY;
    }
    ph_cupslog_error("Refused: %s.", why->text);
    return PH_EXIT_CANCEL;
}

int
ph_supervisor_run(const struct ph_config *config,
                  const struct ph_arguments *arguments, int input)
{
    struct ph_pagecount pages;
    struct ph_jobinfo info;
    struct ph_why why = {{0}};
    pid_t counter;
    int err, rc;

    ph_pagecount_open(&pages, config, arguments->file != NULL ? input : -1);
    counter = ph_pagecount_spawn(&pages, config->pagecount_program);
    if (counter < 0 && config->pagecount_program[0] != '\0')
        ph_cupslog_debug("The page counter could not be started.");
    /* Its end must close when it ends: nobody else may hold it. */
    ph_io_close(&pages.child_sock);
    err = ph_jobinfo_read(arguments, &info, &why);
    rc = err == PH_OK ? supervise(config, &info, input, &pages)
                      : refuse_owner(err, &why);
    ph_pagecount_close(&pages);
    stop_counter(counter);
    if (rc == PH_EXIT_RETRY_NOW)
        rc = wait_for_agent(config, info.attempt_s);
    return rc;
}
