/*
 * logind (org.freedesktop.login1(5)). Invariants:
 *   - a connection to the bus, or a timer that tries it again;
 *   - what does not come from logind's own name on the bus is not believed:
 *     the bus says who that is, and tells when it is another;
 *   - each lock is a descriptor that logind gave; closing it releases it;
 *   - is_asleep from on_sleep to on_wake, which come in turn.
 */
#include "sleep_watch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "printhold/base/attr.h"
#include "printhold/base/err.h"
#include "printhold/base/io.h"
#include "printhold/base/log.h"
#include "system_bus_linux.h"

#define RETRY_MS  60000
#define LINGER_MS 700 /* a printer's next range comes sooner */

#define BUS_NAME  "org.freedesktop.DBus"
#define BUS_PATH  "/org/freedesktop/DBus"
#define NAME      "org.freedesktop.login1"
#define PATH      "/org/freedesktop/login1"
#define INTERFACE "org.freedesktop.login1.Manager"

#define WATCH_OWNER                                            \
    "type='signal',sender='" BUS_NAME "',interface='" BUS_NAME \
    "',member='NameOwnerChanged',arg0='" NAME "'"
#define WATCH_SLEEP                                                         \
    "type='signal',sender='" NAME "',path='" PATH "',interface='" INTERFACE \
    "',member='PrepareForSleep'"

enum lock_kind { LOCK_DELAY, LOCK_BLOCK, LOCKS };

struct lock {
    int fd;        /* negative: not held */
    uint32_t call; /* 0: none is under way */
    bool is_denied;
};

struct ph_sleep_watch {
    uv_loop_t *loop;
    struct ph_system_bus *bus;
    bool is_bus_closing; /* one that was */
    uv_timer_t retry;
    uv_timer_t ready;  /* we are, whatever others do */
    uv_timer_t linger; /* until the block is released */
    unsigned handles;
    uint32_t owner_call;
    char owner[PH_DBUS_NAME_MAX]; /* logind's own name; empty: not there */
    struct lock locks[LOCKS];
    bool is_kept_awake;
    bool is_asleep;
    bool is_missing_said;
    struct ph_why text;
    struct ph_sleep_events events;
    void *arg;
    void (*done)(void *arg);
    void *done_arg;
};

static void on_retry(uv_timer_t *timer);
static void close_timers(void *arg);

/* --- locks --- */

static bool
is_wanted(const struct ph_sleep_watch *watch, enum lock_kind kind)
{
    return kind == LOCK_DELAY ? !watch->is_asleep : watch->is_kept_awake;
}

static void
take_lock(struct ph_sleep_watch *watch, enum lock_kind kind)
{
    static const char *const modes[] = {"delay", "block"};
    static const char *const reasons[] = {
        "The cloud is told that this computer sleeps",
        "A printer is fetching a document"};
    struct lock *lock = &watch->locks[kind];

    if (watch->bus == NULL || watch->owner[0] == '\0' || lock->fd >= 0 ||
        lock->call != 0 || lock->is_denied || !is_wanted(watch, kind))
        return;
    (void)ph_system_bus_call(
        watch->bus,
        &(struct ph_dbus_call){
            .destination = NAME,
            .path = PATH,
            .interface = INTERFACE,
            .member = "Inhibit",
            .args = {"sleep", "PrintHold", reasons[kind], modes[kind]},
            .arg_count = 4},
        &lock->call);
}

static void
drop_lock(struct ph_sleep_watch *watch, enum lock_kind kind)
{
    ph_io_close(&watch->locks[kind].fd);
}

static void
note_denied(struct ph_sleep_watch *watch, enum lock_kind kind,
            const struct ph_dbus_message *message)
{
    struct ph_dbus_place place = {0};
    char said[PH_WHY_MAX / 2];

    if (ph_dbus_take_text(message, &place, said, sizeof(said)) != PH_OK)
        (void)snprintf(said, sizeof(said), "%.100s", message->error);
    watch->locks[kind].is_denied = true;
    ph_why_set(&watch->text, "%s: %s",
               kind == LOCK_BLOCK
                   ? "this computer may fall asleep while a printer fetches a "
                     "document"
                   : "the cloud is not told when this computer falls asleep",
               said);
    ph_log_warning("%s, continuing", watch->text.text);
}

static void
on_lock(struct ph_sleep_watch *watch, enum lock_kind kind,
        const struct ph_dbus_message *message, int *fd)
{
    struct lock *lock = &watch->locks[kind];

    lock->call = 0;
    if (message->type == PH_DBUS_ERROR || *fd < 0) {
        note_denied(watch, kind, message);
        return;
    }
    if (!is_wanted(watch, kind))
        return; /* meanwhile; the bus closes it */
    lock->fd = *fd;
    *fd = -1;
    ph_log_debug("sleep: %s", kind == LOCK_BLOCK ? "held off" : "watched");
}

