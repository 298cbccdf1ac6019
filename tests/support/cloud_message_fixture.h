/*
 * Real jobs, an issuer whose key is pinned and another one, and what the cloud
 * might say, signed by either.
 */
#ifndef PRINTHOLD_TESTS_SUPPORT_CLOUD_MESSAGE_FIXTURE_H
#define PRINTHOLD_TESTS_SUPPORT_CLOUD_MESSAGE_FIXTURE_H

#include "cloud_message.h"

#include <stdio.h>

#include "grant_fixture.h"
#include "jobs_fixture.h"
#include "printhold/base/clock.h"
#include "printhold/proto/token.h"

#define ISSUER "https://hub"
#define TENANT "urn:printhold:acme"
#define WS     "ws-test"

struct rig {
    struct jobs_fixture jobs;
    struct grant_fixture *issuer; /* pinned */
    struct grant_fixture *other;
    struct ph_cloud_messages messages;
    int64_t now_s;
    unsigned jti;
};

static inline void
start(struct rig *rig)
{
    static const struct ph_workstation ws = {.tenant = "acme", .id = WS};

    ph_cloud_messages_init(&rig->messages, &rig->jobs.config, &ws,
                           rig->jobs.jobs);
}

static inline int
set_up(void **state)
{
    struct rig *rig = calloc(1, sizeof(*rig));
    void *fixture = NULL;

    assert_non_null(rig);
    jobs_fixture_make(&rig->jobs);
    (void)grant_set_up(&fixture);
    rig->issuer = fixture;
    (void)grant_set_up(&fixture);
    rig->other = fixture;
    jobs_fixture_path(&rig->jobs, "issuer.pem",
                      rig->jobs.config.issuer_key_file, PH_CONFIG_TEXT_MAX);
    scratch_write(rig->jobs.config.issuer_key_file, rig->issuer->public_pem,
                  rig->issuer->public_len);
    (void)snprintf(rig->jobs.config.issuer, PH_CONFIG_TEXT_MAX, ISSUER);
    rig->now_s = ph_clock_wall_ms() / 1000;
    start(rig);
    *state = rig;
    return 0;
}

static inline int
tear_down(void **state)
{
    struct rig *rig = *state;
    void *fixture = rig->issuer;

    (void)grant_tear_down(&fixture);
    fixture = rig->other;
    (void)grant_tear_down(&fixture);
    jobs_fixture_remove(&rig->jobs);
    free(rig);
    return 0;
}

static inline void
sign(const struct grant_fixture *key, const char *kid, const char *type,
     const char *claims, struct ph_buf *token)
{
    char header[256];

    (void)snprintf(header, sizeof(header),
                   "{\"alg\":\"ES256\",\"typ\":\"%s\",\"kid\":\"%s\"}", type,
                   kid);
    assert_int_equal(ph_jws_sign(key->key, header, claims, token), PH_OK);
}

static inline enum ph_cloud_drop
take(struct rig *rig, enum ph_cloud_message_kind kind,
     const struct ph_buf *token)
{
    struct ph_cloud_effect effect;

    return ph_cloud_message_take(
        &rig->messages, kind, (const char *)token->data, token->len, &effect);
}

static inline enum ph_cloud_drop
take_signed(struct rig *rig, enum ph_cloud_message_kind kind,
            const struct grant_fixture *key, const char *type,
            const char *claims)
{
    enum ph_cloud_drop drop;
    struct ph_buf token;

    ph_buf_init(&token, 65536);
    sign(key, key->kid, type, claims, &token);
    drop = take(rig, kind, &token);
    ph_buf_close(&token);
    return drop;
}

static inline const char *
policy_claims(const struct rig *rig, const char *aud, unsigned version,
              const char *policy)
{
    static char text[1024];

    (void)snprintf(text, sizeof(text),
                   "{\"iss\":\"" ISSUER "\",\"aud\":\"%s\",\"ver\":%u,"
                   "\"iat\":%lld,\"policy\":%s}",
                   aud, version, (long long)rig->now_s, policy);
    return text;
}

static inline enum ph_cloud_drop
put_policy(struct rig *rig, unsigned version, const char *policy)
{
    return take_signed(rig, PH_CLOUD_MESSAGE_POLICY, rig->issuer,
                       PH_TOKEN_POLICY,
                       policy_claims(rig, TENANT, version, policy));
}

static inline const char *
command_claims(struct rig *rig, const char *aud, int64_t iat_s, int64_t life_s,
               const char *more)
{
    static char text[1024];

    (void)snprintf(text, sizeof(text),
                   "{\"iss\":\"" ISSUER "\",\"aud\":\"%s\",\"iat\":%lld,"
                   "\"exp\":%lld,\"jti\":\"jti-of-22-characters-%u\"%s}",
                   aud, (long long)iat_s, (long long)(iat_s + life_s),
                   rig->jti++, more);
    return text;
}

static inline enum ph_cloud_drop
put_command(struct rig *rig, const struct grant_fixture *key, const char *more)
{
    return take_signed(rig, PH_CLOUD_MESSAGE_COMMAND, key, PH_TOKEN_COMMAND,
                       command_claims(rig, WS, rig->now_s, 60, more));
}

static inline uint64_t
retention(const struct rig *rig)
{
    struct ph_rules rules;

    ph_jobs_rules(rig->jobs.jobs, &rules, NULL);
    return rules.number[PH_POLICY_RETENTION];
}

#endif
