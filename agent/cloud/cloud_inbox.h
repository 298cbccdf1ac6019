/*
 * What comes from the broker, from the loop to a worker, one after the other.
 *
 * At most PH_CLOUD_INBOX_MAX messages and 1 MiB wait; what is more is dropped. The broker
 * hears that a message has come before it has had its effect: policies and keys
 * are retained and come again with the next session of a process, and who sends a
 * command and gets no answer sends it again.
 */
#ifndef PRINTHOLD_AGENT_CLOUD_INBOX_H
#define PRINTHOLD_AGENT_CLOUD_INBOX_H

#include <stdint.h>
#include <uv.h>

#include "cloud_message.h"
#include "printhold/base/why.h"
#include "printhold/proto/mqtt.h"

#define PH_CLOUD_INBOX_MAX     64
#define PH_CLOUD_INBOX_FILTERS PH_CLOUD_MESSAGE_KINDS

struct ph_cloud_inbox;

/* The topic of each kind. Nothing is to be subscribed without an issuer. */
void ph_cloud_inbox_topic(enum ph_cloud_message_kind kind, const char *tenant,
                          const char *workstation, char dst[PH_MQTT_TOPIC_MAX]);

/* What some messages ask of the rest of the agent; on the loop's thread. */
typedef void (*ph_cloud_inbox_effect_cb)(const struct ph_cloud_effect *effect,
                                         void *arg);

int ph_cloud_inbox_start(uv_loop_t *loop, const struct ph_config *config,
                         struct ph_jobs *jobs,
                         const struct ph_workstation *workstation,
                         ph_cloud_inbox_effect_cb effect, void *arg,
                         struct ph_cloud_inbox **out_inbox);

/* A ph_cloud_message_cb; arg is the inbox. */
void ph_cloud_inbox_on_message(const struct ph_mqtt_publish *message,
                               void *arg);

struct ph_cloud_inbox_status {
    uint64_t taken;
    uint64_t dropped[PH_CLOUD_DROP_REASONS];
};
void ph_cloud_inbox_status(const struct ph_cloud_inbox *inbox,
                           struct ph_cloud_inbox_status *out_status);
/* "3 not signed, 1 for others"; empty when nothing was dropped. */
void ph_cloud_inbox_text(const struct ph_cloud_inbox_status *status, char *dst,
                         size_t cap);

/* What waits is dropped; done is called once, and the inbox is freed. */
void ph_cloud_inbox_stop(struct ph_cloud_inbox *inbox, void (*done)(void *arg),
                         void *arg);

#endif
