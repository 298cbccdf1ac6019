/*
 * The watcher's end of the control protocol: a connection that comes again by
 * itself, from where it was, when the agent stops, is upgraded, or was not there
 * yet. Between two tries it waits longer and longer, a minute at most.
 */
#ifndef PRINTHOLD_CLI_NOTIFY_WATCH_H
#define PRINTHOLD_CLI_NOTIFY_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "client.h"

#define PH_WATCH_WAIT_MIN_MS 1000
#define PH_WATCH_WAIT_MAX_MS 60000

/* The fields are private. */
struct ph_watch {
    struct ph_client client;
    bool is_open;
    bool is_begun; /* the agent has answered on this connection */
    bool is_quiet; /* why it cannot be was logged */
    bool has_place;
    struct ph_control_place place;
    int64_t next_ms; /* of the next try, while it is not open */
    int64_t wait_ms;
};

void ph_watch_init(struct ph_watch *watch);
void ph_watch_close(struct ph_watch *watch);

/* What poll(2) waits for input on; -1 while there is no connection. */
int ph_watch_fd(const struct ph_watch *watch);
/* When ph_watch_try is wanted, ms of the clock of its argument; INT64_MAX: not. */
int64_t ph_watch_next_ms(const struct ph_watch *watch);
/* Connect, if that is due. */
void ph_watch_try(struct ph_watch *watch, int64_t now_ms);
/* There is input: the next change, PH_ERR_CLOSED when the connection is over. */
int ph_watch_take(struct ph_watch *watch, int64_t now_ms,
                  struct ph_control_change *out_change);

#endif
