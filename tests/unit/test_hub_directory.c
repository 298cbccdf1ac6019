/* What a printer is told: the workstations that are believed, their jobs, a
 * grant for each. */
#include "hub_fixture.h"

#include "listing.h"
#include "printhold/base/attr.h"
#include "printhold/proto/grant.h"
#include "store_directory.h"

#define ID      "0123456789abcdef0123456789abcdef"
#define SOON    "2026-11-21T20:30:00.000Z"
#define SOON_MS (INT64_C(1795289400000) + 3600000)
#define CLEAN(ws, jobs)                                           \
    "{\"rev\":1,\"at\":\"2026-11-21T19:30:00.000Z\",\"ws\":\"" ws \
    "\",\"addr\":[\"192.0.2.7:9443\"],\"jobs\":[" jobs "],\"more\":0}"
#define JOB(exp) "{\"id\":\"" ID "\",\"st\":\"held\",\"exp\":\"" exp "\"}"

static void
uk_of(struct hub_fixture *f, const char *login, char uk[PH_USER_KEY_TEXT])
{
    assert_int_equal(
        ph_identity_user_key(f->hub.directory_key, HUB_KEY_BYTES, login, uk),
        PH_OK);
}

static int
tell_rev(struct hub_fixture *f, const char *login, const char *ws,
         const char *text, uint64_t rev, int64_t expires_ms)
{
    char uk[PH_USER_KEY_TEXT];
    const struct hub_document document = {.uk = uk,
                                          .device = ws,
                                          .rev = rev,
                                          .expires_ms = expires_ms,
                                          .heard_ms = hub_fixture_ms,
                                          .text = text};
    int err;

    uk_of(f, login, uk);
    hub_fixture_begin(f);
    err = hub_document_set(f->hub.store, &document);
    (void)hub_store_end(f->hub.store, err);
    return err;
}

static void
tell(struct hub_fixture *f, const char *login, const char *ws, const char *text)
{
    assert_int_equal(tell_rev(f, login, ws, text, 1, SOON_MS), PH_OK);
}

static void
bind_to(struct hub_fixture *f, const char *ws, const char *login)
{
    hub_fixture_begin(f);
    assert_int_equal(hub_binding_add(f->hub.store, ws, login, "test", 0),
                     PH_OK);
    hub_fixture_end(f);
}

/* What ann is told. */
static json_t *
list_of(struct hub_fixture *f, const char *login)
{
    struct hub_person person = {.name = ""};
    const struct hub_listing listing = {.person = &person,
                                        .thumbprint = HUB_FIXTURE_THUMB,
                                        .way = PH_SIGN_IN_BADGE_PIN,
                                        .now_ms = hub_fixture_ms};
    json_t *list = NULL;

    hub_fixture_begin(f);
    assert_int_equal(hub_person_get(f->hub.store, login, &person), PH_OK);
    hub_fixture_end(f);
    assert_int_equal(hub_listing_make(&f->hub, &listing, &list), PH_OK);
    return list;
}

static const char *
text_of(const json_t *list, size_t index, const char *name)
{
    return json_string_value(
        json_object_get(json_array_get(list, index), name));
}

static size_t
jobs_of(const json_t *list, size_t index)
{
    return json_array_size(
        json_object_get(json_array_get(list, index), "jobs"));
}

