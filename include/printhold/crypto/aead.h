/*
 * AES-GCM (NIST SP 800-38D) under one key: 96-bit nonce, 128-bit tag, both
 * constants. The caller sees to it that a nonce never repeats under a key.
 */
#ifndef PRINTHOLD_CRYPTO_AEAD_H
#define PRINTHOLD_CRYPTO_AEAD_H

#include <stddef.h>
#include <stdint.h>

#include "printhold/base/attr.h"

#define PH_AEAD_NONCE_BYTES 12
#define PH_AEAD_TAG_BYTES   16

struct ph_aead;

/* key_len 32; 16 only for published test vectors. Not for several threads at
 * once. The key lies inside OpenSSL's context, which wipes it when freed. */
int ph_aead_new(const uint8_t *key, size_t key_len,
                struct ph_aead **out_aead) PH_MUST_CHECK;
void ph_aead_free(struct ph_aead *aead);

/* Encrypt len (at most INT_MAX) bytes to dst: len + PH_AEAD_TAG_BYTES bytes,
 * the tag last. */
int ph_aead_seal(struct ph_aead *aead, const uint8_t nonce[PH_AEAD_NONCE_BYTES],
                 const void *aad, size_t aad_len, const uint8_t *plain,
                 size_t len, uint8_t *dst) PH_MUST_CHECK;

/* Decrypt len bytes, tag included, to dst (len - PH_AEAD_TAG_BYTES bytes).
 * PH_ERR_CORRUPT when the tag does not hold; dst is wiped then. Shorter than a
 * tag is PH_ERR_TRUNCATED. */
int ph_aead_open(struct ph_aead *aead, const uint8_t nonce[PH_AEAD_NONCE_BYTES],
                 const void *aad, size_t aad_len, const uint8_t *sealed,
                 size_t len, uint8_t *dst) PH_MUST_CHECK;

#endif
