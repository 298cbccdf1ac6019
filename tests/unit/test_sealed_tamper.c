/* SR-24, SR-25: whatever is changed in a spool file, it is refused before a
 * byte of the document is given out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "printhold/base/attr.h"
#include "printhold/base/err.h"
#include "printhold/crypto/kdf.h"
#include "printhold/crypto/sealed_file.h"
#include "spool_fixture.h"

#define SEGMENT 65536
#define BODY    4096
/* Three full segments and a fourth of 100 plaintext bytes. */
#define SIZE     (65480 + 2 * 65520 + 100)
#define BODY_END (BODY + 3 * SEGMENT + 116)

static struct spool_fixture fx;
static struct ph_sealed_secret secret;
static int file;
static uint8_t *good;
static size_t good_len;

static int
setup(void **state)
{
    (void)state;
    spool_fixture_make(&fx);
    file = spool_whole(&fx, SIZE, &secret);
    good = spool_load(file, &good_len);
    assert_int_equal(good_len, BODY_END + 64 + 6);
    assert_int_equal(spool_accept(&fx, file), PH_OK);
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    free(good);
    (void)close(file);
    spool_fixture_remove(&fx);
    return 0;
}

/* The file with one byte changed; restored afterwards. */
static int
accept_flipped(size_t pos, uint8_t bits)
{
    uint8_t byte = good[pos] ^ bits;
    int err;

    assert_int_equal(ph_io_pwrite_full(file, &byte, 1, pos), PH_OK);
    err = spool_accept(&fx, file);
    assert_int_equal(ph_io_pwrite_full(file, good + pos, 1, pos), PH_OK);
    return err;
}

static void
every_header_byte_counts(void **state)
{
    (void)state;
    for (size_t pos = 0; pos < BODY; pos++) {
        int expected = PH_ERR_CORRUPT;
        int err = accept_flipped(pos, pos % 2 == 0 ? 0x01 : 0x80);

        if (pos >= 8 && pos < 12)
            expected = PH_ERR_UNSUPPORTED; /* SR-27: version and suite */
        else if (pos >= 32 && pos < 48)
            expected = PH_ERR_NOT_FOUND; /* epoch */
        if (err != expected)
            fail_msg("header byte %zu: %d", pos, err);
    }
}

static void
every_stream_header_byte_counts(void **state)
{
    (void)state;
    for (size_t pos = BODY; pos < BODY + 40; pos++)
        assert_int_equal(accept_flipped(pos, 0x10), PH_ERR_CORRUPT);
}

static void
altered_bytes_in_every_segment_are_found(void **state)
{
    (void)state;
    for (size_t pos = BODY + 40; pos < BODY_END; pos += 1021)
        assert_int_equal(accept_flipped(pos, 0x04), PH_ERR_CORRUPT);
    for (size_t i = 0; i < 4; i++) {
        size_t end = i < 3 ? BODY + (i + 1) * SEGMENT : BODY_END;
        size_t start = i > 0 ? BODY + i * SEGMENT : BODY + 40;

        assert_int_equal(accept_flipped(start, 0x01), PH_ERR_CORRUPT);
        for (size_t pos = end - 17; pos < end; pos++)
            assert_int_equal(accept_flipped(pos, 0x01), PH_ERR_CORRUPT);
    }
}

static void
every_metadata_byte_counts(void **state)
{
    (void)state;
    for (size_t pos = BODY_END; pos < good_len; pos++) {
        int err = accept_flipped(pos, 0x01);

        if (err != PH_ERR_CORRUPT && err != PH_ERR_TRUNCATED)
            fail_msg("metadata byte %zu: %d", pos - BODY_END, err);
    }
}

/* SR-25: the document's last byte is wrong, a reader gets none of it. */
static void
a_segment_that_does_not_hold_gives_no_plaintext(void **state)
{
    struct ph_sealed_reader *reader = NULL;
    uint8_t *dst = malloc(SIZE);
    uint8_t byte = good[BODY_END - 20] ^ 1;

    (void)state;
    assert_non_null(dst);
    assert_int_equal(ph_io_pwrite_full(file, &byte, 1, BODY_END - 20), PH_OK);
    assert_int_equal(ph_sealed_reader_open(dup(file), fx.keys, &reader, NULL),
                     PH_OK);
    memset(dst, 0xee, SIZE);
    assert_int_equal(ph_sealed_reader_read(reader, 0, dst, SIZE),
                     PH_ERR_CORRUPT);
    for (size_t i = 0; i < SIZE; i++)
        assert_int_equal(dst[i], 0);
    memset(dst, 0xee, 100);
    assert_int_equal(ph_sealed_reader_read(reader, SIZE - 50, dst, 50),
                     PH_ERR_CORRUPT);
    assert_int_equal(dst[0] | dst[49], 0);
    /* The segments before it still read, also after the failure. */
    assert_int_equal(ph_sealed_reader_read(reader, 0, dst, 1000), PH_OK);
    assert_int_equal(ph_sealed_reader_verify(reader, NULL), PH_ERR_CORRUPT);
    ph_sealed_reader_free(reader);
    free(dst);
}

