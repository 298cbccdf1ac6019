/* Who gets in at port 9443, and who gets nothing. */
#include "release_rig.h"

#include "printhold/base/attr.h"
#include "printhold/base/clock.h"

/* --- certificates --- */

/* SR-40 and SR-41. In TLS 1.3 a client ends its handshake before the server has judged its
 * certificate: only reading tells. */
static unsigned
status_with(struct rig *rig, const char *cert, int version_max)
{
    struct https_client client;
    unsigned status = 0;

    if (https_open_version(&client, rig->port, rig_pki("ca.crt"),
                           cert != NULL ? rig_pki(cert) : NULL, version_max))
        status = rig_status(&client, "GET", "/v1", NULL, NULL);
    assert_int_equal(client.tickets, 0);
    https_close(&client);
    return status;
}

static void
only_the_right_certificate_gets_any_http(void **state)
{
    static const struct {
        const char *wrong;
        const char *cert;
    } cases[] = {
        {"no certificate", NULL},          {"another CA", "pr-foreign"},
        {"self-signed", "pr-self"},        {"not yet", "pr-not-yet"},
        {"expired", "pr-expired"},         {"made for servers", "pr-server"},
        {"made for nothing", "pr-no-eku"}, {"no identity", "pr-no-uri"},
        {"two identities", "pr-two"},      {"another tenant", "pr-other"},
        {"a workstation", "ws-test"},      {"a service", "svc-1"},
    };
    struct rig *rig = *state;
    struct ph_release_status status;

    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        if (status_with(rig, cases[i].cert, 0) != 0)
            fail_msg("served: %s", cases[i].wrong);
    }
    ph_release_service_status(rig->service, &status);
    assert_int_equal(status.refused, PH_COUNT(cases));
    assert_int_equal(status_with(rig, "pr-1", 0), 200);
}

static void
nothing_below_tls_1_3_is_spoken(void **state)
{
    assert_int_equal(status_with(*state, "pr-1", TLS1_2_VERSION), 0);
}

/* --- routes --- */

static const struct {
    const char *method;
    const char *path;
    bool session; /* needs one */
} routes[] = {
    {"GET", "/v1", false},
    {"HEAD", "/v1", false},
    {"POST", "/v1/sessions", false},
    {"DELETE", "/v1/sessions/current", true},
    {"GET", "/v1/jobs", true},
    {"GET", "/v1/jobs/0123456789abcdef0123456789abcdef", true},
    {"DELETE", "/v1/jobs/0123456789abcdef0123456789abcdef", true},
    {"POST", "/v1/jobs/0123456789abcdef0123456789abcdef/claim", true},
    {"DELETE", "/v1/jobs/0123456789abcdef0123456789abcdef/claim", true},
    {"GET", "/v1/jobs/0123456789abcdef0123456789abcdef/document", true},
    {"HEAD", "/v1/jobs/0123456789abcdef0123456789abcdef/document", true},
    {"POST", "/v1/jobs/0123456789abcdef0123456789abcdef/complete", true},
};

static void
every_route_but_two_needs_a_session(void **state)
{
    static const char *const lines[] = {
        NULL,
        "Authorization: Bearer 0123456789abcdef0123456789abcdef\r\n",
        "Authorization: Bearer \r\n",
        "Authorization: Bearer 0123456789ABCDEF0123456789ABCDEF\r\n",
        "Authorization: Basic YTpi\r\n",
    };
    struct rig *rig = *state;
    struct https_client client;

    rig_open(rig, &client, "pr-1");
    for (size_t i = 0; i < PH_COUNT(routes); i++) {
        for (size_t j = 0; j < PH_COUNT(lines); j++) {
            unsigned status = rig_status(&client, routes[i].method,
                                         routes[i].path, lines[j], "{}");

            /* A body is for POST only: others are told so first. */
            if (strcmp(routes[i].method, "POST") != 0) {
                assert_int_equal(status, 400);
                https_close(&client);
                rig_open(rig, &client, "pr-1");
                status = rig_status(&client, routes[i].method, routes[i].path,
                                    lines[j], NULL);
            }
            if ((status == 401) != routes[i].session)
                fail_msg("%s %s: %u", routes[i].method, routes[i].path, status);
        }
    }
    https_close(&client);
}

