/*
 * What is sent when. Invariants:
 *   - one turn in a worker at a time; it stores what the broker answered and
 *     reads what is due; only its end publishes, so at most a window of items
 *     is in flight;
 *   - order: presence, documents, workstation, events; an event is sent once
 *     per connection, in its order (after_seq); those that were refused before
 *     come behind the others (after_again);
 *   - what was read before a connection began or a refusal set it back is not
 *     sent (generation);
 *   - what an answer says is remembered until a turn has stored it.
 */
#include "cloud_private.h"

#include <stdio.h>
#include <string.h>

#include "printhold/base/clock.h"
#include "printhold/base/err.h"
#include "printhold/base/log.h"

#define EVENT_TYPE "application/cloudevents+json"

/* --- items --- */

size_t
cloud_in_flight(const struct ph_cloud *cloud)
{
    size_t count = 0;

    for (size_t i = 0; i < PH_CLOUD_WINDOW; i++)
        count += cloud->flights[i].kind != PH_CLOUD_NOTHING;
    return count;
}

void
cloud_remember(struct ph_cloud *cloud, const struct ph_cloud_item *item)
{
    if (cloud->answered_count < PH_COUNT(cloud->answered))
        cloud->answered[cloud->answered_count++] = *item;
}

bool
cloud_send_item(struct ph_cloud *cloud, const struct ph_cloud_item *item,
                const struct ph_mqtt_message *message)
{
    struct ph_cloud_item refused = *item;
    size_t slot = 0;
    int err;

    while (slot < PH_CLOUD_WINDOW &&
           cloud->flights[slot].kind != PH_CLOUD_NOTHING)
        slot++;
    if (slot == PH_CLOUD_WINDOW || cloud->answered_count >= 2 * PH_CLOUD_WINDOW)
        return false;
    err = ph_mqtt_link_publish(cloud->link, message, slot);
    if (err == PH_OK) {
        cloud->flights[slot] = *item;
    } else if (err == PH_ERR_TOO_BIG || err == PH_ERR_INVALID) {
        refused.reason = PH_MQTT_PACKET_TOO_LARGE;
        cloud_refused(cloud, &refused);
    } else {
        return false;
    }
    return true;
}

/* Read as due, but in flight, or answered since it was read? */
static bool
is_settled(const struct ph_cloud *cloud, const struct ph_cloud_item *item)
{
    return ph_cloud_item_among(item, cloud->flights, PH_CLOUD_WINDOW) ||
           ph_cloud_item_among(item, cloud->answered, cloud->answered_count);
}

/* --- what a turn has read --- */

static uint32_t
expiry_s(int64_t expires_ms)
{
    int64_t left_s = (expires_ms - ph_clock_wall_ms()) / 1000;

    return left_s < 1 ? 1 : left_s > UINT32_MAX ? UINT32_MAX : (uint32_t)left_s;
}

