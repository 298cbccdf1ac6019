/* What the kernel says of links and addresses, and what is malformed. */
#include "netlink_linux.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <linux/if_addr.h>
#include <linux/if_arp.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include "interfaces.h"
#include "printhold/base/attr.h"
#include "printhold/base/err.h"

#define SEQUENCE 7
#define UP       (IFF_UP | IFF_RUNNING)

/* A datagram being written. */
struct datagram {
    _Alignas(4) uint8_t bytes[1024];
    size_t len;
    size_t message; /* where the last one begins */
};

static void
put(struct datagram *to, const void *bytes, size_t len)
{
    if (len > 0)
        memcpy(to->bytes + to->len, bytes, len);
    to->len += (len + 3) / 4 * 4;
}

static void
set_length(struct datagram *to)
{
    struct nlmsghdr head;

    memcpy(&head, to->bytes + to->message, sizeof(head));
    head.nlmsg_len = (uint32_t)(to->len - to->message);
    memcpy(to->bytes + to->message, &head, sizeof(head));
}

static void
put_message(struct datagram *to, uint16_t type, uint16_t flags,
            const void *body, size_t len)
{
    const struct nlmsghdr head = {
        .nlmsg_type = type, .nlmsg_flags = flags, .nlmsg_seq = SEQUENCE};

    to->message = to->len;
    put(to, &head, sizeof(head));
    put(to, body, len);
    set_length(to);
}

static void
put_attribute(struct datagram *to, uint16_t type, const void *bytes, size_t len)
{
    const struct rtattr head = {.rta_len = (uint16_t)(sizeof(head) + len),
                                .rta_type = type};

    put(to, &head, sizeof(head));
    put(to, bytes, len);
    set_length(to);
}

static void
put_link(struct datagram *to, int index, const char *name, unsigned short type,
         unsigned flags)
{
    const struct ifinfomsg info = {
        .ifi_index = index, .ifi_type = type, .ifi_flags = flags};

    put_message(to, RTM_NEWLINK, NLM_F_MULTI, &info, sizeof(info));
    put_attribute(to, IFLA_IFNAME, name, strlen(name) + 1);
}

static void
put_address(struct datagram *to, uint32_t index, uint16_t attribute,
            const char *text, uint8_t flags)
{
    const int family = strchr(text, ':') != NULL ? AF_INET6 : AF_INET;
    const struct ifaddrmsg info = {
        .ifa_family = (uint8_t)family, .ifa_index = index, .ifa_flags = flags};
    uint8_t bytes[16];

    assert_int_equal(inet_pton(family, text, bytes), 1);
    put_message(to, RTM_NEWADDR, NLM_F_MULTI, &info, sizeof(info));
    put_attribute(to, attribute, bytes, family == AF_INET ? 4 : 16);
}

static void
put_flags(struct datagram *to, uint32_t flags)
{
    put_attribute(to, IFA_FLAGS, &flags, sizeof(flags));
}

static void
check_address(const struct ph_interface_address *address, const char *interface,
              const char *text)
{
    char shown[INET6_ADDRSTRLEN];

    assert_string_equal(address->interface, interface);
    assert_non_null(
        inet_ntop(address->family, address->bytes, shown, sizeof(shown)));
    assert_string_equal(shown, text);
}

