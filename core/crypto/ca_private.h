/* What ca.c, cert_fields.c, cert_read.c, crl.c, identity.c and p256_key.c
 * share. */
#ifndef CRYPTO_CA_PRIVATE_H
#define CRYPTO_CA_PRIVATE_H

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "printhold/crypto/ca.h"

struct ph_ca {
    X509 *cert;
    EVP_PKEY *key;
    int64_t not_after_ms;
};

/* The bytes of a memory BIO, which is taken; PH_ERR_CRYPTO for NULL and none.
 * out_text is replaced. */
int ph_p256_bio_take(BIO *bio, struct ph_buf *out_text);

/* PH_ERR_SYNTAX, PH_ERR_UNSUPPORTED for what is not P-256. */
int ph_p256_key_read(const struct ph_buf *pem, EVP_PKEY **out_key);

/* Version, serial, names and times. */
int ph_cert_begin(X509 *cert, const X509_NAME *issuer, const char *organisation,
                  const char *common_name, int64_t from_ms, int64_t until_ms);
/* One extension in the words of x509v3_config(5). */
int ph_cert_extend(X509 *cert, X509 *issuer, int nid, const char *value);

int ph_cert_not_after(const X509 *cert, int64_t *out_ms);
int ph_cert_facts_of(X509 *cert, struct ph_cert_facts *out_facts,
                     struct ph_why *why);
int ph_cert_to_pem(X509 *cert, struct ph_buf *out_pem);
X509 *ph_cert_of_pem(const struct ph_buf *pem);

#endif
