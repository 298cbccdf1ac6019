/* Directory documents: the head, then as many jobs as fit, newest first. */
#include "printhold/proto/directory.h"

#include "printhold/base/err.h"
#include "printhold/proto/json.h"
#include "printhold/proto/submission.h"

#define DOCUMENT_VERSION 1
#define MORE_DIGITS_ROOM 20 /* "more" grows while jobs are counted out */

static int
put_list(json_t *object, const char *name, const char *const *texts,
         size_t count)
{
    json_t *list = json_array();

    for (size_t i = 0; i < count; i++) {
        if (json_array_append_new(list, json_string(texts[i])) != 0) {
            json_decref(list);
            return PH_ERR_INVALID;
        }
    }
    return json_object_set_new(object, name, list) == 0 ? PH_OK : PH_ERR_NOMEM;
}

static int
put_head(json_t *root, const struct ph_directory *directory)
{
    size_t addresses = directory->address_count < PH_DIRECTORY_ADDRESSES_MAX
                           ? directory->address_count
                           : PH_DIRECTORY_ADDRESSES_MAX;
    int err = ph_submission_number(root, "v", DOCUMENT_VERSION);

    if (err == PH_OK)
        err = ph_submission_number(root, "rev", (int64_t)directory->rev);
    if (err == PH_OK)
        err = ph_submission_time(root, "at", directory->at_ms);
    if (err == PH_OK)
        err = ph_submission_text(root, "ws", directory->workstation);
    if (err == PH_OK)
        err = ph_submission_text(root, "usr", directory->login);
    if (err == PH_OK)
        err = ph_submission_text(root, "host", directory->host);
    if (err == PH_OK)
        err = put_list(root, "addr", directory->addresses, addresses);
    if (err == PH_OK && directory->pin != NULL && directory->pin[0] != '\0')
        err = put_list(root, "fp", &directory->pin, 1);
    return err;
}

static int
make_job(const struct ph_directory_job *job, json_t **out_object)
{
    json_t *object = json_object();
    char id[PH_ID_TEXT];
    int err;

    if (object == NULL)
        return PH_ERR_NOMEM;
    ph_id_format(&job->id, id);
    err = ph_submission_text(object, "id", id);
    if (err == PH_OK)
        err = ph_submission_text(object, "st", ph_job_state_name(job->state));
    if (err == PH_OK)
        err = ph_submission_time(object, "exp", job->expires_ms);
    if (err == PH_OK)
        err = ph_submission_put(object, job->ticket);
    if (err == PH_OK)
        *out_object = object;
    else
        json_decref(object);
    return err;
}

static int
measure(const json_t *value, size_t *out_len)
{
    struct ph_buf text;
    int err;

    ph_buf_init(&text, (size_t)2 * PH_DIRECTORY_BYTES_MAX);
    err = ph_json_put(value, &text);
    if (err == PH_OK)
        *out_len = text.len;
    ph_buf_close(&text);
    return err;
}

/* Append jobs while they fit in left bytes; *out_used says how many did. */
static int
put_jobs(json_t *list, const struct ph_directory *directory, size_t left,
         size_t *out_used)
{
    size_t used = 0;

    while (used < directory->job_count && used < PH_DIRECTORY_JOBS_MAX) {
        json_t *job = NULL;
        size_t len;
        int err = make_job(&directory->jobs[used], &job);

        if (err == PH_OK)
            err = measure(job, &len);
        if (err == PH_OK && len + 1 > left) {
            json_decref(job);
            break;
        }
        if (err == PH_OK && json_array_append(list, job) != 0)
            err = PH_ERR_NOMEM;
        json_decref(job);
        if (err != PH_OK)
            return err;
        left -= len + 1;
        used++;
    }
    *out_used = used;
    return PH_OK;
}

static int
put_body(json_t *root, const struct ph_directory *directory)
{
    json_t *list = json_array();
    size_t head = 0, used = 0;
    int err = put_head(root, directory);

    if (err == PH_OK && json_object_set(root, "jobs", list) != 0)
        err = PH_ERR_NOMEM;
    if (err == PH_OK)
        err = ph_submission_number(root, "more", 0);
    if (err == PH_OK)
        err = measure(root, &head);
    if (err == PH_OK && head + MORE_DIGITS_ROOM > PH_DIRECTORY_BYTES_MAX)
        err = PH_ERR_TOO_BIG;
    if (err == PH_OK)
        err = put_jobs(list, directory,
                       PH_DIRECTORY_BYTES_MAX - head - MORE_DIGITS_ROOM, &used);
    if (err == PH_OK)
        err = ph_submission_number(
            root, "more",
            (int64_t)(directory->more + directory->job_count - used));
    json_decref(list);
    return err;
}

int
ph_directory_put(const struct ph_directory *directory, struct ph_buf *buf)
{
    json_t *root = json_object();
    int err;

    if (root == NULL)
        return PH_ERR_NOMEM;
    err = put_body(root, directory);
    if (err == PH_OK) {
        ph_buf_clear(buf);
        err = ph_json_put(root, buf);
    }
    json_decref(root);
    return err;
}

int
ph_presence_put(enum ph_presence presence, const char *version,
                int64_t since_ms, struct ph_buf *buf)
{
    json_t *root = json_object();
    int err = ph_submission_number(root, "v", DOCUMENT_VERSION);

    if (err == PH_OK &&
        json_object_set_new(root, "on",
                            json_boolean(presence == PH_PRESENCE_ON)) != 0)
        err = PH_ERR_NOMEM;
    if (err == PH_OK && presence == PH_PRESENCE_ASLEEP &&
        json_object_set_new(root, "asleep", json_true()) != 0)
        err = PH_ERR_NOMEM;
    if (err == PH_OK)
        err = ph_submission_time(root, "at", since_ms);
    if (err == PH_OK)
        err = ph_submission_text(root, "ver", version);
    if (err == PH_OK) {
        ph_buf_clear(buf);
        err = ph_json_put(root, buf);
    }
    json_decref(root);
    return err;
}
