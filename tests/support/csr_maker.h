/* Requests for certificates: right ones, and wrong in one way each. */
#ifndef PRINTHOLD_TESTS_SUPPORT_CSR_MAKER_H
#define PRINTHOLD_TESTS_SUPPORT_CSR_MAKER_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <setjmp.h>

#include <cmocka.h>

#define CSR_ROOM 8192

struct csr_text {
    char text[CSR_ROOM];
    size_t len;
};

static inline void
csr_to_pem(X509_REQ *req, struct csr_text *out_text)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *bytes;
    long len;

    assert_int_equal(PEM_write_bio_X509_REQ(bio, req), 1);
    len = BIO_get_mem_data(bio, &bytes);
    assert_in_range(len, 1, CSR_ROOM - 1);
    memcpy(out_text->text, bytes, (size_t)len);
    out_text->text[len] = '\0';
    out_text->len = (size_t)len;
    BIO_free(bio);
}

/* What a device that lies asks for: another name and to be an authority. */
static inline void
csr_ask(X509_REQ *req, const char *san)
{
    STACK_OF(X509_EXTENSION) *list = sk_X509_EXTENSION_new_null();

    (void)sk_X509_EXTENSION_push(
        list, X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, san));
    (void)sk_X509_EXTENSION_push(
        list, X509V3_EXT_conf_nid(NULL, NULL, NID_basic_constraints,
                                  "critical,CA:TRUE"));
    assert_int_equal(X509_REQ_add_extensions(req, list), 1);
    sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
}

/* holder: whose key stands in it; signer: whose key signs. */
static inline X509_REQ *
csr_request(EVP_PKEY *holder, EVP_PKEY *signer, const EVP_MD *digest,
            const char *san)
{
    X509_REQ *req = X509_REQ_new();
    X509_NAME *name = X509_NAME_new();

    assert_non_null(req);
    assert_int_equal(X509_NAME_add_entry_by_txt(
                         name, "CN", MBSTRING_ASC,
                         (const unsigned char *)"somebody-else", -1, -1, 0),
                     1);
    assert_int_equal(X509_REQ_set_version(req, 0), 1);
    assert_int_equal(X509_REQ_set_subject_name(req, name), 1);
    assert_int_equal(X509_REQ_set_pubkey(req, holder), 1);
    if (san != NULL)
        csr_ask(req, san);
    assert_true(X509_REQ_sign(req, signer, digest) > 0);
    X509_NAME_free(name);
    return req;
}

static inline void
csr_make(EVP_PKEY *key, const char *san, struct csr_text *out_text)
{
    X509_REQ *req = csr_request(key, key, EVP_sha256(), san);

    csr_to_pem(req, out_text);
    X509_REQ_free(req);
}

#endif
