/* Events of workstations and reports of printers: what is believed, and that
 * each counts once. */
#include "hub_fixture.h"

#include "events.h"
#include "printhold/base/attr.h"
#include "reports.h"
#include "store_usage.h"

#define JOB    "0123456789abcdef0123456789abcdef"
#define EVENT  "01933b2e-8f00-7abc-8def-0123456789a"
#define FAILED "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define LAST   "cccccccccccccccccccccccccccccccc"
#define NAME   "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

struct telling {
    const char *id; /* last digit */
    const char *ws, *usr, *st, *more;
    int64_t at_ms;
};

static int
tell_on(struct hub_fixture *f, const char *topic_ws, const struct telling *t)
{
    char text[2048], at[PH_TIME_TEXT];
    int err;

    ph_clock_format(t->at_ms != 0 ? t->at_ms : hub_fixture_ms, at);
    (void)snprintf(
        text, sizeof(text),
        "{\"specversion\":\"1.0\",\"id\":\"" EVENT "%s\",\"source\":"
        "\"urn:printhold:%s:ws:%s\",\"type\":\"org.printhold.job.%s.v1\","
        "\"subject\":\"" JOB "\",\"time\":\"%s\",\"datacontenttype\":"
        "\"application/json\",\"data\":{\"ws\":\"%s\",\"host\":\"lt-ann\","
        "\"usr\":\"%s\",\"st\":\"%s\",\"job-name\":\"Q3\",\"copies\":2,"
        "\"job-impressions\":5,\"sides\":\"two-sided-long-edge\"%s}}",
        t->id, f->hub.tenant.tenant, t->ws, t->st, at, t->ws, t->usr, t->st,
        t->more != NULL ? t->more : "");
    hub_fixture_begin(f);
    err = hub_event_take(&f->hub, topic_ws, text, strlen(text), hub_fixture_ms);
    return hub_store_end(f->hub.store, err);
}

static int
tell(struct hub_fixture *f, const struct telling *t)
{
    return tell_on(f, t->ws, t);
}

#define HELD(digit) \
    (&(struct telling){digit, "ws-a", "ann@example.com", "held", NULL, 0})
#define AT(printer, more) \
    ",\"release\":{\"printer\":\"" printer "\",\"result\":\"printed\"" more "}"
#define RELEASED(digit, more)                                        \
    (&(struct telling){digit, "ws-a", "ann@example.com", "released", \
                       AT("pr-lobby", more), 0})

static int
report(struct hub_fixture *f, const char *id, const char *result,
       int64_t impressions)
{
    struct ph_printer_report said = {
        .workstation = "ws-a", .impressions = impressions, .sheets = -1};
    int err;

    assert_int_equal(ph_id_parse(id, &said.id), PH_OK);
    assert_int_equal(ph_id_parse(JOB, &said.job), PH_OK);
    (void)snprintf(said.result, sizeof(said.result), "%s", result);
    hub_fixture_begin(f);
    err = hub_report_release(&f->hub, &said, "ann@example.com", &f->printer,
                             hub_fixture_ms);
    return hub_store_end(f->hub.store, err);
}

struct totals {
    int64_t count, pages, paper, estimated;
};

static int
add(const struct hub_usage *usage, void *arg)
{
    struct totals *all = arg;

    all->count += usage->releases;
    all->pages += usage->pages;
    all->paper += usage->sheets;
    all->estimated += usage->estimated;
    return PH_OK;
}

static struct totals
totals(struct hub_fixture *f)
{
    static const struct hub_span ever = {0, INT64_MAX};
    struct totals all = {0, 0, 0, 0};

    hub_fixture_begin(f);
    assert_int_equal(
        hub_usage_each(f->hub.store, HUB_USAGE_PRINTER, &ever, add, &all),
        PH_OK);
    hub_fixture_end(f);
    return all;
}

static struct hub_job
job_of(struct hub_fixture *f)
{
    struct hub_job job = {.device = ""};

    hub_fixture_begin(f);
    assert_int_equal(hub_job_get(f->hub.store, "ws-a", JOB, &job), PH_OK);
    hub_fixture_end(f);
    return job;
}

static int
set_up(void **state)
{
    struct hub_fixture *f;
    int rc = hub_fixture_set_up(state);

    f = *state;
    hub_fixture_device(f, "ws-a", PH_IDENTITY_WORKSTATION, "");
    hub_fixture_begin(f);
    assert_int_equal(
        hub_binding_add(f->hub.store, "ws-a", "ann@example.com", "test", 0),
        PH_OK);
    hub_fixture_end(f);
    return rc;
}

