/*
 * The cloud link's business with the outbox, for a worker thread: store what
 * the broker said, read what is due. Private to the cloud link.
 */
#ifndef PRINTHOLD_AGENT_CLOUD_TURN_H
#define PRINTHOLD_AGENT_CLOUD_TURN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jobs.h"
#include "printhold/net/mqtt_link.h"

#define PH_CLOUD_WINDOW PH_MQTT_LINK_WINDOW_MAX
/* Read at once: those in flight are read again. */
#define PH_CLOUD_DOCUMENTS_MAX (2 * PH_CLOUD_WINDOW)

enum ph_cloud_kind {
    PH_CLOUD_NOTHING,
    PH_CLOUD_PRESENCE,
    PH_CLOUD_INFO,
    PH_CLOUD_DOCUMENT,
    PH_CLOUD_EVENT,
};

/* One message: in flight, or answered by the broker. */
struct ph_cloud_item {
    enum ph_cloud_kind kind;
    char uk[32];     /* of a document */
    uint64_t number; /* revision, sequence number, or of the presence */
    uint8_t reason;  /* of the answer */
};

/* Belongs to the worker while it runs. Zeroed is empty. */
struct ph_cloud_turn {
    struct ph_cloud_item answered[6 * PH_CLOUD_WINDOW];
    size_t answered_count; /* 0 afterwards; unchanged on failure */
    bool anew;             /* first ph_jobs_outbox_anew; false afterwards */
    bool unpark;           /* first ph_jobs_outbox_unpark; false afterwards */

    size_t window;        /* read up to so many events; 0 = read nothing */
    bool without_events;  /* but no events */
    uint64_t after_seq;   /* events after this one */
    uint64_t after_again; /* the same of those that were parked */
    unsigned generation;  /* of the session for which this is read */

    struct ph_outbox_document documents[PH_CLOUD_DOCUMENTS_MAX];
    size_t document_count;
    struct ph_outbox_event events[PH_CLOUD_WINDOW];
    size_t event_count;
    size_t again_count; /* the last ones of them were parked before */
    struct ph_outbox_view view;
};

/* Blocks on the disk. */
int ph_cloud_turn_run(struct ph_cloud_turn *turn, struct ph_jobs *jobs);

/* Forget the documents and events that were read. */
void ph_cloud_turn_drop(struct ph_cloud_turn *turn);

/* Reasons do not count. */
bool ph_cloud_item_among(const struct ph_cloud_item *item,
                         const struct ph_cloud_item *list, size_t count);

#endif
