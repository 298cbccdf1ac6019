#include "audit_view.h"

#include <stdio.h>
#include <string.h>

#include "printhold/base/parse.h"

#define COPY(field, text) (void)snprintf(field, sizeof(field), "%s", text)

void
ph_audit_view(const struct ph_audit_record *record,
              const struct ph_audit_sealed *sealed, bool with_chain,
              struct ph_history *out_history)
{
    struct ph_history *history = out_history;

    memset(history, 0, sizeof(*history));
    history->number = record->number;
    history->at_ms = record->at_ms;
    history->count = record->count;
    history->impressions = record->impressions;
    history->sheets = record->sheets;
    history->owner_uid = record->uid;
    COPY(history->event, record->event);
    COPY(history->reason, record->reason);
    COPY(history->printer, record->printer);
    COPY(history->amr, record->amr);
    COPY(history->login, sealed->login);
    COPY(history->title, sealed->title);
    COPY(history->chosen, sealed->chosen);
    if (record->has_job)
        ph_id_format(&record->job, history->job);
    if (with_chain)
        ph_format_hex(record->mac, sizeof(record->mac), history->chain);
}
