/* What the hub says to workstations, and when: versions, groups, commands until
 * they are answered. */
#include "hub_fixture.h"

#include "printhold/base/attr.h"
#include "printhold/proto/command.h"
#include "printhold/proto/denied_message.h"
#include "printhold/proto/policy.h"
#include "printhold/proto/token.h"
#include "sayings.h"
#include "store_commands.h"
#include "store_policy.h"

static struct hub_sayings
say(struct hub_fixture *f, enum hub_say what)
{
    struct hub_sayings sayings = {.first = NULL};

    sayings.last = &sayings.first;
    assert_int_equal(hub_sayings_make(&f->hub, what, hub_fixture_ms, &sayings),
                     PH_OK);
    if (sayings.first == NULL) /* it points into what is copied */
        sayings.last = NULL;
    return sayings;
}

static void
clear(struct hub_sayings *sayings)
{
    hub_sayings_clear(sayings);
}

static const struct hub_saying *
find(const struct hub_sayings *sayings, const char *topic)
{
    for (const struct hub_saying *it = sayings->first; it != NULL;
         it = it->next) {
        if (strcmp(it->topic, topic) == 0)
            return it;
    }
    return NULL;
}

/* Claims of a token, checked with the hub's own public key. */
static void
open_saying(struct hub_fixture *f, const struct hub_saying *saying,
            const char *type, struct ph_buf *claims)
{
    struct ph_jws_keyset *keys = NULL;
    char path[400];
    struct ph_why why = {""};

    assert_non_null(saying);
    (void)snprintf(path, sizeof(path), "%s/issuer.pub", f->dir);
    assert_int_equal(ph_jws_keyset_load(path, &keys, &why), PH_OK);
    assert_int_equal(ph_token_open(saying->token, saying->len, type, "message",
                                   keys, claims, &why),
                     PH_OK);
    ph_jws_keyset_free(keys);
}

static struct ph_policy_message
policy_at(struct hub_fixture *f, const struct hub_sayings *sayings,
          const char *topic)
{
    struct ph_policy_message message;
    struct ph_buf claims;

    ph_buf_init(&claims, PH_JWS_MAX);
    open_saying(f, find(sayings, topic), PH_TOKEN_POLICY, &claims);
    assert_true(find(sayings, topic)->retain);
    assert_int_equal(ph_policy_parse(claims.data, claims.len, &message, NULL),
                     PH_OK);
    ph_buf_close(&claims);
    return message;
}

static void
set(struct hub_fixture *f, enum hub_policy_scope scope, const char *target,
    uint64_t retention_s)
{
    struct ph_policy policy = {.number = {0}};

    policy.has[PH_POLICY_RETENTION] = retention_s > 0;
    policy.number[PH_POLICY_RETENTION] = retention_s;
    hub_fixture_begin(f);
    assert_int_equal(
        hub_policy_set(f->hub.store, scope, target, &policy, hub_fixture_ms),
        PH_OK);
    hub_fixture_end(f);
}

static void
a_version_rises_only_when_what_is_said_has_changed(void **state)
{
    struct hub_fixture *f = *state;
    struct hub_sayings sayings = say(f, HUB_SAY_ALL);
    uint64_t first, second;

    assert_non_null(find(&sayings, "ph1/acme/cfg/keys"));
    assert_null(find(&sayings, "ph1/acme/cfg/policy")); /* nothing was set */
    clear(&sayings);
    set(f, HUB_POLICY_OF_TENANT, "", 3600);
    sayings = say(f, HUB_SAY_CHANGED);
    assert_null(find(&sayings, "ph1/acme/cfg/keys"));
    first = policy_at(f, &sayings, "ph1/acme/cfg/policy").version;
    assert_true(first >= (uint64_t)hub_fixture_ms / 1000);
    clear(&sayings);
    sayings = say(f, HUB_SAY_CHANGED);
    assert_null(sayings.first);
    sayings = say(f, HUB_SAY_ALL);
    assert_int_equal(policy_at(f, &sayings, "ph1/acme/cfg/policy").version,
                     first);
    clear(&sayings);
    hub_fixture_ms -= 86400000; /* a clock that is set back lowers none */
    set(f, HUB_POLICY_OF_TENANT, "", 0);
    sayings = say(f, HUB_SAY_CHANGED);
    second = policy_at(f, &sayings, "ph1/acme/cfg/policy").version;
    assert_int_equal(second, first + 1);
    assert_false(policy_at(f, &sayings, "ph1/acme/cfg/policy")
                     .policy.has[PH_POLICY_RETENTION]);
    clear(&sayings);
}

