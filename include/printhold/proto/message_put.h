/*
 * Making what the hub says (docs/cloud-protocol.md, "From the cloud"): the
 * other side of policy.h, issuer_keys.h, command.h and denied_message.h. What
 * they would not take is not signed: PH_ERR_INVALID, or PH_ERR_TOO_BIG.
 *
 * out_token is initialised by the caller; it is replaced, and empty on failure.
 */
#ifndef PRINTHOLD_PROTO_MESSAGE_PUT_H
#define PRINTHOLD_PROTO_MESSAGE_PUT_H

#include <stdint.h>

#include "printhold/base/buf.h"
#include "printhold/crypto/jws.h"
#include "printhold/proto/command.h"

struct ph_message_head {
    const char *issuer;
    const char *audience;
    uint64_t version; /* not of a command */
    int64_t issued_s;
    int64_t expires_s; /* 0: never */
};

int ph_policy_sign(const struct ph_message_head *head,
                   const struct ph_policy *policy, const struct ph_jws_key *key,
                   struct ph_buf *out_token);

/* keys: count of them; their public parts are told. key is a pinned one. */
int ph_issuer_keys_sign(const struct ph_message_head *head,
                        const struct ph_jws_key *const *keys, size_t count,
                        const struct ph_jws_key *key, struct ph_buf *out_token);

/* op, jobs or user, and jti of the command; head has the rest. */
int ph_command_sign(const struct ph_message_head *head,
                    const struct ph_command *command,
                    const struct ph_jws_key *key, struct ph_buf *out_token);

#endif
