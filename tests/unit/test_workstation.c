/* What this computer says about itself. */
#include "workstation.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "printhold/base/attr.h"
#include "printhold/base/err.h"

static void
a_fixed_address_is_the_only_one(void **state)
{
    static const struct {
        const char *address, *expected;
    } cases[] = {
        {"127.0.0.1", "127.0.0.1:9443"},
        {"2001:db8::7", "[2001:db8::7]:9443"},
    };

    (void)state;
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        struct ph_workstation ws;
        struct ph_config config;
        struct ph_why why = {""};

        ph_config_init(&config);
        (void)snprintf(config.release_address, sizeof(config.release_address),
                       "%s", cases[i].address);
        assert_int_equal(ph_workstation_describe(&config, 9443, &ws, &why),
                         PH_OK);
        assert_int_equal(ws.address_count, 1);
        assert_string_equal(ws.address[0], cases[i].expected);
        assert_true(ws.host[0] != '\0');
        assert_string_equal(ws.id, "");
    }
}

static void
the_wildcard_gives_no_loopback_and_no_link_local(void **state)
{
    struct ph_workstation ws;
    struct ph_config config;
    struct ph_why why = {""};

    (void)state;
    ph_config_init(&config);
    (void)snprintf(config.release_address, sizeof(config.release_address),
                   "::");
    assert_int_equal(ph_workstation_describe(&config, 9443, &ws, &why), PH_OK);
    for (size_t i = 0; i < ws.address_count; i++) {
        assert_null(strstr(ws.address[i], "127.0.0.1"));
        assert_null(strstr(ws.address[i], "[::1]"));
        assert_null(strstr(ws.address[i], "[fe80"));
        assert_non_null(strstr(ws.address[i], ":9443"));
    }
}

static void
a_missing_certificate_is_named(void **state)
{
    struct ph_workstation ws;
    struct ph_config config;
    struct ph_why why = {""};

    (void)state;
    ph_config_init(&config);
    (void)snprintf(config.cert_file, sizeof(config.cert_file),
                   "/nonexistent/ws.crt");
    assert_int_not_equal(ph_workstation_describe(&config, 9443, &ws, &why),
                         PH_OK);
    assert_non_null(strstr(why.text, "/nonexistent/ws.crt"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fixed_address_is_the_only_one),
        cmocka_unit_test(the_wildcard_gives_no_loopback_and_no_link_local),
        cmocka_unit_test(a_missing_certificate_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
