#include "sign_in_pull.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "printhold/base/err.h"
#include "reports.h"

#define AWAY_TIMEOUT_S 3

/* What the threads share, under the lock. */
struct crowd {
    pthread_mutex_t lock;
    const struct ph_options *options;
    const struct ph_hub_answer *answer;
    int dirfd;
    size_t next; /* workstation that nobody has begun */
    struct ph_pulled_list list;
};

static void
note_failure(struct crowd *crowd, int err)
{
    (void)pthread_mutex_lock(&crowd->lock);
    if (crowd->list.first_err == PH_OK)
        crowd->list.first_err = err;
    (void)pthread_mutex_unlock(&crowd->lock);
}

static bool
has_failed(struct crowd *crowd)
{
    bool failed;

    (void)pthread_mutex_lock(&crowd->lock);
    failed = crowd->list.first_err != PH_OK;
    (void)pthread_mutex_unlock(&crowd->lock);
    return failed;
}

static void
add_pulled(struct crowd *crowd, const struct ph_pulled *pulled)
{
    struct ph_pulled_list *list = &crowd->list;
    struct ph_pulled *more;

    (void)pthread_mutex_lock(&crowd->lock);
    more = realloc(list->pulled, (list->count + 1) * sizeof(*more));
    if (more != NULL) {
        list->pulled = more;
        list->pulled[list->count++] = *pulled;
    }
    if (list->first_err == PH_OK)
        list->first_err = more == NULL ? PH_ERR_NOMEM : pulled->err;
    (void)pthread_mutex_unlock(&crowd->lock);
}

/* --- one workstation --- */

static bool
is_wanted(const struct ph_options *options, const char *id)
{
    for (size_t i = 0; i < options->job_count; i++)
        if (strcmp(options->job[i], id) == 0)
            return true;
    return options->all;
}

/* Has it anything that is wanted, as far as the hub knows? */
static bool
is_worth_a_visit(const struct ph_options *options,
                 const struct ph_hub_workstation *ws)
{
    for (size_t i = 0; i < ws->job_count; i++)
        if (is_wanted(options, ws->job[i].id))
            return true;
    return ws->more > 0;
}

/* At once, before anything else is sent. */
static bool
keep_report(struct crowd *crowd, const struct ph_pulled *pulled)
{
    const struct ph_report_words words = {.session = crowd->answer->session,
                                          .workstation = pulled->workstation,
                                          .job = pulled->job.id,
                                          .result = "printed"};

    return ph_reports_keep(crowd->options->state, &words, NULL) == PH_OK;
}

static void
pull_one(struct crowd *crowd, const struct ph_hub_workstation *ws,
         struct ph_api *api, const struct ph_station_job *job)
{
    const struct ph_options *options = crowd->options;
    const struct ph_pull_options how = {
        .dirfd = crowd->dirfd,
        .force = options->force,
        .complete = !options->no_complete,
        .keep_claim = options->keep_claim,
        .tries = options->tries,
    };
    struct ph_pulled pulled = {.job = *job, .why = {""}};

    memcpy(pulled.workstation, ws->id, sizeof(pulled.workstation));
    pulled.err = ph_pull_job(api, job, &how, &pulled.result, &pulled.why);
    if (pulled.result.completed)
        pulled.is_kept = keep_report(crowd, &pulled);
    add_pulled(crowd, &pulled);
}

static int
pull_lists(struct crowd *crowd, const struct ph_hub_workstation *ws,
           struct ph_api *api, struct ph_why *why)
{
    bool more;

    do {
        struct ph_station_jobs jobs;
        size_t taken = 0;
        int err = ph_api_list(api, &jobs, why);

        if (err != PH_OK)
            return err;
        for (size_t i = 0; i < jobs.count; i++) {
            if (!is_wanted(crowd->options, jobs.job[i].id))
                continue;
            pull_one(crowd, ws, api, &jobs.job[i]);
            taken++;
        }
        more = jobs.more && taken > 0 && !crowd->options->no_complete &&
               !has_failed(crowd);
        ph_messages_free_jobs(&jobs);
    } while (more);
    return PH_OK;
}

/* One that is said to be away is asked all the same, since that may be old news,
 * but not for long. */
