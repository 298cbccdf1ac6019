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

#define BODY    4096
#define SEGMENT 65536

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

static void
a_growing_body_is_verified_on_the_way(void **state)
{
    static const size_t sizes[] = {0,      1,      65480,  65481,
                                   262040, 262041, 800000, 1048560};

    (void)state;
    for (size_t i = 0; i < PH_COUNT(sizes); i++) {
        uint8_t sha256[PH_SHA256_BYTES], expected[PH_SHA256_BYTES];
        uint8_t *plain = spool_pattern(sizes[i]);
        struct ph_sealed_secret secret;
        struct ph_sealed_writer *writer = NULL;
        struct ph_sealed_verifier *verifier = NULL;
        struct ph_id job = {{1}};
        uint64_t size = 0, verified = 0;
        int fd = spool_file(&fx);

        assert_int_equal(
            ph_sealed_create(fd, fx.keys, &fx.epoch, &job, &secret), PH_OK);
        assert_int_equal(ph_sealed_writer_new(fd, &secret, &writer), PH_OK);
        assert_int_equal(ph_sealed_verifier_new(fd, &secret, &verifier), PH_OK);
        assert_int_equal(ph_sealed_verifier_advance(verifier, BODY), PH_OK);
        for (size_t done = 0; done < sizes[i];) {
            size_t part = sizes[i] - done < 50000 ? sizes[i] - done : 50000;

            assert_int_equal(ph_sealed_writer_write(writer, plain + done, part),
                             PH_OK);
            done += part;
            assert_int_equal(ph_sealed_verifier_advance(
                                 verifier, ph_sealed_writer_offset(writer)),
                             PH_OK);
        }
        assert_int_equal(ph_sealed_writer_finish(writer, &size), PH_OK);
        assert_int_equal(ph_sealed_verifier_finish(verifier, &verified, sha256),
                         PH_OK);
        assert_true(size == sizes[i] && verified == sizes[i]);
        assert_int_equal(ph_sha256(plain, sizes[i], expected), PH_OK);
        assert_memory_equal(sha256, expected, sizeof(expected));
        assert_int_equal(ph_sealed_verifier_finish(verifier, &verified, sha256),
                         PH_ERR_STATE);
        ph_sealed_verifier_free(verifier);
        ph_sealed_writer_free(writer);
        (void)close(fd);
        free(plain);
    }
}

/* Verify in one go; the verifier stays failed after a failure. */
static int
verify(int fd, const struct ph_sealed_secret *secret)
{
    struct ph_sealed_verifier *verifier = NULL;
    uint8_t sha256[PH_SHA256_BYTES] = {7};
    uint64_t size = 7;
    int err;

    assert_int_equal(ph_sealed_verifier_new(fd, secret, &verifier), PH_OK);
    err = ph_sealed_verifier_finish(verifier, &size, sha256);
    if (err != PH_OK) {
        assert_true(size == 7);
        assert_int_equal(ph_sealed_verifier_finish(verifier, &size, sha256),
                         err);
        assert_int_equal(ph_sealed_verifier_advance(verifier, UINT64_MAX), err);
    }
    ph_sealed_verifier_free(verifier);
    return err;
}

