/* printhold-hub user ... */
#include "command.h"

#include <stdio.h>
#include <string.h>

#include "printhold/base/clock.h"
#include "printhold/base/err.h"

static json_t *
person_json(const struct hub_person *person)
{
    return json_pack("{s:s, s:s, s:s, s:b, s:b, s:o}", "login", person->login,
                     "name", person->name, "group", person->group,
                     "administrator", (int)person->is_administrator, "blocked",
                     (int)person->is_blocked, "made",
                     hub_json_time(person->made_ms));
}

static void
print_person(const struct hub_person *person)
{
    (void)printf("%-32s %-24s %-16s %s%s\n", person->login, person->name,
                 person->group, person->is_administrator ? "administrator" : "",
                 person->is_blocked ? " blocked" : "");
}

static int
show_person(struct hub_command *command, const struct hub_person *person)
{
    if (command->json)
        return hub_command_print(person_json(person));
    print_person(person);
    return PH_OK;
}

/* What options say of a person, over what is there. */
static int
take_options(struct hub_command *command, struct hub_person *person)
{
    const char *name = hub_command_value(command, HUB_OPTION_NAME, NULL);
    const char *group = hub_command_value(command, HUB_OPTION_GROUP, NULL);
    const char *role =
        hub_command_value(command, HUB_OPTION_ADMINISTRATOR, NULL);
    int err = PH_OK;

    if (name != NULL)
        err = hub_command_text(command, "a name", name, person->name,
                               sizeof(person->name));
    if (err == PH_OK && group != NULL)
        err = hub_command_id(command, "a group", group, person->group);
    if (err != PH_OK || role == NULL)
        return err;
    if (strcmp(role, "yes") != 0 && strcmp(role, "no") != 0)
        return ph_why_fail(command->why, PH_ERR_INVALID,
                           "--administrator is yes or no");
    person->is_administrator = strcmp(role, "yes") == 0;
    return PH_OK;
}

static int
do_add(struct hub_command *command, void *arg)
{
    return hub_person_add(command->hub->store, arg);
}

int
hub_cmd_user_add(struct hub_command *command)
{
    struct hub_person person = {.made_ms = ph_clock_wall_ms()};
    const struct hub_act act = {
        .act = "user.add", .object = person.login, .detail = ""};
    int err = hub_command_login(command, command->word, person.login);

    if (err == PH_OK)
        err = take_options(command, &person);
    if (err == PH_OK)
        err = ph_identity_user_key(command->hub->directory_key, HUB_KEY_BYTES,
                                   person.login, person.uk);
    if (err == PH_OK)
        err = hub_command_do(command, do_add, &person, &act);
    return err == PH_OK ? show_person(command, &person) : err;
}

/* --- looking --- */

static int
list_one(const struct hub_person *person, void *arg)
{
    if (arg == NULL)
        print_person(person);
    else if (json_array_append_new(arg, person_json(person)) != 0)
        return PH_ERR_NOMEM;
    return PH_OK;
}

static int
do_list(struct hub_command *command, void *arg)
{
    return hub_person_each(command->hub->store, list_one, arg);
}

int
hub_cmd_user_list(struct hub_command *command)
{
    return hub_command_list(command, do_list);
}

static int
do_get(struct hub_command *command, void *arg)
{
    struct hub_person *person = arg;

    return hub_person_get(command->hub->store, person->login, person);
}

int
hub_cmd_user_show(struct hub_command *command)
{
    struct hub_person person;
    int err = hub_command_login(command, command->word, person.login);

    if (err == PH_OK)
        err = hub_command_do(command, do_get, &person, NULL);
    return err == PH_OK ? show_person(command, &person) : err;
}

/* --- changing --- */

static int
do_set(struct hub_command *command, void *arg)
{
    struct hub_person *person = arg;
    int err = hub_person_get(command->hub->store, person->login, person);

    if (err == PH_OK)
        err = take_options(command, person);
    if (err == PH_OK)
        err = hub_person_set(command->hub->store, person);
    return err;
}

static int
do_block(struct hub_command *command, void *arg)
{
    struct hub_person *person = arg;
    int err = hub_person_get(command->hub->store, person->login, person);

    person->is_blocked = true;
    return err == PH_OK ? hub_person_set(command->hub->store, person) : err;
}

static int
do_unblock(struct hub_command *command, void *arg)
{
    struct hub_person *person = arg;
    int err = hub_person_get(command->hub->store, person->login, person);

    person->is_blocked = false;
    return err == PH_OK ? hub_person_set(command->hub->store, person) : err;
}

static int
change(struct hub_command *command, const char *what,
       int (*fn)(struct hub_command *command, void *arg))
{
    struct hub_person person;
    const struct hub_act act = {
        .act = what, .object = person.login, .detail = ""};
    int err = hub_command_login(command, command->word, person.login);

    if (err == PH_OK)
        err = hub_command_do(command, fn, &person, &act);
    return err == PH_OK ? show_person(command, &person) : err;
}

int
hub_cmd_user_set(struct hub_command *command)
{
    return change(command, "user.set", do_set);
}

int
hub_cmd_user_block(struct hub_command *command)
{
    return change(command, "user.block", do_block);
}

int
hub_cmd_user_unblock(struct hub_command *command)
{
    return change(command, "user.unblock", do_unblock);
}
