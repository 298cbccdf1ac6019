#include "enrol_calls.h"

#include <stdio.h>
#include <string.h>

#include "admission.h"
#include "enrol.h"
#include "issuer.h"
#include "printhold/base/clock.h"
#include "printhold/base/err.h"
#include "printhold/base/log.h"
#include "printhold/base/wipe.h"
#include "printhold/crypto/csr.h"
#include "printhold/proto/enrolment.h"

/* Renew when a third of the life is left. */
#define RENEW_AFTER(issued, over) ((issued) + ((over) - (issued)) / 3 * 2)

static int
put_text(json_t *root, const char *name, const char *text)
{
    return json_object_set_new(root, name, json_string(text)) == 0
               ? PH_OK
               : PH_ERR_NOMEM;
}

static int
put_time(json_t *root, const char *name, int64_t at_ms)
{
    char text[PH_TIME_TEXT];

    ph_clock_format(at_ms, text);
    return put_text(root, name, text);
}

static int
put_buf(json_t *root, const char *name, const struct ph_buf *text)
{
    return json_object_set_new(
               root, name, json_stringn((const char *)text->data, text->len)) ==
                   0
               ? PH_OK
               : PH_ERR_NOMEM;
}

static const char *
kind_name(enum ph_identity_kind kind)
{
    switch (kind) {
    case PH_IDENTITY_WORKSTATION:
        return "workstation";
    case PH_IDENTITY_PRINTER:
        return "printer";
    default:
        return "service";
    }
}

/* --- a certificate and what goes with it --- */

static int
put_hub(json_t *root, const struct hub *hub)
{
    char url[HUB_HOST_MAX + 32];
    const bool is_v6 = strchr(hub->tenant.host, ':') != NULL;

    (void)snprintf(url, sizeof(url), "https://%s%s%s:%u", is_v6 ? "[" : "",
                   hub->tenant.host, is_v6 ? "]" : "",
                   (unsigned)hub->device_port);
    return put_text(root, "hub", url);
}

/* Who owns jobs is told by their logins' keyed hashes: workstations make them,
 * so they need the key. */
static int
put_directory_key(json_t *root, const struct hub *hub)
{
    struct ph_buf text;
    int err;

    ph_buf_init(&text, 64);
    err = ph_base64url_encode(hub->directory_key, HUB_KEY_BYTES, &text);
    if (err == PH_OK)
        err = put_buf(root, "directory-key", &text);
    ph_buf_close(&text);
    return err;
}

static int
put_issuer_keys(json_t *root, struct hub *hub)
{
    struct ph_buf pem;
    int err;

    ph_buf_init(&pem, HUB_FILE_MAX);
    err = hub_issuer_pem(hub, &pem);
    if (err == PH_OK)
        err = put_buf(root, "issuer-keys", &pem);
    ph_buf_close(&pem);
    return err;
}

static int
put_surroundings(json_t *root, struct hub *hub, enum ph_identity_kind kind)
{
    int err = put_buf(root, "authority", &hub->chain);

    if (err == PH_OK)
        err = put_hub(root, hub);
    if (err != PH_OK || kind != PH_IDENTITY_WORKSTATION)
        return err;
    err = put_text(root, "issuer", hub->tenant.issuer);
    if (err == PH_OK)
        err = put_issuer_keys(root, hub);
    if (err == PH_OK)
        err = put_directory_key(root, hub);
    if (err == PH_OK && hub->config->broker_url[0] != '\0')
        err = put_text(root, "broker", hub->config->broker_url);
    return err;
}

static int
put_enrolled(json_t *root, struct hub *hub, const struct hub_enrolled *enrolled)
{
    int err = put_text(root, "id", enrolled->id);

    if (err == PH_OK)
        err = put_text(root, "kind", kind_name(enrolled->kind));
    if (err == PH_OK)
        err = put_text(root, "tenant", hub->tenant.tenant);
    if (err == PH_OK)
        err = put_text(root, "certificate", enrolled->pem);
    if (err == PH_OK)
        err = put_time(root, "not-after", enrolled->not_after_ms);
    if (err == PH_OK)
        err =
            put_time(root, "renew-after",
                     RENEW_AFTER(enrolled->issued_ms, enrolled->not_after_ms));
    if (err == PH_OK)
        err = put_surroundings(root, hub, enrolled->kind);
    return err;
}

