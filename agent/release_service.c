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

    atomic_fetch_add(&service->refused, 1);
    if (service->log_count == 0 ||
        now_ms - service->log_window_ms >= LOG_WINDOW_MS) {
        service->log_window_ms = now_ms;
        service->log_count = 0;
    }
    if (service->log_count++ < LOG_PER_WINDOW)
        ph_log_info("release: refused %s: %s", peer, reason);
    else if (service->log_count == LOG_PER_WINDOW + 1)
        ph_log_info("release: more refusals in this minute are only counted");
}

static void
on_refused(const char *address, const char *reason, void *arg)
{
    release_refused(arg, address, reason);
}

static bool
on_admit(const struct ph_identity *peer, struct ph_why *why, void *arg)
{
    const struct ph_release_service *service = arg;

    if (!ph_release_auth_admit(&service->policy, peer, why))
        return false;
    if (!ph_denied_has(service->trust.denied, peer))
        return true;
    ph_why_set(why, "The printer %s is on the list of denied printers",
               peer->id);
    return false;
}

static bool
is_denied(const struct ph_identity *peer, void *arg)
{
    const struct ph_release_service *service = arg;

    return ph_denied_has(service->trust.denied, peer);
}

/* Connections first: their downloads still look at the sessions. */
static void
on_denied(void *arg)
{
    struct ph_release_service *service = arg;

    if (service->http != NULL)
        ph_http_server_review(service->http);
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
    memcpy(service->confidential_amr, config->confidential_amr,
           sizeof(service->confidential_amr));
    service->policy.tenant = service->trust.self.tenant;
    service->policy.workstation = service->trust.self.id;
    service->policy.issuer = service->issuer;
    service->policy.confidential_amr = service->confidential_amr;
    return err;
}

static int
start_server(struct ph_release_service *service, const struct ph_config *config,
             struct ph_why *why)
{
    struct ph_http_options options;
    int err;

    ph_http_options_init(&options);
    options.address = config->release_address;
    options.port = (uint16_t)config->release_port;
    options.tls = service->trust.tls;
    options.on_request = release_on_request;
    options.on_refused = on_refused;
    options.arg = service;
    err = ph_http_server_start(&service->loop, &options, &service->http, why);
    if (err == PH_OK)
        service->port = ph_http_server_port(service->http);
    return err;
}

/* --- the thread --- */

static void
on_server_gone(void *arg)
{
    struct ph_release_service *service = arg;

    service->http = NULL;
}

/* Downloads that wait for their turn have nobody to go to any more. */
static void
drop_waiting(struct ph_release_service *service)
{
    while (service->waiting != NULL) {
        struct release_call *call = service->waiting;

        service->waiting = call->next;
        atomic_fetch_sub(&service->pulls, 1);
        ph_release_json(call->exchange, 503, NULL);
        release_call_free(call);
    }
}

static void
on_stop(uv_async_t *async)
{
    struct ph_release_service *service = async->data;

    uv_close((uv_handle_t *)async, NULL);
    uv_close((uv_handle_t *)&service->reload, NULL);
    uv_close((uv_handle_t *)&service->turn, NULL);
    release_trust_stop(&service->trust);
    ph_http_server_stop(service->http, on_server_gone, service);
    drop_waiting(service);
}

static void
on_reload(uv_async_t *async)
{
    struct ph_release_service *service = async->data;

    release_trust_reload(&service->trust);
}

static void
on_turn(uv_check_t *check)
{
    struct ph_release_service *service = check->data;

    atomic_store(
        &service->connections,
        service->http != NULL ? ph_http_server_connections(service->http) : 0);
}

/* Ends when the last handle is closed and the last call has finished. */
static void
run_loop(void *arg)
{
    struct ph_release_service *service = arg;

    (void)uv_run(&service->loop, UV_RUN_DEFAULT);
}

static void
service_free(struct ph_release_service *service)
{
    ph_release_sessions_free(service->sessions);
    release_trust_close(&service->trust);
    uv_mutex_destroy(&service->lock);
    free(service);
}

/* Close what was opened on a loop that no thread runs yet. */
static void
abandon_loop(struct ph_release_service *service)
{
    uv_close((uv_handle_t *)&service->stop, NULL);
    uv_close((uv_handle_t *)&service->reload, NULL);
    uv_close((uv_handle_t *)&service->turn, NULL);
    release_trust_stop(&service->trust);
    if (service->http != NULL)
        ph_http_server_stop(service->http, on_server_gone, service);
    (void)uv_run(&service->loop, UV_RUN_DEFAULT);
    (void)uv_loop_close(&service->loop);
}

static int
open_loop(struct ph_release_service *service)
{
    if (uv_loop_init(&service->loop) != 0)
        return PH_ERR_NOMEM;
    if (uv_async_init(&service->loop, &service->stop, on_stop) != 0) {
        (void)uv_loop_close(&service->loop);
        return PH_ERR_NOMEM;
    }
    /* The second of a loop cannot fail. */
    (void)uv_async_init(&service->loop, &service->reload, on_reload);
    (void)uv_check_init(&service->loop, &service->turn);
    service->stop.data = service->reload.data = service->turn.data = service;
    (void)uv_check_start(&service->turn, on_turn);
    uv_unref((uv_handle_t *)&service->turn);
    return PH_OK;
}

static int
start_loop(struct ph_release_service *service, const struct ph_config *config,
           struct ph_why *why)
{
    int err = open_loop(service);

    if (err != PH_OK)
        return err;
    err = start_server(service, config, why);
    if (err == PH_OK)
        err = release_trust_watch(&service->trust, &service->loop);
    if (err == PH_OK &&
        uv_thread_create(&service->thread, run_loop, service) != 0)
        err = ph_why_fail(why, PH_ERR_NOMEM, "Cannot start a thread");
    if (err != PH_OK)
        abandon_loop(service);
    return err;
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
    service->refusal_work.data = service;
    service->pulls_max = config->release_pulls_max;
    service->lease_ms = (int64_t)config->lease_s * 1000;
    err = open_trust(service, config, why);
    if (err == PH_OK)
        err = ph_release_sessions_new(&service->sessions);
    if (err == PH_OK)
        err = start_loop(service, config, why);
    if (err != PH_OK) {
        service_free(service);
        return err;
    }
    ph_log_notice("release: printers pull on port %u", service->port);
    *out_service = service;
    return PH_OK;
}

void
ph_release_service_status(struct ph_release_service *service,
                          struct ph_release_status *out_status)
{
    out_status->port = service->port;
    out_status->connections = atomic_load(&service->connections);
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
    (void)uv_async_send(&service->stop);
    (void)uv_thread_join(&service->thread);
    (void)uv_loop_close(&service->loop);
    service_free(service);
}
