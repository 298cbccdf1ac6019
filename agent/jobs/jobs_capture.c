/*
 * Receiving a job. The order is the promise (never lost, never twice):
 *
 *   1 spool file in incoming, header written         nothing to lose yet
 *   2 backend writes and syncs the body, we verify it
 *   3 metadata record appended, file synced
 *   4 renamed to held, the directory synced          the job exists
 *   5 catalogue row and outbox rows, one transaction the job is visible
 *   6 the backend hears DONE, says ACK, exits 0      CUPS forgets it
 *
 * The spool is what must not be lost; the row of 5 is synced by the first
 * commit that follows, at ACK as a rule, and made again from the file if the
 * power is cut before that.
 *
 * Power lost before 4: the file in incoming is swept, CUPS still has the job
 * and sends it again. Between 4 and 6: the file is adopted at the next start
 * (jobs_recover.c); when CUPS sends the job again, its content and job-uuid
 * show that it is the same document, and the repeat is dropped.
 */
#include "jobs_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "printhold/base/clock.h"
#include "printhold/base/err.h"
#include "printhold/base/io.h"
#include "printhold/base/log.h"
#include "printhold/base/parse.h"
#include "printhold/base/wipe.h"
#include "printhold/crypto/aead.h"
#include "printhold/proto/ticket_json.h"

struct ph_capture {
    struct jobs_underway underway;
    struct ph_jobs *jobs;
    struct ph_capture_begin begin;
    struct ph_sealed_secret secret;
    struct ph_id epoch;
    struct ph_sealed_verifier *verifier;
    int fd;
};

static int
refuse(struct ph_capture_refuse *refuse, enum ph_capture_action action, int err,
       const char *text)
{
    refuse->action = action;
    refuse->err = err;
    ph_why_set(&refuse->text, "%s", text);
    return err;
}

static void
note_storage(struct ph_jobs *jobs, const char *text)
{
    jobs_lock(jobs);
    jobs_set_health(jobs, text);
    (void)pthread_mutex_unlock(&jobs->lock);
}

/* Whatever time or a person can heal: the job waits in the CUPS queue. A
 * damaged catalogue is made again before the next try, and memory comes back. */
static int
refuse_storage(struct ph_jobs *jobs, struct ph_capture_refuse *out_refuse,
               int err)
{
    const char *text = err == PH_ERR_NO_SPACE
                           ? "No space is left for held jobs on this computer; "
                             "when some is free again, the job goes on"
                           : "The store for held jobs on this computer cannot "
                             "be written; an administrator must look at it";

    if (err == PH_ERR_CORRUPT || err == PH_ERR_NOMEM)
        return refuse(out_refuse, PH_CAPTURE_RETRY, err,
                      "The hold service could not store the job just now; it "
                      "is tried again");
    note_storage(jobs, text);
    ph_log_error("capture refused: %s (%s)", text, ph_err_text(err));
    return refuse(out_refuse, PH_CAPTURE_HOLD, err, text);
}

/* A limit, or that the store does not say how full it is. */
static int
refuse_quota(struct ph_jobs *jobs, struct ph_capture_refuse *out_refuse,
             int err, const struct ph_why *why)
{
    if (err != PH_ERR_LIMIT)
        return refuse_storage(jobs, out_refuse, err);
    return refuse(out_refuse, PH_CAPTURE_HOLD, err, why->text);
}

/* What the file system has left beyond the reserve. */
static int
check_space(struct ph_jobs *jobs, struct ph_capture_refuse *out_refuse)
{
    uint64_t free_bytes = 0;
    int err = ph_spool_free_bytes(jobs->spool, &free_bytes);

    if (err == PH_OK && free_bytes < jobs->config.free_reserve)
        err = PH_ERR_NO_SPACE;
    return err == PH_OK ? PH_OK : refuse_storage(jobs, out_refuse, err);
}

/* From here on the capture counts. */
static int
enter(struct ph_capture *capture, struct ph_capture_refuse *out_refuse)
{
    struct ph_jobs *jobs = capture->jobs;
    struct ph_why why;
    int err = check_space(jobs, out_refuse);

    if (err != PH_OK)
        return err;
    jobs_lock(jobs);
    err = jobs_quota_begin(jobs, capture->underway.uid, &why);
    if (err == PH_OK)
        jobs_underway_add(jobs, &capture->underway);
    (void)pthread_mutex_unlock(&jobs->lock);
    return err == PH_OK ? PH_OK : refuse_quota(jobs, out_refuse, err, &why);
}

