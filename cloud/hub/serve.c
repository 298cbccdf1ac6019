#include "serve.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admission.h"
#include "audit.h"
#include "call.h"
#include "broker.h"
#include "due.h"
#include "init.h"
#include "issuer.h"
#include "printhold/base/clock.h"
#include "printhold/base/err.h"
#include "printhold/base/log.h"
#include "printhold/net/http_server.h"
#include "printhold/net/tls_server.h"
#include "reports.h"
#include "routes.h"
#include "sign_in.h"
#include "store_erase.h"
#include "store_commands.h"

#define QUEUE_MAX        2048
#define DEVICES_MAX      1024             /* connections */
#define LOOK_MS          500              /* for changes by commands */
#define KEEP_HOUSE_MS    (10 * 60 * 1000) /* old rows, own certificate */
#define REMEMBER_MS      (INT64_C(7) * 86400 * 1000)  /* tokens that are over */
#define KEEP_COMMANDS_MS (INT64_C(90) * 86400 * 1000) /* with their answers */

/* A listener, and the rows of the route table that it serves. */
struct listener {
    struct hub_server *server;
    struct ph_http_door *door;
    struct ph_tls_server *tls;
    struct ph_http_server *http;
    const struct ph_http_route *route;
    size_t route_count;
};

struct hub_server {
    struct hub *hub;
    uv_loop_t *loop;
    struct listener device;
    struct listener enrol;
    struct hub_broker *broker; /* NULL: no broker is set */
    struct hub_denied *denied;
    int64_t version; /* of the store when denied was loaded */
    uv_timer_t look;
    uv_timer_t house;
    uv_work_t look_work;
    uv_work_t house_work;
    bool looks;
    bool keeps_house;
    bool renewed; /* the hub's own certificate */
    struct hub_denied *fresh;
    size_t queued;
    int open; /* handles and servers that are not closed yet */
    bool stopping;
    void (*done)(void *arg);
    void *done_arg;
};

struct hub *
hub_server_hub(struct hub_server *server)
{
    return server->hub;
}

uint16_t
hub_server_device_port(const struct hub_server *server)
{
    return ph_http_door_port(server->device.door);
}

uint16_t
hub_server_enrol_port(const struct hub_server *server)
{
    return ph_http_door_port(server->enrol.door);
}

/* --- ending --- */

static void
server_free(struct hub_server *server)
{
    ph_tls_server_free(server->device.tls);
    ph_tls_server_free(server->enrol.tls);
    ph_http_door_close(server->device.door);
    ph_http_door_close(server->enrol.door);
    hub_denied_free(server->denied);
    hub_denied_free(server->fresh);
    free(server);
}

static void
end_if_idle(struct hub_server *server)
{
    void (*done)(void *) = server->done;
    void *arg = server->done_arg;

    if (!server->stopping || server->open > 0 || server->queued > 0)
        return;
    server_free(server);
    done(arg);
}

static void
on_part_closed(void *arg)
{
    struct hub_server *server = arg;

    server->open--;
    end_if_idle(server);
}

static void
on_handle_closed(uv_handle_t *handle)
{
    on_part_closed(handle->data);
}

bool
hub_server_queue(struct hub_server *server, uv_work_t *work, uv_work_cb run,
                 uv_after_work_cb done)
{
    if (server->queued >= QUEUE_MAX ||
        uv_queue_work(server->loop, work, run, done) != 0)
        return false;
    server->queued++;
    return true;
}

void
hub_server_done(struct hub_server *server)
{
    server->queued--;
    end_if_idle(server);
}

void
hub_server_stop(struct hub_server *server, void (*done)(void *arg), void *arg)
{
    server->stopping = true;
    server->done = done;
    server->done_arg = arg;
    uv_close((uv_handle_t *)&server->look, on_handle_closed);
    uv_close((uv_handle_t *)&server->house, on_handle_closed);
    if (server->broker != NULL)
        hub_broker_stop(server->broker, on_part_closed, server);
    if (server->device.http != NULL)
        ph_http_server_stop(server->device.http, on_part_closed, server);
    if (server->enrol.http != NULL)
        ph_http_server_stop(server->enrol.http, on_part_closed, server);
}

/* --- requests --- */

static void
refuse_route(struct ph_http_exchange *exchange, int err, const char *allow)
{
    char fields[PH_HTTP_ALLOW_MAX + 16];

    if (err == PH_ERR_NOT_FOUND) {
        hub_call_refuse(exchange, 404, "no-path", NULL,
                        "There is nothing at this path");
        return;
    }
    (void)snprintf(fields, sizeof(fields), "Allow: %s\r\n", allow);
    hub_call_refuse(exchange, 405, "no-method", fields,
                    "This path does not take this method");
}

static void
on_request(struct ph_http_exchange *exchange, void *arg)
{
    struct listener *listener = arg;
    const enum hub_role role = hub_role_of(ph_http_exchange_peer(exchange));
    struct ph_http_match match;
    char allow[PH_HTTP_ALLOW_MAX];
    int err =
        ph_http_route_find(listener->route, listener->route_count,
                           ph_http_exchange_request(exchange), &match, allow);

    if (err != PH_OK)
        refuse_route(exchange, err, allow);
    else if ((match.route->access & (int)role) == 0)
        hub_call_refuse(exchange, 403, "role", NULL,
                        "This is not for devices of this kind");
    else
        hub_call_start(listener->server, &match, exchange);
}