/* --- what is believed --- */

static void
only_a_known_workstation_tells_of_people_that_are_bound_to_it(void **state)
{
    struct hub_fixture *f = *state;
    const struct telling bob = {"1",    "ws-a", "bob@example.com",
                                "held", NULL,   0};
    const struct telling twin = {"1",    "ws-b", "ann@example.com",
                                 "held", NULL,   0};
    const struct telling printer = {"1",    "pr-lobby", "ann@example.com",
                                    "held", NULL,       0};
    struct hub_device device;

    assert_int_equal(tell(f, &bob), PH_ERR_DENIED);  /* not bound */
    assert_int_equal(tell(f, &twin), PH_ERR_DENIED); /* not known */
    assert_int_equal(tell(f, &printer), PH_ERR_DENIED);
    assert_int_equal(tell_on(f, "ws-b", HELD("1")), PH_ERR_DENIED);
    hub_fixture_begin(f);
    assert_int_equal(hub_device_get(f->hub.store, "ws-a", &device), PH_OK);
    device.is_revoked = true;
    assert_int_equal(hub_device_set(f->hub.store, &device), PH_OK);
    hub_fixture_end(f);
    assert_int_equal(tell(f, HELD("1")), PH_ERR_DENIED);
    device.is_revoked = false;
    hub_fixture_begin(f);
    assert_int_equal(hub_device_set(f->hub.store, &device), PH_OK);
    hub_fixture_end(f);
    assert_int_equal(tell(f, HELD("1")), PH_OK);
}

static void
what_is_older_than_reports_are_kept_is_not_taken(void **state)
{
    struct hub_fixture *f = *state;
    struct telling old = *RELEASED("1", "");

    old.at_ms = hub_fixture_ms - (int64_t)f->config.report_keep_s * 1000 - 1;
    assert_int_equal(tell(f, &old), PH_ERR_DENIED);
    old.at_ms += 1;
    assert_int_equal(tell(f, &old), PH_OK);
}

static void
a_clock_that_is_fast_moves_nothing_into_the_future(void **state)
{
    struct hub_fixture *f = *state;
    struct telling fast = *HELD("1");

    fast.at_ms = hub_fixture_ms + INT64_C(86400000) * 365;
    assert_int_equal(tell(f, &fast), PH_OK);
    assert_int_equal(job_of(f).at_ms, hub_fixture_ms);
}

/* --- once --- */

static void
an_event_counts_once_however_often_it_comes(void **state)
{
    struct hub_fixture *f = *state;
    struct telling held = *HELD("1");
    struct telling released =
        *RELEASED("2", ",\"job-impressions-completed\":10,"
                       "\"job-media-sheets-completed\":5");

    held.at_ms = hub_fixture_ms;
    released.at_ms = hub_fixture_ms + 1000;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(tell(f, &held), PH_OK);
        assert_int_equal(tell(f, &released), i == 0 ? PH_OK : PH_ERR_EXISTS);
        hub_fixture_ms += 1000;
    }
    assert_int_equal(totals(f).count, 1);
    assert_int_equal(totals(f).pages, 10);
    assert_int_equal(totals(f).paper, 5);
    assert_int_equal(totals(f).estimated, 0);
    assert_int_equal(job_of(f).state, PH_JOB_RELEASED);
}

static void
printer_and_workstation_tell_of_one_release_in_either_order(void **state)
{
    struct hub_fixture *f = *state;

    assert_int_equal(tell(f, HELD("1")), PH_OK);
    for (int i = 0; i < 2; i++) { /* and again */
        assert_int_equal(tell(f, RELEASED("2", "")),
                         i == 0 ? PH_OK : PH_ERR_EXISTS);
        assert_int_equal(report(f, NAME, "printed", 7),
                         i == 0 ? PH_OK : PH_ERR_EXISTS);
    }
    assert_int_equal(totals(f).count, 1);
    assert_int_equal(totals(f).pages, 7); /* the printer's word */
    /* Kept, and printed once more. */
    assert_int_equal(report(f, JOB, "printed", -1), PH_OK);
    assert_int_equal(tell(f, RELEASED("3", "")), PH_OK);
    assert_int_equal(tell(f, RELEASED("3", "")), PH_ERR_EXISTS);
    assert_int_equal(report(f, JOB, "printed", -1), PH_ERR_EXISTS);
    assert_int_equal(totals(f).count, 2);
    assert_int_equal(totals(f).pages, 7 + 10);
    assert_int_equal(totals(f).paper, 4 + 6); /* 3 sheets of 5 pages, twice */
}

