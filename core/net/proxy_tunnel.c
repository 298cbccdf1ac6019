/*
 * Invariants:
 *   - a piece read from one end stands in that end's buffer until it is
 *     written to the other; meanwhile nothing is read there;
 *   - before on_ready the proxy's end reads the answer to CONNECT only.
 */
#include "proxy_tunnel.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "printhold/base/attr.h"
#include "printhold/base/err.h"
#include "printhold/net/proxy.h"
#include "reach.h"

#define PIECE_BYTES      16384
#define HANDLES          3
#define REQUEST_MAX      (32 * 1024)
#define TEXT_MAX         320
#define STATUS_OK        200
#define STATUS_LOGIN     407
#define STATUS_LOGIN_TOO 401 /* tinyproxy, for a wrong password */
#define BACKLOG          8

struct end {
    uv_tcp_t tcp;
    uv_write_t write; /* of this end's piece, to the other */
    struct ph_proxy_tunnel *tunnel;
    struct end *other;
    char piece[PIECE_BYTES];
    size_t len;
    bool is_open;
};

struct ph_proxy_tunnel {
    uv_loop_t *loop;
    struct ph_proxy_tunnel_events events;
    void *arg;
    char proxy_host[PH_WS_HOST_MAX];
    char host[PH_WS_HOST_MAX];
    bool has_login;
    bool is_ready;
    bool is_stopped;
    unsigned handles;
    uv_connect_t connect;
    uv_write_t asking;
    struct ph_buf request;
    struct end proxy, inside;
    uv_tcp_t listener;
};

static void read_end(struct end *end);

/* --- the end of it --- */

/* The owner has it until it stops it. */
static void
free_when_done(struct ph_proxy_tunnel *tunnel)
{
    if (tunnel->handles > 0 || !tunnel->is_stopped)
        return;
    ph_buf_close(&tunnel->request);
    free(tunnel);
}

static void
on_handle_closed(uv_handle_t *handle)
{
    struct ph_proxy_tunnel *tunnel = handle->data;

    tunnel->handles--;
    free_when_done(tunnel);
}

static void
close_end(struct end *end)
{
    if (!uv_is_closing((uv_handle_t *)&end->tcp))
        uv_close((uv_handle_t *)&end->tcp, on_handle_closed);
}

/* Both ends go together: a half-open TLS connection is of no use. */
static void
close_ends(struct ph_proxy_tunnel *tunnel)
{
    close_end(&tunnel->proxy);
    close_end(&tunnel->inside);
}

static void
stop_listening(struct ph_proxy_tunnel *tunnel)
{
    if (!uv_is_closing((uv_handle_t *)&tunnel->listener))
        uv_close((uv_handle_t *)&tunnel->listener, on_handle_closed);
}

void
ph_proxy_tunnel_stop(struct ph_proxy_tunnel *tunnel)
{
    if (tunnel == NULL || tunnel->is_stopped)
        return;
    tunnel->is_stopped = true;
    close_ends(tunnel);
    stop_listening(tunnel);
    free_when_done(tunnel);
}

static void PH_PRINTF(2, 3)
    fail(struct ph_proxy_tunnel *tunnel, const char *fmt, ...)
{
    char text[TEXT_MAX];
    va_list ap;

    if (tunnel->is_stopped)
        return;
    if (tunnel->is_ready) { /* the connection inside ends, that says it */
        close_ends(tunnel);
        return;
    }
    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    tunnel->events.on_failed(text, tunnel->arg);
}

/* --- the bytes --- */

static void
on_piece_written(uv_write_t *write, int status)
{
    struct end *end = write->data;

    end->len = 0;
    if (end->tunnel->is_stopped)
        return;
    if (status != 0)
        close_ends(end->tunnel);
    else
        read_end(end);
}

static void
hand_on(struct end *end)
{
    uv_buf_t buf = uv_buf_init(end->piece, (unsigned)end->len);

    (void)uv_read_stop((uv_stream_t *)&end->tcp);
    if (uv_write(&end->write, (uv_stream_t *)&end->other->tcp, &buf, 1,
                 on_piece_written) != 0)
        close_ends(end->tunnel);
}

static void
refuse_status(struct ph_proxy_tunnel *tunnel, unsigned status)
{
    bool is_login = status == STATUS_LOGIN || status == STATUS_LOGIN_TOO;

    if (is_login && tunnel->has_login)
        fail(tunnel, "the proxy %s refused the password", tunnel->proxy_host);
    else if (is_login)
        fail(tunnel,
             "the proxy %s asks for a password: see "
             "cloud.proxy_credentials_file",
             tunnel->proxy_host);
    else
        fail(tunnel, "the proxy %s refused to connect to %s (status %u)",
             tunnel->proxy_host, tunnel->host, status);
}

