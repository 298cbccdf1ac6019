/* What a policy becomes on this computer: bounds that nothing moves (SR-50). */
#include "printhold/model/policy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "printhold/base/attr.h"
#include "printhold/base/err.h"
#include "printhold/model/job.h"

#define MIB UINT64_C(1048576)

static void
config_of(struct ph_config *config)
{
    ph_config_init(config);
    config->user_jobs_max = 50;
    config->user_size_max = 100 * MIB;
    (void)snprintf(config->title_policy, sizeof(config->title_policy),
                   "first-word");
}

static void
numbers_stay_within_bounds(void **state)
{
    static const struct {
        const char *what;
        enum ph_policy_member member;
        uint64_t said, holds;
    } cases[] = {
        {"a retention that is wanted", PH_POLICY_RETENTION, 4 * 3600, 4 * 3600},
        {"a longer retention than ours", PH_POLICY_RETENTION, 172800, 172800},
        {"a retention of nothing", PH_POLICY_RETENTION, 0, PH_RETENTION_MIN_S},
        {"a retention of ever", PH_POLICY_RETENTION, UINT64_MAX,
         PH_RETENTION_MAX_S},
        {"a short history", PH_POLICY_HISTORY, 1, PH_RETENTION_MIN_S},
        {"fewer jobs", PH_POLICY_USER_JOBS, 10, 10},
        {"more jobs than the configuration", PH_POLICY_USER_JOBS, 51, 50},
        {"no job at all", PH_POLICY_USER_JOBS, 0, 1},
        {"fewer bytes", PH_POLICY_USER_SIZE, 10 * MIB, 10 * MIB},
        {"more bytes", PH_POLICY_USER_SIZE, 101 * MIB, 100 * MIB},
        {"less than any bytes", PH_POLICY_USER_SIZE, 1, MIB},
        {"a full title", PH_POLICY_TITLE, PH_TITLE_FULL, PH_TITLE_FIRST_WORD},
        {"no title", PH_POLICY_TITLE, PH_TITLE_HIDDEN, PH_TITLE_HIDDEN},
        {"no keeping", PH_POLICY_KEEP, 0, 0},
        {"no codes", PH_POLICY_OFFLINE_CODE, 0, 0},
        {"codes", PH_POLICY_OFFLINE_CODE, 1, 1},
    };
    struct ph_config config;
    struct ph_rules rules;

    (void)state;
    config_of(&config);
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        const enum ph_policy_member member = cases[i].member;
        struct ph_policy policy = {.has = {false}};

        policy.has[member] = true;
        policy.number[member] = cases[i].said;
        ph_policy_apply(&config, &policy, &rules);
        if (rules.number[member] != cases[i].holds ||
            rules.is_clamped[member] != (cases[i].said != cases[i].holds))
            fail_msg("%s: %llu", cases[i].what,
                     (unsigned long long)rules.number[member]);
    }
}

static void
codes_that_the_configuration_forbids_stay_forbidden(void **state)
{
    struct ph_policy policy = {.has = {false}};
    struct ph_config config;
    struct ph_rules rules;

    (void)state;
    config_of(&config);
    (void)snprintf(config.offline_code, sizeof(config.offline_code), "no");
    policy.has[PH_POLICY_OFFLINE_CODE] = true;
    policy.number[PH_POLICY_OFFLINE_CODE] = 1;
    ph_policy_apply(&config, &policy, &rules);
    assert_int_equal(rules.number[PH_POLICY_OFFLINE_CODE], 0);
    assert_true(rules.is_clamped[PH_POLICY_OFFLINE_CODE]);
    assert_false(rules.is_policy[PH_POLICY_OFFLINE_CODE]);
}

static void
without_a_policy_the_configuration_holds(void **state)
{
    struct ph_config config;
    struct ph_rules rules;
    char text[64];

    (void)state;
    config_of(&config);
    ph_policy_apply(&config, NULL, &rules);
    assert_int_equal(rules.number[PH_POLICY_RETENTION], config.retention_s);
    assert_int_equal(rules.number[PH_POLICY_USER_JOBS], 50);
    assert_int_equal(rules.number[PH_POLICY_KEEP], 1);
    assert_int_equal(rules.number[PH_POLICY_TITLE], PH_TITLE_FIRST_WORD);
    assert_string_equal(rules.sign_in, "");
    assert_string_equal(rules.confidential_amr, config.confidential_amr);
    ph_rules_text(&rules, text, sizeof(text));
    assert_string_equal(text, "");
}

