/* The listener: who may connect, and how many. */
#include "printhold/net/http_server.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http_private.h"
#include "printhold/base/err.h"
#include "printhold/base/io.h"
#include "printhold/base/wipe.h"

#define BACKLOG          1024
#define ACCEPTS_PER_TURN 64
#define PAUSE_MS         1000

void
ph_http_options_init(struct ph_http_options *options)
{
    memset(options, 0, sizeof(*options));
    options->address = "";
    options->connections_max = 512;
    options->strangers_max = 256;
    options->address_max = 128;
    options->peer_max = 16;
    options->body_max = 32768;
    options->handshake_ms = 5000;
    options->head_ms = 10000;
    options->idle_ms = 30000;
    options->stall_ms = 60000;
    options->stall_bytes = 16384;
    options->linger_ms = 2000;
}

static void on_listener(uv_poll_t *poll, int status, int events);

static void
listen_on(struct ph_http_server *server)
{
    if (server->listening || server->stopping)
        return;
    server->listening =
        uv_poll_start(&server->listener, UV_READABLE, on_listener) == 0;
}

static void
listen_off(struct ph_http_server *server)
{
    (void)uv_poll_stop(&server->listener);
    server->listening = false;
}

static void
on_pause_over(uv_timer_t *timer)
{
    listen_on(timer->data);
}

static void
on_listener(uv_poll_t *poll, int status, int events)
{
    struct ph_http_server *server = poll->data;

    (void)status;
    (void)events;
    for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
        struct sockaddr_storage peer;
        int on = 1;
        int fd;

        if (server->conn_count >= server->options.connections_max) {
            if (i > 0)
                return; /* perhaps nobody waits any more */
            (void)ph_http_conn_give_way(server, NULL);
            listen_off(server); /* until one has left */
            return;
        }
        fd = ph_http_accept(server->listen_fd, &peer);
        if (fd >= 0) {
            (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
            ph_http_conn_start(server, fd, &peer);
            continue;
        }
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
            errno == ENOMEM) {
            /* Readable it stays: polling on would burn the CPU. */
            listen_off(server);
            (void)uv_timer_start(&server->pause, on_pause_over, PAUSE_MS, 0);
            return;
        }
        if (errno == EAGAIN || errno == EWOULDBLOCK)
            return;
    }
}

void
ph_http_server_left(struct ph_http_server *server, struct ph_http_conn *conn)
{
    if (conn->prev != NULL)
        conn->prev->next = conn->next;
    else
        server->conns = conn->next;
    if (conn->next != NULL)
        conn->next->prev = conn->prev;
    server->conn_count--;
    if (!server->stopping)
        listen_on(server);
}

/* Numeric address to a socket address; "" is the IPv6 wildcard, which takes
 * IPv4 too. */
static int
parse_address(const char *text, uint16_t port, struct sockaddr_storage *out)
{
    struct sockaddr_storage address;
    int err;

    memset(&address, 0, sizeof(address));
    if (text[0] == '\0')
        text = "::";
    if (strchr(text, ':') != NULL)
        err = uv_ip6_addr(text, port, (struct sockaddr_in6 *)&address);
    else
        err = uv_ip4_addr(text, port, (struct sockaddr_in *)&address);
    if (err != 0)
        return PH_ERR_CONFIG;
    *out = address;
    return PH_OK;
}

static int
open_listener(const struct sockaddr_storage *address, int *out_fd)
{
    socklen_t len = address->ss_family == AF_INET6 ? sizeof(struct sockaddr_in6)
                                                   : sizeof(struct sockaddr_in);
    int on = 1, off = 0, err = PH_OK;
    int fd = ph_http_socket(address->ss_family);

    if (fd < 0)
        return ph_err_from_errno(errno);
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (address->ss_family == AF_INET6)
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
    if (bind(fd, (const struct sockaddr *)address, len) != 0 ||
        listen(fd, BACKLOG) != 0)
        err = errno == EADDRINUSE ? PH_ERR_BUSY : ph_err_from_errno(errno);
    if (err != PH_OK) {
        (void)close(fd);
        return err;
    }
    *out_fd = fd;
    return PH_OK;
}

