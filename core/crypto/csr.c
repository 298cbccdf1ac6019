#include "printhold/crypto/csr.h"

#include <stdbool.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "p256_spki.h"
#include "printhold/base/err.h"

static const char first_line[] = "-----BEGIN CERTIFICATE REQUEST-----";
static const char last_line[] = "-----END CERTIFICATE REQUEST-----";

/* From the first line to the last with nothing around it: what OpenSSL would
 * skip, somebody else might read. */
static bool
is_one_block(const char *pem, size_t len)
{
    const size_t first = sizeof(first_line) - 1, last = sizeof(last_line) - 1;

    while (len > 0 && (pem[len - 1] == '\n' || pem[len - 1] == '\r'))
        len--;
    if (len < first + last || memchr(pem, '\0', len) != NULL ||
        memcmp(pem, first_line, first) != 0 ||
        memcmp(pem + len - last, last_line, last) != 0)
        return false;
    /* No second block in between. */
    return memmem(pem + first, len - first - last, "-----", 5) == NULL;
}

/* The whole of the DER is one request. */
static int
decode(const char *pem, size_t len, X509_REQ **out_req)
{
    BIO *bio = BIO_new_mem_buf(pem, (int)len);
    char *name = NULL, *header = NULL;
    unsigned char *der = NULL;
    const unsigned char *pos;
    X509_REQ *req = NULL;
    long der_len = 0;
    int err = PH_ERR_SYNTAX;

    if (bio == NULL)
        return PH_ERR_NOMEM;
    if (PEM_read_bio(bio, &name, &header, &der, &der_len) == 1 &&
        header[0] == '\0') {
        pos = der;
        req = d2i_X509_REQ(NULL, &pos, der_len);
        if (req != NULL && pos == der + der_len)
            err = PH_OK;
    }
    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_free(der);
    BIO_free(bio);
    if (err == PH_OK)
        *out_req = req;
    else
        X509_REQ_free(req);
    return err;
}

static int
take_key(X509_REQ *req, struct ph_csr *out_csr)
{
    X509_PUBKEY *pubkey = X509_REQ_get_X509_PUBKEY(req);
    unsigned char *der = NULL;
    int len = pubkey != NULL ? i2d_X509_PUBKEY(pubkey, &der) : -1;
    int err = PH_ERR_UNSUPPORTED;

    if (len == PH_P256_SPKI_BYTES && ph_p256_spki_is(der)) {
        memcpy(out_csr->spki, der, PH_P256_SPKI_BYTES);
        err = ph_sha256(out_csr->spki, PH_P256_SPKI_BYTES, out_csr->key_hash);
    }
    OPENSSL_free(der);
    return err;
}

/* RFC 2986 section 3, note 2: who signed it has the private key. */
static int
prove_possession(X509_REQ *req, const struct ph_csr *csr)
{
    EVP_PKEY *key = NULL;
    int err;

    if (X509_REQ_get_signature_nid(req) != NID_ecdsa_with_SHA256)
        return PH_ERR_UNSUPPORTED;
    err = ph_p256_spki_key(csr->spki, &key);
    if (err == PH_OK && X509_REQ_verify(req, key) != 1)
        err = PH_ERR_DENIED;
    EVP_PKEY_free(key);
    return err;
}

static int
explain(int err, struct ph_why *why)
{
    switch (err) {
    case PH_ERR_TOO_BIG:
        ph_why_set(why, "The request is longer than %d bytes", PH_CSR_MAX);
        break;
    case PH_ERR_SYNTAX:
        ph_why_set(why, "There must be one PKCS #10 request in PEM and "
                        "nothing else");
        break;
    case PH_ERR_UNSUPPORTED:
    case PH_ERR_INVALID:
        ph_why_set(why, "The key must be of the curve P-256 and sign with "
                        "ECDSA and SHA-256");
        break;
    case PH_ERR_DENIED:
        ph_why_set(why, "The request is not signed by its own key");
        break;
    default:
        ph_why_set(why, "The request cannot be read: %s", ph_err_text(err));
        break;
    }
    return err;
}

int
ph_csr_parse(const char *pem, size_t len, struct ph_csr *out_csr,
             struct ph_why *why)
{
    struct ph_csr csr;
    X509_REQ *req = NULL;
    int err = PH_OK;

    if (len > PH_CSR_MAX)
        return explain(PH_ERR_TOO_BIG, why);
    if (!is_one_block(pem, len))
        return explain(PH_ERR_SYNTAX, why);
    ERR_clear_error();
    err = decode(pem, len, &req);
    if (err == PH_OK)
        err = take_key(req, &csr);
    if (err == PH_OK)
        err = prove_possession(req, &csr);
    X509_REQ_free(req);
    ERR_clear_error();
    if (err != PH_OK)
        return explain(err, why);
    *out_csr = csr;
    return PH_OK;
}
