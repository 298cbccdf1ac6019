/*
 * The life of the link. Invariants:
 *   - one timer; what it means depends on the state;
 *   - ws carries a connection exactly in the states CONNECTING and GREETING to
 *     LEAVING, and every connection ends with one on_ws_closed;
 *
 *   WAITING -> RESOLVING -> [TUNNELLING ->] CONNECTING -> GREETING -> UP
 *      ^           |              |          |  ASKING       |        | |
 *      +-----------+--------------+----------+----+----------+--------+ |
 *                  ^                                                    |
 *   to the first   +----------------- LEAVING <--- [FLUSHING] <---------+
 *   any state -> CLOSED by ph_mqtt_link_stop, at the end of LEAVING
 */
#include "mqtt_link_private.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "printhold/base/err.h"
#include "printhold/base/id.h"

#define ATTEMPT_MS     15000
#define RETURN_MS      1800000 /* and up to as long again by chance */
#define LEAVE_MS       1000
#define BACKOFF_MIN_MS 500
#define BACKOFF_MAX_MS 60000
#define HURRY_MAX_MS   500
#define CONTROL_MAX    (160 * 1024) /* a CONNECT with the longest will */

static void close_all(struct ph_mqtt_link *link);
static void on_timer(uv_timer_t *timer);

void
ph_link_start_timer(struct ph_mqtt_link *link, uint64_t ms)
{
    (void)uv_timer_start(&link->timer, on_timer, ms, 0);
}

static void PH_PRINTF(2, 0)
    say(struct ph_mqtt_link *link, const char *fmt, va_list ap)
{
    char text[PH_WHY_MAX];

    if (link->text[0] != '\0')
        return;
    (void)vsnprintf(text, sizeof(text), fmt, ap);
    (void)snprintf(link->text, sizeof(link->text), "%s", text);
}

void
ph_link_say(struct ph_mqtt_link *link, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    say(link, fmt, ap);
    va_end(ap);
}

void
ph_link_give_up(struct ph_mqtt_link *link, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    say(link, fmt, ap);
    va_end(ap);
    ph_ws_client_abort(link->ws);
}

static void
on_ws_closed(const char *text, void *arg)
{
    struct ph_mqtt_link *link = arg;

    if (link->state == PH_LINK_CLOSED)
        return;
    if (link->is_stopping)
        close_all(link);
    else
        ph_link_on_ws_closed(text, link);
}

/* Everything is acknowledged, the last message too: leave. */
void
ph_link_flush(struct ph_mqtt_link *link)
{
    if (link->has_last && ph_link_put(link, &link->last.message,
                                      PH_LINK_TOKEN_LAST) != PH_ERR_AGAIN)
        link->has_last = false;
    if (link->flights.count == 0 && !link->has_last)
        ph_link_leave(link);
}

void
ph_link_leave(struct ph_mqtt_link *link)
{
    link->state = PH_LINK_LEAVING;
    (void)ph_mqtt_put_disconnect(&link->control, link->level, PH_MQTT_SUCCESS);
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
        ph_link_begin_round(link);
        return;
    case PH_LINK_RESOLVING:
    case PH_LINK_TUNNELLING:
    case PH_LINK_CONNECTING:
    case PH_LINK_GREETING:
        ph_link_on_attempt_timer(link);
        return;
    case PH_LINK_UP:
        ph_link_check_alive(link);
        return;
    case PH_LINK_FLUSHING:
        ph_link_leave(link);
        return;
    default:
        ph_ws_client_abort(link->ws);
        return;
    }
}

/* --- start --- */

static int
make_ws(struct ph_mqtt_link *link, const struct ph_mqtt_link_options *options,
        struct ph_why *why)
{
    struct ph_ws_options ws = {
        .stack = options->stack,
        .ca_file = options->ca_file,
        .cert_file = options->cert_file,
        .key_file = options->key_file,
        .events = {.on_reached = ph_link_on_reached,
                   .on_open = ph_link_on_open,
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
    ph_mqtt_login_close(&link->login);
    ph_mqtt_endpoints_close(&link->endpoints);
    ph_mqtt_kept_close(&link->last);
    free(link->no_proxy);
    free(link->proxy_credentials_file);
    ph_link_free_filters(link);
    ph_buf_close(&link->control);
    free(link);
}

static uint32_t
or_default(uint32_t value, uint32_t fallback)
{
    return value > 0 ? value : fallback;
}

static int
copy_text(const char *text, char **out_copy)
{
    if (text == NULL || text[0] == '\0')
        return PH_OK;
    *out_copy = strdup(text);
    return *out_copy != NULL ? PH_OK : PH_ERR_NOMEM;
}

static int
set_way(struct ph_mqtt_link *link, const struct ph_mqtt_link_options *options,
        struct ph_why *why)
{
    int err = ph_mqtt_endpoints_init(&link->endpoints, options->url, why);

