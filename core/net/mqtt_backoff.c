#include "mqtt_backoff.h"

#include <stddef.h>

#include "printhold/base/attr.h"

#define REFUSED_MIN_TIMES 8
#define REFUSED_MAX_TIMES 5

uint64_t
ph_mqtt_backoff_ms(const struct ph_mqtt_backoff *backoff, uint32_t chance)
{
    uint64_t full = backoff->min_ms;
    uint64_t most = backoff->max_ms;

    if (backoff->is_refused) {
        full *= REFUSED_MIN_TIMES;
        most *= REFUSED_MAX_TIMES;
    }
    for (unsigned i = 1; i < backoff->failures && full < most; i++)
        full *= 2;
    if (full > most)
        full = most;
    return full / 2 + chance % (full / 2 + 1);
}

bool
ph_mqtt_backoff_is_refusal(uint8_t reason)
{
    static const uint8_t refusals[] = {
        0x85, /* client identifier not valid */
        0x86, /* bad user name or password */
        0x87, /* not authorized */
        0x88, /* server unavailable */
        0x89, /* server busy */
        0x8a, /* banned */
        0x8b, /* server shutting down */
        0x8c, /* bad authentication method */
        0x97, /* quota exceeded */
        0x98, /* administrative action */
        0x9c, /* use another server */
        0x9d, /* server moved */
        0x9f, /* connection rate exceeded */
    };

    for (size_t i = 0; i < PH_COUNT(refusals); i++) {
        if (refusals[i] == reason)
            return true;
    }
    return false;
}
