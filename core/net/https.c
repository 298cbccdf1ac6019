#include "printhold/net/https.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include "https_private.h"
#include "printhold/base/err.h"
#include "printhold/base/secret_file.h"

#define SLOW_BYTES_PER_S 1

/* --- who answers --- */

static int
check_identity(struct ph_https *https, X509 *cert)
{
    struct ph_why *why = &https->identity_why;
    struct ph_identity identity;
    int err = ph_identity_of_cert(cert, &identity, why);

    if (err != PH_OK)
        return err;
    if (https->is_hub && identity.kind != PH_IDENTITY_SERVICE)
        return ph_why_fail(why, PH_ERR_DENIED,
                           "what answers at %s is not the hub",
                           https->authority);
    if (!https->is_hub && identity.kind != PH_IDENTITY_WORKSTATION)
        return ph_why_fail(why, PH_ERR_DENIED,
                           "what answers at %s is not a workstation",
                           https->authority);
    if (https->tenant[0] != '\0' && strcmp(identity.tenant, https->tenant) != 0)
        return ph_why_fail(why, PH_ERR_DENIED,
                           "what answers at %s belongs to another tenant",
                           https->authority);
    if (https->workstation_id[0] != '\0' &&
        strcmp(identity.id, https->workstation_id) != 0)
        return ph_why_fail(why, PH_ERR_DENIED,
                           "at %s answers workstation %s, expected was %s; "
                           "its address may have changed",
                           https->authority, identity.id,
                           https->workstation_id);
    return PH_OK;
}

/* The certificate that has the pin, of those that were shown. */
static X509 *
find_pinned(const struct ph_https *https, X509_STORE_CTX *store)
{
    STACK_OF(X509) *shown = X509_STORE_CTX_get0_untrusted(store);

    for (int i = 0; i < sk_X509_num(shown); i++) {
        X509 *cert = sk_X509_value(shown, i);
        char pin[PH_SPKI_PIN_TEXT];

        if (ph_identity_cert_pin(cert, pin) == PH_OK &&
            strcmp(pin, https->pin) == 0)
            return cert;
    }
    return NULL;
}

/* With that one as the only anchor, whether it signed itself or not. */
static int
verify_pinned(struct ph_https *https, X509_STORE_CTX *store)
{
    X509 *pinned = find_pinned(https, store);
    STACK_OF(X509) *anchors = sk_X509_new_null();
    int verified = 0;

    if (pinned == NULL)
        ph_why_set(&https->identity_why,
                   "none of its certificates has the pin; it is another hub, "
                   "or its authority was made anew");
    if (pinned != NULL && anchors != NULL &&
        sk_X509_push(anchors, pinned) > 0) {
        X509_STORE_CTX_set0_trusted_stack(store, anchors);
        X509_STORE_CTX_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
        verified = X509_verify_cert(store);
        X509_STORE_CTX_set0_trusted_stack(store, NULL);
    } else {
        X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
    }
    sk_X509_free(anchors);
    return verified;
}

/* In place of OpenSSL's own verification of the chain, which it calls first:
 * chain and purpose, then the identity. */
static int
on_verify_chain(X509_STORE_CTX *store, void *arg)
{
    struct ph_https *https = arg;
    const int verified = https->pin[0] != '\0' ? verify_pinned(https, store)
                                               : X509_verify_cert(store);

    if (verified != 1)
        return 0;
    if (check_identity(https, X509_STORE_CTX_get0_cert(store)) == PH_OK)
        return 1;
    X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
    return 0;
}

static CURLcode
on_ssl_context(CURL *curl, void *ssl_context, void *arg)
{
    SSL_CTX *ctx = ssl_context;

    (void)curl;
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_cert_verify_callback(ctx, on_verify_chain, arg);
    return CURLE_OK;
}

/* --- setting up --- */

static bool
backend_is_openssl(void)
{
    const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);

    return info->ssl_version != NULL &&
           strncmp(info->ssl_version, "OpenSSL/", 8) == 0;
}

/* Called at least every second. */
static int
on_progress(void *arg, curl_off_t down, curl_off_t down_now, curl_off_t up,
            curl_off_t up_now)
{
    const struct ph_https *https = arg;

    (void)down, (void)down_now, (void)up, (void)up_now;
    return https->stop != NULL && atomic_load(https->stop) ? 1 : 0;
}

/* NULL when there is none. */
static const char *
text_of(struct ph_buf *buf)
{
    return buf->len > 0 ? ph_buf_str(buf) : NULL;
}

