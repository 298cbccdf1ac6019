/* The decision about a grant, at every boundary. */
#include "release_auth.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "printhold/base/attr.h"
#include "printhold/base/err.h"

#define THUMB  "0123456789012345678901234567890123456789012"
#define IAT    INT64_C(1000000)
#define IAT_MS (IAT * 1000)

static const struct ph_release_policy policy = {
    .tenant = "acme", .workstation = "ws-1", .issuer = "https://hub"};

static struct ph_identity
good_peer(void)
{
    struct ph_identity peer = {.kind = PH_IDENTITY_PRINTER,
                               .tenant = "acme",
                               .id = "pr-1",
                               .thumbprint = THUMB};

    return peer;
}

static struct ph_grant
good_grant(void)
{
    struct ph_grant grant = {
        .issuer = "https://hub",
        .audience = {"ws-0", "ws-1"},
        .audience_count = 2,
        .subject = "Ann@Example.com",
        .thumbprint = THUMB,
        .issued_s = IAT,
        .not_before_s = IAT,
        .expires_s = IAT + 120,
        .all_jobs = true,
    };

    return grant;
}

static enum ph_release_refusal
decide(const struct ph_grant *grant, int64_t now_ms, int64_t high_ms)
{
    const struct ph_identity peer = good_peer();
    char login[PH_LOGIN_MAX] = "unset";
    struct ph_why why = {""};
    enum ph_release_refusal refusal = ph_release_auth_decide(
        &policy, &peer, grant, now_ms, high_ms, login, &why);

    if (refusal == PH_REFUSE_NONE) {
        assert_string_equal(login, "ann@example.com");
    } else {
        assert_true(why.text[0] != '\0');
        assert_string_equal(login, "unset");
    }
    return refusal;
}

/* SR-43: every boundary one second before, at and one second behind it, and
 * one millisecond behind it. Seconds count from iat. */
static void
the_time_of_a_grant_has_a_leeway_of_a_minute(void **state)
{
    static const struct {
        const char *boundary;
        int64_t now_ms;
        int64_t nbf_s;
        int64_t life_s;
        enum ph_release_refusal refusal;
    } cases[] = {
        {"iat, in the leeway", -59000, 0, 120, PH_REFUSE_NONE},
        {"iat, at the leeway", -60000, 0, 120, PH_REFUSE_NONE},
        {"iat, out of it", -60001, 0, 120, PH_REFUSE_TIME},
        {"iat, a second out of it", -61000, 0, 120, PH_REFUSE_TIME},
        {"iat, exactly", 0, 0, 120, PH_REFUSE_NONE},
        {"nbf later than iat, in", 31000, 90, 120, PH_REFUSE_NONE},
        {"nbf later than iat, at", 30000, 90, 120, PH_REFUSE_NONE},
        {"nbf later than iat, out", 29999, 90, 120, PH_REFUSE_TIME},
        {"nbf later than iat, a second out", 29000, 90, 120, PH_REFUSE_TIME},
        {"nbf earlier than iat opens nothing", -61000, -900, 120,
         PH_REFUSE_TIME},
        {"exp, exactly", 120000, 0, 120, PH_REFUSE_NONE},
        {"exp, a second behind", 121000, 0, 120, PH_REFUSE_NONE},
        {"exp, in the leeway", 179000, 0, 120, PH_REFUSE_NONE},
        {"exp, at the leeway", 180000, 0, 120, PH_REFUSE_NONE},
        {"exp, out of it", 180001, 0, 120, PH_REFUSE_TIME},
        {"exp, a second out of it", 181000, 0, 120, PH_REFUSE_TIME},
        {"a life of a second", 61000, 0, 1, PH_REFUSE_NONE},
        {"a life of a second, over", 61001, 0, 1, PH_REFUSE_TIME},
        {"the longest life less a second", 0, 0, 299, PH_REFUSE_NONE},
        {"the longest life", 0, 0, 300, PH_REFUSE_NONE},
        {"the longest life and a second", 0, 0, 301, PH_REFUSE_TIME},
        {"the longest life, at its end", 360000, 0, 300, PH_REFUSE_NONE},
        {"the longest life, over", 360001, 0, 300, PH_REFUSE_TIME},
        {"a year", 0, 0, 31536000, PH_REFUSE_TIME},
    };

    (void)state;
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        struct ph_grant grant = good_grant();

        grant.not_before_s = IAT + cases[i].nbf_s;
        grant.expires_s = IAT + cases[i].life_s;
        if (decide(&grant, IAT_MS + cases[i].now_ms, 0) != cases[i].refusal)
            fail_msg("%s", cases[i].boundary);
    }
}

