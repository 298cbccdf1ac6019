/* printhold-hub badge ... and sign-in ... */
#include "cmd_sign_in.h"

#include <stdio.h>
#include <string.h>

#include "printhold/base/clock.h"
#include "printhold/base/err.h"
#include "printhold/base/parse.h"
#include "printhold/base/typed.h"
#include "printhold/base/wipe.h"
#include "printhold/proto/sign_in.h"
#include "sign_in.h"

/* --- badges --- */

static json_t *
badge_json(const struct hub_badge *badge)
{
    json_t *made = hub_json_time(badge->made_ms);

    return json_pack("{ss ss ss so}", "badge", badge->number, "login",
                     badge->login, "how", badge->how, "made", made);
}

static int
show_badge(const struct hub_badge *badge, void *arg)
{
    if (arg == NULL)
        (void)printf("%s  %s  (%s)\n", badge->number, badge->login, badge->how);
    else if (json_array_append_new(arg, badge_json(badge)) != 0)
        return PH_ERR_NOMEM;
    return PH_OK;
}

static int
do_badge_add(struct hub_command *command, void *arg)
{
    const struct hub_badge *badge = arg;
    struct hub_person person;
    int err = hub_person_get(command->hub->store, badge->login, &person);

    if (err == PH_OK)
        err = hub_badge_add(command->hub->store, badge);
    if (err == PH_ERR_EXISTS)
        return ph_why_fail(command->why, err,
                           "this badge is somebody's already; see badge list, "
                           "and remove it first");
    return err;
}

int
hub_cmd_badge_add(struct hub_command *command)
{
    const char *file = hub_command_value(command, HUB_OPTION_FILE, NULL);
    char typed[128], number[PH_BADGE_TEXT], login[PH_LOGIN_MAX];
    struct hub_badge badge;
    const struct hub_act act = {
        .act = "badge.add", .object = badge.login, .detail = badge.number};
    int err = hub_command_login(command, command->word, login);

    if (err == PH_OK)
        err = ph_typed_read(file, "Number of the badge: ", typed, sizeof(typed),
                            command->why);
    if (err == PH_OK && ph_badge_normalise(typed, number) != PH_OK)
        err = ph_why_fail(command->why, PH_ERR_INVALID,
                          "a badge has %d to %d letters and digits",
                          PH_BADGE_MIN, PH_BADGE_MAX);
    if (err == PH_OK)
        err = hub_badge_make(command->hub, number, login, "administrator",
                             ph_clock_wall_ms(), &badge);
    ph_wipe(typed, sizeof(typed));
    ph_wipe(number, sizeof(number));
    if (err == PH_OK)
        err = hub_command_do(command, do_badge_add, &badge, &act);
    if (err != PH_OK)
        return err;
    return command->json ? hub_command_print(badge_json(&badge))
                         : show_badge(&badge, NULL);
}

struct listing_of {
    const char *login;
    json_t *list;
};

static int
do_badge_list(struct hub_command *command, void *arg)
{
    const struct listing_of *of = arg;

    return hub_badge_each(command->hub->store, of->login, show_badge, of->list);
}

int
hub_cmd_badge_list(struct hub_command *command)
{
    char login[PH_LOGIN_MAX];
    struct listing_of of = {.login = NULL};
    int err = PH_OK;

    if (command->word != NULL) {
        err = hub_command_login(command, command->word, login);
        of.login = login;
    }
    if (err != PH_OK)
        return err;
    of.list = command->json ? json_array() : NULL;
    err = hub_command_do(command, do_badge_list, &of, NULL);
    if (err == PH_OK && command->json)
        return hub_command_print(of.list);
    json_decref(of.list);
    return err;
}

static int
do_badge_remove(struct hub_command *command, void *arg)
{
    return hub_badge_remove(command->hub->store, arg);
}

int
hub_cmd_badge_remove(struct hub_command *command)
{
    char number[HUB_BADGE_NUMBER] = "";
    const struct hub_act act = {
        .act = "badge.remove", .object = number, .detail = ""};

    if (command->word == NULL || strlen(command->word) >= sizeof(number))
        return ph_why_fail(command->why, PH_ERR_INVALID,
                           "which badge? badge list names them");
    memcpy(number, command->word, strlen(command->word));
    return hub_command_do(command, do_badge_remove, number, &act);
}

/* --- what the printers of a group take --- */

static json_t *
ways_json(const struct hub_ways *ways)
{
    char text[PH_SIGN_IN_WAYS_TEXT];

    ph_sign_in_ways_format(ways->ways, text);
    return json_pack("{ss ss sb}", "group", ways->group, "ways", text,
                     "self-registration", (int)ways->self_registration);
}

static int
show_ways(const struct hub_ways *ways, void *arg)
{
    char text[PH_SIGN_IN_WAYS_TEXT];

    if (arg != NULL)
        return json_array_append_new(arg, ways_json(ways)) == 0 ? PH_OK
                                                                : PH_ERR_NOMEM;
    ph_sign_in_ways_format(ways->ways, text);
    (void)printf("%s: %s%s\n", ways->group, text,
                 ways->self_registration ? ", badges are registered" : "");
    return PH_OK;
}

static int
do_ways_set(struct hub_command *command, void *arg)
{
    return hub_ways_set(command->hub->store, arg);
}

static int
take_ways(struct hub_command *command, struct hub_ways *ways)
{
    const char *text = hub_command_value(command, HUB_OPTION_WAYS, NULL);
    const char *own =
        hub_command_value(command, HUB_OPTION_SELF_REGISTRATION, "no");
    int err = hub_command_id(command, "a group", command->word, ways->group);

    if (err == PH_OK && text == NULL)
        err = ph_why_fail(command->why, PH_ERR_INVALID, "--ways is missing");
    if (err == PH_OK)
        err = ph_sign_in_ways_parse(text, &ways->ways, command->why);
    if (err == PH_OK && ph_parse_bool(own, &ways->self_registration) != PH_OK)
        err = ph_why_fail(command->why, PH_ERR_INVALID,
                          "--self-registration is yes or no");
    return err;
}

int
hub_cmd_sign_in_set(struct hub_command *command)
{
    struct hub_ways ways = {.ways = 0};
    char text[PH_SIGN_IN_WAYS_TEXT];
    const struct hub_act act = {
        .act = "sign-in.set", .object = ways.group, .detail = text};
    int err = take_ways(command, &ways);

    if (err != PH_OK)
        return err;
    ph_sign_in_ways_format(ways.ways, text);
    err = hub_command_do(command, do_ways_set, &ways, &act);
    if (err != PH_OK)
        return err;
    return command->json ? hub_command_print(ways_json(&ways))
                         : show_ways(&ways, NULL);
}

static int
do_ways_list(struct hub_command *command, void *arg)
{
    return hub_ways_each(command->hub->store, show_ways, arg);
}

int
hub_cmd_sign_in_list(struct hub_command *command)
{
    return hub_command_list(command, do_ways_list);
}

static int
do_ways_remove(struct hub_command *command, void *arg)
{
    return hub_ways_remove(command->hub->store, arg);
}

int
hub_cmd_sign_in_remove(struct hub_command *command)
{
    char group[HUB_ID_MAX];
    const struct hub_act act = {
        .act = "sign-in.remove", .object = group, .detail = ""};
    int err = hub_command_id(command, "a group", command->word, group);

    return err == PH_OK ? hub_command_do(command, do_ways_remove, group, &act)
                        : err;
}
