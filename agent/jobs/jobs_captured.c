/* Who hears of jobs that were taken, so that CUPS forgets them. */
#include "jobs_private.h"

#include "printhold/base/err.h"

void
ph_jobs_on_captured(struct ph_jobs *jobs, ph_jobs_captured_cb captured,
                    void *arg)
{
    jobs_lock(jobs);
    jobs->captured = captured;
    jobs->captured_arg = arg;
    (void)pthread_mutex_unlock(&jobs->lock);
}

void
jobs_tell_captured(struct ph_jobs *jobs, const struct ph_capture_begin *begin)
{
    ph_jobs_captured_cb captured;
    void *arg;

    jobs_lock(jobs);
    captured = jobs->captured;
    arg = jobs->captured_arg;
    (void)pthread_mutex_unlock(&jobs->lock);
    if (captured != NULL)
        captured(arg, begin->cups_job_id, begin->job_uuid);
}

struct captured_call {
    struct ph_jobs *jobs;
    ph_jobs_captured_cb captured;
    void *arg;
};

static bool
on_held(const struct ph_catalogue_job *row, void *arg)
{
    const struct captured_call *call = arg;
    struct ph_job_view view;

    if (jobs_view(call->jobs, row, &view) == PH_OK)
        call->captured(call->arg, view.ticket.cups_job_id,
                       view.ticket.job_uuid);
    return true;
}

int
ph_jobs_each_captured(struct ph_jobs *jobs, uint32_t newest,
                      ph_jobs_captured_cb captured, void *arg)
{
    const struct ph_catalogue_filter filter = {.newest_first = true,
                                               .limit = newest};
    struct captured_call call = {jobs, captured, arg};
    int err;

    jobs_lock(jobs);
    err = ph_catalogue_list(jobs->catalogue, &filter, on_held, &call);
    (void)pthread_mutex_unlock(&jobs->lock);
    return err;
}
