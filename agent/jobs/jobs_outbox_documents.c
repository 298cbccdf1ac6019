/* Directory documents: built from the jobs when they are due. */
#include "jobs_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "printhold/base/clock.h"
#include "printhold/base/err.h"
#include "printhold/base/log.h"
#include "printhold/crypto/identity.h"
#include "printhold/proto/directory.h"
#include "printhold/proto/mqtt.h"

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
    jobs_apply_title_policy(user->jobs, &user->tickets[user->count]);
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

/* Nothing waits for a document that can never be built: as if the broker had
 * refused it. */
static int
park_unbuilt(struct ph_jobs *jobs, const struct due_key *key, int why)
{
    ph_log_warning("outbox: a directory document cannot be made: %s, "
                   "continuing",
                   ph_err_text(why));
    return ph_catalogue_document_parked(jobs->catalogue, key->uk, key->rev,
                                        PH_MQTT_PAYLOAD_FORMAT_INVALID);
}

/* Build each; *out_count is right on failure too. */
static int
build_all(struct ph_jobs *jobs, const struct due_keys *due,
          struct ph_outbox_document *out_documents, size_t *out_count)
{
    struct user_jobs *user = malloc(sizeof(*user));
    int err = user != NULL ? PH_OK : PH_ERR_NOMEM;

    *out_count = 0;
    for (size_t i = 0; err == PH_OK && i < due->count; i++) {
        struct ph_outbox_document *document = &out_documents[*out_count];

        (void)snprintf(document->uk, sizeof(document->uk), "%s",
                       due->keys[i].uk);
        document->rev = due->keys[i].rev;
        document->expires_ms = 0;
        ph_buf_init(&document->payload, PH_DIRECTORY_BYTES_MAX);
        err = build_document(jobs, &due->keys[i], user, document);
        if (err == PH_OK) {
            ++*out_count;
            continue;
        }
        ph_buf_close(&document->payload);
        if (err == PH_ERR_INVALID || err == PH_ERR_TOO_BIG)
            err = park_unbuilt(jobs, &due->keys[i], err);
    }
    free(user);
    return err;
}

int
ph_jobs_due_documents(struct ph_jobs *jobs,
                      struct ph_outbox_document *out_documents, size_t cap,
                      size_t *out_count)
{
    struct due_keys due = {.keys = calloc(cap, sizeof(*due.keys)), .cap = cap};
    size_t done = 0;
    int err;

    if (due.keys == NULL)
        return PH_ERR_NOMEM;
    jobs_lock(jobs);
    err = ph_catalogue_due_documents(jobs->catalogue, collect_key, &due);
    if (err == PH_OK && due.count > 0)
        err = build_all(jobs, &due, out_documents, &done);
    (void)pthread_mutex_unlock(&jobs->lock);
    for (size_t i = 0; err != PH_OK && i < done; i++)
        ph_buf_close(&out_documents[i].payload);
    free(due.keys);
    if (err == PH_OK)
        *out_count = done;
    return err;
}
