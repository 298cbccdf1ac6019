/* What a hub says to a device that enrols, and what the device says to it. */
#include "printhold/proto/enrolment.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "printhold/base/attr.h"
#include "printhold/base/err.h"

#define CERT          "-----BEGIN CERTIFICATE-----\\nAAAA\\n-----END CERTIFICATE-----\\n"
#define KEY           "-----BEGIN PUBLIC KEY-----\\nAAAA\\n-----END PUBLIC KEY-----\\n"
#define DIRECTORY_KEY "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
#define BASE                                       \
    "\"tenant\":\"acme\",\"certificate\":\"" CERT  \
    "\",\"authority\":\"" CERT CERT                \
    "\",\"hub\":\"https://hub.example.com:9444\"," \
    "\"not-after\":\"2027-01-01T00:00:00.000Z\","  \
    "\"renew-after\":\"2026-12-01T00:00:00.000Z\""
#define PRINTER "{\"kind\":\"printer\",\"id\":\"pr-1\"," BASE
#define WORKSTATION                                   \
    "{\"kind\":\"workstation\",\"id\":\"ws-1\"," BASE \
    ",\"issuer\":\"https://hub.example.com\",\"issuer-keys\":\"" KEY "\""

static int
parse(const char *text, struct ph_enrolment *out, struct ph_why *why)
{
    return ph_enrolment_parse(text, strlen(text), out, why);
}

static void
a_printer_is_told_who_it_is(void **state)
{
    struct ph_enrolment *e = malloc(sizeof(*e));
    struct ph_why why = {""};

    (void)state;
    assert_non_null(e);
    assert_int_equal(parse(PRINTER "}", e, &why), PH_OK);
    assert_int_equal(e->kind, PH_IDENTITY_PRINTER);
    assert_string_equal(e->id, "pr-1");
    assert_string_equal(e->tenant, "acme");
    assert_string_equal(e->hub, "hub.example.com:9444");
    assert_true(e->renew_after_ms < e->not_after_ms);
    assert_string_equal(e->issuer, "");
    /* What is not known is not looked at. */
    assert_int_equal(parse(PRINTER ",\"more\":[1]}", e, NULL), PH_OK);
    free(e);
}

static void
a_workstation_is_told_whom_to_believe(void **state)
{
    struct ph_enrolment *e = malloc(sizeof(*e));

    (void)state;
    assert_non_null(e);
    assert_int_equal(parse(WORKSTATION ",\"directory-key\":\"" DIRECTORY_KEY
                                       "\",\"broker\":\"wss://b/mqtt\"}",
                           e, NULL),
                     PH_OK);
    assert_string_equal(e->issuer, "https://hub.example.com");
    assert_string_equal(e->broker, "wss://b/mqtt");
    assert_int_equal(e->directory_key[31], 31);
    assert_int_equal(
        parse(WORKSTATION ",\"directory-key\":\"" DIRECTORY_KEY "\"}", e, NULL),
        PH_OK);
    assert_string_equal(e->broker, "");
    free(e);
}

/* The same text with one thing in it replaced. */
static char *
replaced(const char *text, const char *what, const char *with)
{
    const char *at = strstr(text, what);
    const size_t len = strlen(text) + strlen(with) + 1;
    char *result = malloc(len);

    assert_non_null(at);
    assert_non_null(result);
    (void)snprintf(result, len, "%.*s%s%s", (int)(at - text), text, with,
                   at + strlen(what));
    return result;
}

