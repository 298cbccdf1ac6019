/* A record of the audit as JSON and as CSV (RFC 4180). */
#include "printhold/proto/history.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "printhold/base/attr.h"
#include "printhold/base/err.h"

static struct ph_history
full(void)
{
    struct ph_history history;

    memset(&history, 0, sizeof(history));
    history.number = 57;
    history.at_ms = 1763753400123;
    history.count = 1;
    history.impressions = 12;
    history.sheets = 6;
    history.owner_uid = 1001;
    (void)snprintf(history.event, sizeof(history.event), "completed");
    (void)snprintf(history.reason, sizeof(history.reason), "printed");
    (void)snprintf(history.job, sizeof(history.job), "%032d", 7);
    (void)snprintf(history.printer, sizeof(history.printer), "pr-1");
    (void)snprintf(history.amr, sizeof(history.amr), "badge pin");
    (void)snprintf(history.login, sizeof(history.login), "a@example.com");
    (void)snprintf(history.title, sizeof(history.title), "Q3 r\xc3\xa9port");
    (void)snprintf(history.chosen, sizeof(history.chosen), "copies=2");
    (void)snprintf(history.chain, sizeof(history.chain), "%064d", 9);
    return history;
}

static void
a_record_survives_the_way(void **state)
{
    const struct ph_history history = full();
    struct ph_history back;
    struct ph_buf buf;

    (void)state;
    ph_buf_init(&buf, 65536);
    assert_int_equal(ph_history_put(&history, &buf), PH_OK);
    assert_int_equal(ph_history_parse(buf.data, buf.len, &back), PH_OK);
    assert_memory_equal(&history, &back, sizeof(back));
    ph_buf_close(&buf);
}

static void
what_is_not_known_is_left_out(void **state)
{
    static const char text[] =
        "{\"number\":1,\"at-ms\":5,\"event\":\"began\",\"later\":[]}";
    struct ph_history history;
    struct ph_buf buf;

    (void)state;
    assert_int_equal(ph_history_parse(text, strlen(text), &history), PH_OK);
    assert_int_equal(history.sheets, -1);
    assert_int_equal(history.impressions, -1);
    assert_int_equal(history.owner_uid, -1);
    assert_string_equal(history.job, "");
    ph_buf_init(&buf, 65536);
    assert_int_equal(ph_history_put(&history, &buf), PH_OK);
    assert_null(strstr(ph_buf_str(&buf), "owner-uid"));
    assert_null(strstr(ph_buf_str(&buf), "job"));
    ph_buf_close(&buf);
}

static void
malformed_records_are_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "[]",
        "{}",
        "{\"number\":1,\"at-ms\":5}",
        "{\"number\":1,\"event\":\"x\"}",
        "{\"at-ms\":5,\"event\":\"x\"}",
        "{\"number\":\"1\",\"at-ms\":5,\"event\":\"x\"}",
        "{\"number\":-1,\"at-ms\":5,\"event\":\"x\"}",
        "{\"number\":1,\"at-ms\":5,\"event\":7}",
        "{\"number\":1,\"number\":2,\"at-ms\":5,\"event\":\"x\"}",
        ("{\"number\":1,\"at-ms\":5,\"event\":\"x\",\"job\":"
         "\"000000000000000000000000000000001\"}"),
    };
    struct ph_history history;

    (void)state;
    for (size_t i = 0; i < PH_COUNT(bad); i++)
        if (ph_history_parse(bad[i], strlen(bad[i]), &history) == PH_OK)
            fail_msg("taken: %s", bad[i]);
}

static void
the_table_has_a_column_for_each_name(void **state)
{
    static const char expected[] =
        "57,2025-11-21T19:30:00.123Z,\"completed\",\"printed\","
        "\"00000000000000000000000000000007\",\"pr-1\",\"badge pin\",1,12,6,"
        "1001,\"a@example.com\",\"Q3 r\xc3\xa9port\",\"copies=2\","
        "\"00000000000000000000000000000000000000000000000000000000000000"
        "09\"\r\n";
    struct ph_history history = full();
    struct ph_buf buf;
    size_t columns = 0, cells = 0;

    (void)state;
    ph_buf_init(&buf, 65536);
    assert_int_equal(ph_history_csv_head(&buf), PH_OK);
    for (size_t i = 0; i < buf.len; i++)
        columns += buf.data[i] == ',';
    ph_buf_clear(&buf);
    assert_int_equal(ph_history_csv(&history, &buf), PH_OK);
    assert_string_equal(ph_buf_str(&buf), expected);
    for (size_t i = 0; i < buf.len; i++)
        cells += buf.data[i] == ',';
    assert_int_equal(columns, cells);
    history.sheets = history.impressions = history.owner_uid = -1;
    ph_buf_clear(&buf);
    assert_int_equal(ph_history_csv(&history, &buf), PH_OK);
    assert_non_null(strstr(ph_buf_str(&buf), "\"badge pin\",1,,,,\"a@"));
    ph_buf_close(&buf);
}

static const struct {
    const char *title;
    const char *cell;
} cells[] = {
    {"say \"hi\", now", ",\"say \"\"hi\"\", now\","},
    {"\"", ",\"\"\"\","},
    {"a\r\nb", ",\"a\r\nb\","},
    {"=HYPERLINK(1)", ",\"'=HYPERLINK(1)\","},
    {"+1", ",\"'+1\","},
    {"-1", ",\"'-1\","},
    {"@SUM(A1)", ",\"'@SUM(A1)\","},
    {"\tx", ",\"'\tx\","},
    {"\rx", ",\"'\rx\","},
    {"a=b", ",\"a=b\","},
    {"", ",\"\","},
};

static void
no_cell_breaks_its_line_or_is_a_formula(void **state)
{
    struct ph_history history = full();
    struct ph_buf buf;

    (void)state;
    for (size_t i = 0; i < PH_COUNT(cells); i++) {
        (void)snprintf(history.title, sizeof(history.title), "%s",
                       cells[i].title);
        ph_buf_init(&buf, 65536);
        assert_int_equal(ph_history_csv(&history, &buf), PH_OK);
        if (strstr(ph_buf_str(&buf), cells[i].cell) == NULL)
            fail_msg("%s: %s", cells[i].title, ph_buf_str(&buf));
        ph_buf_close(&buf);
    }
}

static void
a_line_without_room_is_no_half_line(void **state)
{
    const struct ph_history history = full();
    struct ph_buf buf;

    (void)state;
    ph_buf_init(&buf, 100);
    assert_int_equal(ph_buf_put_str(&buf, "before"), PH_OK);
    assert_int_equal(ph_history_csv(&history, &buf), PH_ERR_TOO_BIG);
    assert_int_equal(buf.len, 6);
    ph_buf_close(&buf);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_survives_the_way),
        cmocka_unit_test(what_is_not_known_is_left_out),
        cmocka_unit_test(malformed_records_are_refused),
        cmocka_unit_test(the_table_has_a_column_for_each_name),
        cmocka_unit_test(no_cell_breaks_its_line_or_is_a_formula),
        cmocka_unit_test(a_line_without_room_is_no_half_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
