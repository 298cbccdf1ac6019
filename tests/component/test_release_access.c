/* Who gets in at port 9443, and who gets nothing. */
#include "release_rig.h"

#include <fcntl.h>

#include "printhold/base/attr.h"
#include "printhold/base/err.h"
#include "printhold/proto/json.h"
#include "release_private.h"

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
    assert_int_equal(client.in.len, 0); /* not half an answer either */
    assert_int_equal(client.tickets, 0);
    https_close(&client);
    return status;
}

static void
deny(struct rig *rig, const char *list)
{
    char *path = rig->jobs.config.denied_printers_file;
    int fd;

    jobs_fixture_path(&rig->jobs, "denied", path, PH_CONFIG_TEXT_MAX);
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_int_equal(ph_io_write_full(fd, list, strlen(list)), PH_OK);
    ph_io_close(&fd);
    rig_stop(rig);
    rig_start(rig);
}

static void
only_the_right_certificate_gets_any_http(void **state)
{
    static const struct {
        const char *wrong;
        const char *cert;
    } cases[] = {
        {"no certificate", NULL},
        {"another CA", "pr-foreign"},
        {"self-signed", "pr-self"},
        {"not yet", "pr-not-yet"},
        {"expired", "pr-expired"},
        {"made for servers", "pr-server"},
        {"made for nothing", "pr-no-eku"},
        {"no identity", "pr-no-uri"},
        {"two identities", "pr-two"},
        {"another tenant", "pr-other"},
        {"the workstation's own", "ws-test"},
        {"a service", "svc-1"},
        {"a denied printer", "pr-2"},
    };
    struct rig *rig = *state;
    struct ph_release_status status;

    deny(rig, "printer pr-2\n");
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

static const char *const methods[] = {[PH_HTTP_GET] = "GET",
                                      [PH_HTTP_HEAD] = "HEAD",
                                      [PH_HTTP_POST] = "POST",
                                      [PH_HTTP_DELETE] = "DELETE"};

/* The route's path with an id that is nobody's. */
static const char *
path_of(const struct ph_http_route *route)
{
    static char path[RIG_PATH];
    const char *gap = strstr(route->pattern, "{}");

    if (gap == NULL)
        return route->pattern;
    (void)snprintf(path, sizeof(path), "%.*s%s%s", (int)(gap - route->pattern),
                   route->pattern, "0123456789abcdef0123456789abcdef", gap + 2);
    return path;
}

static unsigned
status_on(struct rig *rig, const char *cert, const char *method,
          const char *path, const char *line)
{
    const bool is_post = strcmp(method, "POST") == 0;
    struct https_client client;
    unsigned status = 0;

    if (https_open(&client, rig->port, rig_pki("ca.crt"),
                   cert != NULL ? rig_pki(cert) : NULL))
        status = rig_status(&client, method, path, line, is_post ? "{}" : NULL);
    https_close(&client);
    return status;
}

/* Nobody, strangers, a printer without and with somebody at it. */
static void
check_route(struct rig *rig, const struct ph_http_route *route,
            enum ph_http_method method, const char *session)
{
    static const char *const strangers[] = {NULL, "pr-foreign", "pr-expired",
                                            "pr-server", "ws-test"};
    static const char *const lines[] = {
        NULL,
        "Authorization: Bearer 0123456789abcdef0123456789abcdef\r\n",
        "Authorization: Bearer \r\n",
        "Authorization: Bearer 0123456789ABCDEF0123456789ABCDEF\r\n",
        "Authorization: Basic YTpi\r\n",
    };
    const char *path = path_of(route);

    for (size_t i = 0; i < PH_COUNT(strangers); i++) {
        if (status_on(rig, strangers[i], methods[method], path, session) != 0)
            fail_msg("%s %s: served to a stranger", methods[method], path);
    }
    for (size_t i = 0; i < PH_COUNT(lines); i++) {
        unsigned status =
            status_on(rig, "pr-1", methods[method], path, lines[i]);

        if ((status == 401) != release_route_needs_session(route) ||
            status == 0)
            fail_msg("%s %s: %u", methods[method], path, status);
    }
    /* The session is another printer's, then this one's. */
    if ((status_on(rig, "pr-2", methods[method], path, session) == 401) !=
        release_route_needs_session(route))
        fail_msg("%s %s: served to another printer", methods[method], path);
    if (status_on(rig, "pr-1", methods[method], path, session) == 401)
        fail_msg("%s %s: refused", methods[method], path);
}

/* SR-41, over the service's own table: a new route is in this test. */
static void
every_route_but_two_needs_certificate_and_session(void **state)
{
    struct rig *rig = *state;
    size_t count, open = 0;
    const struct ph_http_route *routes = release_routes(&count);

    assert_true(count >= 10);
    for (size_t i = 0; i < count; i++) {
        struct https_client client;
        char line[RIG_PATH];

        /* Anew each time: one of the routes ends it. */
        rig_open(rig, &client, "pr-1");
        rig_sign_in(rig, &client, "pr-1", "alice", line);
        https_close(&client);
        if (routes[i].method == PH_HTTP_GET)
            check_route(rig, &routes[i], PH_HTTP_HEAD, line);
        check_route(rig, &routes[i], routes[i].method, line);
        open += !release_route_needs_session(&routes[i]);
    }
    assert_int_equal(open, 2);
    for (size_t i = 0; i < count; i++) {
        if (!release_route_needs_session(&routes[i]))
            assert_true(strcmp(routes[i].pattern, "/v1") == 0 ||
                        strcmp(routes[i].pattern, "/v1/sessions") == 0);
    }
}

/* It is said before anything else is looked at. */
static void
a_body_is_for_post_only(void **state)
{
    static const char *const bodiless[] = {"GET", "HEAD", "DELETE"};
    struct rig *rig = *state;

    for (size_t i = 0; i < PH_COUNT(bodiless); i++) {
        struct https_client client;

        rig_open(rig, &client, "pr-1");
        assert_int_equal(
            rig_status(&client, bodiless[i], "/v1/jobs", NULL, "{}"), 400);
        https_close(&client);
    }
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

/* --- problems --- */

/* RFC 9457: type, title, this status, and a sentence to show. */
static void
check_problem(const char *wrong, struct https_reply *reply, unsigned status)
{
    json_t *root = NULL;
    const char *detail, *type;

    if (reply->status != status)
        fail_msg("%s: %u", wrong, reply->status);
    assert_string_equal(https_field(reply, "Content-Type"),
                        "application/problem+json");
    if (ph_json_parse(reply->body.data, reply->body.len, reply->body.len,
                      &root) != PH_OK)
        fail_msg("%s: %s", wrong, ph_buf_str(&reply->body));
    assert_int_equal(json_integer_value(json_object_get(root, "status")),
                     status);
    assert_true(json_string_length(json_object_get(root, "title")) > 0);
    type = json_string_value(json_object_get(root, "type"));
    assert_non_null(type);
    assert_true(strcmp(type, "about:blank") == 0 ||
                strncmp(type, "urn:printhold:problem:", 22) == 0);
    detail = json_string_value(json_object_get(root, "detail"));
    if (detail == NULL || strlen(detail) < 10 ||
        strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZ", detail[0]) == NULL ||
        detail[strlen(detail) - 1] != '.')
        fail_msg("%s: no sentence: %s", wrong, ph_buf_str(&reply->body));
    json_decref(root);
}

/* Those that the HTTP server makes itself. 408 is in test_http_server.c: the
 * service waits for ten seconds. */
static void
errors_of_http_are_problems_too(void **state)
{
#define HOST "Host: ws\r\n"
#define POST "POST /v1/sessions HTTP/1.1\r\n" HOST
    static const struct {
        const char *wrong;
        const char *before;
        size_t filler; /* so many 'a' between */
        const char *after;
        unsigned status;
    } cases[] = {
        {"no HTTP", "hello\r\n\r\n", 0, "", 400},
        {"no Host", "GET /v1 HTTP/1.1\r\n\r\n", 0, "", 400},
        {"two Hosts", "GET /v1 HTTP/1.1\r\n" HOST HOST "\r\n", 0, "", 400},
        {"a bare line feed", "GET /v1 HTTP/1.1\n" HOST "\r\n", 0, "", 400},
        {"a body of GET",
         "GET /v1 HTTP/1.1\r\n" HOST "Content-Length: 1\r\n\r\n", 0, "x", 400},
        {"two lengths", POST "Content-Length: 1\r\nContent-Length: 2\r\n\r\n",
         0, "xx", 400},
        {"no such path", "GET /v2 HTTP/1.1\r\n" HOST "\r\n", 0, "", 404},
        {"no such method", "PATCH /v1 HTTP/1.1\r\n" HOST "\r\n", 0, "", 405},
        {"a long body", POST "Content-Length: 32769\r\n\r\n", 0, "", 413},
        {"a long target", "GET /", 3000, " HTTP/1.1\r\n" HOST "\r\n", 414},
        {"no JSON", POST "Content-Length: 2\r\n\r\n", 0, "{}", 415},
        {"an expectation", POST "Expect: tea\r\nContent-Length: 2\r\n\r\n", 0,
         "{}", 417},
        {"a long head", "GET /v1 HTTP/1.1\r\n" HOST "A: ", 16384, "\r\n\r\n",
         431},
        {"chunks", POST "Transfer-Encoding: chunked\r\n\r\n", 0, "0\r\n\r\n",
         501},
        {"HTTP/1.0", "GET /v1 HTTP/1.0\r\n" HOST "\r\n", 0, "", 505},
    };
    struct rig *rig = *state;
    char filler[16385];

    memset(filler, 'a', sizeof(filler));
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        struct https_client client;
        struct https_reply reply;

        rig_open(rig, &client, "pr-1");
        assert_true(
            https_send(&client, cases[i].before, strlen(cases[i].before)));
        if (cases[i].filler > 0)
            (void)https_send(&client, filler, cases[i].filler);
        if (cases[i].after[0] != '\0')
            (void)https_send(&client, cases[i].after, strlen(cases[i].after));
        https_receive(&client, false, &reply);
        check_problem(cases[i].wrong, &reply, cases[i].status);
        https_reply_close(&reply);
        https_close(&client);
    }
}

static void
errors_of_the_service_are_problems(void **state)
{
    static const struct {
        const char *method, *path, *json;
        bool session;
        unsigned status;
    } cases[] = {
        {"GET", "/v1/jobs", NULL, false, 401},
        {"POST", "/v1/sessions", "{}", false, 400},
        {"POST", "/v1/sessions", "{\"grant\":\"a\"}", false, 403},
        {"POST", "/v1/sessions", "{\"code\":\"00000000\"}", false, 403},
        {"GET", "/v1/jobs/x", NULL, true, 404},
        {"POST", "/v1/jobs/JOB/complete", "{}", true, 400},
        {"POST", "/v1/jobs/JOB/complete", "{\"result\":\"printed\"}", true,
         409},
        {"GET", "/v1/jobs/JOB/document", NULL, true, 409},
        {"DELETE", "/v1/jobs/JOB/claim", NULL, true, 409},
    };
    struct rig *rig = *state;
    const struct ph_id id = rig_hold(rig, "alice", 1000);
    struct rig_printer printer;

    rig_arrive(rig, &printer, "pr-1", "alice");
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        const char *rest = strstr(cases[i].path, "JOB");
        struct https_reply reply;

        https_do(&printer.client, cases[i].method,
                 rest != NULL ? rig_job_path(&id, rest + 3) : cases[i].path,
                 cases[i].session ? printer.line : NULL, cases[i].json, &reply);
        check_problem(cases[i].path, &reply, cases[i].status);
        https_reply_close(&reply);
    }
    https_close(&printer.client);
}

