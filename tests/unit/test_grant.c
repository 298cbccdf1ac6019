/* Grants: which tokens and claims are taken (SR-42, SR-43). The forgeries are in
 * test_grant_forgeries.c. */
#include "printhold/proto/grant.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/evp.h>

#include "printhold/base/attr.h"
#include "printhold/base/err.h"
#include "printhold/proto/json.h"
#include "grant_fixture.h"

#define THUMB "0123456789012345678901234567890123456789012"
#define JTI   "abcdefghijklmnopqrstuv"
#define JOB   "0123456789abcdef0123456789abcdef"

#define CLAIMS_WITH(aud, sub, cnf, times, jti, more)                        \
    "{\"iss\":\"https://hub\",\"aud\":" aud ",\"sub\":" sub ",\"cnf\":" cnf \
    "," times ",\"jti\":" jti more "}"
#define CNF   "{\"x5t#S256\":\"" THUMB "\"}"
#define TIMES "\"iat\":1000,\"exp\":1120"
#define AMR   ",\"amr\":[\"pin\"]"
#define GOOD \
    CLAIMS_WITH("\"ws-1\"", "\"a@b.c\"", CNF, TIMES, "\"" JTI "\"", AMR)

/* Header with the fixture's kid in place of %s. */
static void
sign(const struct grant_fixture *f, const char *header_fmt, const char *claims,
     struct ph_buf *token)
{
    struct ph_buf header;

    ph_buf_init(&header, 1024);
    if (strstr(header_fmt, "KID") != NULL) {
        const char *at = strstr(header_fmt, "KID");

        assert_int_equal(
            ph_buf_put(&header, header_fmt, (size_t)(at - header_fmt)), PH_OK);
        assert_int_equal(ph_buf_put_str(&header, f->kid), PH_OK);
        assert_int_equal(ph_buf_put_str(&header, at + 3), PH_OK);
    } else {
        assert_int_equal(ph_buf_put_str(&header, header_fmt), PH_OK);
    }
    assert_int_equal(ph_jws_sign(f->key, ph_buf_str(&header), claims, token),
                     PH_OK);
    ph_buf_close(&header);
}

#define HEADER "{\"alg\":\"ES256\",\"typ\":\"phgrant+jwt\",\"kid\":\"KID\"}"

static void
a_proper_grant_is_opened(void **state)
{
    struct grant_fixture *f = *state;
    struct ph_grant grant;
    struct ph_why why = {{0}};
    struct ph_buf token;

    ph_buf_init(&token, 65536);
    sign(f, HEADER,
         CLAIMS_WITH("[\"ws-0\",\"ws-1\"]", "\"A@b.c\"", CNF,
                     "\"iat\":1000,\"nbf\":990,\"exp\":1120", "\"" JTI "\"",
                     AMR ",\"jobs\":[\"" JOB "\"],\"other\":{\"a\":1}"),
         &token);
    assert_int_equal(
        ph_grant_open((char *)token.data, token.len, f->keys, &grant, &why),
        PH_OK);
    assert_string_equal(grant.issuer, "https://hub");
    assert_int_equal(grant.audience_count, 2);
    assert_string_equal(grant.audience[1], "ws-1");
    assert_string_equal(grant.subject, "A@b.c");
    assert_string_equal(grant.thumbprint, THUMB);
    assert_int_equal(grant.issued_s, 1000);
    assert_int_equal(grant.not_before_s, 990);
    assert_int_equal(grant.expires_s, 1120);
    assert_string_equal(grant.jti, JTI);
    assert_string_equal(grant.method[0], "pin");
    assert_false(grant.all_jobs);
    assert_int_equal(grant.job_count, 1);
    ph_buf_close(&token);
}

