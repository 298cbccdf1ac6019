/* From a grant to a session at port 9443: SR-42 to SR-46. The forgeries are in
 * tests/unit/test_grant_forgeries.c, the boundaries in test_release_auth.c. */
#include "release_rig.h"

#include "printhold/base/attr.h"
#include "printhold/base/clock.h"

/* --- grants --- */

static void
check_refused(struct rig *rig, const char *wrong, const char *token,
              const char *type)
{
    struct https_client client;
    struct https_reply reply;
    char expected[96];

    rig_open(rig, &client, "pr-1");
    rig_post_grant(&client, token, &reply);
    (void)snprintf(expected, sizeof(expected),
                   "{\"type\":\"urn:printhold:problem:%s\"", type);
    if (reply.status != 403 ||
        strstr(ph_buf_str(&reply.body), expected) == NULL)
        fail_msg("%s: %u %s", wrong, reply.status, ph_buf_str(&reply.body));
    assert_non_null(strstr(ph_buf_str(&reply.body), "\"detail\":\""));
    https_reply_close(&reply);
    https_close(&client);
}

static void
grants_that_are_not_for_here_and_now_are_refused(void **state)
{
    static const struct {
        const char *wrong;
        const char *type;
        struct rig_grant grant;
    } cases[] = {
        {"alg none",
         "grant-untrusted",
         {.header = "{\"alg\":\"none\",\"typ\":\"phgrant+jwt\",\"kid\":"
                    "\"KID\"}"}},
        {"alg HS256",
         "grant-untrusted",
         {.header = "{\"alg\":\"HS256\",\"typ\":\"phgrant+jwt\",\"kid\":"
                    "\"KID\"}"}},
        {"crit",
         "grant-untrusted",
         {.header = "{\"alg\":\"ES256\",\"typ\":\"phgrant+jwt\",\"kid\":"
                    "\"KID\",\"crit\":[\"exp\"]}"}},
        {"jku",
         "grant-untrusted",
         {.header = "{\"alg\":\"ES256\",\"typ\":\"phgrant+jwt\",\"kid\":"
                    "\"KID\",\"jku\":\"https://evil.example\"}"}},
        {"typ JWT",
         "grant-untrusted",
         {.header = "{\"alg\":\"ES256\",\"typ\":\"JWT\",\"kid\":\"KID\"}"}},
        {"unknown kid",
         "grant-untrusted",
         {.header = "{\"alg\":\"ES256\",\"typ\":\"phgrant+jwt\",\"kid\":"
                    "\"x\"}"}},
        {"another issuer",
         "grant-other-issuer",
         {.issuer = "\"https://evil.example\""}},
        {"another workstation",
         "grant-other-workstation",
         {.audience = "\"ws-test2\""}},
        {"others in a list",
         "grant-other-workstation",
         {.audience = "[\"ws-a\",\"ws-b\"]"}},
        {"another printer", "grant-other-printer", {.printer = "pr-2"}},
        {"expired", "grant-expired", {.shift_s = -182}},
        {"of the future", "grant-expired", {.shift_s = 62}},
        {"a life of 301 s", "grant-expired", {.life_s = 301}},
        {"not before a later time",
         "grant-expired",
         {.more = ",\"nbf\":9999999999"}},
        {"no user", "grant-no-user", {.subject = "\"a b\""}},
        {"a claim twice", "grant-malformed", {.more = ",\"aud\":\"ws-test\""}},
        {"a number as text", "grant-malformed", {.more = ",\"nbf\":\"1\""}},
        {"a short jti", "grant-malformed", {.jti = "\"short\""}},
    };
    struct rig *rig = *state;

    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        char *token = rig_grant(rig, &cases[i].grant);

        check_refused(rig, cases[i].wrong, token, cases[i].type);
        free(token);
    }
}

static void
spoilt_tokens_are_refused(void **state)
{
    static const struct rig_grant good;
    struct rig *rig = *state;
    char *token = rig_grant(rig, &good);
    size_t len = strlen(token);
    char *spoilt = calloc(1, 20000);

    assert_non_null(spoilt);
    memcpy(spoilt, token, len);
    spoilt[len - 10] = spoilt[len - 10] == 'A' ? 'B' : 'A';
    check_refused(rig, "another signature", spoilt, "grant-untrusted");
    memcpy(spoilt, token, len);
    memset(spoilt + len - 86, 'A', 86);
    check_refused(rig, "r = s = 0", spoilt, "grant-untrusted");
    memcpy(spoilt, token, len);
    memcpy(spoilt + len, "==", 3);
    check_refused(rig, "padding", spoilt, "grant-malformed");
    memcpy(spoilt, token, len);
    spoilt[len - 86] = '\0';
    check_refused(rig, "no signature", spoilt, "grant-malformed");
    memset(spoilt, 'A', 17000);
    check_refused(rig, "a token of 17 kB", spoilt, "grant-malformed");
    check_refused(rig, "nothing", "", "grant-malformed");
    free(spoilt);
    free(token);
}

