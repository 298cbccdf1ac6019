#include "enrol.h"

#include <stdio.h>
#include <string.h>

#include "audit.h"
#include "printhold/base/clock.h"
#include "printhold/base/err.h"
#include "printhold/base/id.h"
#include "printhold/base/log.h"
#include "printhold/base/parse.h"
#include "printhold/base/wipe.h"

#define TOKEN_BYTES   24
#define MADE_ID_BYTES 6

#define REFUSALS_MAX     100
#define REFUSALS_SPAN_MS (60 * 60 * INT64_C(1000))

/* What one decision works with. */
struct decision {
    struct hub *hub;
    const struct ph_csr *csr;
    const char *address;
    int64_t now_ms;
    enum hub_verdict verdict;
    struct hub_enrolled enrolled;
    struct ph_why *why;
};

static int
token_mac(const struct hub *hub, const char *text, uint8_t out_mac[32])
{
    return hub_pepper(hub, "token", text, strlen(text), out_mac);
}

int
hub_token_make(struct hub *hub, struct hub_token *token,
               char out_text[HUB_TOKEN_TEXT])
{
    uint8_t bytes[TOKEN_BYTES], number[(HUB_TOKEN_NUMBER - 1) / 2];
    struct ph_buf text;
    int err = ph_random(bytes, sizeof(bytes));

    ph_buf_init(&text, HUB_TOKEN_TEXT);
    if (err == PH_OK)
        err = ph_random(number, sizeof(number));
    if (err == PH_OK)
        err = ph_base64url_encode(bytes, sizeof(bytes), &text);
    if (err == PH_OK) {
        (void)snprintf(out_text, HUB_TOKEN_TEXT, "%.*s", (int)text.len,
                       (const char *)text.data);
        ph_format_hex(number, sizeof(number), token->number);
        err = token_mac(hub, out_text, token->mac);
    }
    ph_wipe(bytes, sizeof(bytes));
    ph_buf_close(&text);
    return err;
}

/* --- making a certificate --- */

static int64_t
life_s(const struct hub *hub, enum ph_identity_kind kind)
{
    return (int64_t)(kind == PH_IDENTITY_PRINTER
                         ? hub->config->printer_life_s
                         : hub->config->workstation_life_s);
}

/* The next generation of a device, which is in the store. */
static int
issue(struct decision *decision, struct hub_device *device,
      struct hub_certificate *out_certificate)
{
    struct hub *hub = decision->hub;
    struct hub_enrolled *enrolled = &decision->enrolled;
    const struct ph_cert_order order = {
        .kind = device->kind,
        .tenant = hub->tenant.tenant,
        .id = device->id,
        .now_ms = decision->now_ms,
        .life_s = life_s(hub, device->kind),
    };
    struct hub_certificate cert = {.state = HUB_CERTIFICATE_CURRENT,
                                   .issued_ms = decision->now_ms};
    struct ph_cert_facts facts;
    struct ph_buf pem;
    int err;

    ph_buf_init(&pem, PH_CERT_PEM_MAX - 1);
    err = ph_ca_sign(hub->ca, decision->csr->spki, &order, &pem, &facts,
                     decision->why);
    if (err == PH_OK)
        err = ph_buf_str(&pem) != NULL ? PH_OK : PH_ERR_NOMEM;
    if (err != PH_OK)
        goto out;
    cert.generation = ++device->generation;
    cert.not_after_ms = facts.identity.not_after_ms;
    (void)snprintf(cert.thumbprint, sizeof(cert.thumbprint), "%s",
                   facts.identity.thumbprint);
    (void)snprintf(cert.serial, sizeof(cert.serial), "%s", facts.serial);
    (void)snprintf(cert.device, sizeof(cert.device), "%s", device->id);
    memcpy(cert.key_hash, decision->csr->key_hash, sizeof(cert.key_hash));
    (void)snprintf(enrolled->pem, sizeof(enrolled->pem), "%s",
                   ph_buf_str(&pem));
    err = hub_certificates_supersede(hub->store, device->id);
    if (err == PH_OK)
        err = hub_certificate_add(hub->store, &cert, enrolled->pem);
    if (err == PH_OK)
        err = hub_device_set(hub->store, device);
    if (err == PH_OK)
        *out_certificate = cert;
out:
    ph_buf_close(&pem);
    return err;
}

