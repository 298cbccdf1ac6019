#include "release_service.h"

#include <stdlib.h>
#include <string.h>

#include "printhold/base/clock.h"
#include "printhold/base/err.h"
#include "printhold/base/log.h"
#include "release_private.h"

#define LOG_WINDOW_MS  60000
#define LOG_PER_WINDOW 30

/* Whoever can reach the port could fill the log otherwise. */
void
release_refused(struct ph_release_service *service, const char *peer,
                const char *reason)
{
    int64_t now_ms = ph_clock_mono_ms();
    unsigned count;

    atomic_fetch_add(&service->refused, 1);
    uv_mutex_lock(&service->lock);
    if (service->log_count == 0 ||
        now_ms - service->log_window_ms >= LOG_WINDOW_MS) {
        service->log_window_ms = now_ms;
        service->log_count = 0;
    }
    count = ++service->log_count;
    uv_mutex_unlock(&service->lock);
    if (count <= LOG_PER_WINDOW)
        ph_log_info("release: refused %s: %s", peer, reason);
    else if (count == LOG_PER_WINDOW + 1)
        ph_log_info("release: more refusals in this minute are only counted");
}

static bool
on_admit(const struct ph_identity *peer, struct ph_why *why, void *arg)
{
    struct ph_release_service *service = arg;

    if (!ph_release_auth_admit(&service->policy, peer, why))
        return false;
    if (!release_trust_is_denied(&service->trust, peer))
        return true;
    ph_why_set(why, "The printer %s is on the list of denied printers",
               peer->id);
    return false;
}

static bool
is_denied(const struct ph_identity *peer, void *arg)
{
    struct ph_release_service *service = arg;

    return release_trust_is_denied(&service->trust, peer);
}

static void
on_denied(void *arg)
{
    struct ph_release_service *service = arg;

    for (size_t i = 0; i < service->lane_count; i++)
        (void)uv_async_send(&service->lane[i].review);
    ph_release_session_drop(service->sessions, is_denied, service);
}

static void
on_renewed(void *arg)
{
    struct ph_release_service *service = arg;
    void (*renewed)(void *arg);

    uv_mutex_lock(&service->lock);
    renewed = service->renewed;
    uv_mutex_unlock(&service->lock);
    if (renewed != NULL)
        renewed(service->renewed_arg);
}

void
ph_release_service_on_renewed(struct ph_release_service *service,
                              void (*renewed)(void *arg), void *arg)
{
    uv_mutex_lock(&service->lock);
    service->renewed_arg = arg;
    service->renewed = renewed;
    uv_mutex_unlock(&service->lock);
}

/* --- starting --- */

static int
open_trust(struct ph_release_service *service, const struct ph_config *config,
           struct ph_why *why)
{
    const struct release_trust_options options = {
        .admit = on_admit,
        .renewed = on_renewed,
        .denied = on_denied,
        .arg = service,
    };
    int err = release_trust_open(&service->trust, config, &options, why);

    memcpy(service->issuer, config->issuer, sizeof(service->issuer));
    service->policy.tenant = service->trust.self.tenant;
    service->policy.workstation = service->trust.self.id;
    service->policy.issuer = service->issuer;
    service->policy.confidential_amr = service->policy.sign_in = "";
    return err;
}

static int
open_door(struct ph_release_service *service, const struct ph_config *config,
          struct ph_why *why)
{
    struct ph_http_door_options options;

    ph_http_door_options_init(&options);
    options.address = config->release_address;
    options.port = (uint16_t)config->release_port;
    return ph_http_door_open(&options, &service->door, why);
}

static void
close_lanes(struct ph_release_service *service)
{
    for (size_t i = 0; i < service->lane_count; i++)
        release_lane_close(&service->lane[i]);
    service->lane_count = 0;
}

static int
open_lanes(struct ph_release_service *service)
{
    const size_t wanted =
        uv_available_parallelism() > 1 ? PH_RELEASE_LANES_MAX : 1;
    int err = PH_OK;

    while (err == PH_OK && service->lane_count < wanted) {
        err = release_lane_open(&service->lane[service->lane_count], service);
        service->lane_count += err == PH_OK;
    }
    return err;
}

static int
start_lanes(struct ph_release_service *service, struct ph_why *why)
{
    int err = open_lanes(service);

    if (err == PH_OK)
        err = release_trust_watch(&service->trust, &service->lane[0].loop);
    for (size_t i = 0; err == PH_OK && i < service->lane_count; i++)
        err = release_lane_start(&service->lane[i]);
    if (err == PH_OK)
        return PH_OK;
    close_lanes(service);
    return ph_why_fail(why, err, "Cannot start the release service: %s",
                       ph_err_text(err));
}

/* --- life --- */

static void
service_free(struct ph_release_service *service)
{
    ph_http_door_close(service->door);
    ph_release_sessions_free(service->sessions);
    release_trust_close(&service->trust);
    uv_mutex_destroy(&service->lock);
    free(service);
}

int
ph_release_service_start(const struct ph_config *config, struct ph_jobs *jobs,
                         struct ph_release_service **out_service,
                         struct ph_why *why)
{
    struct ph_release_service *service = calloc(1, sizeof(*service));
    int err;

    if (service == NULL)
        return PH_ERR_NOMEM;
    if (uv_mutex_init(&service->lock) != 0) {
        free(service);
        return PH_ERR_NOMEM;
    }
    service->jobs = jobs;
    service->pulls_max = config->release_pulls_max;
    service->lease_ms = (int64_t)config->lease_s * 1000;
    err = open_trust(service, config, why);
    if (err == PH_OK)
        err = ph_release_sessions_new(&service->sessions);
    if (err == PH_OK)
        err = open_door(service, config, why);
    if (err == PH_OK)
        err = start_lanes(service, why);
    if (err != PH_OK) {
        service_free(service);
        return err;
    }
    ph_log_notice("release: printers pull on port %u",
                  ph_http_door_port(service->door));
    *out_service = service;
    return PH_OK;
}

void
ph_release_service_status(struct ph_release_service *service,
                          struct ph_release_status *out_status)
{
    out_status->port = ph_http_door_port(service->door);
    out_status->connections = ph_http_door_inside(service->door);
    out_status->pulls = atomic_load(&service->pulls);
    out_status->refused = atomic_load(&service->refused);
    release_trust_status(&service->trust, &out_status->text,
                         &out_status->denied);
}

void
ph_release_service_reload(struct ph_release_service *service)
{
    (void)uv_async_send(&service->reload);
}

void
ph_release_service_stop(struct ph_release_service *service)
{
    if (service == NULL)
        return;
    atomic_store(&service->stopping, 1);
    close_lanes(service);
    service_free(service);
}
