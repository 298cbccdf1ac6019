#include "os_name.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "printhold/base/attr.h"

static void
this_system_has_a_name(void **state)
{
    struct ph_os_name name;

    (void)state;
    ph_os_name(&name);
    assert_true(name.name[0] != '\0');
}

#ifdef __linux__

static const struct {
    const char *text;
    const char *name;
    const char *version;
} cases[] = {
    {"PRETTY_NAME=\"x\"\nNAME=\"Debian GNU/Linux\"\nVERSION_ID=\"12\"\n",
     "Debian GNU/Linux", "12"},
    {"NAME=Fedora\nVERSION_ID=39", "Fedora", "39"},
    {"NAME='Arch Linux'\n", "Arch Linux", "kept"},
    {"NAME=\"a \\\"b\\\" c\"\n", "a \"b\" c", "kept"},
    /* malformed: as if it were not there */
    {"NAME=\"no end\n", "kept", "kept"},
    {"NAME=\"two\" words\n", "kept", "kept"},
    {"NAME=\"ends in a backslash\\", "kept", "kept"},
    {"XNAME=other\n NAME=other\n", "kept", "kept"},
    {"", "kept", "kept"},
    {"=\n\n\nVERSION_ID", "kept", "kept"},
    {"VERSION_ID=123456789012345678901234567890123456789012345678901234567890"
     "1234\n",
     "kept", "kept"},
    /* cleaned */
    {"NAME=\"a\tb\xff\"\n", "a b\xef\xbf\xbd", "kept"},
    {"NAME=\n", "", "kept"},
};

static void
os_release_is_taken_as_a_shell_would(void **state)
{
    (void)state;
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        struct ph_os_name name = {"kept", "kept"};

        ph_os_release_parse(cases[i].text, &name);
        if (strcmp(name.name, cases[i].name) != 0 ||
            strcmp(name.version, cases[i].version) != 0)
            fail_msg("%s: %s, %s", cases[i].text, name.name, name.version);
    }
}

#endif

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(this_system_has_a_name),
#ifdef __linux__
        cmocka_unit_test(os_release_is_taken_as_a_shell_would),
#endif
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
