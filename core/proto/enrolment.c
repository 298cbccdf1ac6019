#include "printhold/proto/enrolment.h"

#include <stdio.h>
#include <string.h>

#include "printhold/base/attr.h"
#include "printhold/base/clock.h"
#include "printhold/base/err.h"
#include "printhold/base/utf8.h"
#include "printhold/base/wipe.h"
#include "printhold/crypto/jws.h"
#include "printhold/proto/json.h"

#define TOKEN_MIN   16
#define PROBLEM_MAX (16 * 1024)

static const char base64url[] = "abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
static const char name_chars[] = "abcdefghijklmnopqrstuvwxyz0123456789-";

bool
ph_enrolment_is_token(const char *text)
{
    size_t len = strspn(text, base64url);

    return text[len] == '\0' && len >= TOKEN_MIN &&
           len < PH_ENROLMENT_TOKEN_MAX;
}

int
ph_enrolment_server(const char *text, char out_host[PH_ENROLMENT_URL_MAX])
{
    static const char scheme[] = "https://";
    size_t len;

    if (strncmp(text, scheme, sizeof(scheme) - 1) == 0)
        text += sizeof(scheme) - 1;
    len = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                       "0123456789-.:[]");
    if (len == 0 || len >= PH_ENROLMENT_URL_MAX ||
        (text[len] != '\0' && strcmp(text + len, "/") != 0))
        return PH_ERR_SYNTAX;
    memcpy(out_host, text, len);
    out_host[len] = '\0';
    return PH_OK;
}

const char *
ph_enrolment_class_name(enum ph_identity_kind kind)
{
    return kind == PH_IDENTITY_PRINTER ? "printer" : "workstation";
}

int
ph_enrolment_class_parse(const char *text, enum ph_identity_kind *out_kind)
{
    if (strcmp(text, "workstation") == 0)
        *out_kind = PH_IDENTITY_WORKSTATION;
    else if (strcmp(text, "printer") == 0)
        *out_kind = PH_IDENTITY_PRINTER;
    else
        return PH_ERR_SYNTAX;
    return PH_OK;
}

/* --- the answer --- */

/* Lines of visible text with blocks of that label and of no other. */
static bool
is_pem(const char *text, const char *label)
{
    static const char begin[] = "-----BEGIN ";
    const char *at = text;
    size_t blocks = 0;

    for (const char *c = text; *c != '\0'; c++)
        if ((*c < ' ' || *c > '~') && *c != '\n' && *c != '\r' && *c != '\t')
            return false;
    if (strstr(text, "PRIVATE KEY-----") != NULL) /* not in part either */
        return false;
    while ((at = strstr(at, begin)) != NULL) {
        at += sizeof(begin) - 1;
        if (strncmp(at, label, strlen(label)) != 0 ||
            strncmp(at + strlen(label), "-----", 5) != 0)
            return false;
        blocks++;
    }
    return blocks > 0;
}

/* Text with line ends, which ph_json_text does not take. */
static int
take_pem(const json_t *root, const char *name, const char *label, char *dst,
         size_t cap)
{
    const json_t *value = json_object_get(root, name);
    const char *text = json_string_value(value);

    if (text == NULL || json_string_length(value) != strlen(text) ||
        strlen(text) >= cap || !is_pem(text, label))
        return PH_ERR_SYNTAX;
    memcpy(dst, text, strlen(text) + 1);
    return PH_OK;
}

static int
take_name(const json_t *root, const char *name, char *dst, size_t cap)
{
    int err = ph_json_text(root, name, dst, cap);

    return err == PH_OK && dst[0] != '\0' &&
                   dst[strspn(dst, name_chars)] == '\0'
               ? PH_OK
               : PH_ERR_SYNTAX;
}

static int
take_time(const json_t *root, const char *name, int64_t *out_ms)
{
    char text[64];
    int err = ph_json_text(root, name, text, sizeof(text));

    return err == PH_OK ? ph_clock_parse(text, out_ms) : PH_ERR_SYNTAX;
}

static int
take_kind(const json_t *root, enum ph_identity_kind *out_kind)
{
    char text[16];
    int err = ph_json_text(root, "kind", text, sizeof(text));

    return err == PH_OK ? ph_enrolment_class_parse(text, out_kind)
                        : PH_ERR_SYNTAX;
}

static int
take_hub(const json_t *root, char hub[PH_ENROLMENT_URL_MAX])
{
    char text[PH_ENROLMENT_URL_MAX + 16];
    int err = ph_json_text(root, "hub", text, sizeof(text));

    if (err != PH_OK || strncmp(text, "https://", 8) != 0)
        return PH_ERR_SYNTAX;
    return ph_enrolment_server(text, hub);
}

static int
take_key(const json_t *root, uint8_t key[PH_ENROLMENT_KEY_BYTES])
{
    char text[64];
    struct ph_buf bytes;
    int err = ph_json_text(root, "directory-key", text, sizeof(text));

    ph_buf_init(&bytes, PH_ENROLMENT_KEY_BYTES);
    if (err == PH_OK)
        err = ph_base64url_decode(text, strlen(text), &bytes);
    if (err == PH_OK && bytes.len == PH_ENROLMENT_KEY_BYTES)
        memcpy(key, bytes.data, PH_ENROLMENT_KEY_BYTES);
    else
        err = PH_ERR_SYNTAX;
    ph_buf_close(&bytes);
    ph_wipe(text, sizeof(text));
    return err;
}

static int
take_broker(const json_t *root, char broker[PH_ENROLMENT_URL_MAX])
{
    int err = ph_json_text(root, "broker", broker, PH_ENROLMENT_URL_MAX);

    if (err == PH_ERR_NOT_FOUND)
        return PH_OK;
    return err == PH_OK && strncmp(broker, "wss://", 6) == 0 ? PH_OK
                                                             : PH_ERR_SYNTAX;
}

