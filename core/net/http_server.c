/* Taking connections from the door. */
#include "printhold/net/http_server.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "http_door.h"
#include "http_private.h"
#include "printhold/base/err.h"
#include "printhold/base/wipe.h"

#define ACCEPTS_PER_TURN 64
#define NO_FD_PAUSE_MS   1000
/* A place that another server's connection left is found after this. */
#define FULL_PAUSE_MS 20

void
ph_http_options_init(struct ph_http_options *options)
{
    memset(options, 0, sizeof(*options));
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
    if (!server->is_first || server->listening || server->stopping)
        return;
    server->listening =
        uv_poll_start(&server->listener, UV_READABLE, on_listener) == 0;
}

static void
on_pause_over(uv_timer_t *timer)
{
    listen_on(timer->data);
}

/* Readable it stays: polling on would burn the CPU. */
static void
pause_for(struct ph_http_server *server, uint64_t ms)
{
    (void)uv_poll_stop(&server->listener);
    server->listening = false;
    (void)uv_timer_start(&server->pause, on_pause_over, ms, 0);
}

/* False when there is nothing more to accept now. waits: somebody does. */
static bool
accept_one(struct ph_http_server *server, bool waits)
{
    struct ph_http_door *door = server->options.door;
    struct ph_http_place *place = ph_http_door_reserve(door);
    int on = 1;

    if (place == NULL) {
        if (waits) {
            ph_http_door_make_room(door);
            pause_for(server, FULL_PAUSE_MS); /* or until one of ours leaves */
        }
        return false;
    }
    place->fd = ph_http_accept(ph_http_door_fd(door), &place->peer);
    if (place->fd >= 0) {
        (void)setsockopt(place->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        ph_http_door_assign(door, place);
        return true;
    }
    ph_http_door_leave(door, place);
    if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
        errno == ENOMEM) {
        pause_for(server, NO_FD_PAUSE_MS);
        return false;
    }
    return errno != EAGAIN && errno != EWOULDBLOCK;
}

static void
on_listener(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
        if (!accept_one(poll->data, i == 0))
            return;
    }
}

static void
on_wake(uv_async_t *wake)
{
    struct ph_http_server *server = wake->data;
    bool must_give_way;
    struct ph_http_place *place =
        ph_http_door_take(server->options.door, server, &must_give_way);

    while (place != NULL) {
        struct ph_http_place *next = place->next;

        ph_http_conn_start(server, place);
        place = next;
    }
    for (struct ph_http_conn *c = server->conns; must_give_way && c != NULL;
         c = c->next)
        ph_http_conn_give_way(c);
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
    ph_http_door_leave(server->options.door, conn->place);
    if (!server->stopping)
        listen_on(server);
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
    free(server);
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
    ph_http_door_part(server->options.door, server);
    for (struct ph_http_conn *c = server->conns; c != NULL; c = c->next)
        ph_http_conn_close(c);
    uv_close((uv_handle_t *)&server->wake, on_handle_closed);
    if (server->listener.data == NULL)
        return;
    uv_close((uv_handle_t *)&server->listener, on_handle_closed);
    uv_close((uv_handle_t *)&server->pause, on_handle_closed);
}

static int
watch_door(struct ph_http_server *server)
{
    if (uv_poll_init(server->loop, &server->listener,
                     ph_http_door_fd(server->options.door)) != 0)
        return PH_ERR_IO;
    (void)uv_timer_init(server->loop, &server->pause);
    server->listener.data = server;
    server->pause.data = server;
    server->open_handles += 2;
    listen_on(server);
    return PH_OK;
}

static int
server_new(uv_loop_t *loop, const struct ph_http_options *options,
           struct ph_http_server **out_server)
{
    struct ph_http_server *server = calloc(1, sizeof(*server));
    int err = PH_ERR_NOMEM;

    if (server == NULL)
        return err;
    server->options = *options;
    server->loop = loop;
    server->piece = malloc(PH_HTTP_PIECE_BYTES);
    if (server->piece != NULL)
        err = ph_tls_scratch_new(&server->scratch);
    if (err == PH_OK && uv_async_init(loop, &server->wake, on_wake) != 0)
        err = PH_ERR_IO;
    if (err != PH_OK) {
        server_free(server);
        return err;
    }
    server->wake.data = server;
    server->open_handles = 1;
    *out_server = server;
    return PH_OK;
}

static void
on_stillborn(void *arg)
{
    (void)arg;
}

int
ph_http_server_start(uv_loop_t *loop, const struct ph_http_options *options,
                     struct ph_http_server **out_server)
{
    struct ph_http_server *server;
    int err = server_new(loop, options, &server);

    if (err != PH_OK)
        return err;
    err = ph_http_door_join(options->door, server, &server->is_first);
    if (err == PH_OK && server->is_first)
        err = watch_door(server);
    if (err != PH_OK) {
        ph_http_server_stop(server, on_stillborn, NULL);
        return err;
    }
    *out_server = server;
    return PH_OK;
}
