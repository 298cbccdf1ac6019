/* MQTT packets that the client receives, of both levels. */
#include "printhold/proto/mqtt.h"

#include <string.h>

#include "mqtt_props.h"
#include "printhold/base/cursor.h"
#include "printhold/base/err.h"

/* --- packets --- */

/* No properties at all: what they would say has its default. */
static int
read_level_props(struct ph_cursor *cur, uint8_t level, enum ph_mqtt_type type,
                 struct ph_mqtt_props *props)
{
    memset(props, 0, sizeof(*props));
    return level == PH_MQTT_LEVEL_5 ? ph_mqtt_read_props(cur, type, props)
                                    : PH_OK;
}

/* The reason of MQTT 5 that a return code of 3.1.1 (table 3.1) means; 0xff for
 * those that it has not. */
static uint8_t
reason_of_code(uint8_t code)
{
    static const uint8_t reasons[] = {
        PH_MQTT_SUCCESS,     PH_MQTT_VERSION,   PH_MQTT_CLIENT_ID,
        PH_MQTT_UNAVAILABLE, PH_MQTT_BAD_LOGIN, PH_MQTT_NOT_AUTHORIZED};

    return code < sizeof(reasons) ? reasons[code] : 0xff;
}

static int
parse_connack(struct ph_cursor *cur, uint8_t level,
              struct ph_mqtt_connack *connack)
{
    /* How a broker of 3.1.1 refuses a CONNECT of level 5 */
    bool is_old = level == PH_MQTT_LEVEL_3_1_1 ||
                  (cur->left == 2 && cur->pos[0] == 0 && cur->pos[1] == 1);
    struct ph_mqtt_props props;
    uint8_t flags, reason;

    if (ph_cursor_u8(cur, &flags) != PH_OK ||
        ph_cursor_u8(cur, &reason) != PH_OK ||
        read_level_props(cur, is_old ? PH_MQTT_LEVEL_3_1_1 : level,
                         PH_MQTT_CONNACK, &props) != PH_OK)
        return PH_ERR_PROTOCOL;
    if (is_old)
        reason = reason_of_code(reason);
    if (flags > 1 || (flags == 1 && reason != PH_MQTT_SUCCESS) ||
        (reason > 0 && reason < 0x80) || reason == 0xff)
        return PH_ERR_PROTOCOL;
    connack->reason = reason;
    connack->session_present = flags == 1;
    connack->has_server_keep_alive = props.present[PH_MQTT_SLOT_KEEP_ALIVE];
    connack->server_keep_alive_s =
        (uint16_t)props.number[PH_MQTT_SLOT_KEEP_ALIVE];
    connack->receive_max = props.present[PH_MQTT_SLOT_RECEIVE]
                               ? (uint16_t)props.number[PH_MQTT_SLOT_RECEIVE]
                               : PH_MQTT_RECEIVE_DEFAULT;
    connack->packet_max = PH_MQTT_PACKET_MAX;
    if (props.present[PH_MQTT_SLOT_PACKET] &&
        props.number[PH_MQTT_SLOT_PACKET] < PH_MQTT_PACKET_MAX)
        connack->packet_max = props.number[PH_MQTT_SLOT_PACKET];
    connack->topic_alias_max = (uint16_t)props.number[PH_MQTT_SLOT_ALIAS_MAX];
    connack->qos_max = props.present[PH_MQTT_SLOT_QOS]
                           ? (uint8_t)props.number[PH_MQTT_SLOT_QOS]
                           : 1;
    connack->retain_available = !props.present[PH_MQTT_SLOT_RETAIN] ||
                                props.number[PH_MQTT_SLOT_RETAIN] == 1;
    connack->shared_available = !is_old && level != PH_MQTT_LEVEL_3_1_1 &&
                                (!props.present[PH_MQTT_SLOT_SHARED] ||
                                 props.number[PH_MQTT_SLOT_SHARED] == 1);
    connack->has_session_expiry = props.present[PH_MQTT_SLOT_SESSION_EXPIRY];
    connack->session_expiry_s = props.number[PH_MQTT_SLOT_SESSION_EXPIRY];
    connack->client_id = props.view[PH_MQTT_SLOT_CLIENT_ID];
    connack->reason_string = props.view[PH_MQTT_SLOT_REASON];
    connack->server_reference = props.view[PH_MQTT_SLOT_REFERENCE];
    return PH_OK;
}

static int
parse_publish(struct ph_cursor *cur, uint8_t level, uint8_t flags,
              struct ph_mqtt_publish *publish)
{
    unsigned qos = (flags >> 1) & 3u;
    struct ph_mqtt_props props;

