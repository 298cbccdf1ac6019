#include "printhold/proto/grant.h"

#include <stdlib.h>
#include <string.h>

#include "claims.h"
#include "printhold/base/buf.h"
#include "printhold/base/err.h"
#include "printhold/proto/json.h"
#include "printhold/proto/token.h"

int
ph_grant_parse_header(const void *json, size_t len,
                      char out_kid[PH_JWS_KID_MAX])
{
    return ph_token_parse_header(json, len, PH_TOKEN_GRANT, out_kid);
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
    int err = ph_claims_time(root, "iat", &grant->issued_s);

    if (err == PH_OK)
        err = ph_claims_time(root, "exp", &grant->expires_s);
    if (err != PH_OK || grant->expires_s <= grant->issued_s)
        return PH_ERR_INVALID;
    grant->not_before_s = grant->issued_s;
    if (json_object_get(root, "nbf") != NULL)
        err = ph_claims_time(root, "nbf", &grant->not_before_s);
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

        err = ph_claims_list_text(jobs, i, text, sizeof(text));
        if (err == PH_OK)
            err = ph_id_parse(text, &grant->job[i]);
    }
    return err;
}

static const char *
read_claims(const json_t *root, struct ph_grant *grant)
{
    if (ph_claims_text(root, "iss", grant->issuer, sizeof(grant->issuer)) !=
        PH_OK)
        return "iss";
    if (ph_claims_audience(root, PH_GRANT_AUDIENCES_MAX, grant->audience[0],
                           sizeof(grant->audience[0]),
                           &grant->audience_count) != PH_OK)
        return "aud";
    if (ph_claims_text(root, "sub", grant->subject, sizeof(grant->subject)) !=
        PH_OK)
        return "sub";
    if (read_binding(root, grant) != PH_OK)
        return "cnf";
    if (read_times(root, grant) != PH_OK)
        return "iat, nbf or exp";
    if (ph_claims_jti(root, grant->jti, sizeof(grant->jti)) != PH_OK)
        return "jti";
    if (ph_claims_list(json_object_get(root, "amr"), PH_GRANT_METHODS_MAX,
                       grant->method[0], sizeof(grant->method[0]),
                       &grant->method_count) != PH_OK)
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

int
ph_grant_open(const char *token, size_t len, const struct ph_jws_keyset *keys,
              struct ph_grant *out_grant, struct ph_why *why)
{
    struct ph_buf payload;
    int err;

    ph_buf_init(&payload, PH_JWS_MAX);
    err =
        ph_token_open(token, len, PH_TOKEN_GRANT, "grant", keys, &payload, why);
    if (err == PH_OK)
        err = ph_grant_parse_claims(payload.data, payload.len, out_grant, why);
    ph_buf_close(&payload);
    return err;
}
