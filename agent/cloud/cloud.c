/* The life of the cloud link: start, the link's events, timers, stop. */
#include "cloud_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cloud_inbox.h"
#include "printhold/base/clock.h"
#include "printhold/base/err.h"
#include "printhold/base/log.h"

#define PRESENCE_EVERY_MS (15 * 60 * 1000)
#define WILL_DELAY_S      10
#define STOP_GRACE_MS     1500

static void on_refresh(uv_timer_t *timer);

/* --- status --- */

void
cloud_set_state(struct ph_cloud *cloud, enum ph_cloud_state state,
                const char *text)
{
    const bool is_other = cloud->status.state != state;

    if (is_other)
        cloud->status.since_ms = ph_clock_wall_ms();
    cloud->status.state = state;
    (void)snprintf(cloud->status.text, sizeof(cloud->status.text), "%s", text);
    if (is_other && cloud->on_state != NULL)
        cloud->on_state(cloud->on_state_arg);
}

void
ph_cloud_on_state(struct ph_cloud *cloud, void (*changed)(void *arg), void *arg)
{
    cloud->on_state = changed;
    cloud->on_state_arg = arg;
}

void
ph_cloud_status(const struct ph_cloud *cloud,
                struct ph_cloud_status *out_status)
{
    *out_status = cloud->status;
}

/* --- the link --- */

static void
on_up(bool session_present, void *arg)
{
    struct ph_cloud *cloud = arg;

    cloud_set_state(cloud, PH_CLOUD_ONLINE, "");
    ph_log_notice("cloud: connected");
    cloud_presence_due(cloud);
    cloud->info.is_due = true;
    cloud_end_pause(cloud);
    (void)uv_timer_start(&cloud->refresh, on_refresh, PRESENCE_EVERY_MS,
                         PRESENCE_EVERY_MS);
    cloud_say_all(cloud, session_present);
}

static void
on_down(const char *text, void *arg)
{
    struct ph_cloud *cloud = arg;

    if (!cloud->sleep.is_asleep && /* else it is as it shall be */
        (cloud->status.state == PH_CLOUD_ONLINE ||
         strcmp(cloud->status.text, text) != 0))
        ph_log_warning("cloud: %s, continuing", text);
    cloud_set_state(cloud, PH_CLOUD_CONNECTING, text);
    (void)uv_timer_stop(&cloud->refresh);
    cloud_presence_unheard(cloud);
}

static void
on_message(const struct ph_mqtt_publish *message, void *arg)
{
    struct ph_cloud *cloud = arg;

    if (cloud->on_message != NULL)
        cloud->on_message(message, cloud->on_message_arg);
}

void
ph_cloud_hurry(struct ph_cloud *cloud)
{
    if (cloud->link != NULL && !cloud->is_stopping)
        ph_mqtt_link_hurry(cloud->link);
}

void
ph_cloud_on_message(struct ph_cloud *cloud, ph_cloud_message_cb on_message_cb,
                    void *arg)
{
    cloud->on_message = on_message_cb;
    cloud->on_message_arg = arg;
}

/* --- time and kicks --- */

static void
on_refresh(uv_timer_t *timer)
{
    struct ph_cloud *cloud = timer->data;

    cloud_presence_due(cloud);
    cloud->info.is_stale = true;
    cloud_unpark(cloud); /* perhaps the broker thinks otherwise now */
    cloud_start_turn(cloud);
}

static void
on_retry(uv_timer_t *timer)
{
    struct ph_cloud *cloud = timer->data;

    cloud_end_pause(cloud);
    cloud_start_turn(cloud);
}

void
cloud_retry(struct ph_cloud *cloud, uint64_t ms)
{
    (void)uv_timer_start(&cloud->retry, on_retry, ms, 0);
}

static void
on_kick(uv_async_t *async)
{
    struct ph_cloud *cloud = async->data;

    if (!cloud->is_stopping && cloud->link != NULL &&
        ph_mqtt_link_is_up(cloud->link))
        cloud_start_turn(cloud);
}

void
ph_cloud_refresh(struct ph_cloud *cloud)
{
    if (!cloud->is_stopping && cloud->link != NULL &&
        ph_mqtt_link_is_up(cloud->link))
        on_refresh(&cloud->refresh);
}

void
ph_cloud_kick(struct ph_cloud *cloud)
{
    (void)uv_async_send(&cloud->kick);
}

/* --- start --- */

static const char *
given(const char *text)
{
    return text[0] != '\0' ? text : NULL;
}

static bool
trusts_system(const struct ph_config *config)
{
    return strcmp(config->cloud_trust, "system") == 0;
}

/* NULL: those of the system. */
static const char *
authority(const struct ph_config *config)
{
    if (trusts_system(config))
        return NULL;
    return config->cloud_ca_file[0] != '\0' ? config->cloud_ca_file
                                            : config->ca_file;
}

