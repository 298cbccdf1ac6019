#include "sealed_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "printhold/base/cursor.h"
#include "printhold/base/err.h"
#include "printhold/base/io.h"

#define METADATA_LABEL "printhold/v1/metadata"

static uint64_t
record_bytes(const struct ph_sealed_record *record)
{
    return (uint64_t)record->len + PH_SEALED_RECORD_EXTRA;
}

static int
put_clear(const struct ph_sealed_record *record, struct ph_buf *buf)
{
    int err = ph_buf_put(buf, PH_SEALED_RECORD_MAGIC, PH_SEALED_MAGIC_BYTES);

    if (err == PH_OK)
        err = ph_buf_put_u32(buf, record->sequence);
    if (err == PH_OK)
        err = ph_buf_put_u64(buf, record->body_size);
    if (err == PH_OK)
        err = ph_buf_put_u32(buf, record->len);
    return err;
}

/* The key and associated data of records: bound to this file's header and to
 * the record's own clear part. */
static int
new_aead(const struct ph_sealed_secret *secret, struct ph_aead **out_aead)
{
    uint8_t key[PH_KEY_BYTES];
    int err = ph_hkdf_label(secret->data_key, secret->header_hash,
                            PH_SEALED_HASH_BYTES, METADATA_LABEL, key);

    if (err == PH_OK)
        err = ph_aead_new(key, sizeof(key), out_aead);
    OPENSSL_cleanse(key, sizeof(key));
    return err;
}

#define AAD_BYTES (PH_SEALED_HASH_BYTES + PH_SEALED_RECORD_CLEAR)

static void
make_aad(const struct ph_sealed_secret *secret, const uint8_t *clear,
         uint8_t aad[AAD_BYTES])
{
    memcpy(aad, secret->header_hash, PH_SEALED_HASH_BYTES);
    memcpy(aad + PH_SEALED_HASH_BYTES, clear, PH_SEALED_RECORD_CLEAR);
}

/* The whole record as it lies in the file. */
static int
build(const struct ph_sealed_secret *secret,
      const struct ph_sealed_record *record, const uint8_t *nonce,
      const void *plain, struct ph_buf *buf)
{
    uint8_t aad[AAD_BYTES];
    struct ph_aead *aead = NULL;
    size_t sealed_len = record->len + PH_AEAD_TAG_BYTES;
    uint8_t *room;
    int err = put_clear(record, buf);

    if (err == PH_OK)
        err = ph_buf_put(buf, nonce, PH_AEAD_NONCE_BYTES);
    if (err == PH_OK)
        err = new_aead(secret, &aead);
    if (err != PH_OK)
        goto out;
    room = ph_buf_reserve(buf, sealed_len);
    err = PH_ERR_NOMEM;
    if (room == NULL)
        goto out;
    make_aad(secret, buf->data, aad);
    err = ph_aead_seal(aead, nonce, aad, sizeof(aad), plain, record->len, room);
    if (err != PH_OK)
        goto out;
    ph_buf_advance(buf, sealed_len);
    err = ph_buf_put_u32(buf, (uint32_t)record_bytes(record));
    if (err == PH_OK)
        err = ph_buf_put(buf, PH_SEALED_RECORD_MAGIC, PH_SEALED_MAGIC_BYTES);
out:
    ph_aead_free(aead);
    return err;
}

/* Where the body of that plaintext size ends in the file. */
static int
body_end(uint64_t body_size, uint64_t *out_end)
{
    uint64_t size;

    if (ph_stream_size(&ph_stream_spool, body_size, &size) != PH_OK)
        return PH_ERR_CORRUPT;
    *out_end = PH_SEALED_HEADER_BYTES + size;
    return PH_OK;
}

static int
parse_clear(const uint8_t *bytes, struct ph_sealed_record *out_record)
{
    struct ph_sealed_record record = {0};
    uint8_t magic[PH_SEALED_MAGIC_BYTES];
    struct ph_cursor cur;

    ph_cursor_init(&cur, bytes, PH_SEALED_RECORD_CLEAR);
    if (ph_cursor_copy(&cur, magic, sizeof(magic)) != PH_OK ||
        ph_cursor_u32(&cur, &record.sequence) != PH_OK ||
        ph_cursor_u64(&cur, &record.body_size) != PH_OK ||
        ph_cursor_u32(&cur, &record.len) != PH_OK)
        return PH_ERR_TRUNCATED;
    if (memcmp(magic, PH_SEALED_RECORD_MAGIC, sizeof(magic)) != 0 ||
        record.len > PH_SEALED_METADATA_MAX || record.sequence == 0 ||
        record.sequence > PH_SEALED_RECORDS_MAX)
        return PH_ERR_CORRUPT;
    *out_record = record;
    return PH_OK;
}

