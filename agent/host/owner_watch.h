/*
 * Looks after the file of [owner] map_file: when it changes, housekeeping comes
 * at once, which reads it. Changes that the system does not tell (network file
 * systems, links) are found with the next round of housekeeping anyway.
 */
#ifndef PRINTHOLD_AGENT_OWNER_WATCH_H
#define PRINTHOLD_AGENT_OWNER_WATCH_H

#include <uv.h>

#include "reaper.h"

struct ph_owner_watch;

/* path empty: nothing to look after, *out_watch is NULL. The reaper is
 * borrowed and must outlive the watch. */
int ph_owner_watch_start(uv_loop_t *loop, const char *path,
                         struct ph_reaper *reaper,
                         struct ph_owner_watch **out_watch);

/* done is called once; the watch, which may be NULL, is freed before it. */
void ph_owner_watch_stop(struct ph_owner_watch *watch, void (*done)(void *arg),
                         void *arg);

#endif