static void
links_and_addresses_are_joined(void **state)
{
    static struct ph_netlink_table table;
    struct datagram links = {.len = 0}, addresses = {.len = 0};
    bool is_done = false;

    (void)state;
    put_link(&links, 1, "lo", ARPHRD_LOOPBACK, UP | IFF_LOOPBACK);
    put_link(&links, 2, "eth0", ARPHRD_ETHER, UP);
    put_link(&links, 3, "wlan0", ARPHRD_ETHER, IFF_UP); /* no carrier */
    put_link(&links, 4, "tun0", ARPHRD_NONE, UP | IFF_POINTOPOINT);
    put_message(&links, NLMSG_DONE, 0, NULL, 0);
    assert_int_equal(
        ph_netlink_take(links.bytes, links.len, SEQUENCE, &table, &is_done),
        PH_OK);
    assert_true(is_done);
    put_address(&addresses, 1, IFA_ADDRESS, "127.0.0.1", 0);
    put_address(&addresses, 2, IFA_ADDRESS, "10.0.0.7", IFA_F_SECONDARY);
    put_address(&addresses, 2, IFA_ADDRESS, "2001:db8::7", 0);
    put_flags(&addresses, IFA_F_TEMPORARY | IFA_F_DEPRECATED);
    put_address(&addresses, 2, IFA_ADDRESS, "2001:db8::8", IFA_F_TENTATIVE);
    put_address(&addresses, 3, IFA_ADDRESS, "10.0.9.9", 0);
    put_address(&addresses, 4, IFA_LOCAL, "10.8.0.6", 0);
    put_attribute(&addresses, IFA_ADDRESS, "\x0a\x08\x00\x01", 4); /* peer */
    put_address(&addresses, 99, IFA_ADDRESS, "10.99.0.1", 0);      /* no link */
    is_done = false;
    assert_int_equal(ph_netlink_take(addresses.bytes, addresses.len, SEQUENCE,
                                     &table, &is_done),
                     PH_OK);
    assert_false(is_done);
    ph_netlink_join(&table);
    assert_int_equal(table.address_count, 6);
    check_address(&table.addresses[0], "lo", "127.0.0.1");
    assert_true(table.addresses[0].is_loopback);
    check_address(&table.addresses[1], "eth0", "10.0.0.7");
    assert_true(table.addresses[1].is_up);
    assert_false(table.addresses[1].is_temporary);
    check_address(&table.addresses[2], "eth0", "2001:db8::7");
    assert_true(table.addresses[2].is_temporary);
    assert_true(table.addresses[2].is_deprecated);
    assert_true(table.addresses[3].is_unusable);
    check_address(&table.addresses[4], "wlan0", "10.0.9.9");
    assert_false(table.addresses[4].is_up);
    check_address(&table.addresses[5], "tun0", "10.8.0.6");
    assert_true(table.addresses[5].is_tunnel);
}

static void
an_interrupted_or_refused_dump_says_so(void **state)
{
    static struct ph_netlink_table table;
    static const struct {
        uint16_t type, flags;
        int expected;
    } cases[] = {
        {RTM_NEWLINK, NLM_F_DUMP_INTR, PH_ERR_AGAIN},
        {NLMSG_DONE, NLM_F_DUMP_INTR, PH_ERR_AGAIN},
        {NLMSG_ERROR, 0, PH_ERR_IO},
    };

    (void)state;
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        struct datagram one = {.len = 0};
        bool is_done = false;

        put_message(&one, cases[i].type, cases[i].flags, NULL, 0);
        assert_int_equal(
            ph_netlink_take(one.bytes, one.len, SEQUENCE, &table, &is_done),
            cases[i].expected);
        assert_false(is_done);
        /* An answer to another question is nothing. */
        assert_int_equal(
            ph_netlink_take(one.bytes, one.len, SEQUENCE + 1, &table, &is_done),
            PH_OK);
    }
}

/* Every prefix of a good datagram, and lengths that lie. */
static void
malformed_datagrams_are_refused(void **state)
{
    static struct ph_netlink_table table;
    struct datagram good = {.len = 0}, bad;
    const size_t name = sizeof(struct nlmsghdr) + sizeof(struct ifinfomsg);
    static const struct {
        const char *what;
        size_t at;
        uint16_t value;
    } lies[] = {
        {"a message shorter than its head", 0, 15},
        {"a message longer than what came", 0, 400},
        {"an attribute shorter than its head", 1, 3},
        {"an attribute longer than its message", 1, 64},
        {"a name without end", 1, 4 + 4},
        {"no name in an attribute of one", 1, 4},
    };
    bool is_done = false;

    (void)state;
    put_link(&good, 2, "eth0", ARPHRD_ETHER, UP);
    for (size_t len = 1; len < good.len; len++)
        assert_int_equal(
            ph_netlink_take(good.bytes, len, SEQUENCE, &table, &is_done),
            PH_ERR_SYNTAX);
    for (size_t i = 0; i < PH_COUNT(lies); i++) {
        bad = good;
        memcpy(bad.bytes + (lies[i].at == 0 ? 0 : name), &lies[i].value,
               sizeof(lies[i].value));
        if (ph_netlink_take(bad.bytes, bad.len, SEQUENCE, &table, &is_done) !=
            PH_ERR_SYNTAX)
            fail_msg("taken: %s", lies[i].what);
    }
    bad = good;
    put_address(&bad, 2, IFA_ADDRESS, "10.0.0.7", 0);
    put_attribute(&bad, IFA_LOCAL, "\1\2\3\4\5", 5); /* of no family */
    assert_int_equal(
        ph_netlink_take(bad.bytes, bad.len, SEQUENCE, &table, &is_done),
        PH_ERR_SYNTAX);
    bad = good;
    put_address(&bad, 2, IFA_ADDRESS, "2001:db8::1", 0);
    put_attribute(&bad, IFA_FLAGS, "\1", 1);
    assert_int_equal(
        ph_netlink_take(bad.bytes, bad.len, SEQUENCE, &table, &is_done),
        PH_ERR_SYNTAX);
}

