#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "printhold/base/err.h"
#include "printhold/base/utf8.h"
#include "printhold/base/why.h"

static void
the_code_is_handed_through_and_the_text_set(void **state)
{
    struct ph_why why = {"old"};

    (void)state;
    assert_int_equal(
        ph_why_fail(&why, PH_ERR_DENIED, "file %s, line %d", "a", 7),
        PH_ERR_DENIED);
    assert_string_equal(why.text, "file a, line 7");
    ph_why_set(&why, "again");
    assert_string_equal(why.text, "again");
}

static void
no_reason_is_wanted(void **state)
{
    (void)state;
    ph_why_set(NULL, "%s", "nobody listens");
    assert_int_equal(ph_why_fail(NULL, PH_ERR_IO, "x"), PH_ERR_IO);
}

static void
control_bytes_and_bad_utf8_do_not_get_in(void **state)
{
    struct ph_why why;

    (void)state;
    ph_why_set(&why, "a\nb\x1b[31mc\x7f\xff\xe2\x80\xae"
                     "d");
    assert_string_equal(why.text, "a b [31mc \xef\xbf\xbd d");
}

static void
a_long_text_is_cut_at_a_character(void **state)
{
    char text[2 * PH_WHY_MAX];
    struct ph_why why;

    (void)state;
    for (size_t i = 0; i + 2 < sizeof(text); i += 2)
        memcpy(text + i, "\xc3\xa9", 2);
    text[sizeof(text) - 2] = '\0';
    ph_why_set(&why, "%s", text);
    assert_true(strlen(why.text) < PH_WHY_MAX);
    assert_true(strlen(why.text) >= PH_WHY_MAX - 4);
    assert_true(ph_utf8_valid(why.text, strlen(why.text)));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_code_is_handed_through_and_the_text_set),
        cmocka_unit_test(no_reason_is_wanted),
        cmocka_unit_test(control_bytes_and_bad_utf8_do_not_get_in),
        cmocka_unit_test(a_long_text_is_cut_at_a_character),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
