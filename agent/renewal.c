/*
 *   WAITING --timer, kick--> LOOKING (in a worker) --not due--> WAITING
 *                               '--due--> it asks the hub --> WAITING
 *
 * One worker at a time; a kick meanwhile makes it look again. The pause after a
 * failure begins at RETRY_MIN_MS and doubles, or is what the hub says.
 */
#include "renewal.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "printhold/base/clock.h"
#include "printhold/base/err.h"
#include "printhold/base/log.h"
#include "printhold/net/enrol.h"

#define LOOK_MS      (5 * 60 * INT64_C(1000)) /* clocks are set, too */
#define FIRST_MS     1000
#define RETRY_MIN_MS (60 * INT64_C(1000))
#define RETRY_MAX_MS (60 * 60 * INT64_C(1000))

struct ph_renewal {
    const struct ph_config *config;
    struct ph_enrolled now;
    struct ph_jobs *jobs;
    ph_renewal_cb renewed;
    void *arg;
    uv_timer_t timer;
    uv_work_t work;
    bool is_working;
    bool again;
    bool is_stopping;
    atomic_bool stop; /* what is_stopping is to the worker */
    int64_t
        retry_ms; /* the last pause; 0: the last try was none or went well */
    int64_t not_before_ms; /* monotonic time of the next try */
    struct ph_why text;
    /* the worker's while it runs */
    bool tried;
    int err;
    uint64_t wait_s;
    struct ph_enrolled next;
    struct ph_why why;
    void (*done)(void *arg);
    void *done_arg;
};

static void look(struct ph_renewal *renewal);

static void
on_closed(uv_handle_t *handle)
{
    struct ph_renewal *renewal = handle->data;
    void (*done)(void *arg) = renewal->done;
    void *arg = renewal->done_arg;

    free(renewal);
    done(arg);
}

static void
on_timer(uv_timer_t *timer)
{
    look(timer->data);
}

static void
wait_ms(struct ph_renewal *renewal, int64_t ms)
{
    (void)uv_timer_start(&renewal->timer, on_timer, (uint64_t)ms, 0);
}

static void
work_renew(uv_work_t *work)
{
    struct ph_renewal *renewal = work->data;
    const struct ph_config *config = renewal->config;
    const struct ph_proxy_settings proxy = ph_proxy_settings_of(config);
    const int64_t now_ms = ph_clock_wall_ms();

    renewal->tried = now_ms >= renewal->now.renew_after_ms ||
                     ph_jobs_wants_renewal(renewal->jobs);
    if (!renewal->tried)
        return;
    renewal->why.text[0] = '\0';
    renewal->err = ph_enrol_renew(config->state_dir, "printhold-agent", &proxy,
                                  &renewal->stop, &renewal->next,
                                  &renewal->wait_s, &renewal->why);
}

static void
note_failure(struct ph_renewal *renewal)
{
    int64_t pause_ms = 2 * renewal->retry_ms;

    if (pause_ms < RETRY_MIN_MS)
        pause_ms = RETRY_MIN_MS;
    if (pause_ms > RETRY_MAX_MS || renewal->err == PH_ERR_DENIED)
        pause_ms = RETRY_MAX_MS;
    if (renewal->wait_s > 0)
        pause_ms = (int64_t)renewal->wait_s * 1000;
    renewal->retry_ms = pause_ms;
    renewal->not_before_ms = ph_clock_mono_ms() + pause_ms;
    if (renewal->err == PH_ERR_DENIED)
        ph_why_set(&renewal->text,
                   "The certificate of this computer is not renewed: %s; an "
                   "administrator must look, and enrol it anew",
                   renewal->why.text);
    else
        ph_why_set(&renewal->text,
                   "The certificate of this computer is not renewed yet: %s",
                   renewal->why.text);
    ph_log_warning("%s, continuing", renewal->text.text);
}

static void
note_success(struct ph_renewal *renewal)
{
    char until[PH_TIME_TEXT];

    renewal->now = renewal->next;
    renewal->retry_ms = renewal->not_before_ms = 0;
    renewal->text.text[0] = '\0';
    ph_clock_format(renewal->now.identity.not_after_ms, until);
    ph_log_notice("the certificate is renewed, until %s", until);
    renewal->renewed(&renewal->now, renewal->arg);
}

static void
on_worked(uv_work_t *work, int status)
{
    struct ph_renewal *renewal = work->data;

    (void)status; /* nobody cancels it */
    renewal->is_working = false;
    if (renewal->is_stopping) {
        uv_close((uv_handle_t *)&renewal->timer, on_closed);
        return;
    }
    if (renewal->tried && renewal->err != PH_OK)
        note_failure(renewal);
    else if (renewal->tried)
        note_success(renewal);
    if (renewal->again && !renewal->tried)
        wait_ms(renewal, 0);
    else
        wait_ms(renewal, renewal->retry_ms > 0 && renewal->retry_ms < LOOK_MS
                             ? renewal->retry_ms
                             : LOOK_MS);
    renewal->again = false;
}

static void
look(struct ph_renewal *renewal)
{
    if (renewal->is_working) {
        renewal->again = true;
        return;
    }
    if (ph_clock_mono_ms() < renewal->not_before_ms) {
        wait_ms(renewal, RETRY_MIN_MS);
        return;
    }
    renewal->work.data = renewal;
    renewal->is_working = uv_queue_work(renewal->timer.loop, &renewal->work,
                                        work_renew, on_worked) == 0;
}

int
ph_renewal_start(uv_loop_t *loop, const struct ph_config *config,
                 const struct ph_enrolled *now, struct ph_jobs *jobs,
                 ph_renewal_cb renewed, void *arg,
                 struct ph_renewal **out_renewal)
{
    struct ph_renewal *renewal = calloc(1, sizeof(*renewal));

    if (renewal == NULL)
        return PH_ERR_NOMEM;
    renewal->config = config;
    renewal->now = *now;
    renewal->jobs = jobs;
    renewal->renewed = renewed;
    renewal->arg = arg;
    (void)uv_timer_init(loop, &renewal->timer);
    renewal->timer.data = renewal;
    wait_ms(renewal, FIRST_MS);
    *out_renewal = renewal;
    return PH_OK;
}

void
ph_renewal_kick(struct ph_renewal *renewal)
{
    if (!renewal->is_stopping)
        look(renewal);
}

void
ph_renewal_status(const struct ph_renewal *renewal, struct ph_why *out_text)
{
    *out_text = renewal->text;
}

void
ph_renewal_stop(struct ph_renewal *renewal, void (*done)(void *arg), void *arg)
{
    if (renewal == NULL) {
        done(arg);
        return;
    }
    renewal->is_stopping = true;
    atomic_store(&renewal->stop, true);
    renewal->done = done;
    renewal->done_arg = arg;
    (void)uv_timer_stop(&renewal->timer);
    if (!renewal->is_working)
        uv_close((uv_handle_t *)&renewal->timer, on_closed);
}
