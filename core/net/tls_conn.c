#include "printhold/net/tls_server.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "printhold/base/err.h"
#include "printhold/base/io.h"
#include "tls_private.h"
#include "tls_scratch.h"

#define BACKLOG_MAX (1024 * 1024)

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0 /* there the socket has SO_NOSIGPIPE */
#endif

int
ph_tls_scratch_new(struct ph_tls_scratch **out_scratch)
{
    struct ph_tls_scratch *scratch = malloc(sizeof(*scratch));

    if (scratch == NULL)
        return PH_ERR_NOMEM;
    scratch->owner = NULL;
    scratch->len = 0;
    *out_scratch = scratch;
    return PH_OK;
}

void
ph_tls_scratch_free(struct ph_tls_scratch *scratch)
{
    free(scratch);
}

int
ph_tls_scratch_spill(struct ph_tls_conn *conn)
{
    struct ph_tls_scratch *scratch = conn->scratch;
    int err = PH_OK;

    if (scratch->owner != conn || scratch->len == 0)
        return PH_OK;
    err = ph_buf_put(&conn->backlog, scratch->bytes, scratch->len);
    scratch->len = 0;
    return err;
}

bool
ph_tls_scratch_put(struct ph_tls_conn *conn, const void *bytes, size_t len)
{
    struct ph_tls_scratch *scratch = conn->scratch;

    if (scratch->owner != conn) {
        if (scratch->len > 0 && ph_tls_scratch_spill(scratch->owner) != PH_OK)
            scratch->owner->broken = true;
        scratch->owner = conn;
    }
    if (len > sizeof(scratch->bytes) - scratch->len)
        return false;
    memcpy(scratch->bytes + scratch->len, bytes, len);
    scratch->len += len;
    return true;
}

int
ph_tls_conn_new(struct ph_tls_server *server, struct ph_tls_scratch *scratch,
                int fd, struct ph_tls_conn **out_conn)
{
    struct ph_tls_conn *conn = calloc(1, sizeof(*conn));
    BIO *bio = NULL;

    if (conn == NULL)
        return PH_ERR_NOMEM;
    conn->server = server;
    conn->scratch = scratch;
    conn->fd = fd;
    ph_buf_init(&conn->backlog, BACKLOG_MAX);
    conn->ssl = ph_tls_server_ssl(server);
    if (conn->ssl != NULL)
        bio = ph_tls_bio_new(conn);
    if (bio == NULL) {
        SSL_free(conn->ssl);
        free(conn);
        ERR_clear_error();
        return PH_ERR_NOMEM;
    }
    SSL_set_bio(conn->ssl, bio, bio);
    SSL_set_app_data(conn->ssl, conn);
    SSL_set_accept_state(conn->ssl);
    *out_conn = conn;
    return PH_OK;
}

void
ph_tls_conn_free(struct ph_tls_conn *conn)
{
    if (conn == NULL)
        return;
    if (conn->scratch->owner == conn) {
        conn->scratch->owner = NULL;
        conn->scratch->len = 0;
    }
    SSL_free(conn->ssl);
    ph_buf_close(&conn->backlog);
    ph_io_close(&conn->fd);
    free(conn);
}

int
ph_tls_conn_fd(const struct ph_tls_conn *conn)
{
    return conn->fd;
}

const struct ph_identity *
ph_tls_conn_peer(const struct ph_tls_conn *conn)
{
    return &conn->peer;
}

bool
ph_tls_conn_is_admitted(const struct ph_tls_conn *conn, struct ph_why *why)
{
    if (conn->server->admit == NULL)
        return true;
    return conn->server->admit(&conn->peer, why, conn->server->arg);
}

/* What OpenSSL meant by a return value that is not success. */
static int
translate(struct ph_tls_conn *conn, int returned)
{
    int err = SSL_get_error(conn->ssl, returned);

    switch (err) {
    case SSL_ERROR_WANT_READ:
        return PH_ERR_AGAIN;
    case SSL_ERROR_ZERO_RETURN:
        return PH_ERR_CLOSED;
    case SSL_ERROR_SYSCALL:
        conn->broken = true;
        return PH_ERR_CLOSED;
    default:
        conn->broken = true;
        return PH_ERR_PROTOCOL;
    }
}

static int
explain(struct ph_tls_conn *conn, int err, struct ph_why *why)
{
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());

    ERR_clear_error();
    if (conn->why.text[0] != '\0')
        return ph_why_fail(why, PH_ERR_DENIED, "%s", conn->why.text);
    return ph_why_fail(why, err, "TLS: %s",
                       reason != NULL ? reason : ph_err_text(err));
}

/* The callback has judged it already; a connection without a judged certificate
 * must be impossible, whatever OpenSSL does. */
