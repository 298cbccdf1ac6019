/*
 * The client's end of HTTPS: one connection to one workstation or to the hub,
 * on libcurl. For threads that may wait: it blocks.
 *
 * TLS 1.3 or newer, our client certificate, and the fleet CA's file as the
 * only trust anchor: neither the system's store nor proxies or .netrc of the
 * environment are used (a proxy of the options is: CONNECT, proxy.h), redirects are not followed. Who answers must prove to
 * be a workstation of our own tenant by its certificate (crypto/identity.h).
 * With a workstation id given it must be that one; the host name then plays
 * no part, because workstations are reached at changing addresses. Without
 * one the certificate must also be valid for the host name or address. The hub
 * must be a service of the tenant, and its certificate valid for the name.
 *
 * Before there is a certificate of our own (enrolment) the tenant is not known
 * either, and any will do. In place of the CA's file there may be the pin of
 * one of the certificates that the server shows: that one is the only anchor.
 */
#ifndef PRINTHOLD_NET_HTTPS_H
#define PRINTHOLD_NET_HTTPS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "printhold/base/buf.h"
#include "printhold/base/why.h"
#include "printhold/net/proxy.h"
#include "printhold/net/reply_headers.h"

#define PH_HTTPS_BODY_MAX (4 * 1024 * 1024) /* of JSON answers */

/* Once in a program, before its first thread; and at its end. */
int ph_https_start(void);
void ph_https_stop(void);

struct ph_https;

struct ph_https_options {
    const char *product;        /* who we are, of the header User-Agent */
    const char *address;        /* as in address.h */
    const char *workstation_id; /* "ws-..." or NULL */
    bool is_hub;                /* the hub of the tenant is there, port 9444 */
    unsigned port;              /* unless the address says it; 0: as is usual */
    const char *ca_file;        /* this one, */
    const char *pin;       /* or "sha256-..." as ph_identity_spki_pin has it */
    const char *cert_file; /* NULL: none yet, for the hub only */
    const char *key_file;
    struct ph_proxy_settings proxy;
    uint64_t timeout_s;      /* to connect, and without a byte moving */
    const atomic_bool *stop; /* set: requests end within a second; or NULL */
};

/* Reads our certificate for the tenant; connects at the first request. */
int ph_https_open(const struct ph_https_options *options,
                  struct ph_https **out_https, struct ph_why *why);
void ph_https_close(struct ph_https *https);

struct ph_https_reply {
    unsigned status;
    struct ph_reply_headers headers;
    struct ph_buf body;
};
void ph_https_reply_init(struct ph_https_reply *reply);
void ph_https_reply_close(struct ph_https_reply *reply);

/* Bytes of a document (status 200 or 206); the headers are complete. Not
 * PH_OK stops the transfer, and the request returns that code. */
typedef int (*ph_https_body_cb)(const struct ph_https_reply *reply,
                                const void *bytes, size_t len, void *arg);

struct ph_https_request {
    const char *method; /* GET, POST or DELETE */
    const char *path;   /* "/v1/..." */
    const char *bearer; /* session or NULL */
    const char *json;   /* body or NULL */
    uint64_t offset;    /* of a Range to the end; 0 = no Range */
    const char *if_range;
    ph_https_body_cb on_body; /* NULL: everything goes to reply->body */
    void *arg;
};

/*
 * PH_OK when a whole answer came, whatever its status. Else, with the
 * connection given up:
 *   PH_ERR_AGAIN     nothing was sent: no route, refused, timed out
 *   PH_ERR_CLOSED    the connection broke or stalled on the way
 *   PH_ERR_DENIED    one of the two certificates was not accepted
 *   PH_ERR_PROTOCOL  not the HTTP that we speak
 *   PH_ERR_CONFIG    certificate, key or CA file cannot be used
 *   PH_ERR_CANCELLED *stop was set
 *   or what on_body returned.
 */
int ph_https_do(struct ph_https *https, const struct ph_https_request *request,
                struct ph_https_reply *reply, struct ph_why *why);

#endif
