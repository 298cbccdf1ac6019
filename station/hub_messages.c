#include "hub_messages.h"

#include <stdlib.h>
#include <string.h>

#include "printhold/base/err.h"
#include "printhold/base/utf8.h"
#include "printhold/base/wipe.h"
#include "printhold/proto/json.h"

static int
take_job(const json_t *object, struct ph_hub_job *job)
{
    char text[PH_ID_TEXT];
    struct ph_id id;

    if (!json_is_object(object) ||
        ph_json_text(object, "id", text, sizeof(text)) != PH_OK ||
        ph_id_parse(text, &id) != PH_OK)
        return PH_ERR_SYNTAX;
    ph_id_format(&id, job->id);
    ph_message_text(object, "job-name", job->title, sizeof(job->title));
    ph_message_text(object, "st", job->state, sizeof(job->state));
    ph_message_text(object, "exp", job->expires, sizeof(job->expires));
    job->confidential = json_is_true(json_object_get(object, "confidential"));
    job->impressions = ph_message_number(object, "job-impressions");
    job->copies = ph_message_number(object, "copies");
    return PH_OK;
}

static int
take_jobs(const json_t *object, struct ph_hub_workstation *ws)
{
    const json_t *list = json_object_get(object, "jobs");

    if (!json_is_array(list) || json_array_size(list) > PH_HUB_JOBS_MAX)
        return PH_ERR_SYNTAX;
    ws->job_count = json_array_size(list);
    for (size_t i = 0; i < ws->job_count; i++) {
        int err = take_job(json_array_get(list, i), &ws->job[i]);

        if (err != PH_OK)
            return err;
    }
    ws->more = ph_message_number(object, "more");
    return PH_OK;
}

/* One that is no address is no reason to lose the others. */
static int
take_addresses(const json_t *object, struct ph_hub_workstation *ws)
{
    const json_t *list = json_object_get(object, "addr");

    if (json_array_size(list) > PH_HUB_ADDRESSES_MAX)
        return PH_ERR_SYNTAX;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *text = json_string_value(json_array_get(list, i));

        if (text != NULL &&
            ph_address_authority(text, ws->address[ws->address_count]) == PH_OK)
            ws->address_count++;
    }
    return PH_OK;
}

/* It becomes part of JSON and of nothing else; the workstation judges it. */
static int
take_grant(const json_t *object, struct ph_hub_workstation *ws)
{
    int err = ph_json_text(object, "grant", ws->grant, sizeof(ws->grant));

    if (err != PH_OK || ws->grant[0] == '\0' ||
        ws->grant[strspn(ws->grant,
                         "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                         "0123456789-_.")] != '\0')
        return PH_ERR_SYNTAX;
    return PH_OK;
}

static int
take_workstation(const json_t *object, struct ph_hub_workstation *ws)
{
    int err = PH_ERR_SYNTAX;

    if (json_is_object(object))
        err = ph_json_text(object, "ws", ws->id, sizeof(ws->id));
    if (err != PH_OK || ws->id[0] == '\0' ||
        ws->id[strspn(ws->id, "abcdefghijklmnopqrstuvwxyz0123456789-")] != '\0')
        return PH_ERR_SYNTAX;
    ph_message_text(object, "host", ws->host, sizeof(ws->host));
    ph_message_text(object, "presence", ws->presence, sizeof(ws->presence));
    err = take_addresses(object, ws);
    if (err == PH_OK)
        err = take_jobs(object, ws);
    return err == PH_OK ? take_grant(object, ws) : err;
}

static int
take_workstations(const json_t *root, struct ph_hub_answer *answer)
{
    const json_t *list = json_object_get(root, "workstations");
    const size_t count = json_array_size(list);
    int err = PH_OK;

    if (!json_is_array(list) || count > PH_HUB_WORKSTATIONS_MAX)
        return PH_ERR_SYNTAX;
    answer->workstation =
        calloc(count > 0 ? count : 1, sizeof(*answer->workstation));
    if (answer->workstation == NULL)
        return PH_ERR_NOMEM;
    answer->workstation_count = count;
    for (size_t i = 0; i < count && err == PH_OK; i++)
        err =
            take_workstation(json_array_get(list, i), &answer->workstation[i]);
    return err;
}

/* As RFC 6750 allows it in a header. */
static int
take_session(const json_t *root, struct ph_hub_answer *answer)
{
    char *session = answer->session;

    if (ph_json_text(root, "session", session, sizeof(answer->session)) !=
            PH_OK ||
        strlen(session) < 16 ||
        session[strspn(session,
                       "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                       "0123456789-._~")] != '\0')
        return PH_ERR_SYNTAX;
    return PH_OK;
}

static int
take_answer(const json_t *root, struct ph_hub_answer *answer)
{
    const json_t *person = json_object_get(root, "person");
    int err;

    ph_message_text(person, "login", answer->login, sizeof(answer->login));
    answer->registered_only =
        json_is_true(json_object_get(root, "registered")) &&
        json_object_get(root, "session") == NULL;
    if (answer->registered_only)
        return PH_OK;
    err = take_session(root, answer);
    return err == PH_OK ? take_workstations(root, answer) : err;
}

int
ph_hub_answer_parse(const void *text, size_t len,
                    struct ph_hub_answer *out_answer)
{
    struct ph_hub_answer answer = {.workstation = NULL};
    json_t *root = NULL;
    int err = ph_json_parse(text, len, PH_MESSAGE_MAX, &root);

    if (err == PH_OK)
        err = take_answer(root, &answer);
    if (err == PH_OK)
        *out_answer = answer;
    else
        ph_hub_answer_free(&answer);
    json_decref(root);
    return err;
}

void
ph_hub_answer_free(struct ph_hub_answer *answer)
{
    if (answer->workstation != NULL)
        ph_wipe(answer->workstation,
                answer->workstation_count * sizeof(*answer->workstation));
    free(answer->workstation);
    ph_wipe(answer->session, sizeof(answer->session));
    *answer = (struct ph_hub_answer){.workstation = NULL};
}
