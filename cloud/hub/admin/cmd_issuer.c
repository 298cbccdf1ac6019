/* printhold-hub issuer: the key of grants, and its successor. */
#include "command.h"

#include <stdio.h>

#include "issuer.h"
#include "printhold/base/clock.h"
#include "printhold/base/err.h"
#include "printhold/base/parse.h"

#define AFTER     "1d"
#define AFTER_MAX (INT64_C(30) * 86400)

struct shown {
    struct hub_issuer_row row[HUB_ISSUERS_MAX];
    size_t count;
    int64_t waiting; /* workstations that have not renewed yet */
};

static int
count_one(const char *device, void *arg)
{
    struct shown *shown = arg;

    (void)device;
    shown->waiting++;
    return PH_OK;
}

static int
do_show(struct hub_command *command, void *arg)
{
    struct shown *shown = arg;
    int err =
        hub_issuer_list(command->hub, shown->row, &shown->count, command->why);

    if (err == PH_OK && shown->row[0].state == HUB_ISSUER_WITHDRAWN)
        err =
            hub_issuer_unaware(command->hub->store, shown->row[0].at_ms,
                               ph_clock_wall_ms(), INT64_MAX, count_one, shown);
    return err;
}

static json_t *
row_json(const struct shown *shown, const struct hub_issuer_row *row)
{
    json_t *object = json_pack(
        "{s:s, s:s, s:o, s:o}", "key", row->kid, "state",
        hub_issuer_state_name(row->state), "made", hub_json_time(row->made_ms),
        row->state == HUB_ISSUER_TOLD || row->state == HUB_ISSUER_LEAVING
            ? "until"
            : "since",
        hub_json_time(row->at_ms));

    if (object != NULL && row->state == HUB_ISSUER_WITHDRAWN &&
        json_object_set_new(object, "waiting", json_integer(shown->waiting)) !=
            0) {
        json_decref(object);
        return NULL;
    }
    return object;
}

static void
show_row(const struct shown *shown, const struct hub_issuer_row *row)
{
    char at[PH_TIME_TEXT] = "";

    if (row->at_ms != 0)
        ph_clock_format(row->at_ms, at);
    (void)printf("%s  ", row->kid);
    switch (row->state) {
    case HUB_ISSUER_TOLD:
        (void)printf("is told to workstations; signs from %s on\n", at);
        break;
    case HUB_ISSUER_LEAVING:
        (void)printf("signs nothing new; withdrawn at %s\n", at);
        break;
    case HUB_ISSUER_WITHDRAWN:
        (void)printf("withdrawn since %s; workstations that have not renewed "
                     "yet: %lld\n",
                     at, (long long)shown->waiting);
        break;
    default:
        (void)printf("signs%s%s\n", at[0] != '\0' ? " since " : "", at);
        break;
    }
}

static int
print_rows(struct hub_command *command)
{
    struct shown shown = {.count = 0};
    json_t *list = command->json ? json_array() : NULL;
    int err = hub_command_do(command, do_show, &shown, NULL);

    for (size_t i = 0; i < shown.count && err == PH_OK; i++) {
        if (!command->json)
            show_row(&shown, &shown.row[i]);
        else if (json_array_append_new(list, row_json(&shown, &shown.row[i])) !=
                 0)
            err = PH_ERR_NOMEM;
    }
    if (err == PH_OK && command->json)
        return hub_command_print(list);
    json_decref(list);
    return err;
}

int
hub_cmd_issuer_show(struct hub_command *command)
{
    return print_rows(command);
}

struct rotating {
    int64_t after_s;
    struct hub_issuer_row made;
};

static int
do_rotate(struct hub_command *command, void *arg)
{
    struct rotating *rotating = arg;

    return hub_issuer_rotate(command->hub, rotating->after_s,
                             ph_clock_wall_ms(), &rotating->made, command->why);
}

int
hub_cmd_issuer_rotate(struct hub_command *command)
{
    const char *text = hub_command_value(command, HUB_OPTION_AFTER, AFTER);
    struct rotating rotating = {.after_s = 0};
    const struct hub_act act = {
        .act = "issuer.rotate", .object = rotating.made.kid, .detail = text};
    uint64_t after_s;
    int err;

    if (ph_parse_duration_s(text, 0, AFTER_MAX, &after_s) != PH_OK)
        return ph_why_fail(command->why, PH_ERR_INVALID,
                           "--after is 0s to 30d");
    rotating.after_s = (int64_t)after_s;
    err = hub_command_do(command, do_rotate, &rotating, &act);
    if (err == PH_OK && hub_issuer_tidy(command->hub) != PH_OK)
        err = ph_why_fail(command->why, PH_ERR_IO,
                          "the key is made, but issuer.pub cannot be written; "
                          "it is at the next start of the hub");
    return err == PH_OK ? print_rows(command) : err;
}