static void
a_bound_workstation_is_told_with_its_jobs(void **state)
{
    struct hub_fixture *f = *state;
    const struct ph_presence_said asleep = {.presence = PH_PRESENCE_ASLEEP,
                                            .at_ms = 1795289000000};
    json_t *list;

    hub_fixture_device(f, "ws-a", PH_IDENTITY_WORKSTATION, "");
    hub_fixture_device(f, "ws-b", PH_IDENTITY_WORKSTATION, "");
    bind_to(f, "ws-a", "ann@example.com");
    bind_to(f, "ws-b", "ann@example.com");
    tell(f, "ann@example.com", "ws-b", CLEAN("ws-b", JOB(SOON)));
    hub_fixture_begin(f);
    assert_int_equal(
        hub_presence_set(f->hub.store, "ws-b", &asleep, hub_fixture_ms), PH_OK);
    hub_fixture_end(f);
    list = list_of(f, "ann@example.com");
    assert_int_equal(json_array_size(list), 2);
    assert_string_equal(text_of(list, 0, "ws"), "ws-b"); /* it has jobs */
    assert_string_equal(text_of(list, 0, "presence"), "asleep");
    assert_string_equal(text_of(list, 0, "since"), "2026-11-21T19:23:20.000Z");
    assert_int_equal(jobs_of(list, 0), 1);
    assert_string_equal(text_of(list, 1, "ws"), "ws-a");
    assert_string_equal(text_of(list, 1, "presence"), "unknown");
    assert_int_equal(jobs_of(list, 1), 0);
    json_decref(list);
}

/* SR-47 for the directory: what is another's or of no bound workstation looks
 * as if it were not there. */
static void
nothing_of_another_person_is_told(void **state)
{
    struct hub_fixture *f = *state;
    json_t *list;

    hub_fixture_device(f, "ws-a", PH_IDENTITY_WORKSTATION, "");
    hub_fixture_device(f, "ws-rogue", PH_IDENTITY_WORKSTATION, "");
    bind_to(f, "ws-a", "bob@example.com");
    bind_to(f, "ws-rogue", "bob@example.com");
    tell(f, "bob@example.com", "ws-a", CLEAN("ws-a", JOB(SOON)));
    /* It writes under ann's name without being hers. */
    tell(f, "ann@example.com", "ws-rogue", CLEAN("ws-rogue", JOB(SOON)));
    list = list_of(f, "ann@example.com");
    assert_int_equal(json_array_size(list), 0);
    json_decref(list);
    list = list_of(f, "bob@example.com");
    assert_int_equal(json_array_size(list), 2);
    assert_int_equal(jobs_of(list, 0), 1);
    assert_int_equal(jobs_of(list, 1), 0); /* of ws-rogue nothing of his */
    json_decref(list);
}

static void
who_was_revoked_or_is_no_workstation_is_not_told(void **state)
{
    struct hub_fixture *f = *state;
    struct hub_device device;
    json_t *list;

    hub_fixture_device(f, "ws-a", PH_IDENTITY_WORKSTATION, "");
    hub_fixture_device(f, "pr-b", PH_IDENTITY_PRINTER, "");
    bind_to(f, "ws-a", "ann@example.com");
    bind_to(f, "pr-b", "ann@example.com");
    tell(f, "ann@example.com", "ws-a", CLEAN("ws-a", JOB(SOON)));
    tell(f, "ann@example.com", "pr-b", CLEAN("pr-b", JOB(SOON)));
    list = list_of(f, "ann@example.com");
    assert_int_equal(json_array_size(list), 1);
    json_decref(list);
    hub_fixture_begin(f);
    assert_int_equal(hub_device_get(f->hub.store, "ws-a", &device), PH_OK);
    device.is_revoked = true;
    assert_int_equal(hub_device_set(f->hub.store, &device), PH_OK);
    hub_fixture_end(f);
    list = list_of(f, "ann@example.com");
    assert_int_equal(json_array_size(list), 0);
    json_decref(list);
}

static void
jobs_are_told_until_their_time_is_over(void **state)
{
    struct hub_fixture *f = *state;
    json_t *list;

    hub_fixture_device(f, "ws-a", PH_IDENTITY_WORKSTATION, "");
    bind_to(f, "ws-a", "ann@example.com");
    tell(f, "ann@example.com", "ws-a",
         CLEAN("ws-a", JOB("2026-11-21T19:30:00.001Z") "," JOB(SOON)));
    list = list_of(f, "ann@example.com");
    assert_int_equal(jobs_of(list, 0), 2);
    json_decref(list);
    hub_fixture_ms += 1;
    list = list_of(f, "ann@example.com");
    assert_int_equal(jobs_of(list, 0), 1);
    json_decref(list);
    hub_fixture_ms = SOON_MS;
    list = list_of(f, "ann@example.com");
    assert_int_equal(jobs_of(list, 0), 0);
    json_decref(list);
}