static void start_listening(struct ph_proxy_tunnel *tunnel);

/* TLS begins with us: bytes behind the answer are none of the broker's. */
static void
take_answer(struct ph_proxy_tunnel *tunnel)
{
    struct end *end = &tunnel->proxy;
    unsigned status;
    size_t head;
    int err = ph_proxy_reply_parse(end->piece, end->len, &status, &head);

    if (err == PH_ERR_AGAIN)
        return;
    (void)uv_read_stop((uv_stream_t *)&end->tcp);
    if (err != PH_OK || (status == STATUS_OK && head != end->len))
        fail(tunnel, "the proxy %s does not answer as an HTTP proxy does",
             tunnel->proxy_host);
    else if (status < STATUS_OK || status >= STATUS_OK + 100)
        refuse_status(tunnel, status);
    else
        start_listening(tunnel);
}

static void
on_room(uv_handle_t *handle, size_t wanted, uv_buf_t *out_buf)
{
    struct ph_proxy_tunnel *tunnel = handle->data;
    struct end *end = handle == (uv_handle_t *)&tunnel->proxy.tcp
                          ? &tunnel->proxy
                          : &tunnel->inside;

    (void)wanted;
    *out_buf = uv_buf_init(end->piece + end->len,
                           (unsigned)(sizeof(end->piece) - end->len));
}

static void
on_read(uv_stream_t *stream, ssize_t got, const uv_buf_t *buf)
{
    struct ph_proxy_tunnel *tunnel = stream->data;
    struct end *end = stream == (uv_stream_t *)&tunnel->proxy.tcp
                          ? &tunnel->proxy
                          : &tunnel->inside;

    (void)buf;
    if (got == 0)
        return;
    if (got < 0) {
        fail(tunnel, "the proxy %s hangs up", tunnel->proxy_host);
        return;
    }
    end->len += (size_t)got;
    if (tunnel->is_ready)
        hand_on(end);
    else
        take_answer(tunnel);
}

static void
read_end(struct end *end)
{
    if (uv_read_start((uv_stream_t *)&end->tcp, on_room, on_read) != 0)
        close_ends(end->tunnel);
}

/* --- the connection from inside --- */

static bool
is_ours(struct ph_proxy_tunnel *tunnel)
{
    struct sockaddr_in from;
    int len = sizeof(from);

    return uv_tcp_getpeername(&tunnel->inside.tcp, (struct sockaddr *)&from,
                              &len) == 0 &&
           tunnel->events.is_ours(ntohs(from.sin_port), tunnel->arg);
}

static void on_connection(uv_stream_t *listener, int status);

/* The next one, which came meanwhile, may be ours. */
static void
on_stranger_closed(uv_handle_t *handle)
{
    struct ph_proxy_tunnel *tunnel = handle->data;

    if (tunnel->is_stopped) {
        on_handle_closed(handle);
        return;
    }
    (void)uv_tcp_init(tunnel->loop, &tunnel->inside.tcp);
    on_connection((uv_stream_t *)&tunnel->listener, 0);
}

/* Whoever else comes to the port is sent away. */
static void
on_connection(uv_stream_t *listener, int status)
{
    struct ph_proxy_tunnel *tunnel = listener->data;

    if (status != 0 || tunnel->inside.is_open || tunnel->is_stopped ||
        uv_is_closing((uv_handle_t *)&tunnel->inside.tcp) ||
        uv_accept(listener, (uv_stream_t *)&tunnel->inside.tcp) != 0)
        return;
    if (!is_ours(tunnel)) {
        uv_close((uv_handle_t *)&tunnel->inside.tcp, on_stranger_closed);
        return;
    }
    tunnel->inside.is_open = true;
    stop_listening(tunnel);
    (void)uv_tcp_nodelay(&tunnel->inside.tcp, 1);
    read_end(&tunnel->inside);
    read_end(&tunnel->proxy);
}

static void
start_listening(struct ph_proxy_tunnel *tunnel)
{
    struct ph_address local = {
        .u.in4 = {.sin_family = AF_INET,
                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)}};
    int len = sizeof(local.u.in4);

    tunnel->proxy.len = 0;
    if (uv_tcp_bind(&tunnel->listener, &local.u.any, 0) != 0 ||
        uv_listen((uv_stream_t *)&tunnel->listener, BACKLOG, on_connection) !=
            0 ||
        uv_tcp_getsockname(&tunnel->listener, &local.u.any, &len) != 0) {
        fail(tunnel, "cannot listen on loopback for the tunnel");
        return;
    }
    tunnel->is_ready = true;
    tunnel->events.on_ready(&local, tunnel->arg);
}

