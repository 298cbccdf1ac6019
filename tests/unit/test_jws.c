#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "printhold/base/attr.h"
#include "printhold/base/err.h"
#include "printhold/base/parse.h"
#include "printhold/crypto/jws.h"
#include "scratch.h"

/* RFC 7515 appendix A.3. */
#define RFC_HEADER "eyJhbGciOiJFUzI1NiJ9"
#define RFC_PAYLOAD                                                           \
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmN" \
    "vbS9pc19yb290Ijp0cnVlfQ"
#define RFC_SIGNATURE                                                         \
    "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfK" \
    "TUJqPP3-Kg6NU1Q"
#define RFC_TOKEN RFC_HEADER "." RFC_PAYLOAD "." RFC_SIGNATURE
#define RFC_X     "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"
#define RFC_Y     "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
#define RFC_KID   "oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U"

static void
decode32(const char *text, uint8_t dst[32])
{
    struct ph_buf buf;

    ph_buf_init(&buf, 32);
    assert_int_equal(ph_base64url_decode(text, strlen(text), &buf), PH_OK);
    assert_int_equal(buf.len, 32);
    memcpy(dst, buf.data, 32);
    ph_buf_close(&buf);
}

static struct ph_jws_key *
rfc_key(void)
{
    struct ph_jws_key *key = NULL;
    uint8_t x[32], y[32];

    decode32(RFC_X, x);
    decode32(RFC_Y, y);
    assert_int_equal(ph_jws_key_from_xy(x, y, &key), PH_OK);
    return key;
}

/* A fresh key of the named kind as PEM text; free it. */
static char *
make_pem(EVP_PKEY *pkey, bool private)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *data = NULL, *text;
    long len;

    assert_non_null(pkey);
    if (private)
        assert_int_equal(
            PEM_write_bio_PKCS8PrivateKey(bio, pkey, NULL, NULL, 0, NULL, NULL),
            1);
    else
        assert_int_equal(PEM_write_bio_PUBKEY(bio, pkey), 1);
    len = BIO_get_mem_data(bio, &data);
    text = malloc((size_t)len + 1);
    assert_non_null(text);
    memcpy(text, data, (size_t)len);
    text[len] = '\0';
    BIO_free(bio);
    return text;
}

static struct ph_jws_key *
load_pem(const char *pem)
{
    struct ph_jws_key *key = NULL;
    struct ph_why why = {""};

    if (ph_jws_key_from_pem(pem, strlen(pem), &key, &why) != PH_OK)
        fail_msg("%s", why.text);
    return key;
}

static void
the_rfc_7515_token_verifies_and_its_key_has_its_thumbprint(void **state)
{
    struct ph_jws_key *key = rfc_key();
    struct ph_jws_parts parts;
    char kid[PH_JWS_KID_MAX];

    (void)state;
    assert_int_equal(ph_jws_split(RFC_TOKEN, strlen(RFC_TOKEN), &parts), PH_OK);
    assert_int_equal(parts.header_len, strlen(RFC_HEADER));
    assert_memory_equal(parts.header, RFC_HEADER, parts.header_len);
    assert_int_equal(parts.payload_len, strlen(RFC_PAYLOAD));
    assert_memory_equal(parts.payload, RFC_PAYLOAD, parts.payload_len);
    assert_int_equal(parts.signed_len,
                     strlen(RFC_HEADER) + 1 + strlen(RFC_PAYLOAD));
    assert_int_equal(ph_jws_verify(&parts, key), PH_OK);
    assert_int_equal(ph_jws_key_kid(key, kid), PH_OK);
    assert_string_equal(kid, RFC_KID);
    ph_jws_key_free(key);
}

