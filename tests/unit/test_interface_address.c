/* Which addresses printers are told, and in which order. */
#include "interface_address.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>

#include "printhold/base/attr.h"

/* What an address is beside its interface. */
#define TUNNEL     0x01
#define ROUTE      0x02 /* the default route leaves there */
#define TEMPORARY  0x04
#define DEPRECATED 0x08
#define UNUSABLE   0x10
#define DOWN       0x20
#define LOOPBACK   0x40

struct row {
    const char *interface, *address;
    unsigned is;
};

static struct ph_interface_address
make(const struct row *row)
{
    struct ph_interface_address one = {
        .family = strchr(row->address, ':') != NULL ? AF_INET6 : AF_INET,
        .is_up = !(row->is & DOWN),
        .is_loopback = (row->is & LOOPBACK) != 0,
        .is_tunnel = (row->is & TUNNEL) != 0,
        .is_default = (row->is & ROUTE) != 0,
        .is_unusable = (row->is & UNUSABLE) != 0,
        .is_temporary = (row->is & TEMPORARY) != 0,
        .is_deprecated = (row->is & DEPRECATED) != 0,
    };

    (void)snprintf(one.interface, sizeof(one.interface), "%s", row->interface);
    assert_int_equal(inet_pton(one.family, row->address, one.bytes), 1);
    return one;
}

/* "interface address" of those told, in their order. */
static void
check(const char *patterns, const struct row *rows, size_t count,
      const char *const *expected)
{
    struct ph_interface_address list[16];
    size_t told;

    for (size_t i = 0; i < count; i++)
        list[i] = make(&rows[i]);
    told = ph_addresses_choose(list, count, patterns);
    for (size_t i = 0; i < told; i++) {
        char text[INET6_ADDRSTRLEN], line[96];

        assert_non_null(
            inet_ntop(list[i].family, list[i].bytes, text, sizeof(text)));
        (void)snprintf(line, sizeof(line), "%.31s %s", list[i].interface, text);
        assert_non_null(expected[i]);
        assert_string_equal(line, expected[i]);
    }
    assert_null(expected[told]);
}

#define CHECK(patterns, rows, ...)        \
    check(patterns, rows, PH_COUNT(rows), \
          (const char *const[]){__VA_ARGS__ NULL})

static void
the_lan_comes_before_tunnels_and_the_default_route_first(void **state)
{
    static const struct row rows[] = {
        {"tun0", "10.8.0.6", TUNNEL | ROUTE},
        {"wg0", "10.9.0.2", 0},
        {"eth1", "192.168.7.2", 0},
        {"eth0", "2001:db8::20", ROUTE},
        {"eth0", "fd00::20", ROUTE},
        {"eth0", "10.20.30.40", ROUTE},
        {"ppp0", "100.64.0.9", 0},
    };

    (void)state;
    CHECK("", rows, "eth0 10.20.30.40", "eth0 2001:db8::20", "eth0 fd00::20",
          "eth1 192.168.7.2", "tun0 10.8.0.6", "wg0 10.9.0.2",
          "ppp0 100.64.0.9", );
}

static void
of_equal_ones_the_system_s_order_stays(void **state)
{
    static const struct row rows[] = {{"eth0", "10.0.0.9", 0},
                                      {"eth1", "10.0.1.3", 0},
                                      {"wlan0", "10.0.0.4", 0}};

    (void)state;
    CHECK("", rows, "eth0 10.0.0.9", "eth1 10.0.1.3", "wlan0 10.0.0.4", );
}

static void
what_no_printer_reaches_is_not_told(void **state)
{
    static const struct row rows[] = {
        {"lo", "127.0.0.1", LOOPBACK},
        {"lo", "::1", LOOPBACK},
        {"lo", "192.0.2.9", LOOPBACK}, /* an address of the host itself */
        {"eth0", "169.254.3.4", ROUTE},
        {"eth0", "fe80::1", ROUTE},
        {"eth0", "febf::1", ROUTE},
        {"eth0", "2001:db8::66", UNUSABLE | ROUTE},
        {"eth2", "10.2.0.1", DOWN},
        {"docker0", "172.17.0.1", 0},
        {"br-3f2a9c1d0b7e", "172.18.0.1", 0},
        {"veth1a2b3c4", "172.19.0.1", 0},
        {"virbr0", "192.168.122.1", 0},
        {"vmnet8", "192.168.99.1", 0},
        {"bridge100", "192.168.64.1", 0},
    };

    (void)state;
    check("", rows, PH_COUNT(rows), (const char *const[]){NULL});
}

static void
a_bridge_that_is_the_way_out_or_is_named_is_told(void **state)
{
    static const struct row rows[] = {
        {"br0", "10.1.1.1", 0}, /* an ordinary bridge */
        {"docker0", "172.17.0.1", 0},
        {"virbr0", "10.0.0.5", ROUTE},
        {"veth0", "10.77.0.2", ROUTE},
    };

    (void)state;
    CHECK("", rows, "virbr0 10.0.0.5", "veth0 10.77.0.2", "br0 10.1.1.1", );
    CHECK("docker0", rows, "docker0 172.17.0.1", );
}

static void
addresses_that_go_away_are_told_only_alone(void **state)
{
    static const struct row both[] = {
        {"eth0", "2001:db8::aaaa", TEMPORARY | ROUTE},
        {"eth0", "2001:db8::20", ROUTE},
        {"eth0", "2001:db8::30", DEPRECATED | ROUTE}};
    static const struct row alone[] = {
        {"eth0", "2001:db8::bbbb", TEMPORARY | DEPRECATED},
        {"eth0", "2001:db8::aaaa", TEMPORARY | ROUTE}};

    (void)state;
    CHECK("", both, "eth0 2001:db8::20", );
    CHECK("", alone, "eth0 2001:db8::aaaa", "eth0 2001:db8::bbbb", );
}

static void
patterns_choose_interfaces(void **state)
{
    static const struct row rows[] = {{"eth0", "10.0.0.1", 0},
                                      {"eth1", "10.0.1.1", 0},
                                      {"wlan0", "10.0.2.1", 0},
                                      {"tun0", "10.0.3.1", 0}};

    (void)state;
    CHECK("eth*", rows, "eth0 10.0.0.1", "eth1 10.0.1.1", );
    CHECK("!eth*", rows, "wlan0 10.0.2.1", "tun0 10.0.3.1", );
    CHECK("  eth*\twlan0  !eth1 ", rows, "eth0 10.0.0.1", "wlan0 10.0.2.1", );
    CHECK("!eth1 eth[01] tun?", rows, "eth0 10.0.0.1", "tun0 10.0.3.1", );
    check("nothing0", rows, PH_COUNT(rows), (const char *const[]){NULL});
    check("! * !*", rows, PH_COUNT(rows), (const char *const[]){NULL});
}

static void
no_address_is_none(void **state)
{
    struct ph_interface_address list[1];

    (void)state;
    memset(list, 0xff, sizeof(list));
    assert_int_equal(ph_addresses_choose(list, 0, ""), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            the_lan_comes_before_tunnels_and_the_default_route_first),
        cmocka_unit_test(of_equal_ones_the_system_s_order_stays),
        cmocka_unit_test(what_no_printer_reaches_is_not_told),
        cmocka_unit_test(a_bridge_that_is_the_way_out_or_is_named_is_told),
        cmocka_unit_test(addresses_that_go_away_are_told_only_alone),
        cmocka_unit_test(patterns_choose_interfaces),
        cmocka_unit_test(no_address_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
