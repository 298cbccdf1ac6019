#include "p256_spki.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/x509.h>

#include "printhold/base/err.h"

/* SEQUENCE { SEQUENCE { id-ecPublicKey, prime256v1 }, BIT STRING { 04 ... */
static const uint8_t head[] = {
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48,
    0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
    0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04,
};

bool
ph_p256_spki_is(const uint8_t spki[PH_P256_SPKI_BYTES])
{
    return memcmp(spki, head, sizeof(head)) == 0;
}

int
ph_p256_spki_key(const uint8_t spki[PH_P256_SPKI_BYTES], EVP_PKEY **out_key)
{
    const unsigned char *pos = spki;
    EVP_PKEY *key = d2i_PUBKEY(NULL, &pos, PH_P256_SPKI_BYTES);
    EVP_PKEY_CTX *ctx = NULL;
    int err = PH_ERR_INVALID;

    if (key != NULL && pos == spki + PH_P256_SPKI_BYTES)
        ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    if (ctx != NULL && EVP_PKEY_public_check(ctx) == 1)
        err = PH_OK;
    EVP_PKEY_CTX_free(ctx);
    ERR_clear_error();
    if (err == PH_OK)
        *out_key = key;
    else
        EVP_PKEY_free(key);
    return err;
}
