/*
 * What the cloud shall hear. Rows are written in the transaction of the job's
 * change; documents are built fresh when they are sent, events are built when
 * they happen and lie sealed until the broker has them.
 */
#include "jobs_private.h"

#include <string.h>

#include "printhold/base/clock.h"
#include "printhold/base/err.h"
#include "printhold/crypto/identity.h"

#define DAY_MS (24 * 3600 * INT64_C(1000))

int
jobs_touch(struct ph_jobs *jobs, const char *login,
           const uint8_t owner[PH_OWNER_KEY_BYTES])
{
    char uk[PH_USER_KEY_TEXT];
    int err;

    if (!jobs->reports || login[0] == '\0')
        return PH_OK; /* the cloud hears of a job when it has a login */
    err = ph_identity_user_key(jobs->directory_key.data,
                               jobs->directory_key.len, login, uk);
    if (err == PH_OK)
        err = ph_catalogue_touch_document(jobs->catalogue, uk, owner);
    return err;
}

void
jobs_apply_title_policy(struct ph_jobs *jobs, struct ph_ticket *ticket)
{
    char title[PH_TICKET_TITLE_MAX];

    ph_title_apply((enum ph_title_policy)jobs_rule(jobs, PH_POLICY_TITLE),
                   ticket->job_name, title, sizeof(title));
    memcpy(ticket->job_name, title, sizeof(title));
}

int
jobs_queue_event(struct ph_jobs *jobs, const struct ph_id *id, int64_t now_ms,
                 const struct ph_buf *text)
{
    struct ph_buf sealed;
    struct ph_id epoch;
    int err = ph_epoch_keys_current(jobs->keys, now_ms, &epoch);

    ph_buf_init(&sealed, JOBS_EVENT_BYTES_MAX + 256);
    if (err == PH_OK)
        err = ph_epoch_keys_seal(jobs->keys, &epoch, id->bytes, PH_ID_BYTES,
                                 text->data, text->len, &sealed);
    if (err == PH_OK)
        err = ph_catalogue_add_event(jobs->catalogue, &epoch, id,
                                     jobs_now(jobs), sealed.data, sealed.len);
    ph_buf_close(&sealed);
    return err;
}

int
jobs_add_event(struct ph_jobs *jobs, const struct ph_id *job,
               const struct ph_ticket *ticket, enum ph_job_state state,
               const struct ph_release_report *report, const char *reason)
{
    const int64_t now_ms = ph_clock_wall_ms();
    struct ph_ticket shown = *ticket;
    struct ph_event event = {.time_ms = now_ms,
                             .tenant = jobs->workstation.tenant,
                             .workstation = jobs->workstation.id,
                             .host = jobs->workstation.host,
                             .state = state,
                             .job = *job,
                             .ticket = &shown,
                             .release = report,
                             .reason = reason};
    struct ph_buf text;
    int err;

    if (!jobs->reports || ticket->owner_login[0] == '\0')
        return PH_OK;
    ph_buf_init(&text, JOBS_EVENT_BYTES_MAX);
    jobs_apply_title_policy(jobs, &shown);
    err = ph_id_make_v7(&event.id);
    if (err == PH_OK)
        err = ph_event_put(&event, &text);
    if (err == PH_OK)
        err = jobs_queue_event(jobs, &event.id, now_ms, &text);
    ph_buf_close(&text);
    return err;
}

int
ph_jobs_set_workstation(struct ph_jobs *jobs,
                        const struct ph_workstation *workstation)
{
    int err;

    jobs_lock(jobs);
    jobs->workstation = *workstation;
    err = ph_catalogue_touch_all(jobs->catalogue);
    (void)pthread_mutex_unlock(&jobs->lock);
    if (err == PH_OK)
        jobs_notify(jobs);
    return err;
}

/* --- one transaction each --- */

/* The lock is held between the two, whatever the first returns. */
static int
begin_outbox(struct ph_jobs *jobs)
{
    jobs_lock(jobs);
    return ph_catalogue_begin(jobs->catalogue);
}

