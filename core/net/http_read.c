/* Reading a request, and handing it over as an exchange. */
#include "http_private.h"

#include <stdlib.h>
#include <string.h>

#include "printhold/base/err.h"

/* Read a little more of the request. */
static int
read_more(struct ph_http_conn *conn)
{
    uint8_t *room = ph_buf_reserve(&conn->in, PH_HTTP_READ_BYTES);
    size_t len = 0;
    int err;

    if (room == NULL) {
        ph_http_conn_refuse(conn, 431, "The request is too long");
        return PH_OK;
    }
    err = ph_tls_conn_read(conn->tls, room, PH_HTTP_READ_BYTES, &len);
    if (err == PH_OK) {
        if (conn->in.len == 0)
            ph_http_conn_deadline(conn, conn->server->options.head_ms);
        ph_buf_advance(&conn->in, len);
        return PH_OK;
    }
    if (err == PH_ERR_AGAIN) {
        if (conn->in.len == 0) /* idle connections keep no memory */
            ph_buf_close(&conn->in);
        return err;
    }
    if (err == PH_ERR_CLOSED) {
        ph_tls_conn_end(conn->tls);
        ph_http_conn_linger(conn);
        return PH_OK;
    }
    ph_http_conn_close(conn);
    return PH_ERR_AGAIN;
}

static int
send_continue(struct ph_http_conn *conn)
{
    static const char text[] = "HTTP/1.1 100 Continue\r\n\r\n";
    int err = ph_tls_conn_write(conn->tls, text, sizeof(text) - 1);

    if (err == PH_OK)
        err = ph_tls_conn_flush(conn->tls, NULL);
    return err == PH_ERR_AGAIN ? PH_OK : err;
}

/* The head is complete: is the request one that we go on with? */
static void
take_head(struct ph_http_conn *conn, size_t len)
{
    struct ph_http_request request;
    int err = ph_http_parse_head(conn->in.data, len, &request);

    if (err != PH_OK) {
        ph_http_conn_refuse(conn, ph_http_error_status(err),
                            "The request is malformed");
        return;
    }
    if (request.content_length > conn->server->options.body_max) {
        ph_http_conn_refuse(conn, 413, "The request is too long");
        return;
    }
    if (request.content_length > 0 && request.method != PH_HTTP_POST) {
        ph_http_conn_refuse(conn, 400, "Only POST takes a body");
        return;
    }
    conn->head_len = len;
    conn->body_len = (size_t)request.content_length;
    conn->keep_alive = request.keep_alive;
    if (conn->body_len > 0)
        ph_http_conn_deadline(conn, conn->server->options.head_ms);
    if (request.expect_continue && conn->in.len < len + conn->body_len &&
        send_continue(conn) != PH_OK)
        ph_http_conn_close(conn);
}

/* Cut the request off the input and hand it over. */
static int
make_exchange(struct ph_http_conn *conn, struct ph_http_exchange **out)
{
    struct ph_http_exchange *x = calloc(1, sizeof(*x));
    size_t whole = conn->head_len + conn->body_len;
    struct ph_buf rest;
    int err = PH_ERR_NOMEM;

    if (x == NULL)
        return err;
    ph_buf_init(&rest, conn->in.max);
    if (conn->in.len > whole)
        err = ph_buf_put(&rest, conn->in.data + whole, conn->in.len - whole);
    else
        err = PH_OK;
    if (err == PH_OK)
        err = ph_http_parse_head(conn->in.data, conn->head_len, &x->request);
    if (err != PH_OK) {
        ph_buf_close(&rest);
        free(x);
        return err;
    }
    x->conn = conn;
    x->bytes = conn->in;
    x->bytes.len = whole;
    x->head_len = conn->head_len;
    x->peer = *ph_tls_conn_peer(conn->tls);
    memcpy(x->address_text, conn->address_text, sizeof(x->address_text));
    conn->in = rest;
    conn->head_len = conn->body_len = conn->scanned = 0;
    *out = x;
    return PH_OK;
}

static int
dispatch(struct ph_http_conn *conn)
{
    struct ph_http_exchange *x = NULL;

    if (make_exchange(conn, &x) != PH_OK) {
        ph_http_conn_close(conn);
        return PH_ERR_AGAIN;
    }
    conn->exchange = x;
    ph_http_conn_move(conn, PH_HTTP_HANDLING);
    conn->server->options.on_request(x, conn->server->options.arg);
    return PH_OK;
}

int
ph_http_conn_read(struct ph_http_conn *conn)
{
    if (conn->head_len == 0) {
        size_t len =
            ph_http_head_length(conn->in.data, conn->in.len, &conn->scanned);

        if (len > PH_HTTP_HEAD_MAX ||
            (len == 0 && conn->in.len >= PH_HTTP_HEAD_MAX)) {
            ph_http_conn_refuse(conn, 431, "The request is too long");
            return PH_OK;
        }
        if (len == 0)
            return read_more(conn);
        take_head(conn, len);
        return PH_OK;
    }
    if (conn->in.len < conn->head_len + conn->body_len)
        return read_more(conn);
    return dispatch(conn);
}
