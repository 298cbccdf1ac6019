/*
 * Why can an address not be reached? libwebsockets does not say; one more
 * connection of our own does. Private to core/net.
 */
#ifndef PH_NET_REACH_H
#define PH_NET_REACH_H

#include <uv.h>

#include "printhold/net/resolver.h"

#define PH_REACH_MS 1000

struct ph_reach;

/* Connect and close; status is libuv's, 0 when it was possible, UV_ETIMEDOUT
 * after PH_REACH_MS. done is called once, never from inside _start. */
int ph_reach_start(uv_loop_t *loop, const struct ph_address *address,
                   void (*done)(int status, void *arg), void *arg,
                   struct ph_reach **out_reach);
/* Nobody is called any more. NULL is fine. */
void ph_reach_cancel(struct ph_reach *reach);

/* "refuses the connection" and the like, to stand behind a host's name. */
const char *ph_reach_text(int status);

#endif
