#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "printhold/base/attr.h"
#include "printhold/base/err.h"
#include "printhold/base/parse.h"
#include "printhold/crypto/stream.h"

struct tink_vector {
    struct ph_stream_format format;
    uint8_t key[32];
    size_t key_len;
    const char *aad;
    const char *plain;
    uint8_t sealed[512];
    size_t sealed_len;
};

static const char *
member(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    assert_non_null(text);
    return text;
}

static size_t
number(const json_t *object, const char *name)
{
    return (size_t)json_integer_value(json_object_get(object, name));
}

static void
load(const json_t *object, struct tink_vector *vector)
{
    const char *key = member(object, "ikm");
    const char *sealed = member(object, "ciphertext");

    vector->format = (struct ph_stream_format){
        .digest = member(object, "hkdf"),
        .key_bytes = number(object, "key_size"),
        .segment_bytes = number(object, "segment_size")};
    vector->key_len = strlen(key) / 2;
    vector->sealed_len = strlen(sealed) / 2;
    assert_true(vector->key_len <= sizeof(vector->key));
    assert_true(vector->sealed_len <= sizeof(vector->sealed));
    assert_int_equal(ph_parse_hex(key, vector->key, vector->key_len), PH_OK);
    assert_int_equal(ph_parse_hex(sealed, vector->sealed, vector->sealed_len),
                     PH_OK);
    vector->aad = member(object, "aad");
    vector->plain = member(object, "plaintext");
}

/* Encrypt the plaintext under the vector's stream header. */
static void
check_seal(const struct tink_vector *v)
{
    struct ph_stream *stream = NULL;
    size_t pos = ph_stream_header_bytes(&v->format), done = 0;
    size_t len = strlen(v->plain);
    uint64_t segments = ph_stream_segments(&v->format, len);
    uint8_t out[512];

    memcpy(out, v->sealed, pos);
    assert_int_equal(ph_stream_new(&v->format, v->key, v->key_len, v->aad,
                                   strlen(v->aad), v->sealed, &stream),
                     PH_OK);
    for (uint64_t i = 0; i < segments; i++) {
        size_t room = ph_stream_room(&v->format, i);
        size_t part = len - done < room ? len - done : room;

        assert_true(pos == ph_stream_segment_offset(&v->format, i));
        assert_true(done == ph_stream_segment_plain(&v->format, i));
        assert_int_equal(ph_stream_seal(stream, i + 1 == segments,
                                        (const uint8_t *)v->plain + done, part,
                                        out + pos),
                         PH_OK);
        pos += part + PH_STREAM_TAG_BYTES;
        done += part;
    }
    assert_int_equal(done, len);
    assert_int_equal(pos, v->sealed_len);
    assert_memory_equal(out, v->sealed, v->sealed_len);
    ph_stream_free(stream);
}

static void
check_open(const struct tink_vector *v)
{
    struct ph_stream *stream = NULL;
    size_t pos = ph_stream_header_bytes(&v->format), done = 0;
    uint64_t plain_size = 0, i = 0;
    uint8_t out[512];

    assert_int_equal(
        ph_stream_plain_size(&v->format, v->sealed_len, &plain_size), PH_OK);
    assert_true(plain_size == strlen(v->plain));
    assert_int_equal(ph_stream_new(&v->format, v->key, v->key_len, v->aad,
                                   strlen(v->aad), v->sealed, &stream),
                     PH_OK);
    for (; pos < v->sealed_len; i++) {
        size_t room = ph_stream_room(&v->format, i) + PH_STREAM_TAG_BYTES;
        size_t part = v->sealed_len - pos < room ? v->sealed_len - pos : room;
        bool last = pos + part == v->sealed_len;

        assert_int_equal(
            ph_stream_open(stream, i, !last, v->sealed + pos, part, out + done),
            PH_ERR_CORRUPT);
        assert_int_equal(ph_stream_open(stream, i + 1, last, v->sealed + pos,
                                        part, out + done),
                         PH_ERR_CORRUPT);
        assert_int_equal(
            ph_stream_open(stream, i, last, v->sealed + pos, part, out + done),
            PH_OK);
        pos += part;
        done += part - PH_STREAM_TAG_BYTES;
    }
    assert_int_equal(done, plain_size);
    assert_memory_equal(out, v->plain, done);
    ph_stream_free(stream);
}

