/*
 * Chains of certificates that were verified within the last minute.
 *
 * To build a path and check its signatures is a tenth of a handshake; a
 * printer that comes again within a minute is spared it. What is remembered
 * is that X509_verify_cert took exactly these bytes under the trust anchors of
 * one SSL_CTX, and it counts only while every certificate of that path is
 * valid by the clock. The possession of the private key is proven, and whom
 * to admit is asked, in every handshake: neither is remembered.
 */
#ifndef PRINTHOLD_NET_TLS_KNOWN_H
#define PRINTHOLD_NET_TLS_KNOWN_H

#include <stdbool.h>

#include <openssl/ssl.h>

#define PH_TLS_KNOWN_MAX    128
#define PH_TLS_KNOWN_FOR_MS 60000

struct ph_tls_known;

/* A table that is freed with ctx; its trust anchors must not change after it.
 * NULL without memory. */
struct ph_tls_known *ph_tls_known_new(SSL_CTX *ctx);

/* From any thread: was what this peer sent verified lately? */
bool ph_tls_known_has(struct ph_tls_known *known, X509_STORE_CTX *chain);

/* From any thread: X509_verify_cert has just taken the chain. */
void ph_tls_known_add(struct ph_tls_known *known, X509_STORE_CTX *chain);

#endif
