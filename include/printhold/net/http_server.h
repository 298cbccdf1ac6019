/*
 * An HTTPS server on a libuv loop: RFC 9112 as printhold/proto/http.h takes
 * it, over the TLS of printhold/net/tls_server.h. The release service of the
 * agent uses it, and the hub will.
 *
 * A door is the listening socket and the count of who is inside. Up to eight
 * servers, each on a loop and thread of its own, may take connections from one
 * door: the one with the fewest gets the next.
 *
 * What a server does happens on its loop's thread; nothing blocks. A request is
 * handed to the service as an exchange, which must be answered exactly once,
 * at once or later; the exchange stays valid until then even when its
 * connection is gone. One connection's requests are answered one after the
 * other. Answers are a few bytes of memory, or a source that is asked for
 * plaintext whenever the socket has room, a bounded piece per turn, so that
 * no connection delays another.
 *
 * A connection ends by its deadlines (handshake, head, body, idle, too slow a
 * reader), when the peer ends it, or when the server stops. A stranger, who has
 * not shown a certificate yet, also ends when there is no room for the next
 * one: the oldest of the address with most of them. So a crowd displaces itself
 * and keeps nobody out who ends a handshake in time.
 */
#ifndef PRINTHOLD_NET_HTTP_SERVER_H
#define PRINTHOLD_NET_HTTP_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "printhold/base/why.h"
#include "printhold/net/tls_server.h"
#include "printhold/proto/http.h"

struct ph_http_door;
struct ph_http_server;
struct ph_http_exchange;

#define PH_HTTP_ADDRESS_MAX 48 /* numeric, without port */

/* A complete request has arrived. */
typedef void (*ph_http_request_cb)(struct ph_http_exchange *exchange,
                                   void *arg);

/* A connection or a malformed request was refused; address is numeric. */
typedef void (*ph_http_refused_cb)(const char *address, const char *reason,
                                   void *arg);

struct ph_http_door_options {
    const char *address; /* numeric; "" is every address */
    uint16_t port;       /* 0: any free one */
    /* Limits; ph_http_door_options_init gives the defaults in brackets. */
    size_t connections_max; /* [512] then new ones wait in the backlog */
    size_t strangers_max;   /* [256] of those whose handshake is not over */
    size_t address_max;     /* [128] of one address, more are closed */
    size_t peer_max;        /* [16] of one certificate, more are closed */
};

void ph_http_door_options_init(struct ph_http_door_options *options);

/* Bind and listen. PH_ERR_CONFIG, PH_ERR_BUSY (port in use) with why. */
int ph_http_door_open(const struct ph_http_door_options *options,
                      struct ph_http_door **out_door, struct ph_why *why);
/* After the last of its servers is gone. NULL is fine. */
void ph_http_door_close(struct ph_http_door *door);

/* From any thread. */
uint16_t ph_http_door_port(const struct ph_http_door *door);
size_t ph_http_door_inside(struct ph_http_door *door);

struct ph_http_options {
    struct ph_http_door *door; /* borrowed */
    struct ph_tls_server *tls; /* borrowed */
    ph_http_request_cb on_request;
    ph_http_refused_cb on_refused;
    void *arg;
    /* Limits; ph_http_options_init gives the defaults in brackets. */
    size_t body_max;       /* [32768] bytes of a request's body */
    uint64_t handshake_ms; /* [5000] */
    uint64_t head_ms;      /* [10000] from its first byte; the body too */
    uint64_t idle_ms;      /* [30000] between requests */
    uint64_t stall_ms;     /* [60000] a reader must take ... */
    uint64_t stall_bytes;  /* [16384] ... this much in that time */
    uint64_t linger_ms;    /* [2000] for the peer to read our last words */
};

void ph_http_options_init(struct ph_http_options *options);

/* Take connections from the door. Options are copied. After a failure too the
 * loop has to run once more before it is closed. */
int ph_http_server_start(uv_loop_t *loop, const struct ph_http_options *options,
                         struct ph_http_server **out_server);

/* Whom we admit has changed: break the connections of those whom the admit
 * callback does not take any more, whatever they are doing. */
void ph_http_server_review(struct ph_http_server *server);

/* Take nobody any more and close every connection; done comes once, afterwards
 * the server is freed. Exchanges that are still open must still be answered. */
void ph_http_server_stop(struct ph_http_server *server, void (*done)(void *arg),
                         void *arg);

/* --- exchanges --- */

/* Views that live until the exchange is answered. */
const struct ph_http_request *
ph_http_exchange_request(const struct ph_http_exchange *exchange);
const void *ph_http_exchange_body(const struct ph_http_exchange *exchange,
                                  size_t *out_len);
const struct ph_identity *
ph_http_exchange_peer(const struct ph_http_exchange *exchange);
const char *ph_http_exchange_address(const struct ph_http_exchange *exchange);

/*
 * Where the body of an answer comes from. pull puts 1 to cap bytes to dst
 * (never more than are left to send); an error breaks the connection, so that
 * the peer cannot take a part for the whole. done comes exactly once, whole
 * being true when the socket has taken every byte.
 */
struct ph_http_source {
    int (*pull)(void *arg, void *dst, size_t cap, size_t *out_len);
    void (*done)(void *arg, bool whole);
    void *arg;
};

struct ph_http_response {
    unsigned status;
    const char *content_type; /* NULL when there is no body */
    const char *fields;       /* further field lines, each with CRLF, or NULL */
    const void *body;         /* copied */
    size_t body_len;
    const struct ph_http_source *source; /* instead of body; copied */
    uint64_t source_len;
    bool close; /* end the connection after it */
};

/* The exchange is consumed. For HEAD the same answer goes without its body
 * (source.done comes at once). Every answer says "Cache-Control: no-store". */
void ph_http_exchange_answer(struct ph_http_exchange *exchange,
                             const struct ph_http_response *response);

#endif
