/*
 * Housekeeping: what time ends. Leases, retentions, the memory of ended jobs,
 * the keys of days, and files that captures left behind.
 */
#include "jobs_private.h"

#include "printhold/base/err.h"
#include "printhold/base/log.h"

#define DUE_BATCH 64

struct due_ids {
    struct ph_id ids[DUE_BATCH];
    size_t count;
};

static bool
collect_id(const struct ph_catalogue_job *row, void *arg)
{
    struct due_ids *due = arg;

    due->ids[due->count++] = row->id;
    return due->count < DUE_BATCH;
}

/* Move each collected job; a job that cannot be read moves all the same.
 * Those that were moved remain collected, whatever this returns. */
static int
move_due(struct ph_jobs *jobs, struct due_ids *due, const struct job_move *move)
{
    static const struct ph_asker everyone = {.everyone = true};
    const size_t count = due->count;
    struct job_row row;
    int err = PH_OK;

    due->count = 0;
    for (size_t i = 0; i < count && err == PH_OK; i++) {
        if (jobs_row(jobs, &everyone, &due->ids[i], &row) == PH_OK)
            err = jobs_move(jobs, &row, move);
        else
            err = jobs_move_unread(jobs, &due->ids[i], move);
        if (err == PH_OK)
            due->count++;
    }
    return err;
}

static int
expire(struct ph_jobs *jobs, int64_t now_ms, struct due_ids *out_due)
{
    static const struct job_move move = {.to = PH_JOB_EXPIRED,
                                         .event = PH_JOB_EXPIRED,
                                         .reason = "retention",
                                         .audit = PH_AUDIT_EXPIRED};
    int err;

    err = ph_catalogue_expired(jobs->catalogue, now_ms, collect_id, out_due);
    return err == PH_OK ? move_due(jobs, out_due, &move) : err;
}

static int
end_leases(struct ph_jobs *jobs, int64_t now_ms, struct due_ids *out_due)
{
    static const struct job_move move = {.to = PH_JOB_HELD,
                                         .audit = PH_AUDIT_LEASE_OVER};
    int err =
        ph_catalogue_leases_over(jobs->catalogue, now_ms, collect_id, out_due);

    return err == PH_OK ? move_due(jobs, out_due, &move) : err;
}

/* Forget what ended before that job time; *out_more when there is more of it.
 * Nothing of them stays, neither in free pages nor in the log. A job whose
 * file cannot be removed is remembered: without its row the next start would
 * take the file for a job that is still to be held. */
static int
forget_ended(struct ph_jobs *jobs, int64_t before_ms, bool *out_more)
{
    struct due_ids due = {.count = 0};
    size_t gone = 0;
    int err;

    jobs_lock(jobs);
    err =
        ph_catalogue_ended_before(jobs->catalogue, before_ms, collect_id, &due);
    (void)pthread_mutex_unlock(&jobs->lock);
    if (err != PH_OK || due.count == 0)
        return err;
    for (size_t i = 0; i < due.count; i++)
        if (jobs_remove_document(jobs, &due.ids[i]))
            due.ids[gone++] = due.ids[i];
    jobs_lock(jobs);
    err = ph_catalogue_begin(jobs->catalogue);
    for (size_t i = 0; i < gone && err == PH_OK; i++)
        err = ph_catalogue_forget(jobs->catalogue, &due.ids[i]);
    if (err == PH_OK)
        err = ph_catalogue_commit(jobs->catalogue);
    ph_catalogue_rollback(jobs->catalogue);
    if (err == PH_OK && gone > 0)
        err = ph_catalogue_truncate_log(jobs->catalogue);
    (void)pthread_mutex_unlock(&jobs->lock);
    *out_more |= gone > 0 && due.count == DUE_BATCH;
    return err;
}

/* A capture that began before midnight may commit after it; those that are
 * under way are looked at too, because clocks jump. */
#define EPOCH_GRACE_MS (24 * 3600 * INT64_C(1000))
#define EPOCHS_AT_ONCE 16

/* Destroy the keys of days of which nothing is left. */
static int
end_epochs(struct ph_jobs *jobs, int64_t now_ms)
{
    struct ph_id epochs[EPOCHS_AT_ONCE];
    const size_t count = ph_epoch_keys_ended(
        jobs->keys, now_ms - EPOCH_GRACE_MS, epochs, EPOCHS_AT_ONCE);
    bool in_use;
    int err = PH_OK;

    for (size_t i = 0; i < count && err == PH_OK; i++) {
        err = ph_catalogue_epoch_in_use(jobs->catalogue, &epochs[i], &in_use);
        if (err == PH_OK && !in_use)
            err = ph_epoch_keys_destroy(jobs->keys, &epochs[i]);
    }
    return err;
}