/* SR-42, the part of it that is not JSON. */
static void
malformed_tokens_are_not_split(void **state)
{
    static const struct {
        const char *what;
        const char *token;
    } cases[] = {
        {"empty", ""},
        {"one part", RFC_HEADER},
        {"two parts", RFC_HEADER "." RFC_PAYLOAD},
        {"four parts", RFC_TOKEN ".AA"},
        {"five parts", RFC_TOKEN ".AA.AA"},
        {"dots only", ".."},
        {"no header", "." RFC_PAYLOAD "." RFC_SIGNATURE},
        {"no payload", RFC_HEADER ".." RFC_SIGNATURE},
        {"no signature", RFC_HEADER "." RFC_PAYLOAD "."},
        {"padded header", RFC_HEADER "=." RFC_PAYLOAD "." RFC_SIGNATURE},
        {"padded signature", RFC_TOKEN "=="},
        {"signature of 63 bytes",
         RFC_HEADER "." RFC_PAYLOAD
                    ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djx"
                    "La8ISlSApmWQxfKTUJqPP3-Kg6NU"},
        {"signature of 65 bytes", RFC_TOKEN "AA"},
        {"not canonical: last bits of the signature",
         RFC_HEADER "." RFC_PAYLOAD
                    ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djx"
                    "La8ISlSApmWQxfKTUJqPP3-Kg6NU1R"},
        {"DER signature of 70 bytes",
         RFC_HEADER "." RFC_PAYLOAD
                    ".MEQCIA7RIVN5Y2xIPC9_FVgH1AKjsigDOvl8fheBmsMWnqZlAiDFCgfT"
                    "jDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"},
        {"blank inside",
         "eyJhbGci OiJFUzI1NiJ9." RFC_PAYLOAD "." RFC_SIGNATURE},
        {"new line behind", RFC_TOKEN "\n"},
        {"plain base64", "+/+/." RFC_PAYLOAD "." RFC_SIGNATURE},
    };
    struct ph_jws_parts parts = {.signed_len = 7};

    (void)state;
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        int err = ph_jws_split(cases[i].token, strlen(cases[i].token), &parts);

        if (err != PH_ERR_SYNTAX)
            fail_msg("%s: %d", cases[i].what, err);
    }
    assert_int_equal(parts.signed_len, 7);
}

static void
a_token_over_16_kib_is_too_big(void **state)
{
    struct ph_jws_parts parts;
    char *token = malloc(65536);

    (void)state;
    assert_non_null(token);
    memset(token, 'A', 65536);
    assert_int_equal(ph_jws_split(token, 65536, &parts), PH_ERR_TOO_BIG);
    assert_int_equal(ph_jws_split(token, PH_JWS_MAX + 1, &parts),
                     PH_ERR_TOO_BIG);
    assert_int_equal(ph_jws_split(token, PH_JWS_MAX, &parts), PH_ERR_SYNTAX);
    free(token);
}

static void
every_altered_bit_is_refused(void **state)
{
    struct ph_jws_key *key = rfc_key();
    char text[] = RFC_HEADER "." RFC_PAYLOAD;
    struct ph_jws_parts parts;

    (void)state;
    assert_int_equal(ph_jws_split(RFC_TOKEN, strlen(RFC_TOKEN), &parts), PH_OK);
    for (size_t i = 0; i < 64 * 8; i++) {
        parts.signature[i / 8] ^= (uint8_t)(1U << i % 8);
        assert_int_equal(ph_jws_verify(&parts, key), PH_ERR_DENIED);
        parts.signature[i / 8] ^= (uint8_t)(1U << i % 8);
    }
    parts.signed_text = text;
    for (size_t i = 0; i < parts.signed_len; i++) {
        text[i] ^= 1;
        assert_int_equal(ph_jws_verify(&parts, key), PH_ERR_DENIED);
        text[i] ^= 1;
    }
    assert_int_equal(ph_jws_verify(&parts, key), PH_OK);
    parts.signed_len--;
    assert_int_equal(ph_jws_verify(&parts, key), PH_ERR_DENIED);
    ph_jws_key_free(key);
}

