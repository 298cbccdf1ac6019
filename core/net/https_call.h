/*
 * One HTTPS request as two messages, so that another process can make it: what
 * is asked (https.h), and what came of it. JSON; both sides bounded.
 */
#ifndef PH_NET_HTTPS_CALL_H
#define PH_NET_HTTPS_CALL_H

#include "printhold/net/https.h"

#define PH_HTTPS_CALL_MAX ((size_t)256 * 1024)

/* What is asked, with room of its own; empty text is NULL of https.h. */
struct ph_https_order {
    char product[64], address[280], pin[80];
    char ca_file[256], cert_file[256], key_file[256];
    char proxy[512], no_proxy[512], proxy_credentials_file[512];
    char method[8], path[256];
    bool is_hub;
    unsigned port;
    uint64_t timeout_s;
    struct ph_buf json;
};

void ph_https_order_init(struct ph_https_order *order);
void ph_https_order_close(struct ph_https_order *order);

int ph_https_order_put(const struct ph_https_options *options,
                       const struct ph_https_request *request,
                       struct ph_buf *buf);
int ph_https_order_take(const void *text, size_t len,
                        struct ph_https_order *order);

/* err and why of ph_https_do or ph_https_open, and the reply if there is one.
 * PH_ERR_PROTOCOL when the body is no text. */
int ph_https_answer_put(int err, const struct ph_why *why,
                        const struct ph_https_reply *reply, struct ph_buf *buf);
/* *out_err is what the other process had. */
int ph_https_answer_take(const void *text, size_t len, int *out_err,
                         struct ph_why *why, struct ph_https_reply *reply);

#endif
