#include "printhold/crypto/stream.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "printhold/base/err.h"
#include "printhold/base/id.h"
#include "printhold/crypto/aead.h"
#include "printhold/crypto/kdf.h"

const struct ph_stream_format ph_stream_spool = {
    .digest = "SHA256",
    .key_bytes = 32,
    .segment_bytes = 65536,
};

struct ph_stream {
    const struct ph_stream_format *format;
    struct ph_aead *aead;
    uint64_t next;
    bool ended;
    uint8_t prefix[PH_STREAM_PREFIX_BYTES];
};

size_t
ph_stream_header_bytes(const struct ph_stream_format *format)
{
    return 1 + format->key_bytes + PH_STREAM_PREFIX_BYTES;
}

size_t
ph_stream_room(const struct ph_stream_format *format, uint64_t segment)
{
    size_t room = format->segment_bytes - PH_STREAM_TAG_BYTES;

    return segment == 0 ? room - ph_stream_header_bytes(format) : room;
}

/* Treating the header as plaintext of the first segment makes all full
 * segments alike; this is what makes the arithmetic below short. */
uint64_t
ph_stream_segments(const struct ph_stream_format *format, uint64_t plain_size)
{
    uint64_t room = ph_stream_room(format, 1);
    uint64_t extra = ph_stream_header_bytes(format);
    uint64_t whole = plain_size / room, rest = plain_size % room + extra;

    if (plain_size == 0)
        return 1;
    return whole + rest / room + (rest % room != 0);
}

int
ph_stream_size(const struct ph_stream_format *format, uint64_t plain_size,
               uint64_t *out_size)
{
    uint64_t segments = ph_stream_segments(format, plain_size);

    if (segments > PH_STREAM_SEGMENTS_MAX)
        return PH_ERR_TOO_BIG;
    *out_size = ph_stream_header_bytes(format) + plain_size +
                segments * PH_STREAM_TAG_BYTES;
    return PH_OK;
}

int
ph_stream_plain_size(const struct ph_stream_format *format, uint64_t size,
                     uint64_t *out_plain_size)
{
    uint64_t header = ph_stream_header_bytes(format);
    uint64_t whole = size / format->segment_bytes;
    uint64_t rest = size % format->segment_bytes;
    uint64_t segments = whole + (rest > 0);

    if (size < header + PH_STREAM_TAG_BYTES)
        return PH_ERR_TRUNCATED;
    if (segments > PH_STREAM_SEGMENTS_MAX)
        return PH_ERR_TOO_BIG;
    /* Only the first segment may be empty. */
    if (whole > 0 && rest > 0 && rest <= PH_STREAM_TAG_BYTES)
        return PH_ERR_TRUNCATED;
    *out_plain_size = size - header - segments * PH_STREAM_TAG_BYTES;
    return PH_OK;
}

uint64_t
ph_stream_segment_offset(const struct ph_stream_format *format,
                         uint64_t segment)
{
    if (segment == 0)
        return ph_stream_header_bytes(format);
    return segment * format->segment_bytes;
}

uint64_t
ph_stream_segment_plain(const struct ph_stream_format *format, uint64_t segment)
{
    if (segment == 0)
        return 0;
    return segment * ph_stream_room(format, 1) - ph_stream_header_bytes(format);
}

uint64_t
ph_stream_segment_of(const struct ph_stream_format *format,
                     uint64_t plain_offset)
{
    return (plain_offset + ph_stream_header_bytes(format)) /
           ph_stream_room(format, 1);
}

int
ph_stream_header_make(const struct ph_stream_format *format,
                      uint8_t out_header[PH_STREAM_HEADER_MAX])
{
    size_t len = ph_stream_header_bytes(format);

    if (len > PH_STREAM_HEADER_MAX)
        return PH_ERR_INVALID;
    out_header[0] = (uint8_t)len;
    return ph_random(out_header + 1, len - 1);
}

