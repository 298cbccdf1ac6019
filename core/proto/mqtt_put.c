/* MQTT packets that the client sends. */
#include "printhold/proto/mqtt.h"

#include <string.h>

#include "printhold/base/err.h"
#include "printhold/base/utf8.h"

#define VARINT_MAX 268435455u /* section 1.5.5 */
#define TEXT_MAX   65535u

/* Property identifiers, table 2-4. */
enum {
    PROP_MESSAGE_EXPIRY = 0x02,
    PROP_CONTENT_TYPE = 0x03,
    PROP_SESSION_EXPIRY = 0x11,
    PROP_WILL_DELAY = 0x18,
    PROP_RECEIVE_MAX = 0x21,
    PROP_PACKET_MAX = 0x27,
};

static bool
is_level(uint8_t level)
{
    return level == PH_MQTT_LEVEL_5 || level == PH_MQTT_LEVEL_3_1_1;
}

static int
put_varint(struct ph_buf *buf, size_t value)
{
    if (value > VARINT_MAX)
        return PH_ERR_TOO_BIG;
    do {
        uint8_t byte = (uint8_t)(value & 0x7f);
        int err;

        value >>= 7;
        if (value > 0)
            byte |= 0x80;
        err = ph_buf_put_u8(buf, byte);
        if (err != PH_OK)
            return err;
    } while (value > 0);
    return PH_OK;
}

static int
put_bytes(struct ph_buf *buf, const void *bytes, size_t len)
{
    int err;

    if (len > TEXT_MAX)
        return PH_ERR_TOO_BIG;
    err = ph_buf_put_u16(buf, (uint16_t)len);
    if (err == PH_OK && len > 0)
        err = ph_buf_put(buf, bytes, len);
    return err;
}

static int
put_text(struct ph_buf *buf, const char *text)
{
    size_t len = strlen(text);

    if (!ph_utf8_valid(text, len))
        return PH_ERR_INVALID;
    return put_bytes(buf, text, len);
}

static int
put_prop_u16(struct ph_buf *buf, uint8_t id, uint16_t value)
{
    int err = ph_buf_put_u8(buf, id);

    return err == PH_OK ? ph_buf_put_u16(buf, value) : err;
}

static int
put_prop_u32(struct ph_buf *buf, uint8_t id, uint32_t value)
{
    int err = ph_buf_put_u8(buf, id);

    return err == PH_OK ? ph_buf_put_u32(buf, value) : err;
}

static int
put_prop_text(struct ph_buf *buf, uint8_t id, const char *text)
{
    int err = ph_buf_put_u8(buf, id);

    return err == PH_OK ? put_text(buf, text) : err;
}

/* The properties, gathered in props, with their length in front. */
static int
put_props(struct ph_buf *buf, const struct ph_buf *props)
{
    int err = put_varint(buf, props->len);

    if (err == PH_OK && props->len > 0)
        err = ph_buf_put(buf, props->data, props->len);
    return err;
}

static int
put_message_props(struct ph_buf *props, const struct ph_mqtt_message *message)
{
    int err = PH_OK;

    if (message->expiry_s > 0)
        err = put_prop_u32(props, PROP_MESSAGE_EXPIRY, message->expiry_s);
    if (err == PH_OK && message->content_type != NULL)
        err = put_prop_text(props, PROP_CONTENT_TYPE, message->content_type);
    return err;
}

/* Fixed header and body; buf is as before on failure. */
static int
put_packet(struct ph_buf *buf, uint8_t first, const struct ph_buf *body)
{
    size_t before = buf->len;
    int err;

    err = ph_buf_put_u8(buf, first);
    if (err == PH_OK)
        err = put_varint(buf, body->len);
    if (err == PH_OK && body->len > 0)
        err = ph_buf_put(buf, body->data, body->len);
    if (err != PH_OK)
        buf->len = before;
    return err;
}

static int
put_will_props(struct ph_buf *body, const struct ph_mqtt_will *will)
{
    struct ph_buf props;
    int err = PH_OK;

    ph_buf_init(&props, PH_MQTT_PACKET_MAX);
    if (will->delay_s > 0)
        err = put_prop_u32(&props, PROP_WILL_DELAY, will->delay_s);
    if (err == PH_OK)
        err = put_message_props(&props, &will->message);
    if (err == PH_OK)
        err = put_props(body, &props);
    ph_buf_close(&props);
    return err;
}