static void
answer_enrolled(struct hub_call *call, const struct hub_enrolled *enrolled)
{
    json_t *root = json_object();
    int err = put_enrolled(root, call->hub, enrolled);

    if (err != PH_OK) {
        json_decref(root);
        root = NULL;
    }
    ph_log_info("%s: %s has %s certificate", call->address, enrolled->id,
                enrolled->is_repeated ? "the same" : "a new");
    hub_answer_json(call, enrolled->is_repeated ? 200 : 201, root);
}

static void
answer_verdict(struct hub_call *call, enum hub_verdict verdict,
               const struct hub_enrolled *enrolled, const struct ph_why *why)
{
    switch (verdict) {
    case HUB_ENROLLED:
        answer_enrolled(call, enrolled);
        break;
    case HUB_TOKEN_REFUSED:
        hub_answer_problem(call, 403, "token",
                           "This token is not known, is over, or was used by "
                           "another device; ask for a new one");
        break;
    case HUB_TOKEN_CLASS:
        hub_answer_problem(call, 403, "class",
                           "This token is for devices of the other class "
                           "(workstation, printer); it was not used");
        break;
    case HUB_RENEWED_LATELY:
        hub_answer_problem(call, 429, "renewed-lately",
                           "This device has a certificate that is quite new");
        hub_answer_retry(call, (int64_t)call->hub->config->renewal_interval_s);
        break;
    case HUB_RENEWS_ELSEWHERE:
        hub_answer_problem(call, 409, "elsewhere",
                           "The certificates of this device come from another "
                           "authority; renew it there");
        break;
    case HUB_CERTIFICATE_OVER:
        hub_answer_problem(call, 403, "expired",
                           "The certificate has expired; enrol this device "
                           "again");
        break;
    case HUB_IS_A_COPY:
        hub_answer_problem(call, 409, "copy",
                           "This certificate was renewed before: there is a "
                           "copy of this device; an administrator must enrol "
                           "it again");
        break;
    default:
        hub_answer_problem(call, 503, "cannot-sign", "%s",
                           why->text[0] != '\0'
                               ? why->text
                               : "The hub cannot make a certificate");
        break;
    }
}

/* The member "csr", proven. False when the answer is set. */
static bool
take_csr(struct hub_call *call, struct ph_csr *out_csr)
{
    const json_t *csr = json_object_get(call->body, "csr");
    struct ph_why why = {""};

    if (!json_is_string(csr)) {
        hub_answer_problem(call, 400, "malformed", "There is no member csr");
        return false;
    }
    if (ph_csr_parse(json_string_value(csr), json_string_length(csr), out_csr,
                     &why) == PH_OK)
        return true;
    hub_answer_problem(call, 400, "csr", "%s", why.text);
    return false;
}

/* The member "class", which may be missing: *out_kind is NULL then. False when
 * the answer is set. */
static bool
take_class(struct hub_call *call, enum ph_identity_kind *kind,
           const enum ph_identity_kind **out_kind)
{
    char text[16];

    *out_kind = NULL;
    if (json_object_get(call->body, "class") == NULL)
        return true;
    if (!hub_call_text(call, "class", text, sizeof(text)))
        return false;
    if (ph_enrolment_class_parse(text, kind) == PH_OK) {
        *out_kind = kind;
        return true;
    }
    hub_answer_problem(call, 400, "malformed",
                       "The member class is workstation or printer");
    return false;
}

void
hub_call_enrol(struct hub_call *call)
{
    char token[64], name[HUB_NAME_MAX] = "";
    enum ph_identity_kind kind;
    const enum ph_identity_kind *said_kind;
    struct hub_enrolled enrolled = {.is_repeated = false};
    enum hub_verdict verdict;
    struct ph_why why = {""};
    struct ph_csr csr;
    int err;

    if (!hub_call_text(call, "token", token, sizeof(token)))
        return;
    if (json_object_get(call->body, "name") != NULL &&
        !hub_call_text(call, "name", name, sizeof(name)))
        return;
    if (!take_class(call, &kind, &said_kind) || !take_csr(call, &csr))
        return;
    err = hub_enrol(call->hub, token, said_kind, &csr, name, call->address,
                    &verdict, &enrolled, &why);
    ph_wipe(token, sizeof(token));
    /* A device that was denied may be back, with an older key denied. */
    if (err == PH_OK && verdict == HUB_ENROLLED && !enrolled.is_repeated)
        err = hub_denied_load(call->hub, &call->denied);
    if (err != PH_OK)
        hub_answer_failure(call, err);
    else
        answer_verdict(call, verdict, &enrolled, &why);
}

