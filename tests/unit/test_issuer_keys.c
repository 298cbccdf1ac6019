/* Keys that came from the cloud, and tokens of every type: none passes for
 * another, and only a pinned key brings further keys (SR-42, SR-50). */
#include "printhold/proto/issuer_keys.h"

#include <stdio.h>

#include "grant_fixture.h"
#include "printhold/base/attr.h"
#include "printhold/proto/token.h"

static char thumb[PH_JWS_KID_MAX];

/* x and y of the fixture's key, base64url. */
static void
coordinates(const struct grant_fixture *f, char x[64], char y[64])
{
    const char *names[] = {"qx", "qy"};
    char *out[] = {x, y};

    for (size_t i = 0; i < 2; i++) {
        uint8_t bytes[32];
        BIGNUM *bn = NULL;
        struct ph_buf text;

        ph_buf_init(&text, 64);
        assert_int_equal(EVP_PKEY_get_bn_param(f->pkey, names[i], &bn), 1);
        assert_int_equal(BN_bn2binpad(bn, bytes, 32), 32);
        BN_free(bn);
        assert_int_equal(ph_base64url_encode(bytes, 32, &text), PH_OK);
        (void)snprintf(out[i], 64, "%.*s", (int)text.len, (char *)text.data);
        ph_buf_close(&text);
    }
    memcpy(thumb, f->kid, sizeof(thumb));
}

#define CLAIMS(keys)                                                     \
    "{\"iss\":\"h\",\"aud\":\"urn:printhold:acme\",\"ver\":3,\"iat\":1," \
    "\"keys\":" keys "}"

static int
parse(const char *json, struct ph_issuer_keys *out_keys)
{
    struct ph_why why = {{0}};

    return ph_issuer_keys_parse(json, strlen(json), out_keys, &why);
}

static void
keys_are_read(void **state)
{
    const struct grant_fixture *f = *state;
    struct ph_issuer_keys keys;
    char x[64], y[64], json[1024], kid[PH_JWS_KID_MAX];

    coordinates(f, x, y);
    (void)snprintf(json, sizeof(json),
                   CLAIMS("[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"%s\","
                          "\"y\":\"%s\",\"kid\":\"%s\",\"use\":\"sig\","
                          "\"alg\":\"ES256\",\"key_ops\":[\"verify\"]}]"),
                   x, y, thumb);
    assert_int_equal(parse(json, &keys), PH_OK);
    assert_int_equal(keys.version, 3);
    assert_int_equal(keys.key_count, 1);
    assert_int_equal(ph_jws_key_kid(keys.key[0], kid), PH_OK);
    assert_string_equal(kid, f->kid);
    ph_issuer_keys_close(&keys);
    assert_int_equal(parse(CLAIMS("[]"), &keys), PH_OK);
    assert_int_equal(keys.key_count, 0);
}

static void
keys_that_break_the_rules_are_refused(void **state)
{
    /* %1$s x, %2$s y */
    static const struct {
        const char *wrong;
        const char *jwk;
    } cases[] = {
        {"a private key", "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"%1$s\","
                          "\"y\":\"%2$s\",\"d\":\"%1$s\"}"},
        {"a key of RSA", "{\"kty\":\"RSA\",\"n\":\"%1$s\",\"e\":\"%2$s\"}"},
        {"another curve", "{\"kty\":\"EC\",\"crv\":\"P-384\",\"x\":\"%1$s\","
                          "\"y\":\"%2$s\"}"},
        {"no curve", "{\"kty\":\"EC\",\"x\":\"%1$s\",\"y\":\"%2$s\"}"},
        {"a point that is not on the curve",
         "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"%1$s\",\"y\":\"%1$s\"}"},
        {"no y", "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"%1$s\"}"},
        {"a short x", "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AAAA\","
                      "\"y\":\"%1$s\"}"},
        {"a key to encrypt", "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"%1$s\","
                             "\"y\":\"%2$s\",\"use\":\"enc\"}"},
        {"a key that may not verify",
         "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"%1$s\",\"y\":\"%2$s\","
         "\"key_ops\":[\"sign\"]}"},
        {"a key of another algorithm",
         "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"%1$s\",\"y\":\"%2$s\","
         "\"alg\":\"ECDH-ES\"}"},
        {"a kid that is not its thumbprint",
         "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"%1$s\",\"y\":\"%2$s\","
         "\"kid\":\"mine\"}"},
        {"no object", "5"},
    };
    const struct grant_fixture *f = *state;
    struct ph_issuer_keys keys;
    char x[64], y[64], jwk[512], json[1024];

    coordinates(f, x, y);
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        (void)snprintf(jwk, sizeof(jwk), cases[i].jwk, x, y);
#pragma GCC diagnostic pop
        (void)snprintf(json, sizeof(json), CLAIMS("[%s]"), jwk);
        if (parse(json, &keys) != PH_ERR_INVALID)
            fail_msg("%s was taken", cases[i].wrong);
    }
    assert_int_equal(parse(CLAIMS("{}"), &keys), PH_ERR_INVALID);
    assert_int_equal(parse(CLAIMS("[1,2,3,4,5,6,7,8,9]"), &keys),
                     PH_ERR_INVALID);
}

