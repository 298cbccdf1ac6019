/* Broker's bytes, cut into pieces whose size the first byte tells; with its top
 * bit set they are of MQTT 3.1.1. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "printhold/base/err.h"
#include "printhold/proto/mqtt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static volatile unsigned touched;

/* Every byte of a view must be readable. */
static void
touch(struct ph_mqtt_view view)
{
    for (size_t i = 0; i < view.len; i++)
        touched += (unsigned char)view.bytes[i];
}

static void
touch_packet(const struct ph_mqtt_packet *packet)
{
    if (packet->type == PH_MQTT_PUBLISH) {
        touch(packet->u.publish.topic);
        touch(packet->u.publish.payload);
        touch(packet->u.publish.content_type);
        touch(packet->u.publish.response_topic);
        touch(packet->u.publish.correlation);
        if (!ph_mqtt_topic_valid(packet->u.publish.topic.bytes,
                                 packet->u.publish.topic.len))
            abort();
    } else if (packet->type == PH_MQTT_CONNACK) {
        touch(packet->u.connack.client_id);
        touch(packet->u.connack.reason_string);
        touch(packet->u.connack.server_reference);
    } else if (packet->type != PH_MQTT_PINGRESP) {
        touch(packet->u.ack.reasons);
        touch(packet->u.ack.reason_string);
        touch(packet->u.ack.server_reference);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ph_mqtt_reader reader;
    struct ph_mqtt_packet packet;
    uint8_t level;
    size_t step;
    int err = PH_ERR_AGAIN;

    if (size < 2)
        return 0;
    level = (data[0] & 0x80) != 0 ? PH_MQTT_LEVEL_3_1_1 : PH_MQTT_LEVEL_5;
    step = (data[0] & 0x7f) == 0 ? size : data[0] & 0x7fu;
    ph_mqtt_reader_init(&reader);
    for (size_t at = 1; at < size && err == PH_ERR_AGAIN; at += step) {
        size_t len = size - at < step ? size - at : step;

        if (ph_mqtt_reader_put(&reader, data + at, len) != PH_OK)
            break;
        while ((err = ph_mqtt_reader_next(&reader, level, &packet)) == PH_OK)
            touch_packet(&packet);
    }
    ph_mqtt_reader_close(&reader);
    return 0;
}
