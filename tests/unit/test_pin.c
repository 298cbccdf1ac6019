/* Which PINs are taken. */
#include "printhold/model/pin.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "printhold/base/attr.h"
#include "printhold/base/err.h"

static void
a_pin_is_4_to_12_digits(void **state)
{
    static const char *const right[] = {"0000", "1234", "999999999999"};
    static const char *const wrong[] = {
        "",
        "123",
        "1234567890123",
        "12 34",
        "12a4",
        "+123",
        "-1234",
        "1234\n",
        "\xd9\xa1\xd9\xa2\xd9\xa3\xd9\xa4", /* Arabic digits */
    };

    (void)state;
    for (size_t i = 0; i < PH_COUNT(right); i++)
        assert_int_equal(ph_pin_check(right[i]), PH_OK);
    for (size_t i = 0; i < PH_COUNT(wrong); i++)
        assert_int_equal(ph_pin_check(wrong[i]), PH_ERR_SYNTAX);
}

static void
what_a_guesser_tries_first_is_not_chosen(void **state)
{
    static const char *const wrong[] = {
        "0000",   "1111",     "1234",         "4321", "7890", "2109", "1212",
        "123123", "99999999", "012345678901", "12",   "482",  "48a2",
    };
    static const char *const right[] = {"4829",  "1235", "1223",
                                        "13579", "0420", "121213"};
    struct ph_why why;

    (void)state;
    for (size_t i = 0; i < PH_COUNT(wrong); i++) {
        why.text[0] = '\0';
        assert_int_equal(ph_pin_choose(wrong[i], 4, &why), PH_ERR_INVALID);
        assert_true(why.text[0] != '\0');
    }
    for (size_t i = 0; i < PH_COUNT(right); i++)
        assert_int_equal(ph_pin_choose(right[i], 4, &why), PH_OK);
    assert_int_equal(ph_pin_choose("4829", 6, &why), PH_ERR_INVALID);
    assert_int_equal(ph_pin_choose("482913", 6, &why), PH_OK);
}

static void
a_made_pin_could_have_been_chosen(void **state)
{
    char pin[PH_PIN_TEXT];
    unsigned seen = 0;

    (void)state;
    for (size_t digits = PH_PIN_DIGITS_MIN; digits <= PH_PIN_DIGITS_MAX;
         digits++) {
        for (int i = 0; i < 200; i++) {
            assert_int_equal(ph_pin_make(digits, pin), PH_OK);
            assert_int_equal(strlen(pin), digits);
            assert_int_equal(ph_pin_choose(pin, digits, NULL), PH_OK);
            seen |= 1U << (pin[0] - '0');
        }
    }
    assert_int_equal(seen, 0x3ff); /* every digit comes first some time */
    assert_int_equal(ph_pin_make(3, pin), PH_ERR_INVALID);
    assert_int_equal(ph_pin_make(13, pin), PH_ERR_INVALID);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pin_is_4_to_12_digits),
        cmocka_unit_test(what_a_guesser_tries_first_is_not_chosen),
        cmocka_unit_test(a_made_pin_could_have_been_chosen),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
