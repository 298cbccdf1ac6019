/*
 * Further keys of the issuer: the claims of a token of type PH_TOKEN_KEYS, which
 * only a pinned key can sign.
 *
 *   iss, aud, ver, iat, exp   as in policy.h; aud is the tenant
 *   keys                      0 to 8 JSON Web Keys (RFC 7517): kty "EC", crv
 *                             "P-256", x, y; if they are there, kid the RFC 7638
 *                             thumbprint, use "sig", alg "ES256", key_ops with
 *                             "verify". One with d, a private key, is refused.
 */
#ifndef PRINTHOLD_PROTO_ISSUER_KEYS_H
#define PRINTHOLD_PROTO_ISSUER_KEYS_H

#include <stddef.h>
#include <stdint.h>

#include "printhold/base/why.h"
#include "printhold/crypto/jws.h"
#include "printhold/proto/policy.h"

#define PH_ISSUER_KEYS_MAX 8

struct ph_issuer_keys {
    struct ph_message_claims claims;
    uint64_t version;
    struct ph_jws_key *key[PH_ISSUER_KEYS_MAX];
    size_t key_count;
};

/* To be closed on PH_OK. PH_ERR_INVALID, and what is wrong. */
int ph_issuer_keys_parse(const void *json, size_t len,
                         struct ph_issuer_keys *out_keys, struct ph_why *why);
void ph_issuer_keys_close(struct ph_issuer_keys *keys);

/* The whole token, of this very set of pinned keys. */
int ph_issuer_keys_open(const char *token, size_t len,
                        const struct ph_jws_keyset *pinned,
                        struct ph_issuer_keys *out_keys, struct ph_why *why);

#endif
