/* What every event has outside of data: CloudEvents 1.0, structured JSON.
 * Private to core/proto. */
#ifndef PRINTHOLD_CORE_PROTO_EVENT_ENVELOPE_H
#define PRINTHOLD_CORE_PROTO_EVENT_ENVELOPE_H

#include <stdint.h>

#include "printhold/base/id.h"
#include "printhold/proto/json.h"

struct ph_event_envelope {
    const struct ph_id *id;
    int64_t time_ms;
    const char *tenant;
    const char *workstation;
    const char *type;    /* behind "org.printhold.", without the version */
    const char *subject; /* what it is about */
};

int ph_event_envelope_put(const struct ph_event_envelope *envelope,
                          json_t *root);

#endif