static void
a_body_that_is_not_whole_is_refused(void **state)
{
    static const struct {
        const char *what;
        uint64_t size; /* of the file */
        int err;
    } cases[] = {
        {"nothing", 0, PH_ERR_TRUNCATED},
        {"half a header", 2000, PH_ERR_TRUNCATED},
        {"no body", BODY, PH_ERR_TRUNCATED},
        {"half a stream header", BODY + 20, PH_ERR_TRUNCATED},
        {"no segment", BODY + 40, PH_ERR_TRUNCATED},
        {"part of a tag", BODY + 55, PH_ERR_TRUNCATED},
        {"part of the first segment", BODY + 1000, PH_ERR_CORRUPT},
        {"first segment only", BODY + SEGMENT, PH_ERR_CORRUPT},
        {"a bit of the second", BODY + SEGMENT + 10, PH_ERR_TRUNCATED},
        {"half the second", BODY + SEGMENT + 30000, PH_ERR_CORRUPT},
        {"all but the last byte", BODY + 2 * SEGMENT + 1015, PH_ERR_CORRUPT},
        {"one byte more", BODY + 2 * SEGMENT + 1017, PH_ERR_CORRUPT},
        {"many zeros more", BODY + 5 * SEGMENT, PH_ERR_CORRUPT},
    };
    struct ph_sealed_secret secret;
    size_t len = 0;
    int fd = spool_body(&fx, 65480 + 65520 + 1000, &secret);
    uint8_t *good = spool_load(fd, &len);

    (void)state;
    assert_int_equal(len, BODY + 2 * SEGMENT + 1016);
    assert_int_equal(verify(fd, &secret), PH_OK);
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        int err;

        spool_store(fd, good, len);
        assert_int_equal(ftruncate(fd, (off_t)cases[i].size), 0);
        err = verify(fd, &secret);
        if (err != cases[i].err)
            fail_msg("%s: %d", cases[i].what, err);
    }
    free(good);
    (void)close(fd);
}

/* The backend holds a descriptor that can write: it must not get another
 * header past the agent. */
static void
a_header_changed_during_capture_is_refused(void **state)
{
    struct ph_sealed_secret secret;
    int fd = spool_body(&fx, 1000, &secret);
    uint8_t one = 1;

    (void)state;
    assert_int_equal(verify(fd, &secret), PH_OK);
    assert_int_equal(ph_io_pwrite_full(fd, &one, 1, 4000), PH_OK);
    assert_int_equal(verify(fd, &secret), PH_ERR_CORRUPT);
    (void)close(fd);
}

static void
offsets_that_lie_are_refused(void **state)
{
    static const uint64_t lies[] = {BODY + 2 * SEGMENT + 2000,
                                    BODY + 9 * SEGMENT, UINT64_MAX};
    struct ph_sealed_secret secret;
    int fd = spool_body(&fx, 65480 + 65520 + 1000, &secret);

    (void)state;
    for (size_t i = 0; i < PH_COUNT(lies); i++) {
        struct ph_sealed_verifier *verifier = NULL;
        uint8_t sha256[PH_SHA256_BYTES];
        uint64_t size = 0;
        int err;

        assert_int_equal(ph_sealed_verifier_new(fd, &secret, &verifier), PH_OK);
        err = ph_sealed_verifier_advance(verifier, lies[i]);
        /* Less than a segment too much does no harm: nothing beyond whole
         * segments is touched. */
        assert_int_equal(err, i == 0   ? PH_OK
                              : i == 1 ? PH_ERR_TRUNCATED
                                       : PH_ERR_TOO_BIG);
        assert_int_equal(ph_sealed_verifier_finish(verifier, &size, sha256),
                         err);
        ph_sealed_verifier_free(verifier);
    }
    (void)close(fd);
}

static void
bytes_that_change_between_progress_and_end_are_found(void **state)
{
    struct ph_sealed_secret secret;
    struct ph_sealed_verifier *verifier = NULL;
    uint8_t sha256[PH_SHA256_BYTES];
    uint64_t size = 0;
    int fd = spool_body(&fx, 65480 + 65520 + 1000, &secret);

    (void)state;
    /* Cut back below what was verified already. */
    assert_int_equal(ph_sealed_verifier_new(fd, &secret, &verifier), PH_OK);
    assert_int_equal(
        ph_sealed_verifier_advance(verifier, BODY + 2 * SEGMENT + 1), PH_OK);
    assert_int_equal(ftruncate(fd, BODY + SEGMENT), 0);
    assert_int_equal(ph_sealed_verifier_finish(verifier, &size, sha256),
                     PH_ERR_TRUNCATED);
    ph_sealed_verifier_free(verifier);
    (void)close(fd);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_growing_body_is_verified_on_the_way),
        T(a_body_that_is_not_whole_is_refused),
        T(a_header_changed_during_capture_is_refused),
        T(offsets_that_lie_are_refused),
        T(bytes_that_change_between_progress_and_end_are_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