static void
it_tells_what_it_is_and_can(void **state)
{
    static const char *const parts[] = {
        "\"service\":\"printhold-release\"",
        "\"version\":\"" PRINTHOLD_VERSION "\"",
        "\"api\":1",
        "\"workstation\":\"ws-test\"",
        "\"session-life\":600",
        "\"lease\":",
        "\"documents-max\":",
        ("\"choices\":[\"copies\",\"sides\",\"print-color-mode\","
         "\"page-ranges\",\"finishings\"]"),
        "\"digests\":[\"sha-256\"]",
        "\"confidential-amr\":\"badge pin\"",
    };
    static const struct {
        bool issuer;
        const char *code;
        const char *proofs;
    } cases[] = {
        {true, "yes", "\"proofs\":[\"grant\",\"code\"]"},
        {true, "no", "\"proofs\":[\"grant\"]"},
        {false, "no", "\"proofs\":[]"},
    };
    struct rig *rig = *state;

    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        struct ph_config *config = &rig->jobs.config;
        struct https_client client;
        struct https_reply reply;

        rig_stop(rig);
        jobs_fixture_close(&rig->jobs);
        (void)snprintf(config->offline_code, sizeof(config->offline_code), "%s",
                       cases[i].code);
        if (!cases[i].issuer)
            config->issuer_key_file[0] = '\0';
        jobs_fixture_open(&rig->jobs);
        rig_start(rig);
        rig_open(rig, &client, "pr-1");
        https_do(&client, "GET", "/v1", NULL, NULL, &reply);
        assert_int_equal(reply.status, 200);
        for (size_t n = 0; n < PH_COUNT(parts); n++) {
            if (strstr(ph_buf_str(&reply.body), parts[n]) == NULL)
                fail_msg("no %s in %s", parts[n], ph_buf_str(&reply.body));
        }
        assert_non_null(strstr(ph_buf_str(&reply.body), cases[i].proofs));
        https_reply_close(&reply);
        https_close(&client);
    }
}

#define RIG_TEST(f) \
    cmocka_unit_test_setup_teardown(f, rig_set_up, rig_tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(only_the_right_certificate_gets_any_http),
        RIG_TEST(nothing_below_tls_1_3_is_spoken),
        RIG_TEST(every_route_but_two_needs_certificate_and_session),
        RIG_TEST(a_body_is_for_post_only),
        RIG_TEST(what_is_no_route_is_not_there),
        RIG_TEST(errors_of_http_are_problems_too),
        RIG_TEST(errors_of_the_service_are_problems),
        RIG_TEST(it_tells_what_it_is_and_can),
        RIG_TEST(a_wrong_configuration_names_file_and_setting),
    };

    return cmocka_run_group_tests(tests, rig_make_pki, rig_remove_pki);
}