/* SR-22 */
static void
the_published_vectors_of_tink_pass(void **state)
{
    json_t *root = json_load_file(
        PH_VECTOR_DIR "/tink-aes-gcm-hkdf-streaming.json", 0, NULL);

    (void)state;
    assert_int_equal(json_array_size(root), 3);
    for (size_t i = 0; i < json_array_size(root); i++) {
        struct tink_vector vector;

        load(json_array_get(root, i), &vector);
        check_seal(&vector);
        check_open(&vector);
    }
    json_decref(root);
}

static void
sizes_of_the_spool_format_fit_together(void **state)
{
    static const struct {
        uint64_t plain;
        uint64_t segments;
        uint64_t size;
    } cases[] = {
        {0, 1, 56},
        {1, 1, 57},
        {65479, 1, 65535},
        {65480, 1, 65536},
        {65481, 2, 65553},
        {131000, 2, 131072},
        {131001, 3, 131089},
        {UINT64_C(65520) * UINT64_C(0xffffffff) - 40, UINT64_C(0xffffffff),
         UINT64_C(0xffffffff) << 16},
    };
    const struct ph_stream_format *f = &ph_stream_spool;

    (void)state;
    assert_int_equal(ph_stream_header_bytes(f), PH_STREAM_HEADER_MAX);
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        uint64_t size = 0, plain = 0;

        assert_true(ph_stream_segments(f, cases[i].plain) == cases[i].segments);
        assert_int_equal(ph_stream_size(f, cases[i].plain, &size), PH_OK);
        assert_true(size == cases[i].size);
        assert_int_equal(ph_stream_plain_size(f, size, &plain), PH_OK);
        assert_true(plain == cases[i].plain);
    }
}

static void
lengths_that_no_stream_has_are_refused(void **state)
{
    static const struct {
        const char *what;
        uint64_t size;
        int err;
    } cases[] = {
        {"nothing", 0, PH_ERR_TRUNCATED},
        {"less than the stream header", 39, PH_ERR_TRUNCATED},
        {"stream header alone", 40, PH_ERR_TRUNCATED},
        {"part of a tag", 55, PH_ERR_TRUNCATED},
        {"one byte of a second segment", 65537, PH_ERR_TRUNCATED},
        {"an empty second segment", 65552, PH_ERR_TRUNCATED},
        {"an empty third segment", 131088, PH_ERR_TRUNCATED},
        {"too many segments", (UINT64_C(0xffffffff) << 16) + 17,
         PH_ERR_TOO_BIG},
        {"the most there is", UINT64_MAX, PH_ERR_TOO_BIG},
    };
    uint64_t value = 7;

    (void)state;
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        int err = ph_stream_plain_size(&ph_stream_spool, cases[i].size, &value);

        if (err != cases[i].err)
            fail_msg("%s: %d", cases[i].what, err);
    }
    assert_int_equal(ph_stream_size(&ph_stream_spool, UINT64_MAX, &value),
                     PH_ERR_TOO_BIG);
    assert_int_equal(ph_stream_size(&ph_stream_spool,
                                    UINT64_C(65520) * UINT64_C(0xffffffff) - 39,
                                    &value),
                     PH_ERR_TOO_BIG);
    assert_true(value == 7);
}

static void
every_plaintext_byte_lies_in_its_segment(void **state)
{
    const struct ph_stream_format *f = &ph_stream_spool;

    (void)state;
    for (uint64_t segment = 0; segment < 100; segment++) {
        uint64_t first = ph_stream_segment_plain(f, segment);
        uint64_t last = first + ph_stream_room(f, segment) - 1;

        assert_true(ph_stream_segment_of(f, first) == segment);
        assert_true(ph_stream_segment_of(f, last) == segment);
        assert_true(ph_stream_segment_of(f, last + 1) == segment + 1);
        assert_true(ph_stream_segment_plain(f, segment + 1) == last + 1);
    }
}

