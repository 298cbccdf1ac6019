/* Policies as people type them: the bounds are those of the settings. */
#include "printhold/model/policy_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "printhold/base/attr.h"
#include "printhold/base/err.h"

static int
take(struct ph_policy *policy, const char *name, const char *text)
{
    enum ph_policy_member member;
    struct ph_why why = {""};
    int err;

    assert_int_equal(ph_policy_member_find(name, &member), PH_OK);
    err = ph_policy_take_text(policy, member, text, &why);
    if (err != PH_OK)
        assert_non_null(strstr(why.text, name));
    return err;
}

static void
what_is_typed_is_taken_and_shown_again(void **state)
{
    static const char *const values[][2] = {
        {"retention-s", "4h"},
        {"history-s", "7d"},
        {"job-size-max", "1M"},
        {"spool-size-max", "1024T"},
        {"user-size-max", "1536M"},
        {"user-jobs-max", "1000000"},
        {"keep", "no"},
        {"offline-code", "yes"},
        {"title", "first-word"},
        {"sign-in", "badge+pin otp"},
        {"confidential-amr", "mfa"},
    };
    struct ph_policy policy = {.number = {0}};
    char text[1024];

    (void)state;
    for (size_t i = 0; i < PH_COUNT(values); i++)
        assert_int_equal(take(&policy, values[i][0], values[i][1]), PH_OK);
    assert_int_equal(policy.number[PH_POLICY_RETENTION], 14400);
    assert_int_equal(policy.number[PH_POLICY_USER_SIZE], UINT64_C(1610612736));
    ph_policy_text(&policy, text, sizeof(text));
    assert_string_equal(
        text, "retention-s 4h, history-s 7d, job-size-max 1M, spool-size-max "
              "1024T, user-size-max 1536M, user-jobs-max 1000000, keep no, "
              "offline-code yes, title first-word, sign-in badge+pin otp, "
              "confidential-amr mfa");
    ph_policy_text(&policy, text, 10);
    assert_string_equal(text, "retention");
}

static void
what_no_workstation_would_do_is_refused(void **state)
{
    static const char *const values[][2] = {
        {"retention-s", "59m"},
        {"retention-s", "8d"},
        {"retention-s", "4"},
        {"retention-s", ""},
        {"retention-s", "-4h"},
        {"history-s", "0h"},
        {"job-size-max", "1023K"},
        {"job-size-max", "1025G"},
        {"spool-size-max", "1025T"},
        {"user-size-max", "much"},
        {"user-jobs-max", "0"},
        {"user-jobs-max", "1000001"},
        {"keep", "perhaps"},
        {"offline-code", ""},
        {"title", "last-word"},
        {"sign-in", ""},
        {"sign-in", "badge  otp"},
        {"sign-in", " badge"},
        {"sign-in", "badge "},
        {"sign-in", "Badge"},
        {"sign-in", "badge+"},
        {"sign-in", "a b c d e f g h i"},
        {"confidential-amr",
         "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"},
    };
    const struct ph_policy empty = {.number = {0}};
    struct ph_policy policy = empty;

    (void)state;
    for (size_t i = 0; i < PH_COUNT(values); i++) {
        if (take(&policy, values[i][0], values[i][1]) != PH_ERR_INVALID)
            fail_msg("%s = \"%s\" was taken", values[i][0], values[i][1]);
        assert_memory_equal(policy.has, empty.has, sizeof(empty.has));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_typed_is_taken_and_shown_again),
        cmocka_unit_test(what_no_workstation_would_do_is_refused),
    };

    return cmocka_run_group_tests_name("policy_text", tests, NULL, NULL);
}
