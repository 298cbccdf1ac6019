/* The command line, the address and the pauses of printhold-station. */
#include "options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "printhold/net/address.h"
#include "delay.h"
#include "grant_file.h"
#include "printhold/base/attr.h"
#include "printhold/base/err.h"

#define ID "0123456789abcdef0123456789abcdef"
#define ALL                                                         \
    "--workstation", "h", "--cert", "c", "--key", "k", "--ca", "a", \
        "--grant-file", "g"
#define ARGS_MAX 24

static int
parse(const char *const *args, struct ph_options *options, struct ph_why *why)
{
    char *argv[ARGS_MAX + 1];
    char text[ARGS_MAX][64];
    int argc = 0;

    while (args[argc] != NULL) {
        assert_true(argc < ARGS_MAX && strlen(args[argc]) < sizeof(text[0]));
        memcpy(text[argc], args[argc], strlen(args[argc]) + 1);
        argv[argc] = text[argc];
        argc++;
    }
    argv[argc] = NULL;
    return ph_options_parse(argc, argv, options, why);
}

static void
a_whole_line_is_understood(void **state)
{
    static const char *const args[] = {
        "s",         "pull", ALL,       "--output", "d",       "--job",  ID,
        "--timeout", "2m",   "--tries", "3",        "--force", "--json", NULL};
    struct ph_options o;
    struct ph_why why;

    (void)state;
    assert_int_equal(parse(args, &o, &why), PH_OK);
    assert_int_equal(o.command, PH_COMMAND_PULL);
    assert_int_equal(o.job_count, 1);
    assert_string_equal(o.job[0], ID);
    assert_int_equal(o.https.timeout_s, 120);
    assert_int_equal(o.tries, 3);
    assert_true(o.force);
    assert_true(o.json);
    assert_false(o.no_complete);
    assert_null(o.https.workstation_id);
}

static void
a_code_stands_for_a_grant(void **state)
{
    static const char *const args[] = {
        "s",    "list", "--workstation", "h", "--cert", "c", "--key", "k",
        "--ca", "a",    "--code-file",   "-", NULL};
    struct ph_options o;
    struct ph_why why;

    (void)state;
    assert_int_equal(parse(args, &o, &why), PH_OK);
    assert_string_equal(o.code_file, "-");
    assert_null(o.grant_file);
}

static void
help_needs_nothing_else(void **state)
{
    static const char *const args[] = {"s", "--help", NULL};
    struct ph_options o;
    struct ph_why why;

    (void)state;
    assert_int_equal(parse(args, &o, &why), PH_OK);
    assert_int_equal(o.command, PH_COMMAND_HELP);
}

static void
lines_without_sense_are_refused_with_a_reason(void **state)
{
    static const struct {
        const char *says;
        const char *args[ARGS_MAX];
    } cases[] = {
        {"a command is missing", {"s", NULL}},
        {"unknown command print", {"s", "print", ALL, NULL}},
        {"one command only", {"s", "list", "pull", ALL, NULL}},
        {"say either --grant-file or --code-file",
         {"s", "list", "--workstation", "h", "--cert", "c", "--key", "k",
          "--ca", "a", NULL}},
        {"say either --grant-file or --code-file",
         {"s", "list", ALL, "--code-file", "c", NULL}},
        {"--ca is missing",
         {"s", "list", "--workstation", "h", "--cert", "c", "--key", "k",
          "--ca", "", "--grant-file", "g", NULL}},
        {"--cert is missing",
         {"s", "list", "--workstation", "h", "--key", "k", "--ca", "a",
          "--grant-file", "g", NULL}},
        {"--workstation is missing", {"s", "list", "--grant-file", "g", NULL}},
        {"--hub is missing",
         {"s", "sign-in", "--way", "pin", "--cert", "c", "--key", "k", "--ca",
          "a", NULL}},
        {"sign-in is at the --hub, and at no workstation",
         {"s", "sign-in", "--way", "pin", "--workstation", "h", NULL}},
        {"--way is missing", {"s", "sign-in", NULL}},
        {"--state is empty", {"s", "renew", "--state", "", NULL}},
        {"--if-due is for renew", {"s", "enrol", "--if-due", NULL}},
        {"--if-due is for renew",
         {"s", "sign-in", "--way", "pin", "--if-due", NULL}},
        {"--server is missing", {"s", "enrol", "--token-file", "t", NULL}},
        {"--token-file is missing", {"s", "enrol", "--server", "h", NULL}},
        {"say either --pin or --ca: by it the hub is known",
         {"s", "enrol", "--server", "h", "--token-file", "t", NULL}},
        {"say either --pin or --ca: by it the hub is known",
         {"s", "enrol", "--server", "h", "--token-file", "t", "--pin", "p",
          "--ca", "a", NULL}},
        {"--server, --token-file and --pin are for enrol",
         {"s", "sign-in", "--way", "pin", "--pin", "1234", NULL}},
        {"--output is missing", {"s", "pull", ALL, "--all", NULL}},
        {"say either --all or which --job to pull",
         {"s", "pull", ALL, "--output", "d", NULL}},
        {"say either --all or which --job to pull",
         {"s", "pull", ALL, "--output", "d", "--all", "--job", ID, NULL}},
        {"--job wants the 32 digits that list shows",
         {"s", "pull", ALL, "--output", "d", "--job", "../x", NULL}},
        {"--tries is 1 to 1000", {"s", "list", ALL, "--tries", "0", NULL}},
        {"--timeout is 1s to 60m", {"s", "list", ALL, "--timeout", "30", NULL}},
        {"--insecure: unknown option", {"s", "list", "--insecure", NULL}},
        {"--cert: needs a value", {"s", "list", "--cert", NULL}},
    };

    (void)state;
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        struct ph_options o;
        struct ph_why why = {{0}};

        assert_int_equal(parse(cases[i].args, &o, &why), PH_ERR_INVALID);
        assert_string_equal(why.text, cases[i].says);
    }
}

