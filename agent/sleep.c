#include "sleep.h"

#include <stdlib.h>

#include "printhold/base/err.h"
#include "printhold/base/log.h"
#include "sleep_watch.h"

struct ph_sleep {
    struct ph_cloud *cloud;
    struct ph_release_service *release;
    struct ph_workstation_watch *workstation;
    struct ph_sleep_watch *watch;
    uv_async_t busy; /* from the threads of the release service */
    bool is_asleep;
    void (*done)(void *arg);
    void *done_arg;
};

/* --- asleep and awake --- */

static void
on_cloud_knows(void *arg)
{
    struct ph_sleep *sleep = arg;

    if (sleep->watch != NULL)
        ph_sleep_watch_ready(sleep->watch);
}

static void
on_sleep(void *arg)
{
    struct ph_sleep *sleep = arg;

    sleep->is_asleep = true;
    ph_log_notice("this computer falls asleep");
    ph_cloud_sleep(sleep->cloud, on_cloud_knows, sleep);
}

static void
on_wake(void *arg)
{
    struct ph_sleep *sleep = arg;

    sleep->is_asleep = false;
    ph_log_notice("this computer is awake");
    ph_cloud_wake(sleep->cloud);
    ph_workstation_watch_look(sleep->workstation);
}

/* --- a printer fetches a document --- */

static void
on_busy_async(uv_async_t *async)
{
    struct ph_sleep *sleep = async->data;
    struct ph_release_status status;

    if (sleep->watch == NULL)
        return;
    ph_release_service_status(sleep->release, &status);
    ph_sleep_watch_keep_awake(sleep->watch, status.pulls > 0);
}

static void
on_busy(void *arg)
{
    struct ph_sleep *sleep = arg;

    (void)uv_async_send(&sleep->busy);
}

/* --- life --- */

int
ph_sleep_start(uv_loop_t *loop, struct ph_cloud *cloud,
               struct ph_release_service *release,
               struct ph_workstation_watch *workstation,
               struct ph_sleep **out_sleep)
{
    static const struct ph_sleep_events events = {.on_sleep = on_sleep,
                                                  .on_wake = on_wake};
    struct ph_sleep *sleep = calloc(1, sizeof(*sleep));
    int err = PH_ERR_NOMEM;

    if (sleep == NULL)
        return err;
    sleep->cloud = cloud;
    sleep->release = release;
    sleep->workstation = workstation;
    err = ph_sleep_watch_start(loop, &events, sleep, &sleep->watch);
    if (err != PH_OK) {
        free(sleep);
        return err;
    }
    (void)uv_async_init(loop, &sleep->busy, on_busy_async);
    sleep->busy.data = sleep;
    if (release != NULL)
        ph_release_service_on_busy(release, on_busy, sleep);
    *out_sleep = sleep;
    return PH_OK;
}

bool
ph_sleep_status(const struct ph_sleep *sleep, struct ph_why *out_text)
{
    ph_sleep_watch_status(sleep->watch, out_text);
    return sleep->is_asleep;
}

static void
on_async_closed(uv_handle_t *handle)
{
    struct ph_sleep *sleep = handle->data;
    void (*done)(void *arg) = sleep->done;
    void *arg = sleep->done_arg;

    free(sleep);
    done(arg);
}

static void
on_watch_stopped(void *arg)
{
    struct ph_sleep *sleep = arg;

    uv_close((uv_handle_t *)&sleep->busy, on_async_closed);
}

void
ph_sleep_stop(struct ph_sleep *sleep, void (*done)(void *arg), void *arg)
{
    struct ph_sleep_watch *watch;

    if (sleep == NULL) {
        done(arg);
        return;
    }
    if (sleep->release != NULL)
        ph_release_service_on_busy(sleep->release, NULL, NULL);
    sleep->done = done;
    sleep->done_arg = arg;
    watch = sleep->watch;
    sleep->watch = NULL;
    if (sleep->is_asleep)
        ph_cloud_wake(sleep->cloud); /* which forgets us */
    ph_sleep_watch_stop(watch, on_watch_stopped, sleep);
}
