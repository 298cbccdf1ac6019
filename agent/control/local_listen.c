#include "local_listen.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "printhold/base/err.h"
#include "printhold/base/io.h"

#define BACKLOG 64

static int
make_socket(int *out_fd)
{
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    if (fd < 0)
        return ph_err_from_errno(errno);
    if (fcntl(fd, F_SETFD, FD_CLOEXEC) != 0 ||
        fcntl(fd, F_SETFL, O_NONBLOCK) != 0) {
        ph_io_close(&fd);
        return PH_ERR_IO;
    }
    *out_fd = fd;
    return PH_OK;
}

static int
make_directory(const char *path, struct ph_why *why)
{
    char dir[sizeof(((struct sockaddr_un *)0)->sun_path)];
    const char *end = strrchr(path, '/');
    int fd = -1, err;

    if (end == NULL || end == path)
        return PH_OK;
    (void)snprintf(dir, sizeof(dir), "%.*s", (int)(end - path), path);
    /* chmod: the umask of a service may be 077, and people must get in. */
    if (mkdir(dir, 0755) == 0 && chmod(dir, 0755) != 0)
        return ph_why_fail(why, ph_err_from_errno(errno), "%s: %s", dir,
                           strerror(errno));
    err = ph_io_open_dir(dir, false, 0, &fd, why);
    ph_io_close(&fd);
    return err;
}

/* Does a living process answer at the address? */
static bool
is_answered(const struct sockaddr_un *address)
{
    int fd = -1;
    bool answered;

    if (make_socket(&fd) != PH_OK)
        return true; /* not known: do not touch it */
    answered =
        connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 ||
        errno != ECONNREFUSED;
    ph_io_close(&fd);
    return answered;
}

/* Take away the socket file of a dead process. */
static int
remove_stale(const struct sockaddr_un *address, struct ph_why *why)
{
    struct stat st;

    if (lstat(address->sun_path, &st) != 0)
        return errno == ENOENT ? PH_OK : ph_err_from_errno(errno);
    if (!S_ISSOCK(st.st_mode))
        return ph_why_fail(why, PH_ERR_EXISTS,
                           "%s is not a socket and is left alone; move it "
                           "away",
                           address->sun_path);
    if (is_answered(address))
        return ph_why_fail(why, PH_ERR_BUSY,
                           "another service answers at %s; stop it first",
                           address->sun_path);
    if (unlink(address->sun_path) != 0 && errno != ENOENT)
        return ph_why_fail(why, ph_err_from_errno(errno), "%s: %s",
                           address->sun_path, strerror(errno));
    return PH_OK;
}

int
ph_local_listen(const char *path, mode_t mode, int *out_fd, struct ph_why *why)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = -1, err;

    if (strlen(path) >= sizeof(address.sun_path))
        return ph_why_fail(why, PH_ERR_TOO_BIG,
                           "%s: the name of a socket has at most %zu bytes",
                           path, sizeof(address.sun_path) - 1);
    (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    err = make_directory(path, why);
    if (err == PH_OK)
        err = remove_stale(&address, why);
    if (err != PH_OK)
        return err;
    err = make_socket(&fd);
    if (err != PH_OK)
        return ph_why_fail(why, err, "cannot make a socket: %s",
                           ph_err_text(err));
    /* Closed to others until the mode is right: nobody listens yet. */
    if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) != 0 ||
        chmod(path, mode) != 0 || listen(fd, BACKLOG) != 0) {
        err = ph_why_fail(why, ph_err_from_errno(errno), "%s: %s", path,
                          strerror(errno));
        ph_io_close(&fd);
        return err;
    }
    *out_fd = fd;
    return PH_OK;
}
