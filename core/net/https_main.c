/*
 * printhold-https: makes one request of https.h for a program that does not want
 * libcurl in its memory (https_apart.h). The request comes by standard input,
 * which is a socket, and the answer goes back there.
 */
#include <stdio.h>
#include <unistd.h>

#include "https_call.h"
#include "printhold/base/err.h"
#include "printhold/base/io.h"

static const char *
or_null(const char *text)
{
    return text[0] != '\0' ? text : NULL;
}

static int
make(struct ph_https_order *order, struct ph_https_reply *reply,
     struct ph_why *why)
{
    const struct ph_https_options options = {
        .product = order->product,
        .address = order->address,
        .is_hub = order->is_hub,
        .port = order->port,
        .ca_file = or_null(order->ca_file),
        .pin = or_null(order->pin),
        .cert_file = or_null(order->cert_file),
        .key_file = or_null(order->key_file),
        .proxy = {order->proxy, order->no_proxy, order->proxy_credentials_file},
        .timeout_s = order->timeout_s,
    };
    const struct ph_https_request request = {
        .method = order->method,
        .path = order->path,
        .json = order->json.len > 0 ? ph_buf_str(&order->json) : NULL,
    };
    struct ph_https *https = NULL;
    int err = ph_https_start();

    if (err == PH_OK)
        err = ph_https_open(&options, &https, why);
    if (err == PH_OK)
        err = ph_https_do(https, &request, reply, why);
    ph_https_close(https);
    ph_https_stop();
    return err;
}

static int
take_order(struct ph_https_order *order)
{
    struct ph_buf text;
    char bytes[4096];
    size_t got = sizeof(bytes);
    int err = PH_OK;

    ph_buf_init(&text, PH_HTTPS_CALL_MAX);
    while (err == PH_OK && got == sizeof(bytes)) {
        err = ph_io_read_full(STDIN_FILENO, bytes, sizeof(bytes), &got);
        if (err == PH_OK)
            err = ph_buf_put(&text, bytes, got);
    }
    if (err == PH_OK)
        err = ph_https_order_take(text.data, text.len, order);
    ph_buf_close(&text);
    return err;
}

int
main(int argc, char **argv)
{
    struct ph_https_order order;
    struct ph_https_reply reply;
    struct ph_why why = {""};
    struct ph_buf answer;
    int err;

    (void)argv;
    if (argc != 1) {
        (void)fprintf(stderr, "printhold-https is for printhold-agent, which "
                              "says by a socket what to ask\n");
        return 2;
    }
    ph_https_order_init(&order);
    ph_https_reply_init(&reply);
    ph_buf_init(&answer, PH_HTTPS_CALL_MAX);
    err = take_order(&order);
    if (err == PH_OK)
        err = make(&order, &reply, &why);
    if (ph_https_answer_put(err, &why, &reply, &answer) != PH_OK) {
        ph_buf_clear(&answer);
        err = ph_https_answer_put(PH_ERR_PROTOCOL, &why, &reply, &answer);
    }
    if (err == PH_OK || answer.len > 0)
        err = ph_io_write_full(STDIN_FILENO, answer.data, answer.len);
    ph_https_order_close(&order);
    ph_https_reply_close(&reply);
    ph_buf_close(&answer);
    return err == PH_OK ? 0 : 1;
}
