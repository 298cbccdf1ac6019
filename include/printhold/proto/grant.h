/*
 * Release grants: the hub's word that a user stands at a printer.
 *
 * A compact JWS (printhold/crypto/jws.h), ES256, with a header of exactly
 *     {"alg":"ES256","typ":"phgrant+jwt","kid":...}
 * and the claims below. This module takes the token apart after its signature
 * held; whether the grant is good here and now is the decision of the agent
 * (agent/release/release_auth.h).
 *
 *   iss  text           the issuer
 *   aud  text or list   workstations that may take it (at most 8)
 *   sub  text           login of the user, an e-mail address
 *   cnf  {"x5t#S256"}   thumbprint of the printer's certificate (RFC 8705)
 *   iat, exp            seconds since 1970, whole numbers; exp > iat
 *   nbf                 the same, optional
 *   jti  text           22 to 128 base64url characters; used once
 *   amr  list of text   how the user signed in (1 to 8 words)
 *   jobs list of text   job ids (at most 64); absent: all of the user's
 * Other claims are ignored. A claim of another type or twice is refused, and
 * so is a header with any other member: crit, jku, jwk, x5u, b64 ...
 */
#ifndef PRINTHOLD_PROTO_GRANT_H
#define PRINTHOLD_PROTO_GRANT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "printhold/base/buf.h"
#include "printhold/base/id.h"
#include "printhold/base/why.h"
#include "printhold/crypto/identity.h"
#include "printhold/crypto/jws.h"

#define PH_GRANT_TEXT_MAX      256
#define PH_GRANT_JTI_MIN       22
#define PH_GRANT_JTI_MAX       128
#define PH_GRANT_AUDIENCES_MAX 8
#define PH_GRANT_JOBS_MAX      64
#define PH_GRANT_METHODS_MAX   8
#define PH_GRANT_METHOD_MAX    32

struct ph_grant {
    char issuer[PH_GRANT_TEXT_MAX];
    char audience[PH_GRANT_AUDIENCES_MAX][PH_IDENTITY_MAX];
    size_t audience_count;
    char subject[PH_GRANT_TEXT_MAX]; /* as signed, case kept */
    char thumbprint[PH_THUMBPRINT_TEXT];
    int64_t issued_s;
    int64_t not_before_s; /* issued_s when there is no nbf */
    int64_t expires_s;
    char jti[PH_GRANT_JTI_MAX + 1];
    char method[PH_GRANT_METHODS_MAX][PH_GRANT_METHOD_MAX];
    size_t method_count;
    bool all_jobs;
    struct ph_id job[PH_GRANT_JOBS_MAX];
    size_t job_count;
};

/*
 * Check the form and the signature and read the claims. PH_ERR_SYNTAX or
 * PH_ERR_TOO_BIG for what is no grant at all, PH_ERR_DENIED for a header that
 * we do not take, an unknown key or a wrong signature, PH_ERR_INVALID for
 * signed claims that break the rules above. why never has anything of the
 * token in it.
 */
int ph_grant_open(const char *token, size_t len,
                  const struct ph_jws_keyset *keys, struct ph_grant *out_grant,
                  struct ph_why *why);

/* The claims alone, for tests and fuzzing: JSON text to a grant. */
int ph_grant_parse_claims(const void *json, size_t len,
                          struct ph_grant *out_grant, struct ph_why *why);

/* The header alone: PH_OK and the key id, or PH_ERR_DENIED. */
int ph_grant_parse_header(const void *json, size_t len,
                          char out_kid[PH_JWS_KID_MAX]);

/*
 * Make a grant (core/proto/grant_put.c): the header of above, and the claims
 * of the struct. What ph_grant_open would refuse is PH_ERR_INVALID and is not
 * signed. out_token (initialised by the caller) is replaced, and empty on
 * failure.
 */
int ph_grant_sign(const struct ph_grant *grant, const struct ph_jws_key *key,
                  struct ph_buf *out_token);

#endif
