/* AES-256 key wrap of a 256-bit key (RFC 3394, NIST SP 800-38F KW). */
#ifndef PRINTHOLD_CRYPTO_KEYWRAP_H
#define PRINTHOLD_CRYPTO_KEYWRAP_H

#include <stdint.h>

#include "printhold/base/attr.h"

#define PH_KEY_BYTES         32
#define PH_WRAPPED_KEY_BYTES 40 /* RFC 3394: 8 more than the key */

int ph_key_wrap(const uint8_t wrapping_key[PH_KEY_BYTES],
                const uint8_t key[PH_KEY_BYTES],
                uint8_t out_wrapped[PH_WRAPPED_KEY_BYTES]) PH_MUST_CHECK;

/* PH_ERR_CORRUPT when the integrity check fails (wrong wrapping key, altered
 * bytes); the output is untouched then. */
int ph_key_unwrap(const uint8_t wrapping_key[PH_KEY_BYTES],
                  const uint8_t wrapped[PH_WRAPPED_KEY_BYTES],
                  uint8_t out_key[PH_KEY_BYTES]) PH_MUST_CHECK;

#endif
