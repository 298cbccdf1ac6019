/* Requests for certificates come from anybody: only a sound one is taken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "csr_maker.h"
#include "printhold/base/attr.h"
#include "printhold/base/err.h"
#include "printhold/crypto/ca.h"
#include "printhold/crypto/csr.h"

static EVP_PKEY *key, *other;

static int
make_keys(void **state)
{
    (void)state;
    key = EVP_EC_gen("P-256");
    other = EVP_EC_gen("P-256");
    return key != NULL && other != NULL ? 0 : -1;
}

static int
free_keys(void **state)
{
    (void)state;
    EVP_PKEY_free(key);
    EVP_PKEY_free(other);
    return 0;
}

static int
parse(const struct csr_text *text)
{
    struct ph_csr csr;
    struct ph_why why = {""};
    int err = ph_csr_parse(text->text, text->len, &csr, &why);

    assert_int_equal(err == PH_OK, why.text[0] == '\0');
    return err;
}

static void
a_sound_request_is_its_key(void **state)
{
    struct csr_text first, second, third;
    struct ph_csr a, b, c;
    unsigned char *der = NULL;

    (void)state;
    csr_make(key, NULL, &first);
    csr_make(key, "URI:urn:printhold:acme:pr:pr-1", &second);
    csr_make(other, NULL, &third);
    assert_int_equal(ph_csr_parse(first.text, first.len, &a, NULL), PH_OK);
    assert_int_equal(ph_csr_parse(second.text, second.len, &b, NULL), PH_OK);
    assert_int_equal(ph_csr_parse(third.text, third.len, &c, NULL), PH_OK);
    assert_memory_equal(a.key_hash, b.key_hash, sizeof(a.key_hash));
    assert_memory_not_equal(a.key_hash, c.key_hash, sizeof(a.key_hash));
    assert_int_equal(i2d_PUBKEY(key, &der), PH_P256_SPKI_BYTES);
    assert_memory_equal(a.spki, der, PH_P256_SPKI_BYTES);
    OPENSSL_free(der);
}

static void
a_request_of_ours_is_a_sound_one(void **state)
{
    uint8_t spki[PH_P256_SPKI_BYTES];
    struct ph_buf pem, csr;
    struct ph_csr parsed;

    (void)state;
    ph_buf_init(&pem, 4096);
    ph_buf_init(&csr, PH_CSR_MAX);
    assert_int_equal(ph_p256_key_make(&pem), PH_OK);
    assert_int_equal(ph_csr_make(&pem, &csr), PH_OK);
    assert_int_equal(
        ph_csr_parse((const char *)csr.data, csr.len, &parsed, NULL), PH_OK);
    assert_int_equal(ph_p256_key_spki(&pem, spki), PH_OK);
    assert_memory_equal(parsed.spki, spki, sizeof(spki));
    ph_buf_clear(&pem);
    assert_int_equal(ph_buf_put_str(&pem, "no key"), PH_OK);
    assert_int_not_equal(ph_csr_make(&pem, &csr), PH_OK);
    ph_buf_close(&pem);
    ph_buf_close(&csr);
}

static void
line_ends_of_either_kind_are_taken(void **state)
{
    struct csr_text text, crlf = {.len = 0};

    (void)state;
    csr_make(key, NULL, &text);
    for (size_t i = 0; i < text.len; i++) {
        if (text.text[i] == '\n')
            crlf.text[crlf.len++] = '\r';
        crlf.text[crlf.len++] = text.text[i];
    }
    assert_int_equal(parse(&crlf), PH_OK);
    while (text.text[text.len - 1] == '\n')
        text.len--;
    assert_int_equal(parse(&text), PH_OK);
}

/* --- what is around it --- */

