/* Signing in with an offline code in place of a grant (codes.h). */
#include "release_private.h"

#include <stdlib.h>
#include <string.h>

#include "codes.h"
#include "printhold/base/err.h"

static int
note_session(struct release_call *call)
{
    const struct ph_identity *peer = ph_http_exchange_peer(call->exchange);
    struct ph_asker asker;

    memcpy(call->who.printer, peer->id, sizeof(call->who.printer));
    ph_release_auth_amr(call->grant->method, call->grant->method_count,
                        call->who.amr);
    asker = release_call_asker(call);
    return ph_jobs_note_session(call->service->jobs, &asker);
}

/* What a code permits, in the words of a grant: all jobs of that person. */
static int
make_grant(struct release_call *call, const char *subject)
{
    static const char method[] = "code";

    if (ph_login_normalise(subject, call->who.login) != PH_OK) {
        call->refusal = PH_REFUSE_CODE_SUBJECT;
        return PH_OK;
    }
    call->grant = calloc(1, sizeof(*call->grant));
    if (call->grant == NULL)
        return PH_ERR_NOMEM;
    call->grant->all_jobs = true;
    memcpy(call->grant->method[0], method, sizeof(method));
    call->grant->method_count = 1;
    return note_session(call);
}

static enum ph_release_refusal
refusal_of(int err)
{
    switch (err) {
    case PH_ERR_DENIED:
        return PH_REFUSE_CODE;
    case PH_ERR_LIMIT:
        return PH_REFUSE_CODE_LIMIT;
    case PH_ERR_UNSUPPORTED:
        return PH_REFUSE_CODE_OFF;
    case PH_ERR_NOT_FOUND:
        return PH_REFUSE_CODE_SUBJECT;
    default:
        return PH_REFUSE_NONE;
    }
}

void
release_run_code(struct release_call *call)
{
    const json_t *code = json_object_get(call->list, "code");
    char login[PH_TICKET_TEXT_MAX] = "";

    call->err = ph_codes_use(call->service->jobs, json_string_value(code),
                             json_string_length(code),
                             ph_http_exchange_peer(call->exchange)->id, login,
                             &call->wait_ms, &call->why);
    if (call->err == PH_OK)
        call->err = make_grant(call, login);
    else
        call->refusal = refusal_of(call->err);
    if (call->refusal == PH_REFUSE_CODE_SUBJECT)
        ph_why_set(&call->why, "The person who made this code has no login of "
                               "the organisation: ask your administrator");
    if (call->refusal != PH_REFUSE_NONE)
        call->err = PH_OK;
}
