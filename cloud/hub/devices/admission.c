#include "admission.h"

#include <stdlib.h>
#include <string.h>

#include "printhold/base/clock.h"
#include "printhold/base/err.h"
#include "printhold/base/log.h"
#include "routes.h"

/* --- in the handshake --- */

struct entry {
    char text[PH_THUMBPRINT_TEXT]; /* a thumbprint or, shorter, an id */
};

struct hub_denied {
    struct entry *entry; /* sorted */
    size_t count;
    size_t cap;
    uint64_t number; /* of this reading */
};

static int
by_text(const void *a, const void *b)
{
    return strcmp(((const struct entry *)a)->text,
                  ((const struct entry *)b)->text);
}

static int
add(enum ph_identity_kind kind, const char *device, const char *thumbprint,
    const char *serial, void *arg)
{
    struct hub_denied *denied = arg;
    const char *text = thumbprint != NULL ? thumbprint : device;

    (void)kind;
    (void)serial;
    if (denied->count == denied->cap) {
        size_t cap = denied->cap == 0 ? 64 : 2 * denied->cap;
        struct entry *more = realloc(denied->entry, cap * sizeof(*more));

        if (more == NULL)
            return PH_ERR_NOMEM;
        denied->entry = more;
        denied->cap = cap;
    }
    memset(&denied->entry[denied->count], 0, sizeof(struct entry));
    memcpy(denied->entry[denied->count++].text, text, strlen(text));
    return PH_OK;
}

int
hub_denied_load(struct hub *hub, struct hub_denied **out_denied)
{
    struct hub_denied *denied = calloc(1, sizeof(*denied));
    int err = denied != NULL ? hub_store_begin(hub->store) : PH_ERR_NOMEM;

    if (err == PH_OK) {
        denied->number = ++hub->denied_loads;
        err = hub_denied_each(hub->store, ph_clock_wall_ms(), add, denied);
        err = hub_store_end(hub->store, err);
    }
    if (err != PH_OK) {
        hub_denied_free(denied);
        return err;
    }
    if (denied->count > 0)
        qsort(denied->entry, denied->count, sizeof(*denied->entry), by_text);
    *out_denied = denied;
    return PH_OK;
}

bool
hub_denied_is_newer(const struct hub_denied *denied,
                    const struct hub_denied *other)
{
    return denied->number > other->number;
}

void
hub_denied_free(struct hub_denied *denied)
{
    if (denied == NULL)
        return;
    free(denied->entry);
    free(denied);
}

static bool
has(const struct hub_denied *denied, const char *text)
{
    struct entry key = {{0}};

    memcpy(key.text, text, strlen(text));
    return denied->count > 0 && bsearch(&key, denied->entry, denied->count,
                                        sizeof(key), by_text) != NULL;
}

bool
hub_denied_has(const struct hub_denied *denied, const struct ph_identity *peer)
{
    return has(denied, peer->id) || has(denied, peer->thumbprint);
}

/* --- at a request --- */

/* A certificate of ours must be one that we remember; of those that are made
 * elsewhere the authority is enough. The hub itself is a service of ours that
 * no table has. */
static int
look_up(struct hub_call *call)
{
    struct hub_store *store = call->hub->store;
    struct hub_certificate cert, newest;
    int err = hub_device_get(store, call->peer.id, &call->device);

    if (err != PH_OK)
        return err;
    if (call->device.kind != call->peer.kind || call->device.is_revoked)
        return PH_ERR_DENIED;
    err = hub_certificate_get(store, call->peer.thumbprint, &cert);
    if (err == PH_ERR_NOT_FOUND && call->device.is_elsewhere)
        return PH_OK;
    if (err != PH_OK)
        return err;
    if (cert.state == HUB_CERTIFICATE_REVOKED ||
        strcmp(cert.device, call->device.id) != 0)
        return PH_ERR_DENIED;
    if (cert.state == HUB_CERTIFICATE_SUPERSEDED) {
        err = hub_certificate_newest(store, cert.device, &newest);
        call->is_superseded = err == PH_OK && newest.seen_ms != 0;
    } else if (cert.seen_ms == 0)
        err = hub_certificate_seen(store, cert.thumbprint, ph_clock_wall_ms());
    return err;
}

bool
hub_admission_check(struct hub_call *call)
{
    int err = hub_store_begin(call->hub->store);

    if (err == PH_OK)
        err = hub_store_end(call->hub->store, look_up(call));
    if (err == PH_OK &&
        (!call->is_superseded || hub_route_is_for_superseded(call->route)))
        return true;
    if (err == PH_OK) {
        hub_answer_problem(call, 403, "superseded",
                           "This device has a newer certificate and uses it; "
                           "come with that one");
        return false;
    }
    if (err == PH_ERR_NOT_FOUND || err == PH_ERR_DENIED) {
        ph_log_warning("%s: %s is refused: the hub does not know its "
                       "certificate, continuing",
                       call->address, call->peer.id);
        hub_answer_problem(call, 403, "unknown-device",
                           "The hub does not know this certificate; enrol "
                           "this device again");
    } else {
        hub_answer_failure(call, err);
    }
    return false;
}
