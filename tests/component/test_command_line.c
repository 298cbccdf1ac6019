/* The printhold command as people run it, against a control server. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "control_rig.h"
#include "printhold/base/attr.h"
#include "printhold/base/err.h"
#include "printhold/base/io.h"
#include "printhold/proto/json.h"

#define MINE       "aaaa1111111111111111111111111111"
#define CLAIMED    "bbbb1111111111111111111111111111"
#define OTHERS     "cccc1111111111111111111111111111"
#define ENDED      "dddd1111111111111111111111111111"
#define OUTPUT_MAX (1024 * 1024)
#define ARGS_MAX   8

struct desk {
    struct control_rig rig;
    char out[OUTPUT_MAX];
    char err[OUTPUT_MAX];
};

static void
write_config(const struct control_rig *rig)
{
    char path[300], text[400];

    (void)snprintf(path, sizeof(path), "%s/printhold.conf", rig->scratch.path);
    (void)snprintf(text, sizeof(text), "[agent]\ncontrol_socket = %s\n",
                   rig->config.control_socket);
    scratch_write(path, text, strlen(text));
    assert_int_equal(setenv("PRINTHOLD_CONFIG_DIR", rig->scratch.path, 1), 0);
    assert_int_equal(setenv("LC_ALL", "C.UTF-8", 1), 0);
    assert_int_equal(setenv("TZ", "UTC", 1), 0);
}

static int
setup(void **state)
{
    struct desk *desk = calloc(1, sizeof(*desk));

    if (desk == NULL)
        return -1;
    control_rig_start(&desk->rig, -1, 0);
    fake_jobs_add(desk->rig.jobs, MINE, geteuid(), PH_JOB_HELD,
                  "Q3 r\xc3\xa9port");
    fake_jobs_add(desk->rig.jobs, CLAIMED, geteuid(), PH_JOB_CLAIMED, "taken");
    fake_jobs_add(desk->rig.jobs, OTHERS, geteuid() + 1, PH_JOB_HELD,
                  "of another");
    fake_jobs_add(desk->rig.jobs, ENDED, geteuid(), PH_JOB_RELEASED, "over");
    write_config(&desk->rig);
    *state = desk;
    return 0;
}

static int
teardown(void **state)
{
    struct desk *desk = *state;

    control_rig_stop(&desk->rig);
    control_rig_finish(&desk->rig);
    free(desk);
    return 0;
}

static void
slurp(const char *path, char *dst)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    size_t len;

    assert_true(fd >= 0);
    assert_int_equal(ph_io_read_full(fd, dst, OUTPUT_MAX - 1, &len), PH_OK);
    dst[len] = '\0';
    ph_io_close(&fd);
    assert_int_equal(unlink(path), 0);
}

/* Run printhold with the words of args; its output is in desk afterwards. */
static int
run(struct desk *desk, const char *args)
{
    static char program[] = PRINTHOLD_PROGRAM;
    char words[256], out[300], err[300], *argv[ARGS_MAX] = {program};
    char *rest = words, *word;
    int argc = 1, status;
    posix_spawn_file_actions_t actions;
    extern char **environ;
    pid_t pid;

    (void)snprintf(words, sizeof(words), "%s", args);
    while ((word = strsep(&rest, " ")) != NULL) {
        assert_true(argc < ARGS_MAX - 1);
        if (word[0] != '\0')
            argv[argc++] = word;
    }
    (void)snprintf(out, sizeof(out), "%s/out", desk->rig.scratch.path);
    (void)snprintf(err, sizeof(err), "%s/err", desk->rig.scratch.path);
    assert_int_equal(posix_spawn_file_actions_init(&actions), 0);
    assert_int_equal(posix_spawn_file_actions_addopen(
                         &actions, 1, out, O_WRONLY | O_CREAT | O_TRUNC, 0600),
                     0);
    assert_int_equal(posix_spawn_file_actions_addopen(
                         &actions, 2, err, O_WRONLY | O_CREAT | O_TRUNC, 0600),
                     0);
    assert_int_equal(posix_spawn(&pid, program, &actions, NULL, argv, environ),
                     0);
    (void)posix_spawn_file_actions_destroy(&actions);
    while (waitpid(pid, &status, 0) < 0)
        assert_int_equal(errno, EINTR);
    slurp(out, desk->out);
    slurp(err, desk->err);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void
expect(struct desk *desk, const char *args, int code, const char *in_out,
       const char *in_err)
{
    int got = run(desk, args);

    if (got != code || strstr(desk->out, in_out) == NULL ||
        strstr(desk->err, in_err) == NULL)
        fail_msg("printhold %s: %d\n%s\n%s", args, got, desk->out, desk->err);
    if (in_err[0] == '\0' && desk->err[0] != '\0')
        fail_msg("printhold %s: %s", args, desk->err);
}

static void
the_list_shows_ones_own_held_jobs(void **state)
{
    struct desk *desk = *state;

    expect(desk, "jobs", 0,
           "JOB       STATE     PRINTED           EXPIRES  PAGES  TITLE\n"
           "aaaa1111  held      2025-11-21 19:30  ",
           "");
    assert_non_null(strstr(desk->out, "12     Q3 r\xc3\xa9port\n"));
    assert_non_null(strstr(desk->out, "bbbb1111  claimed "));
    assert_null(strstr(desk->out, "of another"));
    assert_null(strstr(desk->out, "over"));
    expect(desk, "jobs --ended", 0, "dddd1111  released  ", "");
    if (geteuid() == 0)
        expect(desk, "jobs --all", 0, "user1         of another\n", "");
    else
        expect(desk, "jobs --all", 5, "", "only the administrator");
}

static void
an_empty_list_says_so(void **state)
{
    struct desk *desk = *state;

    fake_jobs_clear(desk->rig.jobs);
    expect(desk, "jobs", 0, "No held jobs.\n", "");
    expect(desk, "jobs --ended", 0, "No jobs.\n", "");
    expect(desk, "jobs --json", 0, "[]\n", "");
}

/* The fake has three records for everybody. */
static void
history_says_what_where_and_why_not(void **state)
{
    struct desk *desk = *state;

    expect(desk, "history", 0,
           "WHEN              WHAT                          PRINTER           "
           "SIGNED IN BY  SHEETS  JOB       TITLE\n"
           "2025-11-21 19:30  printed                       pr-7              "
           "badge pin     6       aaaaaaaa  Q3 r\xc3\xa9port\n",
           "");
    assert_non_null(strstr(desk->out, "refused: confidential x7 "));
    assert_null(strstr(desk->out, "user@example.com"));
    expect(desk, "history --json", 0, "\"reason\":\"confidential\"", "");
    assert_int_equal(desk->out[0], '[');
    if (geteuid() == 0)
        expect(desk, "history --all", 0, "user@example.com  ", "");
    else
        expect(desk, "history --all", 5, "", "only the administrator");
    expect(desk, "history aaaa", 2, "", "usage: printhold history");
    expect(desk, "history --ended", 2, "", "no option --ended");
}

static void
json_is_one_array_with_the_documented_members(void **state)
{
    struct desk *desk = *state;
    json_error_t error;
    json_t *root;
    const json_t *first;

    expect(desk, "jobs --json", 0, "", "");
    root = json_loads(desk->out, 0, &error);
    assert_non_null(root);
    assert_int_equal(json_array_size(root), 2);
    first = json_array_get(root, 0);
    assert_string_equal(json_string_value(json_object_get(first, "id")), MINE);
    assert_string_equal(json_string_value(json_object_get(first, "state")),
                        "held");
    assert_int_equal(json_integer_value(json_object_get(first, "expires-ms")),
                     1763839800000);
    assert_string_equal(json_string_value(json_object_get(
                            json_object_get(first, "ticket"), "job-name")),
                        "Q3 r\xc3\xa9port");
    json_decref(root);

    expect(desk, "show --json aaaa", 0, "\"id\":\"" MINE "\"", "");
    root = json_loads(desk->out, 0, &error);
    assert_non_null(root);
    json_decref(root);
    expect(desk, "status --json", 0, "\"health\":\"ok\"", "");
    root = json_loads(desk->out, 0, &error);
    assert_non_null(root);
    json_decref(root);
    expect(desk, "config show --json", 0, "\"control_socket\"", "");
    root = json_loads(desk->out, 0, &error);
    assert_non_null(root);
    json_decref(root);
}

static void
delete_goes_on_after_a_failure_and_tells_the_first(void **state)
{
    struct desk *desk = *state;

    expect(desk, "show bbbb", 0, "At printer            pr-7\n", "");
    expect(desk, "delete ffff bbbb aaaa", 3, "deleted aaaa1111",
           "printhold: there is no job ffff of yours\n"
           "printhold: printer pr-7 is taking it\n");
    assert_int_equal(fake_jobs_state(desk->rig.jobs, MINE), PH_JOB_DELETED);
    expect(desk, "delete bbbb", 6, "", "pr-7");
}

static void
a_misspelt_name_changes_nothing(void **state)
{
    struct desk *desk = *state;

    expect(desk, "delete aaaa xyz", 2, "", "xyz is not the id of a job");
    assert_int_equal(fake_jobs_state(desk->rig.jobs, MINE), PH_JOB_HELD);
}

static void
keep_and_its_opposite(void **state)
{
    struct desk *desk = *state;

    expect(desk, "keep aaaa", 0, "keeping aaaa1111 Q3", "");
    assert_true(fake_jobs_is_kept(desk->rig.jobs, MINE));
    expect(desk, "show AAAA", 0, "After printing        stays held\n", "");
    expect(desk, "keep --off aaaa", 0, "not keeping aaaa1111", "");
    assert_false(fake_jobs_is_kept(desk->rig.jobs, MINE));
}

static void
the_status_is_readable(void **state)
{
    const struct ph_cloud_status cloud = {.state = PH_CLOUD_CONNECTING,
                                          .text = "no route to host"};
    const struct ph_release_status release = {.port = 9443};
    struct desk *desk = *state;

    control_rig_say(&desk->rig, &cloud, &release);
    expect(desk, "status", 0, "Cloud                 connecting: no route", "");
    assert_non_null(strstr(desk->out, "Release               port 9443"));
    assert_non_null(strstr(desk->out, "Health                warning\n"));
}

static void
mistakes_are_told_with_code_2(void **state)
{
    struct desk *desk = *state;

    expect(desk, "", 2, "", "usage: printhold COMMAND");
    expect(desk, "print", 2, "", "there is no command print");
    expect(desk, "jobs --of", 2, "", "jobs has no option --of");
    expect(desk, "show", 2, "", "usage: printhold show JOB");
    expect(desk, "config edit", 2, "", "usage: printhold config");
}

static void
help_and_version_need_no_service(void **state)
{
    struct desk *desk = *state;

    expect(desk, "--help", 0, "  delete   ", "");
    expect(desk, "help keep", 0, "  --off ", "");
    expect(desk, "jobs --help", 0, "usage: printhold jobs", "");
    expect(desk, "--version", 0, "printhold " PRINTHOLD_VERSION "\n", "");
}

static void
an_absent_service_is_named_with_its_remedy(void **state)
{
    struct desk *desk = *state;

    assert_int_equal(unlink(desk->rig.config.control_socket), 0);
    expect(desk, "jobs", 4, "", desk->rig.config.control_socket);
    expect(desk, "delete aaaa", 4, "",
           "the hold service is not running on this computer");
    expect(desk, "status", 4, "", "start it with '");
}

static void
a_bad_configuration_is_named_with_file_and_line(void **state)
{
    struct desk *desk = *state;
    char path[300];

    expect(desk, "config check", 0, "valid", "");
    (void)snprintf(path, sizeof(path), "%s/printhold.conf",
                   desk->rig.scratch.path);
    assert_int_equal(unlink(path), 0);
    scratch_write(path, "[agent]\ncolour = red\n", 21);
    expect(desk, "config check", 1, "", "printhold.conf:2: unknown key");
    expect(desk, "config check --json", 1, "\"valid\": false", "");
    expect(desk, "config check --origin", 2, "", "usage: printhold config");
    expect(desk, "jobs", 1, "", "printhold.conf:2: unknown key");
}

static void
check_config(struct desk *desk, const char *text, const char *complaints)
{
    char path[300];

    (void)snprintf(path, sizeof(path), "%s/printhold.conf",
                   desk->rig.scratch.path);
    assert_int_equal(unlink(path), 0);
    scratch_write(path, text, strlen(text));
    expect(desk, "config check", 1, "", "printhold: ");
    assert_string_equal(desk->out, "");
    assert_string_equal(desk->err, complaints);
}

static void
config_check_tells_all_that_is_wrong(void **state)
{
    struct desk *desk = *state;
    const char *dir = desk->rig.scratch.path;
    char text[1000], want[3000];
    json_error_t error;
    json_t *root, *first;
    int len;

    (void)snprintf(text, sizeof(text), "%s/map", dir);
    scratch_write(text, "a\nb = c\nb = d\n", 14);
    (void)snprintf(text, sizeof(text),
                   "[agent]\ncolour = red\n[owner]\nmap_file = %s/map\n"
                   "[cloud]\nproxy = ftp://p\nurl = wss://b:0\n"
                   "[keys]\nlevel = keychain\n[release]\nport = none\n",
                   dir);
    len = snprintf(
        want, sizeof(want),
        "printhold: %s/printhold.conf:2: unknown key 'colour' in [agent]; see "
        "printhold.conf(5)\n"
        "printhold: %s/printhold.conf:11: port = none: must be 0 to 65535; see "
        "printhold.conf(5)\n"
        "printhold: %s/printhold.conf:6: cloud.proxy must be http://host:port "
        "or none; the password stands in cloud.proxy_credentials_file\n"
        "printhold: %s/printhold.conf:9: the key protection level \"keychain\" "
        "needs macOS, which this system is not; choose another [keys] level\n"
        "printhold: %s/printhold.conf:7: cloud url has a port out of 1 to "
        "65535: wss://b:0\n"
        "printhold: %s/map:1: must be 'account = login'\n"
        "printhold: %s/map:3: account b stands in line 2 already\n",
        dir, dir, dir, dir, dir, dir, dir);
    assert_true(len > 0 && (size_t)len < sizeof(want));
    check_config(desk, text, want);

    expect(desk, "config check --json", 1, "", "");
    root = json_loads(desk->out, 0, &error);
    assert_non_null(root);
    assert_true(json_is_false(json_object_get(root, "valid")));
    assert_int_equal(json_integer_value(json_object_get(root, "more")), 0);
    assert_int_equal(json_array_size(json_object_get(root, "findings")), 7);
    first = json_array_get(json_object_get(root, "findings"), 6);
    (void)snprintf(text, sizeof(text), "%s/map", dir);
    assert_string_equal(json_string_value(json_object_get(first, "file")),
                        text);
    assert_int_equal(json_integer_value(json_object_get(first, "line")), 3);
    json_decref(root);
}

static void
a_code_is_shown_in_two_groups(void **state)
{
    struct desk *desk = *state;
    char shown[64];

    (void)snprintf(shown, sizeof(shown), "0042 %04u",
                   (unsigned)geteuid() % 10000);
    expect(desk, "code", 0, shown, "");
    expect(desk, "code", 0, "192.0.2.7:9443", "");
    expect(desk, "code", 0, "ends at 2025-11-21 19:45", "");
    expect(desk, "code --json", 0, "\"expires-ms\":1763754300000", "");
    expect(desk, "code 15m", 2, "", "usage: printhold code");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_list_shows_ones_own_held_jobs,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(an_empty_list_says_so, setup, teardown),
        cmocka_unit_test_setup_teardown(history_says_what_where_and_why_not,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(
            json_is_one_array_with_the_documented_members, setup, teardown),
        cmocka_unit_test_setup_teardown(
            delete_goes_on_after_a_failure_and_tells_the_first, setup,
            teardown),
        cmocka_unit_test_setup_teardown(a_misspelt_name_changes_nothing, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(keep_and_its_opposite, setup, teardown),
        cmocka_unit_test_setup_teardown(a_code_is_shown_in_two_groups, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(the_status_is_readable, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(mistakes_are_told_with_code_2, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(help_and_version_need_no_service, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(
            an_absent_service_is_named_with_its_remedy, setup, teardown),
        cmocka_unit_test_setup_teardown(
            a_bad_configuration_is_named_with_file_and_line, setup, teardown),
        cmocka_unit_test_setup_teardown(config_check_tells_all_that_is_wrong,
                                        setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
