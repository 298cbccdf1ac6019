/*
 * Commands of the cloud. A closed list (proto/command.h): jobs are deleted, a
 * person is forgotten, documents are said again, a wish is noted. There is no
 * way from here to a document's bytes, to a program or to an address.
 */
#include "jobs_command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jobs_answer.h"
#include "printhold/base/clock.h"
#include "printhold/base/err.h"
#include "printhold/base/log.h"
#include "printhold/model/login.h"

/* Beside the grants that were used, which have no ':' in them. */
#define JTI_PREFIX     "cmd:"
#define NAME_RENEWAL   "renewal_wanted_ms"
#define CLOCK_GRACE_MS (5 * 60 * INT64_C(1000))

/* --- lists of jobs --- */

int
jobs_gone_add(struct jobs_gone *gone, const struct ph_id *id)
{
    if (gone->count == gone->cap) {
        const size_t cap = gone->cap == 0 ? 64 : 2 * gone->cap;
        struct ph_id *ids = realloc(gone->ids, cap * sizeof(*ids));

        if (ids == NULL)
            return PH_ERR_NOMEM;
        gone->ids = ids;
        gone->cap = cap;
    }
    gone->ids[gone->count++] = *id;
    return PH_OK;
}

struct sorting {
    struct jobs_gone *held, *busy;
    int err;
};

static bool
sort_row(const struct ph_catalogue_job *row, void *arg)
{
    struct sorting *sorting = arg;

    sorting->err = jobs_gone_add(
        row->state == PH_JOB_CLAIMED ? sorting->busy : sorting->held, &row->id);
    return sorting->err == PH_OK;
}

int
jobs_of_login(struct ph_jobs *jobs, const uint8_t owner[PH_OWNER_KEY_BYTES],
              struct jobs_gone *held, struct jobs_gone *busy)
{
    const struct ph_catalogue_filter filter = {.owner = owner};
    struct sorting sorting = {held, busy, PH_OK};
    int err = ph_catalogue_list(jobs->catalogue, &filter, sort_row, &sorting);

    return err == PH_OK ? sorting.err : err;
}

void
jobs_note_busy(const struct jobs_gone *busy, struct ph_command_result *result)
{
    for (size_t i = 0; i < busy->count; i++) {
        result->busy++;
        if (result->busy_named < PH_COMMAND_JOBS_MAX)
            result->busy_job[result->busy_named++] = busy->ids[i];
    }
}

/* --- delete-jobs --- */

static int
delete_row(struct ph_jobs *jobs, const struct job_row *row,
           struct ph_command_result *result, struct jobs_gone *gone)
{
    static const struct job_move move = {.to = PH_JOB_DELETED,
                                         .event = PH_JOB_DELETED,
                                         .reason = "by-command",
                                         .audit = PH_AUDIT_DELETED};
    int err = jobs_move_within(jobs, row, &move);

    if (err == PH_OK)
        err = jobs_gone_add(gone, &row->row.id);
    result->deleted += err == PH_OK;
    return err;
}

static int
delete_one(struct ph_jobs *jobs, const struct ph_id *id,
           struct ph_command_result *result, struct jobs_gone *gone,
           struct jobs_gone *busy)
{
    static const struct ph_asker everyone = {.everyone = true};
    struct job_row row;
    int err = jobs_row(jobs, &everyone, id, &row);

    if (err == PH_OK && row.row.state == PH_JOB_HELD)
        return delete_row(jobs, &row, result, gone);
    if (err == PH_OK && row.row.state == PH_JOB_CLAIMED)
        return jobs_gone_add(busy, id);
    if (err == PH_ERR_NOMEM || err == PH_ERR_IO || err == PH_ERR_NO_SPACE)
        return err;
    result->not_found++;
    return PH_OK;
}

static int
delete_jobs(struct ph_jobs *jobs, const struct ph_command *command,
            const char *login, struct ph_command_result *result,
            struct jobs_gone *gone)
{
    struct jobs_gone held = {NULL, 0, 0}, busy = {NULL, 0, 0};
    const struct ph_id *ids = command->job;
    size_t count = command->job_count;
    uint8_t owner[PH_OWNER_KEY_BYTES];
    int err = PH_OK;

    if (login[0] != '\0') {
        err = jobs_owner(jobs, login, owner);
        if (err == PH_OK)
            err = jobs_of_login(jobs, owner, &held, &busy);
        ids = held.ids;
        count = held.count;
    }
    result->deleted = result->busy = result->not_found = 0;
    for (size_t i = 0; i < count && err == PH_OK; i++)
        err = delete_one(jobs, &ids[i], result, gone, &busy);
    jobs_note_busy(&busy, result);
    free(held.ids);
    free(busy.ids);
    return err;
}

/* --- the others --- */

struct counting {
    uint64_t count;
};

static bool
count_document(const char *uk, const uint8_t owner[PH_OWNER_KEY_BYTES],
               uint64_t rev, void *arg)
{
    struct counting *counting = arg;

    (void)uk;
    (void)owner;
    (void)rev;
    counting->count++;
    return true;
}

