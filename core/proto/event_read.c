/* Events, taken apart member by member. */
#include "printhold/proto/event_read.h"

#include <stdio.h>
#include <string.h>

#include "json_fields.h"
#include "printhold/base/attr.h"
#include "printhold/base/clock.h"
#include "printhold/base/err.h"
#include "printhold/proto/choices.h"
#include "printhold/proto/submission.h"

#define WORD       "abcdefghijklmnopqrstuvwxyz0123456789-"
#define JOB_TYPE   "org.printhold.job."
#define SOURCE_MAX 160

static int
wrong(struct ph_why *why, const char *name)
{
    return ph_why_fail(why, PH_ERR_SYNTAX,
                       "the member %s of the event is missing or wrong", name);
}

/* Absent is as if it were empty. */
static bool
has_text(const json_t *object, const char *name, char *dst, size_t cap)
{
    int err = ph_json_text(object, name, dst, cap);

    if (err == PH_ERR_NOT_FOUND)
        dst[0] = '\0';
    return err == PH_OK || err == PH_ERR_NOT_FOUND;
}

static bool
is_id(const char *text)
{
    return text[0] != '\0' && text[strspn(text, WORD)] == '\0';
}

/* 8-4-4-4-12, lower case. */
static bool
take_uuid(const json_t *root, struct ph_id *out_id)
{
    char text[PH_UUID_TEXT], digits[PH_ID_TEXT], again[PH_UUID_TEXT];
    size_t used = 0;

    if (ph_json_text(root, "id", text, sizeof(text)) != PH_OK)
        return false;
    for (size_t i = 0; text[i] != '\0' && used < sizeof(digits) - 1; i++) {
        if (text[i] != '-')
            digits[used++] = text[i];
    }
    digits[used] = '\0';
    if (ph_id_parse(digits, out_id) != PH_OK)
        return false;
    ph_id_format_uuid(out_id, again);
    return strcmp(text, again) == 0;
}

static bool
take_time(const json_t *root, int64_t *out_ms)
{
    char text[64];

    return ph_json_text(root, "time", text, sizeof(text)) == PH_OK &&
           ph_clock_parse(text, out_ms) == PH_OK;
}

static const struct {
    const char *type;
    enum ph_event_kind kind;
    enum ph_job_state state;
} types[] = {
    {JOB_TYPE "held.v1", PH_EVENT_JOB, PH_JOB_HELD},
    {JOB_TYPE "released.v1", PH_EVENT_JOB, PH_JOB_RELEASED},
    {JOB_TYPE "deleted.v1", PH_EVENT_JOB, PH_JOB_DELETED},
    {JOB_TYPE "expired.v1", PH_EVENT_JOB, PH_JOB_EXPIRED},
    {JOB_TYPE "failed.v1", PH_EVENT_JOB, PH_JOB_FAILED},
    {"org.printhold.command.done.v1", PH_EVENT_COMMAND_DONE, 0},
    {"org.printhold.command.refused.v1", PH_EVENT_COMMAND_REFUSED, 0},
    {"org.printhold.policy.applied.v1", PH_EVENT_POLICY_APPLIED, 0},
};

static bool
take_type(const json_t *root, struct ph_event_said *said)
{
    char text[128];

    if (ph_json_text(root, "type", text, sizeof(text)) != PH_OK)
        return false;
    said->kind = PH_EVENT_OTHER;
    for (size_t i = 0; i < PH_COUNT(types); i++) {
        if (strcmp(text, types[i].type) != 0)
            continue;
        said->kind = types[i].kind;
        if (said->kind == PH_EVENT_JOB)
            said->u.job.state = types[i].state;
    }
    return true;
}

/* --- jobs --- */

static bool
take_count(const json_t *object, const char *name, int64_t *out)
{
    *out = -1;
    switch (ph_json_int(object, name, 0, PH_EVENT_COUNT_MAX, out)) {
    case PH_OK:
    case PH_ERR_NOT_FOUND:
        return true;
    default:
        return false;
    }
}

static const char *
take_release(const json_t *data, struct ph_release_report *release)
{
    const json_t *object = json_object_get(data, "release");

    if (object == NULL)
        return NULL;
    if (!json_is_object(object))
        return "release";
    if (ph_json_text(object, "printer", release->printer,
                     sizeof(release->printer)) != PH_OK ||
        !is_id(release->printer) || strlen(release->printer) >= PH_IDENTITY_MAX)
        return "printer";
    if (ph_json_text(object, "result", release->result,
                     sizeof(release->result)) != PH_OK ||
        !is_id(release->result))
        return "result";
    if (!has_text(object, "address", release->address,
                  sizeof(release->address)))
        return "address";
    if (!has_text(object, "report", release->key, sizeof(release->key)))
        return "report";
    if (!take_count(object, "job-impressions-completed", &release->impressions))
        return "job-impressions-completed";
    if (!take_count(object, "job-media-sheets-completed", &release->sheets))
        return "job-media-sheets-completed";
    return ph_release_choices_take(object, &release->choices, NULL) == PH_OK
               ? NULL
               : "release";
}

static bool
are_sums_safe(const struct ph_ticket *ticket)
{
    return ticket->impressions <= PH_EVENT_COUNT_MAX &&
           ticket->size_bytes <= PH_EVENT_SIZE_MAX;
}

