/* Unit tests of proto/mqtt. */
#include "mqtt_packets.h"

static int
parse(const void *bytes, size_t len, struct ph_mqtt_packet *packet)
{
    return parse_at(PH_MQTT_LEVEL_5, bytes, len, packet);
}

static void
assert_view(struct ph_mqtt_view view, const char *expected)
{
    assert_int_equal(view.len, strlen(expected));
    assert_memory_equal(view.bytes, expected, view.len);
}

static void
connect_has_the_bytes_of_the_standard(void **state)
{
    static const char expected[] =
        "\x10\x39"         /* CONNECT, 57 bytes */
        "\0\4MQTT\5"       /* protocol, level */
        "\xee"             /* user, password, will retained QoS 1, clean */
        "\0\x37"           /* keep alive 55 */
        "\x0d"             /* properties */
        "\x11\0\0\x1c\x20" /* session expiry 7,200 */
        "\x21\0\x10"       /* receive maximum 16 */
        "\x27\0\4\0\0"     /* packet maximum 256 KiB */
        "\0\4ws-1"         /* client id */
        "\x0a"             /* will properties */
        "\x18\0\0\0\x0a"   /* delay 10 */
        "\2\0\0\0\x3c"     /* expiry 60 */
        "\0\3a/b"          /* will topic */
        "\0\3off"          /* will payload */
        "\0\1u"            /* user name */
        "\0\1p";           /* password */
    struct ph_mqtt_will will = {.delay_s = 10,
                                .message = {.topic = "a/b",
                                            .payload = "off",
                                            .len = 3,
                                            .retain = true,
                                            .expiry_s = 60}};
    struct ph_mqtt_connect connect = {.level = PH_MQTT_LEVEL_5,
                                      .client_id = "ws-1",
                                      .keep_alive_s = 55,
                                      .clean_start = true,
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
}

static void
the_smallest_connect_has_no_optional_part(void **state)
{
    static const char expected[] = "\x10\x0f\0\4MQTT\5\0\0\0\0\0\2id";
    struct ph_mqtt_connect connect = {.level = PH_MQTT_LEVEL_5,
                                      .client_id = "id"};
    struct ph_buf buf;

    (void)state;
    ph_buf_init(&buf, 1024);
    assert_int_equal(ph_mqtt_put_connect(&buf, &connect), PH_OK);
    assert_bytes(&buf, expected, sizeof(expected) - 1);
}

static void
publish_and_the_small_packets_have_the_bytes_of_the_standard(void **state)
{
    static const char publish[] = "\x33\x1a\0\3a/b\0\7"
                                  "\x10\2\0\0\0\x3c\3\0\x08text/xml{}";
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
    assert_int_equal(ph_mqtt_put_publish(&buf, 5, &message, 7, 1024), PH_OK);
    assert_bytes(&buf, publish, sizeof(publish) - 1);
    assert_int_equal(ph_mqtt_put_puback(&buf, 5, 0x102, 0), PH_OK);
    assert_bytes(&buf, "\x40\2\1\2", 4);
    assert_int_equal(ph_mqtt_put_puback(&buf, 5, 0x102, 0x87), PH_OK);
    assert_bytes(&buf, "\x40\3\1\2\x87", 5);
    assert_int_equal(ph_mqtt_put_subscribe(&buf, 5, 9, filters, 2, 0), PH_OK);
    assert_bytes(&buf, "\x82\x13\0\x09\0\0\5cmd/1\1\0\5cfg/+\1", 21);
    ph_buf_clear(&buf);
    assert_int_equal(ph_mqtt_put_subscribe(&buf, 5, 9, filters, 2, 1), PH_OK);
    assert_bytes(&buf, "\x82\x13\0\x09\0\0\5cmd/1\1\0\5cfg/+\0", 21);
    assert_int_equal(ph_mqtt_put_pingreq(&buf), PH_OK);
    assert_bytes(&buf, "\xc0\0", 2);
    assert_int_equal(ph_mqtt_put_disconnect(&buf, 5, 0), PH_OK);
    assert_bytes(&buf, "\xe0\0", 2);
    assert_int_equal(ph_mqtt_put_disconnect(&buf, 5, 0x81), PH_OK);
    assert_bytes(&buf, "\xe0\1\x81", 3);
}

static void
dup_is_set_on_a_qos_1_publish_only(void **state)
{
    uint8_t publish[] = {0x33, 0}, qos_0[] = {0x30, 0}, ping[] = {0xc0, 0};

    (void)state;
    ph_mqtt_set_dup(publish, 2);
    assert_int_equal(publish[0], 0x3b);
    ph_mqtt_set_dup(qos_0, 2);
    assert_int_equal(qos_0[0], 0x30);
    ph_mqtt_set_dup(ping, 2);
    assert_int_equal(ping[0], 0xc0);
}

static void
refused_packets_leave_the_buffer_as_it_was(void **state)
{
    static const char *const topics[] = {"",    "a/+",     "#",
                                         "a\n", "a\xff/b", "\xed\xa0\x80"};
    struct ph_mqtt_connect connect = {.level = 3, .client_id = "id"};
    struct ph_mqtt_message message = {
        .topic = "a", .payload = "12345", .len = 5};
    struct ph_mqtt_will will = {.message = {.topic = "a/#"}};
    const char *empty_filter[] = {""}, *a_filter[] = {"a"};
    struct ph_buf buf;

    (void)state;
    ph_buf_init(&buf, 1024);
    assert_int_equal(ph_buf_put_u8(&buf, 0xaa), PH_OK);
    assert_int_equal(ph_mqtt_put_connect(&buf, &connect), PH_ERR_UNSUPPORTED);
    connect.level = PH_MQTT_LEVEL_5;
    connect.will = &will;
    assert_int_equal(ph_mqtt_put_connect(&buf, &connect), PH_ERR_INVALID);
    connect.will = NULL;
    connect.client_id = "\xc0\x80";
    assert_int_equal(ph_mqtt_put_connect(&buf, &connect), PH_ERR_INVALID);
    assert_int_equal(ph_mqtt_put_publish(&buf, 5, &message, 1, 12),
                     PH_ERR_TOO_BIG);
    for (size_t i = 0; i < PH_COUNT(topics); i++) {
        message.topic = topics[i];
        assert_int_equal(ph_mqtt_put_publish(&buf, 5, &message, 1, 1024),
                         PH_ERR_INVALID);
    }
    assert_int_equal(ph_mqtt_put_puback(&buf, 5, 0, 0), PH_ERR_INVALID);
    assert_int_equal(ph_mqtt_put_subscribe(&buf, 5, 1, empty_filter, 1, 0),
                     PH_ERR_INVALID);
    assert_int_equal(ph_mqtt_put_subscribe(&buf, 5, 1, empty_filter, 0, 0),
                     PH_ERR_INVALID);
    assert_int_equal(ph_mqtt_put_subscribe(&buf, 5, 1, a_filter, 1, 2),
                     PH_ERR_INVALID);
    assert_bytes(&buf, "\xaa", 1);
}

static void
wildcards_stand_where_the_standard_lets_them(void **state)
{
    static const char *const goods[] = {
        "a", "a/b", "/", "+", "#", "a/+/b", "a/#", "+/+/#", "$share/g/a/#"};
    static const char *const bads[] = {"",         "#/a",  "a#",    "a/b#",
                                       "a+",       "a/+b", "a/#/b", "a\tb/#",
                                       "a/\xff/#", "a/##", "++"};

    (void)state;
    for (size_t i = 0; i < PH_COUNT(goods); i++) {
        if (!ph_mqtt_filter_valid(goods[i], strlen(goods[i])))
            fail_msg("refused: %s", goods[i]);
    }
    for (size_t i = 0; i < PH_COUNT(bads); i++) {
        if (ph_mqtt_filter_valid(bads[i], strlen(bads[i])))
            fail_msg("accepted: %s", bads[i]);
    }
    assert_false(ph_mqtt_topic_valid("a/+", 3));
    assert_false(ph_mqtt_topic_valid("#", 1));
}

static void
connack_says_what_the_broker_wants(void **state)
{
    static const char full[] = "\x20\x2f\1\0\x2c"
                               "\x11\0\0\0\x3c"  /* session expiry */
                               "\x12\0\3abc"     /* assigned client id */
                               "\x13\0\x1e"      /* server keep alive 30 */
                               "\x1f\0\5hello"   /* reason string */
                               "\x21\0\x0a"      /* receive maximum 10 */
                               "\x22\0\x0a"      /* topic alias maximum 10 */
                               "\x24\1\x25\0"    /* maximum QoS, no retain */
                               "\x26\0\1k\0\1v"  /* user property */
                               "\x27\0\0\x10\0"; /* packet maximum 4,096 */
    struct ph_mqtt_packet packet;

    (void)state;
    assert_int_equal(parse(full, sizeof(full) - 1, &packet), PH_OK);
    assert_int_equal(packet.type, PH_MQTT_CONNACK);
    assert_true(packet.u.connack.session_present);
    assert_int_equal(packet.u.connack.receive_max, 10);
    assert_int_equal(packet.u.connack.packet_max, 4096);
    assert_int_equal(packet.u.connack.topic_alias_max, 10);
    assert_int_equal(packet.u.connack.server_keep_alive_s, 30);
    assert_true(packet.u.connack.has_server_keep_alive);
    assert_int_equal(packet.u.connack.session_expiry_s, 60);
    assert_false(packet.u.connack.retain_available);
    assert_view(packet.u.connack.client_id, "abc");
    assert_view(packet.u.connack.reason_string, "hello");
    assert_int_equal(parse("\x20\3\0\x87\0", 5, &packet), PH_OK);
    assert_int_equal(packet.u.connack.reason, PH_MQTT_NOT_AUTHORIZED);
    assert_int_equal(packet.u.connack.receive_max, 65535);
    assert_int_equal(packet.u.connack.packet_max, PH_MQTT_PACKET_MAX);
    assert_false(packet.u.connack.has_server_keep_alive);
    assert_true(packet.u.connack.retain_available);
    assert_string_equal(ph_mqtt_reason_text(0x87), "not authorized");
    assert_string_equal(ph_mqtt_reason_text(0xff), "unknown reason");
}

static void
publish_and_acknowledgements_are_read(void **state)
{
    static const char publish[] =
        "\x3b\x29\0\3a/b\0\7\x1e\1\1\2\0\0\0\x3c\3\0\1j\x08\0\1r\x09\0\1"
        "c\x0b\1\x0b\2\x26\0\1k\0\1vxyz";
    struct ph_mqtt_packet packet;

    (void)state;
    assert_int_equal(parse(publish, sizeof(publish) - 1, &packet), PH_OK);
    assert_int_equal(packet.u.publish.packet_id, 7);
    assert_true(packet.u.publish.dup);
    assert_true(packet.u.publish.retain);
    assert_int_equal(packet.u.publish.expiry_s, 60);
    assert_view(packet.u.publish.topic, "a/b");
    assert_view(packet.u.publish.payload, "xyz");
    assert_view(packet.u.publish.response_topic, "r");
    assert_view(packet.u.publish.correlation, "c");
    assert_int_equal(parse("\x30\4\0\1a\0", 6, &packet), PH_OK);
    assert_int_equal(packet.u.publish.packet_id, 0);
    assert_int_equal(packet.u.publish.payload.len, 0);
    assert_int_equal(parse("\x40\2\1\2", 4, &packet), PH_OK);
    assert_int_equal(packet.u.ack.packet_id, 0x102);
    assert_int_equal(packet.u.ack.reason, 0);
    assert_int_equal(parse("\x40\7\0\1\x87\3\x1f\0\0", 9, &packet), PH_OK);
    assert_int_equal(packet.u.ack.reason, 0x87);
    assert_int_equal(parse("\x90\5\0\1\0\1\x87", 7, &packet), PH_OK);
    assert_int_equal(packet.u.ack.reasons.len, 2);
    assert_int_equal(parse("\xd0\0", 2, &packet), PH_OK);
    assert_int_equal(packet.type, PH_MQTT_PINGRESP);
    assert_int_equal(parse("\xe0\0", 2, &packet), PH_OK);
    assert_int_equal(parse("\xe0\1\x8b", 3, &packet), PH_OK);
    assert_int_equal(packet.u.ack.reason, 0x8b);
}

static void
every_malformed_packet_is_refused(void **state)
{
    static const struct bytes bad[] = {
        BYTES("packet type 0", "\0\0"),
        BYTES("CONNECT from a server", "\x10\2\0\0"),
        BYTES("PUBREC", "\x50\2\0\1"),
        BYTES("PUBREL", "\x62\2\0\1"),
        BYTES("PUBCOMP", "\x70\2\0\1"),
        BYTES("SUBSCRIBE from a server", "\x82\2\0\1"),
        BYTES("UNSUBACK", "\xb0\4\0\1\0\0"),
        BYTES("PINGREQ from a server", "\xc0\0"),
        BYTES("AUTH", "\xf0\0"),
        BYTES("flags in CONNACK", "\x21\3\0\0\0"),
        BYTES("flags in PINGRESP", "\xd1\0"),
        BYTES("PINGRESP with a body", "\xd0\1\0"),
        BYTES("length of five bytes", "\x20\xff\xff\xff\xff\1"),
        BYTES("length not in its shortest form", "\x20\x83\0\0\0\0"),
        BYTES("CONNACK without properties", "\x20\2\0\0"),
        BYTES("refused without properties", "\x20\2\0\2"),
        BYTES("refused as of old, session present", "\x20\2\1\1"),
        BYTES("CONNACK with bytes behind", "\x20\4\0\0\0\0"),
        BYTES("CONNACK with reserved flags", "\x20\3\2\0\0"),
        BYTES("session present but refused", "\x20\3\1\x87\0"),
        BYTES("CONNACK with reason 1", "\x20\3\0\1\0"),
        BYTES("properties longer than packet", "\x20\3\0\0\5"),
        BYTES("property length cut", "\x20\3\0\0\x80"),
        BYTES("unknown property", "\x20\5\0\0\2\x7f\0"),
        BYTES("property of another packet", "\x20\x08\0\0\5\2\0\0\0\1"),
        BYTES("property twice", "\x20\x09\0\0\6\x21\0\1\x21\0\1"),
        BYTES("property cut", "\x20\5\0\0\2\x21\0"),
        BYTES("receive maximum 0", "\x20\6\0\0\3\x21\0\0"),
        BYTES("packet maximum 0", "\x20\x08\0\0\5\x27\0\0\0\0"),
        BYTES("maximum QoS 2", "\x20\5\0\0\2\x24\2"),
        BYTES("retain available 2", "\x20\5\0\0\2\x25\2"),
        BYTES("reason string not UTF-8", "\x20\7\0\0\4\x1f\0\1\xff"),
        BYTES("reason string with NUL", "\x20\7\0\0\4\x1f\0\1\0"),
        BYTES("user property without value", "\x20\7\0\0\4\x26\0\1k"),
        BYTES("PUBLISH at QoS 2", "\x34\6\0\1a\0\1\0"),
        BYTES("PUBLISH at QoS 3", "\x36\6\0\1a\0\1\0"),
        BYTES("DUP at QoS 0", "\x38\4\0\1a\0"),
        BYTES("PUBLISH with packet id 0", "\x32\6\0\1a\0\0\0"),
        BYTES("PUBLISH with cut packet id", "\x32\4\0\1a\0"),
        BYTES("PUBLISH with empty topic", "\x30\3\0\0\0"),
        BYTES("PUBLISH to a wildcard", "\x30\4\0\1+\0"),
        BYTES("topic with control character", "\x30\4\0\1\t\0"),
        BYTES("topic alias though none allowed", "\x30\7\0\1a\3\x23\0\1"),
        BYTES("payload format 2", "\x30\6\0\1a\2\1\2"),
        BYTES("subscription identifier 0", "\x30\6\0\1a\2\x0b\0"),
        BYTES("PUBACK without id", "\x40\1\0"),
        BYTES("PUBACK with id 0", "\x40\2\0\0"),
        BYTES("PUBACK with bytes behind", "\x40\5\0\1\0\0\0"),
        BYTES("SUBACK without reason", "\x90\3\0\1\0"),
        BYTES("SUBACK with id 0", "\x90\4\0\0\0\0"),
        BYTES("session expiry in DISCONNECT", "\xe0\7\0\5\x11\0\0\0\1"),
    };
    struct ph_mqtt_packet packet;

    (void)state;
    for (size_t i = 0; i < PH_COUNT(bad); i++) {
        if (parse(bad[i].data, bad[i].len, &packet) != PH_ERR_PROTOCOL)
            fail_msg("accepted: %s", bad[i].name);
    }
}

static void
too_long_packets_are_refused_before_they_arrive(void **state)
{
    struct ph_mqtt_packet packet;
    size_t used;

    (void)state;
    /* 256 KiB with its header is one header too long */
    assert_int_equal(parse("\x30\x80\x80\x10", 4, &packet), PH_ERR_TOO_BIG);
    assert_int_equal(parse("\x30\xfc\xff\x0f", 4, &packet), PH_ERR_AGAIN);
    assert_int_equal(ph_mqtt_parse(PH_MQTT_LEVEL_5, (const uint8_t *)"\x30\4",
                                   2, 5, &packet, &used),
                     PH_ERR_TOO_BIG);
    assert_int_equal(
        ph_mqtt_parse(3, (const uint8_t *)"\xd0\0", 2, 5, &packet, &used),
        PH_ERR_UNSUPPORTED);
}

static void
packets_are_found_in_any_pieces(void **state)
{
    static const char stream[] = "\x20\3\0\0\0" /* CONNACK */
                                 "\x30\7\0\1a\0xyz"
                                 "\xd0\0"
                                 "\x40\2\0\1";
    static const enum ph_mqtt_type types[] = {PH_MQTT_CONNACK, PH_MQTT_PUBLISH,
                                              PH_MQTT_PINGRESP, PH_MQTT_PUBACK};

    (void)state;
    for (size_t step = 1; step < sizeof(stream); step++) {
        struct ph_mqtt_reader reader;
        struct ph_mqtt_packet packet;
        size_t seen = 0;

        ph_mqtt_reader_init(&reader);
        for (size_t at = 0; at < sizeof(stream) - 1; at += step) {
            size_t left = sizeof(stream) - 1 - at;

            assert_int_equal(ph_mqtt_reader_put(&reader, stream + at,
                                                left < step ? left : step),
                             PH_OK);
            while (ph_mqtt_reader_next(&reader, 5, &packet) == PH_OK) {
                assert_true(seen < PH_COUNT(types));
                assert_int_equal(packet.type, types[seen++]);
            }
        }
        assert_int_equal(seen, PH_COUNT(types));
        assert_int_equal(ph_mqtt_reader_next(&reader, 5, &packet),
                         PH_ERR_AGAIN);
        ph_mqtt_reader_close(&reader);
    }
}

static void
what_we_encode_we_can_read(void **state)
{
    static const size_t sizes[] = {0, 1, 110, 111, 120, 16000, 16370, 200000};
    static uint8_t payload[200000];

    (void)state;
    memset(payload, 'x', sizeof(payload));
    for (size_t i = 0; i < PH_COUNT(sizes); i++) {
        struct ph_mqtt_message message = {.topic = "ph1/t/u/k/ws-1",
                                          .payload = payload,
                                          .len = sizes[i],
                                          .expiry_s = 1};
        struct ph_mqtt_packet packet;
        struct ph_buf buf;

        ph_buf_init(&buf, PH_MQTT_PACKET_MAX);
        assert_int_equal(
            ph_mqtt_put_publish(&buf, 5, &message, 65535, PH_MQTT_PACKET_MAX),
            PH_OK);
        assert_int_equal(parse(buf.data, buf.len, &packet), PH_OK);
        assert_int_equal(packet.u.publish.payload.len, sizes[i]);
        assert_int_equal(packet.u.publish.packet_id, 65535);
        ph_buf_close(&buf);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(connect_has_the_bytes_of_the_standard),
        cmocka_unit_test(the_smallest_connect_has_no_optional_part),
        cmocka_unit_test(
            publish_and_the_small_packets_have_the_bytes_of_the_standard),
        cmocka_unit_test(dup_is_set_on_a_qos_1_publish_only),
        cmocka_unit_test(refused_packets_leave_the_buffer_as_it_was),
        cmocka_unit_test(wildcards_stand_where_the_standard_lets_them),
        cmocka_unit_test(connack_says_what_the_broker_wants),
        cmocka_unit_test(publish_and_acknowledgements_are_read),
        cmocka_unit_test(every_malformed_packet_is_refused),
        cmocka_unit_test(too_long_packets_are_refused_before_they_arrive),
        cmocka_unit_test(packets_are_found_in_any_pieces),
        cmocka_unit_test(what_we_encode_we_can_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
