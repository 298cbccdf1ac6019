/*
 * Forgetting a person: held jobs, the record of ended ones, offline codes,
 * events that lie in the outbox, and, with the next directory document, which
 * is empty, what the broker retains. A job that a printer has just now stays
 * until it ends. The audit stays for its time ([audit] keep): it is what proves
 * what was done here, sealed; the records of this deletion name nobody.
 */
#include "jobs_command.h"

#include <stdlib.h>
#include <string.h>

#include "printhold/base/err.h"
#include "printhold/proto/json.h"

#define EVENTS_AT_ONCE 256

/* --- held jobs --- */

/* Without an event: the person is to be unknown there too. */
static int
purge_job(struct ph_jobs *jobs, const struct ph_id *id)
{
    const struct ph_audit_entry entry = {.event = PH_AUDIT_DELETED,
                                         .job = id,
                                         .uid = -1,
                                         .reason = "by-command",
                                         .count = 1,
                                         .impressions = -1,
                                         .sheets = -1};
    int err = ph_catalogue_move(jobs->catalogue, id, PH_JOB_DELETED,
                                jobs_now(jobs), NULL, 0);

    return err == PH_OK ? jobs_audit(jobs, &entry) : err;
}

static int
purge_jobs(struct ph_jobs *jobs, const uint8_t owner[PH_OWNER_KEY_BYTES],
           struct ph_command_result *result, struct jobs_gone *gone)
{
    struct jobs_gone busy = {NULL, 0, 0};
    int err = jobs_of_login(jobs, owner, gone, &busy);

    for (size_t i = 0; i < gone->count && err == PH_OK; i++)
        err = purge_job(jobs, &gone->ids[i]);
    result->deleted = (int64_t)gone->count;
    result->busy = 0;
    jobs_note_busy(&busy, result);
    free(busy.ids);
    return err;
}

/* --- events, also those that are kept in case the broker forgets --- */

struct events {
    struct ph_jobs *jobs;
    const char *login;
    uint64_t seq[EVENTS_AT_ONCE]; /* of this person */
    size_t count;
    uint64_t last; /* that was looked at */
    size_t looked;
};

static bool
is_of(const struct ph_buf *text, const char *login)
{
    json_t *root = NULL;
    const char *usr;
    bool is_theirs;

    if (ph_json_parse(text->data, text->len, JOBS_EVENT_BYTES_MAX, &root) !=
        PH_OK)
        return false;
    usr = json_string_value(
        json_object_get(json_object_get(root, "data"), "usr"));
    is_theirs = usr != NULL && strcmp(usr, login) == 0;
    json_decref(root);
    return is_theirs;
}

static bool
look_at_event(uint64_t seq, const struct ph_id *epoch, const struct ph_id *id,
              const void *sealed, size_t len, void *arg)
{
    struct events *events = arg;
    struct ph_buf text;

    ph_buf_init(&text, JOBS_EVENT_BYTES_MAX);
    events->last = seq;
    events->looked++;
    if (ph_epoch_keys_unseal(events->jobs->keys, epoch, id->bytes, PH_ID_BYTES,
                             sealed, len, &text) == PH_OK &&
        is_of(&text, events->login))
        events->seq[events->count++] = seq;
    ph_buf_close(&text);
    return true;
}

static int
purge_events(struct ph_jobs *jobs, const char *login, int64_t *out_count)
{
    struct events events = {.jobs = jobs, .login = login};
    int err;

    *out_count = 0;
    do {
        events.count = events.looked = 0;
        err = ph_catalogue_every_event(jobs->catalogue, events.last,
                                       EVENTS_AT_ONCE, look_at_event, &events);
        for (size_t i = 0; i < events.count && err == PH_OK; i++) {
            err = ph_catalogue_forget_event(jobs->catalogue, events.seq[i]);
            *out_count += err == PH_OK;
        }
    } while (err == PH_OK && events.looked == EVENTS_AT_ONCE);
    return err;
}

/* --- all of it --- */

int
jobs_purge(struct ph_jobs *jobs, const char *login,
           struct ph_command_result *result, struct jobs_gone *gone)
{
    uint8_t owner[PH_OWNER_KEY_BYTES];
    uint64_t history = 0, codes = 0, again;
    int err = jobs_owner(jobs, login, owner);

    if (err == PH_OK)
        err = ph_catalogue_forget_codes_of(jobs->catalogue, owner, &codes);
    if (err == PH_OK)
        err = ph_catalogue_end_history(jobs->catalogue, owner, &history);
    if (err == PH_OK)
        err = purge_jobs(jobs, owner, result, gone);
    if (err == PH_OK) /* those too that have just been deleted */
        err = ph_catalogue_end_history(jobs->catalogue, owner, &again);
    if (err == PH_OK)
        err = purge_events(jobs, login, &result->events);
    if (err == PH_OK)
        err = jobs_touch(jobs, login, owner);
    result->history = (int64_t)history;
    result->codes = (int64_t)codes;
    return err;
}
