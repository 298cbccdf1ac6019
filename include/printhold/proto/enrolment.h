/*
 * Enrolment at the hub, the device's side: what it asks and what it is
 * answered (docs/enrolment.md, docs/hub-api.openapi.yaml "Enrolled").
 *
 * An answer is from a hub that was recognised, and read as if it were not:
 * everything has a maximum and a form, PEM is PEM and nothing else, and nothing
 * of it is a name of a file. Whether keys and certificates are what they should
 * be says who uses them. Members that are not known are ignored.
 */
#ifndef PRINTHOLD_PROTO_ENROLMENT_H
#define PRINTHOLD_PROTO_ENROLMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "printhold/base/buf.h"
#include "printhold/base/why.h"
#include "printhold/crypto/identity.h"

#define PH_ENROLMENT_TOKEN_MAX     64 /* NUL included, as all of these */
#define PH_ENROLMENT_NAME_MAX      128
#define PH_ENROLMENT_CERT_MAX      8192
#define PH_ENROLMENT_PEM_MAX       16384
#define PH_ENROLMENT_URL_MAX       256
#define PH_ENROLMENT_KEY_BYTES     32
#define PH_ENROLMENT_ANSWER_MAX    (96 * 1024)
#define PH_ENROLMENT_REQUEST_BYTES (16 * 1024)

/* What the hub said. Tens of KiB: not for the stack. Wipe it after use. */
struct ph_enrolment {
    enum ph_identity_kind kind; /* workstation or printer */
    char tenant[PH_TENANT_MAX];
    char id[PH_IDENTITY_MAX];
    char certificate[PH_ENROLMENT_CERT_MAX]; /* PEM */
    char authority[PH_ENROLMENT_PEM_MAX];    /* PEM, one or more */
    char hub[PH_ENROLMENT_URL_MAX];          /* host and port, without https */
    int64_t not_after_ms;
    int64_t renew_after_ms;
    /* of workstations; a printer has none of them */
    char issuer[PH_ENROLMENT_URL_MAX];
    char issuer_keys[PH_ENROLMENT_PEM_MAX]; /* PEM, one or more */
    uint8_t directory_key[PH_ENROLMENT_KEY_BYTES];
    char broker[PH_ENROLMENT_URL_MAX]; /* empty: the hub knows none */
};

/* PH_ERR_SYNTAX with the member that is missing or wrong, PH_ERR_TOO_BIG,
 * PH_ERR_NOMEM. */
int ph_enrolment_parse(const void *text, size_t len,
                       struct ph_enrolment *out_enrolment, struct ph_why *why);

/* The body of POST /v1/enrol (with token, what the device is, and a name or
 * NULL) or of POST /v1/renew (token NULL). buf (initialised by the caller) is
 * replaced. */
int ph_enrolment_put(const char *token, enum ph_identity_kind kind,
                     const char *name, const struct ph_buf *csr_pem,
                     struct ph_buf *buf);

/* "workstation" or "printer", and back; PH_ERR_SYNTAX. */
const char *ph_enrolment_class_name(enum ph_identity_kind kind);
int ph_enrolment_class_parse(const char *text, enum ph_identity_kind *out_kind);

/* Is it 16 to 63 characters of base64url? */
bool ph_enrolment_is_token(const char *text);

/* "https://host", "https://host:port" (a slash may follow) or the same without
 * https:// -> "host" or "host:port". PH_ERR_SYNTAX. */
int ph_enrolment_server(const char *text, char out_host[PH_ENROLMENT_URL_MAX]);

/*
 * What an answer that is no success means: its sentence in why, and
 *   PH_ERR_LIMIT     later (429, 503)
 *   PH_ERR_EXISTS    the token is refused
 *   PH_ERR_DENIED    this device must be enrolled by a person
 *   PH_ERR_PROTOCOL  anything else
 */
int ph_enrolment_refused(unsigned status, const void *text, size_t len,
                         struct ph_why *why);

#endif
