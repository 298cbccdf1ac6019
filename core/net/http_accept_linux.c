#include "http_private.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

int
ph_http_accept(int listen_fd, struct sockaddr_storage *out_peer)
{
    socklen_t len = sizeof(*out_peer);

    return accept4(listen_fd, (struct sockaddr *)out_peer, &len,
                   SOCK_NONBLOCK | SOCK_CLOEXEC);
}

int
ph_http_socket(int family)
{
    return socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

void
ph_http_ack_now(int fd)
{
    int on = 1;

    (void)setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof(on));
}
