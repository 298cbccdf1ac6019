/*
 * Entries wait in one list, under a lock because captures end in workers. A
 * timer takes the whole list as a round into a worker, which asks cupsd about
 * each; what is not finished comes back and waits longer.
 *
 * Invariants: at most one round at a time; an entry is in the list or in the
 * round; while a round is out, the timer is not running.
 */
#include "cups_purge.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cups_ipp.h"
#include "printhold/base/err.h"
#include "printhold/base/log.h"
#include "printhold/model/config.h"

#define FIRST_MS  30 /* the backend is about to exit */
#define LAST_MS   10000
#define FAILED_MS 30000

struct entry {
    int32_t job;
    char uuid[PH_IPP_UUID_MAX];
};

struct round {
    struct entry *entries;
    size_t count;
    size_t left; /* entries that are to come again, moved to the front */
    bool failed;
    struct ph_why why;
};

struct ph_cups_purge {
    char socket_path[PH_CONFIG_TEXT_MAX];
    pthread_mutex_t lock;
    struct entry *entries; /* under lock */
    size_t count;          /* under lock */
    uv_async_t added;
    uv_timer_t timer;
    uv_work_t work;
    struct round round;
    bool working;
    uint64_t wait_ms;
    struct ph_why why;
    unsigned open_handles;
    void (*done)(void *arg);
    void *done_arg;
};

/* --- the list --- */

/* Append; the oldest makes room. */
static void
push(struct ph_cups_purge *purge, const struct entry *entry)
{
    if (purge->count == PH_CUPS_PURGE_MAX) {
        ph_log_warning("CUPS: more than %d jobs wait to be purged, the oldest "
                       "is left to CUPS, continuing",
                       PH_CUPS_PURGE_MAX);
        memmove(purge->entries, purge->entries + 1,
                (PH_CUPS_PURGE_MAX - 1) * sizeof(*entry));
        purge->count--;
    }
    purge->entries[purge->count++] = *entry;
}

void
ph_cups_purge_add(struct ph_cups_purge *purge, int32_t cups_job_id,
                  const char *job_uuid)
{
    struct entry entry = {.job = cups_job_id};

    if (purge->socket_path[0] == '\0' || cups_job_id <= 0 ||
        strlen(job_uuid) >= sizeof(entry.uuid) || job_uuid[0] == '\0')
        return;
    (void)snprintf(entry.uuid, sizeof(entry.uuid), "%s", job_uuid);
    (void)pthread_mutex_lock(&purge->lock);
    push(purge, &entry);
    (void)pthread_mutex_unlock(&purge->lock);
    (void)uv_async_send(&purge->added);
}

/* --- a round, in a worker --- */

enum verdict {
    FINISHED,  /* gone, or not ours to touch */
    NOT_YET,   /* cupsd is still at it */
    IMPOSSIBLE /* why says so */
};

static void
on_record(const struct ph_ipp_record *record, void *arg)
{
    struct ph_ipp_record *found = arg;

    *found = *record;
}

static enum verdict
judge_refusal(uint16_t status, struct ph_why *why)
{
    if (status == PH_IPP_NOT_FOUND)
        return FINISHED;
    if (status == PH_IPP_NOT_POSSIBLE)
        return NOT_YET;
    ph_why_set(why,
               "CUPS does not let us remove its copies of captured jobs "
               "(status 0x%04x); the agent's account must be a member of a "
               "SystemGroup in cups-files.conf",
               (unsigned)status);
    return IMPOSSIBLE;
}

static enum verdict
purge_one(const char *socket_path, const struct entry *entry,
          struct ph_why *why)
{
    struct ph_ipp_request request = {.operation = PH_IPP_GET_JOB_ATTRIBUTES,
                                     .job = entry->job};
    struct ph_ipp_record found = {0};
    uint16_t status;

    if (ph_cups_ipp_do(socket_path, &request, on_record, &found, &status,
                       why) != PH_OK)
        return IMPOSSIBLE;
    if (status > PH_IPP_OK_LAST)
        return judge_refusal(status, why);
    if (strcmp(found.job_uuid, entry->uuid) != 0)
        return FINISHED;
    if (found.job_state < PH_IPP_JOB_ENDED)
        return NOT_YET;
    request.operation = PH_IPP_CANCEL_JOB;
    if (ph_cups_ipp_do(socket_path, &request, NULL, NULL, &status, why) !=
        PH_OK)
        return IMPOSSIBLE;
    if (status > PH_IPP_OK_LAST)
        return judge_refusal(status, why);
    return FINISHED;
}

static void
work_round(uv_work_t *work)
{
    struct ph_cups_purge *purge = work->data;
    struct round *round = &purge->round;

    for (size_t i = 0; i < round->count; i++) {
        enum verdict verdict = round->failed
                                   ? NOT_YET
                                   : purge_one(purge->socket_path,
                                               &round->entries[i], &round->why);

        round->failed = round->failed || verdict == IMPOSSIBLE;
        if (verdict != FINISHED)
            round->entries[round->left++] = round->entries[i];
    }
}

