/* printhold-hub user erase: a person's data, everywhere that the hub has it. */
#include "command.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "audit.h"
#include "printhold/base/attr.h"
#include "printhold/base/clock.h"
#include "printhold/base/err.h"
#include "printhold/base/wipe.h"
#include "store_audit.h"
#include "store_erase.h"

#define PSEUDONYM_MAX 40

struct erasing {
    char login[PH_LOGIN_MAX];
    char uk[PH_USER_KEY_TEXT];
    uint8_t who[HUB_MAC_BYTES];
    char instead[PSEUDONYM_MAX]; /* in the record of acts */
    struct hub_erased erased;
    int64_t records;
    json_t *waiting; /* for answers of workstations */
};

/* The same for the same login, so that what one person did stays together; who
 * it was needs pepper.key and the login. */
static int
make_pseudonym(struct hub *hub, struct erasing *erasing)
{
    uint8_t mac[32];
    int err =
        hub_pepper(hub, "erased", erasing->login, strlen(erasing->login), mac);
    int len = snprintf(erasing->instead, sizeof(erasing->instead), "erased-");

    for (size_t i = 0; i < 12; i++)
        len += snprintf(erasing->instead + len,
                        sizeof(erasing->instead) - (size_t)len, "%02x", mac[i]);
    ph_wipe(mac, sizeof(mac));
    return err;
}

static int
note_purge(const char *device, int64_t number, void *arg)
{
    struct erasing *erasing = arg;

    return json_array_append_new(erasing->waiting,
                                 json_pack("{s:s, s:I}", "workstation", device,
                                           "command", (json_int_t)number)) == 0
               ? PH_OK
               : PH_ERR_NOMEM;
}

/* Workstations hear of it first: the hub knows by the person whom to tell. */
static int
tell_workstations(struct hub *hub, struct erasing *erasing)
{
    struct hub_ws_command made = {.op = PH_COMMAND_PURGE_USER,
                                  .made_ms = ph_clock_wall_ms()};

    made.expires_ms = made.made_ms + (int64_t)PH_COMMAND_LIFE_MAX_S * 1000;
    memcpy(made.login, erasing->login, sizeof(made.login));
    memcpy(made.uk, erasing->uk, sizeof(made.uk));
    return hub_purges_add(hub->store, &made, note_purge, erasing);
}

/* How the chain ended before its names were changed. */
static int
write_down(struct hub *hub, const struct erasing *erasing,
           const struct hub_audit_mark *before)
{
    char actor[HUB_ACTOR_MAX], detail[160];
    const struct hub_act act = {.actor = actor,
                                .act = "user.erase",
                                .object = erasing->instead,
                                .detail = detail};
    const uint8_t *mac = before->mac;

    (void)snprintf(detail, sizeof(detail),
                   "%" PRId64 " records renamed; the chain was %" PRId64
                   ":%02x%02x%02x%02x%02x%02x%02x%02x",
                   erasing->records, before->number, mac[0], mac[1], mac[2],
                   mac[3], mac[4], mac[5], mac[6], mac[7]);
    hub_audit_actor(actor);
    return hub_audit(hub, &act, ph_clock_wall_ms());
}

static bool
is_nobody(const struct erasing *erasing)
{
    const struct hub_erased *e = &erasing->erased;

    return e->people + e->jobs + e->releases + e->tokens + e->documents +
               e->attempts + erasing->records ==
           0;
}

/* The record loses the name. Who was erased before has records under the other
 * name: there is nothing to write, but the files may have to be made anew. */
static int
rename_records(struct hub *hub, struct erasing *erasing)
{
    struct hub_audit_mark before;
    uint8_t key[32];
    int64_t known = 0;
    int err = hub_audit_key(hub, key);

    if (err == PH_OK)
        err = hub_audit_rename(hub->store, key, erasing->login,
                               erasing->instead, &before, &erasing->records);
    if (err == PH_OK && !is_nobody(erasing))
        err = write_down(hub, erasing, &before);
    else if (err == PH_OK)
        err = hub_audit_rename(hub->store, key, erasing->instead,
                               erasing->instead, &before, &known);
    if (err == PH_OK && is_nobody(erasing) && known == 0)
        err = PH_ERR_NOT_FOUND;
    ph_wipe(key, sizeof(key));
    return err;
}

