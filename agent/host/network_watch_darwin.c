/*
 * Addresses: a routing socket (route(4)), whose messages are looked at for
 * their kind only. Host name: what configd posts when it sets it (notify(3)).
 * Never run on a Mac by this project's tests: it is compiled and linked only.
 */
#include "network_watch_private.h"

#include <stdint.h>
#include <string.h>

#include <fcntl.h>
#include <net/if.h>
#include <net/route.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#if __has_include(<notify.h>)
#include <notify.h>
#else
/* What we use of it, where the compiler brings it not. */
#define NOTIFY_STATUS_OK 0
uint32_t notify_register_file_descriptor(const char *name, int *fd, int flags,
                                         int *token);
#endif

#include "printhold/base/err.h"
#include "printhold/base/io.h"

#define HOST_NAME_NOTICE "com.apple.system.hostname"
#define MESSAGE_BYTES    2048
#define READS_MAX        64

static int
set_flags(int fd)
{
    return fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 &&
                   fcntl(fd, F_SETFL, O_NONBLOCK) == 0
               ? PH_OK
               : PH_ERR_IO;
}

int
ph_network_source_open(enum ph_network_source source, int *out_fd,
                       int *out_events)
{
    int fd = -1, token;

    *out_events = UV_READABLE;
    if (source == PH_SOURCE_ADDRESSES)
        fd = socket(PF_ROUTE, SOCK_RAW, 0);
    else if (notify_register_file_descriptor(HOST_NAME_NOTICE, &fd, 0,
                                             &token) != NOTIFY_STATUS_OK)
        fd = -1;
    if (fd < 0)
        return PH_ERR_IO;
    if (set_flags(fd) != PH_OK) {
        ph_io_close(&fd);
        return PH_ERR_IO;
    }
    *out_fd = fd;
    return PH_OK;
}

/* A route to a single host comes and goes with each neighbour. */
static bool
is_change(const uint8_t *bytes, size_t len)
{
    struct rt_msghdr head;

    if (len < sizeof(head.rtm_msglen) + 2)
        return false;
    memset(&head, 0, sizeof(head));
    memcpy(&head, bytes, len < sizeof(head) ? len : sizeof(head));
    switch (head.rtm_type) {
    case RTM_NEWADDR:
    case RTM_DELADDR:
    case RTM_IFINFO:
        return true;
    case RTM_ADD:
    case RTM_DELETE:
    case RTM_CHANGE:
        return (head.rtm_flags & (RTF_GATEWAY | RTF_HOST)) == RTF_GATEWAY;
    default:
        return false;
    }
}

bool
ph_network_source_read(enum ph_network_source source, int fd)
{
    uint8_t bytes[MESSAGE_BYTES];
    bool changed = source == PH_SOURCE_HOST_NAME;

    for (int i = 0; i < READS_MAX; i++) {
        ssize_t got = read(fd, bytes, sizeof(bytes));

        if (got <= 0)
            break;
        if (source == PH_SOURCE_ADDRESSES && is_change(bytes, (size_t)got))
            changed = true;
    }
    return changed;
}
