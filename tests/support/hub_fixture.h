/* A hub in a fresh directory, with people and devices. */
#ifndef PRINTHOLD_TESTS_SUPPORT_HUB_FIXTURE_H
#define PRINTHOLD_TESTS_SUPPORT_HUB_FIXTURE_H

#include "scratch.h"

#include <string.h>

#include "init.h"
#include "printhold/base/clock.h"
#include "printhold/base/err.h"
#include "printhold/crypto/kdf.h"
#include "printhold/crypto/password.h"
#include "printhold/proto/sign_in.h"
#include "sign_in.h"

#define HUB_FIXTURE_THUMB "0123456789012345678901234567890123456789012"

struct hub_fixture {
    struct scratch scratch;
    char dir[300];
    struct hub_config config;
    struct hub hub;
    struct hub_device printer; /* pr-lobby, of no group */
    struct ph_identity peer;
};

static int64_t hub_fixture_ms;

static inline int64_t
hub_fixture_clock(void)
{
    return hub_fixture_ms;
}

static inline void
hub_fixture_begin(struct hub_fixture *f)
{
    assert_int_equal(hub_store_begin(f->hub.store), PH_OK);
}

static inline void
hub_fixture_end(struct hub_fixture *f)
{
    assert_int_equal(hub_store_end(f->hub.store, PH_OK), PH_OK);
}

static inline void
hub_fixture_person(struct hub_fixture *f, const char *login)
{
    struct hub_person person = {.made_ms = hub_fixture_ms};

    (void)snprintf(person.login, sizeof(person.login), "%s", login);
    assert_int_equal(ph_identity_user_key(f->hub.directory_key, HUB_KEY_BYTES,
                                          login, person.uk),
                     PH_OK);
    hub_fixture_begin(f);
    assert_int_equal(hub_person_add(f->hub.store, &person), PH_OK);
    hub_fixture_end(f);
}

static inline void
hub_fixture_device(struct hub_fixture *f, const char *id,
                   enum ph_identity_kind kind, const char *group)
{
    struct hub_device device = {.kind = kind, .is_elsewhere = true};

    (void)snprintf(device.id, sizeof(device.id), "%s", id);
    (void)snprintf(device.group, sizeof(device.group), "%s", group);
    hub_fixture_begin(f);
    assert_int_equal(hub_device_add(f->hub.store, &device), PH_OK);
    hub_fixture_end(f);
}

static inline void
hub_fixture_badge(struct hub_fixture *f, const char *login, const char *number)
{
    struct hub_badge badge;

    assert_int_equal(hub_badge_make(&f->hub, number, login, "administrator",
                                    hub_fixture_ms, &badge),
                     PH_OK);
    hub_fixture_begin(f);
    assert_int_equal(hub_badge_add(f->hub.store, &badge), PH_OK);
    hub_fixture_end(f);
}

static inline int
hub_fixture_pin(struct hub_fixture *f, const char *login, const char *digits,
                bool is_alone, int64_t expires_ms)
{
    struct hub_pin pin = {.is_alone = is_alone, .expires_ms = expires_ms};
    int err;

    (void)snprintf(pin.login, sizeof(pin.login), "%s", login);
    assert_int_equal(hub_mac_pin(&f->hub, login, digits, pin.mac), PH_OK);
    assert_int_equal(hub_mac_pin_alone(&f->hub, digits, pin.alone_mac), PH_OK);
    hub_fixture_begin(f);
    err = hub_pin_set(f->hub.store, &pin);
    (void)hub_store_end(f->hub.store, err);
    return err;
}

static inline void
hub_fixture_password(struct hub_fixture *f, const char *login,
                     const char *password)
{
    static const struct ph_password_cost cheap = {4, 8, 1};
    char kept[PH_PASSWORD_TEXT];

    assert_int_equal(ph_password_keep(password, strlen(password), &cheap, kept),
                     PH_OK);
    hub_fixture_begin(f);
    assert_int_equal(hub_password_set(f->hub.store, login, kept, 0), PH_OK);
    hub_fixture_end(f);
}

