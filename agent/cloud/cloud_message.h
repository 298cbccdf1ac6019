/*
 * One message of the cloud: may it have an effect, and then it has. No loop and
 * no connection in here: a message names nothing that is connected to, run or
 * sent, and what is wrong is dropped, counted by its reason, and answered by
 * nothing.
 *
 *   topic         type          what it does
 *   cfg/policy    phpolicy+jwt  the tenant's policy
 *   cfg/ws/{ws}   phpolicy+jwt  this workstation's, over it
 *   cfg/keys      phkeys+jwt    further keys of the issuer, of a pinned key
 *   cfg/denied    phdenied+jwt  printers that are not served any more
 *   cmd/{ws}      phcmd+jwt     a command, answered by an event
 *
 * Policies, keys and lists of denied printers have versions: one that is not higher than what is stored is
 * dropped (the very same version is no news, and not counted). Commands have a
 * jti, which works once.
 */
#ifndef PRINTHOLD_AGENT_CLOUD_MESSAGE_H
#define PRINTHOLD_AGENT_CLOUD_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jobs.h"
#include "policy_store.h"
#include "printhold/crypto/jws.h"

enum ph_cloud_message_kind {
    PH_CLOUD_MESSAGE_POLICY,
    PH_CLOUD_MESSAGE_WORKSTATION_POLICY,
    PH_CLOUD_MESSAGE_KEYS,
    PH_CLOUD_MESSAGE_DENIED,
    PH_CLOUD_MESSAGE_COMMAND,
    PH_CLOUD_MESSAGE_KINDS,
};

/* name, keyword, in words of a status: "3 ..." */
#define PH_CLOUD_DROPS(X)                                               \
    X(TOPIC, "topic", "on another topic")                               \
    X(TOO_BIG, "too-big", "too big")                                    \
    X(MALFORMED, "malformed", "not signed")                             \
    X(UNTRUSTED, "untrusted", "not signed by a key that counts for it") \
    X(INVALID, "invalid", "with claims that are wrong")                 \
    X(CRITICAL, "critical", "with a critical member that is not known") \
    X(ISSUER, "issuer", "of another issuer")                            \
    X(AUDIENCE, "audience", "for others")                               \
    X(TIME, "time", "expired, or not valid yet")                        \
    X(OLD, "old", "older than what is in force")                        \
    X(REPLAYED, "replayed", "used before")                              \
    X(CROWDED, "crowded", "too many at once")                           \
    X(FAILED, "failed", "that could not be stored")

enum ph_cloud_drop {
#define PH_CLOUD_DROP_ENUM(name, keyword, words) PH_CLOUD_DROP_##name,
    PH_CLOUD_DROPS(PH_CLOUD_DROP_ENUM)
#undef PH_CLOUD_DROP_ENUM
        PH_CLOUD_DROP_REASONS,
    PH_CLOUD_TAKEN = PH_CLOUD_DROP_REASONS,
    PH_CLOUD_NO_NEWS, /* the version that is in force already */
};

/* The longest message of a kind. */
size_t ph_cloud_message_max(enum ph_cloud_message_kind kind);

const char *ph_cloud_drop_keyword(enum ph_cloud_drop drop);
const char *ph_cloud_drop_words(enum ph_cloud_drop drop);

/* Who we are, and where things lie. */
struct ph_cloud_messages {
    struct ph_config config;
    struct ph_workstation workstation;
    struct ph_jobs *jobs;
    struct ph_policy_store policies;
};

void ph_cloud_messages_init(struct ph_cloud_messages *messages,
                            const struct ph_config *config,
                            const struct ph_workstation *workstation,
                            struct ph_jobs *jobs);

/* What the rest of the agent must do about it. */
struct ph_cloud_effect {
    bool refresh; /* everything is to be said again */
    bool renew;   /* a new certificate is wanted */
};

/* Blocks on the disk; one at a time. */
enum ph_cloud_drop ph_cloud_message_take(struct ph_cloud_messages *messages,
                                         enum ph_cloud_message_kind kind,
                                         const char *token, size_t len,
                                         struct ph_cloud_effect *out_effect);

#endif
