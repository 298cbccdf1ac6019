/*
 * IOKit's notices of the system's power (Technical Q&A QA1340). They come on a
 * queue of their own, are noted under the lock and handled on the loop. Never
 * run on a Mac by this project's tests: it is compiled and linked only.
 */
#include "sleep_watch.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>

#include <dispatch/dispatch.h>

#if __has_include(<IOKit/pwr_mgt/IOPMLib.h>)
#include <IOKit/IOMessage.h>
#include <IOKit/pwr_mgt/IOPMLib.h>
#else
/* What we use of it, where the compiler brings no frameworks. */
typedef uint32_t io_object_t;
typedef io_object_t io_connect_t;
typedef io_object_t io_service_t;
typedef int IOReturn;
typedef struct IONotificationPort *IONotificationPortRef;
typedef void (*IOServiceInterestCallback)(void *arg, io_service_t service,
                                          uint32_t type, void *argument);
#define kIOMessageCanSystemSleep     UINT32_C(0xe0000270)
#define kIOMessageSystemWillSleep    UINT32_C(0xe0000280)
#define kIOMessageSystemWillNotSleep UINT32_C(0xe0000290)
#define kIOMessageSystemHasPoweredOn UINT32_C(0xe0000300)
io_connect_t IORegisterForSystemPower(void *arg, IONotificationPortRef *port,
                                      IOServiceInterestCallback callback,
                                      io_object_t *notifier);
IOReturn IODeregisterForSystemPower(io_object_t *notifier);
IOReturn IOAllowPowerChange(io_connect_t port, long id);
IOReturn IOCancelPowerChange(io_connect_t port, long id);
IOReturn IOServiceClose(io_connect_t connect);
void IONotificationPortSetDispatchQueue(IONotificationPortRef port,
                                        dispatch_queue_t queue);
void IONotificationPortDestroy(IONotificationPortRef port);
#endif

#include "printhold/base/err.h"
#include "printhold/base/log.h"

#define LINGER_MS 700

struct ph_sleep_watch {
    uv_async_t notice;
    uv_timer_t ready;
    uv_timer_t linger;
    unsigned handles;
    dispatch_queue_t queue;
    IONotificationPortRef port;
    io_object_t notifier;
    io_connect_t power; /* 0: not watched */
    uv_mutex_t lock;
    bool is_sleep_noted, is_wake_noted; /* under lock */
    long noted_id;                      /* under lock */
    atomic_bool is_kept_awake;
    bool is_asleep;
    bool is_allowed; /* to sleep */
    long id;
    struct ph_why text;
    struct ph_sleep_events events;
    void *arg;
    void (*done)(void *arg);
    void *done_arg;
};

/* --- on the queue --- */

static void
note(struct ph_sleep_watch *watch, bool is_sleep, long id)
{
    uv_mutex_lock(&watch->lock);
    if (is_sleep) {
        watch->is_sleep_noted = true;
        watch->noted_id = id;
    } else {
        watch->is_wake_noted = true;
    }
    uv_mutex_unlock(&watch->lock);
    (void)uv_async_send(&watch->notice);
}

static void
on_power(void *arg, io_service_t service, uint32_t type, void *argument)
{
    struct ph_sleep_watch *watch = arg;
    const long id = (long)(intptr_t)argument;

    (void)service;
    switch (type) {
    case kIOMessageCanSystemSleep:
        if (atomic_load(&watch->is_kept_awake))
            (void)IOCancelPowerChange(watch->power, id);
        else
            (void)IOAllowPowerChange(watch->power, id);
        break;
    case kIOMessageSystemWillSleep:
        note(watch, true, id);
        break;
    case kIOMessageSystemWillNotSleep:
    case kIOMessageSystemHasPoweredOn:
        note(watch, false, 0);
        break;
    default:
        break;
    }
}

static void
drain(void *arg)
{
    (void)arg;
}

/* --- on the loop --- */

static void
on_ready_timer(uv_timer_t *timer)
{
    ph_sleep_watch_ready(timer->data);
}

static void
fall_asleep(struct ph_sleep_watch *watch, long id)
{
    watch->id = id;
    watch->is_allowed = false;
    (void)uv_timer_start(&watch->ready, on_ready_timer, PH_SLEEP_READY_MS, 0);
    if (watch->is_asleep)
        return;
    watch->is_asleep = true;
    watch->events.on_sleep(watch->arg);
}

