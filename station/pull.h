/*
 * Pull one job: claim, download to a part file, check, make durable, and only
 * then tell the workstation that it is done.
 *
 * A download that is cut off goes on at the byte where it stopped, in this
 * run after a pause and in a later run too. What arrives must have the length
 * that the list and the answer say and the digest of the answer
 * (Repr-Digest), else nothing is left of it.
 */
#ifndef PRINTHOLD_STATION_PULL_H
#define PRINTHOLD_STATION_PULL_H

#include <stdbool.h>
#include <stdint.h>

#include "api.h"
#include "messages.h"
#include "printhold/base/why.h"

#define PH_PULL_NAME_MAX 48

typedef void (*ph_pull_progress_cb)(uint64_t done, uint64_t total, void *arg);

struct ph_pull_options {
    int dirfd;       /* where the document goes */
    bool force;      /* replace a file of that name */
    bool complete;   /* say "printed" at the end, so that the job goes */
    bool keep_claim; /* do not give the lease back when not completed */
    unsigned tries;  /* without a single new byte, before giving up */
    ph_pull_progress_cb progress; /* NULL: none */
    void *arg;
};

struct ph_pull_result {
    char name[PH_PULL_NAME_MAX]; /* of the file in the directory */
    uint64_t size;
    uint64_t resumed_at; /* bytes that were there from an earlier run */
    bool completed;
};

/* PH_ERR_EXISTS before anything is claimed when the name is taken;
 * PH_ERR_CORRUPT when what came is not the document; errors of api.h and
 * part.h. When only the last step failed (the document is there, the report
 * did not arrive) out_result is set and completed is false. */
int ph_pull_job(struct ph_api *api, const struct ph_station_job *job,
                const struct ph_pull_options *options,
                struct ph_pull_result *out_result, struct ph_why *why);

/* "<id>.pdf" and the like, by media type; ".bin" for unknown ones. */
void ph_pull_file_name(const struct ph_station_job *job,
                       char out_name[PH_PULL_NAME_MAX]);

#endif
