/*
 * A timer starts a round in a worker: which queues are ours, which of their
 * jobs wait with our mark, and, when a try is due, Release-Job for some of
 * them. What was released and does not find room is held by its backend again
 * and found by a later round; the times between tries double meanwhile.
 *
 * Invariants: at most one round at a time; while a round is out, the timer is
 * not running; with no job waiting and no look owed, nothing is scheduled.
 */
#include "cups_held.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cups_ipp.h"
#include "printhold/base/clock.h"
#include "printhold/base/err.h"
#include "printhold/base/log.h"
#include "printhold/model/config.h"
#include "printhold/proto/capture.h"

#define SOON_MS      1000
#define FIRST_TRY_MS 5000
#define LAST_TRY_MS  600000
#define UNREACHED_MS 30000
#define DEVICE       "printhold:"
#define QUEUES_MAX   16
/* At start everything is tried: the agent was away. Later so many at once,
 * each time others, because most will find no room. */
#define TRIES_AT_ONCE 16
/* A backend may be giving up on us while we start. */
#define LOOKS_AT_START 5

struct queues {
    char uri[QUEUES_MAX][PH_IPP_URI_MAX];
    size_t count;
};

struct round {
    const char *socket_path;
    struct ph_jobs *jobs;
    bool may_try; /* in; else only when there is room */
    size_t tries_max;
    uint64_t jobs_seen, bytes_seen; /* in the spool, the most */
    int32_t after;                  /* the last job of the last try */
    int32_t waiting[PH_IPP_JOBS_MAX];
    size_t count, released;
    bool has_room, was_tried, is_unreached, is_refused;
    struct ph_why why;
};

struct ph_cups_held {
    char socket_path[PH_CONFIG_TEXT_MAX];
    uv_timer_t timer;
    uv_work_t work;
    struct round round;
    bool working, look_again;
    unsigned looks_owed;
    int64_t next_try_ms;
    uint64_t try_ms, unreached_ms;
    size_t waiting;
    struct ph_why why;
    void (*done)(void *arg);
    void *done_arg;
};

/* --- a round, in a worker --- */

static void
on_queue(const struct ph_ipp_record *record, void *arg)
{
    struct queues *queues = arg;

    if (queues->count < QUEUES_MAX && record->queue_uri[0] != '\0' &&
        strncmp(record->device_uri, DEVICE, strlen(DEVICE)) == 0)
        memcpy(queues->uri[queues->count++], record->queue_uri, PH_IPP_URI_MAX);
}

/* The backend's doing, not a person's: see PH_CAPTURE_HELD. */
static bool
is_ours(const struct ph_ipp_record *record)
{
    return record->job_id > 0 && record->job_state == PH_IPP_JOB_HELD &&
           strcmp(record->job_hold_until, "no-hold") == 0 &&
           strncmp(record->job_message, PH_CAPTURE_HELD,
                   strlen(PH_CAPTURE_HELD)) == 0;
}

static void
on_job(const struct ph_ipp_record *record, void *arg)
{
    struct round *round = arg;

    if (is_ours(record) && round->count < PH_IPP_JOBS_MAX)
        round->waiting[round->count++] = record->job_id;
}

static int
find_waiting(struct round *round)
{
    struct ph_ipp_request request = {.operation = PH_IPP_GET_PRINTERS};
    struct queues queues = {.count = 0};
    uint16_t status;
    int err = ph_cups_ipp_do(round->socket_path, &request, on_queue, &queues,
                             &status, &round->why);

    request.operation = PH_IPP_GET_JOBS;
    for (size_t i = 0; err == PH_OK && i < queues.count; i++) {
        request.queue_uri = queues.uri[i];
        err = ph_cups_ipp_do(round->socket_path, &request, on_job, round,
                             &status, &round->why);
    }
    return err;
}

static uint64_t
larger(uint64_t one, uint64_t other)
{
    return one > other ? one : other;
}

