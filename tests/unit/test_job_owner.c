#include "owner.h"
#include "printhold/base/err.h"

#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

#include "printhold/base/attr.h"

/* Accounts that every system of ours has: root (0) and daemon (1). */
static const struct {
    const char *what;
    const char *uid;
    const char *name;
    int err;
    unsigned owner;
    const char *auth;
    const char *says;
} cases[] = {
    {"peer credentials", "1", "daemon", PH_OK, 1, "peercred", ""},
    {"root has no number", NULL, "root", PH_OK, 0, "root", ""},
    {"a password over TCP", NULL, "daemon", PH_OK, 1, "password", ""},
    {"an empty number is none", "", "daemon", PH_OK, 1, "password", ""},
    {"nobody", NULL, NULL, PH_ERR_DENIED, 0, NULL, "nobody is proven"},
    {"a number without a name", "1", NULL, PH_ERR_DENIED, 0, NULL,
     "nobody is proven"},
    {"an empty name", "1", "", PH_ERR_DENIED, 0, NULL, "nobody is proven"},
    {"number and name of two accounts", "1", "root", PH_ERR_DENIED, 0, NULL,
     "different accounts"},
    {"a name that does not exist", "1", "no-such-user", PH_ERR_DENIED, 0, NULL,
     "does not exist"},
    {"a number that does not exist", "4000000000", "daemon", PH_ERR_DENIED, 0,
     NULL, "does not exist"},
    {"a number that is none", "1x", "daemon", PH_ERR_DENIED, 0, NULL,
     "that is none"},
    {"a negative number", "-1", "daemon", PH_ERR_DENIED, 0, NULL,
     "that is none"},
    {"the number of nobody", "4294967295", "daemon", PH_ERR_DENIED, 0, NULL,
     "that is none"},
    {"an unknown name over TCP", NULL, "no-such-user", PH_ERR_DENIED, 0, NULL,
     "does not exist"},
};

static void
only_what_cupsd_proved_makes_an_owner(void **state)
{
    (void)state;
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        struct ph_ticket ticket;
        struct ph_why why = {{0}};
        int err;

        ph_ticket_init(&ticket);
        err = ph_owner_resolve(cases[i].uid, cases[i].name, &ticket, &why);
        if (err != cases[i].err)
            fail_msg("%s: %d %s", cases[i].what, err, why.text);
        if (err == PH_OK) {
            assert_int_equal(ticket.owner_uid, cases[i].owner);
            assert_string_equal(ticket.owner_auth, cases[i].auth);
            assert_string_equal(ticket.owner_name, cases[i].name);
        } else {
            assert_non_null(strstr(why.text, cases[i].says));
            assert_int_equal(ticket.owner_uid, UINT32_MAX);
            assert_string_equal(ticket.owner_name, "");
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_cupsd_proved_makes_an_owner),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