static void
what_is_wrong_is_refused_by_name(void **state)
{
    static const struct {
        const char *what;
        const char *with;
        const char *member;
    } cases[] = {
        {"\"workstation\"", "\"service\"", "kind"},
        {"\"workstation\"", "1", "kind"},
        {"\"acme\"", "\"\"", "tenant"},
        {"\"acme\"", "\"../acme\"", "tenant"},
        {"\"acme\"", "\"a-tenant-that-is-much-too-long\"", "tenant"},
        {"\"ws-1\"", "\"WS 1\"", "id"},
        {"\"ws-1\"", "null", "id"},
        {"-----BEGIN CERTIFICATE-----", "-----BEGIN PRIVATE KEY-----",
         "certificate"},
        {"-----BEGIN CERTIFICATE-----\\nAAAA", "AAAA", "certificate"},
        {"\"certificate\":\"", "\"certificate\":\"\\u0000", "certificate"},
        {"\"certificate\":\"", "\"certificate\":\"\\u001b[31m", "certificate"},
        {"\"authority\":\"", "\"authority\":7,\"x\":\"", "authority"},
        {"https://hub.", "http://hub.", "hub"},
        {"https://hub.example.com:9444", "https://hub/../x", "hub"},
        {"https://hub.example.com:9444", "https://user@hub", "hub"},
        {"2027-01-01T00:00:00.000Z", "tomorrow", "not-after"},
        {"2026-12-01T00:00:00.000Z", "2027-12-01T00:00:00.000Z", "renew-after"},
        {"\"issuer\":\"https://hub.example.com\"", "\"issuer\":\"\"", "issuer"},
        {"-----BEGIN PUBLIC KEY-----", "-----BEGIN PRIVATE KEY-----",
         "issuer-keys"},
        {DIRECTORY_KEY, "AAEC", "directory-key"},
        {DIRECTORY_KEY, DIRECTORY_KEY "=", "directory-key"},
        {"\"wss://b/mqtt\"", "\"ws://b/mqtt\"", "broker"},
        {"\"wss://b/mqtt\"", "1", "broker"},
    };
    static const char good[] = WORKSTATION ",\"directory-key\":\"" DIRECTORY_KEY
                                           "\",\"broker\":\"wss://b/mqtt\"}";
    struct ph_enrolment *e = malloc(sizeof(*e));

    (void)state;
    assert_non_null(e);
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        char *text = replaced(good, cases[i].what, cases[i].with);
        struct ph_why why = {""};
        char member[64];

        (void)snprintf(member, sizeof(member), "the member %s of the hub's",
                       cases[i].member);
        /* A NUL is no JSON of ours at all. */
        assert_int_equal(parse(text, e, &why), PH_ERR_SYNTAX);
        if (strstr(cases[i].with, "u0000") == NULL)
            assert_memory_equal(why.text, member, strlen(member));
        free(text);
    }
    free(e);
}

static void
what_is_no_object_is_refused(void **state)
{
    static const char *const cases[] = {"", "[]", "{", "{}x",
                                        "{\"kind\":1,\"kind\":2}"};
    struct ph_enrolment *e = malloc(sizeof(*e));
    char *huge = malloc(PH_ENROLMENT_ANSWER_MAX + 2);

    (void)state;
    assert_non_null(e);
    assert_non_null(huge);
    for (size_t i = 0; i < PH_COUNT(cases); i++)
        assert_int_equal(parse(cases[i], e, NULL), PH_ERR_SYNTAX);
    memset(huge, ' ', PH_ENROLMENT_ANSWER_MAX + 1);
    assert_int_equal(
        ph_enrolment_parse(huge, PH_ENROLMENT_ANSWER_MAX + 1, e, NULL),
        PH_ERR_TOO_BIG);
    free(huge);
    free(e);
}

static void
where_the_hub_is_can_be_written_in_two_ways(void **state)
{
    static const struct {
        const char *text;
        const char *host; /* NULL: refused */
    } cases[] = {
        {"https://hub.example.com", "hub.example.com"},
        {"https://hub.example.com/", "hub.example.com"},
        {"hub.example.com:9445", "hub.example.com:9445"},
        {"https://[2001:db8::1]:9445", "[2001:db8::1]:9445"},
        {"http://hub.example.com", NULL},
        {"https://hub.example.com/v1", NULL},
        {"https://", NULL},
        {"", NULL},
        {"hub example", NULL},
        {"user:word@hub", NULL},
    };

    (void)state;
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        char host[PH_ENROLMENT_URL_MAX];
        int err = ph_enrolment_server(cases[i].text, host);

        assert_int_equal(err, cases[i].host != NULL ? PH_OK : PH_ERR_SYNTAX);
        if (err == PH_OK)
            assert_string_equal(host, cases[i].host);
    }
}

