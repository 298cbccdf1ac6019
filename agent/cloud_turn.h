/*
 * The cloud link's business with the outbox, for a worker thread: store what
 * the broker acknowledged, read what is due. Private to the cloud link.
 */
#ifndef PRINTHOLD_AGENT_CLOUD_TURN_H
#define PRINTHOLD_AGENT_CLOUD_TURN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jobs.h"
#include "printhold/net/mqtt_link.h"

#define PH_CLOUD_WINDOW     PH_MQTT_LINK_WINDOW_MAX
#define PH_CLOUD_PARKED_MAX 16
/* Read at once: those in flight and the parked ones are read again. */
#define PH_CLOUD_DOCUMENTS_MAX (PH_CLOUD_WINDOW + PH_CLOUD_PARKED_MAX)

enum ph_cloud_kind {
    PH_CLOUD_NOTHING,
    PH_CLOUD_PRESENCE,
    PH_CLOUD_DOCUMENT,
    PH_CLOUD_EVENT,
};

/* One message: in flight, acknowledged or parked. */
struct ph_cloud_item {
    enum ph_cloud_kind kind;
    char uk[32];
    uint64_t number; /* revision or sequence number */
};

/* Belongs to the worker while it runs. Zeroed is empty. */
struct ph_cloud_turn {
    struct ph_cloud_item acked[2 * PH_CLOUD_WINDOW];
    size_t acked_count; /* 0 afterwards; unchanged on failure */
    bool mark_all;      /* first make every document due; false afterwards */
    size_t window;      /* read up to so many events; 0 = read nothing */
    uint64_t after_seq; /* events after this one */
    struct ph_outbox_document documents[PH_CLOUD_DOCUMENTS_MAX];
    size_t document_count;
    struct ph_outbox_event events[PH_CLOUD_WINDOW];
    size_t event_count;
};

/* Blocks on the disk. */
int ph_cloud_turn_run(struct ph_cloud_turn *turn, struct ph_jobs *jobs);

/* Forget the documents and events that were read. */
void ph_cloud_turn_drop(struct ph_cloud_turn *turn);

bool ph_cloud_item_among(const struct ph_cloud_item *item,
                         const struct ph_cloud_item *list, size_t count);

#endif
