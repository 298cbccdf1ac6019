/*
 * One lasting connection to an MQTT broker over WebSocket Secure (subprotocol
 * "mqtt", MQTT 5.0 section 6), on the caller's loop. MQTT 5, and 3.1.1 with a
 * broker that does not speak it: remembered for a day in this process. With
 * 3.1.1 nothing expires at the broker and the will has no delay.
 *
 * The link keeps trying: a broker of the list after the other, of each all
 * addresses; look up the name off the loop, connect, TLS, verify the broker
 * against the given authorities and the host name of the url (there is no way
 * to switch that off), CONNECT. Each has 15 s, a third of it for TCP while
 * there is another address or broker to try. After a round of failures it waits
 * 0.5 s, doubling to 60 s, with half of the time by chance; eight and five
 * times as long when a broker said that it will not have us. The broker that
 * worked is tried first; after 30 to 60 minutes on another the link goes back
 * to the first of the list. A link that hears nothing while it waits for an
 * answer 20 s is dead.
 *
 * With a proxy, names of brokers are looked up by the proxy.
 *
 * Messages go out at QoS 1, in order, at most ph_mqtt_link_window at a time.
 * A message is in flight from ph_mqtt_link_publish until on_acked. When the
 * connection is lost the link keeps what is in flight; after the reconnect
 * on_up says what became of it:
 *   session_present  the link sends it again itself (marked DUP);
 *   otherwise        it is dropped, the owner publishes what it still needs.
 * The session outlives the process (Clean Start 0): messages to it that came
 * while it was away are delivered after the next start.
 *
 * A filter "$share/GROUP/..." is asked for without its group where the broker
 * has no shared subscriptions (MQTT 3.1.1, or it says so): then every member of
 * the group hears everything.
 *
 * All functions and callbacks are on the loop's thread. Callbacks may call
 * any function of the link.
 */
#ifndef PRINTHOLD_NET_MQTT_LINK_H
#define PRINTHOLD_NET_MQTT_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "printhold/base/why.h"
#include "printhold/net/ws_stack.h"
#include "printhold/proto/mqtt.h"

#define PH_MQTT_LINK_WINDOW_MAX 16

struct ph_mqtt_link;

struct ph_mqtt_link_events {
    void (*on_up)(bool session_present, void *arg);
    /* An attempt failed or the connection ended; text says why. The link
     * tries again by itself. Not called for ph_mqtt_link_stop. */
    void (*on_down)(const char *text, void *arg);
    /* The broker has taken (reason < 0x80) or refused the message. */
    void (*on_acked)(uint64_t token, uint8_t reason, void *arg);
    /* May be NULL. Acknowledged to the broker after it returns. A message may
     * come again, marked DUP or not: QoS 1 is at least once. */
    void (*on_message)(const struct ph_mqtt_publish *message, void *arg);
    /* NULL: on_message has them all. Else what comes at QoS 1, and it is not
     * acknowledged before ph_mqtt_link_taken: what is not comes again. */
    void (*on_letter)(const struct ph_mqtt_publish *message, uint64_t letter,
                      void *arg);
    /* What the broker said to one of the filters: granted (reason < 0x80) or
     * refused. NULL: a refusal is logged as a warning. */
    void (*on_filter)(const char *filter, uint8_t reason, void *arg);
};

