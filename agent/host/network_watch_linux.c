/*
 * Addresses: rtnetlink(7). Host name: its file in /proc, which a poll tells of
 * (proc(5)); the agent's unit hides most of /proc and shows this file in our
 * run directory.
 */
#include "network_watch_private.h"

#include <stdint.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <uv.h>

#include "netlink_linux.h"
#include "printhold/base/attr.h"
#include "printhold/base/err.h"
#include "printhold/base/io.h"

#define NOTICE_BYTES 8192
#define READS_MAX    64 /* at a time; the rest comes with the next poll */

static int
open_addresses(int *out_fd)
{
    const struct sockaddr_nl address = {
        .nl_family = AF_NETLINK,
        .nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR |
                     RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE,
    };
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
                    NETLINK_ROUTE);

    if (fd < 0)
        return PH_ERR_IO;
    if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) != 0) {
        ph_io_close(&fd);
        return PH_ERR_IO;
    }
    *out_fd = fd;
    return PH_OK;
}

static int
open_host_name(int *out_fd)
{
    static const char *const paths[] = {"/proc/sys/kernel/hostname",
                                        PH_RUN_DIR "/hostname"};
    int fd = -1;

    for (size_t i = 0; fd < 0 && i < PH_COUNT(paths); i++)
        fd = open(paths[i], O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
    if (fd < 0)
        return PH_ERR_NOT_FOUND;
    *out_fd = fd;
    return PH_OK;
}

int
ph_network_source_open(enum ph_network_source source, int *out_fd,
                       int *out_events)
{
    if (source == PH_SOURCE_ADDRESSES) {
        *out_events = UV_READABLE;
        return open_addresses(out_fd);
    }
    *out_events = UV_PRIORITIZED;
    return open_host_name(out_fd);
}

/* Too long a notice, or more of them than fit, are a change: look for
 * yourself. */
static bool
read_notices(int fd)
{
    _Alignas(struct nlmsghdr) uint8_t bytes[NOTICE_BYTES];
    bool is_change = false;

    for (int i = 0; i < READS_MAX; i++) {
        struct sockaddr_nl from = {.nl_pid = 0};
        struct iovec vector = {.iov_base = bytes, .iov_len = sizeof(bytes)};
        struct msghdr message = {.msg_name = &from,
                                 .msg_namelen = sizeof(from),
                                 .msg_iov = &vector,
                                 .msg_iovlen = 1};
        ssize_t got = recvmsg(fd, &message, MSG_DONTWAIT);

        if (got < 0 && errno == ENOBUFS)
            is_change = true;
        else if (got < 0)
            return is_change;
        else if (from.nl_pid != 0) /* not of the kernel */
            continue;
        else if ((message.msg_flags & MSG_TRUNC) != 0 ||
                 ph_netlink_is_change(bytes, (size_t)got))
            is_change = true;
    }
    return is_change;
}

bool
ph_network_source_read(enum ph_network_source source, int fd)
{
    /* The poll itself took the news of the name. */
    return source == PH_SOURCE_HOST_NAME || read_notices(fd);
}
