/* Opening, asking and moving jobs. See jobs.h for the rules. */
#include "jobs_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <fcntl.h>

#include "printhold/base/clock.h"
#include "printhold/base/err.h"
#include "printhold/base/io.h"
#include "printhold/base/log.h"
#include "printhold/proto/ticket_json.h"

#define DIRECTORY_KEY_MIN 16
#define DIRECTORY_KEY_MAX 1024
#define AUDIT_LINES_MAX   16384 /* of one transaction */

static int
load_directory_key(struct ph_jobs *jobs, struct ph_why *why)
{
    const char *path = jobs->config.directory_key_file;
    int err;

    ph_buf_init(&jobs->directory_key, DIRECTORY_KEY_MAX);
    jobs->reports = jobs->config.cloud_url[0] != '\0';
    if (!jobs->reports)
        return PH_OK;
    if (path[0] == '\0')
        return ph_why_fail(why, PH_ERR_CONFIG,
                           "cloud.url is set but cloud.directory_key_file is "
                           "not; name the file with the directory key");
    err = ph_io_read_file(AT_FDCWD, path, DIRECTORY_KEY_MAX,
                          &jobs->directory_key);
    if (err != PH_OK)
        return ph_why_fail(why, PH_ERR_CONFIG,
                           "cannot read cloud.directory_key_file %s: %s", path,
                           ph_err_text(err));
    if (jobs->directory_key.len < DIRECTORY_KEY_MIN)
        return ph_why_fail(why, PH_ERR_CONFIG,
                           "cloud.directory_key_file %s is shorter than %d "
                           "bytes",
                           path, DIRECTORY_KEY_MIN);
    return PH_OK;
}

static int
open_stores(struct ph_jobs *jobs, struct ph_why *why)
{
    int err = ph_spool_open(jobs->config.spool_dir, &jobs->spool, why);

    return err == PH_OK ? jobs_open_catalogue(jobs, why) : err;
}

int
ph_jobs_open(const struct ph_config *config, struct ph_epoch_keys *keys,
             struct ph_jobs **out_jobs, struct ph_why *why)
{
    struct ph_jobs *jobs = calloc(1, sizeof(*jobs));
    int err;

    if (jobs == NULL)
        return ph_why_fail(why, PH_ERR_NOMEM, "out of memory");
    jobs->config = *config;
    jobs->keys = keys;
    (void)pthread_mutex_init(&jobs->lock, NULL);
    (void)pthread_mutex_init(&jobs->rules_lock, NULL);
    ph_policy_apply(config, NULL, &jobs->rules);
    audit_refusals_init(&jobs->refusals, ph_clock_boot_ms());
    ph_buf_init(&jobs->audit_lines, AUDIT_LINES_MAX);
    err = load_directory_key(jobs, why);
    if (err == PH_OK)
        err = jobs_owners_open(jobs, why);
    if (err == PH_OK)
        err = open_stores(jobs, why);
    if (err == PH_OK) {
        err = jobs_clock_start(jobs);
        if (err != PH_OK)
            (void)ph_why_fail(why, err, "cannot write the catalogue: %s",
                              ph_err_text(err));
    }
    if (err != PH_OK) {
        ph_jobs_close(jobs);
        return err;
    }
    *out_jobs = jobs;
    return PH_OK;
}

void
ph_jobs_close(struct ph_jobs *jobs)
{
    if (jobs == NULL)
        return;
    if (jobs->catalogue != NULL) {
        (void)jobs_write_refusals(jobs, true);
        (void)jobs_clock_keep(jobs);
    }
    ph_catalogue_close(jobs->catalogue);
    ph_spool_close(jobs->spool);
    ph_buf_close(&jobs->directory_key);
    ph_owner_map_free(jobs->owners.map);
    ph_buf_close(&jobs->audit_lines);
    audit_refusals_close(&jobs->refusals);
    (void)pthread_mutex_destroy(&jobs->rules_lock);
    (void)pthread_mutex_destroy(&jobs->lock);
    free(jobs);
}

