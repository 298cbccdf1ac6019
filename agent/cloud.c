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
#include "cloud.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cloud_turn.h"
#include "printhold/base/clock.h"
#include "printhold/base/err.h"
#include "printhold/base/log.h"
#include "printhold/proto/directory.h"

#define PRESENCE_EVERY_MS  (15 * 60 * 1000)
#define PRESENCE_EXPIRY_S  (35 * 60)
#define ABSENCE_EXPIRY_S   (7 * 24 * 3600)
#define WILL_DELAY_S       10
#define STOP_GRACE_MS      1500
#define RETRY_MS           5000
#define PRESENCE_BYTES_MAX 512
#define JSON_TYPE          "application/json"
#define EVENT_TYPE         "application/cloudevents+json"

struct ph_cloud {
    uv_loop_t *loop;
    struct ph_jobs *jobs;
    struct ph_mqtt_link *link; /* NULL when off */
    uv_async_t kick;
    uv_timer_t refresh; /* of the presence */
    uv_timer_t retry;   /* after a turn that failed */
    uv_work_t work;
    unsigned handles; /* to be closed */

    char base[64]; /* "ph1/{tenant}" */
    char workstation[64];

    struct ph_cloud_turn turn;
    int turn_err;
    bool is_turning;
    bool is_turn_wanted;
    bool mark_all;
    bool is_presence_due;
    uint64_t after_seq;
    struct ph_cloud_item flights[PH_CLOUD_WINDOW];
    struct ph_cloud_item acked[PH_CLOUD_WINDOW];
    size_t acked_count;
    struct ph_cloud_item parked[PH_CLOUD_PARKED_MAX];
    size_t parked_count;

    struct ph_cloud_status status;
    bool is_stopping;
    void (*stopped)(void *arg);
    void *stopped_arg;
};

static void start_turn(struct ph_cloud *cloud);
static void stop_link(struct ph_cloud *cloud);
static void on_refresh(uv_timer_t *timer);
static void on_retry(uv_timer_t *timer);

/* --- topics --- */

static void
state_topic(const struct ph_cloud *cloud, char dst[PH_MQTT_TOPIC_MAX])
{
    (void)snprintf(dst, PH_MQTT_TOPIC_MAX, "%s/ws/%s/st", cloud->base,
                   cloud->workstation);
}

static void
document_topic(const struct ph_cloud *cloud, const char *uk,
               char dst[PH_MQTT_TOPIC_MAX])
{
    (void)snprintf(dst, PH_MQTT_TOPIC_MAX, "%s/u/%s/%s", cloud->base, uk,
                   cloud->workstation);
}

/* --- status --- */

static void
set_state(struct ph_cloud *cloud, enum ph_cloud_state state, const char *text)
{
    if (cloud->status.state != state)
        cloud->status.since_ms = ph_clock_wall_ms();
    cloud->status.state = state;
    (void)snprintf(cloud->status.text, sizeof(cloud->status.text), "%s", text);
}

void
ph_cloud_status(const struct ph_cloud *cloud,
                struct ph_cloud_status *out_status)
{
    *out_status = cloud->status;
}

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
    set_state(cloud, PH_CLOUD_ONLINE, text);
    ph_log_warning("cloud: %s, continuing", text);
}

/* Publish under the number of a free flight, or park what can never be
 * published; false when nothing more goes now. */
