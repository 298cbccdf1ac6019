/* Who may sign in where: the nearest list that names somebody decides. */
#include "hub_fixture.h"

#include "access.h"
#include "printhold/base/attr.h"

#define PRINTER HUB_ACCESS_OF_PRINTER
#define GROUP   HUB_ACCESS_OF_GROUP
#define TENANT  HUB_ACCESS_OF_TENANT

static void
the_nearest_list_that_names_somebody_decides(void **state)
{
    static const struct {
        const char *what;
        struct hub_access_said said[HUB_ACCESS_SCOPES];
        bool may;
    } cases[] = {
        {"no lists", {{.allows_some = false}}, true},
        {"a list of others", {[TENANT] = {.allows_some = true}}, false},
        {"a printer's list of others",
         {[PRINTER] = {.allows_some = true}},
         false},
        {"named by the tenant",
         {[TENANT] = {.allows_some = true, .allows_person = true}},
         true},
        {"named by the tenant, the group has a list of others",
         {[TENANT] = {.allows_some = true, .allows_person = true},
          [GROUP] = {.allows_some = true}},
         true},
        {"refused by the tenant, let in at this printer",
         {[TENANT] = {.denies_person = true},
          [PRINTER] = {.allows_some = true, .allows_person = true}},
         true},
        {"let in by the tenant, refused by the group",
         {[TENANT] = {.allows_some = true, .allows_person = true},
          [GROUP] = {.denies_group = true}},
         false},
        {"of a group that is refused, but named",
         {[GROUP] = {.denies_group = true,
                     .allows_person = true,
                     .allows_some = true}},
         true},
        {"refused and let in by name",
         {[GROUP] = {.allows_person = true,
                     .allows_some = true,
                     .denies_person = true}},
         false},
        {"of a group that is refused and let in",
         {[GROUP] = {.allows_group = true,
                     .allows_some = true,
                     .denies_group = true}},
         false},
        {"of a group that is let in, but refused by name",
         {[GROUP] = {.allows_group = true,
                     .allows_some = true,
                     .denies_person = true}},
         false},
    };

    (void)state;
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        if (hub_access_decide(cases[i].said) != cases[i].may)
            fail_msg("%s", cases[i].what);
    }
}

static void
say(struct hub_fixture *f, enum hub_access_scope scope, const char *target,
    bool is_group, const char *subject, bool allows)
{
    struct hub_access access = {
        .scope = scope, .is_group = is_group, .allows = allows};

    (void)snprintf(access.target, sizeof(access.target), "%s", target);
    (void)snprintf(access.subject, sizeof(access.subject), "%s", subject);
    hub_fixture_begin(f);
    assert_int_equal(hub_access_set(f->hub.store, &access), PH_OK);
    hub_fixture_end(f);
}

static void
forget(struct hub_fixture *f, enum hub_access_scope scope, const char *target,
       bool is_group, const char *subject)
{
    struct hub_access access = {.scope = scope, .is_group = is_group};

    (void)snprintf(access.target, sizeof(access.target), "%s", target);
    (void)snprintf(access.subject, sizeof(access.subject), "%s", subject);
    hub_fixture_begin(f);
    assert_int_equal(hub_access_remove(f->hub.store, &access), PH_OK);
    assert_int_equal(hub_access_remove(f->hub.store, &access),
                     PH_ERR_NOT_FOUND);
    hub_fixture_end(f);
}

static void
who_is_kept_out_hears_it_only_with_the_right_secret(void **state)
{
    struct hub_fixture *f = *state;
    struct hub_person ann;

    assert_int_equal(hub_fixture_pin(f, "ann@example.com", "482913", true, 0),
                     PH_OK);
    hub_fixture_code(f, "ann@example.com", "12345678");
    (void)snprintf(f->printer.group, sizeof(f->printer.group), "vault");
    say(f, GROUP, "vault", false, "bob@example.com", true);
    assert_int_equal(TRY(f, PIN("482913")), HUB_SIGN_IN_ACCESS);
    assert_int_equal(TRY(f, PIN("482914")), HUB_SIGN_IN_FAILED);
    assert_int_equal(TRY(f, CODE("12345678")), HUB_SIGN_IN_ACCESS);
    /* however often: it is no guess. One was. */
    for (int i = 0; i < 20; i++)
        assert_int_equal(TRY(f, PIN("482913")), HUB_SIGN_IN_ACCESS);
    /* a group of people */
    say(f, GROUP, "vault", true, "staff", true);
    assert_int_equal(TRY(f, PIN("482913")), HUB_SIGN_IN_ACCESS);
    hub_fixture_begin(f);
    assert_int_equal(hub_person_get(f->hub.store, "ann@example.com", &ann),
                     PH_OK);
    (void)snprintf(ann.group, sizeof(ann.group), "staff");
    assert_int_equal(hub_person_set(f->hub.store, &ann), PH_OK);
    hub_fixture_end(f);
    assert_int_equal(TRY(f, PIN("482913")), HUB_SIGN_IN_OK);
    assert_int_equal(TRY(f, CODE("12345678")), HUB_SIGN_IN_OK); /* not used */
    /* this printer, whatever the group says */
    say(f, PRINTER, "pr-lobby", true, "staff", false);
    assert_int_equal(TRY(f, PIN("482913")), HUB_SIGN_IN_ACCESS);
    forget(f, PRINTER, "pr-lobby", true, "staff");
    assert_int_equal(TRY(f, PIN("482913")), HUB_SIGN_IN_OK);
    /* somebody of no group is not of the group that has no name */
    say(f, TENANT, "", false, "ann@example.com", false);
    assert_int_equal(TRY(f, PIN("482913")),
                     HUB_SIGN_IN_OK); /* group is nearer */
    forget(f, GROUP, "vault", true, "staff");
    assert_int_equal(TRY(f, PIN("482913")), HUB_SIGN_IN_ACCESS);
}

static void
a_list_of_many_says_the_same(void **state)
{
    struct hub_fixture *f = *state;
    char login[32];

    assert_int_equal(hub_fixture_pin(f, "ann@example.com", "482913", true, 0),
                     PH_OK);
    for (int i = 0; i < 50; i++) {
        (void)snprintf(login, sizeof(login), "a%02d@example.com", i);
        say(f, TENANT, "", false, login, true);
        (void)snprintf(login, sizeof(login), "g%02d", i);
        say(f, TENANT, "", true, login, false);
    }
    assert_int_equal(TRY(f, PIN("482913")), HUB_SIGN_IN_ACCESS);
    say(f, TENANT, "", false, "ann@example.com", true);
    assert_int_equal(TRY(f, PIN("482913")), HUB_SIGN_IN_OK);
    say(f, TENANT, "", false, "ann@example.com", false);
    assert_int_equal(TRY(f, PIN("482913")), HUB_SIGN_IN_ACCESS);
}

int
main(void)
{
#define TEST(name)                                            \
    cmocka_unit_test_setup_teardown(name, hub_fixture_set_up, \
                                    hub_fixture_tear_down)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_nearest_list_that_names_somebody_decides),
        TEST(who_is_kept_out_hears_it_only_with_the_right_secret),
        TEST(a_list_of_many_says_the_same),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
