/* What the files of the MQTT link share. */
#ifndef PH_NET_MQTT_LINK_PRIVATE_H
#define PH_NET_MQTT_LINK_PRIVATE_H

#include "mqtt_flights.h"
#include "printhold/net/mqtt_link.h"
#include "printhold/net/resolver.h"
#include "printhold/net/ws_url.h"
#include "ws_client.h"

#define PH_LINK_TOKEN_LAST UINT64_MAX /* the message of _stop */

enum ph_link_state {
    PH_LINK_WAITING,
    PH_LINK_RESOLVING,
    PH_LINK_CONNECTING,
    PH_LINK_GREETING, /* CONNECT is out */
    PH_LINK_UP,
    PH_LINK_FLUSHING, /* stop was called; the last acknowledgements */
    PH_LINK_LEAVING,  /* DISCONNECT goes out */
    PH_LINK_CLOSED,
};

struct ph_mqtt_link {
    uv_loop_t *loop;
    uv_timer_t timer;
    struct ph_ws_client *ws;
    struct ph_resolver *resolver;
    struct ph_mqtt_reader reader;
    enum ph_link_state state;
    struct ph_mqtt_link_events events;
    void *arg;

    struct ph_ws_url url;
    struct ph_buf connect; /* CONNECT */
    char *filters[PH_MQTT_FILTERS_MAX];
    size_t filter_count;
    bool is_subscribed; /* the broker's session has the filters */
    uint32_t backoff_min_ms, backoff_max_ms;
    uint16_t keep_alive_s; /* as we ask for it */
    unsigned attempts;
    char text[PH_WHY_MAX]; /* why the attempt failed, set by us */

    /* of the connection */
    uint64_t up_ms, received_ms, sent_ms;
    uint64_t asked_ms; /* since when we wait for an answer */
    uint64_t ping_ms;  /* silence of ours before a ping; 0 = none needed */
    bool is_pinged;
    bool is_hurried;     /* the answer is due sooner */
    bool is_subscribing; /* SUBSCRIBE is out, SUBACK due */
    uint16_t window;
    uint32_t packet_max;
    struct ph_buf control; /* CONNECT, PUBACK, PINGREQ, DISCONNECT */

    struct ph_mqtt_flights flights;

    bool is_stopping;
    bool has_last;
    struct ph_buf last_topic, last_payload;
    struct ph_mqtt_message last;
    void (*stopped)(void *arg);
    void *stopped_arg;
};

/* mqtt_link.c */
void ph_link_start_timer(struct ph_mqtt_link *link, uint64_t ms);
/* Remember why and drop the connection; it goes on when that has closed. */
void ph_link_give_up(struct ph_mqtt_link *link, const char *text);
/* Stopping: leave as soon as everything is acknowledged. */
void ph_link_flush(struct ph_mqtt_link *link);

/* mqtt_session.c: one connection from CONNECT to its end */
void ph_link_on_open(void *arg);
bool ph_link_on_bytes(const void *bytes, size_t len, void *arg);
bool ph_link_on_writable(void *arg);
/* Publish; the caller has checked the state. */
int ph_link_put(struct ph_mqtt_link *link,
                const struct ph_mqtt_message *message, uint64_t token);
/* The timer in state UP: ping, or give up. */
void ph_link_check_alive(struct ph_mqtt_link *link);
/* Ask now, and wait for the answer not as long. */
void ph_link_hurry_alive(struct ph_mqtt_link *link);
void ph_link_arm_alive(struct ph_mqtt_link *link);

/* mqtt_subscribe.c */
int ph_link_copy_filters(struct ph_mqtt_link *link,
                         const struct ph_mqtt_link_options *options,
                         struct ph_why *why);
void ph_link_free_filters(struct ph_mqtt_link *link);
/* After CONNACK: ask for what the broker's session does not have. */
int ph_link_subscribe(struct ph_mqtt_link *link);
/* False when the broker broke the protocol. */
bool ph_link_on_suback(struct ph_mqtt_link *link,
                       const struct ph_mqtt_ack *ack);

#endif
