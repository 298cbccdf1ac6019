/* Unit tests of all that is wrong with a configuration: findings, config_rules,
 * and the readers when they go on behind a mistake. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "printhold/base/attr.h"
#include "printhold/base/err.h"
#include "printhold/model/config.h"
#include "scratch.h"

static int
setup(void **state)
{
    struct scratch *place = calloc(1, sizeof(*place));
    char path[300];

    if (place == NULL)
        return -1;
    scratch_make(place);
    (void)snprintf(path, sizeof(path), "%s/conf.d", place->path);
    *state = place;
    return mkdir(path, 0755);
}

static int
teardown(void **state)
{
    scratch_remove(*state);
    free(*state);
    return 0;
}

static void
put(const struct scratch *place, const char *name, const char *text,
    mode_t mode)
{
    char path[300];

    (void)snprintf(path, sizeof(path), "%s/%s", place->path, name);
    (void)unlink(path);
    scratch_write(path, text, strlen(text));
    assert_int_equal(chmod(path, mode), 0);
}

static void
expect_findings(const struct ph_findings *findings, const char *const *texts,
                size_t count)
{
    for (size_t i = 0; i < count && i < findings->count; i++)
        if (strstr(findings->list[i].why.text, texts[i]) == NULL)
            fail_msg("finding %zu: \"%s\", not \"%s\"", i,
                     findings->list[i].why.text, texts[i]);
    assert_int_equal(findings->count, count);
    assert_int_equal(findings->more, 0);
}

static void
each_mistake_is_found_with_its_file_and_line(void **state)
{
    static const char *const texts[] = {
        "printhold.conf:3: unknown key 'colour' in [agent]",
        "printhold.conf:4: log_level = loud: must be one of",
        "printhold.conf:5: unknown section [job]",
        "printhold.conf:7: neither [section]",
        "conf.d/10-a.conf: must not be writable by group",
        "conf.d/20-b.conf:1: key 'x' before any",
        "conf.d/20-b.conf:2: section without closing ]",
        "conf.d/20-b.conf:6: not UTF-8",
        "conf.d/40-d.conf: not a regular file",
    };
    struct scratch *place = *state;
    struct ph_findings *findings = calloc(1, sizeof(*findings));
    const struct ph_config_notes notes = {NULL, findings};
    struct ph_config config;
    struct ph_why why;
    char path[300];

    assert_non_null(findings);
    put(place, "printhold.conf",
        "\xef\xbb\xbf# BOM\n[agent]\ncolour = red\nlog_level = loud\n"
        "[job]\nretention = of no section\nretention\n"
        "[jobs]\nretention = 3h\n",
        0644);
    put(place, "conf.d/10-a.conf", "[jobs]\nretention = 5h\n", 0666);
    put(place, "conf.d/20-b.conf",
        "x = 1\r\n[jobs\r\ny = 1\r\n\r\n[jobs]\r\nhistory = \xff\r\n"
        "history = 2h",
        0644);
    (void)snprintf(path, sizeof(path), "%s/conf.d/40-d.conf", place->path);
    assert_int_equal(mkfifo(path, 0644), 0);
    assert_int_equal(ph_config_load_noting(place->path, &config, &notes, &why),
                     PH_OK);
    expect_findings(findings, texts, PH_COUNT(texts));
    assert_int_equal(findings->list[1].line, 4);
    assert_int_equal(findings->list[4].line, 0);
    assert_string_equal(findings->list[8].file, path);
    /* What is right is taken; of a file with bad rights nothing. */
    assert_int_equal(config.retention_s, 3 * 3600);
    assert_int_equal(config.history_s, 2 * 3600);
    free(findings);
}

