#include "printhold/proto/answer_event.h"

#include "event_envelope.h"
#include "json_fields.h"
#include "printhold/base/attr.h"
#include "printhold/base/err.h"
#include "printhold/proto/submission.h"

/* Envelope around data, which is released. */
static int
put_event(const struct ph_answer_sender *sender, const char *type, json_t *data,
          struct ph_buf *buf)
{
    const struct ph_event_envelope envelope = {
        .id = &sender->id,
        .time_ms = sender->time_ms,
        .tenant = sender->tenant,
        .workstation = sender->workstation,
        .type = type,
        .subject = sender->workstation,
    };
    json_t *root = json_object();
    int err = ph_event_envelope_put(&envelope, root);

    if (json_object_set_new(root, "data", data) != 0 && err == PH_OK)
        err = PH_ERR_NOMEM;
    if (err != PH_OK) {
        json_decref(root);
        return err;
    }
    return ph_json_put_root(root, buf);
}

static int
put_sender(const struct ph_answer_sender *sender, json_t *data)
{
    int err = ph_submission_text(data, "ws", sender->workstation);

    return err == PH_OK ? ph_submission_text(data, "host", sender->host) : err;
}

static int
put_counts(const struct ph_command_result *result, json_t *data)
{
    const struct {
        const char *name;
        int64_t value;
    } counts[] = {
        {"deleted", result->deleted},     {"not-found", result->not_found},
        {"busy", result->busy},           {"history", result->history},
        {"codes", result->codes},         {"events", result->events},
        {"documents", result->documents},
    };
    int err = PH_OK;

    for (size_t i = 0; i < PH_COUNT(counts) && err == PH_OK; i++)
        err = ph_submission_number(data, counts[i].name, counts[i].value);
    return err;
}

static int
put_busy(const struct ph_command_result *result, json_t *data)
{
    json_t *list;
    char text[PH_ID_TEXT];
    int err = PH_OK;

    if (result->busy_named == 0)
        return PH_OK;
    list = json_array();
    for (size_t i = 0; i < result->busy_named && err == PH_OK; i++) {
        ph_id_format(&result->busy_job[i], text);
        if (json_array_append_new(list, json_string(text)) != 0)
            err = PH_ERR_NOMEM;
    }
    if (json_object_set_new(data, "busy-jobs", list) != 0)
        err = PH_ERR_NOMEM;
    return err;
}

int
ph_command_result_put(const struct ph_command_result *result, json_t *object)
{
    int err = put_counts(result, object);

    return err == PH_OK ? put_busy(result, object) : err;
}

int
ph_command_event_put(const struct ph_answer_sender *sender,
                     const struct ph_command *command,
                     const struct ph_command_result *result, struct ph_buf *buf)
{
    json_t *data = json_object();
    int err = put_sender(sender, data);

    if (err == PH_OK)
        err = ph_submission_text(data, "cause", command->jti);
    if (err == PH_OK)
        err = ph_submission_text(data, "op", ph_command_op_name(command->op));
    if (err == PH_OK)
        err = ph_submission_text(data, "reason", result->refused);
    if (err == PH_OK && result->refused == NULL)
        err = ph_command_result_put(result, data);
    if (err == PH_OK)
        return put_event(sender,
                         result->refused != NULL ? "command.refused"
                                                 : "command.done",
                         data, buf);
    json_decref(data);
    return err;
}

static int
put_clamped(const struct ph_rules *rules, json_t *data)
{
    json_t *list = json_array();
    int err = list != NULL ? PH_OK : PH_ERR_NOMEM;

    for (size_t i = 0; i < PH_POLICY_MEMBERS && err == PH_OK; i++) {
        const char *name = ph_policy_member_name((enum ph_policy_member)i);

        if (rules->is_clamped[i] &&
            json_array_append_new(list, json_string(name)) != 0)
            err = PH_ERR_NOMEM;
    }
    if (json_object_set_new(data, "clamped", list) != 0)
        err = PH_ERR_NOMEM;
    return err;
}

int
ph_policy_event_put(const struct ph_answer_sender *sender, const char *scope,
                    uint64_t version, const struct ph_rules *rules,
                    struct ph_buf *buf)
{
    json_t *data = json_object();
    int err = put_sender(sender, data);

    if (err == PH_OK)
        err = ph_submission_text(data, "scope", scope);
    if (err == PH_OK)
        err = ph_submission_number(data, "ver", (int64_t)version);
    if (err == PH_OK)
        err = put_clamped(rules, data);
    if (err == PH_OK)
        return put_event(sender, "policy.applied", data, buf);
    json_decref(data);
    return err;
}
