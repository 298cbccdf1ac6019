/*
 * What libwebsockets 4.1.6 needs here, each point measured:
 *   - on a foreign loop the context is destroyed in two steps with the closing
 *     of its handles in between (on_round);
 *   - its log has no argument and its error texts are poor: the last line is
 *     remembered for those failures that we have no better words for.
 */
#include "ws_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "printhold/base/err.h"
#include "printhold/base/log.h"

/* The context's handles close in two rounds of the loop (first the
 * connections, then its timers); one more for safety. */
#define CLOSE_ROUNDS 3
#define FD_SPARE     16

/* Of the thread, which is the one of the loop. */
static _Thread_local char last_line[PH_WS_TEXT_MAX];

static void
on_log(int level, const char *line)
{
    size_t len = strcspn(line, "\r\n");

    if ((level & LLL_ERR) != 0)
        (void)snprintf(last_line, sizeof(last_line), "%.*s",
                       (int)(len < 200 ? len : 200), line);
    ph_log_debug("websocket: %.*s", (int)len, line);
}

const char *
ph_ws_last_line(void)
{
    return last_line;
}

void
ph_ws_forget_line(void)
{
    last_line[0] = '\0';
}

static int
make_context(struct ph_ws_stack *stack, unsigned connections_max)
{
    void *loops[1] = {stack->loop};
    struct lws_context_creation_info info = {
        .port = CONTEXT_PORT_NO_LISTEN,
        .options = LWS_SERVER_OPTION_LIBUV | LWS_SERVER_OPTION_EXPLICIT_VHOSTS |
                   LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT |
                   LWS_SERVER_OPTION_UV_NO_SIGSEGV_SIGFPE_SPIN,
        .foreign_loops = loops,
        .fd_limit_per_thread = connections_max + FD_SPARE,
        .pcontext = &stack->context,
        .user = stack,
    };

    stack->context = lws_create_context(&info);
    return stack->context != NULL ? PH_OK : PH_ERR_INTERNAL;
}

int
ph_ws_stack_new(uv_loop_t *loop, unsigned connections_max,
                struct ph_ws_stack **out_stack, struct ph_why *why)
{
    struct ph_ws_stack *stack = calloc(1, sizeof(*stack));

    if (stack == NULL)
        return PH_ERR_NOMEM;
    stack->loop = loop;
    lws_set_log_level(LLL_ERR | LLL_WARN, on_log);
    if (make_context(stack, connections_max) != PH_OK) {
        free(stack);
        return ph_why_fail(why, PH_ERR_INTERNAL,
                           "libwebsockets cannot use the event loop: is its "
                           "libuv plug-in (libwebsockets-evlib-uv) installed?");
    }
    (void)uv_timer_init(loop, &stack->defer);
    stack->defer.data = stack;
    stack->round.data = stack;
    *out_stack = stack;
    return PH_OK;
}

static void
on_round(uv_handle_t *handle)
{
    struct ph_ws_stack *stack = handle->data;

    if (stack->rounds++ < CLOSE_ROUNDS) {
        (void)uv_idle_init(stack->loop, &stack->round);
        uv_close((uv_handle_t *)&stack->round, on_round);
        return;
    }
    if (stack->context != NULL) /* set to NULL by libwebsockets */
        lws_context_destroy(stack->context);
    ph_ws_trust_free_all(stack);
    if (stack->freed != NULL)
        stack->freed(stack->freed_arg);
    free(stack);
}

/* From the loop, so never inside a callback of libwebsockets. */
static void
on_free(uv_timer_t *timer)
{
    struct ph_ws_stack *stack = timer->data;

    lws_context_destroy(stack->context);
    uv_close((uv_handle_t *)&stack->defer, on_round);
}

void
ph_ws_stack_free(struct ph_ws_stack *stack, void (*done)(void *arg), void *arg)
{
    stack->freed = done;
    stack->freed_arg = arg;
    (void)uv_timer_start(&stack->defer, on_free, 0, 0);
}
