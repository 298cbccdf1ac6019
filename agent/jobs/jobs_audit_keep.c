/*
 * Housekeeping of the audit: what is old enough goes, and once a day all of it is
 * looked at, so that whoever changes a record is found without anybody asking.
 */
#include "jobs_private.h"

#include <stdio.h>

#include "printhold/base/clock.h"
#include "printhold/base/err.h"
#include "printhold/base/log.h"

#define CHECK_MS (24 * 3600 * INT64_C(1000))

/* 0: all records hold. Said once in the log. */
static void
note_broken(struct ph_jobs *jobs, int64_t number)
{
    if (number == jobs->audit_broken)
        return;
    jobs->audit_broken = number;
    if (number != 0)
        ph_log_error("audit: record %lld is not what was written; look with "
                     "'printhold-agent audit verify'",
                     (long long)number);
    else
        ph_log_notice("audit: every record that is kept holds again");
}

int
jobs_trim_audit(struct ph_jobs *jobs, int64_t before_ms, bool *out_more)
{
    int64_t broken = 0;
    size_t count = 0;
    int err;

    jobs_lock(jobs);
    err = ph_catalogue_begin(jobs->catalogue);
    if (err == PH_OK)
        err = ph_audit_trim(jobs->catalogue, jobs->keys, before_ms, &count,
                            &broken);
    if (err == PH_OK)
        err = ph_catalogue_commit(jobs->catalogue);
    ph_catalogue_rollback(jobs->catalogue);
    if (err == PH_OK && count > 0)
        err = ph_catalogue_truncate_log(jobs->catalogue);
    if (err == PH_OK && broken != 0)
        note_broken(jobs, broken);
    (void)pthread_mutex_unlock(&jobs->lock);
    *out_more |= count == PH_AUDIT_TRIM_BATCH;
    return err;
}

/* With a reader of its own: nobody waits for it. */
static int
verify(struct ph_jobs *jobs, struct ph_audit_verdict *verdict)
{
    struct ph_catalogue *reader = NULL;
    char path[PH_CONFIG_TEXT_MAX + 16];
    int err;

    (void)snprintf(path, sizeof(path), "%s/catalogue.db",
                   jobs->config.state_dir);
    err = ph_audit_open(path, &reader, NULL);
    if (err == PH_OK)
        err = ph_audit_verify(reader, jobs->keys, NULL, 0, verdict);
    ph_catalogue_close(reader);
    return verdict->broken != 0 ? PH_OK : err;
}

void
jobs_check_audit(struct ph_jobs *jobs)
{
    struct ph_audit_verdict verdict = {.count = 0};
    const int64_t now_ms = ph_clock_boot_ms();
    bool is_due;
    int err;

    jobs_lock(jobs);
    is_due =
        !jobs->audit_checked || now_ms - jobs->audit_checked_ms >= CHECK_MS;
    jobs->audit_checked = true;
    if (is_due)
        jobs->audit_checked_ms = now_ms;
    (void)pthread_mutex_unlock(&jobs->lock);
    if (!is_due)
        return;
    err = verify(jobs, &verdict);
    if (err != PH_OK) {
        ph_log_warning("audit: cannot be looked at now: %s, continuing",
                       ph_err_text(err));
        return;
    }
    jobs_lock(jobs);
    note_broken(jobs, verdict.broken);
    (void)pthread_mutex_unlock(&jobs->lock);
}