static void
a_report_with_a_name_is_joined_by_it_alone(void **state)
{
    struct hub_fixture *f = *state;

    /* Kept: the first release's report is on its way when the second's event
     * comes. */
    assert_int_equal(report(f, NAME, "printed", 3), PH_OK);
    assert_int_equal(tell(f, RELEASED("2", ",\"report\":\"" JOB "\"")), PH_OK);
    assert_int_equal(totals(f).count, 2);
    assert_int_equal(tell(f, RELEASED("3", ",\"report\":\"" NAME "\"")), PH_OK);
    assert_int_equal(totals(f).count, 2);
    assert_int_equal(report(f, JOB, "printed", 4), PH_OK);
    assert_int_equal(totals(f).count, 2);
    assert_int_equal(totals(f).pages, 7);
}

static void
a_name_that_a_printer_gives_twice_joins_no_other_job(void **state)
{
    struct hub_fixture *f = *state;
    const struct telling other = {"2",
                                  "ws-b",
                                  "ann@example.com",
                                  "released",
                                  AT("pr-lobby", ",\"report\":\"" NAME "\""),
                                  0};

    hub_fixture_device(f, "ws-b", PH_IDENTITY_WORKSTATION, "");
    hub_fixture_begin(f);
    assert_int_equal(
        hub_binding_add(f->hub.store, "ws-b", "ann@example.com", "test", 0),
        PH_OK);
    hub_fixture_end(f);
    assert_int_equal(report(f, NAME, "printed", 3), PH_OK);
    assert_int_equal(tell(f, &other), PH_OK);
    assert_int_equal(totals(f).count, 2);
}

static void
what_was_not_printed_is_no_half_of_what_was(void **state)
{
    struct hub_fixture *f = *state;

    assert_int_equal(report(f, NAME, "partly", 2), PH_OK);
    assert_int_equal(tell(f, RELEASED("2", "")), PH_OK);
    assert_int_equal(report(f, JOB, "printed", -1), PH_OK);
    assert_int_equal(totals(f).count, 2);
    assert_int_equal(totals(f).pages, 2 + 10);
    assert_int_equal(tell(f, RELEASED("4", "")), PH_OK);
    assert_int_equal(report(f, FAILED, "failed", -1), PH_OK);
    assert_int_equal(totals(f).pages, 2 + 10 + 10); /* of that nothing */
    assert_int_equal(report(f, LAST, "printed", -1), PH_OK);
    assert_int_equal(totals(f).count, 3);
}

/* --- printers with MQTT --- */

#define REPORT(id)                                               \
    "{\"id\":\"" id "\",\"workstation\":\"ws-a\",\"job\":\"" JOB \
    "\",\"result\":\"printed\",\"impressions\":7}"

static int
publish(struct hub_fixture *f, const char *printer, const char *text)
{
    int err;

    hub_fixture_begin(f);
    err =
        hub_release_take(&f->hub, printer, text, strlen(text), hub_fixture_ms);
    return hub_store_end(f->hub.store, err);
}

static int
add_of_ann(const struct hub_usage *usage, void *arg)
{
    if (strcmp(usage->key, "ann@example.com") == 0)
        *(int64_t *)arg += usage->pages;
    return PH_OK;
}

static int64_t
pages_of_ann(struct hub_fixture *f)
{
    static const struct hub_span ever = {0, INT64_MAX};
    int64_t pages = 0;

    hub_fixture_begin(f);
    assert_int_equal(hub_usage_each(f->hub.store, HUB_USAGE_PERSON, &ever,
                                    add_of_ann, &pages),
                     PH_OK);
    hub_fixture_end(f);
    return pages;
}

static void
a_printer_alone_makes_no_pages_for_anybody(void **state)
{
    struct hub_fixture *f = *state;

    assert_int_equal(tell(f, HELD("1")), PH_OK);
    assert_int_equal(publish(f, "pr-lobby", REPORT(NAME)), PH_OK);
    assert_int_equal(publish(f, "pr-lobby", REPORT(NAME)), PH_ERR_EXISTS);
    assert_int_equal(totals(f).count, 1);
    assert_int_equal(pages_of_ann(f), 0);
    assert_int_equal(tell(f, RELEASED("2", "")), PH_OK);
    assert_int_equal(totals(f).count, 1);
    assert_int_equal(pages_of_ann(f), 7);
    /* The same report by the other way, and the other way round. */
    assert_int_equal(report(f, NAME, "printed", 7), PH_ERR_EXISTS);
    assert_int_equal(tell(f, RELEASED("3", "")), PH_OK);
    assert_int_equal(publish(f, "pr-lobby", REPORT(LAST)), PH_OK);
    assert_int_equal(totals(f).count, 2);
    assert_int_equal(pages_of_ann(f), 14);
}

