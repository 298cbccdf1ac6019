#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "printhold/base/attr.h"
#include "printhold/base/clock.h"
#include "printhold/base/err.h"

static int64_t
fixed(void)
{
    return 42;
}

static void
wall_time_can_be_moved_and_put_back(void **state)
{
    (void)state;
    ph_clock_set_wall(fixed);
    assert_int_equal(ph_clock_wall_ms(), 42);
    ph_clock_set_wall(NULL);
    /* The system's clock: after this line was written. */
    assert_true(ph_clock_wall_ms() > INT64_C(1760000000000));
}

static void
monotonic_time_does_not_go_back(void **state)
{
    int64_t last = ph_clock_mono_ms();

    (void)state;
    for (int i = 0; i < 1000; i++) {
        int64_t now = ph_clock_mono_ms();

        assert_true(now >= last);
        last = now;
    }
}

static void
times_are_written_as_rfc_3339(void **state)
{
    static const struct {
        int64_t ms;
        const char *text;
    } cases[] = {
        {0, "1970-01-01T00:00:00.000Z"},
        {INT64_C(1795289400123), "2026-11-21T19:30:00.123Z"},
        {INT64_C(951782400000), "2000-02-29T00:00:00.000Z"},
        {-1, "1969-12-31T23:59:59.999Z"},
        {-1000, "1969-12-31T23:59:59.000Z"},
        {INT64_C(-62135596800000), "0001-01-01T00:00:00.000Z"},
        {INT64_C(253402300799999), "9999-12-31T23:59:59.999Z"},
    };

    (void)state;
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        char text[PH_TIME_TEXT];

        ph_clock_format(cases[i].ms, text);
        assert_string_equal(text, cases[i].text);
    }
}

static void
absurd_times_stay_inside_the_text(void **state)
{
    static const int64_t times[] = {INT64_MAX, INT64_MIN, INT64_MIN + 1,
                                    INT64_C(253402300800000)};

    (void)state;
    for (size_t i = 0; i < PH_COUNT(times); i++) {
        char text[PH_TIME_TEXT + 1];

        memset(text, '#', sizeof(text));
        ph_clock_format(times[i], text);
        assert_true(strlen(text) < PH_TIME_TEXT);
        assert_int_equal(text[PH_TIME_TEXT], '#');
    }
}

static int64_t an_hour_on_base;

static int64_t
an_hour_on(void)
{
    return an_hour_on_base + 3600000;
}

static int64_t
other_fixed(void)
{
    return 7;
}

/* Time since the start of the computer: goes on, and moves with the wall's
 * clock only when a test moves that. */
static void
time_since_the_start_is_not_the_walls(void **state)
{
    const int64_t before = ph_clock_boot_ms();
    int64_t after;

    (void)state;
    assert_true(before > 0);
    an_hour_on_base = ph_clock_wall_ms();
    ph_clock_set_wall(an_hour_on);
    after = ph_clock_boot_ms();
    ph_clock_set_wall(NULL);
    assert_true(after >= before + 3600000);
    assert_true(after < before + 2 * 3600000);
    ph_clock_set_boot(other_fixed, 99);
    assert_int_equal(ph_clock_boot_ms(), 7);
    assert_int_equal(ph_clock_boot_number(), 99);
    ph_clock_set_boot(NULL, 0);
    assert_true(ph_clock_boot_ms() >= before);
}

static void
a_start_of_the_computer_has_a_number(void **state)
{
    static const struct {
        const char *id;
        int64_t number;
    } cases[] = {
        {"fffffffffffffff0", INT64_C(0xfffffffffffffff)},
        {"FFFFFFFF-FFFF-FFFF-0000-000000000000", INT64_C(0xfffffffffffffff)},
        {"", 0},
        {"123", 0},
        {"not a uuid at all", 0},
    };
    const int64_t number = ph_clock_boot_number();

    (void)state;
    assert_int_equal(ph_clock_boot_number(), number);
    assert_true(number >= 0);
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        assert_int_equal(setenv("PRINTHOLD_BOOT_ID", cases[i].id, 1), 0);
        assert_int_equal(ph_clock_boot_number(), cases[i].number);
    }
    assert_int_equal(unsetenv("PRINTHOLD_BOOT_ID"), 0);
}

static void
times_are_read_as_they_are_written(void **state)
{
    static const struct {
        const char *text;
        int64_t ms;
    } cases[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"2026-11-21T19:30:00.123Z", INT64_C(1795289400123)},
        {"2026-11-21T19:30:00.1Z", INT64_C(1795289400100)},
        {"2026-11-21T19:30:00.123456789Z", INT64_C(1795289400123)},
        {"2024-02-29T23:59:59Z", INT64_C(1709251199000)},
        {"9999-12-31T23:59:59.999Z", INT64_C(253402300799999)},
    };
    char text[PH_TIME_TEXT];
    int64_t ms;

    (void)state;
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        assert_int_equal(ph_clock_parse(cases[i].text, &ms), PH_OK);
        assert_int_equal(ms, cases[i].ms);
    }
    ph_clock_format(INT64_C(1795289400123), text);
    assert_int_equal(ph_clock_parse(text, &ms), PH_OK);
    assert_int_equal(ms, INT64_C(1795289400123));
}

static void
what_is_no_time_is_refused(void **state)
{
    static const char *const cases[] = {
        "",
        "Z",
        "2026-11-21",
        "2026-11-21T19:30:00",
        "2026-11-21T19:30:00+01:00",
        "2026-11-21 19:30:00Z",
        "2026-11-21t19:30:00z",
        "2026-02-30T19:30:00Z",
        "2025-02-29T19:30:00Z",
        "2026-13-01T19:30:00Z",
        "2026-00-01T19:30:00Z",
        "2026-11-00T19:30:00Z",
        "2026-11-21T24:00:00Z",
        "2026-11-21T19:60:00Z",
        "2026-11-21T19:30:60Z",
        "1969-12-31T23:59:59Z",
        "2026-11-21T19:30:00.Z",
        "2026-11-21T19:30:00.1234567890Z",
        "2026-11-21T19:30:00,1Z",
        "2026-11-21T19:30:00.1aZ",
        "2026-11-21T19:30:+1Z",
        "2026-11-21T19:30:00Z ",
        "12026-11-21T19:30:00Z",
    };
    int64_t ms = 42;

    (void)state;
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        assert_int_equal(ph_clock_parse(cases[i], &ms), PH_ERR_SYNTAX);
        assert_int_equal(ms, 42);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wall_time_can_be_moved_and_put_back),
        cmocka_unit_test(monotonic_time_does_not_go_back),
        cmocka_unit_test(times_are_written_as_rfc_3339),
        cmocka_unit_test(times_are_read_as_they_are_written),
        cmocka_unit_test(what_is_no_time_is_refused),
        cmocka_unit_test(absurd_times_stay_inside_the_text),
        cmocka_unit_test(time_since_the_start_is_not_the_walls),
        cmocka_unit_test(a_start_of_the_computer_has_a_number),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
