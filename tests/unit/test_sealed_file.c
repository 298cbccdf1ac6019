#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "printhold/base/attr.h"
#include "printhold/base/err.h"
#include "printhold/crypto/sealed_file.h"
#include "spool_fixture.h"

static struct spool_fixture fx;

static int
setup(void **state)
{
    (void)state;
    spool_fixture_make(&fx);
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    spool_fixture_remove(&fx);
    return 0;
}

static struct ph_sealed_reader *
open_reader(int fd)
{
    struct ph_sealed_reader *reader = NULL;
    struct ph_why why = {""};

    if (ph_sealed_reader_open(fd, fx.keys, &reader, &why) != PH_OK)
        fail_msg("%s", why.text);
    return reader;
}

/* Sizes around every boundary: segment, batch, ring, several of each. */
static const size_t sizes[] = {0,      1,       50000,   65479,  65480,  65481,
                               65521,  130999,  131000,  131001, 262039, 262040,
                               262041, 524119,  524120,  524121, 589640, 786200,
                               999999, 1048576, 1572520, 1572521};

static void
what_is_written_is_read_back_at_every_size(void **state)
{
    (void)state;
    for (size_t i = 0; i < PH_COUNT(sizes); i++) {
        struct ph_sealed_secret secret;
        struct ph_sealed_reader *reader;
        uint8_t *plain = spool_pattern(sizes[i]);
        uint8_t *back = malloc(sizes[i] + 1);
        int fd = spool_whole(&fx, sizes[i], &secret);

        assert_non_null(back);
        reader = open_reader(fd);
        assert_true(ph_sealed_reader_size(reader) == sizes[i]);
        assert_true(ph_id_equal(ph_sealed_reader_job(reader), &secret.job));
        assert_true(ph_id_equal(ph_sealed_reader_epoch(reader), &fx.epoch));
        assert_int_equal(ph_sealed_reader_verify(reader, NULL), PH_OK);
        assert_int_equal(ph_sealed_reader_read(reader, 0, back, sizes[i]),
                         PH_OK);
        assert_memory_equal(back, plain, sizes[i]);
        ph_sealed_reader_free(reader);
        free(back);
        free(plain);
    }
}

static void
any_range_can_be_read(void **state)
{
    static const struct {
        uint64_t offset;
        size_t len;
    } ranges[] = {
        {0, 1},         {0, 65480},  {65479, 2},      {65480, 65520},
        {65481, 65520}, {131000, 1}, {130999, 65522}, {1, 199998},
        {199999, 1},    {199999, 0}, {200000, 0},     {70000, 10},
        {70010, 10},    {0, 200000}, {131072, 65536}, {65536, 131072},
    };
    struct ph_sealed_secret secret;
    struct ph_sealed_reader *reader;
    uint8_t *plain = spool_pattern(200000);
    uint8_t *back = malloc(200000);

    (void)state;
    assert_non_null(back);
    reader = open_reader(spool_whole(&fx, 200000, &secret));
    for (size_t i = 0; i < PH_COUNT(ranges); i++) {
        memset(back, 0, 200000);
        assert_int_equal(ph_sealed_reader_read(reader, ranges[i].offset, back,
                                               ranges[i].len),
                         PH_OK);
        assert_memory_equal(back, plain + ranges[i].offset, ranges[i].len);
    }
    ph_sealed_reader_free(reader);
    free(back);
    free(plain);
}

static void
ranges_outside_the_document_are_refused(void **state)
{
    static const struct {
        uint64_t offset;
        size_t len;
    } ranges[] = {
        {0, 1001}, {1000, 1}, {1001, 0}, {UINT64_MAX, 1}, {1, SIZE_MAX}};
    struct ph_sealed_secret secret;
    struct ph_sealed_reader *reader;
    uint8_t byte = 7;

    (void)state;
    reader = open_reader(spool_whole(&fx, 1000, &secret));
    for (size_t i = 0; i < PH_COUNT(ranges); i++)
        assert_int_equal(ph_sealed_reader_read(reader, ranges[i].offset, &byte,
                                               ranges[i].len),
                         PH_ERR_INVALID);
    assert_int_equal(byte, 7);
    ph_sealed_reader_free(reader);
}