/* The good file with the bytes [from, from + len) of some source put at to. */
static int
accept_overlaid(size_t to, const uint8_t *source, size_t len)
{
    int err;

    assert_int_equal(ph_io_pwrite_full(file, source, len, to), PH_OK);
    err = spool_accept(&fx, file);
    assert_int_equal(ph_io_pwrite_full(file, good, good_len, 0), PH_OK);
    return err;
}

static void
moved_repeated_and_foreign_segments_are_found(void **state)
{
    struct ph_sealed_secret other_secret;
    size_t other_len = 0;
    int other_fd = spool_whole(&fx, SIZE, &other_secret);
    uint8_t *other = spool_load(other_fd, &other_len);
    const uint8_t *one = good + BODY + SEGMENT;
    uint8_t *swapped = malloc(2 * SEGMENT);

    (void)state;
    assert_non_null(swapped);
    /* Repeated: segment 1 in place of 2, and 2 in place of 1. */
    assert_int_equal(accept_overlaid(BODY + 2 * SEGMENT, one, SEGMENT),
                     PH_ERR_CORRUPT);
    assert_int_equal(accept_overlaid(BODY + SEGMENT, one + SEGMENT, SEGMENT),
                     PH_ERR_CORRUPT);
    memcpy(swapped, one + SEGMENT, SEGMENT);
    memcpy(swapped + SEGMENT, one, SEGMENT);
    assert_int_equal(accept_overlaid(BODY + SEGMENT, swapped, 2 * SEGMENT),
                     PH_ERR_CORRUPT);
    /* Spliced from another job with the same document: one segment each,
     * stream header, whole body, metadata, file header. */
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(accept_overlaid(BODY + i * SEGMENT,
                                         other + BODY + i * SEGMENT, SEGMENT),
                         PH_ERR_CORRUPT);
    assert_int_equal(accept_overlaid(BODY, other + BODY, 40), PH_ERR_CORRUPT);
    assert_int_equal(accept_overlaid(BODY, other + BODY, BODY_END - BODY),
                     PH_ERR_CORRUPT);
    assert_int_equal(
        accept_overlaid(BODY_END, other + BODY_END, good_len - BODY_END),
        PH_ERR_CORRUPT);
    assert_int_equal(accept_overlaid(0, other, BODY), PH_ERR_CORRUPT);
    /* Wrapped key and commitment of the other job in this header. */
    assert_int_equal(accept_overlaid(48, other + 48, 40), PH_ERR_CORRUPT);
    assert_int_equal(accept_overlaid(48, other + 48, 72), PH_ERR_CORRUPT);
    assert_int_equal(spool_accept(&fx, file), PH_OK);
    free(swapped);
    free(other);
    (void)close(other_fd);
}

/* Store good without [from, to), with the same metadata behind. */
static int
accept_without(size_t from, size_t to)
{
    uint8_t *bytes = malloc(good_len);
    size_t len = good_len - (to - from);
    int err;

    assert_non_null(bytes);
    memcpy(bytes, good, from);
    memcpy(bytes + from, good + to, good_len - to);
    spool_store(file, bytes, len);
    err = spool_accept(&fx, file);
    spool_store(file, good, good_len);
    free(bytes);
    return err;
}

static void
dropped_segments_are_found(void **state)
{
    (void)state;
    assert_int_equal(accept_without(BODY, BODY + SEGMENT), PH_ERR_CORRUPT);
    assert_int_equal(accept_without(BODY + SEGMENT, BODY + 2 * SEGMENT),
                     PH_ERR_CORRUPT);
    assert_int_equal(accept_without(BODY + 3 * SEGMENT, BODY_END),
                     PH_ERR_CORRUPT);
    assert_int_equal(accept_without(BODY, BODY_END), PH_ERR_CORRUPT);
}

/* Someone with the data key makes metadata for a shortened body: the segment
 * that is last now was not sealed as the last. */
