/*
 * Sleep of the computer: tells before it sleeps and when it woke, and keeps it
 * awake while there is reason.
 *
 * Linux: logind of systemd, over the system bus: PrepareForSleep, a lock of
 * kind "delay" that is held all the time and released when we are ready, and
 * one of kind "block" while it shall stay awake. logind waits for the first at
 * most InhibitDelayMaxSec (5 s), grants the second only where polkit lets us
 * (polkit/printhold.rules), and sleeps in spite of it when the lid is closed,
 * unless LidSwitchIgnoreInhibited=no. macOS: IOKit's power notices.
 *
 * Where there is neither, nothing is told and the log says so once.
 */
#ifndef PRINTHOLD_AGENT_SLEEP_WATCH_H
#define PRINTHOLD_AGENT_SLEEP_WATCH_H

#include <stdbool.h>
#include <uv.h>

#include "printhold/base/why.h"

/* We are ready after so long, whether or not _ready was called. */
#define PH_SLEEP_READY_MS 2000

struct ph_sleep_watch;

/* On the loop. */
struct ph_sleep_events {
    /* It will sleep as soon as ph_sleep_watch_ready is called. */
    void (*on_sleep)(void *arg);
    /* It woke, or did not sleep after all. */
    void (*on_wake)(void *arg);
};

int ph_sleep_watch_start(uv_loop_t *loop, const struct ph_sleep_events *events,
                         void *arg, struct ph_sleep_watch **out_watch);

void ph_sleep_watch_ready(struct ph_sleep_watch *watch);

/* Shall it stay awake? false is done a little later, so that what begins again
 * at once does not let it sleep. */
void ph_sleep_watch_keep_awake(struct ph_sleep_watch *watch, bool is_wanted);

/* What the system does not let us, or empty. */
void ph_sleep_watch_status(const struct ph_sleep_watch *watch,
                           struct ph_why *out_text);

/* No event comes after it. done is called once; the watch, which may be NULL,
 * is freed before it. */
void ph_sleep_watch_stop(struct ph_sleep_watch *watch, void (*done)(void *arg),
                         void *arg);

#endif
