/* Lists and numbers: what people and printers see of all jobs. */
#include "jobs_private.h"

#include <string.h>

#include "printhold/base/clock.h"
#include "printhold/base/err.h"
#include "printhold/base/log.h"

/* --- lists --- */

struct listing {
    struct ph_jobs *jobs;
    ph_jobs_each_cb each;
    void *arg;
    struct ph_catalogue_place last; /* that was given out, or left out */
    bool any, stopped;
};

/* A row that cannot be unsealed is left out, not the end of the list. */
static bool
list_row(const struct ph_catalogue_job *row, void *arg)
{
    struct listing *listing = arg;
    struct ph_job_view view;
    char id[PH_ID_TEXT];
    int err = jobs_view(listing->jobs, row, &view);

    listing->last = (struct ph_catalogue_place){row->held_ms, row->id};
    listing->any = true;
    if (err == PH_OK) {
        listing->stopped = !listing->each(&view, listing->arg);
        return !listing->stopped;
    }
    ph_id_format(&row->id, id);
    ph_log_warning("job %s: cannot read its record: %s, continuing", id,
                   ph_err_text(err));
    return true;
}

static int
list(struct ph_jobs *jobs, const struct ph_asker *asker,
     struct ph_catalogue_filter filter, struct listing *listing)
{
    uint8_t owner[PH_OWNER_KEY_BYTES];
    int err = PH_OK;

    if (!asker->everyone && asker->by_uid) {
        filter.by_uid = true;
        filter.uid = asker->owner_uid;
    } else if (!asker->everyone) {
        if (asker->login == NULL || asker->login[0] == '\0')
            return PH_OK; /* nobody has no jobs */
        err = ph_epoch_keys_owner(jobs->keys, asker->login, owner);
        filter.owner = owner;
    }
    if (err == PH_OK)
        err = ph_catalogue_list(jobs->catalogue, &filter, list_row, listing);
    return err;
}

int
ph_jobs_list(struct ph_jobs *jobs, const struct ph_asker *asker,
             ph_jobs_each_cb each, void *arg)
{
    struct listing listing = {.jobs = jobs, .each = each, .arg = arg};
    const struct ph_catalogue_filter filter = {.limit = 0};
    int err;

    jobs_lock(jobs);
    err = list(jobs, asker, filter, &listing);
    (void)pthread_mutex_unlock(&jobs->lock);
    return err;
}

int
ph_jobs_page(struct ph_jobs *jobs, const struct ph_asker *asker, bool ended,
             struct ph_jobs_place *place, ph_jobs_each_cb each, void *arg,
             bool *out_end)
{
    struct listing listing = {.jobs = jobs, .each = each, .arg = arg};
    const struct ph_catalogue_place after = {place->held_ms, place->id};
    struct ph_catalogue_filter filter = {
        .ended = ended, .after = place->inside ? &after : NULL};
    int err;

    jobs_lock(jobs);
    err = list(jobs, asker, filter, &listing);
    (void)pthread_mutex_unlock(&jobs->lock);
    if (err != PH_OK)
        return err;
    if (listing.any)
        *place =
            (struct ph_jobs_place){listing.last.held_ms, listing.last.id, true};
    *out_end = !listing.stopped;
    return PH_OK;
}

struct search {
    struct ph_jobs *jobs;
    const struct ph_asker *asker;
    size_t live, ended;
    struct ph_id live_id, ended_id;
};

static bool
on_found(const struct ph_catalogue_job *row, void *arg)
{
    struct search *search = arg;

    if (!jobs_may_see(search->jobs, search->asker, row))
        return true;
    if (ph_job_state_has_document(row->state)) {
        search->live_id = row->id;
        search->live++;
    } else {
        search->ended_id = row->id;
        search->ended++;
    }
    return search->live < 2;
}