static int
bind_port(struct ph_http_server *server, struct ph_why *why)
{
    const struct ph_http_options *options = &server->options;
    struct sockaddr_storage address;
    socklen_t len = sizeof(address);
    int err = parse_address(options->address, options->port, &address);

    if (err != PH_OK)
        return ph_why_fail(why, PH_ERR_CONFIG, "%s is not a numeric address",
                           options->address);
    err = open_listener(&address, &server->listen_fd);
    if (err != PH_OK && options->address[0] == '\0' && err != PH_ERR_BUSY) {
        /* A host without IPv6. */
        (void)parse_address("0.0.0.0", options->port, &address);
        err = open_listener(&address, &server->listen_fd);
    }
    if (err != PH_OK)
        return ph_why_fail(
            why, err, "Cannot listen on %s port %u: %s",
            options->address[0] != '\0' ? options->address : "every address",
            options->port,
            err == PH_ERR_BUSY ? "another program uses it" : ph_err_text(err));
    if (getsockname(server->listen_fd, (struct sockaddr *)&address, &len) != 0)
        return ph_err_from_errno(errno);
    server->port = ntohs(address.ss_family == AF_INET6
                             ? ((struct sockaddr_in6 *)&address)->sin6_port
                             : ((struct sockaddr_in *)&address)->sin_port);
    return PH_OK;
}

static void
server_free(struct ph_http_server *server)
{
    if (server == NULL)
        return;
    if (server->piece != NULL)
        ph_wipe(server->piece, PH_HTTP_PIECE_BYTES);
    free(server->piece);
    ph_tls_scratch_free(server->scratch);
    ph_io_close(&server->listen_fd);
    free(server);
}

static int
watch(struct ph_http_server *server)
{
    /* Timer first: it cannot fail, and nothing is to be undone after poll. */
    if (uv_poll_init(server->loop, &server->listener, server->listen_fd) != 0)
        return PH_ERR_IO;
    (void)uv_timer_init(server->loop, &server->pause);
    server->listener.data = server;
    server->pause.data = server;
    server->open_handles = 2;
    listen_on(server);
    return PH_OK;
}

int
ph_http_server_start(uv_loop_t *loop, const struct ph_http_options *options,
                     struct ph_http_server **out_server, struct ph_why *why)
{
    struct ph_http_server *server = calloc(1, sizeof(*server));
    int err = PH_ERR_NOMEM;

    if (server == NULL)
        return err;
    server->options = *options;
    server->loop = loop;
    server->listen_fd = -1;
    server->piece = malloc(PH_HTTP_PIECE_BYTES);
    if (server->piece == NULL)
        goto out;
    err = ph_tls_scratch_new(&server->scratch);
    if (err == PH_OK)
        err = bind_port(server, why);
    server->options.address = NULL; /* the caller's text */
    if (err == PH_OK)
        err = watch(server);
    if (err != PH_OK)
        goto out;
    *out_server = server;
    server = NULL;
out:
    server_free(server);
    return err;
}

uint16_t
ph_http_server_port(const struct ph_http_server *server)
{
    return server->port;
}

size_t
ph_http_server_connections(const struct ph_http_server *server)
{
    return server->conn_count;
}

void
ph_http_server_review(struct ph_http_server *server)
{
    for (struct ph_http_conn *c = server->conns; c != NULL; c = c->next)
        ph_http_conn_review(c);
}

void
ph_http_server_gone(struct ph_http_server *server)
{
    void (*done)(void *) = server->done;
    void *arg = server->done_arg;

    if (!server->stopping || server->open_handles > 0 || server->conns != NULL)
        return;
    server_free(server);
    done(arg);
}

static void
on_handle_closed(uv_handle_t *handle)
{
    struct ph_http_server *server = handle->data;

    server->open_handles--;
    ph_http_server_gone(server);
}

void
ph_http_server_stop(struct ph_http_server *server, void (*done)(void *arg),
                    void *arg)
{
    server->stopping = true;
    server->done = done;
    server->done_arg = arg;
    for (struct ph_http_conn *c = server->conns; c != NULL; c = c->next)
        ph_http_conn_close(c);
    uv_close((uv_handle_t *)&server->listener, on_handle_closed);
    uv_close((uv_handle_t *)&server->pause, on_handle_closed);
}
