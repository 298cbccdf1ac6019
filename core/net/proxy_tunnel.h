/*
 * A tunnel through an HTTP proxy for one connection. Private to core/net.
 *
 * libwebsockets' own CONNECT takes the first piece that the proxy sends for
 * its whole answer and has no words for a refusal. Here CONNECT is our own, and
 * libwebsockets connects to a port on loopback that takes only its connection;
 * the bytes, TLS from end to end, are handed on in both directions.
 */
#ifndef PH_NET_PROXY_TUNNEL_H
#define PH_NET_PROXY_TUNNEL_H

#include <netinet/in.h>
#include <stdbool.h>
#include <uv.h>

#include "printhold/base/buf.h"
#include "printhold/net/resolver.h"

struct ph_proxy_tunnel;

struct ph_proxy_tunnel_events {
    /* Connect to this address now; is_ours is asked for each who comes. */
    void (*on_ready)(const struct ph_address *local, void *arg);
    bool (*is_ours)(uint16_t port, void *arg);
    /* Before on_ready, once; the tunnel is to be stopped. */
    void (*on_failed)(const char *text, void *arg);
};

struct ph_proxy_tunnel_options {
    const struct ph_address *proxy;
    const char *proxy_host; /* for the words */
    const char *host;       /* where to; the proxy looks its name up */
    uint16_t port;
    const struct ph_buf *login; /* "user:password"; NULL: none */
    struct ph_proxy_tunnel_events events;
    void *arg;
};

int ph_proxy_tunnel_start(uv_loop_t *loop,
                          const struct ph_proxy_tunnel_options *options,
                          struct ph_proxy_tunnel **out_tunnel);
/* Close everything; nobody is called any more. NULL is fine. */
void ph_proxy_tunnel_stop(struct ph_proxy_tunnel *tunnel);

#endif
