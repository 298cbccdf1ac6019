/*
 * A person's own PIN, by a session that something stronger than a badge or a PIN
 * has opened.
 *
 * A PIN that is chosen opens beside a badge only. One that opens alone is made
 * here: whoever could choose it would be told which ones others have.
 */
#include <stdio.h>
#include <string.h>

#include "audit.h"
#include "printhold/base/clock.h"
#include "printhold/base/err.h"
#include "printhold/base/log.h"
#include "printhold/base/wipe.h"
#include "printhold/model/pin.h"
#include "sign_in.h"
#include "sign_in_calls.h"

#define TRIES 20 /* to find one that nobody has */

/* In a transaction. With the old PIN nobody goes on. */
static int
put_pin(struct hub_call *call, const struct hub_pin *pin)
{
    struct hub_store *store = call->hub->store;
    const struct hub_act act = {.actor = call->device.id,
                                .act = "pin.set",
                                .object = pin->login,
                                .detail = pin->how};
    int err = hub_pin_set(store, pin);

    if (err == PH_OK)
        err = hub_sessions_end(store, pin->login);
    return err == PH_OK ? hub_audit(call->hub, &act, pin->made_ms) : err;
}

/* PH_ERR_EXISTS: it is to be good alone, and somebody has it. */
static int
set_pin(struct hub_call *call, const char *login, const char *digits,
        bool is_alone)
{
    struct hub_pin pin = {.is_alone = is_alone, .made_ms = ph_clock_wall_ms()};
    int err;

    (void)snprintf(pin.login, sizeof(pin.login), "%s", login);
    (void)snprintf(pin.how, sizeof(pin.how), "%s",
                   is_alone ? "generated" : "user");
    err = hub_mac_pin(call->hub, login, digits, pin.mac);
    if (err == PH_OK && is_alone)
        err = hub_mac_pin_alone(call->hub, digits, pin.alone_mac);
    if (err == PH_OK)
        err = hub_store_begin(call->hub->store);
    if (err == PH_OK)
        err = hub_store_end(call->hub->store, put_pin(call, &pin));
    ph_wipe(&pin, sizeof(pin));
    return err;
}

static void
choose(struct hub_call *call, const char *login)
{
    char digits[PH_PIN_TEXT];
    struct ph_why why = {""};
    int err;

    if (!hub_call_text(call, "pin", digits, sizeof(digits)))
        return;
    err = ph_pin_choose(digits, call->hub->config->pin_digits_min, &why);
    if (err == PH_OK)
        err = set_pin(call, login, digits, false);
    ph_wipe(digits, sizeof(digits));
    if (err == PH_ERR_INVALID || err == PH_ERR_SYNTAX)
        hub_answer_problem(call, 400, "pin", "%s",
                           why.text[0] != '\0' ? why.text : "That is no PIN");
    else if (err != PH_OK)
        hub_answer_failure(call, err);
    else
        hub_answer_nothing(call);
}

static void
make(struct hub_call *call, const char *login)
{
    char digits[PH_PIN_TEXT];
    json_t *root = NULL;
    int err = PH_ERR_EXISTS;

    for (int i = 0; err == PH_ERR_EXISTS && i < TRIES; i++) {
        err = ph_pin_make(call->hub->config->pin_digits, digits);
        if (err == PH_OK)
            err = set_pin(call, login, digits, true);
    }
    if (err == PH_OK) {
        root = json_pack("{s:s}", "pin", digits);
        hub_answer_json(call, 200, root);
    } else {
        hub_answer_failure(call, err);
    }
    ph_wipe(digits, sizeof(digits));
}

static bool
is_strong(enum ph_sign_in_way way)
{
    return way == PH_SIGN_IN_CODE || way == PH_SIGN_IN_PASSWORD ||
           way == PH_SIGN_IN_BADGE_PIN;
}

void
hub_call_pin(struct hub_call *call)
{
    struct hub_visit visit;
    const size_t members = json_object_size(call->body);
    const bool chooses = json_object_get(call->body, "pin") != NULL;

    if (members != (chooses ? 1U : 0U)) {
        hub_answer_problem(call, 400, "malformed",
                           "There is the member pin, or none");
        return;
    }
    if (!hub_call_visit(call, &visit))
        return;
    if (!is_strong(visit.session.way)) {
        hub_answer_problem(call, 403, "way-not-allowed",
                           "Sign in with a password, a code, or badge and PIN "
                           "to get another PIN");
        return;
    }
    ph_log_info("%s: a person gets another PIN at %s", call->address,
                call->device.id);
    if (chooses)
        choose(call, visit.person.login);
    else
        make(call, visit.person.login);
}
