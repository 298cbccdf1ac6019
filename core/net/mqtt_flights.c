#include "mqtt_flights.h"

#include <string.h>

#include "printhold/base/err.h"

static bool
is_in_use(const struct ph_mqtt_flights *flights, uint16_t id)
{
    for (size_t i = 0; i < flights->count; i++) {
        if (flights->list[i].id == id)
            return true;
    }
    return false;
}

static uint16_t
next_id(struct ph_mqtt_flights *flights)
{
    do {
        flights->last_id = flights->last_id < PH_MQTT_SUBSCRIBE_ID - 1
                               ? (uint16_t)(flights->last_id + 1)
                               : 1;
    } while (is_in_use(flights, flights->last_id));
    return flights->last_id;
}

int
ph_mqtt_flights_put(struct ph_mqtt_flights *flights, uint8_t level,
                    size_t window, const struct ph_mqtt_message *message,
                    uint32_t packet_max, uint64_t token)
{
    struct ph_mqtt_flight *flight = &flights->list[flights->count];
    int err;

    if (flights->count >= window || flights->count == PH_MQTT_FLIGHTS_MAX)
        return PH_ERR_AGAIN;
    memset(flight, 0, sizeof(*flight));
    flight->token = token;
    flight->id = next_id(flights);
    ph_buf_init(&flight->packet, PH_MQTT_PACKET_MAX);
    err = ph_mqtt_put_publish(&flight->packet, level, message, flight->id,
                              packet_max);
    if (err == PH_OK)
        flights->count++;
    else
        ph_buf_close(&flight->packet);
    return err;
}

struct ph_mqtt_flight *
ph_mqtt_flights_next(struct ph_mqtt_flights *flights, size_t window)
{
    for (size_t i = 0; i < flights->count && i < window; i++) {
        if (!flights->list[i].is_sent)
            return &flights->list[i];
    }
    return NULL;
}

int
ph_mqtt_flights_take(struct ph_mqtt_flights *flights, uint16_t id,
                     uint64_t *out_token)
{
    for (size_t i = 0; i < flights->count; i++) {
        struct ph_mqtt_flight *flight = &flights->list[i];

        if (flight->id != id || !flight->is_sent)
            continue;
        *out_token = flight->token;
        ph_buf_close(&flight->packet);
        flights->count--;
        memmove(flight, flight + 1, (flights->count - i) * sizeof(*flight));
        return PH_OK;
    }
    return PH_ERR_NOT_FOUND;
}

void
ph_mqtt_flights_repeat(struct ph_mqtt_flights *flights)
{
    for (size_t i = 0; i < flights->count; i++) {
        struct ph_mqtt_flight *flight = &flights->list[i];

        if (flight->is_sent || flight->is_repeated) {
            ph_mqtt_set_dup(flight->packet.data, flight->packet.len);
            flight->is_repeated = true;
        }
        flight->is_sent = false;
    }
}

void
ph_mqtt_flights_drop(struct ph_mqtt_flights *flights)
{
    for (size_t i = 0; i < flights->count; i++)
        ph_buf_close(&flights->list[i].packet);
    flights->count = 0;
}
