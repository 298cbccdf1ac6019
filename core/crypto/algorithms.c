#include "algorithms.h"

#include <stdatomic.h>

#include <openssl/crypto.h>
#include <openssl/kdf.h>

/*
 * Fetched objects are immutable and counted by reference. Two threads may
 * fetch the same one at once; the first to store it wins, the other gives its
 * reference back.
 */
typedef void *(*fetch_fn)(void);
typedef void (*release_fn)(void *);

static void *
fetch_once(_Atomic(void *) *slot, fetch_fn fetch, release_fn release)
{
    void *known = atomic_load_explicit(slot, memory_order_acquire);
    void *fresh;

    if (known != NULL)
        return known;
    if (OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL) != 1)
        return NULL;
    fresh = fetch();
    if (fresh == NULL)
        return NULL;
    if (atomic_compare_exchange_strong_explicit(
            slot, &known, fresh, memory_order_acq_rel, memory_order_acquire))
        return fresh;
    release(fresh);
    return known;
}

static void *
fetch_gcm256(void)
{
    return EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
}

static void *
fetch_gcm128(void)
{
    return EVP_CIPHER_fetch(NULL, "AES-128-GCM", NULL);
}

static void *
fetch_key_wrap(void)
{
    return EVP_CIPHER_fetch(NULL, "AES-256-WRAP", NULL);
}

static void *
fetch_sha256(void)
{
    return EVP_MD_fetch(NULL, "SHA256", NULL);
}

static void *
fetch_hkdf(void)
{
    return EVP_KDF_fetch(NULL, "HKDF", NULL);
}

static void *
fetch_scrypt(void)
{
    return EVP_KDF_fetch(NULL, "SCRYPT", NULL);
}

static void *
fetch_hmac(void)
{
    return EVP_MAC_fetch(NULL, "HMAC", NULL);
}

static void
release_cipher(void *cipher)
{
    EVP_CIPHER_free(cipher);
}

static void
release_md(void *md)
{
    EVP_MD_free(md);
}

static void
release_kdf(void *kdf)
{
    EVP_KDF_free(kdf);
}

static void
release_mac(void *mac)
{
    EVP_MAC_free(mac);
}

const EVP_CIPHER *
ph_algorithm_gcm(size_t key_bytes)
{
    static _Atomic(void *) gcm256, gcm128;

    if (key_bytes == 32)
        return fetch_once(&gcm256, fetch_gcm256, release_cipher);
    if (key_bytes == 16)
        return fetch_once(&gcm128, fetch_gcm128, release_cipher);
    return NULL;
}

const EVP_CIPHER *
ph_algorithm_key_wrap(void)
{
    static _Atomic(void *) slot;

    return fetch_once(&slot, fetch_key_wrap, release_cipher);
}

const EVP_MD *
ph_algorithm_sha256(void)
{
    static _Atomic(void *) slot;

    return fetch_once(&slot, fetch_sha256, release_md);
}

EVP_KDF *
ph_algorithm_hkdf(void)
{
    static _Atomic(void *) slot;

    return fetch_once(&slot, fetch_hkdf, release_kdf);
}

EVP_KDF *
ph_algorithm_scrypt(void)
{
    static _Atomic(void *) slot;

    return fetch_once(&slot, fetch_scrypt, release_kdf);
}

EVP_MAC *
ph_algorithm_hmac(void)
{
    static _Atomic(void *) slot;

    return fetch_once(&slot, fetch_hmac, release_mac);
}
