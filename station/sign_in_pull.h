/*
 * Pulling from several workstations at once: a thread, a connection and a
 * session for each, so one that is away or slow delays no other.
 */
#ifndef PRINTHOLD_STATION_SIGN_IN_PULL_H
#define PRINTHOLD_STATION_SIGN_IN_PULL_H

#include "hub_messages.h"
#include "options.h"
#include "pull.h"

#define PH_SIGN_IN_THREADS 8

/* How one job went. */
struct ph_pulled {
    char workstation[PH_IDENTITY_MAX];
    struct ph_station_job job;
    struct ph_pull_result result;
    bool is_kept; /* its report to the hub is written down (reports.h) */
    int err;
    struct ph_why why;
};

struct ph_pulled_list {
    struct ph_pulled *pulled;
    size_t count;
    int first_err; /* of a job, or of a workstation that was not reached */
};

/* What options name, of every workstation of the answer that has it. Failures
 * of workstations are told on standard error. Free list->pulled. PH_ERR_NOMEM
 * when nothing was begun. */
int ph_sign_in_pull(const struct ph_options *options,
                    const struct ph_hub_answer *answer, int dirfd,
                    struct ph_pulled_list *out_list);

#endif
