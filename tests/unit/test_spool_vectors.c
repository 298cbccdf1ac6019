/* SR-22: the pinned files of tests/vectors/spool-v1.json, written by another
 * implementation, come out of ours byte for byte and are read by it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "printhold/base/err.h"
#include "printhold/base/parse.h"
#include "printhold/crypto/kdf.h"
#include "sealed_internal.h"
#include "spool_fixture.h"

static json_t *vectors;

static int
setup(void **state)
{
    (void)state;
    vectors = json_load_file(PH_VECTOR_DIR "/spool-v1.json", 0, NULL);
    return vectors != NULL ? 0 : -1;
}

static int
teardown(void **state)
{
    (void)state;
    json_decref(vectors);
    return 0;
}

static const char *
text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    assert_non_null(text);
    return text;
}

static void
hex_of(const json_t *object, const char *name, uint8_t *dst, size_t len)
{
    assert_int_equal(ph_parse_hex(text_of(object, name), dst, len), PH_OK);
}

/* A fixture whose only epoch is the vector's, read from its file. */
static void
make_fixture(const json_t *vector, struct spool_fixture *fx)
{
    struct ph_machine_key machine = {.level = "file"};
    uint8_t epoch_file[56];
    char path[512];

    hex_of(vector, "machine_key", machine.bytes, PH_KEY_BYTES);
    hex_of(vector, "epoch", fx->epoch.bytes, PH_ID_BYTES);
    hex_of(vector, "epoch_file", epoch_file, sizeof(epoch_file));
    scratch_make(&fx->scratch);
    (void)snprintf(path, sizeof(path), "%s/%s.epoch", fx->scratch.path,
                   text_of(vector, "epoch"));
    scratch_write(path, epoch_file, sizeof(epoch_file));
    fx->dirfd = open(fx->scratch.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(ph_epoch_keys_open(fx->dirfd, &machine, &fx->keys, NULL),
                     PH_OK);
}

static size_t
document_size(const json_t *vector)
{
    return (size_t)json_integer_value(json_object_get(vector, "document_size"));
}

static void
append_records(const json_t *vector, int fd,
               const struct ph_sealed_secret *secret)
{
    const json_t *records = json_object_get(vector, "metadata");

    for (size_t i = 0; i < json_array_size(records); i++) {
        const json_t *row = json_array_get(records, i);
        const char *text = text_of(row, "text");
        struct ph_sealed_record record = {.offset = spool_size(fd),
                                          .body_size = document_size(vector),
                                          .sequence = (uint32_t)i + 1,
                                          .len = (uint32_t)strlen(text)};
        uint8_t nonce[PH_AEAD_NONCE_BYTES];

        hex_of(row, "nonce", nonce, sizeof(nonce));
        assert_int_equal(
            ph_sealed_append_metadata_with(fd, secret, &record, nonce, text),
            PH_OK);
    }
}

/* Make the vector's file with our code. */
static int
produce(const json_t *vector, const struct spool_fixture *fx)
{
    uint8_t data_key[PH_KEY_BYTES], header[PH_STREAM_HEADER_MAX];
    uint8_t *plain = spool_pattern(document_size(vector));
    struct ph_sealed_secret secret;
    struct ph_sealed_writer *writer = NULL;
    struct ph_id job;
    uint64_t size = 0;
    int fd = spool_file(fx);

    hex_of(vector, "job", job.bytes, PH_ID_BYTES);
    hex_of(vector, "data_key", data_key, sizeof(data_key));
    hex_of(vector, "stream_header", header, sizeof(header));
    assert_int_equal(ph_sealed_create_with(fd, fx->keys, &fx->epoch, &job,
                                           data_key, &secret),
                     PH_OK);
    assert_int_equal(ph_sealed_writer_new_with(fd, &secret, header, &writer),
                     PH_OK);
    assert_int_equal(
        ph_sealed_writer_write(writer, plain, document_size(vector)), PH_OK);
    assert_int_equal(ph_sealed_writer_finish(writer, &size), PH_OK);
    ph_sealed_writer_free(writer);
    free(plain);
    append_records(vector, fd, &secret);
    return fd;
}

static void
check_bytes(const json_t *vector, int fd)
{
    uint8_t header[120], hash[PH_SHA256_BYTES], got[PH_SHA256_BYTES];
    const json_t *rest = json_object_get(vector, "after_header");
    size_t len = 0;
    uint8_t *bytes = spool_load(fd, &len);

    hex_of(vector, "header", header, sizeof(header));
    assert_memory_equal(bytes, header, sizeof(header));
    hex_of(vector, "header_sha256", hash, sizeof(hash));
    assert_int_equal(ph_sha256(bytes, PH_SEALED_HEADER_BYTES, got), PH_OK);
    assert_memory_equal(got, hash, sizeof(hash));
    assert_int_equal(len,
                     json_integer_value(json_object_get(vector, "file_size")));
    if (rest != NULL) {
        size_t rest_len = len - PH_SEALED_HEADER_BYTES;
        char *hex = malloc(2 * rest_len + 1);

        assert_non_null(hex);
        ph_format_hex(bytes + PH_SEALED_HEADER_BYTES, rest_len, hex);
        assert_string_equal(hex, json_string_value(rest));
        free(hex);
    }
    hex_of(vector, "file_sha256", hash, sizeof(hash));
    assert_int_equal(ph_sha256(bytes, len, got), PH_OK);
    assert_memory_equal(got, hash, sizeof(hash));
    free(bytes);
}

static void
check_reader(const json_t *vector, const struct spool_fixture *fx, int fd)
{
    const json_t *records = json_object_get(vector, "metadata");
    const char *newest =
        text_of(json_array_get(records, json_array_size(records) - 1), "text");
    uint8_t expected[PH_SHA256_BYTES], got[PH_SHA256_BYTES];
    struct ph_sealed_reader *reader = NULL;
    size_t size = document_size(vector), len = 0;
    uint8_t *plain = malloc(size + 1);
    uint32_t sequence = 0;

    assert_non_null(plain);
    assert_int_equal(ph_sealed_reader_open(dup(fd), fx->keys, &reader, NULL),
                     PH_OK);
    assert_true(ph_sealed_reader_size(reader) == size);
    assert_int_equal(ph_sealed_reader_read(reader, 0, plain, size), PH_OK);
    assert_int_equal(ph_sha256(plain, size, got), PH_OK);
    hex_of(vector, "document_sha256", expected, sizeof(expected));
    assert_memory_equal(got, expected, sizeof(expected));
    assert_memory_equal(ph_sealed_reader_metadata(reader, &len, &sequence),
                        newest, strlen(newest));
    assert_int_equal(len, strlen(newest));
    assert_int_equal(sequence, json_array_size(records));
    ph_sealed_reader_free(reader);
    free(plain);
}

static void
pinned_spool_files_come_out_byte_for_byte_and_are_read(void **state)
{
    (void)state;
    assert_int_equal(json_array_size(vectors), 6);
    for (size_t i = 0; i < json_array_size(vectors); i++) {
        const json_t *vector = json_array_get(vectors, i);
        struct spool_fixture fx;
        int fd;

        make_fixture(vector, &fx);
        fd = produce(vector, &fx);
        check_bytes(vector, fd);
        check_reader(vector, &fx, fd);
        (void)close(fd);
        spool_fixture_remove(&fx);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            pinned_spool_files_come_out_byte_for_byte_and_are_read, setup,
            teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
