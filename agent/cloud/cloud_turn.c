#include "cloud_turn.h"

#include <stdio.h>
#include <string.h>

#include "printhold/base/err.h"

static int
store_answers(struct ph_cloud_turn *turn, struct ph_jobs *jobs)
{
    struct ph_outbox_result results[6 * PH_CLOUD_WINDOW];
    int err;

    if (turn->answered_count == 0)
        return PH_OK;
    for (size_t i = 0; i < turn->answered_count; i++) {
        const struct ph_cloud_item *item = &turn->answered[i];

        results[i] = (struct ph_outbox_result){.number = item->number,
                                               .reason = item->reason};
        (void)snprintf(results[i].uk, sizeof(results[i].uk), "%s", item->uk);
    }
    err = ph_jobs_outbox_store(jobs, results, turn->answered_count);
    if (err == PH_OK)
        turn->answered_count = 0;
    return err;
}

static int
prepare(struct ph_cloud_turn *turn, struct ph_jobs *jobs)
{
    int err = PH_OK;

    if (turn->anew)
        err = ph_jobs_outbox_anew(jobs);
    else if (turn->unpark)
        err = ph_jobs_outbox_unpark(jobs);
    if (err == PH_OK)
        turn->anew = turn->unpark = false;
    return err;
}

/* Those that were refused come behind the others. */
static int
read_events(struct ph_cloud_turn *turn, struct ph_jobs *jobs)
{
    size_t count = 0;
    int err = ph_jobs_due_events(jobs, turn->after_seq, turn->events,
                                 turn->window, &count);

    if (err != PH_OK)
        return err;
    turn->event_count = count;
    if (count < turn->window)
        err = ph_jobs_due_again(jobs, turn->after_again, &turn->events[count],
                                turn->window - count, &turn->again_count);
    if (err == PH_OK)
        turn->event_count += turn->again_count;
    return err;
}

int
ph_cloud_turn_run(struct ph_cloud_turn *turn, struct ph_jobs *jobs)
{
    int err = store_answers(turn, jobs);

    turn->again_count = 0;
    if (err == PH_OK)
        err = prepare(turn, jobs);
    if (err == PH_OK)
        err = ph_jobs_outbox_view(jobs, &turn->view);
    if (err != PH_OK || turn->window == 0)
        return err;
    err = ph_jobs_due_documents(jobs, turn->documents, PH_CLOUD_DOCUMENTS_MAX,
                                &turn->document_count);
    if (err == PH_OK && !turn->without_events)
        err = read_events(turn, jobs);
    return err;
}

void
ph_cloud_turn_drop(struct ph_cloud_turn *turn)
{
    for (size_t i = 0; i < turn->document_count; i++)
        ph_buf_close(&turn->documents[i].payload);
    for (size_t i = 0; i < turn->event_count; i++)
        ph_buf_close(&turn->events[i].payload);
    turn->document_count = 0;
    turn->event_count = 0;
}

bool
ph_cloud_item_among(const struct ph_cloud_item *item,
                    const struct ph_cloud_item *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (item->kind == list[i].kind && item->number == list[i].number &&
            strcmp(item->uk, list[i].uk) == 0)
            return true;
    }
    return false;
}
