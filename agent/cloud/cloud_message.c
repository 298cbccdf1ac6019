#include "cloud_message.h"

#include <stdio.h>
#include <string.h>

#include "denied_store.h"
#include "issuer_keyset.h"
#include "printhold/base/attr.h"
#include "printhold/base/clock.h"
#include "printhold/base/err.h"
#include "printhold/base/log.h"
#include "printhold/proto/command.h"
#include "printhold/proto/issuer_keys.h"
#include "printhold/proto/token.h"

/* The clocks of the hub and this computer may differ by so much. */
#define LEEWAY_MS (5 * 60 * INT64_C(1000))

static const struct {
    const char *keyword;
    const char *words;
} drops[] = {
#define DROP(name, keyword, words) {keyword, words},
    PH_CLOUD_DROPS(DROP)
#undef DROP
};

const char *
ph_cloud_drop_keyword(enum ph_cloud_drop drop)
{
    return drop < PH_CLOUD_DROP_REASONS ? drops[drop].keyword : "taken";
}

const char *
ph_cloud_drop_words(enum ph_cloud_drop drop)
{
    return drop < PH_CLOUD_DROP_REASONS ? drops[drop].words : "taken";
}

void
ph_cloud_messages_init(struct ph_cloud_messages *messages,
                       const struct ph_config *config,
                       const struct ph_workstation *workstation,
                       struct ph_jobs *jobs)
{
    messages->config = *config;
    messages->workstation = *workstation;
    messages->jobs = jobs;
    ph_policy_store_load(&messages->policies, config, workstation);
}

size_t
ph_cloud_message_max(enum ph_cloud_message_kind kind)
{
    return kind == PH_CLOUD_MESSAGE_DENIED ? PH_TOKEN_DENIED_MAX : PH_JWS_MAX;
}

/* --- what all have in common --- */

static enum ph_cloud_drop
drop_of(int err)
{
    switch (err) {
    case PH_ERR_TOO_BIG:
        return PH_CLOUD_DROP_TOO_BIG;
    case PH_ERR_SYNTAX:
        return PH_CLOUD_DROP_MALFORMED;
    case PH_ERR_DENIED:
        return PH_CLOUD_DROP_UNTRUSTED;
    case PH_ERR_INVALID:
        return PH_CLOUD_DROP_INVALID;
    case PH_ERR_UNSUPPORTED:
        return PH_CLOUD_DROP_CRITICAL;
    case PH_ERR_EXISTS:
        return PH_CLOUD_DROP_REPLAYED;
    default:
        return PH_CLOUD_DROP_FAILED;
    }
}

/*
 * Of our issuer, for us and of now. Whether it has expired is told by the
 * highest time that was ever stored: a clock that is set back opens nothing
 * again. Whether it is too young, by the clock of now.
 */
static enum ph_cloud_drop
judge(struct ph_cloud_messages *messages,
      const struct ph_message_claims *claims, const char *audience)
{
    const int64_t now_ms = ph_clock_wall_ms();
    int64_t high_ms = now_ms;

    if (strcmp(claims->issuer, messages->config.issuer) != 0)
        return PH_CLOUD_DROP_ISSUER;
    if (!ph_message_is_for(claims, audience))
        return PH_CLOUD_DROP_AUDIENCE;
    if (ph_jobs_high_water(messages->jobs, now_ms, &high_ms) != PH_OK)
        return PH_CLOUD_DROP_FAILED;
    if (claims->issued_s * 1000 > now_ms + LEEWAY_MS ||
        (claims->expires_s != 0 &&
         claims->expires_s * 1000 + LEEWAY_MS < high_ms))
        return PH_CLOUD_DROP_TIME;
    return PH_CLOUD_TAKEN;
}

static enum ph_cloud_drop
judge_version(uint64_t version, uint64_t in_force)
{
    if (version == in_force)
        return PH_CLOUD_NO_NEWS;
    return version < in_force ? PH_CLOUD_DROP_OLD : PH_CLOUD_TAKEN;
}

