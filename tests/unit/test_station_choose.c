/* Which jobs a person at the printer means. */
#include "choose.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "printhold/base/attr.h"
#include "printhold/base/err.h"

#define JOBS 5

static void
numbers_ranges_and_all_are_understood(void **state)
{
    static const struct {
        const char *text;
        const char *chosen; /* NULL: refused */
    } cases[] = {
        {"1", "x----"},     {"5", "----x"},
        {"1 3", "x-x--"},   {"2-4", "-xxx-"},
        {"1,3-5", "x-xxx"}, {" 2 , 2 ", "-x---"},
        {"all", "xxxxx"},   {"", "-----"},
        {"   ", "-----"},   {"3-3", "--x--"},
        {"0", NULL},        {"6", NULL},
        {"4-2", NULL},      {"1-6", NULL},
        {"-1", NULL},       {"1-", NULL},
        {"1--2", NULL},     {"one", NULL},
        {"all 1", NULL},    {"1;2", NULL},
        {"+1", NULL},       {"99999999999999999999", NULL},
    };

    (void)state;
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        bool chosen[JOBS];
        char shown[JOBS + 1] = "";
        struct ph_why why = {""};
        int err = ph_choose_parse(cases[i].text, JOBS, chosen, &why);

        if (cases[i].chosen == NULL) {
            assert_int_equal(err, PH_ERR_INVALID);
            assert_string_not_equal(why.text, "");
            continue;
        }
        assert_int_equal(err, PH_OK);
        for (size_t k = 0; k < JOBS; k++)
            shown[k] = chosen[k] ? 'x' : '-';
        assert_string_equal(shown, cases[i].chosen);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_ranges_and_all_are_understood),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