static void
what_the_list_has_no_room_for_is_counted(void **state)
{
    struct ph_findings *findings = calloc(1, sizeof(*findings));
    const struct ph_config_notes notes = {NULL, findings};
    struct ph_config config;
    struct ph_why why;
    char text[4 * (PH_FINDINGS_MAX + 7) + 1] = "";

    (void)state;
    assert_non_null(findings);
    for (size_t i = 0; i < PH_FINDINGS_MAX + 7; i++)
        memcpy(text + 4 * i, "bad\n", 5);
    ph_config_init(&config);
    assert_int_equal(ph_config_parse_noting(&config, "f.conf", text,
                                            strlen(text), &notes, &why),
                     PH_OK);
    assert_int_equal(findings->count, PH_FINDINGS_MAX);
    assert_int_equal(findings->more, 7);
    assert_int_equal(findings->list[PH_FINDINGS_MAX - 1].line, PH_FINDINGS_MAX);
    free(findings);
}

static const struct {
    const char *name;
    const char *text;
    unsigned line;   /* that is blamed; 0: nothing is wrong */
    const char *why; /* must be in the text */
} pairs[] = {
    {"certificate without key", "[identity]\ncert_file = /c\n", 2,
     "identity.key_file is not"},
    {"key without certificate", "[identity]\nkey_file = /k\n", 2,
     "identity.cert_file is not"},
    {"pin of no hub", "[enrolment]\npin = sha256-x\n", 2,
     "enrolment.server is not"},
    {"hub that nothing is known of", "[enrolment]\nserver = https://h\n", 2,
     "one of the two"},
    {"hub that two things are known of",
     "[enrolment]\npin = sha256-x\nca_file = /a\nserver = https://h\n", 4,
     "one of the two"},
    {"token without user", "[cloud]\n\ntoken_file = /t\n", 3,
     "cloud.user is not"},
    {"broker without directory key",
     "[identity]\ncert_file = /c\nkey_file = /k\nca_file = /a\n"
     "[cloud]\nurl = wss://b\n",
     6, "cloud.directory_key_file is not"},
    {"broker that nobody vouches for",
     "[identity]\ncert_file = /c\nkey_file = /k\n"
     "[cloud]\ndirectory_key_file = /d\nurl = wss://b\n",
     6, "neither cloud.ca_file"},
    {"keys of nobody",
     "[identity]\ncert_file = /c\nkey_file = /k\n"
     "[release]\nissuer_key_file = /i\n",
     5, "release.issuer is not"},
    {"what an enrolment completes",
     "[cloud]\nurl = wss://b\n[release]\nissuer_key_file = /i\n", 0, NULL},
    {"broker of the system's authorities",
     "[identity]\ncert_file = /c\nkey_file = /k\n"
     "[cloud]\nurl = wss://b\ndirectory_key_file = /d\ntrust = system\n",
     0, NULL},
};

static void
settings_that_do_not_go_together_are_found(void **state)
{
    struct scratch *place = *state;
    struct ph_findings *findings = calloc(1, sizeof(*findings));
    size_t count;
    struct ph_config_notes notes = {NULL, NULL};
    struct ph_config config;
    struct ph_why why;

    (void)ph_config_table(&count);
    notes.origins = calloc(count, sizeof(*notes.origins));
    assert_non_null(notes.origins);
    assert_non_null(findings);
    for (size_t i = 0; i < PH_COUNT(pairs); i++) {
        put(place, "printhold.conf", pairs[i].text, 0644);
        findings->count = 0;
        assert_int_equal(
            ph_config_load_noting(place->path, &config, &notes, &why), PH_OK);
        ph_config_check_rules(&config, notes.origins, findings);
        if (findings->count != (pairs[i].line > 0 ? 1 : 0))
            fail_msg("%s: %zu findings", pairs[i].name, findings->count);
        if (findings->count > 0 &&
            (findings->list[0].line != pairs[i].line ||
             strstr(findings->list[0].why.text, pairs[i].why) == NULL))
            fail_msg("%s: %s", pairs[i].name, findings->list[0].why.text);
    }
    free(notes.origins);
    free(findings);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            each_mistake_is_found_with_its_file_and_line, setup, teardown),
        cmocka_unit_test(what_the_list_has_no_room_for_is_counted),
        cmocka_unit_test_setup_teardown(
            settings_that_do_not_go_together_are_found, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
