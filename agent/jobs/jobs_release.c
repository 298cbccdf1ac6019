/* The moves that printers make: claim, download, complete. */
#include "jobs_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "printhold/base/clock.h"
#include "printhold/base/err.h"
#include "printhold/base/io.h"
#include "printhold/base/log.h"
#include "printhold/proto/choices.h"

int
ph_jobs_use_grant(struct ph_jobs *jobs, const struct ph_asker *who,
                  const char *jti, int64_t issued_ms, int64_t exp_ms)
{
    int err;

    jobs_lock(jobs);
    err = ph_catalogue_begin(jobs->catalogue);
    if (err == PH_OK)
        err = ph_catalogue_use_grant(jobs->catalogue, jti, issued_ms, exp_ms,
                                     ph_clock_wall_ms());
    if (err == PH_OK)
        err = jobs_audit_session(jobs, who);
    if (err == PH_OK)
        err = jobs_audit_commit(jobs);
    jobs_audit_rollback(jobs);
    (void)pthread_mutex_unlock(&jobs->lock);
    return err;
}

int
ph_jobs_high_water(struct ph_jobs *jobs, int64_t now_ms, int64_t *out_high_ms)
{
    int err;

    jobs_lock(jobs);
    err = ph_catalogue_high_water(jobs->catalogue, now_ms, out_high_ms);
    (void)pthread_mutex_unlock(&jobs->lock);
    return err;
}

/* Does this printer have the lease? */
static bool
holds(const struct job_row *row, const char *printer)
{
    return row->row.state == PH_JOB_CLAIMED &&
           strcmp(row->row.holder, printer) == 0;
}

static int
claim(struct ph_jobs *jobs, const struct ph_asker *asker,
      const struct job_row *row, const char *printer, int64_t until_ms)
{
    const struct job_move move = {.to = PH_JOB_CLAIMED,
                                  .holder = printer,
                                  .lease_until_ms = until_ms,
                                  .audit = PH_AUDIT_CLAIMED,
                                  .by = asker};

    if (row->row.state == PH_JOB_CLAIMED && !holds(row, printer) &&
        row->row.lease_until_ms > jobs_now(jobs))
        return PH_ERR_BUSY;
    if (row->row.state == PH_JOB_CLAIMED && !holds(row, printer)) {
        const struct job_move back = {.to = PH_JOB_HELD,
                                      .audit = PH_AUDIT_LEASE_OVER};
        int err = jobs_move(jobs, row, &back);

        if (err != PH_OK)
            return err;
    }
    /* A renewal is no news for anybody. */
    if (holds(row, printer))
        return ph_catalogue_move(jobs->catalogue, &row->row.id, PH_JOB_CLAIMED,
                                 jobs_now(jobs), printer, until_ms);
    return jobs_move(jobs, row, &move);
}

/* After sleep, the retention of a job may be over before housekeeping comes. */
static bool
may_be_claimed(const struct job_row *row, int64_t now_ms)
{
    return ph_job_state_has_document(row->row.state) &&
           (row->row.state != PH_JOB_HELD || row->row.expires_ms > now_ms);
}

/* Ended jobs are gone for printers. */
static int
claimable_row(struct ph_jobs *jobs, const struct ph_asker *asker,
              const struct ph_id *id, struct job_row *out_row)
{
    int err = jobs_row(jobs, asker, id, out_row);

    if (err == PH_OK && !may_be_claimed(out_row, jobs_now(jobs)))
        err = PH_ERR_NOT_FOUND;
    return err;
}

int
ph_jobs_claim(struct ph_jobs *jobs, const struct ph_asker *asker,
              const struct ph_id *id, const char *printer,
              struct ph_job_view *out_view)
{
    struct job_row row;
    int err;

    jobs_lock(jobs);
    err = claimable_row(jobs, asker, id, &row);
    if (err == PH_OK) {
        err = claim(jobs, asker, &row, printer,
                    jobs_now(jobs) + (int64_t)jobs->config.lease_s * 1000);
        if (err == PH_ERR_BUSY)
            *out_view = row.view;
        else if (err == PH_OK)
            err = jobs_row(jobs, asker, id, &row);
        if (err == PH_OK)
            *out_view = row.view;
    }
    (void)pthread_mutex_unlock(&jobs->lock);
    if (err == PH_OK)
        jobs_notify(jobs);
    return err;
}

int
jobs_claimed_row(struct ph_jobs *jobs, const struct ph_asker *asker,
                 const struct ph_id *id, const char *printer,
                 struct job_row *out_row)
{
    int err = jobs_row(jobs, asker, id, out_row);

    if (err != PH_OK)
        return err;
    if (!ph_job_state_has_document(out_row->row.state))
        return PH_ERR_NOT_FOUND;
    return holds(out_row, printer) ? PH_OK : PH_ERR_STATE;
}

