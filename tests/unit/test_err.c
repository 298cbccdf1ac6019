#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "printhold/base/attr.h"
#include "printhold/base/err.h"

struct row {
    int value;
    const char *keyword;
    const char *text;
};

#define ROW(name, value, keyword, text) {value, keyword, text},
static const struct row rows[] = {PH_ERR_LIST(ROW)};

static void
every_code_has_its_own_value_and_keyword(void **state)
{
    (void)state;
    for (size_t i = 0; i < PH_COUNT(rows); i++) {
        assert_true(rows[i].value < 0);
        assert_string_equal(ph_err_text(rows[i].value), rows[i].text);
        assert_string_equal(ph_err_keyword(rows[i].value), rows[i].keyword);
        for (size_t j = 0; j < i; j++) {
            assert_int_not_equal(rows[i].value, rows[j].value);
            assert_string_not_equal(rows[i].keyword, rows[j].keyword);
        }
    }
}

static void
codes_outside_the_list_are_unknown(void **state)
{
    static const int others[] = {1, -9999, INT32_MAX, INT32_MIN};

    (void)state;
    assert_string_equal(ph_err_text(PH_OK), "success");
    assert_string_equal(ph_err_keyword(PH_OK), "ok");
    for (size_t i = 0; i < PH_COUNT(others); i++) {
        assert_string_equal(ph_err_text(others[i]), "unknown error");
        assert_string_equal(ph_err_keyword(others[i]), "unknown");
    }
}

static void
errno_values_become_codes(void **state)
{
    static const struct {
        int errnum;
        int err;
    } cases[] = {
        {0, PH_OK},
        {ENOMEM, PH_ERR_NOMEM},
        {ENOSPC, PH_ERR_NO_SPACE},
        {EDQUOT, PH_ERR_NO_SPACE},
        {EFBIG, PH_ERR_NO_SPACE},
        {EEXIST, PH_ERR_EXISTS},
        {ENOENT, PH_ERR_NOT_FOUND},
        {EACCES, PH_ERR_DENIED},
        {EROFS, PH_ERR_DENIED},
        {ELOOP, PH_ERR_DENIED},
        {EAGAIN, PH_ERR_AGAIN},
        {EPIPE, PH_ERR_CLOSED},
        {EMFILE, PH_ERR_LIMIT},
        {EIO, PH_ERR_IO},
        {EXDEV, PH_ERR_IO},
        {-5, PH_ERR_IO},
    };

    (void)state;
    for (size_t i = 0; i < PH_COUNT(cases); i++)
        assert_int_equal(ph_err_from_errno(cases[i].errnum), cases[i].err);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_has_its_own_value_and_keyword),
        cmocka_unit_test(codes_outside_the_list_are_unknown),
        cmocka_unit_test(errno_values_become_codes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
