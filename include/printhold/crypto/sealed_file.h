/*
 * Spool file, version 1: one print document, encrypted. docs/spool-format.md
 * is the contract; this is its only implementation.
 *
 *   header (4,096 bytes)  magic, version, suite, job id, epoch id, wrapped
 *                         data key, key commitment, zero padding
 *   body                  Tink AES256-GCM-HKDF streaming, 64 KiB segments,
 *                         associated data = SHA-256 of the header
 *   metadata records      sealed ticket; the last complete one counts
 *
 * The agent makes the header, the backend writes the body (it holds only this
 * job's data key and a write-only descriptor), the agent verifies the body
 * and appends the metadata. Readers refuse anything but a complete, unaltered
 * file; the refusals are listed in the document.
 */
#ifndef PRINTHOLD_CRYPTO_SEALED_FILE_H
#define PRINTHOLD_CRYPTO_SEALED_FILE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "printhold/base/buf.h"
#include "printhold/base/id.h"
#include "printhold/base/why.h"
#include "printhold/crypto/epoch_keys.h"
#include "printhold/crypto/kdf.h"

#define PH_SEALED_HEADER_BYTES  4096
#define PH_SEALED_HASH_BYTES    32
#define PH_SEALED_SEGMENT_BYTES 65536 /* ciphertext, tag included */
#define PH_SEALED_BATCH_BYTES   (4 * PH_SEALED_SEGMENT_BYTES)
#define PH_SEALED_METADATA_MAX  65536 /* plaintext of one record */
#define PH_SEALED_RECORDS_MAX   1024  /* metadata records in one file */

/* What the agent hands to the backend for one job. Wipe after use. */
struct ph_sealed_secret {
    struct ph_id job;
    uint8_t data_key[PH_KEY_BYTES];
    uint8_t header_hash[PH_SEALED_HASH_BYTES];
};

/* --- making a file (agent) --- */

/* Write the header of a new, empty file at fd; fresh random data key wrapped
 * under the epoch. Not synced: the commit does that. */
int ph_sealed_create(int fd, struct ph_epoch_keys *keys,
                     const struct ph_id *epoch, const struct ph_id *job,
                     struct ph_sealed_secret *out_secret);

/* --- writing the body (backend) --- */

struct ph_sealed_writer;

/* Set up the library and fetch what a writer needs, about a millisecond at
 * the first use in a process. Optional: for a caller that would otherwise
 * only wait, such as the backend between BEGIN and the agent's answer. */
int ph_sealed_writer_prepare(void);

/* fd may be write-only; the body is written at offset 4,096 with pwrite. fd
 * stays the caller's. The secret is copied and wiped by _free. */
int ph_sealed_writer_new(int fd, const struct ph_sealed_secret *secret,
                         struct ph_sealed_writer **out_writer);
void ph_sealed_writer_free(struct ph_sealed_writer *writer);

/* Where to put the next plaintext bytes (at least 1 byte of room), so that
 * read(2) needs no copy. Encrypts and writes a full batch when needed. */
int ph_sealed_writer_room(struct ph_sealed_writer *writer, uint8_t **out_room,
                          size_t *out_len);
/* len bytes were put into the room. */
void ph_sealed_writer_filled(struct ph_sealed_writer *writer, size_t len);

/* Convenience for callers that already hold the bytes. */
int ph_sealed_writer_write(struct ph_sealed_writer *writer, const void *bytes,
                           size_t len);

/* End of the file offset up to which complete segments are written. */
uint64_t ph_sealed_writer_offset(const struct ph_sealed_writer *writer);

/* Write the last segment and fdatasync. *out_size is the plaintext size. */
int ph_sealed_writer_finish(struct ph_sealed_writer *writer,
                            uint64_t *out_size);

/* --- verifying while it grows (agent, at ingest) --- */

struct ph_sealed_verifier;

/* fd readable, stays the caller's. */
int ph_sealed_verifier_new(int fd, const struct ph_sealed_secret *secret,
                           struct ph_sealed_verifier **out_verifier);
void ph_sealed_verifier_free(struct ph_sealed_verifier *verifier);

/* Verify the segments that lie wholly below the file offset and are known not
 * to be the last (another byte follows them). Blocking. */
int ph_sealed_verifier_advance(struct ph_sealed_verifier *verifier,
                               uint64_t written_offset);

/* Longer documents are verified at ingest but not hashed: the person waits for
 * that, and the digest is needed only at release (ph_sealed_reader_digest). */
