/* The claims of a command: a closed list, and no member in which anything else
 * could hide (SR-50). */
#include "printhold/proto/command.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "printhold/base/attr.h"
#include "printhold/base/err.h"

#define JTI "abcdefghijklmnopqrstuv"
#define JOB "0123456789abcdef0123456789abcdef"
#define CLAIMS(times, jti, op)                                         \
    "{\"iss\":\"https://hub\",\"aud\":\"ws-1\"," times ",\"jti\":" jti \
    ",\"op\":" op
#define TIMES  "\"iat\":1000,\"exp\":2000"
#define OP(op) CLAIMS(TIMES, "\"" JTI "\"", op)

static int
parse(const char *json, struct ph_command *out_command)
{
    struct ph_why why = {{0}};

    return ph_command_parse(json, strlen(json), out_command, &why);
}

static void
every_command_of_the_list_is_read(void **state)
{
    struct ph_command command;

    (void)state;
    assert_int_equal(parse(OP("\"delete-jobs\"") ",\"args\":{\"jobs\":[\"" JOB
                                                 "\"]}}",
                           &command),
                     PH_OK);
    assert_int_equal(command.op, PH_COMMAND_DELETE_JOBS);
    assert_int_equal(command.job_count, 1);
    assert_string_equal(command.jti, JTI);
    assert_int_equal(command.claims.expires_s, 2000);
    assert_int_equal(
        parse(OP("\"delete-jobs\"") ",\"args\":{\"user\":\"A@b.c\"}}",
              &command),
        PH_OK);
    assert_string_equal(command.user, "A@b.c");
    assert_int_equal(command.job_count, 0);
    assert_int_equal(
        parse(OP("\"purge-user\"") ",\"args\":{\"user\":\"a@b.c\"}}", &command),
        PH_OK);
    assert_int_equal(command.op, PH_COMMAND_PURGE_USER);
    assert_int_equal(parse(OP("\"refresh\"") "}", &command), PH_OK);
    assert_int_equal(command.op, PH_COMMAND_REFRESH);
    assert_int_equal(
        parse(OP("\"renew-certificate\"") ",\"args\":{},\"other\":1}",
              &command),
        PH_OK);
    assert_int_equal(command.op, PH_COMMAND_RENEW_CERTIFICATE);
}

/* The four, by name; nothing that sends, prints, runs or connects. */
static void
the_list_is_closed(void **state)
{
    static const char *const names[] = {"delete-jobs", "purge-user", "refresh",
                                        "renew-certificate"};
    static const char *const others[] = {
        "",           "Delete-Jobs", "delete-jobs ",
        "send-job",   "send",        "upload",
        "print",      "release",     "release-job",
        "set-keep",   "report-logs", "renew-cert",
        "run",        "exec",        "set-url",
        "set-config", "update",      "restart",
        "purge",      "policy",      "keys",
        "unknown",
    };
    struct ph_command command;
    char json[512];

    (void)state;
    assert_int_equal(PH_COMMAND_OPS, PH_COUNT(names));
    for (size_t i = 0; i < PH_COUNT(names); i++)
        assert_string_equal(ph_command_op_name((enum ph_command_op)i),
                            names[i]);
    for (size_t i = 1; i < PH_COUNT(others); i++) {
        (void)snprintf(json, sizeof(json),
                       OP("\"%s\"") ",\"args\":{\"url\":\"https://evil\"}}",
                       others[i]);
        assert_int_equal(parse(json, &command), PH_OK);
        if (command.op != PH_COMMAND_UNKNOWN)
            fail_msg("%s is a command", others[i]);
    }
}

static void
commands_that_break_the_rules_are_refused(void **state)
{
#define DELETE(args) OP("\"delete-jobs\"") ",\"args\":" args "}"
    static const struct {
        const char *wrong;
        const char *json;
    } cases[] = {
        {"no object", "5"},
        {"nothing in it", "{}"},
        {"no exp", CLAIMS("\"iat\":1000", "\"" JTI "\"", "\"refresh\"") "}"},
        {"exp at iat",
         CLAIMS("\"iat\":1000,\"exp\":1000", "\"" JTI "\"", "\"refresh\"") "}"},
        {"eight days to live", CLAIMS("\"iat\":1000,\"exp\":605801",
                                      "\"" JTI "\"", "\"refresh\"") "}"},
        {"no jti",
         "{\"iss\":\"h\",\"aud\":\"w\"," TIMES ",\"op\":\"refresh\"}"},
        {"a short jti", CLAIMS(TIMES, "\"abc\"", "\"refresh\"") "}"},
        {"a jti with a quote",
         CLAIMS(TIMES, "\"abcdefghijklmnopqrstuv'\"", "\"refresh\"") "}"},
        {"no op",
         "{\"iss\":\"h\",\"aud\":\"w\"," TIMES ",\"jti\":\"" JTI "\"}"},
        {"an empty op", OP("\"\"") "}"},
        {"an op as a number", OP("1") "}"},
        {"op twice", OP("\"refresh\"") ",\"op\":\"purge-user\"}"},
        {"no args", OP("\"delete-jobs\"") "}"},
        {"no job", DELETE("{\"jobs\":[]}")},
        {"a job that is no id", DELETE("{\"jobs\":[\"all\"]}")},
        {"a job in capitals",
         DELETE("{\"jobs\":[\"0123456789ABCDEF0123456789ABCDEF\"]}")},
        {"jobs and user", DELETE("{\"jobs\":[\"" JOB "\"],\"user\":\"a@b\"}")},
        {"something beside the jobs",
         DELETE("{\"jobs\":[\"" JOB "\"],\"url\":\"https://evil\"}")},
        {"something beside the user",
         DELETE("{\"user\":\"a@b\",\"url\":\"https://evil\"}")},
        {"an empty user", DELETE("{\"user\":\"\"}")},
        {"a newline in the user", DELETE("{\"user\":\"a@b\\nc\"}")},
        {"args as a list", DELETE("[]")},
        {"a purge of nobody", OP("\"purge-user\"") ",\"args\":{}}"},
        {"a purge by jobs",
         OP("\"purge-user\"") ",\"args\":{\"jobs\":[\"" JOB "\"]}}"},
        {"a refresh of something",
         OP("\"refresh\"") ",\"args\":{\"url\":\"https://evil\"}}"},
        {"a renewal from somewhere",
         OP("\"renew-certificate\"") ",\"args\":{\"url\":\"https://evil\"}}"},
    };
    struct ph_command command;

    (void)state;
    for (size_t i = 0; i < PH_COUNT(cases); i++)
        if (parse(cases[i].json, &command) != PH_ERR_INVALID)
            fail_msg("%s was taken", cases[i].wrong);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_command_of_the_list_is_read),
        cmocka_unit_test(the_list_is_closed),
        cmocka_unit_test(commands_that_break_the_rules_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
