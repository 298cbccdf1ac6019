/*
 * MQTT control packets, client side, as bytes: no I/O, no state but the
 * reassembly of packets from pieces. Level 5 is MQTT 5.0 (OASIS Standard,
 * 7 March 2019; sections named here are its own), level 4 is MQTT 3.1.1 (OASIS
 * Standard, 29 October 2014, ISO/IEC 20922): the same without properties, so
 * expiry, content type, delay of the will and session expiry are not sent, and
 * return codes are read as the reasons that they mean.
 *
 * Quality of service 0 and 1 only. What we never ask for must not arrive:
 * QoS 2 packets, AUTH, UNSUBACK, topic aliases and packets over the maximum
 * are PH_ERR_PROTOCOL or PH_ERR_TOO_BIG, like every malformed byte; the
 * connection is to be closed then. Every property is checked for its type,
 * its place and its repetition (section 2.2.2).
 *
 * Other levels are PH_ERR_UNSUPPORTED.
 */
#ifndef PRINTHOLD_PROTO_MQTT_H
#define PRINTHOLD_PROTO_MQTT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "printhold/base/buf.h"

#define PH_MQTT_LEVEL_3_1_1     4
#define PH_MQTT_LEVEL_5         5
#define PH_MQTT_PACKET_MAX      (256 * 1024)
#define PH_MQTT_TOPIC_MAX       256
#define PH_MQTT_FILTERS_MAX     8     /* of one SUBSCRIBE */
#define PH_MQTT_RECEIVE_DEFAULT 65535 /* when CONNACK does not say */

enum ph_mqtt_type {
    PH_MQTT_CONNECT = 1,
    PH_MQTT_CONNACK = 2,
    PH_MQTT_PUBLISH = 3,
    PH_MQTT_PUBACK = 4,
    PH_MQTT_SUBSCRIBE = 8,
    PH_MQTT_SUBACK = 9,
    PH_MQTT_PINGREQ = 12,
    PH_MQTT_PINGRESP = 13,
    PH_MQTT_DISCONNECT = 14,
};

/* Reason codes that we send or act on; 0x80 and above are failures. */
enum ph_mqtt_reason {
    PH_MQTT_SUCCESS = 0x00,
    PH_MQTT_MALFORMED = 0x81,
    PH_MQTT_PROTOCOL_ERROR = 0x82,
    PH_MQTT_VERSION = 0x84, /* unsupported protocol version */
    PH_MQTT_CLIENT_ID = 0x85,
    PH_MQTT_BAD_LOGIN = 0x86,
    PH_MQTT_NOT_AUTHORIZED = 0x87,
    PH_MQTT_UNAVAILABLE = 0x88,
    PH_MQTT_TOPIC_NAME_INVALID = 0x90,
    PH_MQTT_PACKET_ID_IN_USE = 0x91,
    PH_MQTT_PACKET_TOO_LARGE = 0x95,
    PH_MQTT_QUOTA_EXCEEDED = 0x97,
    PH_MQTT_PAYLOAD_FORMAT_INVALID = 0x99,
    PH_MQTT_NO_SHARED = 0x9e, /* subscriptions */
};

/* The standard's name of a reason code in lower case; "reason code 0x.."
 * never: unknown codes give "unknown reason". Static. */
const char *ph_mqtt_reason_text(uint8_t reason);

/* A topic name to publish to: 1 to PH_MQTT_TOPIC_MAX bytes of UTF-8, no
 * wildcard, no control character. */
bool ph_mqtt_topic_valid(const char *topic, size_t len);

/* A topic filter to subscribe to: the same, with wildcards where section 4.7.1
 * lets them be. */
bool ph_mqtt_filter_valid(const char *filter, size_t len);

/* --- what we send: appended to buf, nothing appended on failure --- */

/* A message to publish. Text and payload are the caller's. */
struct ph_mqtt_message {
    const char *topic;
    const void *payload;
    size_t len;
    bool retain;
    uint32_t expiry_s;        /* message expiry; 0 = never */
    const char *content_type; /* NULL = not said */
};

struct ph_mqtt_will {
    struct ph_mqtt_message message; /* QoS 1; len at most 65,535 */
    uint32_t delay_s;
};

struct ph_mqtt_connect {
    uint8_t level;
    const char *client_id;
    uint16_t keep_alive_s;
    bool clean_start;          /* Clean Session at level 4 */
    uint32_t session_expiry_s; /* 0 = the session ends with the connection */
    uint16_t receive_max;      /* 0 = not said */
    uint32_t packet_max;       /* 0 = not said */
    const struct ph_mqtt_will *will; /* NULL = none */
    const char *user_name;           /* NULL = none */
    const void *password;            /* NULL = none */
    size_t password_len;
};

