#include "file_watch.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "printhold/base/err.h"

#define PATH_BYTES 256
/* A file and its key are replaced one after the other. */
#define QUIET_MS 100
/* When every folder is watched, and when one is not. */
#define PERIOD_MS 30000
#define BLIND_MS  1000
#define TIMERS    2

struct folder {
    uv_fs_event_t handle;
    char path[PATH_BYTES];
};

struct ph_file_watch {
    uv_loop_t *loop;
    uv_timer_t soon;
    uv_timer_t period;
    struct folder folders[PH_FILE_WATCH_MAX];
    size_t folder_count;
    char names[PH_FILE_WATCH_MAX][PATH_BYTES]; /* without the folder */
    size_t name_count;
    size_t open_handles;
    bool blind; /* a folder cannot be watched */
    ph_file_watch_cb maybe;
    void *arg;
};

static void
on_timer(uv_timer_t *timer)
{
    struct ph_file_watch *watch = timer->data;

    watch->maybe(watch->arg);
}

static bool
is_ours(const struct ph_file_watch *watch, const char *name)
{
    for (size_t i = 0; i < watch->name_count; i++) {
        if (strcmp(watch->names[i], name) == 0)
            return true;
    }
    return false;
}

static void
on_folder(uv_fs_event_t *handle, const char *name, int events, int status)
{
    struct ph_file_watch *watch = handle->data;

    (void)events;
    /* Some systems name no file. */
    if (status == 0 && name != NULL && !is_ours(watch, name))
        return;
    if (!uv_is_active((uv_handle_t *)&watch->soon))
        (void)uv_timer_start(&watch->soon, on_timer, QUIET_MS, 0);
}

/* "/a/b" to "/a" and "b"; a path is absolute (config.h). */
static void
split(const char *path, char folder[PATH_BYTES], char name[PATH_BYTES])
{
    const char *slash = strrchr(path, '/');
    size_t len = slash != NULL ? (size_t)(slash - path) : 0;

    (void)snprintf(folder, PATH_BYTES, "%.*s", len > 0 ? (int)len : 1,
                   len > 0 ? path : "/");
    (void)snprintf(name, PATH_BYTES, "%s", slash != NULL ? slash + 1 : path);
}

static void
add_folder(struct ph_file_watch *watch, const char *path)
{
    struct folder *folder = &watch->folders[watch->folder_count];

    for (size_t i = 0; i < watch->folder_count; i++) {
        if (strcmp(watch->folders[i].path, path) == 0)
            return;
    }
    if (uv_fs_event_init(watch->loop, &folder->handle) != 0) {
        watch->blind = true;
        return;
    }
    (void)snprintf(folder->path, sizeof(folder->path), "%s", path);
    folder->handle.data = watch;
    watch->folder_count++;
    if (uv_fs_event_start(&folder->handle, on_folder, path, 0) != 0)
        watch->blind = true;
}

int
ph_file_watch_start(uv_loop_t *loop, const char *const *paths, size_t count,
                    ph_file_watch_cb maybe, void *arg,
                    struct ph_file_watch **out_watch)
{
    struct ph_file_watch *watch = calloc(1, sizeof(*watch));
    char folder[PATH_BYTES];

    if (watch == NULL)
        return PH_ERR_NOMEM;
    watch->loop = loop;
    watch->maybe = maybe;
    watch->arg = arg;
    for (size_t i = 0; i < count && i < PH_FILE_WATCH_MAX; i++) {
        if (paths[i][0] == '\0')
            continue;
        split(paths[i], folder, watch->names[watch->name_count++]);
        add_folder(watch, folder);
    }
    (void)uv_timer_init(loop, &watch->soon);
    (void)uv_timer_init(loop, &watch->period);
    watch->soon.data = watch->period.data = watch;
    watch->open_handles = watch->folder_count + TIMERS;
    (void)uv_timer_start(&watch->period, on_timer,
                         watch->blind ? BLIND_MS : PERIOD_MS,
                         watch->blind ? BLIND_MS : PERIOD_MS);
    *out_watch = watch;
    return PH_OK;
}

static void
on_closed(uv_handle_t *handle)
{
    struct ph_file_watch *watch = handle->data;

    if (--watch->open_handles == 0)
        free(watch);
}

void
ph_file_watch_stop(struct ph_file_watch *watch)
{
    if (watch == NULL)
        return;
    for (size_t i = 0; i < watch->folder_count; i++)
        uv_close((uv_handle_t *)&watch->folders[i].handle, on_closed);
    uv_close((uv_handle_t *)&watch->soon, on_closed);
    uv_close((uv_handle_t *)&watch->period, on_closed);
}
