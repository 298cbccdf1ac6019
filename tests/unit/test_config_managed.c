/* Unit tests of model/config_managed, with a device management of our own: what
 * is defined here is what config_managed_darwin.c does on a Mac. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <fcntl.h>
#include <unistd.h>

#include <cmocka.h>

#include "command.h"
#include "printhold/base/attr.h"
#include "printhold/base/err.h"
#include "printhold/base/io.h"
#include "printhold/model/config.h"
#include "printhold/model/config_managed.h"
#include "scratch.h"

static const struct ph_managed_value *forced;
static size_t forced_count;

int
ph_managed_read(ph_managed_cb take, void *arg)
{
    int err = PH_OK;

    for (size_t i = 0; err == PH_OK && i < forced_count; i++)
        err = take(&forced[i], arg);
    return err;
}

int
ph_managed_token(char *out_token, size_t cap)
{
    (void)out_token;
    (void)cap;
    return PH_ERR_NOT_FOUND;
}

struct place {
    struct scratch scratch;
    const char *dir;
    char out[300];
};

static int
setup(void **state)
{
    struct place *place = calloc(1, sizeof(*place));

    if (place == NULL)
        return -1;
    scratch_make(&place->scratch);
    place->dir = place->scratch.path;
    (void)snprintf(place->out, sizeof(place->out), "%s/out", place->dir);
    forced_count = 0;
    *state = place;
    return setenv("PRINTHOLD_CONFIG_DIR", place->dir, 1);
}

static int
teardown(void **state)
{
    struct place *place = *state;

    scratch_remove(&place->scratch);
    free(place);
    return unsetenv("PRINTHOLD_CONFIG_DIR");
}

static void
put(const struct place *place, const char *text)
{
    char path[300];
    FILE *file;

    (void)snprintf(path, sizeof(path), "%s/printhold.conf", place->dir);
    file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static const struct ph_managed_value good[] = {
    {"jobs", "retention", " 3d "},
    {"release", "offline_code", "no"},
    {"release", "port", "9444"},
    {"cloud", "url", "wss://a.example wss://b.example"},
    {"agent", "state_dir", "/managed"},
};

static void
what_is_forced_counts_after_every_file(void **state)
{
    struct place *place = *state;
    struct ph_config config;
    struct ph_why why;

    put(place, "[jobs]\nretention = 2d\nhistory = 4d\n");
    forced = good;
    forced_count = PH_COUNT(good);
    if (ph_config_load(place->dir, &config, &why) != PH_OK)
        fail_msg("%s", why.text);
    assert_int_equal(config.retention_s, 3 * 86400);
    assert_int_equal(config.history_s, 4 * 86400);
    assert_string_equal(config.offline_code, "no");
    assert_int_equal(config.release_port, 9444);
    assert_string_equal(config.cloud_url, "wss://a.example wss://b.example");
    assert_string_equal(config.key_file, "/managed/machine.key");
}

/* cupsd's sandbox keeps the backend from asking. */
static void
the_backend_reads_files_alone(void **state)
{
    struct place *place = *state;
    struct ph_config config;
    struct ph_why why;

    forced = good;
    forced_count = PH_COUNT(good);
    put(place, "[jobs]\nretention = 2d\n");
    assert_int_equal(ph_config_load_files(place->dir, &config, NULL, &why),
                     PH_OK);
    assert_int_equal(config.retention_s, 2 * 86400);
}

static char long_text[PH_CONFIG_LINE_MAX + 2];

static const struct {
    const char *name;
    struct ph_managed_value value;
    const char *why; /* must be in the text */
} bad[] = {
    {"unknown key",
     {"jobs", "retenton", "3d"},
     "managed preferences: jobs.retenton: there is no such setting"},
    {"key of another section",
     {"jobs", "port", "1"},
     "jobs.port: there is no such"},
    {"section that is a text",
     {"jobs", NULL, "3d"},
     "managed preferences: jobs: must be a dictionary"},
    {"value of no type", {"jobs", "retention", NULL}, "must be 1h to 7d"},
    {"duration without unit",
     {"jobs", "retention", "86400"},
     "managed preferences: jobs.retention: '86400' must be 1h to 7d"},
    {"retention too long", {"jobs", "retention", "8d"}, "must be 1h to 7d"},
    {"port beyond 65535", {"release", "port", "65536"}, "must be 0 to 65535"},
    {"boolean for a number", {"release", "port", "yes"}, "must be 0 to"},
    {"choice of nothing", {"release", "offline_code", "1"}, "one of yes|no"},
    {"relative path", {"agent", "state_dir", "var"}, "an absolute path"},
    {"cloud without encryption",
     {"cloud", "url", "ws://a.example"},
     "a wss:// URL"},
    {"line feed", {"owner", "domain", "a\n[jobs]"}, "text of 0 to 255 bytes"},
    {"control character", {"owner", "domain", "a\x1b[2J"}, "text of 0 to"},
    {"not UTF-8", {"owner", "domain", "\xff"}, "text of 0 to"},
    {"longer than a line", {"owner", "domain", long_text}, "text of 0 to"},
    {"what the backend reads",
     {"backend", "agent_wait", "30s"},
     "backend.agent_wait: the CUPS backend reads it"},
    {"socket of the backend",
     {"agent", "capture_socket", "/s"},
     "agent.capture_socket: the CUPS backend reads it"},
    {"size that the backend minds",
     {"jobs", "job_size_max", "1G"},
     "the CUPS backend reads it"},
};

