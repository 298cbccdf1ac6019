/* The claims of a policy: what is taken, and what breaks the rules (SR-50). */
#include "printhold/proto/policy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "printhold/base/attr.h"
#include "printhold/base/err.h"

#define WITH(aud, ver, times, policy, more)                           \
    "{\"iss\":\"https://hub\",\"aud\":" aud ",\"ver\":" ver "," times \
    ",\"policy\":" policy more "}"
#define AUD   "\"urn:printhold:acme\""
#define TIMES "\"iat\":1000"

static int
parse(const char *json, struct ph_policy_message *out_message)
{
    struct ph_why why = {{0}};
    int err = ph_policy_parse(json, strlen(json), out_message, &why);

    if (err != PH_OK)
        assert_true(why.text[0] != '\0');
    return err;
}

static void
a_proper_policy_is_read(void **state)
{
    struct ph_policy_message message;

    (void)state;
    assert_int_equal(
        parse(WITH("[\"ws-0\"," AUD "]", "12", "\"iat\":1000,\"exp\":2000",
                   "{\"retention-s\":14400,\"history-s\":3600,"
                   "\"job-size-max\":1,\"spool-size-max\":2,"
                   "\"user-size-max\":3,\"user-jobs-max\":4,\"keep\":false,"
                   "\"offline-code\":true,\"title\":\"hidden\","
                   "\"sign-in\":[\"badge+pin\",\"otp\"],"
                   "\"confidential-amr\":[\"badge\",\"pin\"],"
                   "\"colour\":\"of tomorrow\"}",
                   ",\"crit\":[\"keep\"],\"other\":[1]"),
              &message),
        PH_OK);
    assert_true(ph_message_is_for(&message.claims, "urn:printhold:acme"));
    assert_true(ph_message_is_for(&message.claims, "ws-0"));
    assert_false(ph_message_is_for(&message.claims, "ws-1"));
    assert_int_equal(message.version, 12);
    assert_int_equal(message.claims.issued_s, 1000);
    assert_int_equal(message.claims.expires_s, 2000);
    for (size_t i = 0; i < PH_POLICY_MEMBERS; i++)
        assert_true(message.policy.has[i]);
    assert_int_equal(message.policy.number[PH_POLICY_RETENTION], 14400);
    assert_int_equal(message.policy.number[PH_POLICY_USER_JOBS], 4);
    assert_int_equal(message.policy.number[PH_POLICY_KEEP], 0);
    assert_int_equal(message.policy.number[PH_POLICY_OFFLINE_CODE], 1);
    assert_int_equal(message.policy.number[PH_POLICY_TITLE], PH_TITLE_HIDDEN);
    assert_string_equal(message.policy.sign_in, "badge+pin otp");
    assert_string_equal(message.policy.confidential_amr, "badge pin");
}

static void
an_empty_policy_says_nothing(void **state)
{
    struct ph_policy_message message;

    (void)state;
    assert_int_equal(parse(WITH(AUD, "1", TIMES, "{}", ""), &message), PH_OK);
    assert_int_equal(message.claims.expires_s, 0);
    for (size_t i = 0; i < PH_POLICY_MEMBERS; i++)
        assert_false(message.policy.has[i]);
}

