/*
 * The policies in force, on disk: state_dir/policy and state_dir/policy-ws, each
 * the claims of the message as it came (docs/cloud-protocol.md), mode 0600. They were
 * judged before they were stored and are believed when they are read: the
 * directory is the agent's alone. So a policy outlives the key that signed it,
 * a restart and the cloud, and an older version never comes back.
 *
 * Not safe to share between threads without care: one worker at a time.
 */
#ifndef PRINTHOLD_AGENT_POLICY_STORE_H
#define PRINTHOLD_AGENT_POLICY_STORE_H

#include <stddef.h>

#include "jobs.h"
#include "printhold/base/why.h"
#include "printhold/proto/policy.h"

enum ph_policy_scope {
    PH_POLICY_OF_TENANT,
    PH_POLICY_OF_WORKSTATION,
    PH_POLICY_SCOPES,
};

struct ph_policy_store {
    char dir[PH_CONFIG_TEXT_MAX];
    char audience[PH_POLICY_SCOPES][64];
    uint64_t version[PH_POLICY_SCOPES]; /* 0: none */
    struct ph_policy policy[PH_POLICY_SCOPES];
};

/* Read what is there and for us. A file that cannot be used is as if it were not
 * there; the log says so. */
void ph_policy_store_load(struct ph_policy_store *store,
                          const struct ph_config *config,
                          const struct ph_workstation *workstation);

/* Make this one durable and put it in force; judged by the caller. json are the
 * claims that message came from. On failure that of before stays. */
int ph_policy_store_put(struct ph_policy_store *store,
                        enum ph_policy_scope scope, const void *json,
                        size_t len, const struct ph_policy_message *message,
                        struct ph_jobs *jobs);

/* Put in force what is stored. */
int ph_policy_store_apply(const struct ph_policy_store *store,
                          struct ph_jobs *jobs);

#endif