/* SR-43: iss and aud are compared whole and by the byte. */
static void
an_issuer_or_workstation_that_is_almost_ours_is_not(void **state)
{
    static const char *const issuers[] = {
        "https://hu",   "https://hubx",     "https://hub/",
        "https://HUB",  "http://hub",       " https://hub",
        "https://hub ", "https://hub.evil", "x"};
    static const char *const audiences[] = {"ws-",   "ws-11", "WS-1", "ws-1 ",
                                            " ws-1", "ws-1/", "*",    "ws_1"};
    struct ph_grant grant;

    (void)state;
    for (size_t i = 0; i < PH_COUNT(issuers); i++) {
        grant = good_grant();
        (void)snprintf(grant.issuer, sizeof(grant.issuer), "%s", issuers[i]);
        assert_int_equal(decide(&grant, IAT_MS, 0), PH_REFUSE_ISSUER);
    }
    for (size_t i = 0; i < PH_COUNT(audiences); i++) {
        grant = good_grant();
        (void)snprintf(grant.audience[1], sizeof(grant.audience[1]), "%s",
                       audiences[i]);
        assert_int_equal(decide(&grant, IAT_MS, 0), PH_REFUSE_AUDIENCE);
    }
}

/* SR-46 */
static void
a_clock_behind_what_was_stored_takes_nothing(void **state)
{
    const struct ph_grant grant = good_grant();

    (void)state;
    assert_int_equal(decide(&grant, IAT_MS, IAT_MS + 60000), PH_REFUSE_NONE);
    assert_int_equal(decide(&grant, IAT_MS, IAT_MS + 60001), PH_REFUSE_CLOCK);
    assert_int_equal(decide(&grant, IAT_MS, IAT_MS + 7200000), PH_REFUSE_CLOCK);
}

static void
each_claim_must_be_ours(void **state)
{
    struct ph_grant grant = good_grant();

    (void)state;
    (void)snprintf(grant.issuer, sizeof(grant.issuer), "https://hub2");
    assert_int_equal(decide(&grant, IAT_MS, 0), PH_REFUSE_ISSUER);
    grant = good_grant();
    grant.audience_count = 1;
    assert_int_equal(decide(&grant, IAT_MS, 0), PH_REFUSE_AUDIENCE);
    grant = good_grant();
    grant.thumbprint[42] = '3';
    assert_int_equal(decide(&grant, IAT_MS, 0), PH_REFUSE_BINDING);
    grant = good_grant();
    (void)snprintf(grant.subject, sizeof(grant.subject), "a b@c.d");
    assert_int_equal(decide(&grant, IAT_MS, 0), PH_REFUSE_SUBJECT);
    grant.subject[0] = '\0';
    assert_int_equal(decide(&grant, IAT_MS, 0), PH_REFUSE_SUBJECT);
}

static void
without_an_issuer_nobody_is_trusted(void **state)
{
    struct ph_release_policy nobody = policy;
    struct ph_grant grant = good_grant();
    const struct ph_identity peer = good_peer();
    char login[PH_LOGIN_MAX];
    struct ph_why why;

    (void)state;
    nobody.issuer = "";
    grant.issuer[0] = '\0';
    assert_int_equal(
        ph_release_auth_decide(&nobody, &peer, &grant, IAT_MS, 0, login, &why),
        PH_REFUSE_NO_ISSUER);
}