static int
judge_peer(struct ph_tls_conn *conn, struct ph_why *why)
{
    X509 *cert;
    int err;

    if (SSL_session_reused(conn->ssl) != 0)
        return ph_why_fail(why, PH_ERR_DENIED, "Sessions are not resumed");
    if (conn->server->admit == NULL)
        return PH_OK; /* nobody: the peer has no id */
    cert = SSL_get1_peer_certificate(conn->ssl);
    if (cert == NULL || SSL_get_verify_result(conn->ssl) != X509_V_OK)
        err = ph_why_fail(why, PH_ERR_DENIED, "There is no certificate");
    else
        err = ph_tls_server_judge(conn->server, cert, &conn->peer, why);
    X509_free(cert);
    return err;
}

int
ph_tls_conn_handshake(struct ph_tls_conn *conn, struct ph_why *why)
{
    int err, n;

    ERR_clear_error();
    n = SSL_do_handshake(conn->ssl);
    if (n != 1) {
        err = translate(conn, n);
        (void)ph_tls_scratch_spill(conn);
        return err == PH_ERR_AGAIN ? err : explain(conn, err, why);
    }
    err = judge_peer(conn, why);
    (void)ph_tls_scratch_spill(conn);
    return err;
}

int
ph_tls_conn_read(struct ph_tls_conn *conn, void *dst, size_t cap,
                 size_t *out_len)
{
    size_t got = 0;
    int err = PH_OK;

    ERR_clear_error();
    if (SSL_read_ex(conn->ssl, dst, cap, &got) != 1)
        err = translate(conn, 0);
    ERR_clear_error();
    /* Answers to key updates. */
    if (ph_tls_scratch_spill(conn) != PH_OK)
        return PH_ERR_LIMIT;
    if (err == PH_OK)
        *out_len = got;
    return err;
}

int
ph_tls_conn_write(struct ph_tls_conn *conn, const void *bytes, size_t len)
{
    size_t written = 0;

    if (len == 0)
        return PH_OK;
    if (conn->broken)
        return PH_ERR_CLOSED;
    ERR_clear_error();
    if (SSL_write_ex(conn->ssl, bytes, len, &written) == 1)
        return PH_OK;
    ERR_clear_error();
    conn->broken = true;
    return PH_ERR_LIMIT;
}

/* *out_sent grows by what the socket took. */
static int
send_some(int fd, const uint8_t *bytes, size_t len, size_t *out_sent)
{
    size_t done = 0;

    while (done < len) {
        ssize_t n = send(fd, bytes + done, len - done, MSG_NOSIGNAL);

        if (n < 0) {
            if (errno == EINTR)
                continue;
            if (errno == EAGAIN || errno == EWOULDBLOCK)
                return PH_ERR_AGAIN;
            return PH_ERR_CLOSED;
        }
        done += (size_t)n;
        *out_sent += (size_t)n;
    }
    return PH_OK;
}

static int
flush_backlog(struct ph_tls_conn *conn, size_t *out_sent)
{
    size_t sent = 0;
    int err = send_some(conn->fd, conn->backlog.data, conn->backlog.len, &sent);

    *out_sent += sent;
    if (err == PH_OK) {
        /* Idle and fast connections keep no memory here. */
        ph_buf_close(&conn->backlog);
        ph_buf_init(&conn->backlog, BACKLOG_MAX);
    } else {
        ph_buf_consume(&conn->backlog, sent);
    }
    return err;
}

static int
flush_scratch(struct ph_tls_conn *conn, size_t *out_sent)
{
    struct ph_tls_scratch *scratch = conn->scratch;
    size_t sent = 0;
    int err = send_some(conn->fd, scratch->bytes, scratch->len, &sent);

    *out_sent += sent;
    if (err == PH_ERR_AGAIN && ph_buf_put(&conn->backlog, scratch->bytes + sent,
                                          scratch->len - sent) != PH_OK)
        err = PH_ERR_LIMIT;
    scratch->len = 0;
    return err;
}

int
ph_tls_conn_flush(struct ph_tls_conn *conn, size_t *out_sent)
{
    size_t sent = 0;
    int err = PH_OK;

    if (conn->backlog.len > 0) {
        if (ph_tls_scratch_spill(conn) != PH_OK)
            err = PH_ERR_LIMIT;
        else
            err = flush_backlog(conn, &sent);
    } else if (conn->scratch->owner == conn) {
        err = flush_scratch(conn, &sent);
    }
    if (out_sent != NULL)
        *out_sent = sent;
    return err;
}

bool
ph_tls_conn_pending(const struct ph_tls_conn *conn)
{
    return conn->backlog.len > 0;
}

void
ph_tls_conn_end(struct ph_tls_conn *conn)
{
    if (!conn->broken)
        (void)SSL_shutdown(conn->ssl);
    ERR_clear_error();
    (void)ph_tls_scratch_spill(conn);
}
