#include "events.h"

#include <stdbool.h>
#include <string.h>

#include "printhold/base/attr.h"
#include "printhold/base/err.h"
#include "printhold/proto/event_read.h"
#include "reports.h"
#include "store_commands.h"
#include "store_policy.h"

typedef int (*taker)(struct hub *hub, const struct ph_event_said *said,
                     int64_t now_ms);

static int
take_answer(struct hub *hub, const struct ph_event_said *said, int64_t now_ms)
{
    return hub_ws_command_answered(hub->store, said, now_ms);
}

static int
take_applied(struct hub *hub, const struct ph_event_said *said, int64_t now_ms)
{
    const bool is_own =
        strcmp(said->u.policy.scope,
               hub_policy_scope_name(HUB_POLICY_OF_WORKSTATION)) == 0;

    return hub_applied_set(hub->store, said->workstation,
                           is_own ? HUB_POLICY_OF_WORKSTATION
                                  : HUB_POLICY_OF_TENANT,
                           said->u.policy.version, now_ms);
}

/* Who takes what; kinds that nobody takes are believed and forgotten. */
static const struct {
    enum ph_event_kind kind;
    taker take;
} takers[] = {
    {PH_EVENT_JOB, hub_report_event},
    {PH_EVENT_COMMAND_DONE, take_answer},
    {PH_EVENT_COMMAND_REFUSED, take_answer},
    {PH_EVENT_POLICY_APPLIED, take_applied},
};

static int
believe(struct hub *hub, const char *topic_device,
        const struct ph_event_said *said)
{
    struct hub_device device;
    bool is_bound = true;
    int err;

    if (strcmp(said->workstation, topic_device) != 0)
        return PH_ERR_DENIED;
    err = hub_device_get(hub->store, topic_device, &device);
    if (err == PH_ERR_NOT_FOUND)
        return PH_ERR_DENIED;
    if (err == PH_OK && said->kind == PH_EVENT_JOB)
        err = hub_binding_has(hub->store, topic_device, said->u.job.login,
                              &is_bound);
    if (err != PH_OK)
        return err;
    return device.kind == PH_IDENTITY_WORKSTATION && !device.is_revoked &&
                   is_bound
               ? PH_OK
               : PH_ERR_DENIED;
}

int
hub_event_take(struct hub *hub, const char *device, const void *payload,
               size_t len, int64_t now_ms)
{
    struct ph_event_said said;
    int err = ph_event_read(payload, len, hub->tenant.tenant, &said, NULL);

    if (err == PH_OK)
        err = believe(hub, device, &said);
    for (size_t i = 0; i < PH_COUNT(takers) && err == PH_OK; i++) {
        if (takers[i].kind == said.kind)
            err = takers[i].take(hub, &said, now_ms);
    }
    return err;
}

#define REPORT_MAX 4096

int
hub_release_take(struct hub *hub, const char *device, const void *payload,
                 size_t len, int64_t now_ms)
{
    struct ph_printer_report report;
    struct hub_device printer;
    json_t *root = NULL;
    int err = ph_json_parse(payload, len, REPORT_MAX, &root);

    if (err == PH_OK)
        err = ph_release_report_take(root, &report, NULL);
    json_decref(root);
    if (err == PH_OK)
        err = hub_device_get(hub->store, device, &printer);
    if (err == PH_ERR_NOT_FOUND ||
        (err == PH_OK &&
         (printer.kind != PH_IDENTITY_PRINTER || printer.is_revoked)))
        return PH_ERR_DENIED;
    return err == PH_OK ? hub_report_release(hub, &report, "", &printer, now_ms)
                        : err;
}
