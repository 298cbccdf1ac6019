/* Unit tests of cli/print. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "print.h"
#include "printhold/base/attr.h"

/* What was printed, as text. */
static unsigned
capture(const char *text, unsigned columns, char *dst, size_t cap)
{
    char *data = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&data, &len);
    unsigned used;

    assert_non_null(out);
    used = ph_print_text(out, text, columns);
    assert_int_equal(fclose(out), 0);
    (void)snprintf(dst, cap, "%s", data);
    free(data);
    return used;
}

struct text_case {
    const char *name;
    const char *text;
    unsigned columns;
    const char *expected;
    unsigned used;
};

static void
check(const struct text_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char got[256];
        unsigned used =
            capture(cases[i].text, cases[i].columns, got, sizeof(got));

        if (strcmp(got, cases[i].expected) != 0 || used != cases[i].used)
            fail_msg("%s: \"%s\" in %u", cases[i].name, got, used);
    }
}

static void
text_is_cut_at_columns_not_bytes(void **state)
{
    static const struct text_case cases[] = {
        {"fits", "report", 6, "report", 6},
        {"not cut at all", "a long title", 0, "a long title", 12},
        {"cut", "report", 5, "repo\xe2\x80\xa6", 5},
        {"one column", "report", 1, "\xe2\x80\xa6", 1},
        {"two bytes, one column", "\xc3\xa4\xc3\xb6\xc3\xbc", 3,
         "\xc3\xa4\xc3\xb6\xc3\xbc", 3},
        {"wide characters", "\xe5\xa0\xb1\xe5\x91\x8a\xe6\x9b\xb8", 6,
         "\xe5\xa0\xb1\xe5\x91\x8a\xe6\x9b\xb8", 6},
        {"a wide one that does not fit", "\xe5\xa0\xb1\xe5\x91\x8a\xe6\x9b\xb8",
         4, "\xe5\xa0\xb1\xe2\x80\xa6", 3},
        {"combining mark",
         "e\xcc\x81"
         "e",
         2,
         "e\xcc\x81"
         "e",
         2},
        {"nothing", "", 5, "", 0},
        {"escape sequence", "a\x1b[2Jb", 0, "a [2Jb", 6},
        {"new line", "a\nb", 0, "a b", 3},
        {"not UTF-8",
         "a\xff"
         "b",
         0,
         "a\xef\xbf\xbd"
         "b",
         3},
        {"bidirectional override",
         "a\xe2\x80\xae"
         "b",
         0, "a b", 3},
    };

    (void)state;
    if (setlocale(LC_ALL, "C.UTF-8") == NULL)
        assert_non_null(setlocale(LC_ALL, "en_US.UTF-8"));
    check(cases, PH_COUNT(cases));
}

static void
a_locale_without_utf8_gets_question_marks(void **state)
{
    static const struct text_case cases[] = {
        {"one per character", "\xc3\xa4pfel \xe5\xa0\xb1", 0, "?pfel ?", 7},
        {"cut", "report", 5, "repo~", 5},
    };

    (void)state;
    assert_non_null(setlocale(LC_ALL, "C"));
    check(cases, PH_COUNT(cases));
}

static void
sizes_are_short(void **state)
{
    static const struct {
        uint64_t bytes;
        const char *text;
    } cases[] = {
        {0, "0 B"},
        {1023, "1023 B"},
        {1024, "1.0 KiB"},
        {1536, "1.5 KiB"},
        {1024 * 1024 - 1, "1.0 MiB"},
        {UINT64_C(5) << 30, "5.0 GiB"},
        {UINT64_C(3000) << 40, "3000.0 TiB"},
    };

    (void)state;
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        char text[32];

        ph_print_size(cases[i].bytes, text, sizeof(text));
        assert_string_equal(text, cases[i].text);
    }
}

static void
spans_are_in_one_unit(void **state)
{
    static const struct {
        int64_t ms;
        const char *text;
    } cases[] = {
        {-5, "now"},         {59999, "now"},     {60000, "1 min"},
        {3599999, "59 min"}, {3600000, "1 h"},   {172799999, "47 h"},
        {172800000, "2 d"},  {604800000, "7 d"},
    };

    (void)state;
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        char text[32];

        ph_print_span(cases[i].ms, text, sizeof(text));
        assert_string_equal(text, cases[i].text);
    }
}

static void
times_are_local(void **state)
{
    char text[32];

    (void)state;
    assert_int_equal(setenv("TZ", "UTC-2", 1), 0); /* two hours east */
    tzset();
    ph_print_time(1763753400123, text, sizeof(text));
    assert_string_equal(text, "2025-11-21 21:30");
    ph_print_time(0, text, sizeof(text));
    assert_string_equal(text, "-");
    ph_print_time(INT64_MAX, text, sizeof(text));
    assert_true(strlen(text) > 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_cut_at_columns_not_bytes),
        cmocka_unit_test(a_locale_without_utf8_gets_question_marks),
        cmocka_unit_test(sizes_are_short),
        cmocka_unit_test(spans_are_in_one_unit),
        cmocka_unit_test(times_are_local),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