static void
a_workstation_is_told_its_own_over_its_groups(void **state)
{
    static const char topic[] = "ph1/acme/cfg/ws/ws-a";
    struct hub_fixture *f = *state;
    struct hub_sayings sayings;
    struct ph_policy_message message;
    struct hub_device device;

    hub_fixture_device(f, "ws-a", PH_IDENTITY_WORKSTATION, "desks");
    hub_fixture_device(f, "ws-b", PH_IDENTITY_WORKSTATION, "");
    set(f, HUB_POLICY_OF_GROUP, "desks", 7200);
    sayings = say(f, HUB_SAY_CHANGED);
    message = policy_at(f, &sayings, topic);
    assert_int_equal(message.policy.number[PH_POLICY_RETENTION], 7200);
    assert_true(ph_message_is_for(&message.claims, "ws-a"));
    assert_string_equal(message.claims.issuer, f->hub.tenant.issuer);
    assert_null(find(&sayings, "ph1/acme/cfg/ws/ws-b"));
    clear(&sayings);
    set(f, HUB_POLICY_OF_WORKSTATION, "ws-a", 10800);
    sayings = say(f, HUB_SAY_CHANGED);
    message = policy_at(f, &sayings, topic);
    assert_int_equal(message.policy.number[PH_POLICY_RETENTION], 10800);
    clear(&sayings);
    /* it leaves the group, and loses its own: the empty one is said */
    set(f, HUB_POLICY_OF_WORKSTATION, "ws-a", 0);
    hub_fixture_begin(f);
    assert_int_equal(hub_device_get(f->hub.store, "ws-a", &device), PH_OK);
    device.group[0] = '\0';
    assert_int_equal(hub_device_set(f->hub.store, &device), PH_OK);
    hub_fixture_end(f);
    sayings = say(f, HUB_SAY_CHANGED);
    message = policy_at(f, &sayings, topic);
    assert_false(message.policy.has[PH_POLICY_RETENTION]);
    clear(&sayings);
    /* who was revoked is told nothing */
    hub_fixture_begin(f);
    device.is_revoked = true;
    assert_int_equal(hub_device_set(f->hub.store, &device), PH_OK);
    hub_fixture_end(f);
    sayings = say(f, HUB_SAY_ALL);
    assert_null(find(&sayings, topic));
    clear(&sayings);
}

static struct ph_denied *
denied_at(struct hub_fixture *f, const struct hub_sayings *sayings)
{
    struct ph_denied_message message;
    struct ph_buf claims;

    ph_buf_init(&claims, PH_TOKEN_DENIED_MAX);
    open_saying(f, find(sayings, "ph1/acme/cfg/denied"), PH_TOKEN_DENIED,
                &claims);
    assert_int_equal(
        ph_denied_message_parse(claims.data, claims.len, &message, NULL),
        PH_OK);
    ph_buf_close(&claims);
    return message.denied;
}

static void
set_revoked(struct hub_fixture *f, const char *id, bool is_revoked)
{
    struct hub_device device;

    hub_fixture_begin(f);
    assert_int_equal(hub_device_get(f->hub.store, id, &device), PH_OK);
    device.is_revoked = is_revoked;
    assert_int_equal(hub_device_set(f->hub.store, &device), PH_OK);
    hub_fixture_end(f);
}