static void
confidential_words_are_only_added(void **state)
{
    struct ph_policy policy = {.has = {false}};
    struct ph_config config;
    struct ph_rules rules;

    (void)state;
    config_of(&config);
    policy.has[PH_POLICY_CONFIDENTIAL_AMR] = true;
    (void)snprintf(policy.confidential_amr, sizeof(policy.confidential_amr),
                   "otp");
    ph_policy_apply(&config, &policy, &rules);
    assert_string_equal(rules.confidential_amr, "badge pin otp");
}

static void
the_workstations_policy_wins_member_by_member(void **state)
{
    struct ph_policy tenant = {.has = {false}}, ours = {.has = {false}}, out;

    (void)state;
    tenant.has[PH_POLICY_RETENTION] = tenant.has[PH_POLICY_SIGN_IN] = true;
    tenant.number[PH_POLICY_RETENTION] = 7200;
    (void)snprintf(tenant.sign_in, sizeof(tenant.sign_in), "badge");
    ours.has[PH_POLICY_RETENTION] = ours.has[PH_POLICY_KEEP] = true;
    ours.number[PH_POLICY_RETENTION] = 10800;
    ph_policy_merge(&tenant, &ours, &out);
    assert_int_equal(out.number[PH_POLICY_RETENTION], 10800);
    assert_string_equal(out.sign_in, "badge");
    assert_true(out.has[PH_POLICY_KEEP]);
    assert_false(out.has[PH_POLICY_TITLE]);
    ph_policy_merge(&tenant, &ours, &ours); /* out may be one of them */
    assert_string_equal(ours.sign_in, "badge");
}

static void
what_changed_is_said_in_words(void **state)
{
    struct ph_policy policy = {.has = {false}};
    struct ph_config config;
    struct ph_rules rules;
    char text[256], small[12];

    (void)state;
    config_of(&config);
    policy.has[PH_POLICY_RETENTION] = policy.has[PH_POLICY_KEEP] =
        policy.has[PH_POLICY_TITLE] = policy.has[PH_POLICY_SIGN_IN] = true;
    policy.number[PH_POLICY_RETENTION] = 7200;
    policy.number[PH_POLICY_TITLE] = PH_TITLE_HIDDEN;
    (void)snprintf(policy.sign_in, sizeof(policy.sign_in), "badge+pin otp");
    ph_policy_apply(&config, &policy, &rules);
    ph_rules_text(&rules, text, sizeof(text));
    assert_string_equal(text, "retention-s 7200, keep no, title hidden, "
                              "sign-in badge+pin otp");
    ph_rules_text(&rules, small, sizeof(small));
    assert_string_equal(small, "retention-s");
}

static void
entries_are_words_with_one_plus_between(void **state)
{
    static const char *const good[] = {"pin", "badge+pin", "a.b-c_9+x"};
    static const char *const bad[] = {"",     "+",        "badge+", "+pin",
                                      "a++b", "a b",      "Badge",  "a,b",
                                      "a\nb", "\xc3\xa9", "a/b"};

    (void)state;
    for (size_t i = 0; i < PH_COUNT(good); i++)
        assert_true(ph_policy_is_entry(good[i]));
    for (size_t i = 0; i < PH_COUNT(bad); i++)
        if (ph_policy_is_entry(bad[i]))
            fail_msg("'%s' was taken", bad[i]);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_stay_within_bounds),
        cmocka_unit_test(codes_that_the_configuration_forbids_stay_forbidden),
        cmocka_unit_test(without_a_policy_the_configuration_holds),
        cmocka_unit_test(confidential_words_are_only_added),
        cmocka_unit_test(the_workstations_policy_wins_member_by_member),
        cmocka_unit_test(what_changed_is_said_in_words),
        cmocka_unit_test(entries_are_words_with_one_plus_between),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
