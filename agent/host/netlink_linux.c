#include "netlink_linux.h"

#include <string.h>

#include <linux/if_addr.h>
#include <linux/if_arp.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "printhold/base/cursor.h"
#include "printhold/base/err.h"

/* Attributes and messages begin at multiples of this. */
#define ALIGN 4

struct attribute {
    uint16_t type;
    const uint8_t *bytes;
    size_t len;
};

/* Take len bytes and what fills up to the next beginning. */
static int
take_aligned(struct ph_cursor *cur, size_t len, const uint8_t **out_bytes)
{
    const size_t fill = (ALIGN - len % ALIGN) % ALIGN;
    int err = ph_cursor_bytes(cur, len, out_bytes);

    if (err == PH_OK) /* the last one may end without */
        (void)ph_cursor_skip(cur, fill < cur->left ? fill : cur->left);
    return err;
}

static int
next_attribute(struct ph_cursor *cur, struct attribute *out_attribute)
{
    struct rtattr head;
    const uint8_t *bytes;
    int err = ph_cursor_copy(cur, &head, sizeof(head));

    if (err == PH_OK && head.rta_len < sizeof(head))
        err = PH_ERR_SYNTAX;
    if (err == PH_OK)
        err = take_aligned(cur, head.rta_len - sizeof(head), &bytes);
    if (err != PH_OK)
        return PH_ERR_SYNTAX;
    *out_attribute =
        (struct attribute){.type = head.rta_type & (uint16_t)NLA_TYPE_MASK,
                           .bytes = bytes,
                           .len = head.rta_len - sizeof(head)};
    return PH_OK;
}

/* One message: its head, and its body in *out_body. */
static int
next_message(struct ph_cursor *cur, struct nlmsghdr *out_head,
             struct ph_cursor *out_body)
{
    const uint8_t *bytes;
    struct nlmsghdr head;
    int err = ph_cursor_copy(cur, &head, sizeof(head));

    if (err == PH_OK && head.nlmsg_len < sizeof(head))
        err = PH_ERR_SYNTAX;
    if (err == PH_OK)
        err = take_aligned(cur, head.nlmsg_len - sizeof(head), &bytes);
    if (err != PH_OK)
        return PH_ERR_SYNTAX;
    *out_head = head;
    ph_cursor_init(out_body, bytes, head.nlmsg_len - sizeof(head));
    return PH_OK;
}

static bool
is_tunnel(const struct ifinfomsg *info)
{
    switch (info->ifi_type) {
    case ARPHRD_PPP:
    case ARPHRD_NONE: /* tun, WireGuard */
    case ARPHRD_TUNNEL:
    case ARPHRD_TUNNEL6:
    case ARPHRD_SIT:
    case ARPHRD_IPGRE:
    case ARPHRD_IP6GRE:
    case ARPHRD_RAWIP: /* mobile broadband */
        return true;
    default:
        return (info->ifi_flags & IFF_POINTOPOINT) != 0;
    }
}

static int
take_link(struct ph_cursor *body, struct ph_netlink_table *table)
{
    struct ph_netlink_link link = {.index = 0};
    struct attribute attribute;
    struct ifinfomsg info;

    if (ph_cursor_copy(body, &info, sizeof(info)) != PH_OK)
        return PH_ERR_SYNTAX;
    link.index = info.ifi_index;
    link.is_up =
        (info.ifi_flags & IFF_UP) != 0 && (info.ifi_flags & IFF_RUNNING) != 0;
    link.is_loopback = (info.ifi_flags & IFF_LOOPBACK) != 0;
    link.is_tunnel = is_tunnel(&info);
    while (body->left > 0) {
        if (next_attribute(body, &attribute) != PH_OK)
            return PH_ERR_SYNTAX;
        if (attribute.type != IFLA_IFNAME)
            continue;
        if (attribute.len == 0 || attribute.len > sizeof(link.name) ||
            attribute.bytes[attribute.len - 1] != '\0')
            return PH_ERR_SYNTAX;
        memcpy(link.name, attribute.bytes, attribute.len);
    }
    if (link.name[0] != '\0' && table->link_count < PH_NETLINK_LINKS_MAX)
        table->links[table->link_count++] = link;
    return PH_OK;
}

static void
set_flags(struct ph_interface_address *address, uint32_t flags)
{
    address->is_unusable =
        (flags & IFA_F_DADFAILED) != 0 ||
        ((flags & IFA_F_TENTATIVE) != 0 && (flags & IFA_F_OPTIMISTIC) == 0);
    address->is_deprecated = (flags & IFA_F_DEPRECATED) != 0;
    /* The same bit means "not the first of its network" to IPv4. */
    address->is_temporary =
        address->family == AF_INET6 && (flags & IFA_F_TEMPORARY) != 0;
}

static int
take_attribute(const struct attribute *attribute,
               struct ph_interface_address *address, bool *is_local)
{
    const size_t len = address->family == AF_INET ? 4 : 16;
    uint32_t flags;