static bool
send_document(struct ph_cloud *cloud, struct ph_outbox_document *document)
{
    struct ph_cloud_item item = {.kind = PH_CLOUD_DOCUMENT,
                                 .number = document->rev};
    struct ph_mqtt_message message = {.retain = true};
    char topic[PH_MQTT_TOPIC_MAX];

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
send_event(struct ph_cloud *cloud, struct ph_outbox_event *event,
           uint64_t *after)
{
    struct ph_cloud_item item = {.kind = PH_CLOUD_EVENT, .number = event->seq};
    char topic[PH_MQTT_TOPIC_MAX];

    cloud_event_topic(cloud, topic);
    if (!is_settled(cloud, &item) &&
        !cloud_send_item(
            cloud, &item,
            &(struct ph_mqtt_message){.topic = topic,
                                      .payload = event->payload.data,
                                      .len = event->payload.len,
                                      .content_type = EVENT_TYPE}))
        return false;
    *after = event->seq;
    return true;
}

/* What a refusal of the moment sets back is not sent any more. */
static void
send_due(struct ph_cloud *cloud)
{
    struct ph_cloud_turn *turn = &cloud->turn;
    const size_t fresh = turn->event_count - turn->again_count;
    const size_t room = cloud_in_flight(cloud) + turn->window;
    bool goes_on = true;

#define HAS_ROOM()                               \
    (goes_on && cloud_in_flight(cloud) < room && \
     turn->generation == cloud->generation)
    for (size_t i = 0; HAS_ROOM() && i < turn->document_count; i++)
        goes_on = send_document(cloud, &turn->documents[i]);
    if (HAS_ROOM())
        goes_on = cloud_send_info(cloud);
    for (size_t i = 0; HAS_ROOM() && i < turn->event_count; i++)
        goes_on =
            send_event(cloud, &turn->events[i],
                       i < fresh ? &cloud->after_seq : &cloud->after_again);
#undef HAS_ROOM
}

/* --- a turn --- */

static void
on_work(uv_work_t *work)
{
    struct ph_cloud *cloud = work->data;

    cloud->turn_err = ph_cloud_turn_run(&cloud->turn, cloud->jobs);
}

static void
take_turn(struct ph_cloud *cloud)
{
    struct ph_cloud_turn *turn = &cloud->turn;

    cloud_note_view(cloud, &turn->view);
    cloud_note_parked(cloud, turn->view.parked);
    if (turn->generation == cloud->generation &&
        ph_mqtt_link_is_up(cloud->link))
        send_due(cloud);
}

static void
on_turned(uv_work_t *work, int status)
{
    struct ph_cloud *cloud = work->data;

    (void)status; /* nobody cancels it */
    cloud->is_turning = false;
    if (cloud->turn_err == PH_OK && !cloud->is_stopping)
        take_turn(cloud);
    ph_cloud_turn_drop(&cloud->turn);
    if (cloud->turn_err != PH_OK) {
        ph_log_warning("cloud: cannot read the outbox: %s, continuing",
                       ph_err_text(cloud->turn_err));
        if (!cloud->is_stopping)
            cloud_retry(cloud, CLOUD_RETRY_MS);
    }
    if (cloud->is_stopping)
        cloud_stop_link(cloud);
    else if (cloud->is_turn_wanted && cloud->turn_err == PH_OK)
        cloud_start_turn(cloud);
}

static void
take_answered(struct ph_cloud *cloud)
{
    struct ph_cloud_turn *turn = &cloud->turn;

    memcpy(&turn->answered[turn->answered_count], cloud->answered,
           cloud->answered_count * sizeof(cloud->answered[0]));
    turn->answered_count += cloud->answered_count;
    cloud->answered_count = 0;
}

void
cloud_start_turn(struct ph_cloud *cloud)
{
    struct ph_cloud_turn *turn = &cloud->turn;

    cloud_send_presence(cloud);
    cloud->is_turn_wanted = cloud->is_turning;
    if (cloud->is_turning)
        return;
    take_answered(cloud);
    turn->anew = turn->anew || cloud->anew;
    turn->unpark = turn->unpark || cloud->unpark;
    cloud->anew = cloud->unpark = false;
    turn->window = cloud_window(cloud);
    turn->without_events = cloud->refusals.is_standing;
    turn->after_seq = cloud->after_seq;
    turn->after_again = cloud->after_again;
    turn->generation = cloud->generation;
    if (turn->answered_count == 0 && !turn->anew && !turn->unpark &&
        turn->window == 0)
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
    if (!session_present) /* else the link sends them again */
        memset(cloud->flights, 0, sizeof(cloud->flights));
    cloud->generation++;
    cloud->after_seq = cloud->after_again = 0;
    cloud->anew = true;
    cloud_unpark(cloud);
    cloud_start_turn(cloud);
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
    item.reason = reason;
    if (reason >= PH_OUTBOX_REFUSED)
        cloud_refused(cloud, &item);
    else
        cloud_accepted(cloud, &item);
    if (item.kind == PH_CLOUD_PRESENCE)
        cloud_presence_said(cloud, item.number);
    if (!cloud->is_stopping)
        cloud_start_turn(cloud);
}

void
cloud_store_last(struct ph_cloud *cloud, uv_after_work_cb done)
{
    take_answered(cloud);
    cloud->turn.anew = cloud->turn.unpark = false;
    cloud->turn.window = 0;
    cloud->work.data = cloud;
    if (cloud->turn.answered_count == 0 ||
        uv_queue_work(cloud->loop, &cloud->work, on_work, done) != 0)
        done(&cloud->work, 0);
}
