/*
 * After a crash: make spool and catalogue agree, before anyone asks.
 *
 *   in incoming                 half a job; CUPS still has it: removed
 *   in held, no row             committed but not yet catalogued: adopted
 *   in held, row ended          the unlink was lost: removed
 *   row held or claimed, no file   failed, with the reason
 *
 * Only names are looked at for jobs that have a row; headers are read for
 * orphans alone, so a start with many jobs stays fast.
 */
#include "jobs_private.h"

#include <string.h>

#include "printhold/base/clock.h"
#include "printhold/base/err.h"
#include "printhold/base/io.h"
#include "printhold/base/log.h"
#include "printhold/base/parse.h"
#include "printhold/proto/ticket_json.h"

static const struct ph_asker everyone = {.everyone = true};

/* Read an orphan's header, document and ticket; verify everything. */
static int
read_orphan(struct ph_jobs *jobs, const struct ph_id *id,
            struct ph_sealed_reader **out_reader, struct ph_ticket *out_ticket)
{
    const uint8_t *metadata;
    uint32_t sequence;
    size_t len;
    int fd = -1, err = ph_spool_read(jobs->spool, id, &fd);

    if (err != PH_OK)
        return err;
    err = ph_sealed_reader_open(fd, jobs->keys, out_reader, NULL);
    if (err != PH_OK) {
        ph_io_close(&fd);
        return err;
    }
    err = ph_id_equal(ph_sealed_reader_job(*out_reader), id) ? PH_OK
                                                             : PH_ERR_CORRUPT;
    if (err == PH_OK)
        err = ph_sealed_reader_verify(*out_reader, NULL);
    metadata = ph_sealed_reader_metadata(*out_reader, &len, &sequence);
    if (err == PH_OK)
        err = ph_ticket_json_parse(metadata, len, out_ticket, NULL);
    if (err != PH_OK) {
        ph_sealed_reader_free(*out_reader);
        *out_reader = NULL;
    }
    return err;
}

static int
insert_orphan(struct ph_jobs *jobs, const struct ph_sealed_reader *reader,
              const struct ph_ticket *ticket,
              const uint8_t sha256[PH_SHA256_BYTES])
{
    const int64_t now_ms = ph_clock_wall_ms();
    struct ph_catalogue_job row = {
        .id = *ph_sealed_reader_job(reader),
        .epoch = *ph_sealed_reader_epoch(reader),
        .uid = ticket->owner_uid,
        .state = PH_JOB_HELD,
        .held_ms = now_ms,
        .changed_ms = now_ms,
        .expires_ms = now_ms + (int64_t)jobs->config.retention_s * 1000,
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
    err = ph_epoch_keys_owner(jobs->keys, ticket->owner_login, row.owner);
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
adopt(struct ph_jobs *jobs, const struct ph_id *id)
{
    struct ph_sealed_reader *reader = NULL;
    uint8_t sha256[PH_SHA256_BYTES] = {0}; /* long documents: made later */
    struct ph_ticket ticket;
    char text[PH_ID_TEXT];
    int err;

    ph_id_format(id, text);
    err = read_orphan(jobs, id, &reader, &ticket);
    if (err == PH_ERR_TRUNCATED || err == PH_ERR_CORRUPT) {
        repair(jobs, id);
        err = read_orphan(jobs, id, &reader, &ticket);
    }
    if (err == PH_OK && ticket.document_sha256[0] != '\0')
        err = ph_parse_hex(ticket.document_sha256, sha256, sizeof(sha256));
    if (err == PH_OK)
        err = insert_orphan(jobs, reader, &ticket, sha256);
    ph_sealed_reader_free(reader);
    if (err == PH_OK)
        ph_log_notice("job %s: found in the spool and taken into the catalogue",
                      text);
    else
        ph_log_warning("spool file %s cannot be read: %s, continuing", text,
                       ph_err_text(err));
    return err == PH_ERR_NOMEM || err == PH_ERR_NO_SPACE ? err : PH_OK;
}

struct scan {
    struct ph_jobs *jobs;
    int err;
};

static bool
check_state(const struct ph_catalogue_job *row, void *arg)
{
    *(enum ph_job_state *)arg = row->state;
    return false;
}

static bool
check_file(const struct ph_id *id, void *arg)
{
    struct scan *scan = arg;
    enum ph_job_state state;
    int err = ph_catalogue_get(scan->jobs->catalogue, id, check_state, &state);

    if (err == PH_ERR_NOT_FOUND)
        err = adopt(scan->jobs, id);
    else if (err == PH_OK && !ph_job_state_has_document(state))
        (void)jobs_remove_document(scan->jobs, id);
    scan->err = err;
    return err == PH_OK;
}

#define MISSING_BATCH 64

struct missing {
    struct ph_jobs *jobs;
    struct ph_id ids[MISSING_BATCH];
    size_t count;
};

static bool
check_row(const struct ph_catalogue_job *row, void *arg)
{
    struct missing *missing = arg;
    int fd = -1;

    if (ph_spool_read(missing->jobs->spool, &row->id, &fd) == PH_ERR_NOT_FOUND)
        missing->ids[missing->count++] = row->id;
    ph_io_close(&fd);
    return missing->count < MISSING_BATCH;
}

static int
fail_missing(struct ph_jobs *jobs)
{
    static const struct job_move move = {
        .to = PH_JOB_FAILED, .event = PH_JOB_FAILED, .reason = "file-missing"};
    const struct ph_catalogue_filter filter = {.limit = 0};
    struct missing missing = {.jobs = jobs};
    struct job_row row;
    char text[PH_ID_TEXT];
    int err;

    do {
        missing.count = 0;
        err = ph_catalogue_list(jobs->catalogue, &filter, check_row, &missing);
        for (size_t i = 0; i < missing.count && err == PH_OK; i++) {
            ph_id_format(&missing.ids[i], text);
            ph_log_error("job %s: its file is missing from the spool", text);
            err = jobs_row(jobs, &everyone, &missing.ids[i], &row);
            err = err == PH_OK
                      ? jobs_move(jobs, &row, &move)
                      : ph_catalogue_move(jobs->catalogue, &missing.ids[i],
                                          PH_JOB_FAILED, ph_clock_wall_ms(),
                                          NULL, 0);
        }
    } while (err == PH_OK && missing.count == MISSING_BATCH);
    return err;
}

int
ph_jobs_recover(struct ph_jobs *jobs, struct ph_why *why)
{
    struct scan scan = {jobs, PH_OK};
    uint64_t swept = 0;
    int err;

    (void)pthread_mutex_lock(&jobs->lock);
    err = ph_spool_sweep(jobs->spool, INT64_MIN, &swept);
    if (err == PH_OK)
        err = ph_spool_each(jobs->spool, check_file, &scan);
    if (err == PH_OK)
        err = scan.err;
    if (err == PH_OK)
        err = fail_missing(jobs);
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
