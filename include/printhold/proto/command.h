/*
 * Signed commands (docs/cloud-protocol.md): the claims of a token of type
 * PH_TOKEN_COMMAND. The list is closed, and nothing on it moves a document,
 * names an address or runs a program.
 *
 *   iss, aud       as in policy.h; aud is a workstation
 *   jti            22 to 128 base64url characters; in effect once
 *   iat, exp       exp at most PH_COMMAND_LIFE_MAX_S later
 *   op             delete-jobs | purge-user | refresh | renew-certificate
 *   args           object, by op, and nothing else in it:
 *     delete-jobs        {"jobs":[id, ...]} (1 to 64), or {"user":login}: all
 *     purge-user         {"user":login}
 *     refresh, renew-certificate    none: absent, or {}
 */
#ifndef PRINTHOLD_PROTO_COMMAND_H
#define PRINTHOLD_PROTO_COMMAND_H

#include <stddef.h>
#include <stdint.h>

#include "printhold/base/buf.h"
#include "printhold/base/id.h"
#include "printhold/base/why.h"
#include "printhold/model/ticket.h"
#include "printhold/proto/policy.h"

#define PH_COMMAND_LIFE_MAX_S (7 * 86400)
#define PH_COMMAND_JTI_MAX    128
#define PH_COMMAND_JOBS_MAX   64

enum ph_command_op {
    PH_COMMAND_DELETE_JOBS,
    PH_COMMAND_PURGE_USER,
    PH_COMMAND_REFRESH,
    PH_COMMAND_RENEW_CERTIFICATE,
    PH_COMMAND_OPS,
    PH_COMMAND_UNKNOWN = PH_COMMAND_OPS, /* well made, but not on the list */
};

const char *ph_command_op_name(enum ph_command_op op);

struct ph_command {
    struct ph_message_claims claims;
    char jti[PH_COMMAND_JTI_MAX + 1];
    enum ph_command_op op;
    struct ph_id job[PH_COMMAND_JOBS_MAX];
    size_t job_count;
    char user[PH_TICKET_TEXT_MAX]; /* as signed; empty: jobs are named */
};

/*
 * PH_ERR_INVALID, and which claim is wrong. An op that is not on the list is
 * PH_OK and PH_COMMAND_UNKNOWN: the rest is right, and can be answered.
 */
int ph_command_parse(const void *json, size_t len,
                     struct ph_command *out_command, struct ph_why *why);

#endif
