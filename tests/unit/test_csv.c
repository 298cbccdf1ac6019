/* Cells of CSV. */
#include "printhold/base/csv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "printhold/base/attr.h"
#include "printhold/base/err.h"

static const struct {
    const char *text;
    const char *cell;
} cases[] = {
    {"", "\"\""},
    {"plain", "\"plain\""},
    {"say \"hi\", now", "\"say \"\"hi\"\", now\""},
    {"a\r\nb", "\"a\r\nb\""},
    {"=HYPERLINK(1)", "\"'=HYPERLINK(1)\""},
    {"+1", "\"'+1\""},
    {"-1", "\"'-1\""},
    {"@SUM(A1)", "\"'@SUM(A1)\""},
    {"\tx", "\"'\tx\""},
    {"\rx", "\"'\rx\""},
    {"\nx", "\"'\nx\""},
    {"\xef\xbc\x9d"
     "1",
     "\"'\xef\xbc\x9d"
     "1\""}, /* full-width = */
    {"\xef\xbc\x8b", "\"'\xef\xbc\x8b\""},
    {"\xef\xbc\x8d", "\"'\xef\xbc\x8d\""},
    {"\xef\xbc\xa0", "\"'\xef\xbc\xa0\""},
    {"\xef\xbc\x9c", "\"\xef\xbc\x9c\""}, /* full-width < is none */
    {"a=b", "\"a=b\""},
};

static void
a_cell_is_text_and_nothing_else(void **state)
{
    struct ph_buf buf;

    (void)state;
    ph_buf_init(&buf, 256);
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        ph_buf_clear(&buf);
        assert_int_equal(ph_csv_put(&buf, cases[i].text), PH_OK);
        assert_string_equal(ph_buf_str(&buf), cases[i].cell);
    }
    ph_buf_close(&buf);
}

static void
a_cell_without_room_is_refused(void **state)
{
    struct ph_buf buf;

    (void)state;
    ph_buf_init(&buf, 4);
    assert_int_equal(ph_csv_put(&buf, "abc"), PH_ERR_TOO_BIG);
    ph_buf_close(&buf);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cell_is_text_and_nothing_else),
        cmocka_unit_test(a_cell_without_room_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
