/* Job events in the structured JSON form of CloudEvents 1.0. */
#include "printhold/proto/event.h"

#include <stdio.h>

#include "printhold/base/err.h"
#include "printhold/proto/choices.h"
#include "printhold/proto/json.h"
#include "printhold/proto/submission.h"

#define NAME_MAX_BYTES 256

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
    char id[PH_UUID_TEXT], job[PH_ID_TEXT];
    char source[NAME_MAX_BYTES], type[NAME_MAX_BYTES];
    int err;

    ph_id_format_uuid(&event->id, id);
    ph_id_format(&event->job, job);
    (void)snprintf(source, sizeof(source), "urn:printhold:%s:ws:%s",
                   event->tenant, event->workstation);
    (void)snprintf(type, sizeof(type), "org.printhold.job.%s.v1",
                   ph_job_state_name(event->state));
    err = ph_submission_text(root, "specversion", "1.0");
    if (err == PH_OK)
        err = ph_submission_text(root, "id", id);
    if (err == PH_OK)
        err = ph_submission_text(root, "source", source);
    if (err == PH_OK)
        err = ph_submission_text(root, "type", type);
    if (err == PH_OK)
        err = ph_submission_text(root, "subject", job);
    if (err == PH_OK)
        err = ph_submission_time(root, "time", event->time_ms);
    if (err == PH_OK)
        err = ph_submission_text(root, "datacontenttype", "application/json");
    return err;
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
