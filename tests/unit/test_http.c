/* The HTTP parser: what it takes, and every kind of thing it refuses. */
#include "printhold/proto/http.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "printhold/base/attr.h"
#include "printhold/base/err.h"

#define H "Host: ws\r\n"

/* Parse a copy on the heap that ends where the text ends, so that sanitizers
 * see a read behind it. */
static int
parse(const char *text, size_t len, struct ph_http_request *out_request,
      char **out_copy)
{
    char *copy = malloc(len > 0 ? len : 1);
    int err;

    assert_non_null(copy);
    memcpy(copy, text, len);
    err = ph_http_parse_head(copy, len, out_request);
    if (out_copy != NULL)
        *out_copy = copy;
    else
        free(copy);
    return err;
}

static void
a_plain_request_is_taken_apart(void **state)
{
    static const char text[] =
        "GET /v1/jobs?limit=5 HTTP/1.1\r\nHost: ws-1:9443\r\n"
        "Authorization:   Bearer abc \t\r\nX-Empty:\r\n\r\n";
    struct ph_http_request r;
    char *copy;

    (void)state;
    assert_int_equal(parse(text, sizeof(text) - 1, &r, &copy), PH_OK);
    assert_int_equal(r.method, PH_HTTP_GET);
    assert_true(ph_http_text_is(&r.path, "/v1/jobs"));
    assert_true(ph_http_text_is(&r.query, "limit=5"));
    assert_int_equal(r.field_count, 3);
    assert_true(
        ph_http_text_is(ph_http_field(&r, "authorization"), "Bearer abc"));
    assert_int_equal(ph_http_field(&r, "x-empty")->len, 0);
    assert_null(ph_http_field(&r, "Range"));
    assert_int_equal(r.content_length, 0);
    assert_true(r.keep_alive);
    assert_false(r.expect_continue);
    free(copy);
}

static void
bodies_and_connections_are_understood(void **state)
{
    static const struct {
        const char *text;
        enum ph_http_method method;
        uint64_t length;
        bool keep_alive;
        bool expects;
    } cases[] = {
        {"POST / HTTP/1.1\r\n" H "Content-Length: 12\r\n\r\n", PH_HTTP_POST, 12,
         true, false},
        {"HEAD / HTTP/1.1\r\n" H "Connection: close\r\n\r\n", PH_HTTP_HEAD, 0,
         false, false},
        {"DELETE / HTTP/1.1\r\n" H "connection: TE, Close\r\n\r\n",
         PH_HTTP_DELETE, 0, false, false},
        {"GET / HTTP/1.1\r\n" H "Connection: closed\r\n\r\n", PH_HTTP_GET, 0,
         true, false},
        {"GET / HTTP/1.1\r\n" H "Connection: upgrade\r\nUpgrade: h2c\r\n\r\n",
         PH_HTTP_GET, 0, true, false},
        {"POST / HTTP/1.1\r\n" H "Expect: 100-Continue\r\n"
         "Content-Length: 1\r\n\r\n",
         PH_HTTP_POST, 1, true, true},
        {"BREW / HTTP/1.1\r\n" H "\r\n", PH_HTTP_OTHER, 0, true, false},
        {"get / HTTP/1.1\r\n" H "\r\n", PH_HTTP_OTHER, 0, true, false},
        {"POST / HTTP/1.1\r\n" H "Content-Length: 9223372036854775807\r\n\r\n",
         PH_HTTP_POST, INT64_MAX, true, false},
    };

    (void)state;
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        struct ph_http_request r;
        size_t len = strlen(cases[i].text);

        if (parse(cases[i].text, len, &r, NULL) != PH_OK)
            fail_msg("refused: %s", cases[i].text);
        assert_int_equal(r.method, cases[i].method);
        assert_int_equal(r.content_length, cases[i].length);
        assert_int_equal(r.keep_alive, cases[i].keep_alive);
        assert_int_equal(r.expect_continue, cases[i].expects);
    }
}

