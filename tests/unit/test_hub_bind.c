/* A person signs in from a workstation, and the hub knows it as theirs. */
#include "hub_fixture.h"

#include "audit.h"
#include "printhold/base/attr.h"
#include "routes.h"
#include "store_audit.h"

#define ANN   "ann@example.com"
#define RIGHT "correct horse"

static enum hub_sign_in_verdict
bind_as(struct hub_fixture *f, const char *ws, const char *login,
        const char *password)
{
    struct ph_sign_in request = {.way = PH_SIGN_IN_PASSWORD};
    struct hub_device device = {.kind = PH_IDENTITY_WORKSTATION};
    struct hub_signed_in in;

    (void)snprintf(device.id, sizeof(device.id), "%s", ws);
    (void)snprintf(request.login, sizeof(request.login), "%s", login);
    (void)snprintf(request.password, sizeof(request.password), "%s", password);
    assert_int_equal(
        hub_sign_in_bind(&f->hub, &device, &request, hub_fixture_ms, &in),
        PH_OK);
    assert_false(in.has_session);
    assert_string_equal(in.session, "");
    return in.verdict;
}

static bool
is_bound(struct hub_fixture *f, const char *ws, const char *login)
{
    bool has = false;

    hub_fixture_begin(f);
    assert_int_equal(hub_binding_has(f->hub.store, ws, login, &has), PH_OK);
    hub_fixture_end(f);
    return has;
}

static int
set_up(void **state)
{
    struct hub_fixture *f;

    if (hub_fixture_set_up(state) != 0)
        return -1;
    f = *state;
    hub_fixture_device(f, "ws-1", PH_IDENTITY_WORKSTATION, "");
    hub_fixture_device(f, "ws-2", PH_IDENTITY_WORKSTATION, "");
    hub_fixture_password(f, ANN, RIGHT);
    hub_fixture_password(f, "bob@example.com", "another word");
    return 0;
}

static void
the_right_password_binds_this_workstation_to_this_person(void **state)
{
    struct hub_fixture *f = *state;

    assert_int_equal(bind_as(f, "ws-1", ANN, RIGHT), HUB_SIGN_IN_OK);
    assert_true(is_bound(f, "ws-1", ANN));
    assert_false(is_bound(f, "ws-2", ANN));
    assert_false(is_bound(f, "ws-1", "bob@example.com"));
    assert_int_equal(bind_as(f, "ws-1", ANN, RIGHT), HUB_SIGN_IN_OK);
}

static const struct {
    const char *name, *login, *password;
} wrong[] = {
    {"a wrong password", ANN, "wrong one"},
    {"another's password", ANN, "another word"},
    {"an empty password", ANN, ""},
    {"a person without a password", "eve@example.com", RIGHT},
    {"nobody", "nobody@example.com", RIGHT},
};

static void
what_is_wrong_is_refused_alike_and_binds_nothing(void **state)
{
    struct hub_fixture *f = *state;

    hub_fixture_person(f, "eve@example.com");
    for (size_t i = 0; i < PH_COUNT(wrong); i++) {
        if (bind_as(f, "ws-1", wrong[i].login, wrong[i].password) !=
            HUB_SIGN_IN_FAILED)
            fail_msg("%s", wrong[i].name);
        assert_false(is_bound(f, "ws-1", wrong[i].login));
    }
}

static void
who_is_blocked_is_refused_alike(void **state)
{
    struct hub_fixture *f = *state;
    struct hub_person ann;

    hub_fixture_begin(f);
    assert_int_equal(hub_person_get(f->hub.store, ANN, &ann), PH_OK);
    ann.is_blocked = true;
    assert_int_equal(hub_person_set(f->hub.store, &ann), PH_OK);
    hub_fixture_end(f);
    assert_int_equal(bind_as(f, "ws-1", ANN, RIGHT), HUB_SIGN_IN_FAILED);
    assert_false(is_bound(f, "ws-1", ANN));
}

