#include "fake_jobs.h"

#include "codes.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "printhold/base/err.h"

#define JOBS_MAX 20000

struct ph_jobs {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct ph_job_view *views;
    size_t count;
    int blocking, blocked;
    char health[PH_WHY_MAX];
    uint64_t unmapped;
    char owners[PH_WHY_MAX];
};

struct ph_jobs *
fake_jobs_new(void)
{
    struct ph_jobs *jobs = calloc(1, sizeof(*jobs));

    if (jobs == NULL)
        abort();
    jobs->views = calloc(JOBS_MAX, sizeof(*jobs->views));
    if (jobs->views == NULL || pthread_mutex_init(&jobs->lock, NULL) != 0 ||
        pthread_cond_init(&jobs->changed, NULL) != 0)
        abort();
    return jobs;
}

void
fake_jobs_free(struct ph_jobs *jobs)
{
    (void)pthread_mutex_destroy(&jobs->lock);
    (void)pthread_cond_destroy(&jobs->changed);
    free(jobs->views);
    free(jobs);
}

void
fake_jobs_add(struct ph_jobs *jobs, const char *hex, uint32_t uid,
              enum ph_job_state state, const char *title)
{
    struct ph_job_view *view;

    (void)pthread_mutex_lock(&jobs->lock);
    view = &jobs->views[jobs->count];
    if (jobs->count == JOBS_MAX || ph_id_parse(hex, &view->id) != PH_OK)
        abort();
    jobs->count++;
    view->state = state;
    view->held_ms = 1763753400000;
    view->expires_ms = 1763839800000;
    view->changed_ms = 1763753400000;
    view->size_bytes = 3 * 1024 * 1024;
    ph_ticket_init(&view->ticket);
    view->ticket.owner_uid = uid;
    view->ticket.impressions = 12;
    (void)snprintf(view->ticket.owner_name, sizeof(view->ticket.owner_name),
                   "user%u", uid);
    (void)snprintf(view->ticket.job_name, sizeof(view->ticket.job_name), "%s",
                   title);
    memset(view->sha256, 0x11, sizeof(view->sha256));
    if (state == PH_JOB_CLAIMED)
        (void)snprintf(view->holder, sizeof(view->holder), "pr-7");
    (void)pthread_mutex_unlock(&jobs->lock);
}

void
fake_jobs_add_many(struct ph_jobs *jobs, size_t count, uint32_t uid)
{
    for (size_t i = 0; i < count; i++) {
        char hex[PH_ID_TEXT];

        (void)snprintf(hex, sizeof(hex), "%032zx", i);
        fake_jobs_add(jobs, hex, uid, PH_JOB_HELD, "one of many");
    }
}

void
fake_jobs_clear(struct ph_jobs *jobs)
{
    (void)pthread_mutex_lock(&jobs->lock);
    jobs->count = 0;
    (void)pthread_mutex_unlock(&jobs->lock);
}

/* With the lock held. */
static struct ph_job_view *
find(struct ph_jobs *jobs, const struct ph_id *id)
{
    for (size_t i = 0; i < jobs->count; i++)
        if (ph_id_equal(&jobs->views[i].id, id))
            return &jobs->views[i];
    return NULL;
}

static int
may_see(const struct ph_asker *asker, const struct ph_job_view *view)
{
    return asker->everyone ||
           (asker->by_uid && asker->owner_uid == view->ticket.owner_uid);
}

enum ph_job_state
fake_jobs_state(struct ph_jobs *jobs, const char *hex)
{
    enum ph_job_state state = (enum ph_job_state)0;
    struct ph_job_view *view;
    struct ph_id id;

    if (ph_id_parse(hex, &id) != PH_OK)
        abort();
    (void)pthread_mutex_lock(&jobs->lock);
    view = find(jobs, &id);
    if (view != NULL)
        state = view->state;
    (void)pthread_mutex_unlock(&jobs->lock);
    return state;
}

