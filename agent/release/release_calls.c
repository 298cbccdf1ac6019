/* Requests that are a question or a move in jobs.h. */
#include "release_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "printhold/base/clock.h"
#include "printhold/base/err.h"
#include "printhold/base/log.h"
#include "printhold/base/wipe.h"
#include "printhold/proto/choices.h"
#include "printhold/proto/submission.h"

#define LIST_MAX 500 /* jobs of one answer */

/* --- calls --- */

struct release_call *
release_call_new(struct release_lane *lane, struct ph_http_exchange *exchange,
                 const struct ph_release_who *who, const struct ph_id *job)
{
    struct release_call *call = calloc(1, sizeof(*call));

    if (call == NULL) {
        ph_release_json(exchange, 503, NULL);
        return NULL;
    }
    call->work.data = call;
    call->lane = lane;
    call->service = lane->service;
    call->exchange = exchange;
    call->keys = release_trust_keys(&lane->service->trust);
    ph_jobs_rules(lane->service->jobs, &call->rules, NULL);
    call->policy = lane->service->policy;
    call->policy.confidential_amr = call->rules.confidential_amr;
    call->policy.sign_in = call->rules.sign_in;
    call->who = *who;
    call->job = *job;
    return call;
}

void
release_call_free(struct release_call *call)
{
    if (call == NULL)
        return;
    release_keys_drop(call->keys);
    ph_sealed_reader_free(call->reader);
    json_decref(call->list);
    free(call->grant);
    ph_wipe(call, sizeof(*call));
    free(call);
}

struct ph_asker
release_call_asker(const struct release_call *call)
{
    return (struct ph_asker){.login = call->who.login,
                             .printer = call->who.printer,
                             .amr = call->who.amr};
}

static void
on_run(uv_work_t *work)
{
    struct release_call *call = work->data;

    call->run(call);
}

static void start_queued(struct release_lane *lane);

static void
on_finish(uv_work_t *work, int status)
{
    struct release_call *call = work->data;
    struct release_lane *lane = call->lane;

    (void)status; /* nothing is cancelled here */
    lane->calling--;
    call->finish(call);
    release_call_free(call);
    start_queued(lane);
}

static void
start_queued(struct release_lane *lane)
{
    const size_t most = PH_RELEASE_CALLS_MAX / lane->service->lane_count;

    while (lane->queue != NULL && lane->calling < most) {
        struct release_call *call = lane->queue;

        lane->queue = call->next;
        lane->calling++;
        /* It fails without a function only, which is never so. */
        (void)uv_queue_work(&lane->loop, &call->work, on_run, on_finish);
    }
}

void
release_call_start(struct release_call *call)
{
    struct release_call **end = &call->lane->queue;

    while (*end != NULL)
        end = &(*end)->next;
    call->next = NULL;
    *end = call;
    start_queued(call->lane);
}

static void
start(const struct release_request *request,
      void (*run)(struct release_call *call),
      void (*finish)(struct release_call *call))
{
    struct release_call *call = release_call_new(
        request->lane, request->exchange, &request->who, &request->job);

    if (call == NULL)
        return;
    call->run = run;
    call->finish = finish;
    release_call_start(call);
}

static bool
may_open(struct release_call *call, const struct ph_ticket *ticket)
{
    return !ticket->confidential ||
           ph_release_auth_is_strong(&call->policy, call->who.method,
                                     call->who.method_count);
}

int
release_check_confidential(struct release_call *call,
                           const struct ph_ticket *ticket)
{
    const struct ph_release_policy *policy = &call->policy;

    if (may_open(call, ticket))
        return PH_OK;
    call->refusal = PH_REFUSE_WEAK;
    ph_why_set(&call->why,
               "This job is confidential: sign in with all of these: %s",
               policy->confidential_amr);
    return PH_ERR_DENIED;
}

static void
answer_weak(struct release_call *call)
{
    const char *keyword = ph_release_refusal_keyword(call->refusal);

    release_note_refused_call(call, keyword);
    ph_release_problem(call->exchange, 403, keyword, NULL, call->why.text);
}

void
release_answer_error(struct release_call *call)
{
    char detail[PH_WHY_MAX];

    if (call->refusal == PH_REFUSE_WEAK) {
        answer_weak(call);
        return;
    }
    if (call->err == PH_ERR_BUSY && call->view.holder[0] != '\0') {
        release_note_refused_call(call, "claimed");
        ph_release_claimed(call->exchange, call->view.holder,
                           call->view.lease_until_ms);
        return;
    }
    if (call->err == PH_ERR_INVALID && call->why.text[0] != '\0') {
        release_note_refused_call(call, "not-allowed");
        ph_release_problem(call->exchange, 409, "not-allowed", NULL,
                           call->why.text);
        return;
    }
    switch (call->err) {
    case PH_ERR_NOT_FOUND:
        release_note_refused_call(call, "no-job");
        ph_release_no_job(call->exchange);
        break;
    case PH_ERR_STATE:
        release_note_refused_call(call, "not-claimed");
        ph_release_problem(call->exchange, 409, "not-claimed", NULL,
                           "This printer has not claimed the job, or its "
                           "claim has ended");
        break;
    default:
        (void)snprintf(detail, sizeof(detail),
                       "This computer cannot do that now: %s",
                       ph_err_text(call->err));
        ph_release_problem(call->exchange, 503, "trouble",
                           "Retry-After: 10\r\n", detail);
        break;
    }
}

static void
finish_view(struct release_call *call)
{
    if (call->err == PH_OK)
        ph_release_json(
            call->exchange, 200,
            ph_release_job(&call->view, may_open(call, &call->view.ticket)));
    else
        release_answer_error(call);
}

