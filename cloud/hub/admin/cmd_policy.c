/* printhold-hub policy ... */
#include "command.h"

#include <stdio.h>
#include <string.h>

#include "printhold/base/clock.h"
#include "printhold/base/err.h"
#include "printhold/crypto/jws.h"
#include "printhold/model/policy_text.h"
#include "printhold/proto/policy.h"
#include "store_policy.h"

#define POLICY_TEXT_MAX 2048

/* --- whose --- */

struct whose {
    enum hub_policy_scope scope;
    char target[HUB_ID_MAX];
};

static int
take_whose(struct hub_command *command, struct whose *whose)
{
    const char *group = hub_command_value(command, HUB_OPTION_GROUP, NULL);
    const char *ws = hub_command_value(command, HUB_OPTION_WORKSTATION, NULL);

    if (group != NULL && ws != NULL)
        return ph_why_fail(command->why, PH_ERR_INVALID,
                           "--group or --workstation, not both");
    *whose = (struct whose){.scope = HUB_POLICY_OF_TENANT};
    if (group != NULL)
        whose->scope = HUB_POLICY_OF_GROUP;
    if (ws != NULL)
        whose->scope = HUB_POLICY_OF_WORKSTATION;
    if (group != NULL && group[0] == '\0')
        return ph_why_fail(command->why, PH_ERR_INVALID, "a group is needed");
    return hub_command_id(command, ws != NULL ? "a workstation" : "a group",
                          ws != NULL      ? ws
                          : group != NULL ? group
                                          : "",
                          whose->target);
}

static void
whose_text(const struct whose *whose, char *dst, size_t cap)
{
    (void)snprintf(dst, cap, "%s%s%s", hub_policy_scope_name(whose->scope),
                   whose->target[0] != '\0' ? " " : "", whose->target);
}

/* A workstation must be one; a group is whatever devices say. */
static int
check_whose(struct hub_command *command, const struct whose *whose)
{
    struct hub_device device;
    int err = PH_OK;

    if (whose->scope == HUB_POLICY_OF_WORKSTATION) {
        err = hub_device_get(command->hub->store, whose->target, &device);
        if (err == PH_OK && device.kind != PH_IDENTITY_WORKSTATION)
            err = PH_ERR_NOT_FOUND;
        if (err == PH_ERR_NOT_FOUND)
            ph_why_set(command->why, "there is no workstation %s",
                       whose->target);
    }
    return err;
}

/* --- showing --- */

static json_t *
policy_json(const struct ph_policy *policy)
{
    struct ph_buf text;
    json_t *object = NULL;

    ph_buf_init(&text, PH_JWS_MAX);
    if (ph_policy_put(policy, &text) == PH_OK)
        object = json_loadb((const char *)text.data, text.len, 0, NULL);
    ph_buf_close(&text);
    return object;
}

static int
show_one(enum hub_policy_scope scope, const char *target,
         const struct ph_policy *policy, int64_t changed_ms, void *arg)
{
    const struct whose whose = {.scope = scope};
    char text[POLICY_TEXT_MAX], name[HUB_ID_MAX + 32];
    json_t *entry;

    if (arg == NULL) {
        ph_policy_text(policy, text, sizeof(text));
        whose_text(&whose, name, sizeof(name));
        (void)printf("%s%s%s: %s\n", name, target[0] != '\0' ? " " : "", target,
                     text);
        return PH_OK;
    }
    entry = json_pack("{s:s, s:o, s:o}", "scope", hub_policy_scope_name(scope),
                      "policy", policy_json(policy), "changed",
                      hub_json_time(changed_ms));
    if (entry != NULL && target[0] != '\0' &&
        json_object_set_new(entry, "target", json_string(target)) != 0) {
        json_decref(entry);
        entry = NULL;
    }
    return json_array_append_new(arg, entry) == 0 ? PH_OK : PH_ERR_NOMEM;
}

static int
do_show_all(struct hub_command *command, void *arg)
{
    return hub_policy_each(command->hub->store, show_one, arg);
}

static int
show_all(struct hub_command *command)
{
    return hub_command_list(command, do_show_all);
}

/* What a workstation is told, and what it says that it does. */
struct told_there {
    struct hub_device device;
    struct ph_policy policy;
    struct hub_told told[2];
    int64_t applied[2];
};

static int
do_show_there(struct hub_command *command, void *arg)
{
    struct told_there *there = arg;
    struct hub_store *store = command->hub->store;
    struct ph_policy tenant, own;
    struct whose whose;
    char topic[HUB_TOLD_TOPIC];
    int err = take_whose(command, &whose);

    if (err == PH_OK)
        err = check_whose(command, &whose);
    if (err == PH_OK)
        err = hub_device_get(store, whose.target, &there->device);
    if (err == PH_OK)
        err = hub_policy_get(store, HUB_POLICY_OF_TENANT, "", &tenant);
    if (err == PH_OK)
        err = hub_policy_of_device(store, &there->device, &own);
    if (err != PH_OK)
        return err;
    ph_policy_merge(&tenant, &own, &there->policy);
    (void)snprintf(topic, sizeof(topic), "cfg/ws/%s", there->device.id);
    err = hub_told_get(store, "cfg/policy", &there->told[0]);
    if (err == PH_OK)
        err = hub_told_get(store, topic, &there->told[1]);
    if (err == PH_OK)
        err = hub_applied_get(store, there->device.id, HUB_POLICY_OF_TENANT,
                              &there->applied[0]);
    if (err == PH_OK)
        err = hub_applied_get(store, there->device.id,
                              HUB_POLICY_OF_WORKSTATION, &there->applied[1]);
    return err;
}