void
ph_jobs_on_change(struct ph_jobs *jobs, ph_jobs_changed_cb changed, void *arg)
{
    jobs_lock(jobs);
    jobs->changed = changed;
    jobs->changed_arg = arg;
    (void)pthread_mutex_unlock(&jobs->lock);
}

void
jobs_notify(struct ph_jobs *jobs)
{
    ph_jobs_changed_cb changed;
    void *arg;

    jobs_lock(jobs);
    changed = jobs->changed;
    arg = jobs->changed_arg;
    (void)pthread_mutex_unlock(&jobs->lock);
    if (changed != NULL)
        changed(arg);
}

void
jobs_set_health(struct ph_jobs *jobs, const char *text)
{
    (void)snprintf(jobs->health, sizeof(jobs->health), "%s",
                   text != NULL ? text : "");
}

/* --- questions --- */

int
jobs_owner(struct ph_jobs *jobs, const char *login,
           uint8_t out_owner[PH_OWNER_KEY_BYTES])
{
    if (login[0] != '\0')
        return ph_epoch_keys_owner(jobs->keys, login, out_owner);
    memset(out_owner, 0, PH_OWNER_KEY_BYTES);
    return PH_OK;
}

/* What the rows of this asker have as their owner; all zeros for whom no row
 * has it: the unmapped are nobody's. */
static int
asker_owner(struct ph_jobs *jobs, const struct ph_asker *asker,
            uint8_t out_owner[PH_OWNER_KEY_BYTES])
{
    const bool by_login = !asker->everyone && !asker->by_uid;

    memset(out_owner, 0, PH_OWNER_KEY_BYTES);
    if (!by_login || asker->login == NULL)
        return PH_OK;
    return jobs_owner(jobs, asker->login, out_owner);
}

static bool
is_askers(const struct ph_asker *asker, const uint8_t owner[PH_OWNER_KEY_BYTES],
          const struct ph_catalogue_job *row)
{
    if (asker->everyone)
        return true;
    if (asker->by_uid)
        return row->uid == asker->owner_uid;
    return asker->login != NULL && asker->login[0] != '\0' &&
           memcmp(owner, row->owner, PH_OWNER_KEY_BYTES) == 0;
}

bool
jobs_may_see(struct ph_jobs *jobs, const struct ph_asker *asker,
             const struct ph_catalogue_job *row)
{
    uint8_t owner[PH_OWNER_KEY_BYTES];

    return asker_owner(jobs, asker, owner) == PH_OK &&
           is_askers(asker, owner, row);
}

int
jobs_view(struct ph_jobs *jobs, const struct ph_catalogue_job *row,
          struct ph_job_view *out_view)
{
    struct ph_buf plain;
    int err;

    ph_buf_init(&plain, PH_SEALED_METADATA_MAX);
    *out_view = (struct ph_job_view){
        .id = row->id,
        .state = row->state,
        .held_ms = jobs_wall(jobs, row->held_ms),
        .expires_ms = jobs_wall(jobs, row->expires_ms),
        .changed_ms = jobs_wall(jobs, row->changed_ms),
        .keep = row->keep,
        .size_bytes = row->size_bytes,
        .lease_until_ms =
            row->lease_until_ms == 0 ? 0 : jobs_wall(jobs, row->lease_until_ms),
    };
    memcpy(out_view->holder, row->holder, sizeof(out_view->holder));
    memcpy(out_view->sha256, row->sha256, sizeof(out_view->sha256));
    ph_ticket_init(&out_view->ticket);
    err =
        ph_epoch_keys_unseal(jobs->keys, &row->epoch, row->id.bytes,
                             PH_ID_BYTES, row->sealed, row->sealed_len, &plain);
    if (err == PH_ERR_CORRUPT)
        jobs->is_unsound = true; /* what else is wrong in it? */
    if (err == PH_OK)
        err = ph_ticket_json_parse(plain.data, plain.len, &out_view->ticket,
                                   NULL);
    ph_buf_close(&plain);
    return err;
}

