/* Unit tests of model/config and config_load. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "printhold/base/attr.h"
#include "printhold/base/err.h"
#include "printhold/base/io.h"
#include "printhold/model/config.h"

static int
parse(struct ph_config *config, const char *text, struct ph_why *why)
{
    ph_config_init(config);
    return ph_config_parse(config, "f.conf", text, strlen(text), why);
}

static void
defaults_are_those_of_the_table(void **state)
{
    struct ph_config config;

    (void)state;
    memset(&config, 0xff, sizeof(config));
    ph_config_init(&config);
    assert_string_equal(config.state_dir, PH_STATE_DIR);
    assert_string_equal(config.key_file, PH_STATE_DIR "/machine.key");
    assert_string_equal(config.control_socket, PH_RUN_DIR "/control.sock");
    assert_int_equal(config.retention_s, 86400);
    assert_true(config.job_size_max == UINT64_C(8) << 30);
    assert_true(config.spool_size_max == UINT64_C(50) << 30);
    assert_int_equal(config.user_jobs_max, 1000);
    assert_int_equal(config.free_reserve, 512 << 20);
    assert_int_equal(config.capture_timeout_s, 600);
    assert_string_equal(config.cloud_url, "");
    assert_string_equal(config.release_address, "::");
    assert_int_equal(config.release_port, 9443);
    assert_int_equal(config.lease_s, 600);
    assert_int_equal(config.agent_wait_s, 30);
}

/* A wrong default would silently be empty or 0. */
static void
every_default_is_a_value_that_a_file_could_set(void **state)
{
    size_t count;
    const struct ph_config_setting *table = ph_config_table(&count);
    struct ph_config defaults, config;
    struct ph_why why;

    (void)state;
    ph_config_init(&defaults);
    for (size_t i = 0; i < count; i++) {
        char line[1024], value[PH_CONFIG_TEXT_MAX];

        ph_config_format(&defaults, &table[i], value, sizeof(value));
        (void)snprintf(line, sizeof(line), "[%s]\n%s = %s\n", table[i].section,
                       table[i].key, table[i].default_text);
        if (parse(&config, line, &why) != PH_OK)
            fail_msg("%s", why.text);
        assert_memory_equal(&config, &defaults, sizeof(config));
        (void)snprintf(line, sizeof(line), "[%s]\n%s = %s\n", table[i].section,
                       table[i].key, value);
        if (parse(&config, line, &why) != PH_OK)
            fail_msg("%s", why.text);
        assert_memory_equal(&config, &defaults, sizeof(config));
    }
}

static void
settings_are_read_with_blanks_comments_and_either_line_end(void **state)
{
    static const char text[] = "\xef\xbb\xbf# comment\r\n"
                               "\t[ jobs ]\r\n"
                               "retention=2h\r\n"
                               "\r\n"
                               "; comment\n"
                               "  job_size_max \t=\t 3M  \n"
                               "retention = 3h\n"
                               "[owner]\n"
                               "domain = example.org\n"
                               "[cloud]\n"
                               "url = wss://broker.example:8443/mqtt";
    struct ph_config config;
    struct ph_why why;

    (void)state;
    if (parse(&config, text, &why) != PH_OK)
        fail_msg("%s", why.text);
    assert_int_equal(config.retention_s, 3 * 3600);
    assert_int_equal(config.job_size_max, 3 << 20);
    assert_string_equal(config.owner_domain, "example.org");
    assert_string_equal(config.cloud_url, "wss://broker.example:8443/mqtt");
}