static int
show_there(struct hub_command *command)
{
    struct told_there there = {.applied = {0}};
    char text[POLICY_TEXT_MAX];
    int err = hub_command_do(command, do_show_there, &there, NULL);

    if (err != PH_OK)
        return err;
    if (command->json)
        return hub_command_print(
            json_pack("{s:s, s:s, s:o, s:{s:I, s:I}, s:{s:I, s:I}}",
                      "workstation", there.device.id, "group",
                      there.device.group, "policy", policy_json(&there.policy),
                      "told", "tenant", (json_int_t)there.told[0].version,
                      "workstation", (json_int_t)there.told[1].version,
                      "applied", "tenant", (json_int_t)there.applied[0],
                      "workstation", (json_int_t)there.applied[1]));
    ph_policy_text(&there.policy, text, sizeof(text));
    (void)printf("%s: %s\n  told %lld and %lld, applied %lld and %lld (tenant "
                 "and workstation)\n",
                 there.device.id, text, (long long)there.told[0].version,
                 (long long)there.told[1].version, (long long)there.applied[0],
                 (long long)there.applied[1]);
    return PH_OK;
}

int
hub_cmd_policy_show(struct hub_command *command)
{
    return hub_command_value(command, HUB_OPTION_WORKSTATION, NULL) != NULL
               ? show_there(command)
               : show_all(command);
}

/* --- changing --- */

struct change {
    struct whose whose;
    bool all; /* of unset */
    enum ph_policy_member member;
    const char *value;       /* NULL: unset */
    struct ph_policy policy; /* what came of it */
};

/* "retention" is "retention-s" too. */
static int
take_member(struct hub_command *command, struct change *change)
{
    char longer[80];
    int err = ph_policy_member_find(command->word, &change->member);

    if (err != PH_OK) {
        (void)snprintf(longer, sizeof(longer), "%.60s-s", command->word);
        err = ph_policy_member_find(longer, &change->member);
    }
    if (err != PH_OK)
        return ph_why_fail(command->why, PH_ERR_INVALID,
                           "there is no %.60s in a policy", command->word);
    return PH_OK;
}

static int
do_change(struct hub_command *command, void *arg)
{
    struct change *change = arg;
    struct ph_policy *policy = &change->policy;
    struct hub_store *store = command->hub->store;
    int err = check_whose(command, &change->whose);

    if (err == PH_OK)
        err = hub_policy_get(store, change->whose.scope, change->whose.target,
                             policy);
    if (err != PH_OK)
        return err;
    if (change->value != NULL)
        err = ph_policy_take_text(policy, change->member, change->value,
                                  command->why);
    else if (change->all)
        memset(policy, 0, sizeof(*policy));
    else
        policy->has[change->member] = false;
    return err == PH_OK ? hub_policy_set(store, change->whose.scope,
                                         change->whose.target, policy,
                                         ph_clock_wall_ms())
                        : err;
}

static int
run_change(struct hub_command *command, struct change *change, const char *what)
{
    char object[HUB_ID_MAX + 32], detail[256];
    const struct hub_act act = {
        .act = what, .object = object, .detail = detail};
    int err;

    whose_text(&change->whose, object, sizeof(object));
    (void)snprintf(detail, sizeof(detail), "%.40s%s%.200s",
                   change->all ? "all" : ph_policy_member_name(change->member),
                   change->value != NULL ? " " : "",
                   change->value != NULL ? change->value : "");
    err = hub_command_do(command, do_change, change, &act);
    if (err != PH_OK)
        return err;
    if (!command->json)
        return show_one(change->whose.scope, change->whose.target,
                        &change->policy, 0, NULL);
    return hub_command_print(policy_json(&change->policy));
}

int
hub_cmd_policy_set(struct hub_command *command)
{
    struct change change = {.value = command->more};
    int err = take_whose(command, &change.whose);

    if (err == PH_OK && command->more == NULL)
        err = ph_why_fail(command->why, PH_ERR_INVALID,
                          "needs a member and its value");
    if (err == PH_OK)
        err = take_member(command, &change);
    return err == PH_OK ? run_change(command, &change, "policy.set") : err;
}

int
hub_cmd_policy_unset(struct hub_command *command)
{
    struct change change = {.all = command->word == NULL};
    int err = take_whose(command, &change.whose);

    if (err == PH_OK && !change.all)
        err = take_member(command, &change);
    return err == PH_OK ? run_change(command, &change, "policy.unset") : err;
}
