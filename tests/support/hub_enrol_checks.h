/* What tests of enrolment do and look at, on one hub and with three keys. */
#ifndef PRINTHOLD_TESTS_SUPPORT_HUB_ENROL_CHECKS_H
#define PRINTHOLD_TESTS_SUPPORT_HUB_ENROL_CHECKS_H

#include "hub_enrol_fixture.h"

#include "printhold/base/attr.h"
#include "printhold/base/log.h"

static struct hub_fixture fixture;
static EVP_PKEY *keys[3];

static inline void
no_log(enum ph_log_level level, const char *text, void *arg)
{
    (void)level;
    (void)text;
    (void)arg;
}

static inline int
set_up(void **state)
{
    (void)state;
    ph_log_set_sink(no_log, NULL);
    for (size_t i = 0; i < PH_COUNT(keys); i++)
        keys[i] = EVP_EC_gen("P-256");
    hub_fixture_make(&fixture);
    return 0;
}

static inline int
tear_down(void **state)
{
    (void)state;
    hub_fixture_remove(&fixture);
    for (size_t i = 0; i < PH_COUNT(keys); i++)
        EVP_PKEY_free(keys[i]);
    ph_log_set_sink(NULL, NULL);
    return 0;
}

static inline enum hub_verdict
enrol_as(const char *token, const enum ph_identity_kind *kind, EVP_PKEY *key,
         struct hub_enrolled *out_enrolled)
{
    const struct ph_csr csr = hub_csr(key);
    enum hub_verdict verdict = HUB_CANNOT_SIGN;
    struct ph_why why = {""};

    memset(out_enrolled, 0, sizeof(*out_enrolled));
    assert_int_equal(hub_enrol(&fixture.hub, token, kind, &csr, "front desk",
                               "192.0.2.1", &verdict, out_enrolled, &why),
                     PH_OK);
    return verdict;
}

static inline enum hub_verdict
enrol(const char *token, EVP_PKEY *key, struct hub_enrolled *out_enrolled)
{
    return enrol_as(token, NULL, key, out_enrolled);
}

static inline enum hub_verdict
renew(const struct hub_enrolled *shown, EVP_PKEY *key,
      struct hub_enrolled *out_enrolled)
{
    const struct ph_identity peer = hub_identity(shown);
    const struct ph_csr csr = hub_csr(key);
    enum hub_verdict verdict = HUB_CANNOT_SIGN;
    struct ph_why why = {""};

    memset(out_enrolled, 0, sizeof(*out_enrolled));
    assert_int_equal(hub_renew(&fixture.hub, &peer, &csr, "192.0.2.1", &verdict,
                               out_enrolled, &why),
                     PH_OK);
    return verdict;
}

/* A request of the device with this certificate has come. */
static inline void
seen(const struct hub_enrolled *enrolled)
{
    const struct ph_identity peer = hub_identity(enrolled);
    struct hub_store *store = fixture.hub.store;

    assert_int_equal(hub_store_begin(store), PH_OK);
    assert_int_equal(
        hub_store_end(store,
                      hub_certificate_seen(store, peer.thumbprint, hub_now_ms)),
        PH_OK);
}

static inline struct hub_device
device(const char *id)
{
    struct hub_store *store = fixture.hub.store;
    struct hub_device found;

    assert_int_equal(hub_store_begin(store), PH_OK);
    assert_int_equal(hub_store_end(store, hub_device_get(store, id, &found)),
                     PH_OK);
    return found;
}

struct count {
    const char *act;
    int times;
};

static inline int
count_one(const struct hub_audit_record *record, void *arg)
{
    struct count *count = arg;

    count->times += strcmp(record->act.act, count->act) == 0;
    return PH_OK;
}

static inline int
recorded(const char *act)
{
    struct hub_store *store = fixture.hub.store;
    struct count count = {act, 0};

    assert_int_equal(hub_store_begin(store), PH_OK);
    assert_int_equal(
        hub_store_end(store, hub_audit_each(store, 0, count_one, &count)),
        PH_OK);
    return count.times;
}

#endif
