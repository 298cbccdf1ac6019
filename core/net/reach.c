#include "reach.h"

#include <stdlib.h>

#include "printhold/base/err.h"

struct ph_reach {
    uv_tcp_t tcp;
    uv_connect_t connect;
    uv_timer_t timer;
    unsigned handles;
    void (*done)(int status, void *arg); /* NULL once called or cancelled */
    void *arg;
};

static void
on_handle_closed(uv_handle_t *handle)
{
    struct ph_reach *reach = handle->data;

    if (--reach->handles == 0)
        free(reach);
}

static void
finish(struct ph_reach *reach, int status)
{
    void (*done)(int status, void *arg) = reach->done;

    reach->done = NULL;
    if (!uv_is_closing((uv_handle_t *)&reach->tcp)) {
        uv_close((uv_handle_t *)&reach->tcp, on_handle_closed);
        uv_close((uv_handle_t *)&reach->timer, on_handle_closed);
    }
    if (done != NULL)
        done(status, reach->arg);
}

static void
on_connected(uv_connect_t *connect, int status)
{
    finish(connect->data, status);
}

static void
on_timer(uv_timer_t *timer)
{
    finish(timer->data, UV_ETIMEDOUT);
}

int
ph_reach_start(uv_loop_t *loop, const struct ph_address *address,
               void (*done)(int status, void *arg), void *arg,
               struct ph_reach **out_reach)
{
    struct ph_reach *reach = calloc(1, sizeof(*reach));

    if (reach == NULL)
        return PH_ERR_NOMEM;
    reach->done = done;
    reach->arg = arg;
    reach->handles = 2;
    (void)uv_tcp_init(loop, &reach->tcp);
    (void)uv_timer_init(loop, &reach->timer);
    reach->tcp.data = reach->timer.data = reach->connect.data = reach;
    (void)uv_timer_start(&reach->timer, on_timer, PH_REACH_MS, 0);
    if (uv_tcp_connect(&reach->connect, &reach->tcp, &address->u.any,
                       on_connected) != 0) {
        reach->done = NULL;
        finish(reach, 0);
        return PH_ERR_IO;
    }
    *out_reach = reach;
    return PH_OK;
}

void
ph_reach_cancel(struct ph_reach *reach)
{
    if (reach == NULL)
        return;
    reach->done = NULL;
    finish(reach, UV_ECANCELED);
}

const char *
ph_reach_text(int status)
{
    switch (status) {
    case UV_ECONNREFUSED:
        return "refuses the connection: does it run?";
    case UV_EHOSTUNREACH:
    case UV_ENETUNREACH:
    case UV_EADDRNOTAVAIL:
        return "cannot be reached: no route";
    case UV_ETIMEDOUT:
        return "does not answer";
    case UV_EACCES:
    case UV_EPERM:
        return "cannot be reached: this computer forbids it";
    case 0:
    case UV_ECONNRESET:
        return "closes the connection at once";
    default:
        return uv_strerror(status);
    }
}
