#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "printhold/base/attr.h"
#include "printhold/base/err.h"
#include "printhold/crypto/identity.h"
#include "scratch.h"

#define A24 "abcdefghijklmnopqrstuvwx"
#define A40 "abcdefghijklmnopqrstuvwxyz0123456789-abc"

static void
identities_are_parsed(void **state)
{
    static const struct {
        const char *uri;
        enum ph_identity_kind kind;
        const char *tenant;
        const char *id;
    } cases[] = {
        {"urn:printhold:acme:ws:ws-7f3a", PH_IDENTITY_WORKSTATION, "acme",
         "ws-7f3a"},
        {"urn:printhold:a:pr:1", PH_IDENTITY_PRINTER, "a", "1"},
        {"urn:printhold:" A24 ":svc:" A40, PH_IDENTITY_SERVICE, A24, A40},
    };

    (void)state;
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        struct ph_identity identity;

        assert_int_equal(ph_identity_parse_uri(cases[i].uri, &identity), PH_OK);
        assert_int_equal(identity.kind, cases[i].kind);
        assert_string_equal(identity.tenant, cases[i].tenant);
        assert_string_equal(identity.id, cases[i].id);
    }
}

static void
malformed_identities_are_refused(void **state)
{
    static const struct {
        const char *what;
        const char *uri;
    } cases[] = {
        {"empty", ""},
        {"prefix alone", "urn:printhold:"},
        {"other namespace", "urn:example:acme:pr:p1"},
        {"upper-case scheme", "URN:printhold:acme:pr:p1"},
        {"no kind", "urn:printhold:acme"},
        {"no id", "urn:printhold:acme:pr"},
        {"empty id", "urn:printhold:acme:pr:"},
        {"empty tenant", "urn:printhold::pr:p1"},
        {"empty kind", "urn:printhold:acme::p1"},
        {"unknown kind", "urn:printhold:acme:xx:p1"},
        {"kind with more", "urn:printhold:acme:prx:p1"},
        {"upper-case kind", "urn:printhold:acme:PR:p1"},
        {"upper-case tenant", "urn:printhold:Acme:pr:p1"},
        {"upper-case id", "urn:printhold:acme:pr:P1"},
        {"a part more", "urn:printhold:acme:pr:p1:x"},
        {"slash", "urn:printhold:acme:pr:../p1"},
        {"MQTT wildcard", "urn:printhold:acme:pr:+"},
        {"blank before", " urn:printhold:acme:pr:p1"},
        {"new line behind", "urn:printhold:acme:pr:p1\n"},
        {"long tenant", "urn:printhold:" A24 "y:pr:p1"},
        {"long id", "urn:printhold:acme:pr:" A40 "d"},
        {"not ASCII", "urn:printhold:acme:pr:p\xc3\xa9"},
    };
    struct ph_identity identity = {.tenant = "untouched"};

    (void)state;
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        int err = ph_identity_parse_uri(cases[i].uri, &identity);

        if (err != PH_ERR_SYNTAX)
            fail_msg("%s: %d", cases[i].what, err);
    }
    assert_string_equal(identity.tenant, "untouched");
}

/* One subject alternative name: a URI of len bytes, or a DNS name. */
struct name {
    const char *text;
    size_t len; /* 0: up to the NUL */
    int type;   /* 0: URI */
};

static void
add_names(X509 *cert, const struct name *names, size_t count)
{
    GENERAL_NAMES *san = sk_GENERAL_NAME_new_null();

    for (size_t i = 0; i < count; i++) {
        GENERAL_NAME *name = GENERAL_NAME_new();
        ASN1_IA5STRING *text = ASN1_IA5STRING_new();
        size_t len = names[i].len > 0 ? names[i].len : strlen(names[i].text);

        assert_int_equal(ASN1_STRING_set(text, names[i].text, (int)len), 1);
        GENERAL_NAME_set0_value(
            name, names[i].type != 0 ? names[i].type : GEN_URI, text);
        assert_true(sk_GENERAL_NAME_push(san, name) > 0);
    }
    assert_int_equal(X509_add1_ext_i2d(cert, NID_subject_alt_name, san, 0,
                                       X509V3_ADD_APPEND),
                     1);
    GENERAL_NAMES_free(san);
}

