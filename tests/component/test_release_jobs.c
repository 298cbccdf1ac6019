/* Jobs at port 9443: list, claim, complete, and whose they are. */
#include "release_rig.h"

#include "printhold/base/attr.h"
#include "printhold/base/clock.h"
#include "printhold/base/err.h"
#include "printhold/proto/json.h"

static void
a_printer_lists_claims_downloads_and_completes(void **state)
{
    static const char expected[] =
        "\"state\":\"held\",\"size\":70000,\"sha-256\":\"";
    struct rig *rig = *state;
    const struct ph_id id = rig_hold(rig, "alice", 70000);
    struct rig_printer printer;
    struct https_reply reply;
    char id_text[PH_ID_TEXT];

    rig_arrive(rig, &printer, "pr-1", "alice");
    ph_id_format(&id, id_text);
    https_do(&printer.client, "GET", "/v1/jobs", printer.line, NULL, &reply);
    assert_int_equal(reply.status, 200);
    assert_non_null(strstr(ph_buf_str(&reply.body), id_text));
    assert_non_null(strstr(ph_buf_str(&reply.body), expected));
    assert_non_null(
        strstr(ph_buf_str(&reply.body), "\"job-name\":\"A title\""));
    assert_non_null(strstr(ph_buf_str(&reply.body), "\"more\":false"));
    https_reply_close(&reply);

    assert_int_equal(rig_ask(&printer, "POST", &id, "/claim", NULL), 200);
    rig_get_document(&printer, &id, "", &reply);
    assert_int_equal(reply.status, 200);
    assert_true(reply.whole);
    assert_int_equal(reply.body.len, 70000);
    rig_check_bytes(&reply.body, 0);
    assert_string_equal(https_field(&reply, "Content-Type"), "application/pdf");
    assert_string_equal(https_field(&reply, "Accept-Ranges"), "bytes");
    https_reply_close(&reply);

    assert_int_equal(rig_ask(&printer, "GET", &id, "", NULL), 200);
    assert_int_equal(
        rig_ask(&printer, "POST", &id, "/complete",
                "{\"result\":\"printed\",\"impressions\":3,\"sheets\":2}"),
        200);
    assert_int_equal(rig_ask(&printer, "GET", &id, "", NULL), 404);
    assert_int_equal(rig_ask(&printer, "GET", &id, "/document", NULL), 404);
    /* The report may come twice: the first answer was lost perhaps. */
    assert_int_equal(
        rig_ask(&printer, "POST", &id, "/complete", "{\"result\":\"printed\"}"),
        200);
    https_close(&printer.client);
}

static _Atomic int64_t moved_ms;

static int64_t
moved_clock(void)
{
    return moved_ms;
}

/* --- the list --- */

/* The ids of the list, in its order; static buffer. */
static const char *
listed(struct rig_printer *printer, bool *out_more)
{
    static char ids[600 * 33];
    struct https_reply reply;
    json_t *root = NULL, *job;
    size_t i;

    https_do(&printer->client, "GET", "/v1/jobs", printer->line, NULL, &reply);
    assert_int_equal(reply.status, 200);
    assert_int_equal(
        ph_json_parse(reply.body.data, reply.body.len, reply.body.len, &root),
        PH_OK);
    ids[0] = '\0';
    json_array_foreach(json_object_get(root, "jobs"), i, job)
    {
        const char *id = json_string_value(json_object_get(job, "id"));

        (void)snprintf(ids + 33 * i, sizeof(ids) - 33 * i, "%s ", id);
    }
    *out_more = json_is_true(json_object_get(root, "more"));
    json_decref(root);
    https_reply_close(&reply);
    return ids;
}