static const struct {
    const char *wrong;
    const char *text;
    size_t len; /* 0: strlen */
    unsigned status;
} bad_heads[] = {
    {"nothing", "\r\n\r\n", 0, 400},
    {"a blank line in front", "\r\nGET / HTTP/1.1\r\n" H "\r\n", 0, 400},
    {"a bare LF after the request line", "GET / HTTP/1.1\n" H "\r\n", 0, 400},
    {"a bare LF after a field", "GET / HTTP/1.1\r\nHost: ws\n\r\n", 0, 400},
    {"a bare CR in a field", "GET / HTTP/1.1\r\nHost: w\rs\r\n\r\n", 0, 400},
    {"NUL in a field", "GET / HTTP/1.1\r\nHost: w\0s\r\n\r\n", 29, 400},
    {"NUL in the target", "GET /\0 HTTP/1.1\r\n" H "\r\n", 29, 400},
    {"a control byte", "GET / HTTP/1.1\r\n" H "A: \x1b[2J\r\n\r\n", 0, 400},
    {"DEL", "GET / HTTP/1.1\r\n" H "A: \x7f\r\n\r\n", 0, 400},
    {"a byte above ASCII", "GET / HTTP/1.1\r\n" H "A: \xe9\r\n\r\n", 0, 400},
    {"no method", " / HTTP/1.1\r\n" H "\r\n", 0, 400},
    {"a method with a slash", "GE/T / HTTP/1.1\r\n" H "\r\n", 0, 400},
    {"a method without end", "GETGETGETGETGETGET\r\n" H "\r\n", 0, 400},
    {"a method of 17 letters", "AAAAAAAAAAAAAAAAA / HTTP/1.1\r\n" H "\r\n", 0,
     400},
    {"no target", "GET HTTP/1.1\r\n" H "\r\n", 0, 400},
    {"no version", "GET /\r\n" H "\r\n", 0, 400},
    {"two blanks", "GET  / HTTP/1.1\r\n" H "\r\n", 0, 400},
    {"a tab for a blank", "GET\t/ HTTP/1.1\r\n" H "\r\n", 0, 400},
    {"a blank at the end", "GET / HTTP/1.1 \r\n" H "\r\n", 0, 400},
    {"absolute form", "GET https://ws/ HTTP/1.1\r\n" H "\r\n", 0, 400},
    {"authority form", "CONNECT ws:443 HTTP/1.1\r\n" H "\r\n", 0, 400},
    {"asterisk form", "OPTIONS * HTTP/1.1\r\n" H "\r\n", 0, 400},
    {"a fragment", "GET /a#b HTTP/1.1\r\n" H "\r\n", 0, 400},
    {"a quote in the target", "GET /\" HTTP/1.1\r\n" H "\r\n", 0, 400},
    {"a backslash in the target", "GET /..\\ HTTP/1.1\r\n" H "\r\n", 0, 400},
    {"version 1.0", "GET / HTTP/1.0\r\n" H "\r\n", 0, 505},
    {"version 2.0", "GET / HTTP/2.0\r\n" H "\r\n", 0, 505},
    {"version 1.10", "GET / HTTP/1.10\r\n" H "\r\n", 0, 400},
    {"a version in small letters", "GET / http/1.1\r\n" H "\r\n", 0, 400},
    {"the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 0, 400},
    {"no Host", "GET / HTTP/1.1\r\n\r\n", 0, 400},
    {"an empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", 0, 400},
    {"two Hosts", "GET / HTTP/1.1\r\n" H "host: ws\r\n\r\n", 0, 400},
    {"a Host with a path", "GET / HTTP/1.1\r\nHost: ws/a\r\n\r\n", 0, 400},
    {"a Host with a user", "GET / HTTP/1.1\r\nHost: a@ws\r\n\r\n", 0, 400},
    {"a field without a colon", "GET / HTTP/1.1\r\n" H "Abc\r\n\r\n", 0, 400},
    {"a field without a name", "GET / HTTP/1.1\r\n" H ": a\r\n\r\n", 0, 400},
    {"a blank before the colon", "GET / HTTP/1.1\r\nHost : ws\r\n\r\n", 0, 400},
    {"a folded line", "GET / HTTP/1.1\r\n" H "A: b\r\n c\r\n\r\n", 0, 400},
    {"a first line that is folded", "GET / HTTP/1.1\r\n A: b\r\n" H "\r\n", 0,
     400},
    {"two lengths",
     "POST / HTTP/1.1\r\n" H "Content-Length: 1\r\n"
     "Content-Length: 1\r\n\r\n",
     0, 400},
    {"a list of lengths",
     "POST / HTTP/1.1\r\n" H "Content-Length: 1, 1\r\n\r\n", 0, 400},
    {"a negative length", "POST / HTTP/1.1\r\n" H "Content-Length: -1\r\n\r\n",
     0, 400},
    {"a length with a plus",
     "POST / HTTP/1.1\r\n" H "Content-Length: +1\r\n\r\n", 0, 400},
    {"a hexadecimal length",
     "POST / HTTP/1.1\r\n" H "Content-Length: 0x1\r\n\r\n", 0, 400},
    {"an empty length", "POST / HTTP/1.1\r\n" H "Content-Length:\r\n\r\n", 0,
     400},
    {"a length of 20 digits",
     "POST / HTTP/1.1\r\n" H "Content-Length: 18446744073709551617\r\n\r\n", 0,
     400},
    {"chunked", "POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n", 0,
     501},
    {"chunked beside a length",
     "POST / HTTP/1.1\r\n" H "Content-Length: 1\r\n"
     "transfer-encoding: chunked\r\n\r\n",
     0, 501},
    {"another coding",
     "POST / HTTP/1.1\r\n" H "Transfer-Encoding: xchunked\r\n\r\n", 0, 501},
    {"two Authorizations",
     "GET / HTTP/1.1\r\n" H "Authorization: a\r\n"
     "Authorization: b\r\n\r\n",
     0, 400},
    {"two Ranges",
     "GET / HTTP/1.1\r\n" H "Range: bytes=0-\r\n"
     "Range: bytes=1-\r\n\r\n",
     0, 400},
    {"an unknown expectation", "POST / HTTP/1.1\r\n" H "Expect: tea\r\n\r\n", 0,
     417},
    {"bytes behind the end", "GET / HTTP/1.1\r\n" H "\r\nGET", 0, 400},
    {"no end", "GET / HTTP/1.1\r\n" H, 0, 400},
    {"only half of the last line end", "GET / HTTP/1.1\r\n" H "\r", 0, 400},
};

static void
malformed_heads_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < PH_COUNT(bad_heads); i++) {
        struct ph_http_request r;
        size_t len = bad_heads[i].len;
        int err;

        memset(&r, 0x5a, sizeof(r));
        if (len == 0)
            len = strlen(bad_heads[i].text);
        err = parse(bad_heads[i].text, len, &r, NULL);
        if (err == PH_OK)
            fail_msg("taken: %s", bad_heads[i].wrong);
        if (ph_http_error_status(err) != bad_heads[i].status)
            fail_msg("%s: status %u", bad_heads[i].wrong,
                     ph_http_error_status(err));
        assert_int_equal(((const unsigned char *)&r)[0], 0x5a);
    }
}

