/*
 * Lets jobs go on that wait in CUPS because of us.
 *
 * While the agent is away, or has no room, the backend has cupsd hold the job
 * (docs/capture.md). Release-Job (RFC 8011 section 4.3.6) lets it
 * go on. Touched are jobs in queues of our device that carry the backend's
 * mark (PH_CAPTURE_HELD), and no others: never what a person holds.
 *
 * Looked for at start, and after each conversation with a backend; tried
 * again when a job has left the spool, else after a time that doubles up to
 * ten minutes. Nothing runs while no job waits.
 */
#ifndef PRINTHOLD_AGENT_CUPS_HELD_H
#define PRINTHOLD_AGENT_CUPS_HELD_H

#include <stddef.h>
#include <uv.h>

#include "jobs.h"
#include "printhold/base/why.h"

struct ph_cups_held;

/* socket_path names cupsd's socket; empty: it stays off. Copied. */
int ph_cups_held_start(uv_loop_t *loop, const char *socket_path,
                       struct ph_jobs *jobs, struct ph_cups_held **out_held);

/* A job may have been held just now. Loop's thread, like the rest. */
void ph_cups_held_look(struct ph_cups_held *held);

/* The spool has changed: there may be room. */
void ph_cups_held_changed(struct ph_cups_held *held);

/* How many jobs waited when last looked for, and why CUPS does not let us
 * release them; empty when it does. */
size_t ph_cups_held_status(const struct ph_cups_held *held,
                           struct ph_why *out_text);

/* done is called once; held is freed before it. */
void ph_cups_held_stop(struct ph_cups_held *held, void (*done)(void *arg),
                       void *arg);

#endif
