/*
 * What libwebsockets 4.1.6 needs here, each point measured:
 *   - its own name look-up blocks the loop: it gets an address literal, and
 *     the name as "host", which is what it verifies and sends as SNI;
 *   - the http_proxy variable of the environment is taken silently: an empty
 *     proxy address turns that off;
 *   - a connect may fail with NULL and no callback, and a connection whose
 *     TLS the other end refuses may vanish without one: every way ends in one
 *     on_closed;
 *   - its error texts are poor: the verification callback and the last log
 *     lines say why;
 *   - on a foreign loop the context is destroyed in two steps with the closing
 *     of its handles in between (on_round).
 */
#include "ws_client.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libwebsockets.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <uv.h>

#include "printhold/base/err.h"
#include "printhold/base/log.h"

#define RX_PIECE_BYTES             8192
#define FD_MAX                     16 /* connections of the context, not of the process */
#define CONNECT_LIMIT_S            20 /* the link's own limit is shorter */
#define TEXT_MAX_BYTES             200
#define ALERT_CERTIFICATE_REQUIRED 116 /* RFC 8446 section 6.2 */
/* The context's handles close in two rounds of the loop (first the
 * connections, then its timers); one more for safety. */
#define CLOSE_ROUNDS 3

struct ph_ws_client {
    uv_loop_t *loop;
    struct lws_context *context;
    struct lws_vhost *vhost;
    struct lws *wsi;
    struct lws_protocols protocols[2];
    struct ph_ws_events events;
    void *arg;
    bool is_connecting; /* inside lws_client_connect_via_info */
    bool is_busy;       /* on_closed is owed */
    bool is_trusted;    /* the broker's certificate is accepted */
    bool is_open;
    bool is_freeing;
    char text[TEXT_MAX_BYTES]; /* why the connection ended */
    char peer[PH_ADDRESS_TEXT];
    uint16_t port;
    uv_timer_t defer;
    uv_idle_t round;
    unsigned rounds;
    void (*freed)(void *arg);
    void *freed_arg;
};

/* libwebsockets' log has no argument: the last line is remembered for the
 * thread, which is the one of the loop. */
static _Thread_local char last_line[TEXT_MAX_BYTES];

static void
on_log(int level, const char *line)
{
    size_t len = strcspn(line, "\r\n");

    if ((level & LLL_ERR) != 0)
        (void)snprintf(last_line, sizeof(last_line), "%.*s", (int)len, line);
    ph_log_debug("websocket: %.*s", (int)len, line);
}

/* The first reason is the true one; what follows is its consequence. */
static void
set_text(struct ph_ws_client *client, const char *text, size_t len)
{
    if (client->text[0] == '\0' && len > 0)
        (void)snprintf(client->text, sizeof(client->text), "%.*s", (int)len,
                       text);
}

static void on_deferred(uv_timer_t *timer);

static void
deliver_closed(struct ph_ws_client *client)
{
    char text[TEXT_MAX_BYTES];

    client->wsi = NULL;
    if (!client->is_busy || client->is_freeing)
        return;
    if (client->is_connecting) { /* not from inside _connect */
        (void)uv_timer_start(&client->defer, on_deferred, 0, 0);
        return;
    }
    client->is_busy = false;
    set_text(client, last_line, strlen(last_line));
    if (client->text[0] == '\0')
        (void)snprintf(client->text, sizeof(client->text), "%s",
                       client->is_trusted && !client->is_open
                           ? "the broker hangs up after TLS: does it accept "
                             "our certificate?"
                           : "the broker closed the connection");
    (void)snprintf(text, sizeof(text), "%s", client->text);
    client->events.on_closed(text, client->arg);
}

static void
on_deferred(uv_timer_t *timer)
{
    deliver_closed(timer->data);
}

