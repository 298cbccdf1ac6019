/* What the agent does with a broker that refuses: a strict one, by script. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cloud_rig.h"
#include "strict.h"

#define SCRIPT(...) ((const char *const[]){__VA_ARGS__, NULL})

static struct strict strict;

static int
setup(void **state)
{
    static struct rig rig;

    memset(&rig, 0, sizeof(rig));
    rig.pace = (struct cloud_pace){20, 100};
    broker_make(&broker);
    broker_pki(&broker, "workstation", "ws-test", NULL);
    jobs_fixture_make(&rig.jobs);
    *state = &rig;
    return 0;
}

static int
teardown(void **state)
{
    struct rig *rig = *state;

    jobs_fixture_remove(&rig->jobs);
    broker_remove(&broker);
    return 0;
}

static void
begin(struct rig *rig, const char *const *scripts)
{
    strict_start(&strict, &broker, "broker", scripts);
    memcpy(broker.url, strict.url, sizeof(strict.url));
    start(rig, "ws-test");
}

static void
end(struct rig *rig)
{
    stop(rig);
    strict_end(&strict);
}

static void
hold(struct rig *rig, const char *title)
{
    (void)jobs_fixture_hold(&rig->jobs, title, title);
}

static struct ph_jobs_stats
stats_of(struct rig *rig)
{
    struct ph_jobs_stats stats;

    assert_int_equal(ph_jobs_stats(rig->jobs.jobs, &stats), PH_OK);
    return stats;
}

static void
quiet(struct rig *rig)
{
    RUN_UNTIL(rig, is_quiet(rig));
}

/* The titles of the events that the broker saw, in order: "one two one". */
static const char *
events_seen(void)
{
    static char seen[1024];
    const char *at = strict.text;

    seen[0] = '\0';
    (void)strict_said(&strict, "topic"); /* reads what it said */
    while ((at = strstr(at, "topic=ph1/acme/ev/ws-test")) != NULL) {
        const char *name = strstr(at, "\"job-name\":\"");
        size_t len = strlen(seen);

        assert_non_null(name);
        name += strlen("\"job-name\":\"");
        (void)snprintf(seen + len, sizeof(seen) - len, "%s%.*s",
                       len > 0 ? " " : "", (int)strcspn(name, "\""), name);
        at = name;
    }
    return seen;
}

static void
a_refused_event_is_parked_and_the_others_go_on(void **state)
{
    struct rig *rig = *state;

    hold(rig, "one");
    hold(rig, "poison");
    hold(rig, "three");
    begin(rig, SCRIPT("recv connack answer:ev/&poison=80,ev/&five=close",
                      "recv connack answer"));
    RUN_UNTIL(rig, stats_of(rig).outbox_parked_events == 1 &&
                       stats_of(rig).outbox_events == 1);
    assert_non_null(strstr(status_of(rig).refused_text, "an event"));
    assert_true(status_of(rig).refused_since_ms > 0);
    assert_int_equal(status_of(rig).refused, 1);
    hold(rig, "four");
    RUN_UNTIL(rig, stats_of(rig).outbox_events == 1);
    quiet(rig);
    assert_string_equal(events_seen(), "one poison three four");
    assert_non_null(strstr(status_of(rig).refused_text, "an event"));
    /* With the next connection it is tried again, behind the others. */
    hold(rig, "five");
    RUN_UNTIL(rig, stats_of(rig).outbox_events == 0);
    quiet(rig);
    assert_string_equal(events_seen(), "one poison three four five "
                                       "one three four five poison");
    assert_int_equal(stats_of(rig).outbox_parked_events, 0);
    assert_string_equal(status_of(rig).refused_text, "");
    end(rig);
}

static void
what_was_parked_is_known_after_a_restart(void **state)
{
    struct rig *rig = *state;

    hold(rig, "poison");
    begin(rig, SCRIPT("recv connack answer:ev/=83"));
    RUN_UNTIL(rig, stats_of(rig).outbox_parked_events == 1);
    end(rig);
    jobs_fixture_close(&rig->jobs);
    jobs_fixture_open(&rig->jobs);
    assert_int_equal(stats_of(rig).outbox_parked_events, 1);
    assert_int_equal(stats_of(rig).outbox_parked_reason, 0x83);
    begin(rig, SCRIPT("recv connack answer"));
    RUN_UNTIL(rig, stats_of(rig).outbox_events == 0);
    end(rig);
}

