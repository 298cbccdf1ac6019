#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "printhold/base/cursor.h"
#include "printhold/base/err.h"

static const uint8_t bytes[] = {1, 2,  3,  4,  5,  6,  7, 8,
                                9, 10, 11, 12, 13, 14, 15};

static void
integers_are_read_in_order(void **state)
{
    struct ph_cursor cur;
    uint64_t u64 = 0;
    uint32_t u32 = 0;
    uint16_t u16 = 0;
    uint8_t u8 = 0;

    (void)state;
    ph_cursor_init(&cur, bytes, sizeof(bytes));
    assert_int_equal(ph_cursor_u8(&cur, &u8), PH_OK);
    assert_int_equal(ph_cursor_u16(&cur, &u16), PH_OK);
    assert_int_equal(ph_cursor_u32(&cur, &u32), PH_OK);
    assert_int_equal(ph_cursor_u64(&cur, &u64), PH_OK);
    assert_int_equal(u8, 1);
    assert_int_equal(u16, 0x0203);
    assert_int_equal(u32, 0x04050607);
    assert_true(u64 == UINT64_C(0x08090a0b0c0d0e0f));
    assert_int_equal(cur.left, 0);
}

static void
one_byte_too_few_changes_nothing(void **state)
{
    const uint8_t *view = NULL;
    struct ph_cursor cur;
    uint64_t u64 = 77;
    uint32_t u32 = 77;
    uint16_t u16 = 77;
    uint8_t u8 = 77, dst[4] = {0};

    (void)state;
    ph_cursor_init(&cur, bytes, 7);
    assert_int_equal(ph_cursor_u64(&cur, &u64), PH_ERR_TRUNCATED);
    ph_cursor_init(&cur, bytes, 3);
    assert_int_equal(ph_cursor_u32(&cur, &u32), PH_ERR_TRUNCATED);
    assert_int_equal(ph_cursor_copy(&cur, dst, 4), PH_ERR_TRUNCATED);
    assert_int_equal(ph_cursor_bytes(&cur, 4, &view), PH_ERR_TRUNCATED);
    assert_int_equal(ph_cursor_bytes(&cur, SIZE_MAX, &view), PH_ERR_TRUNCATED);
    assert_int_equal(ph_cursor_skip(&cur, 4), PH_ERR_TRUNCATED);
    assert_int_equal(cur.left, 3);
    assert_ptr_equal(cur.pos, bytes);
    ph_cursor_init(&cur, bytes, 1);
    assert_int_equal(ph_cursor_u16(&cur, &u16), PH_ERR_TRUNCATED);
    ph_cursor_init(&cur, NULL, 0);
    assert_int_equal(ph_cursor_u8(&cur, &u8), PH_ERR_TRUNCATED);
    assert_true(u64 == 77 && u32 == 77 && u16 == 77 && u8 == 77);
    assert_int_equal(dst[0], 0);
    assert_null(view);
}

static void
views_copies_and_skips_move_on(void **state)
{
    const uint8_t *view = NULL;
    struct ph_cursor cur;
    uint8_t dst[3];

    (void)state;
    ph_cursor_init(&cur, bytes, sizeof(bytes));
    assert_int_equal(ph_cursor_skip(&cur, 2), PH_OK);
    assert_int_equal(ph_cursor_bytes(&cur, 2, &view), PH_OK);
    assert_ptr_equal(view, bytes + 2);
    assert_int_equal(ph_cursor_copy(&cur, dst, 3), PH_OK);
    assert_memory_equal(dst, bytes + 4, 3);
    assert_int_equal(cur.left, sizeof(bytes) - 7);
    assert_int_equal(ph_cursor_skip(&cur, cur.left), PH_OK);
    assert_int_equal(ph_cursor_copy(&cur, dst, 0), PH_OK);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_are_read_in_order),
        cmocka_unit_test(one_byte_too_few_changes_nothing),
        cmocka_unit_test(views_copies_and_skips_move_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
