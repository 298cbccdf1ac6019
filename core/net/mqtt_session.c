/*
 * One connection of the link: CONNECT, what the broker answers, what is sent
 * when, and whether the other end is alive. Functions that return bool say
 * whether the connection may go on.
 */
#include "mqtt_link_private.h"

#include <stdio.h>

#include "printhold/base/err.h"
#include "printhold/base/utf8.h"

#define ANSWER_MS     20000 /* silence while we wait for an answer */
#define HURRY_MS      5000  /* when there is reason to doubt */
#define PING_EARLY_MS 5000

static void
say_reason(struct ph_mqtt_link *link, const char *what, uint8_t reason,
           struct ph_mqtt_view detail)
{
    char raw[128], clean[128];

    (void)snprintf(raw, sizeof(raw), "%.*s", (int)detail.len,
                   detail.bytes != NULL ? detail.bytes : "");
    ph_utf8_clean(raw, clean, sizeof(clean));
    (void)snprintf(link->text, sizeof(link->text), "%s: %s (0x%02x)%s%s", what,
                   ph_mqtt_reason_text(reason), reason,
                   clean[0] != '\0' ? ": " : "", clean);
}

void
ph_link_on_open(void *arg)
{
    struct ph_mqtt_link *link = arg;

    if (link->state != PH_LINK_CONNECTING)
        return;
    link->state = PH_LINK_GREETING;
    if (ph_buf_put(&link->control, link->connect.data, link->connect.len) !=
        PH_OK)
        ph_link_give_up(link, ph_err_text(PH_ERR_NOMEM));
    ph_ws_client_want_write(link->ws);
}

/* --- while up --- */

static bool
is_waiting_for_answer(const struct ph_mqtt_link *link)
{
    return link->is_pinged || link->is_subscribing || link->flights.count > 0;
}

static uint64_t
answer_ms(const struct ph_mqtt_link *link)
{
    return link->is_hurried ? HURRY_MS : ANSWER_MS;
}

/* The timer comes when a ping is due or an answer is overdue. */
void
ph_link_arm_alive(struct ph_mqtt_link *link)
{
    uint64_t now = uv_now(link->loop);
    uint64_t ping =
        link->ping_ms > 0 ? link->sent_ms + link->ping_ms : UINT64_MAX;
    uint64_t next = ping;

    if (is_waiting_for_answer(link)) {
        uint64_t since = link->received_ms > link->asked_ms ? link->received_ms
                                                            : link->asked_ms;

        if (since + answer_ms(link) < next || link->is_pinged)
            next = since + answer_ms(link);
    }
    if (next == UINT64_MAX)
        (void)uv_timer_stop(&link->timer);
    else
        ph_link_start_timer(link, next > now ? next - now : 0);
}

static void
ask(struct ph_mqtt_link *link)
{
    if (!link->is_pinged)
        (void)ph_mqtt_put_pingreq(&link->control);
    link->is_pinged = true;
    link->asked_ms = uv_now(link->loop);
    ph_ws_client_want_write(link->ws);
}

void
ph_link_check_alive(struct ph_mqtt_link *link)
{
    uint64_t now = uv_now(link->loop);

    if (is_waiting_for_answer(link) &&
        now - link->asked_ms >= answer_ms(link) &&
        now - link->received_ms >= answer_ms(link)) {
        ph_link_give_up(link, "the broker does not answer any more");
        return;
    }
    if (!link->is_pinged && link->ping_ms > 0 &&
        now - link->sent_ms >= link->ping_ms) {
        ask(link);
    }
    ph_link_arm_alive(link);
}

void
ph_link_hurry_alive(struct ph_mqtt_link *link)
{
    link->is_hurried = true;
    ask(link);
    ph_link_arm_alive(link);
}

int
ph_link_put(struct ph_mqtt_link *link, const struct ph_mqtt_message *message,
            uint64_t token)
{
    bool was_waiting = is_waiting_for_answer(link);
    int err = ph_mqtt_flights_put(&link->flights, link->window, message,
                                  link->packet_max, token);

    if (err != PH_OK)
        return err;
    if (!was_waiting) /* else the older question's time counts */
        link->asked_ms = uv_now(link->loop);
    ph_ws_client_want_write(link->ws);
    return PH_OK;
}

/* --- received packets; false closes the connection --- */

static bool
refuse_connack(struct ph_mqtt_link *link, const char *text)
{
    (void)snprintf(link->text, sizeof(link->text), "%s", text);
    return false;
}

/* Some time before the broker would miss us; 0 when it never does. */
static uint64_t
ping_after_ms(uint16_t keep_alive_s)
{
    uint64_t ms = (uint64_t)keep_alive_s * 1000;

    return ms > 2 * PING_EARLY_MS ? ms - PING_EARLY_MS : ms / 2;
}

