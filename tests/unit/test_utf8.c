#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "printhold/base/attr.h"
#include "printhold/base/utf8.h"

#define BAD "\xef\xbf\xbd"

static void
well_formed_text_is_valid(void **state)
{
    static const char *const good[] = {
        "",
        "plain",
        "\xc2\x80",
        "\xdf\xbf",
        "\xe0\xa0\x80",
        "\xed\x9f\xbf", /* last before the surrogates */
        "\xee\x80\x80",
        "\xef\xbf\xbf",
        "\xf0\x90\x80\x80",
        "\xf4\x8f\xbf\xbf", /* U+10FFFF */
    };

    (void)state;
    for (size_t i = 0; i < PH_COUNT(good); i++)
        assert_true(ph_utf8_valid(good[i], strlen(good[i])));
    assert_true(ph_utf8_valid("a\0b", 3));
}

static const struct {
    const char *what;
    const char *text;
    const char *cleaned;
} malformed[] = {
    {"lone continuation", "a\x80z", "a" BAD "z"},
    {"overlong NUL", "\xc0\x80", BAD BAD},
    {"overlong slash in two", "\xc1\xaf", BAD BAD},
    {"overlong in three", "\xe0\x9f\xbf", BAD BAD BAD},
    {"overlong in four", "\xf0\x8f\xbf\xbf", BAD BAD BAD BAD},
    {"high surrogate", "\xed\xa0\x80", BAD BAD BAD},
    {"low surrogate", "\xed\xbf\xbf", BAD BAD BAD},
    {"above U+10FFFF", "\xf4\x90\x80\x80", BAD BAD BAD BAD},
    {"five bytes", "\xf8\x88\x80\x80\x80", BAD BAD BAD BAD BAD},
    {"0xff", "\xff", BAD},
    {"cut in two", "a\xc3", "a" BAD},
    {"cut in three", "a\xe2\x82", "a" BAD BAD},
    {"cut in four", "\xf0\x9f\x98", BAD BAD BAD},
    {"second byte is ASCII", "\xc3z", BAD "z"},
    {"third byte is ASCII", "\xe2\x82z", BAD BAD "z"},
};

static void
malformed_text_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < PH_COUNT(malformed); i++) {
        if (ph_utf8_valid(malformed[i].text, strlen(malformed[i].text)))
            fail_msg("accepted: %s", malformed[i].what);
    }
}

static void
malformed_bytes_are_replaced(void **state)
{
    char dst[64];

    (void)state;
    for (size_t i = 0; i < PH_COUNT(malformed); i++) {
        ph_utf8_clean(malformed[i].text, dst, sizeof(dst));
        if (strcmp(dst, malformed[i].cleaned) != 0)
            fail_msg("%s: %s", malformed[i].what, dst);
    }
}

static void
control_and_direction_characters_become_spaces(void **state)
{
    static const struct {
        const char *text;
        const char *cleaned;
    } cases[] = {
        {"a\nb\tc\x1b[31m", "a b c [31m"},
        {"\x7f", " "},
        {"a\xc2\x9b"
         "31m",
         "a 31m"}, /* C1 CSI */
        {"\xe2\x80\xae"
         "fdp.exe",
         " fdp.exe"},                     /* right-to-left override */
        {"\xe2\x81\xa9x", " x"},          /* pop directional isolate */
        {"\xe2\x80\xa8x", " x"},          /* line separator */
        {"\xe2\x80\x93", "\xe2\x80\x93"}, /* an en dash stays */
        {"\xc3\xa9t\xc3\xa9", "\xc3\xa9t\xc3\xa9"},
    };
    char dst[64];

    (void)state;
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        ph_utf8_clean(cases[i].text, dst, sizeof(dst));
        assert_string_equal(dst, cases[i].cleaned);
    }
}

static void
the_cut_is_at_a_character(void **state)
{
    char dst[8];

    (void)state;
    for (size_t cap = 1; cap <= sizeof(dst); cap++) {
        memset(dst, 'x', sizeof(dst));
        ph_utf8_clean("\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac", dst, cap);
        assert_int_equal(strlen(dst), (cap - 1) / 3 * 3);
        assert_true(ph_utf8_valid(dst, strlen(dst)));
    }
    ph_utf8_clean("", dst, 1);
    assert_string_equal(dst, "");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(well_formed_text_is_valid),
        cmocka_unit_test(malformed_text_is_refused),
        cmocka_unit_test(malformed_bytes_are_replaced),
        cmocka_unit_test(control_and_direction_characters_become_spaces),
        cmocka_unit_test(the_cut_is_at_a_character),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