int
fake_jobs_is_kept(struct ph_jobs *jobs, const char *hex)
{
    struct ph_job_view *view;
    struct ph_id id;
    int keep;

    if (ph_id_parse(hex, &id) != PH_OK)
        abort();
    (void)pthread_mutex_lock(&jobs->lock);
    view = find(jobs, &id);
    keep = view != NULL && view->keep;
    (void)pthread_mutex_unlock(&jobs->lock);
    return keep;
}

void
fake_jobs_block(struct ph_jobs *jobs)
{
    (void)pthread_mutex_lock(&jobs->lock);
    jobs->blocking = 1;
    (void)pthread_mutex_unlock(&jobs->lock);
}

void
fake_jobs_wait_blocked(struct ph_jobs *jobs)
{
    (void)pthread_mutex_lock(&jobs->lock);
    while (!jobs->blocked)
        (void)pthread_cond_wait(&jobs->changed, &jobs->lock);
    (void)pthread_mutex_unlock(&jobs->lock);
}

void
fake_jobs_let_go(struct ph_jobs *jobs)
{
    (void)pthread_mutex_lock(&jobs->lock);
    jobs->blocking = 0;
    (void)pthread_cond_broadcast(&jobs->changed);
    (void)pthread_mutex_unlock(&jobs->lock);
}

void
fake_jobs_set_health(struct ph_jobs *jobs, const char *text)
{
    (void)pthread_mutex_lock(&jobs->lock);
    (void)snprintf(jobs->health, sizeof(jobs->health), "%s", text);
    (void)pthread_mutex_unlock(&jobs->lock);
}

void
fake_jobs_set_owners(struct ph_jobs *jobs, uint64_t unmapped, const char *text)
{
    (void)pthread_mutex_lock(&jobs->lock);
    jobs->unmapped = unmapped;
    (void)snprintf(jobs->owners, sizeof(jobs->owners), "%s", text);
    (void)pthread_mutex_unlock(&jobs->lock);
}

/* --- what jobs.h declares --- */

/* Wait here while the test says so. */
static void
be_blocked(struct ph_jobs *jobs)
{
    if (!jobs->blocking)
        return;
    jobs->blocked = 1;
    (void)pthread_cond_broadcast(&jobs->changed);
    while (jobs->blocking)
        (void)pthread_cond_wait(&jobs->changed, &jobs->lock);
    jobs->blocked = 0;
}

/* The place is how many jobs lie before it. */
int
ph_jobs_page(struct ph_jobs *jobs, const struct ph_asker *asker, bool ended,
             struct ph_jobs_place *place, ph_jobs_each_cb each, void *arg,
             bool *out_end)
{
    bool more = true;

    (void)pthread_mutex_lock(&jobs->lock);
    be_blocked(jobs);
    while (more && (size_t)place->held_ms < jobs->count) {
        const struct ph_job_view *view = &jobs->views[place->held_ms++];

        if (may_see(asker, view) &&
            (ended || ph_job_state_has_document(view->state)))
            more = each(view, arg);
    }
    (void)pthread_mutex_unlock(&jobs->lock);
    *out_end = more;
    return PH_OK;
}

int
ph_jobs_list(struct ph_jobs *jobs, const struct ph_asker *asker,
             ph_jobs_each_cb each, void *arg)
{
    struct ph_jobs_place place = {.held_ms = 0};
    bool end;

    return ph_jobs_page(jobs, asker, false, &place, each, arg, &end);
}

