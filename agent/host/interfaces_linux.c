#include "interfaces.h"

#include <stdlib.h>
#include <string.h>

#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "netlink_linux.h"
#include "printhold/base/err.h"
#include "printhold/base/io.h"

#define DATAGRAM_BYTES 32768 /* what the kernel makes of a dump at most */
#define PATIENCE_S     2     /* it answers at once or something is wrong */
#define TRIES          5     /* when something changes meanwhile */

struct dump {
    int fd;
    uint32_t sequence;
    uint8_t *bytes;
    struct ph_netlink_table *table;
};

static int
open_socket(int *out_fd)
{
    const struct timeval patience = {.tv_sec = PATIENCE_S};
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

    if (fd < 0)
        return PH_ERR_IO;
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    *out_fd = fd;
    return PH_OK;
}

static int
ask(struct dump *dump, uint16_t type)
{
    struct {
        struct nlmsghdr head;
        struct ifinfomsg info; /* the longer one of the two */
        struct rtattr mask_head;
        uint32_t mask;
    } request;

    memset(&request, 0, sizeof(request));
    request.head.nlmsg_type = type;
    request.head.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    request.head.nlmsg_seq = ++dump->sequence;
    request.head.nlmsg_len = sizeof(request.head) + sizeof(struct ifaddrmsg);
    if (type == RTM_GETLINK) { /* without what nobody reads */
        request.head.nlmsg_len = sizeof(request);
        request.mask_head.rta_len =
            sizeof(request.mask_head) + sizeof(request.mask);
        request.mask_head.rta_type = IFLA_EXT_MASK;
        request.mask = RTEXT_FILTER_SKIP_STATS;
    }
    return send(dump->fd, &request, request.head.nlmsg_len, 0) ==
                   (ssize_t)request.head.nlmsg_len
               ? PH_OK
               : PH_ERR_IO;
}

/* From the kernel, and whole. */
static int
receive(struct dump *dump, size_t *out_len)
{
    struct sockaddr_nl from = {.nl_pid = 0};
    struct iovec vector = {.iov_base = dump->bytes, .iov_len = DATAGRAM_BYTES};
    struct msghdr message = {.msg_name = &from,
                             .msg_namelen = sizeof(from),
                             .msg_iov = &vector,
                             .msg_iovlen = 1};
    ssize_t got = recvmsg(dump->fd, &message, 0);

    if (got <= 0 || from.nl_pid != 0 || (message.msg_flags & MSG_TRUNC) != 0)
        return PH_ERR_IO;
    *out_len = (size_t)got;
    return PH_OK;
}

static int
run_dump(struct dump *dump, uint16_t type)
{
    bool is_done = false;
    size_t len = 0;
    int err = ask(dump, type);

    while (err == PH_OK && !is_done) {
        err = receive(dump, &len);
        if (err == PH_OK)
            err = ph_netlink_take(dump->bytes, len, dump->sequence, dump->table,
                                  &is_done);
    }
    return err;
}

static int
try_once(struct dump *dump)
{
    int err = open_socket(&dump->fd);

    memset(dump->table, 0, sizeof(*dump->table));
    if (err == PH_OK)
        err = run_dump(dump, RTM_GETLINK);
    if (err == PH_OK)
        err = run_dump(dump, RTM_GETADDR);
    ph_io_close(&dump->fd);
    return err;
}

int
ph_interfaces_read(struct ph_interface_address list[PH_INTERFACES_MAX],
                   size_t *out_count)
{
    struct dump dump = {.fd = -1};
    int err = PH_ERR_NOMEM;

    dump.bytes = malloc(DATAGRAM_BYTES);
    dump.table = malloc(sizeof(*dump.table));
    if (dump.bytes != NULL && dump.table != NULL) {
        err = PH_ERR_AGAIN;
        for (int i = 0; err == PH_ERR_AGAIN && i < TRIES; i++)
            err = try_once(&dump);
    }
    if (err == PH_OK) {
        ph_netlink_join(dump.table);
        *out_count = dump.table->address_count < PH_INTERFACES_MAX
                         ? dump.table->address_count
                         : PH_INTERFACES_MAX;
        memcpy(list, dump.table->addresses, *out_count * sizeof(list[0]));
    }
    free(dump.bytes);
    free(dump.table);
    return err;
}
