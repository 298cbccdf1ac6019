/*
 * What the kernel says on a NETLINK_ROUTE socket (rtnetlink(7), RFC 3549):
 * answers to a dump of links and of addresses, and notices of changes. Lengths
 * are checked against the bytes that came; what is malformed ends the reading
 * with PH_ERR_SYNTAX, what is unknown is skipped.
 */
#ifndef PRINTHOLD_AGENT_NETLINK_LINUX_H
#define PRINTHOLD_AGENT_NETLINK_LINUX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "interface_address.h"

#define PH_NETLINK_LINKS_MAX     256
#define PH_NETLINK_ADDRESSES_MAX 128

struct ph_netlink_link {
    int32_t index;
    char name[PH_INTERFACE_NAME_MAX];
    bool is_up;
    bool is_loopback;
    bool is_tunnel;
};

/* What was dumped. Zeroed is empty; what goes beyond is left out. */
struct ph_netlink_table {
    struct ph_netlink_link links[PH_NETLINK_LINKS_MAX];
    size_t link_count;
    struct ph_interface_address addresses[PH_NETLINK_ADDRESSES_MAX];
    int32_t address_link[PH_NETLINK_ADDRESSES_MAX]; /* index */
    size_t address_count;
};

/*
 * Take one datagram of a dump with this sequence number. *out_done: the dump
 * has ended. PH_ERR_AGAIN: something changed meanwhile, dump anew; PH_ERR_IO:
 * the kernel refuses.
 */
int ph_netlink_take(const void *bytes, size_t len, uint32_t sequence,
                    struct ph_netlink_table *table, bool *out_done);

/* Give the addresses what their links are; drop those without a link. */
void ph_netlink_join(struct ph_netlink_table *table);

/*
 * Does one datagram of notices tell of a link, an address or a default route?
 * Wireless scans, routes to single hosts and the like do not count. Malformed:
 * yes, so that we look for ourselves.
 */
bool ph_netlink_is_change(const void *bytes, size_t len);

#endif
