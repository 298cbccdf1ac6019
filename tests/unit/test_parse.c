#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "printhold/base/attr.h"
#include "printhold/base/err.h"
#include "printhold/base/parse.h"

struct number_case {
    const char *text;
    int err;
    uint64_t value;
};

static void
check(int err, uint64_t value, const struct number_case *expected)
{
    if (err != expected->err)
        print_error("%s\n", expected->text != NULL ? expected->text : "NULL");
    assert_int_equal(err, expected->err);
    if (err == PH_OK)
        assert_true(value == expected->value);
    else
        assert_true(value == 4711); /* untouched */
}

static void
numbers_are_read_strictly(void **state)
{
    static const struct number_case cases[] = {
        {"5", PH_OK, 5},
        {"0005", PH_OK, 5},
        {"18446744073709551614", PH_OK, UINT64_MAX - 1},
        {NULL, PH_ERR_SYNTAX, 0},
        {"", PH_ERR_SYNTAX, 0},
        {" 5", PH_ERR_SYNTAX, 0},
        {"5 ", PH_ERR_SYNTAX, 0},
        {"+5", PH_ERR_SYNTAX, 0},
        {"-5", PH_ERR_SYNTAX, 0},
        {"0x5", PH_ERR_SYNTAX, 0},
        {"5.0", PH_ERR_SYNTAX, 0},
        {"5\n", PH_ERR_SYNTAX, 0},
        {"\xd9\xa5", PH_ERR_SYNTAX, 0}, /* an Arabic five */
        {"4", PH_ERR_INVALID, 0},       /* below the minimum */
        {"18446744073709551615", PH_ERR_INVALID, 0},
        {"18446744073709551616", PH_ERR_INVALID, 0},
        {"99999999999999999999999", PH_ERR_INVALID, 0},
    };

    (void)state;
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        uint64_t value = 4711;
        int err = ph_parse_u64(cases[i].text, 5, UINT64_MAX - 1, &value);

        check(err, value, &cases[i]);
    }
}

static void
numbers_without_a_nul_end_where_told(void **state)
{
    uint64_t value = 0;

    (void)state;
    assert_int_equal(ph_parse_u64_n("123456", 3, 0, 999, &value), PH_OK);
    assert_true(value == 123);
    assert_int_equal(ph_parse_u64_n("12\0", 3, 0, 999, &value), PH_ERR_SYNTAX);
    assert_int_equal(ph_parse_u64_n("12", 0, 0, 999, &value), PH_ERR_SYNTAX);
    assert_int_equal(ph_parse_u64_n(NULL, 0, 0, 999, &value), PH_ERR_SYNTAX);
}

static void
durations_need_a_unit(void **state)
{
    static const struct number_case cases[] = {
        {"90s", PH_OK, 90},
        {"2m", PH_OK, 120},
        {"24h", PH_OK, 86400},
        {"7d", PH_OK, 604800},
        {NULL, PH_ERR_SYNTAX, 0},
        {"", PH_ERR_SYNTAX, 0},
        {"90", PH_ERR_SYNTAX, 0},
        {"s", PH_ERR_SYNTAX, 0},
        {"1h30m", PH_ERR_SYNTAX, 0},
        {"1 h", PH_ERR_SYNTAX, 0},
        {"1H", PH_ERR_SYNTAX, 0},
        {"1w", PH_ERR_SYNTAX, 0},
        {"-1d", PH_ERR_SYNTAX, 0},
        {"1.5h", PH_ERR_SYNTAX, 0},
        {"59s", PH_ERR_INVALID, 0},
        {"8d", PH_ERR_INVALID, 0},
        {"18446744073709551615d", PH_ERR_INVALID, 0}, /* would wrap */
        {"213503982334602d", PH_ERR_INVALID, 0},      /* wraps to little */
    };

    (void)state;
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        uint64_t value = 4711;
        int err = ph_parse_duration_s(cases[i].text, 60, 604800, &value);

        check(err, value, &cases[i]);
    }
}

static void
sizes_may_have_a_unit(void **state)
{
    static const struct number_case cases[] = {
        {"1024", PH_OK, 1024},
        {"1K", PH_OK, 1024},
        {"3M", PH_OK, 3145728},
        {"2G", PH_OK, UINT64_C(2147483648)},
        {"1T", PH_OK, UINT64_C(1099511627776)},
        {"K", PH_ERR_SYNTAX, 0},
        {"1k", PH_ERR_SYNTAX, 0},
        {"1KB", PH_ERR_SYNTAX, 0},
        {"1KK", PH_ERR_SYNTAX, 0},
        {"1P", PH_ERR_SYNTAX, 0},
        {"2T", PH_ERR_INVALID, 0},
        {"16777216T", PH_ERR_INVALID, 0}, /* 2^64 */
        {"16777217T", PH_ERR_INVALID, 0}, /* wraps to 1T */
    };

    (void)state;
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        uint64_t value = 4711;
        int err = ph_parse_size(cases[i].text, 0, UINT64_C(1) << 40, &value);

        check(err, value, &cases[i]);
    }
}

static void
booleans_are_six_words(void **state)
{
    static const char *const bad[] = {"",     "1", "0",    "Yes",
                                      "TRUE", "y", "yes ", "onoff"};
    bool value = false;

    (void)state;
    assert_int_equal(ph_parse_bool("yes", &value), PH_OK);
    assert_true(value);
    assert_int_equal(ph_parse_bool("off", &value), PH_OK);
    assert_false(value);
    assert_int_equal(ph_parse_bool("true", &value), PH_OK);
    assert_true(value);
    for (size_t i = 0; i < PH_COUNT(bad); i++)
        assert_int_equal(ph_parse_bool(bad[i], &value), PH_ERR_SYNTAX);
    assert_int_equal(ph_parse_bool(NULL, &value), PH_ERR_SYNTAX);
    assert_true(value);
}

static void
hex_is_lower_case_and_of_exact_length(void **state)
{
    static const char *const bad[] = {"",     "0a",     "0aff0", "0aff00",
                                      "0AFF", "0afg",   "0x0a",  " 0af",
                                      "0a f", "0af\xc3"};
    uint8_t bytes[2] = {7, 7};
    char text[5];

    (void)state;
    for (size_t i = 0; i < PH_COUNT(bad); i++)
        assert_int_equal(ph_parse_hex(bad[i], bytes, 2), PH_ERR_SYNTAX);
    assert_int_equal(ph_parse_hex(NULL, bytes, 2), PH_ERR_SYNTAX);
    assert_int_equal(bytes[0], 7);
    assert_int_equal(ph_parse_hex("0aff", bytes, 2), PH_OK);
    assert_memory_equal(bytes, "\x0a\xff", 2);
    ph_format_hex(bytes, 2, text);
    assert_string_equal(text, "0aff");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_read_strictly),
        cmocka_unit_test(numbers_without_a_nul_end_where_told),
        cmocka_unit_test(durations_need_a_unit),
        cmocka_unit_test(sizes_may_have_a_unit),
        cmocka_unit_test(booleans_are_six_words),
        cmocka_unit_test(hex_is_lower_case_and_of_exact_length),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
