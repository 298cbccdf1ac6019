/*
 * A stand-in for agent/jobs/jobs.h that lives in memory: the part that the control
 * socket asks. Jobs are numbered; job n belongs to the uid that it was added
 * for and has the id of n as text.
 */
#ifndef PRINTHOLD_TESTS_SUPPORT_FAKE_JOBS_H
#define PRINTHOLD_TESTS_SUPPORT_FAKE_JOBS_H

#include <stddef.h>
#include <stdint.h>

#include "jobs.h"

struct ph_jobs *fake_jobs_new(void);
void fake_jobs_free(struct ph_jobs *jobs);

/* Held, owned by uid; hex is the whole id. */
void fake_jobs_add(struct ph_jobs *jobs, const char *hex, uint32_t uid,
                   enum ph_job_state state, const char *title);
/* count more, with ids 0000...n. */
void fake_jobs_add_many(struct ph_jobs *jobs, size_t count, uint32_t uid);

void fake_jobs_clear(struct ph_jobs *jobs);

/* State of a job, 0 when it is not there; and whether it is kept. */
enum ph_job_state fake_jobs_state(struct ph_jobs *jobs, const char *hex);
int fake_jobs_is_kept(struct ph_jobs *jobs, const char *hex);

/* From now on a list does not return before it is let go. */
void fake_jobs_block(struct ph_jobs *jobs);
/* Wait until a list is blocked. */
void fake_jobs_wait_blocked(struct ph_jobs *jobs);
void fake_jobs_let_go(struct ph_jobs *jobs);

/* What ph_jobs_stats says of the owners. */
void fake_jobs_set_owners(struct ph_jobs *jobs, uint64_t unmapped,
                          const char *text);
/* What ph_jobs_stats says of the spool. */
void fake_jobs_set_health(struct ph_jobs *jobs, const char *text);

#endif
