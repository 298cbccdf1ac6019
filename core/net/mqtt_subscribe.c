/*
 * Subscriptions of the link: one SUBSCRIBE for all filters, its packet
 * identifier kept for it alone, and the broker's word on each.
 */
#include "mqtt_link_private.h"

#include <stdlib.h>
#include <string.h>

#include "printhold/base/err.h"
#include "printhold/base/log.h"

int
ph_link_copy_filters(struct ph_mqtt_link *link,
                     const struct ph_mqtt_link_options *options,
                     struct ph_why *why)
{
    if (options->filter_count > PH_MQTT_FILTERS_MAX ||
        options->live_count > options->filter_count)
        return ph_why_fail(why, PH_ERR_INVALID, "more than %d topic filters",
                           PH_MQTT_FILTERS_MAX);
    for (size_t i = 0; i < options->filter_count; i++) {
        const char *filter = options->filters[i];

        if (!ph_mqtt_filter_valid(filter, strlen(filter)))
            return ph_why_fail(why, PH_ERR_INVALID,
                               "this is no topic filter: %s", filter);
        link->filters[i] = strdup(filter);
        if (link->filters[i] == NULL)
            return PH_ERR_NOMEM;
        link->filter_count++;
    }
    link->live_count = options->live_count;
    return PH_OK;
}

void
ph_link_free_filters(struct ph_mqtt_link *link)
{
    for (size_t i = 0; i < link->filter_count; i++)
        free(link->filters[i]);
    link->filter_count = 0;
}

/* "$share/GROUP/FILTER"; NULL for every other. */
static const char *
behind_share(const char *filter)
{
    static const char share[] = "$share/";
    const char *slash;

    if (strncmp(filter, share, sizeof(share) - 1) != 0)
        return NULL;
    slash = strchr(filter + sizeof(share) - 1, '/');
    return slash != NULL ? slash + 1 : NULL;
}

int
ph_link_subscribe(struct ph_mqtt_link *link)
{
    const char *asked[PH_MQTT_FILTERS_MAX];
    int err;

    if (link->is_subscribed || link->filter_count == 0)
        return PH_OK;
    for (size_t i = 0; i < link->filter_count; i++) {
        const char *plain = behind_share(link->filters[i]);

        asked[i] =
            plain != NULL && link->has_no_shared ? plain : link->filters[i];
    }
    err =
        ph_mqtt_put_subscribe(&link->control, link->level, PH_MQTT_SUBSCRIBE_ID,
                              asked, link->filter_count, link->live_count);
    if (err != PH_OK)
        return err;
    link->is_subscribing = true;
    link->asked_ms = uv_now(link->loop);
    ph_ws_client_want_write(link->ws);
    return PH_OK;
}

static void
tell(struct ph_mqtt_link *link, const char *filter, uint8_t reason)
{
    if (link->events.on_filter != NULL)
        link->events.on_filter(filter, reason, link->arg);
    else if (reason >= 0x80)
        ph_log_warning("cloud: the broker refuses to let us hear %s: %s "
                       "(0x%02x), continuing",
                       filter, ph_mqtt_reason_text(reason), reason);
}

/* Granted QoS above 1, or a reason that is none, is the broker's fault. */
static bool
is_suback_reason(uint8_t reason)
{
    return reason <= 1 || reason >= 0x80;
}

/* The broker had not said before that it has none. */
static bool
refuses_shared(const struct ph_mqtt_link *link, const struct ph_mqtt_ack *ack)
{
    for (size_t i = 0; i < ack->reasons.len && !link->has_no_shared; i++) {
        if ((uint8_t)ack->reasons.bytes[i] == PH_MQTT_NO_SHARED &&
            behind_share(link->filters[i]) != NULL)
            return true;
    }
    return false;
}

bool
ph_link_on_suback(struct ph_mqtt_link *link, const struct ph_mqtt_ack *ack)
{
    if (!link->is_subscribing || ack->packet_id != PH_MQTT_SUBSCRIBE_ID ||
        ack->reasons.len != link->filter_count)
        return false;
    for (size_t i = 0; i < ack->reasons.len; i++) {
        if (!is_suback_reason((uint8_t)ack->reasons.bytes[i]))
            return false;
    }
    link->is_subscribing = false;
    if (refuses_shared(link, ack)) {
        link->has_no_shared = true;
        return ph_link_subscribe(link) == PH_OK;
    }
    link->is_subscribed = true; /* a refusal is not asked again in a session */
    for (size_t i = 0; i < ack->reasons.len; i++)
        tell(link, link->filters[i], (uint8_t)ack->reasons.bytes[i]);
    return true;
}
