#include "audit.h"

#include <pwd.h>
#include <stdio.h>
#include <unistd.h>

#include "printhold/base/err.h"
#include "printhold/base/wipe.h"

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
