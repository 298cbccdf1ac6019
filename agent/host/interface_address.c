#include "interface_address.h"

#include <stdio.h>
#include <string.h>

#include <fnmatch.h>
#include <sys/socket.h>

#include "printhold/base/attr.h"

/* A rank is a sum of these: the highest one decides. */
#define RANK_PASSING  0x80 /* temporary or deprecated */
#define RANK_TUNNEL   0x40
#define RANK_NO_ROUTE 0x20
#define RANK_V6       0x10
#define RANK_LOCAL    0x08

#define PATTERN_MAX 64

static bool
is_one_of(const char *name, const char *const *patterns, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (fnmatch(patterns[i], name, 0) == 0)
            return true;
    return false;
}

/* The names that Docker, Podman, Kubernetes, LXC, libvirt, VMware, VirtualBox
 * and macOS give. */
static bool
is_of_containers(const char *name)
{
    static const char *const patterns[] = {
        "docker*",  "br-[0-9a-f]*", "veth*",  "podman*",  "cni*",
        "flannel*", "cali*",        "lxcbr*", "lxdbr*",   "incusbr*",
        "virbr*",   "vnet*",        "vmnet*", "vboxnet*", "bridge1[0-9][0-9]",
        "vmenet*",
    };

    return is_one_of(name, patterns, PH_COUNT(patterns));
}

static bool
is_tunnel(const struct ph_interface_address *address)
{
    static const char *const patterns[] = {
        "tun*", "tap*", "wg*", "ppp*", "utun*", "ipsec*", "tailscale*", "zt*",
    };

    return address->is_tunnel ||
           is_one_of(address->interface, patterns, PH_COUNT(patterns));
}

static bool
is_link_local(const struct ph_interface_address *address)
{
    const uint8_t *b = address->bytes;

    return address->family == AF_INET ? b[0] == 169 && b[1] == 254
                                      : b[0] == 0xfe && (b[1] & 0xc0) == 0x80;
}

/* Does the configuration want it; *out_named: by its name. */
static bool
is_chosen(const char *patterns, const char *name, bool *out_named)
{
    bool is_any_named = false, is_named = false;
    char pattern[PATTERN_MAX];
    size_t len;

    for (const char *at = patterns; *(at += strspn(at, " \t")) != '\0';
         at += len) {
        len = strcspn(at, " \t");
        (void)snprintf(pattern, sizeof(pattern), "%.*s", (int)len, at);
        if (pattern[0] == '!') {
            if (fnmatch(pattern + 1, name, 0) == 0)
                return false;
            continue;
        }
        is_any_named = true;
        is_named = is_named || fnmatch(pattern, name, 0) == 0;
    }
    *out_named = is_named;
    return is_named || !is_any_named;
}

uint32_t
ph_address_rank(const struct ph_interface_address *address,
                const char *patterns)
{
    const bool is_v6 = address->family == AF_INET6;
    bool is_named = false;
    uint32_t rank = 0;

    if (address->is_loopback || address->is_unusable || !address->is_up ||
        is_link_local(address) ||
        !is_chosen(patterns, address->interface, &is_named))
        return PH_ADDRESS_NEVER;
    if (!is_named && !address->is_default &&
        is_of_containers(address->interface))
        return PH_ADDRESS_NEVER;
    if (is_v6 && (address->is_temporary || address->is_deprecated))
        rank += RANK_PASSING;
    if (is_tunnel(address))
        rank += RANK_TUNNEL;
    if (!address->is_default)
        rank += RANK_NO_ROUTE;
    if (is_v6)
        rank += RANK_V6;
    if (is_v6 && (address->bytes[0] & 0xfe) == 0xfc) /* RFC 4193 */
        rank += RANK_LOCAL;
    return rank;
}

/* Of equal ones the first stays first: the system's order. */
static void
insert(struct ph_interface_address *list, size_t at, const char *patterns)
{
    const struct ph_interface_address one = list[at];
    const uint32_t rank = ph_address_rank(&one, patterns);

    while (at > 0 && ph_address_rank(&list[at - 1], patterns) > rank) {
        list[at] = list[at - 1];
        at--;
    }
    list[at] = one;
}

size_t
ph_addresses_choose(struct ph_interface_address *list, size_t count,
                    const char *patterns)
{
    size_t told = 0;
    uint32_t limit;

    for (size_t i = 1; i < count; i++)
        insert(list, i, patterns);
    if (count == 0)
        return 0;
    limit = ph_address_rank(&list[0], patterns) < RANK_PASSING
                ? RANK_PASSING
                : PH_ADDRESS_NEVER;
    while (told < count && ph_address_rank(&list[told], patterns) < limit)
        told++;
    return told;
}
