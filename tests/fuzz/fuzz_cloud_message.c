/* What the cloud says: policies, keys and commands, behind a signature that we
 * cannot make here. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "printhold/base/err.h"
#include "printhold/proto/command.h"
#include "printhold/proto/denied_message.h"
#include "printhold/proto/issuer_keys.h"
#include "printhold/proto/policy.h"
#include "printhold/proto/token.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
want(int is_right)
{
    if (!is_right)
        abort();
}

static void
check_claims(const struct ph_message_claims *claims)
{
    want(memchr(claims->issuer, '\0', sizeof(claims->issuer)) != NULL);
    want(claims->audience_count > 0 &&
         claims->audience_count <= PH_MESSAGE_AUDIENCES_MAX);
    want(claims->expires_s == 0 || claims->expires_s > claims->issued_s);
}

/* Whatever a policy says, the rules keep their bounds. */
static void
try_policy(const uint8_t *data, size_t size)
{
    static struct ph_config config;
    struct ph_policy_message message;
    struct ph_rules rules;
    struct ph_why why;
    char text[256];

    if (ph_policy_parse(data, size, &message, &why) != PH_OK)
        return;
    check_claims(&message.claims);
    want(message.version > 0);
    ph_config_init(&config);
    ph_policy_merge(&message.policy, &message.policy, &message.policy);
    ph_policy_apply(&config, &message.policy, &rules);
    ph_rules_text(&rules, text, sizeof(text));
    want(rules.number[PH_POLICY_RETENTION] >= 3600 &&
         rules.number[PH_POLICY_RETENTION] <= 604800);
    want(rules.number[PH_POLICY_HISTORY] >= 3600 &&
         rules.number[PH_POLICY_HISTORY] <= 604800);
    want(rules.number[PH_POLICY_JOB_SIZE] <= config.job_size_max);
    want(rules.number[PH_POLICY_SPOOL_SIZE] <= config.spool_size_max);
    want(rules.number[PH_POLICY_USER_SIZE] <= config.user_size_max);
    want(rules.number[PH_POLICY_USER_JOBS] <= config.user_jobs_max);
    want(rules.number[PH_POLICY_TITLE] <= PH_TITLE_HIDDEN);
    want(strncmp(rules.confidential_amr, config.confidential_amr,
                 strlen(config.confidential_amr)) == 0);
}

static void
try_command(const uint8_t *data, size_t size)
{
    struct ph_command command;
    struct ph_why why;

    if (ph_command_parse(data, size, &command, &why) != PH_OK)
        return;
    check_claims(&command.claims);
    want(command.op <= PH_COMMAND_UNKNOWN);
    want(command.job_count <= PH_COMMAND_JOBS_MAX);
    want(command.job_count == 0 || command.user[0] == '\0');
    want(strlen(command.jti) >= 22);
    want(command.claims.expires_s != 0);
}

/* A policy as the hub keeps it is read as it was put. */
static void
try_kept_policy(const uint8_t *data, size_t size)
{
    struct ph_policy policy, again;
    struct ph_buf text;

    if (ph_policy_read(data, size, &policy) != PH_OK)
        return;
    ph_buf_init(&text, PH_JWS_MAX);
    if (ph_policy_put(&policy, &text) == PH_OK) {
        want(ph_policy_read(text.data, text.len, &again) == PH_OK);
        want(memcmp(policy.number, again.number, sizeof(again.number)) == 0);
        want(strcmp(policy.sign_in, again.sign_in) == 0);
    }
    ph_buf_close(&text);
}

static void
try_denied(const uint8_t *data, size_t size)
{
    static const struct ph_identity nobody;
    struct ph_denied_message message;
    struct ph_why why = {""};

    if (ph_denied_message_parse(data, size, &message, &why) != PH_OK)
        return;
    check_claims(&message.claims);
    want(message.version > 0);
    want(ph_denied_count(message.denied) <= PH_DENIED_ENTRIES_MAX);
    want(!ph_denied_has(message.denied, &nobody));
    ph_denied_free(message.denied);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ph_issuer_keys keys;
    char kid[PH_JWS_KID_MAX];
    struct ph_why why;

    try_policy(data, size);
    try_command(data, size);
    try_kept_policy(data, size);
    try_denied(data, size);
    if (ph_issuer_keys_parse(data, size, &keys, &why) == PH_OK) {
        check_claims(&keys.claims);
        ph_issuer_keys_close(&keys);
    }
    if (ph_token_parse_header(data, size, PH_TOKEN_COMMAND, kid) == PH_OK)
        want(memchr(kid, '\0', sizeof(kid)) != NULL);
    return 0;
}
