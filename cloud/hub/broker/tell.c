#include "tell.h"

#include <stdlib.h>
#include <string.h>

#include "printhold/base/clock.h"
#include "printhold/base/err.h"
#include "printhold/base/log.h"
#include "sayings.h"

#define LOOK_MS  500
#define AGAIN_MS (60 * INT64_C(1000)) /* after a refusal */

struct hub_tell {
    uv_loop_t *loop;
    struct hub *hub;
    struct ph_mqtt_link *link; /* NULL: down */
    uv_timer_t look;
    struct hub_sayings queue; /* not given to the link yet */
    bool must_say_all;
    int64_t again_ms; /* mono: say all again then; 0: not */
    uint64_t connection;
    /* With the thread: */
    uv_work_t work;
    bool is_working;
    enum hub_say what;
    uint64_t of_connection; /* what it makes is for */
    int64_t version;        /* of the store */
    uint64_t changes;       /* of this process */
    struct hub_sayings made;
    int err;
    /* At the end: */
    bool is_stopping;
    bool is_closed;
    void (*done)(void *arg);
    void *done_arg;
};

/* --- on the thread --- */

/* Has anything changed that could be said? */
static int
look(struct hub_tell *tell)
{
    const uint64_t changes = atomic_load(&tell->hub->changes);
    int64_t version = tell->version;
    int err = hub_store_begin(tell->hub->store);

    if (err == PH_OK)
        err = hub_store_end(tell->hub->store,
                            hub_store_version(tell->hub->store, &version));
    if (err != PH_OK)
        return err;
    if (tell->what == HUB_SAY_DUE &&
        (version != tell->version || changes != tell->changes))
        tell->what = HUB_SAY_CHANGED;
    err = hub_sayings_make(tell->hub, tell->what, ph_clock_wall_ms(),
                           &tell->made);
    if (err == PH_OK && tell->what != HUB_SAY_DUE) {
        tell->version = version;
        tell->changes = changes;
    }
    return err;
}

static void
run_work(uv_work_t *work)
{
    struct hub_tell *tell = work->data;

    tell->err = look(tell);
}

/* --- on the loop --- */

static void
end_if_idle(struct hub_tell *tell)
{
    if (!tell->is_closed || tell->is_working)
        return;
    tell->done(tell->done_arg);
    hub_sayings_clear(&tell->queue);
    hub_sayings_clear(&tell->made);
    free(tell);
}

static void
publish_next(struct hub_tell *tell)
{
    struct hub_saying *first = tell->queue.first;
    const struct ph_mqtt_message message = {
        .topic = first->topic,
        .payload = first->token,
        .len = first->len,
        .retain = first->retain,
        .expiry_s = first->expiry_s,
        .content_type = "application/jose",
    };
    int err = ph_mqtt_link_publish(tell->link, &message, 0);

    if (err != PH_OK)
        ph_log_error("%s cannot be said: %s", first->topic, ph_err_text(err));
    tell->queue.first = first->next;
    if (tell->queue.first == NULL)
        tell->queue.last = &tell->queue.first;
    free(first);
}

static void
pump(struct hub_tell *tell)
{
    while (tell->link != NULL && tell->queue.first != NULL &&
           ph_mqtt_link_window(tell->link) > 0)
        publish_next(tell);
}

static void
take_made(struct hub_tell *tell)
{
    if (tell->made.first != NULL) {
        *tell->queue.last = tell->made.first;
        tell->queue.last = tell->made.last;
    }
    tell->made.first = NULL;
    tell->made.last = &tell->made.first;
    pump(tell);
}

static void
on_worked(uv_work_t *work, int status)
{
    struct hub_tell *tell = work->data;
    /* Made for a connection that has ended: the next one says all again. */
    const bool is_stale =
        tell->link == NULL || tell->of_connection != tell->connection;

    (void)status;
    tell->is_working = false;
    if (tell->err != PH_OK) {
        ph_log_warning("cannot see what there is to say: %s, continuing",
                       ph_err_text(tell->err));
        tell->must_say_all = tell->must_say_all || tell->what == HUB_SAY_ALL;
    }
    if (is_stale || tell->is_stopping)
        hub_sayings_clear(&tell->made);
    else
        take_made(tell);
    end_if_idle(tell);
}

static void
on_look(uv_timer_t *timer)
{
    struct hub_tell *tell = timer->data;

    if (tell->link == NULL || tell->is_working || tell->is_stopping ||
        tell->queue.first != NULL)
        return;
    if (tell->again_ms != 0 && ph_clock_mono_ms() >= tell->again_ms) {
        tell->again_ms = 0;
        tell->must_say_all = true;
    }
    tell->what = tell->must_say_all ? HUB_SAY_ALL : HUB_SAY_DUE;
    tell->of_connection = tell->connection;
    if (uv_queue_work(tell->loop, &tell->work, run_work, on_worked) != 0)
        return;
    tell->is_working = true;
    tell->must_say_all = false;
}

void
hub_tell_up(struct hub_tell *tell, struct ph_mqtt_link *link)
{
    tell->link = link;
    tell->connection++;
    tell->must_say_all = true;
    hub_sayings_clear(&tell->queue);
    if (!tell->is_stopping)
        (void)uv_timer_start(&tell->look, on_look, 0, LOOK_MS);
}

void
hub_tell_down(struct hub_tell *tell)
{
    tell->link = NULL;
    hub_sayings_clear(&tell->queue);
}

void
hub_tell_acked(struct hub_tell *tell, uint8_t reason)
{
    if (reason >= 0x80 && tell->again_ms == 0) {
        ph_log_warning("the broker does not take what the hub says: %s "
                       "(0x%02x); give the hub the rights of a service, "
                       "continuing",
                       ph_mqtt_reason_text(reason), reason);
        tell->again_ms = ph_clock_mono_ms() + AGAIN_MS;
    }
    pump(tell);
}

int
hub_tell_start(uv_loop_t *loop, struct hub *hub, struct hub_tell **out_tell)
{
    struct hub_tell *tell = calloc(1, sizeof(*tell));

    if (tell == NULL)
        return PH_ERR_NOMEM;
    tell->loop = loop;
    tell->hub = hub;
    tell->queue.last = &tell->queue.first;
    tell->made.last = &tell->made.first;
    tell->work.data = tell;
    (void)uv_timer_init(loop, &tell->look);
    tell->look.data = tell;
    *out_tell = tell;
    return PH_OK;
}

static void
on_closed(uv_handle_t *handle)
{
    struct hub_tell *tell = handle->data;

    tell->is_closed = true;
    end_if_idle(tell);
}

void
hub_tell_stop(struct hub_tell *tell, void (*done)(void *arg), void *arg)
{
    tell->is_stopping = true;
    tell->link = NULL;
    tell->done = done;
    tell->done_arg = arg;
    uv_close((uv_handle_t *)&tell->look, on_closed);
}
