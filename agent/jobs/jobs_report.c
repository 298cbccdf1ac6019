/*
 * What was held before there was a cloud: an image that runs before it is
 * enrolled, or a workstation that lost its identity. Nothing is written down of
 * each job meanwhile, only since when; the jobs that are held still are told
 * when there is somebody to tell, those that ended are nobody's news.
 *
 * And what is told is told as one workstation: when this computer has become
 * another one, what waits for the broker is not its own word any more, and all
 * that is held is told anew.
 */
#include "jobs_private.h"

#include <stdio.h>
#include <string.h>

#include "printhold/base/err.h"
#include "printhold/base/log.h"
#include "printhold/crypto/kdf.h"

#define NAME_SINCE "unreported_since_ms"
#define NAME_SELF  "reported_as"
#define BATCH      64

struct batch {
    struct ph_catalogue_place place[BATCH];
    size_t count;
};

static bool
collect(const struct ph_catalogue_job *row, void *arg)
{
    struct batch *batch = arg;

    batch->place[batch->count++] =
        (struct ph_catalogue_place){row->held_ms, row->id};
    return batch->count < BATCH;
}

/* Its held event, and its owner's document. */
static int
tell_one(struct ph_jobs *jobs, const struct ph_id *id)
{
    static const struct ph_asker everyone = {.everyone = true};
    uint8_t owner[PH_OWNER_KEY_BYTES];
    const struct ph_ticket *ticket;
    struct job_row row;
    int err;

    if (jobs_row(jobs, &everyone, id, &row) != PH_OK ||
        !ph_job_state_has_document(row.row.state))
        return PH_OK; /* unreadable: the list says so */
    ticket = &row.view.ticket;
    if (ticket->owner_login[0] == '\0')
        return PH_OK;
    err = jobs_owner(jobs, ticket->owner_login, owner);
    if (err == PH_OK)
        err = jobs_touch(jobs, ticket->owner_login, owner);
    if (err == PH_OK)
        err = jobs_add_event(jobs, id, ticket, PH_JOB_HELD, NULL, NULL);
    return err;
}

static int
tell_since(struct ph_jobs *jobs, int64_t since_ms, size_t *out_count)
{
    struct ph_catalogue_place place = {.held_ms = since_ms - 1};
    const struct ph_catalogue_filter filter = {.after = &place};
    struct batch batch;
    int err;

    *out_count = 0;
    do {
        batch.count = 0;
        err = ph_catalogue_list(jobs->catalogue, &filter, collect, &batch);
        for (size_t i = 0; err == PH_OK && i < batch.count; i++) {
            err = tell_one(jobs, &batch.place[i].id);
            place = batch.place[i];
            ++*out_count;
        }
    } while (err == PH_OK && batch.count == BATCH);
    return err;
}

/* --- as whom --- */

struct seqs {
    uint64_t seq[BATCH];
    size_t count;
};

static bool
collect_seq(uint64_t seq, const struct ph_id *epoch, const struct ph_id *id,
            const void *sealed, size_t len, void *arg)
{
    struct seqs *seqs = arg;

    (void)epoch, (void)id, (void)sealed, (void)len;
    seqs->seq[seqs->count++] = seq;
    return seqs->count < BATCH;
}

/* What waits is the word of another workstation, which we are not any more. */
static int
forget_events(struct ph_jobs *jobs)
{
    struct seqs seqs;
    int err;

    do {
        seqs.count = 0;
        err = ph_catalogue_every_event(jobs->catalogue, 0, BATCH, collect_seq,
                                       &seqs);
        for (size_t i = 0; err == PH_OK && i < seqs.count; i++)
            err = ph_catalogue_forget_event(jobs->catalogue, seqs.seq[i]);
    } while (err == PH_OK && seqs.count > 0);
    return err;
}

/* A number for who we are; never 0. */
static int
number_of_self(const struct ph_jobs *jobs, int64_t *out_number)
{
    const struct ph_workstation *ws = &jobs->workstation;
    uint8_t hash[PH_SHA256_BYTES];
    char text[sizeof(ws->tenant) + sizeof(ws->id)];
    int64_t number = 1;
    int err;

    (void)snprintf(text, sizeof(text), "%s:%s", ws->tenant, ws->id);
    err = ph_sha256(text, strlen(text), hash);
    for (size_t i = 0; err == PH_OK && i < 6; i++)
        number = number << 8 | hash[i];
    if (err == PH_OK)
        *out_number = number;
    return err;
}

/* --- one transaction --- */

struct state {
    int64_t since_ms; /* 0: everything was told */
    int64_t self;     /* as whom it was; 0: not known */
};

static int
read_number(struct ph_jobs *jobs, const char *name, int64_t *out_value)
{
    int err = ph_catalogue_number(jobs->catalogue, name, out_value);

    return err == PH_ERR_NOT_FOUND ? PH_OK : err;
}

static int
tell(struct ph_jobs *jobs, const struct state *state, int64_t self)
{
    const bool is_another = state->self != 0 && state->self != self;
    size_t count = 0;
    int err = is_another ? forget_events(jobs) : PH_OK;

    if (err == PH_OK && (is_another || state->since_ms != 0))
        err = tell_since(jobs, is_another ? 0 : state->since_ms, &count);
    if (err == PH_OK)
        err = ph_catalogue_set_number(jobs->catalogue, NAME_SINCE, 0);
    if (err == PH_OK)
        err = ph_catalogue_set_number(jobs->catalogue, NAME_SELF, self);
    if (err == PH_OK && count > 0)
        ph_log_notice("the cloud is told of %zu jobs that were held before",
                      count);
    return err;
}

static int
report(struct ph_jobs *jobs, const struct state *state)
{
    int64_t self = 0;
    int err = jobs->reports ? number_of_self(jobs, &self) : PH_OK;

    if (err != PH_OK ||
        (jobs->reports ? state->since_ms == 0 && state->self == self
                       : state->since_ms != 0))
        return err; /* nothing is new */
    err = ph_catalogue_begin(jobs->catalogue);
    if (err == PH_OK)
        err = jobs->reports ? tell(jobs, state, self)
                            : ph_catalogue_set_number(
                                  jobs->catalogue, NAME_SINCE, jobs_now(jobs));
    if (err == PH_OK)
        err = ph_catalogue_commit(jobs->catalogue);
    ph_catalogue_rollback(jobs->catalogue);
    return err;
}

int
ph_jobs_report_held(struct ph_jobs *jobs)
{
    struct state state = {0, 0};
    int err;

    jobs_lock(jobs);
    err = read_number(jobs, NAME_SINCE, &state.since_ms);
    if (err == PH_OK)
        err = read_number(jobs, NAME_SELF, &state.self);
    if (err == PH_OK)
        err = report(jobs, &state);
    (void)pthread_mutex_unlock(&jobs->lock);
    if (err == PH_OK)
        jobs_notify(jobs);
    return err;
}