/* The length in a footer; PH_ERR_TRUNCATED when this is no footer. An absurd
 * length is none: a record torn behind its first magic looks so. */
static int
parse_footer(const uint8_t *bytes, uint32_t *out_length)
{
    struct ph_cursor cur;
    uint32_t length = 0;

    ph_cursor_init(&cur, bytes, PH_SEALED_RECORD_FOOTER);
    if (ph_cursor_u32(&cur, &length) != PH_OK ||
        memcmp(cur.pos, PH_SEALED_RECORD_MAGIC, PH_SEALED_MAGIC_BYTES) != 0 ||
        length < PH_SEALED_RECORD_EXTRA ||
        length > PH_SEALED_RECORD_EXTRA + PH_SEALED_METADATA_MAX)
        return PH_ERR_TRUNCATED;
    *out_length = length;
    return PH_OK;
}

int
ph_sealed_record_at_end(int fd, uint64_t end,
                        struct ph_sealed_record *out_record)
{
    uint8_t footer[PH_SEALED_RECORD_FOOTER], clear[PH_SEALED_RECORD_CLEAR];
    struct ph_sealed_record record;
    uint32_t length;
    int err;

    if (end < PH_SEALED_HEADER_BYTES + PH_SEALED_RECORD_EXTRA)
        return PH_ERR_TRUNCATED;
    err = ph_io_pread_full(fd, footer, sizeof(footer), end - sizeof(footer));
    if (err == PH_OK)
        err = parse_footer(footer, &length);
    if (err != PH_OK)
        return err;
    if (length > end - PH_SEALED_HEADER_BYTES)
        return PH_ERR_CORRUPT;
    err = ph_io_pread_full(fd, clear, sizeof(clear), end - length);
    if (err == PH_OK)
        err = parse_clear(clear, &record);
    if (err != PH_OK)
        return err;
    if (record_bytes(&record) != length)
        return PH_ERR_CORRUPT;
    record.offset = end - length;
    *out_record = record;
    return PH_OK;
}

/* The record that starts at offset, with its footer. */
static int
record_at_start(int fd, uint64_t offset, uint64_t limit,
                struct ph_sealed_record *out_record)
{
    struct ph_sealed_record record;
    uint8_t clear[PH_SEALED_RECORD_CLEAR];
    int err;

    if (limit - offset < PH_SEALED_RECORD_EXTRA)
        return PH_ERR_CORRUPT;
    err = ph_io_pread_full(fd, clear, sizeof(clear), offset);
    if (err == PH_OK)
        err = parse_clear(clear, &record);
    if (err == PH_OK && record_bytes(&record) > limit - offset)
        err = PH_ERR_CORRUPT;
    if (err == PH_OK)
        err = ph_sealed_record_at_end(fd, offset + record_bytes(&record),
                                      &record);
    if (err != PH_OK)
        return err;
    if (record.offset != offset)
        return PH_ERR_CORRUPT;
    *out_record = record;
    return PH_OK;
}

int
ph_sealed_record_check_chain(int fd, const struct ph_sealed_record *newest)
{
    struct ph_sealed_record record;
    uint64_t offset;
    uint32_t sequence = 1;
    int err = body_end(newest->body_size, &offset);

    for (; err == PH_OK && offset < newest->offset; sequence++) {
        err = record_at_start(fd, offset, newest->offset, &record);
        if (err == PH_OK && (record.sequence != sequence ||
                             record.body_size != newest->body_size))
            err = PH_ERR_CORRUPT;
        if (err == PH_OK)
            offset += record_bytes(&record);
    }
    if (err == PH_OK &&
        (offset != newest->offset || sequence != newest->sequence))
        err = PH_ERR_CORRUPT;
    return err == PH_ERR_TRUNCATED ? PH_ERR_CORRUPT : err;
}

int
ph_sealed_record_open(int fd, const struct ph_sealed_secret *secret,
                      const struct ph_sealed_record *record,
                      struct ph_buf *out_plain)
{
    size_t sealed_len = record->len + PH_AEAD_TAG_BYTES;
    size_t len = PH_SEALED_RECORD_CLEAR + PH_AEAD_NONCE_BYTES + sealed_len;
    uint8_t *bytes = malloc(len), *room = NULL;
    uint8_t aad[AAD_BYTES];
    struct ph_aead *aead = NULL;
    int err = PH_ERR_NOMEM;