static const char *
take_for_workstation(const json_t *root, struct ph_enrolment *e)
{
    if (ph_json_text(root, "issuer", e->issuer, sizeof(e->issuer)) != PH_OK ||
        e->issuer[0] == '\0')
        return "issuer";
    if (take_pem(root, "issuer-keys", "PUBLIC KEY", e->issuer_keys,
                 sizeof(e->issuer_keys)) != PH_OK)
        return "issuer-keys";
    if (take_key(root, e->directory_key) != PH_OK)
        return "directory-key";
    return take_broker(root, e->broker) == PH_OK ? NULL : "broker";
}

/* NULL when all is well, else the member that is not. */
static const char *
take(const json_t *root, struct ph_enrolment *e)
{
    if (take_kind(root, &e->kind) != PH_OK)
        return "kind";
    if (take_name(root, "tenant", e->tenant, sizeof(e->tenant)) != PH_OK)
        return "tenant";
    if (take_name(root, "id", e->id, sizeof(e->id)) != PH_OK)
        return "id";
    if (take_pem(root, "certificate", "CERTIFICATE", e->certificate,
                 sizeof(e->certificate)) != PH_OK)
        return "certificate";
    if (take_pem(root, "authority", "CERTIFICATE", e->authority,
                 sizeof(e->authority)) != PH_OK)
        return "authority";
    if (take_hub(root, e->hub) != PH_OK)
        return "hub";
    if (take_time(root, "not-after", &e->not_after_ms) != PH_OK)
        return "not-after";
    if (take_time(root, "renew-after", &e->renew_after_ms) != PH_OK ||
        e->renew_after_ms > e->not_after_ms)
        return "renew-after";
    return e->kind == PH_IDENTITY_WORKSTATION ? take_for_workstation(root, e)
                                              : NULL;
}

int
ph_enrolment_parse(const void *text, size_t len,
                   struct ph_enrolment *out_enrolment, struct ph_why *why)
{
    json_t *root = NULL;
    const char *wrong;
    int err = ph_json_parse(text, len, PH_ENROLMENT_ANSWER_MAX, &root);

    if (err != PH_OK)
        return ph_why_fail(why, err, "the hub's answer is no JSON object");
    memset(out_enrolment, 0, sizeof(*out_enrolment));
    wrong = take(root, out_enrolment);
    json_decref(root);
    if (wrong == NULL)
        return PH_OK;
    ph_wipe(out_enrolment, sizeof(*out_enrolment));
    return ph_why_fail(why, PH_ERR_SYNTAX,
                       "the member %s of the hub's answer is missing or wrong",
                       wrong);
}

/* --- the request --- */

int
ph_enrolment_put(const char *token, enum ph_identity_kind kind,
                 const char *name, const struct ph_buf *csr_pem,
                 struct ph_buf *buf)
{
    json_t *root = json_object();
    int err = PH_OK;

    ph_buf_clear(buf);
    if (json_object_set_new(
            root, "csr",
            json_stringn((const char *)csr_pem->data, csr_pem->len)) != 0)
        err = PH_ERR_NOMEM;
    if (err == PH_OK && token != NULL &&
        (json_object_set_new(root, "token", json_string(token)) != 0 ||
         json_object_set_new(root, "class",
                             json_string(ph_enrolment_class_name(kind))) != 0))
        err = PH_ERR_NOMEM;
    if (err == PH_OK && token != NULL && name != NULL && name[0] != '\0' &&
        json_object_set_new(root, "name", json_string(name)) != 0)
        err = PH_ERR_INVALID;
    if (err == PH_OK)
        err = ph_json_put(root, buf);
    json_decref(root);
    return err;
}

/* --- refusals --- */

static const struct {
    const char *type; /* behind urn:printhold:problem: */
    int err;
} refusals[] = {
    {"token", PH_ERR_EXISTS},          {"class", PH_ERR_EXISTS},
    {"unknown-device", PH_ERR_DENIED}, {"superseded", PH_ERR_DENIED},
    {"expired", PH_ERR_DENIED},        {"copy", PH_ERR_DENIED},
    {"elsewhere", PH_ERR_DENIED},      {"renewed-lately", PH_ERR_LIMIT},
    {"sign-in-failed", PH_ERR_DENIED},
};

static int
err_of(unsigned status, const char *type)
{
    static const char prefix[] = "urn:printhold:problem:";

    if (status == 429 || status == 503)
        return PH_ERR_LIMIT;
    if (strncmp(type, prefix, sizeof(prefix) - 1) != 0)
        return PH_ERR_PROTOCOL;
    type += sizeof(prefix) - 1;
    for (size_t i = 0; i < PH_COUNT(refusals); i++)
        if (strcmp(refusals[i].type, type) == 0)
            return refusals[i].err;
    return PH_ERR_PROTOCOL;
}

int
ph_enrolment_refused(unsigned status, const void *text, size_t len,
                     struct ph_why *why)
{
    char type[64] = "", said[PH_WHY_MAX / 2] = "";
    json_t *root = NULL;

    if (ph_json_parse(text, len, PROBLEM_MAX, &root) == PH_OK) {
        const char *detail = json_string_value(json_object_get(root, "detail"));

        if (ph_json_text(root, "type", type, sizeof(type)) != PH_OK)
            type[0] = '\0';
        if (detail != NULL)
            ph_utf8_clean(detail, said, sizeof(said));
    }
    json_decref(root);
    if (said[0] != '\0')
        return ph_why_fail(why, err_of(status, type), "the hub answers: %s",
                           said);
    return ph_why_fail(why, err_of(status, type),
                       "the hub answers with status %u", status);
}
