/*
 * An MQTT link on a loop of its own for tests, its events counted, against
 * the broker that the test has started.
 */
#ifndef PRINTHOLD_TESTS_SUPPORT_LINK_PEER_H
#define PRINTHOLD_TESTS_SUPPORT_LINK_PEER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <uv.h>

#include "broker.h"
#include "printhold/base/err.h"
#include "printhold/net/mqtt_link.h"

#define DEADLINE_MS 30000
#define ACKS_MAX    128
#define HEARD_MAX   16

static struct broker broker;

struct peer {
    uv_loop_t loop;
    uv_timer_t tick; /* so that waiting always ends */
    bool is_guest;   /* on the loop of another peer */
    struct ph_mqtt_link *link;
    unsigned ups, downs, stops;
    bool session_present;
    char text[PH_WHY_MAX];
    uint64_t acked[ACKS_MAX];
    uint8_t reasons[ACKS_MAX];
    size_t acked_count;
    char heard[HEARD_MAX][128]; /* "topic payload", "dup " in front */
    size_t heard_count;
    uint64_t letter[HEARD_MAX];  /* 0: a message that was none */
    char filters[HEARD_MAX][64]; /* "filter reason" */
    size_t filter_count;
};

static inline void
on_up(bool session_present, void *arg)
{
    struct peer *peer = arg;

    peer->ups++;
    peer->session_present = session_present;
}

static inline void
on_down(const char *text, void *arg)
{
    struct peer *peer = arg;

    peer->downs++;
    (void)snprintf(peer->text, sizeof(peer->text), "%s", text);
}

static inline void
on_acked(uint64_t token, uint8_t reason, void *arg)
{
    struct peer *peer = arg;

    assert_true(peer->acked_count < ACKS_MAX);
    peer->acked[peer->acked_count] = token;
    peer->reasons[peer->acked_count++] = reason;
}

static inline void
on_message(const struct ph_mqtt_publish *message, void *arg)
{
    struct peer *peer = arg;

    assert_true(peer->heard_count < HEARD_MAX);
    (void)snprintf(peer->heard[peer->heard_count++], sizeof(peer->heard[0]),
                   "%s%.*s %.*s", message->dup ? "dup " : "",
                   (int)message->topic.len, message->topic.bytes,
                   (int)message->payload.len,
                   message->payload.len > 0 ? message->payload.bytes : "");
}

static inline void
on_letter(const struct ph_mqtt_publish *message, uint64_t letter, void *arg)
{
    struct peer *peer = arg;

    assert_true(peer->heard_count < HEARD_MAX);
    peer->letter[peer->heard_count] = letter;
    on_message(message, arg);
}

static inline void
on_filter(const char *filter, uint8_t reason, void *arg)
{
    struct peer *peer = arg;

    assert_true(peer->filter_count < HEARD_MAX);
    (void)snprintf(peer->filters[peer->filter_count++],
                   sizeof(peer->filters[0]), "%.50s %02x", filter, reason);
}

static inline void
on_tick(uv_timer_t *timer)
{
    (void)timer;
}

static inline void
on_stopped(void *arg)
{
    struct peer *peer = arg;

    peer->stops++;
    peer->link = NULL;
    if (!peer->is_guest)
        uv_close((uv_handle_t *)&peer->tick, NULL);
}

struct setup {
    const char *url, *ca, *cert, *key, *id;
    const struct ph_mqtt_will *will;
    const char *const *filters;
    size_t filter_count, live_count;
    uint16_t receive_max;
    bool takes_letters;
    const char *user, *token_file;
    const char *proxy, *no_proxy, *proxy_credentials_file;
    uint32_t attempt_ms, return_ms;
    uv_loop_t *loop;           /* NULL: a loop of its own */
    struct ph_ws_stack *stack; /* NULL: one of its own */
};

