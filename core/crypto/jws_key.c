#include "jws_key.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>

#include "printhold/base/err.h"
#include "printhold/crypto/kdf.h"

#define COORDINATE_BYTES 32
#define POINT_BYTES      (1 + 2 * COORDINATE_BYTES)
#define P256             "prime256v1"

int
ph_jws_no_passphrase(char *buf, int size, int rwflag, void *arg)
{
    (void)buf;
    (void)size;
    (void)rwflag;
    (void)arg;
    return -1;
}

static bool
is_p256(const EVP_PKEY *pkey)
{
    char group[64];
    size_t len = 0;

    return EVP_PKEY_is_a(pkey, "EC") == 1 &&
           EVP_PKEY_get_group_name(pkey, group, sizeof(group), &len) == 1 &&
           strcmp(group, P256) == 0;
}

int
ph_jws_key_take(EVP_PKEY *pkey, bool is_private, struct ph_jws_key **out_key)
{
    EVP_PKEY_CTX *ctx = NULL;
    struct ph_jws_key *key = NULL;
    int err = PH_ERR_UNSUPPORTED;

    if (!is_p256(pkey))
        goto out;
    err = PH_ERR_CRYPTO;
    ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
    if (ctx == NULL)
        goto out;
    /* On the curve, not at infinity. */
    err = PH_ERR_INVALID;
    if (EVP_PKEY_public_check(ctx) != 1)
        goto out;
    err = PH_ERR_NOMEM;
    key = calloc(1, sizeof(*key));
    if (key == NULL)
        goto out;
    key->pkey = pkey;
    key->is_private = is_private;
    pkey = NULL;
    *out_key = key;
    err = PH_OK;
out:
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(pkey);
    if (err != PH_OK)
        ERR_clear_error();
    return err;
}

static EVP_PKEY *
read_pem(const void *pem, size_t len, bool private)
{
    BIO *bio = BIO_new_mem_buf(pem, (int)len);
    EVP_PKEY *pkey = NULL;

    if (bio == NULL)
        return NULL;
    if (private)
        pkey = PEM_read_bio_PrivateKey(bio, NULL, ph_jws_no_passphrase, NULL);
    else
        pkey = PEM_read_bio_PUBKEY(bio, NULL, ph_jws_no_passphrase, NULL);
    BIO_free(bio);
    ERR_clear_error();
    return pkey;
}

int
ph_jws_key_from_pem(const void *pem, size_t len, struct ph_jws_key **out_key,
                    struct ph_why *why)
{
    EVP_PKEY *pkey = NULL;
    bool private = false;
    int err;

    if (len <= INT_MAX)
        pkey = read_pem(pem, len, false);
    if (pkey == NULL && len <= INT_MAX) {
        pkey = read_pem(pem, len, true);
        private = true;
    }
    if (pkey == NULL)
        return ph_why_fail(why, PH_ERR_SYNTAX,
                           "there is no readable PEM key; a P-256 key without "
                           "a passphrase is needed");
    err = ph_jws_key_take(pkey, private, out_key);
    if (err != PH_OK)
        return ph_why_fail(why, err,
                           "the key is not a sound P-256 key (%s); make one "
                           "with openssl genpkey -algorithm EC -pkeyopt "
                           "ec_paramgen_curve:P-256",
                           ph_err_text(err));
    return PH_OK;
}

static EVP_PKEY *
from_point(uint8_t point[POINT_BYTES])
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    EVP_PKEY *pkey = NULL;
    char group[] = P256;
    OSSL_PARAM params[3];

    params[0] =
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0);
    params[1] = OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY,
                                                  point, POINT_BYTES);
    params[2] = OSSL_PARAM_construct_end();
    if (ctx != NULL && EVP_PKEY_fromdata_init(ctx) == 1 &&
        EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params) != 1)
        pkey = NULL;
    EVP_PKEY_CTX_free(ctx);
    ERR_clear_error();
    return pkey;
}

int
ph_jws_key_from_xy(const uint8_t x[32], const uint8_t y[32],
                   struct ph_jws_key **out_key)
{
    uint8_t point[POINT_BYTES] = {POINT_CONVERSION_UNCOMPRESSED};
    EVP_PKEY *pkey;

    memcpy(point + 1, x, COORDINATE_BYTES);
    memcpy(point + 1 + COORDINATE_BYTES, y, COORDINATE_BYTES);
    pkey = from_point(point);
    if (pkey == NULL)
        return PH_ERR_INVALID;
    return ph_jws_key_take(pkey, false, out_key);
}

void
ph_jws_key_free(struct ph_jws_key *key)
{
    if (key == NULL)
        return;
    EVP_PKEY_free(key->pkey);
    free(key);
}

/* base64url of one affine coordinate, always 32 bytes long. */
static int
coordinate(const struct ph_jws_key *key, const char *name,
           struct ph_buf *out_text)
{
    uint8_t bytes[COORDINATE_BYTES];
    BIGNUM *bn = NULL;
    int err = PH_ERR_CRYPTO;

    if (EVP_PKEY_get_bn_param(key->pkey, name, &bn) == 1 &&
        BN_bn2binpad(bn, bytes, sizeof(bytes)) == COORDINATE_BYTES)
        err = ph_base64url_encode(bytes, sizeof(bytes), out_text);
    BN_free(bn);
    return err;
}

/* RFC 7638 section 3: the required members, sorted, no blanks. */
int
ph_jws_key_jwk(const struct ph_jws_key *key, struct ph_buf *out_json)
{
    struct ph_buf x, y;
    int err;

    ph_buf_init(&x, PH_JWS_KID_MAX);
    ph_buf_init(&y, PH_JWS_KID_MAX);
    err = coordinate(key, OSSL_PKEY_PARAM_EC_PUB_X, &x);
    if (err == PH_OK)
        err = coordinate(key, OSSL_PKEY_PARAM_EC_PUB_Y, &y);
    if (err == PH_OK)
        err = ph_buf_printf(out_json,
                            "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"%.*s\","
                            "\"y\":\"%.*s\"}",
                            (int)x.len, (const char *)x.data, (int)y.len,
                            (const char *)y.data);
    ph_buf_close(&x);
    ph_buf_close(&y);
    return err;
}

int
ph_jws_key_kid(const struct ph_jws_key *key, char out_kid[PH_JWS_KID_MAX])
{
    uint8_t digest[PH_SHA256_BYTES];
    struct ph_buf json, text;
    int err;

    ph_buf_init(&json, 256);
    ph_buf_init(&text, PH_JWS_KID_MAX);
    err = ph_jws_key_jwk(key, &json);
    if (err == PH_OK)
        err = ph_sha256(json.data, json.len, digest);
    if (err == PH_OK)
        err = ph_base64url_encode(digest, sizeof(digest), &text);
    if (err == PH_OK)
        (void)snprintf(out_kid, PH_JWS_KID_MAX, "%.*s", (int)text.len,
                       (const char *)text.data);
    ph_buf_close(&json);
    ph_buf_close(&text);
    return err;
}
