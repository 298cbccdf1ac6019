#include "cloud_turn.h"

#include <string.h>

#include "printhold/base/err.h"

static int
store_acked(struct ph_jobs *jobs, const struct ph_cloud_item *item)
{
    if (item->kind == PH_CLOUD_DOCUMENT)
        return ph_jobs_document_acked(jobs, item->uk, item->number);
    return ph_jobs_event_acked(jobs, item->number);
}

int
ph_cloud_turn_run(struct ph_cloud_turn *turn, struct ph_jobs *jobs)
{
    int err = PH_OK;

    for (size_t i = 0; err == PH_OK && i < turn->acked_count; i++)
        err = store_acked(jobs, &turn->acked[i]);
    if (err != PH_OK)
        return err; /* all of them again: storing twice does no harm */
    turn->acked_count = 0;
    if (turn->mark_all)
        err = ph_jobs_documents_all_due(jobs);
    if (err != PH_OK)
        return err;
    turn->mark_all = false;
    if (turn->window == 0)
        return PH_OK;
    err = ph_jobs_due_documents(jobs, turn->documents, PH_CLOUD_DOCUMENTS_MAX,
                                &turn->document_count);
    if (err == PH_OK)
        err = ph_jobs_due_events(jobs, turn->after_seq, turn->events,
                                 turn->window, &turn->event_count);
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