static int
end_outbox(struct ph_jobs *jobs, int err)
{
    if (err == PH_OK)
        err = ph_catalogue_commit(jobs->catalogue);
    ph_catalogue_rollback(jobs->catalogue);
    (void)pthread_mutex_unlock(&jobs->lock);
    return err;
}

int
jobs_trim_outbox(struct ph_jobs *jobs, int64_t now_ms)
{
    int err = begin_outbox(jobs);

    if (err == PH_OK)
        err = ph_catalogue_trim_events(jobs->catalogue,
                                       now_ms - PH_OUTBOX_EVENT_DAYS * DAY_MS,
                                       now_ms - PH_OUTBOX_SAID_MS);
    if (err == PH_OK)
        err = ph_catalogue_forget_documents(jobs->catalogue, now_ms);
    return end_outbox(jobs, err);
}

int
ph_jobs_outbox_anew(struct ph_jobs *jobs)
{
    int64_t said_ms;
    int err = begin_outbox(jobs);

    said_ms = jobs_now(jobs) - PH_OUTBOX_SAID_MS;
    if (err == PH_OK)
        err = ph_catalogue_touch_all(jobs->catalogue);
    if (err == PH_OK)
        err = ph_catalogue_events_anew(jobs->catalogue, said_ms);
    if (err == PH_OK)
        err = ph_catalogue_unpark_events(jobs->catalogue);
    return end_outbox(jobs, err);
}

int
ph_jobs_outbox_unpark(struct ph_jobs *jobs)
{
    int err = begin_outbox(jobs);

    if (err == PH_OK)
        err = ph_catalogue_unpark_documents(jobs->catalogue);
    if (err == PH_OK)
        err = ph_catalogue_unpark_events(jobs->catalogue);
    return end_outbox(jobs, err);
}

static int
store_result(struct ph_jobs *jobs, const struct ph_outbox_result *result,
             int64_t now_ms)
{
    struct ph_catalogue *catalogue = jobs->catalogue;
    bool is_refused = result->reason >= PH_OUTBOX_REFUSED;

    if (result->uk[0] != '\0')
        return is_refused ? ph_catalogue_document_parked(catalogue, result->uk,
                                                         result->number,
                                                         result->reason)
                          : ph_catalogue_document_acked(catalogue, result->uk,
                                                        result->number);
    return is_refused
               ? ph_catalogue_event_parked(catalogue, result->number,
                                           result->reason)
               : ph_catalogue_event_acked(catalogue, result->number, now_ms);
}

int
ph_jobs_outbox_store(struct ph_jobs *jobs,
                     const struct ph_outbox_result *results, size_t count)
{
    int64_t now_ms;
    int err;

    jobs_lock(jobs);
    err = ph_catalogue_begin_unsynced(jobs->catalogue);
    now_ms = jobs_now(jobs);
    for (size_t i = 0; err == PH_OK && i < count; i++)
        err = store_result(jobs, &results[i], now_ms);
    return end_outbox(jobs, err);
}

int
ph_jobs_outbox_view(struct ph_jobs *jobs, struct ph_outbox_view *out_view)
{
    struct ph_catalogue_usage usage;
    struct ph_catalogue_untold untold;
    int err;

    jobs_lock(jobs);
    err = ph_catalogue_used_by_all(jobs->catalogue, &usage);
    if (err == PH_OK)
        err = ph_catalogue_untold(jobs->catalogue, &untold);
    if (err == PH_OK)
        *out_view = (struct ph_outbox_view){
            .workstation = jobs->workstation,
            .jobs = usage.jobs,
            .bytes = usage.bytes,
            .bytes_max = jobs->config.spool_size_max,
            .parked = untold.parked_events + untold.parked_documents,
            .dropped = untold.dropped,
        };
    (void)pthread_mutex_unlock(&jobs->lock);
    return err;
}
