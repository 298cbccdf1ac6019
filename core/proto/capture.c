#include "printhold/proto/capture.h"

#include <string.h>

#include "json_fields.h"
#include "printhold/base/attr.h"
#include "printhold/base/cursor.h"
#include "printhold/base/err.h"
#include "printhold/base/wipe.h"

static const char *const action_names[] = {
    [PH_CAPTURE_RETRY] = "retry",
    [PH_CAPTURE_HOLD] = "hold",
    [PH_CAPTURE_CANCEL] = "cancel",
};

int
ph_capture_begin_put(const struct ph_capture_begin *begin, struct ph_buf *buf)
{
    return ph_json_put_root(
        json_pack("{s:i,s:I,s:s,s:s,s:s,s:i,s:s,s:I}", "version",
                  PH_CAPTURE_VERSION, "owner-uid", (json_int_t)begin->owner_uid,
                  "owner-name", begin->owner_name, "owner-auth",
                  begin->owner_auth, "job-uuid", begin->job_uuid, "job-id",
                  (int)begin->cups_job_id, "queue", begin->queue,
                  "time-at-processing", (json_int_t)begin->attempt_s),
        buf);
}

/* One text member; why names it. */
static int
take_text(const json_t *root, const char *name, char *dst, size_t cap,
          struct ph_why *why)
{
    int err = ph_json_text(root, name, dst, cap);

    if (err != PH_OK)
        ph_why_set(why, "member %s of the request: %s", name, ph_err_text(err));
    return err;
}

static int
take_int(const json_t *root, const char *name, int64_t min, int64_t max,
         int64_t *out_value, struct ph_why *why)
{
    int err = ph_json_int(root, name, min, max, out_value);

    if (err != PH_OK)
        ph_why_set(why, "member %s of the request: %s", name, ph_err_text(err));
    return err;
}

static int
take_begin(const json_t *root, struct ph_capture_begin *begin,
           struct ph_why *why)
{
    int64_t version, uid, job, attempt = -1;
    int err = take_int(root, "version", 0, INT32_MAX, &version, why);

    if (err != PH_OK)
        return err;
    if (version != PH_CAPTURE_VERSION)
        return ph_why_fail(why, PH_ERR_UNSUPPORTED,
                           "capture protocol version %d is not spoken here; "
                           "install the same printhold version everywhere",
                           (int)version);
    err = take_int(root, "owner-uid", 0, UINT32_MAX, &uid, why);
    if (err == PH_OK)
        err = take_int(root, "job-id", 0, INT32_MAX, &job, why);
    if (err == PH_OK)
        err = take_text(root, "owner-name", begin->owner_name,
                        sizeof(begin->owner_name), why);
    if (err == PH_OK)
        err = take_text(root, "owner-auth", begin->owner_auth,
                        sizeof(begin->owner_auth), why);
    if (err == PH_OK)
        err = take_text(root, "job-uuid", begin->job_uuid,
                        sizeof(begin->job_uuid), why);
    if (err == PH_OK)
        err = take_text(root, "queue", begin->queue, sizeof(begin->queue), why);
    if (err != PH_OK)
        return err;
    err = ph_json_int(root, "time-at-processing", -1, INT64_MAX, &attempt);
    if (err != PH_OK && err != PH_ERR_NOT_FOUND)
        return ph_why_fail(why, err,
                           "member time-at-processing of the request: %s",
                           ph_err_text(err));
    begin->attempt_s = attempt;
    begin->owner_uid = (uint32_t)uid;
    begin->cups_job_id = (int32_t)job;
    return PH_OK;
}

int
ph_capture_begin_parse(const void *body, size_t len,
                       struct ph_capture_begin *out_begin, struct ph_why *why)
{
    struct ph_capture_begin begin = {0};
    json_t *root = NULL;
    int err = ph_json_parse(body, len, PH_CAPTURE_BODY_MAX, &root);

    if (err != PH_OK)
        return ph_why_fail(why, err, "the request is not a JSON object: %s",
                           ph_err_text(err));
    err = take_begin(root, &begin, why);
    json_decref(root);
    if (err == PH_OK)
        *out_begin = begin;
    return err;
}

