/* printhold-hub command ...: what workstations are told to do. It is stored
 * here; "serve" says it until it is answered. */
#include "command.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "printhold/base/clock.h"
#include "printhold/base/err.h"
#include "printhold/base/parse.h"
#include "store_commands.h"

#define LIST_MAX    1000
#define LOOK_MS     200
#define WAIT_S      60
#define DEVICES_MAX 1024 /* that one purge goes to */

/* --- showing --- */

static json_t *
command_json(const struct hub_ws_command *it)
{
    json_t *root = json_pack(
        "{s:I, s:s, s:s, s:s, s:o, s:o, s:I, s:o}", "number",
        (json_int_t)it->number, "workstation", it->device, "op",
        ph_command_op_name(it->op), "state", hub_command_state_name(it->state),
        "made", hub_json_time(it->made_ms), "expires",
        hub_json_time(it->expires_ms), "said", (json_int_t)it->tries,
        "answered", hub_json_time(it->answered_ms));
    json_t *answer = json_loads(it->answer, 0, NULL);

    if (it->login[0] != '\0')
        (void)json_object_set_new(root, "user", json_string(it->login));
    if (it->jobs[0] != '\0')
        (void)json_object_set_new(root, "jobs", json_string(it->jobs));
    (void)json_object_set_new(root, "jti", json_string(it->jti));
    if (answer != NULL)
        (void)json_object_set_new(root, "answer", answer);
    return root;
}

static int
show_one(const struct hub_ws_command *it, void *arg)
{
    char made[PH_TIME_TEXT];

    if (arg != NULL)
        return json_array_append_new(arg, command_json(it)) == 0 ? PH_OK
                                                                 : PH_ERR_NOMEM;
    ph_clock_format(it->made_ms, made);
    (void)printf("%-6lld %s %-20s %-17s %-8s %s%s%s\n", (long long)it->number,
                 made, it->device, ph_command_op_name(it->op),
                 hub_command_state_name(it->state), it->login,
                 it->login[0] != '\0' ? " " : "", it->answer);
    return PH_OK;
}

static int
do_list(struct hub_command *command, void *arg)
{
    return hub_ws_command_each(command->hub->store, LIST_MAX, show_one, arg);
}

int
hub_cmd_command_list(struct hub_command *command)
{
    return hub_command_list(command, do_list);
}

/* --- those of one call --- */

struct batch {
    struct hub_ws_command made; /* what all have in common */
    int64_t number[DEVICES_MAX];
    size_t count;
    struct hub_command *command;
};

struct waiting {
    const struct batch *batch;
    json_t *list;
    size_t waiting, undone;
};

static int
do_look(struct hub_command *command, void *arg)
{
    struct waiting *waiting = arg;
    const struct batch *batch = waiting->batch;
    struct hub_ws_command it;
    int err = PH_OK;

    waiting->waiting = waiting->undone = 0;
    for (size_t i = 0; i < batch->count && err == PH_OK; i++) {
        err = hub_ws_command_get(command->hub->store, batch->number[i], &it);
        if (err != PH_OK)
            break;
        waiting->waiting += it.state == HUB_COMMAND_WAITING;
        waiting->undone += it.state != HUB_COMMAND_DONE;
        if (waiting->list != NULL)
            err = json_array_append_new(waiting->list, command_json(&it)) == 0
                      ? PH_OK
                      : PH_ERR_NOMEM;
    }
    return err;
}

static int
print_batch(struct hub_command *command, const struct batch *batch)
{
    struct waiting look = {.batch = batch, .list = json_array()};
    struct hub_ws_command it;
    int err = hub_command_do(command, do_look, &look, NULL);

    if (err == PH_OK && command->json)
        return hub_command_print(look.list);
    json_decref(look.list);
    for (size_t i = 0; i < batch->count && err == PH_OK; i++) {
        err = hub_store_begin(command->hub->store);
        if (err == PH_OK)
            err = hub_store_end(
                command->hub->store,
                hub_ws_command_get(command->hub->store, batch->number[i], &it));
        if (err == PH_OK)
            err = show_one(&it, NULL);
    }
    return err;
}

