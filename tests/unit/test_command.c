/* Unit tests of cli/command. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "client.h"
#include "command.h"
#include "printhold/base/attr.h"
#include "printhold/base/err.h"

#define ARGS_MAX 6

static const struct {
    const char *name;
    const char *command;
    const char *argv[ARGS_MAX];
    int err;
    unsigned options;
    const char *args[ARGS_MAX];
} lines[] = {
    {"nothing", "jobs", {NULL}, PH_OK, 0, {NULL}},
    {"two options",
     "jobs",
     {"--all", "--json"},
     PH_OK,
     PH_OPTION_ALL | PH_OPTION_JSON,
     {NULL}},
    {"option behind the argument",
     "show",
     {"beef", "--json"},
     PH_OK,
     PH_OPTION_JSON,
     {"beef"}},
    {"options in between",
     "keep",
     {"beef", "--off", "cafe"},
     PH_OK,
     PH_OPTION_OFF,
     {"beef", "cafe"}},
    {"end of options", "show", {"--", "--json"}, PH_OK, 0, {"--json"}},
    {"a dash is an argument", "show", {"-"}, PH_OK, 0, {"-"}},
    {"help needs no argument",
     "show",
     {"--help"},
     PH_OK,
     PH_OPTION_HELP,
     {NULL}},
    {"option of another command", "jobs", {"--off"}, PH_ERR_INVALID, 0, {NULL}},
    {"unknown option", "jobs", {"--everything"}, PH_ERR_INVALID, 0, {NULL}},
    {"short option", "jobs", {"-a"}, PH_ERR_INVALID, 0, {NULL}},
    {"output", "support-bundle", {"-o", "f"}, PH_OK, PH_OPTION_OUTPUT, {NULL}},
    {"output of nothing", "support-bundle", {"-o"}, PH_ERR_INVALID, 0, {NULL}},
    {"part of an option", "jobs", {"--js"}, PH_ERR_INVALID, 0, {NULL}},
    {"option with a value", "jobs", {"--json=1"}, PH_ERR_INVALID, 0, {NULL}},
    {"too few arguments", "delete", {NULL}, PH_ERR_INVALID, 0, {NULL}},
    {"too many arguments", "show", {"beef", "cafe"}, PH_ERR_INVALID, 0, {NULL}},
    {"argument where none is", "status", {"beef"}, PH_ERR_INVALID, 0, {NULL}},
};

static void
lines_are_read_strictly(void **state)
{
    (void)state;
    for (size_t i = 0; i < PH_COUNT(lines); i++) {
        const struct ph_command *command = ph_command_find(lines[i].command);
        struct ph_command_line line = {.arg_count = 42};
        struct ph_why why = {{0}};
        char *argv[ARGS_MAX + 1] = {NULL};
        int argc = 0, err;

        assert_non_null(command);
        for (; lines[i].argv[argc] != NULL; argc++)
            argv[argc] = strdup(lines[i].argv[argc]);
        /* Parsing moves the pointers about; these free them. */
        char *kept[ARGS_MAX + 1];
        memcpy(kept, argv, sizeof(kept));
        err = ph_command_parse(command, argc, argv, &line, &why);
        if (err != lines[i].err)
            fail_msg("%s: %s", lines[i].name, ph_err_text(err));
        if (err == PH_OK) {
            int count = 0;

            for (; lines[i].args[count] != NULL; count++)
                assert_string_equal(line.args[count], lines[i].args[count]);
            assert_int_equal(line.arg_count, count);
            assert_int_equal(line.options, lines[i].options);
        } else {
            assert_int_equal(line.arg_count, 42);
            assert_non_null(strstr(why.text, lines[i].command));
        }
        for (int j = 0; j < argc; j++)
            free(kept[j]);
    }
}

static void
commands_are_found_by_their_whole_name(void **state)
{
    (void)state;
    assert_non_null(ph_command_find("jobs"));
    assert_null(ph_command_find("job"));
    assert_null(ph_command_find("jobs "));
    assert_null(ph_command_find(""));
}

static void
exit_codes_are_those_of_the_manual(void **state)
{
    static const struct {
        int err;
        int code;
    } codes[] = {
        {PH_OK, 0},         {PH_ERR_IO, 1},       {PH_ERR_INVALID, 1},
        {PH_ERR_CONFIG, 1}, {PH_ERR_PROTOCOL, 1}, {PH_ERR_NOT_FOUND, 3},
        {PH_ERR_CLOSED, 4}, {PH_ERR_TIMEOUT, 4},  {PH_ERR_TRUNCATED, 4},
        {PH_ERR_DENIED, 5}, {PH_ERR_BUSY, 6},     {PH_ERR_STATE, 6},
    };

    (void)state;
    for (size_t i = 0; i < PH_COUNT(codes); i++)
        assert_int_equal(ph_command_exit_code(codes[i].err), codes[i].code);
}

static void
names_of_jobs_are_checked_and_lower_case(void **state)
{
    static const char *const bad[] = {
        "",           "bee",   "beeg",
        "be ef",      "-beef", "0123456789abcdef0123456789abcdef0",
        "bee\xc3\xa9"};
    struct ph_control_request request = {.job = "old"};
    struct ph_why why;

    (void)state;
    for (size_t i = 0; i < PH_COUNT(bad); i++) {
        assert_int_equal(ph_client_name_job(&request, bad[i], &why),
                         PH_ERR_INVALID);
        assert_string_equal(request.job, "old");
    }
    assert_int_equal(ph_client_name_job(&request, "BeeF", &why), PH_OK);
    assert_string_equal(request.job, "beef");
    assert_int_equal(
        ph_client_name_job(&request, "0123456789ABCDEF0123456789abcdef", &why),
        PH_OK);
    assert_string_equal(request.job, "0123456789abcdef0123456789abcdef");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_read_strictly),
        cmocka_unit_test(commands_are_found_by_their_whole_name),
        cmocka_unit_test(exit_codes_are_those_of_the_manual),
        cmocka_unit_test(names_of_jobs_are_checked_and_lower_case),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
