/* One simulated workstation of ph-bench-fleet: the agent's link, and documents
 * and events by the agent's builders. What the agent keeps in its outbox, this
 * keeps in counters. */
#ifndef PH_BENCH_FLEET_MEMBER_H
#define PH_BENCH_FLEET_MEMBER_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "printhold/net/mqtt_link.h"
#include "printhold/net/ws_stack.h"

#define FLEET_TEXT 512

/* What all members share. */
struct fleet {
    uv_loop_t *loop;
    struct ph_ws_stack *stack;
    const char *url, *ca_file, *certs, *tenant;
    unsigned jobs;    /* held on each */
    unsigned every_s; /* a job more on each, so often; 0: never */
    /* counted */
    uint64_t up, ups, downs, sent, acked, refused, bytes;
    uint64_t settled; /* everything said and acknowledged */
    char last_text[FLEET_TEXT];
};

struct fleet_member {
    struct fleet *fleet;
    struct ph_mqtt_link *link;
    uv_timer_t timer;
    char id[32], login[64], uk[32];
    uint64_t rev;
    uint64_t events, events_sent, events_acked;
    bool is_up, is_settled;
    bool presence_due, document_due; /* not sent */
    unsigned in_flight;              /* presence and documents */
};

/* PH_OK, or words in the fleet's last_text. */
int fleet_member_start(struct fleet_member *member, struct fleet *fleet,
                       unsigned number);

/* Says that it is off, and closes; done is called with the member. */
void fleet_member_stop(struct fleet_member *member, void (*done)(void *arg));

#endif
