#include "hub_api.h"

#include "api.h"
#include "messages.h"
#include "printhold/base/err.h"

/* What an answer that is no success means, with the hub's sentence. */
static int
refused(const struct ph_https_reply *reply, struct ph_why *why)
{
    struct ph_why said;
    int err = PH_ERR_PROTOCOL;

    if (reply->status == 429 || reply->status == 503)
        err = PH_ERR_LIMIT;
    else if (reply->status >= 400 && reply->status < 500)
        err = PH_ERR_DENIED;
    if (ph_messages_problem(reply->body.data, reply->body.len, &said) == PH_OK)
        return ph_why_fail(why, err, "the hub answers: %s", said.text);
    return ph_why_fail(why, err, "the hub answers with status %u",
                       reply->status);
}

static int
take_answer(const struct ph_https_reply *reply,
            struct ph_hub_answer *out_answer, struct ph_why *why)
{
    if (reply->status / 100 != 2)
        return refused(reply, why);
    if (ph_hub_answer_parse(reply->body.data, reply->body.len, out_answer) ==
        PH_OK)
        return PH_OK;
    return ph_why_fail(why, PH_ERR_PROTOCOL,
                       "the hub sent an answer that is not one");
}

int
ph_hub_sign_in(struct ph_https *hub, const struct ph_sign_in *sign_in,
               struct ph_hub_answer *out_answer, struct ph_why *why)
{
    struct ph_https_request request = {.method = "POST", .path = "/v1/sign-in"};
    struct ph_https_reply reply;
    struct ph_buf json;
    int err;

    ph_https_reply_init(&reply);
    ph_buf_init(&json, PH_SIGN_IN_MAX);
    err = ph_sign_in_put(sign_in, &json);
    request.json = err == PH_OK ? ph_buf_str(&json) : NULL;
    if (request.json == NULL)
        err = ph_why_fail(why, PH_ERR_INVALID,
                          "that cannot be sent to the hub: it is not UTF-8");
    if (err == PH_OK)
        err = ph_https_do(hub, &request, &reply, why);
    if (err == PH_OK)
        err = take_answer(&reply, out_answer, why);
    ph_buf_close(&json);
    ph_https_reply_close(&reply);
    return err;
}

int
ph_hub_report(struct ph_https *hub, const char *session, const char *json,
              unsigned tries, struct ph_why *why)
{
    const struct ph_https_request request = {.method = "POST",
                                             .path = "/v1/releases",
                                             .bearer = session,
                                             .json = json};
    struct ph_https_reply reply;
    int err;

    for (unsigned n = 1;; n++) {
        ph_https_reply_init(&reply);
        err = ph_https_do(hub, &request, &reply, why);
        if (err == PH_OK && reply.status / 100 != 2)
            err = refused(&reply, why);
        if (err == PH_OK || !ph_api_worth_another_try(err) || n >= tries)
            break;
        ph_api_pause(n, reply.headers.retry_after_s);
        ph_https_reply_close(&reply);
    }
    ph_https_reply_close(&reply);
    return err;
}

static int
take_pin(const struct ph_https_reply *reply, char pin[PH_PIN_TEXT])
{
    json_t *root = NULL;
    int err =
        ph_json_parse(reply->body.data, reply->body.len, PH_MESSAGE_MAX, &root);

    if (err == PH_OK)
        err = ph_json_text(root, "pin", pin, PH_PIN_TEXT);
    json_decref(root);
    return err == PH_OK ? ph_pin_check(pin) : err;
}

int
ph_hub_set_pin(struct ph_https *hub, const char *session, char pin[PH_PIN_TEXT],
               struct ph_why *why)
{
    struct ph_https_request request = {
        .method = "POST", .path = "/v1/pin", .bearer = session};
    const bool chooses = pin[0] != '\0';
    struct ph_https_reply reply;
    struct ph_buf json;
    int err;

    ph_https_reply_init(&reply);
    ph_buf_init(&json, 64);
    err = chooses ? ph_buf_printf(&json, "{\"pin\":\"%s\"}", pin)
                  : ph_buf_put_str(&json, "{}");
    request.json = err == PH_OK ? ph_buf_str(&json) : NULL;
    if (request.json == NULL)
        err = PH_ERR_NOMEM;
    if (err == PH_OK)
        err = ph_https_do(hub, &request, &reply, why);
    if (err == PH_OK && reply.status / 100 != 2)
        err = refused(&reply, why);
    if (err == PH_OK && !chooses && take_pin(&reply, pin) != PH_OK)
        err = ph_why_fail(why, PH_ERR_PROTOCOL, "the hub told no PIN");
    ph_buf_close(&json);
    ph_https_reply_close(&reply);
    return err;
}

void
ph_hub_sign_out(struct ph_https *hub, const char *session)
{
    const struct ph_https_request request = {
        .method = "DELETE", .path = "/v1/session", .bearer = session};
    struct ph_https_reply reply;

    ph_https_reply_init(&reply);
    (void)ph_https_do(hub, &request, &reply, NULL);
    ph_https_reply_close(&reply);
}
