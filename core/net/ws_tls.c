/*
 * What happens in one TLS handshake: the certificate of the other end is
 * verified for the host of the url, and every failure gets its words.
 *
 * The name that libwebsockets would verify ends at the first colon, so an IPv6
 * address could not be; here it is set again before the verification.
 */
#include "ws_private.h"

#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "printhold/base/attr.h"

#define DAY_MAX 48

/* Alerts of RFC 8446 section 6.2 that have words of their own. */
enum {
    ALERT_HANDSHAKE_FAILURE = 40,
    ALERT_BAD_CERTIFICATE = 42,
    ALERT_CERTIFICATE_UNKNOWN = 46,
    ALERT_UNKNOWN_CA = 48,
    ALERT_ACCESS_DENIED = 49,
    ALERT_PROTOCOL_VERSION = 70,
    ALERT_INSUFFICIENT_SECURITY = 71,
    ALERT_CERTIFICATE_REQUIRED = 116,
};

/* Whose handshake is it? Both know the descriptor. */
static struct ph_ws_client *
client_of(const struct ph_ws_stack *stack, const SSL *tls)
{
    int fd = SSL_get_fd(tls);
    struct ph_ws_client *client = stack->clients;

    while (client != NULL &&
           (client->wsi == NULL || lws_get_socket_fd(client->wsi) != fd))
        client = client->next;
    return fd >= 0 ? client : NULL;
}

/* --- the other end's certificate --- */

static int
require_host(struct ph_ws_client *client, X509_VERIFY_PARAM *param)
{
    X509_VERIFY_PARAM_set_hostflags(param,
                                    X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    if (client->is_literal)
        return X509_VERIFY_PARAM_set1_host(param, NULL, 0) == 1 &&
               X509_VERIFY_PARAM_set1_ip_asc(param, client->host) == 1;
    return X509_VERIFY_PARAM_set1_ip(param, NULL, 0) == 1 &&
           X509_VERIFY_PARAM_set1_host(param, client->host, 0) == 1;
}

/* The day as people write it; empty when it cannot be read. */
static void
format_day(const ASN1_TIME *time, char dst[DAY_MAX])
{
    struct tm day;

    dst[0] = '\0';
    if (time != NULL && ASN1_TIME_to_tm(time, &day) == 1)
        (void)snprintf(dst, DAY_MAX, "%04d-%02d-%02d", day.tm_year + 1900,
                       day.tm_mon + 1, day.tm_mday);
}

static void
say_untrusted(struct ph_ws_client *client, X509_STORE_CTX *store)
{
    int code = X509_STORE_CTX_get_error(store);
    const X509 *cert = X509_STORE_CTX_get_current_cert(store);
    const char *whose = X509_STORE_CTX_get_error_depth(store) > 0
                            ? "an authority's certificate of"
                            : "the certificate of";
    char day[DAY_MAX] = "";

    switch (code) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
        format_day(cert != NULL ? X509_get0_notAfter(cert) : NULL, day);
        ph_ws_set_text(client, "%s %s expired on %s", whose, client->host, day);
        return;
    case X509_V_ERR_CERT_NOT_YET_VALID:
        format_day(cert != NULL ? X509_get0_notBefore(cert) : NULL, day);
        ph_ws_set_text(client,
                       "%s %s is not valid before %s: is this computer's "
                       "clock right?",
                       whose, client->host, day);
        return;
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
        ph_ws_set_text(client, "the certificate of %s is for another name",
                       client->host);
        return;
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
        ph_ws_set_text(client,
                       "the certificate of %s is signed by an unknown "
                       "authority: see cloud.ca_file",
                       client->host);
        return;
    default:
        ph_ws_set_text(client, "the certificate of %s is not accepted: %s",
                       client->host, X509_verify_cert_error_string(code));
        return;
    }
}

static int
on_verify(X509_STORE_CTX *store, void *arg)
{
    const SSL *tls =
        X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct ph_ws_client *client = client_of(arg, tls);
    X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(store);

    if (client == NULL || !require_host(client, param)) {
        X509_STORE_CTX_set_error(store, X509_V_ERR_UNSPECIFIED);
        return 0;
    }
    client->is_trusted = X509_verify_cert(store) == 1 &&
                         X509_STORE_CTX_get_error(store) == X509_V_OK;
    if (!client->is_trusted)
        say_untrusted(client, store);
    return client->is_trusted;
}

