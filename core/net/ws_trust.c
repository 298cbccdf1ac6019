/*
 * Whom we trust and as whom we come: one OpenSSL context for each set of
 * files, made by us, because libwebsockets only warns of an authority file
 * that it cannot read and takes hints from the environment.
 */
#include "ws_private.h"

#include <stdlib.h>
#include <string.h>

#include <unistd.h>

#include "printhold/base/err.h"

#define CONNECT_LIMIT_S 20 /* the link's own limits are shorter */

/* The system's authorities by the names that OpenSSL was built with; its own
 * loader would ask the environment. */
static int
load_system(SSL_CTX *tls)
{
    const char *file = X509_get_default_cert_file();
    const char *dir = X509_get_default_cert_dir();
    bool has_file = access(file, R_OK) == 0;
    bool has_dir = access(dir, R_OK) == 0;

    if ((has_file && SSL_CTX_load_verify_file(tls, file) != 1) ||
        (has_dir && SSL_CTX_load_verify_dir(tls, dir) != 1))
        return PH_ERR_CONFIG;
    return has_file || has_dir ? PH_OK : PH_ERR_CONFIG;
}

static int
load_authorities(SSL_CTX *tls, const char *ca_file, struct ph_why *why)
{
    if (ca_file == NULL)
        return load_system(tls) == PH_OK
                   ? PH_OK
                   : ph_why_fail(why, PH_ERR_CONFIG,
                                 "cannot read the system's CA certificates: "
                                 "is the package ca-certificates installed?");
    if (SSL_CTX_load_verify_file(tls, ca_file) != 1)
        return ph_why_fail(why, PH_ERR_CONFIG,
                           "cannot read the cloud's CA certificate %s",
                           ca_file);
    return PH_OK;
}

static int
load_identity(SSL_CTX *tls, const struct ph_ws_options *options,
              struct ph_why *why)
{
    if (options->cert_file == NULL)
        return PH_OK;
    if (SSL_CTX_use_certificate_chain_file(tls, options->cert_file) != 1)
        return ph_why_fail(why, PH_ERR_CONFIG, "cannot read the certificate %s",
                           options->cert_file);
    if (SSL_CTX_use_PrivateKey_file(tls, options->key_file, SSL_FILETYPE_PEM) !=
            1 ||
        SSL_CTX_check_private_key(tls) != 1)
        return ph_why_fail(why, PH_ERR_CONFIG,
                           "cannot use the private key %s with certificate %s",
                           options->key_file, options->cert_file);
    return PH_OK;
}

/* No compression, nothing below TLS 1.2, only the given authority. */
static int
make_tls(struct ph_ws_trust *trust, const struct ph_ws_options *options,
         struct ph_why *why)
{
    int err;

    trust->tls = SSL_CTX_new(TLS_client_method());
    if (trust->tls == NULL)
        return PH_ERR_NOMEM;
    (void)SSL_CTX_set_min_proto_version(trust->tls, TLS1_2_VERSION);
    (void)SSL_CTX_set_options(trust->tls,
                              SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
    (void)SSL_CTX_set_mode(trust->tls, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_verify(trust->tls, SSL_VERIFY_PEER, NULL);
    ph_ws_tls_watch(trust->tls, trust->stack);
    err = load_authorities(trust->tls, options->ca_file, why);
    return err == PH_OK ? load_identity(trust->tls, options, why) : err;
}

static int
make_vhost(struct ph_ws_trust *trust)
{
    struct lws_context_creation_info info = {
        .port = CONTEXT_PORT_NO_LISTEN,
        .protocols = ph_ws_protocols,
        .options = LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT |
                   LWS_SERVER_OPTION_DISABLE_OS_CA_CERTS,
        .http_proxy_address = "", /* else the environment's is taken */
        .provided_client_ssl_ctx = trust->tls,
        .connect_timeout_secs = CONNECT_LIMIT_S,
        .timeout_secs = CONNECT_LIMIT_S,
        .vhost_name = "cloud",
    };

    trust->vhost = lws_create_vhost(trust->stack->context, &info);
    return trust->vhost != NULL ? PH_OK : PH_ERR_INTERNAL;
}

static void
free_trust(struct ph_ws_trust *trust)
{
    SSL_CTX_free(trust->tls);
    free(trust->ca_file);
    free(trust->cert_file);
    free(trust->key_file);
    free(trust);
}

static int
copy_text(const char *text, char **out_copy)
{
    *out_copy = text != NULL ? strdup(text) : NULL;
    return text == NULL || *out_copy != NULL ? PH_OK : PH_ERR_NOMEM;
}

static int
make_trust(struct ph_ws_stack *stack, const struct ph_ws_options *options,
           struct ph_ws_trust **out_trust, struct ph_why *why)
{
    struct ph_ws_trust *trust = calloc(1, sizeof(*trust));
    int err;

    if (trust == NULL)
        return PH_ERR_NOMEM;
    trust->stack = stack;
    err = copy_text(options->ca_file, &trust->ca_file);
    if (err == PH_OK)
        err = copy_text(options->cert_file, &trust->cert_file);
    if (err == PH_OK)
        err = copy_text(options->key_file, &trust->key_file);
    if (err == PH_OK)
        err = make_tls(trust, options, why);
    if (err == PH_OK && make_vhost(trust) != PH_OK)
        err = ph_why_fail(why, PH_ERR_INTERNAL,
                          "cannot set up TLS for the cloud: %s",
                          ph_ws_last_line());
    if (err != PH_OK) {
        free_trust(trust);
        return err;
    }
    *out_trust = trust;
    return PH_OK;
}

static bool
is_same(const char *one, const char *other)
{
    return one == NULL || other == NULL ? one == other
                                        : strcmp(one, other) == 0;
}

int
ph_ws_trust_get(struct ph_ws_stack *stack, const struct ph_ws_options *options,
                struct ph_ws_trust **out_trust, struct ph_why *why)
{
    struct ph_ws_trust *trust = stack->trusts;
    int err;

    while (trust != NULL && !(is_same(trust->ca_file, options->ca_file) &&
                              is_same(trust->cert_file, options->cert_file) &&
                              is_same(trust->key_file, options->key_file)))
        trust = trust->next;
    if (trust == NULL) {
        err = make_trust(stack, options, &trust, why);
        if (err != PH_OK)
            return err;
        trust->next = stack->trusts;
        stack->trusts = trust;
    }
    *out_trust = trust;
    return PH_OK;
}

void
ph_ws_trust_free_all(struct ph_ws_stack *stack)
{
    while (stack->trusts != NULL) {
        struct ph_ws_trust *trust = stack->trusts;

        stack->trusts = trust->next;
        free_trust(trust);
    }
}
