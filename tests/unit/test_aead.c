#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "printhold/base/err.h"
#include "printhold/base/parse.h"
#include "printhold/crypto/aead.h"

static const uint8_t nonce[PH_AEAD_NONCE_BYTES];

static struct ph_aead *
with_zero_key(void)
{
    static const uint8_t key[32];
    struct ph_aead *aead = NULL;

    assert_int_equal(ph_aead_new(key, sizeof(key), &aead), PH_OK);
    return aead;
}

/* Test cases 13 and 14 of the GCM specification. */
static void
published_gcm_vectors_pass(void **state)
{
    struct ph_aead *aead = with_zero_key();
    uint8_t plain[16] = {0}, sealed[32], back[16];
    char text[65];

    (void)state;
    assert_int_equal(ph_aead_seal(aead, nonce, NULL, 0, plain, 0, sealed),
                     PH_OK);
    ph_format_hex(sealed, 16, text);
    assert_string_equal(text, "530f8afbc74536b9a963b4f1c4cb738b");
    assert_int_equal(ph_aead_seal(aead, nonce, NULL, 0, plain, 16, sealed),
                     PH_OK);
    ph_format_hex(sealed, 32, text);
    assert_string_equal(text, "cea7403d4d606b6e074ec5d3baf39d18"
                              "d0d1c8a799996bf0265b98b5d48ab919");
    assert_int_equal(ph_aead_open(aead, nonce, NULL, 0, sealed, 32, back),
                     PH_OK);
    assert_memory_equal(back, plain, 16);
    ph_aead_free(aead);
}

static void
every_altered_byte_is_refused_and_the_output_wiped(void **state)
{
    struct ph_aead *aead = with_zero_key();
    uint8_t plain[40], zero[40] = {0}, sealed[56], back[40], other[12] = {1};

    (void)state;
    memset(plain, 'p', sizeof(plain));
    assert_int_equal(ph_aead_seal(aead, nonce, "aad", 3, plain, 40, sealed),
                     PH_OK);
    for (size_t i = 0; i < sizeof(sealed); i++) {
        sealed[i] ^= 0x01;
        memset(back, 'x', sizeof(back));
        assert_int_equal(ph_aead_open(aead, nonce, "aad", 3, sealed, 56, back),
                         PH_ERR_CORRUPT);
        assert_memory_equal(back, zero, sizeof(back));
        sealed[i] ^= 0x01;
    }
    assert_int_equal(ph_aead_open(aead, nonce, "aae", 3, sealed, 56, back),
                     PH_ERR_CORRUPT);
    assert_int_equal(ph_aead_open(aead, nonce, NULL, 0, sealed, 56, back),
                     PH_ERR_CORRUPT);
    assert_int_equal(ph_aead_open(aead, other, "aad", 3, sealed, 56, back),
                     PH_ERR_CORRUPT);
    assert_int_equal(ph_aead_open(aead, nonce, "aad", 3, sealed, 56, back),
                     PH_OK);
    assert_memory_equal(back, plain, 40);
    ph_aead_free(aead);
}

/* SR-26 */
static void
a_short_tag_is_never_accepted(void **state)
{
    struct ph_aead *aead = with_zero_key();
    uint8_t plain[8] = {1}, sealed[24], back[24];

    (void)state;
    assert_int_equal(ph_aead_seal(aead, nonce, NULL, 0, plain, 8, sealed),
                     PH_OK);
    for (size_t len = 0; len < sizeof(sealed); len++)
        assert_int_equal(ph_aead_open(aead, nonce, NULL, 0, sealed, len, back),
                         len < PH_AEAD_TAG_BYTES ? PH_ERR_TRUNCATED
                                                 : PH_ERR_CORRUPT);
    ph_aead_free(aead);
}

static void
other_key_sizes_are_refused(void **state)
{
    static const size_t sizes[] = {0, 1, 15, 24, 31, 33, 64};
    static const uint8_t key[64];
    struct ph_aead *aead = NULL;

    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
        assert_int_equal(ph_aead_new(key, sizes[i], &aead), PH_ERR_CRYPTO);
    assert_null(aead);
    ph_aead_free(NULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_gcm_vectors_pass),
        cmocka_unit_test(every_altered_byte_is_refused_and_the_output_wiped),
        cmocka_unit_test(a_short_tag_is_never_accepted),
        cmocka_unit_test(other_key_sizes_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
