#include "control_watch.h"

#include <stdio.h>

#include "control_commands.h"
#include "printhold/base/err.h"
#include "printhold/proto/frame.h"

#define CHUNK_BYTES (64 * 1024)

int
ph_control_watch_init(struct ph_control_watch *watch, struct ph_jobs *jobs,
                      uid_t uid, const struct ph_control_request *request,
                      struct ph_why *why)
{
    *watch = (struct ph_control_watch){.jobs = jobs,
                                       .from = request->from,
                                       .has_from = request->has_from,
                                       .cloud = PH_CLOUD_OFF};
    return ph_control_asker(uid, request, &watch->asker, why);
}

void
ph_control_watch_set_cloud(struct ph_control_watch *watch,
                           const struct ph_cloud_status *status)
{
    const enum ph_cloud_state state =
        status != NULL ? status->state : PH_CLOUD_OFF;

    if (state == watch->cloud)
        return;
    watch->cloud = state;
    watch->cloud_since_ms = status != NULL ? status->since_ms : 0;
    watch->is_cloud_told = false;
}

/* --- frames --- */

struct piece {
    struct ph_buf *buf;
    size_t stop; /* enough for one piece */
    int err;
};

static bool
put_change(const struct ph_control_change *change, void *arg)
{
    struct piece *piece = arg;
    struct ph_buf body;

    ph_buf_init(&body, PH_FRAME_MAX - 1);
    piece->err = ph_control_change_put(change, &body);
    if (piece->err == PH_OK)
        piece->err =
            ph_frame_put(piece->buf, PH_CONTROL_ITEM, body.data, body.len);
    ph_buf_close(&body);
    return piece->err == PH_OK && piece->buf->len < piece->stop;
}

static void
put_cloud(struct ph_control_watch *watch, struct piece *piece)
{
    static const char *const words[] = {[PH_CLOUD_OFF] = "off",
                                        [PH_CLOUD_CONNECTING] = "connecting",
                                        [PH_CLOUD_ONLINE] = "online"};
    struct ph_control_change change = {.kind = PH_CHANGE_CLOUD,
                                       .place = watch->news.place,
                                       .at_ms = watch->cloud_since_ms};

    (void)snprintf(change.reason, sizeof(change.reason), "%s",
                   words[watch->cloud]);
    (void)put_change(&change, piece);
    watch->is_cloud_told = true;
}

static void
begin(struct ph_control_watch *watch, struct piece *piece)
{
    struct ph_control_change change = {.kind = PH_CHANGE_BEGUN};

    piece->err = ph_jobs_news_begin(
        watch->jobs, watch->has_from ? &watch->from : NULL, &watch->news);
    if (piece->err != PH_OK)
        return;
    change.place = watch->news.place;
    (void)put_change(&change, piece);
    watch->is_begun = piece->err == PH_OK;
}

int
ph_control_watch_step(struct ph_control_watch *watch, struct ph_buf *buf)
{
    struct piece piece = {.buf = buf, .stop = buf->len + CHUNK_BYTES};
    int err;

    if (!watch->is_begun)
        begin(watch, &piece);
    if (piece.err == PH_OK && !watch->is_cloud_told)
        put_cloud(watch, &piece);
    if (piece.err != PH_OK)
        return piece.err;
    err = ph_jobs_news(watch->jobs, &watch->asker, &watch->news, put_change,
                       &piece, &watch->is_at_end);
    return err == PH_OK ? piece.err : err;
}