int
ph_stream_new(const struct ph_stream_format *format, const uint8_t *key,
              size_t key_len, const void *aad, size_t aad_len,
              const uint8_t *header, struct ph_stream **out_stream)
{
    const struct ph_hkdf_input input = {
        .digest = format->digest,
        .key = key,
        .key_len = key_len,
        .salt = header + 1,
        .salt_len = format->key_bytes,
        .info = aad,
        .info_len = aad_len,
    };
    uint8_t segment_key[32];
    struct ph_stream *stream;
    int err;

    if (format->key_bytes > sizeof(segment_key))
        return PH_ERR_INVALID;
    if (header[0] != ph_stream_header_bytes(format))
        return PH_ERR_CORRUPT;
    stream = calloc(1, sizeof(*stream));
    if (stream == NULL)
        return PH_ERR_NOMEM;
    stream->format = format;
    memcpy(stream->prefix, header + 1 + format->key_bytes,
           PH_STREAM_PREFIX_BYTES);
    err = ph_hkdf(&input, segment_key, format->key_bytes);
    if (err == PH_OK)
        err = ph_aead_new(segment_key, format->key_bytes, &stream->aead);
    OPENSSL_cleanse(segment_key, sizeof(segment_key));
    if (err != PH_OK) {
        ph_stream_free(stream);
        return err;
    }
    *out_stream = stream;
    return PH_OK;
}

void
ph_stream_free(struct ph_stream *stream)
{
    if (stream == NULL)
        return;
    ph_aead_free(stream->aead);
    free(stream);
}

static void
make_nonce(const struct ph_stream *stream, uint64_t segment, bool last,
           uint8_t nonce[PH_AEAD_NONCE_BYTES])
{
    memcpy(nonce, stream->prefix, PH_STREAM_PREFIX_BYTES);
    for (int i = 0; i < 4; i++)
        nonce[PH_STREAM_PREFIX_BYTES + i] = (uint8_t)(segment >> (24 - 8 * i));
    nonce[PH_AEAD_NONCE_BYTES - 1] = last ? 1 : 0;
}

int
ph_stream_seal(struct ph_stream *stream, bool last, const uint8_t *plain,
               size_t len, uint8_t *dst)
{
    uint8_t nonce[PH_AEAD_NONCE_BYTES];
    size_t room = ph_stream_room(stream->format, stream->next);
    int err;

    if (stream->ended)
        return PH_ERR_STATE;
    if (stream->next >= PH_STREAM_SEGMENTS_MAX)
        return PH_ERR_TOO_BIG;
    if (len > room || (!last && len != room) || (len == 0 && stream->next != 0))
        return PH_ERR_INVALID;
    make_nonce(stream, stream->next, last, nonce);
    err = ph_aead_seal(stream->aead, nonce, NULL, 0, plain, len, dst);
    /* The number counts as used even when sealing failed half-way. */
    stream->next++;
    stream->ended = last || err != PH_OK;
    return err;
}

uint64_t
ph_stream_next(const struct ph_stream *stream)
{
    return stream->next;
}

int
ph_stream_skip_to(struct ph_stream *stream, uint64_t segment)
{
    if (segment < stream->next)
        return PH_ERR_INVALID;
    stream->next = segment;
    return PH_OK;
}

int
ph_stream_open(struct ph_stream *stream, uint64_t segment, bool last,
               const uint8_t *sealed, size_t len, uint8_t *dst)
{
    uint8_t nonce[PH_AEAD_NONCE_BYTES];

    if (segment >= PH_STREAM_SEGMENTS_MAX)
        return PH_ERR_TOO_BIG;
    if (len > ph_stream_room(stream->format, segment) + PH_STREAM_TAG_BYTES)
        return PH_ERR_CORRUPT;
    make_nonce(stream, segment, last, nonce);
    return ph_aead_open(stream->aead, nonce, NULL, 0, sealed, len, dst);
}