static const char *
audience_of(const struct ph_cloud_messages *messages,
            enum ph_policy_scope scope)
{
    return messages->policies.audience[scope];
}

/* --- policy --- */

static enum ph_cloud_drop
take_policy(struct ph_cloud_messages *messages, enum ph_policy_scope scope,
            const struct ph_buf *claims)
{
    struct ph_policy_store *store = &messages->policies;
    struct ph_policy_message message;
    struct ph_why why;
    enum ph_cloud_drop drop;
    int err = ph_policy_parse(claims->data, claims->len, &message, &why);

    if (err != PH_OK)
        return drop_of(err);
    drop = judge(messages, &message.claims, store->audience[scope]);
    if (drop == PH_CLOUD_TAKEN)
        drop = judge_version(message.version, store->version[scope]);
    if (drop != PH_CLOUD_TAKEN)
        return drop;
    err = ph_policy_store_put(store, scope, claims->data, claims->len, &message,
                              messages->jobs);
    if (err != PH_OK)
        return PH_CLOUD_DROP_FAILED;
    ph_log_notice("policy: version %llu of the %s is in force",
                  (unsigned long long)message.version,
                  scope == PH_POLICY_OF_TENANT ? "organisation"
                                               : "workstation");
    return PH_CLOUD_TAKEN;
}

/* --- keys --- */

static enum ph_cloud_drop
take_keys(struct ph_cloud_messages *messages, const char *token, size_t len)
{
    const struct ph_config *config = &messages->config;
    struct ph_jws_keyset *pinned = NULL, *all = NULL;
    struct ph_issuer_keys keys = {.key_count = 0};
    uint64_t in_force = 0;
    enum ph_cloud_drop drop;
    struct ph_why why;
    int err = ph_jws_keyset_load(config->issuer_key_file, &pinned, &why);

    if (err != PH_OK)
        return PH_CLOUD_DROP_FAILED;
    err = ph_issuer_keys_open(token, len, pinned, &keys, &why);
    ph_jws_keyset_free(pinned);
    if (err != PH_OK)
        return drop_of(err);
    drop = judge(messages, &keys.claims,
                 audience_of(messages, PH_POLICY_OF_TENANT));
    ph_issuer_keys_close(&keys);
    if (drop == PH_CLOUD_TAKEN &&
        ph_issuer_keyset_load(config, messages->workstation.tenant, &all,
                              &in_force, &why) != PH_OK)
        drop = PH_CLOUD_DROP_FAILED;
    ph_jws_keyset_free(all);
    if (drop == PH_CLOUD_TAKEN)
        drop = judge_version(keys.version, in_force);
    if (drop != PH_CLOUD_TAKEN)
        return drop;
    if (ph_issuer_keyset_store(config, token, len) != PH_OK)
        return PH_CLOUD_DROP_FAILED;
    ph_log_notice("cloud: further keys of the issuer, version %llu",
                  (unsigned long long)keys.version);
    return PH_CLOUD_TAKEN;
}

/* --- denied printers --- */

/* Who serves printers sees that the file has changed (release_trust.h). */
static enum ph_cloud_drop
take_denied(struct ph_cloud_messages *messages, const struct ph_buf *claims)
{
    const char *audience = audience_of(messages, PH_POLICY_OF_TENANT);
    struct ph_denied_message message, stored = {.version = 0};
    enum ph_cloud_drop drop;
    struct ph_why why;
    size_t count;
    int err =
        ph_denied_message_parse(claims->data, claims->len, &message, &why);

    if (err != PH_OK)
        return drop_of(err);
    count = ph_denied_count(message.denied);
    ph_denied_free(message.denied);
    drop = judge(messages, &message.claims, audience);
    if (drop != PH_CLOUD_TAKEN)
        return drop;
    /* One that cannot be read is replaced by any. */
    if (ph_denied_store_load(&messages->config, audience, &stored, &why) ==
        PH_OK)
        ph_denied_free(stored.denied);
    drop = judge_version(message.version, stored.version);
    if (drop != PH_CLOUD_TAKEN)
        return drop;
    if (ph_denied_store_put(&messages->config, claims->data, claims->len) !=
        PH_OK)
        return PH_CLOUD_DROP_FAILED;
    ph_log_notice("cloud: %zu denied printers and certificates, version %llu",
                  count, (unsigned long long)message.version);
    return PH_CLOUD_TAKEN;
}