static void
too_much_of_anything_is_refused(void **state)
{
    struct ph_http_request r;
    struct ph_buf buf;

    (void)state;
    ph_buf_init(&buf, 100000);
    assert_int_equal(ph_buf_put_str(&buf, "GET / HTTP/1.1\r\n" H), PH_OK);
    for (int i = 1; i < PH_HTTP_FIELDS_MAX; i++)
        assert_int_equal(ph_buf_put_str(&buf, "A: b\r\n"), PH_OK);
    assert_int_equal(ph_buf_put_str(&buf, "\r\n"), PH_OK);
    assert_int_equal(ph_http_parse_head(buf.data, buf.len, &r), PH_OK);
    assert_int_equal(r.field_count, PH_HTTP_FIELDS_MAX);

    buf.len -= 2;
    assert_int_equal(ph_buf_put_str(&buf, "A: b\r\n\r\n"), PH_OK);
    assert_int_equal(ph_http_parse_head(buf.data, buf.len, &r), PH_ERR_TOO_BIG);

    ph_buf_clear(&buf);
    assert_int_equal(ph_buf_put_str(&buf, "GET /"), PH_OK);
    for (int i = 1; i < PH_HTTP_TARGET_MAX; i++)
        assert_int_equal(ph_buf_put_u8(&buf, 'a'), PH_OK);
    assert_int_equal(ph_buf_put_str(&buf, " HTTP/1.1\r\n" H "\r\n"), PH_OK);
    assert_int_equal(ph_http_parse_head(buf.data, buf.len, &r), PH_OK);
    ph_buf_clear(&buf);
    assert_int_equal(ph_buf_put_str(&buf, "GET /"), PH_OK);
    for (int i = 0; i < PH_HTTP_TARGET_MAX; i++)
        assert_int_equal(ph_buf_put_u8(&buf, 'a'), PH_OK);
    assert_int_equal(ph_buf_put_str(&buf, " HTTP/1.1\r\n" H "\r\n"), PH_OK);
    assert_int_equal(
        ph_http_error_status(ph_http_parse_head(buf.data, buf.len, &r)), 414);
    ph_buf_close(&buf);
}

