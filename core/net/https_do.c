#include "printhold/net/https.h"

#include <stdio.h>
#include <string.h>

#include "https_private.h"
#include "printhold/base/err.h"
#include "printhold/base/parse.h"
#include "printhold/base/wipe.h"

#define URL_MAX        1024
#define LINE_MAX_BYTES 8192

/* What the callbacks of one request work on. */
struct exchange {
    const struct ph_https_request *request;
    struct ph_https_reply *reply;
    int err;
};

void
ph_https_reply_init(struct ph_https_reply *reply)
{
    reply->status = 0;
    ph_reply_headers_init(&reply->headers);
    ph_buf_init(&reply->body, PH_HTTPS_BODY_MAX);
}

void
ph_https_reply_close(struct ph_https_reply *reply)
{
    ph_buf_close(&reply->body);
}

/* --- what arrives --- */

static void
take_status(struct exchange *exchange, const char *line, size_t len)
{
    uint64_t status;

    /* "HTTP/1.1 200 OK": curl has checked the form. A further status line
     * follows an interim response (1xx), whose headers do not count. */
    if (len < 12 || ph_parse_u64_n(line + 9, 3, 100, 599, &status) != PH_OK) {
        exchange->err = PH_ERR_PROTOCOL;
        return;
    }
    exchange->reply->status = (unsigned)status;
    ph_reply_headers_init(&exchange->reply->headers);
}

static size_t
on_header(char *line, size_t size, size_t count, void *arg)
{
    struct exchange *exchange = arg;
    size_t len = size * count;

    if (len > LINE_MAX_BYTES)
        exchange->err = PH_ERR_PROTOCOL;
    else if (len >= 5 && memcmp(line, "HTTP/", 5) == 0)
        take_status(exchange, line, len);
    else
        exchange->err =
            ph_reply_headers_take(&exchange->reply->headers, line, len);
    return exchange->err == PH_OK ? len : 0;
}

static size_t
on_body(char *bytes, size_t size, size_t count, void *arg)
{
    struct exchange *exchange = arg;
    struct ph_https_reply *reply = exchange->reply;
    const struct ph_https_request *request = exchange->request;
    size_t len = size * count;

    if (request->on_body != NULL &&
        (reply->status == 200 || reply->status == 206))
        exchange->err = request->on_body(reply, bytes, len, request->arg);
    else if (ph_buf_put(&reply->body, bytes, len) != PH_OK)
        exchange->err = PH_ERR_PROTOCOL;
    return exchange->err == PH_OK ? len : 0;
}

/* --- one request --- */

/* Append "name: value"; the text is wiped again by free_headers. */
static int
add_header(struct curl_slist **list, const char *name, const char *value)
{
    struct curl_slist *longer = NULL;
    struct ph_buf line;
    const char *text = NULL;
    int err = PH_ERR_NOMEM;

    ph_buf_init(&line, LINE_MAX_BYTES);
    if (ph_buf_printf(&line, "%s: %s", name, value) == PH_OK)
        text = ph_buf_str(&line);
    if (text != NULL)
        longer = curl_slist_append(*list, text);
    if (longer != NULL) {
        *list = longer;
        err = PH_OK;
    }
    ph_buf_close(&line);
    return err;
}

static void
free_headers(struct curl_slist *list)
{
    for (struct curl_slist *at = list; at != NULL; at = at->next)
        ph_wipe(at->data, strlen(at->data));
    curl_slist_free_all(list);
}

static int
make_headers(const struct ph_https_request *request, struct curl_slist **list)
{
    char text[64];
    int err = add_header(list, "Accept",
                         request->on_body != NULL
                             ? "*/*"
                             : "application/json, application/problem+json");

    if (err == PH_OK && request->bearer != NULL) {
        struct ph_buf value;

        ph_buf_init(&value, LINE_MAX_BYTES);
        err = ph_buf_printf(&value, "Bearer %s", request->bearer);
        if (err == PH_OK)
            err = add_header(list, "Authorization", ph_buf_str(&value));
        ph_buf_close(&value);
    }
    if (err == PH_OK && request->json != NULL)
        err = add_header(list, "Content-Type", "application/json");
    if (err == PH_OK && request->offset > 0) {
        (void)snprintf(text, sizeof(text), "bytes=%llu-",
                       (unsigned long long)request->offset);
        err = add_header(list, "Range", text);
    }
    if (err == PH_OK && request->offset > 0 && request->if_range != NULL)
        err = add_header(list, "If-Range", request->if_range);
    return err;
}

static bool
set_post(CURL *curl, const char *body)
{
    return curl_easy_setopt(curl, CURLOPT_POST, 1L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE,
                            (curl_off_t)strlen(body)) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body) == CURLE_OK;
}

static bool
set_method(CURL *curl, const struct ph_https_request *request)
{
    if (strcmp(request->method, "GET") == 0)
        return curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L) == CURLE_OK;
    if (!set_post(curl, request->json != NULL ? request->json : ""))
        return false;
    return strcmp(request->method, "POST") == 0 ||
           curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method) ==
               CURLE_OK;
}

/* Every request starts from the same settings; connections stay open. */
static int
prepare(struct ph_https *https, struct exchange *exchange,
        struct curl_slist **headers)
{
    char url[URL_MAX];
    int len = snprintf(url, sizeof(url), "https://%s%s", https->authority,
                       exchange->request->path);

