/* Unit tests of model/title. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "printhold/base/attr.h"
#include "printhold/base/err.h"
#include "printhold/model/title.h"

struct title_case {
    const char *name;
    enum ph_title_policy policy;
    const char *title;
    size_t cap;
    const char *expected;
};

static const struct title_case cases[] = {
    {"full", PH_TITLE_FULL, "Q3 report.docx", 64, "Q3 report.docx"},
    {"full with an escape", PH_TITLE_FULL, "a\x1b[2Jb", 64, "a [2Jb"},
    {"full, cut between characters", PH_TITLE_FULL, "\xc3\xa9\xc3\xa9", 4,
     "\xc3\xa9"},
    {"hidden", PH_TITLE_HIDDEN, "Q3 report.docx", 64, ""},
    {"first word of two", PH_TITLE_FIRST_WORD, "Q3 report.docx", 64,
     "Q3\xe2\x80\xa6"},
    {"only one word", PH_TITLE_FIRST_WORD, "report.docx", 64, "report.docx"},
    {"one word and blanks", PH_TITLE_FIRST_WORD, "  report  ", 64, "report"},
    {"words parted by a tab", PH_TITLE_FIRST_WORD, "secret\tplan", 64,
     "secret\xe2\x80\xa6"},
    {"words parted by a new line", PH_TITLE_FIRST_WORD, "secret\nplan", 64,
     "secret\xe2\x80\xa6"},
    {"no room for the ellipsis", PH_TITLE_FIRST_WORD, "abcd efgh", 7, "abcd"},
    {"just room for the ellipsis", PH_TITLE_FIRST_WORD, "abc efgh", 7,
     "abc\xe2\x80\xa6"},
    {"nothing", PH_TITLE_FIRST_WORD, "", 64, ""},
    {"blanks only", PH_TITLE_FIRST_WORD, "   ", 64, ""},
};

static void
titles_are_cut_as_the_policy_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        char dst[64];

        memset(dst, 'x', sizeof(dst));
        ph_title_apply(cases[i].policy, cases[i].title, dst, cases[i].cap);
        if (strcmp(dst, cases[i].expected) != 0)
            fail_msg("%s: got \"%s\"", cases[i].name, dst);
    }
}

static void
policies_have_three_names(void **state)
{
    enum ph_title_policy policy = PH_TITLE_FULL;

    (void)state;
    assert_int_equal(ph_title_policy_parse("hidden", &policy), PH_OK);
    assert_int_equal(policy, PH_TITLE_HIDDEN);
    assert_int_equal(ph_title_policy_parse("first-word", &policy), PH_OK);
    assert_int_equal(policy, PH_TITLE_FIRST_WORD);
    assert_int_equal(ph_title_policy_parse("Full", &policy), PH_ERR_INVALID);
    assert_int_equal(ph_title_policy_parse("", &policy), PH_ERR_INVALID);
    assert_int_equal(policy, PH_TITLE_FIRST_WORD);
    assert_int_equal(ph_title_policy_parse("full", &policy), PH_OK);
    assert_int_equal(policy, PH_TITLE_FULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(titles_are_cut_as_the_policy_says),
        cmocka_unit_test(policies_have_three_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
