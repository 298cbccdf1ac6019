/*
 * One connection. ph_http_conn_move is the only place where the state
 * changes; the table below has every legal move.
 *
 *   HANDSHAKE -> READING -> HANDLING -> SENDING -> READING ...
 *       |           |           |          |
 *       |           \---> SENDING (refusal)|
 *       v           v                      v
 *   LINGERING  <----+----------------------+      all -> CLOSED
 *
 * Invariants:
 *   - the exchange is set in HANDLING only
 *   - a source is set in SENDING only, and its done was called when it is not
 *   - in every state but HANDLING the timer runs
 *   - nothing is read while a request is handled or answered, so a peer that
 *     only sends cannot make us keep what it sends
 */
#include "http_door.h"
#include "http_private.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "printhold/base/attr.h"
#include "printhold/base/err.h"
#include "printhold/base/io.h"

#define DRAIN_MAX (1024 * 1024)

#define BIT(state) (1U << (state))

static const unsigned legal_moves[] = {
    [PH_HTTP_HANDSHAKE] =
        BIT(PH_HTTP_READING) | BIT(PH_HTTP_LINGERING) | BIT(PH_HTTP_CLOSED),
    [PH_HTTP_READING] = BIT(PH_HTTP_HANDLING) | BIT(PH_HTTP_SENDING) |
                        BIT(PH_HTTP_LINGERING) | BIT(PH_HTTP_CLOSED),
    [PH_HTTP_HANDLING] = BIT(PH_HTTP_SENDING) | BIT(PH_HTTP_CLOSED),
    [PH_HTTP_SENDING] =
        BIT(PH_HTTP_READING) | BIT(PH_HTTP_LINGERING) | BIT(PH_HTTP_CLOSED),
    [PH_HTTP_LINGERING] = BIT(PH_HTTP_CLOSED),
    [PH_HTTP_CLOSED] = 0,
};

static void on_timer(uv_timer_t *timer);
static void on_poll(uv_poll_t *poll, int status, int events);

void
ph_http_conn_deadline(struct ph_http_conn *conn, uint64_t ms)
{
    (void)uv_timer_start(&conn->timer, on_timer, ms, 0);
}

static void
start_state(struct ph_http_conn *conn)
{
    const struct ph_http_options *options = &conn->server->options;

    switch (conn->state) {
    case PH_HTTP_HANDSHAKE:
        ph_http_conn_deadline(conn, options->handshake_ms);
        break;
    case PH_HTTP_READING:
        ph_http_conn_deadline(conn, conn->in.len > 0 ? options->head_ms
                                                     : options->idle_ms);
        break;
    case PH_HTTP_HANDLING:
        (void)uv_timer_stop(&conn->timer);
        break;
    case PH_HTTP_SENDING:
        conn->sent_in_window = 0;
        ph_http_conn_deadline(conn, options->stall_ms);
        break;
    case PH_HTTP_LINGERING:
        conn->drained = 0;
        ph_http_conn_deadline(conn, options->linger_ms);
        break;
    case PH_HTTP_CLOSED:
        break;
    }
}

void
ph_http_conn_move(struct ph_http_conn *conn, enum ph_http_state state)
{
    if ((legal_moves[conn->state] & BIT(state)) == 0)
        abort(); /* our own bug, never input */
    conn->state = state;
    start_state(conn);
}

/* --- closing --- */

static void
on_handle_closed(uv_handle_t *handle)
{
    struct ph_http_conn *conn = handle->data;
    struct ph_http_server *server = conn->server;

    if (--conn->open_handles > 0)
        return;
    ph_http_server_left(server, conn);
    ph_tls_conn_free(conn->tls);
    ph_buf_close(&conn->in);
    free(conn);
    ph_http_server_gone(server);
}

void
ph_http_conn_source_done(struct ph_http_conn *conn, bool whole)
{
    if (!conn->has_source)
        return;
    conn->has_source = false;
    conn->source.done(conn->source.arg, whole);
}

void
ph_http_conn_close(struct ph_http_conn *conn)
{
    if (conn->state == PH_HTTP_CLOSED)
        return;
    ph_http_conn_move(conn, PH_HTTP_CLOSED);
    ph_http_door_leaving(conn->server->options.door, conn->place);
    if (conn->exchange != NULL)
        conn->exchange->conn = NULL;
    conn->exchange = NULL;
    ph_http_conn_source_done(conn, false);
    uv_close((uv_handle_t *)&conn->poll, on_handle_closed);
    uv_close((uv_handle_t *)&conn->timer, on_handle_closed);
}

