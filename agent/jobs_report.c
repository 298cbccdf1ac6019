/*
 * What was held before there was a cloud: an image that runs before it is
 * enrolled, or a workstation that lost its identity. Nothing is written down of
 * each job meanwhile, only since when; the jobs that are held still are told
 * when there is somebody to tell, those that ended are nobody's news.
 */
#include "jobs_private.h"

#include "printhold/base/err.h"
#include "printhold/base/log.h"

#define NAME_SINCE "unreported_since_ms"
#define BATCH      64

struct batch {
    struct ph_catalogue_place place[BATCH];
    size_t count;
};

static bool
collect(const struct ph_catalogue_job *row, void *arg)
{
    struct batch *batch = arg;

    batch->place[batch->count++] =
        (struct ph_catalogue_place){row->held_ms, row->id};
    return batch->count < BATCH;
}

/* Its held event, and its owner's document. */
static int
tell_one(struct ph_jobs *jobs, const struct ph_id *id)
{
    static const struct ph_asker everyone = {.everyone = true};
    uint8_t owner[PH_OWNER_KEY_BYTES];
    const struct ph_ticket *ticket;
    struct job_row row;
    int err;

    if (jobs_row(jobs, &everyone, id, &row) != PH_OK ||
        !ph_job_state_has_document(row.row.state))
        return PH_OK; /* unreadable: the list says so */
    ticket = &row.view.ticket;
    if (ticket->owner_login[0] == '\0')
        return PH_OK;
    err = jobs_owner(jobs, ticket->owner_login, owner);
    if (err == PH_OK)
        err = jobs_touch(jobs, ticket->owner_login, owner);
    if (err == PH_OK)
        err = jobs_add_event(jobs, id, ticket, PH_JOB_HELD, NULL, NULL);
    return err;
}

static int
tell_since(struct ph_jobs *jobs, int64_t since_ms, size_t *out_count)
{
    struct ph_catalogue_place place = {.held_ms = since_ms - 1};
    const struct ph_catalogue_filter filter = {.after = &place};
    struct batch batch;
    int err;

    *out_count = 0;
    do {
        batch.count = 0;
        err = ph_catalogue_list(jobs->catalogue, &filter, collect, &batch);
        for (size_t i = 0; err == PH_OK && i < batch.count; i++) {
            err = tell_one(jobs, &batch.place[i].id);
            place = batch.place[i];
            ++*out_count;
        }
    } while (err == PH_OK && batch.count == BATCH);
    return err;
}

static int
report(struct ph_jobs *jobs, int64_t since_ms)
{
    size_t count = 0;
    int err;

    if (!jobs->reports && since_ms != 0)
        return PH_OK;
    err = ph_catalogue_begin(jobs->catalogue);
    if (err == PH_OK && jobs->reports)
        err = tell_since(jobs, since_ms, &count);
    if (err == PH_OK)
        err = ph_catalogue_set_number(jobs->catalogue, NAME_SINCE,
                                      jobs->reports ? 0 : jobs_now(jobs));
    if (err == PH_OK)
        err = ph_catalogue_commit(jobs->catalogue);
    ph_catalogue_rollback(jobs->catalogue);
    if (err == PH_OK && count > 0)
        ph_log_notice("the cloud is told of %zu jobs that were held before",
                      count);
    return err;
}

int
ph_jobs_report_held(struct ph_jobs *jobs)
{
    int64_t since_ms = 0;
    int err;

    jobs_lock(jobs);
    err = ph_catalogue_number(jobs->catalogue, NAME_SINCE, &since_ms);
    if (err == PH_ERR_NOT_FOUND)
        err = PH_OK;
    if (err == PH_OK && (since_ms != 0 || !jobs->reports))
        err = report(jobs, since_ms);
    (void)pthread_mutex_unlock(&jobs->lock);
    if (err == PH_OK)
        jobs_notify(jobs);
    return err;
}
