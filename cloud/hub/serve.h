/*
 * "printhold-hub serve": both listeners on one loop, work on threads.
 */
#ifndef PRINTHOLD_HUB_SERVE_H
#define PRINTHOLD_HUB_SERVE_H

#include <stdbool.h>
#include <uv.h>

#include "hub.h"

struct hub_server;
struct hub_denied; /* admission.h */

/* Until a signal says so. */
int hub_serve(struct hub *hub, struct ph_why *why);

/* --- for tests: a server on a loop of theirs --- */

int hub_server_start(uv_loop_t *loop, struct hub *hub,
                     struct hub_server **out_server, struct ph_why *why);
/* done comes once; the server is freed then. */
void hub_server_stop(struct hub_server *server, void (*done)(void *arg),
                     void *arg);
uint16_t hub_server_device_port(const struct hub_server *server);
uint16_t hub_server_enrol_port(const struct hub_server *server);

/* --- for call.c --- */

struct hub *hub_server_hub(struct hub_server *server);
/* False when too much is queued already. */
bool hub_server_queue(struct hub_server *server, uv_work_t *work,
                      uv_work_cb run, uv_after_work_cb done);
/* From now on these are denied; taken. On the loop. */
void hub_server_deny(struct hub_server *server, struct hub_denied *denied);
/* From each done. */
void hub_server_done(struct hub_server *server);

#endif
