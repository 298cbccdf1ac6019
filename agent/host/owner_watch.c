#include "owner_watch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "printhold/base/err.h"
#include "printhold/base/log.h"
#include "printhold/model/config.h"

struct ph_owner_watch {
    uv_fs_event_t event;
    struct ph_reaper *reaper;
    char dir[PH_CONFIG_TEXT_MAX];
    char name[PH_CONFIG_TEXT_MAX];
    void (*done)(void *arg);
    void *done_arg;
};

/* The directory is watched, since an editor puts a new file in place. */
static void
on_event(uv_fs_event_t *event, const char *filename, int events, int status)
{
    struct ph_owner_watch *watch = event->data;

    (void)events;
    if (status == 0 && (filename == NULL || strcmp(filename, watch->name) == 0))
        ph_reaper_kick(watch->reaper);
}

int
ph_owner_watch_start(uv_loop_t *loop, const char *path,
                     struct ph_reaper *reaper,
                     struct ph_owner_watch **out_watch)
{
    const char *slash = strrchr(path, '/');
    struct ph_owner_watch *watch;
    int status;

    *out_watch = NULL;
    if (slash == NULL)
        return PH_OK;
    watch = calloc(1, sizeof(*watch));
    if (watch == NULL)
        return PH_ERR_NOMEM;
    watch->reaper = reaper;
    (void)snprintf(watch->dir, sizeof(watch->dir), "%.*s",
                   slash > path ? (int)(slash - path) : 1, path);
    (void)snprintf(watch->name, sizeof(watch->name), "%s", slash + 1);
    watch->event.data = watch;
    (void)uv_fs_event_init(loop, &watch->event);
    status = uv_fs_event_start(&watch->event, on_event, watch->dir, 0);
    if (status != 0)
        ph_log_warning("owner.map_file: changes are noticed late (%s), "
                       "continuing",
                       uv_strerror(status));
    *out_watch = watch;
    return PH_OK;
}

static void
on_closed(uv_handle_t *handle)
{
    struct ph_owner_watch *watch = handle->data;
    void (*done)(void *arg) = watch->done;
    void *arg = watch->done_arg;

    free(watch);
    done(arg);
}

void
ph_owner_watch_stop(struct ph_owner_watch *watch, void (*done)(void *arg),
                    void *arg)
{
    if (watch == NULL) {
        done(arg);
        return;
    }
    watch->done = done;
    watch->done_arg = arg;
    uv_close((uv_handle_t *)&watch->event, on_closed);
}
