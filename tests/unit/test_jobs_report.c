/* What was held before there was a cloud is told when there is one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "jobs_fixture.h"

#define EVENTS_MAX 64

static int
set_up(void **state)
{
    struct jobs_fixture *f = calloc(1, sizeof(*f));

    assert_non_null(f);
    jobs_fixture_make(f);
    assert_int_equal(ph_jobs_report_held(f->jobs), PH_OK);
    *state = f;
    return 0;
}

static int
tear_down(void **state)
{
    struct jobs_fixture *f = *state;

    jobs_fixture_remove(f);
    free(f);
    return 0;
}

static void
start_again(struct jobs_fixture *f, const char *cloud)
{
    jobs_fixture_close(f);
    (void)snprintf(f->config.cloud_url, PH_CONFIG_TEXT_MAX, "%s", cloud);
    jobs_fixture_open(f);
    assert_int_equal(ph_jobs_report_held(f->jobs), PH_OK);
}

static struct ph_id
hold(struct jobs_fixture *f, unsigned number)
{
    struct ph_id id;
    char uuid[64];

    (void)snprintf(uuid, sizeof(uuid), "urn:uuid:00000000-0000-0000-0000-%012u",
                   number);
    assert_int_equal(
        jobs_fixture_hold_as(f, "alice", 1001, uuid, "zebra", "text", &id),
        PH_OK);
    return id;
}

static size_t
events(struct jobs_fixture *f)
{
    struct ph_outbox_event list[EVENTS_MAX];
    size_t count = 0;

    assert_int_equal(ph_jobs_due_events(f->jobs, 0, list, EVENTS_MAX, &count),
                     PH_OK);
    for (size_t i = 0; i < count; i++)
        ph_buf_close(&list[i].payload);
    return count;
}

static size_t
documents(struct jobs_fixture *f)
{
    struct ph_outbox_document list[8];
    size_t count = 0;

    assert_int_equal(ph_jobs_due_documents(f->jobs, list, 8, &count), PH_OK);
    for (size_t i = 0; i < count; i++)
        ph_buf_close(&list[i].payload);
    return count;
}

static void
nothing_is_told_before_and_all_of_it_then(void **state)
{
    static const struct ph_asker everyone = {.everyone = true};
    struct jobs_fixture *f = *state;
    struct ph_why why;
    struct ph_id gone;

    start_again(f, "");
    (void)hold(f, 1);
    gone = hold(f, 2);
    (void)hold(f, 3);
    assert_int_equal(ph_jobs_delete(f->jobs, &everyone, &gone, &why), PH_OK);
    assert_int_equal(events(f) + documents(f), 0);
    start_again(f, ""); /* still nobody to tell */
    (void)hold(f, 4);
    assert_int_equal(events(f) + documents(f), 0);
    start_again(f, "wss://broker.example/mqtt");
    assert_int_equal(events(f), 3);
    assert_int_equal(documents(f), 1);
    start_again(f, "wss://broker.example/mqtt");
    assert_int_equal(events(f), 3);
}

static void
what_was_told_is_not_told_again(void **state)
{
    struct jobs_fixture *f = *state;

    (void)hold(f, 1); /* with a cloud */
    assert_int_equal(events(f), 1);
    start_again(f, "");
    (void)hold(f, 2); /* without */
    start_again(f, "wss://broker.example/mqtt");
    assert_int_equal(events(f), 2);
}

static void
another_workstation_does_not_speak_for_the_first(void **state)
{
    static const struct ph_workstation other = {.tenant = "acme",
                                                .id = "ws-other"};
    struct jobs_fixture *f = *state;
    struct ph_outbox_event list[EVENTS_MAX];
    size_t count = 0;

    (void)hold(f, 1);
    (void)hold(f, 2);
    assert_int_equal(events(f), 2);
    assert_int_equal(ph_jobs_set_workstation(f->jobs, &other), PH_OK);
    assert_int_equal(ph_jobs_report_held(f->jobs), PH_OK);
    assert_int_equal(ph_jobs_due_events(f->jobs, 0, list, EVENTS_MAX, &count),
                     PH_OK);
    assert_int_equal(count, 2);
    for (size_t i = 0; i < count; i++) {
        assert_non_null(memmem(list[i].payload.data, list[i].payload.len,
                               "\"ws-other\"", 10));
        ph_buf_close(&list[i].payload);
    }
    assert_int_equal(ph_jobs_report_held(f->jobs), PH_OK);
    assert_int_equal(events(f), 2);
}

static void
many_are_told_too(void **state)
{
    struct jobs_fixture *f = *state;
    struct ph_jobs_stats stats;

    start_again(f, "");
    for (unsigned i = 0; i < 130; i++)
        (void)hold(f, i);
    start_again(f, "wss://broker.example/mqtt");
    assert_int_equal(ph_jobs_stats(f->jobs, &stats), PH_OK);
    assert_int_equal(stats.outbox_events, 130);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(nothing_is_told_before_and_all_of_it_then),
        TEST(what_was_told_is_not_told_again),
        TEST(another_workstation_does_not_speak_for_the_first),
        TEST(many_are_told_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
