/* What the files of the HTTP server share. */
#ifndef PRINTHOLD_NET_HTTP_PRIVATE_H
#define PRINTHOLD_NET_HTTP_PRIVATE_H

#include <sys/socket.h>

#include "printhold/base/buf.h"
#include "printhold/net/http_server.h"

#define PH_HTTP_READ_BYTES 4096

/* Plaintext asked of a source in one go. */
#define PH_HTTP_PIECE_BYTES (64 * 1024)
/* Plaintext per connection and turn of the loop: what makes it fair. */
#define PH_HTTP_TURN_BYTES (2 * PH_HTTP_PIECE_BYTES)
/* Requests answered at once before others get their turn. */
#define PH_HTTP_TURN_REQUESTS 16

enum ph_http_state {
    PH_HTTP_HANDSHAKE,
    PH_HTTP_READING, /* head, then body */
    PH_HTTP_HANDLING,
    PH_HTTP_SENDING,
    PH_HTTP_LINGERING,
    PH_HTTP_CLOSED,
};

struct ph_http_place;

struct ph_http_conn {
    struct ph_http_server *server;
    struct ph_http_place *place; /* at the door */
    struct ph_http_conn *next, *prev;
    struct ph_tls_conn *tls;
    uv_poll_t poll;
    uv_timer_t timer;
    int open_handles;
    int polled; /* events that poll waits for now */
    enum ph_http_state state;
    bool running; /* inside ph_http_conn_run */

    char address_text[PH_HTTP_ADDRESS_MAX];

    /* the request being read */
    struct ph_buf in;
    size_t scanned;
    size_t head_len; /* 0 until the head is complete */
    size_t body_len;

    /* the answer being made or sent */
    struct ph_http_exchange *exchange;
    struct ph_http_source source;
    uint64_t left;
    bool has_source;
    bool keep_alive;
    uint64_t sent_in_window;
    size_t drained; /* while lingering */
};

struct ph_http_exchange {
    struct ph_http_conn *conn; /* NULL when it is gone */
    struct ph_buf bytes;       /* head and body; the request views it */
    size_t head_len;
    struct ph_http_request request;
    struct ph_identity peer;
    char address_text[PH_HTTP_ADDRESS_MAX];
};

struct ph_http_server {
    struct ph_http_options options;
    uv_loop_t *loop;
    struct ph_tls_scratch *scratch;
    uint8_t *piece; /* PH_HTTP_PIECE_BYTES of plaintext, for one turn */
    bool is_first;  /* of its door: looks after the socket */
    uv_poll_t listener;
    uv_timer_t pause; /* no place or no descriptor for one more */
    uv_async_t wake;  /* there is something in the inbox */
    /* under the lock of the door */
    struct ph_http_place *inbox;
    size_t given;
    bool must_give_way; /* some of our connections are to leave */
    int open_handles;
    bool listening;
    bool stopping;
    struct ph_http_conn *conns;
    void (*done)(void *arg);
    void *done_arg;
};

/* accept(2) with a non-blocking, close-on-exec socket that raises no SIGPIPE;
 * -1 and errno. One file per operating system. */
int ph_http_accept(int listen_fd, struct sockaddr_storage *out_peer);

/* Acknowledge what has arrived at once. Without session tickets we have
 * nothing to say after the handshake, and a client that leaves Nagle's
 * algorithm on holds its request back until then: 40 ms (measured). */
void ph_http_ack_now(int fd);

/* A TCP socket for listening, non-blocking and close-on-exec. */
int ph_http_socket(int family);

/* A new connection; takes the place and its descriptor whatever happens. */
void ph_http_conn_start(struct ph_http_server *server,
                        struct ph_http_place *place);
/* Break it now. Safe at any time and twice. */
void ph_http_conn_close(struct ph_http_conn *conn);
/* Break it when the door has told it to give way to others. */
void ph_http_conn_give_way(struct ph_http_conn *conn);
/* Break it when its peer is not admitted any more. */
void ph_http_conn_review(struct ph_http_conn *conn);
/* Go on: read, dispatch, send, whatever the state has to do. */
void ph_http_conn_run(struct ph_http_conn *conn);
/* Legal moves only; sets the deadline and what to poll for. */
void ph_http_conn_move(struct ph_http_conn *conn, enum ph_http_state state);
/* Ask for the end of the state after so many ms. */
void ph_http_conn_deadline(struct ph_http_conn *conn, uint64_t ms);
/* Nothing more is said: wait a little for the peer to have read it. */
void ph_http_conn_linger(struct ph_http_conn *conn);
/* What READING does: PH_OK to go on, PH_ERR_AGAIN to wait. */
int ph_http_conn_read(struct ph_http_conn *conn);
/* Answer a request that did not become one, and end the connection. */
void ph_http_conn_refuse(struct ph_http_conn *conn, unsigned status,
                         const char *reason);
void ph_http_conn_source_done(struct ph_http_conn *conn, bool whole);
/* The whole answer is with the socket. */
void ph_http_conn_answered(struct ph_http_conn *conn);

/* Encrypt head and body of an answer; sets up the source. */
int ph_http_answer_write(struct ph_http_conn *conn,
                         const struct ph_http_response *response, bool head);

/* A connection has gone: there is room for another. */
void ph_http_server_left(struct ph_http_server *server,
                         struct ph_http_conn *conn);
/* Finish stopping when nothing is left. */
void ph_http_server_gone(struct ph_http_server *server);

#endif