static void
tell(struct decision *decision, const struct hub_device *device,
     const struct hub_certificate *cert)
{
    struct hub_enrolled *enrolled = &decision->enrolled;

    (void)snprintf(enrolled->id, sizeof(enrolled->id), "%s", device->id);
    enrolled->kind = device->kind;
    enrolled->issued_ms = cert->issued_ms;
    enrolled->not_after_ms = cert->not_after_ms;
    decision->verdict = HUB_ENROLLED;
}

/* The answer that was lost, once more. */
static int
repeat(struct decision *decision, const struct hub_device *device,
       const struct hub_certificate *cert)
{
    decision->enrolled.is_repeated = true;
    tell(decision, device, cert);
    return hub_certificate_pem(decision->hub->store, cert->thumbprint,
                               decision->enrolled.pem,
                               sizeof(decision->enrolled.pem));
}

static int
record(struct decision *decision, const char *act, const char *object,
       const char *detail)
{
    const struct hub_act whole = {.actor = decision->address,
                                  .act = act,
                                  .object = object,
                                  .detail = detail};

    return hub_audit(decision->hub, &whole, decision->now_ms);
}

/* Who is refused can come again and again: so many are written down in an hour,
 * the log has the others. */
static int
record_refusal(struct decision *decision, const char *act, const char *object,
               const char *detail)
{
    struct hub *hub = decision->hub;
    const int64_t age_ms = decision->now_ms - hub->refusals_since_ms;

    if (age_ms < 0 || age_ms >= REFUSALS_SPAN_MS) {
        hub->refusals_since_ms = decision->now_ms;
        hub->refusals = 0;
    }
    if (hub->refusals < REFUSALS_MAX) {
        hub->refusals++;
        return record(decision, act, object, detail);
    }
    ph_log_warning("%s: %s %s is not written down any more, there are too "
                   "many, continuing",
                   decision->address, act, object);
    return PH_OK;
}

/* --- enrolment --- */

/* A device that the token names or that gets a name now. A revoked one that an
 * administrator made a token for is back. */
static int
find_or_add(struct decision *decision, struct hub_token *token,
            const char *name, struct hub_device *out_device)
{
    struct hub_store *store = decision->hub->store;
    struct hub_device device = {.kind = token->kind,
                                .made_ms = decision->now_ms};
    uint8_t random[MADE_ID_BYTES];
    char hex[2 * MADE_ID_BYTES + 1];
    int err = PH_OK;

    if (token->device[0] == '\0') {
        err = ph_random(random, sizeof(random));
        ph_format_hex(random, sizeof(random), hex);
        (void)snprintf(token->device, sizeof(token->device), "%s-%s",
                       token->kind == PH_IDENTITY_PRINTER ? "pr" : "ws", hex);
    }
    if (err == PH_OK)
        err = hub_device_get(store, token->device, out_device);
    if (err == PH_OK) {
        if (out_device->kind != token->kind)
            return PH_ERR_DENIED;
        out_device->is_revoked = false;
        out_device->is_elsewhere = false;
        out_device->flagged_ms = 0;
        return PH_OK;
    }
    if (err != PH_ERR_NOT_FOUND)
        return err;
    (void)snprintf(device.id, sizeof(device.id), "%s", token->device);
    (void)snprintf(device.name, sizeof(device.name), "%s",
                   token->name[0] != '\0' ? token->name : name);
    (void)snprintf(device.group, sizeof(device.group), "%s", token->group);
    err = hub_device_add(store, &device);
    if (err == PH_OK)
        *out_device = device;
    return err;
}

