/*
 * Properties of MQTT 5.0 packets: one table says which property has which type
 * and may stand in which packet; one function reads them all. Anything that
 * the table does not allow is a protocol error.
 */
#include "mqtt_props.h"

#include <string.h>

#include "printhold/base/attr.h"
#include "printhold/base/err.h"
#include "printhold/base/utf8.h"

#define IN(type)   (1u << (type))
#define IN_ANY_ACK (IN(PH_MQTT_PUBACK) | IN(PH_MQTT_SUBACK))

enum prop_kind {
    KIND_BYTE,
    KIND_FLAG,
    KIND_U16,
    KIND_U32,
    KIND_VARINT,
    KIND_TEXT,
    KIND_BYTES,
    KIND_PAIR
};

struct prop_rule {
    uint8_t id;
    uint8_t kind;
    uint8_t slot;
    bool not_zero;
    uint16_t places;
};

static const struct prop_rule prop_rules[] = {
    {0x01, KIND_FLAG, PH_MQTT_SLOT_NONE, false, IN(PH_MQTT_PUBLISH)},
    {0x02, KIND_U32, PH_MQTT_SLOT_EXPIRY, false, IN(PH_MQTT_PUBLISH)},
    {0x03, KIND_TEXT, PH_MQTT_SLOT_CONTENT_TYPE, false, IN(PH_MQTT_PUBLISH)},
    {0x08, KIND_TEXT, PH_MQTT_SLOT_RESPONSE, false, IN(PH_MQTT_PUBLISH)},
    {0x09, KIND_BYTES, PH_MQTT_SLOT_CORRELATION, false, IN(PH_MQTT_PUBLISH)},
    {0x0b, KIND_VARINT, PH_MQTT_SLOT_NONE, true, IN(PH_MQTT_PUBLISH)},
    {0x11, KIND_U32, PH_MQTT_SLOT_SESSION_EXPIRY, false, IN(PH_MQTT_CONNACK)},
    {0x12, KIND_TEXT, PH_MQTT_SLOT_CLIENT_ID, false, IN(PH_MQTT_CONNACK)},
    {0x13, KIND_U16, PH_MQTT_SLOT_KEEP_ALIVE, false, IN(PH_MQTT_CONNACK)},
    {0x15, KIND_TEXT, PH_MQTT_SLOT_NONE, false, IN(PH_MQTT_CONNACK)},
    {0x16, KIND_BYTES, PH_MQTT_SLOT_NONE, false, IN(PH_MQTT_CONNACK)},
    {0x1a, KIND_TEXT, PH_MQTT_SLOT_NONE, false, IN(PH_MQTT_CONNACK)},
    {0x1c, KIND_TEXT, PH_MQTT_SLOT_REFERENCE, false,
     IN(PH_MQTT_CONNACK) | IN(PH_MQTT_DISCONNECT)},
    {0x1f, KIND_TEXT, PH_MQTT_SLOT_REASON, false,
     IN(PH_MQTT_CONNACK) | IN_ANY_ACK | IN(PH_MQTT_DISCONNECT)},
    {0x21, KIND_U16, PH_MQTT_SLOT_RECEIVE, true, IN(PH_MQTT_CONNACK)},
    {0x22, KIND_U16, PH_MQTT_SLOT_ALIAS_MAX, false, IN(PH_MQTT_CONNACK)},
    {0x24, KIND_FLAG, PH_MQTT_SLOT_QOS, false, IN(PH_MQTT_CONNACK)},
    {0x25, KIND_FLAG, PH_MQTT_SLOT_RETAIN, false, IN(PH_MQTT_CONNACK)},
    {0x26, KIND_PAIR, PH_MQTT_SLOT_NONE, false,
     IN(PH_MQTT_CONNACK) | IN(PH_MQTT_PUBLISH) | IN_ANY_ACK |
         IN(PH_MQTT_DISCONNECT)},
    {0x27, KIND_U32, PH_MQTT_SLOT_PACKET, true, IN(PH_MQTT_CONNACK)},
    {0x28, KIND_FLAG, PH_MQTT_SLOT_NONE, false, IN(PH_MQTT_CONNACK)},
    {0x29, KIND_FLAG, PH_MQTT_SLOT_NONE, false, IN(PH_MQTT_CONNACK)},
    {0x2a, KIND_FLAG, PH_MQTT_SLOT_SHARED, false, IN(PH_MQTT_CONNACK)},
};

int
ph_mqtt_read_varint(struct ph_cursor *cur, uint32_t *out_value)
{
    uint32_t value = 0;

    for (unsigned shift = 0; shift <= 21; shift += 7) {
        uint8_t byte;

        if (ph_cursor_u8(cur, &byte) != PH_OK)
            return PH_ERR_TRUNCATED;
        value |= (uint32_t)(byte & 0x7f) << shift;
        if ((byte & 0x80) == 0) {
            if (byte == 0 && shift > 0)
                return PH_ERR_PROTOCOL; /* not the shortest form */
            *out_value = value;
            return PH_OK;
        }
    }
    return PH_ERR_PROTOCOL;
}