bool
ph_https_set_transport(struct ph_https *https)
{
    CURL *curl = https->curl;
    bool by_name = https->workstation_id[0] == '\0';
    bool ok = true;

#define SET(option, value) ok = curl_easy_setopt(curl, option, value) == 0 && ok
#if LIBCURL_VERSION_NUM >= 0x075500
    SET(CURLOPT_PROTOCOLS_STR, "https");
#else
    SET(CURLOPT_PROTOCOLS, (long)CURLPROTO_HTTPS);
#endif
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_3);
    SET(CURLOPT_SSL_VERIFYPEER, 1L);
    SET(CURLOPT_SSL_VERIFYHOST, by_name ? 2L : 0L);
    SET(CURLOPT_SSL_CTX_FUNCTION, on_ssl_context);
    SET(CURLOPT_SSL_CTX_DATA, https);
    SET(CURLOPT_SSL_SESSIONID_CACHE, 0L);
    SET(CURLOPT_CAINFO, https->ca_file);
    SET(CURLOPT_CAPATH, NULL);
    SET(CURLOPT_SSLCERT, https->cert_file);
    SET(CURLOPT_SSLKEY, https->key_file);
    SET(CURLOPT_PROXY, https->proxy);
    SET(CURLOPT_NOPROXY, "");
    SET(CURLOPT_PROXYTYPE, (long)CURLPROXY_HTTP);
    SET(CURLOPT_PROXYAUTH, (long)CURLAUTH_BASIC);
    SET(CURLOPT_PROXYUSERNAME, text_of(&https->proxy_user));
    SET(CURLOPT_PROXYPASSWORD, text_of(&https->proxy_password));
    SET(CURLOPT_HEADEROPT, (long)CURLHEADER_SEPARATE);
    SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_USERAGENT, https->product);
    SET(CURLOPT_CONNECTTIMEOUT, (long)https->timeout_s);
    SET(CURLOPT_LOW_SPEED_LIMIT, (long)SLOW_BYTES_PER_S);
    SET(CURLOPT_LOW_SPEED_TIME, (long)https->timeout_s);
    SET(CURLOPT_ERRORBUFFER, https->error);
    SET(CURLOPT_NOPROGRESS, https->stop == NULL ? 1L : 0L);
    SET(CURLOPT_XFERINFOFUNCTION, on_progress);
    SET(CURLOPT_XFERINFODATA, https);
#undef SET
    return ok;
}

static int
copy(const char *text, char **out_copy)
{
    *out_copy = text != NULL ? strdup(text) : NULL;
    return text == NULL || *out_copy != NULL ? PH_OK : PH_ERR_NOMEM;
}

static int
copy_files(struct ph_https *https, const struct ph_https_options *options)
{
    int err = copy(options->ca_file, &https->ca_file);

    if (err == PH_OK)
        err = copy(options->cert_file, &https->cert_file);
    if (err == PH_OK)
        err = copy(options->key_file, &https->key_file);
    return err;
}

/* Whom we believe, and whose we are. */
static int
take_trust(struct ph_https *https, const struct ph_https_options *options,
           struct ph_why *why)
{
    struct ph_identity own;
    int err;

    if (options->pin != NULL &&
        (strncmp(options->pin, "sha256-", 7) != 0 ||
         strlen(options->pin) != 7 + PH_THUMBPRINT_TEXT - 1))
        return ph_why_fail(why, PH_ERR_INVALID,
                           "a pin is sha256- and 43 characters");
    if ((options->pin != NULL) == (options->ca_file != NULL) ||
        (options->cert_file == NULL && !options->is_hub))
        return PH_ERR_INVALID;
    if (options->pin != NULL)
        (void)snprintf(https->pin, sizeof(https->pin), "%s", options->pin);
    if (options->cert_file == NULL)
        return PH_OK;
    err = ph_identity_of_file(options->cert_file, &own, why);
    if (err == PH_OK)
        memcpy(https->tenant, own.tenant, sizeof(https->tenant));
    return err;
}

/* "user:password" */
static int
read_login(struct ph_https *https, const char *file, struct ph_why *why)
{
    struct ph_buf login;
    const uint8_t *colon;
    size_t user_len;
    int err = ph_secret_read(file, &login, why);

    if (err != PH_OK)
        return err;
    colon = memchr(login.data, ':', login.len);
    user_len = colon != NULL ? (size_t)(colon - login.data) : login.len;
    err = ph_buf_put(&https->proxy_user, login.data, user_len);
    if (err == PH_OK && colon != NULL)
        err = ph_buf_put(&https->proxy_password, colon + 1,
                         login.len - user_len - 1);
    ph_buf_close(&login);
    return err;
}

