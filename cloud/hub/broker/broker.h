/*
 * The hub at the broker: one MQTT connection as a service of the tenant
 * (docs/cloud-protocol.md). It hears
 *
 *   the documents of all people and the presence of all workstations, at QoS 0:
 *       what is retained comes at every connect, so the broker is the truth and
 *       the hub's table a copy: what it does not send again after a connect is
 *       forgotten;
 *   the events of all workstations and the reports of all printers, at QoS 1,
 *       as one of the group "hub": one is acknowledged when the transaction that took it is durable, so
 *       whatever is killed, none is lost. It may come again.
 *
 * and says what tell.h has to say.
 *
 * A message is believed as far as its topic, which the broker lets only its
 * workstation write. The loop only copies; parsing and storing happens on a
 * thread, a batch in one transaction.
 */
#ifndef PRINTHOLD_HUB_BROKER_H
#define PRINTHOLD_HUB_BROKER_H

#include <uv.h>

#include "hub.h"

struct hub_broker;

/* hub->config->directory_url says where; must not be empty. */
int hub_broker_start(uv_loop_t *loop, struct hub *hub,
                     struct hub_broker **out_broker, struct ph_why *why);
/* done comes once; it is freed then. */
void hub_broker_stop(struct hub_broker *broker, void (*done)(void *arg),
                     void *arg);

#endif