#define PH_SEALED_DIGEST_MAX (UINT64_C(32) << 20)

/* The body ends at the end of the file: verify the rest. Gives the plaintext
 * size and the SHA-256 of the plaintext, or zeros when the document is longer
 * than PH_SEALED_DIGEST_MAX. */
int ph_sealed_verifier_finish(struct ph_sealed_verifier *verifier,
                              uint64_t *out_size,
                              uint8_t out_sha256[PH_SHA256_BYTES]);

/* Append a metadata record (the sealed ticket, any bytes up to 64 KiB) to a
 * file whose body has body_size plaintext bytes, and fsync. sequence is 1 for
 * the first and grows by one. fd must be readable and writable: a file that
 * does not end as the sequence says is PH_ERR_STATE, a full one (1,024
 * records) PH_ERR_LIMIT. After any other failure the file may end in a torn
 * record: delete it, or ph_sealed_repair_tail. */
int ph_sealed_append_metadata(int fd, const struct ph_sealed_secret *secret,
                              uint32_t sequence, uint64_t body_size,
                              const void *plain, size_t len);

/* The same for a finished file of which only the descriptor is at hand: the
 * next record, with the next sequence. Also PH_ERR_TRUNCATED and PH_ERR_CORRUPT
 * as in ph_sealed_reader_open. */
int ph_sealed_update_metadata(int fd, struct ph_epoch_keys *keys,
                              const void *plain, size_t len,
                              uint32_t *out_sequence);

/*
 * At the agent's start: when a crash tore the newest metadata record and a
 * whole one stands before it, cut the file back to that one, durably. Looks
 * back no further than one record; the record that it cuts to must
 * authenticate and fit the file's layout. PH_OK when the file ends well (now
 * or before); a file without any whole record is PH_ERR_TRUNCATED and left
 * alone. fd must be readable and writable.
 */
int ph_sealed_repair_tail(int fd, struct ph_epoch_keys *keys);

/* --- reading (agent, at start and at release) --- */

struct ph_sealed_reader;

/*
 * Check header, commitment and metadata and get ready to read. fd is taken on
 * success. PH_ERR_TRUNCATED, PH_ERR_CORRUPT, PH_ERR_UNSUPPORTED (unknown
 * version or suite), PH_ERR_NOT_FOUND (epoch key gone).
 */
int ph_sealed_reader_open(int fd, struct ph_epoch_keys *keys,
                          struct ph_sealed_reader **out_reader,
                          struct ph_why *why);
void ph_sealed_reader_free(struct ph_sealed_reader *reader);

const struct ph_id *ph_sealed_reader_job(const struct ph_sealed_reader *r);
const struct ph_id *ph_sealed_reader_epoch(const struct ph_sealed_reader *r);
uint64_t ph_sealed_reader_size(const struct ph_sealed_reader *reader);
/* For fstat(2): is it still the file that was verified? Stays the reader's. */
int ph_sealed_reader_fd(const struct ph_sealed_reader *reader);
/* The newest metadata record; view, lives as long as the reader. */
const uint8_t *ph_sealed_reader_metadata(const struct ph_sealed_reader *reader,
                                         size_t *out_len,
                                         uint32_t *out_sequence);

/* Plaintext bytes [offset, offset + len), all inside the size (else
 * PH_ERR_INVALID). Consecutive calls are cheapest; whole segments are decrypted
 * straight into dst. On failure dst holds nothing unauthenticated. A reader
 * that reads holds 128 KiB; one reader is for one thread at a time. */
int ph_sealed_reader_read(struct ph_sealed_reader *reader, uint64_t offset,
                          void *dst, size_t len);

/* Authenticate every segment. *stop (may be NULL) is looked at between
 * batches; PH_ERR_CANCELLED when it became non-zero. Blocking. */
int ph_sealed_reader_verify(struct ph_sealed_reader *reader,
                            const atomic_int *stop);
/* The same, and the SHA-256 of the plaintext. */
int ph_sealed_reader_digest(struct ph_sealed_reader *reader,
                            const atomic_int *stop,
                            uint8_t out_sha256[PH_SHA256_BYTES]);
/* Of the bytes [first, end) only, which lie inside the plaintext. */
int ph_sealed_reader_digest_part(struct ph_sealed_reader *reader,
                                 uint64_t first, uint64_t end,
                                 const atomic_int *stop,
                                 uint8_t out_sha256[PH_SHA256_BYTES]);

#endif
