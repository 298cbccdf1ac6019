/*
 * A lane of the release service: a loop, its thread, and a server that takes
 * connections from the common door.
 */
#include "release_private.h"

#include "printhold/base/err.h"

static void
on_refused(const char *address, const char *reason, void *arg)
{
    struct release_lane *lane = arg;

    release_refused(lane->service, address, reason);
}

static bool
is_first(const struct release_lane *lane)
{
    return lane == &lane->service->lane[0];
}

/* --- ending --- */

static void
on_server_gone(void *arg)
{
    struct release_lane *lane = arg;

    lane->http = NULL;
}

/* Downloads that wait for their turn have nobody to go to any more. */
static void
drop_waiting(struct release_lane *lane)
{
    while (lane->waiting != NULL) {
        struct release_call *call = lane->waiting;

        lane->waiting = call->next;
        release_pull_end(lane->service);
        ph_release_json(call->exchange, 503, NULL);
        release_call_free(call);
    }
}

/* On the thread of the lane, or before it has one. */
static void
end(struct release_lane *lane)
{
    struct ph_release_service *service = lane->service;

    uv_close((uv_handle_t *)&lane->stop, NULL);
    uv_close((uv_handle_t *)&lane->review, NULL);
    if (is_first(lane)) {
        uv_close((uv_handle_t *)&service->reload, NULL);
        release_trust_stop(&service->trust);
    }
    if (lane->http != NULL)
        ph_http_server_stop(lane->http, on_server_gone, lane);
    drop_waiting(lane);
}

static void
on_stop(uv_async_t *async)
{
    end(async->data);
}

void
release_lane_close(struct release_lane *lane)
{
    if (lane->runs) {
        (void)uv_async_send(&lane->stop);
        (void)uv_thread_join(&lane->thread);
    } else {
        end(lane);
        (void)uv_run(&lane->loop, UV_RUN_DEFAULT);
    }
    (void)uv_loop_close(&lane->loop);
}

/* --- starting --- */

static void
on_review(uv_async_t *async)
{
    struct release_lane *lane = async->data;

    if (lane->http != NULL)
        ph_http_server_review(lane->http);
}

static void
on_reload(uv_async_t *async)
{
    struct release_lane *lane = async->data;

    release_trust_reload(&lane->service->trust);
}

static int
open_loop(struct release_lane *lane)
{
    struct ph_release_service *service = lane->service;

    if (uv_loop_init(&lane->loop) != 0)
        return PH_ERR_NOMEM;
    if (uv_async_init(&lane->loop, &lane->stop, on_stop) != 0) {
        (void)uv_loop_close(&lane->loop);
        return PH_ERR_NOMEM;
    }
    lane->stop.data = lane->review.data = lane->refusal_work.data = lane;
    /* Only the first of a loop can fail. */
    (void)uv_async_init(&lane->loop, &lane->review, on_review);
    if (is_first(lane)) {
        (void)uv_async_init(&lane->loop, &service->reload, on_reload);
        service->reload.data = lane;
    }
    return PH_OK;
}

int
release_lane_open(struct release_lane *lane, struct ph_release_service *service)
{
    struct ph_http_options options;
    int err;

    lane->service = service;
    err = open_loop(lane);
    if (err != PH_OK)
        return err;
    ph_http_options_init(&options);
    options.door = service->door;
    options.tls = service->trust.tls;
    options.on_request = release_on_request;
    options.on_refused = on_refused;
    options.arg = lane;
    err = ph_http_server_start(&lane->loop, &options, &lane->http);
    if (err != PH_OK)
        release_lane_close(lane);
    return err;
}

/* Ends when the last handle is closed and the last call has finished. */
static void
run(void *arg)
{
    struct release_lane *lane = arg;

    (void)uv_run(&lane->loop, UV_RUN_DEFAULT);
}

int
release_lane_start(struct release_lane *lane)
{
    lane->runs = uv_thread_create(&lane->thread, run, lane) == 0;
    return lane->runs ? PH_OK : PH_ERR_NOMEM;
}
