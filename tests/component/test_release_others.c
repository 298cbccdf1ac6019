/*
 * SR-47: whose jobs a session sees. A job of someone else, one that the grant
 * does not name, one that has ended, an id that never was and one that cannot
 * be are all answered alike, on every route of the service's own table that
 * takes an id, in the same time.
 */
#include <stdlib.h>
#include <time.h>

#include "printhold/base/attr.h"
#include "printhold/base/clock.h"
#include "release_private.h"
#include "release_rig.h"

#define NEVER "0102030405060708090a0b0c0d0e0f10"

static const char *const methods[] = {[PH_HTTP_GET] = "GET",
                                      [PH_HTTP_HEAD] = "HEAD",
                                      [PH_HTTP_POST] = "POST",
                                      [PH_HTTP_DELETE] = "DELETE"};

/* --- one request, and whether its answer is that of another one --- */

static void
ask_route(struct rig_printer *printer, const struct ph_http_route *route,
          enum ph_http_method method, const char *id,
          struct https_reply *out_reply)
{
    const char *gap = strstr(route->pattern, "{}");
    char path[RIG_PATH];
    bool is_report = strstr(route->pattern, "/complete") != NULL;

    (void)snprintf(path, sizeof(path), "%.*s%s%s", (int)(gap - route->pattern),
                   route->pattern, id, gap + 2);
    https_do(&printer->client, methods[method], path, printer->line,
             is_report ? "{\"result\":\"printed\"}" : NULL, out_reply);
}

/* The head without its date. */
static void
undate(struct https_reply *reply)
{
    char *date = strstr((char *)reply->head.data, "\r\nDate: ");

    assert_non_null(date);
    for (date += 8; *date != '\r'; date++)
        *date = 'x';
}

static void
check_alike(struct rig_printer *printer, const struct ph_http_route *route,
            enum ph_http_method method, const char *what, const char *id)
{
    struct https_reply here, there;

    ask_route(printer, route, method, id, &here);
    ask_route(printer, route, method, NEVER, &there);
    assert_non_null(ph_buf_str(&here.head));
    assert_non_null(ph_buf_str(&there.head));
    undate(&here);
    undate(&there);
    if (here.status != 404 || there.status != 404 ||
        strcmp(ph_buf_str(&here.head), ph_buf_str(&there.head)) != 0 ||
        here.body.len != there.body.len ||
        (here.body.len > 0 &&
         memcmp(here.body.data, there.body.data, here.body.len) != 0))
        fail_msg("%s, %s %s:\n%s%s\n%s%s", what, methods[method],
                 route->pattern, ph_buf_str(&here.head), ph_buf_str(&here.body),
                 ph_buf_str(&there.head), ph_buf_str(&there.body));
    https_reply_close(&here);
    https_reply_close(&there);
}

/* On every route that takes an id. */
static void
check_invisible(struct rig_printer *printer, const char *what, const char *id)
{
    size_t count, seen = 0;
    const struct ph_http_route *routes = release_routes(&count);

    for (size_t i = 0; i < count; i++) {
        if (strstr(routes[i].pattern, "{}") == NULL)
            continue;
        seen++;
        check_alike(printer, &routes[i], routes[i].method, what, id);
        if (routes[i].method == PH_HTTP_GET)
            check_alike(printer, &routes[i], PH_HTTP_HEAD, what, id);
    }
    assert_true(seen >= 6);
}

static const char *
text_of(const struct ph_id *id)
{
    static char text[PH_ID_TEXT];

    ph_id_format(id, text);
    return text;
}

/* --- the matrix: user, job, printer --- */

static void
arrive(struct rig *rig, struct rig_printer *printer, const char *name,
       const char *user, const char *more)
{
    char subject[64];
    const struct rig_grant grant = {
        .printer = name, .subject = subject, .more = more};
    struct https_reply reply;
    char *token;

    (void)snprintf(subject, sizeof(subject), "\"%s@example.com\"", user);
    token = rig_grant(rig, &grant);
    rig_open(rig, &printer->client, name);
    rig_post_grant(&printer->client, token, &reply);
    free(token);
    assert_int_equal(reply.status, 201);
    (void)snprintf(printer->line, sizeof(printer->line),
                   "Authorization: Bearer %.32s\r\n",
                   strstr(ph_buf_str(&reply.body), "\"session\":\"") + 11);
    https_reply_close(&reply);
}