int
ph_jobs_find(struct ph_jobs *jobs, const struct ph_asker *asker,
             const char *digits, struct ph_id *out_id)
{
    struct search search = {.jobs = jobs, .asker = asker};
    char first[PH_ID_TEXT], last[PH_ID_TEXT];
    const size_t len = strlen(digits);
    struct ph_id from, to;
    int err;

    if (len == 0 || len >= PH_ID_TEXT)
        return PH_ERR_INVALID;
    memset(first, '0', sizeof(first) - 1);
    memset(last, 'f', sizeof(last) - 1);
    first[sizeof(first) - 1] = last[sizeof(last) - 1] = '\0';
    memcpy(first, digits, len);
    memcpy(last, digits, len);
    err = ph_id_parse(first, &from);
    if (err == PH_OK)
        err = ph_id_parse(last, &to);
    if (err != PH_OK)
        return err;
    jobs_lock(jobs);
    err = ph_catalogue_find(jobs->catalogue, &from, &to, on_found, &search);
    (void)pthread_mutex_unlock(&jobs->lock);
    if (err != PH_OK)
        return err;
    if (search.live > 1 || (search.live == 0 && search.ended > 1))
        return PH_ERR_LIMIT;
    if (search.live == 0 && search.ended == 0)
        return PH_ERR_NOT_FOUND;
    *out_id = search.live == 1 ? search.live_id : search.ended_id;
    return PH_OK;
}

/* --- numbers --- */

static int64_t
clock_behind(struct ph_jobs *jobs)
{
    const int64_t now_ms = ph_clock_wall_ms();
    int64_t high_ms = 0;

    (void)ph_catalogue_number(jobs->catalogue, "high_water_ms", &high_ms);
    return high_ms > now_ms ? high_ms - now_ms : 0;
}

int
ph_jobs_stats(struct ph_jobs *jobs, struct ph_jobs_stats *out_stats)
{
    struct ph_catalogue_totals totals;
    struct ph_catalogue_untold untold;
    int err;

    jobs_lock(jobs);
    err = ph_catalogue_totals(jobs->catalogue, &totals);
    if (err == PH_OK)
        err = ph_catalogue_untold(jobs->catalogue, &untold);
    if (err == PH_OK) {
        *out_stats = (struct ph_jobs_stats){
            .held = totals.held,
            .claimed = totals.claimed,
            .spool_bytes = totals.bytes,
            .spool_bytes_max = jobs_rule(jobs, PH_POLICY_SPOOL_SIZE),
            .unmapped = totals.unmapped,
            .outbox_events = totals.events,
            .outbox_documents = totals.documents,
            .outbox_parked_events = untold.parked_events,
            .outbox_parked_documents = untold.parked_documents,
            .outbox_parked_reason = untold.reason,
            .outbox_dropped = untold.dropped,
            .audit_broken = jobs->audit_broken,
            .clock_behind_ms = clock_behind(jobs),
            .renewal_wanted_ms = jobs_renewal_wanted(jobs),
        };
        memcpy(out_stats->spool_health, jobs->health, sizeof(jobs->health));
        memcpy(out_stats->catalogue_note, jobs->catalogue_note,
               sizeof(jobs->catalogue_note));
        memcpy(out_stats->owner_health, jobs->owners.problem.text, PH_WHY_MAX);
    }
    (void)pthread_mutex_unlock(&jobs->lock);
    return err;
}

int
ph_jobs_used_by(struct ph_jobs *jobs, uint32_t uid, struct ph_jobs_use *out_use)
{
    struct ph_catalogue_usage usage;
    int err;

    jobs_lock(jobs);
    err = ph_catalogue_used_by(jobs->catalogue, uid, &usage);
    (void)pthread_mutex_unlock(&jobs->lock);
    if (err == PH_OK)
        *out_use = (struct ph_jobs_use){
            .jobs = usage.jobs,
            .jobs_max = jobs_rule(jobs, PH_POLICY_USER_JOBS),
            .bytes = usage.bytes,
            .bytes_max = jobs_rule(jobs, PH_POLICY_USER_SIZE),
        };
    return err;
}
