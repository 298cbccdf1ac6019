/*
 * Keeps the certificate of the enrolment fresh: renewed when two thirds of its
 * life are over, or when the organisation wants a new one, and tried again with
 * growing pauses for as long as it takes. What becomes of a try that is
 * interrupted says printhold/net/enrolled.h.
 */
#ifndef PRINTHOLD_AGENT_RENEWAL_H
#define PRINTHOLD_AGENT_RENEWAL_H

#include <stdint.h>
#include <uv.h>

#include "jobs.h"
#include "printhold/base/why.h"
#include "printhold/net/enrolled.h"

struct ph_renewal;

/* The new one is in force on disk. On the loop. */
typedef void (*ph_renewal_cb)(const struct ph_enrolled *enrolled, void *arg);

/* now is what is in force. config (state_dir is DIR of enrolled.h; the proxy) and
 * jobs, where a wish for a new certificate lies, are borrowed. */
int ph_renewal_start(uv_loop_t *loop, const struct ph_config *config,
                     const struct ph_enrolled *now, struct ph_jobs *jobs,
                     ph_renewal_cb renewed, void *arg,
                     struct ph_renewal **out_renewal);

/* Look now whether there is something to be done. On the loop. */
void ph_renewal_kick(struct ph_renewal *renewal);

/* Why the last try failed; empty when well. On the loop. */
void ph_renewal_status(const struct ph_renewal *renewal,
                       struct ph_why *out_text);

/* A try that is under way is broken off. done is called once; it is freed
 * before it. May be NULL: done at once. */
void ph_renewal_stop(struct ph_renewal *renewal, void (*done)(void *arg),
                     void *arg);

#endif
