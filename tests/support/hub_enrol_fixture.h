/* A hub of a test: its directory, opened, and a clock that the test moves. */
#ifndef PRINTHOLD_TESTS_SUPPORT_HUB_ENROL_FIXTURE_H
#define PRINTHOLD_TESTS_SUPPORT_HUB_ENROL_FIXTURE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

#include "csr_maker.h"
#include "enrol.h"
#include "hub.h"
#include "init.h"
#include "printhold/base/clock.h"
#include "printhold/base/err.h"
#include "scratch.h"

#define HUB_SECOND INT64_C(1000)
#define HUB_HOUR   (3600 * HUB_SECOND)
#define HUB_DAY    (24 * HUB_HOUR)

struct hub_fixture {
    struct scratch scratch;
    struct hub_config config;
    struct hub hub;
    char dir[300];
};

static int64_t hub_now_ms;

static inline int64_t
hub_clock(void)
{
    return hub_now_ms;
}

static inline void
hub_fixture_open(struct hub_fixture *fixture)
{
    struct ph_why why = {""};

    if (hub_open(fixture->dir, &fixture->config, &fixture->hub, &why) != PH_OK)
        fail_msg("%s", why.text);
}

static inline void
hub_fixture_make(struct hub_fixture *fixture)
{
    struct hub_init init = {
        .tenant = "acme", .host = "localhost", .admin = "admin@example.com"};
    struct ph_why why = {""};

    hub_now_ms = INT64_C(2000000000000);
    ph_clock_set_wall(hub_clock);
    scratch_make(&fixture->scratch);
    (void)snprintf(fixture->dir, sizeof(fixture->dir), "%s/hub",
                   fixture->scratch.path);
    init.dir = fixture->dir;
    ph_config_form_init(&hub_config_form, &fixture->config);
    if (hub_init(&init, &why) != PH_OK)
        fail_msg("%s", why.text);
    hub_fixture_open(fixture);
}

/* As after a restart of the program. */
static inline void
hub_fixture_again(struct hub_fixture *fixture)
{
    hub_close(&fixture->hub);
    hub_fixture_open(fixture);
}

static inline void
hub_fixture_remove(struct hub_fixture *fixture)
{
    hub_close(&fixture->hub);
    scratch_remove(&fixture->scratch);
    ph_clock_set_wall(NULL);
}

/* --- devices --- */

static inline struct ph_csr
hub_csr(EVP_PKEY *key)
{
    struct csr_text text;
    struct ph_csr csr;

    csr_make(key, "URI:urn:printhold:acme:svc:hub", &text);
    assert_int_equal(ph_csr_parse(text.text, text.len, &csr, NULL), PH_OK);
    return csr;
}

static inline void
hub_token_of(struct hub_fixture *fixture, enum ph_identity_kind kind,
             const char *id, const char *login, char out_text[HUB_TOKEN_TEXT])
{
    struct hub_token token = {.kind = kind,
                              .made_ms = hub_now_ms,
                              .expires_ms = hub_now_ms + HUB_DAY};
    struct hub_store *store = fixture->hub.store;

    (void)snprintf(token.device, sizeof(token.device), "%s", id);
    (void)snprintf(token.login, sizeof(token.login), "%s", login);
    assert_int_equal(hub_token_make(&fixture->hub, &token, out_text), PH_OK);
    assert_int_equal(hub_store_begin(store), PH_OK);
    assert_int_equal(hub_store_end(store, hub_token_add(store, &token)), PH_OK);
}

static inline struct ph_identity
hub_identity(const struct hub_enrolled *enrolled)
{
    struct ph_cert_facts facts;
    struct ph_buf pem;

    ph_buf_init(&pem, PH_CERT_PEM_MAX);
    assert_int_equal(ph_buf_put_str(&pem, enrolled->pem), PH_OK);
    assert_int_equal(ph_cert_read(&pem, NULL, &facts, NULL), PH_OK);
    ph_buf_close(&pem);
    return facts.identity;
}

#endif
