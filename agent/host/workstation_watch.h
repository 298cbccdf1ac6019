/*
 * Keeps what the cloud and printers are told of this computer right: looks
 * again when the network or the host name changes, and when told to (a new
 * certificate, a wake from sleep). Only what really changed makes new
 * directory documents.
 */
#ifndef PRINTHOLD_AGENT_WORKSTATION_WATCH_H
#define PRINTHOLD_AGENT_WORKSTATION_WATCH_H

#include <stdint.h>
#include <uv.h>

#include "jobs.h"
#include "printhold/model/config.h"

struct ph_workstation_watch;

/* The cloud is told something else from now on. On the loop. */
typedef void (*ph_workstation_watch_cb)(void *arg);

/* first: what the jobs know already; copied. config and jobs are borrowed.
 * port as for ph_workstation_describe. */
int ph_workstation_watch_start(uv_loop_t *loop, const struct ph_config *config,
                               struct ph_jobs *jobs, uint16_t port,
                               const struct ph_workstation *first,
                               ph_workstation_watch_cb changed, void *arg,
                               struct ph_workstation_watch **out_watch);

/* Look again now. On the loop. */
void ph_workstation_watch_look(struct ph_workstation_watch *watch);

/* What was seen last. On the loop; good until it runs again. */
const struct ph_workstation *
ph_workstation_watch_now(const struct ph_workstation_watch *watch);

/* done is called once, when no work is under way; the watch, which may be
 * NULL, is freed before it. */
void ph_workstation_watch_stop(struct ph_workstation_watch *watch,
                               void (*done)(void *arg), void *arg);

#endif
