#include "sayings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "denied_names.h"
#include "issuer.h"
#include "printhold/base/err.h"
#include "printhold/base/log.h"
#include "printhold/base/parse.h"
#include "printhold/crypto/kdf.h"
#include "printhold/proto/message_put.h"
#include "printhold/proto/token.h"
#include "store_commands.h"
#include "store_policy.h"

#define PAUSE_MIN_MS (30 * INT64_C(1000))
#define DOUBLINGS    5
#define COMMANDS_MAX 256 /* in one go */

enum kind {
    POLICY,
    KEYS,
    DENIED,
    COMMAND,
};

/* What is to be signed when the transaction is over. */
struct item {
    struct item *next;
    enum kind kind;
    char topic[HUB_TOLD_TOPIC]; /* behind ph1/{tenant}/ */
    char audience[HUB_ID_MAX + 32];
    int64_t version;
    union {
        struct ph_policy policy;
        struct hub_ws_command command;
        struct hub_denied_names *denied;
    } u;
};

struct making {
    struct hub *hub;
    enum hub_say what;
    int64_t now_ms;
    struct hub_issuer_now issuer;
    struct item *first, **last;
};

int64_t
hub_saying_pause_ms(int64_t tries)
{
    return PAUSE_MIN_MS << (tries < DOUBLINGS ? tries : DOUBLINGS);
}

static struct item *
add_item(struct making *making, enum kind kind)
{
    struct item *item = calloc(1, sizeof(*item));

    if (item == NULL)
        return NULL;
    item->kind = kind;
    *making->last = item;
    making->last = &item->next;
    return item;
}

/* --- what has changed --- */

/* Of the body and of who signs it: what another key signs is news. */
static int
digest_of(const struct ph_buf *body, const struct ph_jws_key *signer,
          char dst[HUB_TOLD_DIGEST])
{
    uint8_t digest[PH_SHA256_BYTES];
    char kid[PH_JWS_KID_MAX];
    struct ph_buf whole;
    int err = ph_jws_key_kid(signer, kid);

    ph_buf_init(&whole, body->len + sizeof(kid));
    if (err == PH_OK)
        err = ph_buf_put_str(&whole, kid);
    if (err == PH_OK)
        err = ph_buf_put(&whole, body->data, body->len);
    if (err == PH_OK)
        err = ph_sha256(whole.data, whole.len, digest);
    if (err == PH_OK)
        ph_format_hex(digest, sizeof(digest), dst);
    ph_buf_close(&whole);
    return err;
}

/* The version under which this body is to be said at a topic; *out_say is false
 * when there is nothing to say. */
static int
judge(struct making *making, const char *topic, const struct ph_buf *body,
      const struct ph_jws_key *signer, bool is_empty, int64_t *out_version,
      bool *out_say)
{
    const int64_t least = making->now_ms / 1000;
    char digest[HUB_TOLD_DIGEST];
    struct hub_told told;
    int err = digest_of(body, signer, digest);

    if (err == PH_OK)
        err = hub_told_get(making->hub->store, topic, &told);
    if (err != PH_OK)
        return err;
    if (told.version == 0 ? is_empty : strcmp(told.digest, digest) == 0) {
        *out_say = making->what == HUB_SAY_ALL && told.version != 0;
        *out_version = told.version;
        return PH_OK;
    }
    told.version = told.version + 1 > least ? told.version + 1 : least;
    told.changed_ms = making->now_ms;
    memcpy(told.digest, digest, sizeof(digest));
    *out_say = true;
    *out_version = told.version;
    return hub_told_set(making->hub->store, &told);
}

static int
add_policy(struct making *making, const char *topic, const char *audience,
           const struct ph_policy *policy)
{
    struct ph_buf body;
    struct item *item;
    int64_t version = 0;
    bool say = false;
    int err;

    ph_buf_init(&body, PH_JWS_MAX);
    err = ph_policy_put(policy, &body);
    if (err == PH_OK)
        err = judge(making, topic, &body, making->issuer.signer, body.len == 2,
                    &version, &say);
    ph_buf_close(&body);
    if (err != PH_OK || !say)
        return err;
    item = add_item(making, POLICY);
    if (item == NULL)
        return PH_ERR_NOMEM;
    (void)snprintf(item->topic, sizeof(item->topic), "%s", topic);
    (void)snprintf(item->audience, sizeof(item->audience), "%s", audience);
    item->version = version;
    item->u.policy = *policy;
    return PH_OK;
}

static void
tenant_audience(const struct hub *hub, char dst[HUB_ID_MAX + 32])
{
    (void)snprintf(dst, HUB_ID_MAX + 32, "urn:printhold:%s",
                   hub->tenant.tenant);
}

static int
add_tenant_policy(struct making *making)
{
    struct ph_policy policy;
    char audience[HUB_ID_MAX + 32];
    int err =
        hub_policy_get(making->hub->store, HUB_POLICY_OF_TENANT, "", &policy);

    tenant_audience(making->hub, audience);
    return err == PH_OK ? add_policy(making, "cfg/policy", audience, &policy)
                        : err;
}

