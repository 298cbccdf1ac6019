/*
 * The life of the link. Invariants:
 *   - one timer; what it means depends on the state;
 *   - ws carries a connection exactly in the states CONNECTING to LEAVING,
 *     and every connection ends with one on_ws_closed;
 *
 *   WAITING -> RESOLVING -> CONNECTING -> GREETING -> UP -> FLUSHING
 *      ^           |            |            |         |        |
 *      +-----------+------------+------------+---------+     LEAVING
 *   any state -> CLOSED by ph_mqtt_link_stop, at the end of LEAVING
 */
#include "mqtt_link_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "printhold/base/err.h"
#include "printhold/base/id.h"

#define ATTEMPT_MS     15000
#define LEAVE_MS       1000
#define STABLE_MS      10000 /* a connection that lasted resets the waiting */
#define KEEP_ALIVE_S   55
#define SESSION_S      7200
#define BACKOFF_MIN_MS 500
#define BACKOFF_MAX_MS 60000
#define HURRY_MAX_MS   500
#define CONTROL_MAX    (128 * 1024) /* a CONNECT with the longest will */

static void close_all(struct ph_mqtt_link *link);
static void leave(struct ph_mqtt_link *link);
static void on_timer(uv_timer_t *timer);

void
ph_link_start_timer(struct ph_mqtt_link *link, uint64_t ms)
{
    (void)uv_timer_start(&link->timer, on_timer, ms, 0);
}

/* --- failures and waiting --- */

/* Equal jitter: half of the time for certain, half by chance. */
static uint64_t
backoff_ms(struct ph_mqtt_link *link)
{
    uint64_t full = link->backoff_min_ms;
    uint32_t chance = 0;

    for (unsigned i = 1; i < link->attempts && full < link->backoff_max_ms; i++)
        full *= 2;
    if (full > link->backoff_max_ms)
        full = link->backoff_max_ms;
    (void)ph_random(&chance, sizeof(chance)); /* without it: half the time */
    return full / 2 + chance % (full / 2 + 1);
}

static void
fail_attempt(struct ph_mqtt_link *link, const char *text)
{
    char copy[PH_WHY_MAX];

    (void)snprintf(copy, sizeof(copy), "%s", text);
    link->text[0] = '\0';
    link->state = PH_LINK_WAITING;
    if (link->attempts < UINT16_MAX)
        link->attempts++;
    ph_link_start_timer(link, backoff_ms(link));
    link->events.on_down(copy, link->arg);
}

/* Remember why and drop the connection; on_ws_closed goes on from there. */
void
ph_link_give_up(struct ph_mqtt_link *link, const char *text)
{
    if (link->text[0] == '\0')
        (void)snprintf(link->text, sizeof(link->text), "%s", text);
    ph_ws_client_abort(link->ws);
}

/* --- connecting --- */

static void
on_resolved(int err, const struct ph_address *addresses, size_t count,
            void *arg)
{
    struct ph_mqtt_link *link = arg;
    char text[PH_WHY_MAX];

    link->resolver = NULL;
    if (err != PH_OK) {
        (void)snprintf(text, sizeof(text), "cannot find the host %s: %s",
                       link->url.host, ph_err_text(err));
        fail_attempt(link, text);
        return;
    }
    for (size_t i = 0; i < count; i++) { /* the next one with each attempt */
        const struct ph_address *address =
            &addresses[(i + link->attempts) % count];

        if (ph_address_check_route(address) != PH_OK)
            continue;
        link->state = PH_LINK_CONNECTING;
        ph_mqtt_reader_clear(&link->reader);
        ph_buf_clear(&link->control);
        (void)ph_ws_client_connect(link->ws, &link->url, address);
        return;
    }
    (void)snprintf(text, sizeof(text), "no route to %s: is the network up?",
                   link->url.host);
    fail_attempt(link, text);
}

static void
attempt(struct ph_mqtt_link *link)
{
    link->state = PH_LINK_RESOLVING;
    link->text[0] = '\0';
    ph_link_start_timer(link, ATTEMPT_MS);
    if (ph_resolver_start(link->loop, link->url.host, link->url.port,
                          on_resolved, link, &link->resolver) != PH_OK)
        fail_attempt(link, "cannot start to look up the broker's name");
}

