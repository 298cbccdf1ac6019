/*
 * Refusals become records of the audit: noted at once, written by a thread of
 * the pool, one at a time for each lane, whatever comes.
 */
#include "release_private.h"

#include <stdio.h>
#include <string.h>

#include "printhold/base/err.h"

static void
on_write(uv_work_t *work)
{
    struct release_lane *lane = work->data;

    (void)ph_jobs_write_refusals(lane->service->jobs);
}

static void write_them(struct release_lane *lane);

static void
on_written(uv_work_t *work, int status)
{
    struct release_lane *lane = work->data;

    (void)status;
    lane->writing_refusals = false;
    if (lane->more_refusals)
        write_them(lane);
}

/* What cannot be queued is written with the next, or by housekeeping. */
static void
write_them(struct release_lane *lane)
{
    lane->more_refusals = lane->writing_refusals;
    if (!lane->writing_refusals)
        lane->writing_refusals = uv_queue_work(&lane->loop, &lane->refusal_work,
                                               on_write, on_written) == 0;
}

static void
note(struct release_lane *lane, struct ph_refusal *refusal, const char *printer,
     const struct ph_release_who *who, const char *reason)
{
    (void)snprintf(refusal->printer, sizeof(refusal->printer), "%s", printer);
    (void)snprintf(refusal->reason, sizeof(refusal->reason), "%s", reason);
    if (who != NULL) {
        memcpy(refusal->amr, who->amr, sizeof(refusal->amr));
        (void)snprintf(refusal->login, sizeof(refusal->login), "%s",
                       who->login);
    }
    atomic_fetch_add(&lane->service->refused, 1);
    if (ph_jobs_note_refusal(lane->service->jobs, refusal))
        write_them(lane);
}

void
release_note_refusal(struct release_lane *lane, const char *printer,
                     const struct ph_release_who *who, const struct ph_id *job,
                     const char *reason)
{
    struct ph_refusal refusal = {.uid = -1, .has_job = job != NULL};

    if (job != NULL)
        refusal.job = *job;
    note(lane, &refusal, printer, who, reason);
}

void
release_note_refused_call(const struct release_call *call, const char *reason)
{
    static const struct ph_id none;
    struct ph_refusal refusal = {.uid = -1,
                                 .has_job = !ph_id_equal(&call->job, &none),
                                 .job = call->job};

    /* The view is of a job that this person may see. */
    if (refusal.has_job && ph_id_equal(&call->view.id, &call->job)) {
        refusal.uid = call->view.ticket.owner_uid;
        memcpy(refusal.title, call->view.ticket.job_name,
               sizeof(refusal.title));
    }
    note(call->lane, &refusal, call->who.printer, &call->who, reason);
}
