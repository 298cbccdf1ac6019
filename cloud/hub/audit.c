#include "audit.h"

#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "printhold/base/err.h"
#include "printhold/base/log.h"
#include "printhold/base/wipe.h"
#include "store_audit.h"

int
hub_audit_key(const struct hub *hub, uint8_t out_key[32])
{
    return hub_pepper(hub, "audit", "", 0, out_key);
}

int
hub_audit(struct hub *hub, const struct hub_act *act, int64_t now_ms)
{
    uint8_t key[32];
    int err = hub_audit_key(hub, key);

    if (err == PH_OK)
        err = hub_audit_add(hub->store, key, act, now_ms);
    ph_wipe(key, sizeof(key));
    return err;
}

void
hub_audit_actor(char dst[HUB_ACTOR_MAX])
{
    char room[1024];
    struct passwd entry, *found = NULL;

    (void)getpwuid_r(getuid(), &entry, room, sizeof(room), &found);
    (void)snprintf(dst, HUB_ACTOR_MAX, "uid %lu (%.60s)",
                   (unsigned long)getuid(),
                   found != NULL ? found->pw_name : "unknown");
}

#define BATCH_ROWS 500

int
hub_audit_house(struct hub *hub, int64_t now_ms)
{
    const int64_t before_ms =
        now_ms - (int64_t)hub->config->audit_keep_s * 1000;
    uint8_t key[32];
    bool more = true;
    int err = hub_audit_key(hub, key);

    while (err == PH_OK && more) {
        err = hub_store_begin(hub->store);
        if (err == PH_OK)
            err = hub_store_end(hub->store,
                                hub_audit_forget(hub->store, key, before_ms,
                                                 BATCH_ROWS, &more));
    }
    ph_wipe(key, sizeof(key));
    if (err == PH_ERR_CORRUPT)
        ph_log_error("the record of acts is broken; nothing of it is deleted. "
                     "See printhold-hub audit verify");
    return err == PH_ERR_CORRUPT ? PH_OK : err;
}
