#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "printhold/base/attr.h"
#include "printhold/base/err.h"
#include "printhold/base/log.h"

struct record {
    int count;
    enum ph_log_level level;
    char text[1200];
};

static void
on_record(enum ph_log_level level, const char *text, void *arg)
{
    struct record *record = arg;

    record->count++;
    record->level = level;
    assert_true(strlen(text) < sizeof(record->text));
    memcpy(record->text, text, strlen(text) + 1);
}

static int
setup(void **state)
{
    static struct record record;

    memset(&record, 0, sizeof(record));
    ph_log_set_sink(on_record, &record);
    ph_log_set_level(PH_LOG_INFO);
    *state = &record;
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    ph_log_set_sink(NULL, NULL);
    return 0;
}

static void
a_hostile_title_cannot_forge_a_line(void **state)
{
    struct record *record = *state;

    ph_log_notice("title %s.", "x\nNov 21 root: forged\r\x1b[2J\x7f\t");
    assert_int_equal(record->count, 1);
    assert_int_equal(record->level, PH_LOG_NOTICE);
    assert_string_equal(record->text,
                        "title x\\x0aNov 21 root: forged\\x0d\\x1b[2J\\x7f"
                        "\\x09.");
}

static void
percent_signs_in_arguments_are_text(void **state)
{
    struct record *record = *state;

    ph_log_info("%s", "%n%s%x");
    assert_string_equal(record->text, "%n%s%x");
}

static void
long_records_are_cut(void **state)
{
    struct record *record = *state;
    char text[4000];

    memset(text, 1, sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    ph_log_error("%s", text);
    assert_int_equal(record->count, 1);
    assert_true(strlen(record->text) < 1000);
    memset(text, 'a', sizeof(text) - 1);
    ph_log_error("%s", text);
    assert_true(strlen(record->text) < 1000);
    assert_true(strlen(record->text) > 900);
}

static void
levels_above_the_chosen_one_are_dropped(void **state)
{
    struct record *record = *state;

    ph_log_debug("not this");
    assert_int_equal(record->count, 0);
    ph_log_set_level(PH_LOG_DEBUG);
    ph_log_debug("but this");
    assert_int_equal(record->count, 1);
    ph_log_set_level(PH_LOG_ERROR);
    ph_log_warning("not this");
    assert_int_equal(record->count, 1);
}

static void
level_names_are_read_exactly(void **state)
{
    static const char *const bad[] = {"",      "Error", "err",     "info ",
                                      "trace", "6",     "notice\n"};
    enum ph_log_level level = PH_LOG_ERROR;

    (void)state;
    assert_int_equal(ph_log_level_parse("debug", &level), PH_OK);
    assert_int_equal(level, PH_LOG_DEBUG);
    for (size_t i = 0; i < PH_COUNT(bad); i++)
        assert_int_equal(ph_log_level_parse(bad[i], &level), PH_ERR_INVALID);
    assert_int_equal(ph_log_level_parse(NULL, &level), PH_ERR_INVALID);
    assert_int_equal(level, PH_LOG_DEBUG);
}

/* What one record writes on standard error. */
static void
capture_stderr(char *dst, size_t cap)
{
    int fds[2], saved = dup(STDERR_FILENO);
    ssize_t len;

    assert_true(saved >= 0);
    assert_int_equal(pipe(fds), 0);
    assert_int_equal(dup2(fds[1], STDERR_FILENO), STDERR_FILENO);
    ph_log_warning("disk is %s, continuing", "slow");
    assert_int_equal(dup2(saved, STDERR_FILENO), STDERR_FILENO);
    len = read(fds[0], dst, cap - 1);
    assert_true(len > 0);
    dst[len] = '\0';
    (void)close(fds[0]);
    (void)close(fds[1]);
    (void)close(saved);
}

static void
standard_error_gets_one_line_in_the_readers_form(void **state)
{
    char line[2000];

    (void)state;
    ph_log_set_sink(NULL, NULL);
    (void)unsetenv("JOURNAL_STREAM");
    capture_stderr(line, sizeof(line));
    assert_non_null(strstr(line, "Z warning: disk is slow, continuing\n"));
    assert_int_equal(setenv("JOURNAL_STREAM", "8:1", 1), 0);
    capture_stderr(line, sizeof(line));
    assert_string_equal(line, "<4>disk is slow, continuing\n");
    (void)unsetenv("JOURNAL_STREAM");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_hostile_title_cannot_forge_a_line,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(percent_signs_in_arguments_are_text,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(long_records_are_cut, setup, teardown),
        cmocka_unit_test_setup_teardown(levels_above_the_chosen_one_are_dropped,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(level_names_are_read_exactly, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(
            standard_error_gets_one_line_in_the_readers_form, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
