#include "printhold/crypto/aead.h"

#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "algorithms.h"
#include "printhold/base/err.h"

struct ph_aead {
    EVP_CIPHER_CTX *ctx;
};

int
ph_aead_new(const uint8_t *key, size_t key_len, struct ph_aead **out_aead)
{
    const EVP_CIPHER *cipher = ph_algorithm_gcm(key_len);
    struct ph_aead *aead;

    if (cipher == NULL)
        return PH_ERR_CRYPTO;
    aead = calloc(1, sizeof(*aead));
    if (aead == NULL)
        return PH_ERR_NOMEM;
    aead->ctx = EVP_CIPHER_CTX_new();
    if (aead->ctx == NULL ||
        EVP_EncryptInit_ex2(aead->ctx, cipher, key, NULL, NULL) != 1) {
        ph_aead_free(aead);
        return PH_ERR_CRYPTO;
    }
    *out_aead = aead;
    return PH_OK;
}

void
ph_aead_free(struct ph_aead *aead)
{
    if (aead == NULL)
        return;
    EVP_CIPHER_CTX_free(aead->ctx);
    free(aead);
}

/* New nonce under the key that is already set, then the associated data. */
static bool
begin(struct ph_aead *aead, bool seal, const uint8_t *nonce, const void *aad,
      size_t aad_len)
{
    int len;

    if (EVP_CipherInit_ex2(aead->ctx, NULL, NULL, nonce, seal ? 1 : 0, NULL) !=
        1)
        return false;
    return aad_len == 0 ||
           EVP_CipherUpdate(aead->ctx, NULL, &len, aad, (int)aad_len) == 1;
}

/* OpenSSL takes a NULL output for associated data: never hand it one here. */
static bool
run(struct ph_aead *aead, const uint8_t *src, size_t len, uint8_t *dst)
{
    int got = 0;

    if (len == 0)
        return true;
    return EVP_CipherUpdate(aead->ctx, dst, &got, src, (int)len) == 1 &&
           (size_t)got == len;
}

int
ph_aead_seal(struct ph_aead *aead, const uint8_t nonce[PH_AEAD_NONCE_BYTES],
             const void *aad, size_t aad_len, const uint8_t *plain, size_t len,
             uint8_t *dst)
{
    uint8_t none[PH_AEAD_TAG_BYTES];
    int got = 0;

    if (len > INT_MAX - PH_AEAD_TAG_BYTES || aad_len > INT_MAX)
        return PH_ERR_TOO_BIG;
    if (!begin(aead, true, nonce, aad, aad_len) ||
        !run(aead, plain, len, dst) ||
        EVP_CipherFinal_ex(aead->ctx, none, &got) != 1 || got != 0 ||
        EVP_CIPHER_CTX_ctrl(aead->ctx, EVP_CTRL_AEAD_GET_TAG, PH_AEAD_TAG_BYTES,
                            dst + len) != 1) {
        OPENSSL_cleanse(dst, len + PH_AEAD_TAG_BYTES);
        return PH_ERR_CRYPTO;
    }
    return PH_OK;
}

int
ph_aead_open(struct ph_aead *aead, const uint8_t nonce[PH_AEAD_NONCE_BYTES],
             const void *aad, size_t aad_len, const uint8_t *sealed, size_t len,
             uint8_t *dst)
{
    uint8_t tag[PH_AEAD_TAG_BYTES], none[PH_AEAD_TAG_BYTES];
    size_t plain_len;
    int got = 0, err = PH_ERR_CRYPTO;

    if (len < PH_AEAD_TAG_BYTES)
        return PH_ERR_TRUNCATED;
    if (len > INT_MAX || aad_len > INT_MAX)
        return PH_ERR_TOO_BIG;
    plain_len = len - PH_AEAD_TAG_BYTES;
    for (size_t i = 0; i < PH_AEAD_TAG_BYTES; i++)
        tag[i] = sealed[plain_len + i];
    if (!begin(aead, false, nonce, aad, aad_len) ||
        !run(aead, sealed, plain_len, dst) ||
        EVP_CIPHER_CTX_ctrl(aead->ctx, EVP_CTRL_AEAD_SET_TAG, PH_AEAD_TAG_BYTES,
                            tag) != 1)
        goto out;
    if (EVP_CipherFinal_ex(aead->ctx, none, &got) != 1 || got != 0)
        err = PH_ERR_CORRUPT;
    else
        err = PH_OK;
out:
    if (err != PH_OK && plain_len > 0)
        OPENSSL_cleanse(dst, plain_len);
    return err;
}
