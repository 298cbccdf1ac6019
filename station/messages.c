#include "messages.h"

#include <stdlib.h>
#include <string.h>

#include "printhold/base/err.h"
#include "printhold/base/parse.h"
#include "printhold/base/utf8.h"
#include "printhold/proto/json.h"

#define SESSION_MIN 16

/* A token as RFC 6750 allows it in a header, so that nothing else can be put
 * into ours. */
bool
ph_messages_is_token(const char *text)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "0123456789-._~";

    return strlen(text) >= SESSION_MIN && text[strspn(text, allowed)] == '\0';
}

int
ph_messages_session(const void *text, size_t len,
                    char out_session[PH_SESSION_MAX])
{
    json_t *root = NULL;
    char session[PH_SESSION_MAX];
    int err = ph_json_parse(text, len, PH_MESSAGE_MAX, &root);

    if (err == PH_OK)
        err = ph_json_text(root, "session", session, sizeof(session));
    if (err == PH_OK && ph_messages_is_token(session))
        memcpy(out_session, session, sizeof(session));
    else
        err = PH_ERR_SYNTAX;
    json_decref(root);
    return err;
}

void
ph_message_text(const json_t *object, const char *name, char *dst, size_t cap)
{
    const json_t *value = json_object_get(object, name);

    dst[0] = '\0';
    if (json_is_string(value))
        ph_utf8_clean(json_string_value(value), dst, cap);
}

int64_t
ph_message_number(const json_t *object, const char *name)
{
    int64_t value = -1;

    if (ph_json_int(object, name, 0, INT64_MAX, &value) != PH_OK)
        return -1;
    return value;
}

static int
take_job(const json_t *object, struct ph_station_job *job)
{
    char digest[2 * PH_REPLY_SHA256_BYTES + 1];
    char text[PH_ID_TEXT];
    struct ph_id id;

    if (!json_is_object(object) ||
        ph_json_text(object, "id", text, sizeof(text)) != PH_OK ||
        ph_id_parse(text, &id) != PH_OK)
        return PH_ERR_SYNTAX;
    ph_id_format(&id, job->id);
    ph_message_text(object, "state", job->state, sizeof(job->state));
    ph_message_text(object, "job-name", job->title, sizeof(job->title));
    ph_message_text(object, "document-format", job->format,
                    sizeof(job->format));
    ph_message_text(object, "date-time-at-creation", job->submitted,
                    sizeof(job->submitted));
    ph_message_text(object, "expires", job->expires, sizeof(job->expires));
    ph_message_text(object, "sides", job->sides, sizeof(job->sides));
    ph_message_text(object, "print-color-mode", job->color_mode,
                    sizeof(job->color_mode));
    ph_message_text(object, "media", job->media, sizeof(job->media));
    ph_message_text(object, "holder", job->holder, sizeof(job->holder));
    if (ph_json_text(object, "sha-256", digest, sizeof(digest)) == PH_OK)
        job->has_sha256 =
            ph_parse_hex(digest, job->sha256, sizeof(job->sha256)) == PH_OK;
    job->size = ph_message_number(object, "size");
    job->impressions = ph_message_number(object, "job-impressions");
    job->copies = ph_message_number(object, "copies");
    return PH_OK;
}

static int
take_jobs(const json_t *root, struct ph_station_jobs *jobs)
{
    const json_t *list = json_object_get(root, "jobs");
    size_t count = json_array_size(list);

    if (!json_is_array(list) || count > PH_JOBS_MAX)
        return PH_ERR_SYNTAX;
    jobs->job = calloc(count > 0 ? count : 1, sizeof(*jobs->job));
    if (jobs->job == NULL)
        return PH_ERR_NOMEM;
    for (size_t i = 0; i < count; i++) {
        int err = take_job(json_array_get(list, i), &jobs->job[i]);

        if (err != PH_OK)
            return err;
    }
    jobs->count = count;
    jobs->more = json_is_true(json_object_get(root, "more"));
    return PH_OK;
}

int
ph_messages_jobs(const void *text, size_t len, struct ph_station_jobs *out_jobs)
{
    struct ph_station_jobs jobs = {.job = NULL};
    json_t *root = NULL;
    int err = ph_json_parse(text, len, PH_MESSAGE_MAX, &root);

    if (err == PH_OK)
        err = take_jobs(root, &jobs);
    if (err == PH_OK)
        *out_jobs = jobs;
    else
        ph_messages_free_jobs(&jobs);
    json_decref(root);
    return err;
}

void
ph_messages_free_jobs(struct ph_station_jobs *jobs)
{
    free(jobs->job);
    jobs->job = NULL;
    jobs->count = 0;
}

int
ph_messages_problem(const void *text, size_t len, struct ph_why *out_why)
{
    json_t *root = NULL;
    char sentence[PH_WHY_MAX];
    int err = ph_json_parse(text, len, PH_MESSAGE_MAX, &root);

    if (err != PH_OK)
        return PH_ERR_SYNTAX;
    ph_message_text(root, "detail", sentence, sizeof(sentence));
    if (sentence[0] == '\0')
        ph_message_text(root, "title", sentence, sizeof(sentence));
    json_decref(root);
    if (sentence[0] == '\0')
        return PH_ERR_SYNTAX;
    ph_why_set(out_why, "%s", sentence);
    return PH_OK;
}