int
ph_jobs_find(struct ph_jobs *jobs, const struct ph_asker *asker,
             const char *digits, struct ph_id *out_id)
{
    size_t found[2] = {0, 0}; /* ended, live */
    struct ph_id ids[2];

    (void)pthread_mutex_lock(&jobs->lock);
    for (size_t i = 0; i < jobs->count; i++) {
        const struct ph_job_view *view = &jobs->views[i];
        const bool live = ph_job_state_has_document(view->state);
        char id[PH_ID_TEXT];

        ph_id_format(&view->id, id);
        if (!may_see(asker, view) || strncmp(id, digits, strlen(digits)) != 0)
            continue;
        ids[live] = view->id;
        found[live]++;
    }
    (void)pthread_mutex_unlock(&jobs->lock);
    if (found[1] > 1 || (found[1] == 0 && found[0] > 1))
        return PH_ERR_LIMIT;
    if (found[1] == 0 && found[0] == 0)
        return PH_ERR_NOT_FOUND;
    *out_id = ids[found[1] == 1];
    return PH_OK;
}

int
ph_jobs_used_by(struct ph_jobs *jobs, uint32_t uid, struct ph_jobs_use *out_use)
{
    (void)jobs;
    *out_use = (struct ph_jobs_use){
        .jobs = uid, .jobs_max = 1000, .bytes = 5, .bytes_max = 50};
    return PH_OK;
}

int
ph_jobs_get(struct ph_jobs *jobs, const struct ph_asker *asker,
            const struct ph_id *id, struct ph_job_view *out_view)
{
    const struct ph_job_view *view;
    int err = PH_ERR_NOT_FOUND;

    (void)pthread_mutex_lock(&jobs->lock);
    view = find(jobs, id);
    if (view != NULL && may_see(asker, view)) {
        *out_view = *view;
        err = PH_OK;
    }
    (void)pthread_mutex_unlock(&jobs->lock);
    return err;
}

int
ph_jobs_delete(struct ph_jobs *jobs, const struct ph_asker *asker,
               const struct ph_id *id, struct ph_why *why)
{
    struct ph_job_view *view;
    int err = PH_ERR_NOT_FOUND;

    (void)pthread_mutex_lock(&jobs->lock);
    view = find(jobs, id);
    if (view != NULL && may_see(asker, view)) {
        err = PH_OK;
        if (view->state == PH_JOB_CLAIMED)
            err = ph_why_fail(why, PH_ERR_BUSY, "printer %s is taking it",
                              view->holder);
        else if (view->state != PH_JOB_HELD)
            err = ph_why_fail(why, PH_ERR_STATE, "this job has ended already");
        else
            view->state = PH_JOB_DELETED;
    }
    (void)pthread_mutex_unlock(&jobs->lock);
    return err;
}

int
ph_jobs_keep(struct ph_jobs *jobs, const struct ph_asker *asker,
             const struct ph_id *id, bool keep, struct ph_why *why)
{
    struct ph_job_view *view;
    int err = PH_ERR_NOT_FOUND;

    (void)why;
    (void)pthread_mutex_lock(&jobs->lock);
    view = find(jobs, id);
    if (view != NULL && may_see(asker, view)) {
        view->keep = keep;
        err = PH_OK;
    }
    (void)pthread_mutex_unlock(&jobs->lock);
    return err;
}

int
ph_jobs_stats(struct ph_jobs *jobs, struct ph_jobs_stats *out_stats)
{
    *out_stats = (struct ph_jobs_stats){
        .spool_bytes = 4096, .outbox_events = 2, .outbox_documents = 1};
    (void)pthread_mutex_lock(&jobs->lock);
    for (size_t i = 0; i < jobs->count; i++) {
        out_stats->held += jobs->views[i].state == PH_JOB_HELD;
        out_stats->claimed += jobs->views[i].state == PH_JOB_CLAIMED;
    }
    out_stats->unmapped = jobs->unmapped;
    (void)snprintf(out_stats->owner_health, sizeof(out_stats->owner_health),
                   "%s", jobs->owners);
    (void)snprintf(out_stats->spool_health, sizeof(out_stats->spool_health),
                   "%s", jobs->health);
    (void)pthread_mutex_unlock(&jobs->lock);
    return PH_OK;
}

