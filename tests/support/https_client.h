/*
 * A blocking HTTPS client for tests: says exactly what it is told to say and
 * shows what comes back. Every wait ends after a few seconds with a failure.
 */
#ifndef PRINTHOLD_TESTS_SUPPORT_HTTPS_CLIENT_H
#define PRINTHOLD_TESTS_SUPPORT_HTTPS_CLIENT_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "printhold/base/buf.h"

struct https_client {
    SSL_CTX *ctx;
    SSL *ssl;
    int fd;
    unsigned tickets; /* that the server sent */
    struct ph_buf in; /* read, not yet taken */
};

/* cert is the path without ".crt" and ".key"; NULL for no certificate. Fails
 * the test when there is no TCP connection; false when the handshake fails. */
bool https_open(struct https_client *client, uint16_t port, const char *ca_file,
                const char *cert);
/* The same with a version of TLS at most. */
bool https_open_version(struct https_client *client, uint16_t port,
                        const char *ca_file, const char *cert, int version_max);
void https_close(struct https_client *client);

/* A connected socket and nothing said; from 127.0.0.1 or so many addresses
 * behind it. */
int https_connect_tcp(uint16_t port);
int https_connect_tcp_from(uint16_t port, unsigned host);

struct https_reply {
    unsigned status; /* 0: the connection ended without an answer */
    bool whole;      /* as long as Content-Length says */
    struct ph_buf head;
    struct ph_buf body;
};
void https_reply_close(struct https_reply *reply);

bool https_send(struct https_client *client, const void *bytes, size_t len);

/* Read one answer; without its body when it answers HEAD. */
void https_receive(struct https_client *client, bool head,
                   struct https_reply *out_reply);

/* Read the head of an answer only. */
void https_receive_head(struct https_client *client,
                        struct https_reply *out_reply);
/* Some body bytes; 0 at the end. */
size_t https_read(struct https_client *client, void *dst, size_t cap);

/* One request: extra header lines (or NULL), JSON (or NULL). */
void https_do(struct https_client *client, const char *method, const char *path,
              const char *fields, const char *json,
              struct https_reply *out_reply);

/* The value of a header field, "" when absent. A buffer per thread. */
const char *https_field(const struct https_reply *reply, const char *name);

#endif