static const struct {
    const char *name;
    const char *text;
    const char *why; /* must be in the text */
} bad[] = {
    {"unknown key", "[agent]\nfoo = 1\n",
     "f.conf:2: unknown key 'foo' in [agent]; see printhold.conf(5)"},
    {"key of another section", "[agent]\nretention = 1h\n",
     "f.conf:2: unknown key 'retention'"},
    {"unknown section", "\n\n[agents]\n", "f.conf:3: unknown section [agents]"},
    {"key before a section", "retention = 1h\n", "before any [section]"},
    {"section not closed", "[agent\n", "without closing ]"},
    {"no equals sign", "[agent]\nstate_dir\n", "neither [section] nor key"},
    {"empty key", "[agent]\n= 1\n", "unknown key ''"},
    {"relative path", "[agent]\nstate_dir = var/lib\n", "an absolute path"},
    {"empty path where one is needed", "[agent]\nspool_dir =\n",
     "an absolute path"},
    {"retention too short", "[jobs]\nretention = 59m\n", "must be 1h to 7d"},
    {"retention too long", "[jobs]\nretention = 8d\n", "must be 1h to 7d"},
    {"duration without unit", "[jobs]\nretention = 7200\n", "f.conf:2"},
    {"negative size", "[jobs]\nfree_reserve = -1\n", "f.conf:2"},
    {"size beyond 64 bits", "[jobs]\njob_size_max = 99999999999999999999T\n",
     "f.conf:2"},
    {"port beyond 65535", "[release]\nport = 65536\n", "must be 0 to 65535"},
    {"port with blanks inside", "[release]\nport = 94 43\n", "f.conf:2"},
    {"choice not in the list", "[cloud]\ntitle = none\n",
     "one of full|first-word|hidden"},
    {"part of a choice", "[cloud]\ntitle = first\n", "one of"},
    {"two choices", "[cloud]\ntitle = full|hidden\n", "one of"},
    {"empty choice", "[cloud]\ntitle =\n", "one of"},
    {"machine key level that is not built", "[keys]\nlevel = none\n", "one of"},
    {"cloud without encryption", "[cloud]\nurl = ws://broker.example/\n",
     "a wss:// URL"},
    {"cloud by https", "[cloud]\nurl = https://broker.example/\n",
     "a wss:// URL"},
    {"one bad url of two", "[cloud]\nurl = wss://a http://b\n", "a wss:// URL"},
    {"nine urls",
     "[cloud]\nurl = wss://a wss://b wss://c wss://d wss://e wss://f wss://g "
     "wss://h wss://i\n",
     "a wss:// URL"},
    {"trust in nobody", "[cloud]\ntrust = none\n", "one of private|system"},
    {"cloud without a host", "[cloud]\nurl = wss:///mqtt\n", "a wss:// URL"},
    {"cloud with a password", "[cloud]\nurl = wss://u:p@broker.example/\n",
     "a wss:// URL"},
    {"address that is a name", "[release]\naddress = localhost\n",
     "an IPv4 or IPv6 address"},
    {"control character", "[owner]\ndomain = a\x1b[2Jb\n", "control character"},
    {"not UTF-8", "[owner]\ndomain = \xff\n", "not UTF-8"},
    {"bidirectional override",
     "[owner]\ndomain = a\xe2\x80\xae"
     "b\n",
     "control character"},
    {"byte order mark in the middle", "[agent]\n\xef\xbb\xbf[jobs]\n",
     "f.conf:2"},
};

static void
what_is_wrong_is_refused_with_file_and_line(void **state)
{
    struct ph_config before, config;
    struct ph_why why;

    (void)state;
    ph_config_init(&before);
    for (size_t i = 0; i < PH_COUNT(bad); i++) {
        int err = parse(&config, bad[i].text, &why);

        if (err != PH_ERR_CONFIG || strstr(why.text, bad[i].why) == NULL)
            fail_msg("%s: %s, \"%s\"", bad[i].name, ph_err_text(err),
                     err == PH_OK ? "" : why.text);
        assert_memory_equal(&config, &before, sizeof(config));
    }
}