/* --- list and show --- */

static bool
add_to_list(const struct ph_job_view *view, void *arg)
{
    struct release_call *call = arg;

    if (!ph_release_who_may(&call->who, &view->id))
        return true;
    if (json_array_size(call->list) == LIST_MAX) {
        call->more = true;
        return false;
    }
    if (json_array_append_new(
            call->list, ph_release_job(view, may_open(call, &view->ticket))) ==
        0)
        return true;
    call->err = PH_ERR_NOMEM;
    return false;
}

static void
run_list(struct release_call *call)
{
    const struct ph_asker asker = release_call_asker(call);
    int err;

    call->list = json_array();
    err = ph_jobs_list(call->service->jobs, &asker, add_to_list, call);
    if (call->err == PH_OK)
        call->err = err;
}

static void
finish_list(struct release_call *call)
{
    json_t *root = json_object();

    if (call->err != PH_OK) {
        json_decref(root);
        release_answer_error(call);
        return;
    }
    if (json_object_set(root, "jobs", call->list) != 0 ||
        json_object_set_new(root, "more", json_boolean(call->more)) != 0) {
        json_decref(root);
        root = NULL;
    }
    ph_release_json(call->exchange, 200, root);
}

void
release_list(const struct release_request *request)
{
    start(request, run_list, finish_list);
}

static void
run_show(struct release_call *call)
{
    const struct ph_asker asker = release_call_asker(call);

    call->err =
        ph_jobs_get(call->service->jobs, &asker, &call->job, &call->view);
    if (call->err == PH_OK && !ph_job_state_has_document(call->view.state))
        call->err = PH_ERR_NOT_FOUND;
}

void
release_show(const struct release_request *request)
{
    start(request, run_show, finish_view);
}

/* --- delete --- */

static void
run_delete(struct release_call *call)
{
    const struct ph_asker asker = release_call_asker(call);

    run_show(call); /* an ended job is not there */
    if (call->err == PH_OK)
        call->err =
            ph_jobs_delete(call->service->jobs, &asker, &call->job, &call->why);
}

static void
answer_empty(struct release_call *call)
{
    const struct ph_http_response response = {.status = 204};

    ph_http_exchange_answer(call->exchange, &response);
}

static void
finish_delete(struct release_call *call)
{
    if (call->err != PH_OK) {
        release_answer_error(call);
        return;
    }
    answer_empty(call);
}

void
release_delete(const struct release_request *request)
{
    start(request, run_delete, finish_delete);
}

/* --- claim --- */

static void
run_claim(struct release_call *call)
{
    const struct ph_asker asker = release_call_asker(call);
    struct ph_release_choices *choices = &call->report.choices;
    struct ph_jobs *jobs = call->service->jobs;

    run_show(call); /* an ended job is not there */
    if (call->err == PH_OK)
        call->err = release_check_confidential(call, &call->view.ticket);
    /* Before the paper, not after it. */
    if (call->err == PH_OK && call->chooses)
        call->err =
            ph_release_choices_check(choices, &call->view.ticket, &call->why);
    if (call->err == PH_OK)
        call->err = ph_jobs_claim(jobs, &asker, &call->job, call->who.printer,
                                  &call->view);
    if (call->err == PH_OK)
        call->err = ph_jobs_choose(jobs, &asker, &call->job, call->who.printer,
                                   call->chooses ? choices : NULL, choices);
}

static json_t *
make_claimed(const struct release_call *call)
{
    json_t *root = ph_release_job(&call->view, true);
    json_t *chosen = json_object();
    int err = ph_release_choices_put(&call->report.choices, chosen);

    if (err == PH_OK && json_object_size(chosen) > 0 &&
        json_object_set(root, "chosen", chosen) != 0)
        err = PH_ERR_NOMEM;
    json_decref(chosen);
    if (err == PH_OK)
        return root;
    json_decref(root);
    return NULL;
}

static void
finish_claim(struct release_call *call)
{
    if (call->err != PH_OK) {
        release_answer_error(call);
        return;
    }
    ph_release_json(call->exchange, 200, make_claimed(call));
}

/* A body is not needed: then it is printed as the ticket says. */
static int
read_choices(const struct release_request *request, struct release_call *call)
{
    struct ph_why why = {{0}};
    size_t len;
    json_t *root;
    int err;

    (void)ph_http_exchange_body(request->exchange, &len);
    if (len == 0)
        return PH_OK;
    root = release_body(request);
    if (root == NULL)
        return PH_ERR_SYNTAX;
    err = ph_release_choices_take(root, &call->report.choices, &why);
    json_decref(root);
    call->chooses = err == PH_OK;
    if (err != PH_OK)
        ph_release_problem(request->exchange, 400, "malformed", NULL, why.text);
    return err;
}

void
release_claim(const struct release_request *request)
{
    struct release_call *call = release_call_new(
        request->lane, request->exchange, &request->who, &request->job);

    if (call == NULL)
        return;
    if (read_choices(request, call) != PH_OK) { /* and that was answered */
        release_call_free(call);
        return;
    }
    call->run = run_claim;
    call->finish = finish_claim;
    release_call_start(call);
}

static void
run_unclaim(struct release_call *call)
{
    const struct ph_asker asker = release_call_asker(call);

    call->err = ph_jobs_unclaim(call->service->jobs, &asker, &call->job,
                                call->who.printer);
}

static void
finish_unclaim(struct release_call *call)
{
    if (call->err != PH_OK) {
        release_answer_error(call);
        return;
    }
    answer_empty(call);
}

void
release_unclaim(const struct release_request *request)
{
    start(request, run_unclaim, finish_unclaim);
}
