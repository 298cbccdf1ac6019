/*
 * The worker: takes one document from cupsd and hands it to the agent,
 * encrypted. Runs in a process of its own; SIGTERM (cancel, hold,
 * cupsdisable) ends it at any point by the default action, the kernel closes
 * its connection and the agent discards what was not committed. Only the last
 * step, the acknowledgement, is done with SIGTERM blocked.
 */
#ifndef PH_BACKEND_CAPTURE_H
#define PH_BACKEND_CAPTURE_H

#include "jobinfo.h"
#include "pagecount.h"
#include "printhold/model/config.h"

struct ph_capture_job {
    const struct ph_config *config;
    struct ph_jobinfo *info;
    struct ph_pagecount *pages;
    int input;      /* the document */
    int supervisor; /* socket: may ask whether the job is cancelled */
};

/* Returns the exit code of the backend (exitcode.h); every other than 0 was
 * explained to cupsd. */
int ph_capture_run(struct ph_capture_job *job);

/* What worker and supervisor say to each other, one byte each. */
#define PH_CAPTURE_ASK_STATE 'Q'
#define PH_CAPTURE_IS_ACTIVE 'A'
#define PH_CAPTURE_IS_ENDED  'E'

#endif