static void
the_end_of_a_head_is_found_in_pieces(void **state)
{
    static const char text[] = "GET / HTTP/1.1\r\n" H "\r\nBODY\r\n\r\n";
    size_t whole = sizeof("GET / HTTP/1.1\r\n" H "\r\n") - 1;
    size_t scanned = 0;

    (void)state;
    for (size_t len = 0; len < whole; len++)
        assert_int_equal(ph_http_head_length(text, len, &scanned), 0);
    assert_int_equal(ph_http_head_length(text, whole, &scanned), whole);
    scanned = 0;
    assert_int_equal(ph_http_head_length(text, sizeof(text) - 1, &scanned),
                     whole);
}

static void
ranges_are_answered_as_rfc_9110_says(void **state)
{
    static const struct {
        const char *text;
        uint64_t size;
        int err;
        uint64_t first, last;
    } cases[] = {
        {"bytes=0-0", 10, PH_OK, 0, 0},
        {"bytes=0-9", 10, PH_OK, 0, 9},
        {"bytes=5-", 10, PH_OK, 5, 9},
        {"Bytes=5-100", 10, PH_OK, 5, 9},
        {"bytes=-3", 10, PH_OK, 7, 9},
        {"bytes=-30", 10, PH_OK, 0, 9},
        {"bytes=9-", 10, PH_OK, 9, 9},
        {"bytes=0-99999999999999999999999999", 10, PH_OK, 0, 9},
        {"bytes=-99999999999999999999999999", 10, PH_OK, 0, 9},
        {"bytes=10-", 10, PH_ERR_INVALID, 0, 0},
        {"bytes=10-20", 10, PH_ERR_INVALID, 0, 0},
        {"bytes=99999999999999999999-", 10, PH_ERR_INVALID, 0, 0},
        {"bytes=-0", 10, PH_ERR_INVALID, 0, 0},
        {"bytes=0-", 0, PH_ERR_INVALID, 0, 0},
        {"bytes=-1", 0, PH_ERR_INVALID, 0, 0},
        {"bytes=5-4", 10, PH_ERR_SYNTAX, 0, 0},
        {"bytes=", 10, PH_ERR_SYNTAX, 0, 0},
        {"bytes=-", 10, PH_ERR_SYNTAX, 0, 0},
        {"bytes=5", 10, PH_ERR_SYNTAX, 0, 0},
        {"bytes=a-b", 10, PH_ERR_SYNTAX, 0, 0},
        {"bytes=0x1-2", 10, PH_ERR_SYNTAX, 0, 0},
        {"bytes=+1-2", 10, PH_ERR_SYNTAX, 0, 0},
        {"bytes=--2", 10, PH_ERR_SYNTAX, 0, 0},
        {"bytes=1-2-3", 10, PH_ERR_SYNTAX, 0, 0},
        {"bytes=0-0,2-3", 10, PH_ERR_UNSUPPORTED, 0, 0},
        {"pages=0-0", 10, PH_ERR_UNSUPPORTED, 0, 0},
        {"", 10, PH_ERR_UNSUPPORTED, 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        struct ph_http_text text = {cases[i].text, strlen(cases[i].text)};
        uint64_t first = 77, last = 77;
        int err = ph_http_range(&text, cases[i].size, &first, &last);

        if (err != cases[i].err)
            fail_msg("%s: %d", cases[i].text, err);
        assert_int_equal(first, err == PH_OK ? cases[i].first : 77);
        assert_int_equal(last, err == PH_OK ? cases[i].last : 77);
    }
}

static void
nothing_can_break_out_of_a_response_field(void **state)
{
    struct ph_buf buf;

    (void)state;
    ph_buf_init(&buf, 1000);
    assert_int_equal(ph_http_put_status(&buf, 206), PH_OK);
    assert_int_equal(ph_http_put_field(&buf, "A", "b\r\nC: d"), PH_ERR_INVALID);
    assert_int_equal(ph_http_put_field(&buf, "A", "\xc3\xa9"), PH_ERR_INVALID);
    assert_int_equal(ph_http_put_field(&buf, "A", "b"), PH_OK);
    assert_string_equal(ph_buf_str(&buf),
                        "HTTP/1.1 206 Partial Content\r\nA: b\r\n");
    ph_buf_close(&buf);
}

static void
a_wanted_digest_is_a_dictionary_with_weights(void **state)
{
    static const struct {
        const char *value;
        bool wants;
    } cases[] = {
        {"sha-256=10", true},
        {"sha-256=1", true},
        {"sha-512=3, sha-256=10, unixsum=0", true},
        {"sha-512=3,sha-256=9", true},
        {"  sha-256=5\t", true},
        {"sha-256=0", false},
        {"sha-512=10", false},
        {"", false},
        {"sha-256", false},
        {"sha-256=", false},
        {"sha-256=11", false},
        {"sha-256=100", false},
        {"sha-256=-1", false},
        {"sha-256=5.0", false},
        {"sha-256=x", false},
        {"SHA-256=5", false},
        {"sha-2560=5", false},
        {"=5", false},
        {"sha-256=5,", false},
        {",sha-256=5", false},
        {"sha-256=5 sha-512=3", false},
        {"sha-256=:AAAA:", false},
    };

    (void)state;
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        const struct ph_http_text value = {cases[i].value,
                                           strlen(cases[i].value)};

        if (ph_http_wants_sha256(&value) != cases[i].wants)
            fail_msg("%s", cases[i].value);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_request_is_taken_apart),
        cmocka_unit_test(bodies_and_connections_are_understood),
        cmocka_unit_test(malformed_heads_are_refused),
        cmocka_unit_test(too_much_of_anything_is_refused),
        cmocka_unit_test(the_end_of_a_head_is_found_in_pieces),
        cmocka_unit_test(ranges_are_answered_as_rfc_9110_says),
        cmocka_unit_test(nothing_can_break_out_of_a_response_field),
        cmocka_unit_test(a_wanted_digest_is_a_dictionary_with_weights),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