int
ph_jobs_unclaim(struct ph_jobs *jobs, const struct ph_asker *asker,
                const struct ph_id *id, const char *printer)
{
    const struct job_move move = {
        .to = PH_JOB_HELD, .audit = PH_AUDIT_RETURNED, .by = asker};
    struct job_row row;
    int err;

    jobs_lock(jobs);
    err = jobs_claimed_row(jobs, asker, id, printer, &row);
    if (err == PH_OK)
        err = jobs_move(jobs, &row, &move);
    (void)pthread_mutex_unlock(&jobs->lock);
    if (err == PH_OK)
        jobs_notify(jobs);
    return err;
}

int
ph_jobs_open_document(struct ph_jobs *jobs, const struct ph_asker *asker,
                      const struct ph_id *id, const char *printer,
                      struct ph_job_view *out_view,
                      struct ph_sealed_reader **out_reader)
{
    struct ph_sealed_reader *reader = NULL;
    struct job_row row;
    int fd = -1, err;

    jobs_lock(jobs);
    err = jobs_claimed_row(jobs, asker, id, printer, &row);
    (void)pthread_mutex_unlock(&jobs->lock);
    if (err != PH_OK)
        return err;
    err = ph_spool_read(jobs->spool, id, &fd);
    if (err != PH_OK)
        return err == PH_ERR_NOT_FOUND ? PH_ERR_CORRUPT : err;
    err = ph_sealed_reader_open(fd, jobs->keys, &reader, NULL);
    if (err != PH_OK) {
        ph_io_close(&fd);
        return err;
    }
    /* The right name on the wrong file is no document of this job. */
    if (!ph_id_equal(ph_sealed_reader_job(reader), id) ||
        ph_sealed_reader_size(reader) != row.row.size_bytes)
        err = PH_ERR_CORRUPT;
    if (err == PH_OK && jobs_lacks_digest(row.row.sha256)) {
        err = jobs_make_digest(jobs, id, reader);
        if (err == PH_OK)
            err = ph_jobs_get(jobs, asker, id, &row.view);
    }
    if (err != PH_OK) {
        ph_sealed_reader_free(reader);
        return err;
    }
    if (out_view != NULL)
        *out_view = row.view;
    *out_reader = reader;
    return PH_OK;
}

/* Renewal and record in one transaction. */
static int
note_download(struct ph_jobs *jobs, const struct job_row *row,
              const struct job_move *move)
{
    int err = ph_catalogue_begin(jobs->catalogue);

    if (err == PH_OK)
        err = ph_catalogue_move(jobs->catalogue, &row->row.id, move->to,
                                jobs_now(jobs), move->holder,
                                move->lease_until_ms);
    if (err == PH_OK)
        err = jobs_audit_move(jobs, row, move);
    if (err == PH_OK)
        err = jobs_audit_commit(jobs);
    jobs_audit_rollback(jobs);
    return err;
}

int
ph_jobs_note_download(struct ph_jobs *jobs, const struct ph_asker *asker,
                      const struct ph_id *id, const char *printer, bool whole,
                      struct ph_job_view *out_view)
{
    struct job_move move = {.to = PH_JOB_CLAIMED,
                            .holder = printer,
                            .audit = PH_AUDIT_DOWNLOAD,
                            .by = asker,
                            .reason = whole ? "whole" : "part"};
    struct job_row row;
    int err;

    jobs_lock(jobs);
    move.lease_until_ms = jobs_now(jobs) + (int64_t)jobs->config.lease_s * 1000;
    err = claimable_row(jobs, asker, id, &row);
    /* Its lease may have ended while the file was verified. */
    if (err == PH_OK && !holds(&row, printer)) {
        err = claim(jobs, asker, &row, printer, move.lease_until_ms);
        if (err == PH_OK)
            err = jobs_row(jobs, asker, id, &row);
    }
    if (err == PH_OK)
        err = note_download(jobs, &row, &move);
    if (err == PH_OK) {
        *out_view = row.view;
        out_view->lease_until_ms = jobs_wall(jobs, move.lease_until_ms);
    }
    (void)pthread_mutex_unlock(&jobs->lock);
    return err;
}

static bool
is_printed(const struct ph_release_report *report)
{
    return strcmp(report->result, "printed") == 0;
}

/* Was this said before? What was not printed leaves no trace but a job that
 * nobody holds. */
static bool
was_completed(const struct job_row *row, const struct ph_release_report *report)
{
    if (!is_printed(report))
        return row->row.state == PH_JOB_HELD;
    return strcmp(row->row.released_by, report->printer) == 0 &&
           (row->row.state == PH_JOB_RELEASED ||
            (row->row.state == PH_JOB_HELD && row->row.keep));
}

