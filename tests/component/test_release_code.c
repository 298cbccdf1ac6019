/* Offline codes at port 9443 (SR-48). */
#include "release_rig.h"

#include "account.h"
#include "codes.h"
#include "printhold/base/attr.h"
#include "printhold/base/clock.h"

static int
account_of_tests(uint32_t uid, char *dst, size_t cap)
{
    (void)snprintf(dst, cap, "%s", uid == 1001 ? "alice" : "bob");
    return PH_OK;
}

/* As after a restart of the agent, with the configuration as it is now. */
static void
restart(struct rig *rig)
{
    rig_stop(rig);
    jobs_fixture_close(&rig->jobs);
    jobs_fixture_open(&rig->jobs);
    rig_start(rig);
}

static int
code_set_up(void **state)
{
    ph_account_set_source(account_of_tests);
    if (rig_set_up(state) != 0)
        return -1;
    restart(*state); /* the jobs know of the issuer only now */
    return 0;
}

static int
code_tear_down(void **state)
{
    int rc = rig_tear_down(state);

    ph_account_set_source(NULL);
    return rc;
}

static struct ph_code
make(struct rig *rig, uint32_t uid)
{
    struct ph_code code;
    struct ph_why why = {""};

    if (ph_codes_make(rig->jobs.jobs, uid, &code, &why) != PH_OK)
        fail_msg("no code: %s", why.text);
    return code;
}

static void
post_code(struct https_client *client, const char *text,
          struct https_reply *out_reply)
{
    char json[64];

    (void)snprintf(json, sizeof(json), "{\"code\":\"%s\"}", text);
    https_do(client, "POST", "/v1/sessions", NULL, json, out_reply);
}

/* Sign in by code at a connection that is open. */
static unsigned
sign_in(struct rig_printer *printer, const char *text)
{
    struct https_reply reply;
    const char *at;
    unsigned status;

    post_code(&printer->client, text, &reply);
    status = reply.status;
    at = strstr(ph_buf_str(&reply.body), "\"session\":\"");
    assert_int_equal(status == 201, at != NULL);
    if (at != NULL)
        (void)snprintf(printer->line, RIG_PATH,
                       "Authorization: Bearer %.32s\r\n", at + 11);
    https_reply_close(&reply);
    return status;
}

static const char *
other_than(const struct ph_code *code)
{
    static char text[PH_CODE_TEXT];

    memcpy(text, code->text, sizeof(text));
    text[0] = text[0] == '9' ? '0' : (char)(text[0] + 1);
    return text;
}

/* --- the right code --- */

static void
a_code_opens_a_session_like_a_grant(void **state)
{
    struct rig *rig = *state;
    const struct ph_id id = rig_hold(rig, "alice", 5000);
    const struct ph_code code = make(rig, 1001);
    struct rig_printer printer;
    struct https_reply reply;

    rig_open(rig, &printer.client, "pr-1");
    post_code(&printer.client, code.text, &reply);
    assert_int_equal(reply.status, 201);
    assert_non_null(
        strstr(ph_buf_str(&reply.body), "\"user\":\"alice@example.com\""));
    assert_null(strstr(ph_buf_str(&reply.body), code.text));
    (void)snprintf(printer.line, RIG_PATH, "Authorization: Bearer %.32s\r\n",
                   strstr(ph_buf_str(&reply.body), "\"session\":\"") + 11);
    https_reply_close(&reply);
    assert_int_equal(rig_ask(&printer, "POST", &id, "/claim", NULL), 200);
    rig_get_document(&printer, &id, "", &reply);
    assert_int_equal(reply.status, 200);
    rig_check_bytes(&reply.body, 0);
    https_reply_close(&reply);
    assert_int_equal(
        rig_ask(&printer, "POST", &id, "/complete", "{\"result\":\"printed\"}"),
        200);
    assert_int_equal(rig_ask(&printer, "GET", &id, "", NULL), 404);
    https_close(&printer.client);
}

/* User x job: a code opens its maker's jobs and no others. */
static void
a_code_opens_its_makers_jobs_only(void **state)
{
    static const uint32_t uids[] = {1001, 1002};
    struct rig *rig = *state;
    const struct ph_id ids[] = {rig_hold(rig, "alice", 100),
                                rig_hold(rig, "bob", 100)};

    for (size_t i = 0; i < PH_COUNT(uids); i++) {
        const struct ph_code code = make(rig, uids[i]);
        const struct ph_id *own = &ids[i], *foreign = &ids[1 - i];
        struct rig_printer printer;

        rig_open(rig, &printer.client, "pr-1");
        assert_int_equal(sign_in(&printer, code.text), 201);
        assert_int_equal(rig_ask(&printer, "GET", own, "", NULL), 200);
        assert_int_equal(rig_ask(&printer, "GET", foreign, "", NULL), 404);
        assert_int_equal(rig_ask(&printer, "POST", foreign, "/claim", NULL),
                         404);
        assert_int_equal(rig_ask(&printer, "DELETE", foreign, "", NULL), 404);
        assert_int_equal(rig_ask(&printer, "GET", foreign, "/document", NULL),
                         404);
        https_close(&printer.client);
    }
}