static void
claims_that_break_the_rules_are_refused(void **state)
{
#define C(aud, sub, cnf, times, jti, more) \
    CLAIMS_WITH(aud, sub, cnf, times, jti, more)
#define WS  "\"ws-1\""
#define SUB "\"a@b.c\""
#define ID  "\"" JTI "\""
    static const struct {
        const char *wrong;
        const char *claims;
    } cases[] = {
        {"no issuer", "{\"aud\":" WS ",\"sub\":" SUB ",\"cnf\":" CNF "," TIMES
                      ",\"jti\":" ID AMR "}"},
        {"a claim twice", C(WS, SUB, CNF, TIMES, ID, AMR ",\"sub\":\"x@y.z\"")},
        {"an empty audience", C("\"\"", SUB, CNF, TIMES, ID, AMR)},
        {"no audience in the list", C("[]", SUB, CNF, TIMES, ID, AMR)},
        {"a number in the audience", C("[1]", SUB, CNF, TIMES, ID, AMR)},
        {"nine audiences",
         C("[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\"]", SUB, CNF,
           TIMES, ID, AMR)},
        {"a number as subject", C(WS, "5", CNF, TIMES, ID, AMR)},
        {"an empty subject", C(WS, "\"\"", CNF, TIMES, ID, AMR)},
        {"a newline in the subject",
         C(WS, "\"a\\n@b.c\"", CNF, TIMES, ID, AMR)},
        {"no binding", C(WS, SUB, "{}", TIMES, ID, AMR)},
        {"a binding to a key",
         C(WS, SUB, "{\"jkt\":\"" THUMB "\"}", TIMES, ID, AMR)},
        {"two bindings",
         C(WS, SUB, "{\"x5t#S256\":\"" THUMB "\",\"jkt\":\"a\"}", TIMES, ID,
           AMR)},
        {"a short thumbprint",
         C(WS, SUB, "{\"x5t#S256\":\"abc\"}", TIMES, ID, AMR)},
        {"exp as text",
         C(WS, SUB, CNF, "\"iat\":1000,\"exp\":\"1120\"", ID, AMR)},
        {"exp as a fraction",
         C(WS, SUB, CNF, "\"iat\":1000,\"exp\":1120.5", ID, AMR)},
        {"exp before iat",
         C(WS, SUB, CNF, "\"iat\":1000,\"exp\":999", ID, AMR)},
        {"exp at iat", C(WS, SUB, CNF, "\"iat\":1000,\"exp\":1000", ID, AMR)},
        {"exp beyond all bounds",
         C(WS, SUB, CNF, "\"iat\":1000,\"exp\":99999999999", ID, AMR)},
        {"a negative iat", C(WS, SUB, CNF, "\"iat\":-1,\"exp\":5", ID, AMR)},
        {"no iat", C(WS, SUB, CNF, "\"exp\":5", ID, AMR)},
        {"no exp", C(WS, SUB, CNF, "\"iat\":5", ID, AMR)},
        {"nbf as text", C(WS, SUB, CNF, TIMES ",\"nbf\":\"0\"", ID, AMR)},
        {"nbf null", C(WS, SUB, CNF, TIMES ",\"nbf\":null", ID, AMR)},
        {"a short jti",
         C(WS, SUB, CNF, TIMES, "\"abcdefghijklmnopqrstu\"", AMR)},
        {"a jti with other bytes",
         C(WS, SUB, CNF, TIMES, "\"abcdefghijklmnopqrst=='\"", AMR)},
        {"a jti that is a number",
         C(WS, SUB, CNF, TIMES, "12345678901234567", AMR)},
        {"no amr", C(WS, SUB, CNF, TIMES, ID, "")},
        {"an empty amr", C(WS, SUB, CNF, TIMES, ID, ",\"amr\":[]")},
        {"amr as text", C(WS, SUB, CNF, TIMES, ID, ",\"amr\":\"pin\"")},
        {"jobs as text", C(WS, SUB, CNF, TIMES, ID, AMR ",\"jobs\":\"all\"")},
        {"jobs null", C(WS, SUB, CNF, TIMES, ID, AMR ",\"jobs\":null")},
        {"a job id in capitals",
         C(WS, SUB, CNF, TIMES, ID,
           AMR ",\"jobs\":[\"0123456789ABCDEF0123456789abcdef\"]")},
        {"a list", "[]"},
        {"something behind the object", GOOD "{}"},
        {"nothing", ""},
    };
    struct ph_why why = {{0}};

    (void)state;
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        struct ph_grant grant;

        memset(&grant, 0x5a, sizeof(grant));
        if (ph_grant_parse_claims(cases[i].claims, strlen(cases[i].claims),
                                  &grant, &why) != PH_ERR_INVALID)
            fail_msg("taken: %s", cases[i].wrong);
        assert_int_equal(grant.issuer[0], 0x5a);
    }
}

static void
check_claims(const char *wrong, const char *claims, int expected)
{
    struct ph_why why = {{0}};
    struct ph_grant grant;
    int err = ph_grant_parse_claims(claims, strlen(claims), &grant, &why);

    if (err != expected)
        fail_msg("%s: %d, not %d", wrong, err, expected);
}

static void
check_object(const char *wrong, const json_t *claims, int expected)
{
    struct ph_buf text;

    ph_buf_init(&text, PH_JWS_MAX);
    assert_int_equal(ph_json_put(claims, &text), PH_OK);
    check_claims(wrong, ph_buf_str(&text), expected);
    ph_buf_close(&text);
}