static void
a_shortened_body_with_fitting_metadata_is_found(void **state)
{
    (void)state;
    assert_int_equal(ftruncate(file, BODY + 3 * SEGMENT), 0);
    assert_int_equal(
        ph_sealed_append_metadata(file, &secret, 1, 65480 + 2 * 65520, "t", 1),
        PH_OK);
    assert_int_equal(spool_accept(&fx, file), PH_ERR_CORRUPT);
}

static void
a_file_cut_anywhere_is_refused(void **state)
{
    size_t cuts[64], count = 0;
    static const size_t boundaries[] = {0,
                                        1,
                                        8,
                                        48,
                                        120,
                                        BODY,
                                        BODY + 40,
                                        BODY + 56,
                                        BODY + SEGMENT,
                                        BODY + 2 * SEGMENT,
                                        BODY + 3 * SEGMENT,
                                        BODY_END,
                                        BODY_END + 24,
                                        BODY_END + 36,
                                        BODY_END + 42,
                                        BODY_END + 58,
                                        BODY_END + 70};

    (void)state;
    for (size_t i = 0; i < PH_COUNT(boundaries); i++) {
        if (boundaries[i] > 0)
            cuts[count++] = boundaries[i] - 1;
        cuts[count++] = boundaries[i];
        cuts[count++] = boundaries[i] + 1;
    }
    for (size_t i = 0; i < count; i++) {
        int err;

        if (cuts[i] >= good_len)
            continue;
        assert_int_equal(ftruncate(file, (off_t)cuts[i]), 0);
        err = spool_accept(&fx, file);
        if (err != PH_ERR_TRUNCATED && err != PH_ERR_CORRUPT)
            fail_msg("cut at %zu: %d", cuts[i], err);
        spool_store(file, good, good_len);
    }
    for (size_t len = BODY_END; len < good_len; len++) {
        assert_int_equal(ftruncate(file, (off_t)len), 0);
        assert_int_equal(spool_accept(&fx, file), PH_ERR_TRUNCATED);
        spool_store(file, good, good_len);
    }
}

static void
appended_bytes_are_refused(void **state)
{
    uint8_t zeros[100] = {0};
    const uint8_t *record = good + BODY_END;
    size_t record_len = good_len - BODY_END;

    (void)state;
    for (size_t len = 1; len <= sizeof(zeros); len++) {
        assert_int_equal(ph_io_pwrite_full(file, zeros, len, good_len), PH_OK);
        assert_int_equal(spool_accept(&fx, file), PH_ERR_TRUNCATED);
    }
    /* The record once more: sequence 1 behind 1. */
    spool_store(file, good, good_len);
    assert_int_equal(ph_io_pwrite_full(file, record, record_len, good_len),
                     PH_OK);
    assert_int_equal(spool_accept(&fx, file), PH_ERR_CORRUPT);
    /* Bytes between body and record. */
    spool_store(file, good, BODY_END);
    assert_int_equal(ph_io_pwrite_full(file, zeros, 70, BODY_END), PH_OK);
    assert_int_equal(ph_io_pwrite_full(file, record, record_len, BODY_END + 70),
                     PH_OK);
    assert_int_equal(spool_accept(&fx, file), PH_ERR_CORRUPT);
}

/* Old records may not be taken away, changed in form or put elsewhere. */
static void
the_chain_of_records_is_checked(void **state)
{
    size_t len = 0, second;
    uint8_t *bytes;

    (void)state;
    second = good_len;
    assert_int_equal(
        ph_sealed_append_metadata(file, &secret, 2, SIZE, "second", 6), PH_OK);
    assert_int_equal(spool_accept(&fx, file), PH_OK);
    bytes = spool_load(file, &len);
    /* Without the first. */
    spool_store(file, bytes, BODY_END);
    assert_int_equal(
        ph_io_pwrite_full(file, bytes + second, len - second, BODY_END), PH_OK);
    assert_int_equal(spool_accept(&fx, file), PH_ERR_CORRUPT);
    /* With the first's clear part or footer damaged. */
    for (size_t pos = BODY_END; pos < second; pos++) {
        bool form = pos < BODY_END + 24 || pos >= second - 12;
        uint8_t byte = bytes[pos] ^ 1;

        if (!form)
            continue;
        spool_store(file, bytes, len);
        assert_int_equal(ph_io_pwrite_full(file, &byte, 1, pos), PH_OK);
        assert_int_equal(spool_accept(&fx, file), PH_ERR_CORRUPT);
    }
    free(bytes);
}

