/*
 * One look at a time, in a worker; what asks for one meanwhile gets another
 * after it. told is the worker's while it runs, the loop's otherwise.
 */
#include "workstation_watch.h"

#include <stdlib.h>

#include "network_watch.h"
#include "printhold/base/err.h"
#include "printhold/base/log.h"
#include "workstation.h"

#define RETRY_MS 5000

struct ph_workstation_watch {
    uv_loop_t *loop;
    const struct ph_config *config;
    struct ph_jobs *jobs;
    uint16_t port;
    struct ph_network_watch *network;
    uv_timer_t retry;
    uv_work_t work;
    bool is_looking;
    bool is_wanted; /* once more */
    struct ph_workstation told;
    struct ph_workstation seen;
    bool is_news;
    int err;
    ph_workstation_watch_cb changed;
    void *arg;
    void (*done)(void *arg);
    void *done_arg;
};

static void
run_look(uv_work_t *work)
{
    struct ph_workstation_watch *watch = work->data;
    struct ph_why why = {""};

    watch->is_news = false;
    watch->err =
        ph_workstation_describe(watch->config, watch->port, &watch->seen, &why);
    if (watch->err == PH_OK &&
        !ph_workstation_is_same(&watch->seen, &watch->told)) {
        watch->err = ph_jobs_set_workstation(watch->jobs, &watch->seen);
        watch->is_news = watch->err == PH_OK;
    }
    if (watch->err != PH_OK)
        ph_log_warning("printers are still told what this computer was: %s, "
                       "continuing",
                       why.text[0] != '\0' ? why.text
                                           : ph_err_text(watch->err));
}

static void
log_news(const struct ph_workstation *ws)
{
    ph_log_notice("printers are told of %s, %zu addresses, first %s", ws->host,
                  ws->address_count,
                  ws->address_count > 0 ? ws->address[0] : "none");
}

static void close_when_idle(struct ph_workstation_watch *watch);

static void
on_retry(uv_timer_t *timer)
{
    ph_workstation_watch_look(timer->data);
}

static void
after_look(uv_work_t *work, int status)
{
    struct ph_workstation_watch *watch = work->data;

    (void)status;
    watch->is_looking = false;
    if (watch->err == PH_OK)
        watch->told = watch->seen;
    if (watch->done != NULL) {
        close_when_idle(watch);
        return;
    }
    if (watch->err != PH_OK)
        (void)uv_timer_start(&watch->retry, on_retry, RETRY_MS, 0);
    if (watch->is_news) {
        log_news(&watch->told);
        watch->changed(watch->arg);
    }
    if (watch->is_wanted)
        ph_workstation_watch_look(watch);
}

void
ph_workstation_watch_look(struct ph_workstation_watch *watch)
{
    watch->is_wanted = watch->is_looking;
    if (watch->is_looking || watch->done != NULL)
        return;
    (void)uv_timer_stop(&watch->retry);
    watch->work.data = watch;
    watch->is_looking =
        uv_queue_work(watch->loop, &watch->work, run_look, after_look) == 0;
}

static void
on_network(void *arg)
{
    ph_workstation_watch_look(arg);
}

int
ph_workstation_watch_start(uv_loop_t *loop, const struct ph_config *config,
                           struct ph_jobs *jobs, uint16_t port,
                           const struct ph_workstation *first,
                           ph_workstation_watch_cb changed, void *arg,
                           struct ph_workstation_watch **out_watch)
{
    struct ph_workstation_watch *watch = calloc(1, sizeof(*watch));
    int err;

    if (watch == NULL)
        return PH_ERR_NOMEM;
    watch->loop = loop;
    watch->config = config;
    watch->jobs = jobs;
    watch->port = port;
    watch->told = *first;
    watch->changed = changed;
    watch->arg = arg;
    err = ph_network_watch_start(loop, on_network, watch, &watch->network);
    if (err != PH_OK) {
        free(watch);
        return err;
    }
    (void)uv_timer_init(loop, &watch->retry);
    watch->retry.data = watch;
    *out_watch = watch;
    /* What happened since the first look, before anybody watched. */
    ph_workstation_watch_look(watch);
    return PH_OK;
}

const struct ph_workstation *
ph_workstation_watch_now(const struct ph_workstation_watch *watch)
{
    return &watch->told;
}

/* --- stop: the network and the look, then the timer --- */

static void
on_timer_closed(uv_handle_t *handle)
{
    struct ph_workstation_watch *watch = handle->data;
    void (*done)(void *arg) = watch->done;
    void *arg = watch->done_arg;

    free(watch);
    done(arg);
}

static void
close_when_idle(struct ph_workstation_watch *watch)
{
    if (watch->network == NULL && !watch->is_looking)
        uv_close((uv_handle_t *)&watch->retry, on_timer_closed);
}

static void
on_network_stopped(void *arg)
{
    struct ph_workstation_watch *watch = arg;

    watch->network = NULL;
    close_when_idle(watch);
}

void
ph_workstation_watch_stop(struct ph_workstation_watch *watch,
                          void (*done)(void *arg), void *arg)
{
    if (watch == NULL) {
        done(arg);
        return;
    }
    watch->done = done;
    watch->done_arg = arg;
    (void)uv_timer_stop(&watch->retry);
    ph_network_watch_stop(watch->network, on_network_stopped, watch);
}
