#include "printhold/net/tls_server.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "printhold/base/err.h"
#include "tls_known.h"
#include "tls_private.h"

#define CHAIN_DEPTH_MAX 3 /* intermediates between the CA and the client */

/* Key files of ours are not encrypted; never ask on a terminal. */
static int
no_password(char *buf, int size, int writing, void *arg)
{
    (void)buf;
    (void)size;
    (void)writing;
    (void)arg;
    return 0;
}

/* "http/1.1" or, for a client that offers only other protocols, an alert. */
static int
select_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_len,
                const unsigned char *in, unsigned int in_len, void *arg)
{
    static const unsigned char ours[] = "\x08http/1.1";
    unsigned char *chosen = NULL;

    (void)ssl;
    (void)arg;
    if (SSL_select_next_proto(&chosen, out_len, ours, sizeof(ours) - 1, in,
                              in_len) != OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

/* OpenSSL takes a certificate without any extended key usage for every
 * purpose; we want the purpose to be written there. */
static bool
is_for_clients(X509 *cert)
{
    return (X509_get_extension_flags(cert) & EXFLAG_XKUSAGE) != 0 &&
           (X509_get_extended_key_usage(cert) & XKU_SSL_CLIENT) != 0;
}

int
ph_tls_server_judge(const struct ph_tls_server *server, X509 *cert,
                    struct ph_identity *out_peer, struct ph_why *why)
{
    struct ph_identity peer;
    int err;

    if (!is_for_clients(cert))
        return ph_why_fail(why, PH_ERR_DENIED,
                           "The certificate is not made for clients "
                           "(extended key usage clientAuth is missing)");
    err = ph_identity_of_cert(cert, &peer, why);
    if (err != PH_OK)
        return PH_ERR_DENIED;
    if (!server->admit(&peer, why, server->arg))
        return PH_ERR_DENIED;
    *out_peer = peer;
    return PH_OK;
}

static struct ph_tls_conn *
conn_of(X509_STORE_CTX *ctx)
{
    return SSL_get_app_data(
        X509_STORE_CTX_get_ex_data(ctx, SSL_get_ex_data_X509_STORE_CTX_idx()));
}

static int
judge_leaf(X509_STORE_CTX *ctx)
{
    struct ph_tls_conn *conn = conn_of(ctx);

    if (ph_tls_server_judge(conn->server, X509_STORE_CTX_get0_cert(ctx),
                            &conn->peer, &conn->why) == PH_OK)
        return 1;
    X509_STORE_CTX_set_error(ctx, X509_V_ERR_APPLICATION_VERIFICATION);
    return 0;
}

/* Called for every certificate of the chain; the leaf comes last. */
static int
verify_one(int preverified, X509_STORE_CTX *ctx)
{
    struct ph_tls_conn *conn = conn_of(ctx);

    if (!preverified) {
        ph_why_set(
            &conn->why, "The certificate was refused: %s",
            X509_verify_cert_error_string(X509_STORE_CTX_get_error(ctx)));
        return 0;
    }
    return X509_STORE_CTX_get_error_depth(ctx) != 0 ? 1 : judge_leaf(ctx);
}

static int
verify(X509_STORE_CTX *ctx, void *known)
{
    if (ph_tls_known_has(known, ctx))
        return judge_leaf(ctx);
    if (X509_verify_cert(ctx) != 1)
        return 0;
    ph_tls_known_add(known, ctx);
    return 1;
}

/* No finite fields: whoever comes could ask for 10 ms of work (ffdhe8192). Where
 * only approved groups exist, OpenSSL refuses a list with X25519. */
static void
set_groups(SSL_CTX *ctx)
{
    char all[] = "X25519:P-256:P-384", approved[] = "P-256:P-384";

    if (SSL_CTX_set1_groups_list(ctx, all) != 1)
        (void)SSL_CTX_set1_groups_list(ctx, approved);
}

static void
harden(SSL_CTX *ctx)
{
    (void)SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION);
    (void)SSL_CTX_set_max_proto_version(ctx, TLS1_3_VERSION);
    (void)SSL_CTX_set_num_tickets(ctx, 0);
    (void)SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    (void)SSL_CTX_set_max_early_data(ctx, 0);
    (void)SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION |
                                       SSL_OP_CIPHER_SERVER_PREFERENCE |
                                       SSL_OP_IGNORE_UNEXPECTED_EOF |
                                       SSL_OP_CLEANSE_PLAINTEXT);
    set_groups(ctx);
    /* What is sent is what stands in the file: else OpenSSL looks for a chain,
     * and verifies it, in every handshake. */
    (void)SSL_CTX_set_mode(ctx,
                           SSL_MODE_RELEASE_BUFFERS | SSL_MODE_NO_AUTO_CHAIN);
    SSL_CTX_set_read_ahead(ctx, 1);
    SSL_CTX_set_alpn_select_cb(ctx, select_protocol, NULL);
    SSL_CTX_set_default_passwd_cb(ctx, no_password);
}

