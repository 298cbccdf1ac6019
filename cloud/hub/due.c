#include "due.h"

#include "issuer.h"
#include "printhold/base/err.h"
#include "store_sessions.h"
#include "store_sign_in.h"

static int
end_all(struct hub *hub, int64_t now_ms, bool *out_changed)
{
    int err = hub_tokens_end(hub->store, now_ms);

    if (err == PH_OK)
        err = hub_pins_end(hub->store, now_ms);
    if (err == PH_OK)
        err = hub_codes_forget(hub->store, now_ms);
    if (err == PH_OK)
        err = hub_sessions_forget(hub->store, now_ms);
    return err == PH_OK ? hub_issuer_step(hub, now_ms, out_changed) : err;
}

int
hub_due(struct hub *hub, int64_t now_ms)
{
    bool changed = false;
    int err = hub_store_begin(hub->store);

    if (err == PH_OK)
        err = hub_store_end(hub->store, end_all(hub, now_ms, &changed));
    if (err != PH_OK || !changed)
        return err;
    (void)atomic_fetch_add(&hub->changes, 1); /* workstations are to be told */
    return hub_issuer_tidy(hub);
}
