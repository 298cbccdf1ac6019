/* What the files that make up jobs.h share. */
#ifndef PRINTHOLD_AGENT_JOBS_PRIVATE_H
#define PRINTHOLD_AGENT_JOBS_PRIVATE_H

#include "jobs.h"

#include <pthread.h>

#include "printhold/model/title.h"
#include "printhold/store/catalogue.h"
#include "printhold/store/spool.h"

struct ph_jobs {
    struct ph_config config;
    struct ph_epoch_keys *keys; /* borrowed */
    struct ph_spool *spool;
    struct ph_catalogue *catalogue; /* under lock */
    pthread_mutex_t lock;
    bool reports;                /* a cloud is configured */
    struct ph_buf directory_key; /* for user keys in topics */
    enum ph_title_policy title_policy;
    struct ph_workstation workstation; /* under lock */
    char health[PH_WHY_MAX];           /* under lock */
    size_t captures;                   /* under way; under lock */
    ph_jobs_changed_cb changed;
    void *changed_arg;
    ph_jobs_captured_cb captured; /* under lock */
    void *captured_arg;
};

/* A copy of a row that outlives the catalogue's callback. */
struct job_row {
    struct ph_catalogue_job row; /* sealed is NULL here */
    struct ph_job_view view;
};

/* --- jobs.c; all with the lock held --- */

/* The row, unsealed. PH_ERR_NOT_FOUND also when the asker may not see it. */
int jobs_row(struct ph_jobs *jobs, const struct ph_asker *asker,
             const struct ph_id *id, struct job_row *out_row);
/* Unseal a row. */
int jobs_view(struct ph_jobs *jobs, const struct ph_catalogue_job *row,
              struct ph_job_view *out_view);
bool jobs_may_see(struct ph_jobs *jobs, const struct ph_asker *asker,
                  const struct ph_catalogue_job *row);
/*
 * One move, with its outbox rows, in one transaction. report and reason go
 * into the event; event false only touches the directory document.
 */
struct job_move {
    enum ph_job_state to;
    enum ph_job_state event; /* 0: none */
    const char *holder;
    int64_t lease_until_ms;
    const struct ph_release_report *report;
    const char *reason;
};
int jobs_move(struct ph_jobs *jobs, const struct job_row *row,
              const struct job_move *move);
/* Note what the disk did; NULL when it works again. */
void jobs_set_health(struct ph_jobs *jobs, const char *text);

/* The document of a job that ended; no lock needed. Is it gone? */
bool jobs_remove_document(struct ph_jobs *jobs, const struct ph_id *id);

/* Is the document's digest not known yet? */
bool jobs_lacks_digest(const uint8_t sha256[PH_SHA256_BYTES]);
/* Make it known: hashes the document that is open. Without the lock; NULL opens
 * the job's own. */
int jobs_make_digest(struct ph_jobs *jobs, const struct ph_id *id,
                     struct ph_sealed_reader *reader);

/* Tell the observer; without the lock. */
void jobs_notify(struct ph_jobs *jobs);

/* --- jobs_outbox.c; lock held, inside a transaction --- */

/* The user's document changed. */
int jobs_touch(struct ph_jobs *jobs, const char *login,
               const uint8_t owner[PH_OWNER_KEY_BYTES]);
int jobs_add_event(struct ph_jobs *jobs, const struct ph_id *job,
                   const struct ph_ticket *ticket, enum ph_job_state state,
                   const struct ph_release_report *report, const char *reason);

/* --- jobs_capture.c; lock held --- */

/* Insert the row of a complete spool file and report it as held. */
int jobs_insert(struct ph_jobs *jobs, const struct ph_catalogue_job *row,
                const struct ph_ticket *ticket);

#endif