static void
policies_that_break_the_rules_are_refused(void **state)
{
#define P(policy) WITH(AUD, "1", TIMES, policy, "")
    static const struct {
        const char *wrong;
        const char *json;
        int err;
    } cases[] = {
        {"no object", "[]", PH_ERR_INVALID},
        {"nothing in it", "{}", PH_ERR_INVALID},
        {"no audience", WITH("[]", "1", TIMES, "{}", ""), PH_ERR_INVALID},
        {"version 0", WITH(AUD, "0", TIMES, "{}", ""), PH_ERR_INVALID},
        {"a negative version", WITH(AUD, "-1", TIMES, "{}", ""),
         PH_ERR_INVALID},
        {"a version as text", WITH(AUD, "\"1\"", TIMES, "{}", ""),
         PH_ERR_INVALID},
        {"a version with a fraction", WITH(AUD, "1.5", TIMES, "{}", ""),
         PH_ERR_INVALID},
        {"a version beyond 2^53",
         WITH(AUD, "9007199254740992", TIMES, "{}", ""), PH_ERR_INVALID},
        {"no iat", WITH(AUD, "1", "\"x\":1", "{}", ""), PH_ERR_INVALID},
        {"exp before iat", WITH(AUD, "1", "\"iat\":1000,\"exp\":999", "{}", ""),
         PH_ERR_INVALID},
        {"exp null", WITH(AUD, "1", "\"iat\":1,\"exp\":null", "{}", ""),
         PH_ERR_INVALID},
        {"a claim twice", WITH(AUD, "1", TIMES, "{}", ",\"ver\":2"),
         PH_ERR_INVALID},
        {"a member twice", P("{\"keep\":true,\"keep\":false}"), PH_ERR_INVALID},
        {"no policy", WITH(AUD, "1", TIMES, "null", ""), PH_ERR_INVALID},
        {"a list as policy", P("[]"), PH_ERR_INVALID},
        {"keep as a number", P("{\"keep\":1}"), PH_ERR_INVALID},
        {"keep as null", P("{\"keep\":null}"), PH_ERR_INVALID},
        {"retention as text", P("{\"retention-s\":\"1h\"}"), PH_ERR_INVALID},
        {"a negative retention", P("{\"retention-s\":-1}"), PH_ERR_INVALID},
        {"a fraction of a job", P("{\"user-jobs-max\":1.5}"), PH_ERR_INVALID},
        {"an unknown title", P("{\"title\":\"reversed\"}"), PH_ERR_INVALID},
        {"a title as a number", P("{\"title\":2}"), PH_ERR_INVALID},
        {"no way to sign in", P("{\"sign-in\":[]}"), PH_ERR_INVALID},
        {"a way to sign in as text", P("{\"sign-in\":\"pin\"}"),
         PH_ERR_INVALID},
        {"nine ways",
         P("{\"sign-in\":[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\","
           "\"9\"]}"),
         PH_ERR_INVALID},
        {"a way with a blank", P("{\"sign-in\":[\"a b\"]}"), PH_ERR_INVALID},
        {"a way that is too long",
         P("{\"sign-in\":[\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
           "aaaaaaaaaaaaaaaaaaaa\"]}"),
         PH_ERR_INVALID},
        {"a NUL in a way", P("{\"sign-in\":[\"a\\u0000b\"]}"), PH_ERR_INVALID},
        {"crit of what it does not say",
         WITH(AUD, "1", TIMES, "{}", ",\"crit\":[\"keep\"]"), PH_ERR_INVALID},
        {"an empty crit", WITH(AUD, "1", TIMES, "{}", ",\"crit\":[]"),
         PH_ERR_INVALID},
        {"crit as text", WITH(AUD, "1", TIMES, "{}", ",\"crit\":\"keep\""),
         PH_ERR_INVALID},
        {"a critical member of tomorrow",
         WITH(AUD, "1", TIMES, "{\"paper\":1}", ",\"crit\":[\"paper\"]"),
         PH_ERR_UNSUPPORTED},
        {"something behind it", P("{}") "x", PH_ERR_INVALID},
    };
    struct ph_policy_message message;

    (void)state;
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        int err;

        memset(&message, 0x5a, sizeof(message));
        err = parse(cases[i].json, &message);
        if (err != cases[i].err || message.claims.issuer[0] != 0x5a)
            fail_msg("%s: %d", cases[i].wrong, err);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_proper_policy_is_read),
        cmocka_unit_test(an_empty_policy_says_nothing),
        cmocka_unit_test(policies_that_break_the_rules_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
