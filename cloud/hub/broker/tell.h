/*
 * Saying it: what sayings.h makes, published over the hub's link to the broker,
 * in order. Everything that is retained at each connect, what has changed within
 * about half a second (also by a command beside this process), commands until
 * they are answered.
 */
#ifndef PRINTHOLD_HUB_TELL_H
#define PRINTHOLD_HUB_TELL_H

#include <uv.h>

#include "hub.h"
#include "printhold/net/mqtt_link.h"

struct hub_tell;

int hub_tell_start(uv_loop_t *loop, struct hub *hub,
                   struct hub_tell **out_tell);
/* From the owner of the link. */
void hub_tell_up(struct hub_tell *tell, struct ph_mqtt_link *link);
void hub_tell_down(struct hub_tell *tell);
void hub_tell_acked(struct hub_tell *tell, uint8_t reason);
/* The link is not touched any more when this returns; done comes once. */
void hub_tell_stop(struct hub_tell *tell, void (*done)(void *arg), void *arg);

#endif
