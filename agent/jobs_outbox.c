/*
 * What the cloud shall hear. Rows are written in the transaction of the job's
 * change; documents are built fresh when they are sent, events are built when
 * they happen and lie sealed until the broker has them.
 */
#include "jobs_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "printhold/base/clock.h"
#include "printhold/base/err.h"
#include "printhold/base/log.h"
#include "printhold/crypto/identity.h"
#include "printhold/proto/directory.h"

#define EVENT_BYTES_MAX 65536

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

/* The ticket as the cloud may see it. */
static void
apply_title_policy(const struct ph_jobs *jobs, struct ph_ticket *ticket)
{
    char title[PH_TICKET_TITLE_MAX];

    ph_title_apply(jobs->title_policy, ticket->job_name, title, sizeof(title));
    memcpy(ticket->job_name, title, sizeof(title));
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
    struct ph_buf text, sealed;
    struct ph_id epoch;
    int err;

    if (!jobs->reports || ticket->owner_login[0] == '\0')
        return PH_OK;
    ph_buf_init(&text, EVENT_BYTES_MAX);
    ph_buf_init(&sealed, EVENT_BYTES_MAX + 256);
    apply_title_policy(jobs, &shown);
    err = ph_id_make_v7(&event.id);
    if (err == PH_OK)
        err = ph_event_put(&event, &text);
    if (err == PH_OK)
        err = ph_epoch_keys_current(jobs->keys, now_ms, &epoch);
    if (err == PH_OK)
        err = ph_epoch_keys_seal(jobs->keys, &epoch, event.id.bytes,
                                 PH_ID_BYTES, text.data, text.len, &sealed);
    if (err == PH_OK)
        err = ph_catalogue_add_event(jobs->catalogue, &epoch, &event.id,
                                     sealed.data, sealed.len);
    ph_buf_close(&text);
    ph_buf_close(&sealed);
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

int
ph_jobs_documents_all_due(struct ph_jobs *jobs)
{
    int err;

    jobs_lock(jobs);
    err = ph_catalogue_touch_all(jobs->catalogue);
    (void)pthread_mutex_unlock(&jobs->lock);
    return err;
}

/* --- documents --- */

struct due_key {
    char uk[PH_USER_KEY_TEXT];
    uint8_t owner[PH_OWNER_KEY_BYTES];
    uint64_t rev;
};

struct due_keys {
    struct due_key *keys;
    size_t cap;
    size_t count;
};

static bool
collect_key(const char *uk, const uint8_t owner[PH_OWNER_KEY_BYTES],
            uint64_t rev, void *arg)
{
    struct due_keys *due = arg;
    struct due_key *key = &due->keys[due->count++];

    (void)snprintf(key->uk, sizeof(key->uk), "%s", uk);
    memcpy(key->owner, owner, PH_OWNER_KEY_BYTES);
    key->rev = rev;
    return due->count < due->cap;
}

/* The newest jobs of one user, with storage for their tickets. */
struct user_jobs {
    struct ph_jobs *jobs;
    struct ph_directory_job list[PH_DIRECTORY_JOBS_MAX];
    struct ph_ticket tickets[PH_DIRECTORY_JOBS_MAX];
    size_t count;
    size_t read; /* the unreadable ones too */
};

static bool
collect_job(const struct ph_catalogue_job *row, void *arg)
{
    struct user_jobs *user = arg;
    struct ph_job_view view;

    user->read++;
    if (jobs_view(user->jobs, row, &view) != PH_OK)
        return true; /* ph_jobs_list says why it is listed nowhere */
    user->tickets[user->count] = view.ticket;
    apply_title_policy(user->jobs, &user->tickets[user->count]);
    if (view.ticket.confidential) /* a printer shows it before any sign-in */
        user->tickets[user->count].job_name[0] = '\0';
    user->list[user->count] =
        (struct ph_directory_job){.id = view.id,
                                  .state = view.state,
                                  .expires_ms = view.expires_ms,
                                  .ticket = &user->tickets[user->count]};
    user->count++;
    return user->count < PH_DIRECTORY_JOBS_MAX;
}

static int
build_document(struct ph_jobs *jobs, const struct due_key *key,
               struct user_jobs *user, struct ph_outbox_document *document)
{
    const struct ph_workstation *ws = &jobs->workstation;
    const struct ph_catalogue_filter filter = {.owner = key->owner,
                                               .newest_first = true};
    const char *addresses[PH_DIRECTORY_ADDRESSES_MAX];
    uint64_t all = 0;
    int64_t last_ms = 0;
    int err;

    *user = (struct user_jobs){.jobs = jobs};
    err = ph_catalogue_list(jobs->catalogue, &filter, collect_job, user);
    if (err == PH_OK)
        err = ph_catalogue_owned(jobs->catalogue, key->owner, &all, &last_ms);
    if (err != PH_OK || user->count == 0)
        return err; /* no job: the payload stays empty, which deletes */
    for (size_t i = 0; i < ws->address_count; i++)
        addresses[i] = ws->address[i];
    document->expires_ms = jobs_wall(jobs, last_ms);
    return ph_directory_put(
        &(struct ph_directory){.rev = key->rev,
                               .at_ms = ph_clock_wall_ms(),
                               .workstation = ws->id,
                               .login = user->tickets[0].owner_login,
                               .host = ws->host,
                               .addresses = addresses,
                               .address_count = ws->address_count,
                               .pin = ws->pin,
                               .jobs = user->list,
                               .job_count = user->count,
                               .more = (size_t)all - user->read},
        &document->payload);
}

int
ph_jobs_due_documents(struct ph_jobs *jobs,
                      struct ph_outbox_document *out_documents, size_t cap,
                      size_t *out_count)
{
    struct due_keys due = {.cap = cap};
    struct user_jobs *user = malloc(sizeof(*user));
    size_t done = 0;
    int err = PH_ERR_NOMEM;

    due.keys = calloc(cap, sizeof(*due.keys));
    if (user == NULL || due.keys == NULL)
        goto out;
    jobs_lock(jobs);
    err = ph_catalogue_due_documents(jobs->catalogue, collect_key, &due);
    for (; err == PH_OK && done < due.count; done++) {
        struct ph_outbox_document *document = &out_documents[done];

        (void)snprintf(document->uk, sizeof(document->uk), "%s",
                       due.keys[done].uk);
        document->rev = due.keys[done].rev;
        document->expires_ms = 0;
        ph_buf_init(&document->payload, PH_DIRECTORY_BYTES_MAX);
        err = build_document(jobs, &due.keys[done], user, document);
    }
    (void)pthread_mutex_unlock(&jobs->lock);
out:
    if (err == PH_OK)
        *out_count = done;
    for (size_t i = 0; err != PH_OK && i < done; i++)
        ph_buf_close(&out_documents[i].payload);
    free(due.keys);
    free(user);
    return err;
}

int
ph_jobs_document_acked(struct ph_jobs *jobs, const char *uk, uint64_t rev)
{
    int err;

    jobs_lock(jobs);
    err = ph_catalogue_document_acked(jobs->catalogue, uk, rev);
    (void)pthread_mutex_unlock(&jobs->lock);
    return err;
}

/* --- events --- */

struct due_events {
    struct ph_jobs *jobs;
    struct ph_outbox_event *events;
    size_t cap;
    size_t count;
    uint64_t lost[16]; /* whose epoch key is gone */
    size_t lost_count;
};

static bool
collect_event(uint64_t seq, const struct ph_id *epoch, const struct ph_id *id,
              const void *sealed, size_t len, void *arg)
{
    struct due_events *due = arg;
    struct ph_outbox_event *event = &due->events[due->count];
    int err;

    event->seq = seq;
    ph_buf_init(&event->payload, EVENT_BYTES_MAX);
    err = ph_epoch_keys_unseal(due->jobs->keys, epoch, id->bytes, PH_ID_BYTES,
                               sealed, len, &event->payload);
    if (err == PH_OK) {
        due->count++;
    } else {
        ph_buf_close(&event->payload);
        if (due->lost_count < PH_COUNT(due->lost))
            due->lost[due->lost_count++] = seq;
    }
    return due->count < due->cap;
}

int
ph_jobs_due_events(struct ph_jobs *jobs, uint64_t after,
                   struct ph_outbox_event *out_events, size_t cap,
                   size_t *out_count)
{
    struct due_events due = {.jobs = jobs, .events = out_events, .cap = cap};
    int err;

    jobs_lock(jobs);
    err = ph_catalogue_due_events(jobs->catalogue, after, (uint32_t)cap,
                                  collect_event, &due);
    for (size_t i = 0; err == PH_OK && i < due.lost_count; i++) {
        ph_log_warning("outbox: event %llu cannot be read any more, continuing",
                       (unsigned long long)due.lost[i]);
        err = ph_catalogue_event_acked(jobs->catalogue, due.lost[i]);
    }
    (void)pthread_mutex_unlock(&jobs->lock);
    if (err == PH_OK) {
        *out_count = due.count;
        return PH_OK;
    }
    for (size_t i = 0; i < due.count; i++)
        ph_buf_close(&out_events[i].payload);
    return err;
}

int
ph_jobs_event_acked(struct ph_jobs *jobs, uint64_t seq)
{
    int err;

    jobs_lock(jobs);
    err = ph_catalogue_event_acked(jobs->catalogue, seq);
    (void)pthread_mutex_unlock(&jobs->lock);
    return err;
}
