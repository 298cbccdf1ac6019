#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "printhold/base/err.h"
#include "printhold/base/parse.h"
#include "printhold/crypto/kdf.h"

static void
assert_hex(const uint8_t *bytes, size_t len, const char *expected)
{
    char text[256];

    assert_true(2 * len < sizeof(text));
    ph_format_hex(bytes, len, text);
    assert_string_equal(text, expected);
}

static void
sha256_gives_the_digest_of_fips_180(void **state)
{
    uint8_t digest[PH_SHA256_BYTES];

    (void)state;
    assert_int_equal(ph_sha256("abc", 3, digest), PH_OK);
    assert_hex(digest, sizeof(digest),
               "ba7816bf8f01cfea414140de5dae2223"
               "b00361a396177a9cb410ff61f20015ad");
    assert_int_equal(ph_sha256("", 0, digest), PH_OK);
    assert_hex(digest, sizeof(digest),
               "e3b0c44298fc1c149afbf4c8996fb924"
               "27ae41e4649b934ca495991b7852b855");
}

static void
hmac_passes_rfc_4231_case_2(void **state)
{
    static const char data[] = "what do ya want for nothing?";
    uint8_t mac[PH_SHA256_BYTES];

    (void)state;
    assert_int_equal(ph_hmac_sha256("Jefe", 4, data, strlen(data), mac), PH_OK);
    assert_hex(mac, sizeof(mac),
               "5bdcc146bf60754e6a042426089575c7"
               "5a003f089d2739839dec58b964ec3843");
}

static void
hkdf_passes_rfc_5869_case_1_and_3(void **state)
{
    uint8_t ikm[22], salt[13], info[10], okm[42];
    struct ph_hkdf_input input = {.digest = "SHA256",
                                  .key = ikm,
                                  .key_len = sizeof(ikm),
                                  .salt = salt,
                                  .salt_len = sizeof(salt),
                                  .info = info,
                                  .info_len = sizeof(info)};

    (void)state;
    memset(ikm, 0x0b, sizeof(ikm));
    for (size_t i = 0; i < sizeof(salt); i++)
        salt[i] = (uint8_t)i;
    for (size_t i = 0; i < sizeof(info); i++)
        info[i] = (uint8_t)(0xf0 + i);
    assert_int_equal(ph_hkdf(&input, okm, sizeof(okm)), PH_OK);
    assert_hex(okm, sizeof(okm),
               "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5"
               "bf34007208d5b887185865");
    input.salt_len = 0;
    input.info_len = 0;
    assert_int_equal(ph_hkdf(&input, okm, sizeof(okm)), PH_OK);
    assert_hex(okm, sizeof(okm),
               "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d"
               "2d9d201395faa4b61a96c8");
}

static void
an_unknown_digest_gives_no_key(void **state)
{
    uint8_t key[32], out[32], zero[32] = {0};
    struct ph_hkdf_input input = {
        .digest = "SHA257", .key = key, .key_len = sizeof(key)};

    (void)state;
    memset(key, 1, sizeof(key));
    memset(out, 7, sizeof(out));
    assert_int_equal(ph_hkdf(&input, out, sizeof(out)), PH_ERR_CRYPTO);
    assert_memory_equal(out, zero, sizeof(out));
}

static void
labels_and_salts_separate_keys(void **state)
{
    uint8_t key[32], a[32], b[32];

    (void)state;
    memset(key, 1, sizeof(key));
    assert_int_equal(ph_hkdf_label(key, NULL, 0, "one", a), PH_OK);
    assert_int_equal(ph_hkdf_label(key, NULL, 0, "two", b), PH_OK);
    assert_memory_not_equal(a, b, 32);
    assert_int_equal(ph_hkdf_label(key, "salt", 4, "one", b), PH_OK);
    assert_memory_not_equal(a, b, 32);
    assert_int_equal(ph_hkdf_label(key, NULL, 0, "one", b), PH_OK);
    assert_memory_equal(a, b, 32);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha256_gives_the_digest_of_fips_180),
        cmocka_unit_test(hmac_passes_rfc_4231_case_2),
        cmocka_unit_test(hkdf_passes_rfc_5869_case_1_and_3),
        cmocka_unit_test(an_unknown_digest_gives_no_key),
        cmocka_unit_test(labels_and_salts_separate_keys),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
