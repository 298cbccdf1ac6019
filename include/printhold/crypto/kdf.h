/*
 * Hashing, keyed hashing and key derivation: SHA-256 (FIPS 180-4), HMAC
 * (FIPS 198-1), HKDF (RFC 5869), all through OpenSSL.
 *
 * Every failure of the library is PH_ERR_CRYPTO; the output is wiped then, so
 * a caller that forgets to look at the result still has no predictable key.
 */
#ifndef PRINTHOLD_CRYPTO_KDF_H
#define PRINTHOLD_CRYPTO_KDF_H

#include <stddef.h>
#include <stdint.h>

#include "printhold/base/attr.h"

#define PH_SHA256_BYTES 32

int ph_sha256(const void *bytes, size_t len,
              uint8_t out_digest[PH_SHA256_BYTES]) PH_MUST_CHECK;

int ph_hmac_sha256(const void *key, size_t key_len, const void *bytes,
                   size_t len, uint8_t out_mac[PH_SHA256_BYTES]) PH_MUST_CHECK;

/* What a key is derived from and for. salt and info may be empty. */
struct ph_hkdf_input {
    const char *digest; /* OpenSSL's name; "SHA256" for all keys of ours */
    const uint8_t *key;
    size_t key_len;
    const uint8_t *salt;
    size_t salt_len;
    const uint8_t *info;
    size_t info_len; /* at most 1,024 */
};

/* Extract and expand. */
int ph_hkdf(const struct ph_hkdf_input *input, uint8_t *out_key,
            size_t out_len) PH_MUST_CHECK;

/* The derivation used everywhere in printhold: HKDF-SHA-256 from a 32-byte
 * key to a 32-byte key; the label is the info. */
int ph_hkdf_label(const uint8_t key[32], const void *salt, size_t salt_len,
                  const char *label, uint8_t out_key[32]) PH_MUST_CHECK;

#endif
