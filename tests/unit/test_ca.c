/* What an authority signs is what was ordered, and nothing of what was asked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "csr_maker.h"
#include "printhold/base/attr.h"
#include "printhold/base/clock.h"
#include "printhold/base/err.h"
#include "printhold/crypto/ca.h"

#define DAY_S 86400

static struct ph_buf ca_key, ca_cert;
static struct ph_ca *ca;
static EVP_PKEY *device;
static int64_t now_ms;

static int
set_up(void **state)
{
    (void)state;
    now_ms = ph_clock_wall_ms();
    device = EVP_EC_gen("P-256");
    ph_buf_init(&ca_key, PH_CA_FILE_MAX);
    ph_buf_init(&ca_cert, PH_CA_FILE_MAX);
    if (ph_p256_key_make(&ca_key) != PH_OK ||
        ph_ca_make(&ca_key, "acme", now_ms, 100 * DAY_S, &ca_cert) != PH_OK)
        return -1;
    return ph_ca_new(&ca_cert, &ca_key, &ca, NULL) == PH_OK ? 0 : -1;
}

static int
tear_down(void **state)
{
    (void)state;
    ph_ca_free(ca);
    ph_buf_close(&ca_key);
    ph_buf_close(&ca_cert);
    EVP_PKEY_free(device);
    return 0;
}

static int
sign(const struct ph_cert_order *order, struct ph_buf *out_pem,
     struct ph_cert_facts *out_facts)
{
    struct csr_text text;
    struct ph_csr csr;
    struct ph_why why = {""};
    int err;

    csr_make(device, "URI:urn:printhold:acme:svc:hub,DNS:evil.example", &text);
    assert_int_equal(ph_csr_parse(text.text, text.len, &csr, NULL), PH_OK);
    ph_buf_init(out_pem, PH_CERT_PEM_MAX);
    err = ph_ca_sign(ca, csr.spki, order, out_pem, out_facts, &why);
    assert_int_equal(err == PH_OK, why.text[0] == '\0');
    return err;
}

static X509 *
cert_of(const struct ph_buf *pem)
{
    BIO *bio = BIO_new_mem_buf(pem->data, (int)pem->len);
    X509 *cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);

    assert_non_null(cert);
    BIO_free(bio);
    return cert;
}

static void
the_device_has_no_say(void **state)
{
    const struct ph_cert_order order = {.kind = PH_IDENTITY_PRINTER,
                                        .tenant = "acme",
                                        .id = "pr-1",
                                        .now_ms = now_ms,
                                        .life_s = 7 * DAY_S};
    struct ph_cert_facts facts;
    GENERAL_NAMES *names;
    struct ph_buf pem;
    X509 *cert;
    char cn[64];

    (void)state;
    assert_int_equal(sign(&order, &pem, &facts), PH_OK);
    assert_int_equal(facts.identity.kind, PH_IDENTITY_PRINTER);
    assert_string_equal(facts.identity.tenant, "acme");
    assert_string_equal(facts.identity.id, "pr-1");
    cert = cert_of(&pem);
    names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
    assert_int_equal(sk_GENERAL_NAME_num(names), 1);
    assert_int_equal(X509_NAME_get_text_by_NID(X509_get_subject_name(cert),
                                               NID_commonName, cn, sizeof(cn)),
                     4);
    assert_string_equal(cn, "pr-1");
    assert_int_equal(X509_check_ca(cert), 0);
    assert_int_equal(X509_get_key_usage(cert), KU_DIGITAL_SIGNATURE);
    GENERAL_NAMES_free(names);
    X509_free(cert);
    ph_buf_close(&pem);
}

static void
purposes_go_with_the_kind(void **state)
{
    static const struct {
        enum ph_identity_kind kind;
        uint32_t purposes;
    } cases[] = {
        {PH_IDENTITY_PRINTER, XKU_SSL_CLIENT},
        {PH_IDENTITY_WORKSTATION, XKU_SSL_CLIENT | XKU_SSL_SERVER},
        {PH_IDENTITY_SERVICE, XKU_SSL_CLIENT | XKU_SSL_SERVER},
    };

    (void)state;
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        const struct ph_cert_order order = {.kind = cases[i].kind,
                                            .tenant = "acme",
                                            .id = "x-1",
                                            .host = "hub.example.com",
                                            .now_ms = now_ms,
                                            .life_s = DAY_S};
        struct ph_cert_facts facts;
        struct ph_buf pem;
        X509 *cert;

        assert_int_equal(sign(&order, &pem, &facts), PH_OK);
        cert = cert_of(&pem);
        assert_int_equal(X509_get_extended_key_usage(cert), cases[i].purposes);
        assert_int_equal(X509_check_host(cert, "hub.example.com", 0, 0, NULL),
                         1);
        assert_int_equal(ph_cert_read(&pem, &ca_cert, &facts, NULL), PH_OK);
        X509_free(cert);
        ph_buf_close(&pem);
    }
}

static void
lives_are_bounded_by_the_authority(void **state)
{
    struct ph_cert_order order = {.kind = PH_IDENTITY_WORKSTATION,
                                  .tenant = "acme",
                                  .id = "ws-1",
                                  .now_ms = now_ms,
                                  .life_s = 90 * DAY_S};
    struct ph_cert_facts facts;
    struct ph_buf pem;

    (void)state;
    assert_int_equal(sign(&order, &pem, &facts), PH_OK);
    assert_int_equal(facts.identity.not_after_ms / 1000,
                     now_ms / 1000 + order.life_s);
    assert_int_equal(facts.not_before_ms / 1000,
                     now_ms / 1000 - PH_CA_BACKDATE_S);
    ph_buf_close(&pem);
    order.life_s = 900 * DAY_S;
    assert_int_equal(sign(&order, &pem, &facts), PH_OK);
    assert_int_equal(facts.identity.not_after_ms, ph_ca_not_after_ms(ca));
    ph_buf_close(&pem);
    order.now_ms = ph_ca_not_after_ms(ca);
    assert_int_equal(sign(&order, &pem, &facts), PH_ERR_EXPIRED);
    assert_int_equal(pem.len, 0);
    ph_buf_close(&pem);
}

static void
names_that_cannot_be_are_not_signed(void **state)
{
    static const struct {
        const char *tenant;
        const char *id;
        const char *host;
    } cases[] = {
        {"", "ws-1", NULL},
        {"ACME", "ws-1", NULL},
        {"acme", "", NULL},
        {"acme", "ws_1", NULL},
        {"acme", "ws-1,URI:urn:printhold:acme:svc:hub", NULL},
        {"acme:svc", "hub", NULL},
        {"acme", "ws-1234567890123456789012345678901234567890", NULL},
        {"acme", "ws-1", ""},
        {"acme", "ws-1", "a.example,URI:urn:printhold:acme:svc:hub"},
        {"acme", "ws-1", "*.example"},
    };

    (void)state;
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        const struct ph_cert_order order = {.kind = PH_IDENTITY_WORKSTATION,
                                            .tenant = cases[i].tenant,
                                            .id = cases[i].id,
                                            .host = cases[i].host,
                                            .now_ms = now_ms,
                                            .life_s = DAY_S};
        struct ph_cert_facts facts;
        struct ph_buf pem;

        if (sign(&order, &pem, &facts) != PH_ERR_INVALID)
            fail_msg("%s %s %s: signed", cases[i].tenant, cases[i].id,
                     cases[i].host);
        ph_buf_close(&pem);
    }
}

static void
no_two_serials_are_equal(void **state)
{
    const struct ph_cert_order order = {.kind = PH_IDENTITY_PRINTER,
                                        .tenant = "acme",
                                        .id = "pr-1",
                                        .now_ms = now_ms,
                                        .life_s = DAY_S};
    struct ph_cert_facts first, second;
    struct ph_buf pem;

    (void)state;
    assert_int_equal(sign(&order, &pem, &first), PH_OK);
    ph_buf_close(&pem);
    assert_int_equal(sign(&order, &pem, &second), PH_OK);
    ph_buf_close(&pem);
    assert_string_not_equal(first.serial, second.serial);
    assert_int_equal(strlen(first.serial), PH_SERIAL_TEXT - 1);
}

/* --- other authorities --- */