static int
refresh(struct ph_jobs *jobs, struct ph_command_result *result)
{
    struct counting counting = {0};
    int err = ph_catalogue_touch_all(jobs->catalogue);

    if (err == PH_OK)
        err = ph_catalogue_due_documents(jobs->catalogue, count_document,
                                         &counting);
    result->documents = (int64_t)counting.count;
    return err;
}

/* Where the certificate comes from elsewhere a person does it, and status says
 * so. */
static int
want_renewal(struct ph_jobs *jobs, struct ph_command_result *result)
{
    if (!jobs->renews)
        result->refused = "not-enrolled";
    return ph_catalogue_set_number(jobs->catalogue, NAME_RENEWAL,
                                   ph_clock_wall_ms());
}

void
ph_jobs_set_renews(struct ph_jobs *jobs, bool renews)
{
    jobs_lock(jobs);
    jobs->renews = renews;
    (void)pthread_mutex_unlock(&jobs->lock);
}

bool
ph_jobs_wants_renewal(struct ph_jobs *jobs)
{
    bool wants;

    jobs_lock(jobs);
    wants = jobs_renewal_wanted(jobs) > 0;
    (void)pthread_mutex_unlock(&jobs->lock);
    return wants;
}

int
ph_jobs_renewed(struct ph_jobs *jobs)
{
    int err;

    jobs_lock(jobs);
    err = ph_catalogue_set_number(jobs->catalogue, NAME_RENEWAL, 0);
    (void)pthread_mutex_unlock(&jobs->lock);
    return err;
}

int64_t
jobs_renewal_wanted(struct ph_jobs *jobs)
{
    int64_t wanted_ms = 0;

    (void)ph_catalogue_number(jobs->catalogue, NAME_RENEWAL, &wanted_ms);
    return wanted_ms;
}

/* --- one transaction --- */

/* The jti, durably used with what follows. */
static int
use(struct ph_jobs *jobs, const struct ph_command *command)
{
    char jti[sizeof(JTI_PREFIX) + PH_COMMAND_JTI_MAX];

    (void)snprintf(jti, sizeof(jti), JTI_PREFIX "%s", command->jti);
    return ph_catalogue_use_grant(
        jobs->catalogue, jti, command->claims.issued_s * 1000 - CLOCK_GRACE_MS,
        command->claims.expires_s * 1000 + CLOCK_GRACE_MS, ph_clock_wall_ms());
}

static int
carry_out(struct ph_jobs *jobs, const struct ph_command *command,
          struct ph_command_result *result, struct jobs_gone *gone)
{
    char login[PH_LOGIN_MAX] = "";

    if (command->user[0] != '\0' &&
        ph_login_normalise(command->user, login) != PH_OK) {
        result->refused = "no-user";
        return PH_OK;
    }
    switch (command->op) {
    case PH_COMMAND_DELETE_JOBS:
        return delete_jobs(jobs, command, login, result, gone);
    case PH_COMMAND_PURGE_USER:
        return jobs_purge(jobs, login, result, gone);
    case PH_COMMAND_REFRESH:
        return refresh(jobs, result);
    case PH_COMMAND_RENEW_CERTIFICATE:
        return want_renewal(jobs, result);
    default:
        result->refused = "unknown-op";
        return PH_OK;
    }
}

static int
run(struct ph_jobs *jobs, const struct ph_command *command,
    struct ph_command_result *result, struct jobs_gone *gone)
{
    int err = ph_catalogue_begin(jobs->catalogue);

    if (err == PH_OK)
        err = use(jobs, command);
    if (err == PH_OK && result->refused == NULL)
        err = carry_out(jobs, command, result, gone);
    if (err == PH_OK)
        err = jobs_answer_command(jobs, command, result);
    if (err == PH_OK)
        err = jobs_audit_commit(jobs);
    jobs_audit_rollback(jobs);
    return err;
}

int
ph_jobs_command(struct ph_jobs *jobs, const struct ph_command *command,
                const char *refused, struct ph_command_result *out_result)
{
    struct ph_command_result result = {.refused = refused,
                                       .deleted = -1,
                                       .not_found = -1,
                                       .busy = -1,
                                       .history = -1,
                                       .codes = -1,
                                       .events = -1,
                                       .documents = -1};
    struct jobs_gone gone = {NULL, 0, 0};
    int err;

    jobs_lock(jobs);
    err = run(jobs, command, &result, &gone);
    /* What was deleted is in neither the database nor its log. */
    if (err == PH_OK && result.events > 0)
        (void)ph_catalogue_truncate_log(jobs->catalogue);
    (void)pthread_mutex_unlock(&jobs->lock);
    for (size_t i = 0; err == PH_OK && i < gone.count; i++)
        (void)jobs_remove_document(jobs, &gone.ids[i]);
    free(gone.ids);
    if (err != PH_OK)
        return err;
    *out_result = result;
    jobs_notify(jobs);
    return PH_OK;
}
