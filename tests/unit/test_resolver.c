/* Unit tests of net/resolver; nothing leaves this computer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <uv.h>

#include "printhold/base/err.h"
#include "printhold/net/resolver.h"

struct answer {
    unsigned calls;
    int err;
    size_t count;
    char first[PH_ADDRESS_TEXT];
    uint16_t port;
};

static void
on_done(int err, const struct ph_address *addresses, size_t count, void *arg)
{
    struct answer *answer = arg;

    answer->calls++;
    answer->err = err;
    answer->count = count;
    if (count > 0) {
        ph_address_format(&addresses[0], answer->first);
        answer->port = addresses[0].u.any.sa_family == AF_INET6
                           ? ntohs(addresses[0].u.in6.sin6_port)
                           : ntohs(addresses[0].u.in4.sin_port);
    }
}

static void
literals_become_addresses_with_their_port(void **state)
{
    static const char *const hosts[] = {"192.0.2.7", "2001:db8::7"};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct answer answer = {0};
        struct ph_resolver *resolver = NULL;
        uv_loop_t loop;

        assert_int_equal(uv_loop_init(&loop), 0);
        assert_int_equal(ph_resolver_start(&loop, hosts[i], 8443, on_done,
                                           &answer, &resolver),
                         PH_OK);
        assert_int_equal(answer.calls, 0);
        assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0);
        assert_int_equal(answer.calls, 1);
        assert_int_equal(answer.err, PH_OK);
        assert_int_equal(answer.count, 1);
        assert_string_equal(answer.first, hosts[i]);
        assert_int_equal(answer.port, 8443);
        assert_int_equal(uv_loop_close(&loop), 0);
    }
}

static void
a_cancelled_request_calls_nobody(void **state)
{
    struct answer answer = {0};
    struct ph_resolver *resolver = NULL;
    uv_loop_t loop;

    (void)state;
    assert_int_equal(uv_loop_init(&loop), 0);
    assert_int_equal(
        ph_resolver_start(&loop, "localhost", 1, on_done, &answer, &resolver),
        PH_OK);
    ph_resolver_cancel(resolver);
    ph_resolver_cancel(NULL);
    assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(answer.calls, 0);
    assert_int_equal(uv_loop_close(&loop), 0);
}

static void
there_is_a_way_to_loopback(void **state)
{
    struct ph_address address = {0};

    (void)state;
    address.u.in4.sin_family = AF_INET;
    address.u.in4.sin_port = htons(9);
    address.u.in4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(ph_address_check_route(&address), PH_OK);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(literals_become_addresses_with_their_port),
        cmocka_unit_test(a_cancelled_request_calls_nobody),
        cmocka_unit_test(there_is_a_way_to_loopback),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