/* Text is copied. Numbers: 0 means the default. */
struct ph_mqtt_link_options {
    const char *url;           /* ws_url.h; several with blanks between */
    struct ph_ws_stack *stack; /* NULL: one of its own */
    const char *ca_file;       /* NULL: the system's authorities */
    const char *cert_file;     /* NULL: none; the broker may refuse */
    const char *key_file;
    const char *user;                   /* NULL or empty: none */
    const char *token_file;             /* the password; read at each connect */
    const char *proxy;                  /* proxy.h; NULL or empty: none */
    const char *no_proxy;               /* hosts that are reached without it */
    const char *proxy_credentials_file; /* "user:password" */
    const char *client_id;
    const struct ph_mqtt_will *will; /* copied; NULL = none */
    /* What to subscribe to at QoS 1; at most PH_MQTT_FILTERS_MAX. Asked for
     * at the first connection and whenever the broker has no session; what is
     * retained comes then. */
    const char *const *filters;
    size_t filter_count;
    /* The last so many of them at QoS 0: the broker keeps nothing of theirs
     * while we are away. Then all are asked for at every connection, and what
     * is retained comes each time. */
    size_t live_count;
    uint16_t receive_max;      /* 16; so many letters may wait to be taken */
    uint16_t keep_alive_s;     /* 55 */
    uint32_t session_expiry_s; /* 7,200 */
    uint32_t backoff_min_ms;   /* 500 */
    uint32_t backoff_max_ms;   /* 60,000 */
    uint32_t attempt_ms;       /* 15,000 */
    uint32_t return_ms;        /* 1,800,000 */
    struct ph_mqtt_link_events events;
    void *arg;
};

/* Check the options and the files, begin to connect. PH_ERR_CONFIG with words
 * for what a person must mend. */
int ph_mqtt_link_start(uv_loop_t *loop,
                       const struct ph_mqtt_link_options *options,
                       struct ph_mqtt_link **out_link, struct ph_why *why);

/* Where the link is, or is trying to be. Valid until the next event. */
struct ph_mqtt_link_info {
    const char *host;
    uint16_t port;
    uint8_t level; /* PH_MQTT_LEVEL_*, 0 unless up */
    bool is_proxied;
};
void ph_mqtt_link_info(const struct ph_mqtt_link *link,
                       struct ph_mqtt_link_info *out_info);

bool ph_mqtt_link_is_up(const struct ph_mqtt_link *link);

/*
 * The network or the time is not what it was: the computer woke up, or has
 * another address. A link that waits tries again at once (half a second by
 * chance, since others woke too); one that is up asks the broker and is dead
 * after 5 s without an answer.
 */
void ph_mqtt_link_hurry(struct ph_mqtt_link *link);

/* The letter is safe: the broker may forget it. In the order in which they came
 * (MQTT 5.0, 4.6). Of a connection that has ended this says nothing: the letter
 * has come again, or will. */
void ph_mqtt_link_taken(struct ph_mqtt_link *link, uint64_t letter);

/*
 * Take nothing more for now, or go on: TCP makes the broker wait, and its own
 * limits on what it keeps for a slow reader count then. A few messages that
 * were read already may still come. Forgotten with the connection. Meanwhile
 * pings are sent, and the broker is not taken for dead.
 */
void ph_mqtt_link_hold(struct ph_mqtt_link *link, bool is_held);

/*
 * Leave the broker in good order, so that it drops the will and keeps the
 * session, and stay away until ph_mqtt_link_hurry. What is in flight is kept.
 * done is called once, when the connection has closed (at most 1 s), or before
 * this returns when there is none; on_down comes before it.
 */
void ph_mqtt_link_pause(struct ph_mqtt_link *link, void (*done)(void *arg),
                        void *arg);

/* How many more messages may be published now; 0 unless up. */
size_t ph_mqtt_link_window(const struct ph_mqtt_link *link);

/* Publish at QoS 1; copied. token comes back in on_acked. PH_ERR_CLOSED when
 * not up, PH_ERR_AGAIN when the window is full, PH_ERR_TOO_BIG over what the
 * broker takes. */
int ph_mqtt_link_publish(struct ph_mqtt_link *link,
                         const struct ph_mqtt_message *message, uint64_t token);

/*
 * When up: publish last (may be NULL), wait until everything in flight is
 * acknowledged, at most grace_ms, then DISCONNECT, so that the broker drops
 * the will. Then close everything: done is called once, nothing else after
 * it, and the link is freed.
 */
void ph_mqtt_link_stop(struct ph_mqtt_link *link,
                       const struct ph_mqtt_message *last, uint32_t grace_ms,
                       void (*done)(void *arg), void *arg);

#endif