static void
nul_bytes_and_over_long_input_are_refused(void **state)
{
    static const char nul[] = "[owner]\ndomain = a\0b\n";
    struct ph_config config;
    struct ph_why why;
    char *text = malloc(PH_CONFIG_FILE_MAX + 1);

    (void)state;
    ph_config_init(&config);
    assert_int_equal(
        ph_config_parse(&config, "f.conf", nul, sizeof(nul) - 1, &why),
        PH_ERR_CONFIG);
    assert_non_null(text);
    memset(text, '#', PH_CONFIG_FILE_MAX + 1);
    assert_int_equal(ph_config_parse(&config, "f", text, 1025, &why),
                     PH_ERR_CONFIG);
    assert_non_null(strstr(why.text, "f:1: line is longer"));
    assert_int_equal(ph_config_parse(&config, "f", text, 1024, &why), PH_OK);
    memset(text, '\n', PH_CONFIG_FILE_MAX + 1);
    assert_int_equal(
        ph_config_parse(&config, "f", text, PH_CONFIG_FILE_MAX, &why), PH_OK);
    assert_int_equal(
        ph_config_parse(&config, "f", text, PH_CONFIG_FILE_MAX + 1, &why),
        PH_ERR_CONFIG);
    free(text);
}

static void
text_fills_its_field_and_not_more(void **state)
{
    char line[600], value[300];
    struct ph_config config;
    struct ph_why why;

    (void)state;
    memset(value, 'a', sizeof(value));
    value[255] = '\0';
    (void)snprintf(line, sizeof(line), "[owner]\ndomain = %s\n", value);
    assert_int_equal(parse(&config, line, &why), PH_OK);
    assert_string_equal(config.owner_domain, value);
    value[255] = 'a';
    value[256] = '\0';
    (void)snprintf(line, sizeof(line), "[owner]\ndomain = %s\n", value);
    assert_int_equal(parse(&config, line, &why), PH_ERR_CONFIG);
}

static void
the_key_file_follows_directory_and_level(void **state)
{
    static const char second[] = "[agent]\nstate_dir = /b\n";
    static const char third[] = "[keys]\nlevel = file\n";
    struct ph_config config;
    struct ph_why why;

    (void)state;
    assert_int_equal(parse(&config, "[agent]\nstate_dir = /a\n", &why), PH_OK);
    assert_string_equal(config.key_file, "/a/machine.key");
    assert_int_equal(
        ph_config_parse(&config, "g", second, sizeof(second) - 1, &why), PH_OK);
    assert_string_equal(config.key_file, "/b/machine.key");
    assert_int_equal(
        parse(&config, "[agent]\nstate_dir = /a\n[keys]\nfile = /k\n", &why),
        PH_OK);
    assert_string_equal(config.key_file, "/k");
    assert_int_equal(
        parse(&config, "[keys]\nlevel = tpm2\n[agent]\nstate_dir = /a\n", &why),
        PH_OK);
    assert_string_equal(config.key_file, "/a/machine.cred");
    assert_int_equal(
        ph_config_parse(&config, "g", third, sizeof(third) - 1, &why), PH_OK);
    assert_string_equal(config.key_file, "/a/machine.key");
}

/* --- files --- */

struct place {
    char dir[64];
    char drop[80];
};

static int
setup(void **state)
{
    struct place *place = calloc(1, sizeof(*place));

    if (place == NULL)
        return -1;
    (void)snprintf(place->dir, sizeof(place->dir), "/tmp/ph-config-XXXXXX");
    if (mkdtemp(place->dir) == NULL)
        return -1;
    (void)snprintf(place->drop, sizeof(place->drop), "%s/conf.d", place->dir);
    *state = place;
    return mkdir(place->drop, 0755);
}

/* Names used by the tests; those that are not there are no matter. */
static const char *const names[] = {"printhold.conf",   "conf.d/10-a.conf",
                                    "conf.d/20-b.conf", "conf.d/30-c.conf~",
                                    "conf.d/.hid.conf", "conf.d/40-d.conf"};

