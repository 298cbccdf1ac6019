#include "tls_known.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "printhold/base/clock.h"
#include "printhold/base/err.h"
#include "printhold/crypto/kdf.h"

#define SENT_MAX 8 /* certificates; longer chains are verified each time */

struct entry {
    uint8_t sent[PH_SHA256_BYTES]; /* hash of what the peer sent */
    int64_t until_boot_ms;         /* 0: empty */
    int64_t from_ms, to_ms;        /* wall clock: the whole path is valid */
};

struct ph_tls_known {
    pthread_mutex_t lock;
    size_t next; /* the oldest of a full table */
    struct entry entries[PH_TLS_KNOWN_MAX];
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int slot = -1; /* of the table in an SSL_CTX */

static void
free_known(void *parent, void *ptr, CRYPTO_EX_DATA *data, int index, long argl,
           void *argp)
{
    struct ph_tls_known *known = ptr;

    (void)parent;
    (void)data;
    (void)index;
    (void)argl;
    (void)argp;
    if (known == NULL)
        return;
    (void)pthread_mutex_destroy(&known->lock);
    free(known);
}

static void
make_slot(void)
{
    slot = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, free_known);
}

struct ph_tls_known *
ph_tls_known_new(SSL_CTX *ctx)
{
    struct ph_tls_known *known = calloc(1, sizeof(*known));

    (void)pthread_once(&once, make_slot);
    if (known == NULL || pthread_mutex_init(&known->lock, NULL) != 0) {
        free(known);
        return NULL;
    }
    if (slot < 0 || SSL_CTX_set_ex_data(ctx, slot, known) != 1) {
        free_known(NULL, known, NULL, 0, 0, NULL);
        return NULL;
    }
    return known;
}

/* SHA-256 over the digest of each certificate, in the order they were sent. */
static bool
hash_sent(X509_STORE_CTX *chain, uint8_t out_sent[PH_SHA256_BYTES])
{
    STACK_OF(X509) *more = X509_STORE_CTX_get0_untrusted(chain);
    const int count = sk_X509_num(more); /* -1: nothing but the leaf */
    uint8_t digests[SENT_MAX * PH_SHA256_BYTES];
    size_t len = 0;

    if (count >= SENT_MAX || X509_digest(X509_STORE_CTX_get0_cert(chain),
                                         EVP_sha256(), digests, NULL) != 1)
        return false;
    len += PH_SHA256_BYTES;
    for (int i = 0; i < count; i++) {
        if (X509_digest(sk_X509_value(more, i), EVP_sha256(), digests + len,
                        NULL) != 1)
            return false;
        len += PH_SHA256_BYTES;
    }
    return ph_sha256(digests, len, out_sent) == PH_OK;
}

static struct entry *
find(struct ph_tls_known *known, const uint8_t sent[PH_SHA256_BYTES])
{
    for (size_t i = 0; i < PH_TLS_KNOWN_MAX; i++) {
        if (known->entries[i].until_boot_ms != 0 &&
            memcmp(known->entries[i].sent, sent, PH_SHA256_BYTES) == 0)
            return &known->entries[i];
    }
    return NULL;
}

bool
ph_tls_known_has(struct ph_tls_known *known, X509_STORE_CTX *chain)
{
    const int64_t now_ms = ph_clock_wall_ms(), boot_ms = ph_clock_boot_ms();
    uint8_t sent[PH_SHA256_BYTES];
    const struct entry *entry;
    bool is_known;

    if (!hash_sent(chain, sent))
        return false;
    (void)pthread_mutex_lock(&known->lock);
    entry = find(known, sent);
    is_known = entry != NULL && boot_ms < entry->until_boot_ms &&
               now_ms >= entry->from_ms && now_ms < entry->to_ms;
    (void)pthread_mutex_unlock(&known->lock);
    return is_known;
}

static bool
time_ms(const ASN1_TIME *time, int64_t *out_ms)
{
    struct tm tm;

    if (ASN1_TIME_to_tm(time, &tm) != 1)
        return false;
    *out_ms = (int64_t)timegm(&tm) * 1000;
    return true;
}

/* When is every certificate of the verified path valid? */
static bool
valid_times(X509_STORE_CTX *chain, int64_t *out_from_ms, int64_t *out_to_ms)
{
    STACK_OF(X509) *path = X509_STORE_CTX_get0_chain(chain);

    *out_from_ms = INT64_MIN;
    *out_to_ms = INT64_MAX;
    for (int i = 0; i < sk_X509_num(path); i++) {
        const X509 *cert = sk_X509_value(path, i);
        int64_t from_ms, to_ms;

        if (!time_ms(X509_get0_notBefore(cert), &from_ms) ||
            !time_ms(X509_get0_notAfter(cert), &to_ms))
            return false;
        *out_from_ms = from_ms > *out_from_ms ? from_ms : *out_from_ms;
        *out_to_ms = to_ms < *out_to_ms ? to_ms : *out_to_ms;
    }
    return sk_X509_num(path) > 0;
}

void
ph_tls_known_add(struct ph_tls_known *known, X509_STORE_CTX *chain)
{
    struct entry entry = {.until_boot_ms =
                              ph_clock_boot_ms() + PH_TLS_KNOWN_FOR_MS};
    struct entry *place;

    if (!hash_sent(chain, entry.sent) ||
        !valid_times(chain, &entry.from_ms, &entry.to_ms))
        return;
    (void)pthread_mutex_lock(&known->lock);
    place = find(known, entry.sent);
    if (place == NULL) {
        place = &known->entries[known->next];
        known->next = (known->next + 1) % PH_TLS_KNOWN_MAX;
    }
    *place = entry;
    (void)pthread_mutex_unlock(&known->lock);
}
