/* A policy over real jobs: retention, quotas, keeping, codes, titles; and what
 * the cloud is told of it (SR-50, SR-65). */
#include "jobs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "codes.h"
#include "jobs_fixture.h"
#include "printhold/base/clock.h"

static const struct ph_asker everyone = {.everyone = true};
static const struct ph_policy nothing = {.has = {false}};

static int
set_up(void **state)
{
    struct jobs_fixture *f = calloc(1, sizeof(*f));

    assert_non_null(f);
    jobs_fixture_make(f);
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
set(struct jobs_fixture *f, enum ph_policy_member member, uint64_t number,
    uint64_t version)
{
    const struct ph_policy_versions versions = {.tenant = version};
    struct ph_policy policy = nothing;

    policy.has[member] = true;
    policy.number[member] = number;
    assert_int_equal(ph_jobs_set_policy(f->jobs, &policy, &versions), PH_OK);
}

static struct ph_id
hold(struct jobs_fixture *f, unsigned number, const char *title)
{
    struct ph_id id = {{0}};
    char uuid[64];

    (void)snprintf(uuid, sizeof(uuid), "urn:uuid:00000000-0000-0000-0000-%012u",
                   number);
    assert_int_equal(
        jobs_fixture_hold_as(f, "alice", 1001, uuid, title, "text", &id),
        PH_OK);
    return id;
}

static void
retention_is_that_of_new_jobs(void **state)
{
    struct jobs_fixture *f = *state;
    struct ph_id before = hold(f, 1, "a"), after;
    struct ph_job_view view;

    set(f, PH_POLICY_RETENTION, 7200, 1);
    after = hold(f, 2, "b");
    assert_int_equal(ph_jobs_get(f->jobs, &everyone, &before, &view), PH_OK);
    assert_int_equal(view.expires_ms - view.held_ms,
                     (int64_t)f->config.retention_s * 1000);
    assert_int_equal(ph_jobs_get(f->jobs, &everyone, &after, &view), PH_OK);
    assert_int_equal(view.expires_ms - view.held_ms, 7200 * 1000);
}

static void
a_person_may_hold_as_many_as_the_policy_says(void **state)
{
    struct jobs_fixture *f = *state;
    struct ph_capture_refuse refuse;
    struct ph_capture_begin begin;
    struct ph_sealed_secret secret;
    struct ph_capture *capture;
    struct ph_jobs_use use;
    int fd;

    set(f, PH_POLICY_USER_JOBS, 1, 1);
    (void)hold(f, 1, "a");
    jobs_fixture_begin_fill(&begin, "alice", 1001, "urn:uuid:2");
    assert_int_equal(
        ph_jobs_begin(f->jobs, &begin, &capture, &secret, &fd, &refuse),
        PH_ERR_LIMIT);
    assert_int_equal(ph_jobs_used_by(f->jobs, 1001, &use), PH_OK);
    assert_int_equal(use.jobs_max, 1);
    set(f, PH_POLICY_USER_JOBS, 2, 2);
    (void)hold(f, 2, "b");
}

static void
nothing_is_kept_where_the_policy_forbids_it(void **state)
{
    static const struct ph_asker at_printer = {
        .login = "alice@example.com", .printer = "pr-1", .amr = "badge"};
    struct jobs_fixture *f = *state;
    struct ph_release_report report = {
        .printer = "pr-1", .result = "printed", .impressions = 1, .sheets = 1};
    struct ph_id kept = hold(f, 1, "a"), other = hold(f, 2, "b");
    struct ph_job_view view;
    struct ph_why why = {""};

    assert_int_equal(ph_jobs_keep(f->jobs, &everyone, &kept, true, &why),
                     PH_OK);
    set(f, PH_POLICY_KEEP, 0, 1);
    assert_int_equal(ph_jobs_keep(f->jobs, &everyone, &other, true, &why),
                     PH_ERR_DENIED);
    assert_non_null(strstr(why.text, "your organisation"));
    assert_int_equal(ph_jobs_keep(f->jobs, &everyone, &other, false, &why),
                     PH_OK);
    assert_int_equal(ph_jobs_claim(f->jobs, &at_printer, &kept, "pr-1", &view),
                     PH_OK);
    assert_int_equal(ph_jobs_complete(f->jobs, &at_printer, &kept, &report),
                     PH_OK);
    assert_int_equal(ph_jobs_get(f->jobs, &everyone, &kept, &view), PH_OK);
    assert_int_equal(view.state, PH_JOB_RELEASED);
}

static void
codes_can_be_switched_off(void **state)
{
    struct jobs_fixture *f = *state;

    assert_true(ph_codes_are_on(f->jobs));
    set(f, PH_POLICY_OFFLINE_CODE, 0, 1);
    assert_false(ph_codes_are_on(f->jobs));
}

static bool
documents_say(struct jobs_fixture *f, const char *text)
{
    struct ph_outbox_document due[4];
    size_t count = 0;
    bool found = false;

    assert_int_equal(ph_jobs_due_documents(f->jobs, due, 4, &count), PH_OK);
    for (size_t i = 0; i < count; i++) {
        struct ph_outbox_result taken = {.number = due[i].rev};

        memcpy(taken.uk, due[i].uk, sizeof(taken.uk));
        assert_int_equal(ph_jobs_outbox_store(f->jobs, &taken, 1), PH_OK);
        found = found || memmem(due[i].payload.data, due[i].payload.len, text,
                                strlen(text)) != NULL;
        ph_buf_close(&due[i].payload);
    }
    return count > 0 && found;
}

static void
titles_are_hidden_in_what_is_published_from_then_on(void **state)
{
    struct jobs_fixture *f = *state;

    (void)hold(f, 1, "zebra stripes");
    assert_true(documents_say(f, "zebra stripes"));
    assert_false(documents_say(f, "")); /* nothing is due */
    set(f, PH_POLICY_TITLE, PH_TITLE_FIRST_WORD, 1);
    assert_true(documents_say(f, "\"zebra\xe2\x80\xa6\""));
    set(f, PH_POLICY_TITLE, PH_TITLE_HIDDEN, 2);
    assert_true(documents_say(f, "\"jobs\""));
    set(f, PH_POLICY_TITLE, PH_TITLE_HIDDEN, 3);
    assert_false(documents_say(f, "zebra")); /* no change, nothing due */
}

static size_t
applied_events(struct jobs_fixture *f)
{
    static const char type[] = "org.printhold.policy.applied.v1";
    struct ph_outbox_event events[16];
    size_t count = 0, found = 0;

    assert_int_equal(ph_jobs_due_events(f->jobs, 0, events, 16, &count), PH_OK);
    for (size_t i = 0; i < count; i++) {
        found += memmem(events[i].payload.data, events[i].payload.len, type,
                        strlen(type)) != NULL;
        ph_buf_close(&events[i].payload);
    }
    return found;
}

static void
each_version_is_told_once_also_after_a_restart(void **state)
{
    struct jobs_fixture *f = *state;

    assert_int_equal(applied_events(f), 0);
    set(f, PH_POLICY_RETENTION, 7200, 1);
    assert_int_equal(applied_events(f), 1);
    set(f, PH_POLICY_RETENTION, 7200, 1);
    jobs_fixture_close(f);
    jobs_fixture_open(f);
    set(f, PH_POLICY_RETENTION, 7200, 1);
    assert_int_equal(applied_events(f), 1);
    set(f, PH_POLICY_RETENTION, 3600, 2);
    assert_int_equal(applied_events(f), 2);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(retention_is_that_of_new_jobs),
        TEST(a_person_may_hold_as_many_as_the_policy_says),
        TEST(nothing_is_kept_where_the_policy_forbids_it),
        TEST(codes_can_be_switched_off),
        TEST(titles_are_hidden_in_what_is_published_from_then_on),
        TEST(each_version_is_told_once_also_after_a_restart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
