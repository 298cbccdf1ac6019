/* printhold-hub access ...: who may sign in where. */
#include "access.h"
#include "command.h"

#include <stdio.h>

#include "printhold/base/err.h"

static json_t *
access_json(const struct hub_access *access)
{
    json_t *root =
        json_pack("{s:s, s:s, s:s}", "rule", access->allows ? "allow" : "deny",
                  "scope", hub_access_scope_name(access->scope),
                  access->is_group ? "people" : "person", access->subject);

    if (access->target[0] != '\0')
        (void)json_object_set_new(root, "target", json_string(access->target));
    return root;
}

static void
where_text(const struct hub_access *access, char *dst, size_t cap)
{
    (void)snprintf(dst, cap, "%s%s%s", hub_access_scope_name(access->scope),
                   access->target[0] != '\0' ? " " : "", access->target);
}

static int
show_one(const struct hub_access *access, void *arg)
{
    char where[HUB_ID_MAX + 16];

    if (arg != NULL)
        return json_array_append_new(arg, access_json(access)) == 0
                   ? PH_OK
                   : PH_ERR_NOMEM;
    where_text(access, where, sizeof(where));
    (void)printf("%s: %s %s%s\n", where, access->allows ? "allow" : "deny",
                 access->is_group ? "people of " : "", access->subject);
    return PH_OK;
}

static int
do_list(struct hub_command *command, void *arg)
{
    return hub_access_each(command->hub->store, show_one, arg);
}

int
hub_cmd_access_list(struct hub_command *command)
{
    return hub_command_list(command, do_list);
}

/* --- changing --- */

static int
take_where(struct hub_command *command, struct hub_access *access)
{
    const char *group = hub_command_value(command, HUB_OPTION_GROUP, NULL);
    const char *printer = hub_command_value(command, HUB_OPTION_PRINTER, NULL);
    const char *target = printer != NULL ? printer : group;

    if (group != NULL && printer != NULL)
        return ph_why_fail(command->why, PH_ERR_INVALID,
                           "--group or --printer, not both");
    access->scope = HUB_ACCESS_OF_TENANT;
    if (target == NULL)
        return PH_OK;
    access->scope =
        printer != NULL ? HUB_ACCESS_OF_PRINTER : HUB_ACCESS_OF_GROUP;
    if (target[0] == '\0')
        return ph_why_fail(command->why, PH_ERR_INVALID,
                           "a printer or group is needed");
    return hub_command_id(command, "a printer or group", target,
                          access->target);
}

static int
take_whom(struct hub_command *command, struct hub_access *access)
{
    const char *person = hub_command_value(command, HUB_OPTION_PERSON, NULL);
    const char *people = hub_command_value(command, HUB_OPTION_PEOPLE, NULL);
    char group[HUB_ID_MAX];
    int err;

    if ((person == NULL) == (people == NULL))
        return ph_why_fail(command->why, PH_ERR_INVALID,
                           "needs --person LOGIN or --people GROUP");
    if (person != NULL)
        return hub_command_login(command, person, access->subject);
    if (people[0] == '\0')
        return ph_why_fail(command->why, PH_ERR_INVALID,
                           "a group of people is needed");
    err = hub_command_id(command, "a group of people", people, group);
    access->is_group = true;
    (void)snprintf(access->subject, sizeof(access->subject), "%s", group);
    return err;
}

/* People and printers must be there; a group is whatever they say. */
static int
check_names(struct hub_command *command, const struct hub_access *access)
{
    struct hub_device device;
    struct hub_person person;
    int err = PH_OK;

    if (access->scope == HUB_ACCESS_OF_PRINTER) {
        err = hub_device_get(command->hub->store, access->target, &device);
        if (err == PH_OK && device.kind != PH_IDENTITY_PRINTER)
            err = PH_ERR_NOT_FOUND;
        if (err == PH_ERR_NOT_FOUND)
            ph_why_set(command->why, "there is no printer %s", access->target);
    }
    if (err == PH_OK && !access->is_group) {
        err = hub_person_get(command->hub->store, access->subject, &person);
        if (err == PH_ERR_NOT_FOUND)
            ph_why_set(command->why, "there is no person %s", access->subject);
    }
    return err;
}

static int
do_set(struct hub_command *command, void *arg)
{
    int err = check_names(command, arg);

    return err == PH_OK ? hub_access_set(command->hub->store, arg) : err;
}

static int
do_remove(struct hub_command *command, void *arg)
{
    int err = hub_access_remove(command->hub->store, arg);

    if (err == PH_ERR_NOT_FOUND)
        ph_why_set(command->why, "the list does not name %s",
                   ((const struct hub_access *)arg)->subject);
    return err;
}

static int
change(struct hub_command *command, const char *what, bool allows,
       int (*fn)(struct hub_command *command, void *arg))
{
    struct hub_access access = {.allows = allows};
    char where[HUB_ID_MAX + 16], whom[PH_LOGIN_MAX + 16];
    const struct hub_act act = {.act = what, .object = where, .detail = whom};
    int err = take_where(command, &access);

    if (err == PH_OK)
        err = take_whom(command, &access);
    if (err != PH_OK)
        return err;
    where_text(&access, where, sizeof(where));
    (void)snprintf(whom, sizeof(whom), "%s%s",
                   access.is_group ? "people of " : "", access.subject);
    return hub_command_do(command, fn, &access, &act);
}

int
hub_cmd_access_allow(struct hub_command *command)
{
    return change(command, "access.allow", true, do_set);
}

int
hub_cmd_access_deny(struct hub_command *command)
{
    return change(command, "access.deny", false, do_set);
}

int
hub_cmd_access_remove(struct hub_command *command)
{
    return change(command, "access.remove", false, do_remove);
}