static void
on_refused(const char *address, const char *reason, void *arg)
{
    (void)arg;
    ph_log_info("%s was refused: %s", address, reason);
}

static bool
admit(const struct ph_identity *peer, struct ph_why *why, void *arg)
{
    const struct hub_server *server = arg;

    if (strcmp(peer->tenant, server->hub->tenant.tenant) != 0) {
        ph_why_set(why, "The certificate is of another tenant");
        return false;
    }
    if (hub_denied_has(server->denied, peer)) {
        ph_why_set(why, "%s is denied", peer->id);
        return false;
    }
    return true;
}

void
hub_server_deny(struct hub_server *server, struct hub_denied *denied)
{
    if (!hub_denied_is_newer(denied, server->denied)) {
        hub_denied_free(denied);
        return;
    }
    hub_denied_free(server->denied);
    server->denied = denied;
    if (!server->stopping)
        ph_http_server_review(server->device.http);
}

/* --- what commands have changed --- */

static void
run_look(uv_work_t *work)
{
    struct hub_server *server = work->data;
    struct hub_store *store = server->hub->store;
    int64_t version = server->version;
    int err = hub_due(server->hub, ph_clock_wall_ms());

    if (err == PH_OK)
        err = hub_store_begin(store);
    if (err == PH_OK)
        err = hub_store_end(store, hub_store_version(store, &version));
    if (err == PH_OK && version == server->version)
        return;
    if (err == PH_OK)
        err = hub_denied_load(server->hub, &server->fresh);
    if (err == PH_OK)
        server->version = version;
    else
        ph_log_warning("cannot see what has changed: %s, continuing",
                       ph_err_text(err));
}

static void
on_looked(uv_work_t *work, int status)
{
    struct hub_server *server = work->data;

    (void)status;
    server->looks = false;
    if (server->fresh != NULL)
        hub_server_deny(server, server->fresh);
    server->fresh = NULL;
    hub_server_done(server);
}

static void
on_look(uv_timer_t *timer)
{
    struct hub_server *server = timer->data;

    if (!server->looks)
        server->looks =
            hub_server_queue(server, &server->look_work, run_look, on_looked);
}

/* --- housekeeping --- */

static int
load_tls(struct hub_server *server, struct ph_tls_server **out_device,
         struct ph_tls_server **out_enrol, struct ph_why *why)
{
    char cert[PH_CONFIG_TEXT_MAX + 16], key[PH_CONFIG_TEXT_MAX + 16],
        ca[PH_CONFIG_TEXT_MAX + 16];
    const char *other = server->hub->config->device_ca_file;
    struct ph_tls_options options = {
        .cert_file = cert,
        .key_file = key,
        .client_ca_file = other[0] != '\0' ? other : ca,
        .admit = admit,
        .arg = server,
    };
    int err;

    hub_path(server->hub, "hub.crt", cert, sizeof(cert));
    hub_path(server->hub, "hub.key", key, sizeof(key));
    hub_path(server->hub, "ca.crt", ca, sizeof(ca));
    err = ph_tls_server_new(&options, out_device, why);
    if (err == PH_OK)
        err = ph_tls_server_new_open(cert, key, out_enrol, why);
    return err;
}

static void
run_house(uv_work_t *work)
{
    struct hub_server *server = work->data;
    struct hub_store *store = server->hub->store;
    const int64_t now_ms = ph_clock_wall_ms();
    struct ph_why why = {""};
    int err = hub_store_begin(store);

    if (err == PH_OK) {
        err = hub_tokens_forget(store, now_ms - REMEMBER_MS);
        if (err == PH_OK)
            err = hub_certificates_forget(store, now_ms - REMEMBER_MS);
        if (err == PH_OK)
            err = hub_sign_in_forget(server->hub, now_ms);
        if (err == PH_OK)
            err = hub_ws_command_forget(store, now_ms - KEEP_COMMANDS_MS);
        err = hub_store_end(store, err);
    }
    /* Certificates have ended that were denied. */
    (void)atomic_fetch_add(&server->hub->changes, 1);
    if (err == PH_OK)
        err = hub_report_forget(server->hub, now_ms);
    if (err == PH_OK)
        err = hub_audit_house(server->hub, now_ms);
    if (err == PH_OK) /* what was deleted is in it; busy: another time */
        (void)hub_store_empty_log(store);
    if (err == PH_OK)
        err = hub_renew_own(server->hub, &server->renewed, &why);
    if (err != PH_OK)
        ph_log_warning("housekeeping: %s, continuing",
                       why.text[0] != '\0' ? why.text : ph_err_text(err));
}