int
ph_capture_accept_put(const struct ph_sealed_secret *secret, struct ph_buf *buf)
{
    int err;

    ph_buf_clear(buf);
    err = ph_buf_put_u8(buf, PH_CAPTURE_VERSION);
    if (err == PH_OK)
        err = ph_buf_put(buf, secret->job.bytes, sizeof(secret->job.bytes));
    if (err == PH_OK)
        err = ph_buf_put(buf, secret->data_key, sizeof(secret->data_key));
    if (err == PH_OK)
        err = ph_buf_put(buf, secret->header_hash, sizeof(secret->header_hash));
    if (err != PH_OK)
        ph_buf_clear(buf);
    return err;
}

int
ph_capture_accept_parse(const void *body, size_t len,
                        struct ph_sealed_secret *out_secret)
{
    struct ph_sealed_secret secret;
    struct ph_cursor cur;
    uint8_t version;
    int err;

    ph_cursor_init(&cur, body, len);
    err = ph_cursor_u8(&cur, &version);
    if (err != PH_OK)
        return err;
    if (version != PH_CAPTURE_VERSION)
        return PH_ERR_UNSUPPORTED;
    err = ph_cursor_copy(&cur, secret.job.bytes, sizeof(secret.job.bytes));
    if (err == PH_OK)
        err = ph_cursor_copy(&cur, secret.data_key, sizeof(secret.data_key));
    if (err == PH_OK)
        err = ph_cursor_copy(&cur, secret.header_hash,
                             sizeof(secret.header_hash));
    if (err == PH_OK && cur.left != 0)
        err = PH_ERR_SYNTAX;
    if (err == PH_OK)
        *out_secret = secret;
    ph_wipe(&secret, sizeof(secret));
    return err;
}

int
ph_capture_refuse_put(const struct ph_capture_refuse *refuse,
                      struct ph_buf *buf)
{
    if ((size_t)refuse->action >= PH_COUNT(action_names))
        return PH_ERR_INVALID;
    return ph_json_put_root(json_pack("{s:s,s:s,s:s}", "action",
                                      action_names[refuse->action], "error",
                                      ph_err_keyword(refuse->err), "text",
                                      refuse->text.text),
                            buf);
}

static int
action_parse(const char *name, enum ph_capture_action *out_action)
{
    for (size_t i = 0; i < PH_COUNT(action_names); i++) {
        if (strcmp(name, action_names[i]) == 0) {
            *out_action = (enum ph_capture_action)i;
            return PH_OK;
        }
    }
    return PH_ERR_INVALID;
}

int
ph_capture_refuse_parse(const void *body, size_t len,
                        struct ph_capture_refuse *out_refuse)
{
    struct ph_capture_refuse refuse = {0};
    char action[16];
    json_t *root = NULL;
    int err = ph_json_parse(body, len, PH_CAPTURE_BODY_MAX, &root);

    if (err != PH_OK)
        return err;
    err = ph_json_text(root, "action", action, sizeof(action));
    if (err == PH_OK)
        err = action_parse(action, &refuse.action);
    if (err == PH_OK)
        err = ph_json_take_err(root, "error", &refuse.err);
    if (err == PH_OK)
        err = ph_json_text(root, "text", refuse.text.text,
                           sizeof(refuse.text.text));
    json_decref(root);
    if (err == PH_OK)
        *out_refuse = refuse;
    return err;
}

int
ph_capture_progress_put(uint64_t offset, struct ph_buf *buf)
{
    ph_buf_clear(buf);
    return ph_buf_put_u64(buf, offset);
}

int
ph_capture_progress_parse(const void *body, size_t len, uint64_t *out_offset)
{
    struct ph_cursor cur;

    ph_cursor_init(&cur, body, len);
    if (len > sizeof(uint64_t))
        return PH_ERR_SYNTAX;
    return ph_cursor_u64(&cur, out_offset);
}

int
ph_capture_done_put(const struct ph_id *job, struct ph_buf *buf)
{
    ph_buf_clear(buf);
    return ph_buf_put(buf, job->bytes, sizeof(job->bytes));
}

int
ph_capture_done_parse(const void *body, size_t len, struct ph_id *out_job)
{
    struct ph_cursor cur;

    ph_cursor_init(&cur, body, len);
    if (len > sizeof(out_job->bytes))
        return PH_ERR_SYNTAX;
    return ph_cursor_copy(&cur, out_job->bytes, sizeof(out_job->bytes));
}