static inline void
hub_fixture_code(struct hub_fixture *f, const char *login, const char *code)
{
    uint8_t mac[HUB_MAC_BYTES];

    assert_int_equal(hub_mac_code(&f->hub, code, mac), PH_OK);
    hub_fixture_begin(f);
    assert_int_equal(hub_code_add(f->hub.store, mac, login, hub_fixture_ms,
                                  hub_fixture_ms + 900000),
                     PH_OK);
    hub_fixture_end(f);
}

static inline void
hub_fixture_ways(struct hub_fixture *f, const char *group, const char *ways,
                 bool self_registration)
{
    struct hub_ways row = {.self_registration = self_registration};

    (void)snprintf(row.group, sizeof(row.group), "%s", group);
    assert_int_equal(ph_sign_in_ways_parse(ways, &row.ways, NULL), PH_OK);
    hub_fixture_begin(f);
    assert_int_equal(hub_ways_set(f->hub.store, &row), PH_OK);
    hub_fixture_end(f);
}

/* Open again, as after a restart. */
static inline void
hub_fixture_reopen(struct hub_fixture *f)
{
    struct ph_why why = {""};

    hub_close(&f->hub);
    assert_int_equal(hub_open(f->dir, &f->config, &f->hub, &why), PH_OK);
}

static inline int
hub_fixture_set_up(void **state)
{
    struct hub_fixture *f = calloc(1, sizeof(*f));
    const struct hub_init init = {
        .dir = f->dir, .tenant = "acme", .host = "localhost"};
    struct ph_why why = {""};

    assert_non_null(f);
    hub_fixture_ms = INT64_C(1795289400000);
    ph_clock_set_wall(hub_fixture_clock);
    scratch_make(&f->scratch);
    (void)snprintf(f->dir, sizeof(f->dir), "%s/hub", f->scratch.path);
    ph_config_form_init(&hub_config_form, &f->config);
    assert_int_equal(hub_init(&init, &why), PH_OK);
    assert_int_equal(hub_open(f->dir, &f->config, &f->hub, &why), PH_OK);
    hub_fixture_device(f, "pr-lobby", PH_IDENTITY_PRINTER, "");
    (void)snprintf(f->printer.id, sizeof(f->printer.id), "pr-lobby");
    (void)snprintf(f->peer.id, sizeof(f->peer.id), "pr-lobby");
    (void)snprintf(f->peer.thumbprint, sizeof(f->peer.thumbprint),
                   HUB_FIXTURE_THUMB);
    hub_fixture_person(f, "ann@example.com");
    hub_fixture_person(f, "bob@example.com");
    *state = f;
    return 0;
}

static inline int
hub_fixture_tear_down(void **state)
{
    struct hub_fixture *f = *state;

    hub_close(&f->hub);
    scratch_remove(&f->scratch);
    ph_clock_set_wall(NULL);
    free(f);
    return 0;
}

/* One attempt with the request as a printer sends it. */
static inline enum hub_sign_in_verdict
hub_fixture_try(struct hub_fixture *f, const char *text,
                struct hub_signed_in *out)
{
    struct ph_sign_in request;
    struct hub_signed_in mine;

    assert_int_equal(ph_sign_in_parse(text, strlen(text), &request, NULL),
                     PH_OK);
    if (out == NULL)
        out = &mine;
    assert_int_equal(hub_sign_in(&f->hub, &f->printer, &f->peer, &request,
                                 hub_fixture_ms, out),
                     PH_OK);
    return out->verdict;
}

#define TRY(f, text) hub_fixture_try(f, text, NULL)
#define BADGE(n)     "{\"way\":\"badge\",\"badge\":\"" n "\"}"
#define PIN(n)       "{\"way\":\"pin\",\"pin\":\"" n "\"}"
#define BOTH(b, n) \
    "{\"way\":\"badge+pin\",\"badge\":\"" b "\",\"pin\":\"" n "\"}"
#define CODE(n) "{\"way\":\"code\",\"code\":\"" n "\"}"
#define PASSWORD(l, p) \
    "{\"way\":\"password\",\"login\":\"" l "\",\"password\":\"" p "\"}"

#endif