static void
use_renewed(struct hub_server *server)
{
    struct ph_tls_server *device = NULL, *enrol = NULL;
    struct ph_why why = {""};

    if (load_tls(server, &device, &enrol, &why) == PH_OK) {
        ph_tls_server_renew(server->device.tls, device);
        ph_tls_server_renew(server->enrol.tls, enrol);
        ph_log_notice("the hub has a new certificate");
        return;
    }
    ph_tls_server_free(device);
    ph_tls_server_free(enrol);
    ph_log_error("the hub's new certificate cannot be used: %s", why.text);
}

static void
on_house_kept(uv_work_t *work, int status)
{
    struct hub_server *server = work->data;

    (void)status;
    server->keeps_house = false;
    if (server->renewed && !server->stopping)
        use_renewed(server);
    server->renewed = false;
    hub_server_done(server);
}

static void
on_house(uv_timer_t *timer)
{
    struct hub_server *server = timer->data;

    if (!server->keeps_house)
        server->keeps_house = hub_server_queue(server, &server->house_work,
                                               run_house, on_house_kept);
}

/* --- starting --- */

static int
open_listener(struct hub_server *server, struct listener *listener,
              bool is_open, struct ph_why *why)
{
    const struct hub_config *config = server->hub->config;
    struct ph_http_door_options options;

    listener->server = server;
    listener->route = hub_routes_of(is_open, &listener->route_count);
    ph_http_door_options_init(&options);
    options.address = is_open ? config->enrol_address : config->device_address;
    options.port =
        (uint16_t)(is_open ? config->enrol_port : config->device_port);
    options.connections_max = is_open ? 256 : DEVICES_MAX;
    if (!is_open) { /* a whole company may stand behind one address */
        options.address_max = DEVICES_MAX;
        options.strangers_max = DEVICES_MAX * 3 / 4;
    }
    return ph_http_door_open(&options, &listener->door, why);
}

static int
serve_on(struct hub_server *server, struct listener *listener, bool is_open,
         struct ph_why *why)
{
    struct ph_http_options options;
    int err;

    ph_http_options_init(&options);
    options.door = listener->door;
    options.tls = listener->tls;
    options.on_request = on_request;
    options.on_refused = on_refused;
    options.arg = listener;
    if (is_open) { /* whoever comes has one thing to say */
        options.head_ms = 5000;
        options.idle_ms = 5000;
    }
    err = ph_http_server_start(server->loop, &options, &listener->http);
    if (err != PH_OK)
        return ph_why_fail(why, err, "cannot listen: %s", ph_err_text(err));
    server->open++;
    return PH_OK;
}

static void
start_timers(struct hub_server *server)
{
    (void)uv_timer_init(server->loop, &server->look);
    (void)uv_timer_init(server->loop, &server->house);
    server->open += 2;
    server->look.data = server->house.data = server;
    server->look_work.data = server->house_work.data = server;
    (void)uv_timer_start(&server->look, on_look, LOOK_MS, LOOK_MS);
    (void)uv_timer_start(&server->house, on_house, KEEP_HOUSE_MS,
                         KEEP_HOUSE_MS);
}

static int
prepare(struct hub_server *server, struct ph_why *why)
{
    bool renewed;
    int err = hub_due(server->hub, ph_clock_wall_ms());

    if (err == PH_OK)
        err = hub_issuer_tidy(server->hub);
    if (err != PH_OK)
        return ph_why_fail(why, err, "cannot end what is over: %s",
                           ph_err_text(err));
    err = hub_renew_own(server->hub, &renewed, why);

    if (err == PH_OK) {
        err = hub_denied_load(server->hub, &server->denied);
        if (err != PH_OK)
            ph_why_set(why, "cannot read who is denied: %s", ph_err_text(err));
    }
    if (err == PH_OK)
        err = load_tls(server, &server->device.tls, &server->enrol.tls, why);
    if (err == PH_OK)
        err = open_listener(server, &server->device, false, why);
    if (err == PH_OK) /* what devices are told, also when any port was wanted */
        server->hub->device_port = hub_server_device_port(server);
    if (err == PH_OK)
        err = open_listener(server, &server->enrol, true, why);
    return err;
}

static int
follow_broker(struct hub_server *server, struct ph_why *why)
{
    int err;

    if (server->hub->config->directory_url[0] == '\0')
        return PH_OK;
    err = hub_broker_start(server->loop, server->hub, &server->broker, why);
    server->open += err == PH_OK;
    return err;
}

static void
on_stillborn(void *arg)
{
    (void)arg;
}

int
hub_server_start(uv_loop_t *loop, struct hub *hub,
                 struct hub_server **out_server, struct ph_why *why)
{
    struct hub_server *server = calloc(1, sizeof(*server));
    int err;

    if (server == NULL)
        return PH_ERR_NOMEM;
    server->hub = hub;
    server->loop = loop;
    err = prepare(server, why);
    if (err != PH_OK) {
        server_free(server);
        return err;
    }
    start_timers(server);
    err = serve_on(server, &server->device, false, why);
    if (err == PH_OK)
        err = serve_on(server, &server->enrol, true, why);
    if (err == PH_OK)
        err = follow_broker(server, why);
    if (err != PH_OK) {
        hub_server_stop(server, on_stillborn, NULL);
        return err;
    }
    *out_server = server;
    return PH_OK;
}