static void
on_ws_closed(const char *text, void *arg)
{
    struct ph_mqtt_link *link = arg;
    uint64_t now = uv_now(link->loop);

    if (link->state == PH_LINK_CLOSED)
        return;
    if (link->is_stopping) {
        close_all(link);
        return;
    }
    if (link->state == PH_LINK_UP && now - link->up_ms >= STABLE_MS)
        link->attempts = 0;
    fail_attempt(link, link->text[0] != '\0' ? link->text : text);
}

/* Everything is acknowledged, the last message too: leave. */
void
ph_link_flush(struct ph_mqtt_link *link)
{
    if (link->has_last &&
        ph_link_put(link, &link->last, PH_LINK_TOKEN_LAST) != PH_ERR_AGAIN)
        link->has_last = false;
    if (link->flights.count == 0 && !link->has_last)
        leave(link);
}

static void
leave(struct ph_mqtt_link *link)
{
    link->state = PH_LINK_LEAVING;
    (void)ph_mqtt_put_disconnect(&link->control, PH_MQTT_LEVEL_5,
                                 PH_MQTT_SUCCESS);
    ph_link_start_timer(link, LEAVE_MS);
    ph_ws_client_want_write(link->ws);
}

/* --- time --- */

static void
on_timer(uv_timer_t *timer)
{
    struct ph_mqtt_link *link = timer->data;

    switch (link->state) {
    case PH_LINK_WAITING:
        attempt(link);
        return;
    case PH_LINK_RESOLVING:
        ph_resolver_cancel(link->resolver);
        link->resolver = NULL;
        fail_attempt(link, "looking up the broker's name takes too long");
        return;
    case PH_LINK_CONNECTING:
    case PH_LINK_GREETING:
        ph_link_give_up(link, "the broker did not answer within 15 seconds");
        return;
    case PH_LINK_UP:
        ph_link_check_alive(link);
        return;
    case PH_LINK_FLUSHING:
        leave(link);
        return;
    default:
        ph_ws_client_abort(link->ws);
        return;
    }
}

/* --- start --- */

static int
make_connect(const struct ph_mqtt_link_options *options, uint16_t keep_alive_s,
             struct ph_buf *buf)
{
    struct ph_mqtt_connect connect = {
        .level = PH_MQTT_LEVEL_5,
        .client_id = options->client_id,
        .keep_alive_s = keep_alive_s,
        .session_expiry_s = options->session_expiry_s > 0
                                ? options->session_expiry_s
                                : SESSION_S,
        .receive_max = PH_MQTT_LINK_WINDOW_MAX,
        .packet_max = PH_MQTT_PACKET_MAX,
        .will = options->will,
    };

    ph_buf_init(buf, PH_MQTT_PACKET_MAX);
    return ph_mqtt_put_connect(buf, &connect);
}

static int
make_ws(struct ph_mqtt_link *link, const struct ph_mqtt_link_options *options,
        struct ph_why *why)
{
    struct ph_ws_options ws = {
        .stack = options->stack,
        .ca_file = options->ca_file,
        .cert_file = options->cert_file,
        .key_file = options->key_file,
        .events = {.on_open = ph_link_on_open,
                   .on_bytes = ph_link_on_bytes,
                   .on_writable = ph_link_on_writable,
                   .on_closed = on_ws_closed},
        .arg = link,
    };

    return ph_ws_client_new(link->loop, &ws, &link->ws, why);
}

static void
free_link(struct ph_mqtt_link *link)
{
    ph_mqtt_flights_drop(&link->flights);
    ph_mqtt_reader_close(&link->reader);
    ph_buf_close(&link->connect);
    ph_link_free_filters(link);
    ph_buf_close(&link->control);
    ph_buf_close(&link->last_topic);
    ph_buf_close(&link->last_payload);
    free(link);
}

int
ph_mqtt_link_start(uv_loop_t *loop, const struct ph_mqtt_link_options *options,
                   struct ph_mqtt_link **out_link, struct ph_why *why)
{
    struct ph_mqtt_link *link = calloc(1, sizeof(*link));
    int err;