void
ph_jobs_rules(struct ph_jobs *jobs, struct ph_rules *out_rules,
              struct ph_policy_versions *out_versions)
{
    (void)jobs;
    memset(out_rules, 0, sizeof(*out_rules));
    out_rules->number[PH_POLICY_RETENTION] = 7200;
    out_rules->is_policy[PH_POLICY_RETENTION] = true;
    *out_versions = (struct ph_policy_versions){.tenant = 7};
}

/* uid 1004 is nobody. */
int
ph_jobs_login_of(struct ph_jobs *jobs, uint32_t uid,
                 char out_login[PH_TICKET_TEXT_MAX], struct ph_why *why)
{
    (void)jobs;
    if (uid == 1004)
        return ph_why_fail(why, PH_ERR_NOT_FOUND, "you have no login");
    (void)snprintf(out_login, PH_TICKET_TEXT_MAX, "user%u@example.com", uid);
    return PH_OK;
}

/* uid 1004 is nobody; the others have a code of their own. */
int
ph_codes_make(struct ph_jobs *jobs, uint32_t uid, struct ph_code *out_code,
              struct ph_why *why)
{
    struct ph_code code = {.expires_ms = 1763754300000};

    (void)jobs;
    if (uid == 1004)
        return ph_why_fail(why, PH_ERR_DENIED, "you have no login");
    (void)snprintf(code.text, sizeof(code.text), "0042%04u", uid % 10000);
    (void)snprintf(code.login, sizeof(code.login), "user%u@example.com", uid);
    (void)snprintf(code.computer.host, sizeof(code.computer.host), "desk");
    (void)snprintf(code.computer.address[0], sizeof(code.computer.address[0]),
                   "192.0.2.7:9443");
    code.computer.address_count = 1;
    *out_code = code;
    return PH_OK;
}

/* Three records of each uid, of which the last is a refusal. */
int
ph_jobs_history(struct ph_jobs *jobs, const struct ph_asker *asker,
                int64_t *after, ph_jobs_history_cb each, void *arg,
                bool *out_end)
{
    struct ph_audit_sealed sealed = {.login = "user@example.com"};
    struct ph_audit_record record = {.at_ms = 1763753400000,
                                     .has_job = true,
                                     .uid = asker->owner_uid,
                                     .count = 1,
                                     .impressions = -1,
                                     .sheets = -1};

    (void)jobs;
    *out_end = true;
    if (*after >= 9)
        return PH_OK;
    record.number = *after + 3;
    memset(record.job.bytes, 0xaa, sizeof(record.job.bytes));
    (void)snprintf(record.printer, sizeof(record.printer), "pr-7");
    (void)snprintf(record.event, sizeof(record.event), "completed");
    (void)snprintf(record.reason, sizeof(record.reason), "printed");
    (void)snprintf(record.amr, sizeof(record.amr), "badge pin");
    record.sheets = 6;
    if (record.number == 9) {
        (void)snprintf(record.event, sizeof(record.event), "refused");
        (void)snprintf(record.reason, sizeof(record.reason), "confidential");
        record.sheets = -1;
        record.count = 7;
    }
    *after = record.number;
    (void)snprintf(sealed.title, sizeof(sealed.title), "%s",
                   asker->everyone ? "of all" : "Q3 r\xc3\xa9port");
    *out_end = each(&record, &sealed, arg) && *after >= 9;
    return PH_OK;
}

/* Nothing happens to these; test_control_watch has jobs of its own. */
int
ph_jobs_news_begin(struct ph_jobs *jobs, const struct ph_control_place *from,
                   struct ph_jobs_news *out_news)
{
    (void)jobs, (void)from;
    *out_news = (struct ph_jobs_news){.untaken = 0};
    return PH_OK;
}

int
ph_jobs_news(struct ph_jobs *jobs, const struct ph_asker *asker,
             struct ph_jobs_news *news, ph_jobs_news_cb each, void *arg,
             bool *out_end)
{
    (void)jobs, (void)asker, (void)news, (void)each, (void)arg;
    *out_end = true;
    return PH_OK;
}
