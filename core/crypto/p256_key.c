/* Making P-256 keys, and their public halves. */
#include "printhold/crypto/ca.h"

#include <string.h>

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "ca_private.h"
#include "jws_key.h"
#include "p256_spki.h"
#include "printhold/base/err.h"

int
ph_p256_bio_take(BIO *bio, struct ph_buf *out_text)
{
    char *bytes = NULL;
    long len = bio != NULL ? BIO_get_mem_data(bio, &bytes) : 0;
    int err = PH_ERR_CRYPTO;

    ph_buf_clear(out_text);
    if (len > 0)
        err = ph_buf_put(out_text, bytes, (size_t)len);
    BIO_free(bio);
    ERR_clear_error();
    return err;
}

int
ph_p256_key_make(struct ph_buf *out_pem)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    BIO *bio = BIO_new(BIO_s_secmem());
    int err = PH_ERR_CRYPTO;

    if (key != NULL && bio != NULL &&
        PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1)
        err = PH_OK;
    EVP_PKEY_free(key);
    if (err == PH_OK)
        return ph_p256_bio_take(bio, out_pem);
    BIO_free(bio);
    ERR_clear_error();
    return err;
}

int
ph_p256_key_read(const struct ph_buf *pem, EVP_PKEY **out_key)
{
    BIO *bio = BIO_new_mem_buf(pem->data, (int)pem->len);
    EVP_PKEY *key = NULL;
    char group[32];
    size_t len = 0;
    int err = PH_ERR_SYNTAX;

    if (bio != NULL)
        key = PEM_read_bio_PrivateKey(bio, NULL, ph_jws_no_passphrase, NULL);
    BIO_free(bio);
    if (key != NULL)
        err = EVP_PKEY_is_a(key, "EC") == 1 &&
                      EVP_PKEY_get_group_name(key, group, sizeof(group),
                                              &len) == 1 &&
                      strcmp(group, "prime256v1") == 0
                  ? PH_OK
                  : PH_ERR_UNSUPPORTED;
    ERR_clear_error();
    if (err == PH_OK)
        *out_key = key;
    else
        EVP_PKEY_free(key);
    return err;
}

int
ph_p256_key_public(const struct ph_buf *pem, struct ph_buf *out_pem)
{
    EVP_PKEY *key = NULL;
    BIO *bio = NULL;
    int err = ph_p256_key_read(pem, &key);

    if (err != PH_OK)
        return err;
    bio = BIO_new(BIO_s_mem());
    if (bio != NULL && PEM_write_bio_PUBKEY(bio, key) != 1) {
        BIO_free(bio);
        bio = NULL;
    }
    EVP_PKEY_free(key);
    return ph_p256_bio_take(bio, out_pem);
}

int
ph_p256_key_spki(const struct ph_buf *pem, uint8_t out_spki[PH_P256_SPKI_BYTES])
{
    EVP_PKEY *key = NULL;
    unsigned char *der = NULL;
    int len, err = ph_p256_key_read(pem, &key);

    if (err != PH_OK)
        return err;
    len = i2d_PUBKEY(key, &der);
    EVP_PKEY_free(key);
    err = PH_ERR_UNSUPPORTED;
    if (len == PH_P256_SPKI_BYTES && ph_p256_spki_is(der)) {
        memcpy(out_spki, der, PH_P256_SPKI_BYTES);
        err = PH_OK;
    }
    OPENSSL_free(der);
    ERR_clear_error();
    return err;
}