/* --- what the other end says of us --- */

/* Often the alert is lost, because the connection is reset at once. */
bool
ph_ws_lacks_cert(const struct ph_ws_client *client)
{
    return client->is_trusted && client->is_asked &&
           client->trust->cert_file == NULL;
}

static void
say_alert(struct ph_ws_client *client, uint8_t alert)
{
    if (alert == ALERT_CERTIFICATE_REQUIRED || ph_ws_lacks_cert(client))
        ph_ws_set_text(client, "%s asks for a client certificate",
                       client->host);
    else if ((alert >= ALERT_BAD_CERTIFICATE &&
              alert <= ALERT_CERTIFICATE_UNKNOWN) ||
             alert == ALERT_UNKNOWN_CA || alert == ALERT_ACCESS_DENIED)
        ph_ws_set_text(client, "%s does not accept our certificate: %s",
                       client->host, SSL_alert_desc_string_long(alert));
    else if (alert == ALERT_PROTOCOL_VERSION ||
             alert == ALERT_INSUFFICIENT_SECURITY ||
             alert == ALERT_HANDSHAKE_FAILURE)
        ph_ws_set_text(client,
                       "%s and this computer have no version or cipher of TLS "
                       "in common",
                       client->host);
    else
        ph_ws_set_text(client, "%s refuses the TLS connection: %s",
                       client->host, SSL_alert_desc_string_long(alert));
}

static void
on_tls_message(int is_written, int version, int type, const void *bytes,
               size_t len, SSL *tls, void *arg)
{
    const uint8_t *message = bytes;
    bool is_alert =
        type == SSL3_RT_ALERT && len == 2 && message[0] == SSL3_AL_FATAL;
    bool is_request = type == SSL3_RT_HANDSHAKE && len > 0 &&
                      message[0] == SSL3_MT_CERTIFICATE_REQUEST;
    struct ph_ws_client *client;

    (void)version;
    if (is_written != 0 || (!is_alert && !is_request))
        return;
    client = client_of(arg, tls);
    if (client == NULL)
        return;
    if (is_request)
        client->is_asked = true;
    else
        say_alert(client, message[1]);
}

/* --- what OpenSSL makes of it --- */

static void
say_failure(struct ph_ws_client *client)
{
    unsigned long code = ERR_peek_last_error();
    const char *reason = ERR_reason_error_string(code);

    if (ERR_GET_LIB(code) != ERR_LIB_SSL)
        return;
    if (ERR_GET_REASON(code) == SSL_R_WRONG_VERSION_NUMBER)
        ph_ws_set_text(client, "%s does not speak TLS at this port",
                       client->host);
    else if (ERR_GET_REASON(code) == SSL_R_UNSUPPORTED_PROTOCOL)
        ph_ws_set_text(client,
                       "%s and this computer have no version or cipher of TLS "
                       "in common",
                       client->host);
    else
        ph_ws_set_text(client, "no TLS connection to %s: %s", client->host,
                       reason != NULL ? reason : "unknown error");
}

static void
on_tls_info(const SSL *tls, int where, int ret)
{
    struct ph_ws_stack *stack = SSL_CTX_get_app_data(SSL_get_SSL_CTX(tls));
    struct ph_ws_client *client = client_of(stack, tls);

    if (client == NULL)
        return;
    if (where == SSL_CB_HANDSHAKE_START) {
        client->is_reached = true;
        /* RFC 6066 section 3: no address in the name of the server */
        if (client->is_literal)
            (void)SSL_set_tlsext_host_name((SSL *)(uintptr_t)tls, NULL);
    } else if (where == SSL_CB_CONNECT_EXIT && ret < 0 &&
               SSL_get_error(tls, ret) == SSL_ERROR_SSL) {
        say_failure(client);
    }
}

void
ph_ws_tls_watch(SSL_CTX *tls, struct ph_ws_stack *stack)
{
    SSL_CTX_set_app_data(tls, stack);
    SSL_CTX_set_cert_verify_callback(tls, on_verify, stack);
    SSL_CTX_set_msg_callback(tls, on_tls_message);
    SSL_CTX_set_msg_callback_arg(tls, stack);
    SSL_CTX_set_info_callback(tls, on_tls_info);
}
