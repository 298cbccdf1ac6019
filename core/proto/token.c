#include "printhold/proto/token.h"

#include <stdio.h>
#include <string.h>

#include "printhold/base/err.h"
#include "printhold/proto/json.h"

size_t
ph_token_max(const char *type)
{
    return strcmp(type, PH_TOKEN_DENIED) == 0 ? PH_TOKEN_DENIED_MAX
                                              : PH_JWS_MAX;
}

int
ph_token_parse_header(const void *json, size_t len, const char *type,
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
        strcmp(alg, "ES256") != 0 || strcmp(typ, type) != 0)
        err = PH_ERR_DENIED;
    else
        memcpy(out_kid, kid, sizeof(kid));
    json_decref(root);
    return err;
}

static int
check_signature(const struct ph_jws_parts *parts, const char *type,
                const char *what, const struct ph_jws_keyset *keys,
                struct ph_why *why)
{
    const struct ph_jws_key *key;
    char kid[PH_JWS_KID_MAX];
    struct ph_buf header;
    int err;

    ph_buf_init(&header, PH_JWS_MAX);
    err = ph_base64url_decode(parts->header, parts->header_len, &header);
    if (err == PH_OK)
        err = ph_token_parse_header(header.data, header.len, type, kid);
    ph_buf_close(&header);
    if (err != PH_OK)
        return ph_why_fail(why, PH_ERR_DENIED,
                           "The header of the %s is not one that is taken "
                           "here",
                           what);
    key = ph_jws_keyset_find(keys, kid);
    if (key == NULL)
        return ph_why_fail(why, PH_ERR_DENIED,
                           "The %s is signed with a key that is not known "
                           "on this computer",
                           what);
    if (ph_jws_verify(parts, key) != PH_OK)
        return ph_why_fail(why, PH_ERR_DENIED,
                           "The signature of the %s is wrong", what);
    return PH_OK;
}

int
ph_token_open(const char *token, size_t len, const char *type, const char *what,
              const struct ph_jws_keyset *keys, struct ph_buf *out_payload,
              struct ph_why *why)
{
    struct ph_jws_parts parts;
    int err = ph_jws_split_max(token, len, ph_token_max(type), &parts);

    if (err != PH_OK)
        return ph_why_fail(why, err, "That is not a %s", what);
    err = check_signature(&parts, type, what, keys, why);
    if (err != PH_OK)
        return err;
    err = ph_base64url_decode(parts.payload, parts.payload_len, out_payload);
    if (err != PH_OK)
        return ph_why_fail(why, PH_ERR_INVALID,
                           "The payload of the %s is not base64url", what);
    return PH_OK;
}

int
ph_token_sign(const struct ph_jws_key *key, const char *type,
              struct ph_buf *claims, struct ph_buf *out_token)
{
    char kid[PH_JWS_KID_MAX], header[96 + PH_JWS_KID_MAX];
    const char *text = ph_buf_str(claims);
    int err = text != NULL ? ph_jws_key_kid(key, kid) : PH_ERR_TOO_BIG;

    ph_buf_clear(out_token);
    if (err != PH_OK)
        return err;
    (void)snprintf(header, sizeof(header),
                   "{\"alg\":\"ES256\",\"typ\":\"%s\",\"kid\":\"%s\"}", type,
                   kid);
    return ph_jws_sign_max(key, header, text, ph_token_max(type), out_token);
}