/* The way of the backend: read(2) of odd sizes into the room. */
static void
the_room_takes_bytes_in_any_portions(void **state)
{
    static const size_t steps[] = {1, 7, 4096, 65536, 65520, 262144, 1000000};
    const size_t size = 1200000;
    uint8_t *plain = spool_pattern(size), *back = malloc(size);

    (void)state;
    assert_non_null(back);
    for (size_t i = 0; i < PH_COUNT(steps); i++) {
        struct ph_sealed_secret secret;
        struct ph_sealed_writer *writer = NULL;
        struct ph_sealed_reader *reader;
        uint64_t total = 0;
        size_t done = 0;
        int fd = spool_file(&fx);
        struct ph_id job = {{1}};

        assert_int_equal(
            ph_sealed_create(fd, fx.keys, &fx.epoch, &job, &secret), PH_OK);
        assert_int_equal(ph_sealed_writer_new(fd, &secret, &writer), PH_OK);
        while (done < size) {
            uint8_t *room = NULL;
            size_t len = 0;

            assert_int_equal(ph_sealed_writer_room(writer, &room, &len), PH_OK);
            assert_true(len >= 1);
            len = len < steps[i] ? len : steps[i];
            len = len < size - done ? len : size - done;
            memcpy(room, plain + done, len);
            ph_sealed_writer_filled(writer, len);
            done += len;
        }
        assert_int_equal(ph_sealed_writer_finish(writer, &total), PH_OK);
        assert_true(total == size);
        ph_sealed_writer_free(writer);
        assert_int_equal(ph_sealed_append_metadata(fd, &secret, 1, size, "", 0),
                         PH_OK);
        reader = open_reader(fd);
        assert_int_equal(ph_sealed_reader_read(reader, 0, back, size), PH_OK);
        assert_memory_equal(back, plain, size);
        ph_sealed_reader_free(reader);
    }
    free(back);
    free(plain);
}

