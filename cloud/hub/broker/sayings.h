/*
 * What the hub has to say to workstations (docs/cloud-protocol.md, "From the
 * cloud"), made and signed from what the store has: policies and keys, retained,
 * each topic with a version of its own that rises whenever what it says has
 * changed; and commands, until they are answered.
 *
 * A version is stored before the first message with it leaves, so what breaks in
 * between costs a number and nothing else. It is never lower than the time in
 * seconds: a database that was put back from a backup goes on above what
 * workstations have in force.
 */
#ifndef PRINTHOLD_HUB_SAYINGS_H
#define PRINTHOLD_HUB_SAYINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hub.h"
#include "printhold/proto/mqtt.h"

struct hub_saying {
    struct hub_saying *next;
    char topic[PH_MQTT_TOPIC_MAX];
    bool retain;
    uint32_t expiry_s; /* 0: never */
    size_t len;
    char token[];
};

struct hub_sayings {
    struct hub_saying *first;
    struct hub_saying **last; /* to be initialised with &first */
};

enum hub_say {
    HUB_SAY_DUE,     /* commands whose time has come, and nothing else */
    HUB_SAY_CHANGED, /* and what is not as it was said */
    HUB_SAY_ALL,     /* and everything that is retained, all waiting commands */
};

/* On a thread; a transaction of its own. Appends to sayings; on failure nothing
 * was appended. */
int hub_sayings_make(struct hub *hub, enum hub_say what, int64_t now_ms,
                     struct hub_sayings *sayings);
void hub_sayings_clear(struct hub_sayings *sayings);

/* How long until a command is said again, after so many times: 30 s, doubling
 * to 16 minutes. */
int64_t hub_saying_pause_ms(int64_t tries);

#endif
