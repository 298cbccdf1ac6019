#include "interfaces.h"

#include <string.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "printhold/base/err.h"
#include "printhold/base/io.h"

union any_address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

/* Any address that is nobody's: of TEST-NET-1 (RFC 5737) and of the
 * documentation's prefix (RFC 3849). */
static socklen_t
set_far(int family, union any_address *far)
{
    memset(far, 0, sizeof(*far));
    if (family == AF_INET) {
        far->v4.sin_family = AF_INET;
        far->v4.sin_port = htons(9);
        (void)inet_pton(AF_INET, "192.0.2.1", &far->v4.sin_addr);
        return sizeof(far->v4);
    }
    far->v6.sin6_family = AF_INET6;
    far->v6.sin6_port = htons(9);
    (void)inet_pton(AF_INET6, "2001:db8::1", &far->v6.sin6_addr);
    return sizeof(far->v6);
}

/* Our own address on the way to elsewhere. Connecting a datagram socket sends
 * nothing: the system looks for the route and that is all. */
static int
near_address(int family, uint8_t bytes[16])
{
    union any_address address;
    socklen_t len = set_far(family, &address);
    int fd = socket(family, SOCK_DGRAM, 0);
    int err = PH_ERR_NOT_FOUND;

    if (fd < 0)
        return err;
    (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
    if (connect(fd, &address.any, len) == 0 &&
        getsockname(fd, &address.any, &len) == 0)
        err = PH_OK;
    ph_io_close(&fd);
    if (err != PH_OK)
        return err;
    if (family == AF_INET)
        memcpy(bytes, &address.v4.sin_addr, sizeof(address.v4.sin_addr));
    else
        memcpy(bytes, &address.v6.sin6_addr, sizeof(address.v6.sin6_addr));
    return PH_OK;
}

static void
mark_interface(struct ph_interface_address *list, size_t count,
               const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(list[i].interface, name) == 0)
            list[i].is_default = true;
}

static void
mark_default(struct ph_interface_address *list, size_t count, int family)
{
    uint8_t bytes[16] = {0};

    if (near_address(family, bytes) != PH_OK)
        return;
    for (size_t i = 0; i < count; i++) {
        if (list[i].family == family &&
            memcmp(list[i].bytes, bytes, sizeof(bytes)) == 0) {
            mark_interface(list, count, list[i].interface);
            return;
        }
    }
}

int
ph_interfaces_list(struct ph_interface_address list[PH_INTERFACES_MAX],
                   size_t *out_count)
{
    size_t count = 0;
    int err = ph_interfaces_read(list, &count);

    if (err != PH_OK)
        return err;
    mark_default(list, count, AF_INET);
    mark_default(list, count, AF_INET6);
    *out_count = count;
    return PH_OK;
}
