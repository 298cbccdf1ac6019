/* So many failures in any span, whatever the clock does (SR-48). */
#include "printhold/model/limiter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "printhold/base/attr.h"

static const struct ph_limit three_in_100 = {.max = 3, .span_ms = 100};

static void
it_allows_so_many_in_any_span(void **state)
{
    static const struct {
        const char *what;
        int64_t at_ms[5];
        size_t count;
        int64_t now_ms;
        bool allowed;
        int64_t wait_ms;
    } cases[] = {
        {"none", {0}, 0, 1000, true, 0},
        {"one less", {1000, 1000}, 2, 1000, true, 0},
        {"all at once", {1000, 1000, 1000}, 3, 1000, false, 100},
        {"just before the first is over", {900, 950, 990}, 3, 999, false, 1},
        {"the first is over", {900, 950, 990}, 3, 1000, true, 0},
        {"in any order", {990, 900, 950}, 3, 999, false, 1},
        {"more than it may be", {900, 950, 980, 990}, 4, 999, false, 51},
        {"old ones do not count", {1, 2, 3, 4, 999}, 5, 1000, true, 0},
        {"later than now: of now", {5000, 6000, 7000}, 3, 1000, false, 100},
        {"one later than now", {5000, 950, 960}, 3, 1000, false, 50},
        {"times before 1970", {-50, -20, -10}, 3, 10, false, 40},
        {"all of time", {INT64_MIN, INT64_MAX, 0}, 3, 50, true, 0},
        {"the end of time",
         {INT64_MAX, INT64_MAX, INT64_MAX},
         3,
         INT64_MIN,
         false,
         100},
        {"the beginning",
         {INT64_MIN, INT64_MIN, INT64_MIN},
         3,
         INT64_MAX,
         true,
         0},
    };

    (void)state;
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        int64_t wait_ms = 0;
        const bool allowed =
            ph_limiter_allows(&three_in_100, cases[i].at_ms, cases[i].count,
                              cases[i].now_ms, &wait_ms);

        if (allowed != cases[i].allowed || wait_ms != cases[i].wait_ms)
            fail_msg("%s: allowed %d, wait %lld", cases[i].what, allowed,
                     (long long)wait_ms);
    }
}

/* After what it says to wait, and not a millisecond before, it allows. */
static void
the_wait_that_it_tells_is_exact(void **state)
{
    int64_t at_ms[6];
    uint32_t random = 12345;

    (void)state;
    for (int round = 0; round < 2000; round++) {
        int64_t wait_ms = 0, rest_ms = 0;

        for (size_t i = 0; i < PH_COUNT(at_ms); i++) {
            random = random * 1664525U + 1013904223U;
            at_ms[i] = 900 + random % 101;
        }
        if (ph_limiter_allows(&three_in_100, at_ms, PH_COUNT(at_ms), 1000,
                              &wait_ms))
            continue;
        assert_in_range(wait_ms, 1, 100);
        assert_true(ph_limiter_allows(&three_in_100, at_ms, PH_COUNT(at_ms),
                                      1000 + wait_ms, &rest_ms));
        assert_false(ph_limiter_allows(&three_in_100, at_ms, PH_COUNT(at_ms),
                                       1000 + wait_ms - 1, &rest_ms));
        assert_int_equal(rest_ms, 1);
    }
}

/* Play many tries: what gets through never exceeds the limit. */
static void
no_span_has_more_than_the_limit(void **state)
{
    int64_t at_ms[4000];
    size_t count = 0;

    (void)state;
    for (int64_t now_ms = 0; now_ms < 4000; now_ms += 7) {
        int64_t wait_ms;

        if (ph_limiter_allows(&three_in_100, at_ms, count, now_ms, &wait_ms))
            at_ms[count++] = now_ms;
    }
    assert_true(count > 100);
    for (size_t i = 3; i < count; i++)
        assert_true(at_ms[i] - at_ms[i - 3] >= three_in_100.span_ms);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_allows_so_many_in_any_span),
        cmocka_unit_test(the_wait_that_it_tells_is_exact),
        cmocka_unit_test(no_span_has_more_than_the_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
