#include "cupslog.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <setjmp.h>

#include <cmocka.h>

static int saved = -1;
static int ends[2];

static void
begin(void)
{
    assert_int_equal(pipe(ends), 0);
    saved = dup(STDERR_FILENO);
    assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
}

/* What was written since begin. */
static size_t
end(char *dst, size_t cap)
{
    ssize_t n;

    assert_true(dup2(saved, STDERR_FILENO) >= 0);
    (void)close(saved);
    (void)close(ends[1]);
    n = read(ends[0], dst, cap - 1);
    (void)close(ends[0]);
    assert_true(n >= 0);
    dst[n] = '\0';
    return (size_t)n;
}

static void
lines_have_the_prefixes_of_cupsd(void **state)
{
    char text[1024];

    (void)state;
    begin();
    ph_cupslog_error("a %d", 1);
    ph_cupslog_info("b");
    ph_cupslog_debug("c");
    ph_cupslog_state("+connecting-to-device");
    (void)end(text, sizeof(text));
    assert_string_equal(text, "ERROR: a 1\nINFO: b\nDEBUG: c\n"
                              "STATE: +connecting-to-device\n");
}

static void
no_text_can_forge_a_line(void **state)
{
    char text[1024];

    (void)state;
    begin();
    ph_cupslog_info("%s", "one\nERROR: two\r\033[2J\xff");
    (void)end(text, sizeof(text));
    assert_string_equal(text, "INFO: one ERROR: two  [2J\xef\xbf\xbd\n");
}

static void
a_long_text_is_one_bounded_line(void **state)
{
    char text[4096], big[3000];
    size_t len;

    (void)state;
    memset(big, 'x', sizeof(big));
    big[sizeof(big) - 1] = '\0';
    begin();
    ph_cupslog_info("%s", big);
    len = end(text, sizeof(text));
    assert_true(len < 600);
    assert_ptr_equal(strchr(text, '\n'), text + len - 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_have_the_prefixes_of_cupsd),
        cmocka_unit_test(no_text_can_forge_a_line),
        cmocka_unit_test(a_long_text_is_one_bounded_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
