#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "printhold/base/err.h"
#include "printhold/base/parse.h"
#include "printhold/crypto/keywrap.h"

static void
rfc_3394_section_4_6_passes(void **state)
{
    uint8_t kek[32], key[32], wrapped[40], back[32];
    char text[81];

    (void)state;
    for (size_t i = 0; i < 32; i++)
        kek[i] = (uint8_t)i;
    assert_int_equal(ph_parse_hex("00112233445566778899aabbccddeeff"
                                  "000102030405060708090a0b0c0d0e0f",
                                  key, 32),
                     PH_OK);
    assert_int_equal(ph_key_wrap(kek, key, wrapped), PH_OK);
    ph_format_hex(wrapped, 40, text);
    assert_string_equal(text, "28c9f404c4b810f4cbccb35cfb87f826"
                              "3f5786e2d80ed326cbc7f0e71a99f43b"
                              "fb988b9b7a02dd21");
    assert_int_equal(ph_key_unwrap(kek, wrapped, back), PH_OK);
    assert_memory_equal(back, key, 32);
}

/* SR-21 */
static void
every_altered_byte_and_wrong_key_is_refused(void **state)
{
    uint8_t kek[32] = {1}, key[32] = {2}, wrapped[40], back[32] = {9};

    (void)state;
    assert_int_equal(ph_key_wrap(kek, key, wrapped), PH_OK);
    for (size_t i = 0; i < sizeof(wrapped); i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            wrapped[i] ^= (uint8_t)(1U << bit);
            assert_int_equal(ph_key_unwrap(kek, wrapped, back), PH_ERR_CORRUPT);
            wrapped[i] ^= (uint8_t)(1U << bit);
        }
    }
    kek[31] ^= 1;
    assert_int_equal(ph_key_unwrap(kek, wrapped, back), PH_ERR_CORRUPT);
    assert_int_equal(back[0], 9); /* untouched */
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rfc_3394_section_4_6_passes),
        cmocka_unit_test(every_altered_byte_and_wrong_key_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