static int
teardown(void **state)
{
    struct place *place = *state;
    char path[160];

    for (size_t i = 0; i < PH_COUNT(names); i++) {
        (void)snprintf(path, sizeof(path), "%s/%s", place->dir, names[i]);
        (void)unlink(path);
        (void)rmdir(path);
    }
    (void)rmdir(place->drop);
    (void)rmdir(place->dir);
    free(place);
    return 0;
}

static void
put(const struct place *place, const char *name, const char *text, mode_t mode)
{
    char path[160];
    int fd;

    (void)snprintf(path, sizeof(path), "%s/%s", place->dir, name);
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(ph_io_write_full(fd, text, strlen(text)), PH_OK);
    assert_int_equal(fchmod(fd, mode), 0);
    assert_int_equal(close(fd), 0);
}

static void
drop_ins_win_in_the_order_of_their_names(void **state)
{
    struct place *place = *state;
    struct ph_config config;
    struct ph_why why;

    put(place, "printhold.conf", "[jobs]\nretention = 2h\n", 0644);
    put(place, "conf.d/20-b.conf", "[jobs]\nuser_jobs_max = 20\n", 0644);
    put(place, "conf.d/10-a.conf",
        "[jobs]\nuser_jobs_max = 10\nretention = 4h\n", 0644);
    put(place, "conf.d/30-c.conf~", "rubbish", 0666);
    put(place, "conf.d/.hid.conf", "rubbish", 0666);
    if (ph_config_load(place->dir, &config, &why) != PH_OK)
        fail_msg("%s", why.text);
    assert_int_equal(config.retention_s, 4 * 3600);
    assert_int_equal(config.user_jobs_max, 20);
}

static void
each_value_says_where_it_comes_from(void **state)
{
    struct place *place = *state;
    size_t count;
    const struct ph_config_setting *table = ph_config_table(&count);
    struct ph_config_origin *origins = calloc(count, sizeof(*origins));
    struct ph_config_notes notes = {NULL, NULL};
    struct ph_config config;
    struct ph_why why;
    char drop[160];

    assert_non_null(origins);
    memset(origins, 0xff, count * sizeof(*origins));
    put(place, "printhold.conf",
        "\xef\xbb\xbf[jobs]\nretention = 2h\n[agent]\nstate_dir = /s\n", 0644);
    put(place, "conf.d/10-a.conf", "[jobs]\r\n\r\nretention = 4h\r\n", 0644);
    (void)snprintf(drop, sizeof(drop), "%s/conf.d/10-a.conf", place->dir);
    notes.origins = origins;
    if (ph_config_load_noting(place->dir, &config, &notes, &why) != PH_OK)
        fail_msg("%s", why.text);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(table[i].key, "retention") == 0) {
            assert_string_equal(origins[i].file, drop);
            assert_int_equal(origins[i].line, 3);
        } else if (strcmp(table[i].key, "state_dir") == 0) {
            assert_int_equal(origins[i].line, 4);
        } else { /* keys.file too, which only follows */
            assert_string_equal(origins[i].file, "");
            assert_int_equal(origins[i].line, 0);
        }
    }
    free(origins);
}

static void
no_file_and_empty_files_mean_the_defaults(void **state)
{
    struct place *place = *state;
    struct ph_config config, defaults;
    struct ph_why why;

    ph_config_init(&defaults);
    assert_int_equal(ph_config_load(place->dir, &config, &why), PH_OK);
    assert_memory_equal(&config, &defaults, sizeof(config));
    put(place, "printhold.conf", "", 0644);
    assert_int_equal(ph_config_load(place->dir, &config, &why), PH_OK);
    assert_memory_equal(&config, &defaults, sizeof(config));
}

