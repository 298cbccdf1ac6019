/*
 * From the urls to an open WebSocket.
 *
 *   round:    every broker once, then a wait       ph_link_begin_round
 *   broker:   look up its name, or the proxy's     try_endpoint
 *   address:  one after the other, without waits   try_address
 *
 * What fails goes to the next address, the last of them to the next broker,
 * the last of those to the wait. A connection that was up and is lost goes to
 * the wait as well.
 */
#include "mqtt_link_private.h"

#include <stdio.h>
#include <string.h>

#include "printhold/base/err.h"
#include "printhold/base/id.h"
#include "printhold/base/log.h"
#include "printhold/base/secret_file.h"

#define STABLE_MS    10000 /* a connection that lasted resets the waiting */
#define CONNECT_PART 3     /* of the attempt, for TCP, when there is another */

static void try_endpoint(struct ph_mqtt_link *link);
static void try_address(struct ph_mqtt_link *link);

const char *
ph_link_host(const struct ph_mqtt_link *link)
{
    return ph_mqtt_endpoints_current(&link->endpoints)->url.host;
}

/* --- failures --- */

static void
wait_and_tell(struct ph_mqtt_link *link, const char *text)
{
    char copy[PH_WHY_MAX];
    uint32_t chance = 0;

    (void)snprintf(copy, sizeof(copy), "%s", text);
    link->state = PH_LINK_WAITING;
    if (link->backoff.failures < UINT16_MAX)
        link->backoff.failures++;
    (void)ph_random(&chance, sizeof(chance)); /* without it: half the time */
    if (link->is_paused)
        (void)uv_timer_stop(&link->timer);
    else
        ph_link_start_timer(link, ph_mqtt_backoff_ms(&link->backoff, chance));
    link->backoff.is_refused = false;
    link->events.on_down(copy, link->arg);
    ph_link_tell_paused(link);
}

static void
fail_endpoint(struct ph_mqtt_link *link, const char *text)
{
    if (link->round_text[0] == '\0')
        (void)snprintf(link->round_text, sizeof(link->round_text), "%s", text);
    link->address_count = 0;
    if (ph_mqtt_endpoints_next(&link->endpoints))
        try_endpoint(link);
    else
        wait_and_tell(link, link->round_text);
}

static void
next_address(struct ph_mqtt_link *link, const char *text)
{
    if (link->address_at + 1 < link->address_count) {
        link->address_at++;
        try_address(link);
    } else {
        fail_endpoint(link, text);
    }
}

static void
on_asked(int status, void *arg)
{
    struct ph_mqtt_link *link = arg;
    char address[PH_ADDRESS_TEXT], text[PH_WHY_MAX];

    link->reach = NULL;
    ph_address_format(&link->addresses[link->address_at], address);
    (void)snprintf(text, sizeof(text), "%s (%s port %u) %s", ph_link_host(link),
                   address, ph_address_port(&link->addresses[link->address_at]),
                   ph_reach_text(status));
    fail_endpoint(link, text);
}

/* Only the last address is asked: for the others nobody hears the answer. */
static void
fail_address(struct ph_mqtt_link *link, const char *text, bool is_unknown)
{
    ph_proxy_tunnel_stop(link->tunnel);
    link->tunnel = NULL;
    if (is_unknown && link->address_at + 1 == link->address_count &&
        ph_reach_start(link->loop, &link->addresses[link->address_at], on_asked,
                       link, &link->reach) == PH_OK) {
        link->state = PH_LINK_ASKING;
        (void)uv_timer_stop(&link->timer); /* it has a limit of its own */
        return;
    }
    next_address(link, text);
}

/* --- looking up --- */

static const char *
lookup_host(const struct ph_mqtt_link *link)
{
    return link->is_proxied ? link->proxy.host : ph_link_host(link);
}

static void
say_lookup(struct ph_mqtt_link *link, int err)
{
    const char *whose = link->is_proxied ? "the proxy" : "the broker";

    if (err == PH_ERR_NOT_FOUND)
        ph_link_say(link, "there is no host %s, %s's name, in DNS",
                    lookup_host(link), whose);
    else
        ph_link_say(link,
                    "cannot look up %s, %s's name: no name server answers: is "
                    "the network up?",
                    lookup_host(link), whose);
}

