/* The end of a release: what the printer reports. */
#include "release_private.h"

#include <stdio.h>
#include <string.h>

#include "printhold/base/err.h"
#include "printhold/proto/choices.h"
#include "printhold/proto/submission.h"

static int
read_count(const json_t *root, const char *name, int64_t *out_count)
{
    int err = ph_json_int(root, name, 0, INT32_MAX, out_count);

    return err == PH_ERR_NOT_FOUND ? PH_OK : err;
}

static int
read_report(const json_t *root, struct ph_release_report *report,
            struct ph_why *why)
{
    int err =
        ph_json_text(root, "result", report->result, sizeof(report->result));

    report->impressions = report->sheets = -1;
    if (err == PH_OK && strcmp(report->result, "printed") != 0 &&
        strcmp(report->result, "failed") != 0 &&
        strcmp(report->result, "partly") != 0)
        err = PH_ERR_INVALID;
    if (err == PH_OK)
        err = read_count(root, "impressions", &report->impressions);
    if (err == PH_OK)
        err = read_count(root, "sheets", &report->sheets);
    if (err != PH_OK)
        return ph_why_fail(why, PH_ERR_INVALID,
                           "The result must be printed, failed or partly; "
                           "impressions and sheets are whole numbers");
    return ph_release_choices_take(root, &report->choices, why);
}

/* The field Idempotency-Key as it stands; none is fine. */
static int
read_key(const struct ph_http_request *request,
         struct ph_release_report *report, struct ph_why *why)
{
    const struct ph_http_text *key = ph_http_field(request, "Idempotency-Key");

    if (key == NULL)
        return PH_OK;
    if (key->len == 0 || key->len >= sizeof(report->key))
        return ph_why_fail(why, PH_ERR_INVALID,
                           "The Idempotency-Key must have 1 to %zu characters",
                           sizeof(report->key) - 1);
    for (size_t i = 0; i < key->len; i++) {
        if (key->at[i] <= ' ' || key->at[i] > '~')
            return ph_why_fail(why, PH_ERR_INVALID,
                               "The Idempotency-Key must be of visible ASCII "
                               "characters");
    }
    memcpy(report->key, key->at, key->len);
    report->key[key->len] = '\0';
    return PH_OK;
}

static void
run_complete(struct release_call *call)
{
    const struct ph_asker asker = release_call_asker(call);
    struct ph_jobs *jobs = call->service->jobs;

    call->err = ph_jobs_get(jobs, &asker, &call->job, &call->view);
    if (call->err != PH_OK)
        return;
    call->err = ph_release_choices_check(&call->report.choices,
                                         &call->view.ticket, &call->why);
    if (call->err == PH_OK)
        call->err = ph_jobs_complete(jobs, &asker, &call->job, &call->report);
}

static json_t *
make_answer(const struct ph_release_report *report)
{
    json_t *root = json_object();
    int err = ph_submission_text(root, "result", report->result);

    if (err == PH_OK)
        err = ph_release_choices_put(&report->choices, root);
    if (err == PH_OK)
        return root;
    json_decref(root);
    return NULL;
}

static void
finish_complete(struct release_call *call)
{
    if (call->err == PH_ERR_EXISTS) {
        release_note_refused_call(call, "key-reused");
        ph_release_problem(call->exchange, 409, "key-reused", NULL,
                           "The Idempotency-Key was used for another result");
    } else if (call->err != PH_OK) {
        release_answer_error(call);
    } else {
        ph_release_json(call->exchange, 200, make_answer(&call->report));
    }
}

void
release_complete(const struct release_request *request)
{
    json_t *root = release_body(request);
    struct release_call *call;
    int err;

    if (root == NULL)
        return;
    call = release_call_new(request->lane, request->exchange, &request->who,
                            &request->job);
    if (call == NULL) {
        json_decref(root);
        return;
    }
    err = read_report(root, &call->report, &call->why);
    json_decref(root);
    if (err == PH_OK)
        err = read_key(ph_http_exchange_request(request->exchange),
                       &call->report, &call->why);
    if (err != PH_OK) {
        ph_release_problem(request->exchange, 400, "malformed", NULL,
                           call->why.text);
        release_call_free(call);
        return;
    }
    (void)snprintf(call->report.printer, sizeof(call->report.printer), "%s",
                   call->who.printer);
    (void)snprintf(call->report.address, sizeof(call->report.address), "%s",
                   ph_http_exchange_address(request->exchange));
    call->run = run_complete;
    call->finish = finish_complete;
    release_call_start(call);
}
