#include "http_private.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

int
ph_http_accept(int listen_fd, struct sockaddr_storage *out_peer)
{
    socklen_t len = sizeof(*out_peer);
    int on = 1;
    int fd = accept(listen_fd, (struct sockaddr *)out_peer, &len);

    if (fd < 0)
        return -1;
    if (fcntl(fd, F_SETFD, FD_CLOEXEC) != 0 ||
        fcntl(fd, F_SETFL, O_NONBLOCK) != 0 ||
        setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof(on)) != 0) {
        (void)close(fd);
        errno = ECONNABORTED;
        return -1;
    }
    return fd;
}

int
ph_http_socket(int family)
{
    int fd = socket(family, SOCK_STREAM, 0);

    if (fd < 0)
        return -1;
    if (fcntl(fd, F_SETFD, FD_CLOEXEC) != 0 ||
        fcntl(fd, F_SETFL, O_NONBLOCK) != 0) {
        (void)close(fd);
        errno = EIO;
        return -1;
    }
    return fd;
}

void
ph_http_ack_now(int fd)
{
    (void)fd; /* there is no such option, and its stack delays less */
}