static void
more_than_there_is_room_for_is_left_out(void **state)
{
    static struct ph_netlink_table table;
    bool is_done = false;

    (void)state;
    for (int i = 0; i < PH_NETLINK_LINKS_MAX + 9; i++) {
        struct datagram one = {.len = 0};

        put_link(&one, i + 1, "eth0", ARPHRD_ETHER, UP);
        put_address(&one, 1, IFA_ADDRESS, "10.0.0.7", 0);
        assert_int_equal(
            ph_netlink_take(one.bytes, one.len, SEQUENCE, &table, &is_done),
            PH_OK);
    }
    assert_int_equal(table.link_count, PH_NETLINK_LINKS_MAX);
    assert_int_equal(table.address_count, PH_NETLINK_ADDRESSES_MAX);
}

static void
notices_that_matter_are_told_from_those_that_do_not(void **state)
{
    static const struct ifinfomsg scanned = {.ifi_index = 3},
                                  changed = {.ifi_index = 3, .ifi_change = 1};
    static const struct rtmsg host = {.rtm_dst_len = 32,
                                      .rtm_type = RTN_UNICAST},
                              all = {.rtm_dst_len = 0, .rtm_type = RTN_UNICAST};
    static const struct ifaddrmsg address = {.ifa_family = AF_INET};
    static const struct {
        uint16_t type;
        const void *body;
        size_t len;
        bool has_wireless, is_change;
    } cases[] = {
        {RTM_NEWADDR, &address, sizeof(address), false, true},
        {RTM_DELADDR, &address, sizeof(address), false, true},
        {RTM_NEWLINK, &changed, sizeof(changed), true, true},
        {RTM_NEWLINK, &scanned, sizeof(scanned), false, true},
        {RTM_NEWLINK, &scanned, sizeof(scanned), true, false},
        {RTM_DELLINK, &changed, sizeof(changed), false, true},
        {RTM_NEWROUTE, &all, sizeof(all), false, true},
        {RTM_DELROUTE, &all, sizeof(all), false, true},
        {RTM_NEWROUTE, &host, sizeof(host), false, false},
        {RTM_NEWNEIGH, &host, sizeof(host), false, false},
        {RTM_NEWLINK, "\1", 1, false, true}, /* malformed */
    };

    (void)state;
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        struct datagram one = {.len = 0};

        put_message(&one, cases[i].type, 0, cases[i].body, cases[i].len);
        if (cases[i].has_wireless)
            put_attribute(&one, IFLA_WIRELESS, "\0\0\0\0", 4);
        if (ph_netlink_is_change(one.bytes, one.len) != cases[i].is_change)
            fail_msg("case %zu", i);
        assert_true(ph_netlink_is_change(one.bytes, one.len - 3) ||
                    !cases[i].is_change);
    }
}

static void
the_kernel_of_now_is_understood(void **state)
{
    static struct ph_interface_address list[PH_INTERFACES_MAX];
    size_t count = 0;
    bool has_loopback = false;

    (void)state;
    assert_int_equal(ph_interfaces_list(list, &count), PH_OK);
    for (size_t i = 0; i < count; i++) {
        assert_true(list[i].interface[0] != '\0');
        if (list[i].family == AF_INET && list[i].bytes[0] == 127)
            has_loopback = list[i].is_loopback;
    }
    assert_true(has_loopback);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(links_and_addresses_are_joined),
        cmocka_unit_test(an_interrupted_or_refused_dump_says_so),
        cmocka_unit_test(malformed_datagrams_are_refused),
        cmocka_unit_test(more_than_there_is_room_for_is_left_out),
        cmocka_unit_test(notices_that_matter_are_told_from_those_that_do_not),
        cmocka_unit_test(the_kernel_of_now_is_understood),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