/* SR-28: the wrapped key is sound but not the one committed to. */
static void
a_wrong_commitment_is_refused_before_decryption(void **state)
{
    uint8_t key[PH_KEY_BYTES] = {1}, wrapped[PH_WRAPPED_KEY_BYTES];

    (void)state;
    assert_int_equal(ph_epoch_keys_wrap(fx.keys, &fx.epoch, key, wrapped),
                     PH_OK);
    assert_int_equal(accept_overlaid(48, wrapped, sizeof(wrapped)),
                     PH_ERR_CORRUPT);
    /* Even where nothing is left to decrypt. */
    assert_int_equal(ph_io_pwrite_full(file, wrapped, sizeof(wrapped), 48),
                     PH_OK);
    assert_int_equal(ph_sealed_repair_tail(file, fx.keys), PH_ERR_CORRUPT);
}

/* SR-27 */
static void
an_unknown_version_or_suite_is_named(void **state)
{
    static const uint8_t suite_2[] = {0, 2};
    struct ph_sealed_reader *reader = NULL;
    struct ph_why why = {""};

    (void)state;
    assert_int_equal(ph_io_pwrite_full(file, suite_2, 2, 10), PH_OK);
    assert_int_equal(ph_sealed_reader_open(file, fx.keys, &reader, &why),
                     PH_ERR_UNSUPPORTED);
    assert_non_null(strstr(why.text, "suite 2"));
    assert_null(reader);
}

/* Whoever made the file sealed all of it to a header with these bytes; only
 * the rule about the form is left to refuse it. */
static int
accept_made_with(size_t pos, uint8_t byte)
{
    struct ph_sealed_secret made;
    struct ph_sealed_writer *writer = NULL;
    uint8_t header[BODY];
    struct ph_id job = {{1}};
    uint64_t size = 0;
    int fd = spool_file(&fx), err;

    assert_int_equal(ph_sealed_create(fd, fx.keys, &fx.epoch, &job, &made),
                     PH_OK);
    assert_int_equal(ph_io_pwrite_full(fd, &byte, 1, pos), PH_OK);
    assert_int_equal(ph_io_pread_full(fd, header, sizeof(header), 0), PH_OK);
    assert_int_equal(ph_sha256(header, sizeof(header), made.header_hash),
                     PH_OK);
    assert_int_equal(ph_sealed_writer_new(fd, &made, &writer), PH_OK);
    assert_int_equal(ph_sealed_writer_finish(writer, &size), PH_OK);
    ph_sealed_writer_free(writer);
    assert_int_equal(ph_sealed_append_metadata(fd, &made, 1, 0, "", 0), PH_OK);
    err = spool_accept(&fx, fd);
    (void)close(fd);
    return err;
}

static void
padding_that_is_not_zero_is_refused_by_itself(void **state)
{
    (void)state;
    assert_int_equal(accept_made_with(120, 0), PH_OK);
    assert_int_equal(accept_made_with(120, 1), PH_ERR_CORRUPT);
    assert_int_equal(accept_made_with(2000, 0x80), PH_ERR_CORRUPT);
    assert_int_equal(accept_made_with(4095, 0xff), PH_ERR_CORRUPT);
}

static void
what_is_no_spool_file_is_refused(void **state)
{
    struct ph_sealed_reader *reader = NULL;
    struct ph_why why = {""};
    uint8_t junk[8192];
    int fds[2];

    (void)state;
    memset(junk, 0x20, sizeof(junk));
    spool_store(file, junk, sizeof(junk));
    assert_int_equal(ph_sealed_reader_open(file, fx.keys, &reader, &why),
                     PH_ERR_CORRUPT);
    assert_int_equal(pipe(fds), 0);
    assert_int_not_equal(ph_sealed_reader_open(fds[0], fx.keys, &reader, &why),
                         PH_OK);
    assert_int_not_equal(ph_sealed_reader_open(-1, fx.keys, &reader, NULL),
                         PH_OK);
    (void)close(fds[0]);
    (void)close(fds[1]);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        T(every_header_byte_counts),
        T(every_stream_header_byte_counts),
        T(altered_bytes_in_every_segment_are_found),
        T(every_metadata_byte_counts),
        T(a_segment_that_does_not_hold_gives_no_plaintext),
        T(moved_repeated_and_foreign_segments_are_found),
        T(dropped_segments_are_found),
        T(a_shortened_body_with_fitting_metadata_is_found),
        T(a_file_cut_anywhere_is_refused),
        T(appended_bytes_are_refused),
        T(the_chain_of_records_is_checked),
        T(a_wrong_commitment_is_refused_before_decryption),
        T(an_unknown_version_or_suite_is_named),
        T(padding_that_is_not_zero_is_refused_by_itself),
        T(what_is_no_spool_file_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