static bool
is_away(const struct ph_hub_workstation *ws)
{
    return strcmp(ws->presence, "asleep") == 0 ||
           strcmp(ws->presence, "off") == 0;
}

/* A session at one of its addresses. PH_ERR_AGAIN: nobody there. */
static int
visit(struct crowd *crowd, const struct ph_hub_workstation *ws,
      const char *address, struct ph_why *why)
{
    struct ph_https_options where = crowd->options->https;
    struct ph_https *https = NULL;
    struct ph_api *api = NULL;
    int err;

    where.address = address;
    where.workstation_id = ws->id;
    where.is_hub = false;
    if (is_away(ws) && where.timeout_s > AWAY_TIMEOUT_S)
        where.timeout_s = AWAY_TIMEOUT_S;
    err = ph_https_open(&where, &https, why);
    if (err == PH_OK)
        err = ph_api_new(https, 1, &api);
    if (err == PH_OK)
        err = ph_api_open_session(api, PH_API_GRANT, ws->grant, why);
    if (err == PH_OK) {
        ph_api_set_tries(api, crowd->options->tries);
        err = pull_lists(crowd, ws, api, why);
        if (err == PH_ERR_AGAIN)
            err = PH_ERR_CLOSED; /* the grant is used up */
        ph_api_close_session(api);
    }
    ph_api_free(api);
    ph_https_close(https);
    return err;
}

static void
tell_failure(const struct ph_hub_workstation *ws, int err,
             const struct ph_why *why)
{
    const char *name = ws->host[0] != '\0' ? ws->host : ws->id;

    if (err == PH_ERR_AGAIN && is_away(ws))
        (void)fprintf(stderr,
                      "printhold-station: %s is %s; %s, and the jobs on it can "
                      "be taken then\n",
                      name, ws->presence,
                      strcmp(ws->presence, "asleep") == 0 ? "wake it"
                                                          : "switch it on");
    else
        (void)fprintf(stderr, "printhold-station: %s (%s): %s\n", name,
                      ws->presence, why->text);
}

/* Its addresses one after the other, then all again after a while. */
static void
work_at(struct crowd *crowd, const struct ph_hub_workstation *ws)
{
    struct ph_why why = {"no address of it is known"};
    int err = PH_ERR_AGAIN;

    for (unsigned n = 1; err == PH_ERR_AGAIN; n++) {
        for (size_t i = 0; err == PH_ERR_AGAIN && i < ws->address_count; i++)
            err = visit(crowd, ws, ws->address[i], &why);
        if (err != PH_ERR_AGAIN || n >= crowd->options->tries || is_away(ws) ||
            ws->address_count == 0)
            break;
        ph_api_pause(n, 0);
    }
    if (err == PH_OK)
        return;
    tell_failure(ws, err, &why);
    note_failure(crowd, err);
}

static void *
run(void *arg)
{
    struct crowd *crowd = arg;

    for (;;) {
        size_t at;

        (void)pthread_mutex_lock(&crowd->lock);
        at = crowd->next++;
        (void)pthread_mutex_unlock(&crowd->lock);
        if (at >= crowd->answer->workstation_count)
            return NULL;
        if (is_worth_a_visit(crowd->options, &crowd->answer->workstation[at]))
            work_at(crowd, &crowd->answer->workstation[at]);
    }
}

int
ph_sign_in_pull(const struct ph_options *options,
                const struct ph_hub_answer *answer, int dirfd,
                struct ph_pulled_list *out_list)
{
    struct crowd crowd = {.options = options, .answer = answer, .dirfd = dirfd};
    pthread_t thread[PH_SIGN_IN_THREADS];
    size_t count = 0;

    if (pthread_mutex_init(&crowd.lock, NULL) != 0)
        return PH_ERR_NOMEM;
    /* One of them is this one; without the others it takes longer. */
    while (count + 1 < PH_SIGN_IN_THREADS &&
           count + 1 < answer->workstation_count &&
           pthread_create(&thread[count], NULL, run, &crowd) == 0)
        count++;
    (void)run(&crowd);
    for (size_t i = 0; i < count; i++)
        (void)pthread_join(thread[i], NULL);
    (void)pthread_mutex_destroy(&crowd.lock);
    *out_list = crowd.list;
    return PH_OK;
}