/* The document is so long now. */
static int
grow(struct ph_capture *capture, uint64_t bytes,
     struct ph_capture_refuse *out_refuse)
{
    struct ph_jobs *jobs = capture->jobs;
    struct ph_why why;
    int err;

    if (bytes > jobs_rule(jobs, PH_POLICY_JOB_SIZE))
        return refuse(out_refuse, PH_CAPTURE_CANCEL, PH_ERR_TOO_BIG,
                      "The job is larger than this computer may hold");
    jobs_lock(jobs);
    err = jobs_quota_grow(jobs, &capture->underway, bytes, &why);
    (void)pthread_mutex_unlock(&jobs->lock);
    return err == PH_OK ? PH_OK : refuse_quota(jobs, out_refuse, err, &why);
}

static void
capture_free(struct ph_capture *capture)
{
    struct ph_jobs *jobs = capture->jobs;

    jobs_lock(jobs);
    jobs_underway_remove(jobs, &capture->underway);
    (void)pthread_mutex_unlock(&jobs->lock);
    ph_sealed_verifier_free(capture->verifier);
    ph_io_close(&capture->fd);
    ph_wipe(capture, sizeof(*capture));
    free(capture);
}

/* Steps 1: the file, its header, and the verifier that follows it. */
static int
create_file(struct ph_capture *capture, int *out_write_fd)
{
    struct ph_jobs *jobs = capture->jobs;
    struct ph_id id;
    int err;

    err =
        ph_epoch_keys_current(jobs->keys, ph_clock_wall_ms(), &capture->epoch);
    if (err == PH_OK)
        err = ph_id_make(&id);
    if (err == PH_OK)
        err = ph_spool_create(jobs->spool, &id, &capture->fd, out_write_fd);
    if (err != PH_OK)
        return err;
    err = ph_sealed_create(capture->fd, jobs->keys, &capture->epoch, &id,
                           &capture->secret);
    if (err == PH_OK)
        err = ph_sealed_verifier_new(capture->fd, &capture->secret,
                                     &capture->verifier);
    if (err != PH_OK) {
        ph_io_close(out_write_fd);
        ph_spool_discard(jobs->spool, &id);
    }
    return err;
}

int
ph_jobs_begin(struct ph_jobs *jobs, const struct ph_capture_begin *begin,
              struct ph_capture **out_capture,
              struct ph_sealed_secret *out_secret, int *out_fd,
              struct ph_capture_refuse *out_refuse)
{
    struct ph_capture *capture;
    int write_fd = -1, err;

    if (begin->owner_name[0] == '\0')
        return refuse(out_refuse, PH_CAPTURE_CANCEL, PH_ERR_INVALID,
                      "The owner of this job has no usable account name");
    capture = calloc(1, sizeof(*capture));
    if (capture == NULL)
        return refuse(out_refuse, PH_CAPTURE_RETRY, PH_ERR_NOMEM,
                      "The hold service is out of memory");
    capture->jobs = jobs;
    capture->begin = *begin;
    capture->underway.uid = begin->owner_uid;
    capture->fd = -1;
    err = enter(capture, out_refuse);
    if (err != PH_OK) {
        free(capture);
        return err;
    }
    err = create_file(capture, &write_fd);
    if (err != PH_OK) {
        capture_free(capture);
        return refuse_storage(jobs, out_refuse, err);
    }
    *out_secret = capture->secret;
    *out_fd = write_fd;
    *out_capture = capture;
    return PH_OK;
}

/* The body is a little longer than the document: its size is checked at the
 * end, exactly. */
int
ph_jobs_progress(struct ph_capture *capture, uint64_t offset,
                 struct ph_capture_refuse *out_refuse)
{
    const uint64_t start = PH_SEALED_HEADER_BYTES;
    uint64_t bytes = offset > start ? offset - start : 0;
    int err;

    bytes -= bytes / PH_SEALED_SEGMENT_BYTES * PH_AEAD_TAG_BYTES;
    err = grow(capture, bytes, out_refuse);
    if (err == PH_OK)
        err = check_space(capture->jobs, out_refuse);
    if (err != PH_OK)
        return err;
    err = ph_sealed_verifier_advance(capture->verifier, offset);
    if (err != PH_OK)
        return refuse(out_refuse, PH_CAPTURE_RETRY, err,
                      "The job was damaged on its way into the store");
    return PH_OK;
}