static void
what_is_wrong_is_refused_by_name(void **state)
{
    struct ph_config before, config;
    struct ph_why why;

    (void)state;
    memset(long_text, 'a', sizeof(long_text) - 1);
    ph_config_init(&before);
    for (size_t i = 0; i < PH_COUNT(bad); i++) {
        int err;

        config = before;
        err = ph_managed_take(&config, &bad[i].value, NULL, &why);
        if (err != PH_ERR_CONFIG || strstr(why.text, bad[i].why) == NULL)
            fail_msg("%s: %s, \"%s\"", bad[i].name, ph_err_text(err),
                     err == PH_OK ? "" : why.text);
        assert_memory_equal(&config, &before, sizeof(config));
    }
}

static void
a_bad_one_fails_the_load_and_all_are_found_by_a_check(void **state)
{
    static struct ph_managed_value values[PH_COUNT(bad)];
    struct place *place = *state;
    struct ph_findings *findings = calloc(1, sizeof(*findings));
    const struct ph_config_notes notes = {NULL, findings};
    struct ph_config config;
    struct ph_why why;

    assert_non_null(findings);
    for (size_t i = 0; i < PH_COUNT(bad); i++)
        values[i] = bad[i].value;
    forced = values;
    forced_count = PH_COUNT(bad);
    assert_int_equal(ph_config_load(place->dir, &config, &why), PH_ERR_CONFIG);
    assert_non_null(strstr(why.text, bad[0].why));
    put(place, "[jobs]\nbad\n");
    assert_int_equal(ph_config_load_noting(place->dir, &config, &notes, &why),
                     PH_OK);
    assert_int_equal(findings->count, 1 + PH_COUNT(bad));
    assert_non_null(
        strstr(findings->list[0].why.text, "printhold.conf:2: neither"));
    assert_string_equal(findings->list[1].file, PH_CONFIG_MANAGED);
    assert_int_equal(findings->list[1].line, 0);
    free(findings);
}

/* What 'printhold config ...' prints. */
static void
run(const struct place *place, const char *what, unsigned options, int want,
    char *out, size_t cap)
{
    char word[8];
    char *args[] = {word};
    const struct ph_command_line line = {
        .command = ph_command_find("config"),
        .options = options,
        .args = args,
        .arg_count = 1,
    };
    int kept = dup(STDOUT_FILENO);
    int fd = open(place->out, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    size_t len = 0;
    int code;

    (void)snprintf(word, sizeof(word), "%s", what);
    assert_true(kept >= 0 && fd >= 0);
    (void)fflush(stdout);
    assert_true(dup2(fd, STDOUT_FILENO) >= 0);
    code = ph_cmd_config(&line);
    (void)fflush(stdout);
    assert_true(dup2(kept, STDOUT_FILENO) >= 0);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    assert_int_equal(ph_io_read_full(fd, out, cap - 1, &len), PH_OK);
    out[len] = '\0';
    (void)close(fd);
    (void)close(kept);
    assert_int_equal(code, want);
}

static void
the_command_says_what_is_managed(void **state)
{
    struct place *place = *state;
    char *out = malloc(65536);

    assert_non_null(out);
    put(place, "[jobs]\nretention = 2d\nhistory = 4d\n");
    forced = good;
    forced_count = PH_COUNT(good);
    run(place, "show", PH_OPTION_ORIGIN, PH_EXIT_OK, out, 65536);
    assert_non_null(strstr(out, "# managed preferences\nretention = 3d\n"));
    assert_non_null(strstr(out, "/printhold.conf:3\nhistory = 4d\n"));
    assert_non_null(strstr(out, "# default\nkeep = 30d\n"));
    run(place, "show", PH_OPTION_ORIGIN | PH_OPTION_JSON, PH_EXIT_OK, out,
        65536);
    assert_non_null(strstr(out, "\"value\": \"3d\""));
    assert_non_null(strstr(out, "\"origin\": \"managed\"\n"));
    run(place, "check", 0, PH_EXIT_OK, out, 65536);
    assert_non_null(strstr(out, "valid"));
    forced = &bad[0].value;
    forced_count = 1;
    run(place, "check", PH_OPTION_JSON, PH_EXIT_FAILURE, out, 65536);
    assert_non_null(strstr(out, "\"file\": \"managed preferences\"\n"));
    assert_null(strstr(out, "\"line\""));
    free(out);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_forced_counts_after_every_file,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(the_backend_reads_files_alone, setup,
                                        teardown),
        cmocka_unit_test(what_is_wrong_is_refused_by_name),
        cmocka_unit_test_setup_teardown(
            a_bad_one_fails_the_load_and_all_are_found_by_a_check, setup,
            teardown),
        cmocka_unit_test_setup_teardown(the_command_says_what_is_managed, setup,
                                        teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
