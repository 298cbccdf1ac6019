/* Presence, and the names of the topics we write to. */
#include "cloud_private.h"

#include <stdio.h>

#include "printhold/base/clock.h"
#include "printhold/base/err.h"

#define PRESENCE_EXPIRY_S  (35 * 60)
#define ABSENCE_EXPIRY_S   (7 * 24 * 3600)
#define PRESENCE_BYTES_MAX 512

/* --- topics --- */

void
cloud_state_topic(const struct ph_cloud *cloud, char dst[PH_MQTT_TOPIC_MAX])
{
    (void)snprintf(dst, PH_MQTT_TOPIC_MAX, "%s/ws/%s/st", cloud->base,
                   cloud->workstation);
}

void
cloud_info_topic(const struct ph_cloud *cloud, char dst[PH_MQTT_TOPIC_MAX])
{
    (void)snprintf(dst, PH_MQTT_TOPIC_MAX, "%s/ws/%s/inf", cloud->base,
                   cloud->workstation);
}

void
cloud_document_topic(const struct ph_cloud *cloud, const char *uk,
                     char dst[PH_MQTT_TOPIC_MAX])
{
    (void)snprintf(dst, PH_MQTT_TOPIC_MAX, "%s/u/%s/%s", cloud->base, uk,
                   cloud->workstation);
}

void
cloud_event_topic(const struct ph_cloud *cloud, char dst[PH_MQTT_TOPIC_MAX])
{
    (void)snprintf(dst, PH_MQTT_TOPIC_MAX, "%s/ev/%s", cloud->base,
                   cloud->workstation);
}

/* --- messages --- */

static int
put_message(const struct ph_cloud *cloud, enum ph_presence presence,
            int64_t since_ms, char topic[PH_MQTT_TOPIC_MAX],
            struct ph_buf *payload, struct ph_mqtt_message *out_message)
{
    int err;

    ph_buf_init(payload, PRESENCE_BYTES_MAX);
    cloud_state_topic(cloud, topic);
    err = ph_presence_put(presence, PRINTHOLD_VERSION, since_ms, payload);
    if (err == PH_OK)
        *out_message = (struct ph_mqtt_message){
            .topic = topic,
            .payload = payload->data,
            .len = payload->len,
            .retain = true,
            .expiry_s = presence == PH_PRESENCE_ON ? PRESENCE_EXPIRY_S
                                                   : ABSENCE_EXPIRY_S,
            .content_type = CLOUD_JSON};
    return err;
}

int
cloud_put_absence(const struct ph_cloud *cloud, int64_t since_ms,
                  char topic[PH_MQTT_TOPIC_MAX], struct ph_buf *payload,
                  struct ph_mqtt_message *out_message)
{
    return put_message(cloud, PH_PRESENCE_OFF, since_ms, topic, payload,
                       out_message);
}

/* --- what is said when --- */

void
cloud_presence_due(struct ph_cloud *cloud)
{
    cloud->presence.is_due = true;
}

/* "On" is since this connection, for the broker's readers. */
void
cloud_send_presence(struct ph_cloud *cloud)
{
    struct cloud_presence *presence = &cloud->presence;
    const struct ph_cloud_item item = {.kind = PH_CLOUD_PRESENCE,
                                       .number = presence->number};
    int64_t since_ms = presence->value == PH_PRESENCE_ON
                           ? cloud->status.since_ms
                           : presence->since_ms;
    char topic[PH_MQTT_TOPIC_MAX];
    struct ph_mqtt_message message;
    struct ph_buf payload;

    if (!presence->is_due || !ph_mqtt_link_is_up(cloud->link))
        return;
    if (put_message(cloud, presence->value, since_ms, topic, &payload,
                    &message) == PH_OK &&
        cloud_send_item(cloud, &item, &message))
        presence->is_due = false;
    ph_buf_close(&payload);
}

static void
tell(struct cloud_presence *presence)
{
    void (*said)(void *arg) = presence->said;

    presence->said = NULL;
    if (said != NULL)
        said(presence->said_arg);
}

void
cloud_presence_said(struct ph_cloud *cloud, uint64_t number)
{
    if (number == cloud->presence.number)
        tell(&cloud->presence);
}

void
cloud_presence_unheard(struct ph_cloud *cloud)
{
    tell(&cloud->presence);
}

void
ph_cloud_set_presence(struct ph_cloud *cloud, enum ph_presence value,
                      void (*said)(void *arg), void *arg)
{
    struct cloud_presence *presence = &cloud->presence;

    tell(presence); /* who waited for the last one waits no longer */
    presence->value = value;
    presence->since_ms = ph_clock_wall_ms();
    presence->number++;
    presence->said = said;
    presence->said_arg = arg;
    if (cloud->link == NULL || cloud->is_stopping ||
        !ph_mqtt_link_is_up(cloud->link)) {
        tell(presence); /* on_up says the rest */
        return;
    }
    presence->is_due = true;
    cloud_start_turn(cloud);
}