static void
a_certificate_of_another_authority_is_told(void **state)
{
    const struct ph_cert_order order = {.kind = PH_IDENTITY_PRINTER,
                                        .tenant = "acme",
                                        .id = "pr-1",
                                        .now_ms = now_ms,
                                        .life_s = DAY_S};
    struct ph_buf key, cert, pem;
    struct ph_cert_facts facts;
    struct ph_why why = {""};

    (void)state;
    ph_buf_init(&key, PH_CA_FILE_MAX);
    ph_buf_init(&cert, PH_CA_FILE_MAX);
    assert_int_equal(ph_p256_key_make(&key), PH_OK);
    /* The same name, another key. */
    assert_int_equal(ph_ca_make(&key, "acme", now_ms, DAY_S, &cert), PH_OK);
    assert_int_equal(sign(&order, &pem, &facts), PH_OK);
    assert_int_equal(ph_cert_read(&pem, &cert, &facts, &why), PH_ERR_DENIED);
    assert_int_equal(ph_cert_read(&pem, NULL, &facts, &why), PH_OK);
    ph_buf_close(&pem);
    ph_buf_close(&key);
    ph_buf_close(&cert);
}

static void
what_is_no_authority_is_refused(void **state)
{
    const struct ph_cert_order order = {.kind = PH_IDENTITY_WORKSTATION,
                                        .tenant = "acme",
                                        .id = "ws-1",
                                        .now_ms = now_ms,
                                        .life_s = DAY_S};
    struct ph_buf key, leaf, nothing;
    uint8_t spki[PH_P256_SPKI_BYTES];
    struct ph_cert_facts facts;
    struct ph_why why = {""};
    struct ph_ca *none = NULL;

    (void)state;
    ph_buf_init(&key, PH_CA_FILE_MAX);
    ph_buf_init(&leaf, PH_CA_FILE_MAX);
    ph_buf_init(&nothing, 16);
    assert_int_equal(ph_p256_key_make(&key), PH_OK);
    assert_int_equal(ph_p256_key_spki(&key, spki), PH_OK);
    assert_int_equal(ph_ca_sign(ca, spki, &order, &leaf, &facts, NULL), PH_OK);
    assert_true(ph_cert_has_key(&leaf, &key));
    assert_false(ph_cert_has_key(&leaf, &ca_key));
    assert_int_equal(ph_ca_new(&leaf, &key, &none, &why), PH_ERR_CONFIG);
    assert_non_null(strstr(why.text, "authority"));
    assert_int_equal(ph_ca_new(&ca_cert, &key, &none, &why), PH_ERR_CONFIG);
    assert_non_null(strstr(why.text, "belong together"));
    assert_int_equal(ph_ca_new(&nothing, &key, &none, &why), PH_ERR_CONFIG);
    assert_int_equal(ph_ca_new(&ca_cert, &nothing, &none, &why), PH_ERR_CONFIG);
    assert_null(none);
    ph_buf_close(&key);
    ph_buf_close(&leaf);
}

