/* The one form that a SubjectPublicKeyInfo (RFC 5480) of P-256 has here: the
 * curve by its name, the point uncompressed. */
#ifndef CRYPTO_P256_SPKI_H
#define CRYPTO_P256_SPKI_H

#include <stdbool.h>
#include <stdint.h>

#include <openssl/evp.h>

#include "printhold/crypto/csr.h"

/* Does it begin as all of them do? The point is not looked at. */
bool ph_p256_spki_is(const uint8_t spki[PH_P256_SPKI_BYTES]);

/* The key; PH_ERR_INVALID when the point is not on the curve. */
int ph_p256_spki_key(const uint8_t spki[PH_P256_SPKI_BYTES],
                     EVP_PKEY **out_key);

#endif
