/*
 * A catalogue that was lost: damaged, deleted or older than the spool.
 *
 * It is made again from the spool, where every job stands with its ticket. What
 * stood in it alone is gone: the jobs that ended, leases, and which grants were
 * used. So grants from before are refused, and a printer that had a job claims
 * it again. The damaged file is kept for a look, one at most, as long as ended
 * jobs are remembered.
 */
#include "jobs_private.h"

#include <stdio.h>

#include "printhold/base/clock.h"
#include "printhold/base/err.h"
#include "printhold/base/log.h"

#define PATH_CAP (PH_CONFIG_TEXT_MAX + 16)
/* A disk that damages every new catalogue must not keep us busy with it. */
#define AGAIN_MS 60000

static void
make_path(const struct ph_jobs *jobs, char path[PATH_CAP])
{
    (void)snprintf(path, PATH_CAP, "%s/catalogue.db", jobs->config.state_dir);
}

static void
say_kept(struct ph_jobs *jobs, const char *path)
{
    (void)snprintf(jobs->catalogue_note, sizeof(jobs->catalogue_note),
                   "The list of held jobs was damaged and was made again; the "
                   "damaged one is %.120s.damaged",
                   path);
}

int
jobs_open_catalogue(struct ph_jobs *jobs, struct ph_why *why)
{
    char path[PATH_CAP];
    struct ph_why found = {""};
    int err;

    make_path(jobs, path);
    err = ph_catalogue_open(path, &jobs->catalogue, &found);
    if (err == PH_ERR_CORRUPT) {
        ph_log_error("%s; it is set aside and made again from the spool",
                     found.text);
        err = ph_catalogue_set_aside(path);
        if (err != PH_OK)
            return ph_why_fail(why, err, "cannot set %s aside: %s", path,
                               ph_err_text(err));
        err = ph_catalogue_open(path, &jobs->catalogue, &found);
    }
    if (err == PH_OK && ph_catalogue_has_damaged(path, INT64_MIN))
        say_kept(jobs, path);
    return err == PH_OK ? PH_OK : ph_why_fail(why, err, "%s", found.text);
}

static bool
stop_at_first(const struct ph_id *id, void *arg)
{
    (void)id;
    *(bool *)arg = true;
    return false;
}

/* Was this computer in use before? A day's key is made by its first job, and
 * outlives every grant of that day. */
static int
was_used(struct ph_jobs *jobs, bool *out_was_used)
{
    struct ph_id epoch;

    *out_was_used =
        jobs->catalogue_note[0] != '\0' ||
        ph_epoch_keys_ended(jobs->keys, INT64_MAX / 2, &epoch, 1) > 0;
    return *out_was_used
               ? PH_OK
               : ph_spool_each(jobs->spool, stop_at_first, out_was_used);
}

int
jobs_note_loss(struct ph_jobs *jobs, bool *out_is_lost)
{
    const int64_t now_ms = ph_clock_wall_ms();
    bool is_new = false, is_used = false;
    int err = ph_catalogue_is_new(jobs->catalogue, &is_new);

    if (err == PH_OK && is_new)
        err = was_used(jobs, &is_used);
    if (err == PH_OK && is_new)
        err = ph_catalogue_begin_again(jobs->catalogue, is_used ? now_ms : 0,
                                       is_used ? now_ms : 0);
    if (err != PH_OK || !is_used)
        return err;
    if (jobs->catalogue_note[0] == '\0')
        (void)snprintf(jobs->catalogue_note, sizeof(jobs->catalogue_note),
                       "The list of held jobs was missing and was made again");
    ph_log_notice("catalogue: made again from the spool; people sign in again "
                  "at printers");
    jobs->rebuilt_mono_ms = ph_clock_mono_ms();
    *out_is_lost = true;
    return PH_OK;
}

/* The old one stays open until there is a new one: something must answer. */
static int
replace(struct ph_jobs *jobs)
{
    struct ph_catalogue *damaged = jobs->catalogue;
    struct ph_why why = {""};
    char path[PATH_CAP];
    int err;

    make_path(jobs, path);
    err = ph_catalogue_set_aside(path);
    if (err == PH_OK)
        err = jobs_open_catalogue(jobs, &why);
    if (err != PH_OK) {
        jobs->catalogue = damaged;
        return err;
    }
    ph_catalogue_close(damaged);
    return jobs_clock_keep(jobs);
}

static bool
is_due(const struct ph_jobs *jobs)
{
    return jobs->rebuilt_mono_ms == 0 ||
           ph_clock_mono_ms() - jobs->rebuilt_mono_ms > AGAIN_MS;
}

void
jobs_lock(struct ph_jobs *jobs)
{
    int err;

    (void)pthread_mutex_lock(&jobs->lock);
    if ((!jobs->is_unsound && !ph_catalogue_is_damaged(jobs->catalogue)) ||
        !is_due(jobs))
        return;
    ph_log_error("catalogue: met damaged; it is set aside and made again from "
                 "the spool");
    jobs->rebuilt_mono_ms = ph_clock_mono_ms();
    jobs->is_unsound = false;
    err = replace(jobs);
    if (err == PH_OK)
        err = jobs_recover(jobs);
    if (err != PH_OK)
        ph_log_error("catalogue: cannot be made again: %s", ph_err_text(err));
}

void
jobs_forget_damaged(struct ph_jobs *jobs, int64_t before_ms)
{
    char path[PATH_CAP];

    make_path(jobs, path);
    jobs_lock(jobs);
    if (!ph_catalogue_has_damaged(path, before_ms))
        jobs->catalogue_note[0] = '\0';
    (void)pthread_mutex_unlock(&jobs->lock);
}
