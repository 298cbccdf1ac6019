/*
 * Tells when the network of this computer, or its name, may have changed: a
 * link came or went, an address, a default route, the host name. It only
 * hints; who wants to know looks (workstation.h).
 *
 * Changes come in crowds: the hint comes 300 ms after the last one, at most
 * 1 s after the first.
 */
#ifndef PRINTHOLD_AGENT_NETWORK_WATCH_H
#define PRINTHOLD_AGENT_NETWORK_WATCH_H

#include <uv.h>

struct ph_network_watch;

typedef void (*ph_network_watch_cb)(void *arg);

/* What the system does not let us watch is said in the log. */
int ph_network_watch_start(uv_loop_t *loop, ph_network_watch_cb maybe,
                           void *arg, struct ph_network_watch **out_watch);

/* done is called once; the watch, which may be NULL, is freed before it. */
void ph_network_watch_stop(struct ph_network_watch *watch,
                           void (*done)(void *arg), void *arg);

#endif
