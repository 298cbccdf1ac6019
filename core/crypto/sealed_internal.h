/*
 * What the source files of the sealed file share. Not for other modules; the
 * functions named _with take what is random otherwise, for pinned vectors.
 */
#ifndef CRYPTO_SEALED_INTERNAL_H
#define CRYPTO_SEALED_INTERNAL_H

#include "printhold/crypto/aead.h"
#include "printhold/crypto/sealed_file.h"
#include "printhold/crypto/stream.h"

#define PH_SEALED_MAGIC        "PHSPOOL1"
#define PH_SEALED_VERSION      1
#define PH_SEALED_SUITE        1
#define PH_SEALED_RECORD_MAGIC "PHMETA01"
#define PH_SEALED_MAGIC_BYTES  8

/* --- header (sealed_header.c) --- */

struct ph_sealed_header {
    struct ph_id job;
    struct ph_id epoch;
    uint8_t wrapped[PH_WRAPPED_KEY_BYTES];
    uint8_t commitment[PH_SHA256_BYTES];
};

/* Form only; nothing is authenticated yet. */
int ph_sealed_header_parse(const uint8_t bytes[PH_SEALED_HEADER_BYTES],
                           struct ph_sealed_header *out_header,
                           struct ph_why *why);

/* Read, parse, unwrap and check the commitment of the header at fd. */
int ph_sealed_header_open(int fd, struct ph_epoch_keys *keys,
                          struct ph_sealed_secret *out_secret,
                          struct ph_id *out_epoch, struct ph_why *why);

/* Does the header at fd still have the hash that the secret states? */
int ph_sealed_header_recheck(int fd, const struct ph_sealed_secret *secret);

int ph_sealed_create_with(int fd, struct ph_epoch_keys *keys,
                          const struct ph_id *epoch, const struct ph_id *job,
                          const uint8_t data_key[PH_KEY_BYTES],
                          struct ph_sealed_secret *out_secret);

/* --- body (sealed_writer.c, sealed_scan.c) --- */

int ph_sealed_writer_new_with(int fd, const struct ph_sealed_secret *secret,
                              const uint8_t header[PH_STREAM_HEADER_MAX],
                              struct ph_sealed_writer **out_writer);

/* Read the stream header at fd and derive the segment key. */
int ph_sealed_stream_open(int fd, const struct ph_sealed_secret *secret,
                          struct ph_stream **out_stream);

/* One pass over the segments of a body, in order. */
struct ph_sealed_scan {
    int fd;
    struct ph_stream *stream;
    uint8_t *cipher; /* one batch */
    uint8_t *plain;  /* one segment */
    uint64_t next;   /* the segment to verify next */
};

typedef int (*ph_sealed_plain_cb)(void *arg, const uint8_t *plain, size_t len);

/* stream is taken on success. */
int ph_sealed_scan_init(struct ph_sealed_scan *scan, int fd,
                        struct ph_stream *stream);
void ph_sealed_scan_close(struct ph_sealed_scan *scan);
/* Authenticate the segments up to but without end, which are full and not the
 * last. plain_cb (may be NULL) gets each one's plaintext; stop as in
 * ph_sealed_reader_verify. */
int ph_sealed_scan_full(struct ph_sealed_scan *scan, uint64_t end,
                        const atomic_int *stop, ph_sealed_plain_cb plain_cb,
                        void *arg);
/* Authenticate everything up to the last segment of a body of that size. */
int ph_sealed_scan_rest(struct ph_sealed_scan *scan, uint64_t stream_size,
                        const atomic_int *stop, ph_sealed_plain_cb plain_cb,
                        void *arg);

/* --- metadata records (sealed_record.c) --- */

#define PH_SEALED_RECORD_CLEAR  24 /* magic, sequence, body size, length */
#define PH_SEALED_RECORD_FOOTER 12 /* whole length, magic */
#define PH_SEALED_RECORD_EXTRA                                          \
    (PH_SEALED_RECORD_CLEAR + PH_AEAD_NONCE_BYTES + PH_AEAD_TAG_BYTES + \
     PH_SEALED_RECORD_FOOTER)

struct ph_sealed_record {
    uint64_t offset;    /* in the file */
    uint64_t body_size; /* plaintext bytes of the body */
    uint32_t sequence;
    uint32_t len; /* of the plaintext */
};

/* The record that ends at the given file offset: form, not authenticity.
 * PH_ERR_TRUNCATED when none ends there. */
int ph_sealed_record_at_end(int fd, uint64_t end,
                            struct ph_sealed_record *out_record);

/* The body must end where the records start, and the records must follow each
 * other, 1, 2, ..., up to this one. PH_ERR_CORRUPT. */
int ph_sealed_record_check_chain(int fd, const struct ph_sealed_record *record);

/* Decrypt; out_plain is initialised by this function. */
int ph_sealed_record_open(int fd, const struct ph_sealed_secret *secret,
                          const struct ph_sealed_record *record,
                          struct ph_buf *out_plain);

int ph_sealed_append_metadata_with(int fd,
                                   const struct ph_sealed_secret *secret,
                                   const struct ph_sealed_record *record,
                                   const uint8_t nonce[PH_AEAD_NONCE_BYTES],
                                   const void *plain);

/* Size of the file; PH_ERR_INVALID when it is not a regular file. */
int ph_sealed_file_size(int fd, uint64_t *out_size);

#endif
