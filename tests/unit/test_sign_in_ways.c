/* Ways of signing in, by name and as sets. */
#include "printhold/model/sign_in_ways.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "printhold/base/attr.h"
#include "printhold/base/err.h"

static void
each_way_is_found_by_its_name(void **state)
{
    enum ph_sign_in_way way;

    (void)state;
    for (size_t i = 0; i < PH_SIGN_IN_WAYS; i++) {
        const char *name = ph_sign_in_way_name((enum ph_sign_in_way)i);

        assert_int_equal(ph_sign_in_way_find(name, &way), PH_OK);
        assert_int_equal(way, i);
    }
    assert_int_equal(ph_sign_in_way_find("Badge", &way), PH_ERR_NOT_FOUND);
    assert_int_equal(ph_sign_in_way_find("", &way), PH_ERR_NOT_FOUND);
    assert_int_equal(ph_sign_in_way_find("badge+", &way), PH_ERR_NOT_FOUND);
}

static void
sets_are_read_and_written(void **state)
{
    static const struct {
        const char *text;
        unsigned ways;
        const char *again;
    } cases[] = {
        {"", 0, ""},
        {" , ", 0, ""},
        {"pin", 1U << PH_SIGN_IN_PIN, "pin"},
        {"pin pin", 1U << PH_SIGN_IN_PIN, "pin"},
        {"password, badge", 1U << PH_SIGN_IN_PASSWORD | 1U << PH_SIGN_IN_BADGE,
         "badge password"},
        {"badge pin badge+pin code password", PH_SIGN_IN_WAYS_ALL,
         "badge pin badge+pin code password"},
    };
    char text[PH_SIGN_IN_WAYS_TEXT];
    unsigned ways;

    (void)state;
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        ways = 99;
        assert_int_equal(ph_sign_in_ways_parse(cases[i].text, &ways, NULL),
                         PH_OK);
        assert_int_equal(ways, cases[i].ways);
        ph_sign_in_ways_format(ways, text);
        assert_string_equal(text, cases[i].again);
    }
    ways = 99;
    assert_int_equal(ph_sign_in_ways_parse("badge pins", &ways, NULL),
                     PH_ERR_INVALID);
    assert_int_equal(ways, 99);
}

static void
a_grant_says_what_happened_and_no_more(void **state)
{
    static const struct {
        enum ph_sign_in_way way;
        const char *words[4];
    } cases[] = {
        {PH_SIGN_IN_BADGE, {"badge", NULL}},
        {PH_SIGN_IN_PIN, {"pin", NULL}},
        {PH_SIGN_IN_BADGE_PIN, {"badge", "pin", "mfa", NULL}},
        {PH_SIGN_IN_CODE, {"otp", NULL}},
        {PH_SIGN_IN_PASSWORD, {"pwd", NULL}},
    };

    (void)state;
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        const char *const *words = ph_sign_in_way_amr(cases[i].way);
        size_t n = 0;

        for (; cases[i].words[n] != NULL; n++)
            assert_string_equal(words[n], cases[i].words[n]);
        assert_null(words[n]);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_way_is_found_by_its_name),
        cmocka_unit_test(sets_are_read_and_written),
        cmocka_unit_test(a_grant_says_what_happened_and_no_more),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
