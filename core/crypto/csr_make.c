#include "printhold/crypto/csr.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "ca_private.h"
#include "printhold/base/err.h"

int
ph_csr_make(const struct ph_buf *key_pem, struct ph_buf *out_pem)
{
    EVP_PKEY *key = NULL;
    X509_REQ *req = NULL;
    BIO *bio = NULL;
    int err = ph_p256_key_read(key_pem, &key);

    if (err != PH_OK)
        return err;
    req = X509_REQ_new();
    bio = BIO_new(BIO_s_mem());
    if (req == NULL || bio == NULL ||
        X509_REQ_set_version(req, X509_REQ_VERSION_1) != 1 ||
        X509_REQ_set_pubkey(req, key) != 1 ||
        X509_REQ_sign(req, key, EVP_sha256()) <= 0 ||
        PEM_write_bio_X509_REQ(bio, req) != 1) {
        BIO_free(bio);
        bio = NULL;
    }
    X509_REQ_free(req);
    EVP_PKEY_free(key);
    return ph_p256_bio_take(bio, out_pem);
}
