/*
 * Signed tokens: compact JWS (printhold/crypto/jws.h), ES256, with a header of
 * exactly
 *     {"alg":"ES256","typ":TYPE,"kid":...}
 * Each kind of message has its own type, so that none passes for another: a
 * grant is no command, a command is no policy.
 */
#ifndef PRINTHOLD_PROTO_TOKEN_H
#define PRINTHOLD_PROTO_TOKEN_H

#include <stddef.h>
#include <stdint.h>

#include "printhold/base/buf.h"
#include "printhold/base/why.h"
#include "printhold/crypto/jws.h"

#define PH_TOKEN_GRANT   "phgrant+jwt"
#define PH_TOKEN_POLICY  "phpolicy+jwt"
#define PH_TOKEN_KEYS    "phkeys+jwt"
#define PH_TOKEN_COMMAND "phcmd+jwt"
#define PH_TOKEN_DENIED  "phdenied+jwt"

/* A list of 10,000 printers is longer than other messages, and fits into one
 * packet of 256 KiB all the same. */
#define PH_TOKEN_DENIED_MAX (248 * 1024)

/* The longest token of a type. */
size_t ph_token_max(const char *type);

/* The header alone: PH_OK and the key id, or PH_ERR_DENIED for any other. */
int ph_token_parse_header(const void *json, size_t len, const char *type,
                          char out_kid[PH_JWS_KID_MAX]);

/*
 * Check form and signature. out_payload (initialised by the caller) is replaced
 * by the claims' JSON, which nobody has looked at. PH_ERR_SYNTAX or
 * PH_ERR_TOO_BIG for what is no token at all, PH_ERR_DENIED for another header,
 * an unknown key or a wrong signature, PH_ERR_INVALID for a signed payload that
 * is not base64url. what names the message in why ("grant"); of the token itself
 * nothing is in there.
 */
int ph_token_open(const char *token, size_t len, const char *type,
                  const char *what, const struct ph_jws_keyset *keys,
                  struct ph_buf *out_payload, struct ph_why *why);

/* The token of these claims (JSON text). out_token (initialised by the caller)
 * is replaced, and empty on failure. */
int ph_token_sign(const struct ph_jws_key *key, const char *type,
                  struct ph_buf *claims, struct ph_buf *out_token);

#endif