/* So that the same row of two printers' screens is the same job. */
static void
the_list_begins_with_the_oldest_at_every_printer(void **state)
{
    struct rig *rig = *state;
    char expected[8 * 33 + 1] = "", text[PH_ID_TEXT];
    struct rig_printer one, two;
    struct ph_id jobs[8];
    bool more;

    moved_ms = ph_clock_wall_ms();
    ph_clock_set_wall(moved_clock);
    for (size_t i = 0; i < PH_COUNT(jobs); i++) {
        jobs[i] = rig_hold(rig, "alice", 100);
        ph_id_format(&jobs[i], text);
        (void)snprintf(expected + 33 * i, sizeof(expected) - 33 * i, "%s ",
                       text);
        moved_ms++;
    }
    rig_arrive(rig, &one, "pr-1", "alice");
    rig_arrive(rig, &two, "pr-2", "alice");
    assert_string_equal(listed(&one, &more), expected);
    assert_false(more);
    /* A job that was taken and given back keeps its place. */
    moved_ms += 1000;
    assert_int_equal(rig_ask(&one, "POST", &jobs[3], "/claim", NULL), 200);
    assert_string_equal(listed(&two, &more), expected);
    assert_int_equal(
        rig_ask(&one, "POST", &jobs[3], "/complete", "{\"result\":\"failed\"}"),
        200);
    assert_string_equal(listed(&two, &more), expected);
    https_close(&one.client);
    https_close(&two.client);
}

static void
a_list_of_more_than_500_says_so(void **state)
{
    struct rig *rig = *state;
    struct rig_printer printer;
    bool more;

    rig_stop(rig);
    jobs_fixture_close(&rig->jobs);
    rig->jobs.config.user_jobs_max = 1000;
    jobs_fixture_open(&rig->jobs);
    rig_start(rig);
    for (int i = 0; i < 500; i++)
        (void)rig_hold(rig, "alice", 10);
    rig_arrive(rig, &printer, "pr-1", "alice");
    assert_int_equal(strlen(listed(&printer, &more)), 500 * 33);
    assert_false(more);
    (void)rig_hold(rig, "alice", 10);
    assert_int_equal(strlen(listed(&printer, &more)), 500 * 33);
    assert_true(more);
    https_close(&printer.client);
}

/* --- claims --- */

static void
two_printers_cannot_hold_one_job(void **state)
{
    struct rig *rig = *state;
    const struct ph_id id = rig_hold(rig, "alice", 1000);
    struct rig_printer one, two;
    struct https_reply reply;

    rig_arrive(rig, &one, "pr-1", "alice");
    rig_arrive(rig, &two, "pr-2", "alice");
    assert_int_equal(rig_ask(&two, "GET", &id, "/document", NULL), 409);
    assert_int_equal(rig_ask(&one, "POST", &id, "/claim", NULL), 200);
    assert_int_equal(rig_ask(&one, "POST", &id, "/claim", NULL), 200);
    https_do(&two.client, "POST", rig_job_path(&id, "/claim"), two.line, NULL,
             &reply);
    assert_int_equal(reply.status, 409);
    assert_non_null(strstr(ph_buf_str(&reply.body), "The printer pr-1 holds"));
    assert_non_null(strstr(ph_buf_str(&reply.body), "\"holder\":\"pr-1\""));
    assert_non_null(strstr(ph_buf_str(&reply.body), "\"lease-until\":\"20"));
    https_reply_close(&reply);
    assert_int_equal(rig_ask(&two, "GET", &id, "/document", NULL), 409);
    assert_int_equal(rig_ask(&two, "DELETE", &id, "/claim", NULL), 409);
    https_do(&two.client, "DELETE", rig_job_path(&id, ""), two.line, NULL,
             &reply);
    assert_int_equal(reply.status, 409);
    assert_non_null(strstr(ph_buf_str(&reply.body), "The printer pr-1 holds"));
    https_reply_close(&reply);
    assert_int_equal(
        rig_ask(&two, "POST", &id, "/complete", "{\"result\":\"printed\"}"),
        409);
    assert_int_equal(rig_ask(&one, "DELETE", &id, "/claim", NULL), 204);
    assert_int_equal(rig_ask(&one, "GET", &id, "/document", NULL), 409);
    assert_int_equal(rig_ask(&two, "POST", &id, "/claim", NULL), 200);
    assert_int_equal(rig_ask(&two, "GET", &id, "/document", NULL), 200);
    https_close(&one.client);
    https_close(&two.client);
}

