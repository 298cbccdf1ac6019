/* Unit tests of cli/enrol: when a token has a use, how long is waited. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "enrol_auto.h"
#include "printhold/base/attr.h"

#define NOW_MS INT64_C(1790000000000)

static const struct {
    const char *what;
    const char *identity;
    int64_t until_ms;
    const char *text;
    bool is_done;
} computers[] = {
    {"nobody", "none", 0, "not enrolled", false},
    {"one with its own files", "files", 0, "", true},
    {"one that is enrolled", "enrolled", NOW_MS + 1, "", true},
    {"one whose certificate has ended", "enrolled", NOW_MS, "", false},
    {"one that the hub does not renew", "enrolled", NOW_MS + 1, "unknown",
     false},
    {"one that says nothing", "", 0, "", false},
};

static void
a_token_is_for_whoever_has_no_good_certificate(void **state)
{
    (void)state;
    for (size_t i = 0; i < PH_COUNT(computers); i++) {
        struct ph_control_status status = {.identity_until_ms =
                                               computers[i].until_ms};

        (void)snprintf(status.identity, sizeof(status.identity), "%s",
                       computers[i].identity);
        (void)snprintf(status.identity_text, sizeof(status.identity_text), "%s",
                       computers[i].text);
        if (ph_enrol_is_done(&status, NOW_MS) != computers[i].is_done)
            fail_msg("%s", computers[i].what);
    }
}

static void
pauses_double_up_to_five_minutes_and_half_of_them_is_chance(void **state)
{
    (void)state;
    assert_int_equal(ph_enrol_pause_ms(false, 0, 0), 2500);
    assert_int_equal(ph_enrol_pause_ms(false, 0, 2500), 5000);
    assert_int_equal(ph_enrol_pause_ms(false, 0, 2501), 2500);
    assert_int_equal(ph_enrol_pause_ms(false, 1, 0), 5000);
    assert_int_equal(ph_enrol_pause_ms(false, 5, 0), 80000);
    assert_int_equal(ph_enrol_pause_ms(false, 6, 0), 150000);
    for (unsigned failures = 0; failures < 100; failures++)
        assert_in_range(ph_enrol_pause_ms(false, failures, UINT32_MAX), 2500,
                        300000);
    assert_in_range(ph_enrol_pause_ms(false, UINT32_MAX, 7), 150000, 300000);
}

static void
what_is_missing_here_is_looked_for_every_ten_seconds(void **state)
{
    (void)state;
    for (unsigned failures = 0; failures < 100; failures += 33)
        assert_in_range(ph_enrol_pause_ms(true, failures, 12345 * failures),
                        5000, 10000);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_token_is_for_whoever_has_no_good_certificate),
        cmocka_unit_test(
            pauses_double_up_to_five_minutes_and_half_of_them_is_chance),
        cmocka_unit_test(what_is_missing_here_is_looked_for_every_ten_seconds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
