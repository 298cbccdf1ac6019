#include <string.h>

#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "ca_private.h"
#include "printhold/base/err.h"

static int
set_times(X509_CRL *crl, int64_t now_ms, int64_t life_s)
{
    ASN1_TIME *from =
        ASN1_TIME_set(NULL, (time_t)(now_ms / 1000) - PH_CA_BACKDATE_S);
    ASN1_TIME *until = ASN1_TIME_set(NULL, (time_t)(now_ms / 1000 + life_s));
    const bool is_set = from != NULL && until != NULL &&
                        X509_CRL_set1_lastUpdate(crl, from) == 1 &&
                        X509_CRL_set1_nextUpdate(crl, until) == 1;

    ASN1_TIME_free(from);
    ASN1_TIME_free(until);
    return is_set ? PH_OK : PH_ERR_CRYPTO;
}

/* The number rises with the time: the newest list is told from older ones. */
static int
set_number(X509_CRL *crl, int64_t now_ms)
{
    ASN1_INTEGER *number = ASN1_INTEGER_new();
    int err =
        number != NULL && ASN1_INTEGER_set_int64(number, now_ms) == 1 &&
                X509_CRL_add1_ext_i2d(crl, NID_crl_number, number, 0, 0) == 1
            ? PH_OK
            : PH_ERR_CRYPTO;

    ASN1_INTEGER_free(number);
    return err;
}

static int
set_authority(X509_CRL *crl, X509 *issuer)
{
    X509V3_CTX ctx;
    X509_EXTENSION *extension;
    int err = PH_ERR_CRYPTO;

    X509V3_set_ctx_nodb(&ctx);
    X509V3_set_ctx(&ctx, issuer, NULL, NULL, crl, 0);
    extension = X509V3_EXT_conf_nid(NULL, &ctx, NID_authority_key_identifier,
                                    "keyid,issuer");
    if (extension != NULL && X509_CRL_add_ext(crl, extension, -1) == 1)
        err = PH_OK;
    X509_EXTENSION_free(extension);
    return err;
}

static int
add_one(X509_CRL *crl, const char *serial, int64_t now_ms)
{
    X509_REVOKED *entry = X509_REVOKED_new();
    ASN1_TIME *when = ASN1_TIME_set(NULL, (time_t)(now_ms / 1000));
    ASN1_INTEGER *number = NULL;
    BIGNUM *bn = NULL;
    int err = PH_ERR_CRYPTO;

    if (strlen(serial) != PH_SERIAL_TEXT - 1 ||
        strspn(serial, "0123456789abcdef") != PH_SERIAL_TEXT - 1)
        err = PH_ERR_INVALID;
    else if (entry != NULL && BN_hex2bn(&bn, serial) > 0 &&
             (number = BN_to_ASN1_INTEGER(bn, NULL)) != NULL &&
             X509_REVOKED_set_serialNumber(entry, number) == 1 &&
             when != NULL &&
             X509_REVOKED_set_revocationDate(entry, when) == 1 &&
             X509_CRL_add0_revoked(crl, entry) == 1) {
        entry = NULL;
        err = PH_OK;
    }
    X509_REVOKED_free(entry);
    ASN1_INTEGER_free(number);
    ASN1_TIME_free(when);
    BN_free(bn);
    return err;
}

static int
to_pem(X509_CRL *crl, struct ph_buf *out_pem)
{
    BIO *bio = BIO_new(BIO_s_mem());

    if (bio != NULL && PEM_write_bio_X509_CRL(bio, crl) != 1) {
        BIO_free(bio);
        bio = NULL;
    }
    return ph_p256_bio_take(bio, out_pem);
}

static int
fill(X509_CRL *crl, const struct ph_ca *ca, const struct ph_crl_order *order)
{
    int err = X509_CRL_set_version(crl, X509_CRL_VERSION_2) == 1 &&
                      X509_CRL_set_issuer_name(
                          crl, X509_get_subject_name(ca->cert)) == 1
                  ? set_times(crl, order->now_ms, order->life_s)
                  : PH_ERR_CRYPTO;

    for (size_t i = 0; i < order->count && err == PH_OK; i++)
        err = add_one(crl, order->serials[i], order->now_ms);
    if (err == PH_OK)
        err = set_authority(crl, ca->cert);
    if (err == PH_OK)
        err = set_number(crl, order->now_ms);
    if (err == PH_OK && (X509_CRL_sort(crl) != 1 ||
                         X509_CRL_sign(crl, ca->key, EVP_sha256()) <= 0))
        err = PH_ERR_CRYPTO;
    return err;
}

int
ph_ca_revoke(const struct ph_ca *ca, const struct ph_crl_order *order,
             struct ph_buf *out_pem, struct ph_why *why)
{
    X509_CRL *crl = NULL;
    int err;

    ph_buf_clear(out_pem);
    if ((X509_get_key_usage(ca->cert) & KU_CRL_SIGN) == 0)
        return ph_why_fail(why, PH_ERR_CONFIG,
                           "the authority may not sign lists of revoked "
                           "certificates (keyUsage cRLSign is missing)");
    crl = X509_CRL_new();
    err = crl != NULL ? fill(crl, ca, order) : PH_ERR_NOMEM;
    if (err == PH_OK)
        err = to_pem(crl, out_pem);
    X509_CRL_free(crl);
    ERR_clear_error();
    if (err != PH_OK)
        ph_why_set(why, "the list of revoked certificates cannot be made: %s",
                   ph_err_text(err));
    return err;
}
