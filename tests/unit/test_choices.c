/* What was chosen at the printer: keywords of IPP, and no more than the ticket
 * leaves open. */
#include "printhold/proto/choices.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "printhold/base/attr.h"
#include "printhold/base/err.h"

static int
take(const char *text, struct ph_release_choices *out_choices,
     struct ph_why *why)
{
    json_t *root = NULL;
    int err;

    assert_int_equal(ph_json_parse(text, strlen(text), 65536, &root), PH_OK);
    err = ph_release_choices_take(root, out_choices, why);
    json_decref(root);
    return err;
}

static void
choices_come_back_as_they_were_taken(void **state)
{
    static const char text[] =
        "{\"copies\":3,\"finishings\":\"staple,punch\",\"page-ranges\":\"1-4,"
        "7\",\"print-color-mode\":\"monochrome\",\"sides\":\"one-sided\"}";
    struct ph_release_choices choices;
    struct ph_why why = {""};
    json_t *root = json_object();

    (void)state;
    assert_int_equal(take(text, &choices, &why), PH_OK);
    assert_int_equal(choices.copies, 3);
    assert_string_equal(choices.page_ranges, "1-4,7");
    assert_int_equal(ph_release_choices_put(&choices, root), PH_OK);
    assert_int_equal(json_object_size(root), 5);
    json_decref(root);
    root = json_object();
    assert_int_equal(take("{\"other\":1}", &choices, &why), PH_OK);
    assert_int_equal(ph_release_choices_put(&choices, root), PH_OK);
    assert_int_equal(json_object_size(root), 0);
    json_decref(root);
}

static void
what_is_no_choice_is_refused_by_name(void **state)
{
    static const struct {
        const char *text;
        const char *named;
    } cases[] = {
        {"{\"copies\":0}", "copies"},
        {"{\"copies\":10000}", "copies"},
        {"{\"copies\":\"2\"}", "copies"},
        {"{\"copies\":1.5}", "copies"},
        {"{\"sides\":\"both\"}", "sides"},
        {"{\"sides\":7}", "sides"},
        {"{\"print-color-mode\":\"pink\"}", "print-color-mode"},
        {"{\"page-ranges\":\"0\"}", "page-ranges"},
        {"{\"page-ranges\":\"4-1\"}", "page-ranges"},
        {"{\"page-ranges\":\"1-3,3\"}", "page-ranges"},
        {"{\"page-ranges\":\"2,1\"}", "page-ranges"},
        {"{\"page-ranges\":\"1,\"}", "page-ranges"},
        {"{\"page-ranges\":\"1-\"}", "page-ranges"},
        {"{\"page-ranges\":\"-1\"}", "page-ranges"},
        {"{\"page-ranges\":\" 1\"}", "page-ranges"},
        {"{\"page-ranges\":\"01\"}", "page-ranges"},
        {"{\"page-ranges\":\"2147483648\"}", "page-ranges"},
        {"{\"page-ranges\":\"99999999999999999999\"}", "page-ranges"},
        {"{\"finishings\":\"staple,,punch\"}", "finishings"},
        {"{\"finishings\":\"staple;rm\"}", "finishings"},
        {"{\"finishings\":\"-x\"}", "finishings"},
    };

    (void)state;
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        struct ph_release_choices choices = {.copies = 42};
        struct ph_why why = {""};

        if (take(cases[i].text, &choices, &why) != PH_ERR_INVALID)
            fail_msg("taken: %s", cases[i].text);
        if (strstr(why.text, cases[i].named) == NULL)
            fail_msg("%s: %s", cases[i].text, why.text);
        assert_int_equal(choices.copies, 42);
    }
}

static void
sixty_four_ranges_are_the_most(void **state)
{
    struct ph_release_choices choices;
    struct ph_why why = {""};
    char text[512] = "{\"page-ranges\":\"1";
    size_t len = strlen(text);

    (void)state;
    for (int page = 2; page <= 64; page++)
        len += (size_t)snprintf(text + len, sizeof(text) - len, ",%d", page);
    (void)snprintf(text + len, sizeof(text) - len, "\"}");
    assert_int_equal(take(text, &choices, &why), PH_OK);
    (void)snprintf(text + len, sizeof(text) - len, ",65\"}");
    assert_int_equal(take(text, &choices, &why), PH_ERR_INVALID);
}

static void
the_ticket_says_what_is_open(void **state)
{
    static const struct {
        const char *text;
        const char *color;
        int64_t impressions;
        bool allowed;
    } cases[] = {
        {"{\"print-color-mode\":\"color\"}", "monochrome", -1, false},
        {"{\"print-color-mode\":\"auto\"}", "monochrome", -1, false},
        {"{\"print-color-mode\":\"monochrome\"}", "monochrome", -1, true},
        {"{\"print-color-mode\":\"monochrome\"}", "color", -1, true},
        {"{\"print-color-mode\":\"color\"}", "", -1, true},
        {"{\"page-ranges\":\"5\"}", "", 5, true},
        {"{\"page-ranges\":\"1-6\"}", "", 5, false},
        {"{\"page-ranges\":\"1-6\"}", "", -1, true},
        {"{}", "monochrome", 0, true},
    };

    (void)state;
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        struct ph_release_choices choices;
        struct ph_ticket ticket;
        struct ph_why why = {""};

        ph_ticket_init(&ticket);
        ticket.impressions = cases[i].impressions;
        (void)snprintf(ticket.print_color_mode, sizeof(ticket.print_color_mode),
                       "%s", cases[i].color);
        assert_int_equal(take(cases[i].text, &choices, &why), PH_OK);
        if ((ph_release_choices_check(&choices, &ticket, &why) == PH_OK) !=
            cases[i].allowed)
            fail_msg("case %zu: %s", i, cases[i].text);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(choices_come_back_as_they_were_taken),
        cmocka_unit_test(what_is_no_choice_is_refused_by_name),
        cmocka_unit_test(sixty_four_ranges_are_the_most),
        cmocka_unit_test(the_ticket_says_what_is_open),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
