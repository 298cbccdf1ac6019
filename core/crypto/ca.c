#include "printhold/crypto/ca.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include "ca_private.h"
#include "p256_spki.h"
#include "printhold/base/err.h"

/* --- an authority --- */

static int
sign_self(X509 *cert, EVP_PKEY *key, struct ph_buf *out_pem)
{
    int err = X509_set_pubkey(cert, key) == 1 ? PH_OK : PH_ERR_CRYPTO;

    if (err == PH_OK)
        err = ph_cert_extend(cert, cert, NID_basic_constraints,
                             "critical,CA:TRUE,pathlen:0");
    if (err == PH_OK)
        err = ph_cert_extend(cert, cert, NID_key_usage,
                             "critical,keyCertSign,cRLSign");
    if (err == PH_OK)
        err = ph_cert_extend(cert, cert, NID_subject_key_identifier, "hash");
    if (err == PH_OK && X509_sign(cert, key, EVP_sha256()) <= 0)
        err = PH_ERR_CRYPTO;
    if (err == PH_OK)
        err = ph_cert_to_pem(cert, out_pem);
    return err;
}

int
ph_ca_make(const struct ph_buf *key_pem, const char *tenant, int64_t now_ms,
           int64_t life_s, struct ph_buf *out_cert_pem)
{
    char name[PH_TENANT_MAX + 16];
    EVP_PKEY *key = NULL;
    X509 *cert = X509_new();
    int err = cert != NULL ? ph_p256_key_read(key_pem, &key) : PH_ERR_NOMEM;

    (void)snprintf(name, sizeof(name), "%s fleet CA", tenant);
    if (err == PH_OK)
        err = ph_cert_begin(cert, NULL, tenant, name,
                            now_ms - PH_CA_BACKDATE_S * 1000,
                            now_ms + life_s * 1000);
    if (err == PH_OK)
        err = sign_self(cert, key, out_cert_pem);
    X509_free(cert);
    EVP_PKEY_free(key);
    ERR_clear_error();
    return err;
}

void
ph_ca_free(struct ph_ca *ca)
{
    if (ca == NULL)
        return;
    X509_free(ca->cert);
    EVP_PKEY_free(ca->key);
    free(ca);
}

static int
check(const struct ph_ca *ca, struct ph_why *why)
{
    const uint32_t usage = X509_get_key_usage(ca->cert);

    if (X509_check_ca(ca->cert) != 1)
        return ph_why_fail(why, PH_ERR_CONFIG,
                           "the certificate is not of an authority "
                           "(basicConstraints CA:TRUE is missing)");
    if ((usage & KU_KEY_CERT_SIGN) == 0)
        return ph_why_fail(why, PH_ERR_CONFIG,
                           "the authority may not sign certificates (keyUsage "
                           "keyCertSign is missing)");
    if (X509_check_private_key(ca->cert, ca->key) != 1)
        return ph_why_fail(why, PH_ERR_CONFIG,
                           "key and certificate of the authority do not "
                           "belong together");
    return PH_OK;
}

int
ph_ca_new(const struct ph_buf *cert_pem, const struct ph_buf *key_pem,
          struct ph_ca **out_ca, struct ph_why *why)
{
    struct ph_ca *ca = calloc(1, sizeof(*ca));
    int err = PH_ERR_NOMEM;

    if (ca == NULL)
        return err;
    ca->cert = ph_cert_of_pem(cert_pem);
    err = ph_p256_key_read(key_pem, &ca->key);
    if (ca->cert == NULL)
        err = ph_why_fail(why, PH_ERR_CONFIG,
                          "there is no PEM certificate of the authority");
    else if (err != PH_OK)
        err = ph_why_fail(why, PH_ERR_CONFIG,
                          "the key of the authority must be of the curve "
                          "P-256, in PEM and without a passphrase");
    if (err == PH_OK)
        err = check(ca, why);
    if (err == PH_OK)
        err = ph_cert_not_after(ca->cert, &ca->not_after_ms);
    ERR_clear_error();
    if (err == PH_OK)
        *out_ca = ca;
    else
        ph_ca_free(ca);
    return err;
}

int64_t
ph_ca_not_after_ms(const struct ph_ca *ca)
{
    return ca->not_after_ms;
}

/* --- devices --- */

static const char *
kind_word(enum ph_identity_kind kind)
{
    switch (kind) {
    case PH_IDENTITY_WORKSTATION:
        return "ws";
    case PH_IDENTITY_PRINTER:
        return "pr";
    default:
        return "svc";
    }
}

static bool
is_address(const char *host)
{
    struct in6_addr any;

    return inet_pton(AF_INET, host, &any) == 1 ||
           inet_pton(AF_INET6, host, &any) == 1;
}