static int
put_will(struct ph_buf *body, uint8_t level, const struct ph_mqtt_will *will)
{
    int err = level == PH_MQTT_LEVEL_5 ? put_will_props(body, will) : PH_OK;

    if (err == PH_OK)
        err = put_text(body, will->message.topic);
    if (err == PH_OK)
        err = put_bytes(body, will->message.payload, will->message.len);
    return err;
}

static uint8_t
connect_flags(const struct ph_mqtt_connect *connect)
{
    unsigned flags = 0;

    if (connect->clean_start)
        flags |= 0x02;
    if (connect->will != NULL) {
        flags |= 0x04 | 0x08; /* will at QoS 1 */
        if (connect->will->message.retain)
            flags |= 0x20;
    }
    if (connect->password != NULL)
        flags |= 0x40;
    if (connect->user_name != NULL)
        flags |= 0x80;
    return (uint8_t)flags;
}

static int
put_connect_props(struct ph_buf *body, const struct ph_mqtt_connect *connect)
{
    struct ph_buf props;
    int err = PH_OK;

    ph_buf_init(&props, PH_MQTT_PACKET_MAX);
    if (connect->session_expiry_s > 0)
        err = put_prop_u32(&props, PROP_SESSION_EXPIRY,
                           connect->session_expiry_s);
    if (err == PH_OK && connect->receive_max > 0)
        err = put_prop_u16(&props, PROP_RECEIVE_MAX, connect->receive_max);
    if (err == PH_OK && connect->packet_max > 0)
        err = put_prop_u32(&props, PROP_PACKET_MAX, connect->packet_max);
    if (err == PH_OK)
        err = put_props(body, &props);
    ph_buf_close(&props);
    return err;
}

static int
put_connect_payload(struct ph_buf *body, const struct ph_mqtt_connect *connect)
{
    int err = put_text(body, connect->client_id);

    if (err == PH_OK && connect->will != NULL)
        err = put_will(body, connect->level, connect->will);
    if (err == PH_OK && connect->user_name != NULL)
        err = put_text(body, connect->user_name);
    if (err == PH_OK && connect->password != NULL)
        err = put_bytes(body, connect->password, connect->password_len);
    return err;
}

int
ph_mqtt_put_connect(struct ph_buf *buf, const struct ph_mqtt_connect *connect)
{
    const struct ph_mqtt_will *will = connect->will;
    struct ph_buf body;
    int err;

    if (!is_level(connect->level))
        return PH_ERR_UNSUPPORTED;
    if (connect->password != NULL && connect->user_name == NULL)
        return PH_ERR_INVALID; /* 3.1.1 has no such thing */
    if (will != NULL &&
        !ph_mqtt_topic_valid(will->message.topic, strlen(will->message.topic)))
        return PH_ERR_INVALID;
    ph_buf_init(&body, PH_MQTT_PACKET_MAX);
    err = put_text(&body, "MQTT");
    if (err == PH_OK)
        err = ph_buf_put_u8(&body, connect->level);
    if (err == PH_OK)
        err = ph_buf_put_u8(&body, connect_flags(connect));
    if (err == PH_OK)
        err = ph_buf_put_u16(&body, connect->keep_alive_s);
    if (err == PH_OK && connect->level == PH_MQTT_LEVEL_5)
        err = put_connect_props(&body, connect);
    if (err == PH_OK)
        err = put_connect_payload(&body, connect);
    if (err == PH_OK)
        err = put_packet(buf, PH_MQTT_CONNECT << 4, &body);
    ph_buf_close(&body);
    return err;
}

static int
put_publish_props(struct ph_buf *body, const struct ph_mqtt_message *message)
{
    struct ph_buf props;
    int err;

    ph_buf_init(&props, PH_MQTT_PACKET_MAX);
    err = put_message_props(&props, message);
    if (err == PH_OK)
        err = put_props(body, &props);
    ph_buf_close(&props);
    return err;
}

static int
put_publish_body(struct ph_buf *body, uint8_t level,
                 const struct ph_mqtt_message *message, uint16_t packet_id)
{
    int err = put_text(body, message->topic);

    if (err == PH_OK && packet_id != 0)
        err = ph_buf_put_u16(body, packet_id);
    if (err == PH_OK && level == PH_MQTT_LEVEL_5)
        err = put_publish_props(body, message);
    if (err == PH_OK && message->len > 0)
        err = ph_buf_put(body, message->payload, message->len);
    return err;
}

