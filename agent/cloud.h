/*
 * The cloud link of the agent: presence, directory documents and events from
 * the outbox (jobs.h) to the broker, over core/net's MQTT link.
 *
 * Lives on the agent's main loop. Nothing else waits for it: with the cloud
 * away the outbox grows and everything else goes on.
 */
#ifndef PRINTHOLD_AGENT_CLOUD_H
#define PRINTHOLD_AGENT_CLOUD_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "jobs.h"
#include "printhold/base/why.h"
#include "printhold/model/config.h"

struct ph_cloud;

enum ph_cloud_state {
    PH_CLOUD_OFF,        /* no url configured */
    PH_CLOUD_CONNECTING, /* includes waiting for the next try */
    PH_CLOUD_ONLINE,
};

struct ph_cloud_status {
    enum ph_cloud_state state;
    int64_t since_ms;
    char text[PH_WHY_MAX]; /* the last failure in words; empty when well */
    uint64_t published;    /* acknowledged by the broker */
    uint64_t parked;       /* refused by the broker */
};

/* With an empty url: a cloud that stays off. workstation is copied. */
int ph_cloud_start(uv_loop_t *loop, const struct ph_config *config,
                   struct ph_jobs *jobs,
                   const struct ph_workstation *workstation,
                   struct ph_cloud **out_cloud, struct ph_why *why);

/* There is something in the outbox. From any thread. */
void ph_cloud_kick(struct ph_cloud *cloud);

/* On the loop's thread. */
void ph_cloud_status(const struct ph_cloud *cloud,
                     struct ph_cloud_status *out_status);

/* Say "off" if connected (at most 1.5 s), then close; done is called once and
 * the cloud is freed after it. */
void ph_cloud_stop(struct ph_cloud *cloud, void (*done)(void *arg), void *arg);

#endif