static void
the_writer_needs_only_a_write_only_descriptor(void **state)
{
    struct ph_sealed_secret secret;
    struct ph_sealed_writer *writer = NULL;
    struct ph_id job = {{1}};
    char path[512];
    uint64_t size = 0;
    int fd = openat(fx.dirfd, "w", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    int write_only;

    (void)state;
    (void)snprintf(path, sizeof(path), "%s/w", fx.scratch.path);
    write_only = open(path, O_WRONLY | O_CLOEXEC);
    assert_int_equal(ph_sealed_create(fd, fx.keys, &fx.epoch, &job, &secret),
                     PH_OK);
    assert_int_equal(ph_sealed_writer_prepare(), PH_OK); /* changes nothing */
    assert_int_equal(ph_sealed_writer_new(write_only, &secret, &writer), PH_OK);
    assert_int_equal(ph_sealed_writer_write(writer, "abc", 3), PH_OK);
    assert_int_equal(ph_sealed_writer_finish(writer, &size), PH_OK);
    assert_int_equal(ph_sealed_writer_finish(writer, &size), PH_ERR_STATE);
    assert_int_equal(ph_sealed_writer_write(writer, "abc", 3), PH_ERR_STATE);
    ph_sealed_writer_free(writer);
    (void)close(write_only);
    assert_int_equal(ph_sealed_append_metadata(fd, &secret, 1, 3, "t", 1),
                     PH_OK);
    assert_int_equal(spool_accept(&fx, fd), PH_OK);
    (void)close(fd);
}

static void
a_write_failure_is_final(void **state)
{
    struct ph_sealed_secret secret = {.data_key = {1}};
    struct ph_sealed_writer *writer = NULL;
    uint8_t *plain = spool_pattern(1000000);
    uint64_t size = 7;
    int fds[2];

    (void)state;
    assert_int_equal(pipe(fds), 0); /* pwrite fails on a pipe */
    assert_int_equal(ph_sealed_writer_new(fds[1], &secret, &writer), PH_OK);
    assert_int_equal(ph_sealed_writer_write(writer, plain, 1000000), PH_ERR_IO);
    assert_int_equal(ph_sealed_writer_write(writer, plain, 1), PH_ERR_IO);
    assert_int_equal(ph_sealed_writer_finish(writer, &size), PH_ERR_IO);
    assert_true(size == 7);
    ph_sealed_writer_free(writer);
    (void)close(fds[0]);
    (void)close(fds[1]);
    free(plain);
}

static void
a_file_that_is_not_empty_gets_no_header(void **state)
{
    struct ph_sealed_secret secret;
    struct ph_id job = {{1}}, unknown = {{2}};
    int fd = spool_file(&fx), fds[2];

    (void)state;
    assert_int_equal(ph_sealed_create(fd, fx.keys, &unknown, &job, &secret),
                     PH_ERR_NOT_FOUND);
    assert_true(spool_size(fd) == 0);
    assert_int_equal(ph_io_pwrite_full(fd, "x", 1, 0), PH_OK);
    assert_int_equal(ph_sealed_create(fd, fx.keys, &fx.epoch, &job, &secret),
                     PH_ERR_STATE);
    (void)close(fd);
    assert_int_equal(pipe(fds), 0);
    assert_int_equal(
        ph_sealed_create(fds[1], fx.keys, &fx.epoch, &job, &secret),
        PH_ERR_INVALID);
    (void)close(fds[0]);
    (void)close(fds[1]);
}

static int
compare_blocks(const void *a, const void *b)
{
    return memcmp(a, b, 16);
}

/* SR-20 */
static void
the_same_document_is_never_encrypted_the_same(void **state)
{
    enum { RUNS = 1000, LEN = 16 + 56 + 100 };
    uint8_t *blocks = malloc((size_t)RUNS * 16 * 32);
    size_t count = 0;

    (void)state;
    assert_non_null(blocks);
    for (int run = 0; run < RUNS; run++) {
        struct ph_sealed_secret secret;
        size_t len = 0;
        int fd = spool_body(&fx, 100, &secret);
        uint8_t *bytes = spool_load(fd, &len);

        /* Wrapped key, commitment, salt and prefix, ciphertext and tag. */
        memcpy(blocks + 16 * count++, bytes + 48, 16);
        memcpy(blocks + 16 * count++, bytes + 64, 16);
        memcpy(blocks + 16 * count++, bytes + 88, 16);
        for (size_t pos = 4097; pos + 16 <= len; pos += 16)
            memcpy(blocks + 16 * count++, bytes + pos, 16);
        memcpy(blocks + 16 * count++, secret.data_key, 16);
        free(bytes);
        (void)close(fd);
    }
    assert_true(count <= (size_t)RUNS * 32);
    qsort(blocks, count, 16, compare_blocks);
    for (size_t i = 1; i < count; i++)
        assert_true(memcmp(blocks + 16 * (i - 1), blocks + 16 * i, 16) != 0);
    free(blocks);
}

static void
no_plaintext_is_in_the_file(void **state)
{
    static const char marker[] = "TOP SECRET MARKER";
    struct ph_sealed_secret secret;
    size_t len = 0;
    int fd = spool_body(&fx, 100000, &secret);
    uint8_t *bytes, *plain = spool_pattern(32);

    (void)state;
    assert_int_equal(ph_sealed_append_metadata(fd, &secret, 1, 100000, marker,
                                               sizeof(marker)),
                     PH_OK);
    bytes = spool_load(fd, &len);
    assert_null(memmem(bytes, len, marker, 8));
    assert_null(memmem(bytes, len, plain + 8, 16));
    assert_null(memmem(bytes, len, secret.data_key, 16));
    free(bytes);
    free(plain);
    (void)close(fd);
}

static void
the_newest_metadata_record_counts(void **state)
{
    struct ph_sealed_secret secret;
    struct ph_sealed_reader *reader;
    uint32_t sequence = 0;
    size_t len = 0;
    uint8_t big[PH_SEALED_METADATA_MAX + 1];
    int fd = spool_whole(&fx, 70000, &secret);

    (void)state;
    memset(big, 'b', sizeof(big));
    assert_int_equal(ph_sealed_append_metadata(fd, &secret, 2, 70000, big,
                                               PH_SEALED_METADATA_MAX),
                     PH_OK);
    assert_int_equal(ph_sealed_append_metadata(fd, &secret, 3, 70000, NULL, 0),
                     PH_OK);
    assert_int_equal(
        ph_sealed_append_metadata(fd, &secret, 4, 70000, "newest", 6), PH_OK);
    reader = open_reader(fd);
    assert_memory_equal(ph_sealed_reader_metadata(reader, &len, &sequence),
                        "newest", 6);
    assert_int_equal(len, 6);
    assert_int_equal(sequence, 4);
    assert_int_equal(ph_sealed_reader_verify(reader, NULL), PH_OK);
    ph_sealed_reader_free(reader);
}

static void
metadata_that_does_not_follow_is_refused(void **state)
{
    static uint8_t big[PH_SEALED_METADATA_MAX + 1];
    struct ph_sealed_secret secret;
    int fd = spool_body(&fx, 70000, &secret);
    uint64_t size = spool_size(fd);

    (void)state;
#define APPEND(sequence, body, len) \
    ph_sealed_append_metadata(fd, &secret, sequence, body, big, len)
    assert_int_equal(APPEND(0, 70000, 1), PH_ERR_INVALID);
    assert_int_equal(APPEND(2, 70000, 1), PH_ERR_STATE);
    assert_int_equal(APPEND(1, 69999, 1), PH_ERR_STATE);
    assert_int_equal(APPEND(1, UINT64_MAX, 1), PH_ERR_INVALID);
    assert_int_equal(APPEND(1, 70000, sizeof(big)), PH_ERR_TOO_BIG);
    assert_int_equal(APPEND(1025, 70000, 1), PH_ERR_LIMIT);
    assert_true(spool_size(fd) == size);
    assert_int_equal(APPEND(1, 70000, 1), PH_OK);
    size = spool_size(fd);
    assert_int_equal(APPEND(1, 70000, 1), PH_ERR_STATE);
    assert_int_equal(APPEND(3, 70000, 1), PH_ERR_STATE);
    assert_int_equal(APPEND(2, 70001, 1), PH_ERR_STATE);
    assert_true(spool_size(fd) == size);
    assert_int_equal(APPEND(2, 70000, 1), PH_OK);
#undef APPEND
    assert_int_equal(spool_accept(&fx, fd), PH_OK);
    (void)close(fd);
}

static void
verification_can_be_cancelled(void **state)
{
    struct ph_sealed_secret secret;
    struct ph_sealed_reader *reader;
    atomic_int stop = 1;

    (void)state;
    reader = open_reader(spool_whole(&fx, 70000, &secret));
    assert_int_equal(ph_sealed_reader_verify(reader, &stop), PH_ERR_CANCELLED);
    stop = 0;
    assert_int_equal(ph_sealed_reader_verify(reader, &stop), PH_OK);
    ph_sealed_reader_free(reader);
}

static void
a_destroyed_epoch_makes_the_file_unreadable(void **state)
{
    struct ph_sealed_secret secret;
    struct ph_why why = {""};
    struct ph_sealed_reader *reader = NULL;
    int fd = spool_whole(&fx, 10, &secret);

    (void)state;
    assert_int_equal(ph_epoch_keys_destroy(fx.keys, &fx.epoch), PH_OK);
    assert_int_equal(ph_sealed_reader_open(fd, fx.keys, &reader, &why),
                     PH_ERR_NOT_FOUND);
    assert_non_null(strstr(why.text, "gone"));
    assert_int_equal(ph_sealed_repair_tail(fd, fx.keys), PH_ERR_NOT_FOUND);
    (void)close(fd);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        T(what_is_written_is_read_back_at_every_size),
        T(any_range_can_be_read),
        T(ranges_outside_the_document_are_refused),
        T(the_room_takes_bytes_in_any_portions),
        T(the_writer_needs_only_a_write_only_descriptor),
        T(a_write_failure_is_final),
        T(a_file_that_is_not_empty_gets_no_header),
        T(the_same_document_is_never_encrypted_the_same),
        T(no_plaintext_is_in_the_file),
        T(the_newest_metadata_record_counts),
        T(metadata_that_does_not_follow_is_refused),
        T(verification_can_be_cancelled),
        T(a_destroyed_epoch_makes_the_file_unreadable),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