bool
ph_ca_host_is_fit(const char *host)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-";

    return is_address(host) ||
           (host[0] != '\0' && strlen(host) < PH_CA_HOST_MAX &&
            host[strspn(host, letters)] == '\0');
}

/* Empty, or "," and the name as x509v3_config(5) has it. */
static int
put_host(const char *host, char *dst, size_t cap)
{
    dst[0] = '\0';
    if (host == NULL)
        return PH_OK;
    if (!ph_ca_host_is_fit(host))
        return PH_ERR_INVALID;
    (void)snprintf(dst, cap, ",%s:%s", is_address(host) ? "IP" : "DNS", host);
    return PH_OK;
}

/* The identity: what is not one by our own reader is not signed. */
static int
put_names(const struct ph_cert_order *order, char *dst, size_t cap)
{
    char uri[128], host[PH_CA_HOST_MAX + 8];
    struct ph_identity identity;
    int err;

    (void)snprintf(uri, sizeof(uri), "urn:printhold:%s:%s:%s", order->tenant,
                   kind_word(order->kind), order->id);
    err = ph_identity_parse_uri(uri, &identity);
    if (err == PH_OK)
        err = put_host(order->host, host, sizeof(host));
    if (err != PH_OK)
        return PH_ERR_INVALID;
    (void)snprintf(dst, cap, "URI:%s%s", uri, host);
    return PH_OK;
}

static int
extend(X509 *cert, const struct ph_ca *ca, const struct ph_cert_order *order,
       const char *names)
{
    const char *purposes = order->kind == PH_IDENTITY_PRINTER
                               ? "clientAuth"
                               : "serverAuth,clientAuth";
    int err = ph_cert_extend(cert, ca->cert, NID_basic_constraints,
                             "critical,CA:FALSE");

    if (err == PH_OK)
        err = ph_cert_extend(cert, ca->cert, NID_key_usage,
                             "critical,digitalSignature");
    if (err == PH_OK)
        err = ph_cert_extend(cert, ca->cert, NID_ext_key_usage, purposes);
    if (err == PH_OK)
        err =
            ph_cert_extend(cert, ca->cert, NID_subject_key_identifier, "hash");
    if (err == PH_OK)
        err = ph_cert_extend(cert, ca->cert, NID_authority_key_identifier,
                             "keyid");
    if (err == PH_OK)
        err = ph_cert_extend(cert, ca->cert, NID_subject_alt_name, names);
    return err;
}

static int
fill(X509 *cert, const struct ph_ca *ca, const uint8_t spki[PH_P256_SPKI_BYTES],
     const struct ph_cert_order *order)
{
    int64_t until_ms = order->now_ms + order->life_s * 1000;
    char names[PH_CA_HOST_MAX + 160];
    EVP_PKEY *key = NULL;
    int err = put_names(order, names, sizeof(names));

    if (err == PH_OK)
        err = ph_p256_spki_key(spki, &key);
    if (err != PH_OK)
        return err;
    if (until_ms > ca->not_after_ms)
        until_ms = ca->not_after_ms;
    err = X509_set_pubkey(cert, key) == 1 ? PH_OK : PH_ERR_CRYPTO;
    EVP_PKEY_free(key);
    if (err == PH_OK)
        err = ph_cert_begin(cert, X509_get_subject_name(ca->cert),
                            order->tenant, order->id,
                            order->now_ms - PH_CA_BACKDATE_S * 1000, until_ms);
    if (err == PH_OK)
        err = extend(cert, ca, order, names);
    if (err == PH_OK && X509_sign(cert, ca->key, EVP_sha256()) <= 0)
        err = PH_ERR_CRYPTO;
    return err;
}

int
ph_ca_sign(const struct ph_ca *ca, const uint8_t spki[PH_P256_SPKI_BYTES],
           const struct ph_cert_order *order, struct ph_buf *out_pem,
           struct ph_cert_facts *out_facts, struct ph_why *why)
{
    struct ph_cert_facts facts;
    X509 *cert;
    int err;

    if (ca->not_after_ms <= order->now_ms)
        return ph_why_fail(why, PH_ERR_EXPIRED,
                           "The life of the certificate authority is over");
    cert = X509_new();
    err = cert != NULL ? fill(cert, ca, spki, order) : PH_ERR_NOMEM;
    if (err == PH_OK)
        err = ph_cert_facts_of(cert, &facts, why);
    if (err == PH_OK)
        err = ph_cert_to_pem(cert, out_pem);
    if (err == PH_OK)
        *out_facts = facts;
    else if (err == PH_ERR_INVALID)
        ph_why_set(why, "No certificate can have this name");
    else
        ph_why_set(why, "The certificate cannot be made: %s", ph_err_text(err));
    X509_free(cert);
    ERR_clear_error();
    return err;
}
