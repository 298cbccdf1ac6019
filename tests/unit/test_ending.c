#include "ending.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

#include "printhold/base/attr.h"

static enum ph_ending_verdict
judge(enum ph_sniff_kind kind, const char *text, size_t len, size_t step)
{
    struct ph_ending ending = {.len = 0};

    for (size_t at = 0; at < len; at += step)
        ph_ending_add(&ending, (const uint8_t *)text + at,
                      len - at < step ? len - at : step);
    return ph_ending_judge(&ending, kind);
}

/* The end marker stands so many bytes before the end. */
static void
check_pdf(size_t behind, enum ph_ending_verdict expected)
{
    size_t len = 5000;
    char *text = malloc(len);

    assert_non_null(text);
    memset(text, ' ', len);
    memcpy(text + len - behind - 5, "%%EOF", 5);
    for (size_t step = 1; step <= len; step = step * 3 + 1)
        assert_int_equal(judge(PH_SNIFF_PDF, text, len, step), expected);
    free(text);
}

static void
a_pdf_is_whole_when_its_end_is_in_the_last_1024_bytes(void **state)
{
    (void)state;
    check_pdf(0, PH_ENDING_WHOLE);
    check_pdf(2, PH_ENDING_WHOLE);
    check_pdf(1019, PH_ENDING_WHOLE);
    check_pdf(1020, PH_ENDING_CUT);
    check_pdf(4000, PH_ENDING_CUT);
}

static void
kinds_without_an_end_are_unseen(void **state)
{
    static const enum ph_sniff_kind kinds[] = {
        PH_SNIFF_OTHER, PH_SNIFF_POSTSCRIPT, PH_SNIFF_RASTER};

    (void)state;
    for (size_t i = 0; i < PH_COUNT(kinds); i++)
        assert_int_equal(judge(kinds[i], "%%EOF", 5, 5), PH_ENDING_UNSEEN);
}

static void
pictures_are_whole_when_their_end_is_seen(void **state)
{
    (void)state;
    assert_int_equal(judge(PH_SNIFF_PNG, "xxIEND\xae\x42\x60\x82", 10, 3),
                     PH_ENDING_WHOLE);
    assert_int_equal(judge(PH_SNIFF_PNG, "xxIEND\xae\x42\x60", 9, 3),
                     PH_ENDING_UNSEEN);
    assert_int_equal(judge(PH_SNIFF_JPEG, "x\xff\xd9", 3, 1), PH_ENDING_WHOLE);
    assert_int_equal(judge(PH_SNIFF_JPEG, "x\xff", 2, 1), PH_ENDING_UNSEEN);
}

static void
an_empty_pdf_is_cut(void **state)
{
    (void)state;
    assert_int_equal(judge(PH_SNIFF_PDF, "", 0, 1), PH_ENDING_CUT);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pdf_is_whole_when_its_end_is_in_the_last_1024_bytes),
        cmocka_unit_test(kinds_without_an_end_are_unseen),
        cmocka_unit_test(pictures_are_whole_when_their_end_is_seen),
        cmocka_unit_test(an_empty_pdf_is_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