static bool
send_item(struct ph_cloud *cloud, const struct ph_cloud_item *item,
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

/* --- presence --- */

static int
publish_presence(struct ph_cloud *cloud)
{
    static const struct ph_cloud_item item = {.kind = PH_CLOUD_PRESENCE};
    char topic[PH_MQTT_TOPIC_MAX];
    struct ph_buf payload;
    bool is_sent = false;
    int err;

    ph_buf_init(&payload, PRESENCE_BYTES_MAX);
    state_topic(cloud, topic);
    err =
        ph_presence_put(1, PRINTHOLD_VERSION, cloud->status.since_ms, &payload);
    if (err == PH_OK)
        is_sent =
            send_item(cloud, &item,
                      &(struct ph_mqtt_message){.topic = topic,
                                                .payload = payload.data,
                                                .len = payload.len,
                                                .retain = true,
                                                .expiry_s = PRESENCE_EXPIRY_S,
                                                .content_type = JSON_TYPE});
    ph_buf_close(&payload);
    if (err == PH_OK && !is_sent)
        err = PH_ERR_AGAIN;
    return err;
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
    document_topic(cloud, document->uk, topic);
    message.topic = topic;
    if (document->payload.len > 0) { /* else: delete what is retained */
        message.payload = document->payload.data;
        message.len = document->payload.len;
        message.expiry_s = expiry_s(document->expires_ms);
        message.content_type = JSON_TYPE;
    }
    return send_item(cloud, &item, &message);
}

static bool
send_event(struct ph_cloud *cloud, struct ph_outbox_event *event)
{
    struct ph_cloud_item item = {.kind = PH_CLOUD_EVENT, .number = event->seq};
    char topic[PH_MQTT_TOPIC_MAX];

    (void)snprintf(topic, sizeof(topic), "%s/ev/%s", cloud->base,
                   cloud->workstation);
    if (!send_item(cloud, &item,
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
            (void)uv_timer_start(&cloud->retry, on_retry, RETRY_MS, 0);
    }
    if (cloud->is_stopping)
        stop_link(cloud);
    else if (cloud->is_turn_wanted && cloud->turn_err == PH_OK)
        start_turn(cloud);
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

/* Store what was acknowledged, read and send what is due; if a turn is under
 * way, once more after it. */
static void
start_turn(struct ph_cloud *cloud)
{
    struct ph_cloud_turn *turn = &cloud->turn;

    cloud->is_turn_wanted = cloud->is_turning;
    if (cloud->is_turning)
        return;
    if (cloud->is_presence_due && publish_presence(cloud) == PH_OK)
        cloud->is_presence_due = false;
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

/* --- the link --- */

static void
on_up(bool session_present, void *arg)
{
    struct ph_cloud *cloud = arg;

    set_state(cloud, PH_CLOUD_ONLINE, "");
    ph_log_notice("cloud: connected");
    if (!session_present) {
        memset(cloud->flights, 0, sizeof(cloud->flights));
        cloud->after_seq = 0;
    }
    cloud->parked_count = 0;
    cloud->is_presence_due = true;
    cloud->mark_all = true;
    (void)uv_timer_start(&cloud->refresh, on_refresh, PRESENCE_EVERY_MS,
                         PRESENCE_EVERY_MS);
    start_turn(cloud);
}

static void
on_down(const char *text, void *arg)
{
    struct ph_cloud *cloud = arg;

    if (cloud->status.state == PH_CLOUD_ONLINE ||
        strcmp(cloud->status.text, text) != 0)
        ph_log_warning("cloud: %s, continuing", text);
    set_state(cloud, PH_CLOUD_CONNECTING, text);
    (void)uv_timer_stop(&cloud->refresh);
}

static void
on_acked(uint64_t token, uint8_t reason, void *arg)
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
    if (!cloud->is_stopping)
        start_turn(cloud);
}

/* --- time and kicks --- */

static void
on_refresh(uv_timer_t *timer)
{
    struct ph_cloud *cloud = timer->data;

    cloud->is_presence_due = true;
    cloud->parked_count = 0; /* perhaps the broker thinks otherwise now */
    start_turn(cloud);
}

static void
on_retry(uv_timer_t *timer)
{
    start_turn(timer->data);
}

static void
on_kick(uv_async_t *async)
{
    struct ph_cloud *cloud = async->data;

    if (!cloud->is_stopping && cloud->link != NULL &&
        ph_mqtt_link_is_up(cloud->link))
        start_turn(cloud);
}

void
ph_cloud_kick(struct ph_cloud *cloud)
{
    (void)uv_async_send(&cloud->kick);
}

/* --- start --- */

static int
start_link(struct ph_cloud *cloud, const struct ph_config *config,
           struct ph_why *why)
{
    char topic[PH_MQTT_TOPIC_MAX];
    struct ph_mqtt_will will = {.delay_s = WILL_DELAY_S};
    struct ph_mqtt_link_options options = {
        .url = config->cloud_url,
        .ca_file = config->cloud_ca_file[0] != '\0' ? config->cloud_ca_file
                                                    : config->ca_file,
        .cert_file = config->cert_file,
        .key_file = config->cert_key_file,
        .client_id = cloud->workstation,
        .will = &will,
        .events = {.on_up = on_up, .on_down = on_down, .on_acked = on_acked},
        .arg = cloud,
    };
    struct ph_buf payload;
    int err;

    ph_buf_init(&payload, PRESENCE_BYTES_MAX);
    state_topic(cloud, topic);
    /* Nobody knows when the will is published: no time in it. */
    err = ph_presence_put(0, PRINTHOLD_VERSION, 0, &payload);
    will.message = (struct ph_mqtt_message){.topic = topic,
                                            .payload = payload.data,
                                            .len = payload.len,
                                            .retain = true,
                                            .expiry_s = ABSENCE_EXPIRY_S,
                                            .content_type = JSON_TYPE};
    if (err == PH_OK)
        err = ph_mqtt_link_start(cloud->loop, &options, &cloud->link, why);
    ph_buf_close(&payload);
    return err;
}

static int
check_config(const struct ph_config *config,
             const struct ph_workstation *workstation, struct ph_why *why)
{
    if (config->cert_file[0] == '\0' || config->cert_key_file[0] == '\0')
        return ph_why_fail(why, PH_ERR_CONFIG,
                           "cloud.url is set but identity.cert_file or "
                           "identity.key_file is not");
    if (config->cloud_ca_file[0] == '\0' && config->ca_file[0] == '\0')
        return ph_why_fail(why, PH_ERR_CONFIG,
                           "cloud.url is set but neither cloud.ca_file nor "
                           "identity.ca_file is");
    if (workstation->tenant[0] == '\0' || workstation->id[0] == '\0')
        return ph_why_fail(why, PH_ERR_CONFIG,
                           "cloud.url is set but the certificate of this "
                           "workstation names no tenant and id");
    return PH_OK;
}

int
ph_cloud_start(uv_loop_t *loop, const struct ph_config *config,
               struct ph_jobs *jobs, const struct ph_workstation *workstation,
               struct ph_cloud **out_cloud, struct ph_why *why)
{
    bool is_on = config->cloud_url[0] != '\0';
    struct ph_cloud *cloud;
    int err = is_on ? check_config(config, workstation, why) : PH_OK;

    if (err != PH_OK)
        return err;
    cloud = calloc(1, sizeof(*cloud));
    if (cloud == NULL)
        return PH_ERR_NOMEM;
    cloud->loop = loop;
    cloud->jobs = jobs;
    (void)snprintf(cloud->base, sizeof(cloud->base), "ph1/%s",
                   workstation->tenant);
    (void)snprintf(cloud->workstation, sizeof(cloud->workstation), "%s",
                   workstation->id);
    set_state(cloud, is_on ? PH_CLOUD_CONNECTING : PH_CLOUD_OFF, "");
    cloud->status.since_ms = ph_clock_wall_ms();
    if (is_on)
        err = start_link(cloud, config, why);
    if (err == PH_OK && uv_async_init(loop, &cloud->kick, on_kick) != 0)
        err = PH_ERR_NOMEM; /* eventfd: only at start, link closes itself */
    if (err != PH_OK) {
        if (cloud->link != NULL)
            ph_mqtt_link_stop(cloud->link, NULL, 0, free, cloud);
        else
            free(cloud);
        return err;
    }
    cloud->kick.data = cloud;
    (void)uv_timer_init(loop, &cloud->refresh);
    cloud->refresh.data = cloud;
    (void)uv_timer_init(loop, &cloud->retry);
    cloud->retry.data = cloud;
    *out_cloud = cloud;
    return PH_OK;
}

/* --- stop: the turn, the link, the last acknowledgements, the handles --- */

static void
on_handle_closed(uv_handle_t *handle)
{
    struct ph_cloud *cloud = handle->data;

    if (--cloud->handles > 0)
        return;
    if (cloud->stopped != NULL)
        cloud->stopped(cloud->stopped_arg);
    free(cloud);
}

static void
close_handles(struct ph_cloud *cloud)
{
    cloud->handles = 3;
    uv_close((uv_handle_t *)&cloud->kick, on_handle_closed);
    uv_close((uv_handle_t *)&cloud->refresh, on_handle_closed);
    uv_close((uv_handle_t *)&cloud->retry, on_handle_closed);
}

static void
on_last_turned(uv_work_t *work, int status)
{
    (void)status;
    close_handles(work->data);
}

static void
on_link_stopped(void *arg)
{
    struct ph_cloud *cloud = arg;

    cloud->link = NULL;
    take_acked(cloud);
    cloud->turn.mark_all = false;
    cloud->turn.window = 0;
    cloud->work.data = cloud;
    if (cloud->turn.acked_count == 0 ||
        uv_queue_work(cloud->loop, &cloud->work, on_work, on_last_turned) != 0)
        close_handles(cloud);
}

static void
stop_link(struct ph_cloud *cloud)
{
    char topic[PH_MQTT_TOPIC_MAX];
    struct ph_mqtt_message off = {
        .topic = topic, .retain = true, .expiry_s = ABSENCE_EXPIRY_S};
    struct ph_buf payload;
    int err;

    ph_buf_init(&payload, PRESENCE_BYTES_MAX);
    state_topic(cloud, topic);
    err = ph_presence_put(0, PRINTHOLD_VERSION, ph_clock_wall_ms(), &payload);
    off.payload = payload.data;
    off.len = payload.len;
    ph_mqtt_link_stop(cloud->link, err == PH_OK ? &off : NULL, STOP_GRACE_MS,
                      on_link_stopped, cloud);
    ph_buf_close(&payload);
}

void
ph_cloud_stop(struct ph_cloud *cloud, void (*done)(void *arg), void *arg)
{
    cloud->is_stopping = true;
    cloud->stopped = done;
    cloud->stopped_arg = arg;
    (void)uv_timer_stop(&cloud->refresh);
    (void)uv_timer_stop(&cloud->retry);
    if (cloud->link == NULL)
        close_handles(cloud);
    else if (!cloud->is_turning)
        stop_link(cloud); /* else the end of the turn does */
}
