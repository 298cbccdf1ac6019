/*
 * What this computer's sleep means to the parts of the agent: before it the
 * cloud hears "asleep", after it everything is looked at again, and while a
 * printer fetches a document there is none.
 */
#ifndef PRINTHOLD_AGENT_SLEEP_H
#define PRINTHOLD_AGENT_SLEEP_H

#include <stdbool.h>
#include <uv.h>

#include "cloud.h"
#include "printhold/base/why.h"
#include "release_service.h"
#include "workstation_watch.h"

struct ph_sleep;

/* The parts are borrowed and must outlive it; release may be NULL. Its
 * on_busy is taken. */
int ph_sleep_start(uv_loop_t *loop, struct ph_cloud *cloud,
                   struct ph_release_service *release,
                   struct ph_workstation_watch *workstation,
                   struct ph_sleep **out_sleep);

/* Is the computer asleep, or about to be? The text: what the system does not
 * let us, or empty. */
bool ph_sleep_status(const struct ph_sleep *sleep, struct ph_why *out_text);

/* done is called once; it is freed before it. May be NULL: done at once. */
void ph_sleep_stop(struct ph_sleep *sleep, void (*done)(void *arg), void *arg);

#endif
