#include "printhold/proto/issuer_keys.h"

#include <stdlib.h>
#include <string.h>

#include "message_claims.h"
#include "printhold/base/err.h"
#include "printhold/proto/token.h"

#define COORDINATE_BYTES 32

static int
take_coordinate(const json_t *jwk, const char *name,
                uint8_t out[COORDINATE_BYTES])
{
    char text[PH_JWS_KID_MAX];
    struct ph_buf bytes;
    int err = ph_claims_text(jwk, name, text, sizeof(text));

    if (err != PH_OK)
        return err;
    ph_buf_init(&bytes, PH_JWS_KID_MAX);
    err = ph_base64url_decode(text, strlen(text), &bytes);
    if (err == PH_OK && bytes.len != COORDINATE_BYTES)
        err = PH_ERR_INVALID;
    if (err == PH_OK)
        memcpy(out, bytes.data, COORDINATE_BYTES);
    ph_buf_close(&bytes);
    return err;
}

/* A member that is this text, or, unless it must be there, is not there. */
static bool
says(const json_t *jwk, const char *name, const char *text, bool must)
{
    const json_t *value = json_object_get(jwk, name);

    if (value == NULL)
        return !must;
    return json_is_string(value) && strcmp(json_string_value(value), text) == 0;
}

static bool
may_verify(const json_t *jwk)
{
    const json_t *uses = json_object_get(jwk, "key_ops");
    bool may = uses == NULL;

    for (size_t i = 0; i < json_array_size(uses); i++) {
        const char *use = json_string_value(json_array_get(uses, i));

        may = may || (use != NULL && strcmp(use, "verify") == 0);
    }
    return may;
}

static int
take_key(const json_t *jwk, struct ph_jws_key **out_key)
{
    uint8_t x[COORDINATE_BYTES], y[COORDINATE_BYTES];
    struct ph_jws_key *key = NULL;
    char kid[PH_JWS_KID_MAX];
    int err;

    if (!says(jwk, "kty", "EC", true) || !says(jwk, "crv", "P-256", true) ||
        !says(jwk, "use", "sig", false) || !says(jwk, "alg", "ES256", false) ||
        !may_verify(jwk) || json_object_get(jwk, "d") != NULL)
        return PH_ERR_INVALID;
    err = take_coordinate(jwk, "x", x);
    if (err == PH_OK)
        err = take_coordinate(jwk, "y", y);
    if (err == PH_OK)
        err = ph_jws_key_from_xy(x, y, &key);
    if (err == PH_OK)
        err = ph_jws_key_kid(key, kid);
    if (err == PH_OK && !says(jwk, "kid", kid, false))
        err = PH_ERR_INVALID;
    if (err == PH_OK)
        *out_key = key;
    else
        ph_jws_key_free(key);
    return err;
}

static int
take_keys(const json_t *root, struct ph_issuer_keys *keys)
{
    const json_t *list = json_object_get(root, "keys");
    const size_t count = json_array_size(list);
    int err = PH_OK;

    if (!json_is_array(list) || count > PH_ISSUER_KEYS_MAX)
        return PH_ERR_INVALID;
    for (size_t i = 0; i < count && err == PH_OK; i++) {
        err = take_key(json_array_get(list, i), &keys->key[i]);
        keys->key_count += err == PH_OK;
    }
    return err;
}

static const char *
read_message(const json_t *root, struct ph_issuer_keys *keys)
{
    const char *wrong = ph_message_claims_read(root, false, &keys->claims);

    if (wrong == NULL && ph_message_version(root, &keys->version) != PH_OK)
        wrong = "ver";
    if (wrong == NULL && take_keys(root, keys) != PH_OK)
        wrong = "keys";
    return wrong;
}

int
ph_issuer_keys_parse(const void *json, size_t len,
                     struct ph_issuer_keys *out_keys, struct ph_why *why)
{
    struct ph_issuer_keys keys = {.key_count = 0};
    json_t *root = NULL;
    const char *wrong;
    int err = ph_json_parse(json, len, PH_JWS_MAX, &root);

    if (err != PH_OK)
        return err == PH_ERR_NOMEM
                   ? err
                   : ph_why_fail(why, PH_ERR_INVALID,
                                 "The claims of the keys are not proper JSON");
    wrong = read_message(root, &keys);
    json_decref(root);
    if (wrong == NULL) {
        *out_keys = keys;
        return PH_OK;
    }
    ph_issuer_keys_close(&keys);
    return ph_why_fail(why, PH_ERR_INVALID,
                       "%s in the message of keys is missing or wrong", wrong);
}

void
ph_issuer_keys_close(struct ph_issuer_keys *keys)
{
    for (size_t i = 0; i < keys->key_count; i++)
        ph_jws_key_free(keys->key[i]);
    keys->key_count = 0;
}

int
ph_issuer_keys_open(const char *token, size_t len,
                    const struct ph_jws_keyset *pinned,
                    struct ph_issuer_keys *out_keys, struct ph_why *why)
{
    struct ph_buf payload;
    int err;

    ph_buf_init(&payload, PH_JWS_MAX);
    err = ph_token_open(token, len, PH_TOKEN_KEYS, "message of keys", pinned,
                        &payload, why);
    if (err == PH_OK)
        err = ph_issuer_keys_parse(payload.data, payload.len, out_keys, why);
    ph_buf_close(&payload);
    return err;
}
