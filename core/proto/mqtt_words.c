/* Names and topics of MQTT. */
#include "printhold/proto/mqtt.h"

#include <string.h>

#include "printhold/base/attr.h"
#include "printhold/base/utf8.h"

struct reason_name {
    uint8_t reason;
    const char *text;
};

static const struct reason_name reason_names[] = {
    {0x00, "success"},
    {0x10, "no matching subscribers"},
    {0x80, "unspecified error"},
    {0x81, "malformed packet"},
    {0x82, "protocol error"},
    {0x83, "implementation specific error"},
    {0x84, "unsupported protocol version"},
    {0x85, "client identifier not valid"},
    {0x86, "bad user name or password"},
    {0x87, "not authorized"},
    {0x88, "server unavailable"},
    {0x89, "server busy"},
    {0x8a, "banned"},
    {0x8b, "server shutting down"},
    {0x8c, "bad authentication method"},
    {0x8d, "keep alive timeout"},
    {0x8e, "session taken over"},
    {0x8f, "topic filter invalid"},
    {0x90, "topic name invalid"},
    {0x91, "packet identifier in use"},
    {0x93, "receive maximum exceeded"},
    {0x94, "topic alias invalid"},
    {0x95, "packet too large"},
    {0x96, "message rate too high"},
    {0x97, "quota exceeded"},
    {0x98, "administrative action"},
    {0x99, "payload format invalid"},
    {0x9a, "retain not supported"},
    {0x9b, "QoS not supported"},
    {0x9c, "use another server"},
    {0x9d, "server moved"},
    {0x9e, "shared subscriptions not supported"},
    {0x9f, "connection rate exceeded"},
    {0xa0, "maximum connect time"},
    {0xa1, "subscription identifiers not supported"},
    {0xa2, "wildcard subscriptions not supported"},
};

const char *
ph_mqtt_reason_text(uint8_t reason)
{
    for (size_t i = 0; i < PH_COUNT(reason_names); i++) {
        if (reason_names[i].reason == reason)
            return reason_names[i].text;
    }
    return "unknown reason";
}

/* What names and filters share: length, UTF-8, no control character. */
static bool
is_topic_text(const char *text, size_t len)
{
    if (len == 0 || len > PH_MQTT_TOPIC_MAX || !ph_utf8_valid(text, len))
        return false;
    for (size_t i = 0; i < len; i++) {
        unsigned char byte = (unsigned char)text[i];

        if (byte < 0x20 || byte == 0x7f)
            return false;
    }
    return true;
}

bool
ph_mqtt_topic_valid(const char *topic, size_t len)
{
    return is_topic_text(topic, len) && memchr(topic, '+', len) == NULL &&
           memchr(topic, '#', len) == NULL;
}

/* A wildcard is a whole level, and "#" the last one (section 4.7.1). */
static bool
is_level_valid(const char *level, size_t len, bool is_last)
{
    if (len == 1 && level[0] == '#')
        return is_last;
    if (len == 1 && level[0] == '+')
        return true;
    return len == 0 ||
           (memchr(level, '+', len) == NULL && memchr(level, '#', len) == NULL);
}

bool
ph_mqtt_filter_valid(const char *filter, size_t len)
{
    if (!is_topic_text(filter, len))
        return false;
    for (size_t at = 0; at <= len;) {
        const char *level = filter + at;
        const char *end = memchr(level, '/', len - at);
        size_t level_len = end != NULL ? (size_t)(end - level) : len - at;

        if (!is_level_valid(level, level_len, end == NULL))
            return false;
        at += level_len + 1;
    }
    return true;
}
