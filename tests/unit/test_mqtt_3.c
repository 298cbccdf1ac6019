/* Unit tests of proto/mqtt at level 4, MQTT 3.1.1. */
#include "mqtt_packets.h"

#define LEVEL PH_MQTT_LEVEL_3_1_1

static void
connect_has_no_properties(void **state)
{
    static const char expected[] = "\x10\x20"
                                   "\0\4MQTT\4"
                                   "\xec"   /* user, password, will */
                                   "\0\x37" /* keep alive 55 */
                                   "\0\4ws-1"
                                   "\0\3a/b\0\3off" /* will */
                                   "\0\1u\0\1p";
    struct ph_mqtt_will will = {.delay_s = 10,
                                .message = {.topic = "a/b",
                                            .payload = "off",
                                            .len = 3,
                                            .retain = true,
                                            .expiry_s = 60}};
    struct ph_mqtt_connect connect = {.level = LEVEL,
                                      .client_id = "ws-1",
                                      .keep_alive_s = 55,
                                      .session_expiry_s = 7200,
                                      .receive_max = 16,
                                      .packet_max = 262144,
                                      .will = &will,
                                      .user_name = "u",
                                      .password = "p",
                                      .password_len = 1};
    struct ph_buf buf;

    (void)state;
    ph_buf_init(&buf, 1024);
    assert_int_equal(ph_mqtt_put_connect(&buf, &connect), PH_OK);
    assert_bytes(&buf, expected, sizeof(expected) - 1);
    connect.user_name = NULL; /* a password alone is not possible */
    assert_int_equal(ph_mqtt_put_connect(&buf, &connect), PH_ERR_INVALID);
    assert_int_equal(buf.len, 0);
}

static void
the_other_packets_have_no_properties_either(void **state)
{
    static const char *const filters[] = {"cmd/1", "cfg/+"};
    struct ph_mqtt_message message = {.topic = "a/b",
                                      .payload = "{}",
                                      .len = 2,
                                      .retain = true,
                                      .expiry_s = 60,
                                      .content_type = "text/xml"};
    struct ph_buf buf;

    (void)state;
    ph_buf_init(&buf, 1024);
    assert_int_equal(ph_mqtt_put_publish(&buf, LEVEL, &message, 7, 1024),
                     PH_OK);
    assert_bytes(&buf, "\x33\x09\0\3a/b\0\7{}", 11);
    assert_int_equal(ph_mqtt_put_puback(&buf, LEVEL, 0x102, 0x87), PH_OK);
    assert_bytes(&buf, "\x40\2\1\2", 4);
    assert_int_equal(ph_mqtt_put_subscribe(&buf, LEVEL, 9, filters, 2, 0),
                     PH_OK);
    assert_bytes(&buf, "\x82\x12\0\x09\0\5cmd/1\1\0\5cfg/+\1", 20);
    assert_int_equal(ph_mqtt_put_disconnect(&buf, LEVEL, 0x81), PH_OK);
    assert_bytes(&buf, "\xe0\0", 2);
}

static void
return_codes_are_read_as_the_reasons_that_they_mean(void **state)
{
    static const uint8_t reasons[] = {0x00, 0x84, 0x85, 0x88, 0x86, 0x87};
    struct ph_mqtt_packet packet;

    (void)state;
    for (uint8_t code = 0; code < sizeof(reasons); code++) {
        const uint8_t bytes[] = {0x20, 2, 0, code};

        assert_int_equal(parse_at(LEVEL, bytes, 4, &packet), PH_OK);
        assert_int_equal(packet.u.connack.reason, reasons[code]);
        assert_false(packet.u.connack.session_present);
        assert_int_equal(packet.u.connack.qos_max, 1);
        assert_true(packet.u.connack.retain_available);
        assert_int_equal(packet.u.connack.receive_max, 65535);
        assert_int_equal(packet.u.connack.packet_max, PH_MQTT_PACKET_MAX);
    }
    assert_int_equal(parse_at(LEVEL, "\x20\2\1\0", 4, &packet), PH_OK);
    assert_true(packet.u.connack.session_present);
    /* how a broker of 3.1.1 answers a CONNECT of level 5 */
    assert_int_equal(parse_at(PH_MQTT_LEVEL_5, "\x20\2\0\1", 4, &packet),
                     PH_OK);
    assert_int_equal(packet.u.connack.reason, PH_MQTT_VERSION);
}

static void
packets_are_read_without_properties(void **state)
{
    struct ph_mqtt_packet packet;

    (void)state;
    assert_int_equal(parse_at(LEVEL, "\x32\7\0\1a\0\7xy", 9, &packet), PH_OK);
    assert_int_equal(packet.u.publish.packet_id, 7);
    assert_int_equal(packet.u.publish.payload.len, 2);
    assert_memory_equal(packet.u.publish.payload.bytes, "xy", 2);
    assert_false(packet.u.publish.has_expiry);
    assert_int_equal(parse_at(LEVEL, "\x30\3\0\1a", 5, &packet), PH_OK);
    assert_int_equal(packet.u.publish.payload.len, 0);
    assert_int_equal(parse_at(LEVEL, "\x40\2\1\2", 4, &packet), PH_OK);
    assert_int_equal(packet.u.ack.packet_id, 0x102);
    assert_int_equal(parse_at(LEVEL, "\x90\4\0\1\1\x80", 6, &packet), PH_OK);
    assert_int_equal(packet.u.ack.reasons.len, 2);
    assert_int_equal(parse_at(LEVEL, "\xd0\0", 2, &packet), PH_OK);
}

static void
every_malformed_packet_is_refused(void **state)
{
    static const struct bytes bad[] = {
        BYTES("CONNACK with properties", "\x20\3\0\0\0"),
        BYTES("CONNACK with a reason of MQTT 5", "\x20\2\0\x87"),
        BYTES("CONNACK with code 6", "\x20\2\0\6"),
        BYTES("CONNACK cut", "\x20\1\0"),
        BYTES("session present but refused", "\x20\2\1\5"),
        BYTES("reserved flags in CONNACK", "\x20\2\2\0"),
        BYTES("PUBLISH at QoS 2", "\x34\5\0\1a\0\1"),
        BYTES("PUBLISH with cut packet id", "\x32\4\0\1a\0"),
        BYTES("PUBLISH with packet id 0", "\x32\5\0\1a\0\0"),
        BYTES("PUBLISH with empty topic", "\x30\2\0\0"),
        BYTES("PUBACK with a reason", "\x40\3\0\1\0"),
        BYTES("PUBACK with id 0", "\x40\2\0\0"),
        BYTES("SUBACK without code", "\x90\2\0\1"),
        BYTES("DISCONNECT from a server", "\xe0\0"),
        BYTES("DISCONNECT with a reason", "\xe0\1\0"),
        BYTES("AUTH", "\xf0\0"),
        BYTES("PINGRESP with a body", "\xd0\1\0"),
    };
    struct ph_mqtt_packet packet;

    (void)state;
    for (size_t i = 0; i < PH_COUNT(bad); i++) {
        if (parse_at(LEVEL, bad[i].data, bad[i].len, &packet) !=
            PH_ERR_PROTOCOL)
            fail_msg("accepted: %s", bad[i].name);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(connect_has_no_properties),
        cmocka_unit_test(the_other_packets_have_no_properties_either),
        cmocka_unit_test(return_codes_are_read_as_the_reasons_that_they_mean),
        cmocka_unit_test(packets_are_read_without_properties),
        cmocka_unit_test(every_malformed_packet_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
