/* Passwords as they are kept. */
#include "printhold/crypto/password.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "printhold/base/attr.h"
#include "printhold/base/err.h"
#include "printhold/base/parse.h"

/* Cheap, so that the tests are. */
static const struct ph_password_cost cheap = {4, 8, 1};

static void
scrypt_passes_rfc_7914(void **state)
{
    static const struct ph_password_cost cost = {10, 8, 16};
    uint8_t key[64];
    char text[2 * sizeof(key) + 1];

    (void)state;
    assert_int_equal(
        ph_scrypt("password", 8, "NaCl", 4, &cost, key, sizeof(key)), PH_OK);
    ph_format_hex(key, sizeof(key), text);
    assert_string_equal(text, "fdbabe1c9d3472007856e7190d01e9fe"
                              "7c6ad7cbc8237830e77376634b373162"
                              "2eaf30d92e22a3886ff109279d9830da"
                              "c727afb94a83ee6d8360cbdfa2cc0640");
}

static void
costs_out_of_their_range_are_refused(void **state)
{
    static const struct ph_password_cost wrong[] = {
        {0, 8, 1}, {21, 8, 1}, {4, 0, 1}, {4, 17, 1}, {4, 8, 0}, {4, 8, 17},
    };
    uint8_t key[32];

    (void)state;
    for (size_t i = 0; i < PH_COUNT(wrong); i++)
        assert_int_equal(ph_scrypt("a", 1, "b", 1, &wrong[i], key, sizeof(key)),
                         PH_ERR_INVALID);
}

static void
only_the_same_password_is_right(void **state)
{
    char kept[PH_PASSWORD_TEXT], again[PH_PASSWORD_TEXT];

    (void)state;
    assert_int_equal(ph_password_keep("correct horse", 13, &cheap, kept),
                     PH_OK);
    assert_int_equal(ph_password_check(kept, "correct horse", 13), PH_OK);
    assert_int_equal(ph_password_check(kept, "correct hors", 12),
                     PH_ERR_DENIED);
    assert_int_equal(ph_password_check(kept, "Correct horse", 13),
                     PH_ERR_DENIED);
    assert_int_equal(ph_password_check(kept, "", 0), PH_ERR_DENIED);
    assert_int_equal(ph_password_keep("correct horse", 13, &cheap, again),
                     PH_OK);
    assert_string_not_equal(kept, again); /* a salt of its own */
}

static void
nobody_has_the_password_of_nobody(void **state)
{
    static const uint8_t zeros[32] = {0};

    (void)state;
    assert_int_equal(ph_password_check(NULL, "", 0), PH_ERR_DENIED);
    assert_int_equal(ph_password_check(NULL, zeros, sizeof(zeros)),
                     PH_ERR_DENIED);
}

static void
what_is_too_long_is_no_password(void **state)
{
    char kept[PH_PASSWORD_TEXT] = "as it was";
    char text[PH_PASSWORD_MAX + 1];

    (void)state;
    memset(text, 'a', sizeof(text));
    assert_int_equal(ph_password_keep(text, sizeof(text), &cheap, kept),
                     PH_ERR_TOO_BIG);
    assert_string_equal(kept, "as it was");
    assert_int_equal(ph_password_check(NULL, text, sizeof(text)),
                     PH_ERR_DENIED);
    assert_int_equal(ph_password_keep(text, PH_PASSWORD_MAX, &cheap, kept),
                     PH_OK);
    assert_int_equal(ph_password_check(kept, text, PH_PASSWORD_MAX), PH_OK);
}

#define SALT "AAAAAAAAAAAAAAAAAAAAAA"
#define HASH "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static void
what_is_kept_is_read_strictly(void **state)
{
    static const char *const wrong[] = {
        "",
        "scrypt",
        "scrypt$4$8$1$" SALT,
        "scrypt$4$8$1$" SALT "$",
        "argon2$4$8$1$" SALT "$" HASH,
        "scrypt$0$8$1$" SALT "$" HASH,
        "scrypt$21$8$1$" SALT "$" HASH,
        "scrypt$4$99$1$" SALT "$" HASH,
        "scrypt$4$8$17$" SALT "$" HASH,
        "scrypt$4$8$-1$" SALT "$" HASH,
        "scrypt$4$8$1$" SALT "=$" HASH,
        "scrypt$4$8$1$AAAA$" HASH,
        "scrypt$4$8$1$" SALT "$" SALT,
        "scrypt$4$8$1$" SALT "$" HASH "$more",
    };

    (void)state;
    assert_int_equal(ph_password_check("scrypt$4$8$1$" SALT "$" HASH, "a", 1),
                     PH_ERR_DENIED);
    for (size_t i = 0; i < PH_COUNT(wrong); i++)
        assert_int_equal(ph_password_check(wrong[i], "a", 1), PH_ERR_CORRUPT);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scrypt_passes_rfc_7914),
        cmocka_unit_test(costs_out_of_their_range_are_refused),
        cmocka_unit_test(only_the_same_password_is_right),
        cmocka_unit_test(nobody_has_the_password_of_nobody),
        cmocka_unit_test(what_is_too_long_is_no_password),
        cmocka_unit_test(what_is_kept_is_read_strictly),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