/* Until none waits any more, or the time is over. */
static int
wait_for(struct hub_command *command, const struct batch *batch)
{
    const char *text = hub_command_value(command, HUB_OPTION_WAIT, NULL);
    struct waiting look = {.batch = batch};
    uint64_t wait_s = WAIT_S;
    int64_t end_ms;
    int err = PH_OK;

    if (text == NULL)
        return PH_OK;
    if (ph_parse_duration_s(text, 1, 7 * 86400, &wait_s) != PH_OK)
        return ph_why_fail(command->why, PH_ERR_INVALID, "--wait is 1s to 7d");
    end_ms = ph_clock_mono_ms() + (int64_t)wait_s * 1000;
    do {
        err = hub_command_do(command, do_look, &look, NULL);
        if (err != PH_OK || look.waiting == 0)
            break;
        (void)poll(NULL, 0, LOOK_MS);
    } while (ph_clock_mono_ms() < end_ms);
    if (err == PH_OK && look.undone > 0)
        err = ph_why_fail(command->why, PH_ERR_TIMEOUT,
                          "%zu of %zu are not done", look.undone, batch->count);
    return err;
}

static int
tell_batch(struct hub_command *command, const struct batch *batch)
{
    int err = wait_for(command, batch);
    int shown = err == PH_OK || err == PH_ERR_TIMEOUT
                    ? print_batch(command, batch)
                    : PH_OK;

    return err != PH_OK ? err : shown;
}

int
hub_cmd_command_show(struct hub_command *command)
{
    struct batch *batch = calloc(1, sizeof(*batch));
    uint64_t number = 0;
    int err;

    if (batch == NULL)
        return PH_ERR_NOMEM;
    if (command->word == NULL ||
        ph_parse_u64(command->word, 1, INT64_MAX, &number) != PH_OK) {
        free(batch);
        return ph_why_fail(command->why, PH_ERR_INVALID,
                           "the number of a command is needed");
    }
    batch->number[0] = (int64_t)number;
    batch->count = 1;
    err = tell_batch(command, batch);
    free(batch);
    return err;
}

/* --- making --- */

static int
add_for(const char *device, void *arg)
{
    struct batch *batch = arg;
    struct hub_ws_command it = batch->made;
    struct ph_id id;
    int err = ph_id_make(&id);

    if (batch->count == DEVICES_MAX)
        return PH_ERR_LIMIT;
    if (err != PH_OK)
        return err;
    ph_id_format(&id, it.jti);
    (void)snprintf(it.device, sizeof(it.device), "%s", device);
    err = hub_ws_command_add(batch->command->hub->store, &it);
    if (err == PH_OK)
        batch->number[batch->count++] = it.number;
    return err;
}

static int
do_add_one(struct hub_command *command, void *arg)
{
    struct hub_device device;
    int err = hub_device_get(command->hub->store, command->word, &device);

    if (err == PH_OK &&
        (device.kind != PH_IDENTITY_WORKSTATION || device.is_revoked))
        err = PH_ERR_NOT_FOUND;
    return err == PH_OK ? add_for(device.id, arg) : err;
}

static int
do_add_all(struct hub_command *command, void *arg)
{
    struct batch *batch = arg;
    struct hub_person person;
    int err = hub_person_get(command->hub->store, batch->made.login, &person);

    if (err == PH_OK) {
        memcpy(batch->made.uk, person.uk, sizeof(person.uk));
        err = hub_teller_each(command->hub->store, person.uk, add_for, batch);
    }
    if (err == PH_ERR_LIMIT)
        ph_why_set(command->why, "%s is known to more than %d workstations",
                   batch->made.login, DEVICES_MAX);
    return err;
}

static int
take_times(struct hub_command *command, struct hub_ws_command *made)
{
    const char *text = hub_command_value(command, HUB_OPTION_LIFE, "7d");
    uint64_t life_s;

    if (ph_parse_duration_s(text, 1, PH_COMMAND_LIFE_MAX_S, &life_s) != PH_OK)
        return ph_why_fail(command->why, PH_ERR_INVALID, "--life is 1s to 7d");
    made->made_ms = ph_clock_wall_ms();
    made->expires_ms = made->made_ms + (int64_t)life_s * 1000;
    return PH_OK;
}

