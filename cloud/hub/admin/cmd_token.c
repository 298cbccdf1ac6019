/* printhold-hub token ... */
#include "command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit.h"
#include "enrol.h"
#include "printhold/base/clock.h"
#include "printhold/base/err.h"
#include "printhold/base/parse.h"
#include "printhold/base/wipe.h"
#include "printhold/proto/enrolment.h"

#define LIFE_MIN_S 60
#define LIFE_MAX_S 86400 /* SR-52 */
#define MANY_MAX   10000

/* Tokens that are made together: alike, each for one device. */
struct batch {
    struct hub_token model; /* without number and mac */
    size_t count;
    char (*text)[HUB_TOKEN_TEXT];
    char (*number)[HUB_TOKEN_NUMBER];
};

static int
take_class(struct hub_command *command, struct hub_token *token)
{
    const char *class = hub_command_value(command, HUB_OPTION_CLASS, "");

    if (ph_enrolment_class_parse(class, &token->kind) == PH_OK)
        return PH_OK;
    return ph_why_fail(command->why, PH_ERR_INVALID,
                       "--class is workstation or printer");
}

static int
take_id(struct hub_command *command, struct hub_token *token)
{
    const char *id = hub_command_value(command, HUB_OPTION_ID, NULL);
    const char *prefix = token->kind == PH_IDENTITY_PRINTER ? "pr-" : "ws-";
    int err = PH_OK;

    if (id != NULL)
        err = hub_command_id(command, "an id", id, token->device);
    if (err == PH_OK && id != NULL && strncmp(id, prefix, 3) != 0)
        err = ph_why_fail(command->why, PH_ERR_INVALID,
                          "an id of this class begins with %s", prefix);
    return err;
}

static int
take_life(struct hub_command *command, struct hub_token *token)
{
    const char *life = hub_command_value(command, HUB_OPTION_LIFE, NULL);
    uint64_t life_s = command->hub->config->token_life_s;

    if (life != NULL &&
        ph_parse_duration_s(life, LIFE_MIN_S, LIFE_MAX_S, &life_s) != PH_OK)
        return ph_why_fail(command->why, PH_ERR_INVALID,
                           "--life is 60s to 24h");
    token->expires_ms = token->made_ms + (int64_t)life_s * 1000;
    return PH_OK;
}

static int
take_rest(struct hub_command *command, struct hub_token *token)
{
    const char *name = hub_command_value(command, HUB_OPTION_NAME, "");
    const char *group = hub_command_value(command, HUB_OPTION_GROUP, "");
    const char *login = hub_command_value(command, HUB_OPTION_PERSON, NULL);
    int err = hub_command_text(command, "a name", name, token->name,
                               sizeof(token->name));

    if (err == PH_OK)
        err = hub_command_id(command, "a group", group, token->group);
    if (err == PH_OK && login != NULL) {
        if (token->kind != PH_IDENTITY_WORKSTATION)
            return ph_why_fail(command->why, PH_ERR_INVALID,
                               "only a workstation is a person's");
        err = hub_command_login(command, login, token->login);
    }
    return err;
}

/* What the tokens say must be there, and of their class. */
static int
check_model(struct hub_command *command, const struct hub_token *model)
{
    struct hub_person person;
    struct hub_device device;
    int err = PH_OK;

    if (model->login[0] != '\0') {
        err = hub_person_get(command->hub->store, model->login, &person);
        if (err == PH_ERR_NOT_FOUND)
            ph_why_set(command->why, "there is no person %s", model->login);
    }
    if (err == PH_OK && model->device[0] != '\0') {
        err = hub_device_get(command->hub->store, model->device, &device);
        if (err == PH_ERR_NOT_FOUND)
            err = PH_OK;
        else if (err == PH_OK && device.kind != model->kind)
            err = ph_why_fail(command->why, PH_ERR_INVALID,
                              "%s is a device of another class", model->device);
    }
    return err;
}

static int
add_one(struct hub_command *command, const struct batch *batch, size_t i)
{
    struct hub_token token = batch->model;
    char actor[HUB_ACTOR_MAX];
    const struct hub_act act = {.actor = actor,
                                .act = "token.add",
                                .object = token.number,
                                .detail = token.device};
    int err = hub_token_make(command->hub, &token, batch->text[i]);

    if (err == PH_OK)
        err = hub_token_add(command->hub->store, &token);
    hub_audit_actor(actor);
    if (err == PH_OK)
        err = hub_audit(command->hub, &act, token.made_ms);
    memcpy(batch->number[i], token.number, sizeof(token.number));
    return err;
}

/* All of them, or none. */
static int
do_add(struct hub_command *command, void *arg)
{
    const struct batch *batch = arg;
    int err = check_model(command, &batch->model);

    for (size_t i = 0; i < batch->count && err == PH_OK; i++)
        err = add_one(command, batch, i);
    return err;
}

/* --- the only place where a token is ever seen --- */

static json_t *
made_json(const struct batch *batch, size_t i, const char *pin)
{
    const struct hub_token *model = &batch->model;

    return json_pack("{s:s, s:s, s:s, s:s, s:o, s:s}", "token", batch->text[i],
                     "number", batch->number[i], "class",
                     ph_enrolment_class_name(model->kind), "id", model->device,
                     "expires", hub_json_time(model->expires_ms),
                     "authority-pin", pin);
}

