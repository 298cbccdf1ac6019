/*
 * Comes round when a retention or a lease ends, and soon after every change,
 * and lets jobs.h tidy up in the thread pool. At least once an hour, so that
 * jumps of the clock and sleep are noticed.
 */
#ifndef PRINTHOLD_AGENT_REAPER_H
#define PRINTHOLD_AGENT_REAPER_H

#include <uv.h>

#include "jobs.h"

struct ph_reaper;

/* Starts with a round at once. */
int ph_reaper_start(uv_loop_t *loop, struct ph_jobs *jobs,
                    struct ph_reaper **out_reaper);

/* Something changed: come round within a second. Loop's thread. */
void ph_reaper_kick(struct ph_reaper *reaper);

/* done is called once; the reaper is freed before it. */
void ph_reaper_stop(struct ph_reaper *reaper, void (*done)(void *arg),
                    void *arg);

#endif
