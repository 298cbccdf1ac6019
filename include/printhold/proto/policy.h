/*
 * Signed policies (docs/cloud-protocol.md): the claims of a token of type
 * PH_TOKEN_POLICY.
 *
 *   iss     text           the issuer
 *   aud     text or list   urn:printhold:{tenant}, or workstations by their id
 *   ver     1 .. 2^53-1    grows with every change
 *   iat     seconds since 1970
 *   exp     the same, later than iat, optional: not taken after it
 *   policy  object         members of model/policy.h
 *   crit    list of text   members of policy that must be understood, optional
 * Other claims, and members of policy that are not known and not in crit, are
 * ignored. A claim or member of another type or twice is refused.
 */
#ifndef PRINTHOLD_PROTO_POLICY_H
#define PRINTHOLD_PROTO_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "printhold/base/buf.h"
#include "printhold/base/why.h"
#include "printhold/crypto/identity.h"
#include "printhold/model/policy.h"

#define PH_MESSAGE_AUDIENCES_MAX 8
#define PH_MESSAGE_TEXT_MAX      256

/* What policies, keys and commands have in common. */
struct ph_message_claims {
    char issuer[PH_MESSAGE_TEXT_MAX];
    char audience[PH_MESSAGE_AUDIENCES_MAX][PH_IDENTITY_MAX];
    size_t audience_count;
    int64_t issued_s;
    int64_t expires_s; /* 0: never */
};

/* Is it for this one? */
bool ph_message_is_for(const struct ph_message_claims *claims,
                       const char *audience);

struct ph_policy_message {
    struct ph_message_claims claims;
    uint64_t version;
    struct ph_policy policy;
};

/* PH_ERR_INVALID, and which claim is wrong; PH_ERR_UNSUPPORTED for one in crit
 * that is not known here. */
int ph_policy_parse(const void *json, size_t len,
                    struct ph_policy_message *out_message, struct ph_why *why);

/* The object "policy" alone, as ph_policy_put writes it. */
int ph_policy_read(const void *json, size_t len, struct ph_policy *out_policy);

/* Append it: the members that are there, in their order, so that equal
 * policies are equal texts. */
int ph_policy_put(const struct ph_policy *policy, struct ph_buf *buf);

#endif
