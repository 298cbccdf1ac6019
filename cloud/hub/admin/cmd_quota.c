/* printhold-hub quota ... */
#include "cmd_report.h"

#include <stdio.h>
#include <string.h>

#include "printhold/base/clock.h"
#include "printhold/base/err.h"
#include "printhold/base/parse.h"
#include "quota_json.h"

static json_t *
quota_json(const struct hub_quota *quota)
{
    return json_pack("{s:s, s:s, s:I}", quota->is_group ? "people" : "person",
                     quota->who, "period", hub_quota_period_name(quota->period),
                     "pages", (json_int_t)quota->pages);
}

static void
print_quota(const struct hub_quota *quota)
{
    (void)printf("%s%s: %lld pages in a %s\n",
                 quota->is_group ? "each of " : "", quota->who,
                 (long long)quota->pages, hub_quota_period_name(quota->period));
}

static int
show_one(const struct hub_quota *quota, void *arg)
{
    if (arg != NULL)
        return json_array_append_new(arg, quota_json(quota)) == 0
                   ? PH_OK
                   : PH_ERR_NOMEM;
    print_quota(quota);
    return PH_OK;
}

static int
do_list(struct hub_command *command, void *arg)
{
    return hub_quota_each(command->hub->store, show_one, arg);
}

int
hub_cmd_quota_list(struct hub_command *command)
{
    return hub_command_list(command, do_list);
}

/* --- what is left of one --- */

struct left {
    struct hub_person person;
    struct hub_quota_state state;
};

static int
do_look(struct hub_command *command, void *arg)
{
    struct left *left = arg;
    int err =
        hub_person_get(command->hub->store, left->person.login, &left->person);

    return err == PH_OK ? hub_quota_check(command->hub->store, &left->person,
                                          ph_clock_wall_ms(), &left->state)
                        : err;
}

int
hub_cmd_quota_show(struct hub_command *command)
{
    struct left left;
    const struct hub_quota_state *state = &left.state;
    int err = hub_command_login(command, command->word, left.person.login);

    if (err == PH_OK)
        err = hub_command_do(command, do_look, &left, NULL);
    if (err != PH_OK)
        return err;
    if (command->json)
        return hub_command_print(hub_quota_json(state));
    if (!state->is_limited)
        (void)printf("%s: not limited\n", left.person.login);
    else
        (void)printf("%s: %lld of %lld pages left in this %s\n",
                     left.person.login, (long long)state->left,
                     (long long)state->limit,
                     hub_quota_period_name(state->period));
    return PH_OK;
}

/* --- changing --- */

static int
take_whom(struct hub_command *command, struct hub_quota *quota)
{
    const char *person = hub_command_value(command, HUB_OPTION_PERSON, NULL);
    const char *people = hub_command_value(command, HUB_OPTION_PEOPLE, NULL);

    if ((person == NULL) == (people == NULL))
        return ph_why_fail(command->why, PH_ERR_INVALID,
                           "needs --person or --people");
    quota->is_group = people != NULL;
    return people != NULL
               ? hub_command_id(command, "a group", people, quota->who)
               : hub_command_login(command, person, quota->who);
}

static int
take_period(struct hub_command *command, struct hub_quota *quota)
{
    const char *word = hub_command_value(command, HUB_OPTION_PERIOD, "month");

    quota->period = strcmp(word, "day") == 0 ? HUB_QUOTA_DAY : HUB_QUOTA_MONTH;
    return strcmp(word, hub_quota_period_name(quota->period)) == 0
               ? PH_OK
               : ph_why_fail(command->why, PH_ERR_INVALID,
                             "--period is day or month");
}

static int
take_pages(struct hub_command *command, struct hub_quota *quota)
{
    const char *text = hub_command_value(command, HUB_OPTION_PAGES, "");
    uint64_t pages;

    if (ph_parse_u64(text, 0, (uint64_t)HUB_QUOTA_PAGES_MAX, &pages) != PH_OK)
        return ph_why_fail(command->why, PH_ERR_INVALID, "--pages is 0 to %lld",
                           (long long)HUB_QUOTA_PAGES_MAX);
    quota->pages = (int64_t)pages;
    return PH_OK;
}

/* A quota for nobody would be a mistake. */
static int
do_set(struct hub_command *command, void *arg)
{
    const struct hub_quota *quota = arg;
    struct hub_person person;
    int err = quota->is_group
                  ? PH_OK
                  : hub_person_get(command->hub->store, quota->who, &person);

    if (err == PH_ERR_NOT_FOUND)
        ph_why_set(command->why, "there is no %s", quota->who);
    return err == PH_OK ? hub_quota_set(command->hub->store, quota) : err;
}

static int
do_remove(struct hub_command *command, void *arg)
{
    const struct hub_quota *quota = arg;
    int err = hub_quota_remove(command->hub->store, quota);

    if (err == PH_ERR_NOT_FOUND)
        ph_why_set(command->why, "there is no quota of %s for a %s", quota->who,
                   hub_quota_period_name(quota->period));
    return err;
}

static int
change(struct hub_command *command, bool sets)
{
    struct hub_quota quota = {.pages = 0};
    char detail[64];
    const struct hub_act act = {.act = sets ? "quota.set" : "quota.remove",
                                .object = quota.who,
                                .detail = detail};
    int err = take_whom(command, &quota);

    if (err == PH_OK)
        err = take_period(command, &quota);
    if (err == PH_OK && sets)
        err = take_pages(command, &quota);
    if (err != PH_OK)
        return err;
    (void)snprintf(detail, sizeof(detail), "%lld in a %s",
                   (long long)quota.pages, hub_quota_period_name(quota.period));
    err = hub_command_do(command, sets ? do_set : do_remove, &quota, &act);
    if (err != PH_OK || !sets)
        return err;
    if (command->json)
        return hub_command_print(quota_json(&quota));
    print_quota(&quota);
    return PH_OK;
}

int
hub_cmd_quota_set(struct hub_command *command)
{
    return change(command, true);
}

int
hub_cmd_quota_remove(struct hub_command *command)
{
    return change(command, false);
}