static void
a_request_that_is_too_long_is_not_read(void **state)
{
    struct rig *rig = *state;
    struct https_client client;
    char *json = malloc(65536);

    assert_non_null(json);
    memset(json, ' ', 65535);
    json[65535] = '\0';
    rig_open(rig, &client, "pr-1");
    assert_int_equal(rig_status(&client, "POST", "/v1/sessions", NULL, json),
                     413);
    https_close(&client);
    free(json);
}

static void
a_session_is_asked_for_in_json(void **state)
{
    struct rig *rig = *state;
    struct https_client client;

    rig_open(rig, &client, "pr-1");
    assert_int_equal(rig_status(&client, "POST", "/v1/sessions", NULL, NULL),
                     415);
    assert_int_equal(rig_status(&client, "POST", "/v1/sessions", NULL, "[]"),
                     400);
    assert_int_equal(rig_status(&client, "POST", "/v1/sessions", NULL, "{}"),
                     400);
    assert_int_equal(
        rig_status(&client, "POST", "/v1/sessions", NULL, "{\"grant\":5}"),
        400);
    assert_int_equal(rig_status(&client, "POST", "/v1/sessions", NULL,
                                "{\"grant\":\"a\",\"grant\":\"b\"}"),
                     400);
    https_close(&client);
}

static void
grants_at_the_edge_of_their_time_are_taken(void **state)
{
    static const struct rig_grant cases[] = {
        {.shift_s = -178}, {.shift_s = 58}, {.life_s = 300}};
    struct rig *rig = *state;
    struct https_client client;

    rig_open(rig, &client, "pr-1");
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        char *token = rig_grant(rig, &cases[i]);
        struct https_reply reply;

        rig_post_grant(&client, token, &reply);
        assert_int_equal(reply.status, 201);
        https_reply_close(&reply);
        free(token);
    }
    https_close(&client);
}

/* SR-45 */
static void
a_grant_is_taken_once_even_after_a_restart(void **state)
{
    static const struct rig_grant good;
    struct rig *rig = *state;
    char *token = rig_grant(rig, &good);
    struct https_client client;
    struct https_reply reply;

    rig_open(rig, &client, "pr-1");
    rig_post_grant(&client, token, &reply);
    assert_int_equal(reply.status, 201);
    https_reply_close(&reply);
    https_close(&client);
    check_refused(rig, "again", token, "grant-used");

    rig_stop(rig);
    jobs_fixture_close(&rig->jobs);
    jobs_fixture_open(&rig->jobs);
    rig_start(rig);
    check_refused(rig, "after a restart", token, "grant-used");
    free(token);
}

/* --- clocks --- */

static _Atomic int64_t moved_ms; /* the service asks on its own threads */

static int64_t
moved_clock(void)
{
    return moved_ms;
}

/* SR-46 */
static void
a_clock_that_was_set_back_takes_no_grants(void **state)
{
    static const struct rig_grant good;
    struct rig *rig = *state;
    struct https_client client;
    struct https_reply reply;
    char line[RIG_PATH];
    char *token;

    rig_open(rig, &client, "pr-1");
    rig_sign_in(rig, &client, "pr-1", "alice", line);
    https_close(&client);
    moved_ms = ph_clock_wall_ms() - 7200 * 1000;
    ph_clock_set_wall(moved_clock);
    token = rig_grant(rig, &good);
    check_refused(rig, "two hours back", token, "clock-behind");
    free(token);
    /* Nothing was used up, and the right time heals it. */
    moved_ms += 7200 * 1000;
    token = rig_grant(rig, &good);
    rig_open(rig, &client, "pr-1");
    rig_post_grant(&client, token, &reply);
    assert_int_equal(reply.status, 201);
    https_reply_close(&reply);
    https_close(&client);
    free(token);
}

static int64_t boot_ms;

static int64_t
boot_clock(void)
{
    return boot_ms;
}

/* SR-46: grants of before are over, people can sign in, and what is held stays
 * held for the time that is left of it (test_jobs_time.c lets that pass). The
 * printers' certificates have expired by that clock, and sessions with them. */