    switch (attribute->type) {
    case IFA_LOCAL: /* ours; IFA_ADDRESS may be the other end's */
    case IFA_ADDRESS:
        if (attribute->len != len)
            return PH_ERR_SYNTAX;
        if (attribute->type == IFA_LOCAL || !*is_local)
            memcpy(address->bytes, attribute->bytes, len);
        *is_local = *is_local || attribute->type == IFA_LOCAL;
        return PH_OK;
    case IFA_FLAGS: /* all 32 bits of them */
        if (attribute->len != sizeof(flags))
            return PH_ERR_SYNTAX;
        memcpy(&flags, attribute->bytes, sizeof(flags));
        set_flags(address, flags);
        return PH_OK;
    default:
        return PH_OK;
    }
}

static int
take_address(struct ph_cursor *body, struct ph_netlink_table *table)
{
    struct ph_interface_address address = {.family = AF_UNSPEC};
    struct attribute attribute;
    struct ifaddrmsg info;
    bool is_local = false;

    if (ph_cursor_copy(body, &info, sizeof(info)) != PH_OK)
        return PH_ERR_SYNTAX;
    if (info.ifa_family != AF_INET && info.ifa_family != AF_INET6)
        return PH_OK;
    address.family = info.ifa_family;
    set_flags(&address, info.ifa_flags);
    while (body->left > 0) {
        if (next_attribute(body, &attribute) != PH_OK ||
            take_attribute(&attribute, &address, &is_local) != PH_OK)
            return PH_ERR_SYNTAX;
    }
    if (table->address_count == PH_NETLINK_ADDRESSES_MAX)
        return PH_OK;
    table->address_link[table->address_count] = (int32_t)info.ifa_index;
    table->addresses[table->address_count++] = address;
    return PH_OK;
}

int
ph_netlink_take(const void *bytes, size_t len, uint32_t sequence,
                struct ph_netlink_table *table, bool *out_done)
{
    struct ph_cursor cur, body;
    struct nlmsghdr head;
    int err = PH_OK;

    ph_cursor_init(&cur, bytes, len);
    while (err == PH_OK && cur.left > 0) {
        err = next_message(&cur, &head, &body);
        if (err != PH_OK || head.nlmsg_seq != sequence)
            continue;
        if ((head.nlmsg_flags & NLM_F_DUMP_INTR) != 0)
            return PH_ERR_AGAIN;
        if (head.nlmsg_type == NLMSG_ERROR)
            return PH_ERR_IO;
        if (head.nlmsg_type == NLMSG_DONE) {
            *out_done = true;
            return PH_OK;
        }
        if (head.nlmsg_type == RTM_NEWLINK)
            err = take_link(&body, table);
        else if (head.nlmsg_type == RTM_NEWADDR)
            err = take_address(&body, table);
    }
    return err;
}

static const struct ph_netlink_link *
find_link(const struct ph_netlink_table *table, int32_t index)
{
    for (size_t i = 0; i < table->link_count; i++)
        if (table->links[i].index == index)
            return &table->links[i];
    return NULL;
}

void
ph_netlink_join(struct ph_netlink_table *table)
{
    size_t kept = 0;

    for (size_t i = 0; i < table->address_count; i++) {
        const struct ph_netlink_link *link =
            find_link(table, table->address_link[i]);
        struct ph_interface_address *address = &table->addresses[kept];

        if (link == NULL)
            continue;
        *address = table->addresses[i];
        table->address_link[kept++] = link->index;
        memcpy(address->interface, link->name, sizeof(address->interface));
        address->is_up = link->is_up;
        address->is_loopback = link->is_loopback;
        address->is_tunnel = link->is_tunnel;
    }
    table->address_count = kept;
}

/* --- notices --- */

/* A scan of wireless networks tells of a link that has not changed. */
static bool
is_link_change(struct ph_cursor *body)
{
    struct attribute attribute;
    struct ifinfomsg info;

    if (ph_cursor_copy(body, &info, sizeof(info)) != PH_OK)
        return true;
    while (body->left > 0) {
        if (next_attribute(body, &attribute) != PH_OK)
            return true;
        if (attribute.type == IFLA_WIRELESS && info.ifi_change == 0)
            return false;
    }
    return true;
}

static bool
is_route_change(struct ph_cursor *body)
{
    struct rtmsg route;

    return ph_cursor_copy(body, &route, sizeof(route)) != PH_OK ||
           (route.rtm_dst_len == 0 && route.rtm_type == RTN_UNICAST);
}

bool
ph_netlink_is_change(const void *bytes, size_t len)
{
    struct ph_cursor cur, body;
    struct nlmsghdr head;
    bool is_change = false;

    ph_cursor_init(&cur, bytes, len);
    while (!is_change && cur.left > 0) {
        if (next_message(&cur, &head, &body) != PH_OK)
            return true;
        switch (head.nlmsg_type) {
        case RTM_NEWADDR:
        case RTM_DELADDR:
        case RTM_DELLINK:
            is_change = true;
            break;
        case RTM_NEWLINK:
            is_change = is_link_change(&body);
            break;
        case RTM_NEWROUTE:
        case RTM_DELROUTE:
            is_change = is_route_change(&body);
            break;
        default:
            break;
        }
    }
    return is_change;
}