static void
a_failed_print_leaves_the_job_held(void **state)
{
    static const char *const wrong[] = {
        "{}",
        "{\"result\":\"eaten\"}",
        "{\"result\":1}",
        "{\"result\":\"printed\",\"sheets\":\"2\"}",
        "{\"result\":\"printed\",\"sheets\":-1}",
        "{\"result\":\"printed\",\"impressions\":99999999999}",
    };
    struct rig *rig = *state;
    const struct ph_id id = rig_hold(rig, "alice", 1000);
    struct rig_printer printer;

    rig_arrive(rig, &printer, "pr-1", "alice");
    assert_int_equal(rig_ask(&printer, "POST", &id, "/claim", NULL), 200);
    for (size_t i = 0; i < PH_COUNT(wrong); i++)
        assert_int_equal(rig_ask(&printer, "POST", &id, "/complete", wrong[i]),
                         400);
    assert_int_equal(
        rig_ask(&printer, "POST", &id, "/complete", "{\"result\":\"failed\"}"),
        200);
    assert_int_equal(rig_ask(&printer, "GET", &id, "", NULL), 200);
    assert_int_equal(rig_ask(&printer, "DELETE", &id, "", NULL), 204);
    assert_int_equal(rig_ask(&printer, "GET", &id, "", NULL), 404);
    https_close(&printer.client);
}

static void
a_lease_that_ended_is_open_to_others(void **state)
{
    struct rig *rig = *state;
    struct rig_printer one, two;
    struct ph_id id;

    rig_stop(rig);
    jobs_fixture_close(&rig->jobs);
    rig->jobs.config.lease_s = 60;
    jobs_fixture_open(&rig->jobs);
    rig_start(rig);
    moved_ms = ph_clock_wall_ms();
    ph_clock_set_wall(moved_clock);
    id = rig_hold(rig, "alice", 1000);
    rig_arrive(rig, &one, "pr-1", "alice");
    rig_arrive(rig, &two, "pr-2", "alice");
    assert_int_equal(rig_ask(&one, "POST", &id, "/claim", NULL), 200);
    moved_ms += 59999;
    assert_int_equal(rig_ask(&two, "POST", &id, "/claim", NULL), 409);
    moved_ms += 2;
    assert_int_equal(rig_ask(&two, "POST", &id, "/claim", NULL), 200);
    assert_int_equal(rig_ask(&one, "GET", &id, "/document", NULL), 409);
    https_close(&one.client);
    https_close(&two.client);
}

static unsigned
claim_after(struct rig *rig, const struct ph_id *id, const char *amr)
{
    struct rig_printer printer;
    unsigned status;

    rig_open(rig, &printer.client, "pr-1");
    rig_sign_in_by(rig, &printer.client, "pr-1", "alice", amr, printer.line);
    status = rig_ask(&printer, "POST", id, "/claim", NULL);
    if (status == 200) {
        assert_int_equal(rig_ask(&printer, "GET", id, "/document", NULL), 200);
    } else {
        struct https_reply reply;

        https_do(&printer.client, "POST", rig_job_path(id, "/claim"),
                 printer.line, NULL, &reply);
        assert_non_null(strstr(ph_buf_str(&reply.body), ":confidential\""));
        assert_non_null(strstr(ph_buf_str(&reply.body), "badge pin"));
        https_reply_close(&reply);
    }
    https_close(&printer.client);
    return status;
}

static void
a_confidential_job_needs_badge_and_pin(void **state)
{
    struct rig *rig = *state;
    const struct ph_id id = rig_hold_confidential(rig, "alice", 1000);
    const struct ph_id usual = rig_hold(rig, "alice", 1000);
    struct rig_printer weak;

    assert_int_equal(claim_after(rig, &id, "[\"pin\"]"), 403);
    assert_int_equal(claim_after(rig, &id, "[\"badge\"]"), 403);
    assert_int_equal(claim_after(rig, &id, "[\"badgepin\",\"badge pin\"]"),
                     403);
    assert_int_equal(claim_after(rig, &usual, "[\"pin\"]"), 200);
    assert_int_equal(claim_after(rig, &id, "[\"pin\",\"badge\"]"), 200);

    /* The printer has the claim now; a weak session does not profit. */
    rig_arrive(rig, &weak, "pr-1", "alice");
    assert_int_equal(rig_ask(&weak, "GET", &id, "/document", NULL), 403);
    assert_int_equal(rig_ask(&weak, "HEAD", &id, "/document", NULL), 403);
    assert_int_equal(rig_ask(&weak, "POST", &id, "/claim", NULL), 403);
    assert_int_equal(rig_ask(&weak, "GET", &id, "", NULL), 200);
    https_close(&weak.client);
}