static void
on_resolved(int err, const struct ph_address *addresses, size_t count,
            void *arg)
{
    struct ph_mqtt_link *link = arg;

    link->resolver = NULL;
    link->address_count = link->address_at = 0;
    for (size_t i = 0; err == PH_OK && i < count; i++) {
        if (ph_address_check_route(&addresses[i]) == PH_OK)
            link->addresses[link->address_count++] = addresses[i];
    }
    if (link->address_count > 0) {
        try_address(link);
        return;
    }
    if (err != PH_OK)
        say_lookup(link, err);
    else
        ph_link_say(link, "no route to %s: is the network up?",
                    lookup_host(link));
    fail_endpoint(link, link->text);
}

static void
try_endpoint(struct ph_mqtt_link *link)
{
    const struct ph_ws_url *url =
        &ph_mqtt_endpoints_current(&link->endpoints)->url;

    link->text[0] = '\0';
    link->is_proxied = link->proxy.host[0] != '\0' &&
                       (link->no_proxy == NULL ||
                        !ph_no_proxy_matches(link->no_proxy, url->host));
    link->state = PH_LINK_RESOLVING;
    ph_link_start_timer(link, link->attempt_ms);
    if (ph_resolver_start(link->loop, lookup_host(link),
                          link->is_proxied ? link->proxy.port : url->port,
                          on_resolved, link, &link->resolver) != PH_OK)
        fail_endpoint(link, "cannot start to look up the broker's name");
}

void
ph_link_begin_round(struct ph_mqtt_link *link)
{
    link->round_text[0] = '\0';
    ph_mqtt_endpoints_begin_round(&link->endpoints);
    if (link->skips_preferred)
        (void)ph_mqtt_endpoints_next(&link->endpoints);
    link->skips_preferred = false;
    try_endpoint(link);
}

/* --- connecting --- */

/* While there is another way to try, a dead address costs less. */
static uint64_t
connect_limit_ms(const struct ph_mqtt_link *link)
{
    bool has_other = link->address_at + 1 < link->address_count ||
                     !ph_mqtt_endpoints_is_last(&link->endpoints);

    return has_other ? link->attempt_ms / CONNECT_PART : link->attempt_ms;
}

static void
connect_ws(struct ph_mqtt_link *link, const struct ph_address *address)
{
    link->state = PH_LINK_CONNECTING;
    ph_mqtt_reader_clear(&link->reader);
    ph_buf_clear(&link->control);
    (void)ph_ws_client_connect(
        link->ws, &ph_mqtt_endpoints_current(&link->endpoints)->url, address);
}

void
ph_link_on_reached(void *arg)
{
    struct ph_mqtt_link *link = arg;

    if (link->state == PH_LINK_CONNECTING)
        ph_link_start_timer(link, link->attempt_ms);
}

static void
on_tunnel_ready(const struct ph_address *local, void *arg)
{
    struct ph_mqtt_link *link = arg;

    ph_link_start_timer(link, link->attempt_ms);
    connect_ws(link, local);
}

static bool
on_tunnel_asks(uint16_t port, void *arg)
{
    struct ph_mqtt_link *link = arg;

    return ph_ws_client_local_port(link->ws) == port;
}

static void
on_tunnel_failed(const char *text, void *arg)
{
    struct ph_mqtt_link *link = arg;

    ph_link_say(link, "%s", text);
    fail_address(link, link->text, false);
}

static int
start_tunnel(struct ph_mqtt_link *link, struct ph_why *why)
{
    const struct ph_ws_url *url =
        &ph_mqtt_endpoints_current(&link->endpoints)->url;
    struct ph_buf login = {.data = NULL};
    struct ph_proxy_tunnel_options options = {
        .proxy = &link->addresses[link->address_at],
        .proxy_host = link->proxy.host,
        .host = url->host,
        .port = url->port,
        .events = {.on_ready = on_tunnel_ready,
                   .is_ours = on_tunnel_asks,
                   .on_failed = on_tunnel_failed},
        .arg = link,
    };
    int err = PH_OK;

    if (link->proxy_credentials_file != NULL)
        err = ph_secret_read(link->proxy_credentials_file, &login, why);
    if (err == PH_OK && login.len > 0)
        options.login = &login;
    if (err == PH_OK)
        err = ph_proxy_tunnel_start(link->loop, &options, &link->tunnel);
    ph_buf_close(&login); /* wiped */
    return err;
}