/* --- the loop --- */

static void on_timer(uv_timer_t *timer);

static void
on_closed(uv_handle_t *handle)
{
    struct ph_cups_purge *purge = handle->data;
    void (*done)(void *arg) = purge->done;
    void *arg = purge->done_arg;

    if (--purge->open_handles > 0)
        return;
    (void)pthread_mutex_destroy(&purge->lock);
    free(purge->entries);
    free(purge->round.entries);
    free(purge);
    done(arg);
}

static void
close_handles(struct ph_cups_purge *purge)
{
    uv_close((uv_handle_t *)&purge->added, on_closed);
    uv_close((uv_handle_t *)&purge->timer, on_closed);
}

static void
wait_again(struct ph_cups_purge *purge, uint64_t ms)
{
    (void)uv_timer_start(&purge->timer, on_timer, ms, 0);
}

/* What is to come again goes back; returns whether anything waits. */
static bool
take_back(struct ph_cups_purge *purge)
{
    struct round *round = &purge->round;
    bool waits;

    (void)pthread_mutex_lock(&purge->lock);
    for (size_t i = 0; i < round->left; i++)
        push(purge, &round->entries[i]);
    waits = purge->count > 0;
    (void)pthread_mutex_unlock(&purge->lock);
    return waits;
}

static void
note_result(struct ph_cups_purge *purge)
{
    if (purge->round.failed && purge->why.text[0] == '\0')
        ph_log_warning("%s, continuing", purge->round.why.text);
    if (!purge->round.failed && purge->why.text[0] != '\0')
        ph_log_notice("CUPS: its copies of captured jobs are removed again");
    purge->why = purge->round.failed ? purge->round.why : (struct ph_why){""};
}

static void
after_round(uv_work_t *work, int status)
{
    struct ph_cups_purge *purge = work->data;

    (void)status;
    purge->working = false;
    if (purge->done != NULL) {
        close_handles(purge);
        return;
    }
    note_result(purge);
    if (!take_back(purge))
        return;
    purge->wait_ms *= 2;
    if (purge->wait_ms > LAST_MS)
        purge->wait_ms = LAST_MS;
    wait_again(purge, purge->round.failed ? FAILED_MS : purge->wait_ms);
}

/* Take the list as a round. */
static void
on_timer(uv_timer_t *timer)
{
    struct ph_cups_purge *purge = timer->data;
    struct round *round = &purge->round;

    (void)pthread_mutex_lock(&purge->lock);
    memcpy(round->entries, purge->entries,
           purge->count * sizeof(*round->entries));
    round->count = purge->count;
    purge->count = 0;
    (void)pthread_mutex_unlock(&purge->lock);
    round->left = 0;
    round->failed = false;
    round->why = (struct ph_why){""};
    purge->working = true;
    if (uv_queue_work(timer->loop, &purge->work, work_round, after_round) !=
        0) {
        purge->working = false;
        round->left = round->count;
        (void)take_back(purge);
        wait_again(purge, FAILED_MS);
    }
}

/* A new job: the backend ends in a moment, so start with short waits. */
static void
on_added(uv_async_t *async)
{
    struct ph_cups_purge *purge = async->data;

    purge->wait_ms = FIRST_MS;
    if (!purge->working && purge->done == NULL &&
        (!uv_is_active((uv_handle_t *)&purge->timer) ||
         uv_timer_get_due_in(&purge->timer) > FIRST_MS))
        wait_again(purge, FIRST_MS);
}

int
ph_cups_purge_start(uv_loop_t *loop, const char *socket_path,
                    struct ph_cups_purge **out_purge)
{
    struct ph_cups_purge *purge = calloc(1, sizeof(*purge));

    if (purge == NULL)
        return PH_ERR_NOMEM;
    purge->entries = calloc(PH_CUPS_PURGE_MAX, sizeof(*purge->entries));
    purge->round.entries =
        calloc(PH_CUPS_PURGE_MAX, sizeof(*purge->round.entries));
    if (purge->entries == NULL || purge->round.entries == NULL ||
        uv_async_init(loop, &purge->added, on_added) != 0) {
        free(purge->entries);
        free(purge->round.entries);
        free(purge);
        return PH_ERR_NOMEM;
    }
    (void)uv_timer_init(loop, &purge->timer);
    (void)pthread_mutex_init(&purge->lock, NULL);
    (void)snprintf(purge->socket_path, sizeof(purge->socket_path), "%s",
                   socket_path);
    purge->added.data = purge->timer.data = purge->work.data = purge;
    purge->open_handles = 2;
    purge->wait_ms = FIRST_MS;
    *out_purge = purge;
    return PH_OK;
}

void
ph_cups_purge_status(const struct ph_cups_purge *purge, struct ph_why *out_text)
{
    *out_text = purge->why;
}

void
ph_cups_purge_stop(struct ph_cups_purge *purge, void (*done)(void *arg),
                   void *arg)
{
    purge->done = done;
    purge->done_arg = arg;
    if (!purge->working)
        close_handles(purge);
}
