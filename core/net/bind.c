#include "printhold/net/bind.h"

#include <string.h>

#include "printhold/base/err.h"
#include "printhold/net/enrolled.h"
#include "printhold/net/https.h"

#define TIMEOUT_S 20

static int
read_answer(const struct ph_bind_order *order,
            const struct ph_https_reply *reply, struct ph_bound *bound,
            struct ph_why *why)
{
    const struct ph_buf *body = &reply->body;
    int err;

    if (reply->status != 200)
        return ph_enrolment_refused(reply->status, body->data, body->len, why);
    err = ph_bound_parse(body->data, body->len, bound);
    if (err == PH_OK && strcmp(bound->login, order->login) != 0)
        err = PH_ERR_PROTOCOL;
    return err == PH_OK ? PH_OK
                        : ph_why_fail(why, PH_ERR_PROTOCOL,
                                      "the hub did not say whom it bound to "
                                      "this computer");
}

static int
ask(const struct ph_bind_order *order, const struct ph_enrolled *enrolled,
    struct ph_bound *bound, struct ph_why *why)
{
    const struct ph_https_options options = {
        .product = order->product,
        .address = enrolled->hub,
        .is_hub = true,
        .ca_file = enrolled->ca_file,
        .cert_file = enrolled->cert_file,
        .key_file = enrolled->key_file,
        .proxy = order->proxy,
        .stop = order->stop,
        .timeout_s = TIMEOUT_S,
    };
    struct ph_https_request request = {.method = "POST", .path = "/v1/bind"};
    struct ph_https *https = NULL;
    struct ph_https_reply reply;
    struct ph_buf body;
    int err;

    ph_https_reply_init(&reply);
    ph_buf_init(&body, PH_BIND_MAX);
    err = ph_bind_put(order->login, order->password, &body);
    if (err == PH_OK)
        request.json = ph_buf_str(&body);
    if (err == PH_OK && request.json == NULL)
        err = PH_ERR_NOMEM;
    if (err == PH_OK)
        err = ph_https_open(&options, &https, why);
    if (err == PH_OK)
        err = ph_https_do(https, &request, &reply, why);
    if (err == PH_OK)
        err = read_answer(order, &reply, bound, why);
    ph_https_close(https);
    ph_buf_close(&body);
    ph_https_reply_close(&reply);
    /* Whether it was heard or not: the same again is right. */
    return err == PH_ERR_CLOSED ? PH_ERR_AGAIN : err;
}

int
ph_hub_bind(const struct ph_bind_order *order, struct ph_bound *out_bound,
            char *out_workstation, struct ph_why *why)
{
    struct ph_enrolled enrolled;
    struct ph_bound bound = {.login = ""};
    int err = ph_enrolled_look(order->dir, &enrolled, why);

    if (err == PH_OK)
        err = ask(order, &enrolled, &bound, why);
    if (err != PH_OK)
        return err;
    memcpy(out_workstation, enrolled.identity.id, sizeof(enrolled.identity.id));
    *out_bound = bound;
    return PH_OK;
}
