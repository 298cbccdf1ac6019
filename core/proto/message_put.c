#include "printhold/proto/message_put.h"

#include <stdlib.h>

#include "message_sign.h"
#include "printhold/base/err.h"
#include "printhold/proto/issuer_keys.h"
#include "printhold/proto/token.h"

/* A value of JSON text that was made here. */
static int
set_text(json_t *object, const char *name, const struct ph_buf *text)
{
    return ph_json_set(
        object, name,
        json_loadb((const char *)text->data, text->len, JSON_DECODE_ANY, NULL));
}

int
ph_message_head_put(const struct ph_message_head *head, json_t *root)
{
    int err = ph_json_set(root, "iss", json_string(head->issuer));

    if (err == PH_OK)
        err = ph_json_set(root, "aud", json_string(head->audience));
    if (err == PH_OK && head->version != 0)
        err = ph_json_set(root, "ver", json_integer((json_int_t)head->version));
    if (err == PH_OK)
        err = ph_json_set(root, "iat", json_integer(head->issued_s));
    if (err == PH_OK && head->expires_s != 0)
        err = ph_json_set(root, "exp", json_integer(head->expires_s));
    return err;
}

int
ph_message_sign(json_t *root, int err, const char *type,
                int (*check)(const void *json, size_t len),
                const struct ph_jws_key *key, struct ph_buf *out_token)
{
    struct ph_buf claims;

    ph_buf_clear(out_token);
    ph_buf_init(&claims, ph_token_max(type));
    if (err == PH_OK)
        err = ph_json_put(root, &claims);
    if (err == PH_OK)
        err = check(claims.data, claims.len);
    if (err == PH_OK)
        err = ph_token_sign(key, type, &claims, out_token);
    ph_buf_close(&claims);
    json_decref(root);
    return err;
}

/* --- policy --- */

static int
check_policy(const void *json, size_t len)
{
    struct ph_policy_message *message = calloc(1, sizeof(*message));
    int err = message != NULL ? ph_policy_parse(json, len, message, NULL)
                              : PH_ERR_NOMEM;

    free(message);
    return err;
}

int
ph_policy_sign(const struct ph_message_head *head,
               const struct ph_policy *policy, const struct ph_jws_key *key,
               struct ph_buf *out_token)
{
    json_t *root = json_object();
    struct ph_buf text;
    int err = ph_message_head_put(head, root);

    ph_buf_init(&text, PH_JWS_MAX);
    if (err == PH_OK)
        err = ph_policy_put(policy, &text);
    if (err == PH_OK)
        err = set_text(root, "policy", &text);
    ph_buf_close(&text);
    return ph_message_sign(root, err, PH_TOKEN_POLICY, check_policy, key,
                           out_token);
}

/* --- keys --- */

static int
check_keys(const void *json, size_t len)
{
    struct ph_issuer_keys keys;
    int err = ph_issuer_keys_parse(json, len, &keys, NULL);

    if (err == PH_OK)
        ph_issuer_keys_close(&keys);
    return err;
}

static int
put_key(const struct ph_jws_key *key, json_t *list)
{
    struct ph_buf text;
    int err;

    ph_buf_init(&text, 512);
    err = ph_jws_key_jwk(key, &text);
    if (err == PH_OK &&
        json_array_append_new(
            list, json_loadb((const char *)text.data, text.len, 0, NULL)) != 0)
        err = PH_ERR_NOMEM;
    ph_buf_close(&text);
    return err;
}

int
ph_issuer_keys_sign(const struct ph_message_head *head,
                    const struct ph_jws_key *const *keys, size_t count,
                    const struct ph_jws_key *key, struct ph_buf *out_token)
{
    json_t *root = json_object(), *list = json_array();
    int err = ph_message_head_put(head, root);

    for (size_t i = 0; i < count && err == PH_OK; i++)
        err = put_key(keys[i], list);
    if (err == PH_OK)
        err = ph_json_set(root, "keys", json_incref(list));
    json_decref(list);
    return ph_message_sign(root, err, PH_TOKEN_KEYS, check_keys, key,
                           out_token);
}

/* --- command --- */

static int
check_command(const void *json, size_t len)
{
    struct ph_command *command = calloc(1, sizeof(*command));
    int err = command != NULL ? ph_command_parse(json, len, command, NULL)
                              : PH_ERR_NOMEM;

    if (err == PH_OK && command->op == PH_COMMAND_UNKNOWN)
        err = PH_ERR_INVALID;
    free(command);
    return err;
}

static int
put_jobs(const struct ph_command *command, json_t *args)
{
    json_t *list = json_array();
    char text[PH_ID_TEXT];
    int err = PH_OK;

    for (size_t i = 0; i < command->job_count && err == PH_OK; i++) {
        ph_id_format(&command->job[i], text);
        if (json_array_append_new(list, json_string(text)) != 0)
            err = PH_ERR_NOMEM;
    }
    if (err == PH_OK)
        err = ph_json_set(args, "jobs", json_incref(list));
    json_decref(list);
    return err;
}

static int
put_args(const struct ph_command *command, json_t *root)
{
    json_t *args = json_object();
    int err = PH_OK;

    if (command->user[0] != '\0')
        err = ph_json_set(args, "user", json_string(command->user));
    else if (command->job_count > 0)
        err = put_jobs(command, args);
    if (err == PH_OK && json_object_size(args) > 0)
        err = ph_json_set(root, "args", json_incref(args));
    json_decref(args);
    return err;
}

int
ph_command_sign(const struct ph_message_head *head,
                const struct ph_command *command, const struct ph_jws_key *key,
                struct ph_buf *out_token)
{
    json_t *root = json_object();
    int err = ph_message_head_put(head, root);

    if (err == PH_OK)
        err = ph_json_set(root, "jti", json_string(command->jti));
    if (err == PH_OK)
        err = ph_json_set(root, "op",
                          json_string(ph_command_op_name(command->op)));
    if (err == PH_OK)
        err = put_args(command, root);
    return ph_message_sign(root, err, PH_TOKEN_COMMAND, check_command, key,
                           out_token);
}
