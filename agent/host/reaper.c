#include "reaper.h"

#include <stdlib.h>

#include "printhold/base/clock.h"
#include "printhold/base/err.h"
#include "printhold/base/log.h"

#define SOON_MS  1000
#define RETRY_MS 30000

struct ph_reaper {
    struct ph_jobs *jobs;
    uv_timer_t timer;
    uv_work_t work;
    bool working;
    bool again; /* kicked during a round */
    int err;
    int64_t next_ms;
    void (*done)(void *arg);
    void *done_arg;
};

static void on_timer(uv_timer_t *timer);

static void
work_reap(uv_work_t *work)
{
    struct ph_reaper *reaper = work->data;

    reaper->err =
        ph_jobs_reap(reaper->jobs, ph_clock_wall_ms(), &reaper->next_ms);
}

static void
on_closed(uv_handle_t *handle)
{
    struct ph_reaper *reaper = handle->data;
    void (*done)(void *arg) = reaper->done;
    void *arg = reaper->done_arg;

    free(reaper);
    done(arg);
}

static void
wait_ms(struct ph_reaper *reaper, int64_t ms)
{
    (void)uv_timer_start(&reaper->timer, on_timer,
                         (uint64_t)(ms > SOON_MS ? ms : SOON_MS), 0);
}

static void
after_reap(uv_work_t *work, int status)
{
    struct ph_reaper *reaper = work->data;

    (void)status;
    reaper->working = false;
    if (reaper->done != NULL) {
        uv_close((uv_handle_t *)&reaper->timer, on_closed);
    } else if (reaper->err != PH_OK) {
        ph_log_warning("housekeeping: %s, continuing",
                       ph_err_text(reaper->err));
        wait_ms(reaper, RETRY_MS);
    } else {
        wait_ms(reaper,
                reaper->again ? SOON_MS : reaper->next_ms - ph_clock_wall_ms());
    }
    reaper->again = false;
}

static void
on_timer(uv_timer_t *timer)
{
    struct ph_reaper *reaper = timer->data;

    reaper->working = true;
    if (uv_queue_work(timer->loop, &reaper->work, work_reap, after_reap) != 0) {
        reaper->working = false;
        wait_ms(reaper, RETRY_MS);
    }
}

int
ph_reaper_start(uv_loop_t *loop, struct ph_jobs *jobs,
                struct ph_reaper **out_reaper)
{
    struct ph_reaper *reaper = calloc(1, sizeof(*reaper));

    if (reaper == NULL)
        return PH_ERR_NOMEM;
    reaper->jobs = jobs;
    reaper->work.data = reaper->timer.data = reaper;
    (void)uv_timer_init(loop, &reaper->timer);
    (void)uv_timer_start(&reaper->timer, on_timer, 0, 0);
    *out_reaper = reaper;
    return PH_OK;
}

void
ph_reaper_kick(struct ph_reaper *reaper)
{
    if (reaper->working)
        reaper->again = true;
    else if (uv_timer_get_due_in(&reaper->timer) > SOON_MS)
        wait_ms(reaper, SOON_MS);
}

void
ph_reaper_stop(struct ph_reaper *reaper, void (*done)(void *arg), void *arg)
{
    reaper->done = done;
    reaper->done_arg = arg;
    if (!reaper->working)
        uv_close((uv_handle_t *)&reaper->timer, on_closed);
}
