/* The response headers that the station acts on. */
#include "printhold/net/reply_headers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "printhold/base/attr.h"
#include "printhold/base/err.h"

/* SHA-256 of nothing (FIPS 180-4), in base64. */
#define EMPTY "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="

/* A copy without a NUL behind it, so that sanitizers see a read too far. */
static int
take(struct ph_reply_headers *headers, const char *line)
{
    size_t len = strlen(line);
    char *copy = malloc(len > 0 ? len : 1);
    int err;

    assert_non_null(copy);
    memcpy(copy, line, len);
    err = ph_reply_headers_take(headers, copy, len);
    free(copy);
    return err;
}

static void
good_headers_are_kept(void **state)
{
    struct ph_reply_headers h;

    (void)state;
    ph_reply_headers_init(&h);
    assert_int_equal(take(&h, "ETag: \"abc\"\r\n"), PH_OK);
    assert_int_equal(take(&h, "content-LENGTH:  42 \r\n"), PH_OK);
    assert_int_equal(take(&h, "Content-Range: bytes 10-51/52\r\n"), PH_OK);
    assert_int_equal(
        take(&h, "Repr-Digest: sha-512=:AAAA:, sha-256=:" EMPTY ":\r\n"),
        PH_OK);
    assert_int_equal(take(&h, "Retry-After: 3\r\n"), PH_OK);
    assert_string_equal(h.etag, "\"abc\"");
    assert_true(h.has_length);
    assert_int_equal(h.length, 42);
    assert_true(h.has_range);
    assert_int_equal(h.range_first, 10);
    assert_int_equal(h.range_last, 51);
    assert_int_equal(h.range_total, 52);
    assert_true(h.has_digest);
    assert_int_equal(h.sha256[0], 0xe3);
    assert_int_equal(h.sha256[31], 0x55);
    assert_int_equal(h.retry_after_s, 3);
}

static void
headers_that_tell_nothing_are_ignored(void **state)
{
    static const char *const lines[] = {
        "",
        "\r\n",
        "HTTP/1.1 200 OK\r\n",
        "X-Etag: broken \"\r\n",
        "ETag: W/\"weak\"\r\n",
        "Content-Range: bytes */100\r\n",
        "Repr-Digest: md5=:AAAA:\r\n",
        "Retry-After: Sat, 21 Nov 2026 21:00:00 GMT\r\n",
        "Retry-After: 999999\r\n",
    };
    struct ph_reply_headers h;
    struct ph_reply_headers nothing;

    (void)state;
    ph_reply_headers_init(&h);
    ph_reply_headers_init(&nothing);
    for (size_t i = 0; i < PH_COUNT(lines); i++)
        assert_int_equal(take(&h, lines[i]), PH_OK);
    assert_memory_equal(&h, &nothing, sizeof(h));
}

static void
malformed_headers_spoil_the_answer(void **state)
{
    static const struct {
        const char *wrong;
        const char *line;
    } cases[] = {
        {"tag without quotes", "ETag: abc\r\n"},
        {"tag with one quote", "ETag: \"\r\n"},
        {"tag with a quote inside", "ETag: \"a\"b\"\r\n"},
        {"tag with a blank inside", "ETag: \"a b\"\r\n"},
        {"negative length", "Content-Length: -1\r\n"},
        {"length with a sign", "Content-Length: +1\r\n"},
        {"two lengths in one", "Content-Length: 1, 1\r\n"},
        {"length over 63 bits", "Content-Length: 9223372036854775808\r\n"},
        {"empty length", "Content-Length:\r\n"},
        {"range of another unit", "Content-Range: pages 1-2/3\r\n"},
        {"range without total", "Content-Range: bytes 0-1/*\r\n"},
        {"range without slash", "Content-Range: bytes 0-1\r\n"},
        {"range without dash", "Content-Range: bytes 5/10\r\n"},
        {"range that runs backwards", "Content-Range: bytes 5-4/10\r\n"},
        {"range behind the total", "Content-Range: bytes 5-10/10\r\n"},
        {"range with a blank", "Content-Range: bytes 5 -6/10\r\n"},
        {"digest without colons", "Repr-Digest: sha-256=" EMPTY "\r\n"},
        {"digest without name", "Repr-Digest: =:" EMPTY ":\r\n"},
        {"digest of 31 bytes",
         "Repr-Digest: "
         "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuA==:\r\n"},
        {"digest with unused bits set",
         "Repr-Digest: "
         "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFV=:\r\n"},
        {"digest with base64url letters",
         "Repr-Digest: "
         "sha-256=:47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU=:\r\n"},
        {"digest twice in one header",
         "Repr-Digest: sha-256=:" EMPTY ":,sha-256=:" EMPTY ":\r\n"},
        {"digest with a comma at the end",
         "Repr-Digest: sha-256=:" EMPTY ":,\r\n"},
        {"empty digest", "Repr-Digest:\r\n"},
    };

    (void)state;
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        struct ph_reply_headers h;

        ph_reply_headers_init(&h);
        if (take(&h, cases[i].line) != PH_ERR_PROTOCOL)
            fail_msg("taken: %s", cases[i].wrong);
    }
}

static void
a_header_that_comes_twice_spoils_the_answer(void **state)
{
    static const char *const lines[] = {
        "ETag: \"abc\"",
        "Content-Length: 42",
        "Content-Range: bytes 10-51/52",
        "Repr-Digest: sha-256=:" EMPTY ":",
        "Retry-After: 3",
    };
    struct ph_reply_headers h;

    (void)state;
    ph_reply_headers_init(&h);
    for (size_t i = 0; i < PH_COUNT(lines); i++) {
        assert_int_equal(take(&h, lines[i]), PH_OK);
        assert_int_equal(take(&h, lines[i]), PH_ERR_PROTOCOL);
    }
}

static void
a_tag_that_does_not_fit_is_refused(void **state)
{
    char line[PH_REPLY_ETAG_MAX + 16];
    struct ph_reply_headers h;

    (void)state;
    memset(line, 'a', sizeof(line));
    memcpy(line, "ETag: \"", 7);
    line[sizeof(line) - 2] = '"';
    line[sizeof(line) - 1] = '\0';
    ph_reply_headers_init(&h);
    assert_int_equal(take(&h, line), PH_ERR_PROTOCOL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_headers_are_kept),
        cmocka_unit_test(headers_that_tell_nothing_are_ignored),
        cmocka_unit_test(malformed_headers_spoil_the_answer),
        cmocka_unit_test(a_header_that_comes_twice_spoils_the_answer),
        cmocka_unit_test(a_tag_that_does_not_fit_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