/* Self-signed, valid until 2030-01-01T00:00:00Z; extensions SAN as told. */
static X509 *
make_cert(const struct name *names, size_t count, int extensions)
{
    EVP_PKEY *pkey = EVP_EC_gen("P-256");
    X509 *cert = X509_new();

    assert_int_equal(X509_set_version(cert, X509_VERSION_3), 1);
    assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(cert), 1), 1);
    assert_non_null(ASN1_TIME_set(X509_getm_notBefore(cert), 1000000000));
    assert_non_null(ASN1_TIME_set(X509_getm_notAfter(cert), 1893456000));
    assert_int_equal(X509_set_pubkey(cert, pkey), 1);
    for (int i = 0; i < extensions; i++)
        add_names(cert, names, count);
    assert_true(X509_sign(cert, pkey, EVP_sha256()) > 0);
    EVP_PKEY_free(pkey);
    return cert;
}

#define GOOD "urn:printhold:acme:pr:floor-3"

static void
a_certificate_with_one_name_has_an_identity(void **state)
{
    static const struct name names[] = {{"printer.example.org", 0, GEN_DNS},
                                        {"https://example.org/", 0, 0},
                                        {GOOD, 0, 0}};
    X509 *cert = make_cert(names, 3, 1);
    struct ph_identity identity;
    unsigned char digest[32];
    unsigned len = 0;

    (void)state;
    assert_int_equal(ph_identity_of_cert(cert, &identity, NULL), PH_OK);
    assert_int_equal(identity.kind, PH_IDENTITY_PRINTER);
    assert_string_equal(identity.tenant, "acme");
    assert_string_equal(identity.id, "floor-3");
    assert_int_equal(identity.not_after_ms, INT64_C(1893456000000));
    assert_int_equal(strlen(identity.thumbprint), 43);
    /* The thumbprint is the digest of the DER, by another way. */
    assert_int_equal(X509_digest(cert, EVP_sha256(), digest, &len), 1);
    {
        unsigned char text[48];
        int n = EVP_EncodeBlock(text, digest, 32);

        for (int i = 0; i < n; i++)
            text[i] = text[i] == '+' ? '-' : text[i] == '/' ? '_' : text[i];
        assert_memory_equal(identity.thumbprint, text, 43);
    }
    X509_free(cert);
}

static void
certificates_without_exactly_one_sound_name_have_none(void **state)
{
    static const struct {
        const char *what;
        struct name names[2];
        size_t count;
        int extensions;
        int err;
    } cases[] = {
        {"no extension", {{GOOD, 0, 0}}, 1, 0, PH_ERR_NOT_FOUND},
        {"no URI", {{"a.example", 0, GEN_DNS}}, 1, 1, PH_ERR_NOT_FOUND},
        {"other URI", {{"https://example.org", 0, 0}}, 1, 1, PH_ERR_NOT_FOUND},
        {"DNS name that looks so",
         {{GOOD, 0, GEN_DNS}},
         1,
         1,
         PH_ERR_NOT_FOUND},
        {"two",
         {{GOOD, 0, 0}, {"urn:printhold:acme:pr:floor-4", 0, 0}},
         2,
         1,
         PH_ERR_SYNTAX},
        {"the same twice", {{GOOD, 0, 0}, {GOOD, 0, 0}}, 2, 1, PH_ERR_SYNTAX},
        {"a sound and a malformed one",
         {{GOOD, 0, 0}, {"urn:printhold:acme:xx:y", 0, 0}},
         2,
         1,
         PH_ERR_SYNTAX},
        {"a malformed and a sound one",
         {{"urn:printhold:", 0, 0}, {GOOD, 0, 0}},
         2,
         1,
         PH_ERR_SYNTAX},
        {"other case",
         {{"URN:PrintHold:acme:pr:floor-3", 0, 0}},
         1,
         1,
         PH_ERR_SYNTAX},
        {"NUL inside",
         {{GOOD "\0.evil", sizeof(GOOD) + 5, 0}},
         1,
         1,
         PH_ERR_SYNTAX},
        {"NUL at the end", {{GOOD, sizeof(GOOD), 0}}, 1, 1, PH_ERR_SYNTAX},
        {"NUL in another URI",
         {{GOOD, 0, 0}, {"https://a\0b", 11, 0}},
         2,
         1,
         PH_ERR_SYNTAX},
        {"the extension twice", {{GOOD, 0, 0}}, 1, 2, PH_ERR_NOT_FOUND},
    };

    (void)state;
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        X509 *cert =
            make_cert(cases[i].names, cases[i].count, cases[i].extensions);
        struct ph_identity identity = {.id = "untouched"};
        struct ph_why why = {""};
        int err = ph_identity_of_cert(cert, &identity, &why);

        if (err != cases[i].err)
            fail_msg("%s: %d", cases[i].what, err);
        assert_string_equal(identity.id, "untouched");
        assert_string_not_equal(why.text, "");
        X509_free(cert);
    }
}

