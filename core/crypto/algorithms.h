/*
 * The algorithms of this layer, each fetched from OpenSSL once per process.
 *
 * The first fetch fills OpenSSL's method store (about a millisecond); the
 * backend lives for one job, so nothing is fetched before it is needed and
 * nothing twice. OpenSSL is set up without its configuration file. The
 * results belong to this module and are never freed. NULL = failure.
 */
#ifndef CRYPTO_ALGORITHMS_H
#define CRYPTO_ALGORITHMS_H

#include <openssl/evp.h>
#include <stddef.h>

const EVP_CIPHER *ph_algorithm_gcm(size_t key_bytes); /* 16 or 32 */
const EVP_CIPHER *ph_algorithm_key_wrap(void);        /* AES-256, RFC 3394 */
const EVP_MD *ph_algorithm_sha256(void);
EVP_KDF *ph_algorithm_hkdf(void);
EVP_KDF *ph_algorithm_scrypt(void);
EVP_MAC *ph_algorithm_hmac(void);

#endif
