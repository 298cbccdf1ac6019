#include "https_call.h"

#include <string.h>

#include "printhold/base/err.h"
#include "printhold/proto/json.h"

void
ph_https_order_init(struct ph_https_order *order)
{
    memset(order, 0, sizeof(*order));
    ph_buf_init(&order->json, PH_HTTPS_CALL_MAX);
}

void
ph_https_order_close(struct ph_https_order *order)
{
    ph_buf_close(&order->json);
}

static int
put(json_t *root, const char *name, const char *text)
{
    if (text == NULL || text[0] == '\0')
        return PH_OK;
    return json_object_set_new(root, name, json_string(text)) == 0
               ? PH_OK
               : PH_ERR_PROTOCOL; /* no UTF-8, or no memory */
}

/* Members that are texts, where they are on both sides. */
static int
put_texts(json_t *root, const struct ph_https_options *options,
          const struct ph_https_request *request)
{
    const char *const pairs[][2] = {
        {"product", options->product},
        {"address", options->address},
        {"pin", options->pin},
        {"ca-file", options->ca_file},
        {"cert-file", options->cert_file},
        {"key-file", options->key_file},
        {"proxy", options->proxy.proxy},
        {"no-proxy", options->proxy.no_proxy},
        {"proxy-credentials-file", options->proxy.credentials_file},
        {"method", request->method},
        {"path", request->path},
        {"json", request->json}};
    int err = PH_OK;

    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        if (err == PH_OK)
            err = put(root, pairs[i][0], pairs[i][1]);
    }
    return err;
}

int
ph_https_order_put(const struct ph_https_options *options,
                   const struct ph_https_request *request, struct ph_buf *buf)
{
    json_t *root = json_object();
    int err = root != NULL ? put_texts(root, options, request) : PH_ERR_NOMEM;

    if (err == PH_OK &&
        (json_object_set_new(root, "is-hub", json_boolean(options->is_hub)) !=
             0 ||
         json_object_set_new(root, "port", json_integer(options->port)) != 0 ||
         json_object_set_new(root, "timeout-s",
                             json_integer((json_int_t)options->timeout_s)) !=
             0))
        err = PH_ERR_NOMEM;
    if (err == PH_OK)
        err = ph_json_put(root, buf);
    json_decref(root);
    return err;
}

/* What is not there stays empty. */
static int
take(const json_t *root, const char *name, char *dst, size_t cap)
{
    int err = ph_json_text(root, name, dst, cap);

    return err == PH_ERR_NOT_FOUND ? PH_OK : err;
}

static int
take_long(const json_t *root, const char *name, struct ph_buf *dst)
{
    const json_t *text = json_object_get(root, name);

    if (text == NULL)
        return PH_OK;
    if (!json_is_string(text))
        return PH_ERR_SYNTAX;
    return ph_buf_put(dst, json_string_value(text), json_string_length(text));
}

static int
take_order(const json_t *root, struct ph_https_order *order)
{
    struct {
        const char *name;
        char *dst;
        size_t cap;
    } texts[] = {
        {"product", order->product, sizeof(order->product)},
        {"address", order->address, sizeof(order->address)},
        {"pin", order->pin, sizeof(order->pin)},
        {"ca-file", order->ca_file, sizeof(order->ca_file)},
        {"cert-file", order->cert_file, sizeof(order->cert_file)},
        {"key-file", order->key_file, sizeof(order->key_file)},
        {"proxy", order->proxy, sizeof(order->proxy)},
        {"no-proxy", order->no_proxy, sizeof(order->no_proxy)},
        {"proxy-credentials-file", order->proxy_credentials_file,
         sizeof(order->proxy_credentials_file)},
        {"method", order->method, sizeof(order->method)},
        {"path", order->path, sizeof(order->path)},
    };
    int64_t port = 0, timeout_s = 0;
    int err = PH_OK;

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (err == PH_OK)
            err = take(root, texts[i].name, texts[i].dst, texts[i].cap);
    }
    if (err == PH_OK)
        err = ph_json_int(root, "port", 0, 65535, &port);
    if (err == PH_OK)
        err = ph_json_int(root, "timeout-s", 1, 3600, &timeout_s);
    if (err == PH_OK)
        err = take_long(root, "json", &order->json);
    order->is_hub = json_is_true(json_object_get(root, "is-hub"));
    order->port = (unsigned)port;
    order->timeout_s = (uint64_t)timeout_s;
    return err;
}

