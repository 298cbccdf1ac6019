/*
 * Streaming authenticated encryption: the AES-GCM-HKDF format of Tink.
 *
 *   stream header  1 byte its own length, salt (as long as the key), 7 bytes
 *                  nonce prefix
 *   segments       AES-GCM, 16-byte tag behind each; all but the last full
 *
 * The segment key is HKDF(key, salt, info = associated data). The nonce of
 * segment i is prefix, i as 32-bit big-endian, and 1 for the last segment or
 * 0. So a segment that is altered, moved, repeated, left out, taken from
 * another stream, or last when it should not be does not decrypt. The first
 * segment is shorter by the stream header: segments end at multiples of the
 * segment size. A full last segment is not followed by an empty one; an empty
 * plaintext is one empty segment.
 *
 * The suite of the spool file is ph_stream_spool. Digest and key size are
 * parameters so that the published vectors of Tink can be checked.
 */
#ifndef PRINTHOLD_CRYPTO_STREAM_H
#define PRINTHOLD_CRYPTO_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "printhold/base/attr.h"

#define PH_STREAM_PREFIX_BYTES 7
#define PH_STREAM_TAG_BYTES    16
#define PH_STREAM_HEADER_MAX   40
#define PH_STREAM_SEGMENTS_MAX UINT64_C(0xffffffff)

struct ph_stream_format {
    const char *digest; /* OpenSSL's name */
    size_t key_bytes;   /* 16 or 32, of the segment key; also the salt's */
    size_t segment_bytes;
};

/* HKDF-SHA-256, AES-256-GCM, 65,536 bytes. */
extern const struct ph_stream_format ph_stream_spool;

/* --- sizes --- */

size_t ph_stream_header_bytes(const struct ph_stream_format *format);
/* Plaintext bytes in a full segment of this number. */
size_t ph_stream_room(const struct ph_stream_format *format, uint64_t segment);
/* Segments of so many plaintext bytes, at least 1. */
uint64_t ph_stream_segments(const struct ph_stream_format *format,
                            uint64_t plain_size);
/* Whole stream, header included. PH_ERR_TOO_BIG over the segment maximum. */
int ph_stream_size(const struct ph_stream_format *format, uint64_t plain_size,
                   uint64_t *out_size);
/* The reverse. PH_ERR_TRUNCATED for a length that no stream has. */
int ph_stream_plain_size(const struct ph_stream_format *format, uint64_t size,
                         uint64_t *out_plain_size);
/* Where a segment starts, counted from the start of the stream header, and
 * which plaintext byte it starts with. */
uint64_t ph_stream_segment_offset(const struct ph_stream_format *format,
                                  uint64_t segment);
uint64_t ph_stream_segment_plain(const struct ph_stream_format *format,
                                 uint64_t segment);
/* The segment with this plaintext byte. */
uint64_t ph_stream_segment_of(const struct ph_stream_format *format,
                              uint64_t plain_offset);

/* --- crypto --- */

struct ph_stream;

/* A fresh stream header: random salt and prefix. */
int
ph_stream_header_make(const struct ph_stream_format *format,
                      uint8_t out_header[PH_STREAM_HEADER_MAX]) PH_MUST_CHECK;

/*
 * Derive the segment key. header is ph_stream_header_bytes long;
 * PH_ERR_CORRUPT when its length byte is wrong. format stays the caller's and
 * must live as long.
 */
int ph_stream_new(const struct ph_stream_format *format, const uint8_t *key,
                  size_t key_len, const void *aad, size_t aad_len,
                  const uint8_t *header,
                  struct ph_stream **out_stream) PH_MUST_CHECK;
void ph_stream_free(struct ph_stream *stream);

/* Encrypt the next segment: len plaintext bytes (a full room, or less for the
 * last) to dst (PH_STREAM_TAG_BYTES more). PH_ERR_TOO_BIG when there is no
 * number left for it, PH_ERR_STATE after the last. */
int ph_stream_seal(struct ph_stream *stream, bool last, const uint8_t *plain,
                   size_t len, uint8_t *dst) PH_MUST_CHECK;

/* Number of the next segment to seal; and leave numbers out. Never goes back,
 * so no nonce repeats. For tests of the end of the counter. */
uint64_t ph_stream_next(const struct ph_stream *stream);
int ph_stream_skip_to(struct ph_stream *stream, uint64_t segment);

/* Decrypt a segment (len with tag). PH_ERR_CORRUPT, PH_ERR_TRUNCATED; dst is
 * wiped then. */
int ph_stream_open(struct ph_stream *stream, uint64_t segment, bool last,
                   const uint8_t *sealed, size_t len,
                   uint8_t *dst) PH_MUST_CHECK;

#endif