int
ph_mqtt_put_publish(struct ph_buf *buf, uint8_t level,
                    const struct ph_mqtt_message *message, uint16_t packet_id,
                    uint32_t packet_max)
{
    unsigned first = PH_MQTT_PUBLISH << 4;
    size_t before = buf->len;
    struct ph_buf body;
    int err;

    if (!is_level(level))
        return PH_ERR_UNSUPPORTED;
    if (!ph_mqtt_topic_valid(message->topic, strlen(message->topic)))
        return PH_ERR_INVALID;
    if (packet_id != 0)
        first |= 0x02;
    if (message->retain)
        first |= 0x01;
    ph_buf_init(&body, PH_MQTT_PACKET_MAX);
    err = put_publish_body(&body, level, message, packet_id);
    if (err == PH_OK)
        err = put_packet(buf, (uint8_t)first, &body);
    if (err == PH_OK && buf->len - before > packet_max) {
        buf->len = before;
        err = PH_ERR_TOO_BIG;
    }
    ph_buf_close(&body);
    return err;
}

void
ph_mqtt_set_dup(uint8_t *packet, size_t len)
{
    if (len > 0 && (packet[0] & 0xf6) == (PH_MQTT_PUBLISH << 4 | 0x02))
        packet[0] |= 0x08;
}

int
ph_mqtt_put_puback(struct ph_buf *buf, uint8_t level, uint16_t packet_id,
                   uint8_t reason)
{
    uint8_t packet[5] = {PH_MQTT_PUBACK << 4, 2, (uint8_t)(packet_id >> 8),
                         (uint8_t)(packet_id & 0xff), reason};

    if (!is_level(level))
        return PH_ERR_UNSUPPORTED;
    if (packet_id == 0)
        return PH_ERR_INVALID;
    /* success may be left out (section 3.4.2.1); 3.1.1 knows nothing else */
    if (reason == PH_MQTT_SUCCESS || level == PH_MQTT_LEVEL_3_1_1)
        return ph_buf_put(buf, packet, 4);
    packet[1] = 3;
    return ph_buf_put(buf, packet, 5);
}

int
ph_mqtt_put_subscribe(struct ph_buf *buf, uint8_t level, uint16_t packet_id,
                      const char *const *filters, size_t count,
                      size_t live_count)
{
    struct ph_buf body;
    int err;

    if (!is_level(level))
        return PH_ERR_UNSUPPORTED;
    if (packet_id == 0 || count == 0 || count > PH_MQTT_FILTERS_MAX ||
        live_count > count)
        return PH_ERR_INVALID;
    ph_buf_init(&body, PH_MQTT_PACKET_MAX);
    err = ph_buf_put_u16(&body, packet_id);
    if (err == PH_OK && level == PH_MQTT_LEVEL_5)
        err = put_varint(&body, 0); /* no properties */
    for (size_t i = 0; err == PH_OK && i < count; i++) {
        if (!ph_mqtt_filter_valid(filters[i], strlen(filters[i])))
            err = PH_ERR_INVALID;
        if (err == PH_OK)
            err = put_text(&body, filters[i]);
        if (err == PH_OK) /* the QoS, and what is retained on subscribe */
            err = ph_buf_put_u8(&body, i + live_count < count ? 1 : 0);
    }
    if (err == PH_OK)
        err = put_packet(buf, PH_MQTT_SUBSCRIBE << 4 | 0x02, &body);
    ph_buf_close(&body);
    return err;
}

int
ph_mqtt_put_pingreq(struct ph_buf *buf)
{
    static const uint8_t packet[] = {PH_MQTT_PINGREQ << 4, 0};

    return ph_buf_put(buf, packet, sizeof(packet));
}

int
ph_mqtt_put_disconnect(struct ph_buf *buf, uint8_t level, uint8_t reason)
{
    uint8_t packet[3] = {PH_MQTT_DISCONNECT << 4, 1, reason};

    if (!is_level(level))
        return PH_ERR_UNSUPPORTED;
    if (reason != PH_MQTT_SUCCESS && level == PH_MQTT_LEVEL_5)
        return ph_buf_put(buf, packet, 3);
    packet[1] = 0;
    return ph_buf_put(buf, packet, 2);
}