static void
a_clock_that_was_set_forward_a_year_goes_on(void **state)
{
    static const struct rig_grant good;
    struct rig *rig = *state;
    const struct ph_id id = rig_hold(rig, "alice", 1000);
    const struct ph_asker everyone = {.everyone = true};
    char *before = rig_grant(rig, &good), *after;
    struct https_client client;
    struct https_reply reply;
    struct ph_job_view view;
    int64_t next;

    /* Set, not passed: the computer's own clock goes on as before. */
    boot_ms = ph_clock_boot_ms();
    ph_clock_set_boot(boot_clock, ph_clock_boot_number());
    moved_ms = ph_clock_wall_ms() + INT64_C(365) * 24 * 3600 * 1000;
    ph_clock_set_wall(moved_clock);
    check_refused(rig, "of last year", before, "grant-expired");
    assert_int_equal(ph_jobs_reap(rig->jobs.jobs, moved_ms, &next), PH_OK);
    assert_int_equal(ph_jobs_get(rig->jobs.jobs, &everyone, &id, &view), PH_OK);
    assert_int_equal(view.state, PH_JOB_HELD);
    assert_in_range(view.expires_ms, moved_ms + 1,
                    moved_ms + (int64_t)rig->jobs.config.retention_s * 1000);
    after = rig_grant(rig, &good);
    rig_open(rig, &client, "pr-1");
    rig_post_grant(&client, after, &reply);
    assert_int_equal(reply.status, 201);
    https_reply_close(&reply);
    https_close(&client);
    ph_clock_set_boot(NULL, 0);
    free(before);
    free(after);
}

/* SR-44, and a grant that was taken to a wrong place is not used up there. */
static void
a_grant_of_one_printer_opens_nothing_at_another(void **state)
{
    static const struct rig_grant good = {.printer = "pr-1"};
    struct rig *rig = *state;
    char *token = rig_grant(rig, &good);
    struct https_client client;
    struct https_reply reply;

    rig_open(rig, &client, "pr-2");
    rig_post_grant(&client, token, &reply);
    assert_int_equal(reply.status, 403);
    assert_non_null(
        strstr(ph_buf_str(&reply.body), "problem:grant-other-printer\""));
    assert_null(strstr(ph_buf_str(&reply.body), "alice"));
    https_reply_close(&reply);
    https_close(&client);
    rig_open(rig, &client, "pr-1");
    rig_post_grant(&client, token, &reply);
    assert_int_equal(reply.status, 201);
    https_reply_close(&reply);
    https_close(&client);
    free(token);
}

static void
a_session_ends_ten_minutes_after_its_last_use(void **state)
{
    struct rig *rig = *state;
    struct https_client client;
    char line[RIG_PATH];

    moved_ms = ph_clock_wall_ms();
    ph_clock_set_wall(moved_clock);
    rig_open(rig, &client, "pr-1");
    rig_sign_in(rig, &client, "pr-1", "alice", line);
    for (int i = 0; i < 3; i++) {
        moved_ms += 599 * 1000;
        assert_int_equal(rig_status(&client, "GET", "/v1/jobs", line, NULL),
                         200);
    }
    moved_ms += 600 * 1000;
    assert_int_equal(rig_status(&client, "GET", "/v1/jobs", line, NULL), 401);
    https_close(&client);
}

static void
a_session_belongs_to_its_certificate_and_can_be_ended(void **state)
{
    struct rig *rig = *state;
    struct https_client one, again, other;
    char line[RIG_PATH];

    rig_open(rig, &one, "pr-1");
    rig_open(rig, &again, "pr-1");
    rig_open(rig, &other, "pr-2");
    rig_sign_in(rig, &one, "pr-1", "alice", line);
    assert_int_equal(rig_status(&again, "GET", "/v1/jobs", line, NULL), 200);
    assert_int_equal(rig_status(&other, "GET", "/v1/jobs", line, NULL), 401);
    assert_int_equal(
        rig_status(&again, "DELETE", "/v1/sessions/current", line, NULL), 204);
    assert_int_equal(rig_status(&one, "GET", "/v1/jobs", line, NULL), 401);
    https_close(&one);
    https_close(&again);
    https_close(&other);
}

static void
without_issuer_keys_nobody_gets_a_session(void **state)
{
    static const struct rig_grant good;
    struct rig *rig = *state;
    char *token;

    rig_stop(rig);
    rig->jobs.config.issuer_key_file[0] = '\0';
    rig_start(rig);
    token = rig_grant(rig, &good);
    check_refused(rig, "no issuer", token, "no-issuer");
    free(token);
}

#define RIG_TEST(f) \
    cmocka_unit_test_setup_teardown(f, rig_set_up, rig_tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(grants_that_are_not_for_here_and_now_are_refused),
        RIG_TEST(spoilt_tokens_are_refused),
        RIG_TEST(a_request_that_is_too_long_is_not_read),
        RIG_TEST(a_session_is_asked_for_in_json),
        RIG_TEST(grants_at_the_edge_of_their_time_are_taken),
        RIG_TEST(a_grant_is_taken_once_even_after_a_restart),
        RIG_TEST(a_clock_that_was_set_back_takes_no_grants),
        RIG_TEST(a_clock_that_was_set_forward_a_year_goes_on),
        RIG_TEST(a_grant_of_one_printer_opens_nothing_at_another),
        RIG_TEST(a_session_ends_ten_minutes_after_its_last_use),
        RIG_TEST(a_session_belongs_to_its_certificate_and_can_be_ended),
        RIG_TEST(without_issuer_keys_nobody_gets_a_session),
    };

    return cmocka_run_group_tests(tests, rig_make_pki, rig_remove_pki);
}
