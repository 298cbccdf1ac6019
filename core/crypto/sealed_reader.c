#include "sealed_internal.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "algorithms.h"
#include "printhold/base/err.h"
#include "printhold/base/io.h"

#define NO_SEGMENT UINT64_MAX

struct ph_sealed_reader {
    int fd;
    struct ph_id epoch;
    struct ph_sealed_secret secret;
    struct ph_stream *stream;
    uint64_t size;        /* of the plaintext */
    uint64_t stream_size; /* of the body in the file */
    uint64_t segments;
    uint32_t sequence;
    struct ph_buf metadata;
    /* Both one segment, made by the first read. */
    uint8_t *cipher;
    uint8_t *plain;
    uint64_t cached; /* the segment in plain */
};

static int
open_metadata(struct ph_sealed_reader *reader, struct ph_why *why)
{
    struct ph_sealed_record record;
    uint64_t end;
    int err = ph_sealed_file_size(reader->fd, &end);

    if (err == PH_OK)
        err = ph_sealed_record_at_end(reader->fd, end, &record);
    if (err == PH_OK)
        err = ph_sealed_record_check_chain(reader->fd, &record);
    if (err == PH_OK)
        err = ph_sealed_record_open(reader->fd, &reader->secret, &record,
                                    &reader->metadata);
    if (err != PH_OK)
        return ph_why_fail(why, err,
                           "the spool file is not whole (%s); the job cannot "
                           "be printed any more",
                           ph_err_text(err));
    reader->sequence = record.sequence;
    reader->size = record.body_size;
    reader->segments = ph_stream_segments(&ph_stream_spool, reader->size);
    return ph_stream_size(&ph_stream_spool, reader->size, &reader->stream_size);
}

int
ph_sealed_reader_open(int fd, struct ph_epoch_keys *keys,
                      struct ph_sealed_reader **out_reader, struct ph_why *why)
{
    struct ph_sealed_reader *reader = calloc(1, sizeof(*reader));
    int err;

    if (reader == NULL)
        return ph_why_fail(why, PH_ERR_NOMEM, "out of memory");
    reader->fd = fd;
    reader->cached = NO_SEGMENT;
    ph_buf_init(&reader->metadata, 0);
    err = ph_sealed_header_open(fd, keys, &reader->secret, &reader->epoch, why);
    if (err == PH_OK)
        err = open_metadata(reader, why);
    if (err == PH_OK) {
        err = ph_sealed_stream_open(fd, &reader->secret, &reader->stream);
        if (err != PH_OK)
            ph_why_set(why, "the spool file's body is damaged (%s)",
                       ph_err_text(err));
    }
    if (err != PH_OK) {
        reader->fd = -1; /* still the caller's */
        ph_sealed_reader_free(reader);
        return err;
    }
    *out_reader = reader;
    return PH_OK;
}

void
ph_sealed_reader_free(struct ph_sealed_reader *reader)
{
    if (reader == NULL)
        return;
    if (reader->plain != NULL)
        OPENSSL_cleanse(reader->plain, PH_SEALED_SEGMENT_BYTES);
    free(reader->plain);
    free(reader->cipher);
    ph_buf_close(&reader->metadata);
    ph_stream_free(reader->stream);
    OPENSSL_cleanse(&reader->secret, sizeof(reader->secret));
    ph_io_close(&reader->fd);
    free(reader);
}

const struct ph_id *
ph_sealed_reader_job(const struct ph_sealed_reader *reader)
{
    return &reader->secret.job;
}

const struct ph_id *
ph_sealed_reader_epoch(const struct ph_sealed_reader *reader)
{
    return &reader->epoch;
}

uint64_t
ph_sealed_reader_size(const struct ph_sealed_reader *reader)
{
    return reader->size;
}

int
ph_sealed_reader_fd(const struct ph_sealed_reader *reader)
{
    return reader->fd;
}

const uint8_t *
ph_sealed_reader_metadata(const struct ph_sealed_reader *reader,
                          size_t *out_len, uint32_t *out_sequence)
{
    *out_len = reader->metadata.len;
    if (out_sequence != NULL)
        *out_sequence = reader->sequence;
    return reader->metadata.data;
}

static int
ensure_buffers(struct ph_sealed_reader *reader)
{
    if (reader->cipher == NULL)
        reader->cipher = malloc(PH_SEALED_SEGMENT_BYTES);
    if (reader->plain == NULL)
        reader->plain = malloc(PH_SEALED_SEGMENT_BYTES);
    return reader->cipher != NULL && reader->plain != NULL ? PH_OK
                                                           : PH_ERR_NOMEM;
}

/* Plaintext bytes of a segment of this file. */
static size_t
segment_len(const struct ph_sealed_reader *reader, uint64_t segment)
{
    uint64_t start = ph_stream_segment_plain(&ph_stream_spool, segment);
    size_t room = ph_stream_room(&ph_stream_spool, segment);

    return reader->size - start < room ? (size_t)(reader->size - start) : room;
}

static int
decrypt_segment(struct ph_sealed_reader *reader, uint64_t segment, uint8_t *dst)
{
    uint64_t start = ph_stream_segment_offset(&ph_stream_spool, segment);
    size_t len = segment_len(reader, segment) + PH_STREAM_TAG_BYTES;
    int err = ph_io_pread_full(reader->fd, reader->cipher, len,
                               PH_SEALED_HEADER_BYTES + start);

    if (err != PH_OK)
        return err;
    return ph_stream_open(reader->stream, segment,
                          segment + 1 == reader->segments, reader->cipher, len,
                          dst);
}

