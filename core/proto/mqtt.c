/*
 * MQTT packets that the client receives.
 *
 * One table says which property has which type and may stand in which packet;
 * one function reads them all. Anything that the table does not allow is a
 * protocol error.
 */
#include "printhold/proto/mqtt.h"

#include <string.h>

#include "printhold/base/cursor.h"
#include "printhold/base/err.h"
#include "printhold/base/utf8.h"

/* --- properties --- */

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

/* Slots of struct props; SLOT_NONE is checked and dropped. */
enum prop_slot {
    SLOT_NONE,
    SLOT_EXPIRY,
    SLOT_CONTENT_TYPE,
    SLOT_RESPONSE,
    SLOT_CORRELATION,
    SLOT_SESSION_EXPIRY,
    SLOT_CLIENT_ID,
    SLOT_KEEP_ALIVE,
    SLOT_REFERENCE,
    SLOT_REASON,
    SLOT_RECEIVE,
    SLOT_ALIAS_MAX,
    SLOT_QOS,
    SLOT_RETAIN,
    SLOT_PACKET,
    SLOT_COUNT
};

struct prop_rule {
    uint8_t id;
    uint8_t kind;
    uint8_t slot;
    bool not_zero;
    uint16_t places;
};

static const struct prop_rule prop_rules[] = {
    {0x01, KIND_FLAG, SLOT_NONE, false, IN(PH_MQTT_PUBLISH)},
    {0x02, KIND_U32, SLOT_EXPIRY, false, IN(PH_MQTT_PUBLISH)},
    {0x03, KIND_TEXT, SLOT_CONTENT_TYPE, false, IN(PH_MQTT_PUBLISH)},
    {0x08, KIND_TEXT, SLOT_RESPONSE, false, IN(PH_MQTT_PUBLISH)},
    {0x09, KIND_BYTES, SLOT_CORRELATION, false, IN(PH_MQTT_PUBLISH)},
    {0x0b, KIND_VARINT, SLOT_NONE, true, IN(PH_MQTT_PUBLISH)},
    {0x11, KIND_U32, SLOT_SESSION_EXPIRY, false, IN(PH_MQTT_CONNACK)},
    {0x12, KIND_TEXT, SLOT_CLIENT_ID, false, IN(PH_MQTT_CONNACK)},
    {0x13, KIND_U16, SLOT_KEEP_ALIVE, false, IN(PH_MQTT_CONNACK)},
    {0x15, KIND_TEXT, SLOT_NONE, false, IN(PH_MQTT_CONNACK)},
    {0x16, KIND_BYTES, SLOT_NONE, false, IN(PH_MQTT_CONNACK)},
    {0x1a, KIND_TEXT, SLOT_NONE, false, IN(PH_MQTT_CONNACK)},
    {0x1c, KIND_TEXT, SLOT_REFERENCE, false,
     IN(PH_MQTT_CONNACK) | IN(PH_MQTT_DISCONNECT)},
    {0x1f, KIND_TEXT, SLOT_REASON, false,
     IN(PH_MQTT_CONNACK) | IN_ANY_ACK | IN(PH_MQTT_DISCONNECT)},
    {0x21, KIND_U16, SLOT_RECEIVE, true, IN(PH_MQTT_CONNACK)},
    {0x22, KIND_U16, SLOT_ALIAS_MAX, false, IN(PH_MQTT_CONNACK)},
    {0x24, KIND_FLAG, SLOT_QOS, false, IN(PH_MQTT_CONNACK)},
    {0x25, KIND_FLAG, SLOT_RETAIN, false, IN(PH_MQTT_CONNACK)},
    {0x26, KIND_PAIR, SLOT_NONE, false,
     IN(PH_MQTT_CONNACK) | IN(PH_MQTT_PUBLISH) | IN_ANY_ACK |
         IN(PH_MQTT_DISCONNECT)},
    {0x27, KIND_U32, SLOT_PACKET, true, IN(PH_MQTT_CONNACK)},
    {0x28, KIND_FLAG, SLOT_NONE, false, IN(PH_MQTT_CONNACK)},
    {0x29, KIND_FLAG, SLOT_NONE, false, IN(PH_MQTT_CONNACK)},
    {0x2a, KIND_FLAG, SLOT_NONE, false, IN(PH_MQTT_CONNACK)},
};

struct props {
    uint64_t seen; /* bit per identifier */
    uint32_t number[SLOT_COUNT];
    struct ph_mqtt_view view[SLOT_COUNT];
    bool present[SLOT_COUNT];
};

static int
read_varint(struct ph_cursor *cur, uint32_t *out_value)
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

static int
read_text(struct ph_cursor *cur, struct ph_mqtt_view *out_view)
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
        return read_varint(cur, out_value);
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
                struct props *props)
{
    struct ph_mqtt_view view = {NULL, 0};
    uint32_t number = 0;
    int err;

