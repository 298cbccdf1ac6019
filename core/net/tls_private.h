/* What tls_server.c and tls_conn.c share. */
#ifndef PRINTHOLD_NET_TLS_PRIVATE_H
#define PRINTHOLD_NET_TLS_PRIVATE_H

#include <pthread.h>

#include <openssl/ssl.h>

#include "printhold/base/buf.h"
#include "printhold/net/tls_server.h"

struct ph_tls_server {
    pthread_mutex_t lock;
    SSL_CTX *ctx; /* under lock */
    BIO_METHOD *bio_method;
    ph_tls_admit_cb admit; /* NULL: clients show no certificate */
    void *arg;
};

struct ph_tls_conn {
    struct ph_tls_server *server;
    struct ph_tls_scratch *scratch;
    SSL *ssl;
    int fd;
    bool broken;           /* OpenSSL forbids to use it any more */
    struct ph_buf backlog; /* what the socket did not take yet */
    struct ph_identity peer;
    struct ph_why why; /* of the verify callback */
};

/* A new SSL of what is in force. */
SSL *ph_tls_server_ssl(struct ph_tls_server *server);

/* Everything that is asked of a client's certificate beside its chain. */
int ph_tls_server_judge(const struct ph_tls_server *server, X509 *cert,
                        struct ph_identity *out_peer, struct ph_why *why);

/* The BIO that receives from the socket and collects what is to be sent. */
BIO_METHOD *ph_tls_bio_method_new(void);
BIO *ph_tls_bio_new(struct ph_tls_conn *conn);

#endif
