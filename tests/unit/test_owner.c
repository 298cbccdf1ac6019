/* Accounts to logins: the map, then a domain in the name, then the domain. */
#include "owner.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "printhold/base/attr.h"
#include "printhold/base/err.h"

static struct ph_owner_map *
map_of(const char *text)
{
    struct ph_owner_map *map = NULL;
    struct ph_why why;

    assert_int_equal(ph_owner_map_parse("m", text, strlen(text), &map, &why),
                     PH_OK);
    return map;
}

static void
the_first_rule_that_says_something_counts(void **state)
{
    static const char lines[] = "bob = Robert.Roe@Example.org\n"
                                "kiosk = -\n"
                                "carol@corp.example = carol@example.org\n"
                                "CORP\\dave doe = dave@example.org\n";
    static const struct {
        const char *account, *domain, *login; /* NULL: unmapped */
    } cases[] = {
        {"alice", "example.com", "alice@example.com"},
        {"Alice.B", "Example.COM", "alice.b@example.com"},
        {"alice", "", NULL},
        {"alice@corp.example", "example.com", "alice@corp.example"},
        {"alice@corp.example", "", "alice@corp.example"},
        {"bob", "example.com", "robert.roe@example.org"},
        {"bob", "", "robert.roe@example.org"},
        {"Bob", "", NULL}, /* accounts count as they are written */
        {"kiosk", "example.com", NULL},
        {"carol@corp.example", "example.com", "carol@example.org"},
        {"CORP\\dave doe", "example.com", "dave@example.org"},
        {"CORP\\eve doe", "example.com", NULL},
    };
    struct ph_owner_map *map = map_of(lines);

    (void)state;
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        char login[64] = "old";
        const bool is_mapped = ph_owner_login(
            map, cases[i].domain, cases[i].account, login, sizeof(login));

        if (is_mapped != (cases[i].login != NULL))
            fail_msg("%s at %s", cases[i].account, cases[i].domain);
        assert_string_equal(login, is_mapped ? cases[i].login : "");
    }
    ph_owner_map_free(map);
}

static void
unusable_accounts_are_unmapped(void **state)
{
    static const char *const accounts[] = {
        "", "a b", "a\nb", "\x1b[2J", "a\x7f", "0123456789abcdef",
    };

    (void)state;
    for (size_t i = 0; i < PH_COUNT(accounts); i++) {
        char login[16] = "old";

        assert_false(
            ph_owner_login(NULL, "x.y", accounts[i], login, sizeof(login)));
        assert_string_equal(login, "");
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_rule_that_says_something_counts),
        cmocka_unit_test(unusable_accounts_are_unmapped),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
