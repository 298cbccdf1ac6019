/*
 * Key-encryption keys, one per UTC day (an epoch).
 *
 * Each lies in <dir>/<32 hex digits of the epoch id>.epoch, mode 0400: magic,
 * day number and the key wrapped (RFC 3394) by a key derived from the machine
 * key. An epoch's key wraps the data keys of the jobs captured in it and seals
 * their rows in the catalogue; destroying it makes all of them unreadable.
 * Beside them lies owner.key, made when the directory is first opened.
 * The set is safe to use from several threads.
 */
#ifndef PRINTHOLD_CRYPTO_EPOCH_KEYS_H
#define PRINTHOLD_CRYPTO_EPOCH_KEYS_H

#include <stddef.h>
#include <stdint.h>

#include "printhold/base/buf.h"
#include "printhold/base/id.h"
#include "printhold/base/why.h"
#include "printhold/crypto/kdf.h"
#include "printhold/crypto/keywrap.h"
#include "printhold/crypto/machine_key.h"

#define PH_OWNER_KEY_BYTES 16

struct ph_epoch_keys;

/* Open the directory (kept open as a descriptor of its own) and read every
 * epoch in it. A file that does not unwrap is PH_ERR_CORRUPT and named in
 * why. dirfd stays the caller's. */
int ph_epoch_keys_open(int dirfd, const struct ph_machine_key *machine,
                       struct ph_epoch_keys **out_keys, struct ph_why *why);
/* The same for a command that reads the audit beside a running agent: changes
 * nothing in the directory and knows no epoch; for the audit functions below.
 * PH_ERR_NOT_FOUND when no agent ever ran here. */
int ph_epoch_keys_open_audit(int dirfd, const struct ph_machine_key *machine,
                             struct ph_epoch_keys **out_keys,
                             struct ph_why *why);
void ph_epoch_keys_free(struct ph_epoch_keys *keys);

/* The epoch of the given time; made durably when it is the first of its day. */
int ph_epoch_keys_current(struct ph_epoch_keys *keys, int64_t wall_ms,
                          struct ph_id *out_epoch);

/* The epochs whose day ended at or before the given time, at most cap. */
size_t ph_epoch_keys_ended(struct ph_epoch_keys *keys, int64_t wall_ms,
                           struct ph_id *out_epochs, size_t cap);

/* Destroy an epoch's key, on disk and in memory. */
int ph_epoch_keys_destroy(struct ph_epoch_keys *keys,
                          const struct ph_id *epoch);

/* Wrap and unwrap a data key (RFC 3394 through EVP). PH_ERR_NOT_FOUND for an
 * unknown epoch, PH_ERR_CORRUPT when the integrity check fails. */
int ph_epoch_keys_wrap(struct ph_epoch_keys *keys, const struct ph_id *epoch,
                       const uint8_t data_key[PH_KEY_BYTES],
                       uint8_t out_wrapped[PH_WRAPPED_KEY_BYTES]);
int ph_epoch_keys_unwrap(struct ph_epoch_keys *keys, const struct ph_id *epoch,
                         const uint8_t wrapped[PH_WRAPPED_KEY_BYTES],
                         uint8_t out_data_key[PH_KEY_BYTES]);

/*
 * Seal a small record (at most 64 KiB) for the catalogue: AES-256-GCM under a
 * key derived from the epoch's key, random 96-bit nonce, bound to aad (the row
 * id). out_sealed (initialised by the caller) is replaced.
 */
int ph_epoch_keys_seal(struct ph_epoch_keys *keys, const struct ph_id *epoch,
                       const void *aad, size_t aad_len, const void *plain,
                       size_t plain_len, struct ph_buf *out_sealed);
int ph_epoch_keys_unseal(struct ph_epoch_keys *keys, const struct ph_id *epoch,
                         const void *aad, size_t aad_len, const void *sealed,
                         size_t sealed_len, struct ph_buf *out_plain);

/* Pseudonym of a login for look-ups on this workstation: the first 16 bytes
 * of HMAC-SHA-256 under the secret in owner.key. The same for as long as the
 * directory lives, whatever machine key it lies under. */
int ph_epoch_keys_owner(struct ph_epoch_keys *keys, const char *login,
                        uint8_t out_owner[PH_OWNER_KEY_BYTES]);

/* What is remembered of an offline code: HMAC-SHA-256 under a key derived from
 * the machine key. */
int ph_epoch_keys_code(struct ph_epoch_keys *keys, const char *code,
                       uint8_t out_mac[PH_SHA256_BYTES]);

/*
 * For records of the audit (store/audit.h): seal and unseal as above, and an
 * HMAC-SHA-256, each under a key of its own derived from the secret in
 * owner.key. They live as long as that, so neither the end of an epoch nor
 * another machine key makes a record unreadable.
 */
int ph_epoch_keys_audit_seal(struct ph_epoch_keys *keys, const void *aad,
                             size_t aad_len, const void *plain,
                             size_t plain_len, struct ph_buf *out_sealed);
int ph_epoch_keys_audit_unseal(struct ph_epoch_keys *keys, const void *aad,
                               size_t aad_len, const void *sealed,
                               size_t sealed_len, struct ph_buf *out_plain);
int ph_epoch_keys_audit_mac(struct ph_epoch_keys *keys, const void *bytes,
                            size_t len, uint8_t out_mac[PH_SHA256_BYTES]);

/* Protection level of the machine key: "tpm2", "host", "keychain", "file". */
const char *ph_epoch_keys_level(const struct ph_epoch_keys *keys);

#endif