/* When the backend's writes failed it told CUPS and went away; the kernel tells
 * us once, too, because our descriptor is older than the failure. */
static void
check_storage(struct ph_capture *capture)
{
    const int err = ph_io_sync_data(capture->fd);

    if (err == PH_OK)
        return;
    note_storage(capture->jobs,
                 "The store for held jobs on this computer failed to write; an "
                 "administrator must look at it");
    ph_log_error("capture given up: the spool failed to write (%s)",
                 ph_err_text(err));
}

void
ph_jobs_abort(struct ph_capture *capture)
{
    if (capture == NULL)
        return;
    check_storage(capture);
    ph_spool_discard(capture->jobs->spool, &capture->secret.job);
    capture_free(capture);
}

/* The local address that stands for "localhost". */
static void
fill_submission_ip(struct ph_jobs *jobs, struct ph_ticket *ticket)
{
    const char *first;
    size_t len;

    if (ticket->submission_ip[0] != '\0' ||
        (ticket->submission_host[0] != '\0' &&
         strcmp(ticket->submission_host, "localhost") != 0))
        return;
    jobs_lock(jobs);
    if (jobs->workstation.address_count > 0) {
        first = jobs->workstation.address[0];
        len = (size_t)(strrchr(first, ':') - first);
        if (first[0] == '[') {
            first++;
            len -= 2;
        }
        (void)snprintf(ticket->submission_ip, sizeof(ticket->submission_ip),
                       "%.*s", (int)len, first);
    }
    (void)pthread_mutex_unlock(&jobs->lock);
}

/* What BEGIN said about the owner counts, whatever the ticket says. */
static int
finish_ticket(struct ph_capture *capture, struct ph_ticket *ticket,
              uint64_t size, struct ph_capture_refuse *out_refuse)
{
    const struct ph_capture_begin *begin = &capture->begin;

    if (size == 0)
        return refuse(out_refuse, PH_CAPTURE_CANCEL, PH_ERR_TRUNCATED,
                      "The job is empty");
    if (ticket->size_bytes != (int64_t)size)
        return refuse(out_refuse, PH_CAPTURE_RETRY, PH_ERR_TRUNCATED,
                      "The job arrived with another length than was sent");
    ticket->owner_uid = begin->owner_uid;
    ticket->cups_job_id = begin->cups_job_id;
    ticket->attempt_s = begin->attempt_s;
    memcpy(ticket->owner_name, begin->owner_name, sizeof(ticket->owner_name));
    memcpy(ticket->owner_auth, begin->owner_auth, sizeof(ticket->owner_auth));
    memcpy(ticket->job_uuid, begin->job_uuid, sizeof(ticket->job_uuid));
    memcpy(ticket->queue, begin->queue, sizeof(ticket->queue));
    jobs_lock(capture->jobs);
    (void)jobs_login(capture->jobs, begin->owner_name, ticket->owner_login,
                     sizeof(ticket->owner_login));
    (void)pthread_mutex_unlock(&capture->jobs->lock);
    if (ticket->submitted_ms <= 0)
        ticket->submitted_ms = ph_clock_wall_ms();
    fill_submission_ip(capture->jobs, ticket);
    if (ph_ticket_check(ticket, &out_refuse->text) != PH_OK) {
        out_refuse->action = PH_CAPTURE_CANCEL;
        out_refuse->err = PH_ERR_INVALID;
        return PH_ERR_INVALID;
    }
    return PH_OK;
}

int
jobs_insert(struct ph_jobs *jobs, const struct ph_catalogue_job *row,
            const struct ph_ticket *ticket)
{
    int err = ph_catalogue_insert(jobs->catalogue, row);

    if (err == PH_OK)
        err = jobs_touch(jobs, ticket->owner_login, row->owner);
    if (err == PH_OK)
        err = jobs_add_event(jobs, &row->id, ticket, PH_JOB_HELD, NULL, NULL);
    return err;
}

static bool
found(const struct ph_catalogue_job *row, void *arg)
{
    (void)row;
    *(bool *)arg = true;
    return false;
}

/* While the file stood in held without a row, the catalogue may have been made
 * anew and have taken it in. */