    switch (rule->kind) {
    case KIND_PAIR:
        err = read_text(cur, &view);
        if (err == PH_OK)
            err = read_text(cur, &view);
        return err;
    case KIND_TEXT:
        err = read_text(cur, &view);
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
read_prop(struct ph_cursor *cur, enum ph_mqtt_type type, struct props *props)
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

static int
read_props(struct ph_cursor *cur, enum ph_mqtt_type type, struct props *props)
{
    struct ph_cursor inner;
    const uint8_t *bytes;
    uint32_t len;

    memset(props, 0, sizeof(*props));
    if (read_varint(cur, &len) != PH_OK ||
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

/* --- packets --- */

static int
parse_connack(struct ph_cursor *cur, struct ph_mqtt_connack *connack)
{
    struct props props;
    uint8_t flags, reason;

    if (ph_cursor_u8(cur, &flags) != PH_OK ||
        ph_cursor_u8(cur, &reason) != PH_OK ||
        read_props(cur, PH_MQTT_CONNACK, &props) != PH_OK)
        return PH_ERR_PROTOCOL;
    if (flags > 1 || (flags == 1 && reason != PH_MQTT_SUCCESS) ||
        (reason > 0 && reason < 0x80))
        return PH_ERR_PROTOCOL;
    connack->reason = reason;
    connack->session_present = flags == 1;
    connack->has_server_keep_alive = props.present[SLOT_KEEP_ALIVE];
    connack->server_keep_alive_s = (uint16_t)props.number[SLOT_KEEP_ALIVE];
    connack->receive_max = props.present[SLOT_RECEIVE]
                               ? (uint16_t)props.number[SLOT_RECEIVE]
                               : PH_MQTT_RECEIVE_DEFAULT;
    connack->packet_max = PH_MQTT_PACKET_MAX;
    if (props.present[SLOT_PACKET] &&
        props.number[SLOT_PACKET] < PH_MQTT_PACKET_MAX)
        connack->packet_max = props.number[SLOT_PACKET];
    connack->topic_alias_max = (uint16_t)props.number[SLOT_ALIAS_MAX];
    connack->qos_max =
        props.present[SLOT_QOS] ? (uint8_t)props.number[SLOT_QOS] : 1;
    connack->retain_available =
        !props.present[SLOT_RETAIN] || props.number[SLOT_RETAIN] == 1;
    connack->has_session_expiry = props.present[SLOT_SESSION_EXPIRY];
    connack->session_expiry_s = props.number[SLOT_SESSION_EXPIRY];
    connack->client_id = props.view[SLOT_CLIENT_ID];
    connack->reason_string = props.view[SLOT_REASON];
    connack->server_reference = props.view[SLOT_REFERENCE];
    return PH_OK;
}

static int
parse_publish(struct ph_cursor *cur, uint8_t flags,
              struct ph_mqtt_publish *publish)
{
    unsigned qos = (flags >> 1) & 3u;
    struct props props;

    if (qos > 1 || (qos == 0 && (flags & 0x08) != 0) ||
        read_text(cur, &publish->topic) != PH_OK ||
        !ph_mqtt_topic_valid(publish->topic.bytes, publish->topic.len))
        return PH_ERR_PROTOCOL;
    publish->packet_id = 0;
    if (qos == 1 && (ph_cursor_u16(cur, &publish->packet_id) != PH_OK ||
                     publish->packet_id == 0))
        return PH_ERR_PROTOCOL;
    if (read_props(cur, PH_MQTT_PUBLISH, &props) != PH_OK)
        return PH_ERR_PROTOCOL;
    publish->retain = (flags & 0x01) != 0;
    publish->dup = (flags & 0x08) != 0;
    publish->has_expiry = props.present[SLOT_EXPIRY];
    publish->expiry_s = props.number[SLOT_EXPIRY];
    publish->content_type = props.view[SLOT_CONTENT_TYPE];
    publish->response_topic = props.view[SLOT_RESPONSE];
    publish->correlation = props.view[SLOT_CORRELATION];
    publish->payload.bytes = (const char *)cur->pos;
    publish->payload.len = cur->left;
    return ph_cursor_skip(cur, cur->left);
}

/* Reason code and properties may be left out from the end. */
static int
parse_ack(struct ph_cursor *cur, enum ph_mqtt_type type,
          struct ph_mqtt_ack *ack)
{
    struct props props;

    memset(ack, 0, sizeof(*ack));
    if (type == PH_MQTT_PUBACK &&
        (ph_cursor_u16(cur, &ack->packet_id) != PH_OK || ack->packet_id == 0))
        return PH_ERR_PROTOCOL;
    if (cur->left > 0)
        (void)ph_cursor_u8(cur, &ack->reason);
    if (cur->left == 0)
        return PH_OK;
    if (read_props(cur, type, &props) != PH_OK)
        return PH_ERR_PROTOCOL;
    ack->reason_string = props.view[SLOT_REASON];
    ack->server_reference = props.view[SLOT_REFERENCE];
    return PH_OK;
}

static int
parse_suback(struct ph_cursor *cur, struct ph_mqtt_ack *ack)
{
    struct props props;

    memset(ack, 0, sizeof(*ack));
    if (ph_cursor_u16(cur, &ack->packet_id) != PH_OK || ack->packet_id == 0 ||
        read_props(cur, PH_MQTT_SUBACK, &props) != PH_OK || cur->left == 0)
        return PH_ERR_PROTOCOL;
    ack->reason_string = props.view[SLOT_REASON];
    ack->reasons.bytes = (const char *)cur->pos;
    ack->reasons.len = cur->left;
    return ph_cursor_skip(cur, cur->left);
}

static int
parse_body(uint8_t first, struct ph_cursor *cur, struct ph_mqtt_packet *packet)
{
    uint8_t flags = first & 0x0f;
    int err;

    packet->type = (enum ph_mqtt_type)(first >> 4);
    if (packet->type != PH_MQTT_PUBLISH && flags != 0)
        return PH_ERR_PROTOCOL;
    switch (packet->type) {
    case PH_MQTT_CONNACK:
        err = parse_connack(cur, &packet->u.connack);
        break;
    case PH_MQTT_PUBLISH:
        err = parse_publish(cur, flags, &packet->u.publish);
        break;
    case PH_MQTT_PUBACK:
    case PH_MQTT_DISCONNECT:
        err = parse_ack(cur, packet->type, &packet->u.ack);
        break;
    case PH_MQTT_SUBACK:
        err = parse_suback(cur, &packet->u.ack);
        break;
    case PH_MQTT_PINGRESP:
        err = PH_OK;
        break;
    default:
        return PH_ERR_PROTOCOL;
    }
    if (err == PH_OK && cur->left > 0)
        return PH_ERR_PROTOCOL;
    return err;
}

int
ph_mqtt_parse(uint8_t level, const uint8_t *bytes, size_t len, size_t max,
              struct ph_mqtt_packet *out_packet, size_t *out_used)
{
    struct ph_mqtt_packet packet;
    struct ph_cursor cur, body;
    const uint8_t *start;
    uint32_t body_len;
    uint8_t first;
    int err;

    if (level != PH_MQTT_LEVEL_5)
        return PH_ERR_UNSUPPORTED;
    ph_cursor_init(&cur, bytes, len);
    if (ph_cursor_u8(&cur, &first) != PH_OK)
        return PH_ERR_AGAIN;
    err = read_varint(&cur, &body_len);
    if (err != PH_OK)
        return err == PH_ERR_TRUNCATED ? PH_ERR_AGAIN : err;
    if ((len - cur.left) + body_len > max)
        return PH_ERR_TOO_BIG;
    if (ph_cursor_bytes(&cur, body_len, &start) != PH_OK)
        return PH_ERR_AGAIN;
    ph_cursor_init(&body, start, body_len);
    memset(&packet, 0, sizeof(packet));
    if (parse_body(first, &body, &packet) != PH_OK)
        return PH_ERR_PROTOCOL;
    *out_packet = packet;
    *out_used = len - cur.left;
    return PH_OK;
}

/* --- reassembly --- */

void
ph_mqtt_reader_init(struct ph_mqtt_reader *reader)
{
    ph_buf_init(&reader->buf, (size_t)2 * PH_MQTT_PACKET_MAX);
    reader->pos = 0;
}

void
ph_mqtt_reader_close(struct ph_mqtt_reader *reader)
{
    ph_buf_close(&reader->buf);
    reader->pos = 0;
}

void
ph_mqtt_reader_clear(struct ph_mqtt_reader *reader)
{
    ph_buf_clear(&reader->buf);
    reader->pos = 0;
}

int
ph_mqtt_reader_put(struct ph_mqtt_reader *reader, const void *bytes, size_t len)
{
    if (len > PH_MQTT_PACKET_MAX)
        return PH_ERR_TOO_BIG;
    ph_buf_consume(&reader->buf, reader->pos);
    reader->pos = 0;
    return ph_buf_put(&reader->buf, bytes, len);
}

int
ph_mqtt_reader_next(struct ph_mqtt_reader *reader, uint8_t level,
                    struct ph_mqtt_packet *out_packet)
{
    size_t used;
    int err;

    if (reader->buf.len == reader->pos)
        return PH_ERR_AGAIN;
    err = ph_mqtt_parse(level, reader->buf.data + reader->pos,
                        reader->buf.len - reader->pos, PH_MQTT_PACKET_MAX,
                        out_packet, &used);
    if (err == PH_OK)
        reader->pos += used;
    return err;
}
