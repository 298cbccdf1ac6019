/*
 * What libwebsockets 4.1.6 needs here, each point measured:
 *   - its own name look-up blocks the loop: it gets an address literal, and
 *     the name as "host", which it sends;
 *   - a connect may fail with NULL and no callback, and a connection whose
 *     TLS the other end refuses may vanish without one: every way ends in one
 *     on_closed;
 *   - a connection object outlives its last event by rounds of the loop: it
 *     forgets the client with that event.
 */
#include "ws_private.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "printhold/base/err.h"
#include "printhold/base/utf8.h"

#define RX_PIECE_BYTES 8192

void
ph_ws_set_text(struct ph_ws_client *client, const char *fmt, ...)
{
    char raw[PH_WS_TEXT_MAX];
    va_list ap;

    if (client->text[0] != '\0')
        return;
    va_start(ap, fmt);
    (void)vsnprintf(raw, sizeof(raw), fmt, ap);
    va_end(ap);
    ph_utf8_clean(raw, client->text, sizeof(client->text));
}

/* --- events --- */

static void on_deferred(uv_timer_t *timer);

/* Nothing better was said: how far did it come? */
static void
say_how_far(struct ph_ws_client *client)
{
    if (client->is_open)
        ph_ws_set_text(client, "%s closed the connection", client->host);
    else if (ph_ws_lacks_cert(client))
        ph_ws_set_text(client, "%s asks for a client certificate",
                       client->host);
    else if (client->is_trusted)
        ph_ws_set_text(client,
                       "%s hangs up after TLS: does it accept our certificate?",
                       client->host);
    else if (client->is_reached)
        ph_ws_set_text(client, "%s hangs up: does it speak TLS at this port?",
                       client->host);
    else
        ph_ws_set_text(client, "cannot connect to %s at %s", client->host,
                       client->address);
}

static void
deliver_closed(struct ph_ws_client *client)
{
    char text[PH_WS_TEXT_MAX];

    if (client->wsi != NULL)
        lws_set_opaque_user_data(client->wsi, NULL);
    client->wsi = NULL;
    if (!client->is_busy)
        return;
    if (client->is_connecting) { /* not from inside _connect */
        (void)uv_timer_start(&client->defer, on_deferred, 0, 0);
        return;
    }
    client->is_busy = false;
    say_how_far(client);
    (void)snprintf(text, sizeof(text), "%s", client->text);
    client->events.on_closed(text, client->arg);
}

static void
on_deferred(uv_timer_t *timer)
{
    deliver_closed(timer->data);
}

/* libwebsockets' words alone ("closed before established") help nobody. */
static void
note_failure(struct ph_ws_client *client, const char *detail, size_t len)
{
    if (len == 0 || !client->is_trusted)
        return;
    ph_ws_set_text(client,
                   "%s does not offer MQTT over WebSocket at this path: %.*s",
                   client->host, (int)(len < 80 ? len : 80), detail);
}

static void
on_reached(struct ph_ws_client *client)
{
    client->is_reached = true;
    if (client->events.on_reached != NULL)
        client->events.on_reached(client->arg);
}

static int
on_receive(struct ph_ws_client *client, struct lws *wsi, const void *bytes,
           size_t len)
{
    if (!lws_frame_is_binary(wsi)) {
        ph_ws_set_text(client, "the broker sent text, not MQTT");
        return -1;
    }
    return client->events.on_bytes(bytes, len, client->arg) ? 0 : -1;
}

/* Nobody hears it; only that the connection is gone counts. */
static int
on_late_event(struct ph_ws_client *client, enum lws_callback_reasons reason)
{
    if (reason == LWS_CALLBACK_WSI_DESTROY)
        client->wsi = NULL;
    return 0;
}

static int
on_event(struct lws *wsi, enum lws_callback_reasons reason, void *user,
         void *in, size_t len)
{
    struct ph_ws_client *client =
        lws_get_context(wsi) != NULL ? lws_get_opaque_user_data(wsi) : NULL;

    (void)user;
    if (client == NULL)
        return 0;
    if (client->is_freeing)
        return on_late_event(client, reason);
    switch (reason) {
    case LWS_CALLBACK_WSI_CREATE: /* TCP is connected */
        on_reached(client);
        return 0;
    case LWS_CALLBACK_CLIENT_ESTABLISHED:
        client->is_open = true;
        client->events.on_open(client->arg);
        return 0;
    case LWS_CALLBACK_CLIENT_RECEIVE:
        return on_receive(client, wsi, in, len);
    case LWS_CALLBACK_CLIENT_WRITEABLE:
        return client->events.on_writable(client->arg) ? 0 : -1;
    case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
        note_failure(client, in, in != NULL ? len : 0);
        deliver_closed(client);
        return 0;
    case LWS_CALLBACK_CLIENT_CLOSED:
    case LWS_CALLBACK_WSI_DESTROY: /* it died without the two above */
        deliver_closed(client);
        return 0;
    default:
        return 0;
    }
}

const struct lws_protocols ph_ws_protocols[] = {
    {.name = "mqtt", .callback = on_event, .rx_buffer_size = RX_PIECE_BYTES},
    {.name = NULL},
};

/* --- making one --- */

int
ph_ws_client_new(uv_loop_t *loop, const struct ph_ws_options *options,
                 struct ph_ws_client **out_client, struct ph_why *why)
{
    struct ph_ws_client *client = calloc(1, sizeof(*client));
    int err = PH_OK;