static void
the_environment_names_the_directory(void **state)
{
    struct place *place = *state;
    struct ph_config config;
    struct ph_why why;

    put(place, "printhold.conf", "[jobs]\nretention = 2h\n", 0644);
    assert_int_equal(setenv("PRINTHOLD_CONFIG_DIR", place->dir, 1), 0);
    assert_int_equal(ph_config_load(NULL, &config, &why), PH_OK);
    assert_int_equal(config.retention_s, 7200);
    assert_int_equal(setenv("PRINTHOLD_CONFIG_DIR", "/nonexistent/ph", 1), 0);
    assert_int_equal(ph_config_load(NULL, &config, &why), PH_ERR_NOT_FOUND);
    assert_non_null(strstr(why.text, "/nonexistent/ph"));
    assert_int_equal(unsetenv("PRINTHOLD_CONFIG_DIR"), 0);
}

static void
files_that_others_can_write_are_refused_by_name(void **state)
{
    struct place *place = *state;
    struct ph_config config;
    struct ph_why why;

    put(place, "printhold.conf", "[jobs]\n", 0664);
    assert_int_equal(ph_config_load(place->dir, &config, &why), PH_ERR_DENIED);
    assert_non_null(strstr(why.text, "printhold.conf: must not be writable"));
    put(place, "printhold.conf", "[jobs]\n", 0644);
    put(place, "conf.d/10-a.conf", "[jobs]\n", 0602);
    assert_int_equal(ph_config_load(place->dir, &config, &why), PH_ERR_DENIED);
    assert_non_null(strstr(why.text, "conf.d/10-a.conf: must not"));
    put(place, "conf.d/10-a.conf", "[jobs]\n", 0644);
    assert_int_equal(ph_config_load(place->dir, &config, &why), PH_OK);
}

static void
a_drop_in_that_is_no_file_is_refused(void **state)
{
    struct place *place = *state;
    struct ph_config config;
    struct ph_why why;
    char path[160];

    (void)snprintf(path, sizeof(path), "%s/conf.d/40-d.conf", place->dir);
    assert_int_equal(mkdir(path, 0755), 0);
    assert_int_equal(ph_config_load(place->dir, &config, &why), PH_ERR_DENIED);
    assert_non_null(strstr(why.text, "not a regular file"));
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(mkfifo(path, 0644), 0);
    assert_int_equal(ph_config_load(place->dir, &config, &why), PH_ERR_DENIED);
    assert_non_null(strstr(why.text, "40-d.conf: not a regular file"));
}

static void
files_of_other_people_are_refused(void **state)
{
    struct place *place = *state;
    struct ph_config config;
    struct ph_why why;
    char path[160];

    put(place, "conf.d/10-a.conf", "[jobs]\n", 0644);
    (void)snprintf(path, sizeof(path), "%s/conf.d/10-a.conf", place->dir);
    /* A file of root's is fine for everyone; of others we have none. */
    if (geteuid() != 0)
        fail_msg("needs root to give a file away");
    assert_int_equal(chown(path, 65534, 65534), 0);
    assert_int_equal(ph_config_load(place->dir, &config, &why), PH_ERR_DENIED);
    assert_non_null(strstr(why.text, "must be owned by root"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_those_of_the_table),
        cmocka_unit_test(every_default_is_a_value_that_a_file_could_set),
        cmocka_unit_test(
            settings_are_read_with_blanks_comments_and_either_line_end),
        cmocka_unit_test(what_is_wrong_is_refused_with_file_and_line),
        cmocka_unit_test(nul_bytes_and_over_long_input_are_refused),
        cmocka_unit_test(text_fills_its_field_and_not_more),
        cmocka_unit_test(the_key_file_follows_directory_and_level),
        cmocka_unit_test_setup_teardown(
            drop_ins_win_in_the_order_of_their_names, setup, teardown),
        cmocka_unit_test_setup_teardown(each_value_says_where_it_comes_from,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(
            no_file_and_empty_files_mean_the_defaults, setup, teardown),
        cmocka_unit_test_setup_teardown(the_environment_names_the_directory,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(
            files_that_others_can_write_are_refused_by_name, setup, teardown),
        cmocka_unit_test_setup_teardown(a_drop_in_that_is_no_file_is_refused,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(files_of_other_people_are_refused,
                                        setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
