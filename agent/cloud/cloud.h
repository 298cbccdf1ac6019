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
#include "printhold/proto/directory.h"
#include "printhold/proto/mqtt.h"

struct ph_cloud;

enum ph_cloud_state {
    PH_CLOUD_OFF,        /* no url configured */
    PH_CLOUD_CONNECTING, /* includes waiting for the next try */
    PH_CLOUD_ONLINE,
};

struct ph_cloud_status {
    enum ph_cloud_state state;
    int64_t since_ms;
    char text[PH_WHY_MAX];         /* why it is not online; empty when well */
    uint64_t published;            /* acknowledged by the broker */
    uint64_t refused;              /* by the broker */
    char refused_text[PH_WHY_MAX]; /* what, and why; empty when well */
    int64_t refused_since_ms;
};

/* With an empty url: a cloud that stays off. config outlives the cloud, the
 * workstation is copied. */
int ph_cloud_start(uv_loop_t *loop, const struct ph_config *config,
                   struct ph_jobs *jobs,
                   const struct ph_workstation *workstation,
                   struct ph_cloud **out_cloud, struct ph_why *why);

/* Say the presence again, and try again what was refused. On the loop. */
void ph_cloud_refresh(struct ph_cloud *cloud);

/* There is something in the outbox. From any thread. */
void ph_cloud_kick(struct ph_cloud *cloud);

/* The network changed, or the computer woke: see ph_mqtt_link_hurry. On the
 * loop's thread. */
void ph_cloud_hurry(struct ph_cloud *cloud);

/*
 * Say whether we are here, and keep saying it on later connections; PH_PRESENCE_ON
 * from the start. said (may be NULL) is called once: when the broker has it, or
 * when nobody can hear it (not connected, refused, another value set, stopping);
 * perhaps before this returns. On the loop's thread.
 */
void ph_cloud_set_presence(struct ph_cloud *cloud, enum ph_presence value,
                           void (*said)(void *arg), void *arg);

/*
 * The computer falls asleep: say so, leave the broker, and stay away until
 * ph_cloud_wake. done is called once, as for ph_cloud_set_presence; it may take
 * as long as the broker does, so wait for it with a deadline. On the loop's
 * thread.
 */
void ph_cloud_sleep(struct ph_cloud *cloud, void (*done)(void *arg), void *arg);
void ph_cloud_wake(struct ph_cloud *cloud);

/*
 * Who takes what the broker sends; the message is acknowledged after the call.
 * On the loop's thread, before anything can have come: right after
 * ph_cloud_start. NULL: nobody any more.
 */
typedef void (*ph_cloud_message_cb)(const struct ph_mqtt_publish *message,
                                    void *arg);
void ph_cloud_on_message(struct ph_cloud *cloud, ph_cloud_message_cb on_message,
                         void *arg);

/* Called on the loop's thread when the state is another one; NULL: nobody. */
void ph_cloud_on_state(struct ph_cloud *cloud, void (*changed)(void *arg),
                       void *arg);

/* On the loop's thread. */
void ph_cloud_status(const struct ph_cloud *cloud,
                     struct ph_cloud_status *out_status);

/* Say "off" if connected (at most 1.5 s), then close; done is called once and
 * the cloud is freed after it. */
void ph_cloud_stop(struct ph_cloud *cloud, void (*done)(void *arg), void *arg);

#endif