static void
the_session_is_bound_to_the_certificate(void **state)
{
    struct rig *rig = *state;
    const struct ph_code code = make(rig, 1001);
    struct rig_printer printer;
    struct https_client other;

    rig_open(rig, &printer.client, "pr-1");
    assert_int_equal(sign_in(&printer, code.text), 201);
    rig_open(rig, &other, "pr-2");
    assert_int_equal(rig_status(&other, "GET", "/v1/jobs", printer.line, NULL),
                     401);
    assert_int_equal(
        rig_status(&printer.client, "GET", "/v1/jobs", printer.line, NULL),
        200);
    https_close(&other);
    https_close(&printer.client);
}

/* Nobody has shown badge or PIN. */
static void
a_code_does_not_open_confidential_jobs(void **state)
{
    struct rig *rig = *state;
    const struct ph_id id = rig_hold_confidential(rig, "alice", 100);
    const struct ph_code code = make(rig, 1001);
    struct rig_printer printer;

    rig_open(rig, &printer.client, "pr-1");
    assert_int_equal(sign_in(&printer, code.text), 201);
    assert_int_equal(rig_ask(&printer, "GET", &id, "", NULL), 200);
    assert_int_equal(rig_ask(&printer, "POST", &id, "/claim", NULL), 403);
    https_close(&printer.client);
}

/* --- refusals --- */

/* Whatever is wrong with a code, the answer is the same to the byte. */
static void
expect_wrong(struct https_client *client, const char *what, const char *text)
{
    static const char expected[] =
        "{\"type\":\"urn:printhold:problem:code-wrong\",\"title\":"
        "\"Forbidden\",\"status\":403,\"detail\":\"The code is wrong, was used "
        "before, or its time is over: look at it again, or make a new one with "
        "'printhold code'.\"}";
    struct https_reply reply;

    post_code(client, text, &reply);
    if (reply.status != 403 || strcmp(ph_buf_str(&reply.body), expected) != 0)
        fail_msg("%s: %u %s", what, reply.status, ph_buf_str(&reply.body));
    https_reply_close(&reply);
}

static _Atomic int64_t moved_ms;

static int64_t
moved_clock(void)
{
    return moved_ms;
}

static void
no_refusal_tells_whether_a_code_exists(void **state)
{
    struct rig *rig = *state;
    struct rig_printer printer;
    struct ph_code first, second, third;

    rig_open(rig, &printer.client, "pr-1");
    expect_wrong(&printer.client, "there is none", "12345678");
    first = make(rig, 1001);
    second = make(rig, 1001);
    third = make(rig, 1001); /* replaces the first */
    expect_wrong(&printer.client, "replaced", first.text);
    expect_wrong(&printer.client, "another", other_than(&third));
    assert_int_equal(sign_in(&printer, second.text), 201);
    expect_wrong(&printer.client, "used", second.text);
    https_close(&printer.client);
    /* The service's thread reads the clock: change it while there is none. */
    moved_ms = ph_clock_wall_ms() + PH_CODE_LIFE_MS;
    rig_stop(rig);
    ph_clock_set_wall(moved_clock);
    rig_start(rig);
    rig_open(rig, &printer.client, "pr-1");
    expect_wrong(&printer.client, "expired", third.text);
    https_close(&printer.client);
}

static void
only_a_code_or_a_grant_is_a_proof(void **state)
{
    static const struct {
        const char *what;
        const char *json;
        unsigned status;
    } cases[] = {
        {"neither", "{}", 400},
        {"a number", "{\"code\":12345678}", 400},
        {"a list", "{\"code\":[\"12345678\"]}", 400},
        {"nothing", "{\"code\":null}", 400},
        {"both", "{\"code\":\"12345678\",\"grant\":\"a.b.c\"}", 400},
        {"twice", "{\"code\":\"12345678\",\"code\":\"12345678\"}", 400},
        {"no text", "{\"code\":\"\"}", 400},
        {"seven digits", "{\"code\":\"1234567\"}", 400},
        {"nine digits", "{\"code\":\"123456789\"}", 400},
        {"a group", "{\"code\":\"1234 5678\"}", 400},
        {"a NUL behind", "{\"code\":\"12345678\\u0000\"}", 400},
        {"letters", "{\"code\":\"abcdefgh\"}", 400},
    };
    struct rig *rig = *state;
    const struct ph_code code = make(rig, 1001);
    struct rig_printer printer;

    rig_open(rig, &printer.client, "pr-1");
    for (size_t round = 0; round < 2; round++) {
        for (size_t i = 0; i < PH_COUNT(cases); i++) {
            unsigned status = rig_status(&printer.client, "POST",
                                         "/v1/sessions", NULL, cases[i].json);

            if (status != cases[i].status)
                fail_msg("%s: %u", cases[i].what, status);
        }
    }
    /* None of them counted. */
    assert_int_equal(sign_in(&printer, code.text), 201);
    https_close(&printer.client);
}