#define SWEEP_AGE_S 3600
/* The loop's timer does not count sleep: look often enough that nothing stays
 * much longer than it may. */
#define REAP_AT_LEAST_MS (600 * 1000)

/* What captures left behind. Not while one is under way: when the clock jumps
 * or the computer slept, its file looks as old as an abandoned one. */
static int
sweep(struct ph_jobs *jobs)
{
    uint64_t swept = 0;
    bool busy;
    int err;

    jobs_lock(jobs);
    busy = jobs->captures != NULL;
    (void)pthread_mutex_unlock(&jobs->lock);
    if (busy)
        return PH_OK;
    err = ph_spool_sweep(jobs->spool, SWEEP_AGE_S, &swept);
    if (swept > 0)
        ph_log_notice("spool: %llu abandoned captures removed",
                      (unsigned long long)swept);
    return err;
}

/* Job time; when the clock was set, the ends that the cloud knows are wrong. */
static int
begin_round(struct ph_jobs *jobs, int64_t wall_ms, int64_t *out_now_ms,
            bool *out_is_news)
{
    int err;

    jobs_lock(jobs);
    err = jobs_clock_keep(jobs);
    *out_now_ms = jobs_time(jobs, wall_ms);
    if (err == PH_OK && jobs->clock.steps_ms != jobs->clock.told_steps_ms) {
        jobs->clock.told_steps_ms = jobs->clock.steps_ms;
        *out_is_news = true;
        err = ph_catalogue_touch_all(jobs->catalogue);
    }
    (void)pthread_mutex_unlock(&jobs->lock);
    return err;
}

/* What is due, in one go: leases, retentions, keys; then when to come again in
 * job time. */
static int
end_due(struct ph_jobs *jobs, int64_t wall_ms, int64_t now_ms,
        struct due_ids *leases, struct due_ids *expired, int64_t *out_next)
{
    int64_t high;
    int err;

    jobs_lock(jobs);
    err = end_leases(jobs, now_ms, leases);
    if (err == PH_OK)
        err = expire(jobs, now_ms, expired);
    if (err == PH_OK && jobs->captures == NULL)
        err = end_epochs(jobs, wall_ms);
    if (err == PH_OK)
        err = ph_catalogue_high_water(jobs->catalogue, wall_ms, &high);
    if (err == PH_OK)
        err = ph_catalogue_next_due(jobs->catalogue, out_next);
    (void)pthread_mutex_unlock(&jobs->lock);
    return err;
}

int
ph_jobs_reap(struct ph_jobs *jobs, int64_t wall_ms, int64_t *out_next_ms)
{
    const int64_t history_ms = jobs_rule_ms(jobs, PH_POLICY_HISTORY);
    const int64_t audit_ms = (int64_t)jobs->config.audit_keep_s * 1000;
    struct due_ids leases = {.count = 0}, expired = {.count = 0};
    int64_t now_ms = wall_ms, next = INT64_MAX, wait;
    size_t adopted = 0;
    bool more = !jobs_owners_refresh(jobs, wall_ms), is_news = false;
    int err = begin_round(jobs, wall_ms, &now_ms, &is_news);

    if (err == PH_OK)
        err = jobs_adopt(jobs, &adopted);
    if (err == PH_OK)
        err = forget_ended(jobs, now_ms - history_ms, &more);
    if (err == PH_OK)
        err = jobs_forget_codes(jobs, now_ms);
    if (err == PH_OK)
        err = jobs_write_refusals(jobs, false);
    if (err == PH_OK)
        err = jobs_trim_audit(jobs, now_ms - audit_ms, &more);
    if (err == PH_OK)
        err = jobs_trim_outbox(jobs, now_ms);
    jobs_check_audit(jobs);
    jobs_forget_damaged(jobs, wall_ms - history_ms);
    if (err == PH_OK)
        err = end_due(jobs, wall_ms, now_ms, &leases, &expired, &next);
    for (size_t i = 0; i < expired.count; i++)
        (void)jobs_remove_document(jobs, &expired.ids[i]);
    if (err == PH_OK)
        err = sweep(jobs);
    if (is_news || leases.count > 0 || expired.count > 0 || adopted > 0)
        jobs_notify(jobs);
    wait = more || next <= now_ms ? 0 : next - now_ms;
    *out_next_ms =
        wall_ms + (wait < REAP_AT_LEAST_MS ? wait : REAP_AT_LEAST_MS);
    return err;
}