static inline void
init_loop(struct peer *peer)
{
    assert_int_equal(uv_loop_init(&peer->loop), 0);
    assert_int_equal(uv_timer_init(&peer->loop, &peer->tick), 0);
    assert_int_equal(uv_timer_start(&peer->tick, on_tick, 20, 20), 0);
}

static inline int
try_start(struct peer *peer, const struct setup *setup, struct ph_why *why)
{
    char ca[BROKER_TEXT], cert[BROKER_TEXT], key[BROKER_TEXT];
    struct ph_mqtt_link_options options = {
        .url = setup->url != NULL ? setup->url : broker.url,
        .ca_file =
            broker_file(&broker, setup->ca != NULL ? setup->ca : "ca.crt", ca),
        .client_id = setup->id != NULL ? setup->id : "ws-a",
        .stack = setup->stack,
        .user = setup->user,
        .token_file = setup->token_file,
        .proxy = setup->proxy,
        .no_proxy = setup->no_proxy,
        .proxy_credentials_file = setup->proxy_credentials_file,
        .attempt_ms = setup->attempt_ms,
        .return_ms = setup->return_ms,
        .will = setup->will,
        .filters = setup->filters,
        .filter_count = setup->filter_count,
        .live_count = setup->live_count,
        .receive_max = setup->receive_max,
        .backoff_min_ms = 50,
        .backoff_max_ms = 400,
        .events = {.on_up = on_up,
                   .on_down = on_down,
                   .on_acked = on_acked,
                   .on_message = on_message,
                   .on_letter = setup->takes_letters ? on_letter : NULL,
                   .on_filter = on_filter},
        .arg = peer,
    };

    if (setup->loop == NULL) {
        memset(peer, 0, sizeof(*peer));
        init_loop(peer);
    }
    peer->is_guest = setup->loop != NULL;
    if (setup->cert == NULL || setup->cert[0] != '\0') {
        options.cert_file = broker_file(
            &broker, setup->cert != NULL ? setup->cert : "ws-a.crt", cert);
        options.key_file = broker_file(
            &broker, setup->key != NULL ? setup->key : "ws-a.key", key);
    }
    return ph_mqtt_link_start(peer->is_guest ? setup->loop : &peer->loop,
                              &options, &peer->link, why);
}

static inline void
start(struct peer *peer, const struct setup *setup)
{
    struct ph_why why = {""};

    if (try_start(peer, setup, &why) != PH_OK)
        fail_msg("%s", why.text);
}

#define RUN_UNTIL(peer, condition)                                          \
    do {                                                                    \
        int64_t deadline = broker_now_ms() + DEADLINE_MS;                   \
        while (!(condition)) {                                              \
            if (broker_now_ms() > deadline)                                 \
                fail_msg("never: %s (last: %s)", #condition, (peer)->text); \
            (void)uv_run(&(peer)->loop, UV_RUN_ONCE);                       \
        }                                                                   \
    } while (0)

/* Stop, and nothing may be left: no handle, no request, no second call. */
static inline void
stop_with(struct peer *peer, const struct ph_mqtt_message *last)
{
    ph_mqtt_link_stop(peer->link, last, 1500, on_stopped, peer);
    assert_int_equal(peer->stops, 0);
    RUN_UNTIL(peer, peer->stops == 1);
    assert_int_equal(uv_run(&peer->loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(peer->stops, 1);
    assert_int_equal(uv_loop_close(&peer->loop), 0);
}

static inline void
stop(struct peer *peer)
{
    stop_with(peer, NULL);
}

static inline struct ph_mqtt_message
message_of(const char *topic, const char *payload, bool retain)
{
    return (struct ph_mqtt_message){.topic = topic,
                                    .payload = payload,
                                    .len = strlen(payload),
                                    .retain = retain};
}

static inline void
publish(struct peer *peer, const char *topic, const char *payload, bool retain,
        uint64_t token)
{
    struct ph_mqtt_message message = message_of(topic, payload, retain);

    assert_int_equal(ph_mqtt_link_publish(peer->link, &message, token), PH_OK);
}

#endif
