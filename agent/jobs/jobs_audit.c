/*
 * What becomes a record of the audit (store/audit.h): within the transaction of
 * the change that it records, so that neither is there without the other. The
 * line in the log, after the commit, has the record's number and the first
 * bytes of its mac: whoever keeps the log elsewhere can prove what is missing.
 */
#include "jobs_private.h"

#include <stdio.h>
#include <string.h>

#include "printhold/base/clock.h"
#include "printhold/base/err.h"
#include "printhold/base/log.h"
#include "printhold/base/parse.h"
#include "printhold/proto/choices.h"

#define HISTORY_PAGE   64
#define AUDIT_LINE_MAX 512

/* --- writing --- */

static void
put_fact(struct ph_buf *lines, const char *before, const char *text)
{
    if (text != NULL && text[0] != '\0')
        (void)ph_buf_printf(lines, "%s%s", before, text);
}

/* One line for the log: no login, no title. A line that has no room is left
 * out; the record is there. */
static void
remember_line(struct ph_buf *lines, const struct ph_audit_entry *entry,
              const struct ph_audit_mark *mark)
{
    char chain[2 * JOBS_AUDIT_MARK_BYTES + 1], job[PH_ID_TEXT];

    if (lines->max - lines->len < AUDIT_LINE_MAX)
        return;
    ph_format_hex(mark->mac, JOBS_AUDIT_MARK_BYTES, chain);
    (void)ph_buf_printf(lines, "audit: %lld:%s %s", (long long)mark->number,
                        chain, ph_audit_event_name(entry->event));
    put_fact(lines, " ", entry->reason);
    if (entry->job != NULL) {
        ph_id_format(entry->job, job);
        put_fact(lines, ", job ", job);
    }
    put_fact(lines, ", printer ", entry->printer);
    put_fact(lines, ", signed in by ", entry->amr);
    if (entry->count > 1)
        (void)ph_buf_printf(lines, ", %lld of them", (long long)entry->count);
    (void)ph_buf_put_u8(lines, '\0');
}

int
jobs_audit(struct ph_jobs *jobs, const struct ph_audit_entry *entry)
{
    struct ph_audit_entry timed = *entry;
    struct ph_audit_mark mark;
    int err;

    timed.time_ms = jobs_now(jobs);
    timed.at_ms = ph_clock_wall_ms();
    err = ph_audit_append(jobs->catalogue, jobs->keys, &timed,
                          jobs->config.audit_records_max, &mark);
    if (err == PH_OK)
        remember_line(&jobs->audit_lines, &timed, &mark);
    return err;
}

int
jobs_audit_commit(struct ph_jobs *jobs)
{
    const int err = ph_catalogue_commit(jobs->catalogue);
    const struct ph_buf *lines = &jobs->audit_lines;

    for (size_t at = 0; err == PH_OK && at < lines->len;) {
        const char *line = (const char *)lines->data + at;

        ph_log_info("%s", line);
        at += strlen(line) + 1;
    }
    ph_buf_clear(&jobs->audit_lines);
    return err;
}

void
jobs_audit_rollback(struct ph_jobs *jobs)
{
    ph_catalogue_rollback(jobs->catalogue);
    ph_buf_clear(&jobs->audit_lines);
}

/* One record by itself. */
static int
write_alone(struct ph_jobs *jobs, const struct ph_audit_entry *entry)
{
    int err = ph_catalogue_begin(jobs->catalogue);

    if (err == PH_OK)
        err = jobs_audit(jobs, entry);
    if (err == PH_OK)
        err = jobs_audit_commit(jobs);
    jobs_audit_rollback(jobs);
    return err;
}

int
jobs_audit_begin(struct ph_jobs *jobs, bool is_lost)
{
    const struct ph_audit_entry began = {
        .event = PH_AUDIT_BEGAN,
        .uid = -1,
        .reason = is_lost ? "catalogue-lost" : "new",
        .count = 1,
        .impressions = -1,
        .sheets = -1,
    };
    bool is_begun = false;
    int err = ph_audit_is_begun(jobs->catalogue, &is_begun);

    return err == PH_OK && !is_begun ? write_alone(jobs, &began) : err;
}

static const char *
printer_of(const struct job_row *row, const struct job_move *move)
{
    if (move->report != NULL)
        return move->report->printer;
    if (move->holder != NULL)
        return move->holder;
    if (move->by != NULL && move->by->printer != NULL)
        return move->by->printer;
    return row->row.holder; /* who had it until now */
}

int
jobs_audit_move(struct ph_jobs *jobs, const struct job_row *row,
                const struct job_move *move)
{
    const struct ph_release_report *report = move->report;
    char chosen[PH_AUDIT_CHOSEN_MAX] = "";
    const struct ph_audit_entry entry = {
        .event = move->audit,
        .job = &row->row.id,
        .uid = row->row.uid,
        .printer = printer_of(row, move),
        .amr = move->by != NULL ? move->by->amr : NULL,
        .reason = report != NULL           ? report->result
                  : move->recorded != NULL ? move->recorded
                                           : move->reason,
        .count = 1,
        .impressions = report != NULL ? report->impressions : -1,
        .sheets = report != NULL ? report->sheets : -1,
        .login = row->view.ticket.owner_login,
        .title = row->view.ticket.job_name,
        .chosen = chosen,
    };

    if (report != NULL)
        ph_release_choices_text(&report->choices, chosen, sizeof(chosen));
    return jobs_audit(jobs, &entry);
}

