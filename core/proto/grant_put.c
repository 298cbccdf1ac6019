/* Grants as the hub makes them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "printhold/base/err.h"
#include "printhold/proto/grant.h"
#include "printhold/proto/json.h"
#include "printhold/proto/token.h"

static int
put_texts(json_t *root, const char *name, const void *first, size_t stride,
          size_t count)
{
    json_t *list = json_array();

    for (size_t i = 0; i < count; i++) {
        const char *text = (const char *)first + i * stride;

        if (json_array_append_new(list, json_string(text)) != 0) {
            json_decref(list);
            return PH_ERR_NOMEM;
        }
    }
    return ph_json_set(root, name, list);
}

static int
put_jobs(json_t *root, const struct ph_grant *grant)
{
    char ids[PH_GRANT_JOBS_MAX][PH_ID_TEXT];

    if (grant->all_jobs)
        return PH_OK;
    for (size_t i = 0; i < grant->job_count; i++)
        ph_id_format(&grant->job[i], ids[i]);
    return put_texts(root, "jobs", ids, sizeof(ids[0]), grant->job_count);
}

static int
put_claims(json_t *root, const struct ph_grant *grant)
{
    json_t *cnf = json_object();
    int err = ph_json_set(root, "iss", json_string(grant->issuer));

    if (err == PH_OK)
        err = put_texts(root, "aud", grant->audience,
                        sizeof(grant->audience[0]), grant->audience_count);
    if (err == PH_OK)
        err = ph_json_set(root, "sub", json_string(grant->subject));
    if (err == PH_OK)
        err = ph_json_set(cnf, "x5t#S256", json_string(grant->thumbprint));
    if (err == PH_OK)
        err = ph_json_set(root, "cnf", json_incref(cnf));
    if (err == PH_OK)
        err = ph_json_set(root, "iat", json_integer(grant->issued_s));
    if (err == PH_OK)
        err = ph_json_set(root, "nbf", json_integer(grant->not_before_s));
    if (err == PH_OK)
        err = ph_json_set(root, "exp", json_integer(grant->expires_s));
    if (err == PH_OK)
        err = ph_json_set(root, "jti", json_string(grant->jti));
    if (err == PH_OK)
        err = put_texts(root, "amr", grant->method, sizeof(grant->method[0]),
                        grant->method_count);
    if (err == PH_OK)
        err = put_jobs(root, grant);
    json_decref(cnf);
    return err;
}

/* Only what ph_grant_open would take leaves here. */
static int
make_claims(const struct ph_grant *grant, struct ph_buf *claims)
{
    struct ph_grant *again = calloc(1, sizeof(*again));
    json_t *root = json_object();
    int err = again != NULL && root != NULL ? PH_OK : PH_ERR_NOMEM;

    if (err == PH_OK && (grant->audience_count > PH_GRANT_AUDIENCES_MAX ||
                         grant->method_count > PH_GRANT_METHODS_MAX ||
                         grant->job_count > PH_GRANT_JOBS_MAX))
        err = PH_ERR_INVALID;
    if (err == PH_OK)
        err = put_claims(root, grant);
    if (err == PH_OK)
        err = ph_json_put(root, claims);
    if (err == PH_OK)
        err = ph_grant_parse_claims(claims->data, claims->len, again, NULL);
    json_decref(root);
    free(again);
    return err;
}

int
ph_grant_sign(const struct ph_grant *grant, const struct ph_jws_key *key,
              struct ph_buf *out_token)
{
    struct ph_buf claims;
    int err;

    ph_buf_clear(out_token);
    ph_buf_init(&claims, PH_JWS_MAX);
    err = make_claims(grant, &claims);
    if (err == PH_OK)
        err = ph_token_sign(key, PH_TOKEN_GRANT, &claims, out_token);
    ph_buf_close(&claims);
    return err;
}