static void
events_that_may_not_be_told_at_all_stand_in_their_order(void **state)
{
    struct rig *rig = *state;

    hold(rig, "one");
    hold(rig, "two");
    begin(rig, SCRIPT("recv connack answer:ev/=87,u/&four=close",
                      "recv connack answer"));
    RUN_UNTIL(rig, status_of(rig).refused == 2);
    assert_non_null(strstr(status_of(rig).refused_text, "events wait"));
    hold(rig, "three"); /* its document is told */
    RUN_UNTIL(rig, stats_of(rig).outbox_documents == 0);
    quiet(rig);
    assert_string_equal(events_seen(), "one two");
    assert_int_equal(stats_of(rig).outbox_parked_events, 0);
    hold(rig, "four");
    RUN_UNTIL(rig, stats_of(rig).outbox_events == 0);
    quiet(rig);
    assert_string_equal(events_seen(), "one two one two three four");
    assert_string_equal(status_of(rig).refused_text, "");
    end(rig);
}

static void
a_broker_that_has_enough_is_given_less_and_nothing_is_lost(void **state)
{
    struct rig *rig = *state;

    hold(rig, "one");
    hold(rig, "two");
    hold(rig, "three");
    begin(rig, SCRIPT("recv connack answer:ev/=97*2,u/=97*1"));
    RUN_UNTIL(rig, status_of(rig).refused > 0);
    assert_non_null(strstr(status_of(rig).refused_text, "less at a time"));
    RUN_UNTIL(rig, stats_of(rig).outbox_events == 0 &&
                       stats_of(rig).outbox_documents == 0);
    quiet(rig);
    assert_int_equal(status_of(rig).refused, 3);
    assert_string_equal(status_of(rig).refused_text, "");
    assert_string_equal(events_seen(), "one two three one two");
    end(rig);
}

static void
a_refused_document_waits_for_its_next_revision(void **state)
{
    struct rig *rig = *state;

    hold(rig, "one");
    begin(rig, SCRIPT("recv connack answer:u/=99*1"));
    RUN_UNTIL(rig, stats_of(rig).outbox_parked_documents == 1 &&
                       stats_of(rig).outbox_events == 0);
    quiet(rig);
    ph_cloud_kick(rig->cloud);
    quiet(rig);
    assert_int_equal(strict_count(&strict, "topic=ph1/acme/u/"), 1);
    assert_non_null(
        strstr(status_of(rig).refused_text, "a directory document"));
    hold(rig, "two");
    RUN_UNTIL(rig, stats_of(rig).outbox_documents == 0 &&
                       stats_of(rig).outbox_events == 0);
    quiet(rig);
    assert_int_equal(stats_of(rig).outbox_parked_documents, 0);
    assert_string_equal(status_of(rig).refused_text, "");
    end(rig);
}

/* One after the other: that is no matter of one event. */
static void
many_refused_events_in_a_row_make_the_rest_wait(void **state)
{
    struct rig *rig = *state;
    size_t seen;

    for (unsigned i = 0; i < 36; i++) {
        char title[16];

        (void)snprintf(title, sizeof(title), "poison %u", i);
        hold(rig, title);
    }
    begin(rig, SCRIPT("recv connack answer:ev/=80"));
    /* reading what it says, lest it waits for us */
    RUN_UNTIL(rig, strict_said(&strict, "topic=ph1/acme/ev/") &&
                       rig->cloud->refusals.is_standing);
    quiet(rig);
    seen = strict_count(&strict, "topic=ph1/acme/ev/");
    assert_in_range(seen, 16, 32); /* what was under way then */
    ph_cloud_kick(rig->cloud);
    quiet(rig);
    assert_int_equal(strict_count(&strict, "topic=ph1/acme/ev/"), seen);
    assert_int_equal(stats_of(rig).outbox_parked_events, seen);
    assert_int_equal(stats_of(rig).outbox_events, 36);
    end(rig);
}

int
main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(a_refused_event_is_parked_and_the_others_go_on),
        CASE(what_was_parked_is_known_after_a_restart),
        CASE(events_that_may_not_be_told_at_all_stand_in_their_order),
        CASE(a_broker_that_has_enough_is_given_less_and_nothing_is_lost),
        CASE(a_refused_document_waits_for_its_next_revision),
        CASE(many_refused_events_in_a_row_make_the_rest_wait),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
