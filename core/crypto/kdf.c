#include "printhold/crypto/kdf.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include "algorithms.h"
#include "printhold/base/err.h"

int
ph_sha256(const void *bytes, size_t len, uint8_t out_digest[PH_SHA256_BYTES])
{
    const EVP_MD *md = ph_algorithm_sha256();

    if (md == NULL || EVP_Digest(bytes, len, out_digest, NULL, md, NULL) != 1) {
        OPENSSL_cleanse(out_digest, PH_SHA256_BYTES);
        return PH_ERR_CRYPTO;
    }
    return PH_OK;
}

/* OSSL_PARAM has no const; OpenSSL only reads what is given to a setter. */
static OSSL_PARAM
octets(const char *name, const void *bytes, size_t len)
{
    return OSSL_PARAM_construct_octet_string(name, (void *)(uintptr_t)bytes,
                                             len);
}

static OSSL_PARAM
text(const char *name, const char *value)
{
    return OSSL_PARAM_construct_utf8_string(name, (char *)(uintptr_t)value, 0);
}

int
ph_hmac_sha256(const void *key, size_t key_len, const void *bytes, size_t len,
               uint8_t out_mac[PH_SHA256_BYTES])
{
    EVP_MAC *mac = ph_algorithm_hmac();
    EVP_MAC_CTX *ctx = NULL;
    OSSL_PARAM params[2];
    size_t got = 0;
    int err = PH_ERR_CRYPTO;

    params[0] = text(OSSL_MAC_PARAM_DIGEST, "SHA256");
    params[1] = OSSL_PARAM_construct_end();
    if (mac == NULL)
        goto out;
    ctx = EVP_MAC_CTX_new(mac);
    if (ctx == NULL)
        goto out;
    if (EVP_MAC_init(ctx, key, key_len, params) != 1 ||
        EVP_MAC_update(ctx, bytes, len) != 1 ||
        EVP_MAC_final(ctx, out_mac, &got, PH_SHA256_BYTES) != 1 ||
        got != PH_SHA256_BYTES)
        goto out;
    err = PH_OK;
out:
    EVP_MAC_CTX_free(ctx);
    if (err != PH_OK)
        OPENSSL_cleanse(out_mac, PH_SHA256_BYTES);
    return err;
}

int
ph_hkdf(const struct ph_hkdf_input *input, uint8_t *out_key, size_t out_len)
{
    EVP_KDF *kdf = ph_algorithm_hkdf();
    EVP_KDF_CTX *ctx = NULL;
    OSSL_PARAM params[5];
    size_t n = 0;
    int err = PH_ERR_CRYPTO;

    params[n++] = text(OSSL_KDF_PARAM_DIGEST, input->digest);
    params[n++] = octets(OSSL_KDF_PARAM_KEY, input->key, input->key_len);
    if (input->salt_len > 0)
        params[n++] = octets(OSSL_KDF_PARAM_SALT, input->salt, input->salt_len);
    if (input->info_len > 0)
        params[n++] = octets(OSSL_KDF_PARAM_INFO, input->info, input->info_len);
    params[n] = OSSL_PARAM_construct_end();
    if (kdf == NULL)
        goto out;
    ctx = EVP_KDF_CTX_new(kdf);
    if (ctx == NULL || EVP_KDF_derive(ctx, out_key, out_len, params) != 1)
        goto out;
    err = PH_OK;
out:
    EVP_KDF_CTX_free(ctx);
    if (err != PH_OK)
        OPENSSL_cleanse(out_key, out_len);
    return err;
}

int
ph_hkdf_label(const uint8_t key[32], const void *salt, size_t salt_len,
              const char *label, uint8_t out_key[32])
{
    const struct ph_hkdf_input input = {
        .digest = "SHA256",
        .key = key,
        .key_len = 32,
        .salt = salt,
        .salt_len = salt_len,
        .info = (const uint8_t *)label,
        .info_len = strlen(label),
    };

    return ph_hkdf(&input, out_key, 32);
}
