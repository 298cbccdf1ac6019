/*
 * A certificate authority for devices: X.509 v3 (RFC 5280), P-256, ECDSA with
 * SHA-256.
 *
 * What stands in a certificate comes from the order and from nowhere else: the
 * one SAN URI that is its identity (printhold/crypto/identity.h), the same id
 * as common name (what brokers look at), and the purposes that go with the
 * kind: printers are clients, workstations and services are clients and
 * servers. Nothing that it signs can sign again.
 */
#ifndef PRINTHOLD_CRYPTO_CA_H
#define PRINTHOLD_CRYPTO_CA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "printhold/base/buf.h"
#include "printhold/base/why.h"
#include "printhold/crypto/csr.h"
#include "printhold/crypto/identity.h"

#define PH_CA_FILE_MAX   (64 * 1024)
#define PH_CA_BACKDATE_S 300 /* for clocks that are behind */
#define PH_SERIAL_TEXT   33  /* 32 lower-case hex digits */
#define PH_CA_HOST_MAX   254
#define PH_CERT_PEM_MAX  8192

struct ph_ca;

/* A new P-256 key as unencrypted PKCS #8 in PEM. out_pem (initialised by the
 * caller) is replaced. */
int ph_p256_key_make(struct ph_buf *out_pem);
/* The public half of a PEM key: as PEM, and as its one SubjectPublicKeyInfo. */
int ph_p256_key_public(const struct ph_buf *pem, struct ph_buf *out_pem);
int ph_p256_key_spki(const struct ph_buf *pem,
                     uint8_t out_spki[PH_P256_SPKI_BYTES]);

/* A self-signed certificate for a new authority: it may sign devices, and no
 * other authority. */
int ph_ca_make(const struct ph_buf *key_pem, const char *tenant, int64_t now_ms,
               int64_t life_s, struct ph_buf *out_cert_pem);

/* From its certificate (PEM; what follows is its chain) and key.
 * PH_ERR_CONFIG with the reason when they do not belong together or may not
 * sign certificates. */
int ph_ca_new(const struct ph_buf *cert_pem, const struct ph_buf *key_pem,
              struct ph_ca **out_ca, struct ph_why *why);
void ph_ca_free(struct ph_ca *ca);
int64_t ph_ca_not_after_ms(const struct ph_ca *ca);

struct ph_cert_order {
    enum ph_identity_kind kind;
    const char *tenant;
    const char *id;
    const char *host; /* for servers: a DNS name or an address; or NULL */
    int64_t now_ms;
    int64_t life_s; /* cut at the end of the authority's own life */
};

struct ph_cert_facts {
    char serial[PH_SERIAL_TEXT];
    struct ph_identity identity;
    int64_t not_before_ms;
};

/* Sign. out_pem (initialised by the caller) is replaced by the certificate
 * alone. PH_ERR_INVALID for an order that cannot be, PH_ERR_EXPIRED when the
 * authority's life is over. From any thread. */
int ph_ca_sign(const struct ph_ca *ca, const uint8_t spki[PH_P256_SPKI_BYTES],
               const struct ph_cert_order *order, struct ph_buf *out_pem,
               struct ph_cert_facts *out_facts, struct ph_why *why);

/* Certificates of it that count no more (RFC 5280, section 5), by their serials
 * as in ph_cert_facts. */
struct ph_crl_order {
    const char *const *serials;
    size_t count;
    int64_t now_ms;
    int64_t life_s; /* a reader believes it for so long */
};

/* Sign the list. out_pem (initialised by the caller) is replaced; empty on
 * failure. PH_ERR_CONFIG when the authority may not sign one. */
int ph_ca_revoke(const struct ph_ca *ca, const struct ph_crl_order *order,
                 struct ph_buf *out_pem, struct ph_why *why);

/* Is it a DNS name or an address that a certificate can have? */
bool ph_ca_host_is_fit(const char *host);

/* Is the first certificate of a PEM text for this key? */
bool ph_cert_has_key(const struct ph_buf *pem, const struct ph_buf *key_pem);

/* What the first certificate of a PEM text says of itself. When anchors is not
 * NULL, it must come from one of those (PEM) now, else PH_ERR_DENIED. */
int ph_cert_read(const struct ph_buf *pem, const struct ph_buf *anchors,
                 struct ph_cert_facts *out_facts, struct ph_why *why);

#endif
