#include "event_envelope.h"

#include <stdio.h>

#include "printhold/base/err.h"
#include "printhold/proto/submission.h"

#define NAME_MAX_BYTES 256

int
ph_event_envelope_put(const struct ph_event_envelope *envelope, json_t *root)
{
    char id[PH_UUID_TEXT];
    char source[NAME_MAX_BYTES], type[NAME_MAX_BYTES];
    int err;

    ph_id_format_uuid(envelope->id, id);
    (void)snprintf(source, sizeof(source), "urn:printhold:%s:ws:%s",
                   envelope->tenant, envelope->workstation);
    (void)snprintf(type, sizeof(type), "org.printhold.%s.v1", envelope->type);
    err = ph_submission_text(root, "specversion", "1.0");
    if (err == PH_OK)
        err = ph_submission_text(root, "id", id);
    if (err == PH_OK)
        err = ph_submission_text(root, "source", source);
    if (err == PH_OK)
        err = ph_submission_text(root, "type", type);
    if (err == PH_OK)
        err = ph_submission_text(root, "subject", envelope->subject);
    if (err == PH_OK)
        err = ph_submission_time(root, "time", envelope->time_ms);
    if (err == PH_OK)
        err = ph_submission_text(root, "datacontenttype", "application/json");
    return err;
}