/* Before the trust anchors are there. */
static int
demand_certificates(SSL_CTX *ctx)
{
    struct ph_tls_known *known = ph_tls_known_new(ctx);

    if (known == NULL)
        return PH_ERR_NOMEM;
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                       verify_one);
    SSL_CTX_set_cert_verify_callback(ctx, verify, known);
    SSL_CTX_set_verify_depth(ctx, CHAIN_DEPTH_MAX);
    return PH_OK;
}

static int
fail_file(struct ph_why *why, const char *what, const char *path)
{
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());

    ph_why_set(why, "Cannot use %s %s: %s", what, path,
               reason != NULL ? reason : "unknown reason");
    ERR_clear_error();
    return PH_ERR_CONFIG;
}

static int
load_own(SSL_CTX *ctx, const struct ph_tls_options *options, struct ph_why *why)
{
    ERR_clear_error();
    if (SSL_CTX_use_certificate_chain_file(ctx, options->cert_file) != 1)
        return fail_file(why, "the certificate", options->cert_file);
    if (SSL_CTX_use_PrivateKey_file(ctx, options->key_file, SSL_FILETYPE_PEM) !=
            1 ||
        SSL_CTX_check_private_key(ctx) != 1)
        return fail_file(why, "the key", options->key_file);
    return PH_OK;
}

static int
load_anchors(SSL_CTX *ctx, const struct ph_tls_options *options,
             struct ph_why *why)
{
    STACK_OF(X509_NAME) *names = NULL;

    ERR_clear_error();
    if (SSL_CTX_load_verify_file(ctx, options->client_ca_file) != 1)
        return fail_file(why, "the CA of the clients", options->client_ca_file);
    names = SSL_load_client_CA_file(options->client_ca_file);
    if (names == NULL)
        return fail_file(why, "the CA of the clients", options->client_ca_file);
    SSL_CTX_set_client_CA_list(ctx, names);
    return PH_OK;
}

static int
server_new(const struct ph_tls_options *options, bool open,
           struct ph_tls_server **out_server, struct ph_why *why)
{
    struct ph_tls_server *server = calloc(1, sizeof(*server));
    int err = PH_ERR_NOMEM;

    if (server == NULL)
        return err;
    if (pthread_mutex_init(&server->lock, NULL) != 0) {
        free(server);
        return err;
    }
    server->admit = open ? NULL : options->admit;
    server->arg = options->arg;
    server->ctx = SSL_CTX_new(TLS_server_method());
    server->bio_method = ph_tls_bio_method_new();
    if (server->ctx == NULL || server->bio_method == NULL)
        goto out;
    harden(server->ctx);
    err = load_own(server->ctx, options, why);
    if (err == PH_OK && !open)
        err = demand_certificates(server->ctx);
    if (err == PH_OK && !open)
        err = load_anchors(server->ctx, options, why);
    if (err != PH_OK)
        goto out;
    *out_server = server;
    server = NULL;
out:
    ph_tls_server_free(server);
    return err;
}

int
ph_tls_server_new(const struct ph_tls_options *options,
                  struct ph_tls_server **out_server, struct ph_why *why)
{
    if (options->admit == NULL || options->client_ca_file == NULL)
        return ph_why_fail(why, PH_ERR_INTERNAL,
                           "a server needs to know whom it admits");
    return server_new(options, false, out_server, why);
}

int
ph_tls_server_new_open(const char *cert_file, const char *key_file,
                       struct ph_tls_server **out_server, struct ph_why *why)
{
    const struct ph_tls_options options = {.cert_file = cert_file,
                                           .key_file = key_file};

    return server_new(&options, true, out_server, why);
}

SSL *
ph_tls_server_ssl(struct ph_tls_server *server)
{
    SSL *ssl;

    (void)pthread_mutex_lock(&server->lock);
    ssl = SSL_new(server->ctx);
    (void)pthread_mutex_unlock(&server->lock);
    return ssl;
}

void
ph_tls_server_renew(struct ph_tls_server *server, struct ph_tls_server *fresh)
{
    SSL_CTX *old;

    /* Connections hold a reference of their own to theirs. */
    (void)pthread_mutex_lock(&server->lock);
    old = server->ctx;
    server->ctx = fresh->ctx;
    (void)pthread_mutex_unlock(&server->lock);
    fresh->ctx = old;
    ph_tls_server_free(fresh);
}

void
ph_tls_server_free(struct ph_tls_server *server)
{
    if (server == NULL)
        return;
    SSL_CTX_free(server->ctx);
    BIO_meth_free(server->bio_method);
    (void)pthread_mutex_destroy(&server->lock);
    free(server);
}
