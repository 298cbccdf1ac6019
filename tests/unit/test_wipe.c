#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "printhold/base/wipe.h"

static void
exactly_the_given_bytes_become_zero(void **state)
{
    char text[] = "abcdefgh";

    (void)state;
    ph_wipe(text + 2, 3);
    assert_memory_equal(text, "ab\0\0\0fgh", 8);
    ph_wipe(text, 0);
    assert_int_equal(text[0], 'a');
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exactly_the_given_bytes_become_zero),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
