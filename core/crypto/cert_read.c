/* Reading certificates of devices. */
#include "ca_private.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "jws_key.h"
#include "printhold/base/clock.h"
#include "printhold/base/err.h"
#include "printhold/base/parse.h"

#define SERIAL_BYTES ((PH_SERIAL_TEXT - 1) / 2)

static int
time_ms(const ASN1_TIME *time, int64_t *out_ms)
{
    struct tm tm = {0};

    if (ASN1_TIME_to_tm(time, &tm) != 1)
        return PH_ERR_SYNTAX;
    *out_ms = (int64_t)timegm(&tm) * 1000;
    return PH_OK;
}

int
ph_cert_not_after(const X509 *cert, int64_t *out_ms)
{
    return time_ms(X509_get0_notAfter(cert), out_ms);
}

/* 32 digits, a shorter number with zeroes before it. Others make them longer
 * (RFC 5280 allows 20 bytes): then it is the last 16 bytes; who a certificate
 * is says its thumbprint. */
static int
format_serial(const X509 *cert, char dst[PH_SERIAL_TEXT])
{
    uint8_t bytes[64];
    BIGNUM *number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(cert), NULL);
    int err = PH_ERR_SYNTAX;

    if (number != NULL && BN_num_bytes(number) <= (int)sizeof(bytes) &&
        BN_bn2binpad(number, bytes, sizeof(bytes)) == (int)sizeof(bytes)) {
        ph_format_hex(bytes + sizeof(bytes) - SERIAL_BYTES, SERIAL_BYTES, dst);
        err = PH_OK;
    }
    BN_free(number);
    return err;
}

int
ph_cert_facts_of(X509 *cert, struct ph_cert_facts *out_facts,
                 struct ph_why *why)
{
    struct ph_cert_facts facts;
    int err = ph_identity_of_cert(cert, &facts.identity, why);

    if (err != PH_OK)
        return err;
    err = format_serial(cert, facts.serial);
    if (err == PH_OK)
        err = time_ms(X509_get0_notBefore(cert), &facts.not_before_ms);
    if (err != PH_OK)
        return ph_why_fail(why, err, "the certificate cannot be read: %s",
                           ph_err_text(err));
    *out_facts = facts;
    return PH_OK;
}

X509 *
ph_cert_of_pem(const struct ph_buf *pem)
{
    BIO *bio = pem->len > 0 && pem->len <= INT_MAX
                   ? BIO_new_mem_buf(pem->data, (int)pem->len)
                   : NULL;
    X509 *cert = NULL;

    if (bio != NULL)
        cert = PEM_read_bio_X509(bio, NULL, ph_jws_no_passphrase, NULL);
    BIO_free(bio);
    ERR_clear_error();
    return cert;
}

/* Every certificate of the text. */
static X509_STORE *
store_of(const struct ph_buf *anchors)
{
    X509_STORE *store = X509_STORE_new();
    BIO *bio = BIO_new_mem_buf(anchors->data, (int)anchors->len);
    X509 *cert;

    while (store != NULL && bio != NULL &&
           (cert = PEM_read_bio_X509(bio, NULL, ph_jws_no_passphrase, NULL)) !=
               NULL) {
        (void)X509_STORE_add_cert(store, cert);
        X509_free(cert);
    }
    BIO_free(bio);
    ERR_clear_error();
    return store;
}

static int
check_chain(X509 *cert, const struct ph_buf *anchors, struct ph_why *why)
{
    X509_STORE *store = store_of(anchors);
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    int err = PH_ERR_NOMEM;

    if (store != NULL && ctx != NULL &&
        X509_STORE_CTX_init(ctx, store, cert, NULL) == 1) {
        (void)X509_STORE_CTX_set_purpose(ctx, X509_PURPOSE_SSL_CLIENT);
        X509_STORE_CTX_set_time(ctx, 0, (time_t)(ph_clock_wall_ms() / 1000));
        err = PH_OK;
        if (X509_verify_cert(ctx) != 1)
            err = ph_why_fail(
                why, PH_ERR_DENIED, "the certificate was refused: %s",
                X509_verify_cert_error_string(X509_STORE_CTX_get_error(ctx)));
    }
    X509_STORE_CTX_free(ctx);
    X509_STORE_free(store);
    ERR_clear_error();
    return err;
}

int
ph_cert_read(const struct ph_buf *pem, const struct ph_buf *anchors,
             struct ph_cert_facts *out_facts, struct ph_why *why)
{
    struct ph_cert_facts facts;
    X509 *cert = ph_cert_of_pem(pem);
    int err;

    if (cert == NULL)
        return ph_why_fail(why, PH_ERR_SYNTAX,
                           "there is no PEM certificate in it");
    err = ph_cert_facts_of(cert, &facts, why);
    if (err == PH_OK && anchors != NULL)
        err = check_chain(cert, anchors, why);
    X509_free(cert);
    if (err == PH_OK)
        *out_facts = facts;
    return err;
}

bool
ph_cert_has_key(const struct ph_buf *pem, const struct ph_buf *key_pem)
{
    X509 *cert = ph_cert_of_pem(pem);
    EVP_PKEY *key = NULL;
    bool has = cert != NULL && ph_p256_key_read(key_pem, &key) == PH_OK &&
               X509_check_private_key(cert, key) == 1;

    EVP_PKEY_free(key);
    X509_free(cert);
    ERR_clear_error();
    return has;
}
