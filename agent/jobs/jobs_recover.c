/*
 * After a crash: make spool and catalogue agree, before anyone asks.
 *
 *   in incoming                 half a job; CUPS still has it: removed
 *   in held, no row             committed but not yet catalogued: adopted
 *   in held, row ended          the unlink was lost: removed
 *   row held or claimed, no file   failed, with the reason; the catalogue has
 *                                  lost its end, so grants from before it count
 *                                  as used
 *
 * A lost catalogue (jobs_rebuild.c) is the case in which nothing has a row.
 *
 * Names in the spool and states in the catalogue are all that is looked at of
 * jobs that have both; headers are read for orphans alone, so a start with many
 * jobs stays fast.
 */
#include "jobs_private.h"

#include <stdlib.h>
#include <string.h>

#include "printhold/base/clock.h"
#include "printhold/base/err.h"
#include "printhold/base/io.h"
#include "printhold/base/log.h"
#include "printhold/base/parse.h"
#include "printhold/proto/ticket_json.h"

static const struct ph_asker everyone = {.everyone = true};

/* An orphan's ticket, and what else its newest record says. */
struct orphan {
    struct ph_sealed_reader *reader;
    struct ph_ticket ticket;
    struct ph_ticket_held held;
};

/* Read an orphan's header and ticket, and verify its document. Not when there
 * are only orphans: that would be the whole spool, and each is verified before
 * it is released. */
static int
read_orphan(struct ph_jobs *jobs, const struct ph_id *id, bool verify,
            struct orphan *orphan)
{
    const uint8_t *metadata;
    uint32_t sequence;
    size_t len;
    int fd = -1, err = ph_spool_read(jobs->spool, id, &fd);

    if (err != PH_OK)
        return err;
    err = ph_sealed_reader_open(fd, jobs->keys, &orphan->reader, NULL);
    if (err != PH_OK) {
        ph_io_close(&fd);
        return err;
    }
    err = ph_id_equal(ph_sealed_reader_job(orphan->reader), id)
              ? PH_OK
              : PH_ERR_CORRUPT;
    if (err == PH_OK && verify)
        err = ph_sealed_reader_verify(orphan->reader, NULL);
    metadata = ph_sealed_reader_metadata(orphan->reader, &len, &sequence);
    if (err == PH_OK)
        err = ph_ticket_record_parse(metadata, len, &orphan->ticket,
                                     &orphan->held, NULL);
    if (err != PH_OK) {
        ph_sealed_reader_free(orphan->reader);
        orphan->reader = NULL;
    }
    return err;
}

/* Job time; an older file does not say. */
static int64_t
held_since(struct ph_jobs *jobs, const struct orphan *orphan, int64_t now_ms)
{
    const int64_t held_ms = jobs_time(jobs, orphan->held.held_ms);

    return orphan->held.held_ms > 0 && held_ms < now_ms ? held_ms : now_ms;
}

static int
insert_orphan(struct ph_jobs *jobs, const struct orphan *orphan,
              const uint8_t sha256[PH_SHA256_BYTES])
{
    const struct ph_sealed_reader *reader = orphan->reader;
    const struct ph_ticket *ticket = &orphan->ticket;
    const int64_t now_ms = jobs_now(jobs);
    const int64_t held_ms = held_since(jobs, orphan, now_ms);
    struct ph_catalogue_job row = {
        .id = *ph_sealed_reader_job(reader),
        .epoch = *ph_sealed_reader_epoch(reader),
        .uid = ticket->owner_uid,
        .state = PH_JOB_HELD,
        .held_ms = held_ms,
        .changed_ms = now_ms,
        .expires_ms = held_ms + jobs_rule_ms(jobs, PH_POLICY_RETENTION),
        .keep = orphan->held.keep,
        .size_bytes = ph_sealed_reader_size(reader),
        .attempt_s = ticket->attempt_s,
    };
    const uint8_t *metadata;
    struct ph_buf sealed;
    size_t len;
    int err;

    ph_buf_init(&sealed, PH_SEALED_METADATA_MAX + 256);
    memcpy(row.job_uuid, ticket->job_uuid, sizeof(row.job_uuid));
    memcpy(row.sha256, sha256, sizeof(row.sha256));
    metadata = ph_sealed_reader_metadata(reader, &len, &row.sequence);
    err = jobs_owner(jobs, ticket->owner_login, row.owner);
    if (err == PH_OK)
        err = ph_epoch_keys_seal(jobs->keys, &row.epoch, row.id.bytes,
                                 PH_ID_BYTES, metadata, len, &sealed);
    if (err == PH_OK) {
        row.sealed = sealed.data;
        row.sealed_len = sealed.len;
        err = jobs_insert(jobs, &row, ticket);
    }
    ph_buf_close(&sealed);
    return err;
}