static int
insert_once(struct ph_jobs *jobs, const struct ph_catalogue_job *row,
            const struct ph_ticket *ticket)
{
    bool is_there = false;
    int err = ph_catalogue_get(jobs->catalogue, &row->id, found, &is_there);

    if (err != PH_ERR_NOT_FOUND)
        return err;
    err = ph_catalogue_begin_unsynced(jobs->catalogue);
    if (err != PH_OK)
        return err;
    err = jobs_insert(jobs, row, ticket);
    if (err == PH_OK)
        err = ph_catalogue_commit(jobs->catalogue);
    ph_catalogue_rollback(jobs->catalogue);
    return err;
}

/* Was this very document committed before without CUPS hearing of it? Then
 * *out_id is its job, PH_ERR_NOT_FOUND if not. The lock is held. */
static int
find_repeat(struct ph_capture *capture, const uint8_t sha256[PH_SHA256_BYTES],
            struct ph_id *out_id)
{
    struct ph_catalogue *catalogue = capture->jobs->catalogue;
    const struct ph_capture_begin *begin = &capture->begin;
    int err;

    if (begin->job_uuid[0] == '\0' ||
        (begin->attempt_s < 0 && jobs_lacks_digest(sha256)))
        return PH_ERR_NOT_FOUND;
    err = ph_catalogue_find_repeat(catalogue, begin->job_uuid, begin->attempt_s,
                                   sha256, out_id);
    if (err == PH_OK)
        err = ph_catalogue_set_attempt(catalogue, out_id, begin->attempt_s);
    return err;
}

/* Step 3 and 4. text is the ticket as JSON. */
static int
make_durable(struct ph_capture *capture, uint64_t size,
             const struct ph_buf *text)
{
    int err = ph_sealed_append_metadata(capture->fd, &capture->secret, 1, size,
                                        text->data, text->len);

    if (err == PH_OK)
        err = ph_spool_commit(capture->jobs->spool, &capture->secret.job);
    return err;
}

/* The owner had no login when the ticket was finished; the rules may have
 * changed since, and nobody would look at this job again. */
static void
note_late_login(struct ph_jobs *jobs, const struct ph_ticket *ticket)
{
    char login[PH_TICKET_TEXT_MAX];

    if (jobs_login(jobs, ticket->owner_name, login, sizeof(login)))
        jobs->owners.adopt = true;
}

/* Step 5. An earlier attempt's commit, whose backend died, may still have been
 * on its way when we looked for repeats: *out_job is its job then, and our own
 * file is not needed. */
static int
make_visible(struct ph_capture *capture, const struct ph_ticket *ticket,
             uint64_t size, const uint8_t sha256[PH_SHA256_BYTES],
             const struct ph_buf *text, struct ph_id *out_job)
{
    struct ph_jobs *jobs = capture->jobs;
    struct ph_catalogue_job row = {
        .id = capture->secret.job,
        .epoch = capture->epoch,
        .uid = ticket->owner_uid,
        .state = PH_JOB_HELD,
        .size_bytes = size,
        .sequence = 1,
        .attempt_s = ticket->attempt_s,
    };
    struct ph_buf sealed;
    int err;

    ph_buf_init(&sealed, PH_SEALED_METADATA_MAX + 256);
    memcpy(row.job_uuid, ticket->job_uuid, sizeof(row.job_uuid));
    memcpy(row.sha256, sha256, sizeof(row.sha256));
    err = jobs_owner(jobs, ticket->owner_login, row.owner);
    if (err == PH_OK)
        err = ph_epoch_keys_seal(jobs->keys, &capture->epoch, row.id.bytes,
                                 PH_ID_BYTES, text->data, text->len, &sealed);
    if (err == PH_OK) {
        row.sealed = sealed.data;
        row.sealed_len = sealed.len;
        jobs_lock(jobs);
        row.held_ms = row.changed_ms = jobs_held_now(jobs);
        row.expires_ms = row.held_ms + jobs_rule_ms(jobs, PH_POLICY_RETENTION);
        err = find_repeat(capture, sha256, out_job);
        if (err == PH_ERR_NOT_FOUND) {
            err = insert_once(jobs, &row, ticket);
            capture->underway.stored = err == PH_OK;
            if (ticket->owner_login[0] == '\0')
                note_late_login(jobs, ticket);
            if (err == PH_OK)
                *out_job = row.id;
        }
        if (err == PH_OK)
            jobs_set_health(jobs, NULL);
        (void)pthread_mutex_unlock(&jobs->lock);
    }
    ph_buf_close(&sealed);
    return err;
}

