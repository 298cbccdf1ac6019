/*
 * The release service on real jobs, with a throw-away PKI and an issuer.
 * Documents are of alice (uid 1001) and bob (uid 1002) @example.com.
 */
#ifndef PRINTHOLD_TESTS_SUPPORT_RELEASE_RIG_H
#define PRINTHOLD_TESTS_SUPPORT_RELEASE_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "https_client.h"
#include "jobs_fixture.h"
#include "printhold/crypto/jws.h"
#include "release_service.h"

#define RIG_ISSUER "https://hub.example"
#define RIG_PATH   256

/* Certificates and keys, made once for a test program. */
int rig_make_pki(void **state);
int rig_remove_pki(void **state);
/* "<pki>/<name>"; static buffers, several at a time; not in other threads. */
const char *rig_pki(const char *name);

struct rig {
    struct jobs_fixture jobs;
    struct ph_release_service *service;
    uint16_t port;
    unsigned grants; /* made so far: each has its own jti */
};

/* cmocka set-up and tear-down of a rig per test. */
int rig_set_up(void **state);
int rig_tear_down(void **state);
void rig_start(struct rig *rig);
void rig_stop(struct rig *rig);

/* Hold a document of size bytes; its byte at n is rig_byte(n). */
struct ph_id rig_hold(struct rig *rig, const char *user, size_t size);
struct ph_id rig_hold_confidential(struct rig *rig, const char *user,
                                   size_t size);
uint8_t rig_byte(uint64_t offset);

void rig_open(struct rig *rig, struct https_client *client, const char *name);

/* What a grant says; NULL members have good defaults. Texts are JSON. */
struct rig_grant {
    const char *signer; /* name of the key: "issuer", or "other-issuer" */
    const char *header; /* whole header; "KID" is replaced */
    const char *issuer;
    const char *audience;
    const char *subject;
    const char *printer; /* certificate that it is bound to: "pr-1" */
    const char *jti;
    const char *amr;
    const char *more; /* further claims, with a leading comma */
    int64_t shift_s;
    int64_t life_s; /* 0: 120 */
};
/* Free with free. */
char *rig_grant(struct rig *rig, const struct rig_grant *grant);
void rig_post_grant(struct https_client *client, const char *token,
                    struct https_reply *out_reply);

/* Sign in on this connection; the Authorization line with CRLF. */
void rig_sign_in(struct rig *rig, struct https_client *client,
                 const char *printer, const char *user, char line[RIG_PATH]);

/* The same with these ways (amr), JSON. */
void rig_sign_in_by(struct rig *rig, struct https_client *client,
                    const char *printer, const char *user, const char *amr,
                    char line[RIG_PATH]);

/* "/v1/jobs/<id><rest>"; a buffer per thread. */
const char *rig_job_path(const struct ph_id *id, const char *rest);

/* One request whose body does not matter. */
unsigned rig_status(struct https_client *client, const char *method,
                    const char *path, const char *fields, const char *json);

/* A printer at which someone has signed in: a connection with a session. */
struct rig_printer {
    struct https_client client;
    char line[RIG_PATH];
};
void rig_arrive(struct rig *rig, struct rig_printer *printer, const char *name,
                const char *user);
/* One request about a job; its status. */
unsigned rig_ask(struct rig_printer *printer, const char *method,
                 const struct ph_id *id, const char *rest, const char *json);
/* GET the document with further header lines. */
void rig_get_document(struct rig_printer *printer, const struct ph_id *id,
                      const char *fields, struct https_reply *out_reply);
/* Ask for it and take only the head of the answer; etag may be NULL. */
void rig_begin_download(struct rig_printer *printer, const struct ph_id *id,
                        char etag[128]);
/* The body is that part of a held document. */
void rig_check_bytes(const struct ph_buf *body, uint64_t offset);

#endif
