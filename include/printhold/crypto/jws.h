/*
 * Compact JWS (RFC 7515), ES256 only (RFC 7518 section 3.4), after RFC 8725.
 *
 * The verifier takes exactly three non-empty base64url parts without padding
 * in canonical form, a 64-byte signature with r and s in [1, n-1], and a
 * header of exactly the members alg ("ES256"), typ (the expected type) and
 * kid; anything else, crit, jku, jwk, x5u and b64 included, is refused. The
 * payload is looked at only after the signature held. JSON is not parsed
 * here: the header is compared member by member by a caller-given parser in
 * core/proto; this module does base64url, the signature and the keys.
 */
#ifndef PRINTHOLD_CRYPTO_JWS_H
#define PRINTHOLD_CRYPTO_JWS_H

#include <stddef.h>
#include <stdint.h>

#include "printhold/base/buf.h"
#include "printhold/base/why.h"

#define PH_JWS_MAX     16384 /* longest token accepted, bytes */
#define PH_JWS_KID_MAX 64

struct ph_jws_key; /* a P-256 public (and perhaps private) key */

/* From PEM (SubjectPublicKeyInfo or an unencrypted private key). Only P-256;
 * PH_ERR_SYNTAX when there is no key, PH_ERR_UNSUPPORTED for another kind. */
int ph_jws_key_from_pem(const void *pem, size_t len,
                        struct ph_jws_key **out_key, struct ph_why *why);
/* From the affine coordinates of a JWK (32 bytes each); off-curve points are
 * refused. */
int ph_jws_key_from_xy(const uint8_t x[32], const uint8_t y[32],
                       struct ph_jws_key **out_key);
void ph_jws_key_free(struct ph_jws_key *key);
/* RFC 7638 thumbprint in base64url (43 characters and NUL): the kid we use. */
int ph_jws_key_kid(const struct ph_jws_key *key, char out_kid[PH_JWS_KID_MAX]);
/* Append the public part as a JSON Web Key: crv, kty, x and y. */
int ph_jws_key_jwk(const struct ph_jws_key *key, struct ph_buf *out_json);

/*
 * The public keys of a PEM file (one block each), looked up by kid. A block
 * of any other kind, a private key above all, or no key at all is
 * PH_ERR_CONFIG. At most 16 keys.
 */
struct ph_jws_keyset;

int ph_jws_keyset_load(const char *path, struct ph_jws_keyset **out_set,
                       struct ph_why *why);
void ph_jws_keyset_free(struct ph_jws_keyset *set);
/* Add a public key, which is taken, also on failure; one that is there already
 * is no error. PH_ERR_LIMIT beyond 16. */
int ph_jws_keyset_add(struct ph_jws_keyset *set, struct ph_jws_key *key);
/* The key stays the set's; NULL when there is none of that kid. */
const struct ph_jws_key *ph_jws_keyset_find(const struct ph_jws_keyset *set,
                                            const char *kid);

/* The parts of a token as they stand in it, still base64url. Views into the
 * token. */
struct ph_jws_parts {
    const char *signed_text; /* header '.' payload */
    size_t signed_len;
    const char *header;
    size_t header_len;
    const char *payload;
    size_t payload_len;
    uint8_t signature[64];
};

/* Split, check that all three parts are canonical base64url, and decode the
 * signature; PH_ERR_SYNTAX, PH_ERR_TOO_BIG. */
int ph_jws_split(const char *token, size_t len, struct ph_jws_parts *out_parts);
/* The same for a kind of token that may be longer: at most max bytes. */
int ph_jws_split_max(const char *token, size_t len, size_t max,
                     struct ph_jws_parts *out_parts);

/* PH_OK when the signature is by this key, else PH_ERR_DENIED. */
int ph_jws_verify(const struct ph_jws_parts *parts,
                  const struct ph_jws_key *key);

/* Sign: header and payload are JSON text; out_token (initialised by the
 * caller) is replaced, and empty on failure. PH_ERR_STATE for a public key. */
int ph_jws_sign(const struct ph_jws_key *key, const char *header_json,
                const char *payload_json, struct ph_buf *out_token);
int ph_jws_sign_max(const struct ph_jws_key *key, const char *header_json,
                    const char *payload_json, size_t max,
                    struct ph_buf *out_token);

/* base64url without padding (RFC 4648 section 5), canonical: unused bits must
 * be zero. The output (initialised by the caller) is replaced, and empty on
 * failure. */
int ph_base64url_decode(const char *text, size_t len, struct ph_buf *out_bytes);
int ph_base64url_encode(const void *bytes, size_t len, struct ph_buf *out_text);

#endif
