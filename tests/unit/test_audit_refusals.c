/* Refusals on their way into the audit: a flood stays bounded, in memory and in
 * records, and none is lost from the count. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "audit_refusals.h"

#define HOUR PH_REFUSAL_WINDOW_MS

static int
set_up(void **state)
{
    struct audit_refusals *refusals = calloc(1, sizeof(*refusals));

    assert_non_null(refusals);
    audit_refusals_init(refusals, 1000);
    *state = refusals;
    return 0;
}

static int
tear_down(void **state)
{
    audit_refusals_close(*state);
    free(*state);
    return 0;
}

static bool
note(struct audit_refusals *refusals, int printer, const char *reason,
     int64_t now_ms)
{
    struct ph_refusal refusal = {.uid = -1};

    (void)snprintf(refusal.printer, sizeof(refusal.printer), "pr-%d", printer);
    (void)snprintf(refusal.reason, sizeof(refusal.reason), "%s", reason);
    return audit_refusals_note(refusals, &refusal, now_ms);
}

/* How many records, and how many refusals they stand for. */
struct taken {
    unsigned records;
    uint64_t refusals;
};

static struct taken
take(struct audit_refusals *refusals, int64_t now_ms, bool at_end)
{
    struct taken taken = {0, 0};
    struct ph_refusal refusal;

    while (audit_refusals_take(refusals, now_ms, at_end, &refusal)) {
        taken.records++;
        taken.refusals += refusal.count;
    }
    return taken;
}

static void
check_taken(struct audit_refusals *refusals, int64_t now_ms, bool at_end,
            unsigned records, uint64_t count)
{
    const struct taken taken = take(refusals, now_ms, at_end);

    assert_int_equal(taken.records, records);
    assert_int_equal(taken.refusals, count);
}

static void
the_first_few_are_records_and_the_rest_a_number(void **state)
{
    struct audit_refusals *refusals = *state;
    struct ph_refusal last;

    for (int i = 0; i < 1000; i++)
        assert_int_equal(note(refusals, 1, "no-session", 1000),
                         i < PH_REFUSAL_EACH);
    check_taken(refusals, 1000, false, PH_REFUSAL_EACH, PH_REFUSAL_EACH);
    check_taken(refusals, 999 + HOUR, false, 0, 0);
    assert_true(audit_refusals_take(refusals, 1000 + HOUR, false, &last));
    assert_int_equal(last.count, 1000 - PH_REFUSAL_EACH);
    assert_string_equal(last.printer, "pr-1");
    assert_string_equal(last.reason, "no-session");
    assert_int_equal(last.uid, -1);
    assert_false(audit_refusals_take(refusals, 1000 + HOUR, false, &last));
    /* A new hour. */
    assert_true(note(refusals, 1, "no-session", 1001 + HOUR));
    check_taken(refusals, 1001 + HOUR, false, 1, 1);
}

static void
one_printer_does_not_hide_another(void **state)
{
    struct audit_refusals *refusals = *state;

    for (int i = 0; i < 1000; i++)
        (void)note(refusals, 1, "no-session", 1000);
    (void)take(refusals, 1000, false);
    assert_true(note(refusals, 2, "no-session", 1000));
    assert_true(note(refusals, 1, "code-wrong", 1000));
    check_taken(refusals, 1000, false, 2, 2);
}

/* Everything that a fleet of hostile printers can do in an hour. */
static void
an_hour_is_bounded_and_none_is_uncounted(void **state)
{
    struct audit_refusals *refusals = *state;
    const unsigned most = PH_REFUSAL_KINDS * (PH_REFUSAL_EACH + 1) + 1;
    struct taken sum = {0, 0}, taken;
    uint64_t noted = 0;
    char reason[32];

    for (int printer = 0; printer < 100; printer++) {
        for (int kind = 0; kind < 20; kind++) {
            (void)snprintf(reason, sizeof(reason), "reason-%d", kind);
            for (int i = 0; i < 20; i++, noted++) {
                (void)note(refusals, printer, reason, 1000);
                taken = take(refusals, 1000, false);
                sum.records += taken.records;
                sum.refusals += taken.refusals;
            }
        }
    }
    taken = take(refusals, 1000 + HOUR, false);
    sum.records += taken.records;
    sum.refusals += taken.refusals;
    assert_int_equal(sum.refusals, noted);
    assert_int_equal(sum.records, most);
}

/* A disk that does not keep up: what waits is bounded too. */
static void
what_waits_is_bounded(void **state)
{
    struct audit_refusals *refusals = *state;
    struct taken taken;

    for (int printer = 0; printer < 60; printer++)
        for (int i = 0; i < 3; i++)
            (void)note(refusals, printer, "no-job", 1000);
    taken = take(refusals, 1000, false);
    assert_int_equal(taken.records, PH_REFUSAL_PENDING);
    taken = take(refusals, 1000, true);
    assert_int_equal(taken.refusals, 180 - PH_REFUSAL_PENDING);
}

static void
what_could_not_be_written_is_counted_again(void **state)
{
    struct audit_refusals *refusals = *state;
    struct ph_refusal refusal;

    (void)note(refusals, 1, "no-job", 1000);
    assert_true(audit_refusals_take(refusals, 1000, false, &refusal));
    audit_refusals_put_back(refusals, &refusal);
    assert_false(audit_refusals_take(refusals, 1000, false, &refusal));
    assert_true(audit_refusals_take(refusals, 1000, true, &refusal));
    assert_int_equal(refusal.count, 1);
    assert_string_equal(refusal.reason, "various");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_first_few_are_records_and_the_rest_a_number),
        TEST(one_printer_does_not_hide_another),
        TEST(an_hour_is_bounded_and_none_is_uncounted),
        TEST(what_waits_is_bounded),
        TEST(what_could_not_be_written_is_counted_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
