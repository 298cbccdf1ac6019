/* Events of the outbox: unsealed when they are due. */
#include "jobs_private.h"

#include "printhold/base/err.h"
#include "printhold/base/log.h"

struct due_events {
    struct ph_jobs *jobs;
    struct ph_outbox_event *events;
    size_t cap;
    size_t count;
    uint64_t lost[16]; /* whose epoch key is gone */
    size_t lost_count;
};

static bool
collect_event(uint64_t seq, const struct ph_id *epoch, const struct ph_id *id,
              const void *sealed, size_t len, void *arg)
{
    struct due_events *due = arg;
    struct ph_outbox_event *event = &due->events[due->count];
    int err;

    event->seq = seq;
    ph_buf_init(&event->payload, JOBS_EVENT_BYTES_MAX);
    err = ph_epoch_keys_unseal(due->jobs->keys, epoch, id->bytes, PH_ID_BYTES,
                               sealed, len, &event->payload);
    if (err == PH_OK) {
        due->count++;
    } else {
        ph_buf_close(&event->payload);
        if (due->lost_count < PH_COUNT(due->lost))
            due->lost[due->lost_count++] = seq;
    }
    return due->count < due->cap;
}

/* Those that cannot be read any more are counted, and stand in nobody's way. */
static int
give_up_lost(struct due_events *due)
{
    struct ph_catalogue *catalogue = due->jobs->catalogue;
    int err = PH_OK;

    if (due->lost_count == 0)
        return PH_OK;
    err = ph_catalogue_begin(catalogue);
    for (size_t i = 0; err == PH_OK && i < due->lost_count; i++) {
        ph_log_warning("outbox: event %llu cannot be read any more, continuing",
                       (unsigned long long)due->lost[i]);
        err = ph_catalogue_event_lost(catalogue, due->lost[i]);
    }
    if (err == PH_OK)
        err = ph_catalogue_commit(catalogue);
    ph_catalogue_rollback(catalogue);
    return err;
}

typedef int (*each_event_fn)(struct ph_catalogue *catalogue, uint64_t after,
                             uint32_t limit, ph_catalogue_event_cb each,
                             void *arg);

static int
read_events(struct ph_jobs *jobs, each_event_fn each, uint64_t after,
            struct ph_outbox_event *out_events, size_t cap, size_t *out_count)
{
    struct due_events due = {.jobs = jobs, .events = out_events, .cap = cap};
    int err;

    if (cap == 0) {
        *out_count = 0;
        return PH_OK;
    }
    jobs_lock(jobs);
    err = each(jobs->catalogue, after, (uint32_t)cap, collect_event, &due);
    if (err == PH_OK)
        err = give_up_lost(&due);
    (void)pthread_mutex_unlock(&jobs->lock);
    if (err == PH_OK) {
        *out_count = due.count;
        return PH_OK;
    }
    for (size_t i = 0; i < due.count; i++)
        ph_buf_close(&out_events[i].payload);
    return err;
}

int
ph_jobs_due_events(struct ph_jobs *jobs, uint64_t after,
                   struct ph_outbox_event *out_events, size_t cap,
                   size_t *out_count)
{
    return read_events(jobs, ph_catalogue_due_events, after, out_events, cap,
                       out_count);
}

int
ph_jobs_due_again(struct ph_jobs *jobs, uint64_t after,
                  struct ph_outbox_event *out_events, size_t cap,
                  size_t *out_count)
{
    return read_events(jobs, ph_catalogue_due_again, after, out_events, cap,
                       out_count);
}
