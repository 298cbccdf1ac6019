/* The claims that policies, keys and commands share. Private to core/proto. */
#ifndef PRINTHOLD_CORE_PROTO_MESSAGE_CLAIMS_H
#define PRINTHOLD_CORE_PROTO_MESSAGE_CLAIMS_H

#include "claims.h"
#include "printhold/proto/policy.h"

/* NULL, or the name of the claim that is missing or wrong. */
const char *ph_message_claims_read(const json_t *root, bool must_expire,
                                   struct ph_message_claims *out_claims);
/* ver: 1 .. 2^53-1. */
int ph_message_version(const json_t *root, uint64_t *out_version);

#endif