static void
only_printers_of_our_tenant_are_admitted(void **state)
{
    struct ph_identity peer = good_peer();
    struct ph_why why;

    (void)state;
    assert_true(ph_release_auth_admit(&policy, &peer, &why));
    peer.kind = PH_IDENTITY_WORKSTATION;
    assert_false(ph_release_auth_admit(&policy, &peer, &why));
    peer.kind = PH_IDENTITY_SERVICE;
    assert_false(ph_release_auth_admit(&policy, &peer, &why));
    peer = good_peer();
    (void)snprintf(peer.tenant, sizeof(peer.tenant), "acme2");
    assert_false(ph_release_auth_admit(&policy, &peer, &why));
}

static void
a_confidential_job_needs_every_way_that_the_policy_names(void **state)
{
    static const struct {
        const char *policy;
        const char *methods[3];
        bool strong;
    } cases[] = {
        {"badge pin", {"badge", "pin"}, true},
        {"badge pin", {"pin", "x", "badge"}, true},
        {"badge,pin", {"badge", "pin"}, true},
        {"badge+pin", {"badge", "pin"}, true},
        {"badge pin", {"badge"}, false},
        {"badge pin", {"pin"}, false},
        {"badge pin", {NULL}, false},
        {"badge pin", {"badge pin"}, false},
        {"badge pin", {"Badge", "pin"}, false},
        {"badge pin", {"badges", "pin"}, false},
        {"mfa", {"mfa"}, true},
        /* No demand at all is a mistake, not a permission. */
        {" , ", {"badge", "pin"}, false},
    };

    (void)state;
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        struct ph_release_policy asked = policy;
        char methods[PH_GRANT_METHODS_MAX][PH_GRANT_METHOD_MAX] = {""};
        size_t count = 0;

        asked.confidential_amr = cases[i].policy;
        while (count < 3 && cases[i].methods[count] != NULL) {
            (void)snprintf(methods[count], sizeof(methods[count]), "%s",
                           cases[i].methods[count]);
            count++;
        }
        if (ph_release_auth_is_strong(&asked, methods, count) !=
            cases[i].strong)
            fail_msg("case %zu: %s", i, cases[i].policy);
    }
}

static void
a_grant_needs_one_of_the_ways_that_the_organisation_allows(void **state)
{
    static const struct {
        const char *sign_in;
        const char *methods[3];
        bool allowed;
    } cases[] = {
        {"", {"pin"}, true},
        {"pin", {"pin"}, true},
        {"badge", {"pin"}, false},
        {"badge", {"badge", "pin"}, true},
        {"badge+pin", {"badge"}, false},
        {"badge+pin", {"pin", "badge"}, true},
        {"badge+pin otp", {"otp"}, true},
        {"badge+pin otp", {"pin", "face"}, false},
        {"badge+pin", {"badge+pin"}, false},
        {"pin", {"pi"}, false},
        {"pi", {"pin"}, false},
    };

    (void)state;
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        struct ph_release_policy asked = policy;
        const struct ph_identity peer = good_peer();
        struct ph_grant grant = good_grant();
        char login[PH_LOGIN_MAX];
        struct ph_why why;

        asked.sign_in = cases[i].sign_in;
        while (grant.method_count < 3 &&
               cases[i].methods[grant.method_count] != NULL) {
            (void)snprintf(grant.method[grant.method_count],
                           PH_GRANT_METHOD_MAX, "%s",
                           cases[i].methods[grant.method_count]);
            grant.method_count++;
        }
        if (ph_release_auth_decide(&asked, &peer, &grant, IAT_MS, IAT_MS, login,
                                   &why) !=
            (cases[i].allowed ? PH_REFUSE_NONE : PH_REFUSE_METHOD))
            fail_msg("case %zu: %s", i, cases[i].sign_in);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_time_of_a_grant_has_a_leeway_of_a_minute),
        cmocka_unit_test(an_issuer_or_workstation_that_is_almost_ours_is_not),
        cmocka_unit_test(a_clock_behind_what_was_stored_takes_nothing),
        cmocka_unit_test(each_claim_must_be_ours),
        cmocka_unit_test(without_an_issuer_nobody_is_trusted),
        cmocka_unit_test(only_printers_of_our_tenant_are_admitted),
        cmocka_unit_test(
            a_confidential_job_needs_every_way_that_the_policy_names),
        cmocka_unit_test(
            a_grant_needs_one_of_the_ways_that_the_organisation_allows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