static void
tell_refused(struct ph_http_conn *conn, const char *reason)
{
    const struct ph_http_options *options = &conn->server->options;

    if (options->on_refused != NULL)
        options->on_refused(conn->address_text, reason, options->arg);
}

void
ph_http_conn_give_way(struct ph_http_conn *conn)
{
    if (conn->state == PH_HTTP_CLOSED ||
        !ph_http_door_is_leaving(conn->server->options.door, conn->place))
        return;
    tell_refused(conn, "No complete TLS handshake before others came");
    ph_http_conn_close(conn);
}

void
ph_http_conn_review(struct ph_http_conn *conn)
{
    struct ph_why why = {{0}};

    /* Who is still in the handshake is judged at its end. */
    if (conn->state == PH_HTTP_HANDSHAKE || conn->state == PH_HTTP_CLOSED ||
        ph_tls_conn_peer(conn->tls)->id[0] == '\0' ||
        ph_tls_conn_is_admitted(conn->tls, &why))
        return;
    tell_refused(conn, why.text);
    ph_http_conn_close(conn);
}

/* --- what each state does: PH_OK to go on, PH_ERR_AGAIN to wait --- */

/* Half-close and wait for the peer to do the same: closing at once with
 * unread bytes would reset the connection and our last words with it. */
static int
step_linger(struct ph_http_conn *conn)
{
    char waste[PH_HTTP_READ_BYTES];
    ssize_t n;

    if (ph_tls_conn_pending(conn->tls)) {
        int err = ph_tls_conn_flush(conn->tls, NULL);

        if (err == PH_ERR_AGAIN)
            return err;
        if (err != PH_OK) {
            ph_http_conn_close(conn);
            return PH_ERR_AGAIN;
        }
        (void)shutdown(ph_tls_conn_fd(conn->tls), SHUT_WR);
    }
    n = recv(ph_tls_conn_fd(conn->tls), waste, sizeof(waste), 0);
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
        return PH_ERR_AGAIN;
    conn->drained += n > 0 ? (size_t)n : 0;
    if (n <= 0 || conn->drained > DRAIN_MAX)
        ph_http_conn_close(conn);
    return n > 0 ? PH_OK : PH_ERR_AGAIN;
}

void
ph_http_conn_linger(struct ph_http_conn *conn)
{
    ph_http_conn_move(conn, PH_HTTP_LINGERING);
    if (!ph_tls_conn_pending(conn->tls))
        (void)shutdown(ph_tls_conn_fd(conn->tls), SHUT_WR);
}

/* The certificate was taken in the middle of the handshake, and whom we admit
 * may have changed until its end. */
static int
judge(struct ph_http_conn *conn, struct ph_why *why)
{
    if (!ph_tls_conn_is_admitted(conn->tls, why))
        return PH_ERR_DENIED;
    if (ph_http_door_peer(conn->server->options.door, conn->place,
                          ph_tls_conn_peer(conn->tls)->thumbprint))
        return PH_OK;
    return ph_why_fail(why, PH_ERR_LIMIT,
                       "Too many connections with one certificate");
}

static int
step_handshake(struct ph_http_conn *conn)
{
    struct ph_why why = {{0}};
    int err = ph_tls_conn_handshake(conn->tls, &why);

    if (err == PH_ERR_AGAIN || err == PH_OK) {
        int sent = ph_tls_conn_flush(conn->tls, NULL);

        if (sent != PH_OK && sent != PH_ERR_AGAIN)
            err = PH_ERR_CLOSED;
    }
    if (err == PH_OK) {
        err = judge(conn, &why);
        if (err != PH_OK)
            ph_tls_conn_end(conn->tls);
    }
    if (err == PH_ERR_AGAIN)
        return err;
    if (err == PH_OK) {
        ph_http_ack_now(ph_tls_conn_fd(conn->tls));
        ph_http_conn_move(conn, PH_HTTP_READING);
        return PH_OK;
    }
    tell_refused(conn, why.text[0] != '\0' ? why.text : ph_err_text(err));
    ph_http_conn_linger(conn);
    return PH_OK;
}