struct row_copy {
    struct ph_jobs *jobs;
    const struct ph_asker *asker;
    uint8_t owner[PH_OWNER_KEY_BYTES];
    struct job_row *out;
    int err;
};

static bool
copy_row(const struct ph_catalogue_job *row, void *arg)
{
    struct row_copy *copy = arg;

    if (!is_askers(copy->asker, copy->owner, row)) {
        copy->err = PH_ERR_NOT_FOUND;
        return false;
    }
    copy->out->row = *row;
    copy->out->row.sealed = NULL;
    copy->err = jobs_view(copy->jobs, row, &copy->out->view);
    return false;
}

/* The login is hashed before the row is looked for, so that a job of someone
 * else takes no longer than one that does not exist. */
int
jobs_row(struct ph_jobs *jobs, const struct ph_asker *asker,
         const struct ph_id *id, struct job_row *out_row)
{
    struct row_copy copy = {.jobs = jobs, .asker = asker, .out = out_row};
    int err = asker_owner(jobs, asker, copy.owner);

    if (err == PH_OK)
        err = ph_catalogue_get(jobs->catalogue, id, copy_row, &copy);
    return err != PH_OK ? err : copy.err;
}

int
ph_jobs_get(struct ph_jobs *jobs, const struct ph_asker *asker,
            const struct ph_id *id, struct ph_job_view *out_view)
{
    struct job_row row;
    int err;

    jobs_lock(jobs);
    err = jobs_row(jobs, asker, id, &row);
    (void)pthread_mutex_unlock(&jobs->lock);
    if (err == PH_OK)
        *out_view = row.view;
    return err;
}

/* --- moves --- */

int
jobs_move_within(struct ph_jobs *jobs, const struct job_row *row,
                 const struct job_move *move)
{
    const struct ph_ticket *ticket = &row->view.ticket;
    const struct ph_release_report *report = move->report;
    uint8_t key[PH_CATALOGUE_KEY_BYTES];
    int err;

    err = ph_catalogue_move(jobs->catalogue, &row->row.id, move->to,
                            jobs_now(jobs), move->holder, move->lease_until_ms);
    if (err == PH_OK && report != NULL && move->event == PH_JOB_RELEASED)
        err = ph_catalogue_set_released_by(jobs->catalogue, &row->row.id,
                                           report->printer);
    if (err == PH_OK && report != NULL && report->key[0] != '\0') {
        jobs_report_key(report, key);
        err = ph_catalogue_completed_add(jobs->catalogue, &row->row.id, key,
                                         report->result);
    }
    if (err == PH_OK)
        err = jobs_touch(jobs, ticket->owner_login, row->row.owner);
    if (err == PH_OK && move->event != 0)
        err = jobs_add_event(jobs, &row->row.id, ticket, move->event, report,
                             move->reason);
    if (err == PH_OK)
        err = jobs_audit_move(jobs, row, move);
    return err;
}

int
jobs_move(struct ph_jobs *jobs, const struct job_row *row,
          const struct job_move *move)
{
    int err = ph_catalogue_begin(jobs->catalogue);

    if (err == PH_OK)
        err = jobs_move_within(jobs, row, move);
    if (err == PH_OK)
        err = jobs_audit_commit(jobs);
    jobs_audit_rollback(jobs);
    return err;
}

int
jobs_move_unread(struct ph_jobs *jobs, const struct ph_id *id,
                 const struct job_move *move)
{
    const struct ph_audit_entry entry = {.event = move->audit,
                                         .job = id,
                                         .uid = -1,
                                         .reason = move->reason,
                                         .count = 1,
                                         .impressions = -1,
                                         .sheets = -1};
    int err = ph_catalogue_begin(jobs->catalogue);

    if (err == PH_OK)
        err = ph_catalogue_move(jobs->catalogue, id, move->to, jobs_now(jobs),
                                NULL, 0);
    if (err == PH_OK)
        err = jobs_audit(jobs, &entry);
    if (err == PH_OK)
        err = jobs_audit_commit(jobs);
    jobs_audit_rollback(jobs);
    return err;
}