/* Every claim, once missing and once of each type that it must not have. */
static void
each_claim_is_there_and_has_its_type(void **state)
{
    static const struct {
        const char *name;
        char type; /* see values; j and c have rules of their own */
        bool optional;
    } claims[] = {
        {"iss", 's', false}, {"aud", 'a', false}, {"sub", 's', false},
        {"cnf", 'c', false}, {"iat", 'n', false}, {"exp", 'n', false},
        {"nbf", 'n', true},  {"jti", 'j', false}, {"amr", 'l', false},
        {"jobs", 'e', true},
    };
    static const struct {
        const char *value;
        const char *right_for; /* types of claims */
    } values[] = {
        {"null", ""},         {"true", ""},
        {"false", ""},        {"1050", "n"},
        {"-1", ""},           {"1050.0", ""},
        {"1e3", ""},          {"99999999999", ""},
        {"\"\"", ""},         {"\"1050\"", "sa"},
        {"[]", "e"},          {"[1]", ""},
        {"[null]", ""},       {"[[]]", ""},
        {"[{}]", ""},         {"[\"\"]", ""},
        {"[\"a\"]", "al"},    {"[\"a\\u0000\"]", ""},
        {"{}", ""},           {"{\"a\":\"b\"}", ""},
        {"\"a\\u0000\"", ""},
    };

    (void)state;
    for (size_t i = 0; i < PH_COUNT(claims); i++) {
        json_t *root = json_loads(GOOD, 0, NULL);

        (void)json_object_del(root, claims[i].name);
        check_object(claims[i].name, root,
                     claims[i].optional ? PH_OK : PH_ERR_INVALID);
        for (size_t j = 0; j < PH_COUNT(values); j++) {
            json_t *value = json_loads(values[j].value,
                                       JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
            char wrong[64];

            assert_int_equal(json_object_set_new(root, claims[i].name, value),
                             0);
            (void)snprintf(wrong, sizeof(wrong), "%s: %s", claims[i].name,
                           values[j].value);
            check_object(wrong, root,
                         strchr(values[j].right_for, claims[i].type) != NULL
                             ? PH_OK
                             : PH_ERR_INVALID);
        }
        json_decref(root);
    }
}

/* Whichever of the two a reader would take. */
static void
no_claim_stands_twice(void **state)
{
    static const char *const again[] = {
        "\"iss\":\"https://hub\"",
        "\"aud\":\"ws-1\"",
        "\"sub\":\"x@b.c\"",
        "\"cnf\":{\"x5t#S256\":\"" THUMB "\"}",
        "\"iat\":1000",
        "\"exp\":1120",
        "\"jti\":\"bbcdefghijklmnopqrstuv\"",
        "\"amr\":[\"badge\",\"pin\"]",
        "\"\\u0073ub\":\"x@b.c\"",
        "\"other\":{\"a\":1,\"a\":2}",
    };
    (void)state;
    for (size_t i = 0; i < PH_COUNT(again); i++) {
        char claims[1024];

        (void)snprintf(claims, sizeof(claims), "{%s,%s", again[i], &GOOD[1]);
        check_claims(again[i], claims, PH_ERR_INVALID);
        (void)snprintf(claims, sizeof(claims), "%.*s,%s}",
                       (int)strlen(GOOD) - 1, GOOD, again[i]);
        check_claims(again[i], claims, PH_ERR_INVALID);
    }
}

static void
claims_are_one_json_object(void **state)
{
    static const char *const wrong[] = {
        GOOD "{}",
        GOOD ",",
        GOOD "\\u0000",
        "[" GOOD "]",
        "\"" THUMB "\"",
        "\xef\xbb\xbf" GOOD,
        "\xff",
        "null",
        "{",
        "{\"cnf\":{\"cnf\":{\"cnf\":{\"cnf\":",
    };
    (void)state;
    for (size_t i = 0; i < PH_COUNT(wrong); i++)
        check_claims(wrong[i], wrong[i], PH_ERR_INVALID);
}

/* Put another last part or another first part to a good token. */
static void
check_spoilt(struct grant_fixture *f, const char *wrong, const char *token,
             size_t len)
{
    struct ph_grant grant;
    struct ph_why why = {{0}};

    if (ph_grant_open(token, len, f->keys, &grant, &why) == PH_OK)
        fail_msg("taken: %s", wrong);
}

static void
every_change_of_a_token_is_refused(void **state)
{
    struct grant_fixture *f = *state;
    struct ph_grant grant;
    struct ph_why why = {{0}};
    struct ph_buf token;
    char *copy;

    ph_buf_init(&token, 65536);
    sign(f, HEADER, GOOD, &token);
    copy = malloc(token.len + 8);
    assert_non_null(copy);
    for (size_t i = 0; i < token.len; i++) {
        memcpy(copy, token.data, token.len);
        copy[i] = copy[i] == 'A' ? 'B' : 'A';
        if (memcmp(copy, token.data, token.len) != 0)
            check_spoilt(f, "one changed character", copy, token.len);
        check_spoilt(f, "a cut token", (char *)token.data, i);
    }
    memcpy(copy, token.data, token.len);
    memcpy(copy + token.len, "=", 1);
    check_spoilt(f, "padding", copy, token.len + 1);
    memcpy(copy + token.len, ".AA", 3);
    check_spoilt(f, "a fourth part", copy, token.len + 3);
    memcpy(copy + token.len, "\n", 1);
    check_spoilt(f, "a newline behind it", copy, token.len + 1);
    assert_int_equal(
        ph_grant_open((char *)token.data, token.len, f->keys, &grant, &why),
        PH_OK);
    free(copy);
    ph_buf_close(&token);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_proper_grant_is_opened),
        cmocka_unit_test(claims_that_break_the_rules_are_refused),
        cmocka_unit_test(each_claim_is_there_and_has_its_type),
        cmocka_unit_test(no_claim_stands_twice),
        cmocka_unit_test(claims_are_one_json_object),
        cmocka_unit_test(every_change_of_a_token_is_refused),
    };

    return cmocka_run_group_tests(tests, grant_set_up, grant_tear_down);
}