/* A replaced ticket may have been torn by the crash; the one before it counts
 * then. */
static void
repair(struct ph_jobs *jobs, const struct ph_id *id)
{
    int fd = -1;

    if (ph_spool_append(jobs->spool, id, &fd) == PH_OK)
        (void)ph_sealed_repair_tail(fd, jobs->keys);
    ph_io_close(&fd);
}

/* An unreadable file stays where it is: it may be the only copy of something
 * that another key or a newer program can read. */
static int
adopt(struct ph_jobs *jobs, const struct ph_id *id, bool verify)
{
    uint8_t sha256[PH_SHA256_BYTES] = {0}; /* long documents: made later */
    struct orphan orphan = {.reader = NULL};
    char text[PH_ID_TEXT];
    int err;

    ph_id_format(id, text);
    err = read_orphan(jobs, id, verify, &orphan);
    if (err == PH_ERR_TRUNCATED || err == PH_ERR_CORRUPT) {
        repair(jobs, id);
        err = read_orphan(jobs, id, verify, &orphan);
    }
    if (err == PH_OK && orphan.ticket.document_sha256[0] != '\0')
        err =
            ph_parse_hex(orphan.ticket.document_sha256, sha256, sizeof(sha256));
    if (err != PH_OK) {
        ph_log_warning("spool file %s cannot be read: %s, continuing", text,
                       ph_err_text(err));
        ph_sealed_reader_free(orphan.reader);
        return err == PH_ERR_NOMEM ? err : PH_OK;
    }
    err = insert_orphan(jobs, &orphan, sha256);
    ph_sealed_reader_free(orphan.reader);
    if (err == PH_OK)
        ph_log_notice("job %s: found in the spool and taken into the catalogue",
                      text);
    return err;
}

/* So many adoptions are one transaction: each costs a sync. */
#define ADOPT_BATCH 64

struct batch {
    struct ph_jobs *jobs;
    bool is_lost;     /* the catalogue: everything is an orphan */
    unsigned adopted; /* in the open transaction; 0: none is open */
};

static int
end_batch(struct batch *batch)
{
    int err = PH_OK;

    if (batch->adopted > 0)
        err = ph_catalogue_commit(batch->jobs->catalogue);
    batch->adopted = 0;
    return err;
}

static int
adopt_next(struct batch *batch, const struct ph_id *id)
{
    int err = PH_OK;

    if (batch->adopted == 0)
        err = ph_catalogue_begin(batch->jobs->catalogue);
    if (err != PH_OK)
        return err;
    batch->adopted++;
    err = adopt(batch->jobs, id, !batch->is_lost);
    return err == PH_OK && batch->adopted == ADOPT_BATCH ? end_batch(batch)
                                                         : err;
}

/* --- names in the spool beside rows of the catalogue --- */

struct known {
    struct ph_id id;
    enum ph_job_state state;
};

struct names {
    struct ph_id *ids;
    size_t count, cap;
    int err;
};

struct rows {
    struct known *list;
    size_t count, cap;
    int err;
};

/* Room for one more; what is there stays on failure. */
static int
grow(void **list, size_t size, size_t count, size_t *cap)
{
    size_t more = *cap > 0 ? 2 * *cap : 256;
    void *larger;

    if (count < *cap)
        return PH_OK;
    larger = realloc(*list, more * size);
    if (larger == NULL)
        return PH_ERR_NOMEM;
    *list = larger;
    *cap = more;
    return PH_OK;
}

static bool
add_name(const struct ph_id *id, void *arg)
{
    struct names *names = arg;
    void *list = names->ids;

    names->err = grow(&list, sizeof(*names->ids), names->count, &names->cap);
    names->ids = list;
    if (names->err == PH_OK)
        names->ids[names->count++] = *id;
    return names->err == PH_OK;
}

