#include "printhold/crypto/jws.h"

#include <string.h>

#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include "jws_key.h"
#include "printhold/base/err.h"

#define SCALAR_BYTES    32
#define SIGNATURE_BYTES (2 * SCALAR_BYTES)
#define DER_MAX         80 /* two 33-byte integers and their headers */

/* n, the order of P-256 (FIPS 186-5, SP 800-186). */
static const uint8_t order[SCALAR_BYTES] = {
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17,
    0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51};

/* Canonical base64url of at least one byte? */
static int
check_part(const char *text, size_t len, struct ph_buf *scratch)
{
    int err = ph_base64url_decode(text, len, scratch);

    if (err == PH_OK && scratch->len == 0)
        err = PH_ERR_SYNTAX;
    return err;
}

static int
decode_parts(const char *signature, size_t signature_len, size_t max,
             struct ph_jws_parts *parts)
{
    struct ph_buf scratch;
    int err;

    ph_buf_init(&scratch, max);
    err = check_part(parts->header, parts->header_len, &scratch);
    if (err == PH_OK)
        err = check_part(parts->payload, parts->payload_len, &scratch);
    if (err == PH_OK)
        err = check_part(signature, signature_len, &scratch);
    if (err == PH_OK && scratch.len != SIGNATURE_BYTES)
        err = PH_ERR_SYNTAX;
    if (err == PH_OK)
        memcpy(parts->signature, scratch.data, SIGNATURE_BYTES);
    ph_buf_close(&scratch);
    return err;
}

int
ph_jws_split(const char *token, size_t len, struct ph_jws_parts *out_parts)
{
    return ph_jws_split_max(token, len, PH_JWS_MAX, out_parts);
}

int
ph_jws_split_max(const char *token, size_t len, size_t max,
                 struct ph_jws_parts *out_parts)
{
    struct ph_jws_parts parts = {.signed_text = token, .header = token};
    const char *dot1, *dot2, *end;
    int err;

    if (len > max)
        return PH_ERR_TOO_BIG;
    if (len == 0)
        return PH_ERR_SYNTAX;
    end = token + len;
    dot1 = memchr(token, '.', len);
    if (dot1 == NULL)
        return PH_ERR_SYNTAX;
    dot2 = memchr(dot1 + 1, '.', (size_t)(end - dot1 - 1));
    if (dot2 == NULL)
        return PH_ERR_SYNTAX;
    parts.header_len = (size_t)(dot1 - token);
    parts.payload = dot1 + 1;
    parts.payload_len = (size_t)(dot2 - dot1 - 1);
    parts.signed_len = (size_t)(dot2 - token);
    /* A third dot is no base64url digit. */
    err = decode_parts(dot2 + 1, (size_t)(end - dot2 - 1), max, &parts);
    if (err == PH_OK)
        *out_parts = parts;
    return err;
}

/* In [1, n-1]? */
static bool
scalar_ok(const uint8_t scalar[SCALAR_BYTES])
{
    static const uint8_t zero[SCALAR_BYTES];

    return memcmp(scalar, zero, SCALAR_BYTES) != 0 &&
           memcmp(scalar, order, SCALAR_BYTES) < 0;
}

/* r || s to the DER that OpenSSL takes. Its length, or 0. */
static int
to_der(const uint8_t signature[SIGNATURE_BYTES], unsigned char der[DER_MAX])
{
    ECDSA_SIG *sig = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(signature, SCALAR_BYTES, NULL);
    BIGNUM *s = BN_bin2bn(signature + SCALAR_BYTES, SCALAR_BYTES, NULL);
    int len = 0;

    if (sig != NULL && r != NULL && s != NULL &&
        ECDSA_SIG_set0(sig, r, s) == 1) {
        r = NULL;
        s = NULL;
        if (i2d_ECDSA_SIG(sig, NULL) <= DER_MAX)
            len = i2d_ECDSA_SIG(sig, &der);
    }
    BN_free(r);
    BN_free(s);
    ECDSA_SIG_free(sig);
    return len > 0 ? len : 0;
}

