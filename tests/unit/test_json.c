/* Unit tests of proto/json. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "printhold/base/attr.h"
#include "printhold/base/err.h"
#include "printhold/proto/json.h"

#define MAX 4096

static int
parse(const char *text, json_t **out_root)
{
    return ph_json_parse(text, strlen(text), MAX, out_root);
}

static const struct {
    const char *name;
    const char *text;
} bad[] = {
    {"nothing", ""},
    {"blanks only", "  "},
    {"an array", "[]"},
    {"a text", "\"a\""},
    {"a number", "1"},
    {"object not closed", "{\"a\":1"},
    {"two objects", "{}{}"},
    {"rubbish behind", "{} x"},
    {"duplicate member", "{\"a\":1,\"a\":2}"},
    {"duplicate member inside", "{\"b\":{\"a\":1,\"a\":2}}"},
    {"comma at the end", "{\"a\":1,}"},
    {"single quotes", "{'a':1}"},
    {"comment", "{/* */}"},
    {"not UTF-8", "{\"a\":\"\xff\"}"},
    {"overlong UTF-8", "{\"a\":\"\xc0\xaf\"}"},
    {"surrogate alone", "{\"a\":\"\\ud800\"}"},
    {"NUL in a text", "{\"a\":\"\\u0000\"}"},
    {"NUL in a name", "{\"\\u0000\":1}"},
    {"number too big", "{\"a\":9223372036854775808}"},
    {"number beyond double", "{\"a\":1e999}"},
    {"leading zero", "{\"a\":01}"},
    {"byte order mark", "\xef\xbb\xbf{}"},
};

static void
malformed_text_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < PH_COUNT(bad); i++) {
        json_t *root = NULL;

        if (parse(bad[i].text, &root) != PH_ERR_SYNTAX || root != NULL)
            fail_msg("%s", bad[i].name);
    }
}

static void
depth_is_limited(void **state)
{
    char text[256] = "{\"a\":";
    json_t *root = NULL;

    (void)state;
    /* The object and 31 arrays in it: 32 levels. */
    memset(text + 5, '[', 31);
    memset(text + 36, ']', 31);
    text[67] = '}';
    text[68] = '\0';
    assert_int_equal(parse(text, &root), PH_OK);
    json_decref(root);
    root = NULL;
    memset(text + 5, '[', 32);
    memset(text + 37, ']', 32);
    text[69] = '}';
    text[70] = '\0';
    assert_int_equal(parse(text, &root), PH_ERR_SYNTAX);
    assert_null(root);
}

static void
size_is_limited_before_parsing(void **state)
{
    json_t *root = NULL;

    (void)state;
    assert_int_equal(ph_json_parse("{}", 2, 1, &root), PH_ERR_TOO_BIG);
    assert_int_equal(ph_json_parse("{}", 2, 2, &root), PH_OK);
    json_decref(root);
}

static void
text_members_are_bounded_and_clean(void **state)
{
    json_t *root = NULL;
    char dst[4] = "old";

    (void)state;
    assert_int_equal(parse("{\"a\":\"abc\",\"long\":\"abcd\",\"n\":1,"
                           "\"nl\":\"\\n\",\"del\":\"\\u007f\","
                           "\"c1\":\"\\u009b\",\"ok\":\"\xc2\xa0\"}",
                           &root),
                     PH_OK);
    assert_int_equal(ph_json_text(root, "none", dst, 4), PH_ERR_NOT_FOUND);
    assert_int_equal(ph_json_text(root, "long", dst, 4), PH_ERR_TOO_BIG);
    assert_int_equal(ph_json_text(root, "n", dst, 4), PH_ERR_SYNTAX);
    assert_int_equal(ph_json_text(root, "nl", dst, 4), PH_ERR_SYNTAX);
    assert_int_equal(ph_json_text(root, "del", dst, 4), PH_ERR_SYNTAX);
    assert_int_equal(ph_json_text(root, "c1", dst, 4), PH_ERR_SYNTAX);
    assert_string_equal(dst, "old");
    assert_int_equal(ph_json_text(root, "ok", dst, 4), PH_OK);
    assert_string_equal(dst, "\xc2\xa0");
    assert_int_equal(ph_json_text(root, "a", dst, 4), PH_OK);
    assert_string_equal(dst, "abc");
    json_decref(root);
}

static void
integers_are_in_range_and_nothing_else(void **state)
{
    json_t *root = NULL;
    int64_t value = 7;

    (void)state;
    assert_int_equal(
        parse("{\"a\":5,\"real\":5.0,\"text\":\"5\",\"yes\":true}", &root),
        PH_OK);
    assert_int_equal(ph_json_int(root, "none", 0, 9, &value), PH_ERR_NOT_FOUND);
    assert_int_equal(ph_json_int(root, "real", 0, 9, &value), PH_ERR_SYNTAX);
    assert_int_equal(ph_json_int(root, "text", 0, 9, &value), PH_ERR_SYNTAX);
    assert_int_equal(ph_json_int(root, "yes", 0, 9, &value), PH_ERR_SYNTAX);
    assert_int_equal(ph_json_int(root, "a", 6, 9, &value), PH_ERR_INVALID);
    assert_int_equal(ph_json_int(root, "a", 0, 4, &value), PH_ERR_INVALID);
    assert_int_equal(value, 7);
    assert_int_equal(ph_json_int(root, "a", 5, 5, &value), PH_OK);
    assert_int_equal(value, 5);
    json_decref(root);
}

static void
writing_keeps_the_order_and_respects_the_maximum(void **state)
{
    json_t *root = json_pack("{s:i,s:s,s:i}", "z", 1, "a", "\xc3\xa9", "m", 2);
    struct ph_buf buf;

    (void)state;
    ph_buf_init(&buf, 24);
    assert_int_equal(ph_buf_put_str(&buf, "x"), PH_OK);
    assert_int_equal(ph_json_put(root, &buf), PH_OK);
    assert_string_equal(ph_buf_str(&buf),
                        "x{\"z\":1,\"a\":\"\xc3\xa9\",\"m\":2}"
                        "");
    ph_buf_close(&buf);
    ph_buf_init(&buf, 20);
    assert_int_equal(ph_buf_put_str(&buf, "x"), PH_OK);
    assert_int_equal(ph_json_put(root, &buf), PH_ERR_TOO_BIG);
    assert_int_equal(buf.len, 1);
    assert_int_equal(ph_json_put(NULL, &buf), PH_ERR_NOMEM);
    ph_buf_close(&buf);
    json_decref(root);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(malformed_text_is_refused),
        cmocka_unit_test(depth_is_limited),
        cmocka_unit_test(size_is_limited_before_parsing),
        cmocka_unit_test(text_members_are_bounded_and_clean),
        cmocka_unit_test(integers_are_in_range_and_nothing_else),
        cmocka_unit_test(writing_keeps_the_order_and_respects_the_maximum),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
