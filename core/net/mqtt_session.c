/*
 * One connection of the link: CONNECT, what the broker answers, what is sent
 * when, and whether the other end is alive. Functions that return bool say
 * whether the connection may go on.
 */
#include "mqtt_link_private.h"

#include <stdio.h>

#include "printhold/base/err.h"
#include "printhold/base/utf8.h"

#define PING_EARLY_MS 5000

/* "HOST refuses us: server busy (0x89): words of the broker" */
static void
say_reason(struct ph_mqtt_link *link, const char *what, uint8_t reason,
           struct ph_mqtt_view detail)
{
    char raw[128], clean[128];

    (void)snprintf(raw, sizeof(raw), "%.*s", (int)detail.len,
                   detail.bytes != NULL ? detail.bytes : "");
    ph_utf8_clean(raw, clean, sizeof(clean));
    ph_link_say(link, "%s %s: %s (0x%02x)%s%s", ph_link_host(link), what,
                ph_mqtt_reason_text(reason), reason,
                clean[0] != '\0' ? ": " : "", clean);
    if (ph_mqtt_backoff_is_refusal(reason))
        link->backoff.is_refused = true;
}

void
ph_link_on_open(void *arg)
{
    struct ph_mqtt_link *link = arg;
    struct ph_why why = {""};
    int err;

    if (link->state != PH_LINK_CONNECTING)
        return;
    link->state = PH_LINK_GREETING;
    link->level = ph_mqtt_endpoint_level(
        ph_mqtt_endpoints_current(&link->endpoints), uv_now(link->loop));
    err = ph_mqtt_login_put(&link->login, link->level, &link->control, &why);
    if (err != PH_OK)
        ph_link_give_up(link, "%s",
                        why.text[0] != '\0' ? why.text : ph_err_text(err));
    else
        ph_ws_client_want_write(link->ws);
}

/* --- while up --- */

int
ph_link_put(struct ph_mqtt_link *link, const struct ph_mqtt_message *message,
            uint64_t token)
{
    bool was_waiting = ph_link_is_waiting_for_answer(link);
    int err = ph_mqtt_flights_put(&link->flights, link->level, link->window,
                                  message, link->packet_max, token);

    if (err != PH_OK)
        return err;
    if (!was_waiting) /* else the older question's time counts */
        link->asked_ms = uv_now(link->loop);
    ph_ws_client_want_write(link->ws);
    return PH_OK;
}

/* --- received packets; false closes the connection --- */

static bool
refuse(struct ph_mqtt_link *link, const char *what)
{
    ph_link_say(link, "%s %s", ph_link_host(link), what);
    return false;
}

/* Some time before the broker would miss us; 0 when it never does. */
static uint64_t
ping_after_ms(uint16_t keep_alive_s)
{
    uint64_t ms = (uint64_t)keep_alive_s * 1000;

    return ms > 2 * PING_EARLY_MS ? ms - PING_EARLY_MS : ms / 2;
}

/* What is in flight is encoded for one version, and only the broker that we
 * subscribed at has the filters. */
static bool
take_session(struct ph_mqtt_link *link, bool is_present)
{
    const struct ph_mqtt_endpoint *endpoint =
        ph_mqtt_endpoints_current(&link->endpoints);
    bool is_same = link->session_level == 0 || /* nothing is in flight yet */
                   link->session_level == link->level;

    if (!is_present || !is_same || link->session_endpoint != endpoint ||
        link->live_count > 0)
        link->is_subscribed = false;
    link->session_level = link->level;
    link->session_endpoint = endpoint;
    if (is_present && is_same)
        ph_mqtt_flights_repeat(&link->flights);
    else
        ph_mqtt_flights_drop(&link->flights);
    return is_present && is_same;
}

static bool
refuse_connack(struct ph_mqtt_link *link, const struct ph_mqtt_connack *connack)
{
    bool is_login = connack->reason == PH_MQTT_BAD_LOGIN ||
                    connack->reason == PH_MQTT_NOT_AUTHORIZED;

    link->is_version_refused = connack->reason == PH_MQTT_VERSION;
    say_reason(link, is_login ? "refuses our login" : "refuses us",
               connack->reason, connack->reason_string);
    return false;
}