static void
nothing_may_stand_around_it(void **state)
{
    static const struct {
        const char *what;
        const char *before;
        const char *behind;
    } cases[] = {
        {"a blank before", " ", ""},
        {"a line end before", "\n", ""},
        {"a comment before", "subject=CN = x\n", ""},
        {"a word behind", "", "x"},
        {"a blank behind", "", " "},
        {"a key behind", "",
         "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"},
        {"a broken block behind", "", "-----BEGIN "},
    };
    struct csr_text text, whole;

    (void)state;
    csr_make(key, NULL, &text);
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        whole.len =
            (size_t)snprintf(whole.text, sizeof(whole.text), "%s%s%s",
                             cases[i].before, text.text, cases[i].behind);
        if (parse(&whole) != PH_ERR_SYNTAX)
            fail_msg("%s: taken", cases[i].what);
    }
}

static void
two_requests_are_none(void **state)
{
    struct csr_text one, two, both;

    (void)state;
    csr_make(key, NULL, &one);
    csr_make(other, NULL, &two);
    both.len = (size_t)snprintf(both.text, sizeof(both.text), "%s%s", one.text,
                                two.text);
    assert_int_equal(parse(&both), PH_ERR_SYNTAX);
}

static void
what_is_no_request_is_refused(void **state)
{
    static const struct {
        const char *what;
        const char *text;
    } cases[] = {
        {"nothing", ""},
        {"line ends", "\r\n\n"},
        {"a word", "hello"},
        {"the first line alone", "-----BEGIN CERTIFICATE REQUEST-----"},
        {"an empty block", "-----BEGIN CERTIFICATE REQUEST-----\n"
                           "-----END CERTIFICATE REQUEST-----\n"},
        {"no base64", "-----BEGIN CERTIFICATE REQUEST-----\n!!!!\n"
                      "-----END CERTIFICATE REQUEST-----\n"},
        {"base64 of no DER", "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n"
                             "-----END CERTIFICATE REQUEST-----\n"},
        {"a length beyond the end",
         "-----BEGIN CERTIFICATE REQUEST-----\nMIL/////\n"
         "-----END CERTIFICATE REQUEST-----\n"},
        {"the older name of the block",
         "-----BEGIN NEW CERTIFICATE REQUEST-----\nAAAA\n"
         "-----END NEW CERTIFICATE REQUEST-----\n"},
        {"a passphrase",
         "-----BEGIN CERTIFICATE REQUEST-----\nProc-Type: 4,ENCRYPTED\n"
         "DEK-Info: AES-256-CBC,00\n\nAAAA\n"
         "-----END CERTIFICATE REQUEST-----\n"},
    };
    struct csr_text text;

    (void)state;
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        text.len =
            (size_t)snprintf(text.text, sizeof(text.text), "%s", cases[i].text);
        if (parse(&text) != PH_ERR_SYNTAX)
            fail_msg("%s: taken", cases[i].what);
    }
}

static void
a_nul_and_too_much_are_refused(void **state)
{
    struct csr_text text;

    (void)state;
    csr_make(key, NULL, &text);
    text.text[60] = '\0';
    assert_int_equal(parse(&text), PH_ERR_SYNTAX);
    memset(text.text, '\n', sizeof(text.text));
    text.len = PH_CSR_MAX + 1;
    assert_int_equal(parse(&text), PH_ERR_TOO_BIG);
}

/* DER with one byte behind it, in a block that is fine. */
static void
bytes_behind_the_request_are_refused(void **state)
{
    X509_REQ *req = csr_request(key, key, EVP_sha256(), NULL);
    struct csr_text text;
    unsigned char *der = NULL, more[2048];
    int len = i2d_X509_REQ(req, &der);
    BIO *bio = BIO_new(BIO_s_mem());
    char *bytes;

    (void)state;
    assert_in_range(len, 1, sizeof(more) - 1);
    memcpy(more, der, (size_t)len);
    more[len] = 0;
    assert_true(PEM_write_bio(bio, "CERTIFICATE REQUEST", "", more, len + 1) >
                0);
    text.len = (size_t)BIO_get_mem_data(bio, &bytes);
    memcpy(text.text, bytes, text.len);
    assert_int_equal(parse(&text), PH_ERR_SYNTAX);
    BIO_free(bio);
    OPENSSL_free(der);
    X509_REQ_free(req);
}