/* Does this answer show the title of rig_hold's jobs? */
static bool
shows_title(struct rig_printer *printer, const char *method, const char *path)
{
    struct https_reply reply;
    bool shows;

    https_do(&printer->client, method, path, printer->line, NULL, &reply);
    assert_int_equal(reply.status, 200);
    assert_non_null(strstr(ph_buf_str(&reply.body), "\"confidential\":true"));
    shows = strstr(ph_buf_str(&reply.body), "A title") != NULL;
    assert_true(shows == (strstr(ph_buf_str(&reply.body), "job-name") != NULL));
    https_reply_close(&reply);
    return shows;
}

/* What printers show before anybody has signed in. */
static void
the_directory_has_no_title_of_a_confidential_job(void **state)
{
    struct rig *rig = *state;
    struct ph_outbox_document document;
    const char *text;
    size_t count = 0;

    (void)rig_hold_confidential(rig, "alice", 1000);
    (void)rig_hold(rig, "alice", 1000);
    assert_int_equal(
        ph_jobs_due_documents(rig->jobs.jobs, &document, 1, &count), PH_OK);
    assert_int_equal(count, 1);
    text = strstr(ph_buf_str(&document.payload), "\"job-name\":\"A title\"");
    assert_non_null(text); /* of the usual one */
    assert_null(strstr(text + 20, "A title"));
    assert_non_null(
        strstr(ph_buf_str(&document.payload), "\"confidential\":true"));
    ph_buf_close(&document.payload);
}

/* Whoever passes by sees that something waits, not what. */
static void
the_title_of_a_confidential_job_needs_them_too(void **state)
{
    struct rig *rig = *state;
    const struct ph_id id = rig_hold_confidential(rig, "alice", 1000);
    char path[RIG_PATH];
    struct rig_printer printer;

    (void)snprintf(path, sizeof(path), "%s", rig_job_path(&id, ""));
    rig_arrive(rig, &printer, "pr-1", "alice"); /* by pin */
    assert_false(shows_title(&printer, "GET", "/v1/jobs"));
    assert_false(shows_title(&printer, "GET", path));
    https_close(&printer.client);
    rig_open(rig, &printer.client, "pr-1");
    rig_sign_in_by(rig, &printer.client, "pr-1", "alice", "[\"badge\",\"pin\"]",
                   printer.line);
    assert_true(shows_title(&printer, "GET", "/v1/jobs"));
    assert_true(shows_title(&printer, "GET", path));
    assert_true(shows_title(&printer, "POST", rig_job_path(&id, "/claim")));
    https_close(&printer.client);
}

/* --- choices with the claim --- */

/* Claim with this body; the answer has the part, or not when it starts with
 * an exclamation mark. */
static void
check_claim(struct rig_printer *printer, const struct ph_id *id,
            const char *json, unsigned status, const char *part)
{
    struct https_reply reply;
    bool absent = part[0] == '!';

    https_do(&printer->client, "POST", rig_job_path(id, "/claim"),
             printer->line, json, &reply);
    if (reply.status != status ||
        (strstr(ph_buf_str(&reply.body), part + absent) == NULL) != absent)
        fail_msg("%s: %u %s", json != NULL ? json : "nothing", reply.status,
                 ph_buf_str(&reply.body));
    https_reply_close(&reply);
}

static void
choices_that_cannot_be_are_refused_before_the_paper(void **state)
{
    static const struct {
        const char *json;
        unsigned status;
        const char *part;
    } cases[] = {
        {"[]", 400, "malformed"},
        {"{\"copies\":0}", 400, "copies"},
        {"{\"copies\":\"2\"}", 400, "copies"},
        {"{\"sides\":\"three-sided\"}", 400, "sides"},
        {"{\"page-ranges\":\"2-1\"}", 400, "page-ranges"},
        {"{\"page-ranges\":\"1-9999\"}", 409, "not-allowed"},
    };
    struct rig *rig = *state;
    const struct ph_id id = rig_hold(rig, "alice", 1000);
    struct rig_printer printer;

    rig_arrive(rig, &printer, "pr-1", "alice");
    for (size_t i = 0; i < PH_COUNT(cases); i++)
        check_claim(&printer, &id, cases[i].json, cases[i].status,
                    cases[i].part);
    /* It is nobody's yet. */
    assert_int_equal(rig_ask(&printer, "GET", &id, "/document", NULL), 409);
    https_close(&printer.client);
}

