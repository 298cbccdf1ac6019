/* Keys and sealed files for tests of core/crypto and of what builds on it. */
#ifndef PRINTHOLD_TESTS_SUPPORT_SPOOL_FIXTURE_H
#define PRINTHOLD_TESTS_SUPPORT_SPOOL_FIXTURE_H

#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "printhold/base/err.h"
#include "printhold/base/io.h"
#include "printhold/crypto/sealed_file.h"
#include "scratch.h"

struct spool_fixture {
    struct scratch scratch;
    int dirfd;
    struct ph_epoch_keys *keys;
    struct ph_id epoch;
};

/* Read the keys from the directory, as after a restart. */
static inline void
spool_fixture_reopen(struct spool_fixture *fx)
{
    struct ph_machine_key machine = {.level = "file"};

    ph_epoch_keys_free(fx->keys);
    fx->keys = NULL;
    memset(machine.bytes, 0x4d, sizeof(machine.bytes));
    assert_int_equal(ph_epoch_keys_open(fx->dirfd, &machine, &fx->keys, NULL),
                     PH_OK);
}

static inline void
spool_fixture_make(struct spool_fixture *fx)
{
    memset(fx, 0, sizeof(*fx));
    scratch_make(&fx->scratch);
    fx->dirfd = open(fx->scratch.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(fx->dirfd >= 0);
    spool_fixture_reopen(fx);
    assert_int_equal(
        ph_epoch_keys_current(fx->keys, INT64_C(1795289400000), &fx->epoch),
        PH_OK);
}

static inline void
spool_fixture_remove(struct spool_fixture *fx)
{
    ph_epoch_keys_free(fx->keys);
    (void)close(fx->dirfd);
    scratch_remove(&fx->scratch);
}

/* A new empty file without a name. */
static inline int
spool_file(const struct spool_fixture *fx)
{
    int fd = openat(fx->dirfd, "file",
                    O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(unlinkat(fx->dirfd, "file", 0), 0);
    return fd;
}

/* The plaintext of the pinned vectors: byte i is the low byte of
 * i + i / 251. */
static inline uint8_t *
spool_pattern(size_t len)
{
    uint8_t *bytes = malloc(len > 0 ? len : 1);

    assert_non_null(bytes);
    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)(i + i / 251);
    return bytes;
}

/* Header and body of a file with the pattern, no metadata yet. */
static inline int
spool_body(const struct spool_fixture *fx, size_t len,
           struct ph_sealed_secret *out_secret)
{
    struct ph_sealed_writer *writer = NULL;
    uint8_t *plain = spool_pattern(len);
    struct ph_id job;
    uint64_t size = 0;
    int fd = spool_file(fx);

    assert_int_equal(ph_id_make(&job), PH_OK);
    assert_int_equal(
        ph_sealed_create(fd, fx->keys, &fx->epoch, &job, out_secret), PH_OK);
    assert_int_equal(ph_sealed_writer_new(fd, out_secret, &writer), PH_OK);
    assert_int_equal(ph_sealed_writer_write(writer, plain, len), PH_OK);
    assert_int_equal(ph_sealed_writer_finish(writer, &size), PH_OK);
    assert_true(size == len);
    ph_sealed_writer_free(writer);
    free(plain);
    return fd;
}

/* A whole file with one metadata record, "ticket". */
static inline int
spool_whole(const struct spool_fixture *fx, size_t len,
            struct ph_sealed_secret *out_secret)
{
    int fd = spool_body(fx, len, out_secret);

    assert_int_equal(
        ph_sealed_append_metadata(fd, out_secret, 1, len, "ticket", 6), PH_OK);
    return fd;
}

static inline uint64_t
spool_size(int fd)
{
    struct stat st;

    assert_int_equal(fstat(fd, &st), 0);
    return (uint64_t)st.st_size;
}

/* The whole file in memory; free it. */
static inline uint8_t *
spool_load(int fd, size_t *out_len)
{
    size_t len = (size_t)spool_size(fd);
    uint8_t *bytes = malloc(len + 1);

    assert_non_null(bytes);
    assert_int_equal(ph_io_pread_full(fd, bytes, len, 0), PH_OK);
    *out_len = len;
    return bytes;
}

/* Make the file hold exactly these bytes. */
static inline void
spool_store(int fd, const uint8_t *bytes, size_t len)
{
    assert_int_equal(ftruncate(fd, 0), 0);
    assert_int_equal(ph_io_pwrite_full(fd, bytes, len, 0), PH_OK);
}

/* What a release does before the first byte: open and verify. */
static inline int
spool_accept(const struct spool_fixture *fx, int fd)
{
    struct ph_sealed_reader *reader = NULL;
    int copy = dup(fd);
    int err;

    assert_true(copy >= 0);
    err = ph_sealed_reader_open(copy, fx->keys, &reader, NULL);
    if (err != PH_OK) {
        (void)close(copy);
        return err;
    }
    err = ph_sealed_reader_verify(reader, NULL);
    ph_sealed_reader_free(reader);
    return err;
}

#endif