/* --- asking the proxy --- */

static void
on_asked(uv_write_t *write, int status)
{
    struct ph_proxy_tunnel *tunnel = write->data;

    ph_buf_close(&tunnel->request); /* wiped */
    if (status != 0)
        fail(tunnel, "the proxy %s hangs up", tunnel->proxy_host);
}

static void
on_connected(uv_connect_t *connect, int status)
{
    struct ph_proxy_tunnel *tunnel = connect->data;
    uv_buf_t buf;

    if (tunnel->is_stopped)
        return;
    if (status != 0) {
        fail(tunnel, "the proxy %s %s", tunnel->proxy_host,
             ph_reach_text(status));
        return;
    }
    (void)uv_tcp_nodelay(&tunnel->proxy.tcp, 1);
    buf = uv_buf_init((char *)tunnel->request.data,
                      (unsigned)tunnel->request.len);
    read_end(&tunnel->proxy);
    if (uv_write(&tunnel->asking, (uv_stream_t *)&tunnel->proxy.tcp, &buf, 1,
                 on_asked) != 0)
        fail(tunnel, "the proxy %s hangs up", tunnel->proxy_host);
}

static int
put_login(struct ph_buf *request, const struct ph_buf *login)
{
    size_t room = (login->len + 2) / 3 * 4 + 1;
    char *text = malloc(room);
    int err;

    if (text == NULL)
        return PH_ERR_NOMEM;
    (void)EVP_EncodeBlock((unsigned char *)text, login->data, (int)login->len);
    err = ph_buf_put_str(request, "Proxy-Authorization: Basic ");
    if (err == PH_OK)
        err = ph_buf_put_str(request, text);
    if (err == PH_OK)
        err = ph_buf_put_str(request, "\r\n");
    OPENSSL_cleanse(text, room);
    free(text);
    return err;
}

static int
put_request(struct ph_buf *request,
            const struct ph_proxy_tunnel_options *options)
{
    const char *open = strchr(options->host, ':') != NULL ? "[" : "";
    const char *close = open[0] != '\0' ? "]" : "";
    int err = ph_buf_printf(request,
                            "CONNECT %s%s%s:%u HTTP/1.1\r\n"
                            "Host: %s%s%s:%u\r\n",
                            open, options->host, close, options->port, open,
                            options->host, close, options->port);

    if (err == PH_OK && options->login != NULL)
        err = put_login(request, options->login);
    return err == PH_OK ? ph_buf_put_str(request, "\r\n") : err;
}

static void
init_end(struct ph_proxy_tunnel *tunnel, struct end *end, struct end *other)
{
    (void)uv_tcp_init(tunnel->loop, &end->tcp);
    end->tcp.data = tunnel;
    end->write.data = end;
    end->tunnel = tunnel;
    end->other = other;
}

int
ph_proxy_tunnel_start(uv_loop_t *loop,
                      const struct ph_proxy_tunnel_options *options,
                      struct ph_proxy_tunnel **out_tunnel)
{
    struct ph_proxy_tunnel *tunnel = calloc(1, sizeof(*tunnel));
    int err;

    if (tunnel == NULL)
        return PH_ERR_NOMEM;
    tunnel->loop = loop;
    tunnel->events = options->events;
    tunnel->arg = options->arg;
    tunnel->has_login = options->login != NULL;
    (void)snprintf(tunnel->proxy_host, sizeof(tunnel->proxy_host), "%s",
                   options->proxy_host);
    (void)snprintf(tunnel->host, sizeof(tunnel->host), "%s", options->host);
    ph_buf_init(&tunnel->request, REQUEST_MAX);
    err = put_request(&tunnel->request, options);
    if (err != PH_OK) {
        ph_buf_close(&tunnel->request);
        free(tunnel);
        return err;
    }
    tunnel->handles = HANDLES;
    init_end(tunnel, &tunnel->proxy, &tunnel->inside);
    init_end(tunnel, &tunnel->inside, &tunnel->proxy);
    (void)uv_tcp_init(loop, &tunnel->listener);
    tunnel->listener.data = tunnel;
    tunnel->connect.data = tunnel->asking.data = tunnel;
    if (uv_tcp_connect(&tunnel->connect, &tunnel->proxy.tcp,
                       &options->proxy->u.any, on_connected) != 0) {
        ph_proxy_tunnel_stop(tunnel);
        return PH_ERR_IO;
    }
    *out_tunnel = tunnel;
    return PH_OK;
}
