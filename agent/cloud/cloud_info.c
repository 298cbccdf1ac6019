/* The workstation document: said with each connection and when it changes. */
#include "cloud_private.h"

#include <string.h>

#include "printhold/base/clock.h"
#include "printhold/base/err.h"
#include "printhold/base/log.h"
#include "printhold/proto/workstation_info.h"

#define INFO_EXPIRY_S (30 * 24 * 3600)

static bool
is_same(const struct ph_workstation *a, const struct ph_workstation *b)
{
    if (strcmp(a->host, b->host) != 0 || a->address_count != b->address_count)
        return false;
    for (size_t i = 0; i < a->address_count; i++) {
        if (strcmp(a->address[i], b->address[i]) != 0)
            return false;
    }
    return true;
}

/* How full the spool is changes with every job: it is no reason by itself. */
void
cloud_note_view(struct ph_cloud *cloud, const struct ph_outbox_view *view)
{
    struct cloud_info *info = &cloud->info;
    bool is_other = !is_same(&info->view.workstation, &view->workstation) ||
                    info->view.dropped != view->dropped;
    bool is_fuller = info->view.bytes != view->bytes ||
                     info->view.jobs != view->jobs ||
                     info->view.bytes_max != view->bytes_max;

    info->is_due = info->is_due || is_other || (info->is_stale && is_fuller);
    info->is_stale = false;
    if (info->is_due)
        info->view = *view;
}

static int
put(const struct ph_cloud *cloud, struct ph_buf *payload)
{
    const struct ph_outbox_view *view = &cloud->info.view;
    const char *addresses[PH_WORKSTATION_INFO_ADDRESSES_MAX];
    size_t count = 0;

    for (; count < view->workstation.address_count &&
           count < PH_WORKSTATION_INFO_ADDRESSES_MAX;
         count++)
        addresses[count] = view->workstation.address[count];
    return ph_workstation_info_put(
        &(struct ph_workstation_info){.at_ms = ph_clock_wall_ms(),
                                      .workstation = cloud->workstation,
                                      .host = view->workstation.host,
                                      .addresses = addresses,
                                      .address_count = count,
                                      .version = PRINTHOLD_VERSION,
                                      .os_name = cloud->info.os.name,
                                      .os_version = cloud->info.os.version,
                                      .key_level = cloud->info.key_level,
                                      .spool_jobs = (int64_t)view->jobs,
                                      .spool_bytes = (int64_t)view->bytes,
                                      .spool_bytes_max =
                                          (int64_t)view->bytes_max,
                                      .dropped = (int64_t)view->dropped},
        payload);
}

bool
cloud_send_info(struct ph_cloud *cloud)
{
    static const struct ph_cloud_item item = {.kind = PH_CLOUD_INFO};
    char topic[PH_MQTT_TOPIC_MAX];
    struct ph_buf payload;
    bool goes_on = true;
    int err;

    if (!cloud->info.is_due)
        return true;
    ph_buf_init(&payload, PH_WORKSTATION_INFO_BYTES_MAX);
    cloud_info_topic(cloud, topic);
    err = put(cloud, &payload);
    if (err == PH_OK)
        goes_on = cloud_send_item(
            cloud, &item,
            &(struct ph_mqtt_message){.topic = topic,
                                      .payload = payload.data,
                                      .len = payload.len,
                                      .retain = true,
                                      .expiry_s = INFO_EXPIRY_S,
                                      .content_type = CLOUD_JSON});
    else
        ph_log_warning("cloud: cannot describe this workstation: %s, "
                       "continuing",
                       ph_err_text(err));
    cloud->info.is_due = !goes_on;
    ph_buf_close(&payload);
    return goes_on;
}