/* Give the part of one segment from skip on, at most len bytes, to dst. */
static int
read_segment(struct ph_sealed_reader *reader, uint64_t segment, size_t skip,
             uint8_t *dst, size_t len, size_t *out_len)
{
    size_t there = segment_len(reader, segment);
    size_t part = there - skip < len ? there - skip : len;
    int err = PH_OK;

    *out_len = part;
    if (part == there && reader->cached != segment)
        return decrypt_segment(reader, segment, dst);
    if (reader->cached != segment) {
        reader->cached = NO_SEGMENT;
        err = decrypt_segment(reader, segment, reader->plain);
    }
    if (err != PH_OK)
        return err;
    reader->cached = segment;
    memcpy(dst, reader->plain + skip, part);
    return PH_OK;
}

int
ph_sealed_reader_read(struct ph_sealed_reader *reader, uint64_t offset,
                      void *dst, size_t len)
{
    uint8_t *pos = dst;
    size_t left = len;
    int err;

    if (offset > reader->size || len > reader->size - offset)
        return PH_ERR_INVALID;
    err = ensure_buffers(reader);
    while (err == PH_OK && left > 0) {
        uint64_t segment = ph_stream_segment_of(&ph_stream_spool, offset);
        uint64_t start = ph_stream_segment_plain(&ph_stream_spool, segment);
        size_t part = 0;

        err = read_segment(reader, segment, (size_t)(offset - start), pos, left,
                           &part);
        offset += part;
        pos += part;
        left -= part;
    }
    if (err != PH_OK && len > 0)
        OPENSSL_cleanse(dst, len);
    return err;
}

static int
scan_all(struct ph_sealed_reader *reader, const atomic_int *stop,
         ph_sealed_plain_cb plain_cb, void *arg)
{
    struct ph_sealed_scan scan = {.fd = -1};
    struct ph_stream *stream = NULL;
    int err = ph_sealed_stream_open(reader->fd, &reader->secret, &stream);

    if (err != PH_OK)
        return err;
    err = ph_sealed_scan_init(&scan, reader->fd, stream);
    if (err != PH_OK) {
        ph_stream_free(stream);
        return err;
    }
    err = ph_sealed_scan_rest(&scan, reader->stream_size, stop, plain_cb, arg);
    ph_sealed_scan_close(&scan);
    return err;
}

int
ph_sealed_reader_verify(struct ph_sealed_reader *reader, const atomic_int *stop)
{
    return scan_all(reader, stop, NULL, NULL);
}

static int
hash_plain(void *arg, const uint8_t *plain, size_t len)
{
    return EVP_DigestUpdate(arg, plain, len) == 1 ? PH_OK : PH_ERR_CRYPTO;
}

int
ph_sealed_reader_digest(struct ph_sealed_reader *reader, const atomic_int *stop,
                        uint8_t out_sha256[PH_SHA256_BYTES])
{
    const EVP_MD *md = ph_algorithm_sha256();
    EVP_MD_CTX *ctx = md != NULL ? EVP_MD_CTX_new() : NULL;
    int err = PH_ERR_CRYPTO;

    if (ctx != NULL && EVP_DigestInit_ex2(ctx, md, NULL) == 1)
        err = scan_all(reader, stop, hash_plain, ctx);
    if (err == PH_OK && EVP_DigestFinal_ex(ctx, out_sha256, NULL) != 1)
        err = PH_ERR_CRYPTO;
    EVP_MD_CTX_free(ctx);
    return err;
}

/* To the end of a segment at a time: those that are whole need no copy. */
static int
hash_part(struct ph_sealed_reader *reader, uint64_t first, uint64_t end,
          const atomic_int *stop, EVP_MD_CTX *ctx)
{
    uint8_t *plain = malloc(PH_SEALED_SEGMENT_BYTES);
    int err = plain != NULL ? PH_OK : PH_ERR_NOMEM;

    while (err == PH_OK && first < end) {
        uint64_t segment = ph_stream_segment_of(&ph_stream_spool, first);
        uint64_t next = ph_stream_segment_plain(&ph_stream_spool, segment + 1);
        size_t len = (size_t)((next < end ? next : end) - first);

        if (stop != NULL && atomic_load(stop) != 0)
            err = PH_ERR_CANCELLED;
        if (err == PH_OK)
            err = ph_sealed_reader_read(reader, first, plain, len);
        if (err == PH_OK)
            err = hash_plain(ctx, plain, len);
        first += len;
    }
    if (plain != NULL)
        OPENSSL_cleanse(plain, PH_SEALED_SEGMENT_BYTES);
    free(plain);
    return err;
}

int
ph_sealed_reader_digest_part(struct ph_sealed_reader *reader, uint64_t first,
                             uint64_t end, const atomic_int *stop,
                             uint8_t out_sha256[PH_SHA256_BYTES])
{
    const EVP_MD *md = ph_algorithm_sha256();
    EVP_MD_CTX *ctx = md != NULL ? EVP_MD_CTX_new() : NULL;
    int err = PH_ERR_CRYPTO;

    if (ctx != NULL && EVP_DigestInit_ex2(ctx, md, NULL) == 1)
        err = hash_part(reader, first, end, stop, ctx);
    if (err == PH_OK && EVP_DigestFinal_ex(ctx, out_sha256, NULL) != 1)
        err = PH_ERR_CRYPTO;
    EVP_MD_CTX_free(ctx);
    return err;
}
