/*
 * Policies as an administrator set them: of the tenant, of a group of
 * workstations, of a workstation; and what was told of each retained topic.
 * Between hub_store_begin and hub_store_end.
 */
#ifndef PRINTHOLD_HUB_STORE_POLICY_H
#define PRINTHOLD_HUB_STORE_POLICY_H

#include "printhold/model/policy.h"
#include "store.h"

enum hub_policy_scope {
    HUB_POLICY_OF_TENANT, /* target: empty */
    HUB_POLICY_OF_GROUP,
    HUB_POLICY_OF_WORKSTATION,
    HUB_POLICY_SCOPES,
};

/* "tenant", "group", "workstation"; static. */
const char *hub_policy_scope_name(enum hub_policy_scope scope);

/* An empty one where nothing was set. */
int hub_policy_get(struct hub_store *store, enum hub_policy_scope scope,
                   const char *target, struct ph_policy *out_policy);
/* An empty one is forgotten. */
int hub_policy_set(struct hub_store *store, enum hub_policy_scope scope,
                   const char *target, const struct ph_policy *policy,
                   int64_t now_ms);

/* The workstation's over its group's: what is told at cfg/ws/{ws}. */
int hub_policy_of_device(struct hub_store *store,
                         const struct hub_device *device,
                         struct ph_policy *out_policy);

/* All that was set, by scope and target; each is called until it returns an
 * error, which is then the result. */
typedef int (*hub_policy_cb)(enum hub_policy_scope scope, const char *target,
                             const struct ph_policy *policy, int64_t changed_ms,
                             void *arg);
int hub_policy_each(struct hub_store *store, hub_policy_cb each, void *arg);

/* --- what was told --- */

#define HUB_TOLD_TOPIC  96 /* behind ph1/{tenant}/ */
#define HUB_TOLD_DIGEST 65 /* SHA-256 of what is said, in hex */

struct hub_told {
    char topic[HUB_TOLD_TOPIC];
    int64_t version; /* 0: never told */
    char digest[HUB_TOLD_DIGEST];
    int64_t changed_ms;
};

/* version 0 where nothing was told. */
int hub_told_get(struct hub_store *store, const char *topic,
                 struct hub_told *out_told);
int hub_told_set(struct hub_store *store, const struct hub_told *told);

/* Which version of which scope a workstation has said that it applies. */
int hub_applied_set(struct hub_store *store, const char *device,
                    enum hub_policy_scope scope, int64_t version,
                    int64_t now_ms);
/* 0: none. */
int hub_applied_get(struct hub_store *store, const char *device,
                    enum hub_policy_scope scope, int64_t *out_version);

#endif
