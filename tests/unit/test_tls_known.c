/* Unit tests of net/tls_known: what counts as verified, and how long (SR-40). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "printhold/base/clock.h"
#include "tls_known.h"

#define FROM_S  INT64_C(1700000000)
#define CA_TO_S (FROM_S + 3600)
#define TO_S    (FROM_S + 7200) /* the leaf lives longer than its CA */

struct world {
    EVP_PKEY *key;
    X509 *ca;
    SSL_CTX *ctx;
    struct ph_tls_known *known;
};

static int64_t wall_ms, boot_ms;

static int64_t
wall(void)
{
    return wall_ms;
}

static int64_t
boot(void)
{
    return boot_ms;
}

static void
pass_ms(int64_t ms)
{
    wall_ms += ms;
    boot_ms += ms;
}

static void
set_name(X509_NAME *name, const char *text)
{
    assert_int_equal(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                                                (const unsigned char *)text, -1,
                                                -1, 0),
                     1);
}

static X509 *
make_cert(EVP_PKEY *key, const char *name, long serial, bool is_ca)
{
    X509 *cert = X509_new();
    X509_EXTENSION *basic =
        X509V3_EXT_conf_nid(NULL, NULL, NID_basic_constraints,
                            is_ca ? "critical,CA:TRUE" : "CA:FALSE");

    assert_non_null(cert);
    assert_non_null(basic);
    assert_int_equal(X509_set_version(cert, X509_VERSION_3), 1);
    assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(cert), serial), 1);
    assert_non_null(ASN1_TIME_set(X509_getm_notBefore(cert), FROM_S));
    assert_non_null(
        ASN1_TIME_set(X509_getm_notAfter(cert), is_ca ? CA_TO_S : TO_S));
    set_name(X509_get_subject_name(cert), name);
    set_name(X509_get_issuer_name(cert), "ca");
    assert_int_equal(X509_set_pubkey(cert, key), 1);
    assert_int_equal(X509_add_ext(cert, basic, -1), 1);
    X509_EXTENSION_free(basic);
    assert_true(X509_sign(cert, key, EVP_sha256()) > 0);
    return cert;
}

static SSL_CTX *
make_ctx(X509 *ca, struct ph_tls_known **out_known)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

    assert_non_null(ctx);
    assert_int_equal(X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), ca), 1);
    *out_known = ph_tls_known_new(ctx);
    assert_non_null(*out_known);
    return ctx;
}

static int
set_up(void **state)
{
    static struct world world;

    world.key = EVP_EC_gen("P-256");
    assert_non_null(world.key);
    world.ca = make_cert(world.key, "ca", 1, true);
    world.ctx = make_ctx(world.ca, &world.known);
    wall_ms = (FROM_S + 60) * 1000;
    boot_ms = 1000;
    ph_clock_set_wall(wall);
    ph_clock_set_boot(boot, 1);
    *state = &world;
    return 0;
}

static int
tear_down(void **state)
{
    struct world *world = *state;

    ph_clock_set_wall(NULL);
    ph_clock_set_boot(NULL, 0);
    SSL_CTX_free(world->ctx);
    X509_free(world->ca);
    EVP_PKEY_free(world->key);
    return 0;
}

/* As in a handshake at the time of the test's clock; adds what is taken. */
static bool
ask(const struct world *world, X509 *leaf, X509 *more, bool add)
{
    X509_STORE_CTX *chain = X509_STORE_CTX_new();
    STACK_OF(X509) *sent = more != NULL ? sk_X509_new_null() : NULL;
    bool is_known;

    if (more != NULL)
        assert_true(sk_X509_push(sent, more) > 0);
    assert_int_equal(X509_STORE_CTX_init(
                         chain, SSL_CTX_get_cert_store(world->ctx), leaf, sent),
                     1);
    X509_STORE_CTX_set_time(chain, 0, wall_ms / 1000);
    is_known = ph_tls_known_has(world->known, chain);
    if (add) {
        assert_int_equal(X509_verify_cert(chain), 1);
        ph_tls_known_add(world->known, chain);
    }
    X509_STORE_CTX_free(chain);
    sk_X509_free(sent);
    return is_known;
}

static void
what_was_verified_is_known_for_a_minute(void **state)
{
    struct world *world = *state;
    X509 *leaf = make_cert(world->key, "leaf", 2, false);

    assert_false(ask(world, leaf, NULL, true));
    assert_true(ask(world, leaf, NULL, false));
    pass_ms(PH_TLS_KNOWN_FOR_MS - 1);
    assert_true(ask(world, leaf, NULL, false));
    pass_ms(1);
    assert_false(ask(world, leaf, NULL, false));
    X509_free(leaf);
}

static void
other_bytes_are_not_known(void **state)
{
    struct world *world = *state;
    X509 *leaf = make_cert(world->key, "leaf", 2, false);
    X509 *other = make_cert(world->key, "leaf", 2, false); /* new signature */

    (void)ask(world, leaf, NULL, true);
    assert_false(ask(world, other, NULL, false));
    assert_false(ask(world, leaf, other, false));
    assert_false(ask(world, leaf, world->ca, false));
    X509_free(leaf);
    X509_free(other);
}

/* The CA expires before the leaf does, within the minute. */
static void
nothing_outlives_its_path(void **state)
{
    struct world *world = *state;
    X509 *leaf = make_cert(world->key, "leaf", 2, false);

    wall_ms = CA_TO_S * 1000 - 1000;
    (void)ask(world, leaf, NULL, true);
    assert_true(ask(world, leaf, NULL, false));
    pass_ms(1000);
    assert_false(ask(world, leaf, NULL, false));
    X509_free(leaf);
}

static void
nothing_is_known_before_it_is_valid(void **state)
{
    struct world *world = *state;
    X509 *leaf = make_cert(world->key, "leaf", 2, false);

    (void)ask(world, leaf, NULL, true);
    wall_ms = FROM_S * 1000 - 1; /* the clock was set back */
    assert_false(ask(world, leaf, NULL, false));
    X509_free(leaf);
}

static void
another_context_knows_nothing(void **state)
{
    struct world *world = *state, fresh = *world;
    X509 *leaf = make_cert(world->key, "leaf", 2, false);

    (void)ask(world, leaf, NULL, true);
    fresh.ctx = make_ctx(world->ca, &fresh.known);
    assert_false(ask(&fresh, leaf, NULL, false));
    SSL_CTX_free(fresh.ctx);
    X509_free(leaf);
}

static void
a_full_table_forgets_the_oldest(void **state)
{
    struct world *world = *state;
    X509 *leaves[PH_TLS_KNOWN_MAX + 1];

    for (long i = 0; i <= PH_TLS_KNOWN_MAX; i++) {
        leaves[i] = make_cert(world->key, "leaf", 2 + i, false);
        assert_false(ask(world, leaves[i], NULL, true));
    }
    for (int i = 0; i <= PH_TLS_KNOWN_MAX; i++) {
        assert_int_equal(ask(world, leaves[i], NULL, false), i != 0);
        X509_free(leaves[i]);
    }
}

#define KNOWN_TEST(test) \
    cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        KNOWN_TEST(what_was_verified_is_known_for_a_minute),
        KNOWN_TEST(other_bytes_are_not_known),
        KNOWN_TEST(nothing_outlives_its_path),
        KNOWN_TEST(nothing_is_known_before_it_is_valid),
        KNOWN_TEST(another_context_knows_nothing),
        KNOWN_TEST(a_full_table_forgets_the_oldest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