    link->backoff.min_ms = or_default(options->backoff_min_ms, BACKOFF_MIN_MS);
    link->backoff.max_ms = or_default(options->backoff_max_ms, BACKOFF_MAX_MS);
    link->attempt_ms = or_default(options->attempt_ms, ATTEMPT_MS);
    link->return_ms = or_default(options->return_ms, RETURN_MS);
    if (err == PH_OK)
        err = ph_proxy_parse(options->proxy != NULL ? options->proxy : "",
                             &link->proxy, why);
    if (err == PH_OK)
        err = copy_text(options->no_proxy, &link->no_proxy);
    if (err == PH_OK)
        err = copy_text(options->proxy_credentials_file,
                        &link->proxy_credentials_file);
    return err;
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
    ph_mqtt_reader_init(&link->reader);
    ph_buf_init(&link->control, CONTROL_MAX);
    err = set_way(link, options, why);
    if (err == PH_OK)
        err = ph_link_copy_filters(link, options, why);
    if (err == PH_OK)
        err = ph_mqtt_login_init(&link->login, options, why);
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

void
ph_mqtt_link_info(const struct ph_mqtt_link *link,
                  struct ph_mqtt_link_info *out_info)
{
    const struct ph_ws_url *url =
        &ph_mqtt_endpoints_current(&link->endpoints)->url;

    out_info->host = url->host;
    out_info->port = url->port;
    out_info->level = link->state == PH_LINK_UP ? link->level : 0;
    out_info->is_proxied = link->is_proxied;
}

bool
ph_mqtt_link_is_up(const struct ph_mqtt_link *link)
{
    return link->state == PH_LINK_UP;
}

void
ph_link_tell_paused(struct ph_mqtt_link *link)
{
    void (*paused)(void *arg) = link->paused;

    link->paused = NULL;
    if (paused != NULL)
        paused(link->paused_arg);
}

void
ph_mqtt_link_hurry(struct ph_mqtt_link *link)
{
    uint32_t chance = 0;

    if (link->is_stopping)
        return;
    link->is_paused = false;
    link->backoff.failures = 0;
    ph_link_tell_paused(link);
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

void
ph_mqtt_link_pause(struct ph_mqtt_link *link, void (*done)(void *arg),
                   void *arg)
{
    static const char text[] = "this computer falls asleep";

    ph_link_tell_paused(link); /* who waited before */
    link->paused = done;
    link->paused_arg = arg;
    link->is_paused = true;
    if (link->state == PH_LINK_UP && !link->is_stopping) {
        ph_link_say(link, "%s", text);
        ph_link_leave(link);
        return;
    }
    if (link->state == PH_LINK_LEAVING && !link->is_stopping)
        return;
    if (link->state == PH_LINK_WAITING)
        (void)uv_timer_stop(&link->timer);
    ph_link_tell_paused(link); /* an attempt under way ends by itself */
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
    ph_link_cancel_attempt(link);
    ph_ws_client_free(link->ws, on_ws_freed, link);
}

void
ph_mqtt_link_stop(struct ph_mqtt_link *link, const struct ph_mqtt_message *last,
                  uint32_t grace_ms, void (*done)(void *arg), void *arg)
{
    link->stopped = done;
    link->stopped_arg = arg;
    link->is_stopping = true;
    ph_link_tell_paused(link);
    if (link->state != PH_LINK_UP) {
        close_all(link);
        return;
    }
    link->state = PH_LINK_FLUSHING;
    link->has_last =
        last != NULL && ph_mqtt_kept_init(&link->last, last) == PH_OK;
    ph_link_start_timer(link, grace_ms);
    ph_link_flush(link);
}