/* --- sleep --- */

static void
wake(struct ph_sleep_watch *watch)
{
    if (!watch->is_asleep)
        return;
    watch->is_asleep = false;
    (void)uv_timer_stop(&watch->ready);
    take_lock(watch, LOCK_DELAY);
    watch->events.on_wake(watch->arg);
}

static void
on_ready_timer(uv_timer_t *timer)
{
    ph_sleep_watch_ready(timer->data);
}

static void
fall_asleep(struct ph_sleep_watch *watch)
{
    if (watch->is_asleep)
        return;
    watch->is_asleep = true;
    (void)uv_timer_start(&watch->ready, on_ready_timer, PH_SLEEP_READY_MS, 0);
    watch->events.on_sleep(watch->arg);
}

/* While a printer fetches a document, logind's own patience is used up. */
void
ph_sleep_watch_ready(struct ph_sleep_watch *watch)
{
    if (!watch->is_asleep || watch->is_kept_awake)
        return;
    (void)uv_timer_stop(&watch->ready);
    drop_lock(watch, LOCK_DELAY);
}

/* --- who logind is --- */

static void
set_owner(struct ph_sleep_watch *watch, const char *owner)
{
    (void)snprintf(watch->owner, sizeof(watch->owner), "%s", owner);
    for (int i = 0; i < LOCKS; i++) { /* those of another one are worth nothing
                                       */
        drop_lock(watch, (enum lock_kind)i);
        watch->locks[i].call = 0;
        watch->locks[i].is_denied = false;
    }
    watch->text.text[0] = '\0';
    wake(watch); /* nobody would tell */
    take_lock(watch, LOCK_DELAY);
    take_lock(watch, LOCK_BLOCK);
}

static void
on_owner_changed(struct ph_sleep_watch *watch,
                 const struct ph_dbus_message *message)
{
    struct ph_dbus_place place = {0};
    char name[PH_DBUS_NAME_MAX], before[PH_DBUS_NAME_MAX],
        owner[PH_DBUS_NAME_MAX];

    if (ph_dbus_take_text(message, &place, name, sizeof(name)) == PH_OK &&
        ph_dbus_take_text(message, &place, before, sizeof(before)) == PH_OK &&
        ph_dbus_take_text(message, &place, owner, sizeof(owner)) == PH_OK &&
        strcmp(name, NAME) == 0 && strcmp(owner, watch->owner) != 0)
        set_owner(watch, owner);
}

/* --- the bus --- */

static void
on_signal(struct ph_sleep_watch *watch, const struct ph_dbus_message *message)
{
    struct ph_dbus_place place = {0};
    bool is_before;

    if (strcmp(message->sender, BUS_NAME) == 0) {
        if (strcmp(message->member, "NameOwnerChanged") == 0)
            on_owner_changed(watch, message);
    } else if (watch->owner[0] != '\0' &&
               strcmp(message->sender, watch->owner) == 0 &&
               strcmp(message->interface, INTERFACE) == 0 &&
               strcmp(message->member, "PrepareForSleep") == 0 &&
               ph_dbus_take_bool(message, &place, &is_before) == PH_OK) {
        if (is_before)
            fall_asleep(watch);
        else
            wake(watch);
    }
}

static void
on_owner(struct ph_sleep_watch *watch, const struct ph_dbus_message *message)
{
    struct ph_dbus_place place = {0};
    char owner[PH_DBUS_NAME_MAX];

    watch->owner_call = 0;
    if (message->type == PH_DBUS_RETURN &&
        ph_dbus_take_text(message, &place, owner, sizeof(owner)) == PH_OK)
        set_owner(watch, owner);
    else /* NameOwnerChanged tells when it comes */
        ph_log_info("sleep: there is no logind on the system bus yet");
}

static void
on_message(const struct ph_dbus_message *message, int *fd, void *arg)
{
    struct ph_sleep_watch *watch = arg;

    if (message->type == PH_DBUS_SIGNAL) {
        on_signal(watch, message);
        return;
    }
    if (message->reply_serial == 0)
        return;
    if (message->reply_serial == watch->owner_call) {
        on_owner(watch, message);
        return;
    }
    for (int i = 0; i < LOCKS; i++)
        if (message->reply_serial == watch->locks[i].call)
            on_lock(watch, (enum lock_kind)i, message, fd);
}

