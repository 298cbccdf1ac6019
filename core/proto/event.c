/* Job events in the structured JSON form of CloudEvents 1.0. */
#include "printhold/proto/event.h"

#include <stdio.h>

#include "event_envelope.h"
#include "printhold/base/err.h"
#include "printhold/proto/choices.h"
#include "printhold/proto/json.h"
#include "printhold/proto/submission.h"

#define TYPE_MAX_BYTES 64

static int
put_release(json_t *data, const struct ph_release_report *release)
{
    json_t *object;
    int err;

    if (release == NULL)
        return PH_OK;
    object = json_object();
    err = ph_submission_text(object, "printer", release->printer);
    if (err == PH_OK)
        err = ph_submission_text(object, "result", release->result);
    if (err == PH_OK)
        err = ph_submission_text(object, "address", release->address);
    if (err == PH_OK)
        err = ph_submission_number(object, "job-impressions-completed",
                                   release->impressions);
    if (err == PH_OK)
        err = ph_submission_number(object, "job-media-sheets-completed",
                                   release->sheets);
    if (err == PH_OK)
        err = ph_submission_text(object, "report", release->key);
    if (err == PH_OK)
        err = ph_release_choices_put(&release->choices, object);
    if (err == PH_OK && json_object_set(data, "release", object) != 0)
        err = PH_ERR_NOMEM;
    json_decref(object);
    return err;
}

static int
put_data(json_t *root, const struct ph_event *event)
{
    json_t *data = json_object();
    int err = ph_submission_text(data, "ws", event->workstation);

    if (err == PH_OK)
        err = ph_submission_text(data, "host", event->host);
    if (err == PH_OK)
        err = ph_submission_text(data, "usr", event->ticket->owner_login);
    if (err == PH_OK)
        err = ph_submission_text(data, "st", ph_job_state_name(event->state));
    if (err == PH_OK)
        err = ph_submission_put(data, event->ticket);
    if (err == PH_OK)
        err = put_release(data, event->release);
    if (err == PH_OK)
        err = ph_submission_text(data, "reason", event->reason);
    if (err == PH_OK && json_object_set(root, "data", data) != 0)
        err = PH_ERR_NOMEM;
    json_decref(data);
    return err;
}

/* The required attributes and those that every consumer uses. */
static int
put_attributes(json_t *root, const struct ph_event *event)
{
    char job[PH_ID_TEXT], type[TYPE_MAX_BYTES];

    ph_id_format(&event->job, job);
    (void)snprintf(type, sizeof(type), "job.%s",
                   ph_job_state_name(event->state));
    return ph_event_envelope_put(
        &(struct ph_event_envelope){.id = &event->id,
                                    .time_ms = event->time_ms,
                                    .tenant = event->tenant,
                                    .workstation = event->workstation,
                                    .type = type,
                                    .subject = job},
        root);
}

int
ph_event_put(const struct ph_event *event, struct ph_buf *buf)
{
    json_t *root;
    int err;

    if (event->state != PH_JOB_HELD &&
        (event->state < PH_JOB_RELEASED || event->state > PH_JOB_FAILED))
        return PH_ERR_INVALID;
    root = json_object();
    if (root == NULL)
        return PH_ERR_NOMEM;
    err = put_attributes(root, event);
    if (err == PH_OK)
        err = put_data(root, event);
    if (err == PH_OK) {
        ph_buf_clear(buf);
        err = ph_json_put(root, buf);
    }
    json_decref(root);
    return err;
}