static void
files_give_identity_and_pin(void **state)
{
    static const struct name names[] = {{GOOD, 0, 0}};
    X509 *cert = make_cert(names, 1, 1);
    struct scratch scratch;
    struct ph_identity from_cert, from_file;
    char path[512], pin[PH_SPKI_PIN_TEXT];
    FILE *file;

    (void)state;
    scratch_make(&scratch);
    (void)snprintf(path, sizeof(path), "%s/cert.pem", scratch.path);
    file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(PEM_write_X509(file, cert), 1);
    (void)fclose(file);
    assert_int_equal(ph_identity_of_cert(cert, &from_cert, NULL), PH_OK);
    assert_int_equal(ph_identity_of_file(path, &from_file, NULL), PH_OK);
    assert_string_equal(from_cert.thumbprint, from_file.thumbprint);
    assert_int_equal(ph_identity_spki_pin(path, pin, NULL), PH_OK);
    assert_memory_equal(pin, "sha256-", 7);
    assert_int_equal(strlen(pin), 50);
    assert_string_not_equal(pin + 7, from_cert.thumbprint);
    X509_free(cert);
    scratch_remove(&scratch);
}

static void
unreadable_certificate_files_are_refused_and_named(void **state)
{
    static const char *const bad[] = {
        "", "no certificate\n",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\nMIIB"};
    struct scratch scratch;
    struct ph_identity identity;
    struct ph_why why;
    char path[512], pin[PH_SPKI_PIN_TEXT];

    (void)state;
    scratch_make(&scratch);
    (void)snprintf(path, sizeof(path), "%s/cert.pem", scratch.path);
    assert_int_equal(ph_identity_of_file(path, &identity, &why),
                     PH_ERR_NOT_FOUND);
    assert_non_null(strstr(why.text, path));
    for (size_t i = 0; i < PH_COUNT(bad); i++) {
        scratch_write(path, bad[i], strlen(bad[i]));
        assert_int_equal(ph_identity_of_file(path, &identity, &why),
                         PH_ERR_SYNTAX);
        assert_non_null(strstr(why.text, path));
        assert_int_equal(ph_identity_spki_pin(path, pin, &why), PH_ERR_SYNTAX);
        assert_int_equal(remove(path), 0);
    }
    scratch_remove(&scratch);
}

/* Expected value computed with another implementation of HMAC and base32. */
static void
user_keys_are_stable_and_tell_logins_apart(void **state)
{
    static const uint8_t key[] = "directory key of 32 bytes 123456";
    char uk[PH_USER_KEY_TEXT], other[PH_USER_KEY_TEXT];

    (void)state;
    assert_int_equal(ph_identity_user_key(key, 32, "ada@example.org", uk),
                     PH_OK);
    assert_string_equal(uk, "cirtwyeahsh4727xfvufuywg5z");
    assert_int_equal(ph_identity_user_key(key, 32, "adb@example.org", other),
                     PH_OK);
    assert_string_not_equal(uk, other);
    assert_int_equal(ph_identity_user_key(key, 31, "ada@example.org", other),
                     PH_OK);
    assert_string_not_equal(uk, other);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(identities_are_parsed),
        cmocka_unit_test(malformed_identities_are_refused),
        cmocka_unit_test(a_certificate_with_one_name_has_an_identity),
        cmocka_unit_test(certificates_without_exactly_one_sound_name_have_none),
        cmocka_unit_test(files_give_identity_and_pin),
        cmocka_unit_test(unreadable_certificate_files_are_refused_and_named),
        cmocka_unit_test(user_keys_are_stable_and_tell_logins_apart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
