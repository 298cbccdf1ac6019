/*
 * SR-35: every call of OpenSSL's EVP, of the random source and of the file
 * system fails in turn, once per run. The whole road of a job must then end in
 * an error, or in a file that a reader accepts; never in a weak key or in a
 * file that was acknowledged and cannot be read.
 *
 * The calls are wrapped by the linker (-Wl,--wrap).
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>

#include "printhold/base/err.h"
#include "printhold/crypto/sealed_file.h"
#include "spool_fixture.h"

/* Calls until the one that fails; 0 when none shall. */
static int countdown;
static bool failed;

static bool
fails_now(void)
{
    if (countdown == 0 || --countdown > 0)
        return false;
    failed = true;
    return true;
}

#define WRAP(type, name, params, args, failure)            \
    type __real_##name params;                             \
    type __wrap_##name params;                             \
    type __wrap_##name params                              \
    {                                                      \
        return fails_now() ? failure : __real_##name args; \
    }

#define WRAP_FILE(type, name, params, args, number) \
    type __real_##name params;                      \
    type __wrap_##name params;                      \
    type __wrap_##name params                       \
    {                                               \
        if (!fails_now())                           \
            return __real_##name args;              \
        errno = number;                             \
        return -1;                                  \
    }

WRAP(EVP_CIPHER_CTX *, EVP_CIPHER_CTX_new, (void), (), NULL)
WRAP(EVP_MD_CTX *, EVP_MD_CTX_new, (void), (), NULL)
WRAP(EVP_KDF_CTX *, EVP_KDF_CTX_new, (EVP_KDF * kdf), (kdf), NULL)
WRAP(EVP_MAC_CTX *, EVP_MAC_CTX_new, (EVP_MAC * mac), (mac), NULL)
WRAP(int, EVP_EncryptInit_ex2,
     (EVP_CIPHER_CTX * ctx, const EVP_CIPHER *cipher, const unsigned char *key,
      const unsigned char *iv, const OSSL_PARAM *params),
     (ctx, cipher, key, iv, params), 0)
WRAP(int, EVP_CipherInit_ex2,
     (EVP_CIPHER_CTX * ctx, const EVP_CIPHER *cipher, const unsigned char *key,
      const unsigned char *iv, int enc, const OSSL_PARAM *params),
     (ctx, cipher, key, iv, enc, params), 0)
WRAP(int, EVP_CipherUpdate,
     (EVP_CIPHER_CTX * ctx, unsigned char *out, int *outl,
      const unsigned char *in, int inl),
     (ctx, out, outl, in, inl), 0)
WRAP(int, EVP_CipherFinal_ex,
     (EVP_CIPHER_CTX * ctx, unsigned char *out, int *outl), (ctx, out, outl), 0)
WRAP(int, EVP_CIPHER_CTX_ctrl,
     (EVP_CIPHER_CTX * ctx, int type, int arg, void *ptr),
     (ctx, type, arg, ptr), 0)
WRAP(int, EVP_KDF_derive,
     (EVP_KDF_CTX * ctx, unsigned char *key, size_t len,
      const OSSL_PARAM params[]),
     (ctx, key, len, params), 0)
WRAP(int, EVP_MAC_init,
     (EVP_MAC_CTX * ctx, const unsigned char *key, size_t len,
      const OSSL_PARAM params[]),
     (ctx, key, len, params), 0)
WRAP(int, EVP_MAC_update,
     (EVP_MAC_CTX * ctx, const unsigned char *data, size_t len),
     (ctx, data, len), 0)
WRAP(int, EVP_MAC_final,
     (EVP_MAC_CTX * ctx, unsigned char *out, size_t *outl, size_t size),
     (ctx, out, outl, size), 0)
WRAP(int, EVP_Digest,
     (const void *data, size_t count, unsigned char *md, unsigned int *size,
      const EVP_MD *type, ENGINE *impl),
     (data, count, md, size, type, impl), 0)
WRAP(int, EVP_DigestInit_ex2,
     (EVP_MD_CTX * ctx, const EVP_MD *type, const OSSL_PARAM params[]),
     (ctx, type, params), 0)
WRAP(int, EVP_DigestUpdate, (EVP_MD_CTX * ctx, const void *data, size_t len),
     (ctx, data, len), 0)
WRAP(int, EVP_DigestFinal_ex,
     (EVP_MD_CTX * ctx, unsigned char *md, unsigned int *size), (ctx, md, size),
     0)
WRAP(EVP_CIPHER *, EVP_CIPHER_fetch,
     (OSSL_LIB_CTX * lib, const char *name, const char *properties),
     (lib, name, properties), NULL)
WRAP(EVP_MD *, EVP_MD_fetch,
     (OSSL_LIB_CTX * lib, const char *name, const char *properties),
     (lib, name, properties), NULL)
WRAP(EVP_KDF *, EVP_KDF_fetch,
     (OSSL_LIB_CTX * lib, const char *name, const char *properties),
     (lib, name, properties), NULL)
WRAP(EVP_MAC *, EVP_MAC_fetch,
     (OSSL_LIB_CTX * lib, const char *name, const char *properties),
     (lib, name, properties), NULL)
WRAP_FILE(int, getentropy, (void *bytes, size_t len), (bytes, len), EIO)
WRAP_FILE(ssize_t, pwrite, (int fd, const void *buf, size_t n, off_t offset),
          (fd, buf, n, offset), ENOSPC)