static void
note_verification(struct ph_ws_client *client, X509_STORE_CTX *store)
{
    int code = X509_STORE_CTX_get_error(store);
    char text[TEXT_MAX_BYTES];
    int len;

    if (code == X509_V_OK)
        return;
    len = snprintf(text, sizeof(text),
                   "the broker's certificate is not accepted: %s",
                   X509_verify_cert_error_string(code));
    set_text(client, text, (size_t)len);
}

/* libwebsockets' words alone ("closed before established") help nobody. */
static void
note_failure(struct ph_ws_client *client, const char *detail, size_t len)
{
    char text[TEXT_MAX_BYTES];
    int text_len;

    if (client->is_trusted)
        return;
    text_len =
        snprintf(text, sizeof(text), "no TLS connection to %s port %u: %.*s",
                 client->peer, client->port, (int)(len < 80 ? len : 80),
                 len > 0 ? detail : "");
    set_text(client, text, (size_t)text_len);
}

/* OpenSSL 3.0 has no words for the one alert that matters most here. */
static const char *
alert_text(uint8_t description)
{
    return description == ALERT_CERTIFICATE_REQUIRED
               ? "certificate required"
               : SSL_alert_desc_string_long(description);
}

/* Without our certificate, or with one it does not like, the broker only sends
 * an alert (RFC 8446 section 6.2). */
static void
on_tls_message(int is_written, int version, int type, const void *bytes,
               size_t len, SSL *tls, void *arg)
{
    const uint8_t *alert = bytes;
    char text[TEXT_MAX_BYTES];
    int text_len;

    (void)version;
    (void)tls;
    if (is_written != 0 || type != SSL3_RT_ALERT || len != 2 ||
        alert[0] != SSL3_AL_FATAL)
        return;
    text_len = snprintf(text, sizeof(text),
                        "the broker refuses our TLS connection: %s",
                        alert_text(alert[1]));
    set_text(arg, text, (size_t)text_len);
}

/* The first sight of the connection's SSL. libwebsockets' own way to hear of
 * alerts (ssl_info_event_mask) crashes in a client. */
static void
on_verification(struct ph_ws_client *client, X509_STORE_CTX *store, SSL *tls,
                bool is_good)
{
    SSL_set_msg_callback(tls, on_tls_message);
    (void)SSL_set_msg_callback_arg(tls, client);
    client->is_trusted = is_good;
    if (!is_good)
        note_verification(client, store);
}

static int
on_receive(struct ph_ws_client *client, struct lws *wsi, const void *bytes,
           size_t len)
{
    static const char text_frame[] = "the broker sent text, not MQTT";

    if (!lws_frame_is_binary(wsi)) {
        set_text(client, text_frame, sizeof(text_frame) - 1);
        return -1;
    }
    return client->events.on_bytes(bytes, len, client->arg) ? 0 : -1;
}

static int
on_event(struct lws *wsi, enum lws_callback_reasons reason, void *user,
         void *in, size_t len)
{
    struct lws_context *context = lws_get_context(wsi);
    struct ph_ws_client *client =
        context != NULL ? lws_context_user(context) : NULL;

    if (client == NULL || client->is_freeing)
        return 0;
    switch (reason) {
    case LWS_CALLBACK_OPENSSL_PERFORM_SERVER_CERT_VERIFICATION:
        on_verification(client, user, in, len != 0);
        return 0; /* no opinion of our own: what OpenSSL refused stays so */
    case LWS_CALLBACK_CLIENT_ESTABLISHED:
        client->is_open = true;
        client->events.on_open(client->arg);
        return 0;
    case LWS_CALLBACK_CLIENT_RECEIVE:
        return on_receive(client, wsi, in, len);
    case LWS_CALLBACK_CLIENT_WRITEABLE:
        return client->events.on_writable(client->arg) ? 0 : -1;
    case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
        set_text(client, last_line, strlen(last_line));
        note_failure(client, in, in != NULL ? len : 0);
        deliver_closed(client);
        return 0;
    case LWS_CALLBACK_CLIENT_CLOSED:
        deliver_closed(client);
        return 0;
    case LWS_CALLBACK_WSI_DESTROY:
        if (wsi == client->wsi) /* it died without the two above */
            deliver_closed(client);
        return 0;
    default:
        return 0;
    }
}