int ph_mqtt_put_connect(struct ph_buf *buf,
                        const struct ph_mqtt_connect *connect);

/* packet_id 0 sends at QoS 0, any other at QoS 1. A packet over packet_max
 * (what CONNACK said) is PH_ERR_TOO_BIG. */
int ph_mqtt_put_publish(struct ph_buf *buf, uint8_t level,
                        const struct ph_mqtt_message *message,
                        uint16_t packet_id, uint32_t packet_max);
/* Mark an encoded QoS 1 PUBLISH as sent again (section 4.4). */
void ph_mqtt_set_dup(uint8_t *packet, size_t len);

int ph_mqtt_put_puback(struct ph_buf *buf, uint8_t level, uint16_t packet_id,
                       uint8_t reason);
/* Ask for filters; 1 to PH_MQTT_FILTERS_MAX of them. The last live_count at
 * QoS 0, the others at QoS 1. */
int ph_mqtt_put_subscribe(struct ph_buf *buf, uint8_t level, uint16_t packet_id,
                          const char *const *filters, size_t count,
                          size_t live_count);
int ph_mqtt_put_pingreq(struct ph_buf *buf);
int ph_mqtt_put_disconnect(struct ph_buf *buf, uint8_t level, uint8_t reason);

/* --- what we receive --- */

/* A view into the packet's bytes; UTF-8 where it is text, not terminated. */
struct ph_mqtt_view {
    const char *bytes; /* NULL when absent */
    size_t len;
};

struct ph_mqtt_connack {
    uint8_t reason;
    bool session_present;
    bool has_server_keep_alive;
    uint16_t server_keep_alive_s;
    uint16_t receive_max; /* PH_MQTT_RECEIVE_DEFAULT unless said */
    uint32_t packet_max;  /* PH_MQTT_PACKET_MAX unless a lower one is said */
    uint16_t topic_alias_max;
    uint8_t qos_max; /* 0 or 1 (2 means 1 for us) */
    bool retain_available;
    bool shared_available; /* shared subscriptions */
    bool has_session_expiry;
    uint32_t session_expiry_s;
    struct ph_mqtt_view client_id; /* assigned */
    struct ph_mqtt_view reason_string;
    struct ph_mqtt_view server_reference;
};

struct ph_mqtt_publish {
    struct ph_mqtt_view topic;
    struct ph_mqtt_view payload;
    uint16_t packet_id; /* 0 at QoS 0 */
    bool retain;
    bool dup;
    bool has_expiry;
    uint32_t expiry_s;
    struct ph_mqtt_view content_type;
    struct ph_mqtt_view response_topic;
    struct ph_mqtt_view correlation;
};

/* PUBACK, DISCONNECT (packet_id 0) and SUBACK (reasons: one per filter). */
struct ph_mqtt_ack {
    uint16_t packet_id;
    uint8_t reason;
    struct ph_mqtt_view reasons;
    struct ph_mqtt_view reason_string;
    struct ph_mqtt_view server_reference;
};

struct ph_mqtt_packet {
    enum ph_mqtt_type type;
    union {
        struct ph_mqtt_connack connack;
        struct ph_mqtt_publish publish;
        struct ph_mqtt_ack ack; /* PUBACK, SUBACK, DISCONNECT */
    } u;
};

/*
 * Look at the front of the bytes. PH_OK: *out_packet is set, its views point
 * into the bytes, and *out_used bytes belong to it. PH_ERR_AGAIN: incomplete
 * so far. PH_ERR_TOO_BIG: more than max bytes announced. PH_ERR_PROTOCOL.
 */
int ph_mqtt_parse(uint8_t level, const uint8_t *bytes, size_t len, size_t max,
                  struct ph_mqtt_packet *out_packet, size_t *out_used);

/* Packets from arbitrary pieces. Embed it; close it. */
struct ph_mqtt_reader {
    struct ph_buf buf;
    size_t pos;
};

void ph_mqtt_reader_init(struct ph_mqtt_reader *reader);
void ph_mqtt_reader_close(struct ph_mqtt_reader *reader);
/* Forget what was received: a new connection. */
void ph_mqtt_reader_clear(struct ph_mqtt_reader *reader);
/* Add a piece; call _next until PH_ERR_AGAIN after each. PH_ERR_TOO_BIG when
 * that was not done or the piece is over PH_MQTT_PACKET_MAX. */
int ph_mqtt_reader_put(struct ph_mqtt_reader *reader, const void *bytes,
                       size_t len);
/* The next whole packet, valid until the next call of _put, _clear, _close.
 * Errors as ph_mqtt_parse. */
int ph_mqtt_reader_next(struct ph_mqtt_reader *reader, uint8_t level,
                        struct ph_mqtt_packet *out_packet);

#endif
