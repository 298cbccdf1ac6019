/*
 * Who gets a certificate: the decisions of enrolment and renewal, each in one
 * transaction, without HTTP. docs/enrolment.md is the contract.
 *
 * A token is shown with a request for a certificate. Its first use binds it to
 * the key of that request; the same key gets the same certificate again for as
 * long as the token lives, because an answer can be lost; any other key is
 * refused and recorded.
 *
 * Renewal goes by the certificate that the device shows in TLS. The newest one
 * of the device gets a successor. One that has a successor already gets that
 * same successor again when it asks with the successor's key and nobody has
 * used it yet (the answer was lost); anything else means that two devices have
 * the same past, one of them a copy: refused, recorded, and the device is
 * flagged for a person to look at.
 */
#ifndef PRINTHOLD_HUB_ENROL_H
#define PRINTHOLD_HUB_ENROL_H

#include "hub.h"

#define HUB_TOKEN_TEXT 33 /* 24 random bytes in base64url, and NUL */

/* A new token for a class; what is in order besides mac and number is kept.
 * The text is shown once and never kept. */
int hub_token_make(struct hub *hub, struct hub_token *token,
                   char out_text[HUB_TOKEN_TEXT]);

/* A device's certificate, and whether it is told a second time. */
struct hub_enrolled {
    char id[HUB_ID_MAX];
    enum ph_identity_kind kind;
    char login[PH_LOGIN_MAX];
    char pem[PH_CERT_PEM_MAX];
    int64_t issued_ms;
    int64_t not_after_ms;
    bool is_repeated;
};

/* What the caller must tell, beside errors of the store. */
enum hub_verdict {
    HUB_ENROLLED,
    HUB_TOKEN_REFUSED, /* unknown, over, or used with another key */
    HUB_TOKEN_CLASS,   /* for devices of the other class; not used */
    HUB_RENEWED_LATELY,
    HUB_RENEWS_ELSEWHERE,
    HUB_CERTIFICATE_OVER,
    HUB_IS_A_COPY,
    HUB_CANNOT_SIGN, /* why says it */
};

/* What the device says that it is (NULL: it does not); name is what it calls
 * itself, or empty; from where it came. */
int hub_enrol(struct hub *hub, const char *token,
              const enum ph_identity_kind *kind, const struct ph_csr *csr,
              const char *name, const char *address,
              enum hub_verdict *out_verdict, struct hub_enrolled *out_enrolled,
              struct ph_why *why);

int hub_renew(struct hub *hub, const struct ph_identity *peer,
              const struct ph_csr *csr, const char *address,
              enum hub_verdict *out_verdict, struct hub_enrolled *out_enrolled,
              struct ph_why *why);

/* In a transaction: the device and all its certificates are served no more. */
int hub_revoke(struct hub *hub, const char *id);

#endif
