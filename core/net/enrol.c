#include "printhold/net/enrol.h"

#include <stdlib.h>
#include <string.h>

#include "printhold/base/err.h"
#include "printhold/base/wipe.h"
#include "printhold/crypto/ca.h"
#include "printhold/crypto/csr.h"
#include "printhold/crypto/jws.h"
#include "printhold/net/https.h"

#define TIMEOUT_S 20

/* One exchange with the hub. */
struct talk {
    const char *path;
    const char *token; /* NULL: renewal */
    enum ph_identity_kind kind;
    const char *name;
    struct ph_enrolled_store *store;
    struct ph_https *https;
    struct ph_buf key; /* PEM */
    struct ph_https_reply reply;
    struct ph_enrolment *said;
};

static int
talk_open(struct talk *talk, const char *dir, struct ph_why *why)
{
    ph_buf_init(&talk->key, PH_ENROLMENT_PEM_MAX);
    ph_https_reply_init(&talk->reply);
    talk->said = calloc(1, sizeof(*talk->said));
    if (talk->said == NULL)
        return PH_ERR_NOMEM;
    return ph_enrolled_open(dir, &talk->store, why);
}

static void
talk_close(struct talk *talk)
{
    ph_https_close(talk->https);
    ph_https_reply_close(&talk->reply);
    ph_buf_close(&talk->key);
    if (talk->said != NULL)
        ph_wipe(talk->said, sizeof(*talk->said));
    free(talk->said);
    ph_enrolled_close(talk->store);
}

/* --- the request --- */

static int
make_body(struct talk *talk, struct ph_buf *body, struct ph_why *why)
{
    struct ph_buf csr;
    int err = ph_enrolled_next_key(talk->store, &talk->key, why);

    if (err != PH_OK)
        return err;
    ph_buf_init(&csr, PH_CSR_MAX);
    err = ph_csr_make(&talk->key, &csr);
    if (err == PH_OK)
        err = ph_enrolment_put(talk->token, talk->kind, talk->name, &csr, body);
    ph_buf_close(&csr);
    return err == PH_OK ? PH_OK
                        : ph_why_fail(why, err, "cannot make the request: %s",
                                      ph_err_text(err));
}

static int
ask(struct talk *talk, struct ph_why *why)
{
    struct ph_https_request request = {.method = "POST", .path = talk->path};
    struct ph_https_reply *reply = &talk->reply;
    struct ph_buf body;
    int err;

    ph_buf_init(&body, PH_ENROLMENT_REQUEST_BYTES);
    err = make_body(talk, &body, why);
    if (err == PH_OK)
        request.json = ph_buf_str(&body);
    if (err == PH_OK && request.json == NULL)
        err = PH_ERR_NOMEM;
    if (err == PH_OK)
        err = ph_https_do(talk->https, &request, reply, why);
    ph_buf_close(&body);
    if (err != PH_OK)
        return err;
    if (reply->status != 200 && reply->status != 201)
        return ph_enrolment_refused(reply->status, reply->body.data,
                                    reply->body.len, why);
    return ph_enrolment_parse(reply->body.data, reply->body.len, talk->said,
                              why) == PH_OK
               ? PH_OK
               : PH_ERR_PROTOCOL;
}

/* --- is it ours? --- */

static int
check_issuer(const struct ph_enrolment *said, struct ph_why *why)
{
    struct ph_jws_key *key = NULL;
    int err = ph_jws_key_from_pem(said->issuer_keys, strlen(said->issuer_keys),
                                  &key, why);

    ph_jws_key_free(key);
    return err;
}

static int
check_certificate(const struct talk *talk, struct ph_why *why)
{
    const struct ph_enrolment *said = talk->said;
    struct ph_buf cert, ca;
    struct ph_cert_facts facts;
    int err;

    ph_buf_init(&cert, PH_ENROLMENT_CERT_MAX);
    ph_buf_init(&ca, PH_ENROLMENT_PEM_MAX);
    err = ph_buf_put_str(&cert, said->certificate);
    if (err == PH_OK)
        err = ph_buf_put_str(&ca, said->authority);
    if (err == PH_OK)
        err = ph_cert_read(&cert, &ca, &facts, why);
    if (err == PH_OK && !ph_cert_has_key(&cert, &talk->key))
        err = ph_why_fail(why, PH_ERR_PROTOCOL, "it is for another key");
    if (err == PH_OK && (facts.identity.kind != said->kind ||
                         strcmp(facts.identity.tenant, said->tenant) != 0 ||
                         strcmp(facts.identity.id, said->id) != 0))
        err = ph_why_fail(why, PH_ERR_PROTOCOL, "it is of another device");
    ph_buf_close(&cert);
    ph_buf_close(&ca);
    return err;
}

/* Nothing of it is written down before all of it holds. An older hub does not
 * look at the class that we said. */