/* Has something left the spool since the last try, or since it was fullest? */
static bool
has_room(struct round *round)
{
    struct ph_jobs_stats stats;
    uint64_t jobs;
    bool is_less;

    if (ph_jobs_stats(round->jobs, &stats) != PH_OK)
        return false;
    jobs = stats.held + stats.claimed;
    is_less = jobs < round->jobs_seen || stats.spool_bytes < round->bytes_seen;
    round->jobs_seen = larger(jobs, round->jobs_seen);
    round->bytes_seen = larger(stats.spool_bytes, round->bytes_seen);
    if (is_less) {
        round->jobs_seen = jobs;
        round->bytes_seen = stats.spool_bytes;
    }
    return is_less;
}

/* Whether the next may be tried too. */
static bool
release(struct round *round, int32_t job)
{
    const struct ph_ipp_request request = {.operation = PH_IPP_RELEASE_JOB,
                                           .job = job};
    uint16_t status;

    if (ph_cups_ipp_do(round->socket_path, &request, NULL, NULL, &status,
                       &round->why) != PH_OK) {
        round->is_unreached = true;
        return false;
    }
    /* Gone, or going on already: a person was faster. */
    if (status <= PH_IPP_OK_LAST || status == PH_IPP_NOT_FOUND ||
        status == PH_IPP_NOT_POSSIBLE) {
        round->released++;
        return true;
    }
    ph_why_set(&round->why,
               "CUPS does not let us release the jobs that wait in it for us "
               "(status 0x%04x); the agent's account must be a member of a "
               "SystemGroup in cups-files.conf",
               (unsigned)status);
    round->is_refused = true;
    return false;
}

static int
by_number(const void *one, const void *other)
{
    const int32_t a = *(const int32_t *)one, b = *(const int32_t *)other;

    return (a > b) - (a < b);
}

/* The oldest first, beginning after those that were tried last. */
static void
release_some(struct round *round)
{
    size_t first = 0;

    qsort(round->waiting, round->count, sizeof(round->waiting[0]), by_number);
    while (first < round->count && round->waiting[first] <= round->after)
        first++;
    for (size_t i = 0; i < round->count && i < round->tries_max; i++) {
        const int32_t job = round->waiting[(first + i) % round->count];

        if (!release(round, job))
            return;
        round->after = job;
    }
}

static void
work_round(uv_work_t *work)
{
    struct ph_cups_held *held = work->data;
    struct round *round = &held->round;

    round->is_unreached = find_waiting(round) != PH_OK;
    round->has_room = has_room(round);
    round->was_tried = (round->may_try || round->has_room) &&
                       round->count > 0 && !round->is_unreached;
    if (round->was_tried)
        release_some(round);
}

/* --- the loop --- */

static void on_timer(uv_timer_t *timer);

static void
on_closed(uv_handle_t *handle)
{
    struct ph_cups_held *held = handle->data;
    void (*done)(void *arg) = held->done;
    void *arg = held->done_arg;

    free(held);
    done(arg);
}

static void
wait_again(struct ph_cups_held *held, int64_t ms)
{
    (void)uv_timer_start(&held->timer, on_timer,
                         ms < SOON_MS ? SOON_MS : (uint64_t)ms, 0);
}

static uint64_t
doubled(uint64_t ms)
{
    return ms * 2 > LAST_TRY_MS ? LAST_TRY_MS : ms * 2;
}

static void
note_result(struct ph_cups_held *held)
{
    const struct round *round = &held->round;

    if (round->is_refused && held->why.text[0] == '\0')
        ph_log_warning("%s, continuing", round->why.text);
    held->why = round->is_refused ? round->why : (struct ph_why){""};
    if (round->released > 0)
        ph_log_notice("CUPS: %zu jobs that waited there for us go on",
                      round->released);
    if (!round->is_unreached || round->released > 0)
        held->waiting = round->count - round->released;
}