static const char *
take_job(const json_t *root, const json_t *data, struct ph_job_said *said)
{
    char text[PH_ID_TEXT], login[PH_LOGIN_MAX], state[16];
    struct ph_why why = {""};

    ph_ticket_init(&said->ticket);
    if (ph_json_text(root, "subject", text, sizeof(text)) != PH_OK ||
        ph_id_parse(text, &said->job) != PH_OK)
        return "subject";
    if (ph_json_text(data, "st", state, sizeof(state)) != PH_OK ||
        strcmp(state, ph_job_state_name(said->state)) != 0)
        return "st";
    if (ph_json_text(data, "usr", login, sizeof(login)) != PH_OK ||
        ph_login_normalise(login, said->login) != PH_OK)
        return "usr";
    if (ph_submission_take(data, &said->ticket, &why) != PH_OK ||
        !are_sums_safe(&said->ticket))
        return "of the submission";
    if (!has_text(data, "reason", said->reason, sizeof(said->reason)))
        return "reason";
    return take_release(data, &said->release);
}

/* --- answers --- */

static const char *
take_busy(const json_t *data, struct ph_command_result *result)
{
    const json_t *list = json_object_get(data, "busy-jobs");

    if (list == NULL)
        return NULL;
    if (!json_is_array(list) || json_array_size(list) > PH_COMMAND_JOBS_MAX)
        return "busy-jobs";
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *text = json_string_value(json_array_get(list, i));

        if (text == NULL || ph_id_parse(text, &result->busy_job[i]) != PH_OK)
            return "busy-jobs";
    }
    result->busy_named = json_array_size(list);
    return NULL;
}

static const char *
take_command(const json_t *data, struct ph_command_said *said)
{
    struct ph_command_result *result = &said->result;
    const struct {
        const char *name;
        int64_t *value;
    } counts[] = {
        {"deleted", &result->deleted},     {"not-found", &result->not_found},
        {"busy", &result->busy},           {"history", &result->history},
        {"codes", &result->codes},         {"events", &result->events},
        {"documents", &result->documents},
    };

    if (ph_json_text(data, "cause", said->cause, sizeof(said->cause)) !=
            PH_OK ||
        said->cause[0] == '\0')
        return "cause";
    if (!has_text(data, "op", said->op, sizeof(said->op)))
        return "op";
    if (!has_text(data, "reason", said->reason, sizeof(said->reason)))
        return "reason";
    for (size_t i = 0; i < PH_COUNT(counts); i++) {
        if (!take_count(data, counts[i].name, counts[i].value))
            return counts[i].name;
    }
    return take_busy(data, result);
}

static const char *
take_policy(const json_t *data, struct ph_policy_said *said)
{
    if (ph_json_text(data, "scope", said->scope, sizeof(said->scope)) != PH_OK)
        return "scope";
    if (ph_json_int(data, "ver", 0, PH_JSON_INT_MAX, &said->version) != PH_OK)
        return "ver";
    said->clamped = json_array_size(json_object_get(data, "clamped"));
    return NULL;
}

/* --- all of it --- */

static const char *
take(const json_t *root, const json_t *data, struct ph_event_said *said)
{
    char version[8];

    if (ph_json_text(root, "specversion", version, sizeof(version)) != PH_OK ||
        strcmp(version, "1.0") != 0)
        return "specversion";
    if (!take_type(root, said))
        return "type";
    if (!take_uuid(root, &said->id))
        return "id";
    if (!take_time(root, &said->time_ms))
        return "time";
    if (ph_json_text(data, "ws", said->workstation,
                     sizeof(said->workstation)) != PH_OK ||
        !is_id(said->workstation))
        return "ws";
    if (!has_text(data, "host", said->host, sizeof(said->host)))
        return "host";
    switch (said->kind) {
    case PH_EVENT_JOB:
        return take_job(root, data, &said->u.job);
    case PH_EVENT_COMMAND_DONE:
    case PH_EVENT_COMMAND_REFUSED:
        return take_command(data, &said->u.command);
    case PH_EVENT_POLICY_APPLIED:
        return take_policy(data, &said->u.policy);
    default:
        return NULL;
    }
}

static int
check_source(const json_t *root, const char *tenant,
             const struct ph_event_said *said, struct ph_why *why)
{
    char source[SOURCE_MAX], wanted[SOURCE_MAX];

    (void)snprintf(wanted, sizeof(wanted), "urn:printhold:%s:ws:%s", tenant,
                   said->workstation);
    if (ph_json_text(root, "source", source, sizeof(source)) != PH_OK)
        return wrong(why, "source");
    return strcmp(source, wanted) == 0
               ? PH_OK
               : ph_why_fail(why, PH_ERR_DENIED,
                             "the event says to be of another source");
}

int
ph_event_read(const void *text, size_t len, const char *tenant,
              struct ph_event_said *out_said, struct ph_why *why)
{
    json_t *root = NULL, *data;
    const char *name;
    int err = ph_json_parse(text, len, PH_EVENT_BYTES_MAX, &root);

    memset(out_said, 0, sizeof(*out_said));
    if (err != PH_OK)
        return ph_why_fail(why, err, "the event is not proper JSON");
    data = json_object_get(root, "data");
    name = json_is_object(data) ? take(root, data, out_said) : "data";
    err = name != NULL ? wrong(why, name)
                       : check_source(root, tenant, out_said, why);
    json_decref(root);
    return err;
}
