/* Reading the pieces of received packets. Private to core/proto. */
#ifndef PH_PROTO_MQTT_PROPS_H
#define PH_PROTO_MQTT_PROPS_H

#include <stdbool.h>
#include <stdint.h>

#include "printhold/base/cursor.h"
#include "printhold/proto/mqtt.h"

/* Slots of struct ph_mqtt_props; PH_MQTT_SLOT_NONE is checked and dropped. */
enum ph_mqtt_slot {
    PH_MQTT_SLOT_NONE,
    PH_MQTT_SLOT_EXPIRY,
    PH_MQTT_SLOT_CONTENT_TYPE,
    PH_MQTT_SLOT_RESPONSE,
    PH_MQTT_SLOT_CORRELATION,
    PH_MQTT_SLOT_SESSION_EXPIRY,
    PH_MQTT_SLOT_CLIENT_ID,
    PH_MQTT_SLOT_KEEP_ALIVE,
    PH_MQTT_SLOT_REFERENCE,
    PH_MQTT_SLOT_REASON,
    PH_MQTT_SLOT_RECEIVE,
    PH_MQTT_SLOT_ALIAS_MAX,
    PH_MQTT_SLOT_QOS,
    PH_MQTT_SLOT_RETAIN,
    PH_MQTT_SLOT_SHARED,
    PH_MQTT_SLOT_PACKET,
    PH_MQTT_SLOT_COUNT
};

struct ph_mqtt_props {
    uint64_t seen; /* bit per identifier */
    uint32_t number[PH_MQTT_SLOT_COUNT];
    struct ph_mqtt_view view[PH_MQTT_SLOT_COUNT];
    bool present[PH_MQTT_SLOT_COUNT];
};

/* PH_ERR_TRUNCATED, or PH_ERR_PROTOCOL when it is not in its shortest form or
 * over four bytes. */
int ph_mqtt_read_varint(struct ph_cursor *cur, uint32_t *out_value);
/* UTF-8 without NUL, with its length in front. */
int ph_mqtt_read_text(struct ph_cursor *cur, struct ph_mqtt_view *out_view);
/* Length and properties of a packet of this type. */
int ph_mqtt_read_props(struct ph_cursor *cur, enum ph_mqtt_type type,
                       struct ph_mqtt_props *props);

#endif