static void
on_notice(uv_async_t *async)
{
    struct ph_sleep_watch *watch = async->data;
    bool is_sleep, is_wake;
    long id;

    uv_mutex_lock(&watch->lock);
    is_sleep = watch->is_sleep_noted;
    is_wake = watch->is_wake_noted;
    id = watch->noted_id;
    watch->is_sleep_noted = watch->is_wake_noted = false;
    uv_mutex_unlock(&watch->lock);
    if (is_wake && watch->is_asleep) {
        watch->is_asleep = false;
        (void)uv_timer_stop(&watch->ready);
        watch->events.on_wake(watch->arg);
    }
    if (is_sleep)
        fall_asleep(watch, id);
}

void
ph_sleep_watch_ready(struct ph_sleep_watch *watch)
{
    if (!watch->is_asleep || watch->is_allowed ||
        atomic_load(&watch->is_kept_awake)) /* the system waits 30 s */
        return;
    (void)uv_timer_stop(&watch->ready);
    watch->is_allowed = true;
    (void)IOAllowPowerChange(watch->power, watch->id);
}

static void
on_linger(uv_timer_t *timer)
{
    struct ph_sleep_watch *watch = timer->data;

    atomic_store(&watch->is_kept_awake, false);
    ph_sleep_watch_ready(watch);
}

void
ph_sleep_watch_keep_awake(struct ph_sleep_watch *watch, bool is_wanted)
{
    if (is_wanted) {
        (void)uv_timer_stop(&watch->linger);
        atomic_store(&watch->is_kept_awake, true);
    } else if (atomic_load(&watch->is_kept_awake)) {
        (void)uv_timer_start(&watch->linger, on_linger, LINGER_MS, 0);
    }
}

void
ph_sleep_watch_status(const struct ph_sleep_watch *watch,
                      struct ph_why *out_text)
{
    *out_text = watch->text;
}

/* --- life --- */

static void
register_power(struct ph_sleep_watch *watch)
{
    watch->queue = dispatch_queue_create("org.printhold.sleep", NULL);
    watch->power = IORegisterForSystemPower(watch, &watch->port, on_power,
                                            &watch->notifier);
    if (watch->power == 0)
        ph_log_notice("sleep of this computer is not noticed: the system does "
                      "not tell");
    else
        IONotificationPortSetDispatchQueue(watch->port, watch->queue);
}

int
ph_sleep_watch_start(uv_loop_t *loop, const struct ph_sleep_events *events,
                     void *arg, struct ph_sleep_watch **out_watch)
{
    struct ph_sleep_watch *watch = calloc(1, sizeof(*watch));

    if (watch == NULL)
        return PH_ERR_NOMEM;
    if (uv_mutex_init(&watch->lock) != 0) {
        free(watch);
        return PH_ERR_NOMEM;
    }
    if (uv_async_init(loop, &watch->notice, on_notice) != 0) {
        uv_mutex_destroy(&watch->lock);
        free(watch);
        return PH_ERR_NOMEM;
    }
    watch->events = *events;
    watch->arg = arg;
    (void)uv_timer_init(loop, &watch->ready);
    (void)uv_timer_init(loop, &watch->linger);
    watch->notice.data = watch->ready.data = watch->linger.data = watch;
    watch->handles = 3;
    register_power(watch);
    *out_watch = watch;
    return PH_OK;
}

static void
on_handle_closed(uv_handle_t *handle)
{
    struct ph_sleep_watch *watch = handle->data;
    void (*done)(void *arg) = watch->done;
    void *arg = watch->done_arg;

    if (--watch->handles > 0)
        return;
    uv_mutex_destroy(&watch->lock);
    free(watch);
    done(arg);
}

void
ph_sleep_watch_stop(struct ph_sleep_watch *watch, void (*done)(void *arg),
                    void *arg)
{
    if (watch == NULL) {
        done(arg);
        return;
    }
    watch->done = done;
    watch->done_arg = arg;
    if (watch->power != 0) {
        (void)IODeregisterForSystemPower(&watch->notifier);
        (void)IOServiceClose(watch->power);
        IONotificationPortDestroy(watch->port);
    }
    dispatch_sync_f(watch->queue, NULL, drain); /* none is under way */
    dispatch_release(watch->queue);
    uv_close((uv_handle_t *)&watch->notice, on_handle_closed);
    uv_close((uv_handle_t *)&watch->ready, on_handle_closed);
    uv_close((uv_handle_t *)&watch->linger, on_handle_closed);
}