    if (client == NULL)
        return PH_ERR_NOMEM;
    client->stack = options->stack;
    client->owns_stack = options->stack == NULL;
    client->events = options->events;
    client->arg = options->arg;
    if (client->owns_stack)
        err = ph_ws_stack_new(loop, 1, &client->stack, why);
    if (err != PH_OK) {
        free(client);
        return err;
    }
    err = ph_ws_trust_get(client->stack, options, &client->trust, why);
    if (err != PH_OK) {
        if (client->owns_stack)
            ph_ws_stack_free(client->stack, NULL, NULL);
        free(client);
        return err;
    }
    (void)uv_timer_init(loop, &client->defer);
    client->defer.data = client;
    client->next = client->stack->clients;
    client->stack->clients = client;
    ph_ws_forget_line();
    *out_client = client;
    return PH_OK;
}

/* --- connecting --- */

static bool
is_literal(const char *host, int family)
{
    struct in6_addr any; /* room for either family */

    return inet_pton(family, host, &any) == 1;
}

static void
set_host(struct ph_ws_client *client, const struct ph_ws_url *url)
{
    bool is_ipv6 = is_literal(url->host, AF_INET6);

    (void)snprintf(client->host, sizeof(client->host), "%s", url->host);
    (void)snprintf(client->host_field, sizeof(client->host_field),
                   is_ipv6 ? "[%s]" : "%s", url->host);
    client->is_literal = is_ipv6 || is_literal(url->host, AF_INET);
}

int
ph_ws_client_connect(struct ph_ws_client *client, const struct ph_ws_url *url,
                     const struct ph_address *address)
{
    struct lws_client_connect_info info = {
        .context = client->stack->context,
        .vhost = client->trust->vhost,
        .address = client->address,
        .port = ph_address_port(address),
        .ssl_connection = LCCSCF_USE_SSL,
        .path = url->path,
        .host = client->host_field,
        .origin = client->host_field,
        .protocol = ph_ws_protocols[0].name,
        .local_protocol_name = ph_ws_protocols[0].name,
        .opaque_user_data = client,
        .pwsi = &client->wsi,
        .alpn = "http/1.1",
    };

    if (client->is_busy)
        return PH_ERR_STATE;
    ph_address_format(address, client->address);
    set_host(client, url);
    client->text[0] = '\0';
    ph_ws_forget_line();
    client->is_reached = client->is_trusted = false;
    client->is_asked = client->is_open = false;
    client->is_busy = true;
    client->is_connecting = true;
    if (lws_client_connect_via_info(&info) == NULL) {
        client->wsi = NULL;
        deliver_closed(client);
    }
    client->is_connecting = false;
    return PH_OK;
}

bool
ph_ws_client_was_reached(const struct ph_ws_client *client)
{
    return client->is_reached;
}

uint16_t
ph_ws_client_local_port(const struct ph_ws_client *client)
{
    struct ph_address local = {.u.any = {.sa_family = AF_UNSPEC}};
    socklen_t len = sizeof(local.u);

    if (client->wsi == NULL ||
        getsockname(lws_get_socket_fd(client->wsi), &local.u.any, &len) != 0)
        return 0;
    return ph_address_port(&local);
}

/* --- using it --- */

void
ph_ws_client_want_write(struct ph_ws_client *client)
{
    if (client->wsi != NULL)
        (void)lws_callback_on_writable(client->wsi);
}

int
ph_ws_client_write(struct ph_ws_client *client, const void *bytes, size_t len)
{
    unsigned char *copy = malloc(LWS_PRE + len);
    int written;

    if (copy == NULL)
        return PH_ERR_NOMEM;
    memcpy(copy + LWS_PRE, bytes, len);
    written = lws_write(client->wsi, copy + LWS_PRE, len, LWS_WRITE_BINARY);
    OPENSSL_cleanse(copy, LWS_PRE + len); /* CONNECT may have a password */
    free(copy);
    return written < (int)len ? PH_ERR_CLOSED : PH_OK;
}

void
ph_ws_client_hold(struct ph_ws_client *client, bool is_held)
{
    if (client->wsi != NULL)
        (void)lws_rx_flow_control(client->wsi, is_held ? 0 : 1);
}

void
ph_ws_client_abort(struct ph_ws_client *client)
{
    if (client->wsi == NULL)
        return;
    /* Else libwebsockets says good-bye to a silent peer for 20 s. */
    (void)shutdown(lws_get_socket_fd(client->wsi), SHUT_RDWR);
    lws_set_timeout(client->wsi, PENDING_TIMEOUT_USER_REASON_BASE,
                    LWS_TO_KILL_ASYNC);
}

/* --- the end --- */

static void
on_stack_freed(void *arg)
{
    struct ph_ws_client *client = arg;

    if (client->freed != NULL)
        client->freed(client->freed_arg);
    free(client);
}

static void
on_defer_closed(uv_handle_t *handle)
{
    struct ph_ws_client *client = handle->data;

    if (client->owns_stack)
        ph_ws_stack_free(client->stack, on_stack_freed, client);
    else
        on_stack_freed(client);
}

/* From the loop, so never inside a callback of libwebsockets. */
static void
on_free(uv_timer_t *timer)
{
    struct ph_ws_client *client = timer->data;
    struct ph_ws_client **at = &client->stack->clients;

    if (client->wsi != NULL)
        lws_set_timeout(client->wsi, PENDING_TIMEOUT_USER_REASON_BASE,
                        LWS_TO_KILL_SYNC);
    if (client->wsi != NULL)
        lws_set_opaque_user_data(client->wsi, NULL);
    client->wsi = NULL;
    while (*at != client)
        at = &(*at)->next;
    *at = client->next;
    uv_close((uv_handle_t *)&client->defer, on_defer_closed);
}

void
ph_ws_client_free(struct ph_ws_client *client, void (*done)(void *arg),
                  void *arg)
{
    client->is_busy = false;
    client->is_freeing = true;
    client->freed = done;
    client->freed_arg = arg;
    (void)uv_timer_start(&client->defer, on_free, 0, 0);
}
