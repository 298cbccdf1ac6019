/* Exchanges: one request and its one answer. */
#include "http_private.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "printhold/base/clock.h"
#include "printhold/base/err.h"
#include "printhold/base/wipe.h"

#define ANSWER_HEAD_MAX 8192

const struct ph_http_request *
ph_http_exchange_request(const struct ph_http_exchange *exchange)
{
    return &exchange->request;
}

const void *
ph_http_exchange_body(const struct ph_http_exchange *exchange, size_t *out_len)
{
    *out_len = exchange->bytes.len - exchange->head_len;
    return exchange->bytes.data + exchange->head_len;
}

const struct ph_identity *
ph_http_exchange_peer(const struct ph_http_exchange *exchange)
{
    return &exchange->peer;
}

const char *
ph_http_exchange_address(const struct ph_http_exchange *exchange)
{
    return exchange->address_text;
}

/* RFC 9110 section 5.6.7, in English whatever the locale is. */
static int
put_date(struct ph_buf *buf)
{
    static const char days[] = "SunMonTueWedThuFriSat";
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    time_t now = (time_t)(ph_clock_wall_ms() / 1000);
    struct tm tm;

    if (gmtime_r(&now, &tm) == NULL)
        return PH_OK;
    return ph_buf_printf(buf, "Date: %.3s, %02d %.3s %d %02d:%02d:%02d GMT\r\n",
                         days + 3 * tm.tm_wday, tm.tm_mday,
                         months + 3 * tm.tm_mon, tm.tm_year + 1900, tm.tm_hour,
                         tm.tm_min, tm.tm_sec);
}

static int
put_head(struct ph_buf *buf, const struct ph_http_response *response,
         bool keep_alive)
{
    uint64_t len =
        response->source != NULL ? response->source_len : response->body_len;
    int err = ph_http_put_status(buf, response->status);

    if (err == PH_OK)
        err = put_date(buf);
    if (err == PH_OK)
        err = ph_buf_put_str(buf, "Cache-Control: no-store\r\n"
                                  "X-Content-Type-Options: nosniff\r\n");
    if (err == PH_OK && response->content_type != NULL)
        err = ph_http_put_field(buf, "Content-Type", response->content_type);
    if (err == PH_OK && response->status != 204)
        err = ph_buf_printf(buf, "Content-Length: %llu\r\n",
                            (unsigned long long)len);
    if (err == PH_OK && response->fields != NULL)
        err = ph_buf_put_str(buf, response->fields);
    if (err == PH_OK && !keep_alive)
        err = ph_buf_put_str(buf, "Connection: close\r\n");
    if (err == PH_OK)
        err = ph_buf_put_str(buf, "\r\n");
    return err;
}

/* --- a body of memory that is too long for one turn --- */

struct memory {
    size_t pos;
    size_t len;
    uint8_t bytes[];
};

static int
pull_memory(void *arg, void *dst, size_t cap, size_t *out_len)
{
    struct memory *memory = arg;
    size_t left = memory->len - memory->pos;

    *out_len = left < cap ? left : cap;
    memcpy(dst, memory->bytes + memory->pos, *out_len);
    memory->pos += *out_len;
    return PH_OK;
}

static void
free_memory(void *arg, bool whole)
{
    struct memory *memory = arg;

    (void)whole;
    ph_wipe(memory->bytes, memory->len); /* grants, a session */
    free(memory);
}

static int
use_memory(struct ph_http_conn *conn, const struct ph_http_response *response)
{
    struct memory *memory = malloc(sizeof(*memory) + response->body_len);

    if (memory == NULL)
        return PH_ERR_NOMEM;
    memory->pos = 0;
    memory->len = response->body_len;
    memcpy(memory->bytes, response->body, response->body_len);
    conn->source = (struct ph_http_source){
        .pull = pull_memory, .done = free_memory, .arg = memory};
    conn->has_source = true;
    conn->left = response->body_len;
    return PH_OK;
}

/* The body of an answer: a source, or memory that leaves with the head. */
static int
start_body(struct ph_http_conn *conn, const struct ph_http_response *response,
           bool head)
{
    if (response->source != NULL) {
        conn->source = *response->source;
        conn->has_source = true;
        conn->left = head ? 0 : response->source_len;
        return PH_OK;
    }
    conn->left = 0;
    if (head || response->body_len == 0)
        return PH_OK;
    if (response->body_len > PH_HTTP_PIECE_BYTES)
        return use_memory(conn, response);
    return ph_tls_conn_write(conn->tls, response->body, response->body_len);
}

int
ph_http_answer_write(struct ph_http_conn *conn,
                     const struct ph_http_response *response, bool head)
{
    struct ph_buf buf;
    int err;

    if (response->close)
        conn->keep_alive = false;
    ph_buf_init(&buf, ANSWER_HEAD_MAX);
    err = put_head(&buf, response, conn->keep_alive);
    if (err == PH_OK)
        err = ph_tls_conn_write(conn->tls, buf.data, buf.len);
    ph_buf_close(&buf);
    if (err == PH_OK)
        return start_body(conn, response, head);
    if (response->source != NULL)
        response->source->done(response->source->arg, false);
    return err;
}

static void
exchange_free(struct ph_http_exchange *exchange)
{
    ph_buf_close(&exchange->bytes);
    free(exchange);
}

void
ph_http_exchange_answer(struct ph_http_exchange *exchange,
                        const struct ph_http_response *response)
{
    struct ph_http_conn *conn = exchange->conn;
    bool head = exchange->request.method == PH_HTTP_HEAD;

    int err;

    if (conn == NULL) { /* nobody is there to read it */
        exchange_free(exchange);
        if (response->source != NULL)
            response->source->done(response->source->arg, false);
        return;
    }
    conn->exchange = NULL;
    ph_http_conn_move(conn, PH_HTTP_SENDING);
    err = ph_http_answer_write(conn, response, head);
    exchange_free(exchange); /* the answer may be made of its texts */
    if (err != PH_OK)
        ph_http_conn_close(conn);
    else
        ph_http_conn_run(conn);
}