static int
do_erase(struct hub_command *command, void *arg)
{
    struct erasing *erasing = arg;
    struct hub *hub = command->hub;
    int err = tell_workstations(hub, erasing);

    if (err == PH_OK)
        err = hub_person_erase(hub->store, erasing->login, erasing->uk,
                               erasing->who, &erasing->erased);
    if (err == PH_OK)
        err = rename_records(hub, erasing);
    if (err == PH_ERR_CORRUPT)
        ph_why_set(command->why,
                   "the record of acts is broken, so nothing was erased; see "
                   "printhold-hub audit verify");
    return err;
}

static json_t *
erased_json(const struct erasing *erasing)
{
    const struct hub_erased *e = &erasing->erased;
    const struct {
        const char *name;
        int64_t count;
    } counts[] = {
        {"people", e->people},
        {"badges", e->badges},
        {"pins", e->pins},
        {"passwords", e->passwords},
        {"codes", e->codes},
        {"sessions", e->sessions},
        {"attempts", e->attempts},
        {"tokens", e->tokens},
        {"bindings", e->bindings},
        {"documents", e->documents},
        {"quotas", e->quotas},
        {"access", e->access},
        {"jobs-of-nobody", e->jobs},
        {"releases-of-nobody", e->releases},
        {"records-renamed", erasing->records},
    };
    json_t *object = json_object();

    for (size_t i = 0; i < PH_COUNT(counts); i++) {
        if (json_object_set_new(object, counts[i].name,
                                json_integer(counts[i].count)) != 0) {
            json_decref(object);
            return NULL;
        }
    }
    return object;
}

static int
say_erased(struct hub_command *command, const struct erasing *erasing)
{
    json_t *object = erased_json(erasing), *value;
    const char *name;
    size_t index;

    if (object == NULL)
        return PH_ERR_NOMEM;
    if (command->json)
        return hub_command_print(json_pack("{s:o, s:s, s:O}", "erased", object,
                                           "record", erasing->instead,
                                           "waiting", erasing->waiting));
    (void)printf("Erased; in the record of acts it is %s now.\n",
                 erasing->instead);
    json_object_foreach(object, name, value)
    {
        if (json_integer_value(value) > 0)
            (void)printf("  %-20s %lld\n", name,
                         (long long)json_integer_value(value));
    }
    json_array_foreach(erasing->waiting, index, value)
    {
        (void)printf(
            "%s is told purge-user (command %lld); until it has "
            "answered, the hub keeps the login for that.\n",
            json_string_value(json_object_get(value, "workstation")),
            (long long)json_integer_value(json_object_get(value, "command")));
    }
    json_decref(object);
    return PH_OK;
}

static int
prepare(struct hub_command *command, struct erasing *erasing)
{
    int err = hub_command_login(command, command->word, erasing->login);

    if (err == PH_OK)
        err = ph_identity_user_key(command->hub->directory_key, HUB_KEY_BYTES,
                                   erasing->login, erasing->uk);
    if (err == PH_OK)
        err = hub_pepper(command->hub, "attempt-login", erasing->login,
                         strlen(erasing->login), erasing->who);
    if (err == PH_OK)
        err = make_pseudonym(command->hub, erasing);
    erasing->waiting = json_array();
    return err == PH_OK && erasing->waiting == NULL ? PH_ERR_NOMEM : err;
}

int
hub_cmd_user_erase(struct hub_command *command)
{
    struct erasing erasing = {.records = 0};
    int err = prepare(command, &erasing);

    if (err == PH_OK)
        err = hub_command_do(command, do_erase, &erasing, NULL);
    if (err == PH_OK) {
        err = hub_store_compact(command->hub->store);
        if (err != PH_OK)
            ph_why_set(command->why,
                       "erased, but the files still have traces of it (%s); "
                       "run the same command again",
                       ph_err_text(err));
        else
            err = say_erased(command, &erasing);
    }
    json_decref(erasing.waiting);
    return err;
}