static const struct ph_stream_format small = {
    .digest = "SHA256", .key_bytes = 32, .segment_bytes = 64};

static struct ph_stream *
small_stream(void)
{
    static const uint8_t key[32];
    uint8_t header[PH_STREAM_HEADER_MAX];
    struct ph_stream *stream = NULL;

    assert_int_equal(ph_stream_header_make(&small, header), PH_OK);
    assert_int_equal(
        ph_stream_new(&small, key, sizeof(key), "", 0, header, &stream), PH_OK);
    return stream;
}

/* SR-29 */
static void
the_segment_counter_never_wraps(void **state)
{
    struct ph_stream *stream = small_stream();
    uint8_t plain[48] = {0}, sealed[64];

    (void)state;
    assert_int_equal(ph_stream_skip_to(stream, UINT64_C(0xfffffffe)), PH_OK);
    assert_int_equal(ph_stream_seal(stream, false, plain, 48, sealed), PH_OK);
    assert_int_equal(ph_stream_seal(stream, false, plain, 48, sealed),
                     PH_ERR_TOO_BIG);
    assert_int_equal(ph_stream_seal(stream, true, plain, 48, sealed),
                     PH_ERR_TOO_BIG);
    assert_int_equal(ph_stream_skip_to(stream, 0), PH_ERR_INVALID);
    assert_int_equal(
        ph_stream_open(stream, UINT64_C(0xffffffff), false, sealed, 64, plain),
        PH_ERR_TOO_BIG);
    assert_int_equal(
        ph_stream_open(stream, UINT64_C(0x1fffffffe), false, sealed, 64, plain),
        PH_ERR_TOO_BIG);
    ph_stream_free(stream);
}

static void
segments_are_sealed_only_in_the_right_form(void **state)
{
    struct ph_stream *stream = small_stream();
    uint8_t plain[64] = {0}, sealed[96];

    (void)state;
    /* The first has 8 bytes of room here, the others 48. */
    assert_int_equal(ph_stream_seal(stream, false, plain, 7, sealed),
                     PH_ERR_INVALID);
    assert_int_equal(ph_stream_seal(stream, true, plain, 9, sealed),
                     PH_ERR_INVALID);
    assert_int_equal(ph_stream_seal(stream, false, plain, 8, sealed), PH_OK);
    assert_int_equal(ph_stream_seal(stream, true, plain, 0, sealed),
                     PH_ERR_INVALID);
    assert_int_equal(ph_stream_seal(stream, true, plain, 48, sealed), PH_OK);
    assert_int_equal(ph_stream_seal(stream, true, plain, 1, sealed),
                     PH_ERR_STATE);
    assert_true(ph_stream_next(stream) == 2);
    ph_stream_free(stream);
}

static void
a_wrong_header_length_byte_is_refused(void **state)
{
    static const uint8_t key[32];
    uint8_t header[PH_STREAM_HEADER_MAX];
    struct ph_stream *stream = NULL;

    (void)state;
    assert_int_equal(ph_stream_header_make(&ph_stream_spool, header), PH_OK);
    assert_int_equal(header[0], 40);
    for (unsigned i = 0; i < 256; i++) {
        header[0] = (uint8_t)i;
        if (i != 40)
            assert_int_equal(ph_stream_new(&ph_stream_spool, key, 32, "", 0,
                                           header, &stream),
                             PH_ERR_CORRUPT);
    }
    assert_null(stream);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_published_vectors_of_tink_pass),
        cmocka_unit_test(sizes_of_the_spool_format_fit_together),
        cmocka_unit_test(lengths_that_no_stream_has_are_refused),
        cmocka_unit_test(every_plaintext_byte_lies_in_its_segment),
        cmocka_unit_test(the_segment_counter_never_wraps),
        cmocka_unit_test(segments_are_sealed_only_in_the_right_form),
        cmocka_unit_test(a_wrong_header_length_byte_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
