/* Unit tests of cli/notify/gather: many changes, few notices. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "gather.h"
#include "printhold/base/attr.h"

#define START_MS INT64_C(5000) /* the computer has just started */

struct world {
    struct ph_gather gather;
    int64_t now_ms;
    uint32_t next_id;
    unsigned shown;
    struct ph_notice last;
    uint32_t replaced;
};

static void
begin(struct world *world)
{
    memset(world, 0, sizeof(*world));
    ph_gather_init(&world->gather);
    world->now_ms = START_MS;
}

/* As the program does: everything that is due, until then. */
static void
pass(struct world *world, int64_t ms)
{
    const int64_t end_ms = world->now_ms + ms;

    while (ph_gather_next_ms(&world->gather) <= end_ms) {
        world->now_ms = ph_gather_next_ms(&world->gather);
        while (ph_gather_take(&world->gather, world->now_ms, &world->last,
                              &world->replaced)) {
            ph_gather_shown(&world->gather, world->last.kind, ++world->next_id);
            world->shown++;
        }
        assert_true(ph_gather_next_ms(&world->gather) > world->now_ms);
    }
    world->now_ms = end_ms;
}

static void
happen(struct world *world, enum ph_control_change_kind kind,
       const char *reason, const char *printer)
{
    struct ph_control_change change = {.kind = kind};

    (void)snprintf(change.reason, sizeof(change.reason), "%s", reason);
    (void)snprintf(change.printer, sizeof(change.printer), "%s", printer);
    ph_gather_add(&world->gather, &change, world->now_ms);
}

static void
one_job_is_told_within_a_second(void **state)
{
    struct world world;

    (void)state;
    begin(&world);
    assert_int_equal(ph_gather_next_ms(&world.gather), PH_GATHER_NEVER);
    happen(&world, PH_CHANGE_HELD, "", "");
    pass(&world, 1000);
    assert_int_equal(world.shown, 1);
    assert_int_equal(world.replaced, 0);
    assert_string_equal(world.last.summary, "Held, not printed yet");
    assert_int_equal(ph_gather_next_ms(&world.gather), PH_GATHER_NEVER);
}

static void
two_hundred_jobs_are_one_notice_that_counts_up(void **state)
{
    struct world world;

    (void)state;
    begin(&world);
    for (unsigned i = 0; i < 200; i++) {
        happen(&world, PH_CHANGE_HELD, "", "");
        pass(&world, 50);
    }
    pass(&world, PH_GATHER_SPACE_MS);
    assert_string_equal(world.last.summary, "200 jobs held, not printed yet");
    assert_in_range(world.shown, 2, 4); /* of 10 s of printing */
    assert_int_equal(world.replaced, world.next_id - 1);
}

static void
after_a_silence_it_is_a_new_one(void **state)
{
    struct world world;

    (void)state;
    begin(&world);
    happen(&world, PH_CHANGE_HELD, "", "");
    pass(&world, 1000);
    happen(&world, PH_CHANGE_HELD, "", "");
    pass(&world, PH_GATHER_BURST_MS + 1000);
    assert_string_equal(world.last.summary, "2 jobs held, not printed yet");
    assert_int_equal(world.replaced, 1);
    happen(&world, PH_CHANGE_HELD, "", "");
    pass(&world, 1000);
    assert_int_equal(world.shown, 3);
    assert_int_equal(world.replaced, 0);
    assert_string_equal(world.last.summary, "Held, not printed yet");
}

static void
kinds_do_not_hide_each_other(void **state)
{
    struct world world;

    (void)state;
    begin(&world);
    happen(&world, PH_CHANGE_HELD, "", "");
    happen(&world, PH_CHANGE_HELD, "unmapped", "");
    happen(&world, PH_CHANGE_PRINTED, "", "pr-1");
    happen(&world, PH_CHANGE_DELETED, "by-user", "");
    pass(&world, 1000);
    assert_int_equal(world.shown, 3);
}

static void
facts_of_a_burst_are_those_of_all_of_it(void **state)
{
    struct ph_control_change late = {.kind = PH_CHANGE_HELD, .until_ms = 9000};
    struct ph_control_change soon = {.kind = PH_CHANGE_HELD, .until_ms = 3000};
    struct world world;

    (void)state;
    begin(&world);
    ph_gather_add(&world.gather, &late, world.now_ms);
    ph_gather_add(&world.gather, &soon, world.now_ms);
    ph_gather_add(&world.gather, &late, world.now_ms);
    assert_int_equal(world.gather.kinds[PH_NOTICE_HELD].facts.until_ms, 3000);
    happen(&world, PH_CHANGE_PRINTED, "", "pr-1");
    happen(&world, PH_CHANGE_PRINTED, "", "pr-2");
    happen(&world, PH_CHANGE_PRINTED, "", "pr-2");
    pass(&world, 1000);
    assert_string_equal(world.last.body, "Released at printers.");
}

static void
the_cloud_is_told_of_only_when_it_is_away_for_long(void **state)
{
    struct world world;

    (void)state;
    begin(&world);
    happen(&world, PH_CHANGE_CLOUD, "connecting", "");
    pass(&world, PH_GATHER_CLOUD_MS - 1000);
    happen(&world, PH_CHANGE_CLOUD, "online", "");
    pass(&world, 2 * PH_GATHER_CLOUD_MS);
    assert_int_equal(world.shown, 0);

    happen(&world, PH_CHANGE_CLOUD, "connecting", "");
    pass(&world, PH_GATHER_CLOUD_MS / 2);
    happen(&world, PH_CHANGE_CLOUD, "connecting", ""); /* the agent restarted */
    pass(&world, PH_GATHER_CLOUD_MS);
    assert_int_equal(world.shown, 1);
    assert_int_equal(world.last.kind, PH_NOTICE_CLOUD_AWAY);
    pass(&world, 10 * PH_GATHER_CLOUD_MS);
    assert_int_equal(world.shown, 1);
    happen(&world, PH_CHANGE_CLOUD, "online", "");
    pass(&world, 10 * PH_GATHER_CLOUD_MS);
    assert_int_equal(world.shown, 2);
    assert_int_equal(world.last.kind, PH_NOTICE_CLOUD_BACK);
}

static void
a_cloud_that_is_switched_off_is_no_news(void **state)
{
    struct world world;

    (void)state;
    begin(&world);
    happen(&world, PH_CHANGE_CLOUD, "connecting", "");
    pass(&world, PH_GATHER_CLOUD_MS + 1000);
    assert_int_equal(world.shown, 1);
    happen(&world, PH_CHANGE_CLOUD, "off", "");
    pass(&world, 10 * PH_GATHER_CLOUD_MS);
    assert_int_equal(world.shown, 1);
    assert_int_equal(ph_gather_next_ms(&world.gather), PH_GATHER_NEVER);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_job_is_told_within_a_second),
        cmocka_unit_test(two_hundred_jobs_are_one_notice_that_counts_up),
        cmocka_unit_test(after_a_silence_it_is_a_new_one),
        cmocka_unit_test(kinds_do_not_hide_each_other),
        cmocka_unit_test(facts_of_a_burst_are_those_of_all_of_it),
        cmocka_unit_test(the_cloud_is_told_of_only_when_it_is_away_for_long),
        cmocka_unit_test(a_cloud_that_is_switched_off_is_no_news),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
