#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "printhold/base/attr.h"
#include "printhold/base/clock.h"
#include "printhold/base/err.h"
#include "printhold/base/id.h"

static void
ids_differ_and_survive_their_text(void **state)
{
    struct ph_id a, b, back;
    char text[PH_ID_TEXT];

    (void)state;
    assert_int_equal(ph_id_make(&a), PH_OK);
    assert_int_equal(ph_id_make(&b), PH_OK);
    assert_false(ph_id_equal(&a, &b));
    ph_id_format(&a, text);
    assert_int_equal(strlen(text), 32);
    assert_int_equal(ph_id_parse(text, &back), PH_OK);
    assert_true(ph_id_equal(&a, &back));
}

static void
only_32_lower_case_digits_are_an_id(void **state)
{
    static const char *const bad[] = {
        "",
        "0123456789abcdef0123456789abcde",
        "0123456789abcdef0123456789abcdef0",
        "0123456789ABCDEF0123456789abcdef",
        "0123456789abcdef0123456789abcdeg",
        "../../../../../../../etc/passwd0",
        "01234567-89ab-cdef-0123-456789ab",
        " 123456789abcdef0123456789abcdef",
    };
    struct ph_id id = {{1, 2, 3}};
    struct ph_id before = id;

    (void)state;
    for (size_t i = 0; i < PH_COUNT(bad); i++)
        assert_int_equal(ph_id_parse(bad[i], &id), PH_ERR_SYNTAX);
    assert_int_equal(ph_id_parse(NULL, &id), PH_ERR_SYNTAX);
    assert_true(ph_id_equal(&id, &before));
}

static int64_t now_ms;

static int64_t
moved(void)
{
    return now_ms;
}

static void
version_7_ids_order_by_time(void **state)
{
    struct ph_id first, second;
    char text[PH_UUID_TEXT];

    (void)state;
    ph_clock_set_wall(moved);
    now_ms = INT64_C(0x0123456789ab);
    assert_int_equal(ph_id_make_v7(&first), PH_OK);
    now_ms++;
    assert_int_equal(ph_id_make_v7(&second), PH_OK);
    ph_clock_set_wall(NULL);
    assert_memory_equal(first.bytes, "\x01\x23\x45\x67\x89\xab", 6);
    assert_int_equal(first.bytes[6] >> 4, 7);
    assert_int_equal(first.bytes[8] >> 6, 2);
    assert_true(memcmp(first.bytes, second.bytes, PH_ID_BYTES) < 0);
    ph_id_format_uuid(&first, text);
    assert_int_equal(strlen(text), 36);
    assert_memory_equal(text, "01234567-89ab-7", 15);
    assert_int_equal(text[23], '-');
}

static void
random_bytes_come_in_any_length(void **state)
{
    uint8_t a[1000] = {0}, b[1000] = {0};
    size_t zeros = 0;

    (void)state;
    assert_int_equal(ph_random(a, 0), PH_OK);
    assert_int_equal(ph_random(a, sizeof(a)), PH_OK);
    assert_int_equal(ph_random(b, sizeof(b)), PH_OK);
    assert_memory_not_equal(a, b, sizeof(a));
    for (size_t i = 0; i < sizeof(a); i++)
        zeros += a[i] == 0;
    assert_true(zeros < 100); /* 4 expected */
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_differ_and_survive_their_text),
        cmocka_unit_test(only_32_lower_case_digits_are_an_id),
        cmocka_unit_test(version_7_ids_order_by_time),
        cmocka_unit_test(random_bytes_come_in_any_length),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
