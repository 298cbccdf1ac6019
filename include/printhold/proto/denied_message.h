/*
 * The signed list of printers that are not served any more: the claims of a
 * token of type PH_TOKEN_DENIED.
 *
 *   iss, aud, ver, iat, exp   as in policy.h; aud is the tenant
 *   printers                  list of ids: whatever certificate they show
 *   certificates              list of SHA-256 thumbprints in base64url
 *
 * Either list may be empty; both together have at most PH_DENIED_ENTRIES_MAX. One
 * entry that is none spoils the message: it would be a printer that is silently
 * served.
 */
#ifndef PRINTHOLD_PROTO_DENIED_MESSAGE_H
#define PRINTHOLD_PROTO_DENIED_MESSAGE_H

#include "printhold/proto/denied.h"
#include "printhold/proto/message_put.h"

struct ph_denied_message {
    struct ph_message_claims claims;
    uint64_t version;
    struct ph_denied *denied; /* ph_denied_free */
};

/* PH_ERR_INVALID, and which claim is wrong. */
int ph_denied_message_parse(const void *json, size_t len,
                            struct ph_denied_message *out_message,
                            struct ph_why *why);

/* What is to be said. */
struct ph_denied_names {
    const char *const *printers;
    size_t printer_count;
    const char *const *thumbprints;
    size_t thumbprint_count;
};

/* As in message_put.h. */
int ph_denied_sign(const struct ph_message_head *head,
                   const struct ph_denied_names *names,
                   const struct ph_jws_key *key, struct ph_buf *out_token);

#endif