static int
add_device_policy(const struct hub_device *device, void *arg)
{
    struct making *making = arg;
    char topic[HUB_TOLD_TOPIC];
    struct ph_policy policy;
    int err;

    if (device->is_revoked)
        return PH_OK;
    err = hub_policy_of_device(making->hub->store, device, &policy);
    (void)snprintf(topic, sizeof(topic), "cfg/ws/%s", device->id);
    return err == PH_OK ? add_policy(making, topic, device->id, &policy) : err;
}

/* The issuer's keys: the body is what they are called. */
static int
add_keys(struct making *making)
{
    const struct hub_issuer_now *issuer = &making->issuer;
    char kid[PH_JWS_KID_MAX];
    struct ph_buf body;
    struct item *item;
    int64_t version = 0;
    bool say = false;
    int err = PH_OK;

    ph_buf_init(&body, HUB_ISSUERS_MAX * PH_JWS_KID_MAX);
    for (size_t i = 0; i < issuer->told_count && err == PH_OK; i++) {
        err = ph_jws_key_kid(issuer->told[i], kid);
        if (err == PH_OK)
            err = ph_buf_put_str(&body, kid);
    }
    if (err == PH_OK)
        err = judge(making, "cfg/keys", &body, issuer->keys_signer, false,
                    &version, &say);
    ph_buf_close(&body);
    if (err != PH_OK || !say)
        return err;
    item = add_item(making, KEYS);
    if (item == NULL)
        return PH_ERR_NOMEM;
    (void)snprintf(item->topic, sizeof(item->topic), "cfg/keys");
    tenant_audience(making->hub, item->audience);
    item->version = version;
    return PH_OK;
}

/* What does not fit into a message is not said, and the log says so: the list of
 * before stays in force, GET /v1/denied-printers has them all. */
static int
add_denied(struct making *making)
{
    struct hub_denied_names *names = NULL;
    struct ph_buf body;
    struct item *item;
    int64_t version = 0;
    bool say = false;
    int err = hub_denied_names_load(making->hub->store, making->now_ms, &names);

    ph_buf_init(&body, HUB_DENIED_NAMES_TEXT);
    if (err == PH_OK)
        err = hub_denied_names_put(names, &body);
    if (err == PH_OK)
        err = judge(making, "cfg/denied", &body, making->issuer.signer,
                    body.len == 0, &version, &say);
    ph_buf_close(&body);
    item = err == PH_OK && say ? add_item(making, DENIED) : NULL;
    if (item == NULL) {
        hub_denied_names_free(names);
        return err == PH_OK && say ? PH_ERR_NOMEM : err;
    }
    (void)snprintf(item->topic, sizeof(item->topic), "cfg/denied");
    tenant_audience(making->hub, item->audience);
    item->version = version;
    item->u.denied = names;
    return PH_OK;
}

/* --- commands --- */

static int
add_command(const struct hub_ws_command *command, void *arg)
{
    struct item *item = add_item(arg, COMMAND);

    if (item == NULL)
        return PH_ERR_NOMEM;
    item->u.command = *command;
    (void)snprintf(item->topic, sizeof(item->topic), "cmd/%s", command->device);
    (void)snprintf(item->audience, sizeof(item->audience), "%s",
                   command->device);
    return PH_OK;
}

static int
add_commands(struct making *making)
{
    struct hub_store *store = making->hub->store;
    struct item **mine = making->last;
    int err = hub_ws_command_expire(store, making->now_ms);

    if (err == PH_OK)
        err = hub_ws_command_due(store, making->now_ms,
                                 making->what == HUB_SAY_ALL, COMMANDS_MAX,
                                 add_command, making);
    for (struct item *it = *mine; err == PH_OK && it != NULL; it = it->next)
        err = hub_ws_command_said(store, it->u.command.number,
                                  making->now_ms +
                                      hub_saying_pause_ms(it->u.command.tries));
    return err;
}

/* --- one transaction --- */

static int
collect(struct making *making)
{
    int err = hub_issuer_now(making->hub, &making->issuer, NULL);

    if (err == PH_OK && making->what != HUB_SAY_DUE) {
        err = add_keys(making);
        if (err == PH_OK)
            err = add_denied(making);
        if (err == PH_OK)
            err = add_tenant_policy(making);
        if (err == PH_OK)
            err = hub_device_each(making->hub->store, PH_IDENTITY_WORKSTATION,
                                  add_device_policy, making);
    }
    return err == PH_OK ? add_commands(making) : err;
}

/* --- signing --- */