/* alice's: held, claimed at pr-1, ended in three ways. */
enum { HELD, CLAIMED, DELETED, PRINTED, FAILED, JOBS };
static const char *const job_names[JOBS] = {"a held job", "a claimed job",
                                            "a deleted job", "a printed job",
                                            "a damaged job"};

static void
make_jobs(struct rig *rig, struct ph_id jobs[JOBS])
{
    struct rig_printer alice;

    for (size_t i = 0; i < JOBS; i++)
        jobs[i] = rig_hold(rig, "alice", 1000);
    rig_arrive(rig, &alice, "pr-1", "alice");
    assert_int_equal(rig_ask(&alice, "POST", &jobs[CLAIMED], "/claim", NULL),
                     200);
    assert_int_equal(rig_ask(&alice, "DELETE", &jobs[DELETED], "", NULL), 204);
    assert_int_equal(rig_ask(&alice, "POST", &jobs[PRINTED], "/claim", NULL),
                     200);
    assert_int_equal(rig_ask(&alice, "POST", &jobs[PRINTED], "/complete",
                             "{\"result\":\"printed\"}"),
                     200);
    assert_int_equal(ph_jobs_fail(rig->jobs.jobs, &jobs[FAILED], "damaged"),
                     PH_OK);
    https_close(&alice.client);
}

static void
jobs_of_someone_else_look_like_missing_ones(void **state)
{
    static const char *const users[] = {"bob", "nobody", "alice2"};
    static const char *const printers[] = {"pr-1", "pr-2"};
    struct rig *rig = *state;
    struct rig_printer alice;
    struct ph_id jobs[JOBS];

    make_jobs(rig, jobs);
    for (size_t i = 0; i < PH_COUNT(users) * PH_COUNT(printers); i++) {
        struct rig_printer other;
        struct https_reply reply;

        arrive(rig, &other, printers[i % 2], users[i / 2], NULL);
        for (size_t j = 0; j < JOBS; j++)
            check_invisible(&other, job_names[j], text_of(&jobs[j]));
        https_do(&other.client, "GET", "/v1/jobs", other.line, NULL, &reply);
        assert_string_equal(ph_buf_str(&reply.body),
                            "{\"jobs\":[],\"more\":false}");
        https_reply_close(&reply);
        https_close(&other.client);
    }
    /* And nothing has happened to them. */
    rig_arrive(rig, &alice, "pr-1", "alice");
    assert_int_equal(rig_ask(&alice, "GET", &jobs[CLAIMED], "/document", NULL),
                     200);
    assert_int_equal(rig_ask(&alice, "POST", &jobs[HELD], "/claim", NULL), 200);
    https_close(&alice.client);
}

/* Their owner is told no more of them either: except that a report may be
 * repeated by the printer that made it. */
static void
what_has_ended_looks_like_missing_to_its_owner(void **state)
{
    struct rig *rig = *state;
    struct rig_printer alice;
    struct ph_id jobs[JOBS];

    make_jobs(rig, jobs);
    arrive(rig, &alice, "pr-2", "alice", NULL);
    for (size_t j = DELETED; j < JOBS; j++)
        check_invisible(&alice, job_names[j], text_of(&jobs[j]));
    https_close(&alice.client);
}

static void
a_grant_for_some_jobs_shows_only_those(void **state)
{
    struct rig *rig = *state;
    const struct ph_id one = rig_hold(rig, "alice", 1000);
    const struct ph_id two = rig_hold(rig, "alice", 1000);
    const struct ph_id other = rig_hold(rig, "bob", 1000);
    char more[256], one_text[PH_ID_TEXT], other_text[PH_ID_TEXT];
    struct rig_printer printer;

    ph_id_format(&one, one_text);
    ph_id_format(&other, other_text);
    (void)snprintf(more, sizeof(more),
                   ",\"jobs\":[\"%s\",\"%s\",\"" NEVER "\"]", one_text,
                   other_text);
    arrive(rig, &printer, "pr-1", "alice", more);
    assert_int_equal(rig_ask(&printer, "GET", &one, "", NULL), 200);
    check_invisible(&printer, "her own, not named", text_of(&two));
    check_invisible(&printer, "named, but bob's", other_text);
    https_close(&printer.client);
    /* A grant that names none is for none, not for all. */
    arrive(rig, &printer, "pr-1", "alice", ",\"jobs\":[]");
    check_invisible(&printer, "not named", one_text);
    https_close(&printer.client);
}

/* --- ids that cannot be --- */

