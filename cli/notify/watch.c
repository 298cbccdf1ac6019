#include "watch.h"

#include <string.h>

#include "printhold/base/err.h"
#include "printhold/base/log.h"
#include "printhold/proto/frame.h"

void
ph_watch_init(struct ph_watch *watch)
{
    *watch = (struct ph_watch){.wait_ms = PH_WATCH_WAIT_MIN_MS};
}

void
ph_watch_close(struct ph_watch *watch)
{
    if (watch->is_open)
        ph_client_close(&watch->client);
    watch->is_open = false;
}

int
ph_watch_fd(const struct ph_watch *watch)
{
    return watch->is_open ? watch->client.fd : -1;
}

int64_t
ph_watch_next_ms(const struct ph_watch *watch)
{
    return watch->is_open ? INT64_MAX : watch->next_ms;
}

/* Said once, until it works again. */
static void
end(struct ph_watch *watch, const struct ph_why *why, int64_t now_ms)
{
    ph_watch_close(watch);
    if (!watch->is_quiet)
        ph_log_notice("no news of jobs: %s", why->text);
    watch->is_quiet = true;
    watch->next_ms = now_ms + watch->wait_ms;
    watch->wait_ms *= 2;
    if (watch->wait_ms > PH_WATCH_WAIT_MAX_MS)
        watch->wait_ms = PH_WATCH_WAIT_MAX_MS;
}

void
ph_watch_try(struct ph_watch *watch, int64_t now_ms)
{
    const struct ph_control_request request = {.op = PH_CONTROL_WATCH,
                                               .has_from = watch->has_place,
                                               .from = watch->place};
    struct ph_why why = {""};
    int err;

    if (watch->is_open || now_ms < watch->next_ms)
        return;
    err = ph_client_open(&watch->client, &why);
    watch->is_open = err == PH_OK;
    watch->is_begun = false;
    if (err == PH_OK)
        err = ph_client_send(&watch->client, &request, &why);
    if (err != PH_OK)
        end(watch, &why, now_ms);
}

static void
note_begun(struct ph_watch *watch)
{
    ph_log_info("watching, %s",
                watch->has_place ? "from where it was" : "from now");
    watch->is_begun = true;
    watch->is_quiet = false;
    watch->wait_ms = PH_WATCH_WAIT_MIN_MS;
}

int
ph_watch_take(struct ph_watch *watch, int64_t now_ms,
              struct ph_control_change *out_change)
{
    struct ph_frame item;
    struct ph_why why = {""};
    int err = ph_client_take(&watch->client, &item, &why);

    if (err == PH_OK && item.type == PH_CONTROL_REPLY)
        err = ph_why_fail(&why, PH_ERR_PROTOCOL, "the hold service ended it");
    if (err == PH_OK) {
        err = ph_control_change_parse(item.body, item.len, out_change);
        ph_why_set(&why, "the hold service says what is not understood (%s)",
                   ph_err_text(err));
    }
    if (err != PH_OK) {
        end(watch, &why, now_ms);
        return PH_ERR_CLOSED;
    }
    if (!watch->is_begun)
        note_begun(watch);
    watch->place = out_change->place;
    watch->has_place = true;
    return PH_OK;
}