static void
a_revoked_printer_is_denied_by_its_id_and_later_by_its_certificates(
    void **state)
{
    static const char thumb[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQ";
    struct hub_fixture *f = *state;
    struct hub_certificate cert = {.device = "pr-old",
                                   .state = HUB_CERTIFICATE_REVOKED,
                                   .not_after_ms = hub_fixture_ms + 86400000};
    struct ph_identity peer = {.kind = PH_IDENTITY_PRINTER, .id = "pr-old"};
    struct hub_sayings sayings = say(f, HUB_SAY_ALL);
    struct ph_denied *denied;

    assert_null(find(&sayings, "ph1/acme/cfg/denied"));
    clear(&sayings);
    hub_fixture_device(f, "pr-old", PH_IDENTITY_PRINTER, "");
    hub_fixture_device(f, "ws-a", PH_IDENTITY_WORKSTATION, "");
    (void)snprintf(cert.thumbprint, sizeof(cert.thumbprint), "%s", thumb);
    hub_fixture_begin(f);
    assert_int_equal(hub_certificate_add(f->hub.store, &cert, "pem"), PH_OK);
    hub_fixture_end(f);
    set_revoked(f, "pr-old", true);
    set_revoked(f, "ws-a", true);
    sayings = say(f, HUB_SAY_CHANGED);
    denied = denied_at(f, &sayings);
    assert_int_equal(ph_denied_count(denied), 1); /* no workstation */
    assert_true(ph_denied_has(denied, &peer));
    ph_denied_free(denied);
    clear(&sayings);
    set_revoked(f, "pr-old", false); /* enrolled again */
    sayings = say(f, HUB_SAY_CHANGED);
    denied = denied_at(f, &sayings);
    assert_int_equal(ph_denied_count(denied), 1);
    assert_false(ph_denied_has(denied, &peer));
    memcpy(peer.thumbprint, thumb, sizeof(thumb));
    assert_true(ph_denied_has(denied, &peer));
    ph_denied_free(denied);
    clear(&sayings);
    hub_fixture_ms += 86400001; /* it has ended by itself */
    sayings = say(f, HUB_SAY_CHANGED);
    denied = denied_at(f, &sayings);
    assert_int_equal(ph_denied_count(denied), 0);
    ph_denied_free(denied);
    clear(&sayings);
}

/* --- commands --- */

#define JTI "0123456789abcdef0123456789abcdef"

static int64_t
order(struct hub_fixture *f, enum ph_command_op op, const char *login)
{
    struct hub_ws_command command = {
        .jti = JTI,
        .device = "ws-a",
        .op = op,
        .made_ms = hub_fixture_ms,
        .expires_ms = hub_fixture_ms + 3600000,
    };

    (void)snprintf(command.login, sizeof(command.login), "%s", login);
    if (op == PH_COMMAND_PURGE_USER)
        assert_int_equal(ph_identity_user_key(f->hub.directory_key,
                                              HUB_KEY_BYTES, login, command.uk),
                         PH_OK);
    hub_fixture_begin(f);
    assert_int_equal(hub_ws_command_add(f->hub.store, &command), PH_OK);
    hub_fixture_end(f);
    return command.number;
}

static struct hub_ws_command
look(struct hub_fixture *f, int64_t number)
{
    struct hub_ws_command command;

    hub_fixture_begin(f);
    assert_int_equal(hub_ws_command_get(f->hub.store, number, &command), PH_OK);
    hub_fixture_end(f);
    return command;
}

static bool
is_said(struct hub_fixture *f, enum hub_say what)
{
    struct hub_sayings sayings = say(f, what);
    const struct hub_saying *saying = find(&sayings, "ph1/acme/cmd/ws-a");
    struct ph_command command;
    struct ph_buf claims;
    const bool is = saying != NULL;

    if (is) {
        ph_buf_init(&claims, PH_JWS_MAX);
        open_saying(f, saying, PH_TOKEN_COMMAND, &claims);
        assert_int_equal(
            ph_command_parse(claims.data, claims.len, &command, NULL), PH_OK);
        assert_string_equal(command.jti, JTI);
        assert_false(saying->retain);
        assert_true(saying->expiry_s > 0 && saying->expiry_s <= 3600);
        ph_buf_close(&claims);
    }
    clear(&sayings);
    return is;
}

static void
answer(struct hub_fixture *f, const char *device, const char *refused,
       int64_t busy)
{
    struct ph_event_said said = {.kind = PH_EVENT_COMMAND_DONE};

    (void)snprintf(said.workstation, sizeof(said.workstation), "%s", device);
    (void)snprintf(said.u.command.cause, sizeof(said.u.command.cause), JTI);
    said.u.command.result = (struct ph_command_result){.deleted = 2,
                                                       .busy = busy,
                                                       .not_found = -1,
                                                       .history = -1,
                                                       .codes = -1,
                                                       .events = -1,
                                                       .documents = -1};
    if (refused != NULL) {
        said.kind = PH_EVENT_COMMAND_REFUSED;
        (void)snprintf(said.u.command.reason, sizeof(said.u.command.reason),
                       "%s", refused);
    }
    hub_fixture_begin(f);
    assert_int_equal(
        hub_ws_command_answered(f->hub.store, &said, hub_fixture_ms), PH_OK);
    hub_fixture_end(f);
}

static void
a_command_is_said_again_with_pauses_until_it_is_answered(void **state)
{
    struct hub_fixture *f = *state;
    int64_t number;

    hub_fixture_device(f, "ws-a", PH_IDENTITY_WORKSTATION, "");
    number = order(f, PH_COMMAND_REFRESH, "");
    assert_true(is_said(f, HUB_SAY_DUE));
    assert_false(is_said(f, HUB_SAY_DUE));
    assert_true(is_said(f, HUB_SAY_ALL)); /* a new connection */
    hub_fixture_ms += hub_saying_pause_ms(1);
    assert_true(is_said(f, HUB_SAY_DUE));
    hub_fixture_ms += hub_saying_pause_ms(2) - 1;
    assert_false(is_said(f, HUB_SAY_DUE));
    hub_fixture_begin(f);
    assert_int_equal(hub_ws_command_hurry(f->hub.store, "ws-a", hub_fixture_ms),
                     PH_OK);
    hub_fixture_end(f);
    assert_true(is_said(f, HUB_SAY_DUE)); /* it has come back */
    answer(f, "ws-b", NULL, 0);           /* not of whom was asked */
    assert_int_equal(look(f, number).state, HUB_COMMAND_WAITING);
    answer(f, "ws-a", NULL, 0);
    assert_int_equal(look(f, number).state, HUB_COMMAND_DONE);
    assert_string_equal(look(f, number).answer, "{\"deleted\":2,\"busy\":0}");
    answer(f, "ws-a", "no-user", 0); /* the first answer counts */
    assert_int_equal(look(f, number).state, HUB_COMMAND_DONE);
    hub_fixture_ms += 1000000;
    assert_false(is_said(f, HUB_SAY_ALL));
}

static void
a_command_expires_and_a_late_answer_still_counts(void **state)
{
    struct hub_fixture *f = *state;
    int64_t number;

    hub_fixture_device(f, "ws-a", PH_IDENTITY_WORKSTATION, "");
    number = order(f, PH_COMMAND_DELETE_JOBS, "ann@example.com");
    hub_fixture_ms += 3600000;
    assert_false(is_said(f, HUB_SAY_ALL));
    assert_int_equal(look(f, number).state, HUB_COMMAND_EXPIRED);
    answer(f, "ws-a", "no-user", 0);
    assert_int_equal(look(f, number).state, HUB_COMMAND_REFUSED);
    assert_string_equal(look(f, number).answer, "{\"reason\":\"no-user\"}");
}

static int
count_teller(const char *device, void *arg)
{
    assert_string_equal(device, "ws-a");
    ++*(size_t *)arg;
    return PH_OK;
}

static size_t
tellers(struct hub_fixture *f, const char *uk)
{
    size_t count = 0;

    hub_fixture_begin(f);
    assert_int_equal(hub_teller_each(f->hub.store, uk, count_teller, &count),
                     PH_OK);
    hub_fixture_end(f);
    return count;
}

static void
who_was_ever_bound_is_remembered_until_a_purge_is_done(void **state)
{
    struct hub_fixture *f = *state;
    struct hub_store *store = f->hub.store;
    struct hub_person person;

    hub_fixture_device(f, "ws-a", PH_IDENTITY_WORKSTATION, "");
    hub_fixture_begin(f);
    assert_int_equal(hub_person_get(store, "ann@example.com", &person), PH_OK);
    assert_int_equal(hub_binding_add(store, "ws-a", person.login, "test", 0),
                     PH_OK);
    assert_int_equal(hub_binding_remove(store, "ws-a", person.login), PH_OK);
    hub_fixture_end(f);
    assert_int_equal(tellers(f, person.uk), 1);
    (void)order(f, PH_COMMAND_PURGE_USER, person.login);
    answer(f, "ws-a", NULL, 1); /* a printer has one of the jobs */
    assert_int_equal(tellers(f, person.uk), 1);
    hub_fixture_begin(f);
    assert_int_equal(hub_ws_command_forget(store, hub_fixture_ms + 1), PH_OK);
    hub_fixture_end(f);
    (void)order(f, PH_COMMAND_PURGE_USER, person.login);
    answer(f, "ws-a", NULL, 0);
    assert_int_equal(tellers(f, person.uk), 0);
}

int
main(void)
{
#define TEST(name)                                            \
    cmocka_unit_test_setup_teardown(name, hub_fixture_set_up, \
                                    hub_fixture_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_version_rises_only_when_what_is_said_has_changed),
        TEST(a_workstation_is_told_its_own_over_its_groups),
        TEST(
            a_revoked_printer_is_denied_by_its_id_and_later_by_its_certificates),
        TEST(a_command_is_said_again_with_pauses_until_it_is_answered),
        TEST(a_command_expires_and_a_late_answer_still_counts),
        TEST(who_was_ever_bound_is_remembered_until_a_purge_is_done),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
