/*
 * What a device shows when it wants a certificate: a PKCS #10 request
 * (RFC 2986) in PEM, from outside and not to be believed.
 *
 * Taken is exactly one block CERTIFICATE REQUEST with nothing before it and
 * nothing but line ends behind it, of at most PH_CSR_MAX bytes, whose key is an
 * uncompressed point of P-256 by its name, and whose signature
 * (ecdsa-with-SHA256) that key made: so the device has the private key. Nothing
 * else of the request is looked at. The names and extensions that it asks for
 * are not even offered by this interface: who a device is says the hub.
 */
#ifndef PRINTHOLD_CRYPTO_CSR_H
#define PRINTHOLD_CRYPTO_CSR_H

#include <stddef.h>
#include <stdint.h>

#include "printhold/base/buf.h"
#include "printhold/base/why.h"
#include "printhold/crypto/kdf.h"

#define PH_CSR_MAX 4096

/* A SubjectPublicKeyInfo of P-256 has one form only. */
#define PH_P256_SPKI_BYTES 91

struct ph_csr {
    uint8_t spki[PH_P256_SPKI_BYTES];
    uint8_t key_hash[PH_SHA256_BYTES]; /* SHA-256 of spki: which key it is */
};

/* PH_ERR_TOO_BIG, PH_ERR_SYNTAX, PH_ERR_UNSUPPORTED for another kind of key or
 * signature, PH_ERR_DENIED when the key did not sign; why is for whoever made
 * the request. */
int ph_csr_parse(const char *pem, size_t len, struct ph_csr *out_csr,
                 struct ph_why *why);

/* The request of a device for its key (PEM, P-256), with no name in it, since
 * nobody looks at one. out_pem (initialised by the caller) is replaced. */
int ph_csr_make(const struct ph_buf *key_pem, struct ph_buf *out_pem);

#endif