static bool
on_connack(struct ph_mqtt_link *link, const struct ph_mqtt_connack *connack)
{
    uint64_t now = uv_now(link->loop);

    if (link->state != PH_LINK_GREETING)
        return refuse_connack(link, "the broker broke the protocol");
    if (connack->reason != PH_MQTT_SUCCESS) {
        say_reason(link, "the broker refuses us", connack->reason,
                   connack->reason_string);
        return false;
    }
    if (connack->qos_max < 1 || !connack->retain_available)
        return refuse_connack(link, "the broker offers no QoS 1 or no "
                                    "retained messages: use another one");
    link->ping_ms = ping_after_ms(connack->has_server_keep_alive
                                      ? connack->server_keep_alive_s
                                      : link->keep_alive_s);
    link->window = connack->receive_max < PH_MQTT_LINK_WINDOW_MAX
                       ? connack->receive_max
                       : PH_MQTT_LINK_WINDOW_MAX;
    link->packet_max = connack->packet_max;
    link->state = PH_LINK_UP;
    link->up_ms = link->received_ms = link->sent_ms = link->asked_ms = now;
    link->is_pinged = link->is_subscribing = link->is_hurried = false;
    if (connack->session_present) {
        ph_mqtt_flights_repeat(&link->flights);
    } else {
        ph_mqtt_flights_drop(&link->flights);
        link->is_subscribed = false;
    }
    if (ph_link_subscribe(link) != PH_OK)
        return refuse_connack(link, ph_err_text(PH_ERR_NOMEM));
    link->events.on_up(connack->session_present, link->arg);
    if (link->flights.count > 0)
        ph_ws_client_want_write(link->ws);
    return true;
}

static bool
on_puback(struct ph_mqtt_link *link, const struct ph_mqtt_ack *ack)
{
    uint64_t token;

    if (ph_mqtt_flights_take(&link->flights, ack->packet_id, &token) != PH_OK)
        return true; /* was dropped: nobody waits for it */
    if (token != PH_LINK_TOKEN_LAST)
        link->events.on_acked(token, ack->reason, link->arg);
    if (link->state == PH_LINK_FLUSHING)
        ph_link_flush(link);
    return true;
}

static bool
on_publish(struct ph_mqtt_link *link, const struct ph_mqtt_publish *publish)
{
    if (link->is_stopping) /* nobody takes it: the session keeps it */
        return true;
    if (link->events.on_message != NULL)
        link->events.on_message(publish, link->arg);
    if (publish->packet_id == 0)
        return true;
    if (ph_mqtt_put_puback(&link->control, PH_MQTT_LEVEL_5, publish->packet_id,
                           PH_MQTT_SUCCESS) != PH_OK)
        return false;
    ph_ws_client_want_write(link->ws);
    return true;
}

static bool
on_packet(struct ph_mqtt_link *link, const struct ph_mqtt_packet *packet)
{
    if (link->state == PH_LINK_GREETING && packet->type != PH_MQTT_CONNACK)
        return refuse_connack(link, "this is not an MQTT broker: it did not "
                                    "answer CONNECT");
    switch (packet->type) {
    case PH_MQTT_CONNACK:
        return on_connack(link, &packet->u.connack);
    case PH_MQTT_PUBLISH:
        return on_publish(link, &packet->u.publish);
    case PH_MQTT_PUBACK:
        return on_puback(link, &packet->u.ack);
    case PH_MQTT_SUBACK:
        return ph_link_on_suback(link, &packet->u.ack) ||
               refuse_connack(link, "the broker broke the protocol");
    case PH_MQTT_PINGRESP:
        link->is_pinged = false;
        return true;
    case PH_MQTT_DISCONNECT:
        say_reason(link, "the broker ended the connection",
                   packet->u.ack.reason, packet->u.ack.reason_string);
        return false;
    default:
        return refuse_connack(link, "the broker broke the protocol");
    }
}

bool
ph_link_on_bytes(const void *bytes, size_t len, void *arg)
{
    struct ph_mqtt_link *link = arg;
    struct ph_mqtt_packet packet;
    int err = ph_mqtt_reader_put(&link->reader, bytes, len);

    link->received_ms = uv_now(link->loop);
    link->is_hurried = false;
    while (err == PH_OK && link->state != PH_LINK_CLOSED) {
        err = ph_mqtt_reader_next(&link->reader, PH_MQTT_LEVEL_5, &packet);
        if (err == PH_OK && !on_packet(link, &packet))
            return false;
    }
    if (err != PH_OK && err != PH_ERR_AGAIN)
        return refuse_connack(link, "the broker sent what is not MQTT 5");
    if (link->state == PH_LINK_UP)
        ph_link_arm_alive(link);
    return true;
}

/* --- sending --- */

static struct ph_mqtt_flight *
next_unsent(struct ph_mqtt_link *link)
{
    if (link->state != PH_LINK_UP && link->state != PH_LINK_FLUSHING)
        return NULL;
    return ph_mqtt_flights_next(&link->flights, link->window);
}

bool
ph_link_on_writable(void *arg)
{
    struct ph_mqtt_link *link = arg;
    struct ph_mqtt_flight *flight = next_unsent(link);
    int err = PH_OK;

    if (link->control.len > 0) {
        err =
            ph_ws_client_write(link->ws, link->control.data, link->control.len);
        ph_buf_clear(&link->control);
    } else if (flight != NULL) {
        err = ph_ws_client_write(link->ws, flight->packet.data,
                                 flight->packet.len);
        flight->is_sent = true;
        flight = next_unsent(link);
    } else {
        return link->state != PH_LINK_LEAVING; /* DISCONNECT is out */
    }
    if (err != PH_OK)
        return false;
    link->sent_ms = uv_now(link->loop);
    if (flight != NULL || link->state == PH_LINK_LEAVING)
        ph_ws_client_want_write(link->ws);
    return true;
}
