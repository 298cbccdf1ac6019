/*
 * A person signs in from a workstation, which is theirs from then on: printers
 * show them what it holds. That the login is the one of the account there is
 * the workstation's business; that login and password belong together is ours.
 */
#include "printhold/base/clock.h"
#include "printhold/base/err.h"
#include "printhold/base/log.h"
#include "printhold/base/wipe.h"
#include "printhold/proto/bind.h"
#include "sign_in.h"
#include "sign_in_calls.h"

static void
answer_bound(struct hub_call *call, const struct hub_person *person)
{
    json_t *root = json_pack("{s:{s:s},s:b}", "person", "login", person->login,
                             "bound", 1);

    if (root != NULL && person->name[0] != '\0' &&
        json_object_set_new(json_object_get(root, "person"), "name",
                            json_string(person->name)) != 0) {
        json_decref(root);
        root = NULL;
    }
    hub_answer_json(call, 200, root);
}

static void
answer(struct hub_call *call, const struct hub_signed_in *in)
{
    switch (in->verdict) {
    case HUB_SIGN_IN_OK:
        answer_bound(call, &in->person);
        break;
    case HUB_SIGN_IN_LIMIT:
        hub_answer_problem(call, 429, hub_sign_in_keyword(in->verdict),
                           "There were too many failed attempts; wait %lld "
                           "minutes",
                           (long long)(in->wait_ms / 60000 + 1));
        hub_answer_retry(call, in->wait_ms / 1000 + 1);
        break;
    default:
        hub_answer_problem(call, 403, hub_sign_in_keyword(in->verdict),
                           "Login and password do not open anything; try "
                           "again, or ask an administrator");
        break;
    }
}

void
hub_call_bind(struct hub_call *call)
{
    struct ph_sign_in request;
    struct hub_signed_in in;
    struct ph_why why = {""};
    int err;

    if (ph_bind_take(call->body, &request, &why) != PH_OK) {
        hub_answer_problem(call, 400, "malformed", "%s", why.text);
        return;
    }
    err = hub_sign_in_bind(call->hub, &call->device, &request,
                           ph_clock_wall_ms(), &in);
    ph_sign_in_wipe(&request);
    if (err != PH_OK) {
        hub_answer_failure(call, err);
        return;
    }
    ph_log_info("%s: a person signs in from %s: %s", call->address,
                call->device.id, hub_sign_in_keyword(in.verdict));
    answer(call, &in);
    ph_wipe(&in, sizeof(in));
}
