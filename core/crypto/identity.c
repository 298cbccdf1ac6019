#include "printhold/crypto/identity.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "ca_private.h"
#include "jws_key.h"
#include "printhold/base/attr.h"
#include "printhold/base/err.h"
#include "printhold/base/io.h"
#include "printhold/crypto/jws.h"
#include "printhold/crypto/kdf.h"

#define PREFIX     "urn:printhold:"
#define PREFIX_LEN (sizeof(PREFIX) - 1)
#define PEM_MAX    (64 * 1024)

static const struct {
    const char *word;
    enum ph_identity_kind kind;
} kinds[] = {
    {"ws", PH_IDENTITY_WORKSTATION},
    {"pr", PH_IDENTITY_PRINTER},
    {"svc", PH_IDENTITY_SERVICE},
};

/* Copy [a-z0-9-]+ up to the end character to dst, a part of at most cap - 1
 * characters. NULL when there is anything else, else the place behind end. */
static const char *
take_part(const char *pos, char end, char *dst, size_t cap)
{
    size_t len = strspn(pos, "abcdefghijklmnopqrstuvwxyz0123456789-");

    if (len == 0 || len >= cap || pos[len] != end)
        return NULL;
    memcpy(dst, pos, len);
    dst[len] = '\0';
    return pos + len + (end != '\0');
}

int
ph_identity_parse_uri(const char *uri, struct ph_identity *out_identity)
{
    char tenant[PH_TENANT_MAX], kind[8], id[PH_IDENTITY_MAX];
    const char *pos;

    if (strncmp(uri, PREFIX, PREFIX_LEN) != 0)
        return PH_ERR_SYNTAX;
    pos = take_part(uri + PREFIX_LEN, ':', tenant, sizeof(tenant));
    if (pos != NULL)
        pos = take_part(pos, ':', kind, sizeof(kind));
    if (pos == NULL || take_part(pos, '\0', id, sizeof(id)) == NULL)
        return PH_ERR_SYNTAX;
    for (size_t i = 0; i < PH_COUNT(kinds); i++) {
        if (strcmp(kind, kinds[i].word) != 0)
            continue;
        *out_identity = (struct ph_identity){.kind = kinds[i].kind};
        memcpy(out_identity->tenant, tenant, sizeof(tenant));
        memcpy(out_identity->id, id, sizeof(id));
        return PH_OK;
    }
    return PH_ERR_SYNTAX;
}

/* The one URI of ours among the names. A name that is ours but for its case,
 * or that has a NUL inside, makes the certificate unfit: another reader could
 * see another name in it. */
static int
find_uri(const GENERAL_NAMES *names, struct ph_identity *out_identity)
{
    struct ph_identity identity;
    int found = 0;

    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        const char *uri;

        if (name->type != GEN_URI)
            continue;
        uri = (const char *)ASN1_STRING_get0_data(
            name->d.uniformResourceIdentifier);
        if (strlen(uri) !=
            (size_t)ASN1_STRING_length(name->d.uniformResourceIdentifier))
            return PH_ERR_SYNTAX;
        if (strncasecmp(uri, PREFIX, PREFIX_LEN) != 0)
            continue;
        if (++found > 1 || ph_identity_parse_uri(uri, &identity) != PH_OK)
            return PH_ERR_SYNTAX;
    }
    if (found == 0)
        return PH_ERR_NOT_FOUND;
    *out_identity = identity;
    return PH_OK;
}

static int
read_names(const X509 *cert, struct ph_identity *out_identity)
{
    /* NULL also when the extension stands there twice. */
    GENERAL_NAMES *names =
        X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
    int err;

    if (names == NULL) {
        ERR_clear_error();
        return PH_ERR_NOT_FOUND;
    }
    err = find_uri(names, out_identity);
    GENERAL_NAMES_free(names);
    return err;
}

/* base64url of a SHA-256, behind a prefix, with the NUL at most cap bytes. */
static int
format_digest(const uint8_t digest[PH_SHA256_BYTES], const char *prefix,
              char *dst, size_t cap)
{
    struct ph_buf text;
    int err;

    ph_buf_init(&text, 64);
    err = ph_base64url_encode(digest, PH_SHA256_BYTES, &text);
    if (err == PH_OK)
        (void)snprintf(dst, cap, "%s%.*s", prefix, (int)text.len,
                       (const char *)text.data);
    ph_buf_close(&text);
    return err;
}

static int
thumbprint(X509 *cert, char out_text[PH_THUMBPRINT_TEXT])
{
    uint8_t digest[PH_SHA256_BYTES];
    unsigned char *der = NULL;
    int len = i2d_X509(cert, &der);
    int err;

    if (len <= 0)
        return PH_ERR_CRYPTO;
    err = ph_sha256(der, (size_t)len, digest);
    OPENSSL_free(der);
    if (err == PH_OK)
        err = format_digest(digest, "", out_text, PH_THUMBPRINT_TEXT);
    return err;
}