static void
addresses_become_host_and_port(void **state)
{
    static const struct {
        const char *text;
        const char *authority; /* NULL: refused */
    } cases[] = {
        {"ws.example.org", "ws.example.org:9443"},
        {"192.0.2.7:443", "192.0.2.7:443"},
        {"[2001:db8::7]", "[2001:db8::7]:9443"},
        {"[2001:db8::7]:1", "[2001:db8::7]:1"},
        {"", NULL},
        {":9443", NULL},
        {"host:", NULL},
        {"host:0", NULL},
        {"host:65536", NULL},
        {"host:9443/path", NULL},
        {"host/path", NULL},
        {"user@host", NULL},
        {"2001:db8::7", NULL},
        {"[2001:db8::7", NULL},
        {"[host]", NULL},
        {"ho st", NULL},
        {"-host", NULL},
        {"host\n", NULL},
    };

    (void)state;
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        char authority[PH_ADDRESS_MAX] = "before";
        int err = ph_address_authority(cases[i].text, authority);

        assert_int_equal(err,
                         cases[i].authority != NULL ? PH_OK : PH_ERR_SYNTAX);
        assert_string_equal(authority,
                            err == PH_OK ? cases[i].authority : "before");
    }
}

static void
pauses_grow_and_stay_bounded(void **state)
{
    (void)state;
    assert_int_equal(ph_delay_ms(1, 0, 0), 250);
    assert_int_equal(ph_delay_ms(2, 0, 0), 500);
    assert_int_equal(ph_delay_ms(6, 0, 0), 8000);
    assert_int_equal(ph_delay_ms(1000, 0, 0), 8000);
    assert_int_equal(ph_delay_ms(1, 125, 0), 125);
    for (uint32_t random = 0; random < 1000; random++) {
        uint32_t ms = ph_delay_ms(3, random * 2654435761u, 0);

        assert_in_range(ms, 500, 1000);
    }
    assert_int_equal(ph_delay_ms(1, 0, 5), 5000);
    assert_int_equal(ph_delay_ms(1, 0, 3600), 30000);
}

static void
a_grant_is_three_parts_of_base64url(void **state)
{
    static const struct {
        const char *text;
        const char *grant; /* NULL: refused */
    } cases[] = {
        {"ab.cd.ef", "ab.cd.ef"},
        {" \n ab.c-_.ef\r\n", "ab.c-_.ef"},
        {"", NULL},
        {"\n", NULL},
        {"ab.cd", NULL},
        {"ab.cd.ef.gh", NULL},
        {"ab.cd.e\"f", NULL},
        {"ab.cd.e=", NULL},
        {"ab .cd.ef", NULL},
    };

    (void)state;
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        struct ph_buf text;
        int err;

        ph_buf_init(&text, 64);
        assert_int_equal(ph_buf_put_str(&text, cases[i].text), PH_OK);
        err = ph_grant_file_trim(&text);
        assert_int_equal(err, cases[i].grant != NULL ? PH_OK : PH_ERR_SYNTAX);
        if (err == PH_OK)
            assert_string_equal(ph_buf_str(&text), cases[i].grant);
        ph_buf_close(&text);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_line_is_understood),
        cmocka_unit_test(a_code_stands_for_a_grant),
        cmocka_unit_test(help_needs_nothing_else),
        cmocka_unit_test(lines_without_sense_are_refused_with_a_reason),
        cmocka_unit_test(addresses_become_host_and_port),
        cmocka_unit_test(pauses_grow_and_stay_bounded),
        cmocka_unit_test(a_grant_is_three_parts_of_base64url),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