static int
show_json(const struct batch *batch, bool is_list, const char *pin)
{
    json_t *list;

    if (!is_list)
        return hub_command_print(made_json(batch, 0, pin));
    list = json_array();
    for (size_t i = 0; i < batch->count; i++) {
        if (json_array_append_new(list, made_json(batch, i, pin)) != 0) {
            json_decref(list);
            return PH_ERR_NOMEM;
        }
    }
    return hub_command_print(list);
}

/* A line each on standard output, and the rest for people beside it. */
static int
show_text(const struct batch *batch, bool is_list, const char *pin)
{
    const char *class = ph_enrolment_class_name(batch->model.kind);
    char until[PH_TIME_TEXT];

    ph_clock_format(batch->model.expires_ms, until);
    for (size_t i = 0; i < batch->count; i++)
        (void)puts(batch->text[i]);
    if (fflush(stdout) != 0)
        return PH_ERR_IO;
    if (is_list)
        (void)fprintf(stderr,
                      "%zu %s tokens, until %s; authority %s\n"
                      "They are shown this once. Each is for one device.\n",
                      batch->count, class, until, pin);
    else
        (void)fprintf(stderr,
                      "%s token %s, until %s; authority %s\n"
                      "It is shown this once. Give it to the device, not to a "
                      "link.\n",
                      class, batch->number[0], until, pin);
    return PH_OK;
}

static int
show_made(struct hub_command *command, const struct batch *batch)
{
    const bool is_list =
        hub_command_value(command, HUB_OPTION_MANY, NULL) != NULL;
    char path[PH_CONFIG_TEXT_MAX + 16], pin[PH_SPKI_PIN_TEXT];
    int err;

    hub_path(command->hub, "ca.crt", path, sizeof(path));
    err = ph_identity_spki_pin(path, pin, command->why);
    if (err != PH_OK)
        return err;
    return command->json ? show_json(batch, is_list, pin)
                         : show_text(batch, is_list, pin);
}

/* --- add --- */

static int
take_count(struct hub_command *command, struct batch *batch)
{
    const char *many = hub_command_value(command, HUB_OPTION_MANY, "1");
    uint64_t count;

    if (ph_parse_u64(many, 1, MANY_MAX, &count) != PH_OK)
        return ph_why_fail(command->why, PH_ERR_INVALID, "--count is 1 to %d",
                           MANY_MAX);
    if (count > 1 && batch->model.device[0] != '\0')
        return ph_why_fail(command->why, PH_ERR_INVALID,
                           "an id is of one device; leave --id or --count out");
    batch->count = (size_t)count;
    batch->text = calloc(batch->count, sizeof(*batch->text));
    batch->number = calloc(batch->count, sizeof(*batch->number));
    return batch->text == NULL || batch->number == NULL ? PH_ERR_NOMEM : PH_OK;
}

int
hub_cmd_token_add(struct hub_command *command)
{
    struct batch batch = {.model = {.made_ms = ph_clock_wall_ms()}};
    int err = take_class(command, &batch.model);

    if (err == PH_OK)
        err = take_id(command, &batch.model);
    if (err == PH_OK)
        err = take_life(command, &batch.model);
    if (err == PH_OK)
        err = take_rest(command, &batch.model);
    if (err == PH_OK)
        err = take_count(command, &batch);
    if (err == PH_OK)
        err = hub_command_do(command, do_add, &batch, NULL);
    if (err == PH_OK)
        err = show_made(command, &batch);
    if (batch.text != NULL)
        ph_wipe(batch.text, batch.count * sizeof(*batch.text));
    free(batch.text);
    free(batch.number);
    return err;
}

/* --- list --- */

static const char *
state_of(const struct hub_token *token)
{
    if (token->used_ms != 0)
        return "used";
    return token->is_over || token->expires_ms <= ph_clock_wall_ms() ? "expired"
                                                                     : "open";
}

static int
list_one(const struct hub_token *token, void *arg)
{
    char until[PH_TIME_TEXT];

    if (arg == NULL) {
        ph_clock_format(token->expires_ms, until);
        (void)printf("%s %-11s %-8s %s %s\n", token->number,
                     ph_enrolment_class_name(token->kind), state_of(token),
                     until, token->device);
        return PH_OK;
    }
    return json_array_append_new(
               arg, json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:o}",
                              "number", token->number, "class",
                              ph_enrolment_class_name(token->kind), "state",
                              state_of(token), "id", token->device, "group",
                              token->group, "person", token->login, "expires",
                              hub_json_time(token->expires_ms), "used",
                              hub_json_time(token->used_ms))) == 0
               ? PH_OK
               : PH_ERR_NOMEM;
}

static int
do_list(struct hub_command *command, void *arg)
{
    return hub_token_each(command->hub->store, list_one, arg);
}

int
hub_cmd_token_list(struct hub_command *command)
{
    return hub_command_list(command, do_list);
}

static int
do_remove(struct hub_command *command, void *arg)
{
    (void)arg;
    return hub_token_remove(command->hub->store, command->word);
}

int
hub_cmd_token_remove(struct hub_command *command)
{
    const struct hub_act act = {
        .act = "token.remove", .object = command->word, .detail = ""};

    if (command->word == NULL)
        return ph_why_fail(command->why, PH_ERR_INVALID,
                           "the number of a token is needed");
    return hub_command_do(command, do_remove, NULL, &act);
}
