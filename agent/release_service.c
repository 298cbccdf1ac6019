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

    return ph_release_auth_admit(&service->policy, peer, why);
}

/* --- starting --- */

static int
need_file(const char *path, const char *setting, const char *what,
          struct ph_why *why)
{
    if (path[0] != '\0')
        return PH_OK;
    return ph_why_fail(why, PH_ERR_CONFIG,
                       "Printers cannot connect: set %s to %s", setting, what);
}

/* Say which setting the file that failed stands in. */
static int
blame(int err, const char *setting, struct ph_why *why)
{
    struct ph_why inner;

    if (err == PH_OK || why == NULL)
        return err;
    inner = *why;
    return ph_why_fail(why, PH_ERR_CONFIG, "%s (setting %s)", inner.text,
                       setting);
}

static int
load_identity(struct ph_release_service *service,
              const struct ph_config *config, struct ph_why *why)
{
    int err = need_file(config->cert_file, "identity.cert_file",
                        "the certificate of this computer", why);

    if (err != PH_OK)
        return err;
    err = ph_identity_of_file(config->cert_file, &service->self, why);
    if (err != PH_OK)
        return blame(err, "identity.cert_file", why);
    if (service->self.kind != PH_IDENTITY_WORKSTATION)
        return ph_why_fail(why, PH_ERR_CONFIG,
                           "%s (setting identity.cert_file) is not the "
                           "certificate of a workstation",
                           config->cert_file);
    memcpy(service->issuer, config->issuer, sizeof(service->issuer));
    service->policy.tenant = service->self.tenant;
    service->policy.workstation = service->self.id;
    service->policy.issuer = service->issuer;
    return PH_OK;
}

static int
load_tls(struct ph_release_service *service, const struct ph_config *config,
         struct ph_why *why)
{
    bool own_ca = config->printer_ca_file[0] != '\0';
    struct ph_tls_options options = {
        .cert_file = config->cert_file,
        .key_file = config->cert_key_file,
        .client_ca_file = own_ca ? config->printer_ca_file : config->ca_file,
        .admit = on_admit,
        .arg = service,
    };
    int err = need_file(options.key_file, "identity.cert_key_file",
                        "the key of this computer's certificate", why);

    if (err == PH_OK)
        err = need_file(options.client_ca_file, "release.printer_ca_file",
                        "the CA of the printers", why);
    if (err != PH_OK)
        return err;
    return blame(ph_tls_server_new(&options, &service->tls, why),
                 own_ca ? "identity.cert_file, identity.cert_key_file or "
                          "release.printer_ca_file"
                        : "identity.cert_file, identity.cert_key_file or "
                          "identity.ca_file",
                 why);
}

static int
load_issuer(struct ph_release_service *service, const struct ph_config *config,
            struct ph_why *why)
{
    if (config->issuer_key_file[0] == '\0')
        return PH_OK; /* nobody can release */
    if (config->issuer[0] == '\0')
        return ph_why_fail(why, PH_ERR_CONFIG,
                           "Set release.issuer to the issuer whose keys are "
                           "in release.issuer_key_file");
    return blame(
        ph_jws_keyset_load(config->issuer_key_file, &service->keys, why),
        "release.issuer_key_file", why);
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
    options.tls = service->tls;
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
    uv_close((uv_handle_t *)&service->turn, NULL);
    ph_http_server_stop(service->http, on_server_gone, service);
    drop_waiting(service);
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
    ph_tls_server_free(service->tls);
    ph_jws_keyset_free(service->keys);
    free(service);
}

/* Close what was opened on a loop that no thread runs yet. */
static void
abandon_loop(struct ph_release_service *service)
{
    uv_close((uv_handle_t *)&service->stop, NULL);
    uv_close((uv_handle_t *)&service->turn, NULL);
    if (service->http != NULL)
        ph_http_server_stop(service->http, on_server_gone, service);
    (void)uv_run(&service->loop, UV_RUN_DEFAULT);
    (void)uv_loop_close(&service->loop);
}

static int
start_loop(struct ph_release_service *service, const struct ph_config *config,
           struct ph_why *why)
{
    int err;

    if (uv_loop_init(&service->loop) != 0)
        return PH_ERR_NOMEM;
    if (uv_async_init(&service->loop, &service->stop, on_stop) != 0) {
        (void)uv_loop_close(&service->loop);
        return PH_ERR_NOMEM;
    }
    service->stop.data = service;
    (void)uv_check_init(&service->loop, &service->turn);
    service->turn.data = service;
    (void)uv_check_start(&service->turn, on_turn);
    uv_unref((uv_handle_t *)&service->turn);
    err = start_server(service, config, why);
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
    service->jobs = jobs;
    service->pulls_max = config->release_pulls_max;
    service->lease_ms = (int64_t)config->lease_s * 1000;
    err = load_identity(service, config, why);
    if (err == PH_OK)
        err = load_tls(service, config, why);
    if (err == PH_OK)
        err = load_issuer(service, config, why);
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