    if (len < 0 || (size_t)len >= sizeof(url))
        return PH_ERR_TOO_BIG;
    curl_easy_reset(https->curl);
    https->error[0] = '\0';
    https->identity_why.text[0] = '\0';
    if (!ph_https_set_transport(https) ||
        make_headers(exchange->request, headers) != PH_OK ||
        !set_method(https->curl, exchange->request) ||
        curl_easy_setopt(https->curl, CURLOPT_URL, url) != CURLE_OK ||
        curl_easy_setopt(https->curl, CURLOPT_HTTPHEADER, *headers) !=
            CURLE_OK ||
        curl_easy_setopt(https->curl, CURLOPT_HEADERFUNCTION, on_header) !=
            CURLE_OK ||
        curl_easy_setopt(https->curl, CURLOPT_HEADERDATA, exchange) !=
            CURLE_OK ||
        curl_easy_setopt(https->curl, CURLOPT_WRITEFUNCTION, on_body) !=
            CURLE_OK ||
        curl_easy_setopt(https->curl, CURLOPT_WRITEDATA, exchange) != CURLE_OK)
        return PH_ERR_NOMEM;
    return PH_OK;
}

/* In TLS 1.3 the server's verdict on our certificate is an alert that arrives
 * after the handshake is over for us, so it looks like a broken read; only the
 * text of OpenSSL tells it from a cut connection. */
static bool
was_alert(const struct ph_https *https)
{
    return strstr(https->error, " alert ") != NULL;
}

/* Said by a proxy, which then passed nothing on; 0: by none. */
static long
proxy_refusal(struct ph_https *https)
{
    long status = 0;

    if (https->proxy[0] == '\0' ||
        curl_easy_getinfo(https->curl, CURLINFO_HTTP_CONNECTCODE, &status) !=
            CURLE_OK ||
        status / 100 == 2)
        return 0;
    return status;
}

static int
failure(struct ph_https *https, CURLcode code, bool answered,
        struct ph_why *why)
{
    const char *text =
        https->error[0] != '\0' ? https->error : curl_easy_strerror(code);
    const long refusal = proxy_refusal(https);

    if (refusal != 0) /* tinyproxy says 401 for a wrong password */
        return ph_why_fail(why, PH_ERR_AGAIN,
                           "the proxy %s lets nobody through to %s (status "
                           "%ld)%s",
                           https->proxy, https->authority, refusal,
                           refusal == 407 || refusal == 401
                               ? "; see cloud.proxy_credentials_file"
                               : "");
    switch (code) {
    case CURLE_COULDNT_RESOLVE_PROXY:
        return ph_why_fail(why, PH_ERR_AGAIN, "cannot reach the proxy %s: %s",
                           https->proxy, text);
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
        return ph_why_fail(why, PH_ERR_AGAIN, "cannot reach %s: %s",
                           https->authority, text);
    case CURLE_PEER_FAILED_VERIFICATION:
        if (https->identity_why.text[0] != '\0')
            text = https->identity_why.text;
        return ph_why_fail(why, PH_ERR_DENIED,
                           "the certificate of %s is refused: %s",
                           https->authority, text);
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
        return ph_why_fail(why, PH_ERR_CONFIG, "%s", text);
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
        if (was_alert(https))
            return ph_why_fail(why, PH_ERR_DENIED,
                               "%s refuses our certificate or TLS version: %s",
                               https->authority, text);
        break;
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_UNSUPPORTED_PROTOCOL:
        return ph_why_fail(why, PH_ERR_PROTOCOL,
                           "%s does not speak our HTTP: %s", https->authority,
                           text);
    case CURLE_ABORTED_BY_CALLBACK:
        return ph_why_fail(why, PH_ERR_CANCELLED, "stopped");
    case CURLE_OUT_OF_MEMORY:
        return PH_ERR_NOMEM;
    default:
        break;
    }
    /* A reset can overtake the alert, so the reason may be lost. */
    return ph_why_fail(why, PH_ERR_CLOSED, "the connection to %s broke: %s%s",
                       https->authority, text,
                       answered ? ""
                                : "; perhaps it does not accept our "
                                  "certificate");
}

/* A time-out while connecting sent nothing, so any request may be repeated. */
static bool
timed_out_connecting(CURL *curl, CURLcode code)
{
    curl_off_t connected_us = 0;

    return code == CURLE_OPERATION_TIMEDOUT &&
           curl_easy_getinfo(curl, CURLINFO_PRETRANSFER_TIME_T,
                             &connected_us) == CURLE_OK &&
           connected_us == 0;
}

int
ph_https_do(struct ph_https *https, const struct ph_https_request *request,
            struct ph_https_reply *reply, struct ph_why *why)
{
    struct exchange exchange = {request, reply, PH_OK};
    struct curl_slist *headers = NULL;
    CURLcode code;
    int err;

    reply->status = 0;
    ph_reply_headers_init(&reply->headers);
    ph_buf_clear(&reply->body);
    err = prepare(https, &exchange, &headers);
    if (err != PH_OK)
        goto out;
    code = curl_easy_perform(https->curl);
    if (exchange.err == PH_ERR_PROTOCOL)
        err = ph_why_fail(why, PH_ERR_PROTOCOL,
                          "%s sent an answer that breaks the rules",
                          https->authority);
    else if (exchange.err != PH_OK)
        err = exchange.err;
    else if (timed_out_connecting(https->curl, code))
        err = ph_why_fail(why, PH_ERR_AGAIN, "%s does not answer",
                          https->authority);
    else if (code != CURLE_OK)
        err = failure(https, code, reply->status != 0, why);
out:
    free_headers(headers);
    return err;
}
