/*
 * Which of this computer's addresses printers are told, and in which order:
 * the one that most printers reach first.
 *
 *   1. interfaces of the local network, then tunnels (VPN, PPP);
 *   2. the interface of the default route before others;
 *   3. IPv4 before IPv6: printers of today reach it most often;
 *   4. IPv6 that is routed everywhere before unique local (RFC 4193), which
 *      ends at the site's border.
 *
 * Never told: loopback, link-local (RFC 3927, RFC 4291 2.5.6), addresses that
 * are still being checked or were found to be another's (RFC 4862), those of an
 * interface without a carrier, and those of bridges and ends of containers and
 * virtual machines: every computer with Docker has the same 172.17.0.1, and no
 * printer reaches it. Such an interface is told when it carries the default
 * route (a bridge may be the computer's only interface) or is chosen by name.
 *
 * Temporary (RFC 8981) and deprecated (RFC 4862 5.5.4) addresses go away by
 * themselves: told only when there is no other.
 */
#ifndef PRINTHOLD_AGENT_INTERFACE_ADDRESS_H
#define PRINTHOLD_AGENT_INTERFACE_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PH_INTERFACE_NAME_MAX 32
#define PH_ADDRESS_NEVER      UINT32_MAX

struct ph_interface_address {
    char interface[PH_INTERFACE_NAME_MAX];
    int family; /* AF_INET, AF_INET6 */
    uint8_t bytes[16];
    bool is_up; /* with a carrier */
    bool is_loopback;
    bool is_tunnel;   /* by its kind; some are known by name only */
    bool is_default;  /* the default route leaves by this interface */
    bool is_unusable; /* being checked, or another has it */
    bool is_temporary;
    bool is_deprecated;
};

/*
 * Place of the address in the order above, lower is better, or
 * PH_ADDRESS_NEVER. patterns: of release.interfaces, words between spaces;
 * shell patterns (fnmatch) of interface names that count, all when there is
 * none, and with "!" in front those that do not. One that a pattern without
 * "!" names is no container's.
 */
uint32_t ph_address_rank(const struct ph_interface_address *address,
                         const char *patterns);

/* Put those that are told in front, in order, and return how many. */
size_t ph_addresses_choose(struct ph_interface_address *list, size_t count,
                           const char *patterns);

#endif
