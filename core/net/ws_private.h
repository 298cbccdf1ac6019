/* What the files of the WebSocket client share; only they know libwebsockets.
 */
#ifndef PH_NET_WS_PRIVATE_H
#define PH_NET_WS_PRIVATE_H

#include <stdbool.h>
#include <stdint.h>

#include <libwebsockets.h>
#include <openssl/ssl.h>
#include <uv.h>

#include "printhold/net/ws_stack.h"
#include "ws_client.h"

#define PH_WS_TEXT_MAX 256

/* What was read from one set of files, and the vhost that uses it. */
struct ph_ws_trust {
    struct ph_ws_trust *next;
    struct ph_ws_stack *stack;
    char *ca_file; /* NULL: the system's authorities */
    char *cert_file, *key_file;
    SSL_CTX *tls;
    struct lws_vhost *vhost;
};

struct ph_ws_stack {
    uv_loop_t *loop;
    struct lws_context *context;
    struct ph_ws_trust *trusts;
    struct ph_ws_client *clients;
    uv_timer_t defer;
    uv_idle_t round;
    unsigned rounds;
    void (*freed)(void *arg);
    void *freed_arg;
};

struct ph_ws_client {
    struct ph_ws_client *next;
    struct ph_ws_stack *stack;
    bool owns_stack;
    struct ph_ws_trust *trust;
    struct lws *wsi;
    struct ph_ws_events events;
    void *arg;
    bool is_connecting; /* inside lws_client_connect_via_info */
    bool is_busy;       /* on_closed is owed */
    bool is_reached;    /* TCP is connected */
    bool is_trusted;    /* the broker's certificate is accepted */
    bool is_asked;      /* it wants a certificate of ours */
    bool is_open;
    bool is_freeing;
    char text[PH_WS_TEXT_MAX]; /* why the connection ended */
    char host[PH_WS_HOST_MAX]; /* whom the certificate must name */
    bool is_literal;           /* the host is an address */
    char host_field[PH_WS_HOST_MAX + 2];
    char address[PH_ADDRESS_TEXT];
    uv_timer_t defer;
    void (*freed)(void *arg);
    void *freed_arg;
};

extern const struct lws_protocols ph_ws_protocols[];

/* The first reason is the true one; what follows is its consequence. */
void ph_ws_set_text(struct ph_ws_client *client, const char *fmt, ...)
    PH_PRINTF(2, 3);

/* ws_stack.c: the last line that libwebsockets logged, and forgetting it */
const char *ph_ws_last_line(void);
void ph_ws_forget_line(void);

/* ws_trust.c. Read the files, or find that it was done. */
int ph_ws_trust_get(struct ph_ws_stack *stack,
                    const struct ph_ws_options *options,
                    struct ph_ws_trust **out_trust, struct ph_why *why);
void ph_ws_trust_free_all(struct ph_ws_stack *stack);

/* ws_tls.c: what happens in one handshake */
void ph_ws_tls_watch(SSL_CTX *tls, struct ph_ws_stack *stack);
/* The other end asked for a certificate, and there is none. */
bool ph_ws_lacks_cert(const struct ph_ws_client *client);

#endif
