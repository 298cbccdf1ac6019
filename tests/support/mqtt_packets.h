/* What tests of MQTT packets do with them, at each level of the protocol. */
#ifndef PRINTHOLD_TESTS_SUPPORT_MQTT_PACKETS_H
#define PRINTHOLD_TESTS_SUPPORT_MQTT_PACKETS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "printhold/base/attr.h"
#include "printhold/base/err.h"
#include "printhold/proto/mqtt.h"

struct bytes {
    const char *name;
    const char *data;
    size_t len;
};

#define BYTES(name, text)            \
    {                                \
        name, text, sizeof(text) - 1 \
    }

static inline int
parse_at(uint8_t level, const void *bytes, size_t len,
         struct ph_mqtt_packet *packet)
{
    size_t used = 0;
    int err =
        ph_mqtt_parse(level, bytes, len, PH_MQTT_PACKET_MAX, packet, &used);

    if (err == PH_OK)
        assert_int_equal(used, len);
    return err;
}

static inline void
assert_bytes(struct ph_buf *buf, const char *expected, size_t len)
{
    assert_int_equal(buf->len, len);
    assert_memory_equal(buf->data, expected, len);
    ph_buf_close(buf);
}

#endif
