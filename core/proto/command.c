#include "printhold/proto/command.h"

#include <stdlib.h>
#include <string.h>

#include "message_claims.h"
#include "printhold/base/attr.h"
#include "printhold/base/err.h"
#include "printhold/crypto/jws.h"

#define OP_MAX 64

static int take_jobs_or_user(const json_t *args, struct ph_command *command);
static int take_user(const json_t *args, struct ph_command *command);
static int take_nothing(const json_t *args, struct ph_command *command);

static const struct {
    const char *name;
    int (*take)(const json_t *args, struct ph_command *command);
} ops[PH_COMMAND_OPS] = {
    [PH_COMMAND_DELETE_JOBS] = {"delete-jobs", take_jobs_or_user},
    [PH_COMMAND_PURGE_USER] = {"purge-user", take_user},
    [PH_COMMAND_REFRESH] = {"refresh", take_nothing},
    [PH_COMMAND_RENEW_CERTIFICATE] = {"renew-certificate", take_nothing},
};

const char *
ph_command_op_name(enum ph_command_op op)
{
    return op < PH_COMMAND_OPS ? ops[op].name : "unknown";
}

static int
take_nothing(const json_t *args, struct ph_command *command)
{
    (void)command;
    return args == NULL || (json_is_object(args) && json_object_size(args) == 0)
               ? PH_OK
               : PH_ERR_INVALID;
}

static int
take_user(const json_t *args, struct ph_command *command)
{
    if (!json_is_object(args) || json_object_size(args) != 1)
        return PH_ERR_INVALID;
    return ph_claims_text(args, "user", command->user, sizeof(command->user));
}

static int
take_jobs_or_user(const json_t *args, struct ph_command *command)
{
    const json_t *jobs = json_object_get(args, "jobs");
    char text[PH_COMMAND_JOBS_MAX][PH_ID_TEXT];
    int err;

    if (jobs == NULL)
        return take_user(args, command);
    if (json_object_size(args) != 1)
        return PH_ERR_INVALID;
    err = ph_claims_list(jobs, PH_COMMAND_JOBS_MAX, text[0], sizeof(text[0]),
                         &command->job_count);
    for (size_t i = 0; err == PH_OK && i < command->job_count; i++)
        err = ph_id_parse(text[i], &command->job[i]);
    return err;
}

static int
take_op(const json_t *root, struct ph_command *command)
{
    char name[OP_MAX];
    int err = ph_claims_text(root, "op", name, sizeof(name));

    command->op = PH_COMMAND_UNKNOWN;
    for (size_t i = 0; err == PH_OK && i < PH_COUNT(ops); i++) {
        if (strcmp(ops[i].name, name) == 0)
            command->op = (enum ph_command_op)i;
    }
    return err;
}

/* NULL, or the claim that is wrong. */
static const char *
read_command(const json_t *root, struct ph_command *command)
{
    const struct ph_message_claims *claims = &command->claims;
    const char *wrong = ph_message_claims_read(root, true, &command->claims);

    if (wrong != NULL)
        return wrong;
    if (claims->expires_s - claims->issued_s > PH_COMMAND_LIFE_MAX_S)
        return "exp";
    if (ph_claims_jti(root, command->jti, sizeof(command->jti)) != PH_OK)
        return "jti";
    if (take_op(root, command) != PH_OK)
        return "op";
    if (command->op != PH_COMMAND_UNKNOWN &&
        ops[command->op].take(json_object_get(root, "args"), command) != PH_OK)
        return "args";
    return NULL;
}

int
ph_command_parse(const void *json, size_t len, struct ph_command *out_command,
                 struct ph_why *why)
{
    struct ph_command *command = NULL;
    json_t *root = NULL;
    const char *wrong;
    int err = ph_json_parse(json, len, PH_JWS_MAX, &root);

    if (err != PH_OK)
        return err == PH_ERR_NOMEM
                   ? err
                   : ph_why_fail(why, PH_ERR_INVALID,
                                 "The claims of the command are not proper "
                                 "JSON");
    command = calloc(1, sizeof(*command));
    if (command == NULL) {
        json_decref(root);
        return PH_ERR_NOMEM;
    }
    wrong = read_command(root, command);
    if (wrong == NULL)
        *out_command = *command;
    json_decref(root);
    free(command);
    if (wrong != NULL)
        return ph_why_fail(why, PH_ERR_INVALID,
                           "%s in the command is missing or wrong", wrong);
    return PH_OK;
}
