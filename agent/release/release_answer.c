#include "release_answer.h"

#include <stdio.h>
#include <string.h>

#include "printhold/base/clock.h"
#include "printhold/base/err.h"
#include "printhold/base/parse.h"
#include "printhold/proto/problem.h"
#include "printhold/proto/submission.h"

#define ANSWER_MAX (4 * 1024 * 1024)

static void
answer(struct ph_http_exchange *exchange, unsigned status, const char *type,
       const char *fields, const struct ph_buf *text)
{
    const struct ph_http_response response = {
        .status = status,
        .content_type = type,
        .fields = fields,
        .body = text->data,
        .body_len = text->len,
    };

    ph_http_exchange_answer(exchange, &response);
}

/* The value is consumed. */
static void
answer_problem(struct ph_http_exchange *exchange, unsigned status,
               const char *fields, json_t *root)
{
    struct ph_buf text;

    ph_buf_init(&text, ANSWER_MAX);
    if (root != NULL)
        (void)ph_json_put(root, &text); /* or the status must speak alone */
    answer(exchange, status, PH_PROBLEM_CONTENT, fields, &text);
    ph_buf_close(&text);
    json_decref(root);
}

void
ph_release_problem(struct ph_http_exchange *exchange, unsigned status,
                   const char *keyword, const char *fields, const char *detail)
{
    answer_problem(exchange, status, fields,
                   ph_problem_make(status, keyword, detail));
}

void
ph_release_claimed(struct ph_http_exchange *exchange, const char *holder,
                   int64_t until_ms)
{
    char until[PH_TIME_TEXT], detail[PH_WHY_MAX];
    json_t *root;

    ph_clock_format(until_ms, until);
    (void)snprintf(detail, sizeof(detail),
                   "The printer %s holds this job until %s", holder, until);
    root = ph_problem_make(409, "claimed", detail);
    if (ph_submission_text(root, "holder", holder) != PH_OK ||
        ph_submission_time(root, "lease-until", until_ms) != PH_OK) {
        json_decref(root);
        root = NULL;
    }
    answer_problem(exchange, 409, NULL, root);
}

void
ph_release_no_job(struct ph_http_exchange *exchange)
{
    ph_release_problem(exchange, 404, "no-job", NULL,
                       "There is no such job on this computer");
}

void
ph_release_text(struct ph_http_exchange *exchange, unsigned status,
                const struct ph_buf *json)
{
    answer(exchange, status, "application/json", NULL, json);
}

void
ph_release_json(struct ph_http_exchange *exchange, unsigned status,
                json_t *value)
{
    struct ph_buf text;

    ph_buf_init(&text, ANSWER_MAX);
    if (value != NULL && ph_json_put(value, &text) == PH_OK)
        ph_release_text(exchange, status, &text);
    else
        ph_release_problem(exchange, 503, "busy", "Retry-After: 5\r\n",
                           "This computer is short of memory");
    ph_buf_close(&text);
    json_decref(value);
}

json_t *
ph_release_job(const struct ph_job_view *view, bool with_title)
{
    static const uint8_t unknown[PH_SHA256_BYTES];
    char id[PH_ID_TEXT], digest[2 * PH_SHA256_BYTES + 1];
    json_t *root = json_object();
    int err;

    ph_id_format(&view->id, id);
    digest[0] = '\0'; /* left out while it is not known */
    if (memcmp(view->sha256, unknown, sizeof(unknown)) != 0)
        ph_format_hex(view->sha256, PH_SHA256_BYTES, digest);
    err = ph_submission_text(root, "id", id);
    if (err == PH_OK)
        err = ph_submission_text(root, "state", ph_job_state_name(view->state));
    if (err == PH_OK)
        err = ph_submission_number(root, "size", (int64_t)view->size_bytes);
    if (err == PH_OK)
        err = ph_submission_text(root, "sha-256", digest);
    if (err == PH_OK)
        err = ph_submission_time(root, "held", view->held_ms);
    if (err == PH_OK)
        err = ph_submission_time(root, "expires", view->expires_ms);
    if (err == PH_OK && view->holder[0] != '\0') {
        err = ph_submission_text(root, "holder", view->holder);
        if (err == PH_OK)
            err = ph_submission_time(root, "lease-until", view->lease_until_ms);
    }
    if (err == PH_OK)
        err = ph_submission_put(root, &view->ticket);
    if (err == PH_OK && !with_title)
        (void)json_object_del(root, "job-name");
    if (err == PH_OK)
        return root;
    json_decref(root);
    return NULL;
}
