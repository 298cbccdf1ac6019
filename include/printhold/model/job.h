/*
 * States of a job and the legal moves between them: one table in job.c.
 *
 *   receiving -> held -> claimed -> released
 *                 |  \      |  \--> held (lease ended)
 *                 |   \     \-----> failed
 *                 |    \-> deleted, expired, failed
 */
#ifndef PRINTHOLD_MODEL_JOB_H
#define PRINTHOLD_MODEL_JOB_H

#include <stdbool.h>

enum ph_job_state {
    PH_JOB_RECEIVING = 1, /* being captured; not visible to anyone */
    PH_JOB_HELD = 2,
    PH_JOB_CLAIMED = 3, /* one printer holds a lease */
    PH_JOB_RELEASED = 4,
    PH_JOB_EXPIRED = 5,
    PH_JOB_DELETED = 6,
    PH_JOB_FAILED = 7,
};

/* "held" ...; "unknown" for a value outside the list. */
const char *ph_job_state_name(enum ph_job_state state);
bool ph_job_move_allowed(enum ph_job_state from, enum ph_job_state to);
/* Is the document still in the spool in this state? */
bool ph_job_state_has_document(enum ph_job_state state);

/* Retention bounds of the product, seconds. */
#define PH_RETENTION_MIN_S     3600
#define PH_RETENTION_MAX_S     604800
#define PH_RETENTION_DEFAULT_S 86400

#endif