static int
read_bytes(struct ph_cursor *cur, struct ph_mqtt_view *out_view)
{
    const uint8_t *bytes;
    uint16_t len;

    if (ph_cursor_u16(cur, &len) != PH_OK ||
        ph_cursor_bytes(cur, len, &bytes) != PH_OK)
        return PH_ERR_PROTOCOL;
    out_view->bytes = (const char *)bytes;
    out_view->len = len;
    return PH_OK;
}

int
ph_mqtt_read_text(struct ph_cursor *cur, struct ph_mqtt_view *out_view)
{
    struct ph_mqtt_view view;
    int err = read_bytes(cur, &view);

    if (err != PH_OK)
        return err;
    if (!ph_utf8_valid(view.bytes, view.len) ||
        (view.len > 0 && memchr(view.bytes, '\0', view.len) != NULL))
        return PH_ERR_PROTOCOL;
    *out_view = view;
    return PH_OK;
}

static int
read_number(struct ph_cursor *cur, uint8_t kind, uint32_t *out_value)
{
    uint16_t half;
    uint8_t byte;
    int err;

    switch (kind) {
    case KIND_U16:
        err = ph_cursor_u16(cur, &half);
        if (err == PH_OK)
            *out_value = half;
        return err;
    case KIND_U32:
        return ph_cursor_u32(cur, out_value);
    case KIND_VARINT:
        return ph_mqtt_read_varint(cur, out_value);
    default:
        err = ph_cursor_u8(cur, &byte);
        if (err == PH_OK && kind == KIND_FLAG && byte > 1)
            return PH_ERR_PROTOCOL;
        if (err == PH_OK)
            *out_value = byte;
        return err;
    }
}

static int
read_prop_value(struct ph_cursor *cur, const struct prop_rule *rule,
                struct ph_mqtt_props *props)
{
    struct ph_mqtt_view view = {NULL, 0};
    uint32_t number = 0;
    int err;

    switch (rule->kind) {
    case KIND_PAIR:
        err = ph_mqtt_read_text(cur, &view);
        if (err == PH_OK)
            err = ph_mqtt_read_text(cur, &view);
        return err;
    case KIND_TEXT:
        err = ph_mqtt_read_text(cur, &view);
        break;
    case KIND_BYTES:
        err = read_bytes(cur, &view);
        break;
    default:
        err = read_number(cur, rule->kind, &number);
        if (err == PH_OK && rule->not_zero && number == 0)
            err = PH_ERR_PROTOCOL;
        break;
    }
    if (err != PH_OK)
        return PH_ERR_PROTOCOL;
    props->number[rule->slot] = number;
    props->view[rule->slot] = view;
    props->present[rule->slot] = true;
    return PH_OK;
}

static const struct prop_rule *
find_rule(uint8_t id, enum ph_mqtt_type type)
{
    for (size_t i = 0; i < PH_COUNT(prop_rules); i++) {
        if (prop_rules[i].id == id)
            return (prop_rules[i].places & IN(type)) != 0 ? &prop_rules[i]
                                                          : NULL;
    }
    return NULL;
}

/* All identifiers are below 0x40, so one word remembers which were there.
 * Only user properties and subscription identifiers may come again. */
static int
read_prop(struct ph_cursor *cur, enum ph_mqtt_type type,
          struct ph_mqtt_props *props)
{
    const struct prop_rule *rule;
    uint64_t bit;
    uint8_t id;

    if (ph_cursor_u8(cur, &id) != PH_OK)
        return PH_ERR_PROTOCOL;
    rule = find_rule(id, type);
    if (rule == NULL)
        return PH_ERR_PROTOCOL;
    bit = (uint64_t)1 << id;
    if ((props->seen & bit) != 0 && rule->kind != KIND_PAIR &&
        rule->kind != KIND_VARINT)
        return PH_ERR_PROTOCOL;
    props->seen |= bit;
    return read_prop_value(cur, rule, props);
}

int
ph_mqtt_read_props(struct ph_cursor *cur, enum ph_mqtt_type type,
                   struct ph_mqtt_props *props)
{
    struct ph_cursor inner;
    const uint8_t *bytes;
    uint32_t len;

    memset(props, 0, sizeof(*props));
    if (ph_mqtt_read_varint(cur, &len) != PH_OK ||
        ph_cursor_bytes(cur, len, &bytes) != PH_OK)
        return PH_ERR_PROTOCOL;
    ph_cursor_init(&inner, bytes, len);
    while (inner.left > 0) {
        int err = read_prop(&inner, type, props);

        if (err != PH_OK)
            return err;
    }
    return PH_OK;
}
