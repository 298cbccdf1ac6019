#include "systemd_creds_linux.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "printhold/base/err.h"
#include "printhold/base/io.h"

/* A pipe takes this without a reader. */
#define IN_MAX (32 * 1024)

extern char **environ;

/* Its real user, and the signals that we ignore back to their default. */
static int
set_attributes(posix_spawnattr_t *attr)
{
    sigset_t all;

    (void)sigfillset(&all);
    if (posix_spawnattr_setsigdefault(attr, &all) != 0 ||
        posix_spawnattr_setflags(attr, POSIX_SPAWN_RESETIDS |
                                           POSIX_SPAWN_SETSIGDEF) != 0)
        return PH_ERR_NOMEM;
    return PH_OK;
}

static int
spawn(char *const argv[], int in, int out, pid_t *out_pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attr;
    int err, number;

    if (posix_spawn_file_actions_init(&actions) != 0)
        return PH_ERR_NOMEM;
    if (posix_spawnattr_init(&attr) != 0) {
        (void)posix_spawn_file_actions_destroy(&actions);
        return PH_ERR_NOMEM;
    }
    err = set_attributes(&attr);
    if (err == PH_OK &&
        (posix_spawn_file_actions_adddup2(&actions, in, 0) != 0 ||
         posix_spawn_file_actions_adddup2(&actions, out, 1) != 0))
        err = PH_ERR_NOMEM;
    if (err == PH_OK) {
        number = posix_spawn(out_pid, PH_SYSTEMD_CREDS, &actions, &attr, argv,
                             environ);
        err = number == 0 ? PH_OK : ph_err_from_errno(number);
    }
    (void)posix_spawnattr_destroy(&attr);
    (void)posix_spawn_file_actions_destroy(&actions);
    return err;
}

/* Until its end, or until it says more than out may hold. */
static int
read_all(int fd, struct ph_buf *out)
{
    uint8_t *room = ph_buf_reserve(out, out->max - out->len);
    size_t got;
    int err;

    if (room == NULL)
        return PH_ERR_NOMEM;
    err = ph_io_read_full(fd, room, out->max - out->len, &got);
    if (err == PH_OK)
        ph_buf_advance(out, got);
    return err;
}

static int
wait_for(pid_t pid)
{
    int status;

    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return ph_err_from_errno(errno);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? PH_OK
                                                         : PH_ERR_DENIED;
}

static int
talk(char *const argv[], const void *in, size_t in_len, struct ph_buf *out)
{
    int to[2] = {-1, -1}, from[2] = {-1, -1};
    pid_t pid = -1;
    int err = PH_OK, ended;

    if (pipe2(to, O_CLOEXEC) != 0 || pipe2(from, O_CLOEXEC) != 0)
        err = ph_err_from_errno(errno);
    if (err == PH_OK)
        err = ph_io_write_full(to[1], in, in_len);
    if (err == PH_OK)
        err = spawn(argv, to[0], from[1], &pid);
    ph_io_close(&to[0]);
    ph_io_close(&to[1]);
    ph_io_close(&from[1]);
    if (err == PH_OK)
        err = read_all(from[0], out);
    ph_io_close(&from[0]);
    if (pid > 0) {
        ended = wait_for(pid);
        err = ended != PH_OK ? ended : err;
    }
    return err;
}

int
ph_systemd_creds(const char *verb, const char *const options[2], const void *in,
                 size_t in_len, struct ph_buf *out)
{
    const char *const words[] = {
        "systemd-creds", options[0], options[1], verb, "-", "-", NULL};

    if (in_len > IN_MAX)
        return PH_ERR_TOO_BIG;
    /* posix_spawn does not write to the words, it only says so badly. */
    return talk((char *const *)(uintptr_t)words, in, in_len, out);
}