/* Ask the source for one turn's worth and encrypt it. */
static int
fill(struct ph_http_conn *conn)
{
    size_t budget = PH_HTTP_TURN_BYTES;

    /* Sources may give a little less than a piece: no third one for that. */
    while (conn->left > 0 && budget >= PH_HTTP_PIECE_BYTES / 2) {
        size_t cap = conn->left < PH_HTTP_PIECE_BYTES ? (size_t)conn->left
                                                      : PH_HTTP_PIECE_BYTES;
        size_t len = 0;
        int err =
            conn->source.pull(conn->source.arg, conn->server->piece, cap, &len);

        if (err == PH_OK && (len == 0 || len > cap))
            err = PH_ERR_INTERNAL;
        if (err == PH_OK)
            err = ph_tls_conn_write(conn->tls, conn->server->piece, len);
        if (err != PH_OK)
            return err;
        conn->left -= len;
        budget -= len < budget ? len : budget;
    }
    return PH_OK;
}

static int
step_sending(struct ph_http_conn *conn)
{
    size_t sent = 0;
    int err = PH_OK;

    if (ph_tls_conn_pending(conn->tls)) {
        err = ph_tls_conn_flush(conn->tls, &sent);
        conn->sent_in_window += sent;
    }
    if (err == PH_OK) {
        err = fill(conn);
        if (err == PH_OK)
            err = ph_tls_conn_flush(conn->tls, &sent);
        conn->sent_in_window += sent;
    }
    if (err == PH_OK && conn->left == 0) {
        ph_http_conn_answered(conn);
        return PH_OK;
    }
    if (err != PH_OK && err != PH_ERR_AGAIN)
        ph_http_conn_close(conn);
    return PH_ERR_AGAIN; /* one turn, then the others */
}

void
ph_http_conn_answered(struct ph_http_conn *conn)
{
    ph_http_conn_source_done(conn, true);
    if (conn->state == PH_HTTP_CLOSED)
        return;
    if (conn->keep_alive && !conn->server->stopping) {
        ph_http_conn_move(conn, PH_HTTP_READING);
        return;
    }
    ph_tls_conn_end(conn->tls);
    ph_http_conn_linger(conn);
}

void
ph_http_conn_refuse(struct ph_http_conn *conn, unsigned status,
                    const char *reason)
{
    char body[256];
    struct ph_http_response response = {
        .status = status,
        .content_type = "application/problem+json",
        .body = body,
        .close = true,
    };
    int n = snprintf(body, sizeof(body),
                     "{\"type\":\"about:blank\",\"title\":\"%s\","
                     "\"status\":%u,\"detail\":\"%s.\"}",
                     ph_http_reason(status), status, reason);

    response.body_len = n > 0 ? (size_t)n : 0;
    tell_refused(conn, reason);
    conn->keep_alive = false;
    ph_http_conn_move(conn, PH_HTTP_SENDING);
    if (ph_http_answer_write(conn, &response, false) != PH_OK)
        ph_http_conn_close(conn);
}

/* --- the loop --- */

static int
step(struct ph_http_conn *conn)
{
    switch (conn->state) {
    case PH_HTTP_HANDSHAKE:
        return step_handshake(conn);
    case PH_HTTP_READING:
        return ph_http_conn_read(conn);
    case PH_HTTP_SENDING:
        return step_sending(conn);
    case PH_HTTP_LINGERING:
        return step_linger(conn);
    case PH_HTTP_HANDLING:
    case PH_HTTP_CLOSED:
        break;
    }
    return PH_ERR_AGAIN;
}

static void
poll_for(struct ph_http_conn *conn)
{
    int events = 0;

    if (conn->state == PH_HTTP_CLOSED)
        return;
    if (conn->state == PH_HTTP_HANDSHAKE || conn->state == PH_HTTP_READING ||
        conn->state == PH_HTTP_LINGERING)
        events |= UV_READABLE;
    if (conn->state == PH_HTTP_SENDING || ph_tls_conn_pending(conn->tls))
        events |= UV_WRITABLE;
    if (events == conn->polled)
        return;
    conn->polled = events;
    if (events == 0)
        (void)uv_poll_stop(&conn->poll);
    else if (uv_poll_start(&conn->poll, events, on_poll) != 0)
        ph_http_conn_close(conn);
}

void
ph_http_conn_run(struct ph_http_conn *conn)
{
    unsigned requests = 0;

    if (conn->running)
        return;
    conn->running = true;
    for (;;) {
        bool was_reading = conn->state == PH_HTTP_READING;

        if (step(conn) != PH_OK)
            break;
        /* Enough for one turn: the answer that is to be sent now, or comes
         * later, brings us back. */
        if (was_reading && conn->state != PH_HTTP_READING &&
            ++requests == PH_HTTP_TURN_REQUESTS)
            break;
    }
    conn->running = false;
    poll_for(conn);
}