static void
what_is_no_route_is_not_there(void **state)
{
    static const struct {
        const char *method;
        const char *path;
        unsigned status;
        const char *allow;
    } cases[] = {
        {"GET", "/", 404, ""},
        {"GET", "/v1/", 404, ""},
        {"GET", "/v2", 404, ""},
        {"GET", "/v1/jobs/../jobs", 404, ""},
        {"GET", "/v1/status", 404, ""},
        {"DELETE", "/v1/jobs/a/document/b", 404, ""},
        {"PUT", "/v1/jobs/a", 405, "GET, HEAD, DELETE"},
        {"POST", "/v1/jobs", 405, "GET, HEAD"},
        {"DELETE", "/v1", 405, "GET, HEAD"},
        {"GET", "/v1/sessions", 405, "POST"},
        {"TRACE", "/v1", 405, "GET, HEAD"},
        {"GET", "/v1/jobs/a/claim", 405, "POST, DELETE"},
    };
    struct rig *rig = *state;
    struct https_client client;

    rig_open(rig, &client, "pr-1");
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        struct https_reply reply;

        https_do(&client, cases[i].method, cases[i].path, NULL, NULL, &reply);
        if (reply.status != cases[i].status)
            fail_msg("%s %s: %u", cases[i].method, cases[i].path, reply.status);
        assert_string_equal(https_field(&reply, "Allow"), cases[i].allow);
        assert_string_equal(https_field(&reply, "Content-Type"),
                            "application/problem+json");
        https_reply_close(&reply);
    }
    https_close(&client);
}

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

static int64_t moved_ms;

static int64_t
moved_clock(void)
{
    return moved_ms;
}

static void
a_clock_that_was_set_back_takes_no_grants(void **state)
{
    static const struct rig_grant good;
    struct rig *rig = *state;
    struct https_client client;
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

/* --- configuration --- */

static void
a_wrong_configuration_names_file_and_setting(void **state)
{
    struct rig *rig = *state;
    const struct {
        char *setting;
        const char *value;
        const char *named;
    } cases[] = {
        {rig->jobs.config.cert_file, "", "identity.cert_file"},
        {rig->jobs.config.cert_file, "/nonexistent.crt", "/nonexistent.crt"},
        {rig->jobs.config.cert_file, rig_pki("pr-1.crt"), "identity.cert_file"},
        {rig->jobs.config.cert_key_file, "", "identity.key_file"},
        {rig->jobs.config.cert_key_file, "/nonexistent.key",
         "/nonexistent.key"},
        {rig->jobs.config.cert_key_file, rig_pki("pr-1.key"), "pr-1.key"},
        {rig->jobs.config.ca_file, "", "release.printer_ca_file"},
        {rig->jobs.config.ca_file, "/nonexistent.pem", "/nonexistent.pem"},
        {rig->jobs.config.issuer_key_file, "/nonexistent.pub",
         "release.issuer_key_file"},
        {rig->jobs.config.issuer, "", "release.issuer"},
        {rig->jobs.config.release_address, "printer.example",
         "printer.example"},
    };

    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        struct ph_release_service *service = NULL;
        struct ph_why why = {""};
        char before[PH_CONFIG_TEXT_MAX];

        memcpy(before, cases[i].setting, sizeof(before));
        (void)snprintf(cases[i].setting, PH_CONFIG_TEXT_MAX, "%s",
                       cases[i].value);
        assert_int_equal(ph_release_service_start(
                             &rig->jobs.config, rig->jobs.jobs, &service, &why),
                         PH_ERR_CONFIG);
        if (strstr(why.text, cases[i].named) == NULL)
            fail_msg("%s: %s", cases[i].named, why.text);
        assert_null(service);
        memcpy(cases[i].setting, before, sizeof(before));
    }
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
        RIG_TEST(only_the_right_certificate_gets_any_http),
        RIG_TEST(nothing_below_tls_1_3_is_spoken),
        RIG_TEST(every_route_but_two_needs_a_session),
        RIG_TEST(what_is_no_route_is_not_there),
        RIG_TEST(grants_that_are_not_for_here_and_now_are_refused),
        RIG_TEST(spoilt_tokens_are_refused),
        RIG_TEST(a_request_that_is_too_long_is_not_read),
        RIG_TEST(a_session_is_asked_for_in_json),
        RIG_TEST(grants_at_the_edge_of_their_time_are_taken),
        RIG_TEST(a_grant_is_taken_once_even_after_a_restart),
        RIG_TEST(a_clock_that_was_set_back_takes_no_grants),
        RIG_TEST(a_session_ends_ten_minutes_after_its_last_use),
        RIG_TEST(a_session_belongs_to_its_certificate_and_can_be_ended),
        RIG_TEST(a_wrong_configuration_names_file_and_setting),
        RIG_TEST(without_issuer_keys_nobody_gets_a_session),
    };

    return cmocka_run_group_tests(tests, rig_make_pki, rig_remove_pki);
}