static void
take_limits(struct ph_mqtt_link *link, const struct ph_mqtt_connack *connack)
{
    link->ping_ms = ping_after_ms(connack->has_server_keep_alive
                                      ? connack->server_keep_alive_s
                                      : link->login.keep_alive_s);
    link->window = connack->receive_max < PH_MQTT_LINK_WINDOW_MAX
                       ? connack->receive_max
                       : PH_MQTT_LINK_WINDOW_MAX;
    link->packet_max = connack->packet_max;
    link->has_no_shared = !connack->shared_available;
}

static bool
on_connack(struct ph_mqtt_link *link, const struct ph_mqtt_connack *connack)
{
    bool has_session;

    if (link->state != PH_LINK_GREETING)
        return refuse(link, "broke the protocol");
    if (connack->reason != PH_MQTT_SUCCESS)
        return refuse_connack(link, connack);
    if (connack->qos_max < 1 || !connack->retain_available)
        return refuse(link, "offers no QoS 1 or no retained messages: use "
                            "another broker");
    take_limits(link, connack);
    link->state = PH_LINK_UP;
    link->number++;
    link->up_ms = link->received_ms = link->sent_ms = link->asked_ms =
        uv_now(link->loop);
    link->is_pinged = link->is_subscribing = link->is_hurried = false;
    link->is_held = false;
    ph_link_attempt_worked(link);
    has_session = take_session(link, connack->session_present);
    if (ph_link_subscribe(link) != PH_OK)
        return refuse(link, "cannot be subscribed at: out of memory");
    link->events.on_up(has_session, link->arg);
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
acknowledge(struct ph_mqtt_link *link, uint16_t packet_id)
{
    if (ph_mqtt_put_puback(&link->control, link->level, packet_id,
                           PH_MQTT_SUCCESS) != PH_OK)
        return false;
    ph_ws_client_want_write(link->ws);
    return true;
}

void
ph_mqtt_link_taken(struct ph_mqtt_link *link, uint64_t letter)
{
    if ((link->state == PH_LINK_UP || link->state == PH_LINK_FLUSHING) &&
        letter >> 16 == link->number &&
        !acknowledge(link, (uint16_t)(letter & 0xffff)))
        ph_link_give_up(link, "out of memory");
}

void
ph_mqtt_link_hold(struct ph_mqtt_link *link, bool is_held)
{
    if (link->state != PH_LINK_UP || link->is_held == is_held)
        return;
    link->is_held = is_held;
    link->received_ms = uv_now(link->loop);
    ph_ws_client_hold(link->ws, is_held);
}

static bool
on_publish(struct ph_mqtt_link *link, const struct ph_mqtt_publish *publish)
{
    if (link->is_stopping) /* nobody takes it: the session keeps it */
        return true;
    if (publish->packet_id != 0 && link->events.on_letter != NULL) {
        link->events.on_letter(publish, link->number << 16 | publish->packet_id,
                               link->arg);
        return true;
    }
    if (link->events.on_message != NULL)
        link->events.on_message(publish, link->arg);
    return publish->packet_id == 0 || acknowledge(link, publish->packet_id);
}

static bool
on_packet(struct ph_mqtt_link *link, const struct ph_mqtt_packet *packet)
{
    if (link->state == PH_LINK_GREETING && packet->type != PH_MQTT_CONNACK)
        return refuse(link, "is no MQTT broker: it did not answer CONNECT");
    switch (packet->type) {
    case PH_MQTT_CONNACK:
        return on_connack(link, &packet->u.connack);
    case PH_MQTT_PUBLISH:
        return on_publish(link, &packet->u.publish);
    case PH_MQTT_PUBACK:
        return on_puback(link, &packet->u.ack);
    case PH_MQTT_SUBACK:
        return ph_link_on_suback(link, &packet->u.ack) ||
               refuse(link, "broke the protocol");
    case PH_MQTT_PINGRESP:
        link->is_pinged = false;
        return true;
    case PH_MQTT_DISCONNECT:
        say_reason(link, "ended the connection", packet->u.ack.reason,
                   packet->u.ack.reason_string);
        return false;
    default:
        return refuse(link, "broke the protocol");
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
        err = ph_mqtt_reader_next(&link->reader, link->level, &packet);
        if (err == PH_OK && !on_packet(link, &packet))
            return false;
    }
    if (err != PH_OK && err != PH_ERR_AGAIN)
        return refuse(link, "sent what is not MQTT");
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