/* "ID ID" */
static int
take_jobs(const char *text, struct ph_command *command)
{
    char id[PH_ID_TEXT];
    int err = PH_OK;

    while (err == PH_OK && *text != '\0') {
        if (strcspn(text, " ") != PH_ID_TEXT - 1 ||
            command->job_count == PH_COMMAND_JOBS_MAX)
            return PH_ERR_CORRUPT;
        memcpy(id, text, PH_ID_TEXT - 1);
        id[PH_ID_TEXT - 1] = '\0';
        err = ph_id_parse(id, &command->job[command->job_count++]);
        text += PH_ID_TEXT - 1;
        text += *text == ' ';
    }
    return err;
}

static int
sign_command(const struct ph_jws_key *signer,
             const struct ph_message_head *head,
             const struct hub_ws_command *row, struct ph_buf *token)
{
    struct ph_command *command = calloc(1, sizeof(*command));
    int err;

    if (command == NULL)
        return PH_ERR_NOMEM;
    command->op = row->op;
    (void)snprintf(command->jti, sizeof(command->jti), "%s", row->jti);
    (void)snprintf(command->user, sizeof(command->user), "%s", row->login);
    err = take_jobs(row->jobs, command);
    if (err == PH_OK)
        err = ph_command_sign(head, command, signer, token);
    free(command);
    return err;
}

static int
sign_item(const struct making *making, const struct item *item,
          struct ph_buf *token)
{
    const struct hub_issuer_now *issuer = &making->issuer;
    struct ph_message_head head = {
        .issuer = making->hub->tenant.issuer,
        .audience = item->audience,
        .version = (uint64_t)item->version,
        .issued_s = making->now_ms / 1000,
    };

    switch (item->kind) {
    case POLICY:
        return ph_policy_sign(&head, &item->u.policy, issuer->signer, token);
    case DENIED:
        return hub_denied_names_sign(item->u.denied, &head, issuer->signer,
                                     token);
    case KEYS:
        return ph_issuer_keys_sign(&head, issuer->told, issuer->told_count,
                                   issuer->keys_signer, token);
    default:
        head.issued_s = item->u.command.made_ms / 1000;
        head.expires_s = item->u.command.expires_ms / 1000;
        return sign_command(issuer->signer, &head, &item->u.command, token);
    }
}

static int
put_saying(const struct hub *hub, const struct item *item, int64_t now_ms,
           const struct ph_buf *token, struct hub_sayings *sayings)
{
    struct hub_saying *saying = calloc(1, sizeof(*saying) + token->len);

    if (saying == NULL)
        return PH_ERR_NOMEM;
    (void)snprintf(saying->topic, sizeof(saying->topic), "ph1/%s/%s",
                   hub->tenant.tenant, item->topic);
    saying->retain = item->kind != COMMAND;
    if (item->kind == COMMAND) /* more than 0: what has expired is not due */
        saying->expiry_s =
            (uint32_t)((item->u.command.expires_ms - now_ms + 999) / 1000);
    saying->len = token->len;
    memcpy(saying->token, token->data, token->len);
    *sayings->last = saying;
    sayings->last = &saying->next;
    return PH_OK;
}

/* One that cannot be signed does not keep the others back. */
static int
sign_all(const struct making *making, struct hub_sayings *sayings)
{
    struct ph_buf token;
    int err = PH_OK;

    ph_buf_init(&token, PH_TOKEN_DENIED_MAX + 1);
    for (const struct item *it = making->first; it != NULL && err == PH_OK;
         it = it->next) {
        int wrong = sign_item(making, it, &token);

        if (wrong == PH_OK)
            err = put_saying(making->hub, it, making->now_ms, &token, sayings);
        else if (wrong == PH_ERR_NOMEM)
            err = wrong;
        else
            ph_log_error("%s cannot be said: %s", it->topic,
                         ph_err_text(wrong));
    }
    ph_buf_close(&token);
    return err;
}

void
hub_sayings_clear(struct hub_sayings *sayings)
{
    while (sayings->first != NULL) {
        struct hub_saying *first = sayings->first;

        sayings->first = first->next;
        free(first);
    }
    sayings->last = &sayings->first;
}

int
hub_sayings_make(struct hub *hub, enum hub_say what, int64_t now_ms,
                 struct hub_sayings *sayings)
{
    struct making making = {.hub = hub, .what = what, .now_ms = now_ms};
    struct hub_sayings made = {.first = NULL};
    int err;

    made.last = &made.first;
    making.last = &making.first;
    err = hub_store_begin(hub->store);
    if (err == PH_OK)
        err = hub_store_end(hub->store, collect(&making));
    if (err == PH_OK)
        err = sign_all(&making, &made);
    while (making.first != NULL) {
        struct item *first = making.first;

        making.first = first->next;
        if (first->kind == DENIED)
            hub_denied_names_free(first->u.denied);
        free(first);
    }
    if (err != PH_OK) {
        hub_sayings_clear(&made);
        return err;
    }
    if (made.first != NULL) {
        *sayings->last = made.first;
        sayings->last = made.last;
    }
    return PH_OK;
}