    if (qos > 1 || (qos == 0 && (flags & 0x08) != 0) ||
        ph_mqtt_read_text(cur, &publish->topic) != PH_OK ||
        !ph_mqtt_topic_valid(publish->topic.bytes, publish->topic.len))
        return PH_ERR_PROTOCOL;
    publish->packet_id = 0;
    if (qos == 1 && (ph_cursor_u16(cur, &publish->packet_id) != PH_OK ||
                     publish->packet_id == 0))
        return PH_ERR_PROTOCOL;
    if (read_level_props(cur, level, PH_MQTT_PUBLISH, &props) != PH_OK)
        return PH_ERR_PROTOCOL;
    publish->retain = (flags & 0x01) != 0;
    publish->dup = (flags & 0x08) != 0;
    publish->has_expiry = props.present[PH_MQTT_SLOT_EXPIRY];
    publish->expiry_s = props.number[PH_MQTT_SLOT_EXPIRY];
    publish->content_type = props.view[PH_MQTT_SLOT_CONTENT_TYPE];
    publish->response_topic = props.view[PH_MQTT_SLOT_RESPONSE];
    publish->correlation = props.view[PH_MQTT_SLOT_CORRELATION];
    publish->payload.bytes = (const char *)cur->pos;
    publish->payload.len = cur->left;
    return ph_cursor_skip(cur, cur->left);
}

/* Reason code and properties may be left out from the end. */
static int
parse_ack(struct ph_cursor *cur, uint8_t level, enum ph_mqtt_type type,
          struct ph_mqtt_ack *ack)
{
    struct ph_mqtt_props props;

    memset(ack, 0, sizeof(*ack));
    if (type == PH_MQTT_PUBACK &&
        (ph_cursor_u16(cur, &ack->packet_id) != PH_OK || ack->packet_id == 0))
        return PH_ERR_PROTOCOL;
    if (level == PH_MQTT_LEVEL_3_1_1) /* a broker does not say DISCONNECT */
        return type == PH_MQTT_PUBACK ? PH_OK : PH_ERR_PROTOCOL;
    if (cur->left > 0)
        (void)ph_cursor_u8(cur, &ack->reason);
    if (cur->left == 0)
        return PH_OK;
    if (ph_mqtt_read_props(cur, type, &props) != PH_OK)
        return PH_ERR_PROTOCOL;
    ack->reason_string = props.view[PH_MQTT_SLOT_REASON];
    ack->server_reference = props.view[PH_MQTT_SLOT_REFERENCE];
    return PH_OK;
}

static int
parse_suback(struct ph_cursor *cur, uint8_t level, struct ph_mqtt_ack *ack)
{
    struct ph_mqtt_props props;

    memset(ack, 0, sizeof(*ack));
    if (ph_cursor_u16(cur, &ack->packet_id) != PH_OK || ack->packet_id == 0 ||
        read_level_props(cur, level, PH_MQTT_SUBACK, &props) != PH_OK ||
        cur->left == 0)
        return PH_ERR_PROTOCOL;
    ack->reason_string = props.view[PH_MQTT_SLOT_REASON];
    ack->reasons.bytes = (const char *)cur->pos;
    ack->reasons.len = cur->left;
    return ph_cursor_skip(cur, cur->left);
}

static int
parse_body(uint8_t level, uint8_t first, struct ph_cursor *cur,
           struct ph_mqtt_packet *packet)
{
    uint8_t flags = first & 0x0f;
    int err;

    packet->type = (enum ph_mqtt_type)(first >> 4);
    if (packet->type != PH_MQTT_PUBLISH && flags != 0)
        return PH_ERR_PROTOCOL;
    switch (packet->type) {
    case PH_MQTT_CONNACK:
        err = parse_connack(cur, level, &packet->u.connack);
        break;
    case PH_MQTT_PUBLISH:
        err = parse_publish(cur, level, flags, &packet->u.publish);
        break;
    case PH_MQTT_PUBACK:
    case PH_MQTT_DISCONNECT:
        err = parse_ack(cur, level, packet->type, &packet->u.ack);
        break;
    case PH_MQTT_SUBACK:
        err = parse_suback(cur, level, &packet->u.ack);
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

    if (level != PH_MQTT_LEVEL_5 && level != PH_MQTT_LEVEL_3_1_1)
        return PH_ERR_UNSUPPORTED;
    ph_cursor_init(&cur, bytes, len);
    if (ph_cursor_u8(&cur, &first) != PH_OK)
        return PH_ERR_AGAIN;
    err = ph_mqtt_read_varint(&cur, &body_len);
    if (err != PH_OK)
        return err == PH_ERR_TRUNCATED ? PH_ERR_AGAIN : err;
    if ((len - cur.left) + body_len > max)
        return PH_ERR_TOO_BIG;
    if (ph_cursor_bytes(&cur, body_len, &start) != PH_OK)
        return PH_ERR_AGAIN;
    ph_cursor_init(&body, start, body_len);
    memset(&packet, 0, sizeof(packet));
    if (parse_body(level, first, &body, &packet) != PH_OK)
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
