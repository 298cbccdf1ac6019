/*
 * A WebSocket Secure client, subprotocol "mqtt", one connection at a time, by
 * libwebsockets on the caller's uv loop. Private to core/net; only the files
 * that include ws_private.h know libwebsockets.
 */
#ifndef PH_NET_WS_CLIENT_H
#define PH_NET_WS_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

#include "printhold/base/why.h"
#include "printhold/net/resolver.h"
#include "printhold/net/ws_stack.h"
#include "printhold/net/ws_url.h"

struct ph_ws_client;

struct ph_ws_events {
    /* TCP is connected; may be NULL. */
    void (*on_reached)(void *arg);
    void (*on_open)(void *arg);
    /* A piece of the binary stream. False closes the connection. */
    bool (*on_bytes)(const void *bytes, size_t len, void *arg);
    /* Write once with ph_ws_client_write. False closes the connection. */
    bool (*on_writable)(void *arg);
    /* Once per ph_ws_client_connect that returned PH_OK: it could not be
     * opened, or it ended. Never from inside ph_ws_client_connect. */
    void (*on_closed)(const char *text, void *arg);
};

struct ph_ws_options {
    struct ph_ws_stack *stack; /* NULL: one of its own */
    const char *ca_file;       /* NULL: the system's authorities */
    const char *cert_file;     /* NULL: none */
    const char *key_file;
    struct ph_ws_events events;
    void *arg;
};

/* Text is copied. PH_ERR_CONFIG with words when a file cannot be used. */
int ph_ws_client_new(uv_loop_t *loop, const struct ph_ws_options *options,
                     struct ph_ws_client **out_client, struct ph_why *why);

/* Connect to the address and port; the certificate must be for url->host.
 * PH_ERR_STATE while there is a connection. */
int ph_ws_client_connect(struct ph_ws_client *client,
                         const struct ph_ws_url *url,
                         const struct ph_address *address);

/* Did the last connection get as far as TCP? */
bool ph_ws_client_was_reached(const struct ph_ws_client *client);

/* The port of our own end; 0 when there is none. */
uint16_t ph_ws_client_local_port(const struct ph_ws_client *client);

/* Ask for on_writable. */
void ph_ws_client_want_write(struct ph_ws_client *client);
/* One binary message; only inside on_writable, once. */
int ph_ws_client_write(struct ph_ws_client *client, const void *bytes,
                       size_t len);
/* Read nothing more for now, or go on: TCP makes the other end wait. What has
 * been read already may still come. */
void ph_ws_client_hold(struct ph_ws_client *client, bool is_held);
/* Give the connection up; on_closed follows. */
void ph_ws_client_abort(struct ph_ws_client *client);

/* Close everything without calling any event; done is called once, from the
 * loop, and the client is freed. */
void ph_ws_client_free(struct ph_ws_client *client, void (*done)(void *arg),
                       void *arg);

#endif