void
hub_call_renew(struct hub_call *call)
{
    struct hub_enrolled enrolled = {.is_repeated = false};
    enum hub_verdict verdict;
    struct ph_why why = {""};
    struct ph_csr csr;
    int err;

    if (!take_csr(call, &csr))
        return;
    err = hub_renew(call->hub, &call->peer, &csr, call->address, &verdict,
                    &enrolled, &why);
    if (err != PH_OK)
        hub_answer_failure(call, err);
    else
        answer_verdict(call, verdict, &enrolled, &why);
}

/* --- what is told --- */

void
hub_call_authority(struct hub_call *call)
{
    json_t *root = json_object();
    int err = put_text(root, "tenant", call->hub->tenant.tenant);

    if (err == PH_OK)
        err = put_buf(root, "authority", &call->hub->chain);
    if (err != PH_OK) {
        json_decref(root);
        root = NULL;
    }
    hub_answer_json(call, 200, root);
}

static int
put_device(json_t *root, const struct hub_call *call)
{
    const struct hub_device *device = &call->device;
    int err = put_text(root, "id", device->id);

    if (err == PH_OK)
        err = put_text(root, "kind", kind_name(device->kind));
    if (err == PH_OK)
        err = put_text(root, "tenant", call->hub->tenant.tenant);
    if (err == PH_OK && device->name[0] != '\0')
        err = put_text(root, "name", device->name);
    if (err == PH_OK && device->group[0] != '\0')
        err = put_text(root, "group", device->group);
    if (err == PH_OK)
        err = put_time(root, "not-after", call->peer.not_after_ms);
    return err == PH_OK ? put_surroundings(root, call->hub, device->kind) : err;
}

void
hub_call_whoami(struct hub_call *call)
{
    json_t *root = json_object();

    if (put_device(root, call) != PH_OK) {
        json_decref(root);
        root = NULL;
    }
    hub_answer_json(call, 200, root);
}

/* --- who is denied --- */

#define LIST_MAX (1024 * 1024)

/* The list names certificates in hex, as openssl prints them. */
static int
put_certificate(struct ph_buf *text, const char *thumbprint)
{
    struct ph_buf bytes;
    int err;

    ph_buf_init(&bytes, PH_SHA256_BYTES);
    err = ph_base64url_decode(thumbprint, strlen(thumbprint), &bytes);
    if (err == PH_OK)
        err = ph_buf_put_str(text, "certificate ");
    for (size_t i = 0; err == PH_OK && i < bytes.len; i++)
        err = ph_buf_printf(text, "%s%02X", i > 0 ? ":" : "", bytes.data[i]);
    if (err == PH_OK)
        err = ph_buf_put_str(text, "\n");
    ph_buf_close(&bytes);
    return err;
}

static int
put_denied(enum ph_identity_kind kind, const char *device,
           const char *thumbprint, const char *serial, void *arg)
{
    (void)serial;
    if (kind != PH_IDENTITY_PRINTER)
        return PH_OK;
    return thumbprint == NULL ? ph_buf_printf(arg, "printer %s\n", device)
                              : put_certificate(arg, thumbprint);
}

int
hub_denied_text(struct hub *hub, struct ph_buf *out_text)
{
    int err = hub_store_begin(hub->store);

    if (err != PH_OK)
        return err;
    err = ph_buf_printf(out_text, "# Printers that are not served, of %s.\n",
                        hub->tenant.tenant);
    if (err == PH_OK)
        err = hub_denied_each(hub->store, ph_clock_wall_ms(), put_denied,
                              out_text);
    return hub_store_end(hub->store, err);
}

void
hub_call_denied_printers(struct hub_call *call)
{
    struct ph_buf text;
    int err;

    ph_buf_init(&text, LIST_MAX);
    err = hub_denied_text(call->hub, &text);
    if (err == PH_OK)
        hub_answer_text(call, 200, "text/plain", text.data, text.len);
    else
        hub_answer_failure(call, err);
    ph_buf_close(&text);
}