static void
an_exhaust_script_gets_five_tries(void **state)
{
    struct rig *rig = *state;
    const struct ph_code code = make(rig, 1001);
    unsigned long first = strtoul(code.text, NULL, 10);
    struct rig_printer printer;
    struct https_reply reply;
    char guess[PH_CODE_TEXT];

    rig_open(rig, &printer.client, "pr-1");
    for (unsigned long i = 1; i <= 5; i++) {
        (void)snprintf(guess, sizeof(guess), "%08lu",
                       (first + i) % 100000000UL);
        assert_int_equal(sign_in(&printer, guess), 403);
    }
    assert_int_equal(sign_in(&printer, code.text), 403);
    for (int i = 0; i < 4; i++)
        assert_int_equal(sign_in(&printer, code.text), 403);
    /* 10 now: this printer is not even listened to. */
    post_code(&printer.client, code.text, &reply);
    assert_int_equal(reply.status, 429);
    assert_non_null(
        strstr(ph_buf_str(&reply.body), "urn:printhold:problem:code-limit"));
    assert_in_range(strtoul(https_field(&reply, "Retry-After"), NULL, 10), 1,
                    900);
    https_reply_close(&reply);
    https_close(&printer.client);
    /* Neither on another connection, nor after a restart of the service. */
    restart(rig);
    rig_open(rig, &printer.client, "pr-1");
    assert_int_equal(sign_in(&printer, make(rig, 1001).text), 429);
    https_close(&printer.client);
    rig_open(rig, &printer.client, "pr-2");
    assert_int_equal(sign_in(&printer, make(rig, 1001).text), 201);
    https_close(&printer.client);
}

/* Ten connections try at once: what they get is what one would have got. */
static void
many_connections_at_once_get_no_more_tries(void **state)
{
    struct rig *rig = *state;
    const struct ph_code code = make(rig, 1001);
    struct https_client clients[12];
    char text[256], body[64];
    unsigned wrong = 0, limited = 0;

    (void)snprintf(body, sizeof(body), "{\"code\":\"%s\"}", other_than(&code));
    (void)snprintf(text, sizeof(text),
                   "POST /v1/sessions HTTP/1.1\r\nHost: ws\r\nContent-Type: "
                   "application/json\r\nContent-Length: %zu\r\n\r\n%s",
                   strlen(body), body);
    for (size_t i = 0; i < PH_COUNT(clients); i++)
        rig_open(rig, &clients[i], "pr-1");
    for (size_t i = 0; i < PH_COUNT(clients); i++)
        assert_true(https_send(&clients[i], text, strlen(text)));
    for (size_t i = 0; i < PH_COUNT(clients); i++) {
        struct https_reply reply;

        https_receive(&clients[i], false, &reply);
        wrong += reply.status == 403;
        limited += reply.status == 429;
        https_reply_close(&reply);
        https_close(&clients[i]);
    }
    assert_int_equal(wrong, 10);
    assert_int_equal(limited, 2);
}

static void
a_site_without_codes_says_so(void **state)
{
    struct rig *rig = *state;
    const struct ph_code code = make(rig, 1001);
    struct https_client client;
    struct https_reply reply;

    (void)snprintf(rig->jobs.config.offline_code, PH_CONFIG_TEXT_MAX, "no");
    restart(rig);
    rig_open(rig, &client, "pr-1");
    post_code(&client, code.text, &reply);
    assert_int_equal(reply.status, 403);
    assert_non_null(
        strstr(ph_buf_str(&reply.body), "urn:printhold:problem:code-off"));
    https_reply_close(&reply);
    https_close(&client);
}

static int
nobody(uint32_t uid, char *dst, size_t cap)
{
    (void)uid;
    (void)dst;
    (void)cap;
    return PH_ERR_NOT_FOUND;
}

static void
whoever_lost_the_login_is_told_so(void **state)
{
    struct rig *rig = *state;
    const struct ph_code code = make(rig, 1001);
    struct https_client client;
    struct https_reply reply;

    ph_account_set_source(nobody);
    rig_open(rig, &client, "pr-1");
    post_code(&client, code.text, &reply);
    assert_int_equal(reply.status, 403);
    assert_non_null(
        strstr(ph_buf_str(&reply.body), "urn:printhold:problem:code-no-user"));
    https_reply_close(&reply);
    https_close(&client);
}

#define TEST(name) \
    cmocka_unit_test_setup_teardown(name, code_set_up, code_tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_code_opens_a_session_like_a_grant),
        TEST(a_code_opens_its_makers_jobs_only),
        TEST(the_session_is_bound_to_the_certificate),
        TEST(a_code_does_not_open_confidential_jobs),
        TEST(no_refusal_tells_whether_a_code_exists),
        TEST(only_a_code_or_a_grant_is_a_proof),
        TEST(an_exhaust_script_gets_five_tries),
        TEST(many_connections_at_once_get_no_more_tries),
        TEST(a_site_without_codes_says_so),
        TEST(whoever_lost_the_login_is_told_so),
    };

    return cmocka_run_group_tests(tests, rig_make_pki, rig_remove_pki);
}