static void
try_address(struct ph_mqtt_link *link)
{
    struct ph_why why = {""};
    int err;

    link->text[0] = '\0';
    ph_link_start_timer(link, connect_limit_ms(link));
    if (!link->is_proxied) {
        connect_ws(link, &link->addresses[link->address_at]);
        return;
    }
    link->state = PH_LINK_TUNNELLING;
    err = start_tunnel(link, &why);
    if (err != PH_OK)
        next_address(link, why.text[0] != '\0' ? why.text : ph_err_text(err));
}

/* --- what a connection leaves behind --- */

/* CONNECT was sent and CONNACK did not come, or refused the version. */
static void
fail_greeting(struct ph_mqtt_link *link, const char *text)
{
    struct ph_mqtt_endpoint *endpoint =
        ph_mqtt_endpoints_current(&link->endpoints);
    uint64_t now = uv_now(link->loop);
    bool was_closed = link->text[0] == '\0'; /* not by us */
    bool tries_other = false;

    if (link->is_version_refused)
        tries_other = ph_mqtt_endpoint_refused(endpoint, now);
    else if (was_closed)
        tries_other = ph_mqtt_endpoint_closed_early(endpoint, now);
    link->is_version_refused = false;
    if (!tries_other) {
        fail_endpoint(link, text);
        return;
    }
    ph_log_notice("cloud: %s does not speak MQTT 5: trying MQTT 3.1.1",
                  endpoint->url.host);
    try_address(link);
}

static void
lose_connection(struct ph_mqtt_link *link, const char *text)
{
    if (uv_now(link->loop) - link->up_ms >= STABLE_MS)
        link->backoff.failures = 0;
    if (link->backoff.is_refused && link->endpoints.count > 1) {
        link->skips_preferred = true; /* the others may have us at once */
        link->backoff.is_refused = false;
    }
    wait_and_tell(link, text);
}

void
ph_link_on_ws_closed(const char *ws_text, void *arg)
{
    struct ph_mqtt_link *link = arg;
    char text[PH_WHY_MAX];

    ph_proxy_tunnel_stop(link->tunnel);
    link->tunnel = NULL;
    (void)snprintf(text, sizeof(text), "%s",
                   link->text[0] != '\0' ? link->text : ws_text);
    switch (link->state) {
    case PH_LINK_CONNECTING:
        fail_address(link, text,
                     link->text[0] == '\0' && !link->is_proxied &&
                         !ph_ws_client_was_reached(link->ws));
        return;
    case PH_LINK_GREETING:
        fail_greeting(link, text);
        return;
    case PH_LINK_LEAVING:
        if (link->is_paused) {
            wait_and_tell(link, text);
            return;
        }
        ph_mqtt_endpoints_forget(&link->endpoints);
        link->events.on_down("going back to the first broker", link->arg);
        if (!link->is_stopping)
            ph_link_begin_round(link);
        return;
    default:
        lose_connection(link, text);
        return;
    }
}

void
ph_link_attempt_worked(struct ph_mqtt_link *link)
{
    struct ph_mqtt_endpoint *endpoint =
        ph_mqtt_endpoints_current(&link->endpoints);
    uint32_t chance = 0;

    endpoint->early_closes = 0;
    ph_mqtt_endpoints_keep(&link->endpoints);
    link->return_at = 0;
    if (link->endpoints.preferred == 0)
        return;
    (void)ph_random(&chance, sizeof(chance));
    link->return_at =
        uv_now(link->loop) + link->return_ms + chance % (link->return_ms + 1);
}

/* --- time, and the end --- */

void
ph_link_on_attempt_timer(struct ph_mqtt_link *link)
{
    switch (link->state) {
    case PH_LINK_RESOLVING:
        ph_resolver_cancel(link->resolver);
        link->resolver = NULL;
        ph_link_say(link,
                    "looking up %s takes too long: no name server "
                    "answers",
                    lookup_host(link));
        fail_endpoint(link, link->text);
        return;
    case PH_LINK_TUNNELLING:
        ph_link_say(link, "the proxy %s does not answer", link->proxy.host);
        fail_address(link, link->text, false);
        return;
    default:
        ph_link_give_up(link, "%s does not answer%s", ph_link_host(link),
                        ph_ws_client_was_reached(link->ws)
                            ? ", though it takes the connection"
                            : "");
        return;
    }
}

void
ph_link_cancel_attempt(struct ph_mqtt_link *link)
{
    ph_resolver_cancel(link->resolver);
    link->resolver = NULL;
    ph_reach_cancel(link->reach);
    link->reach = NULL;
    ph_proxy_tunnel_stop(link->tunnel);
    link->tunnel = NULL;
}
