/* An issuer of grants: its key, and the file of public keys as loaded. */
#ifndef PRINTHOLD_TESTS_SUPPORT_GRANT_FIXTURE_H
#define PRINTHOLD_TESTS_SUPPORT_GRANT_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "printhold/base/err.h"
#include "printhold/base/io.h"
#include "printhold/crypto/jws.h"

struct grant_fixture {
    EVP_PKEY *pkey;
    struct ph_jws_key *key;
    struct ph_jws_keyset *keys;
    char kid[PH_JWS_KID_MAX];
    char *public_pem;
    size_t public_len;
};

static inline char *
grant_pem_of(EVP_PKEY *pkey, bool secret, size_t *out_len)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *text, *copy;
    long len;

    if (secret)
        assert_int_equal(
            PEM_write_bio_PrivateKey(bio, pkey, NULL, NULL, 0, NULL, NULL), 1);
    else
        assert_int_equal(PEM_write_bio_PUBKEY(bio, pkey), 1);
    len = BIO_get_mem_data(bio, &text);
    copy = malloc((size_t)len);
    assert_non_null(copy);
    memcpy(copy, text, (size_t)len);
    BIO_free(bio);
    *out_len = (size_t)len;
    return copy;
}

static inline int
grant_set_up(void **state)
{
    struct grant_fixture *f = calloc(1, sizeof(*f));
    char path[] = "/tmp/test-grant-XXXXXX";
    struct ph_why why = {{0}};
    char *secret;
    size_t len;
    int fd;

    assert_non_null(f);
    f->pkey = EVP_EC_gen("P-256");
    assert_non_null(f->pkey);
    secret = grant_pem_of(f->pkey, true, &len);
    assert_int_equal(ph_jws_key_from_pem(secret, len, &f->key, &why), PH_OK);
    free(secret);
    assert_int_equal(ph_jws_key_kid(f->key, f->kid), PH_OK);
    f->public_pem = grant_pem_of(f->pkey, false, &f->public_len);
    fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(ph_io_write_full(fd, f->public_pem, f->public_len), PH_OK);
    assert_int_equal(close(fd), 0);
    assert_int_equal(ph_jws_keyset_load(path, &f->keys, &why), PH_OK);
    assert_int_equal(unlink(path), 0);
    *state = f;
    return 0;
}

static inline int
grant_tear_down(void **state)
{
    struct grant_fixture *f = *state;

    ph_jws_keyset_free(f->keys);
    ph_jws_key_free(f->key);
    EVP_PKEY_free(f->pkey);
    free(f->public_pem);
    free(f);
    return 0;
}

#endif