/* What we want to hear. Without an issuer nobody can tell us anything. */
static size_t
make_filters(const struct ph_config *config,
             const struct ph_workstation *workstation,
             char topics[PH_CLOUD_INBOX_FILTERS][PH_MQTT_TOPIC_MAX],
             const char *filters[PH_CLOUD_INBOX_FILTERS])
{
    if (config->issuer_key_file[0] == '\0')
        return 0;
    for (size_t i = 0; i < PH_CLOUD_INBOX_FILTERS; i++) {
        ph_cloud_inbox_topic((enum ph_cloud_message_kind)i, workstation->tenant,
                             workstation->id, topics[i]);
        filters[i] = topics[i];
    }
    return PH_CLOUD_INBOX_FILTERS;
}

static int
start_link(struct ph_cloud *cloud, const struct ph_config *config,
           const struct ph_workstation *workstation,
           const struct cloud_pace *pace, struct ph_why *why)
{
    char topics[PH_CLOUD_INBOX_FILTERS][PH_MQTT_TOPIC_MAX];
    const char *filters[PH_CLOUD_INBOX_FILTERS];
    char topic[PH_MQTT_TOPIC_MAX];
    struct ph_mqtt_will will = {.delay_s = WILL_DELAY_S};
    struct ph_mqtt_link_options options = {
        .url = config->cloud_url,
        .ca_file = authority(config),
        .cert_file = given(config->cert_file),
        .key_file = given(config->cert_key_file),
        .user = config->cloud_user,
        .token_file = config->cloud_token_file,
        .proxy = config->cloud_proxy,
        .no_proxy = config->cloud_no_proxy,
        .proxy_credentials_file = config->cloud_proxy_credentials_file,
        .client_id = cloud->workstation,
        .will = &will,
        .backoff_min_ms = pace->backoff_min_ms,
        .backoff_max_ms = pace->backoff_max_ms,
        .filters = filters,
        .filter_count = make_filters(config, workstation, topics, filters),
        .events = {.on_up = on_up,
                   .on_down = on_down,
                   .on_acked = cloud_on_acked,
                   .on_message = on_message},
        .arg = cloud,
    };
    struct ph_buf payload;
    int err;

    /* Nobody knows when the will is published: no time in it. */
    err = cloud_put_absence(cloud, 0, topic, &payload, &will.message);
    if (err == PH_OK)
        err = ph_mqtt_link_start(cloud->loop, &options, &cloud->link, why);
    ph_buf_close(&payload);
    return err;
}

static int
check_config(const struct ph_config *config,
             const struct ph_workstation *workstation, struct ph_why *why)
{
    /* The certificate says who this workstation is even where the broker is
     * told by user and token. */
    if (config->cert_file[0] == '\0' || config->cert_key_file[0] == '\0')
        return ph_why_fail(why, PH_ERR_CONFIG,
                           "cloud.url is set but identity.cert_file or "
                           "identity.key_file is not");
    if (!trusts_system(config) && config->cloud_ca_file[0] == '\0' &&
        config->ca_file[0] == '\0')
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
    static const struct cloud_pace pace = {0};

    return cloud_start(loop, config, jobs, workstation, &pace, out_cloud, why);
}

int
cloud_start(uv_loop_t *loop, const struct ph_config *config,
            struct ph_jobs *jobs, const struct ph_workstation *workstation,
            const struct cloud_pace *pace, struct ph_cloud **out_cloud,
            struct ph_why *why)
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
    cloud->presence.value = PH_PRESENCE_ON;
    cloud->info.key_level = config->key_level;
    ph_os_name(&cloud->info.os);
    (void)snprintf(cloud->base, sizeof(cloud->base), "ph1/%s",
                   workstation->tenant);
    (void)snprintf(cloud->workstation, sizeof(cloud->workstation), "%s",
                   workstation->id);
    cloud_set_state(cloud, is_on ? PH_CLOUD_CONNECTING : PH_CLOUD_OFF, "");
    cloud->status.since_ms = ph_clock_wall_ms();
    if (is_on)
        err = start_link(cloud, config, workstation, pace, why);
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
    cloud_store_last(cloud, on_last_turned);
}

void
cloud_stop_link(struct ph_cloud *cloud)
{
    char topic[PH_MQTT_TOPIC_MAX];
    struct ph_mqtt_message off;
    struct ph_buf payload;
    int err =
        cloud_put_absence(cloud, ph_clock_wall_ms(), topic, &payload, &off);

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
    cloud_presence_unheard(cloud);
    if (cloud->link == NULL)
        close_handles(cloud);
    else if (!cloud->is_turning)
        cloud_stop_link(cloud); /* else the end of the turn does */
}