static void
signature_values_outside_1_to_n_minus_1_are_refused(void **state)
{
    static const char n[] = "ffffffff00000000ffffffffffffffff"
                            "bce6faada7179e84f3b9cac2fc632551";
    static const char n_plus_1[] = "ffffffff00000000ffffffffffffffff"
                                   "bce6faada7179e84f3b9cac2fc632552";
    static const char top[] = "ffffffffffffffffffffffffffffffff"
                              "ffffffffffffffffffffffffffffffff";
    static const char zero[] = "00000000000000000000000000000000"
                               "00000000000000000000000000000000";
    static const char *const bad[] = {n, n_plus_1, top, zero};
    struct ph_jws_key *key = rfc_key();
    struct ph_jws_parts good, parts;

    (void)state;
    assert_int_equal(ph_jws_split(RFC_TOKEN, strlen(RFC_TOKEN), &good), PH_OK);
    for (size_t i = 0; i < PH_COUNT(bad); i++) {
        parts = good;
        assert_int_equal(ph_parse_hex(bad[i], parts.signature, 32), PH_OK);
        assert_int_equal(ph_jws_verify(&parts, key), PH_ERR_DENIED);
        parts = good;
        assert_int_equal(ph_parse_hex(bad[i], parts.signature + 32, 32), PH_OK);
        assert_int_equal(ph_jws_verify(&parts, key), PH_ERR_DENIED);
        assert_int_equal(ph_parse_hex(bad[i], parts.signature, 32), PH_OK);
        assert_int_equal(ph_jws_verify(&parts, key), PH_ERR_DENIED);
    }
    ph_jws_key_free(key);
}

static void
what_is_signed_verifies_under_its_key_only(void **state)
{
    EVP_PKEY *pkey = EVP_EC_gen("P-256"), *other = EVP_EC_gen("P-256");
    char *private = make_pem(pkey, true), *public = make_pem(pkey, false);
    char *other_public = make_pem(other, false);
    struct ph_jws_key *signer = load_pem(private), *verifier = load_pem(public);
    struct ph_jws_key *stranger = load_pem(other_public);
    char kid[PH_JWS_KID_MAX], verifier_kid[PH_JWS_KID_MAX];
    struct ph_jws_parts parts;
    struct ph_buf token, payload;

    (void)state;
    ph_buf_init(&token, PH_JWS_MAX);
    ph_buf_init(&payload, PH_JWS_MAX);
    assert_int_equal(ph_jws_key_kid(signer, kid), PH_OK);
    assert_int_equal(ph_jws_key_kid(verifier, verifier_kid), PH_OK);
    assert_string_equal(kid, verifier_kid);
    for (int i = 0; i < 50; i++) {
        assert_int_equal(
            ph_jws_sign(signer, "{\"alg\":\"ES256\"}", "{\"a\":1}", &token),
            PH_OK);
        assert_int_equal(
            ph_jws_split((const char *)token.data, token.len, &parts), PH_OK);
        assert_int_equal(ph_jws_verify(&parts, verifier), PH_OK);
        assert_int_equal(ph_jws_verify(&parts, signer), PH_OK);
        assert_int_equal(ph_jws_verify(&parts, stranger), PH_ERR_DENIED);
    }
    assert_int_equal(
        ph_base64url_decode(parts.payload, parts.payload_len, &payload), PH_OK);
    assert_string_equal(ph_buf_str(&payload), "{\"a\":1}");
    assert_int_equal(ph_jws_sign(verifier, "{}", "{}", &token), PH_ERR_STATE);
    assert_int_equal(token.len, 0);
    ph_buf_close(&token);
    ph_buf_close(&payload);
    ph_jws_key_free(signer);
    ph_jws_key_free(verifier);
    ph_jws_key_free(stranger);
    free(private);
    free(public);
    free(other_public);
    EVP_PKEY_free(pkey);
    EVP_PKEY_free(other);
}

