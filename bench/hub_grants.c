/*
 * ph-bench-hub-grants: how long the hub needs for one release grant, signature
 * included. Beside it, as what it is compared with, one ECDSA signature on
 * P-256 by OpenSSL alone. In turns, so that both meet the same computer.
 *
 *   ph-bench-hub-grants DIR TIMES
 *
 * Prints {"grant_ns":[...],"signature_ns":[...]}.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <openssl/evp.h>

#include "issuer.h"
#include "listing.h"
#include "printhold/base/clock.h"
#include "printhold/base/err.h"

#define TIMES_MAX 10000

static int64_t grants[TIMES_MAX], signatures[TIMES_MAX];

static void
die(const char *what)
{
    (void)fprintf(stderr, "ph-bench-hub-grants: %s\n", what);
    exit(2);
}

static int64_t
now_ns(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int64_t
one_grant(const struct hub *hub, const struct ph_jws_key *issuer)
{
    const struct hub_person person = {.login = "p000000@example.com"};
    const struct hub_listing listing = {
        .person = &person,
        .thumbprint = "0123456789012345678901234567890123456789012",
        .way = PH_SIGN_IN_PIN,
        .now_ms = ph_clock_wall_ms(),
    };
    struct ph_buf token;
    int64_t began;
    int err;

    ph_buf_init(&token, PH_JWS_MAX + 1);
    began = now_ns();
    err = hub_grant_make(hub, issuer, &listing, "ws-000000", &token);
    began = now_ns() - began;
    ph_buf_close(&token);
    if (err != PH_OK)
        die(ph_err_text(err));
    return began;
}

static int64_t
one_signature(EVP_PKEY *key)
{
    static const unsigned char text[400] = {1};
    unsigned char signature[80];
    size_t len = sizeof(signature);
    const int64_t began = now_ns();
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();

    if (ctx == NULL ||
        EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key) != 1 ||
        EVP_DigestSign(ctx, signature, &len, text, sizeof(text)) != 1)
        die("no signature");
    EVP_MD_CTX_free(ctx);
    return now_ns() - began;
}

static void
print(const char *name, const int64_t *values, size_t count)
{
    (void)printf("\"%s\":[", name);
    for (size_t i = 0; i < count; i++)
        (void)printf("%s%" PRId64, i > 0 ? "," : "", values[i]);
    (void)printf("]");
}

int
main(int argc, char **argv)
{
    struct hub_config config;
    struct ph_why why = {{0}};
    struct hub_issuer_now issuer;
    struct hub hub;
    EVP_PKEY *key = EVP_EC_gen("P-256");
    size_t count;

    if (argc != 3)
        die("Usage: ph-bench-hub-grants DIR TIMES");
    count = (size_t)strtoul(argv[2], NULL, 10);
    if (count == 0 || count > TIMES_MAX || key == NULL)
        die("TIMES is 1 to 10000");
    if (hub_config_load(NULL, &config, &why) != PH_OK ||
        hub_open(argv[1], &config, &hub, &why) != PH_OK ||
        hub_store_begin_read(hub.store) != PH_OK ||
        hub_store_end(hub.store, hub_issuer_now(&hub, &issuer, &why)) != PH_OK)
        die(why.text);
    for (size_t i = 0; i < count; i++) {
        grants[i] = one_grant(&hub, issuer.signer);
        signatures[i] = one_signature(key);
    }
    (void)printf("{");
    print("grant_ns", grants, count);
    (void)printf(",");
    print("signature_ns", signatures, count);
    (void)printf("}\n");
    EVP_PKEY_free(key);
    hub_close(&hub);
    return 0;
}
