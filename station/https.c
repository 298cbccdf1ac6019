#include "https.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include "https_private.h"
#include "printhold/base/err.h"

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
    if (strcmp(identity.tenant, https->tenant) != 0)
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

/* In place of OpenSSL's own verification of the chain, which it calls first:
 * chain and purpose, then the identity. */
static int
on_verify_chain(X509_STORE_CTX *store, void *arg)
{
    struct ph_https *https = arg;

    if (X509_verify_cert(store) != 1)
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
    SET(CURLOPT_PROXY, "");
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_USERAGENT, "printhold-station/" PRINTHOLD_VERSION);
    SET(CURLOPT_CONNECTTIMEOUT, (long)https->timeout_s);
    SET(CURLOPT_LOW_SPEED_LIMIT, (long)SLOW_BYTES_PER_S);
    SET(CURLOPT_LOW_SPEED_TIME, (long)https->timeout_s);
    SET(CURLOPT_ERRORBUFFER, https->error);
#undef SET
    return ok;
}

static int
take_options(struct ph_https *https, const struct ph_https_options *options,
             struct ph_why *why)
{
    struct ph_identity own;
    const char *id = options->workstation_id;
    int err;

    if (ph_address_authority_at(options->workstation,
                                options->is_hub ? PH_ADDRESS_PORT_HUB
                                                : PH_ADDRESS_PORT_DEFAULT,
                                https->authority) != PH_OK)
        return ph_why_fail(why, PH_ERR_INVALID,
                           "the %s must be HOST or HOST:PORT",
                           options->is_hub ? "hub" : "workstation");
    https->is_hub = options->is_hub;
    if (id != NULL && (id[0] == '\0' || strlen(id) >= PH_IDENTITY_MAX))
        return ph_why_fail(why, PH_ERR_INVALID,
                           "the workstation id is not a valid one");
    err = ph_identity_of_file(options->cert_file, &own, why);
    if (err != PH_OK)
        return err;
    memcpy(https->tenant, own.tenant, sizeof(https->tenant));
    if (id != NULL)
        memcpy(https->workstation_id, id, strlen(id) + 1);
    https->ca_file = strdup(options->ca_file);
    https->cert_file = strdup(options->cert_file);
    https->key_file = strdup(options->key_file);
    https->timeout_s = options->timeout_s;
    if (https->ca_file == NULL || https->cert_file == NULL ||
        https->key_file == NULL)
        return PH_ERR_NOMEM;
    return PH_OK;
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
    free(https->ca_file);
    free(https->cert_file);
    free(https->key_file);
    free(https);
}