/* When the next try is due. */
static void
plan(struct ph_cups_held *held)
{
    struct round *round = &held->round;

    if (round->has_room)
        held->try_ms = FIRST_TRY_MS;
    if (round->was_tried) {
        round->tries_max = TRIES_AT_ONCE;
        held->next_try_ms = ph_clock_mono_ms() + (int64_t)held->try_ms;
        held->try_ms = doubled(held->try_ms);
    } else if (round->count == 0 && !round->is_unreached &&
               ph_clock_mono_ms() > held->next_try_ms) {
        held->try_ms = FIRST_TRY_MS;
    }
    held->unreached_ms =
        round->is_unreached ? doubled(held->unreached_ms) : UNREACHED_MS / 2;
}

static void
after_round(uv_work_t *work, int status)
{
    struct ph_cups_held *held = work->data;

    (void)status;
    held->working = false;
    if (held->done != NULL) {
        uv_close((uv_handle_t *)&held->timer, on_closed);
        return;
    }
    note_result(held);
    plan(held);
    if (held->looks_owed > 0)
        held->looks_owed--;
    if (held->round.is_unreached)
        wait_again(held, (int64_t)held->unreached_ms);
    else if (held->look_again)
        wait_again(held, SOON_MS);
    else if (held->looks_owed > 0)
        wait_again(held, SOON_MS << (LOOKS_AT_START - held->looks_owed));
    else if (held->waiting > 0)
        wait_again(held, held->next_try_ms - ph_clock_mono_ms());
    held->look_again = false;
}

static void
on_timer(uv_timer_t *timer)
{
    struct ph_cups_held *held = timer->data;
    struct round *round = &held->round;

    round->may_try = ph_clock_mono_ms() >= held->next_try_ms;
    round->count = round->released = 0;
    round->was_tried = round->is_unreached = round->is_refused = false;
    round->why = (struct ph_why){""};
    held->working = true;
    if (uv_queue_work(timer->loop, &held->work, work_round, after_round) != 0) {
        held->working = false;
        wait_again(held, UNREACHED_MS);
    }
}

int
ph_cups_held_start(uv_loop_t *loop, const char *socket_path,
                   struct ph_jobs *jobs, struct ph_cups_held **out_held)
{
    struct ph_cups_held *held = calloc(1, sizeof(*held));

    if (held == NULL)
        return PH_ERR_NOMEM;
    (void)snprintf(held->socket_path, sizeof(held->socket_path), "%s",
                   socket_path);
    (void)uv_timer_init(loop, &held->timer);
    held->timer.data = held->work.data = held;
    held->round.socket_path = held->socket_path;
    held->round.jobs = jobs;
    held->round.tries_max = PH_IPP_JOBS_MAX;
    held->try_ms = FIRST_TRY_MS;
    held->unreached_ms = UNREACHED_MS / 2;
    held->looks_owed = LOOKS_AT_START;
    *out_held = held;
    if (socket_path[0] != '\0')
        (void)uv_timer_start(&held->timer, on_timer, 0, 0);
    return PH_OK;
}

void
ph_cups_held_look(struct ph_cups_held *held)
{
    if (held->socket_path[0] == '\0' || held->done != NULL)
        return;
    if (held->working)
        held->look_again = true;
    else if (!uv_is_active((uv_handle_t *)&held->timer) ||
             uv_timer_get_due_in(&held->timer) > SOON_MS)
        wait_again(held, SOON_MS);
}

void
ph_cups_held_changed(struct ph_cups_held *held)
{
    if (held->waiting > 0)
        ph_cups_held_look(held);
}

size_t
ph_cups_held_status(const struct ph_cups_held *held, struct ph_why *out_text)
{
    *out_text = held->why;
    return held->waiting;
}

void
ph_cups_held_stop(struct ph_cups_held *held, void (*done)(void *arg), void *arg)
{
    held->done = done;
    held->done_arg = arg;
    if (!held->working)
        uv_close((uv_handle_t *)&held->timer, on_closed);
}