WRAP_FILE(ssize_t, pread, (int fd, void *buf, size_t n, off_t offset),
          (fd, buf, n, offset), EIO)
WRAP_FILE(int, fsync, (int fd), (fd), EIO)
WRAP_FILE(int, fdatasync, (int fd), (fd), EIO)

WRAP_FILE(ssize_t, read, (int fd, void *buf, size_t n), (fd, buf, n), EIO)
WRAP_FILE(int, renameat, (int from, const char *a, int to, const char *b),
          (from, a, to, b), EROFS)

#define SIZE 70000

struct road {
    int fd;
    struct ph_sealed_secret secret;
    struct ph_sealed_writer *writer;
    struct ph_sealed_verifier *verifier;
    bool acknowledged; /* the metadata record was appended */
};

/* Capture, ingest and commit of one document, on a day of its own. */
static int
capture(struct ph_epoch_keys *keys, int day, const uint8_t *plain,
        struct road *road)
{
    uint8_t sha256[PH_SHA256_BYTES];
    struct ph_id epoch, job;
    uint64_t size, verified;
    int err = ph_epoch_keys_current(keys, INT64_C(86400000) * day, &epoch);

    if (err == PH_OK)
        err = ph_id_make(&job);
    if (err == PH_OK)
        err = ph_sealed_create(road->fd, keys, &epoch, &job, &road->secret);
    if (err == PH_OK)
        err = ph_sealed_writer_new(road->fd, &road->secret, &road->writer);
    if (err == PH_OK)
        err = ph_sealed_verifier_new(road->fd, &road->secret, &road->verifier);
    if (err == PH_OK)
        err = ph_sealed_writer_write(road->writer, plain, SIZE);
    if (err == PH_OK)
        err = ph_sealed_writer_finish(road->writer, &size);
    if (err == PH_OK)
        err = ph_sealed_verifier_advance(road->verifier, 4096 + 65537);
    if (err == PH_OK)
        err = ph_sealed_verifier_finish(road->verifier, &verified, sha256);
    if (err == PH_OK)
        err =
            ph_sealed_append_metadata(road->fd, &road->secret, 1, SIZE, "t", 1);
    road->acknowledged = err == PH_OK;
    return err;
}

/* Open, verify and read; the plaintext comes whole or not at all. */
static int
release(struct ph_epoch_keys *keys, int fd, const uint8_t *plain)
{
    static const uint8_t zeros[SIZE];
    struct ph_sealed_reader *reader = NULL;
    uint8_t *dst = calloc(1, SIZE);
    int copy = dup(fd), err;

    assert_non_null(dst);
    err = ph_sealed_reader_open(copy, keys, &reader, NULL);
    if (err != PH_OK)
        (void)close(copy);
    if (err == PH_OK)
        err = ph_sealed_reader_verify(reader, NULL);
    if (err == PH_OK)
        err = ph_sealed_reader_read(reader, 0, dst, SIZE);
    assert_memory_equal(dst, err == PH_OK ? plain : zeros, SIZE);
    ph_sealed_reader_free(reader);
    free(dst);
    return err;
}

static void
judge(struct spool_fixture *fx, const struct road *road, int n, int err,
      const uint8_t *plain)
{
    static const uint8_t zero_key[PH_KEY_BYTES];

    if (failed && err == PH_OK)
        fail_msg("the failure of call %d went unnoticed", n);
    if (!failed)
        assert_int_equal(err, PH_OK);
    if (road->writer != NULL)
        assert_memory_not_equal(road->secret.data_key, zero_key, PH_KEY_BYTES);
    /* What was acknowledged is there after a restart, whatever failed. */
    if (road->acknowledged) {
        spool_fixture_reopen(fx);
        assert_int_equal(release(fx->keys, road->fd, plain), PH_OK);
    }
}

/* One run with the n-th call failing; false when there is no n-th call. */
static bool
run(struct spool_fixture *fx, const uint8_t *plain, int n)
{
    struct road road = {.fd = spool_file(fx)};
    struct ph_machine_key machine = {.level = "file"};
    struct ph_epoch_keys *keys = NULL;
    int err;

    memset(machine.bytes, 0x4d, sizeof(machine.bytes));
    failed = false;
    countdown = n;
    err = ph_epoch_keys_open(fx->dirfd, &machine, &keys, NULL);
    if (err == PH_OK)
        err = capture(keys, n % 20, plain, &road);
    if (err == PH_OK)
        err = release(keys, road.fd, plain);
    countdown = 0;
    judge(fx, &road, n, err, plain);
    ph_sealed_writer_free(road.writer);
    ph_sealed_verifier_free(road.verifier);
    ph_epoch_keys_free(keys);
    (void)close(road.fd);
    return failed;
}

/* Twice: in the first round the algorithms are still to be fetched. */
static void
no_failing_call_goes_unnoticed_or_loses_a_job(void **state)
{
    uint8_t *plain = spool_pattern(SIZE);

    (void)state;
    for (int round = 0; round < 2; round++) {
        struct spool_fixture fx = {.dirfd = -1};
        int n = 1;

        scratch_make(&fx.scratch);
        fx.dirfd = open(fx.scratch.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        assert_true(fx.dirfd >= 0);
        while (run(&fx, plain, n))
            n++;
        assert_true(n > 60); /* the road has more calls than that */
        spool_fixture_remove(&fx);
    }
    free(plain);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_failing_call_goes_unnoticed_or_loses_a_job),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