static void
ids_that_cannot_be_look_like_missing_ones(void **state)
{
    static const char *const alike[] = {
        "0",
        "x",
        "0102030405060708090a0b0c0d0e0f1",
        NEVER "0",
        "0102030405060708090A0B0C0D0E0F10",
        "0102030405060708090a0b0c0d0e0f1g",
        "01020304-0506-0708-090a-0b0c0d0e0f10",
        "0x02030405060708090a0b0c0d0e0f10",
        (NEVER NEVER),
        "-1",
        "__proto__",
    };
    /* Bytes that no id has make no path of ours: 404 too, before anything. */
    static const char *const paths[] = {
        "",          ".",          "..",  "..%2f..%2fetc%2fpasswd",
        "%00",       "*",          "a'b", "%30102030405060708090a0b0c0d0e0f10",
        NEVER "%0a", NEVER ";v=1",
    };
    struct rig *rig = *state;
    struct rig_printer printer;

    (void)rig_hold(rig, "alice", 1000);
    rig_arrive(rig, &printer, "pr-1", "alice");
    for (size_t i = 0; i < PH_COUNT(alike); i++)
        check_invisible(&printer, "malformed", alike[i]);
    for (size_t i = 0; i < PH_COUNT(paths); i++) {
        char path[RIG_PATH];

        (void)snprintf(path, sizeof(path), "/v1/jobs/%s", paths[i]);
        assert_int_equal(
            rig_status(&printer.client, "GET", path, printer.line, NULL), 404);
    }
    https_close(&printer.client);
}

/* --- time --- */

#define ROUNDS 200
#define TENTH  (ROUNDS / 10)
#define TRIES  8

static int
compare(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

static int64_t
time_of(struct rig_printer *printer, const struct ph_http_route *route,
        const char *id)
{
    struct https_reply reply;
    struct timespec from, to;

    (void)clock_gettime(CLOCK_MONOTONIC, &from);
    ask_route(printer, route, route->method, id, &reply);
    (void)clock_gettime(CLOCK_MONOTONIC, &to);
    assert_int_equal(reply.status, 404);
    https_reply_close(&reply);
    return (to.tv_sec - from.tv_sec) * INT64_C(1000000000) + to.tv_nsec -
           from.tv_nsec;
}

/* Asked in turn, so that what else the computer does hits both; of the times
 * the tenth part that it disturbed least is looked at, and its end must be
 * closer than a sixth. */
static bool
takes_the_same_time(struct rig_printer *printer,
                    const struct ph_http_route *route, const char *id)
{
    static int64_t a[ROUNDS], b[ROUNDS];

    for (size_t i = 0; i < ROUNDS; i += 2) {
        a[i] = time_of(printer, route, id);
        b[i] = time_of(printer, route, NEVER);
        b[i + 1] = time_of(printer, route, NEVER);
        a[i + 1] = time_of(printer, route, id);
    }
    qsort(a, ROUNDS, sizeof(a[0]), compare);
    qsort(b, ROUNDS, sizeof(b[0]), compare);
    print_message("%s %s: %lld and %lld ns\n", methods[route->method],
                  route->pattern, (long long)a[TENTH], (long long)b[TENTH]);
    return llabs(a[TENTH] - b[TENTH]) < a[TENTH] / 6;
}

/* By construction: jobs_row hashes the login before it looks for the row, and
 * unseals nothing that is not the asker's; what is refused leaves the same
 * traces. Unsealing alone makes a third more, so this would see it, and a few
 * tries keep chance out. */
static void
time_does_not_tell_either(void **state)
{
    struct rig *rig = *state;
    const struct ph_id id = rig_hold(rig, "alice", 1000);
    struct rig_printer bob;
    size_t count;
    const struct ph_http_route *routes = release_routes(&count);

    rig_arrive(rig, &bob, "pr-1", "bob");
    for (size_t i = 0; i < count; i++) {
        int tries = TRIES;

        if (strstr(routes[i].pattern, "{}") == NULL)
            continue;
        while (!takes_the_same_time(&bob, &routes[i], text_of(&id)))
            assert_true(--tries > 0);
    }
    https_close(&bob.client);
}

#define RIG_TEST(f) \
    cmocka_unit_test_setup_teardown(f, rig_set_up, rig_tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(jobs_of_someone_else_look_like_missing_ones),
        RIG_TEST(what_has_ended_looks_like_missing_to_its_owner),
        RIG_TEST(a_grant_for_some_jobs_shows_only_those),
        RIG_TEST(ids_that_cannot_be_look_like_missing_ones),
        RIG_TEST(time_does_not_tell_either),
    };

    return cmocka_run_group_tests(tests, rig_make_pki, rig_remove_pki);
}
