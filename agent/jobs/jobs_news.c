/*
 * What happens to jobs, for who watches. Nothing is queued for anybody: what
 * became held lies in the catalogue in the order of its time, what became of it
 * in the audit by its number, and a watcher is a place in both. Only who was
 * not served is written down nowhere, and is remembered here, the last few.
 */
#include "jobs_private.h"

#include <stdio.h>
#include <string.h>

#include "printhold/base/attr.h"
#include "printhold/base/clock.h"
#include "printhold/base/err.h"

#define PAGE 64

struct telling {
    struct ph_jobs *jobs;
    struct ph_jobs_news *news;
    ph_jobs_news_cb each;
    void *arg;
    size_t seen; /* of the list of now */
    bool stopped;
};

#define COPY(dst, text) (void)snprintf(dst, sizeof(dst), "%s", text)

/* True to go on. */
static bool
tell(struct telling *telling, struct ph_control_change *change)
{
    change->place = telling->news->place;
    telling->stopped = !telling->each(change, telling->arg);
    return !telling->stopped;
}

static void
put_title(struct ph_jobs *jobs, const struct ph_ticket *ticket,
          struct ph_control_change *change)
{
    struct ph_ticket shown = *ticket;

    if (ticket->confidential)
        return;
    jobs_apply_title_policy(jobs, &shown);
    memcpy(change->title, shown.job_name, sizeof(change->title));
}

/* --- what became held --- */

static bool
on_row(const struct ph_catalogue_job *row, void *arg)
{
    struct telling *telling = arg;
    struct ph_control_change change = {.kind = PH_CHANGE_HELD};
    struct ph_job_view view;

    telling->seen++;
    telling->news->place.held = row->held_ms;
    if (jobs_view(telling->jobs, row, &view) != PH_OK)
        return true; /* ph_jobs_list says why */
    change.at_ms = view.held_ms;
    change.until_ms = view.expires_ms;
    ph_id_format(&view.id, change.job);
    put_title(telling->jobs, &view.ticket, &change);
    if (view.ticket.owner_login[0] == '\0')
        COPY(change.reason, "unmapped");
    return tell(telling, &change);
}

static int
tell_held(struct telling *telling, const struct ph_asker *asker)
{
    struct ph_catalogue_place after = {.held_ms = telling->news->place.held};
    const struct ph_catalogue_filter filter = {.by_uid = !asker->everyone,
                                               .uid = asker->owner_uid,
                                               .limit = PAGE,
                                               .after = &after};

    /* Behind whatever has this very time. */
    memset(after.id.bytes, 0xff, sizeof(after.id.bytes));
    return ph_catalogue_list(telling->jobs->catalogue, &filter, on_row,
                             telling);
}

/* --- what became of it --- */

static enum ph_control_change_kind
kind_of(const struct ph_audit_record *record)
{
    static const struct {
        const char *event;
        enum ph_control_change_kind kind;
    } kinds[] = {
        {"deleted", PH_CHANGE_DELETED},
        {"expired", PH_CHANGE_EXPIRED},
        {"failed", PH_CHANGE_FAILED},
        {"completed", PH_CHANGE_NOT_PRINTED},
    };

    if (strcmp(record->event, "completed") == 0 &&
        strcmp(record->reason, "printed") == 0)
        return PH_CHANGE_PRINTED;
    for (size_t i = 0; i < PH_COUNT(kinds); i++)
        if (strcmp(kinds[i].event, record->event) == 0)
            return kinds[i].kind;
    return PH_CHANGE_OTHER;
}

/* What the job's row knows, while it is there. */
static void
put_job(struct ph_jobs *jobs, const struct ph_id *id,
        struct ph_control_change *change)
{
    static const struct ph_asker everyone = {.everyone = true};
    struct job_row row;

    ph_id_format(id, change->job);
    if (jobs_row(jobs, &everyone, id, &row) != PH_OK)
        return;
    put_title(jobs, &row.view.ticket, change);
    if (change->kind == PH_CHANGE_PRINTED && row.view.keep)
        COPY(change->reason, "kept");
}

static bool
on_record(const struct ph_audit_record *record, void *arg)
{
    struct telling *telling = arg;
    struct ph_control_change change = {.kind = kind_of(record)};

    telling->seen++;
    telling->news->place.record = record->number;
    if (change.kind == PH_CHANGE_OTHER)
        return true;
    change.at_ms = record->at_ms;
    COPY(change.printer, record->printer);
    if (change.kind != PH_CHANGE_PRINTED)
        COPY(change.reason, record->reason);
    if (record->has_job)
        put_job(telling->jobs, &record->job, &change);
    return tell(telling, &change);
}

