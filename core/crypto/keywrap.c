#include "printhold/crypto/keywrap.h"

#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "algorithms.h"
#include "printhold/base/err.h"

static EVP_CIPHER_CTX *
new_context(const uint8_t *wrapping_key, int seal)
{
    const EVP_CIPHER *cipher = ph_algorithm_key_wrap();
    EVP_CIPHER_CTX *ctx = cipher != NULL ? EVP_CIPHER_CTX_new() : NULL;

    if (ctx == NULL)
        return NULL;
    EVP_CIPHER_CTX_set_flags(ctx, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
    if (EVP_CipherInit_ex2(ctx, cipher, wrapping_key, NULL, seal, NULL) != 1) {
        EVP_CIPHER_CTX_free(ctx);
        return NULL;
    }
    return ctx;
}

int
ph_key_wrap(const uint8_t wrapping_key[PH_KEY_BYTES],
            const uint8_t key[PH_KEY_BYTES],
            uint8_t out_wrapped[PH_WRAPPED_KEY_BYTES])
{
    EVP_CIPHER_CTX *ctx = new_context(wrapping_key, 1);
    uint8_t wrapped[PH_WRAPPED_KEY_BYTES + 8];
    int len = 0, err = PH_ERR_CRYPTO;

    if (ctx != NULL &&
        EVP_CipherUpdate(ctx, wrapped, &len, key, PH_KEY_BYTES) == 1 &&
        len == PH_WRAPPED_KEY_BYTES) {
        memcpy(out_wrapped, wrapped, PH_WRAPPED_KEY_BYTES);
        err = PH_OK;
    }
    EVP_CIPHER_CTX_free(ctx);
    OPENSSL_cleanse(wrapped, sizeof(wrapped));
    return err;
}

int
ph_key_unwrap(const uint8_t wrapping_key[PH_KEY_BYTES],
              const uint8_t wrapped[PH_WRAPPED_KEY_BYTES],
              uint8_t out_key[PH_KEY_BYTES])
{
    EVP_CIPHER_CTX *ctx = new_context(wrapping_key, 0);
    uint8_t key[PH_WRAPPED_KEY_BYTES];
    int len = 0, err = PH_ERR_CRYPTO;

    if (ctx == NULL)
        return err;
    err = PH_ERR_CORRUPT;
    if (EVP_CipherUpdate(ctx, key, &len, wrapped, PH_WRAPPED_KEY_BYTES) == 1 &&
        len == PH_KEY_BYTES) {
        memcpy(out_key, key, PH_KEY_BYTES);
        err = PH_OK;
    }
    EVP_CIPHER_CTX_free(ctx);
    OPENSSL_cleanse(key, sizeof(key));
    return err;
}