static int
use_token(struct decision *decision, struct hub_token *token, const char *name)
{
    struct hub_store *store = decision->hub->store;
    struct hub_device device;
    struct hub_certificate cert;
    int err = find_or_add(decision, token, name, &device);

    /* What the device had before is over: one device, one key. */
    if (err == PH_OK && device.generation > 0)
        err = hub_certificates_revoke(store, device.id);
    if (err == PH_OK)
        err = issue(decision, &device, &cert);
    if (err == PH_OK && token->login[0] != '\0')
        err = hub_binding_add(store, device.id, token->login, "enrolment",
                              decision->now_ms);
    if (err != PH_OK)
        return err;
    token->used_ms = decision->now_ms;
    memcpy(token->key_hash, decision->csr->key_hash, sizeof(token->key_hash));
    memcpy(token->thumbprint, cert.thumbprint, sizeof(token->thumbprint));
    tell(decision, &device, &cert);
    err = hub_token_use(store, token);
    if (err == PH_OK)
        err = record(decision, "enrol", device.id, token->number);
    return err;
}

/* Used before: by the same device, whose answer was lost, or by another. */
static int
use_again(struct decision *decision, const struct hub_token *token)
{
    struct hub_store *store = decision->hub->store;
    struct hub_device device;
    struct hub_certificate cert;
    int err = PH_ERR_NOT_FOUND;

    if (memcmp(token->key_hash, decision->csr->key_hash,
               sizeof(token->key_hash)) == 0)
        err = hub_certificate_get(store, token->thumbprint, &cert);
    if (err == PH_OK)
        err = hub_device_get(store, token->device, &device);
    if (err == PH_OK && cert.state == HUB_CERTIFICATE_CURRENT &&
        !device.is_revoked && cert.not_after_ms > decision->now_ms)
        return repeat(decision, &device, &cert);
    if (err != PH_OK && err != PH_ERR_NOT_FOUND)
        return err;
    ph_log_warning("%s: the token %s was used before with another key or is "
                   "over; refused, continuing",
                   decision->address, token->number);
    return record_refusal(
        decision, "enrol.refused", token->device,
        "the token was used before, with another key or for a "
        "certificate that is not in force");
}

static int
decide_enrol(struct decision *decision, const char *text,
             const enum ph_identity_kind *kind, const char *name)
{
    struct hub_store *store = decision->hub->store;
    struct hub_token token;
    uint8_t mac[HUB_MAC_BYTES];
    int err = token_mac(decision->hub, text, mac);

    decision->verdict = HUB_TOKEN_REFUSED;
    if (err == PH_OK)
        err = hub_token_get(store, mac, &token);
    if (err == PH_ERR_NOT_FOUND) /* not recorded: anybody can send anything */
        return PH_OK;
    if (err != PH_OK)
        return err;
    if (token.is_over || token.expires_ms <= decision->now_ms)
        return record_refusal(decision, "enrol.refused", token.number,
                              "the token has expired");
    if (token.used_ms != 0)
        return use_again(decision, &token);
    if (kind != NULL && *kind != token.kind) {
        decision->verdict = HUB_TOKEN_CLASS;
        return record_refusal(decision, "enrol.refused", token.number,
                              "the token is for devices of the other class; "
                              "it was not used");
    }
    err = use_token(decision, &token, name);
    if (err == PH_OK)
        (void)snprintf(decision->enrolled.login,
                       sizeof(decision->enrolled.login), "%s", token.login);
    return err;
}

/* Hand the decision over. What cannot be signed is no failure of the store. */
static int
conclude(struct decision *decision, int err, enum hub_verdict *out_verdict,
         struct hub_enrolled *out_enrolled)
{
    if (err == PH_ERR_EXPIRED || err == PH_ERR_INVALID ||
        err == PH_ERR_DENIED) {
        decision->verdict = HUB_CANNOT_SIGN;
        err = PH_OK;
    }
    if (err == PH_OK) {
        *out_verdict = decision->verdict;
        *out_enrolled = decision->enrolled;
    }
    return err;
}

int
hub_enrol(struct hub *hub, const char *token, const enum ph_identity_kind *kind,
          const struct ph_csr *csr, const char *name, const char *address,
          enum hub_verdict *out_verdict, struct hub_enrolled *out_enrolled,
          struct ph_why *why)
{
    struct decision decision = {.hub = hub,
                                .csr = csr,
                                .address = address,
                                .now_ms = ph_clock_wall_ms(),
                                .why = why};
    int err = hub_store_begin(hub->store);