static void
choices_stay_with_the_claim_and_go_into_the_report(void **state)
{
    static const char chosen[] =
        "\"chosen\":{\"copies\":3,\"sides\":\"one-sided\"}";
    struct rig *rig = *state;
    const struct ph_id id = rig_hold(rig, "alice", 1000);
    struct ph_outbox_event events[8];
    struct rig_printer printer;
    const char *release;
    size_t count = 0;

    rig_arrive(rig, &printer, "pr-1", "alice");
    check_claim(&printer, &id, NULL, 200, "!chosen");
    check_claim(&printer, &id, "{\"copies\":3,\"sides\":\"one-sided\"}", 200,
                chosen);
    assert_int_equal(rig_ask(&printer, "GET", &id, "/document", NULL), 200);
    check_claim(&printer, &id, NULL, 200, chosen); /* a renewal */
    https_close(&printer.client);
    rig_stop(rig);
    jobs_fixture_close(&rig->jobs);
    jobs_fixture_open(&rig->jobs);
    rig_start(rig);
    rig_arrive(rig, &printer, "pr-1", "alice");
    for (int i = 0; i < 2; i++) { /* the report may come twice */
        struct https_reply reply;

        https_do(&printer.client, "POST", rig_job_path(&id, "/complete"),
                 printer.line, "{\"result\":\"printed\",\"copies\":1}", &reply);
        assert_int_equal(reply.status, 200);
        assert_string_equal(ph_buf_str(&reply.body),
                            "{\"result\":\"printed\",\"copies\":1,\"sides\":"
                            "\"one-sided\"}");
        https_reply_close(&reply);
    }
    assert_int_equal(
        ph_jobs_due_events(rig->jobs.jobs, 0, events, PH_COUNT(events), &count),
        PH_OK);
    assert_true(count > 0);
    release = strstr(ph_buf_str(&events[count - 1].payload), "\"release\":");
    assert_non_null(release);
    assert_non_null(strstr(release, "\"copies\":1"));
    assert_non_null(strstr(release, "\"sides\":\"one-sided\""));
    for (size_t i = 0; i < count; i++)
        ph_buf_close(&events[i].payload);
    https_close(&printer.client);
}

static void
choices_of_an_earlier_claim_are_forgotten(void **state)
{
    struct rig *rig = *state;
    const struct ph_id id = rig_hold(rig, "alice", 1000);
    struct rig_printer one, two;

    rig_arrive(rig, &one, "pr-1", "alice");
    rig_arrive(rig, &two, "pr-2", "alice");
    check_claim(&one, &id, "{\"copies\":3}", 200, "\"copies\":3}");
    check_claim(&two, &id, "{\"copies\":4}", 409, "problem:claimed");
    check_claim(&one, &id, "{\"copies\":5}", 200, "\"copies\":5}");
    assert_int_equal(
        rig_ask(&one, "POST", &id, "/complete", "{\"result\":\"failed\"}"),
        200);
    check_claim(&two, &id, NULL, 200, "!chosen");
    assert_int_equal(rig_ask(&two, "DELETE", &id, "/claim", NULL), 204);
    check_claim(&one, &id, NULL, 200, "!chosen");
    https_close(&one.client);
    https_close(&two.client);
}

#define RIG_TEST(f) \
    cmocka_unit_test_setup_teardown(f, rig_set_up, rig_tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(a_printer_lists_claims_downloads_and_completes),
        RIG_TEST(the_list_begins_with_the_oldest_at_every_printer),
        RIG_TEST(a_list_of_more_than_500_says_so),
        RIG_TEST(two_printers_cannot_hold_one_job),
        RIG_TEST(a_failed_print_leaves_the_job_held),
        RIG_TEST(a_lease_that_ended_is_open_to_others),
        RIG_TEST(a_confidential_job_needs_badge_and_pin),
        RIG_TEST(the_title_of_a_confidential_job_needs_them_too),
        RIG_TEST(the_directory_has_no_title_of_a_confidential_job),
        RIG_TEST(choices_that_cannot_be_are_refused_before_the_paper),
        RIG_TEST(choices_stay_with_the_claim_and_go_into_the_report),
        RIG_TEST(choices_of_an_earlier_claim_are_forgotten),
    };

    return cmocka_run_group_tests(tests, rig_make_pki, rig_remove_pki);
}
