/*
 * What is sent when. Invariants:
 *   - one turn in a worker at a time; it stores what was acknowledged and
 *     reads what is due; only its end publishes, so at most a window of items
 *     is in flight and at most two windows of acknowledgements wait;
 *   - order: presence, documents, events; an event is sent once per session
 *     of the broker, in its order (after_seq);
 *   - what the broker refuses is parked: not sent again before a new revision,
 *     a reconnect or the next refresh of the presence.
 */
#include "cloud_private.h"

#include <stdio.h>
#include <string.h>

#include "printhold/base/clock.h"
#include "printhold/base/err.h"
#include "printhold/base/log.h"

#define EVENT_TYPE "application/cloudevents+json"

/* --- items --- */

static const char *
item_name(const struct ph_cloud_item *item)
{
    switch (item->kind) {
    case PH_CLOUD_EVENT:
        return "an event";
    case PH_CLOUD_DOCUMENT:
        return "a directory document";
    default:
        return "the presence";
    }
}

/* Once the list is full no document is sent at all, so nothing spins. */
static void
park(struct ph_cloud *cloud, const struct ph_cloud_item *item, uint8_t reason)
{
    char text[PH_WHY_MAX];

    cloud->status.parked++;
    if (item->kind == PH_CLOUD_DOCUMENT &&
        cloud->parked_count < PH_CLOUD_PARKED_MAX)
        cloud->parked[cloud->parked_count++] = *item;
    (void)snprintf(text, sizeof(text),
                   "the broker refuses %s of this workstation: %s (0x%02x)",
                   item_name(item), ph_mqtt_reason_text(reason), reason);
    cloud_set_state(cloud, PH_CLOUD_ONLINE, text);
    ph_log_warning("cloud: %s, continuing", text);
}

bool
cloud_send_item(struct ph_cloud *cloud, const struct ph_cloud_item *item,
                const struct ph_mqtt_message *message)
{
    size_t slot = 0;
    int err;

    while (slot < PH_CLOUD_WINDOW &&
           cloud->flights[slot].kind != PH_CLOUD_NOTHING)
        slot++;
    if (slot == PH_CLOUD_WINDOW)
        return false;
    err = ph_mqtt_link_publish(cloud->link, message, slot);
    if (err == PH_OK)
        cloud->flights[slot] = *item;
    else if (err == PH_ERR_TOO_BIG || err == PH_ERR_INVALID)
        park(cloud, item, PH_MQTT_PACKET_TOO_LARGE);
    else
        return false;
    return true;
}

/* --- a turn --- */

static void
on_work(uv_work_t *work)
{
    struct ph_cloud *cloud = work->data;

    cloud->turn_err = ph_cloud_turn_run(&cloud->turn, cloud->jobs);
}

static uint32_t
expiry_s(int64_t expires_ms)
{
    int64_t left_s = (expires_ms - ph_clock_wall_ms()) / 1000;

    return left_s < 1 ? 1 : left_s > UINT32_MAX ? UINT32_MAX : (uint32_t)left_s;
}

/* Read as due, but in flight, parked, or acknowledged since it was read? */
static bool
is_settled(const struct ph_cloud *cloud, const struct ph_cloud_item *item)
{
    return ph_cloud_item_among(item, cloud->flights, PH_CLOUD_WINDOW) ||
           ph_cloud_item_among(item, cloud->acked, cloud->acked_count) ||
           ph_cloud_item_among(item, cloud->parked, cloud->parked_count);
}

static bool
send_document(struct ph_cloud *cloud, struct ph_outbox_document *document)
{
    struct ph_cloud_item item = {.kind = PH_CLOUD_DOCUMENT,
                                 .number = document->rev};
    struct ph_mqtt_message message = {.retain = true};
    char topic[PH_MQTT_TOPIC_MAX];

    if (cloud->parked_count == PH_CLOUD_PARKED_MAX)
        return true;
    (void)snprintf(item.uk, sizeof(item.uk), "%s", document->uk);
    if (is_settled(cloud, &item))
        return true;
    cloud_document_topic(cloud, document->uk, topic);
    message.topic = topic;
    if (document->payload.len > 0) { /* else: delete what is retained */
        message.payload = document->payload.data;
        message.len = document->payload.len;
        message.expiry_s = expiry_s(document->expires_ms);
        message.content_type = CLOUD_JSON;
    }
    return cloud_send_item(cloud, &item, &message);
}

