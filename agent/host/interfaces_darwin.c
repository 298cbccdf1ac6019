/*
 * getifaddrs(3) and the flags of IPv6 addresses. Never run on a Mac by this
 * project's tests: it is compiled and linked only.
 */
#include "interfaces.h"

#include <stdio.h>
#include <string.h>

#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#if __has_include(<netinet/in_var.h>)
#include <netinet/in_var.h>
#else
/* What we use of it, where the compiler brings it not. */
struct in6_ifreq {
    char ifr_name[IFNAMSIZ];
    union {
        struct sockaddr_in6 ifru_addr;
        int ifru_flags6;
    } ifr_ifru;
};
#define ifr_addr         ifr_ifru.ifru_addr
#define SIOCGIFAFLAG_IN6 _IOWR('i', 73, struct in6_ifreq)
enum {
    IN6_IFF_TENTATIVE = 0x2,
    IN6_IFF_DUPLICATED = 0x4,
    IN6_IFF_DETACHED = 0x8,
    IN6_IFF_DEPRECATED = 0x10,
    IN6_IFF_TEMPORARY = 0x80,
};
#endif

#include "printhold/base/err.h"
#include "printhold/base/io.h"

/* The flags that RFC 4862 and RFC 8981 give an address. */
static void
take_v6_flags(int fd, const struct ifaddrs *from,
              struct ph_interface_address *address)
{
    struct in6_ifreq request;
    int flags;

    memset(&request, 0, sizeof(request));
    (void)snprintf(request.ifr_name, sizeof(request.ifr_name), "%s",
                   from->ifa_name);
    memcpy(&request.ifr_addr, from->ifa_addr, sizeof(request.ifr_addr));
    if (fd < 0 || ioctl(fd, SIOCGIFAFLAG_IN6, &request) != 0)
        return;
    flags = request.ifr_ifru.ifru_flags6;
    address->is_unusable =
        (flags & (IN6_IFF_TENTATIVE | IN6_IFF_DUPLICATED | IN6_IFF_DETACHED)) !=
        0;
    address->is_deprecated = (flags & IN6_IFF_DEPRECATED) != 0;
    address->is_temporary = (flags & IN6_IFF_TEMPORARY) != 0;
}

static bool
take(int fd, const struct ifaddrs *from, struct ph_interface_address *address)
{
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;

    *address = (struct ph_interface_address){
        .is_up = (from->ifa_flags & IFF_UP) && (from->ifa_flags & IFF_RUNNING),
        .is_loopback = (from->ifa_flags & IFF_LOOPBACK) != 0,
        .is_tunnel = (from->ifa_flags & IFF_POINTOPOINT) != 0,
    };
    if (from->ifa_addr == NULL)
        return false;
    (void)snprintf(address->interface, sizeof(address->interface), "%s",
                   from->ifa_name);
    address->family = from->ifa_addr->sa_family;
    if (address->family == AF_INET) {
        memcpy(&v4, from->ifa_addr, sizeof(v4));
        memcpy(address->bytes, &v4.sin_addr, sizeof(v4.sin_addr));
    } else if (address->family == AF_INET6) {
        memcpy(&v6, from->ifa_addr, sizeof(v6));
        memcpy(address->bytes, &v6.sin6_addr, sizeof(v6.sin6_addr));
        take_v6_flags(fd, from, address);
    } else {
        return false;
    }
    return true;
}

int
ph_interfaces_read(struct ph_interface_address list[PH_INTERFACES_MAX],
                   size_t *out_count)
{
    struct ifaddrs *all;
    size_t count = 0;
    int fd;

    if (getifaddrs(&all) != 0)
        return PH_ERR_IO;
    fd = socket(AF_INET6, SOCK_DGRAM, 0);
    if (fd >= 0)
        (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
    for (const struct ifaddrs *one = all;
         one != NULL && count < PH_INTERFACES_MAX; one = one->ifa_next)
        if (take(fd, one, &list[count]))
            count++;
    ph_io_close(&fd);
    freeifaddrs(all);
    *out_count = count;
    return PH_OK;
}
