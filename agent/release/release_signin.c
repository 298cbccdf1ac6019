/* From a grant or a code to a session, and its end. */
#include "release_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "printhold/base/clock.h"
#include "printhold/base/err.h"
#include "printhold/base/log.h"
#include "printhold/proto/code.h"
#include "printhold/proto/submission.h"

/* Everything but the signature: the decision, then the mark that makes the
 * grant worthless, which is durable before there is a session. */
static void
judge(struct release_call *call)
{
    const struct ph_release_service *service = call->service;
    const struct ph_identity *peer = ph_http_exchange_peer(call->exchange);
    struct ph_asker asker;
    int64_t now_ms = ph_clock_wall_ms(), high_ms = 0;

    call->err = ph_jobs_high_water(service->jobs, now_ms, &high_ms);
    if (call->err != PH_OK)
        return;
    call->refusal =
        ph_release_auth_decide(&call->policy, peer, call->grant, now_ms,
                               high_ms, call->who.login, &call->why);
    if (call->refusal != PH_REFUSE_NONE)
        return;
    memcpy(call->who.printer, peer->id, sizeof(call->who.printer));
    ph_release_auth_amr(call->grant->method, call->grant->method_count,
                        call->who.amr);
    asker = release_call_asker(call);
    call->err =
        ph_jobs_use_grant(service->jobs, &asker, call->grant->jti,
                          call->grant->issued_s * 1000 - PH_GRANT_LEEWAY_MS,
                          call->grant->expires_s * 1000 + PH_GRANT_LEEWAY_MS);
    if (call->err == PH_ERR_EXISTS) {
        call->err = PH_OK;
        call->refusal = PH_REFUSE_USED;
        ph_why_set(&call->why, "The grant was used before, or is older than "
                               "this computer's memory: sign in again");
    }
}

/* The token is a view into list, which is the request's body. */
static void
run_sign_in(struct release_call *call)
{
    const json_t *token = json_object_get(call->list, "grant");
    int err;

    if (call->keys == NULL) {
        call->refusal = PH_REFUSE_NO_ISSUER;
        ph_why_set(&call->why,
                   "No issuer of grants is configured on this computer");
        return;
    }
    call->grant = calloc(1, sizeof(*call->grant));
    if (call->grant == NULL) {
        call->err = PH_ERR_NOMEM;
        return;
    }
    err = ph_grant_open(json_string_value(token), json_string_length(token),
                        call->keys->set, call->grant, &call->why);
    if (err == PH_OK)
        judge(call);
    else
        call->refusal =
            err == PH_ERR_DENIED ? PH_REFUSE_UNTRUSTED : PH_REFUSE_MALFORMED;
}

static json_t *
make_session(const struct ph_id *session, int64_t expires_ms, const char *login)
{
    json_t *root = json_object();
    char id[PH_ID_TEXT];
    int err;

    ph_id_format(session, id);
    err = ph_submission_text(root, "session", id);
    if (err == PH_OK)
        err = ph_submission_time(root, "expires", expires_ms);
    if (err == PH_OK)
        err = ph_submission_text(root, "user", login);
    if (err == PH_OK)
        return root;
    json_decref(root);
    return NULL;
}

static void
refuse(struct release_call *call, const char *keyword)
{
    char fields[64];

    if (call->refusal != PH_REFUSE_CODE_LIMIT) {
        ph_release_problem(call->exchange, 403, keyword, NULL, call->why.text);
        return;
    }
    (void)snprintf(fields, sizeof(fields), "Retry-After: %lld\r\n",
                   (long long)(call->wait_ms + 999) / 1000);
    ph_release_problem(call->exchange, 429, keyword, fields, call->why.text);
}

static void
finish_sign_in(struct release_call *call)
{
    const struct ph_identity *peer = ph_http_exchange_peer(call->exchange);
    struct ph_id session;
    int64_t expires_ms = 0;

    if (call->refusal != PH_REFUSE_NONE) {
        const char *keyword = ph_release_refusal_keyword(call->refusal);

        release_note_refusal(call->lane, peer->id, &call->who, NULL, keyword);
        refuse(call, keyword);
        return;
    }
    if (call->err == PH_OK)
        call->err = ph_release_session_open(
            call->service->sessions, peer, call->grant, call->who.login,
            ph_clock_wall_ms(), &session, &expires_ms);
    if (call->err != PH_OK) {
        release_answer_error(call);
        return;
    }
    ph_release_json(call->exchange, 201,
                    make_session(&session, expires_ms, call->who.login));
}

/* What is wrong with the form of it; NULL: nothing. */
static const char *
proof_fault(const json_t *grant, const json_t *code)
{
    if ((grant == NULL) == (code == NULL))
        return "The request must have a grant or a code";
    if (code != NULL &&
        (!json_is_string(code) ||
         !ph_code_is(json_string_value(code), json_string_length(code))))
        return "A code has eight digits";
    return code != NULL || json_is_string(grant) ? NULL
                                                 : "The request has no grant";
}

void
release_open_session(const struct release_request *request)
{
    json_t *root = release_body(request);
    const json_t *code = json_object_get(root, "code");
    struct release_call *call;
    const char *fault;

    if (root == NULL)
        return;
    fault = proof_fault(json_object_get(root, "grant"), code);
    if (fault != NULL) {
        json_decref(root);
        ph_release_problem(request->exchange, 400, "malformed", NULL, fault);
        return;
    }
    call = release_call_new(request->lane, request->exchange, &request->who,
                            &request->job);
    if (call == NULL) {
        json_decref(root);
        return;
    }
    call->list = root;
    call->run = code != NULL ? release_run_code : run_sign_in;
    call->finish = finish_sign_in;
    release_call_start(call);
}

void
release_close_session(const struct release_request *request)
{
    const struct ph_http_response response = {.status = 204};

    ph_release_session_close(request->service->sessions, &request->who.session);
    ph_http_exchange_answer(request->exchange, &response);
}
