/* How long the link waits after a round of failures. Private to core/net. */
#ifndef PH_NET_MQTT_BACKOFF_H
#define PH_NET_MQTT_BACKOFF_H

#include <stdbool.h>
#include <stdint.h>

struct ph_mqtt_backoff {
    uint32_t min_ms;
    uint32_t max_ms;
    unsigned failures; /* rounds in a row */
    bool is_refused;   /* in the last round a broker said that it will not */
};

/* min_ms, doubling up to max_ms; eight times and five times as long after a
 * refusal. Equal jitter: half of it for certain, half by chance, a random
 * number. */
uint64_t ph_mqtt_backoff_ms(const struct ph_mqtt_backoff *backoff,
                            uint32_t chance);

/* A reason of CONNACK or DISCONNECT after which one more try soon is a burden:
 * the broker is busy, goes away, is another one, or does not want us. */
bool ph_mqtt_backoff_is_refusal(uint8_t reason);

#endif