void
jobs_report_key(const struct ph_release_report *report,
                uint8_t out_key[PH_CATALOGUE_KEY_BYTES])
{
    char text[sizeof(report->printer) + sizeof(report->key)];
    int len =
        snprintf(text, sizeof(text), "%s %s", report->printer, report->key);

    if (EVP_Digest(text, (size_t)len, out_key, NULL, EVP_sha256(), NULL) != 1)
        abort(); /* SHA-256 is there, or nothing works */
}

/* The very same request: PH_OK, or PH_ERR_EXISTS when it said otherwise.
 * PH_ERR_NOT_FOUND for a new one. */
static int
same_report(struct ph_jobs *jobs, const struct ph_id *id,
            const struct ph_release_report *report)
{
    uint8_t key[PH_CATALOGUE_KEY_BYTES];
    char result[sizeof(report->result)];
    int err;

    if (report->key[0] == '\0')
        return PH_ERR_NOT_FOUND;
    jobs_report_key(report, key);
    err = ph_catalogue_completed_get(jobs->catalogue, id, key, result,
                                     sizeof(result));
    if (err == PH_OK && strcmp(result, report->result) != 0)
        err = PH_ERR_EXISTS;
    return err;
}

/* printed: gone or kept; anything else: held again. */
static int
complete(struct ph_jobs *jobs, const struct ph_asker *asker,
         const struct job_row *row, const struct ph_release_report *report,
         bool *out_remove)
{
    const bool printed = is_printed(report);
    /* What a policy forbids by now does not keep the job. */
    const bool keep = row->row.keep && jobs_rule(jobs, PH_POLICY_KEEP) != 0;
    const struct job_move released = {.to =
                                          keep ? PH_JOB_HELD : PH_JOB_RELEASED,
                                      .event = PH_JOB_RELEASED,
                                      .report = report,
                                      .audit = PH_AUDIT_COMPLETED,
                                      .by = asker};
    const struct job_move back = {.to = PH_JOB_HELD,
                                  .report = report,
                                  .audit = PH_AUDIT_COMPLETED,
                                  .by = asker};
    int err = jobs_move(jobs, row, printed ? &released : &back);

    *out_remove = err == PH_OK && printed && !keep;
    return err;
}

/* May this report make a move? *out_again: it was made before. */
static int
judge_report(struct ph_jobs *jobs, const struct job_row *row,
             const struct ph_release_report *report, bool *out_again)
{
    int err = same_report(jobs, &row->row.id, report);

    if (err == PH_OK ||
        (err == PH_ERR_NOT_FOUND && was_completed(row, report))) {
        *out_again = true;
        return PH_OK;
    }
    if (err != PH_ERR_NOT_FOUND)
        return err;
    if (!ph_job_state_has_document(row->row.state))
        return PH_ERR_NOT_FOUND;
    return holds(row, report->printer) ? PH_OK : PH_ERR_STATE;
}

int
ph_jobs_complete(struct ph_jobs *jobs, const struct ph_asker *asker,
                 const struct ph_id *id, struct ph_release_report *report)
{
    struct ph_release_choices chosen = {.copies = 0};
    struct job_row row;
    bool remove = false, again = false;
    int err;

    jobs_lock(jobs);
    err = jobs_row(jobs, asker, id, &row);
    if (err == PH_OK)
        err = judge_report(jobs, &row, report, &again);
    /* The paper is out: choices that cannot be read do not change that. */
    if (err == PH_OK && jobs_chosen(jobs, &row, &chosen) == PH_OK)
        ph_release_choices_merge(&report->choices, &chosen);
    if (err == PH_OK && !again)
        err = complete(jobs, asker, &row, report, &remove);
    (void)pthread_mutex_unlock(&jobs->lock);
    if (err != PH_OK || again)
        return err;
    if (remove)
        (void)jobs_remove_document(jobs, id);
    jobs_notify(jobs);
    return PH_OK;
}

int
ph_jobs_fail(struct ph_jobs *jobs, const struct ph_id *id, const char *reason)
{
    static const struct ph_asker everyone = {.everyone = true};
    const struct job_move move = {.to = PH_JOB_FAILED,
                                  .event = PH_JOB_FAILED,
                                  .reason = reason,
                                  .audit = PH_AUDIT_FAILED};
    char text[PH_ID_TEXT];
    struct job_row row;
    int err;

    jobs_lock(jobs);
    err = jobs_row(jobs, &everyone, id, &row);
    if (err == PH_OK)
        err = jobs_move(jobs, &row, &move);
    (void)pthread_mutex_unlock(&jobs->lock);
    if (err != PH_OK)
        return err;
    ph_id_format(id, text);
    ph_log_error("job %s: %s; the document cannot be printed", text, reason);
    (void)jobs_remove_document(jobs, id);
    jobs_notify(jobs);
    return PH_OK;
}