static void
no_token_passes_for_another(void **state)
{
    static const char *const types[] = {PH_TOKEN_GRANT, PH_TOKEN_POLICY,
                                        PH_TOKEN_KEYS, PH_TOKEN_COMMAND};
    const struct grant_fixture *f = *state;
    struct ph_buf token, payload;
    struct ph_why why;
    char header[256];

    ph_buf_init(&token, PH_JWS_MAX);
    ph_buf_init(&payload, PH_JWS_MAX);
    for (size_t made = 0; made < PH_COUNT(types); made++) {
        (void)snprintf(header, sizeof(header),
                       "{\"alg\":\"ES256\",\"typ\":\"%s\",\"kid\":\"%s\"}",
                       types[made], f->kid);
        assert_int_equal(ph_jws_sign(f->key, header, "{}", &token), PH_OK);
        for (size_t read = 0; read < PH_COUNT(types); read++)
            assert_int_equal(ph_token_open((char *)token.data, token.len,
                                           types[read], "message", f->keys,
                                           &payload, &why),
                             made == read ? PH_OK : PH_ERR_DENIED);
    }
    ph_buf_close(&token);
    ph_buf_close(&payload);
}

static void
a_set_takes_sixteen_keys_and_each_once(void **state)
{
    struct grant_fixture *f = *state;
    struct ph_jws_key *key;
    struct ph_why why;

    for (int i = 0; i < 17; i++) {
        EVP_PKEY *pkey = i < 2 ? f->pkey : EVP_EC_gen("P-256");
        size_t len;
        char *pem = grant_pem_of(pkey, false, &len);

        assert_int_equal(ph_jws_key_from_pem(pem, len, &key, &why), PH_OK);
        assert_int_equal(ph_jws_keyset_add(f->keys, key), PH_OK);
        free(pem);
        if (i == 16) {
            pem = grant_pem_of(f->pkey, false, &len);
            assert_int_equal(ph_jws_key_from_pem(pem, len, &key, &why), PH_OK);
            assert_int_equal(ph_jws_keyset_add(f->keys, key), PH_OK);
            free(pem);
            EVP_PKEY_free(pkey);
            pkey = EVP_EC_gen("P-256");
            pem = grant_pem_of(pkey, false, &len);
            assert_int_equal(ph_jws_key_from_pem(pem, len, &key, &why), PH_OK);
            assert_int_equal(ph_jws_keyset_add(f->keys, key), PH_ERR_LIMIT);
            free(pem);
        }
        if (pkey != f->pkey)
            EVP_PKEY_free(pkey);
    }
    assert_non_null(ph_jws_keyset_find(f->keys, f->kid));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(keys_are_read, grant_set_up,
                                        grant_tear_down),
        cmocka_unit_test_setup_teardown(keys_that_break_the_rules_are_refused,
                                        grant_set_up, grant_tear_down),
        cmocka_unit_test_setup_teardown(no_token_passes_for_another,
                                        grant_set_up, grant_tear_down),
        cmocka_unit_test_setup_teardown(a_set_takes_sixteen_keys_and_each_once,
                                        grant_set_up, grant_tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