/* The configured one, unless the other end is reached without it. */
static int
take_proxy(struct ph_https *https, const struct ph_proxy_settings *settings,
           struct ph_why *why)
{
    const char *no_proxy = settings->no_proxy,
               *file = settings->credentials_file;
    char host[PH_ADDRESS_MAX];
    struct ph_proxy proxy;
    bool is_v6;
    int err = ph_proxy_parse(settings->proxy != NULL ? settings->proxy : "",
                             &proxy, why);

    if (err != PH_OK || proxy.host[0] == '\0')
        return err;
    if (no_proxy != NULL &&
        ph_net_take_host(https->authority, host, sizeof(host)) != NULL &&
        ph_no_proxy_matches(no_proxy, host))
        return PH_OK;
    is_v6 = strchr(proxy.host, ':') != NULL;
    (void)snprintf(https->proxy, sizeof(https->proxy), "http://%s%s%s:%u",
                   is_v6 ? "[" : "", proxy.host, is_v6 ? "]" : "",
                   (unsigned)proxy.port);
    return file != NULL && file[0] != '\0' ? read_login(https, file, why)
                                           : PH_OK;
}

static unsigned
usual_port(const struct ph_https_options *options)
{
    if (options->port != 0)
        return options->port;
    return options->is_hub ? PH_ADDRESS_PORT_HUB : PH_ADDRESS_PORT_DEFAULT;
}

static int
take_options(struct ph_https *https, const struct ph_https_options *options,
             struct ph_why *why)
{
    const char *id = options->workstation_id;
    int err;

    if (ph_address_authority_at(options->address, usual_port(options),
                                https->authority) != PH_OK)
        return ph_why_fail(why, PH_ERR_INVALID,
                           "the %s must be HOST or HOST:PORT",
                           options->is_hub ? "hub" : "workstation");
    https->is_hub = options->is_hub;
    https->timeout_s = options->timeout_s;
    https->stop = options->stop;
    (void)snprintf(https->product, sizeof(https->product), "%s/%s",
                   options->product, PRINTHOLD_VERSION);
    if (id != NULL && (id[0] == '\0' || strlen(id) >= PH_IDENTITY_MAX))
        return ph_why_fail(why, PH_ERR_INVALID,
                           "the workstation id is not a valid one");
    if (id != NULL)
        memcpy(https->workstation_id, id, strlen(id) + 1);
    err = take_proxy(https, &options->proxy, why);
    if (err == PH_OK)
        err = take_trust(https, options, why);
    return err == PH_OK ? copy_files(https, options) : err;
}

int
ph_https_start(void)
{
    return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? PH_OK
                                                             : PH_ERR_INTERNAL;
}

void
ph_https_stop(void)
{
    curl_global_cleanup();
}

int
ph_https_open(const struct ph_https_options *options,
              struct ph_https **out_https, struct ph_why *why)
{
    struct ph_https *https = NULL;
    int err = PH_OK;

    if (!backend_is_openssl())
        return ph_why_fail(why, PH_ERR_UNSUPPORTED,
                           "this program needs a libcurl that uses OpenSSL");
    https = calloc(1, sizeof(*https));
    if (https == NULL)
        return PH_ERR_NOMEM;
    ph_buf_init(&https->proxy_user, PH_SECRET_MAX + 1);
    ph_buf_init(&https->proxy_password, PH_SECRET_MAX + 1);
    err = take_options(https, options, why);
    if (err != PH_OK)
        goto out;
    https->curl = curl_easy_init();
    if (https->curl == NULL || !ph_https_set_transport(https)) {
        err = ph_why_fail(why, PH_ERR_UNSUPPORTED,
                          "this libcurl lacks TLS 1.3 or client certificates");
        goto out;
    }
    *out_https = https;
    https = NULL;
out:
    ph_https_close(https);
    return err;
}

void
ph_https_close(struct ph_https *https)
{
    if (https == NULL)
        return;
    curl_easy_cleanup(https->curl);
    ph_buf_close(&https->proxy_user);
    ph_buf_close(&https->proxy_password);
    free(https->ca_file);
    free(https->cert_file);
    free(https->key_file);
    free(https);
}
