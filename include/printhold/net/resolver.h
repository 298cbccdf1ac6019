/*
 * Host names to addresses without blocking the loop (uv_getaddrinfo).
 *
 * A request lives until its callback was called or it was cancelled. A
 * cancelled request calls nobody; the system's own look-up may still run in a
 * worker thread then and keeps the loop alive until it ends by itself.
 */
#ifndef PRINTHOLD_NET_RESOLVER_H
#define PRINTHOLD_NET_RESOLVER_H

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <uv.h>

#define PH_RESOLVER_ADDRESSES_MAX 8

/* One address with its port. */
struct ph_address {
    union {
        struct sockaddr any;
        struct sockaddr_in in4;
        struct sockaddr_in6 in6;
    } u;
};

#define PH_ADDRESS_TEXT 46 /* INET6_ADDRSTRLEN */

/* The address without its port. */
void ph_address_format(const struct ph_address *address,
                       char dst[PH_ADDRESS_TEXT]);

uint16_t ph_address_port(const struct ph_address *address);

/* Does the system know a way to this address now? Sends nothing. */
int ph_address_check_route(const struct ph_address *address);

struct ph_resolver;

/* addresses are valid during the call only; err is PH_ERR_NOT_FOUND when the
 * name does not exist, PH_ERR_AGAIN when nobody could be asked. */
typedef void (*ph_resolver_cb)(int err, const struct ph_address *addresses,
                               size_t count, void *arg);

/* Look up TCP addresses of a name or a literal, at most
 * PH_RESOLVER_ADDRESSES_MAX, in the system's order of preference. The
 * callback never comes before this returns. */
int ph_resolver_start(uv_loop_t *loop, const char *host, uint16_t port,
                      ph_resolver_cb done, void *arg,
                      struct ph_resolver **out_resolver);
void ph_resolver_cancel(struct ph_resolver *resolver);

#endif
