/* Writing the parts of a certificate. */
#include "ca_private.h"

#include <string.h>
#include <time.h>

#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "printhold/base/err.h"
#include "printhold/base/id.h"

#define SERIAL_BYTES 16 /* RFC 5280 section 4.1.2.2: at most 20 */

/* Random, positive, and of always the same length. */
static int
set_serial(X509 *cert)
{
    uint8_t bytes[SERIAL_BYTES];
    BIGNUM *number = NULL;
    int err = ph_random(bytes, sizeof(bytes));

    if (err != PH_OK)
        return err;
    bytes[0] = (uint8_t)((bytes[0] & 0x3f) | 0x40);
    number = BN_bin2bn(bytes, sizeof(bytes), NULL);
    err = number != NULL && BN_to_ASN1_INTEGER(
                                number, X509_get_serialNumber(cert)) != NULL
              ? PH_OK
              : PH_ERR_CRYPTO;
    BN_free(number);
    return err;
}

static int
add_name(X509_NAME *name, const char *field, const char *value)
{
    return X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8,
                                      (const unsigned char *)value, -1, -1,
                                      0) == 1
               ? PH_OK
               : PH_ERR_CRYPTO;
}

int
ph_cert_begin(X509 *cert, const X509_NAME *issuer, const char *organisation,
              const char *common_name, int64_t from_ms, int64_t until_ms)
{
    X509_NAME *subject = X509_get_subject_name(cert);
    int err = set_serial(cert);

    if (err == PH_OK)
        err = add_name(subject, "O", organisation);
    if (err == PH_OK)
        err = add_name(subject, "CN", common_name);
    if (err != PH_OK)
        return err;
    if (X509_set_version(cert, X509_VERSION_3) != 1 ||
        X509_set_issuer_name(cert, issuer != NULL ? issuer : subject) != 1 ||
        ASN1_TIME_set(X509_getm_notBefore(cert), (time_t)(from_ms / 1000)) ==
            NULL ||
        ASN1_TIME_set(X509_getm_notAfter(cert), (time_t)(until_ms / 1000)) ==
            NULL)
        return PH_ERR_CRYPTO;
    return PH_OK;
}

int
ph_cert_extend(X509 *cert, X509 *issuer, int nid, const char *value)
{
    X509_EXTENSION *extension;
    X509V3_CTX ctx;
    int err;

    X509V3_set_ctx_nodb(&ctx);
    X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
    extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    err = extension != NULL && X509_add_ext(cert, extension, -1) == 1
              ? PH_OK
              : PH_ERR_CRYPTO;
    X509_EXTENSION_free(extension);
    return err;
}

int
ph_cert_to_pem(X509 *cert, struct ph_buf *out_pem)
{
    BIO *bio = BIO_new(BIO_s_mem());

    if (bio != NULL && PEM_write_bio_X509(bio, cert) != 1) {
        BIO_free(bio);
        bio = NULL;
    }
    return ph_p256_bio_take(bio, out_pem);
}
