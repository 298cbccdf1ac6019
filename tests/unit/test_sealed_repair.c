#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "printhold/base/attr.h"
#include "printhold/base/err.h"
#include "printhold/crypto/sealed_file.h"
#include "spool_fixture.h"

#define SIZE     1000
#define BODY_END (4096 + 56 + SIZE)

static struct spool_fixture fx;
static struct ph_sealed_secret secret;
static int file;

static int
setup(void **state)
{
    (void)state;
    spool_fixture_make(&fx);
    file = spool_whole(&fx, SIZE, &secret);
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    (void)close(file);
    spool_fixture_remove(&fx);
    return 0;
}

static void
assert_newest(const char *text, uint32_t sequence)
{
    struct ph_sealed_reader *reader = NULL;
    uint32_t got = 0;
    size_t len = 0;

    assert_int_equal(ph_sealed_reader_open(dup(file), fx.keys, &reader, NULL),
                     PH_OK);
    assert_memory_equal(ph_sealed_reader_metadata(reader, &len, &got), text,
                        strlen(text));
    assert_int_equal(len, strlen(text));
    assert_int_equal(got, sequence);
    ph_sealed_reader_free(reader);
}

static void
a_whole_file_is_left_alone(void **state)
{
    uint64_t size = spool_size(file);

    (void)state;
    assert_int_equal(ph_sealed_repair_tail(file, fx.keys), PH_OK);
    assert_true(spool_size(file) == size);
}

/* A replacement torn after any number of its bytes. */
static void
a_torn_replacement_gives_way_to_the_record_before(void **state)
{
    size_t first = (size_t)spool_size(file), len = 0;
    uint8_t *bytes;

    (void)state;
    assert_int_equal(
        ph_sealed_append_metadata(file, &secret, 2, SIZE, "replacement", 11),
        PH_OK);
    bytes = spool_load(file, &len);
    for (size_t cut = first + 1; cut < len; cut++) {
        spool_store(file, bytes, cut);
        assert_int_equal(spool_accept(&fx, file), PH_ERR_TRUNCATED);
        assert_int_equal(ph_sealed_repair_tail(file, fx.keys), PH_OK);
        assert_true(spool_size(file) == first);
        assert_newest("ticket", 1);
    }
    /* And the next replacement follows as if nothing had been. */
    assert_int_equal(
        ph_sealed_append_metadata(file, &secret, 2, SIZE, "again", 5), PH_OK);
    assert_newest("again", 2);
    free(bytes);
}

/* The file's length was written but not all of its bytes. */
static void
a_replacement_of_zeros_gives_way(void **state)
{
    static uint8_t big[PH_SEALED_METADATA_MAX];
    uint64_t first = spool_size(file), whole;
    uint8_t zeros[4096] = {0};

    (void)state;
    assert_int_equal(
        ph_sealed_append_metadata(file, &secret, 2, SIZE, big, sizeof(big)),
        PH_OK);
    whole = spool_size(file);
    /* The last page is missing, then all but the first byte. */
    assert_int_equal(
        ph_io_pwrite_full(file, zeros, sizeof(zeros), whole - sizeof(zeros)),
        PH_OK);
    assert_int_equal(ph_sealed_repair_tail(file, fx.keys), PH_OK);
    assert_true(spool_size(file) == first);
    assert_int_equal(ftruncate(file, (off_t)whole - 1), 0);
    assert_int_equal(ph_sealed_repair_tail(file, fx.keys), PH_OK);
    assert_true(spool_size(file) == first);
    assert_newest("ticket", 1);
}

static void
a_false_footer_in_the_torn_part_does_not_count(void **state)
{
    uint64_t first = spool_size(file);
    uint8_t *bytes;
    size_t len = 0;

    (void)state;
    /* A copy of the first record, then rubbish: right in form, wrong place. */
    bytes = spool_load(file, &len);
    assert_int_equal(
        ph_io_pwrite_full(file, bytes + BODY_END, len - BODY_END, first),
        PH_OK);
    assert_int_equal(
        ph_io_pwrite_full(file, "rubbish", 7, first + len - BODY_END), PH_OK);
    assert_int_equal(ph_sealed_repair_tail(file, fx.keys), PH_OK);
    assert_true(spool_size(file) == first);
    free(bytes);
}

static void
without_any_whole_record_nothing_is_changed(void **state)
{
    static const uint64_t cuts[] = {4096,         BODY_END - 1,  BODY_END,
                                    BODY_END + 1, BODY_END + 40, BODY_END + 69};
    uint8_t *bytes;
    size_t len = 0;

    (void)state;
    bytes = spool_load(file, &len);
    for (size_t i = 0; i < PH_COUNT(cuts); i++) {
        spool_store(file, bytes, (size_t)cuts[i]);
        assert_int_equal(ph_sealed_repair_tail(file, fx.keys),
                         PH_ERR_TRUNCATED);
        assert_true(spool_size(file) == cuts[i]);
    }
    /* More rubbish behind the record than a torn one can be. */
    spool_store(file, bytes, len);
    assert_int_equal(ftruncate(file, (off_t)len + 70000), 0);
    assert_int_equal(ph_sealed_repair_tail(file, fx.keys), PH_ERR_TRUNCATED);
    assert_true(spool_size(file) == len + 70000);
    /* The only record does not authenticate. */
    bytes[BODY_END + 40] ^= 1;
    spool_store(file, bytes, len);
    assert_int_equal(ph_sealed_repair_tail(file, fx.keys), PH_ERR_TRUNCATED);
    assert_true(spool_size(file) == len);
    free(bytes);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_whole_file_is_left_alone),
        T(a_torn_replacement_gives_way_to_the_record_before),
        T(a_replacement_of_zeros_gives_way),
        T(a_false_footer_in_the_torn_part_does_not_count),
        T(without_any_whole_record_nothing_is_changed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