    if (err == PH_OK)
        err = hub_store_end(hub->store,
                            decide_enrol(&decision, token, kind, name));
    if (err == PH_OK) /* a workstation more, or with another group */
        (void)atomic_fetch_add(&hub->changes, 1);
    return conclude(&decision, err, out_verdict, out_enrolled);
}

/* --- renewal --- */

static int
flag_copy(struct decision *decision, struct hub_device *device)
{
    ph_log_error("%s: %s renews with a certificate that it has renewed before: "
                 "there are two of it; look at it, revoke it and enrol the "
                 "right one again",
                 decision->address, device->id);
    decision->verdict = HUB_IS_A_COPY;
    if (device->flagged_ms == 0)
        device->flagged_ms = decision->now_ms;
    return record_refusal(decision, "renew.copy", device->id,
                          "a superseded certificate, without the key of its "
                          "successor");
}

static int
decide_superseded(struct decision *decision, struct hub_device *device,
                  const struct hub_certificate *shown)
{
    struct hub_certificate newest;
    int err = hub_certificate_newest(decision->hub->store, device->id, &newest);

    if (err != PH_OK)
        return err;
    if (newest.generation == shown->generation + 1 && newest.seen_ms == 0 &&
        newest.state == HUB_CERTIFICATE_CURRENT &&
        memcmp(newest.key_hash, decision->csr->key_hash,
               sizeof(newest.key_hash)) == 0)
        return repeat(decision, device, &newest);
    err = flag_copy(decision, device);
    return err == PH_OK ? hub_device_set(decision->hub->store, device) : err;
}

static int
decide_renewal(struct decision *decision, const struct ph_identity *peer)
{
    struct hub *hub = decision->hub;
    const int64_t interval_ms = (int64_t)hub->config->renewal_interval_s * 1000;
    struct hub_device device;
    struct hub_certificate shown, fresh;
    int err = hub_device_get(hub->store, peer->id, &device);

    if (err == PH_OK && device.is_elsewhere) {
        decision->verdict = HUB_RENEWS_ELSEWHERE;
        return PH_OK;
    }
    if (err == PH_OK)
        err = hub_certificate_get(hub->store, peer->thumbprint, &shown);
    if (err != PH_OK)
        return err == PH_ERR_NOT_FOUND ? PH_ERR_DENIED : err;
    if (shown.not_after_ms <= decision->now_ms) {
        decision->verdict = HUB_CERTIFICATE_OVER;
        return record_refusal(decision, "renew.refused", device.id,
                              "the certificate has expired");
    }
    if (shown.state == HUB_CERTIFICATE_SUPERSEDED)
        return decide_superseded(decision, &device, &shown);
    if (decision->now_ms - shown.issued_ms < interval_ms) {
        decision->verdict = HUB_RENEWED_LATELY;
        return PH_OK;
    }
    err = issue(decision, &device, &fresh);
    if (err != PH_OK)
        return err;
    tell(decision, &device, &fresh);
    return record(decision, "renew", device.id, fresh.serial);
}

int
hub_renew(struct hub *hub, const struct ph_identity *peer,
          const struct ph_csr *csr, const char *address,
          enum hub_verdict *out_verdict, struct hub_enrolled *out_enrolled,
          struct ph_why *why)
{
    struct decision decision = {.hub = hub,
                                .csr = csr,
                                .address = address,
                                .now_ms = ph_clock_wall_ms(),
                                .why = why};
    int err = hub_store_begin(hub->store);

    if (err == PH_OK)
        err = hub_store_end(hub->store, decide_renewal(&decision, peer));
    return conclude(&decision, err, out_verdict, out_enrolled);
}

int
hub_revoke(struct hub *hub, const char *id)
{
    struct hub_device device;
    int err = hub_device_get(hub->store, id, &device);

    if (err != PH_OK)
        return err;
    device.is_revoked = true;
    err = hub_device_set(hub->store, &device);
    return err == PH_OK ? hub_certificates_revoke(hub->store, id) : err;
}