static void
a_token_is_base64url(void **state)
{
    (void)state;
    assert_true(ph_enrolment_is_token("abcdefghijklmnopqrstuvwxyz012-_A"));
    assert_false(ph_enrolment_is_token("short"));
    assert_false(ph_enrolment_is_token("abcdefghijklmnopqrstuvwxyz 12345"));
    assert_false(ph_enrolment_is_token(
        "0123456789012345678901234567890123456789012345678901234567890123"));
    assert_false(ph_enrolment_is_token(""));
}

static void
a_refusal_says_what_is_to_be_done(void **state)
{
    static const struct {
        unsigned status;
        const char *text;
        int err;
        const char *says;
    } cases[] = {
        {403, "{\"type\":\"urn:printhold:problem:token\",\"detail\":\"No.\"}",
         PH_ERR_EXISTS, "the hub answers: No."},
        {409, "{\"type\":\"urn:printhold:problem:copy\"}", PH_ERR_DENIED,
         "the hub answers with status 409"},
        {403, "{\"type\":\"urn:printhold:problem:expired\"}", PH_ERR_DENIED,
         "the hub answers with status 403"},
        {429, "{\"type\":\"urn:printhold:problem:renewed-lately\"}",
         PH_ERR_LIMIT, "the hub answers with status 429"},
        {503, "", PH_ERR_LIMIT, "the hub answers with status 503"},
        {403, "{\"type\":\"token\"}", PH_ERR_PROTOCOL,
         "the hub answers with status 403"},
        {404, "<html>", PH_ERR_PROTOCOL, "the hub answers with status 404"},
        {400, "{\"type\":1,\"detail\":\"a\\u001b[31mb\"}", PH_ERR_PROTOCOL,
         "the hub answers: a [31mb"},
    };

    (void)state;
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        struct ph_why why = {""};

        assert_int_equal(ph_enrolment_refused(cases[i].status, cases[i].text,
                                              strlen(cases[i].text), &why),
                         cases[i].err);
        assert_string_equal(why.text, cases[i].says);
    }
}

static void
a_request_has_what_it_needs_and_no_more(void **state)
{
    struct ph_buf csr, body;

    (void)state;
    ph_buf_init(&csr, 64);
    ph_buf_init(&body, PH_ENROLMENT_REQUEST_BYTES);
    assert_int_equal(ph_buf_put_str(&csr, "pem\n"), PH_OK);
    assert_int_equal(
        ph_enrolment_put(NULL, PH_IDENTITY_PRINTER, "desk", &csr, &body),
        PH_OK);
    assert_string_equal(ph_buf_str(&body), "{\"csr\":\"pem\\n\"}");
    assert_int_equal(
        ph_enrolment_put("t", PH_IDENTITY_PRINTER, "desk", &csr, &body), PH_OK);
    assert_string_equal(
        ph_buf_str(&body),
        "{\"csr\":\"pem\\n\",\"token\":\"t\",\"class\":\"printer\","
        "\"name\":\"desk\"}");
    assert_int_equal(
        ph_enrolment_put("t", PH_IDENTITY_PRINTER, "\xff", &csr, &body),
        PH_ERR_INVALID);
    ph_buf_close(&csr);
    ph_buf_close(&body);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_printer_is_told_who_it_is),
        cmocka_unit_test(a_workstation_is_told_whom_to_believe),
        cmocka_unit_test(what_is_wrong_is_refused_by_name),
        cmocka_unit_test(what_is_no_object_is_refused),
        cmocka_unit_test(where_the_hub_is_can_be_written_in_two_ways),
        cmocka_unit_test(a_token_is_base64url),
        cmocka_unit_test(a_refusal_says_what_is_to_be_done),
        cmocka_unit_test(a_request_has_what_it_needs_and_no_more),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