static void
the_newest_revision_counts(void **state)
{
    struct hub_fixture *f = *state;
    json_t *list;

    hub_fixture_device(f, "ws-a", PH_IDENTITY_WORKSTATION, "");
    bind_to(f, "ws-a", "ann@example.com");
    assert_int_equal(tell_rev(f, "ann@example.com", "ws-a",
                              CLEAN("ws-a", JOB(SOON) "," JOB(SOON)), 7,
                              SOON_MS),
                     PH_OK);
    assert_int_equal(tell_rev(f, "ann@example.com", "ws-a",
                              CLEAN("ws-a", JOB(SOON)), 6, SOON_MS),
                     PH_ERR_EXISTS);
    list = list_of(f, "ann@example.com");
    assert_int_equal(jobs_of(list, 0), 2);
    json_decref(list);
    assert_int_equal(tell_rev(f, "ann@example.com", "ws-a",
                              CLEAN("ws-a", JOB(SOON)), 7, SOON_MS),
                     PH_OK); /* again, after a reconnect */
    /* One that is over is no obstacle: the workstation may be a new one. */
    hub_fixture_ms = SOON_MS;
    assert_int_equal(tell_rev(f, "ann@example.com", "ws-a", CLEAN("ws-a", ""),
                              1, SOON_MS + 1),
                     PH_OK);
}

static void
a_grant_is_for_this_workstation_and_printer(void **state)
{
    struct hub_fixture *f = *state;
    struct ph_jws_keyset *keys = NULL;
    struct ph_why why = {""};
    struct ph_grant grant;
    char path[400];
    const char *token;
    json_t *list;

    hub_fixture_device(f, "ws-a", PH_IDENTITY_WORKSTATION, "");
    bind_to(f, "ws-a", "ann@example.com");
    list = list_of(f, "ann@example.com");
    token = text_of(list, 0, "grant");
    (void)snprintf(path, sizeof(path), "%s/issuer.pub", f->dir);
    assert_int_equal(ph_jws_keyset_load(path, &keys, &why), PH_OK);
    assert_int_equal(ph_grant_open(token, strlen(token), keys, &grant, &why),
                     PH_OK);
    assert_string_equal(grant.issuer, f->hub.tenant.issuer);
    assert_int_equal(grant.audience_count, 1);
    assert_string_equal(grant.audience[0], "ws-a");
    assert_string_equal(grant.subject, "ann@example.com");
    assert_string_equal(grant.thumbprint, HUB_FIXTURE_THUMB);
    assert_int_equal(grant.issued_s, hub_fixture_ms / 1000);
    assert_int_equal(grant.expires_s - grant.issued_s, 120);
    assert_true(grant.all_jobs);
    assert_int_equal(grant.method_count, 3);
    assert_string_equal(grant.method[0], "badge");
    assert_string_equal(grant.method[1], "pin");
    assert_string_equal(grant.method[2], "mfa");
    ph_jws_keyset_free(keys);
    json_decref(list);
}

int
main(void)
{
#define TEST(name)                                            \
    cmocka_unit_test_setup_teardown(name, hub_fixture_set_up, \
                                    hub_fixture_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_bound_workstation_is_told_with_its_jobs),
        TEST(nothing_of_another_person_is_told),
        TEST(who_was_revoked_or_is_no_workstation_is_not_told),
        TEST(jobs_are_told_until_their_time_is_over),
        TEST(the_newest_revision_counts),
        TEST(a_grant_is_for_this_workstation_and_printer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