static int
call_bus(struct ph_sleep_watch *watch, const char *member, const char *text,
         uint32_t *out_call)
{
    return ph_system_bus_call(watch->bus,
                              &(struct ph_dbus_call){.destination = BUS_NAME,
                                                     .path = BUS_PATH,
                                                     .interface = BUS_NAME,
                                                     .member = member,
                                                     .args = {text},
                                                     .arg_count = 1},
                              out_call);
}

static void
on_bus_ready(void *arg)
{
    struct ph_sleep_watch *watch = arg;
    uint32_t call;

    watch->is_missing_said = false;
    if (call_bus(watch, "AddMatch", WATCH_OWNER, &call) == PH_OK &&
        call_bus(watch, "AddMatch", WATCH_SLEEP, &call) == PH_OK)
        (void)call_bus(watch, "GetNameOwner", NAME, &watch->owner_call);
}

static void
say_missing(struct ph_sleep_watch *watch, const char *text)
{
    if (!watch->is_missing_said)
        ph_log_notice("sleep of this computer is not noticed: %s", text);
    watch->is_missing_said = true;
}

static void
on_bus_stopped(void *arg)
{
    struct ph_sleep_watch *watch = arg;

    watch->is_bus_closing = false;
    if (watch->done != NULL)
        close_timers(watch);
    else
        (void)uv_timer_start(&watch->retry, on_retry, RETRY_MS, 0);
}

static void
on_bus_closed(const char *text, void *arg)
{
    struct ph_sleep_watch *watch = arg;
    struct ph_system_bus *bus = watch->bus;

    say_missing(watch, text);
    watch->bus = NULL;
    watch->is_bus_closing = true;
    set_owner(watch, "");
    ph_system_bus_stop(bus, on_bus_stopped, watch);
}

static void
connect_bus(struct ph_sleep_watch *watch)
{
    static const struct ph_system_bus_events events = {.on_ready = on_bus_ready,
                                                       .on_message = on_message,
                                                       .on_closed =
                                                           on_bus_closed};
    struct ph_why why = {""};
    int err =
        ph_system_bus_start(watch->loop, &events, watch, &watch->bus, &why);

    if (err == PH_OK)
        return;
    watch->bus = NULL;
    say_missing(watch, why.text[0] != '\0' ? why.text : ph_err_text(err));
    (void)uv_timer_start(&watch->retry, on_retry, RETRY_MS, 0);
}

static void
on_retry(uv_timer_t *timer)
{
    connect_bus(timer->data);
}

/* --- keeping awake --- */

static void
on_linger(uv_timer_t *timer)
{
    struct ph_sleep_watch *watch = timer->data;

    watch->is_kept_awake = false;
    drop_lock(watch, LOCK_BLOCK);
    ph_sleep_watch_ready(watch);
}

void
ph_sleep_watch_keep_awake(struct ph_sleep_watch *watch, bool wanted)
{
    if (wanted) {
        (void)uv_timer_stop(&watch->linger);
        watch->is_kept_awake = true;
        take_lock(watch, LOCK_BLOCK);
    } else if (watch->is_kept_awake) {
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

int
ph_sleep_watch_start(uv_loop_t *loop, const struct ph_sleep_events *events,
                     void *arg, struct ph_sleep_watch **out_watch)
{
    struct ph_sleep_watch *watch = calloc(1, sizeof(*watch));

    if (watch == NULL)
        return PH_ERR_NOMEM;
    watch->loop = loop;
    watch->events = *events;
    watch->arg = arg;
    for (size_t i = 0; i < LOCKS; i++)
        watch->locks[i].fd = -1;
    (void)uv_timer_init(loop, &watch->retry);
    (void)uv_timer_init(loop, &watch->ready);
    (void)uv_timer_init(loop, &watch->linger);
    watch->retry.data = watch->ready.data = watch->linger.data = watch;
    watch->handles = 3;
    *out_watch = watch;
    connect_bus(watch);
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
    free(watch);
    done(arg);
}

static void
close_timers(void *arg)
{
    struct ph_sleep_watch *watch = arg;

    uv_close((uv_handle_t *)&watch->retry, on_handle_closed);
    uv_close((uv_handle_t *)&watch->ready, on_handle_closed);
    uv_close((uv_handle_t *)&watch->linger, on_handle_closed);
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
    for (int i = 0; i < LOCKS; i++)
        drop_lock(watch, (enum lock_kind)i);
    if (!watch->is_bus_closing) /* else when that is over */
        ph_system_bus_stop(watch->bus, close_timers, watch);
}
