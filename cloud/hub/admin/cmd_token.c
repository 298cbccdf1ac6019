/* printhold-hub token ... */
#include "command.h"

#include <stdio.h>
#include <string.h>

#include "enrol.h"
#include "printhold/base/clock.h"
#include "printhold/base/err.h"
#include "printhold/base/parse.h"
#include "printhold/base/wipe.h"

#define LIFE_MIN_S 60
#define LIFE_MAX_S 86400 /* SR-52 */

static const char *
class_name(enum ph_identity_kind kind)
{
    return kind == PH_IDENTITY_PRINTER ? "printer" : "workstation";
}

static int
take_class(struct hub_command *command, struct hub_token *token)
{
    const char *class = hub_command_value(command, HUB_OPTION_CLASS, "");

    if (strcmp(class, "workstation") == 0)
        token->kind = PH_IDENTITY_WORKSTATION;
    else if (strcmp(class, "printer") == 0)
        token->kind = PH_IDENTITY_PRINTER;
    else
        return ph_why_fail(command->why, PH_ERR_INVALID,
                           "--class is workstation or printer");
    return PH_OK;
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

static int
do_add(struct hub_command *command, void *arg)
{
    const struct hub_token *token = arg;
    struct hub_person person;
    struct hub_device device;
    int err = PH_OK;

    if (token->login[0] != '\0') {
        err = hub_person_get(command->hub->store, token->login, &person);
        if (err == PH_ERR_NOT_FOUND)
            ph_why_set(command->why, "there is no person %s", token->login);
    }
    if (err == PH_OK && token->device[0] != '\0') {
        err = hub_device_get(command->hub->store, token->device, &device);
        if (err == PH_ERR_NOT_FOUND)
            err = PH_OK;
        else if (err == PH_OK && device.kind != token->kind)
            err = ph_why_fail(command->why, PH_ERR_INVALID,
                              "%s is a device of another class", token->device);
    }
    return err == PH_OK ? hub_token_add(command->hub->store, token) : err;
}

/* The only place where a token is ever seen. */
static int
show_made(struct hub_command *command, const struct hub_token *token,
          const char *text)
{
    char path[PH_CONFIG_TEXT_MAX + 16], pin[PH_SPKI_PIN_TEXT];
    char until[PH_TIME_TEXT];
    int err;

    hub_path(command->hub, "ca.crt", path, sizeof(path));
    err = ph_identity_spki_pin(path, pin, command->why);
    if (err != PH_OK)
        return err;
    if (command->json)
        return hub_command_print(
            json_pack("{s:s, s:s, s:s, s:s, s:o, s:s}", "token", text, "number",
                      token->number, "class", class_name(token->kind), "id",
                      token->device, "expires",
                      hub_json_time(token->expires_ms), "authority-pin", pin));
    ph_clock_format(token->expires_ms, until);
    (void)printf("%s\n", text);
    (void)fprintf(stderr,
                  "%s token %s, until %s; authority %s\n"
                  "It is shown this once. Give it to the device, not to a "
                  "link.\n",
                  class_name(token->kind), token->number, until, pin);
    return PH_OK;
}

int
hub_cmd_token_add(struct hub_command *command)
{
    struct hub_token token = {.made_ms = ph_clock_wall_ms()};
    const struct hub_act act = {
        .act = "token.add", .object = token.number, .detail = token.device};
    char text[HUB_TOKEN_TEXT];
    int err = take_class(command, &token);

    if (err == PH_OK)
        err = take_id(command, &token);
    if (err == PH_OK)
        err = take_life(command, &token);
    if (err == PH_OK)
        err = take_rest(command, &token);
    if (err == PH_OK)
        err = hub_token_make(command->hub, &token, text);
    if (err == PH_OK)
        err = hub_command_do(command, do_add, &token, &act);
    if (err == PH_OK)
        err = show_made(command, &token, text);
    ph_wipe(text, sizeof(text));
    return err;
}

/* --- list --- */

static const char *
state_of(const struct hub_token *token)
{
    if (token->used_ms != 0)
        return "used";
    return token->expires_ms <= ph_clock_wall_ms() ? "expired" : "open";
}

static int
list_one(const struct hub_token *token, void *arg)
{
    char until[PH_TIME_TEXT];

    if (arg == NULL) {
        ph_clock_format(token->expires_ms, until);
        (void)printf("%s %-11s %-8s %s %s\n", token->number,
                     class_name(token->kind), state_of(token), until,
                     token->device);
        return PH_OK;
    }
    return json_array_append_new(
               arg,
               json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:o}", "number",
                         token->number, "class", class_name(token->kind),
                         "state", state_of(token), "id", token->device, "group",
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