/* Whole ids, one blank between. */
static int
take_jobs(struct hub_command *command, const char *text,
          struct hub_ws_command *made)
{
    const size_t len = strlen(text), each = PH_ID_TEXT - 1;
    char id[PH_ID_TEXT];
    struct ph_id parsed;

    for (size_t at = 0; at < len; at += each + 1) {
        const bool is_last = len - at == each;

        if (len - at < each || len >= sizeof(made->jobs) ||
            (!is_last && (text[at + each] != ' ' || len - at == each + 1)))
            break;
        memcpy(id, text + at, each);
        id[each] = '\0';
        if (ph_id_parse(id, &parsed) != PH_OK)
            break;
        if (is_last) {
            memcpy(made->jobs, text, len + 1);
            return PH_OK;
        }
    }
    return ph_why_fail(command->why, PH_ERR_INVALID,
                       "--jobs is 1 to %d whole ids of jobs, one blank between",
                       PH_COMMAND_JOBS_MAX);
}

static int
make(struct hub_command *command, enum ph_command_op op,
     int (*fn)(struct hub_command *command, void *arg), struct batch *batch)
{
    char what[64];
    const struct hub_act act = {.act = what,
                                .object =
                                    command->word != NULL ? command->word : "",
                                .detail = batch->made.login};
    int err = PH_OK;

    batch->command = command;
    batch->made.op = op;
    (void)snprintf(what, sizeof(what), "command.%s", ph_command_op_name(op));
    if (command->word == NULL)
        err = ph_why_fail(command->why, PH_ERR_INVALID,
                          "whom it is for is needed");
    if (err == PH_OK)
        err = take_times(command, &batch->made);
    if (err == PH_OK)
        err = hub_command_do(command, fn, batch, &act);
    return err == PH_OK ? tell_batch(command, batch) : err;
}

static int
make_plain(struct hub_command *command, enum ph_command_op op)
{
    struct batch *batch = calloc(1, sizeof(*batch));
    int err =
        batch != NULL ? make(command, op, do_add_one, batch) : PH_ERR_NOMEM;

    free(batch);
    return err;
}

int
hub_cmd_command_refresh(struct hub_command *command)
{
    return make_plain(command, PH_COMMAND_REFRESH);
}

int
hub_cmd_command_renew_certificate(struct hub_command *command)
{
    return make_plain(command, PH_COMMAND_RENEW_CERTIFICATE);
}

int
hub_cmd_command_delete_jobs(struct hub_command *command)
{
    const char *person = hub_command_value(command, HUB_OPTION_PERSON, NULL);
    const char *jobs = hub_command_value(command, HUB_OPTION_JOBS, NULL);
    struct batch *batch = calloc(1, sizeof(*batch));
    int err = batch != NULL ? PH_OK : PH_ERR_NOMEM;

    if (err == PH_OK && (person == NULL) == (jobs == NULL))
        err = ph_why_fail(command->why, PH_ERR_INVALID,
                          "needs --person or --jobs");
    if (err == PH_OK && person != NULL)
        err = hub_command_login(command, person, batch->made.login);
    if (err == PH_OK && jobs != NULL)
        err = take_jobs(command, jobs, &batch->made);
    if (err == PH_OK)
        err = make(command, PH_COMMAND_DELETE_JOBS, do_add_one, batch);
    free(batch);
    return err;
}

int
hub_cmd_command_purge_user(struct hub_command *command)
{
    struct batch *batch = calloc(1, sizeof(*batch));
    int err = batch != NULL ? PH_OK : PH_ERR_NOMEM;

    if (err == PH_OK)
        err = hub_command_login(command, command->word, batch->made.login);
    if (err == PH_OK)
        err = make(command, PH_COMMAND_PURGE_USER, do_add_all, batch);
    free(batch);
    return err;
}