static void
only_a_known_printer_reports(void **state)
{
    struct hub_fixture *f = *state;
    struct hub_device device;

    assert_int_equal(publish(f, "pr-none", REPORT(NAME)), PH_ERR_DENIED);
    assert_int_equal(publish(f, "ws-a", REPORT(NAME)), PH_ERR_DENIED);
    assert_int_equal(publish(f, "pr-lobby", "{}"), PH_ERR_SYNTAX);
    assert_int_equal(publish(f, "pr-lobby", "no JSON"), PH_ERR_SYNTAX);
    assert_int_equal(
        publish(f, "pr-lobby",
                "{\"id\":\"" NAME "\",\"workstation\":\"ws-a\",\"job\":"
                "\"" JOB "\",\"result\":\"printed\",\"sheets\":10000001}"),
        PH_ERR_SYNTAX);
    hub_fixture_begin(f);
    assert_int_equal(hub_device_get(f->hub.store, "pr-lobby", &device), PH_OK);
    device.is_revoked = true;
    assert_int_equal(hub_device_set(f->hub.store, &device), PH_OK);
    hub_fixture_end(f);
    assert_int_equal(publish(f, "pr-lobby", REPORT(NAME)), PH_ERR_DENIED);
    assert_int_equal(totals(f).count, 0);
}

/* --- what is told in which order --- */

static void
the_newest_state_stays_whatever_comes_later(void **state)
{
    struct hub_fixture *f = *state;
    struct telling held = *HELD("1");
    struct telling deleted = {"2",       "ws-a", "ann@example.com",
                              "deleted", NULL,   0};

    held.at_ms = hub_fixture_ms - 5000;
    deleted.at_ms = hub_fixture_ms - 1000;
    assert_int_equal(tell(f, &deleted), PH_OK);
    assert_int_equal(tell(f, &held), PH_OK);
    assert_int_equal(job_of(f).state, PH_JOB_DELETED);
    assert_string_equal(job_of(f).ticket.job_name, "Q3");
    assert_int_equal(job_of(f).personal_ms, deleted.at_ms);
}

static void
a_clock_that_is_set_back_leaves_no_job_held(void **state)
{
    struct hub_fixture *f = *state;
    struct telling held = *HELD("1");
    struct telling deleted = {"2",       "ws-a", "ann@example.com",
                              "deleted", NULL,   0};

    held.at_ms = hub_fixture_ms - 1000;
    deleted.at_ms = hub_fixture_ms - 3600000;
    assert_int_equal(tell(f, &held), PH_OK);
    assert_int_equal(tell(f, &deleted), PH_OK);
    assert_int_equal(job_of(f).state, PH_JOB_DELETED);
    assert_int_equal(tell(f, &held), PH_OK); /* again */
    assert_int_equal(job_of(f).state, PH_JOB_DELETED);
}

/* --- what is forgotten --- */

static void
history_ends_and_does_not_come_back(void **state)
{
    struct hub_fixture *f = *state;
    struct telling deleted = {"2",       "ws-a", "ann@example.com",
                              "deleted", NULL,   0};
    struct telling held = *HELD("1");
    bool more = true;

    held.at_ms = hub_fixture_ms - 5000;
    deleted.at_ms = hub_fixture_ms - 1000;
    assert_int_equal(tell(f, &held), PH_OK);
    assert_int_equal(tell(f, &deleted), PH_OK);
    hub_fixture_begin(f);
    assert_int_equal(hub_history_forget(f->hub.store, deleted.at_ms, 10, &more),
                     PH_OK);
    hub_fixture_end(f);
    assert_false(more);
    assert_string_equal(job_of(f).ticket.job_name, "Q3");
    hub_fixture_begin(f);
    assert_int_equal(
        hub_history_forget(f->hub.store, deleted.at_ms + 1, 1, &more), PH_OK);
    hub_fixture_end(f);
    assert_true(more); /* as many as asked for: perhaps */
    assert_string_equal(job_of(f).ticket.job_name, "");
    assert_string_equal(job_of(f).host, "");
    assert_int_equal(job_of(f).ticket.impressions, 5);
    assert_int_equal(tell(f, &held), PH_OK);
    assert_int_equal(tell(f, &deleted), PH_OK);
    assert_string_equal(job_of(f).ticket.job_name, "");
    assert_int_equal(job_of(f).personal_ms, 0);
}