/* No compression, nothing below TLS 1.2, only the given authority. */
static int
make_vhost(struct ph_ws_client *client, const struct ph_ws_options *options)
{
    struct lws_context_creation_info info = {
        .port = CONTEXT_PORT_NO_LISTEN,
        .protocols = client->protocols,
        .options = LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT |
                   LWS_SERVER_OPTION_DISABLE_OS_CA_CERTS,
        .http_proxy_address = "",
        .client_ssl_ca_filepath = options->ca_file,
        .client_ssl_cert_filepath = options->cert_file,
        .client_ssl_private_key_filepath = options->key_file,
        .ssl_client_options_set = (long)(SSL_OP_NO_TLSv1 | SSL_OP_NO_TLSv1_1),
        .connect_timeout_secs = CONNECT_LIMIT_S,
        .timeout_secs = CONNECT_LIMIT_S,
        .vhost_name = "cloud",
    };

    client->vhost = lws_create_vhost(client->context, &info);
    return client->vhost != NULL ? PH_OK : PH_ERR_CONFIG;
}

static int
make_context(struct ph_ws_client *client)
{
    void *loops[1] = {client->loop};
    struct lws_context_creation_info info = {
        .port = CONTEXT_PORT_NO_LISTEN,
        .options = LWS_SERVER_OPTION_LIBUV | LWS_SERVER_OPTION_EXPLICIT_VHOSTS |
                   LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT |
                   LWS_SERVER_OPTION_UV_NO_SIGSEGV_SIGFPE_SPIN,
        .foreign_loops = loops,
        .fd_limit_per_thread = FD_MAX,
        .pcontext = &client->context,
        .user = client,
    };

    client->context = lws_create_context(&info);
    return client->context != NULL ? PH_OK : PH_ERR_INTERNAL;
}

/* libwebsockets only warns of an authority file that it cannot read. */
static int
check_files(const struct ph_ws_options *options, struct ph_why *why)
{
    SSL_CTX *tls = SSL_CTX_new(TLS_client_method());
    int err = PH_OK;

    if (tls == NULL)
        return PH_ERR_NOMEM;
    if (SSL_CTX_load_verify_locations(tls, options->ca_file, NULL) != 1)
        err = ph_why_fail(why, PH_ERR_CONFIG,
                          "cannot read the cloud's CA certificate %s",
                          options->ca_file);
    else if (options->cert_file != NULL &&
             SSL_CTX_use_certificate_chain_file(tls, options->cert_file) != 1)
        err = ph_why_fail(why, PH_ERR_CONFIG, "cannot read the certificate %s",
                          options->cert_file);
    else if (options->cert_file != NULL &&
             (SSL_CTX_use_PrivateKey_file(tls, options->key_file,
                                          SSL_FILETYPE_PEM) != 1 ||
              SSL_CTX_check_private_key(tls) != 1))
        err = ph_why_fail(why, PH_ERR_CONFIG,
                          "cannot use the private key %s with certificate %s",
                          options->key_file, options->cert_file);
    SSL_CTX_free(tls);
    return err;
}

int
ph_ws_client_new(uv_loop_t *loop, const struct ph_ws_options *options,
                 struct ph_ws_client **out_client, struct ph_why *why)
{
    struct ph_ws_client *client;
    int err = check_files(options, why);

