/* What the files of the MQTT link share. */
#ifndef PH_NET_MQTT_LINK_PRIVATE_H
#define PH_NET_MQTT_LINK_PRIVATE_H

#include "mqtt_backoff.h"
#include "mqtt_endpoints.h"
#include "mqtt_flights.h"
#include "mqtt_login.h"
#include "printhold/base/attr.h"
#include "printhold/net/mqtt_link.h"
#include "printhold/net/proxy.h"
#include "printhold/net/resolver.h"
#include "proxy_tunnel.h"
#include "reach.h"
#include "ws_client.h"

#define PH_LINK_TOKEN_LAST UINT64_MAX /* the message of _stop */

enum ph_link_state {
    PH_LINK_WAITING,
    PH_LINK_RESOLVING,
    PH_LINK_TUNNELLING, /* to the proxy, and its answer */
    PH_LINK_CONNECTING,
    PH_LINK_ASKING,   /* why an address cannot be reached */
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
    struct ph_mqtt_reader reader;
    enum ph_link_state state;
    struct ph_mqtt_link_events events;
    void *arg;

    struct ph_mqtt_login login;
    char *filters[PH_MQTT_FILTERS_MAX];
    size_t filter_count, live_count;

    /* the way to a broker, mqtt_attempt.c */
    struct ph_mqtt_endpoints endpoints;
    struct ph_mqtt_backoff backoff;
    uint32_t attempt_ms, return_ms;
    struct ph_proxy proxy;
    char *no_proxy, *proxy_credentials_file;
    bool is_proxied; /* this endpoint */
    struct ph_resolver *resolver;
    struct ph_proxy_tunnel *tunnel;
    struct ph_reach *reach;
    struct ph_address addresses[PH_RESOLVER_ADDRESSES_MAX];
    size_t address_count, address_at;
    bool skips_preferred;        /* it said that it will not have us now */
    char text[PH_WHY_MAX];       /* why this attempt failed, set by us */
    char round_text[PH_WHY_MAX]; /* why the first broker of the round failed */

    /* what the broker's session has */
    const struct ph_mqtt_endpoint *session_endpoint;
    uint8_t session_level;
    bool is_subscribed;
    bool has_no_shared; /* the broker, of this connection */

    /* of the connection */
    uint64_t number; /* which it is */
    uint8_t level;
    bool is_version_refused;
    bool is_returning; /* left to go back to the first broker */
    uint64_t up_ms, received_ms, sent_ms;
    uint64_t asked_ms;  /* since when we wait for an answer */
    uint64_t ping_ms;   /* silence of ours before a ping; 0 = none needed */
    uint64_t return_at; /* when to go back to the first; 0 = never */
    bool is_pinged;
    bool is_hurried;     /* the answer is due sooner */
    bool is_subscribing; /* SUBSCRIBE is out, SUBACK due */
    bool is_held;        /* its reader has enough for now */
    uint16_t window;
    uint32_t packet_max;
    struct ph_buf control; /* CONNECT, PUBACK, PINGREQ, DISCONNECT */

    struct ph_mqtt_flights flights;

    bool is_paused;
    void (*paused)(void *arg); /* somebody waits for the end */
    void *paused_arg;

    bool is_stopping;
    bool has_last;
    struct ph_mqtt_kept last;
    void (*stopped)(void *arg);
    void *stopped_arg;
};

/* mqtt_link.c */
void ph_link_start_timer(struct ph_mqtt_link *link, uint64_t ms);
/* Remember why and drop the connection; it goes on when that has closed. */
void ph_link_give_up(struct ph_mqtt_link *link, const char *fmt, ...)
    PH_PRINTF(2, 3);
/* Set link->text unless it is. */
void ph_link_say(struct ph_mqtt_link *link, const char *fmt, ...)
    PH_PRINTF(2, 3);
/* DISCONNECT, and close when it is out. */
void ph_link_leave(struct ph_mqtt_link *link);
/* Who waits for the pause need not any more. */
void ph_link_tell_paused(struct ph_mqtt_link *link);
/* Stopping: leave as soon as everything is acknowledged. */
void ph_link_flush(struct ph_mqtt_link *link);

/* mqtt_attempt.c: from the urls to an open WebSocket, and what follows when
 * one closes */
void ph_link_begin_round(struct ph_mqtt_link *link);
void ph_link_on_reached(void *arg);
void ph_link_on_ws_closed(const char *text, void *arg);
/* The timer in the states RESOLVING to CONNECTING. */
void ph_link_on_attempt_timer(struct ph_mqtt_link *link);
/* Stop everything but ws. */
void ph_link_cancel_attempt(struct ph_mqtt_link *link);
/* The broker has accepted us. */
void ph_link_attempt_worked(struct ph_mqtt_link *link);
const char *ph_link_host(const struct ph_mqtt_link *link);

/* mqtt_session.c: one connection from CONNECT to its end */
void ph_link_on_open(void *arg);
bool ph_link_on_bytes(const void *bytes, size_t len, void *arg);
bool ph_link_on_writable(void *arg);
/* Publish; the caller has checked the state. */
int ph_link_put(struct ph_mqtt_link *link,
                const struct ph_mqtt_message *message, uint64_t token);

/* mqtt_alive.c. The timer in state UP: ping, give up, or go back to the first
 * broker. */
void ph_link_check_alive(struct ph_mqtt_link *link);
/* Ask now, and wait for the answer not as long. */
void ph_link_hurry_alive(struct ph_mqtt_link *link);
void ph_link_arm_alive(struct ph_mqtt_link *link);
bool ph_link_is_waiting_for_answer(const struct ph_mqtt_link *link);

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
