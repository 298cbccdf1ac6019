/* printhold-hub audit ... and denied. */
#include "command.h"

#include <stdio.h>
#include <string.h>

#include "audit.h"
#include "enrol_calls.h"
#include "printhold/base/clock.h"
#include "printhold/base/err.h"
#include "printhold/base/wipe.h"

static int
list_one(const struct hub_audit_record *record, void *arg)
{
    char at[PH_TIME_TEXT];

    ph_clock_format(record->at_ms, at);
    if (arg == NULL) {
        (void)printf("%lld %s %s %s %s %s\n", (long long)record->number, at,
                     record->act.actor, record->act.act, record->act.object,
                     record->act.detail);
        return PH_OK;
    }
    return json_array_append_new(
               arg,
               json_pack("{s:I, s:s, s:s, s:s, s:s, s:s}", "number",
                         (json_int_t)record->number, "at", at, "actor",
                         record->act.actor, "act", record->act.act, "object",
                         record->act.object, "detail", record->act.detail)) == 0
               ? PH_OK
               : PH_ERR_NOMEM;
}

static int
do_list(struct hub_command *command, void *arg)
{
    return hub_audit_each(command->hub->store, 0, list_one, arg);
}

int
hub_cmd_audit_list(struct hub_command *command)
{
    return hub_command_list(command, do_list);
}

struct verified {
    int64_t count;
    int64_t broken;
};

static int
do_verify(struct hub_command *command, void *arg)
{
    struct verified *verified = arg;
    uint8_t key[32];
    int err = hub_audit_key(command->hub, key);

    if (err == PH_OK)
        err = hub_audit_verify(command->hub->store, key, &verified->count,
                               &verified->broken);
    ph_wipe(key, sizeof(key));
    if (err == PH_ERR_CORRUPT)
        ph_why_set(command->why,
                   "the record is broken: number %lld is not as it was "
                   "written, or one before it is missing",
                   (long long)verified->broken);
    return err;
}

int
hub_cmd_audit_verify(struct hub_command *command)
{
    struct verified verified = {0, 0};
    int err = hub_command_do(command, do_verify, &verified, NULL);

    if (err != PH_OK)
        return err;
    if (command->json)
        return hub_command_print(json_pack(
            "{s:I, s:b}", "records", (json_int_t)verified.count, "intact", 1));
    (void)printf("%lld records, all as they were written\n",
                 (long long)verified.count);
    return PH_OK;
}

/* The list itself: for --json in an object. */
/* By their ids: for brokers, which know a workstation by nothing else. */
static int
print_workstation(enum ph_identity_kind kind, const char *device,
                  const char *thumbprint, const char *serial, void *arg)
{
    (void)serial;
    (void)arg;
    if (kind == PH_IDENTITY_WORKSTATION && thumbprint == NULL)
        (void)printf("workstation %s\n", device);
    return PH_OK;
}

static int
do_denied_workstations(struct hub_command *command, void *arg)
{
    return hub_denied_each(command->hub->store, ph_clock_wall_ms(),
                           print_workstation, arg);
}

int
hub_cmd_denied(struct hub_command *command)
{
    const char *class = hub_command_value(command, HUB_OPTION_CLASS, "printer");
    struct ph_buf text;
    int err;

    if (strcmp(class, "workstation") == 0)
        return hub_command_do(command, do_denied_workstations, NULL, NULL);
    if (strcmp(class, "printer") != 0)
        return ph_why_fail(command->why, PH_ERR_INVALID,
                           "--class is printer or workstation");
    ph_buf_init(&text, 1024 * 1024);
    err = hub_denied_text(command->hub, &text);
    if (err != PH_OK)
        ph_why_set(command->why, "cannot make the list: %s", ph_err_text(err));
    else if (command->json)
        err = hub_command_print(json_pack("{s:s%}", "denied-printers",
                                          (const char *)text.data, text.len));
    else
        (void)fwrite(text.data, 1, text.len, stdout);
    ph_buf_close(&text);
    return err;
}