int
jobs_audit_session(struct ph_jobs *jobs, const struct ph_asker *who)
{
    const struct ph_audit_entry entry = {
        .event = PH_AUDIT_SESSION,
        .uid = -1,
        .printer = who->printer,
        .amr = who->amr,
        .count = 1,
        .impressions = -1,
        .sheets = -1,
        .login = who->login,
    };

    return jobs_audit(jobs, &entry);
}

int
ph_jobs_note_session(struct ph_jobs *jobs, const struct ph_asker *who)
{
    int err;

    jobs_lock(jobs);
    err = ph_catalogue_begin(jobs->catalogue);
    if (err == PH_OK)
        err = jobs_audit_session(jobs, who);
    if (err == PH_OK)
        err = jobs_audit_commit(jobs);
    jobs_audit_rollback(jobs);
    (void)pthread_mutex_unlock(&jobs->lock);
    return err;
}

/* --- refusals --- */

bool
ph_jobs_note_refusal(struct ph_jobs *jobs, const struct ph_refusal *refusal)
{
    return audit_refusals_note(&jobs->refusals, refusal, ph_clock_boot_ms());
}

static int
write_refusal(struct ph_jobs *jobs, const struct ph_refusal *refusal)
{
    const struct ph_audit_entry entry = {
        .event = PH_AUDIT_REFUSED,
        .job = refusal->has_job ? &refusal->job : NULL,
        .uid = refusal->uid,
        .printer = refusal->printer,
        .amr = refusal->amr,
        .reason = refusal->reason,
        .count = (int64_t)refusal->count,
        .impressions = -1,
        .sheets = -1,
        .login = refusal->login,
        .title = refusal->title,
    };

    return jobs_audit(jobs, &entry);
}

/* So many are one transaction. */
#define REFUSALS_AT_ONCE PH_REFUSAL_PENDING

static int
write_some(struct ph_jobs *jobs, struct ph_refusal *list, size_t count)
{
    int err = ph_catalogue_begin(jobs->catalogue);

    for (size_t i = 0; i < count && err == PH_OK; i++)
        err = write_refusal(jobs, &list[i]);
    if (err == PH_OK)
        err = jobs_audit_commit(jobs);
    jobs_audit_rollback(jobs);
    for (size_t i = 0; i < count && err != PH_OK; i++)
        audit_refusals_put_back(&jobs->refusals, &list[i]);
    return err;
}

int
jobs_write_refusals(struct ph_jobs *jobs, bool at_end)
{
    struct ph_refusal list[REFUSALS_AT_ONCE];
    const int64_t now_ms = ph_clock_boot_ms();
    size_t count;
    int err = PH_OK;

    do {
        count = 0;
        while (
            count < REFUSALS_AT_ONCE &&
            audit_refusals_take(&jobs->refusals, now_ms, at_end, &list[count]))
            count++;
        if (count == 0)
            break;
        jobs_lock(jobs);
        err = write_some(jobs, list, count);
        (void)pthread_mutex_unlock(&jobs->lock);
    } while (err == PH_OK && count == REFUSALS_AT_ONCE);
    if (err != PH_OK)
        ph_log_warning("audit: refusals cannot be recorded now: %s, continuing",
                       ph_err_text(err));
    return err;
}

int
ph_jobs_write_refusals(struct ph_jobs *jobs)
{
    return jobs_write_refusals(jobs, false);
}

/* --- what people may see --- */

struct history {
    struct ph_jobs *jobs;
    ph_jobs_history_cb each;
    void *arg;
    int64_t after;
    size_t given;
    bool stopped;
};

static bool
on_record(const struct ph_audit_record *record, void *arg)
{
    struct history *history = arg;
    struct ph_audit_sealed sealed;

    /* Empty when it cannot be opened: verify says what is wrong with it. */
    (void)ph_audit_unseal(history->jobs->keys, record, &sealed);
    history->after = record->number;
    history->given++;
    history->stopped = !history->each(record, &sealed, history->arg);
    return !history->stopped;
}

int
ph_jobs_history(struct ph_jobs *jobs, const struct ph_asker *asker,
                int64_t *after, ph_jobs_history_cb each, void *arg,
                bool *out_end)
{
    const struct ph_audit_filter filter = {.after = *after,
                                           .by_uid = !asker->everyone,
                                           .uid = asker->owner_uid,
                                           .since_ms = INT64_MIN,
                                           .limit = HISTORY_PAGE};
    struct history history = {jobs, each, arg, *after, 0, false};
    int err;

    jobs_lock(jobs);
    err = ph_audit_each(jobs->catalogue, &filter, on_record, &history);
    (void)pthread_mutex_unlock(&jobs->lock);
    *after = history.after;
    *out_end = !history.stopped && history.given < HISTORY_PAGE;
    return err;
}