    if (err != PH_OK)
        return err;
    client = calloc(1, sizeof(*client));
    if (client == NULL)
        return PH_ERR_NOMEM;
    client->loop = loop;
    client->events = options->events;
    client->arg = options->arg;
    client->protocols[0] =
        (struct lws_protocols){.name = options->subprotocol,
                               .callback = on_event,
                               .rx_buffer_size = RX_PIECE_BYTES};
    lws_set_log_level(LLL_ERR | LLL_WARN, on_log);
    err = make_context(client);
    if (err != PH_OK) {
        free(client);
        return ph_why_fail(why, err,
                           "libwebsockets cannot use the event loop: is its "
                           "libuv plug-in (libwebsockets-evlib-uv) installed?");
    }
    (void)uv_timer_init(loop, &client->defer);
    client->defer.data = client;
    client->round.data = client;
    err = make_vhost(client, options);
    if (err != PH_OK) {
        ph_ws_client_free(client, NULL, NULL);
        return ph_why_fail(why, err, "cannot set up TLS for the cloud: %s",
                           last_line);
    }
    last_line[0] = '\0';
    *out_client = client;
    return PH_OK;
}

int
ph_ws_client_connect(struct ph_ws_client *client, const struct ph_ws_url *url,
                     const struct ph_address *address)
{
    struct lws_client_connect_info info = {
        .context = client->context,
        .vhost = client->vhost,
        .address = client->peer,
        .port = url->port,
        .ssl_connection = LCCSCF_USE_SSL,
        .path = url->path,
        .host = url->host,
        .origin = url->host,
        .protocol = client->protocols[0].name,
        .local_protocol_name = client->protocols[0].name,
        .pwsi = &client->wsi,
        .alpn = "http/1.1",
    };

    if (client->is_busy || client->is_freeing)
        return PH_ERR_STATE;
    ph_address_format(address, client->peer);
    client->port = url->port;
    client->text[0] = '\0';
    last_line[0] = '\0';
    client->is_trusted = client->is_open = false;
    client->is_busy = true;
    client->is_connecting = true;
    if (lws_client_connect_via_info(&info) == NULL)
        deliver_closed(client);
    client->is_connecting = false;
    return PH_OK;
}

void
ph_ws_client_want_write(struct ph_ws_client *client)
{
    if (client->wsi != NULL)
        (void)lws_callback_on_writable(client->wsi);
}

int
ph_ws_client_write(struct ph_ws_client *client, const void *bytes, size_t len)
{
    unsigned char *copy = malloc(LWS_PRE + len);
    int written;

    if (copy == NULL)
        return PH_ERR_NOMEM;
    memcpy(copy + LWS_PRE, bytes, len);
    written = lws_write(client->wsi, copy + LWS_PRE, len, LWS_WRITE_BINARY);
    free(copy);
    return written < (int)len ? PH_ERR_CLOSED : PH_OK;
}

void
ph_ws_client_abort(struct ph_ws_client *client)
{
    if (client->wsi != NULL)
        lws_set_timeout(client->wsi, PENDING_TIMEOUT_USER_REASON_BASE,
                        LWS_TO_KILL_ASYNC);
}

/* --- the end --- */

static void
on_round(uv_handle_t *handle)
{
    struct ph_ws_client *client = handle->data;

    if (client->rounds++ < CLOSE_ROUNDS) {
        (void)uv_idle_init(client->loop, &client->round);
        uv_close((uv_handle_t *)&client->round, on_round);
        return;
    }
    if (client->context != NULL) /* set to NULL by libwebsockets */
        lws_context_destroy(client->context);
    if (client->freed != NULL)
        client->freed(client->freed_arg);
    free(client);
}

/* From the loop, so never inside a callback of libwebsockets. */
static void
on_free(uv_timer_t *timer)
{
    struct ph_ws_client *client = timer->data;

    lws_context_destroy(client->context);
    uv_close((uv_handle_t *)&client->defer, on_round);
}

void
ph_ws_client_free(struct ph_ws_client *client, void (*done)(void *arg),
                  void *arg)
{
    client->is_freeing = true;
    client->freed = done;
    client->freed_arg = arg;
    (void)uv_timer_start(&client->defer, on_free, 0, 0);
}
