/* Requests to sign in. */
#include "printhold/proto/sign_in.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "printhold/base/attr.h"
#include "printhold/base/err.h"

static int
parse(const char *text, struct ph_sign_in *out)
{
    struct ph_why why = {{0}};
    int err = ph_sign_in_parse(text, strlen(text), out, &why);

    assert_true((err == PH_OK) == (why.text[0] == '\0'));
    return err;
}

static void
each_way_is_read(void **state)
{
    struct ph_sign_in got;

    (void)state;
    assert_int_equal(
        parse("{\"way\":\"badge\",\"badge\":\"04:A2-b9 11\"}", &got), PH_OK);
    assert_int_equal(got.way, PH_SIGN_IN_BADGE);
    assert_string_equal(got.badge, "04a2b911");
    assert_int_equal(parse("{\"pin\":\"0482\",\"way\":\"pin\"}", &got), PH_OK);
    assert_string_equal(got.pin, "0482");
    assert_string_equal(got.badge, "");
    assert_int_equal(parse("{\"way\":\"badge+pin\",\"badge\":\"abcd\","
                           "\"pin\":\"482913\"}",
                           &got),
                     PH_OK);
    assert_string_equal(got.badge, "abcd");
    assert_string_equal(got.pin, "482913");
    assert_int_equal(parse("{\"way\":\"code\",\"code\":\"00420815\"}", &got),
                     PH_OK);
    assert_string_equal(got.code, "00420815");
    assert_string_equal(got.new_badge, "");
    assert_int_equal(
        parse("{\"way\":\"password\",\"login\":\"Ann@Example.com\","
              "\"password\":\"gr\xc3\xbc\xc3\x9f\","
              "\"new-badge\":\"ABCD\"}",
              &got),
        PH_OK);
    assert_string_equal(got.login, "ann@example.com");
    assert_string_equal(got.password, "gr\xc3\xbc\xc3\x9f");
    assert_string_equal(got.new_badge, "abcd");
}

#define BADGE65 \
    "12345678901234567890123456789012345678901234567890123456789012345"

static void
what_is_no_request_is_refused(void **state)
{
    static const char *const cases[] = {
        "",
        "[]",
        "{}",
        "{\"way\":1}",
        "{\"way\":\"\"}",
        "{\"way\":\"face\",\"face\":\"x\"}",
        "{\"way\":\"Badge\",\"badge\":\"abcd\"}",
        "{\"way\":\"badge\"}",
        "{\"way\":\"badge\",\"badge\":\"\"}",
        "{\"way\":\"badge\",\"badge\":\"abc\"}",
        "{\"way\":\"badge\",\"badge\":\"::::::\"}",
        "{\"way\":\"badge\",\"badge\":\"ab'cd\"}",
        "{\"way\":\"badge\",\"badge\":\"abcd\\u0000\"}",
        "{\"way\":\"badge\",\"badge\":1234}",
        "{\"way\":\"badge\",\"badge\":\"" BADGE65 "\"}",
        "{\"way\":\"badge\",\"badge\":\"abcd\",\"badge\":\"abce\"}",
        "{\"way\":\"badge\",\"badge\":\"abcd\",\"pin\":\"4829\"}",
        "{\"way\":\"badge\",\"badge\":\"abcd\",\"new-badge\":\"abce\"}",
        "{\"way\":\"badge\",\"badge\":\"abcd\",\"more\":1}",
        "{\"way\":\"pin\",\"pin\":\"123\"}",
        "{\"way\":\"pin\",\"pin\":\"1234567890123\"}",
        "{\"way\":\"pin\",\"pin\":4829}",
        "{\"way\":\"pin\",\"pin\":\"48 29\"}",
        "{\"way\":\"badge+pin\",\"badge\":\"abcd\"}",
        "{\"way\":\"badge+pin\",\"pin\":\"4829\"}",
        "{\"way\":\"code\",\"code\":\"0042081\"}",
        "{\"way\":\"code\",\"code\":\"0042 0815\"}",
        "{\"way\":\"code\",\"code\":\"00420815\",\"new-badge\":\"a\"}",
        "{\"way\":\"password\",\"login\":\"a b\",\"password\":\"x\"}",
        "{\"way\":\"password\",\"login\":\"\",\"password\":\"x\"}",
        "{\"way\":\"password\",\"login\":\"ann\"}",
        "{\"way\":\"password\",\"login\":\"ann\",\"password\":\"a\\u0007\"}",
        "{\"way\":\"pin\",\"pin\":\"4829\"}{}",
    };
    struct ph_sign_in got;
    struct ph_why why;

    (void)state;
    memset(&got, 'x', sizeof(got));
    for (size_t i = 0; i < PH_COUNT(cases); i++)
        assert_int_not_equal(parse(cases[i], &got), PH_OK);
    assert_int_equal(ph_sign_in_parse("{", PH_SIGN_IN_MAX + 1, &got, &why),
                     PH_ERR_TOO_BIG);
}

static void
the_reason_has_nothing_of_a_secret(void **state)
{
    struct ph_sign_in got;
    struct ph_why why;
    static const char text[] = "{\"way\":\"pin\",\"pin\":\"77123\",\"x\":1}";

    (void)state;
    assert_int_not_equal(ph_sign_in_parse(text, strlen(text), &got, &why),
                         PH_OK);
    assert_null(strstr(why.text, "77123"));
}

static void
what_is_written_is_read(void **state)
{
    static const char *const cases[] = {
        "{\"way\":\"badge\",\"badge\":\"abcd\"}",
        "{\"way\":\"pin\",\"pin\":\"4829\"}",
        "{\"way\":\"badge+pin\",\"badge\":\"abcd\",\"pin\":\"4829\"}",
        "{\"way\":\"code\",\"code\":\"00420815\"}",
        "{\"way\":\"code\",\"code\":\"00420815\",\"new-badge\":\"abcd\"}",
        "{\"way\":\"password\",\"login\":\"ann\",\"password\":\"a\\\"b\"}",
    };
    struct ph_sign_in got;
    struct ph_buf buf;

    (void)state;
    ph_buf_init(&buf, PH_SIGN_IN_MAX);
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        assert_int_equal(parse(cases[i], &got), PH_OK);
        assert_int_equal(ph_sign_in_put(&got, &buf), PH_OK);
        assert_string_equal(ph_buf_str(&buf), cases[i]);
    }
    ph_buf_close(&buf);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_way_is_read),
        cmocka_unit_test(what_is_no_request_is_refused),
        cmocka_unit_test(the_reason_has_nothing_of_a_secret),
        cmocka_unit_test(what_is_written_is_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
