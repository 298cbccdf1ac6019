/*
 * The server's side of TLS 1.3 (RFC 8446) with mandatory client certificates;
 * and, by a constructor of its own, without any, for those who come to get one.
 *
 * One struct ph_tls_server is the context: our certificate, the only CA that
 * clients may come from, and the question whom to admit. There is no setting
 * that weakens it: version 1.3 only, no tickets, no resumption, no early data
 * (a resumed session would be taken without its certificate), the extended
 * key usage clientAuth must be present, and the certificate must carry an
 * identity of ours (printhold/crypto/identity.h) that the admit callback
 * takes. Whoever fails gets an alert and not one byte of HTTP.
 *
 * A struct ph_tls_conn is one connection on a non-blocking socket. Records
 * are collected in a scratch buffer and leave in one send(2) per flush; only
 * what the socket did not take is copied to memory of the connection. All
 * connections of a loop share one scratch, so one thread only may use them.
 * Connections of several threads may share a context; its admit callback is
 * called on the thread of the connection.
 */
#ifndef PRINTHOLD_NET_TLS_SERVER_H
#define PRINTHOLD_NET_TLS_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "printhold/base/why.h"
#include "printhold/crypto/identity.h"

struct ph_tls_server;

/* May this client speak to us? Sets why when it may not. */
typedef bool (*ph_tls_admit_cb)(const struct ph_identity *peer,
                                struct ph_why *why, void *arg);

struct ph_tls_options {
    const char *cert_file;      /* PEM: our certificate, then its chain */
    const char *key_file;       /* PEM, not encrypted */
    const char *client_ca_file; /* PEM: the only trust anchors */
    ph_tls_admit_cb admit;
    void *arg;
};

/* PH_ERR_CONFIG with the file and the remedy in why. */
int ph_tls_server_new(const struct ph_tls_options *options,
                      struct ph_tls_server **out_server, struct ph_why *why);
/* The same for those who have no certificate yet: none is asked for, and the
 * peer of every connection is nobody, its id empty. What such a server serves
 * must be fit for everybody. */
int ph_tls_server_new_open(const char *cert_file, const char *key_file,
                           struct ph_tls_server **out_server,
                           struct ph_why *why);
/* Handshakes from now on use the files of fresh, which is taken; connections
 * that are open keep what they began with. */
void ph_tls_server_renew(struct ph_tls_server *server,
                         struct ph_tls_server *fresh);
/* After the last of its connections. */
void ph_tls_server_free(struct ph_tls_server *server);

/* Where records wait for the flush. */
struct ph_tls_scratch;
int ph_tls_scratch_new(struct ph_tls_scratch **out_scratch);
void ph_tls_scratch_free(struct ph_tls_scratch *scratch);

struct ph_tls_conn;

/* The socket is taken on success; server and scratch are borrowed. */
int ph_tls_conn_new(struct ph_tls_server *server,
                    struct ph_tls_scratch *scratch, int fd,
                    struct ph_tls_conn **out_conn);
/* Closes the socket. */
void ph_tls_conn_free(struct ph_tls_conn *conn);

int ph_tls_conn_fd(const struct ph_tls_conn *conn);

/*
 * Go on with the handshake. PH_OK when it is complete, PH_ERR_AGAIN while the
 * peer must say more, PH_ERR_DENIED or PH_ERR_PROTOCOL with the reason in why
 * when it failed (the alert is sent or waits to be flushed), PH_ERR_CLOSED.
 */
int ph_tls_conn_handshake(struct ph_tls_conn *conn, struct ph_why *why);

/* Who is there; valid after the handshake. */
const struct ph_identity *ph_tls_conn_peer(const struct ph_tls_conn *conn);

/* Would the admit callback still take it? Sets why when it would not. */
bool ph_tls_conn_is_admitted(const struct ph_tls_conn *conn,
                             struct ph_why *why);

/* At most cap bytes. PH_ERR_AGAIN when there are none now, PH_ERR_CLOSED at
 * the end (with or without close_notify), PH_ERR_PROTOCOL. */
int ph_tls_conn_read(struct ph_tls_conn *conn, void *dst, size_t cap,
                     size_t *out_len);

/* Encrypt all the bytes; they leave at the next flush. The caller stops
 * writing while something is pending: over 1 MiB is PH_ERR_LIMIT. */
int ph_tls_conn_write(struct ph_tls_conn *conn, const void *bytes, size_t len);

/* Send what there is. PH_ERR_AGAIN when the socket took only a part: come
 * back when it is writable. PH_ERR_CLOSED when the peer is gone. *out_sent
 * (may be NULL) is how many bytes the socket took. */
int ph_tls_conn_flush(struct ph_tls_conn *conn, size_t *out_sent);

/* Is something waiting for the socket? */
bool ph_tls_conn_pending(const struct ph_tls_conn *conn);

/* Say close_notify; flush afterwards. Nothing may be written after it. */
void ph_tls_conn_end(struct ph_tls_conn *conn);

#endif
