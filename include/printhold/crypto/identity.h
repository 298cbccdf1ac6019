/*
 * Who a certificate belongs to: the SAN URI
 *     urn:printhold:{tenant}:{ws|pr|svc}:{id}
 * tenant [a-z0-9-]{1,24}, id [a-z0-9-]{1,40}. Exactly one such URI; a
 * certificate without it or with two has no identity here.
 */
#ifndef PRINTHOLD_CRYPTO_IDENTITY_H
#define PRINTHOLD_CRYPTO_IDENTITY_H

#include <openssl/x509.h>
#include <stdint.h>

#include "printhold/base/why.h"

#define PH_TENANT_MAX      25
#define PH_IDENTITY_MAX    41
#define PH_THUMBPRINT_TEXT 44 /* base64url of SHA-256, NUL included */

enum ph_identity_kind {
    PH_IDENTITY_WORKSTATION,
    PH_IDENTITY_PRINTER,
    PH_IDENTITY_SERVICE,
};

struct ph_identity {
    enum ph_identity_kind kind;
    char tenant[PH_TENANT_MAX];
    char id[PH_IDENTITY_MAX];
    char thumbprint[PH_THUMBPRINT_TEXT]; /* x5t#S256 of the DER, RFC 8705 */
    int64_t not_after_ms;
};

int ph_identity_parse_uri(const char *uri, struct ph_identity *out_identity);
int ph_identity_of_cert(X509 *cert, struct ph_identity *out_identity,
                        struct ph_why *why);
/* Read the first certificate of a PEM file. */
int ph_identity_of_file(const char *pem_path, struct ph_identity *out_identity,
                        struct ph_why *why);

/* When the first certificate of a PEM file ends, whosever it is. */
int ph_identity_end_of_file(const char *pem_path, int64_t *out_ms,
                            struct ph_why *why);

/* User key: the first 26 characters of lower-case base32 of
 * HMAC-SHA-256(directory key, normalised login). */
#define PH_USER_KEY_TEXT 27
int ph_identity_user_key(const uint8_t *directory_key, size_t len,
                         const char *login, char out_uk[PH_USER_KEY_TEXT]);

/* "sha256-" and the base64url SHA-256 of the certificate's
 * SubjectPublicKeyInfo: what a directory document pins. */
#define PH_SPKI_PIN_TEXT 52
int ph_identity_spki_pin(const char *pem_path, char out_pin[PH_SPKI_PIN_TEXT],
                         struct ph_why *why);
int ph_identity_cert_pin(X509 *cert, char out_pin[PH_SPKI_PIN_TEXT]);

#endif
