#include "ppd.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

#include "printhold/base/attr.h"
#include "scratch.h"

static const struct {
    const char *what;
    const char *text;
    const char *nickname;
    const char *defaults;
} cases[] = {
    {"what is wanted, other lines between",
     "*PPD-Adobe: \"4.3\"\n*NickName: \"PrintHold secure queue, 1\"\n"
     "*DefaultDuplex: DuplexNoTumble\n*DefaultFont: Courier\n"
     "*DefaultColorModel: Gray\n",
     "PrintHold secure queue, 1", "Duplex=DuplexNoTumble ColorModel=Gray"},
    {"lines of DOS", "*NickName: \"A\"\r\n*DefaultDuplex: None\r\n", "A",
     "Duplex=None"},
    {"lines of old Macs", "*NickName: \"A\"\r*DefaultDuplex: None", "A",
     "Duplex=None"},
    {"a short nickname is another keyword", "*ShortNickName: \"B\"\n", "", ""},
    {"no quotes", "*NickName: A\n", "", ""},
    {"a quote that does not close", "*NickName: \"A\n*X: \"B\"\n", "", ""},
    {"control bytes", "*NickName: \"A\033B\tC\"\n", "A B C", ""},
    {"invalid UTF-8", "*NickName: \"A\xff\"\n", "A\xef\xbf\xbd", ""},
    {"a default with no value", "*DefaultDuplex:\n*DefaultDuplex: \n", "", ""},
    {"a default that would be two options",
     "*DefaultDuplex: None sides=one-sided\n", "", ""},
    {"a default with a quote", "*DefaultDuplex: \"None\n", "", ""},
    {"a keyword that only begins alike", "*DefaultDuplexer: True\n", "", ""},
    {"nothing", "", "", ""},
    {"a keyword alone", "*NickName:", "", ""},
};

static void
nickname_and_defaults_are_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        struct ph_ppd ppd;

        ph_ppd_parse(cases[i].text, &ppd);
        if (strcmp(ppd.nickname, cases[i].nickname) != 0 ||
            strcmp(ppd.defaults, cases[i].defaults) != 0)
            fail_msg("%s: \"%s\", \"%s\"", cases[i].what, ppd.nickname,
                     ppd.defaults);
    }
}

static void
a_long_nickname_is_cut(void **state)
{
    char text[1000];
    struct ph_ppd ppd;

    (void)state;
    memset(text, 'x', sizeof(text));
    memcpy(text, "*NickName: \"", 12);
    memcpy(text + sizeof(text) - 3, "\"\n", 3);
    ph_ppd_parse(text, &ppd);
    assert_int_equal(strlen(ppd.nickname), PH_TICKET_TEXT_MAX - 1);
}

static void
endless_defaults_stay_in_their_room(void **state)
{
    char text[20000] = "";
    size_t len = 0;
    struct ph_ppd ppd;

    (void)state;
    while (len < sizeof(text) - 100)
        len += (size_t)snprintf(text + len, sizeof(text) - len,
                                "*DefaultPageSize: A4.%040d\n", 7);
    ph_ppd_parse(text, &ppd);
    assert_true(strlen(ppd.defaults) < PH_PPD_DEFAULTS_MAX);
}

static void
a_file_that_cannot_be_read_leaves_all_empty(void **state)
{
    struct ph_ppd ppd;

    (void)state;
    memset(&ppd, 'x', sizeof(ppd));
    ph_ppd_read("/nonexistent/printhold.ppd", &ppd);
    assert_string_equal(ppd.nickname, "");
    assert_string_equal(ppd.defaults, "");
    ph_ppd_read("/", &ppd);
    assert_string_equal(ppd.nickname, "");
}

static void
a_file_is_read(void **state)
{
    static const char text[] = "*NickName: \"A\"\n*DefaultDuplex: None\n";
    struct scratch scratch;
    struct ph_ppd ppd;
    char path[300];

    (void)state;
    scratch_make(&scratch);
    (void)snprintf(path, sizeof(path), "%s/ppd", scratch.path);
    scratch_write(path, text, sizeof(text) - 1);
    ph_ppd_read(path, &ppd);
    assert_string_equal(ppd.nickname, "A");
    assert_string_equal(ppd.defaults, "Duplex=None");
    scratch_remove(&scratch);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nickname_and_defaults_are_found),
        cmocka_unit_test(a_long_nickname_is_cut),
        cmocka_unit_test(endless_defaults_stay_in_their_room),
        cmocka_unit_test(a_file_that_cannot_be_read_leaves_all_empty),
        cmocka_unit_test(a_file_is_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
