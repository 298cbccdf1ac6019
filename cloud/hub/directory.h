/*
 * The directory, fed from the broker: one MQTT connection as a service of the
 * tenant (docs/cloud-protocol.md), the documents of all people and the presence
 * of all workstations. What is retained comes at every connect, so the broker
 * is the truth and the hub's table a copy: what it does not send again after a
 * connect is forgotten.
 *
 * A message is believed as far as its topic, which the broker lets only its
 * workstation write: the document must be of the person and the workstation of
 * the topic. The loop only copies; parsing and storing happens on a thread, a
 * batch in one transaction.
 */
#ifndef PRINTHOLD_HUB_DIRECTORY_H
#define PRINTHOLD_HUB_DIRECTORY_H

#include <uv.h>

#include "hub.h"

struct hub_directory;

/* hub->config->directory_url says where; must not be empty. */
int hub_directory_start(uv_loop_t *loop, struct hub *hub,
                        struct hub_directory **out_directory,
                        struct ph_why *why);
/* done comes once; it is freed then. */
void hub_directory_stop(struct hub_directory *directory,
                        void (*done)(void *arg), void *arg);

#endif
