#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "printhold/base/attr.h"
#include "printhold/base/err.h"
#include "printhold/base/id.h"
#include "printhold/crypto/jws.h"

static void
rfc_4648_vectors_pass_without_padding(void **state)
{
    static const struct {
        const char *bytes;
        const char *text;
    } cases[] = {{"", ""},
                 {"f", "Zg"},
                 {"fo", "Zm8"},
                 {"foo", "Zm9v"},
                 {"foob", "Zm9vYg"},
                 {"fooba", "Zm9vYmE"},
                 {"foobar", "Zm9vYmFy"},
                 {"\xfb\xff\xbf", "-_-_"}};
    struct ph_buf buf;

    (void)state;
    ph_buf_init(&buf, 100);
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        assert_int_equal(
            ph_base64url_encode(cases[i].bytes, strlen(cases[i].bytes), &buf),
            PH_OK);
        assert_string_equal(ph_buf_str(&buf), cases[i].text);
        assert_int_equal(
            ph_base64url_decode(cases[i].text, strlen(cases[i].text), &buf),
            PH_OK);
        assert_string_equal(ph_buf_str(&buf), cases[i].bytes);
    }
    ph_buf_close(&buf);
}

static void
everything_but_the_canonical_form_is_refused(void **state)
{
    static const struct {
        const char *what;
        const char *text;
    } cases[] = {
        {"padding", "Zg=="},
        {"padding of one", "Zm8="},
        {"one digit", "Z"},
        {"five digits", "Zm9vY"},
        {"unused bits, two digits", "Zh"},
        {"unused bits, three digits", "Zm9"},
        {"plain base64 plus", "+A"},
        {"plain base64 slash", "/w"},
        {"blank", "Zm 8"},
        {"new line", "Zm8\n"},
        {"dot", "Zm.8"},
        {"not ASCII", "Zm\xc3\xa9"},
    };
    struct ph_buf buf;

    (void)state;
    ph_buf_init(&buf, 100);
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        int err =
            ph_base64url_decode(cases[i].text, strlen(cases[i].text), &buf);

        if (err != PH_ERR_SYNTAX)
            fail_msg("%s: %d", cases[i].what, err);
        assert_int_equal(buf.len, 0);
    }
    assert_int_equal(ph_base64url_decode("Zm9\0", 4, &buf), PH_ERR_SYNTAX);
    ph_buf_close(&buf);
}

static void
any_bytes_come_back(void **state)
{
    struct ph_buf text, bytes;
    uint8_t random[100];

    (void)state;
    ph_buf_init(&text, 1000);
    ph_buf_init(&bytes, 1000);
    assert_int_equal(ph_random(random, sizeof(random)), PH_OK);
    for (size_t len = 0; len <= sizeof(random); len++) {
        assert_int_equal(ph_base64url_encode(random, len, &text), PH_OK);
        assert_int_equal(text.len, (len * 8 + 5) / 6);
        assert_int_equal(
            ph_base64url_decode((const char *)text.data, text.len, &bytes),
            PH_OK);
        assert_int_equal(bytes.len, len);
        if (len > 0)
            assert_memory_equal(bytes.data, random, len);
    }
    ph_buf_close(&text);
    ph_buf_close(&bytes);
}

static void
the_maximum_of_the_output_holds(void **state)
{
    struct ph_buf buf;

    (void)state;
    ph_buf_init(&buf, 3);
    assert_int_equal(ph_base64url_encode("foo", 3, &buf), PH_ERR_TOO_BIG);
    assert_int_equal(buf.len, 0);
    assert_int_equal(ph_base64url_decode("Zm9vYg", 6, &buf), PH_ERR_TOO_BIG);
    assert_int_equal(buf.len, 0);
    ph_buf_close(&buf);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rfc_4648_vectors_pass_without_padding),
        cmocka_unit_test(everything_but_the_canonical_form_is_refused),
        cmocka_unit_test(any_bytes_come_back),
        cmocka_unit_test(the_maximum_of_the_output_holds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