/* Steps 3 to 5. A file that is in held but no job must not stay there: CUPS
 * keeps the job, and the next start would hold it a second time. */
static int
store(struct ph_capture *capture, const struct ph_ticket *ticket, uint64_t size,
      const uint8_t sha256[PH_SHA256_BYTES], struct ph_id *out_job)
{
    const struct ph_ticket_held held = {.held_ms = ph_clock_wall_ms()};
    const struct ph_id *id = &capture->secret.job;
    struct ph_id job;
    struct ph_buf text;
    int err;

    ph_buf_init(&text, PH_SEALED_METADATA_MAX);
    err = ph_ticket_record_put(ticket, &held, &text);
    if (err == PH_OK)
        err = make_durable(capture, size, &text);
    if (err == PH_OK)
        err = make_visible(capture, ticket, size, sha256, &text, &job);
    ph_buf_close(&text);
    if (err != PH_OK || !ph_id_equal(&job, id))
        (void)jobs_remove_document(capture->jobs, id);
    else
        jobs_note_verified(capture->jobs, capture->fd);
    if (err == PH_OK)
        *out_job = job;
    return err;
}

static int
commit(struct ph_capture *capture, struct ph_ticket *ticket,
       struct ph_id *out_job, struct ph_capture_refuse *out_refuse)
{
    struct ph_jobs *jobs = capture->jobs;
    uint8_t sha256[PH_SHA256_BYTES];
    uint64_t size;
    int err = ph_sealed_verifier_finish(capture->verifier, &size, sha256);

    if (err == PH_ERR_CORRUPT || err == PH_ERR_TRUNCATED)
        return refuse(out_refuse, PH_CAPTURE_RETRY, err,
                      "The job was damaged on its way into the store");
    if (err != PH_OK)
        return refuse_storage(jobs, out_refuse, err);
    err = grow(capture, size, out_refuse);
    if (err != PH_OK)
        return err;
    err = finish_ticket(capture, ticket, size, out_refuse);
    if (err != PH_OK)
        return err;
    jobs_lock(jobs);
    err = find_repeat(capture, sha256, out_job);
    (void)pthread_mutex_unlock(&jobs->lock);
    if (err == PH_OK) {
        ph_spool_discard(jobs->spool, &capture->secret.job);
        return PH_OK;
    }
    if (err == PH_ERR_NOT_FOUND) {
        if (!jobs_lacks_digest(sha256))
            ph_format_hex(sha256, sizeof(sha256), ticket->document_sha256);
        err = store(capture, ticket, size, sha256, out_job);
    }
    return err == PH_OK ? PH_OK : refuse_storage(jobs, out_refuse, err);
}

int
ph_jobs_commit(struct ph_capture *capture, struct ph_ticket *ticket,
               struct ph_id *out_job, struct ph_capture_refuse *out_refuse)
{
    struct ph_jobs *jobs = capture->jobs;
    const struct ph_capture_begin begin = capture->begin;
    char id[PH_ID_TEXT];
    int err = commit(capture, ticket, out_job, out_refuse);

    if (err != PH_OK) {
        ph_jobs_abort(capture);
        return err;
    }
    capture_free(capture);
    ph_id_format(out_job, id);
    ph_log_info("job %s: held, %lld bytes", id, (long long)ticket->size_bytes);
    if (ticket->owner_login[0] == '\0')
        ph_log_warning("job %s: its owner, uid %u, has no login, so that no "
                       "printer can get it; set owner.domain or name the "
                       "account in owner.map_file, continuing",
                       id, (unsigned)ticket->owner_uid);
    jobs_tell_captured(jobs, &begin);
    jobs_notify(jobs);
    return PH_OK;
}

int
ph_jobs_acknowledged(struct ph_jobs *jobs, const struct ph_id *job)
{
    int err;

    jobs_lock(jobs);
    err = ph_catalogue_set_acknowledged(jobs->catalogue, job);
    (void)pthread_mutex_unlock(&jobs->lock);
    /* Nobody waits now; a failure leaves it to the release. */
    if (err == PH_OK)
        (void)jobs_make_digest(jobs, job, NULL);
    return err;
}
