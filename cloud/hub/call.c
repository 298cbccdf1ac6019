#include "call.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "admission.h"
#include "printhold/base/err.h"
#include "printhold/base/log.h"
#include "printhold/proto/problem.h"
#include "routes.h"
#include "serve.h"

#define ANSWER_MAX (8 * 1024 * 1024)

/* --- setting the answer --- */

void
hub_answer_json(struct hub_call *call, unsigned status, json_t *value)
{
    json_decref(call->answer);
    call->status = status;
    call->answer = value;
    call->content_type = "application/json";
}

void
hub_answer_problem(struct hub_call *call, unsigned status, const char *keyword,
                   const char *fmt, ...)
{
    struct ph_why why;
    va_list ap;

    va_start(ap, fmt);
    ph_why_vset(&why, fmt, ap);
    va_end(ap);
    hub_answer_json(call, status, ph_problem_make(status, keyword, why.text));
    call->content_type = PH_PROBLEM_CONTENT;
}

void
hub_answer_failure(struct hub_call *call, int err)
{
    ph_log_warning("%s: a request cannot be answered: %s, continuing",
                   call->address, ph_err_text(err));
    if (err == PH_ERR_CRYPTO || err == PH_ERR_INTERNAL) {
        hub_answer_problem(call, 500, "internal", "The hub has failed: %s",
                           ph_err_text(err));
        return;
    }
    hub_answer_problem(call, 503, "busy",
                       "The hub cannot do this now; try again");
    hub_answer_retry(call, 5);
}

void
hub_answer_text(struct hub_call *call, unsigned status,
                const char *content_type, const void *text, size_t len)
{
    if (ph_buf_put(&call->text, text, len) != PH_OK) {
        hub_answer_failure(call, PH_ERR_NOMEM);
        return;
    }
    call->status = status;
    call->content_type = content_type;
}

void
hub_answer_nothing(struct hub_call *call)
{
    call->status = 204;
    call->content_type = NULL;
}

void
hub_answer_retry(struct hub_call *call, int64_t seconds)
{
    (void)snprintf(call->fields, sizeof(call->fields), "Retry-After: %lld\r\n",
                   (long long)seconds);
}

bool
hub_call_text(struct hub_call *call, const char *member, char *dst, size_t cap)
{
    int err = ph_json_text(call->body, member, dst, cap);

    if (err == PH_OK)
        return true;
    if (err == PH_ERR_NOT_FOUND)
        hub_answer_problem(call, 400, "malformed", "There is no member %s",
                           member);
    else
        hub_answer_problem(call, 400, "malformed",
                           "The member %s is no fit text", member);
    return false;
}

/* --- sending it --- */

void
hub_call_refuse(struct ph_http_exchange *exchange, unsigned status,
                const char *keyword, const char *fields, const char *detail)
{
    json_t *root = ph_problem_make(status, keyword, detail);
    struct ph_http_response response = {
        .status = status,
        .content_type = PH_PROBLEM_CONTENT,
        .fields = fields,
    };
    struct ph_buf text;

    ph_buf_init(&text, ANSWER_MAX);
    if (root != NULL)
        (void)ph_json_put(root, &text); /* or the status must speak alone */
    response.body = text.data;
    response.body_len = text.len;
    ph_http_exchange_answer(exchange, &response);
    ph_buf_close(&text);
    json_decref(root);
}

static void
call_free(struct hub_call *call)
{
    json_decref(call->body);
    json_decref(call->answer);
    ph_buf_close(&call->text);
    free(call);
}

static void
send_answer(struct hub_call *call)
{
    struct ph_http_response response = {
        .status = call->status,
        .content_type = call->content_type,
        .fields = call->fields[0] != '\0' ? call->fields : NULL,
    };

    if (call->answer != NULL && ph_json_put(call->answer, &call->text) != PH_OK)
        call->status = 0;
    if (call->status == 0 ||
        (call->content_type != NULL && call->text.len == 0)) {
        hub_call_refuse(call->exchange, 503, "busy", "Retry-After: 5\r\n",
                        "The hub is short of memory");
        return;
    }
    response.body = call->text.data;
    response.body_len = call->text.len;
    ph_http_exchange_answer(call->exchange, &response);
}

/* --- doing it --- */

static void
run(uv_work_t *work)
{
    struct hub_call *call = work->data;

    if (call->route->access == HUB_ROLE_NOBODY || hub_admission_check(call))
        hub_route_action(call->route)(call);
}

static void
on_done(uv_work_t *work, int status)
{
    struct hub_call *call = work->data;

    (void)status;
    if (call->denied != NULL) /* before the device can come back */
        hub_server_deny(call->server, call->denied);
    send_answer(call);
    hub_server_done(call->server);
    call_free(call);
}

/* "application/json", perhaps with parameters. */
static bool
is_json(const struct ph_http_request *request)
{
    static const char type[] = "application/json";
    const struct ph_http_text *given = ph_http_field(request, "Content-Type");
    const size_t len = sizeof(type) - 1;

    return given != NULL && given->len >= len &&
           strncasecmp(given->at, type, len) == 0 &&
           (given->len == len || given->at[len] == ';' ||
            given->at[len] == ' ');
}

static bool
take_body(struct hub_call *call)
{
    const void *body;
    size_t len;

    if (!hub_route_takes_body(call->route))
        return true;
    body = ph_http_exchange_body(call->exchange, &len);
    if (!is_json(ph_http_exchange_request(call->exchange))) {
        hub_call_refuse(call->exchange, 415, "not-json", NULL,
                        "The request must be application/json");
        return false;
    }
    if (ph_json_parse(body, len, len, &call->body) != PH_OK) {
        hub_call_refuse(call->exchange, 400, "malformed", NULL,
                        "The request is not a proper JSON object");
        return false;
    }
    return true;
}

void
hub_call_start(struct hub_server *server, const struct ph_http_match *match,
               struct ph_http_exchange *exchange)
{
    struct hub_call *call = calloc(1, sizeof(*call));

    if (call == NULL) {
        hub_call_refuse(exchange, 503, "busy", "Retry-After: 5\r\n",
                        "The hub is short of memory");
        return;
    }
    ph_buf_init(&call->text, ANSWER_MAX);
    call->hub = hub_server_hub(server);
    call->server = server;
    call->route = match->route;
    call->exchange = exchange;
    call->peer = *ph_http_exchange_peer(exchange);
    call->work.data = call;
    (void)snprintf(call->address, sizeof(call->address), "%s",
                   ph_http_exchange_address(exchange));
    (void)snprintf(call->segment, sizeof(call->segment), "%s", match->segment);
    if (!take_body(call)) {
        call_free(call);
        return;
    }
    if (!hub_server_queue(server, &call->work, run, on_done)) {
        hub_call_refuse(exchange, 503, "busy", "Retry-After: 5\r\n",
                        "The hub has too much to do");
        call_free(call);
    }
}
