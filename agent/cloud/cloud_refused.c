/*
 * What the broker does not take, so that nothing is lost, nothing waits for it
 * and the broker is not asked again and again:
 *   a document, an event   parked: with the next connection, the next refresh
 *                          of the presence or (a document) its next revision
 *   events altogether      not authorized, no such topic, or many in a row: they
 *                          stand, in their order, until then
 *   too much just now      sent again, one at a time, after a pause that grows
 * What is said of it stays until nothing of it is left.
 */
#include "cloud_private.h"

#include <stdio.h>
#include <string.h>

#include "printhold/base/clock.h"
#include "printhold/base/log.h"

#define IN_A_ROW_MAX 16
#define PAUSE_MIN_MS 1000
#define PAUSE_MAX_MS 60000

/* --- words --- */

static const char *
item_name(const struct ph_cloud_item *item)
{
    switch (item->kind) {
    case PH_CLOUD_EVENT:
        return "an event";
    case PH_CLOUD_DOCUMENT:
        return "a directory document";
    case PH_CLOUD_INFO:
        return "the description";
    default:
        return "the presence";
    }
}

/* The same words again are no news. */
static void
say(struct ph_cloud *cloud, const char *text)
{
    struct ph_cloud_status *status = &cloud->status;

    if (strcmp(status->refused_text, text) == 0)
        return;
    if (status->refused_text[0] == '\0')
        status->refused_since_ms = ph_clock_wall_ms();
    (void)snprintf(status->refused_text, sizeof(status->refused_text), "%s",
                   text);
    ph_log_warning("cloud: %s, continuing", text);
}

static void
say_refused(struct ph_cloud *cloud, const struct ph_cloud_item *item)
{
    char text[PH_WHY_MAX];

    (void)snprintf(text, sizeof(text),
                   "the broker refuses %s of this workstation: %s (0x%02x)%s",
                   item_name(item), ph_mqtt_reason_text(item->reason),
                   item->reason,
                   cloud->refusals.is_standing ? "; events wait" : "");
    say(cloud, text);
}

/* --- refusals --- */

static void
set_back(struct ph_cloud *cloud, const struct ph_cloud_item *event)
{
    const uint64_t before = event->number - 1;

    if (cloud->after_seq > before)
        cloud->after_seq = before;
    if (cloud->after_again > before)
        cloud->after_again = before;
    cloud->generation++;
}

static bool
is_for_the_moment(uint8_t reason)
{
    return reason == PH_MQTT_QUOTA_EXCEEDED ||
           reason == PH_MQTT_PACKET_ID_IN_USE;
}

static bool
is_about_the_topic(uint8_t reason)
{
    return reason == PH_MQTT_NOT_AUTHORIZED ||
           reason == PH_MQTT_TOPIC_NAME_INVALID;
}

static void
again_soon(struct ph_cloud *cloud, const struct ph_cloud_item *item)
{
    struct cloud_refusals *refusals = &cloud->refusals;
    char text[PH_WHY_MAX];

    if (item->kind == PH_CLOUD_PRESENCE)
        cloud_presence_due(cloud);
    else if (item->kind == PH_CLOUD_INFO)
        cloud->info.is_due = true;
    else if (item->kind == PH_CLOUD_EVENT)
        set_back(cloud, item);
    if (refusals->is_paused)
        return; /* the others that were under way */
    refusals->is_paused = true;
    refusals->pause_ms = refusals->pause_ms == 0 ? PAUSE_MIN_MS
                         : refusals->pause_ms >= PAUSE_MAX_MS / 2
                             ? PAUSE_MAX_MS
                             : 2 * refusals->pause_ms;
    cloud_retry(cloud, refusals->pause_ms);
    (void)snprintf(text, sizeof(text),
                   "the broker wants less at a time: %s (0x%02x)",
                   ph_mqtt_reason_text(item->reason), item->reason);
    say(cloud, text);
}

static void
refuse_event(struct ph_cloud *cloud, const struct ph_cloud_item *item)
{
    struct cloud_refusals *refusals = &cloud->refusals;

    if (is_about_the_topic(item->reason)) {
        refusals->is_standing = true;
        set_back(cloud, item);
        return;
    }
    if (++refusals->in_a_row >= IN_A_ROW_MAX)
        refusals->is_standing = true;
    cloud_remember(cloud, item);
}

void
cloud_refused(struct ph_cloud *cloud, const struct ph_cloud_item *item)
{
    cloud->status.refused++;
    if (is_for_the_moment(item->reason)) {
        again_soon(cloud, item);
        return;
    }
    if (item->kind == PH_CLOUD_EVENT)
        refuse_event(cloud, item);
    else if (item->kind == PH_CLOUD_DOCUMENT)
        cloud_remember(cloud, item);
    else
        cloud->refusals.is_self_refused = true;
    say_refused(cloud, item);
}

void
cloud_accepted(struct ph_cloud *cloud, const struct ph_cloud_item *item)
{
    struct cloud_refusals *refusals = &cloud->refusals;

    cloud->status.published++;
    refusals->pause_ms = 0;
    if (item->kind == PH_CLOUD_EVENT)
        refusals->in_a_row = 0;
    if (item->kind == PH_CLOUD_EVENT || item->kind == PH_CLOUD_DOCUMENT)
        cloud_remember(cloud, item);
}

/* --- afterwards --- */

void
cloud_unpark(struct ph_cloud *cloud)
{
    struct cloud_refusals *refusals = &cloud->refusals;

    refusals->is_standing = refusals->is_self_refused = false;
    refusals->in_a_row = 0;
    cloud->after_again = 0;
    cloud->unpark = true;
}

void
cloud_end_pause(struct ph_cloud *cloud)
{
    cloud->refusals.is_paused = false;
}

size_t
cloud_window(const struct ph_cloud *cloud)
{
    const struct cloud_refusals *refusals = &cloud->refusals;
    size_t window = ph_mqtt_link_window(cloud->link);

    if (refusals->is_paused)
        return 0;
    if (refusals->pause_ms > 0 && window > 0)
        return cloud_in_flight(cloud) == 0 ? 1 : 0;
    return window;
}

/* What was tried again is refused or taken before it is said to be well. */
void
cloud_note_parked(struct ph_cloud *cloud, uint64_t parked)
{
    const struct cloud_refusals *refusals = &cloud->refusals;

    if (parked == 0 && !refusals->is_standing && !refusals->is_self_refused &&
        refusals->pause_ms == 0 && cloud->answered_count == 0 &&
        cloud_in_flight(cloud) == 0)
        cloud->status.refused_text[0] = '\0';
}
