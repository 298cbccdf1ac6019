#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "printhold/base/err.h"
#include "printhold/crypto/jws.h"
#include "scratch.h"

static struct scratch scratch;
static char path[512];

static int
setup(void **state)
{
    (void)state;
    scratch_make(&scratch);
    (void)snprintf(path, sizeof(path), "%s/issuer.pem", scratch.path);
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    scratch_remove(&scratch);
    return 0;
}

/* Add a fresh key to the file; its kid, when it has one. */
static void
add_key(const char *curve, bool private, char kid[PH_JWS_KID_MAX])
{
    EVP_PKEY *pkey = EVP_EC_gen(curve);
    FILE *file = fopen(path, "a");
    BIO *bio = BIO_new(BIO_s_mem());
    struct ph_jws_key *key = NULL;
    char *pem = NULL;
    long len;

    assert_non_null(file);
    assert_int_equal(PEM_write_bio_PUBKEY(bio, pkey), 1);
    len = BIO_get_mem_data(bio, &pem);
    if (ph_jws_key_from_pem(pem, (size_t)len, &key, NULL) == PH_OK &&
        kid != NULL)
        assert_int_equal(ph_jws_key_kid(key, kid), PH_OK);
    if (private)
        assert_int_equal(
            PEM_write_PrivateKey(file, pkey, NULL, NULL, 0, NULL, NULL), 1);
    else
        assert_int_equal(PEM_write_PUBKEY(file, pkey), 1);
    ph_jws_key_free(key);
    BIO_free(bio);
    (void)fclose(file);
    EVP_PKEY_free(pkey);
}

static void
add_text(const char *text)
{
    FILE *file = fopen(path, "a");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    (void)fclose(file);
}

static void
assert_refused(int err)
{
    struct ph_jws_keyset *set = NULL;
    struct ph_why why = {""};

    assert_int_equal(ph_jws_keyset_load(path, &set, &why), err);
    assert_non_null(strstr(why.text, "issuer.pem"));
    assert_null(set);
}

static void
every_key_of_the_file_is_found_by_its_kid(void **state)
{
    char kids[3][PH_JWS_KID_MAX];
    struct ph_jws_keyset *set = NULL;

    (void)state;
    add_text("# the issuer's keys, old and new\n");
    for (int i = 0; i < 3; i++)
        add_key("P-256", false, kids[i]);
    assert_int_equal(ph_jws_keyset_load(path, &set, NULL), PH_OK);
    for (int i = 0; i < 3; i++) {
        const struct ph_jws_key *key = ph_jws_keyset_find(set, kids[i]);
        char kid[PH_JWS_KID_MAX];

        assert_non_null(key);
        assert_int_equal(ph_jws_key_kid(key, kid), PH_OK);
        assert_string_equal(kid, kids[i]);
    }
    assert_null(ph_jws_keyset_find(set, ""));
    assert_null(ph_jws_keyset_find(set, "other"));
    kids[0][0] ^= 1;
    assert_null(ph_jws_keyset_find(set, kids[0]));
    ph_jws_keyset_free(set);
    ph_jws_keyset_free(NULL);
}

static void
files_without_a_key_are_refused(void **state)
{
    (void)state;
    assert_refused(PH_ERR_NOT_FOUND);
    add_text("");
    assert_refused(PH_ERR_CONFIG);
    add_text("no PEM here\n");
    assert_refused(PH_ERR_CONFIG);
}

static void
a_private_key_does_not_belong_there(void **state)
{
    (void)state;
    add_key("P-256", false, NULL);
    add_key("P-256", true, NULL);
    assert_refused(PH_ERR_CONFIG);
}

static void
one_unfit_key_spoils_the_file(void **state)
{
    (void)state;
    add_key("P-256", false, NULL);
    add_key("P-384", false, NULL);
    assert_refused(PH_ERR_CONFIG);
}

static void
a_broken_block_spoils_the_file(void **state)
{
    (void)state;
    add_key("P-256", false, NULL);
    add_text("-----BEGIN PUBLIC KEY-----\nMFkwEw!!\n");
    assert_refused(PH_ERR_CONFIG);
}

static void
a_certificate_is_no_issuer_key(void **state)
{
    (void)state;
    add_key("P-256", false, NULL);
    add_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    assert_refused(PH_ERR_CONFIG);
}

/* SR-42: a key that is not for signatures. JWK has the member "use" for that;
 * in SubjectPublicKeyInfo the algorithm says it: id-ecDH (RFC 5480 section
 * 2.1.2) is the same point for key agreement only. */
static void
a_key_for_another_use_is_refused(void **state)
{
    static const char ecdh[] =
        "-----BEGIN PUBLIC KEY-----\n"
        "MFcwEQYFK4EEAQwGCCqGSM49AwEHA0IABH/Nzidw9sRdQYPL7m/bS3tYBzM1e+nv\n"
        "E7rPbjx70VRFx/FEzRu9m36HLN/tue659LNpXW6pCyStikYjKIWI5a0=\n"
        "-----END PUBLIC KEY-----\n";
    static const char jwk[] =
        "{\"kty\":\"EC\",\"crv\":\"P-256\",\"use\":\"enc\",\"x\":"
        "\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\",\"y\":"
        "\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}\n";

    (void)state;
    add_text(ecdh);
    assert_refused(PH_ERR_CONFIG);
    assert_int_equal(truncate(path, 0), 0);
    add_text(jwk);
    assert_refused(PH_ERR_CONFIG);
}

/* The control of the one above: the same point for signatures. */
static void
that_key_for_signatures_is_taken(void **state)
{
    static const char ecdsa[] =
        "-----BEGIN PUBLIC KEY-----\n"
        "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEf83OJ3D2xF1Bg8vub9tLe1gHMzV7\n"
        "6e8Tus9uPHvRVEXH8UTNG72bfocs3+257rn0s2ldbqkLJK2KRiMohYjlrQ==\n"
        "-----END PUBLIC KEY-----\n";
    struct ph_jws_keyset *set = NULL;

    (void)state;
    add_text(ecdsa);
    assert_int_equal(ph_jws_keyset_load(path, &set, NULL), PH_OK);
    assert_non_null(
        ph_jws_keyset_find(set, "oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U"));
    ph_jws_keyset_free(set);
}

static void
there_is_a_most_of_keys(void **state)
{
    struct ph_jws_keyset *set = NULL;

    (void)state;
    for (int i = 0; i < 16; i++)
        add_key("P-256", false, NULL);
    assert_int_equal(ph_jws_keyset_load(path, &set, NULL), PH_OK);
    ph_jws_keyset_free(set);
    add_key("P-256", false, NULL);
    assert_refused(PH_ERR_CONFIG);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        T(every_key_of_the_file_is_found_by_its_kid),
        T(files_without_a_key_are_refused),
        T(a_private_key_does_not_belong_there),
        T(one_unfit_key_spoils_the_file),
        T(a_broken_block_spoils_the_file),
        T(a_certificate_is_no_issuer_key),
        T(a_key_for_another_use_is_refused),
        T(that_key_for_signatures_is_taken),
        T(there_is_a_most_of_keys),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
