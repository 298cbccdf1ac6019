#include "network_watch.h"

#include <stdlib.h>

#include "network_watch_private.h"
#include "printhold/base/err.h"
#include "printhold/base/io.h"
#include "printhold/base/log.h"

#define QUIET_MS 300
#define LIMIT_MS 1000
#define BLIND_MS 30000 /* when the system does not tell */

struct source {
    struct ph_network_watch *watch;
    enum ph_network_source kind;
    uv_poll_t poll;
    int fd; /* negative: the system does not tell */
};

struct ph_network_watch {
    uv_loop_t *loop;
    uv_timer_t timer;
    uv_timer_t blind;
    struct source sources[PH_SOURCES];
    uint64_t first_ms; /* of a crowd */
    unsigned handles;  /* open */
    ph_network_watch_cb maybe;
    void *arg;
    void (*done)(void *arg);
    void *done_arg;
};

static void
on_timer(uv_timer_t *timer)
{
    struct ph_network_watch *watch = timer->data;

    watch->maybe(watch->arg);
}

static void
tell_soon(struct ph_network_watch *watch)
{
    const uint64_t now = uv_now(watch->loop);
    uint64_t wait = QUIET_MS;

    if (!uv_is_active((uv_handle_t *)&watch->timer))
        watch->first_ms = now;
    else if (now + QUIET_MS > watch->first_ms + LIMIT_MS)
        wait = watch->first_ms + LIMIT_MS > now
                   ? watch->first_ms + LIMIT_MS - now
                   : 0;
    (void)uv_timer_start(&watch->timer, on_timer, wait, 0);
}

static void
on_poll(uv_poll_t *poll, int status, int events)
{
    struct source *source = poll->data;

    (void)events;
    if (status != 0) {
        ph_log_warning("changes of the network are noticed late: %s, "
                       "continuing",
                       uv_strerror(status));
        (void)uv_poll_stop(poll);
        (void)uv_timer_start(&source->watch->blind, on_timer, BLIND_MS,
                             BLIND_MS);
    } else if (ph_network_source_read(source->kind, source->fd)) {
        tell_soon(source->watch);
    }
}

static void
open_source(struct ph_network_watch *watch, enum ph_network_source kind)
{
    static const char *const names[] = {"addresses", "host name"};
    struct source *source = &watch->sources[kind];
    int events = UV_READABLE;

    source->watch = watch;
    source->kind = kind;
    source->poll.data = source;
    if (ph_network_source_open(kind, &source->fd, &events) != PH_OK)
        source->fd = -1;
    else if (uv_poll_init(watch->loop, &source->poll, source->fd) != 0)
        ph_io_close(&source->fd);
    if (source->fd < 0) {
        ph_log_warning("the system does not tell changes of the %s; they are "
                       "noticed late, continuing",
                       names[kind]);
        (void)uv_timer_start(&watch->blind, on_timer, BLIND_MS, BLIND_MS);
        return;
    }
    watch->handles++;
    (void)uv_poll_start(&source->poll, events, on_poll);
}

int
ph_network_watch_start(uv_loop_t *loop, ph_network_watch_cb maybe, void *arg,
                       struct ph_network_watch **out_watch)
{
    struct ph_network_watch *watch = calloc(1, sizeof(*watch));

    if (watch == NULL)
        return PH_ERR_NOMEM;
    watch->loop = loop;
    watch->maybe = maybe;
    watch->arg = arg;
    (void)uv_timer_init(loop, &watch->timer);
    (void)uv_timer_init(loop, &watch->blind);
    watch->timer.data = watch->blind.data = watch;
    watch->handles = 2;
    for (int i = 0; i < PH_SOURCES; i++)
        open_source(watch, (enum ph_network_source)i);
    *out_watch = watch;
    return PH_OK;
}

static void
count_closed(struct ph_network_watch *watch)
{
    void (*done)(void *arg) = watch->done;
    void *arg = watch->done_arg;

    if (--watch->handles > 0)
        return;
    free(watch);
    done(arg);
}

static void
on_timer_closed(uv_handle_t *handle)
{
    count_closed(handle->data);
}

static void
on_poll_closed(uv_handle_t *handle)
{
    struct source *source = handle->data;

    ph_io_close(&source->fd);
    count_closed(source->watch);
}

void
ph_network_watch_stop(struct ph_network_watch *watch, void (*done)(void *arg),
                      void *arg)
{
    if (watch == NULL) {
        done(arg);
        return;
    }
    watch->done = done;
    watch->done_arg = arg;
    uv_close((uv_handle_t *)&watch->timer, on_timer_closed);
    uv_close((uv_handle_t *)&watch->blind, on_timer_closed);
    for (int i = 0; i < PH_SOURCES; i++)
        if (watch->sources[i].fd >= 0)
            uv_close((uv_handle_t *)&watch->sources[i].poll, on_poll_closed);
}
