#include "mqtt_endpoints.h"

#include <stdlib.h>
#include <string.h>

#include "printhold/base/err.h"
#include "printhold/proto/mqtt.h"

#define EARLY_CLOSES_MAX 2

static int
add(struct ph_mqtt_endpoints *endpoints, const char *text, size_t len,
    struct ph_why *why)
{
    char url[PH_WS_HOST_MAX + PH_WS_PATH_MAX + 16];

    if (len >= sizeof(url))
        return ph_why_fail(why, PH_ERR_CONFIG, "cloud url is too long");
    memcpy(url, text, len);
    url[len] = '\0';
    return ph_ws_url_parse(url, &endpoints->list[endpoints->count++].url, why);
}

int
ph_mqtt_endpoints_init(struct ph_mqtt_endpoints *endpoints, const char *urls,
                       struct ph_why *why)
{
    size_t count = ph_ws_url_count(urls);
    int err = PH_OK;

    memset(endpoints, 0, sizeof(*endpoints));
    if (count == 0 || count > PH_WS_URLS_MAX)
        return ph_why_fail(why, PH_ERR_CONFIG,
                           "cloud url must be 1 to %d urls that begin with "
                           "wss://",
                           PH_WS_URLS_MAX);
    endpoints->list = calloc(count, sizeof(*endpoints->list));
    if (endpoints->list == NULL)
        return PH_ERR_NOMEM;
    for (const char *at = urls + strspn(urls, " "); err == PH_OK && *at != '\0';
         at += strspn(at, " ")) {
        size_t len = strcspn(at, " ");

        err = add(endpoints, at, len, why);
        at += len;
    }
    return err;
}

void
ph_mqtt_endpoints_close(struct ph_mqtt_endpoints *endpoints)
{
    free(endpoints->list);
    memset(endpoints, 0, sizeof(*endpoints));
}

/* --- order --- */

static size_t
current_index(const struct ph_mqtt_endpoints *endpoints)
{
    size_t index = endpoints->tried;

    if (endpoints->tried == 0)
        return endpoints->preferred;
    /* those before the preferred one moved up by one */
    return index <= endpoints->preferred ? index - 1 : index;
}

void
ph_mqtt_endpoints_begin_round(struct ph_mqtt_endpoints *endpoints)
{
    endpoints->tried = 0;
}

bool
ph_mqtt_endpoints_next(struct ph_mqtt_endpoints *endpoints)
{
    if (ph_mqtt_endpoints_is_last(endpoints))
        return false;
    endpoints->tried++;
    return true;
}

bool
ph_mqtt_endpoints_is_last(const struct ph_mqtt_endpoints *endpoints)
{
    return endpoints->tried + 1 >= endpoints->count;
}

struct ph_mqtt_endpoint *
ph_mqtt_endpoints_current(const struct ph_mqtt_endpoints *endpoints)
{
    return &endpoints->list[current_index(endpoints)];
}

void
ph_mqtt_endpoints_keep(struct ph_mqtt_endpoints *endpoints)
{
    endpoints->preferred = current_index(endpoints);
    endpoints->tried = 0;
}

void
ph_mqtt_endpoints_forget(struct ph_mqtt_endpoints *endpoints)
{
    endpoints->preferred = 0;
    endpoints->tried = 0;
}

/* --- versions --- */

uint8_t
ph_mqtt_endpoint_level(const struct ph_mqtt_endpoint *endpoint, uint64_t now_ms)
{
    return now_ms < endpoint->old_until_ms ? PH_MQTT_LEVEL_3_1_1
                                           : PH_MQTT_LEVEL_5;
}

bool
ph_mqtt_endpoint_refused(struct ph_mqtt_endpoint *endpoint, uint64_t now_ms)
{
    bool was_old = now_ms < endpoint->old_until_ms;

    endpoint->early_closes = 0;
    endpoint->old_until_ms = was_old ? 0 : now_ms + PH_MQTT_OLD_MS;
    return !was_old;
}

bool
ph_mqtt_endpoint_closed_early(struct ph_mqtt_endpoint *endpoint,
                              uint64_t now_ms)
{
    if (++endpoint->early_closes < EARLY_CLOSES_MAX)
        return false;
    return ph_mqtt_endpoint_refused(endpoint, now_ms);
}