/* With those at printers, and a restart gives nothing back. */
static void
tries_count_for_the_person_wherever_they_are(void **state)
{
    struct hub_fixture *f = *state;

    for (int i = 0; i < 3; i++)
        assert_int_equal(bind_as(f, "ws-1", ANN, "wrong"), HUB_SIGN_IN_FAILED);
    for (int i = 0; i < 2; i++)
        assert_int_equal(TRY(f, PASSWORD(ANN, "wrong")), HUB_SIGN_IN_FAILED);
    assert_int_equal(bind_as(f, "ws-2", ANN, RIGHT), HUB_SIGN_IN_LIMIT);
    assert_int_equal(TRY(f, PASSWORD(ANN, RIGHT)), HUB_SIGN_IN_LIMIT);
    hub_fixture_reopen(f);
    assert_int_equal(bind_as(f, "ws-2", ANN, RIGHT), HUB_SIGN_IN_LIMIT);
    assert_false(is_bound(f, "ws-2", ANN));
    assert_int_equal(bind_as(f, "ws-1", "bob@example.com", "another word"),
                     HUB_SIGN_IN_OK);
}

static void
a_workstation_has_ten_of_all_people(void **state)
{
    struct hub_fixture *f = *state;
    char login[64];

    for (int i = 0; i < 10; i++) {
        (void)snprintf(login, sizeof(login), "p%d@example.com", i);
        assert_int_equal(bind_as(f, "ws-1", login, "x"), HUB_SIGN_IN_FAILED);
    }
    assert_int_equal(bind_as(f, "ws-1", ANN, RIGHT), HUB_SIGN_IN_LIMIT);
    assert_int_equal(bind_as(f, "ws-2", ANN, RIGHT), HUB_SIGN_IN_OK);
}

/* Printers' ways, lists and quotas are of printers. */
static void
what_printers_take_plays_no_part(void **state)
{
    struct hub_fixture *f = *state;

    hub_fixture_ways(f, "", "badge", false);
    assert_int_equal(bind_as(f, "ws-1", ANN, RIGHT), HUB_SIGN_IN_OK);
}

static int
count_binds(const struct hub_audit_record *record, void *arg)
{
    unsigned *counts = arg;

    if (strcmp(record->act.actor, "ws-1") != 0)
        return PH_OK;
    if (strcmp(record->act.act, "workstation.bind") == 0 &&
        strcmp(record->act.object, "ws-1") == 0 &&
        strcmp(record->act.detail, ANN) == 0)
        counts[0]++;
    else if (strcmp(record->act.act, "sign-in") == 0 &&
             record->act.object[0] == '\0')
        counts[1]++;
    return PH_OK;
}

static void
every_try_is_on_the_record(void **state)
{
    struct hub_fixture *f = *state;
    unsigned counts[2] = {0, 0};

    assert_int_equal(bind_as(f, "ws-1", ANN, "wrong"), HUB_SIGN_IN_FAILED);
    assert_int_equal(bind_as(f, "ws-1", ANN, RIGHT), HUB_SIGN_IN_OK);
    hub_fixture_begin(f);
    assert_int_equal(hub_audit_each(f->hub.store, 0, count_binds, counts),
                     PH_OK);
    hub_fixture_end(f);
    assert_int_equal(counts[0], 1);
    assert_int_equal(counts[1], 1);
}

static void
the_route_is_for_workstations_only(void **state)
{
    size_t count, found = 0;
    const struct ph_http_route *routes = hub_routes(&count);

    (void)state;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(routes[i].pattern, "/v1/bind") != 0)
            continue;
        found++;
        assert_int_equal(routes[i].method, PH_HTTP_POST);
        assert_int_equal(routes[i].access, HUB_ROLE_WORKSTATION);
        assert_true(hub_route_takes_body(&routes[i]));
        assert_false(hub_route_is_for_superseded(&routes[i]));
    }
    assert_int_equal(found, 1);
}

#define WITH_HUB(test) \
    cmocka_unit_test_setup_teardown(test, set_up, hub_fixture_tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_HUB(the_right_password_binds_this_workstation_to_this_person),
        WITH_HUB(what_is_wrong_is_refused_alike_and_binds_nothing),
        WITH_HUB(who_is_blocked_is_refused_alike),
        WITH_HUB(tries_count_for_the_person_wherever_they_are),
        WITH_HUB(a_workstation_has_ten_of_all_people),
        WITH_HUB(what_printers_take_plays_no_part),
        WITH_HUB(every_try_is_on_the_record),
        cmocka_unit_test(the_route_is_for_workstations_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