static int
check(const struct talk *talk, enum ph_identity_kind kind, struct ph_why *why)
{
    const bool is_printer = kind == PH_IDENTITY_PRINTER;
    struct ph_why inner = {""};
    int err = PH_OK;

    if (talk->said->kind != kind)
        return ph_why_fail(why, PH_ERR_EXISTS,
                           "this token is for a %s, and this is a %s",
                           is_printer ? "workstation" : "printer",
                           is_printer ? "printer" : "workstation");
    err = check_certificate(talk, &inner);
    if (err == PH_OK && !is_printer)
        err = check_issuer(talk->said, &inner);
    return err == PH_OK ? PH_OK
                        : ph_why_fail(why, PH_ERR_PROTOCOL,
                                      "what the hub sent is no certificate for "
                                      "this device: %s",
                                      inner.text);
}

static int
finish(struct talk *talk, const char *dir, struct ph_enrolled *out_enrolled,
       struct ph_why *why)
{
    int err = ph_enrolled_take(talk->store, talk->said, &talk->reply.body, why);

    return err == PH_OK ? ph_enrolled_look(dir, out_enrolled, why) : err;
}

/* --- the two --- */

static int
open_for_enrolment(struct talk *talk, const struct ph_enrol_order *order,
                   struct ph_why *why)
{
    char host[PH_ENROLMENT_URL_MAX], trust[PH_ENROLLED_PATH_MAX];
    struct ph_https_options options = {.product = order->product,
                                       .address = host,
                                       .is_hub = true,
                                       .port = PH_ENROL_PORT,
                                       .pin = order->pin,
                                       .proxy = order->proxy,
                                       .stop = order->stop,
                                       .timeout_s = TIMEOUT_S};
    int err = ph_enrolment_server(order->server, host);

    if (err != PH_OK)
        return ph_why_fail(why, PH_ERR_INVALID,
                           "the hub must be https://HOST or https://HOST:PORT");
    if ((order->pin == NULL) == (order->ca_pem == NULL))
        return ph_why_fail(why, PH_ERR_INVALID,
                           "say by which authority or by which pin the hub is "
                           "known; nothing is sent to one that is not");
    if (order->ca_pem != NULL) {
        err = ph_enrolled_put_trust(talk->store, order->ca_pem, trust, why);
        options.ca_file = trust;
    }
    return err == PH_OK ? ph_https_open(&options, &talk->https, why) : err;
}

int
ph_enrol(const struct ph_enrol_order *order, struct ph_enrolled *out_enrolled,
         struct ph_why *why)
{
    struct talk talk = {.path = "/v1/enrol",
                        .token = order->token,
                        .kind = order->kind,
                        .name = order->name};
    int err = talk_open(&talk, order->dir, why);

    if (err == PH_OK && !ph_enrolment_is_token(order->token))
        err = ph_why_fail(why, PH_ERR_INVALID,
                          "that is no token; it is the one line that "
                          "'printhold-hub token add' printed");
    if (err == PH_OK)
        err = open_for_enrolment(&talk, order, why);
    if (err == PH_OK)
        err = ask(&talk, why);
    if (err == PH_OK)
        err = check(&talk, order->kind, why);
    if (err == PH_OK)
        err = finish(&talk, order->dir, out_enrolled, why);
    talk_close(&talk);
    return err;
}

static int
renew(struct talk *talk, const char *dir, const struct ph_https_options *common,
      struct ph_enrolled *enrolled, struct ph_why *why)
{
    struct ph_https_options options = *common;
    int err = ph_enrolled_look(dir, enrolled, why);

    if (err != PH_OK)
        return err;
    options.address = enrolled->hub;
    options.ca_file = enrolled->ca_file;
    options.cert_file = enrolled->cert_file;
    options.key_file = enrolled->key_file;
    err = ph_https_open(&options, &talk->https, why);
    if (err == PH_OK)
        err = ask(talk, why);
    if (err == PH_OK)
        err = check(talk, enrolled->identity.kind, why);
    if (err == PH_OK &&
        (strcmp(talk->said->id, enrolled->identity.id) != 0 ||
         strcmp(talk->said->tenant, enrolled->identity.tenant) != 0))
        err = ph_why_fail(why, PH_ERR_PROTOCOL,
                          "the hub sent the certificate of another device");
    return err;
}

int
ph_enrol_renew(const char *dir, const char *product,
               const struct ph_proxy_settings *proxy, const atomic_bool *stop,
               struct ph_enrolled *out_enrolled, uint64_t *out_retry_after_s,
               struct ph_why *why)
{
    struct ph_https_options options = {.product = product,
                                       .is_hub = true,
                                       .stop = stop,
                                       .timeout_s = TIMEOUT_S};
    struct talk talk = {.path = "/v1/renew"};
    struct ph_enrolled enrolled;
    int err = talk_open(&talk, dir, why);

    *out_retry_after_s = 0;
    if (proxy != NULL)
        options.proxy = *proxy;
    if (err == PH_OK)
        err = renew(&talk, dir, &options, &enrolled, why);
    if (err == PH_ERR_LIMIT)
        *out_retry_after_s = talk.reply.headers.retry_after_s;
    if (err == PH_OK)
        err = finish(&talk, dir, out_enrolled, why);
    talk_close(&talk);
    return err;
}