static bool
send_event(struct ph_cloud *cloud, struct ph_outbox_event *event)
{
    struct ph_cloud_item item = {.kind = PH_CLOUD_EVENT, .number = event->seq};
    char topic[PH_MQTT_TOPIC_MAX];

    cloud_event_topic(cloud, topic);
    if (!cloud_send_item(
            cloud, &item,
            &(struct ph_mqtt_message){.topic = topic,
                                      .payload = event->payload.data,
                                      .len = event->payload.len,
                                      .content_type = EVENT_TYPE}))
        return false;
    cloud->after_seq = event->seq;
    return true;
}

static void
send_due(struct ph_cloud *cloud)
{
    struct ph_cloud_turn *turn = &cloud->turn;
    bool has_room = true;

    for (size_t i = 0; has_room && i < turn->document_count; i++)
        has_room = send_document(cloud, &turn->documents[i]);
    for (size_t i = 0; has_room && i < turn->event_count; i++)
        has_room = send_event(cloud, &turn->events[i]);
}

static void
on_turned(uv_work_t *work, int status)
{
    struct ph_cloud *cloud = work->data;
    struct ph_cloud_turn *turn = &cloud->turn;

    (void)status; /* nobody cancels it */
    cloud->is_turning = false;
    /* A new session began meanwhile: what was read is out of date. */
    if (cloud->turn_err == PH_OK && turn->after_seq == cloud->after_seq &&
        ph_mqtt_link_is_up(cloud->link))
        send_due(cloud);
    ph_cloud_turn_drop(turn);
    if (cloud->turn_err != PH_OK) {
        ph_log_warning("cloud: cannot read the outbox: %s, continuing",
                       ph_err_text(cloud->turn_err));
        if (!cloud->is_stopping)
            cloud_retry(cloud);
    }
    if (cloud->is_stopping)
        cloud_stop_link(cloud);
    else if (cloud->is_turn_wanted && cloud->turn_err == PH_OK)
        cloud_start_turn(cloud);
}

static void
take_acked(struct ph_cloud *cloud)
{
    struct ph_cloud_turn *turn = &cloud->turn;

    memcpy(&turn->acked[turn->acked_count], cloud->acked,
           cloud->acked_count * sizeof(cloud->acked[0]));
    turn->acked_count += cloud->acked_count;
    cloud->acked_count = 0;
}

void
cloud_start_turn(struct ph_cloud *cloud)
{
    struct ph_cloud_turn *turn = &cloud->turn;

    cloud_send_presence(cloud);
    cloud->is_turn_wanted = cloud->is_turning;
    if (cloud->is_turning)
        return;
    take_acked(cloud);
    turn->mark_all = turn->mark_all || cloud->mark_all;
    cloud->mark_all = false;
    turn->window = ph_mqtt_link_window(cloud->link);
    turn->after_seq = cloud->after_seq;
    if (turn->acked_count == 0 && !turn->mark_all && turn->window == 0)
        return;
    cloud->is_turning = true;
    cloud->work.data = cloud;
    if (uv_queue_work(cloud->loop, &cloud->work, on_work, on_turned) != 0)
        cloud->is_turning = false;
}

/* --- what the link says --- */

void
cloud_say_all(struct ph_cloud *cloud, bool session_present)
{
    if (!session_present) {
        memset(cloud->flights, 0, sizeof(cloud->flights));
        cloud->after_seq = 0;
    }
    cloud_unpark(cloud);
    cloud->mark_all = true;
    cloud_start_turn(cloud);
}

void
cloud_unpark(struct ph_cloud *cloud)
{
    cloud->parked_count = 0;
}

void
cloud_on_acked(uint64_t token, uint8_t reason, void *arg)
{
    struct ph_cloud *cloud = arg;
    struct ph_cloud_item item;

    if (token >= PH_CLOUD_WINDOW ||
        cloud->flights[token].kind == PH_CLOUD_NOTHING)
        return;
    item = cloud->flights[token];
    cloud->flights[token].kind = PH_CLOUD_NOTHING;
    if (reason >= 0x80) {
        park(cloud, &item, reason);
    } else {
        cloud->status.published++;
        if (item.kind != PH_CLOUD_PRESENCE &&
            cloud->acked_count < PH_CLOUD_WINDOW)
            cloud->acked[cloud->acked_count++] = item;
    }
    if (item.kind == PH_CLOUD_PRESENCE)
        cloud_presence_said(cloud, item.number);
    if (!cloud->is_stopping)
        cloud_start_turn(cloud);
}

void
cloud_store_last(struct ph_cloud *cloud, uv_after_work_cb done)
{
    take_acked(cloud);
    cloud->turn.mark_all = false;
    cloud->turn.window = 0;
    cloud->work.data = cloud;
    if (cloud->turn.acked_count == 0 ||
        uv_queue_work(cloud->loop, &cloud->work, on_work, done) != 0)
        done(&cloud->work, 0);
}