int
ph_jws_verify(const struct ph_jws_parts *parts, const struct ph_jws_key *key)
{
    unsigned char der[DER_MAX];
    EVP_MD_CTX *ctx = NULL;
    int len, err = PH_ERR_DENIED;

    if (!scalar_ok(parts->signature) ||
        !scalar_ok(parts->signature + SCALAR_BYTES))
        return err;
    len = to_der(parts->signature, der);
    ctx = EVP_MD_CTX_new();
    /* Only 1 is a yes; 0 and every negative value are a no. */
    if (len > 0 && ctx != NULL &&
        EVP_DigestVerifyInit_ex(ctx, NULL, "SHA256", NULL, NULL, key->pkey,
                                NULL) == 1 &&
        EVP_DigestVerify(ctx, der, (size_t)len,
                         (const unsigned char *)parts->signed_text,
                         parts->signed_len) == 1)
        err = PH_OK;
    EVP_MD_CTX_free(ctx);
    if (err != PH_OK)
        ERR_clear_error();
    return err;
}

/* DER to r || s. */
static int
from_der(const unsigned char *der, size_t len,
         uint8_t signature[SIGNATURE_BYTES])
{
    ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &der, (long)len);
    int err = PH_ERR_CRYPTO;

    if (sig != NULL &&
        BN_bn2binpad(ECDSA_SIG_get0_r(sig), signature, SCALAR_BYTES) ==
            SCALAR_BYTES &&
        BN_bn2binpad(ECDSA_SIG_get0_s(sig), signature + SCALAR_BYTES,
                     SCALAR_BYTES) == SCALAR_BYTES)
        err = PH_OK;
    ECDSA_SIG_free(sig);
    return err;
}

static int
make_signature(const struct ph_jws_key *key, const struct ph_buf *text,
               uint8_t signature[SIGNATURE_BYTES])
{
    unsigned char der[DER_MAX];
    size_t len = sizeof(der);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    int err = PH_ERR_CRYPTO;

    if (ctx != NULL &&
        EVP_DigestSignInit_ex(ctx, NULL, "SHA256", NULL, NULL, key->pkey,
                              NULL) == 1 &&
        EVP_DigestSign(ctx, der, &len, text->data, text->len) == 1)
        err = from_der(der, len, signature);
    EVP_MD_CTX_free(ctx);
    if (err != PH_OK)
        ERR_clear_error();
    return err;
}

/* Append the base64url of some bytes. */
static int
put_part(struct ph_buf *token, const void *bytes, size_t len, size_t max)
{
    struct ph_buf part;
    int err;

    ph_buf_init(&part, max);
    err = ph_base64url_encode(bytes, len, &part);
    if (err == PH_OK)
        err = ph_buf_put(token, part.data, part.len);
    ph_buf_close(&part);
    return err;
}

int
ph_jws_sign(const struct ph_jws_key *key, const char *header_json,
            const char *payload_json, struct ph_buf *out_token)
{
    return ph_jws_sign_max(key, header_json, payload_json, PH_JWS_MAX,
                           out_token);
}

int
ph_jws_sign_max(const struct ph_jws_key *key, const char *header_json,
                const char *payload_json, size_t max, struct ph_buf *out_token)
{
    uint8_t signature[SIGNATURE_BYTES];
    int err;

    ph_buf_clear(out_token);
    if (!key->is_private)
        return PH_ERR_STATE;
    err = put_part(out_token, header_json, strlen(header_json), max);
    if (err == PH_OK)
        err = ph_buf_put_str(out_token, ".");
    if (err == PH_OK)
        err = put_part(out_token, payload_json, strlen(payload_json), max);
    if (err == PH_OK)
        err = make_signature(key, out_token, signature);
    if (err == PH_OK)
        err = ph_buf_put_str(out_token, ".");
    if (err == PH_OK)
        err = put_part(out_token, signature, sizeof(signature), max);
    if (err == PH_OK && out_token->len > max)
        err = PH_ERR_TOO_BIG;
    if (err != PH_OK)
        ph_buf_clear(out_token);
    return err;
}