static bool
add_row(const struct ph_id *id, enum ph_job_state state, void *arg)
{
    struct rows *rows = arg;
    void *list = rows->list;

    rows->err = grow(&list, sizeof(*rows->list), rows->count, &rows->cap);
    rows->list = list;
    if (rows->err == PH_OK)
        rows->list[rows->count++] = (struct known){*id, state};
    return rows->err == PH_OK;
}

static int
by_id(const void *a, const void *b)
{
    return memcmp(a, b, PH_ID_BYTES); /* the id is the first member */
}

static int
collect(struct ph_jobs *jobs, struct names *names, struct rows *rows)
{
    int err = ph_spool_each(jobs->spool, add_name, names);

    if (err == PH_OK)
        err = names->err;
    if (err == PH_OK)
        err = ph_catalogue_each_state(jobs->catalogue, add_row, rows);
    if (err == PH_OK)
        err = rows->err;
    if (err != PH_OK)
        return err;
    if (names->count > 0)
        qsort(names->ids, names->count, sizeof(*names->ids), by_id);
    if (rows->count > 0)
        qsort(rows->list, rows->count, sizeof(*rows->list), by_id);
    return PH_OK;
}

/* A held or claimed job without its file. */
static int
fail_missing(struct ph_jobs *jobs, const struct ph_id *id)
{
    static const struct job_move move = {.to = PH_JOB_FAILED,
                                         .event = PH_JOB_FAILED,
                                         .reason = "file-missing",
                                         .audit = PH_AUDIT_FAILED};
    const int64_t now_ms = ph_clock_wall_ms();
    struct job_row row;
    char text[PH_ID_TEXT];
    int err = ph_catalogue_begin_again(jobs->catalogue, now_ms, now_ms);

    if (err != PH_OK)
        return err;
    ph_id_format(id, text);
    ph_log_error("job %s: its file is missing from the spool", text);
    if (jobs_row(jobs, &everyone, id, &row) == PH_OK)
        return jobs_move(jobs, &row, &move);
    return jobs_move_unread(jobs, id, &move);
}

/* Walk both, sorted, side by side. */
static int
compare(struct batch *batch, const struct names *names, const struct rows *rows)
{
    struct ph_jobs *jobs = batch->jobs;
    size_t n = 0, r = 0;
    int err = PH_OK;

    while (err == PH_OK && (n < names->count || r < rows->count)) {
        int order;

        if (n == names->count)
            order = 1;
        else if (r == rows->count)
            order = -1;
        else
            order = by_id(&names->ids[n], &rows->list[r].id);
        if (order < 0) {
            err = adopt_next(batch, &names->ids[n++]);
        } else if (order > 0) {
            err = end_batch(batch); /* it brings its own transaction */
            if (err == PH_OK && ph_job_state_has_document(rows->list[r].state))
                err = fail_missing(jobs, &rows->list[r].id);
            r++;
        } else {
            if (!ph_job_state_has_document(rows->list[r].state))
                (void)jobs_remove_document(jobs, &names->ids[n]);
            n++;
            r++;
        }
    }
    return err;
}

int
jobs_recover(struct ph_jobs *jobs)
{
    struct batch batch = {.jobs = jobs};
    struct names names = {.err = PH_OK};
    struct rows rows = {.err = PH_OK};
    int err = jobs_note_loss(jobs, &batch.is_lost);

    if (err == PH_OK)
        err = jobs_audit_begin(jobs, batch.is_lost);
    if (err == PH_OK)
        err = collect(jobs, &names, &rows);
    if (err == PH_OK)
        err = compare(&batch, &names, &rows);
    if (err == PH_OK)
        err = end_batch(&batch);
    ph_catalogue_rollback(jobs->catalogue);
    free(names.ids);
    free(rows.list);
    return err;
}

int
ph_jobs_recover(struct ph_jobs *jobs, struct ph_why *why)
{
    uint64_t swept = 0;
    int err;

    jobs_lock(jobs);
    err = ph_spool_sweep(jobs->spool, INT64_MIN, &swept);
    if (err == PH_OK)
        err = jobs_recover(jobs);
    (void)pthread_mutex_unlock(&jobs->lock);
    if (err != PH_OK)
        return ph_why_fail(why, err,
                           "cannot bring spool and catalogue together: %s",
                           ph_err_text(err));
    if (swept > 0)
        ph_log_notice("spool: %llu unfinished captures removed",
                      (unsigned long long)swept);
    return PH_OK;
}
