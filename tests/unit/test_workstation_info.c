#include "printhold/proto/workstation_info.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "printhold/base/err.h"

static void
the_document_says_what_is_known_and_nothing_of_people(void **state)
{
    static const char *const addresses[] = {"192.0.2.20:9443",
                                            "[2001:db8::20]:9443"};
    const struct ph_workstation_info info = {
        .at_ms = 1795375800000,
        .workstation = "ws-k3v9",
        .host = "lt-alice",
        .addresses = addresses,
        .address_count = 2,
        .version = "0.1.0",
        .os_name = "Debian GNU/Linux",
        .os_version = "12",
        .key_level = "tpm2",
        .spool_jobs = 3,
        .spool_bytes = 4096,
        .spool_bytes_max = 1 << 30,
        .dropped = 2,
    };
    struct ph_buf buf;

    (void)state;
    ph_buf_init(&buf, PH_WORKSTATION_INFO_BYTES_MAX);
    assert_int_equal(ph_workstation_info_put(&info, &buf), PH_OK);
    assert_string_equal(
        ph_buf_str(&buf),
        "{\"v\":1,\"at\":\"2026-11-22T19:30:00.000Z\",\"ws\":\"ws-k3v9\","
        "\"host\":\"lt-alice\",\"addr\":[\"192.0.2.20:9443\","
        "\"[2001:db8::20]:9443\"],\"ver\":\"0.1.0\","
        "\"os\":{\"name\":\"Debian GNU/Linux\",\"version\":\"12\"},"
        "\"key-level\":\"tpm2\","
        "\"spool\":{\"jobs\":3,\"bytes\":4096,\"bytes-max\":1073741824},"
        "\"dropped\":2}");
    ph_buf_close(&buf);
}

static void
what_is_not_known_is_left_out_and_malformed_text_refused(void **state)
{
    struct ph_workstation_info info = {.workstation = "ws-a", .version = "1"};
    struct ph_buf buf;

    (void)state;
    ph_buf_init(&buf, PH_WORKSTATION_INFO_BYTES_MAX);
    info.spool_jobs = info.spool_bytes = info.spool_bytes_max = -1;
    info.dropped = -1;
    assert_int_equal(ph_workstation_info_put(&info, &buf), PH_OK);
    assert_string_equal(ph_buf_str(&buf),
                        "{\"v\":1,\"ws\":\"ws-a\",\"addr\":[],\"ver\":\"1\","
                        "\"os\":{},\"spool\":{}}");
    info.host = "a\xff";
    assert_int_equal(ph_workstation_info_put(&info, &buf), PH_ERR_INVALID);
    ph_buf_close(&buf);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_document_says_what_is_known_and_nothing_of_people),
        cmocka_unit_test(
            what_is_not_known_is_left_out_and_malformed_text_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
