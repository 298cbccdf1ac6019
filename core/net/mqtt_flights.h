/*
 * Messages at QoS 1 that are not acknowledged yet, in the order of their
 * publishing. Private to core/net.
 */
#ifndef PH_NET_MQTT_FLIGHTS_H
#define PH_NET_MQTT_FLIGHTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "printhold/base/buf.h"
#include "printhold/proto/mqtt.h"

#define PH_MQTT_FLIGHTS_MAX 16
/* The packet identifier of SUBSCRIBE, never given to a message. */
#define PH_MQTT_SUBSCRIBE_ID 65535

struct ph_mqtt_flight {
    uint64_t token;
    uint16_t id;
    bool is_sent;     /* on this connection */
    bool is_repeated; /* was sent on an earlier one */
    struct ph_buf packet;
};

/* No packet identifier is in there twice. Zeroed is empty. */
struct ph_mqtt_flights {
    struct ph_mqtt_flight list[PH_MQTT_FLIGHTS_MAX];
    size_t count;
    uint16_t last_id;
};

/* Encode and append. PH_ERR_AGAIN when there are window of them already. */
int ph_mqtt_flights_put(struct ph_mqtt_flights *flights, uint8_t level,
                        size_t window, const struct ph_mqtt_message *message,
                        uint32_t packet_max, uint64_t token);

/* The first of the window that is not sent on this connection, or NULL. */
struct ph_mqtt_flight *ph_mqtt_flights_next(struct ph_mqtt_flights *flights,
                                            size_t window);

/* Remove the one that was acknowledged; PH_ERR_NOT_FOUND. */
int ph_mqtt_flights_take(struct ph_mqtt_flights *flights, uint16_t id,
                         uint64_t *out_token);

/* A new connection in the same session: all go again, in order (section
 * 4.4), those that were sent before marked DUP. */
void ph_mqtt_flights_repeat(struct ph_mqtt_flights *flights);

/* Forget all. */
void ph_mqtt_flights_drop(struct ph_mqtt_flights *flights);

#endif
