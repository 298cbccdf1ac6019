#include "printhold/proto/grant.h"

#include <stdlib.h>
#include <string.h>

#include "printhold/base/buf.h"
#include "printhold/base/err.h"
#include "printhold/proto/json.h"

/* 2286: anything later is a mistake, and arithmetic with it is safe. */
#define TIME_MAX_S 9999999999

static bool
is_base64url(const char *text)
{
    return text[strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrst"
                             "uvwxyz0123456789-_")] == '\0';
}

int
ph_grant_parse_header(const void *json, size_t len,
                      char out_kid[PH_JWS_KID_MAX])
{
    json_t *root = NULL;
    char alg[16], typ[32], kid[PH_JWS_KID_MAX];
    int err = ph_json_parse(json, len, PH_JWS_MAX, &root);

    if (err != PH_OK)
        return PH_ERR_DENIED;
    if (json_object_size(root) != 3 ||
        ph_json_text(root, "alg", alg, sizeof(alg)) != PH_OK ||
        ph_json_text(root, "typ", typ, sizeof(typ)) != PH_OK ||
        ph_json_text(root, "kid", kid, sizeof(kid)) != PH_OK ||
        strcmp(alg, "ES256") != 0 || strcmp(typ, "phgrant+jwt") != 0)
        err = PH_ERR_DENIED;
    else
        memcpy(out_kid, kid, sizeof(kid));
    json_decref(root);
    return err;
}

/* A text with something in it. */
static int
some_text(const json_t *object, const char *name, char *dst, size_t cap)
{
    int err = ph_json_text(object, name, dst, cap);

    return err == PH_OK && dst[0] == '\0' ? PH_ERR_INVALID : err;
}

/* One member of a list; empty text is no name of anything. */
static int
list_text(const json_t *list, size_t index, char *dst, size_t cap)
{
    const json_t *item = json_array_get(list, index);
    size_t len = json_string_length(item);

    if (!json_is_string(item) || len == 0 || len >= cap ||
        memchr(json_string_value(item), '\0', len) != NULL)
        return PH_ERR_INVALID;
    memcpy(dst, json_string_value(item), len + 1);
    return PH_OK;
}

static int
read_audience(const json_t *root, struct ph_grant *grant)
{
    const json_t *aud = json_object_get(root, "aud");
    int err = PH_OK;

    if (json_is_string(aud)) {
        grant->audience_count = 1;
        return some_text(root, "aud", grant->audience[0],
                         sizeof(grant->audience[0]));
    }
    if (!json_is_array(aud) || json_array_size(aud) == 0 ||
        json_array_size(aud) > PH_GRANT_AUDIENCES_MAX)
        return PH_ERR_INVALID;
    grant->audience_count = json_array_size(aud);
    for (size_t i = 0; i < grant->audience_count && err == PH_OK; i++)
        err = list_text(aud, i, grant->audience[i], sizeof(grant->audience[i]));
    return err;
}

static int
read_binding(const json_t *root, struct ph_grant *grant)
{
    const json_t *cnf = json_object_get(root, "cnf");

    if (!json_is_object(cnf) || json_object_size(cnf) != 1)
        return PH_ERR_INVALID;
    if (ph_json_text(cnf, "x5t#S256", grant->thumbprint,
                     sizeof(grant->thumbprint)) != PH_OK ||
        strlen(grant->thumbprint) != PH_THUMBPRINT_TEXT - 1)
        return PH_ERR_INVALID;
    return PH_OK;
}

static int
read_times(const json_t *root, struct ph_grant *grant)
{
    int err = ph_json_int(root, "iat", 0, TIME_MAX_S, &grant->issued_s);

    if (err == PH_OK)
        err = ph_json_int(root, "exp", 0, TIME_MAX_S, &grant->expires_s);
    if (err != PH_OK || grant->expires_s <= grant->issued_s)
        return PH_ERR_INVALID;
    grant->not_before_s = grant->issued_s;
    if (json_object_get(root, "nbf") != NULL)
        err = ph_json_int(root, "nbf", 0, TIME_MAX_S, &grant->not_before_s);
    return err;
}

static int
read_jti(const json_t *root, struct ph_grant *grant)
{
    int err = ph_json_text(root, "jti", grant->jti, sizeof(grant->jti));

    if (err != PH_OK || strlen(grant->jti) < PH_GRANT_JTI_MIN ||
        !is_base64url(grant->jti))
        return PH_ERR_INVALID;
    return PH_OK;
}