/* --- command --- */

static enum ph_cloud_drop
take_command(struct ph_cloud_messages *messages, const struct ph_buf *claims,
             struct ph_cloud_effect *effect)
{
    struct ph_command_result result;
    struct ph_command command;
    enum ph_cloud_drop drop;
    struct ph_why why;
    int err = ph_command_parse(claims->data, claims->len, &command, &why);

    if (err != PH_OK)
        return drop_of(err);
    drop = judge(messages, &command.claims,
                 audience_of(messages, PH_POLICY_OF_WORKSTATION));
    if (drop != PH_CLOUD_TAKEN)
        return drop;
    err = ph_jobs_command(messages->jobs, &command, NULL, &result);
    if (err != PH_OK)
        return drop_of(err);
    ph_log_notice("cloud: command %s %s%s%s", ph_command_op_name(command.op),
                  result.refused == NULL ? "done" : "refused",
                  result.refused == NULL ? "" : ": ",
                  result.refused == NULL ? "" : result.refused);
    effect->refresh = command.op == PH_COMMAND_REFRESH;
    effect->renew =
        command.op == PH_COMMAND_RENEW_CERTIFICATE && result.refused == NULL;
    return PH_CLOUD_TAKEN;
}

/* --- any --- */

static enum ph_cloud_drop
open_and_take(struct ph_cloud_messages *messages,
              enum ph_cloud_message_kind kind, const char *token, size_t len,
              struct ph_buf *claims, struct ph_cloud_effect *effect)
{
    static const char *const types[PH_CLOUD_MESSAGE_KINDS] = {
        [PH_CLOUD_MESSAGE_POLICY] = PH_TOKEN_POLICY,
        [PH_CLOUD_MESSAGE_WORKSTATION_POLICY] = PH_TOKEN_POLICY,
        [PH_CLOUD_MESSAGE_KEYS] = PH_TOKEN_KEYS,
        [PH_CLOUD_MESSAGE_DENIED] = PH_TOKEN_DENIED,
        [PH_CLOUD_MESSAGE_COMMAND] = PH_TOKEN_COMMAND,
    };
    struct ph_jws_keyset *keys = NULL;
    struct ph_why why;
    int err = ph_issuer_keyset_load(
        &messages->config, messages->workstation.tenant, &keys, NULL, &why);

    if (err != PH_OK)
        return PH_CLOUD_DROP_FAILED;
    err = ph_token_open(token, len, types[kind], "message", keys, claims, &why);
    ph_jws_keyset_free(keys);
    if (err != PH_OK)
        return drop_of(err);
    switch (kind) {
    case PH_CLOUD_MESSAGE_COMMAND:
        return take_command(messages, claims, effect);
    case PH_CLOUD_MESSAGE_DENIED:
        return take_denied(messages, claims);
    case PH_CLOUD_MESSAGE_WORKSTATION_POLICY:
        return take_policy(messages, PH_POLICY_OF_WORKSTATION, claims);
    default:
        return take_policy(messages, PH_POLICY_OF_TENANT, claims);
    }
}

enum ph_cloud_drop
ph_cloud_message_take(struct ph_cloud_messages *messages,
                      enum ph_cloud_message_kind kind, const char *token,
                      size_t len, struct ph_cloud_effect *out_effect)
{
    struct ph_cloud_effect effect = {.refresh = false};
    struct ph_buf claims;
    enum ph_cloud_drop drop;

    if (kind == PH_CLOUD_MESSAGE_KEYS) {
        drop = take_keys(messages, token, len);
    } else {
        ph_buf_init(&claims, ph_cloud_message_max(kind));
        drop = open_and_take(messages, kind, token, len, &claims, &effect);
        ph_buf_close(&claims);
    }
    *out_effect = effect;
    return drop;
}