static void
an_oversized_payload_is_not_signed(void **state)
{
    EVP_PKEY *pkey = EVP_EC_gen("P-256");
    char *pem = make_pem(pkey, true), *payload = malloc(PH_JWS_MAX + 1);
    struct ph_jws_key *key = load_pem(pem);
    struct ph_buf token;

    (void)state;
    assert_non_null(payload);
    memset(payload, 'x', PH_JWS_MAX);
    payload[PH_JWS_MAX] = '\0';
    ph_buf_init(&token, 10 * PH_JWS_MAX);
    assert_int_equal(ph_jws_sign(key, "{}", payload, &token), PH_ERR_TOO_BIG);
    assert_int_equal(token.len, 0);
    payload[PH_JWS_MAX * 3 / 4 - 60] = '\0';
    assert_int_equal(ph_jws_sign(key, "{}", payload, &token), PH_ERR_TOO_BIG);
    ph_buf_close(&token);
    ph_jws_key_free(key);
    free(payload);
    free(pem);
    EVP_PKEY_free(pkey);
}

static void
points_off_the_curve_are_no_key(void **state)
{
    struct ph_jws_key *key = NULL;
    uint8_t x[32], y[32], zero[32] = {0}, top[32];

    (void)state;
    decode32(RFC_X, x);
    decode32(RFC_Y, y);
    memset(top, 0xff, sizeof(top));
    y[31] ^= 1;
    assert_int_equal(ph_jws_key_from_xy(x, y, &key), PH_ERR_INVALID);
    assert_int_equal(ph_jws_key_from_xy(zero, zero, &key), PH_ERR_INVALID);
    assert_int_equal(ph_jws_key_from_xy(top, top, &key), PH_ERR_INVALID);
    assert_int_equal(ph_jws_key_from_xy(y, x, &key), PH_ERR_INVALID);
    assert_null(key);
    ph_jws_key_free(NULL);
}

static void
other_kinds_of_keys_are_refused(void **state)
{
    EVP_PKEY *keys[] = {EVP_EC_gen("P-384"), EVP_EC_gen("secp256k1"),
                        EVP_RSA_gen(2048),
                        EVP_PKEY_Q_keygen(NULL, NULL, "ED25519")};
    struct ph_jws_key *key = NULL;
    struct ph_why why;

    (void)state;
    for (size_t i = 0; i < PH_COUNT(keys); i++) {
        for (int private = 0; private < 2; private ++) {
            char *pem = make_pem(keys[i], private == 1);

            assert_int_equal(ph_jws_key_from_pem(pem, strlen(pem), &key, &why),
                             PH_ERR_UNSUPPORTED);
            assert_non_null(strstr(why.text, "P-256"));
            free(pem);
        }
        EVP_PKEY_free(keys[i]);
    }
    assert_null(key);
}

#define ENCRYPTED_KEY                                   \
    "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIHeMEkG\n" \
    "-----END ENCRYPTED PRIVATE KEY-----\n"

static void
what_is_no_pem_key_is_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "hello",
        "-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n",
        "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
        "-----BEGIN PUBLIC KEY-----\nMFkw",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        ENCRYPTED_KEY,
    };
    struct ph_jws_key *key = NULL;
    struct ph_why why;

    (void)state;
    for (size_t i = 0; i < PH_COUNT(bad); i++)
        assert_int_equal(
            ph_jws_key_from_pem(bad[i], strlen(bad[i]), &key, &why),
            PH_ERR_SYNTAX);
    assert_null(key);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            the_rfc_7515_token_verifies_and_its_key_has_its_thumbprint),
        cmocka_unit_test(malformed_tokens_are_not_split),
        cmocka_unit_test(a_token_over_16_kib_is_too_big),
        cmocka_unit_test(every_altered_bit_is_refused),
        cmocka_unit_test(signature_values_outside_1_to_n_minus_1_are_refused),
        cmocka_unit_test(what_is_signed_verifies_under_its_key_only),
        cmocka_unit_test(an_oversized_payload_is_not_signed),
        cmocka_unit_test(points_off_the_curve_are_no_key),
        cmocka_unit_test(other_kinds_of_keys_are_refused),
        cmocka_unit_test(what_is_no_pem_key_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