/* --- its key and signature --- */

static void
refuse_key(EVP_PKEY *wrong, const EVP_MD *digest, const char *what)
{
    X509_REQ *req = csr_request(wrong, wrong, digest, NULL);
    struct csr_text text;

    csr_to_pem(req, &text);
    if (parse(&text) != PH_ERR_UNSUPPORTED)
        fail_msg("%s: taken", what);
    X509_REQ_free(req);
    EVP_PKEY_free(wrong);
}

static EVP_PKEY *
p256_of_another_form(const char *name, const char *value)
{
    EVP_PKEY *made = EVP_EC_gen("P-256");

    assert_int_equal(EVP_PKEY_set_utf8_string_param(made, name, value), 1);
    return made;
}

static void
other_keys_are_refused(void **state)
{
    (void)state;
    refuse_key(EVP_EC_gen("P-384"), EVP_sha256(), "P-384");
    refuse_key(EVP_EC_gen("secp256k1"), EVP_sha256(), "secp256k1");
    refuse_key(EVP_RSA_gen(2048), EVP_sha256(), "RSA");
    refuse_key(EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), NULL, "Ed25519");
    refuse_key(p256_of_another_form("point-format", "compressed"), EVP_sha256(),
               "a compressed point");
    refuse_key(p256_of_another_form("encoding", "explicit"), EVP_sha256(),
               "a curve by its parameters");
}

static void
other_signatures_are_refused(void **state)
{
    X509_REQ *req = csr_request(key, key, EVP_sha384(), NULL);
    struct csr_text text;

    (void)state;
    csr_to_pem(req, &text);
    assert_int_equal(parse(&text), PH_ERR_UNSUPPORTED);
    X509_REQ_free(req);
}

/* Somebody shows the public key of another, whose private key he has not. */
static void
the_key_itself_must_have_signed(void **state)
{
    X509_REQ *req = csr_request(key, other, EVP_sha256(), NULL);
    struct csr_text text;

    (void)state;
    csr_to_pem(req, &text);
    assert_int_equal(parse(&text), PH_ERR_DENIED);
    X509_REQ_free(req);
}

/* Every bit of the DER matters: none of the changed ones is the same key. */
static void
a_changed_request_is_not_taken_for_the_key(void **state)
{
    X509_REQ *req = csr_request(key, key, EVP_sha256(), NULL);
    unsigned char *der = NULL;
    int len = i2d_X509_REQ(req, &der);

    (void)state;
    for (int i = 0; i < len; i++) {
        BIO *bio = BIO_new(BIO_s_mem());
        struct csr_text text;
        char *bytes;

        der[i] ^= 1;
        assert_true(PEM_write_bio(bio, "CERTIFICATE REQUEST", "", der, len) >
                    0);
        text.len = (size_t)BIO_get_mem_data(bio, &bytes);
        memcpy(text.text, bytes, text.len);
        if (parse(&text) == PH_OK)
            fail_msg("byte %d changed, and taken", i);
        der[i] ^= 1;
        BIO_free(bio);
    }
    OPENSSL_free(der);
    X509_REQ_free(req);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sound_request_is_its_key),
        cmocka_unit_test(a_request_of_ours_is_a_sound_one),
        cmocka_unit_test(line_ends_of_either_kind_are_taken),
        cmocka_unit_test(nothing_may_stand_around_it),
        cmocka_unit_test(two_requests_are_none),
        cmocka_unit_test(what_is_no_request_is_refused),
        cmocka_unit_test(a_nul_and_too_much_are_refused),
        cmocka_unit_test(bytes_behind_the_request_are_refused),
        cmocka_unit_test(other_keys_are_refused),
        cmocka_unit_test(other_signatures_are_refused),
        cmocka_unit_test(the_key_itself_must_have_signed),
        cmocka_unit_test(a_changed_request_is_not_taken_for_the_key),
    };

    return cmocka_run_group_tests(tests, make_keys, free_keys);
}
