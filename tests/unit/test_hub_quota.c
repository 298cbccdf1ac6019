/* Quotas: whose counts, what is left, and who is not let in. */
#include "hub_fixture.h"

#include "quota.h"
#include "printhold/base/attr.h"
#include "store_reports.h"

#define ANN    "ann@example.com"
#define DAY_MS INT64_C(86400000)

static void
set_quota(struct hub_fixture *f, bool is_group, const char *who,
          enum hub_quota_period period, int64_t pages)
{
    struct hub_quota quota = {
        .is_group = is_group, .period = period, .pages = pages};

    (void)snprintf(quota.who, sizeof(quota.who), "%s", who);
    hub_fixture_begin(f);
    assert_int_equal(hub_quota_set(f->hub.store, &quota), PH_OK);
    hub_fixture_end(f);
}

static void
printed(struct hub_fixture *f, const char *login, int64_t pages)
{
    static unsigned number;
    struct hub_release release = {.device = "ws-a",
                                  .job = "00000000000000000000000000000001",
                                  .printer = "pr-lobby",
                                  .result = "printed",
                                  .pages = pages,
                                  .at_ms = hub_fixture_ms};

    (void)snprintf(release.id, sizeof(release.id), "%032x", ++number);
    (void)snprintf(release.login, sizeof(release.login), "%s", login);
    hub_fixture_begin(f);
    assert_int_equal(hub_release_add(f->hub.store, &release), PH_OK);
    hub_fixture_end(f);
}

static struct hub_quota_state
state_of(struct hub_fixture *f, const char *login, const char *group)
{
    struct hub_person person = {.name = ""};
    struct hub_quota_state state;

    (void)snprintf(person.login, sizeof(person.login), "%s", login);
    (void)snprintf(person.group, sizeof(person.group), "%s", group);
    hub_fixture_begin(f);
    assert_int_equal(
        hub_quota_check(f->hub.store, &person, hub_fixture_ms, &state), PH_OK);
    hub_fixture_end(f);
    return state;
}

static void
nobody_is_limited_until_it_is_said(void **state)
{
    struct hub_fixture *f = *state;

    printed(f, ANN, 1000);
    assert_false(state_of(f, ANN, "staff").is_limited);
    set_quota(f, true, "others", HUB_QUOTA_DAY, 1);
    set_quota(f, false, "staff", HUB_QUOTA_DAY, 1); /* a login of that name */
    assert_false(state_of(f, ANN, "staff").is_limited);
}

static void
the_persons_own_holds_instead_of_the_groups(void **state)
{
    struct hub_fixture *f = *state;

    set_quota(f, true, "staff", HUB_QUOTA_MONTH, 10);
    printed(f, "bob@example.com", 8); /* each has their own */
    printed(f, ANN, 3);
    assert_int_equal(state_of(f, ANN, "staff").left, 7);
    assert_int_equal(state_of(f, ANN, "staff").used, 3);
    set_quota(f, false, ANN, HUB_QUOTA_MONTH, 100);
    assert_int_equal(state_of(f, ANN, "staff").left, 97);
    set_quota(f, false, ANN, HUB_QUOTA_MONTH, 2); /* less than used */
    assert_int_equal(state_of(f, ANN, "staff").left, 0);
    assert_int_equal(state_of(f, ANN, "staff").limit, 2);
}

static void
a_period_ends_to_the_millisecond(void **state)
{
    struct hub_fixture *f = *state;
    struct hub_quota_state left;

    set_quota(f, false, ANN, HUB_QUOTA_DAY, 5);
    printed(f, ANN, 5);
    left = state_of(f, ANN, "");
    assert_int_equal(left.left, 0);
    assert_true(left.until_ms > hub_fixture_ms &&
                left.until_ms <= hub_fixture_ms + DAY_MS);
    hub_fixture_ms = left.until_ms - 1;
    assert_int_equal(state_of(f, ANN, "").left, 0);
    hub_fixture_ms = left.until_ms;
    assert_int_equal(state_of(f, ANN, "").left, 5);
    set_quota(f, false, ANN, HUB_QUOTA_MONTH, 20);
    left = state_of(f, ANN, ""); /* of two the tighter: 5 of 5, 15 of 20 */
    assert_int_equal(left.period, HUB_QUOTA_DAY);
    printed(f, ANN, 4);
    set_quota(f, false, ANN, HUB_QUOTA_MONTH, 9);
    left = state_of(f, ANN, ""); /* 1 of 5, 0 of 9 */
    assert_int_equal(left.period, HUB_QUOTA_MONTH);
    assert_int_equal(left.left, 0);
    set_quota(f, false, ANN, HUB_QUOTA_DAY, 4);
    left = state_of(f, ANN, ""); /* 0 of 4, 0 of 9: the longer */
    assert_int_equal(left.period, HUB_QUOTA_MONTH);
}

static void
who_has_none_left_is_told_after_the_right_secret_only(void **state)
{
    struct hub_fixture *f = *state;
    struct hub_signed_in in;

    hub_fixture_ways(f, "", "pin password code", false);
    assert_int_equal(hub_fixture_pin(f, ANN, "482913", true, 0), PH_OK);
    hub_fixture_password(f, ANN, "right");
    hub_fixture_code(f, ANN, "12345678");
    set_quota(f, false, ANN, HUB_QUOTA_DAY, 5);
    printed(f, ANN, 4);
    assert_int_equal(hub_fixture_try(f, PIN("482913"), &in), HUB_SIGN_IN_OK);
    printed(f, ANN, 3);
    assert_int_equal(hub_fixture_try(f, PIN("482913"), &in), HUB_SIGN_IN_QUOTA);
    assert_false(in.has_session);
    assert_int_equal(in.quota.limit, 5);
    assert_int_equal(TRY(f, PASSWORD(ANN, "wrong")), HUB_SIGN_IN_FAILED);
    assert_int_equal(TRY(f, PASSWORD(ANN, "right")), HUB_SIGN_IN_QUOTA);
    /* It is no guess, however often. */
    for (int i = 0; i < 20; i++)
        assert_int_equal(TRY(f, PIN("482913")), HUB_SIGN_IN_QUOTA);
    assert_int_equal(TRY(f, CODE("12345678")), HUB_SIGN_IN_QUOTA);
    set_quota(f, false, ANN, HUB_QUOTA_DAY, 8);
    assert_int_equal(TRY(f, CODE("12345678")), HUB_SIGN_IN_OK); /* still good */
}

int
main(void)
{
#define TEST(name)                                            \
    cmocka_unit_test_setup_teardown(name, hub_fixture_set_up, \
                                    hub_fixture_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(nobody_is_limited_until_it_is_said),
        TEST(the_persons_own_holds_instead_of_the_groups),
        TEST(a_period_ends_to_the_millisecond),
        TEST(who_has_none_left_is_told_after_the_right_secret_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