int
ph_identity_of_cert(X509 *cert, struct ph_identity *out_identity,
                    struct ph_why *why)
{
    struct ph_identity identity;
    int err = read_names(cert, &identity);

    if (err == PH_ERR_NOT_FOUND)
        return ph_why_fail(why, err,
                           "the certificate has no name urn:printhold:...; it "
                           "was not made for printhold");
    if (err != PH_OK)
        return ph_why_fail(
            why, err,
            "the certificate's name is malformed or there are "
            "two; it must have one urn:printhold:TENANT:KIND:ID");
    err = thumbprint(cert, identity.thumbprint);
    if (err == PH_OK)
        err = ph_cert_not_after(cert, &identity.not_after_ms);
    if (err != PH_OK)
        return ph_why_fail(why, err, "the certificate cannot be read: %s",
                           ph_err_text(err));
    *out_identity = identity;
    return PH_OK;
}

static int
load_cert(const char *pem_path, X509 **out_cert, struct ph_why *why)
{
    struct ph_buf pem;
    X509 *cert = NULL;
    BIO *bio;
    int err = ph_io_read_file(AT_FDCWD, pem_path, PEM_MAX, &pem);

    if (err != PH_OK)
        return ph_why_fail(why, err, "cannot read the certificate %s: %s",
                           pem_path, ph_err_text(err));
    bio = pem.len > 0 ? BIO_new_mem_buf(pem.data, (int)pem.len) : NULL;
    if (bio != NULL)
        cert = PEM_read_bio_X509(bio, NULL, ph_jws_no_passphrase, NULL);
    BIO_free(bio);
    ph_buf_close(&pem);
    ERR_clear_error();
    if (cert == NULL)
        return ph_why_fail(why, PH_ERR_SYNTAX, "%s has no PEM certificate",
                           pem_path);
    *out_cert = cert;
    return PH_OK;
}

int
ph_identity_of_file(const char *pem_path, struct ph_identity *out_identity,
                    struct ph_why *why)
{
    X509 *cert = NULL;
    int err = load_cert(pem_path, &cert, why);

    if (err == PH_OK)
        err = ph_identity_of_cert(cert, out_identity, why);
    X509_free(cert);
    return err;
}

int
ph_identity_end_of_file(const char *pem_path, int64_t *out_ms,
                        struct ph_why *why)
{
    X509 *cert = NULL;
    int err = load_cert(pem_path, &cert, why);

    if (err == PH_OK && ph_cert_not_after(cert, out_ms) != PH_OK)
        err = ph_why_fail(why, PH_ERR_SYNTAX, "%s does not say when it ends",
                          pem_path);
    X509_free(cert);
    return err;
}

int
ph_identity_user_key(const uint8_t *directory_key, size_t len,
                     const char *login, char out_uk[PH_USER_KEY_TEXT])
{
    static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz234567";
    uint8_t mac[PH_SHA256_BYTES];
    int err = ph_hmac_sha256(directory_key, len, login, strlen(login), mac);

    if (err != PH_OK)
        return err;
    /* RFC 4648 base32: digit i is bits 5i to 5i + 4. */
    for (unsigned i = 0; i < PH_USER_KEY_TEXT - 1; i++) {
        unsigned pair = (unsigned)mac[5 * i / 8] << 8 | mac[5 * i / 8 + 1];

        out_uk[i] = alphabet[pair >> (11 - 5 * i % 8) & 31];
    }
    out_uk[PH_USER_KEY_TEXT - 1] = '\0';
    return PH_OK;
}

int
ph_identity_cert_pin(X509 *cert, char out_pin[PH_SPKI_PIN_TEXT])
{
    uint8_t digest[PH_SHA256_BYTES];
    unsigned char *der = NULL;
    int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &der);
    int err = len > 0 ? ph_sha256(der, (size_t)len, digest) : PH_ERR_CRYPTO;

    OPENSSL_free(der);
    if (err == PH_OK)
        err = format_digest(digest, "sha256-", out_pin, PH_SPKI_PIN_TEXT);
    return err;
}

int
ph_identity_spki_pin(const char *pem_path, char out_pin[PH_SPKI_PIN_TEXT],
                     struct ph_why *why)
{
    X509 *cert = NULL;
    int err = load_cert(pem_path, &cert, why);

    if (err != PH_OK)
        return err;
    err = ph_identity_cert_pin(cert, out_pin);
    if (err != PH_OK)
        ph_why_set(why, "cannot take the key of the certificate %s: %s",
                   pem_path, ph_err_text(err));
    X509_free(cert);
    return err;
}