static int
read_methods(const json_t *root, struct ph_grant *grant)
{
    const json_t *amr = json_object_get(root, "amr");
    int err = PH_OK;

    if (!json_is_array(amr) || json_array_size(amr) == 0 ||
        json_array_size(amr) > PH_GRANT_METHODS_MAX)
        return PH_ERR_INVALID;
    grant->method_count = json_array_size(amr);
    for (size_t i = 0; i < grant->method_count && err == PH_OK; i++)
        err = list_text(amr, i, grant->method[i], sizeof(grant->method[i]));
    return err;
}

static int
read_jobs(const json_t *root, struct ph_grant *grant)
{
    const json_t *jobs = json_object_get(root, "jobs");
    int err = PH_OK;

    grant->all_jobs = jobs == NULL;
    if (jobs == NULL)
        return PH_OK;
    if (!json_is_array(jobs) || json_array_size(jobs) > PH_GRANT_JOBS_MAX)
        return PH_ERR_INVALID;
    grant->job_count = json_array_size(jobs);
    for (size_t i = 0; i < grant->job_count && err == PH_OK; i++) {
        char text[PH_ID_TEXT];

        err = list_text(jobs, i, text, sizeof(text));
        if (err == PH_OK)
            err = ph_id_parse(text, &grant->job[i]);
    }
    return err;
}

static const char *
read_claims(const json_t *root, struct ph_grant *grant)
{
    if (some_text(root, "iss", grant->issuer, sizeof(grant->issuer)) != PH_OK)
        return "iss";
    if (read_audience(root, grant) != PH_OK)
        return "aud";
    if (some_text(root, "sub", grant->subject, sizeof(grant->subject)) != PH_OK)
        return "sub";
    if (read_binding(root, grant) != PH_OK)
        return "cnf";
    if (read_times(root, grant) != PH_OK)
        return "iat, nbf or exp";
    if (read_jti(root, grant) != PH_OK)
        return "jti";
    if (read_methods(root, grant) != PH_OK)
        return "amr";
    if (read_jobs(root, grant) != PH_OK)
        return "jobs";
    return NULL;
}

int
ph_grant_parse_claims(const void *json, size_t len, struct ph_grant *out_grant,
                      struct ph_why *why)
{
    struct ph_grant *grant = NULL;
    json_t *root = NULL;
    const char *wrong;
    int err = ph_json_parse(json, len, PH_JWS_MAX, &root);

    if (err != PH_OK)
        return ph_why_fail(why, PH_ERR_INVALID,
                           "The claims of the grant are not proper JSON");
    grant = calloc(1, sizeof(*grant));
    if (grant == NULL) {
        json_decref(root);
        return PH_ERR_NOMEM;
    }
    wrong = read_claims(root, grant);
    if (wrong == NULL)
        *out_grant = *grant;
    json_decref(root);
    free(grant);
    if (wrong != NULL)
        return ph_why_fail(why, PH_ERR_INVALID,
                           "The claim %s of the grant is missing or wrong",
                           wrong);
    return PH_OK;
}

static int
check_signature(const struct ph_jws_parts *parts,
                const struct ph_jws_keyset *keys, struct ph_why *why)
{
    const struct ph_jws_key *key;
    char kid[PH_JWS_KID_MAX];
    struct ph_buf header;
    int err;

    ph_buf_init(&header, PH_JWS_MAX);
    err = ph_base64url_decode(parts->header, parts->header_len, &header);
    if (err == PH_OK)
        err = ph_grant_parse_header(header.data, header.len, kid);
    ph_buf_close(&header);
    if (err != PH_OK)
        return ph_why_fail(why, PH_ERR_DENIED,
                           "The header of the grant is not one that is taken "
                           "here");
    key = ph_jws_keyset_find(keys, kid);
    if (key == NULL)
        return ph_why_fail(why, PH_ERR_DENIED,
                           "The grant is signed with a key that is not known "
                           "on this computer");
    if (ph_jws_verify(parts, key) != PH_OK)
        return ph_why_fail(why, PH_ERR_DENIED,
                           "The signature of the grant is wrong");
    return PH_OK;
}

int
ph_grant_open(const char *token, size_t len, const struct ph_jws_keyset *keys,
              struct ph_grant *out_grant, struct ph_why *why)
{
    struct ph_jws_parts parts;
    struct ph_buf payload;
    int err = ph_jws_split(token, len, &parts);

    if (err != PH_OK)
        return ph_why_fail(why, err, "That is not a grant");
    err = check_signature(&parts, keys, why);
    if (err != PH_OK)
        return err;
    ph_buf_init(&payload, PH_JWS_MAX);
    err = ph_base64url_decode(parts.payload, parts.payload_len, &payload);
    if (err == PH_OK)
        err = ph_grant_parse_claims(payload.data, payload.len, out_grant, why);
    else
        err = ph_why_fail(why, PH_ERR_INVALID,
                          "The payload of the grant is not base64url");
    ph_buf_close(&payload);
    return err;
}