/* --- revoked --- */

/* What a broker with this list says to a certificate: X509_V_OK, or why not. */
static int
verdict(const struct ph_buf *cert_pem, const struct ph_buf *crl_pem)
{
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    X509 *anchor = cert_of(&ca_cert), *cert = cert_of(cert_pem);
    BIO *bio = BIO_new_mem_buf(crl_pem->data, (int)crl_pem->len);
    X509_CRL *crl = PEM_read_bio_X509_CRL(bio, NULL, NULL, NULL);
    int said;

    assert_non_null(crl);
    assert_int_equal(X509_STORE_add_cert(store, anchor), 1);
    assert_int_equal(X509_STORE_add_crl(store, crl), 1);
    assert_int_equal(X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK), 1);
    assert_int_equal(X509_STORE_CTX_init(ctx, store, cert, NULL), 1);
    (void)X509_verify_cert(ctx);
    said = X509_STORE_CTX_get_error(ctx);
    X509_STORE_CTX_free(ctx);
    X509_STORE_free(store);
    X509_CRL_free(crl);
    BIO_free(bio);
    X509_free(anchor);
    X509_free(cert);
    return said;
}

static void
the_list_of_revoked_certificates_names_them_and_no_other(void **state)
{
    const struct ph_cert_order order = {.kind = PH_IDENTITY_PRINTER,
                                        .tenant = "acme",
                                        .id = "pr-1",
                                        .now_ms = now_ms,
                                        .life_s = DAY_S};
    struct ph_cert_facts facts[2];
    struct ph_buf pem[2], crl;
    const char *serials[] = {facts[0].serial};
    struct ph_crl_order list = {
        .serials = serials, .now_ms = now_ms, .life_s = 60};
    struct ph_why why = {""};

    (void)state;
    ph_buf_init(&crl, PH_CA_FILE_MAX);
    for (size_t i = 0; i < 2; i++) {
        ph_buf_init(&pem[i], PH_CERT_PEM_MAX);
        assert_int_equal(sign(&order, &pem[i], &facts[i]), PH_OK);
    }
    assert_int_equal(ph_ca_revoke(ca, &list, &crl, &why), PH_OK);
    assert_int_equal(verdict(&pem[0], &crl), X509_V_OK);
    list.count = 1;
    assert_int_equal(ph_ca_revoke(ca, &list, &crl, &why), PH_OK);
    assert_int_equal(verdict(&pem[0], &crl), X509_V_ERR_CERT_REVOKED);
    assert_int_equal(verdict(&pem[1], &crl), X509_V_OK);
    list.now_ms -= 120000; /* its time is over */
    assert_int_equal(ph_ca_revoke(ca, &list, &crl, &why), PH_OK);
    assert_int_equal(verdict(&pem[1], &crl), X509_V_ERR_CRL_HAS_EXPIRED);
    serials[0] = "not a serial";
    assert_int_equal(ph_ca_revoke(ca, &list, &crl, &why), PH_ERR_INVALID);
    assert_int_equal(crl.len, 0);
    ph_buf_close(&crl);
    ph_buf_close(&pem[0]);
    ph_buf_close(&pem[1]);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_device_has_no_say),
        cmocka_unit_test(purposes_go_with_the_kind),
        cmocka_unit_test(lives_are_bounded_by_the_authority),
        cmocka_unit_test(names_that_cannot_be_are_not_signed),
        cmocka_unit_test(no_two_serials_are_equal),
        cmocka_unit_test(a_certificate_of_another_authority_is_told),
        cmocka_unit_test(what_is_no_authority_is_refused),
        cmocka_unit_test(
            the_list_of_revoked_certificates_names_them_and_no_other),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
