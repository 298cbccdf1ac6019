/* The text of a code: strict from machines, patient with people. */
#include "printhold/proto/code.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "printhold/base/attr.h"
#include "printhold/base/err.h"

static void
only_eight_digits_are_a_code(void **state)
{
    static const char *const wrong[] = {
        "",
        "1234567",
        "123456789",
        "1234 5678",
        "1234567a",
        "+1234567",
        "-1234567",
        "12345.78",
        " 12345678",
        "12345678\n",
        "\xd9\xa1\xd9\xa2\xd9\xa3\xd9\xa4", /* digits, but not ASCII */
    };

    (void)state;
    assert_true(ph_code_is("12345678", 8));
    assert_true(ph_code_is("00000000", 8));
    for (size_t i = 0; i < PH_COUNT(wrong); i++)
        if (ph_code_is(wrong[i], strlen(wrong[i])))
            fail_msg("taken: %s", wrong[i]);
    assert_false(ph_code_is("1234567\0", 8));
}

static void
people_may_type_it_in_groups(void **state)
{
    static const char *const good[] = {
        "12345678",         "1234 5678",      "1234-5678",
        " 12 34 56 78\r\n", "\t1234 - 5678 ",
    };
    static const char *const wrong[] = {
        "",
        "1234 567",
        "1234 56789",
        "1234.5678",
        "1234 5678 x",
        "code 12345678",
        /* 8 digits and too many blanks */
        "1234                                                          5678",
    };
    char code[PH_CODE_TEXT] = "untouch";

    (void)state;
    for (size_t i = 0; i < PH_COUNT(wrong); i++) {
        assert_int_equal(ph_code_read(wrong[i], strlen(wrong[i]), code),
                         PH_ERR_SYNTAX);
        assert_string_equal(code, "untouch");
    }
    assert_int_equal(ph_code_read("1234\0005678", 9, code), PH_ERR_SYNTAX);
    for (size_t i = 0; i < PH_COUNT(good); i++) {
        assert_int_equal(ph_code_read(good[i], strlen(good[i]), code), PH_OK);
        assert_string_equal(code, "12345678");
    }
}

static void
it_is_shown_in_two_groups(void **state)
{
    char shown[PH_CODE_SHOWN];

    (void)state;
    ph_code_show("00420001", shown);
    assert_string_equal(shown, "0042 0001");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_eight_digits_are_a_code),
        cmocka_unit_test(people_may_type_it_in_groups),
        cmocka_unit_test(it_is_shown_in_two_groups),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
