/* Accounts to logins. */
#include "owner.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "printhold/base/attr.h"
#include "printhold/base/err.h"

static void
accounts_become_logins_of_the_domain(void **state)
{
    static const struct {
        const char *account, *domain, *login;
    } cases[] = {
        {"alice", "example.com", "alice@example.com"},
        {"Alice.B", "Example.COM", "alice.b@example.com"},
        {"alice", "", "alice"},
        {"alice@corp.example", "example.com", "alice@corp.example"},
    };

    (void)state;
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        char login[64];

        assert_int_equal(ph_owner_login(cases[i].account, cases[i].domain,
                                        login, sizeof(login)),
                         PH_OK);
        assert_string_equal(login, cases[i].login);
    }
}

static void
unusable_accounts_are_refused(void **state)
{
    static const struct {
        const char *account;
        int err;
    } cases[] = {
        {"", PH_ERR_INVALID},      {"a b", PH_ERR_INVALID},
        {"a\nb", PH_ERR_INVALID},  {"\x1b[2J", PH_ERR_INVALID},
        {"a\x7f", PH_ERR_INVALID}, {"0123456789abcdef", PH_ERR_TOO_BIG},
    };

    (void)state;
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        char login[16] = "untouched";

        assert_int_equal(
            ph_owner_login(cases[i].account, "x.y", login, sizeof(login)),
            cases[i].err);
        assert_string_equal(login, "untouched");
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accounts_become_logins_of_the_domain),
        cmocka_unit_test(unusable_accounts_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