    ph_buf_init(out_plain, PH_SEALED_METADATA_MAX + 1);
    if (bytes == NULL)
        goto out;
    /* One byte more, so that an empty record has memory too. */
    room = ph_buf_reserve(out_plain, record->len + 1U);
    if (room == NULL)
        goto out;
    err = ph_io_pread_full(fd, bytes, len, record->offset);
    if (err == PH_OK)
        err = new_aead(secret, &aead);
    if (err != PH_OK)
        goto out;
    make_aad(secret, bytes, aad);
    err = ph_aead_open(aead, bytes + PH_SEALED_RECORD_CLEAR, aad, sizeof(aad),
                       bytes + PH_SEALED_RECORD_CLEAR + PH_AEAD_NONCE_BYTES,
                       sealed_len, room);
    if (err == PH_OK)
        ph_buf_advance(out_plain, record->len);
out:
    ph_aead_free(aead);
    free(bytes);
    if (err != PH_OK)
        ph_buf_close(out_plain);
    return err;
}

/* The file must end where a record of that sequence belongs. */
static int
check_place(int fd, const struct ph_sealed_record *record)
{
    struct ph_sealed_record newest;
    uint64_t end;
    int err = body_end(record->body_size, &end);

    if (err != PH_OK)
        return PH_ERR_INVALID;
    if (record->sequence == 1)
        return record->offset == end ? PH_OK : PH_ERR_STATE;
    err = ph_sealed_record_at_end(fd, record->offset, &newest);
    if (err == PH_ERR_IO)
        return err;
    if (err != PH_OK || newest.sequence + 1 != record->sequence ||
        newest.body_size != record->body_size)
        return PH_ERR_STATE;
    return PH_OK;
}

int
ph_sealed_append_metadata_with(int fd, const struct ph_sealed_secret *secret,
                               const struct ph_sealed_record *record,
                               const uint8_t nonce[PH_AEAD_NONCE_BYTES],
                               const void *plain)
{
    struct ph_buf buf;
    int err = check_place(fd, record);

    ph_buf_init(&buf, PH_SEALED_RECORD_EXTRA + PH_SEALED_METADATA_MAX);
    if (err == PH_OK)
        err = build(secret, record, nonce, plain, &buf);
    if (err != PH_OK)
        goto out;
    err = ph_io_pwrite_full(fd, buf.data, buf.len, record->offset);
    if (err == PH_OK)
        err = ph_io_sync(fd);
    /* Leave the older record as the newest; repair_tail does it otherwise. */
    if (err != PH_OK && ftruncate(fd, (off_t)record->offset) != 0)
        goto out;
out:
    ph_buf_close(&buf);
    return err;
}

int
ph_sealed_append_metadata(int fd, const struct ph_sealed_secret *secret,
                          uint32_t sequence, uint64_t body_size,
                          const void *plain, size_t len)
{
    struct ph_sealed_record record = {.body_size = body_size,
                                      .sequence = sequence};
    uint8_t nonce[PH_AEAD_NONCE_BYTES];
    int err;

    if (sequence == 0)
        return PH_ERR_INVALID;
    if (sequence > PH_SEALED_RECORDS_MAX)
        return PH_ERR_LIMIT;
    if (len > PH_SEALED_METADATA_MAX)
        return PH_ERR_TOO_BIG;
    record.len = (uint32_t)len;
    err = ph_sealed_file_size(fd, &record.offset);
    if (err == PH_OK)
        err = ph_random(nonce, sizeof(nonce));
    if (err != PH_OK)
        return err;
    return ph_sealed_append_metadata_with(fd, secret, &record, nonce, plain);
}

int
ph_sealed_update_metadata(int fd, struct ph_epoch_keys *keys, const void *plain,
                          size_t len, uint32_t *out_sequence)
{
    struct ph_sealed_secret secret;
    struct ph_sealed_record newest;
    struct ph_id epoch;
    uint64_t end;
    int err = ph_sealed_header_open(fd, keys, &secret, &epoch, NULL);

    if (err != PH_OK)
        return err;
    err = ph_sealed_file_size(fd, &end);
    if (err == PH_OK)
        err = ph_sealed_record_at_end(fd, end, &newest);
    if (err == PH_OK)
        err = ph_sealed_append_metadata(fd, &secret, newest.sequence + 1,
                                        newest.body_size, plain, len);
    OPENSSL_cleanse(&secret, sizeof(secret));
    if (err == PH_OK)
        *out_sequence = newest.sequence + 1;
    return err;
}