static int
tell_records(struct telling *telling, const struct ph_asker *asker)
{
    const struct ph_audit_filter filter = {
        .after = telling->news->place.record,
        .by_uid = !asker->everyone,
        .uid = asker->owner_uid,
        .since_ms = INT64_MIN,
        .limit = PAGE,
    };

    return ph_audit_each(telling->jobs->catalogue, &filter, on_record, telling);
}

/* --- who was not served --- */

void
ph_jobs_note_untaken(struct ph_jobs *jobs, const struct ph_capture_begin *begin,
                     const struct ph_capture_refuse *refuse)
{
    const struct jobs_untaken untaken = {begin->owner_uid, begin->cups_job_id,
                                         ph_clock_wall_ms(), *refuse};
    bool is_known = refuse->action == PH_CAPTURE_RETRY;

    if (is_known)
        return;
    jobs_lock(jobs);
    for (size_t i = 0; i < JOBS_UNTAKEN_MAX && i < jobs->untaken_count; i++)
        is_known |= jobs->untaken[i].uid == untaken.uid &&
                    jobs->untaken[i].cups_job_id == untaken.cups_job_id &&
                    jobs->untaken[i].refuse.err == refuse->err;
    if (!is_known)
        jobs->untaken[jobs->untaken_count++ % JOBS_UNTAKEN_MAX] = untaken;
    (void)pthread_mutex_unlock(&jobs->lock);
    if (!is_known)
        jobs_notify(jobs);
}

static void
tell_untaken(struct telling *telling, const struct ph_asker *asker)
{
    const struct ph_jobs *jobs = telling->jobs;
    uint64_t *next = &telling->news->untaken;
    bool goes_on = true;

    if (jobs->untaken_count - *next > JOBS_UNTAKEN_MAX)
        *next = jobs->untaken_count - JOBS_UNTAKEN_MAX;
    while (goes_on && *next < jobs->untaken_count) {
        const struct jobs_untaken *untaken =
            &jobs->untaken[(*next)++ % JOBS_UNTAKEN_MAX];
        struct ph_control_change change = {.kind = PH_CHANGE_REFUSED,
                                           .at_ms = untaken->at_ms};

        if (!asker->everyone && untaken->uid != asker->owner_uid)
            continue;
        COPY(change.reason,
             untaken->refuse.action == PH_CAPTURE_HOLD ? "waits" : "cancelled");
        COPY(change.text, untaken->refuse.text.text);
        goes_on = tell(telling, &change);
    }
}

/* --- all of it --- */

int
ph_jobs_news_begin(struct ph_jobs *jobs, const struct ph_control_place *from,
                   struct ph_jobs_news *out_news)
{
    struct ph_jobs_news news = {.untaken = 0};
    int err;

    jobs_lock(jobs);
    news.place.held = jobs_held_now(jobs);
    news.untaken = jobs->untaken_count;
    err = ph_audit_newest(jobs->catalogue, &news.place.record);
    (void)pthread_mutex_unlock(&jobs->lock);
    if (err != PH_OK)
        return err;
    /* What lies in the future is of another catalogue. */
    if (from != NULL && from->held < news.place.held)
        news.place.held = from->held;
    if (from != NULL && from->record < news.place.record)
        news.place.record = from->record;
    *out_news = news;
    return PH_OK;
}

/* The catalogue may have been made anew since. */
static int
stay_within(struct ph_jobs *jobs, struct ph_jobs_news *news)
{
    int64_t newest = 0;
    int err = ph_audit_newest(jobs->catalogue, &newest);

    if (err == PH_OK && news->place.record > newest)
        news->place.record = newest;
    return err;
}

int
ph_jobs_news(struct ph_jobs *jobs, const struct ph_asker *asker,
             struct ph_jobs_news *news, ph_jobs_news_cb each, void *arg,
             bool *out_end)
{
    struct telling telling = {
        .jobs = jobs, .news = news, .each = each, .arg = arg};
    bool is_more;
    int err;

    jobs_lock(jobs);
    err = stay_within(jobs, news);
    if (err == PH_OK)
        err = tell_held(&telling, asker);
    is_more = telling.seen == PAGE;
    telling.seen = 0;
    if (err == PH_OK && !telling.stopped && !is_more)
        err = tell_records(&telling, asker);
    is_more |= telling.seen == PAGE;
    if (err == PH_OK && !telling.stopped)
        tell_untaken(&telling, asker);
    (void)pthread_mutex_unlock(&jobs->lock);
    *out_end = !telling.stopped && !is_more;
    return err;
}
