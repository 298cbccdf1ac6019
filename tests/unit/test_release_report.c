/* Reports of releases, as printers send them. */
#include "printhold/proto/release_report.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "printhold/base/attr.h"
#include "printhold/base/err.h"

#define ID "0123456789abcdef0123456789abcdef"
#define REPORT(id, ws, job, result, more)                          \
    "{\"id\":\"" id "\",\"workstation\":\"" ws "\",\"job\":\"" job \
    "\",\"result\":\"" result "\"" more "}"

static int
take(const char *text, struct ph_printer_report *out)
{
    json_t *root = NULL;
    int err = ph_json_parse(text, strlen(text), 4096, &root);

    if (err == PH_OK)
        err = ph_release_report_take(root, out, NULL);
    json_decref(root);
    return err;
}

static void
what_is_written_is_taken(void **state)
{
    static const char *const cases[] = {
        REPORT(ID, "ws-a", ID, "printed", ""),
        REPORT(ID, "ws-a", ID, "failed", ",\"impressions\":0"),
        REPORT(ID, "ws-a", ID, "partly", ",\"impressions\":12,\"sheets\":6"),
    };
    struct ph_printer_report report;
    struct ph_buf text;

    (void)state;
    ph_buf_init(&text, 4096);
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        assert_int_equal(take(cases[i], &report), PH_OK);
        assert_int_equal(ph_release_report_put(&report, &text), PH_OK);
        assert_string_equal(ph_buf_str(&text), cases[i]);
    }
    assert_int_equal(report.impressions, 12);
    assert_int_equal(report.sheets, 6);
    ph_buf_close(&text);
}

static void
what_is_no_report_is_refused(void **state)
{
    static const char *const cases[] = {
        "{}",
        REPORT("", "ws-a", ID, "printed", ""),
        REPORT("0123456789ABCDEF0123456789abcdef", "ws-a", ID, "printed", ""),
        REPORT(ID, "", ID, "printed", ""),
        REPORT(ID, "ws/a", ID, "printed", ""),
        REPORT(ID, "ws-01234567890123456789012345678901234567890", ID,
               "printed", ""),
        REPORT(ID, "ws-a", "1", "printed", ""),
        REPORT(ID, "ws-a", ID, "Printed", ""),
        REPORT(ID, "ws-a", ID, "", ""),
        REPORT(ID, "ws-a", ID, "printed", ",\"impressions\":-1"),
        REPORT(ID, "ws-a", ID, "printed", ",\"impressions\":\"1\""),
        REPORT(ID, "ws-a", ID, "printed", ",\"sheets\":9007199254740992"),
        REPORT(ID, "ws-a", ID, "printed", ",\"login\":\"bob\""),
    };
    struct ph_printer_report report = {.sheets = 42};

    (void)state;
    for (size_t i = 0; i < PH_COUNT(cases); i++)
        assert_int_not_equal(take(cases[i], &report), PH_OK);
    assert_int_equal(report.sheets, 42);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_taken),
        cmocka_unit_test(what_is_no_report_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