static void
reports_end_in_batches(void **state)
{
    struct hub_fixture *f = *state;
    bool more = false;

    assert_int_equal(report(f, NAME, "printed", 1), PH_OK);
    assert_int_equal(report(f, JOB, "printed", 1), PH_OK);
    hub_fixture_begin(f);
    assert_int_equal(
        hub_reports_forget(f->hub.store, hub_fixture_ms + 1, 1, &more), PH_OK);
    assert_true(more);
    assert_int_equal(
        hub_reports_forget(f->hub.store, hub_fixture_ms + 1, 5, &more), PH_OK);
    assert_false(more);
    hub_fixture_end(f);
    assert_int_equal(totals(f).count, 0);
}

static void
keeping_house_ends_each_at_its_time(void **state)
{
    struct hub_fixture *f = *state;
    const int64_t history_ms = (int64_t)f->config.report_history_s * 1000;
    const int64_t keep_ms = (int64_t)f->config.report_keep_s * 1000;

    assert_int_equal(tell(f, RELEASED("2", "")), PH_OK);
    assert_int_equal(hub_report_forget(&f->hub, hub_fixture_ms + history_ms),
                     PH_OK);
    assert_string_equal(job_of(f).ticket.job_name, "Q3");
    assert_int_equal(
        hub_report_forget(&f->hub, hub_fixture_ms + history_ms + 1), PH_OK);
    assert_string_equal(job_of(f).ticket.job_name, "");
    assert_int_equal(hub_report_forget(&f->hub, hub_fixture_ms + keep_ms),
                     PH_OK);
    assert_int_equal(totals(f).count, 1);
    assert_int_equal(hub_report_forget(&f->hub, hub_fixture_ms + keep_ms + 1),
                     PH_OK);
    assert_int_equal(totals(f).count, 0);
}

static void
days_and_months_are_those_of_the_calendar(void **state)
{
    static const struct {
        const char *at;
        int64_t day, month;
    } cases[] = {
        {"1970-01-01T00:00:00.000Z", 0, 0},
        {"1972-02-29T23:59:59.999Z", 789, 25},
        {"2000-03-01T00:00:00.000Z", 11017, 362},
        {"2026-12-31T23:59:59.999Z", 20818, 683},
        {"2100-03-01T00:00:00.000Z", 47541, 1562},
    };

    (void)state;
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        int64_t at_ms, first;

        assert_int_equal(ph_clock_parse(cases[i].at, &at_ms), PH_OK);
        assert_int_equal(hub_day_of(at_ms), cases[i].day);
        assert_int_equal(hub_month_of(at_ms), cases[i].month);
        first = hub_month_start(cases[i].month);
        assert_true(first <= at_ms);
        assert_int_equal(hub_month_of(first), cases[i].month);
        if (cases[i].month > 0)
            assert_int_equal(hub_month_of(first - 1), cases[i].month - 1);
    }
}

int
main(void)
{
#define TEST(name) \
    cmocka_unit_test_setup_teardown(name, set_up, hub_fixture_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(only_a_known_workstation_tells_of_people_that_are_bound_to_it),
        TEST(what_is_older_than_reports_are_kept_is_not_taken),
        TEST(a_clock_that_is_fast_moves_nothing_into_the_future),
        TEST(an_event_counts_once_however_often_it_comes),
        TEST(printer_and_workstation_tell_of_one_release_in_either_order),
        TEST(a_report_with_a_name_is_joined_by_it_alone),
        TEST(a_name_that_a_printer_gives_twice_joins_no_other_job),
        TEST(what_was_not_printed_is_no_half_of_what_was),
        TEST(a_printer_alone_makes_no_pages_for_anybody),
        TEST(only_a_known_printer_reports),
        TEST(the_newest_state_stays_whatever_comes_later),
        TEST(a_clock_that_is_set_back_leaves_no_job_held),
        TEST(history_ends_and_does_not_come_back),
        TEST(reports_end_in_batches),
        TEST(keeping_house_ends_each_at_its_time),
        TEST(days_and_months_are_those_of_the_calendar),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