    if (link == NULL)
        return PH_ERR_NOMEM;
    link->loop = loop;
    link->events = options->events;
    link->arg = options->arg;
    link->backoff_min_ms =
        options->backoff_min_ms > 0 ? options->backoff_min_ms : BACKOFF_MIN_MS;
    link->backoff_max_ms =
        options->backoff_max_ms > 0 ? options->backoff_max_ms : BACKOFF_MAX_MS;
    link->keep_alive_s =
        options->keep_alive_s > 0 ? options->keep_alive_s : KEEP_ALIVE_S;
    ph_mqtt_reader_init(&link->reader);
    ph_buf_init(&link->control, CONTROL_MAX);
    ph_buf_init(&link->last_topic, PH_MQTT_TOPIC_MAX + 1);
    ph_buf_init(&link->last_payload, PH_MQTT_PACKET_MAX);
    err = ph_ws_url_parse(options->url, &link->url, why);
    if (err == PH_OK)
        err = ph_link_copy_filters(link, options, why);
    if (err == PH_OK)
        err = make_connect(options, link->keep_alive_s, &link->connect);
    if (err == PH_OK)
        err = make_ws(link, options, why);
    if (err != PH_OK) {
        free_link(link);
        return err;
    }
    (void)uv_timer_init(loop, &link->timer);
    link->timer.data = link;
    link->state = PH_LINK_WAITING;
    ph_link_start_timer(link, 0);
    *out_link = link;
    return PH_OK;
}

bool
ph_mqtt_link_is_up(const struct ph_mqtt_link *link)
{
    return link->state == PH_LINK_UP;
}

void
ph_mqtt_link_hurry(struct ph_mqtt_link *link)
{
    uint32_t chance = 0;

    if (link->is_stopping)
        return;
    link->attempts = 0;
    (void)ph_random(&chance, sizeof(chance)); /* without it: at once */
    switch (link->state) {
    case PH_LINK_WAITING:
        ph_link_start_timer(link, chance % HURRY_MAX_MS);
        break;
    case PH_LINK_CONNECTING:
    case PH_LINK_GREETING:
        ph_link_give_up(link, "the network changed while connecting");
        break;
    case PH_LINK_UP:
        ph_link_hurry_alive(link);
        break;
    default:
        break;
    }
}

size_t
ph_mqtt_link_window(const struct ph_mqtt_link *link)
{
    if (link->state != PH_LINK_UP || link->flights.count >= link->window)
        return 0;
    return link->window - link->flights.count;
}

int
ph_mqtt_link_publish(struct ph_mqtt_link *link,
                     const struct ph_mqtt_message *message, uint64_t token)
{
    int err;

    if (link->state != PH_LINK_UP)
        return PH_ERR_CLOSED;
    err = ph_link_put(link, message, token);
    if (err == PH_OK)
        ph_link_arm_alive(link);
    return err;
}

/* --- stop --- */

static void
on_timer_closed(uv_handle_t *handle)
{
    struct ph_mqtt_link *link = handle->data;
    void (*stopped)(void *arg) = link->stopped;
    void *arg = link->stopped_arg;

    free_link(link);
    if (stopped != NULL)
        stopped(arg);
}

static void
on_ws_freed(void *arg)
{
    struct ph_mqtt_link *link = arg;

    uv_close((uv_handle_t *)&link->timer, on_timer_closed);
}

static void
close_all(struct ph_mqtt_link *link)
{
    link->state = PH_LINK_CLOSED;
    (void)uv_timer_stop(&link->timer);
    ph_resolver_cancel(link->resolver);
    link->resolver = NULL;
    ph_ws_client_free(link->ws, on_ws_freed, link);
}

static int
keep_last(struct ph_mqtt_link *link, const struct ph_mqtt_message *last)
{
    int err = ph_buf_put_str(&link->last_topic, last->topic);

    if (err == PH_OK && last->len > 0)
        err = ph_buf_put(&link->last_payload, last->payload, last->len);
    if (err != PH_OK)
        return err;
    link->last = *last;
    link->last.content_type = NULL;
    link->last.topic = ph_buf_str(&link->last_topic);
    link->last.payload = link->last_payload.data;
    return link->last.topic != NULL ? PH_OK : PH_ERR_NOMEM;
}

void
ph_mqtt_link_stop(struct ph_mqtt_link *link, const struct ph_mqtt_message *last,
                  uint32_t grace_ms, void (*done)(void *arg), void *arg)
{
    link->stopped = done;
    link->stopped_arg = arg;
    link->is_stopping = true;
    if (link->state != PH_LINK_UP) {
        close_all(link);
        return;
    }
    link->state = PH_LINK_FLUSHING;
    link->has_last = last != NULL && keep_last(link, last) == PH_OK;
    ph_link_start_timer(link, grace_ms);
    ph_link_flush(link);
}