/* After the catalogue says that the job ended: its document goes. A failure
 * is no loss: the next start tries again, and so does housekeeping before it
 * forgets the job. */
bool
jobs_remove_document(struct ph_jobs *jobs, const struct ph_id *id)
{
    char text[PH_ID_TEXT];
    int err = ph_spool_remove(jobs->spool, id);

    if (err == PH_OK || err == PH_ERR_NOT_FOUND)
        return true;
    ph_id_format(id, text);
    ph_log_warning("job %s: cannot remove its document: %s, continuing", text,
                   ph_err_text(err));
    return false;
}

int
ph_jobs_delete(struct ph_jobs *jobs, const struct ph_asker *asker,
               const struct ph_id *id, struct ph_why *why)
{
    const struct job_move move = {
        .to = PH_JOB_DELETED,
        .event = PH_JOB_DELETED,
        .reason = "by-user",
        .audit = PH_AUDIT_DELETED,
        .by = asker,
        .recorded = asker->everyone ? "by-administrator" : NULL};
    struct job_row row;
    int err;

    jobs_lock(jobs);
    err = jobs_row(jobs, asker, id, &row);
    if (err == PH_OK && row.row.state == PH_JOB_CLAIMED)
        err = ph_why_fail(why, PH_ERR_BUSY,
                          "printer %s is taking this job just now; try again "
                          "when it is done",
                          row.row.holder);
    else if (err == PH_OK && row.row.state != PH_JOB_HELD)
        err = ph_why_fail(why, PH_ERR_STATE, "this job has ended already (%s)",
                          ph_job_state_name(row.row.state));
    if (err == PH_OK)
        err = jobs_move(jobs, &row, &move);
    (void)pthread_mutex_unlock(&jobs->lock);
    if (err != PH_OK)
        return err;
    (void)jobs_remove_document(jobs, id);
    jobs_notify(jobs);
    return PH_OK;
}

/* Also in the spool file, for the day on which the catalogue is lost. Not while
 * a printer reads the file: it would have to verify it anew. */
static int
write_keep(struct ph_jobs *jobs, const struct job_row *row, bool keep)
{
    const struct ph_ticket_held held = {row->view.held_ms, keep};
    struct ph_buf text;
    uint32_t sequence;
    int fd = -1, err = PH_OK;

    if (row->row.state != PH_JOB_HELD)
        return PH_OK;
    ph_buf_init(&text, PH_SEALED_METADATA_MAX);
    err = ph_ticket_record_put(&row->view.ticket, &held, &text);
    if (err == PH_OK)
        err = ph_spool_append(jobs->spool, &row->row.id, &fd);
    if (err == PH_OK)
        err = ph_sealed_update_metadata(fd, jobs->keys, text.data, text.len,
                                        &sequence);
    ph_io_close(&fd);
    ph_buf_close(&text);
    return err == PH_ERR_LIMIT ? PH_OK : err; /* 1,024 times there and back */
}

int
ph_jobs_keep(struct ph_jobs *jobs, const struct ph_asker *asker,
             const struct ph_id *id, bool keep, struct ph_why *why)
{
    struct job_row row;
    int err;

    jobs_lock(jobs);
    err = jobs_row(jobs, asker, id, &row);
    if (err == PH_OK && !ph_job_state_has_document(row.row.state))
        err = ph_why_fail(why, PH_ERR_STATE, "this job has ended already (%s)",
                          ph_job_state_name(row.row.state));
    if (err == PH_OK && keep && jobs_rule(jobs, PH_POLICY_KEEP) == 0)
        err = ph_why_fail(why, PH_ERR_DENIED,
                          "your organisation does not let jobs be kept after "
                          "they were printed; print it again from the program");
    if (err == PH_OK && row.row.keep != keep)
        err = write_keep(jobs, &row, keep);
    if (err == PH_OK)
        err = ph_catalogue_set_keep(jobs->catalogue, id, keep, jobs_now(jobs));
    (void)pthread_mutex_unlock(&jobs->lock);
    return err;
}