static void
on_poll(uv_poll_t *poll, int status, int events)
{
    struct ph_http_conn *conn = poll->data;

    (void)events;
    if (status < 0) {
        ph_http_conn_close(conn);
        return;
    }
    if (ph_tls_conn_pending(conn->tls) && conn->state != PH_HTTP_SENDING &&
        conn->state != PH_HTTP_LINGERING) {
        int err = ph_tls_conn_flush(conn->tls, NULL);

        if (err != PH_OK && err != PH_ERR_AGAIN) {
            ph_http_conn_close(conn);
            return;
        }
    }
    ph_http_conn_run(conn);
}

static void
on_timer(uv_timer_t *timer)
{
    struct ph_http_conn *conn = timer->data;
    const struct ph_http_options *options = &conn->server->options;

    switch (conn->state) {
    case PH_HTTP_HANDSHAKE:
        tell_refused(conn, "No complete TLS handshake in time");
        ph_http_conn_close(conn);
        return;
    case PH_HTTP_READING:
        if (conn->in.len > 0) {
            ph_http_conn_refuse(conn, 408, "The request came too slowly");
        } else {
            ph_tls_conn_end(conn->tls);
            ph_http_conn_linger(conn);
        }
        ph_http_conn_run(conn);
        return;
    case PH_HTTP_SENDING:
        if (conn->sent_in_window < options->stall_bytes) {
            tell_refused(conn, "It does not take what it asked for");
            ph_http_conn_close(conn);
            return;
        }
        conn->sent_in_window = 0;
        ph_http_conn_deadline(conn, options->stall_ms);
        return;
    case PH_HTTP_LINGERING:
        ph_http_conn_close(conn);
        return;
    case PH_HTTP_HANDLING:
    case PH_HTTP_CLOSED:
        return;
    }
}

/* --- starting --- */

static void
set_address(struct ph_http_conn *conn, const struct sockaddr_storage *peer,
            uint8_t address[16])
{
    const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)peer;
    const struct sockaddr_in *four = (const struct sockaddr_in *)peer;
    struct in6_addr aligned;

    if (peer->ss_family == AF_INET6) {
        memcpy(address, &six->sin6_addr, 16);
    } else {
        memset(address, 0, 10);
        address[10] = address[11] = 0xff;
        memcpy(address + 12, &four->sin_addr, 4);
    }
    memcpy(&aligned, address, sizeof(aligned));
    if (IN6_IS_ADDR_V4MAPPED(&aligned))
        (void)inet_ntop(AF_INET, address + 12, conn->address_text,
                        sizeof(conn->address_text));
    else
        (void)inet_ntop(AF_INET6, address, conn->address_text,
                        sizeof(conn->address_text));
}

static void
enlist(struct ph_http_conn *conn)
{
    struct ph_http_server *server = conn->server;

    conn->next = server->conns;
    if (server->conns != NULL)
        server->conns->prev = conn;
    server->conns = conn;
}

static int
open_handles(struct ph_http_conn *conn, int fd)
{
    struct ph_http_server *server = conn->server;

    if (uv_poll_init(server->loop, &conn->poll, fd) != 0)
        return PH_ERR_IO;
    (void)uv_timer_init(server->loop, &conn->timer);
    conn->poll.data = conn->timer.data = conn;
    conn->open_handles = 2;
    return PH_OK;
}

void
ph_http_conn_start(struct ph_http_server *server, struct ph_http_place *place)
{
    struct ph_http_door *door = server->options.door;
    struct ph_http_conn *conn = calloc(1, sizeof(*conn));
    uint8_t address[16];
    int fd = place->fd;

    if (conn == NULL)
        goto refuse;
    conn->server = server;
    conn->place = place;
    ph_buf_init(&conn->in, PH_HTTP_HEAD_MAX + server->options.body_max +
                               PH_HTTP_READ_BYTES);
    set_address(conn, &place->peer, address);
    if (!ph_http_door_address(door, place, address)) {
        tell_refused(conn, "Too many connections from one address");
        goto refuse;
    }
    if (ph_tls_conn_new(server->options.tls, server->scratch, fd, &conn->tls) !=
        PH_OK)
        goto refuse;
    fd = -1; /* is the TLS connection's */
    if (open_handles(conn, ph_tls_conn_fd(conn->tls)) != PH_OK)
        goto refuse;
    enlist(conn);
    start_state(conn);
    poll_for(conn);
    return;
refuse:
    if (conn != NULL)
        ph_tls_conn_free(conn->tls);
    ph_io_close(&fd);
    free(conn);
    ph_http_door_leave(door, place);
}