int
ph_https_order_take(const void *text, size_t len, struct ph_https_order *order)
{
    json_t *root = NULL;
    int err = ph_json_parse(text, len, PH_HTTPS_CALL_MAX, &root);

    if (err == PH_OK)
        err = take_order(root, order);
    if (err == PH_OK && (order->address[0] == '\0' ||
                         order->method[0] == '\0' || order->path[0] != '/'))
        err = PH_ERR_SYNTAX;
    json_decref(root);
    return err;
}

/* --- the answer --- */

static int
put_reply(json_t *root, const struct ph_https_reply *reply)
{
    const struct ph_reply_headers *headers = &reply->headers;

    if (json_object_set_new(root, "status", json_integer(reply->status)) != 0 ||
        (headers->has_retry_after &&
         json_object_set_new(
             root, "retry-after-s",
             json_integer((json_int_t)headers->retry_after_s)) != 0))
        return PH_ERR_NOMEM;
    return json_object_set_new(root, "body",
                               json_stringn(reply->body.len > 0
                                                ? (const char *)reply->body.data
                                                : "",
                                            reply->body.len)) == 0
               ? PH_OK
               : PH_ERR_PROTOCOL;
}

int
ph_https_answer_put(int err, const struct ph_why *why,
                    const struct ph_https_reply *reply, struct ph_buf *buf)
{
    json_t *root = json_object();
    int rc = json_object_set_new(root, "err", json_integer(err)) == 0
                 ? put(root, "why", why->text)
                 : PH_ERR_NOMEM;

    if (rc == PH_OK && err == PH_OK)
        rc = put_reply(root, reply);
    if (rc == PH_OK)
        rc = ph_json_put(root, buf);
    json_decref(root);
    return rc;
}

static int
take_reply(const json_t *root, struct ph_https_reply *reply)
{
    int64_t status = 0, retry_s = 0;
    int err = ph_json_int(root, "status", 100, 999, &status);
    int has_retry = ph_json_int(root, "retry-after-s", 0,
                                PH_REPLY_RETRY_AFTER_MAX_S, &retry_s);

    reply->headers.has_retry_after = has_retry == PH_OK;
    if (err == PH_OK && has_retry != PH_ERR_NOT_FOUND)
        err = has_retry;
    if (err == PH_OK)
        err = take_long(root, "body", &reply->body);
    reply->status = (unsigned)status;
    reply->headers.retry_after_s = (uint64_t)retry_s;
    return err;
}

int
ph_https_answer_take(const void *text, size_t len, int *out_err,
                     struct ph_why *why, struct ph_https_reply *reply)
{
    struct ph_why said = {""};
    json_t *root = NULL;
    int64_t their = 0;
    int err = ph_json_parse(text, len, PH_HTTPS_CALL_MAX, &root);

    reply->status = 0;
    ph_reply_headers_init(&reply->headers);
    ph_buf_clear(&reply->body);
    if (err == PH_OK)
        err = ph_json_int(root, "err", PH_ERR_INTERNAL, PH_OK, &their);
    if (err == PH_OK)
        err = take(root, "why", said.text, sizeof(said.text));
    if (err == PH_OK && their == PH_OK)
        err = take_reply(root, reply);
    json_decref(root);
    if (err != PH_OK)
        return err == PH_ERR_NOMEM ? err : PH_ERR_PROTOCOL;
    if (why != NULL && said.text[0] != '\0')
        *why = said;
    *out_err = (int)their;
    return PH_OK;
}
