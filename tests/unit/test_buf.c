#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "printhold/base/buf.h"
#include "printhold/base/err.h"

static void
integers_are_big_endian(void **state)
{
    static const uint8_t expected[] = {1, 2,  3,  4,  5,  6,  7, 8,
                                       9, 10, 11, 12, 13, 14, 15};
    struct ph_buf buf;

    (void)state;
    ph_buf_init(&buf, 100);
    assert_int_equal(ph_buf_put_u8(&buf, 1), PH_OK);
    assert_int_equal(ph_buf_put_u16(&buf, 0x0203), PH_OK);
    assert_int_equal(ph_buf_put_u32(&buf, 0x04050607), PH_OK);
    assert_int_equal(ph_buf_put_u64(&buf, UINT64_C(0x08090a0b0c0d0e0f)), PH_OK);
    assert_int_equal(buf.len, sizeof(expected));
    assert_memory_equal(buf.data, expected, sizeof(expected));
    ph_buf_close(&buf);
}

static void
the_maximum_holds_and_a_failed_append_changes_nothing(void **state)
{
    struct ph_buf buf;
    uint8_t *old;

    (void)state;
    ph_buf_init(&buf, 10);
    assert_int_equal(ph_buf_put(&buf, "0123456789", 10), PH_OK);
    old = buf.data;
    assert_int_equal(ph_buf_put_u8(&buf, 1), PH_ERR_TOO_BIG);
    assert_int_equal(ph_buf_put(&buf, "x", SIZE_MAX), PH_ERR_TOO_BIG);
    assert_int_equal(ph_buf_printf(&buf, "%d", 1), PH_ERR_TOO_BIG);
    assert_null(ph_buf_reserve(&buf, 1));
    assert_null(ph_buf_str(&buf));
    assert_int_equal(buf.len, 10);
    assert_ptr_equal(buf.data, old);
    assert_memory_equal(buf.data, "0123456789", 10);
    ph_buf_close(&buf);
    assert_null(buf.data);
    assert_int_equal(ph_buf_put_u8(&buf, 1), PH_OK); /* usable again */
    ph_buf_close(&buf);
}

static void
contents_survive_growth(void **state)
{
    struct ph_buf buf;

    (void)state;
    ph_buf_init(&buf, 100000);
    for (unsigned i = 0; i < 50000; i++)
        assert_int_equal(ph_buf_put_u16(&buf, (uint16_t)i), PH_OK);
    assert_int_equal(buf.len, 100000);
    assert_int_equal(buf.data[2 * 49999], 49999 >> 8);
    assert_int_equal(buf.data[2 * 300 + 1], 300 & 255);
    ph_buf_close(&buf);
}

static void
text_is_formatted_and_terminated(void **state)
{
    struct ph_buf buf;

    (void)state;
    ph_buf_init(&buf, 1000);
    assert_string_equal(ph_buf_str(&buf), "");
    assert_int_equal(ph_buf_printf(&buf, "%s-%d", "a", 12), PH_OK);
    assert_int_equal(ph_buf_put_str(&buf, "!"), PH_OK);
    assert_int_equal(buf.len, 5);
    assert_string_equal(ph_buf_str(&buf), "a-12!");
    ph_buf_close(&buf);
}

static void
the_front_can_be_consumed(void **state)
{
    struct ph_buf buf;

    (void)state;
    ph_buf_init(&buf, 100);
    ph_buf_consume(&buf, 0); /* nothing there yet */
    assert_int_equal(ph_buf_put_str(&buf, "abcdef"), PH_OK);
    ph_buf_consume(&buf, 2);
    assert_string_equal(ph_buf_str(&buf), "cdef");
    ph_buf_consume(&buf, 4);
    assert_int_equal(buf.len, 0);
    ph_buf_close(&buf);
}

static void
forgotten_contents_are_wiped(void **state)
{
    struct ph_buf buf;

    (void)state;
    ph_buf_init(&buf, 100);
    assert_int_equal(ph_buf_put_str(&buf, "secret"), PH_OK);
    ph_buf_clear(&buf);
    assert_int_equal(buf.len, 0);
    assert_memory_equal(buf.data, "\0\0\0\0\0\0", 6);
    ph_buf_close(&buf);
}

static void
an_empty_append_is_fine(void **state)
{
    struct ph_buf buf;

    (void)state;
    ph_buf_init(&buf, 0);
    assert_int_equal(ph_buf_put(&buf, NULL, 0), PH_OK);
    assert_int_equal(buf.len, 0);
    ph_buf_clear(&buf);
    ph_buf_close(&buf);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_are_big_endian),
        cmocka_unit_test(the_maximum_holds_and_a_failed_append_changes_nothing),
        cmocka_unit_test(contents_survive_growth),
        cmocka_unit_test(text_is_formatted_and_terminated),
        cmocka_unit_test(the_front_can_be_consumed),
        cmocka_unit_test(forgotten_contents_are_wiped),
        cmocka_unit_test(an_empty_append_is_fine),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
