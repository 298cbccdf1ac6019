/*
 * SR-42: the table of forgeries. Tokens are made here by hand with OpenSSL, so
 * that each is wrong in one thing only and good in all others: what is refused
 * is refused for that.
 *
 * The claims' own table is in test_grant.c.
 *
 * The first table has the cases of Wycheproof's JWS group "es256" with a key
 * of our own; all other tables go on from there.
 */
#include "printhold/proto/grant.h"

#include <stdio.h>

#include <openssl/ecdsa.h>
#include <openssl/hmac.h>
#include <openssl/x509.h>

#include "grant_fixture.h"
#include "printhold/base/attr.h"
#include "printhold/base/parse.h"

#define THUMB "0123456789012345678901234567890123456789012"
#define CLAIMS                                                              \
    "{\"iss\":\"https://hub\",\"aud\":\"ws-1\",\"sub\":\"a@b.c\",\"cnf\":{" \
    "\"x5t#S256\":\"" THUMB "\"},\"iat\":1000,\"exp\":1120,\"jti\":"        \
    "\"abcdefghijklmnopqrstuv\",\"amr\":[\"pin\"]}"
#define ALG    "\"alg\":\"ES256\""
#define TYP    "\"typ\":\"phgrant+jwt\""
#define KID    "\"kid\":\"KID\""
#define HEADER "{" ALG "," TYP "," KID "}"
#define HS256  "{\"alg\":\"HS256\"," TYP "," KID "}"

/* Longer than any token that is taken. */
#define TEXT_MAX (128 * 1024)

/* --- a workshop of forgers --- */

static void
put_base64url(struct ph_buf *out, const void *bytes, size_t len)
{
    struct ph_buf part;

    ph_buf_init(&part, TEXT_MAX);
    assert_int_equal(ph_base64url_encode(bytes, len, &part), PH_OK);
    assert_int_equal(ph_buf_put(out, part.data, part.len), PH_OK);
    ph_buf_close(&part);
}

/* "header.claims" in base64url; KID in the header becomes the fixture's. */
static void
put_signed_text(const struct grant_fixture *f, const char *header,
                const char *claims, struct ph_buf *out)
{
    const char *kid = strstr(header, "KID");
    struct ph_buf text;

    ph_buf_init(&text, TEXT_MAX);
    if (kid == NULL)
        assert_int_equal(ph_buf_put_str(&text, header), PH_OK);
    else
        assert_int_equal(ph_buf_printf(&text, "%.*s%s%s", (int)(kid - header),
                                       header, f->kid, kid + 3),
                         PH_OK);
    put_base64url(out, text.data, text.len);
    assert_int_equal(ph_buf_put_str(out, "."), PH_OK);
    put_base64url(out, claims, strlen(claims));
    ph_buf_close(&text);
}

/* The signature of text in DER, as OpenSSL makes it. */
static size_t
sign_der(EVP_PKEY *pkey, const struct ph_buf *text, uint8_t der[80])
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    size_t len = 80;

    assert_int_equal(EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, pkey),
                     1);
    assert_int_equal(EVP_DigestSign(ctx, der, &len, text->data, text->len), 1);
    EVP_MD_CTX_free(ctx);
    return len;
}

/* r and s of 32 bytes each (RFC 7518 section 3.4). */
static void
sign_raw(EVP_PKEY *pkey, const struct ph_buf *text, uint8_t raw[64])
{
    uint8_t der[80];
    const uint8_t *at = der;
    size_t len = sign_der(pkey, text, der);
    ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &at, (long)len);

    assert_non_null(sig);
    assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw, 32), 32);
    assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_s(sig), raw + 32, 32), 32);
    ECDSA_SIG_free(sig);
}

static void
make_token(const struct grant_fixture *f, EVP_PKEY *signer, const char *header,
           const char *claims, struct ph_buf *out)
{
    uint8_t raw[64];

    put_signed_text(f, header, claims, out);
    sign_raw(signer, out, raw);
    assert_int_equal(ph_buf_put_str(out, "."), PH_OK);
    put_base64url(out, raw, sizeof(raw));
}

static int
open_token(const struct grant_fixture *f, const void *token, size_t len)
{
    struct ph_why why = {{0}};
    struct ph_grant grant;
    int err;

    memset(&grant, 0x5a, sizeof(grant));
    err = ph_grant_open(token, len, f->keys, &grant, &why);
    if (err != PH_OK) { /* it says why, and tells nothing of the grant */
        assert_true(why.text[0] != '\0');
        assert_int_equal(grant.issuer[0], 0x5a);
    }
    return err;
}

static void
check_refused(const struct grant_fixture *f, const char *wrong,
              const struct ph_buf *token, int expected)
{
    int err = open_token(f, token->data, token->len);

    if (err != expected)
        fail_msg("%s: %d, not %d", wrong, err, expected);
}

static void
check_made(const struct grant_fixture *f, const char *wrong, const char *header,
           const char *claims, int expected)
{
    struct ph_buf token;

    ph_buf_init(&token, TEXT_MAX);
    make_token(f, f->pkey, header, claims, &token);
    check_refused(f, wrong, &token, expected);
    ph_buf_close(&token);
}

/* --- the parts of a token --- */

struct parts {
    const char *header, *claims, *signature; /* base64url */
};

/* Header, claims and signature of a good token, each with its NUL. */
static void
good_parts(const struct grant_fixture *f, struct ph_buf *memory,
           struct parts *out)
{
    char *dot;

    make_token(f, f->pkey, HEADER, CLAIMS, memory);
    assert_int_equal(ph_buf_put(memory, "", 1), PH_OK);
    out->header = (char *)memory->data;
    dot = strchr((char *)memory->data, '.');
    *dot = '\0';
    out->claims = dot + 1;
    dot = strchr(dot + 1, '.');
    *dot = '\0';
    out->signature = dot + 1;
}

/* H, C and S in the pattern stand for the parts. */
static void
put_pattern(const struct parts *parts, const char *pattern, struct ph_buf *out)
{
    for (; *pattern != '\0'; pattern++) {
        const char letter[] = {*pattern, '\0'};
        const char *part = *pattern == 'H'   ? parts->header
                           : *pattern == 'C' ? parts->claims
                           : *pattern == 'S' ? parts->signature
                                             : letter;

        assert_int_equal(ph_buf_put_str(out, part), PH_OK);
    }
}

static void
tokens_of_other_parts_are_refused(void **state)
{
    static const struct {
        const char *wrong;
        const char *pattern;
    } cases[] = {
        {"no signature", "H.C."},
        {"no signature and no dot", "H.C"},
        {"no payload", "H..S"},
        {"no payload and no dot", "H.S"},
        {"no header", ".C.S"},
        {"no header and no dot", "C.S"},
        {"payload alone between dots", ".C."},
        {"payload alone", "C"},
        {"nothing", ""},
        {"an empty fourth part", "H.C.S."},
        {"a fourth part", "H.C.S.foo"},
        {"a dot before it", ".H.C.S"},
        {"header and payload swapped", "C.H.S"},
        {"the signature twice", "H.C.SS"},
        {"the header twice", "HH.C.S"},
        {"a padded header", "H=.C.S"},
        {"a padded payload", "H.C=.S"},
        {"a padded signature", "H.C.S=="},
        {"a blank before it", " H.C.S"},
        {"a blank behind it", "H.C.S "},
        {"a line end behind it", "H.C.S\r\n"},
        {"a tab in it", "H\t.C.S"},
        {"a line end in it", "H.\nC.S"},
        {"a scheme before it", "Bearer H.C.S"},
        {"quotes around it", "\"H.C.S\""},
        {"JSON serialization",
         "{\"protected\":\"H\",\"payload\":\"C\",\"signature\":\"S\"}"},
    };
    struct grant_fixture *f = *state;
    struct ph_buf memory, token;
    struct parts parts;

    ph_buf_init(&memory, TEXT_MAX);
    ph_buf_init(&token, TEXT_MAX);
    good_parts(f, &memory, &parts);
    put_pattern(&parts, "H.C.S", &token);
    check_refused(f, "the control", &token, PH_OK);
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        ph_buf_clear(&token);
        put_pattern(&parts, cases[i].pattern, &token);
        if (open_token(f, token.data, token.len) == PH_OK)
            fail_msg("taken: %s", cases[i].wrong);
    }
    ph_buf_close(&memory);
    ph_buf_close(&token);
}

/* The same bytes once more, by letters that decode to them: were that taken,
 * one grant would have several texts. */
static void
base64url_has_one_form(void **state)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrs"
                                 "tuvwxyz0123456789-_";
    struct grant_fixture *f = *state;
    struct ph_buf token;
    const char *value;

    ph_buf_init(&token, TEXT_MAX);
    make_token(f, f->pkey, HEADER, CLAIMS, &token);
    value = strchr(digits, token.data[token.len - 1]);
    assert_non_null(value);
    assert_int_equal((value - digits) % 16, 0); /* 64 bytes: 4 bits over */
    for (int i = 1; i < 16; i++) {
        token.data[token.len - 1] = (uint8_t)value[i];
        check_refused(f, "last bits of the signature", &token, PH_ERR_SYNTAX);
    }
    ph_buf_close(&token);
}

/* --- headers --- */

static void
a_header_has_three_members_and_no_others(void **state)
{
    static const struct {
        const char *wrong;
        const char *header;
    } cases[] = {
        {"no alg", "{" TYP "," KID "}"},
        {"no typ", "{" ALG "," KID "}"},
        {"no kid", "{" ALG "," TYP "}"},
        {"alg none", "{\"alg\":\"none\"," TYP "," KID "}"},
        {"alg None", "{\"alg\":\"None\"," TYP "," KID "}"},
        {"no alg in it", "{\"alg\":\"\"," TYP "," KID "}"},
        {"alg null", "{\"alg\":null," TYP "," KID "}"},
        {"alg in a list", "{\"alg\":[\"ES256\"]," TYP "," KID "}"},
        {"alg HS256", HS256},
        {"alg RS256", "{\"alg\":\"RS256\"," TYP "," KID "}"},
        {"alg PS256", "{\"alg\":\"PS256\"," TYP "," KID "}"},
        {"alg ES384", "{\"alg\":\"ES384\"," TYP "," KID "}"},
        {"alg ES256K", "{\"alg\":\"ES256K\"," TYP "," KID "}"},
        {"alg EdDSA", "{\"alg\":\"EdDSA\"," TYP "," KID "}"},
        {"alg es256", "{\"alg\":\"es256\"," TYP "," KID "}"},
        {"a blank behind alg", "{\"alg\":\"ES256 \"," TYP "," KID "}"},
        {"a NUL behind alg", "{\"alg\":\"ES256\\u0000\"," TYP "," KID "}"},
        {"Alg", "{\"Alg\":\"ES256\"," TYP "," KID "}"},
        {"alg twice", "{" ALG "," ALG "," TYP "," KID "}"},
        {"alg twice, escaped once",
         "{" ALG ",\"\\u0061lg\":\"none\"," TYP "," KID "}"},
        {"typ twice", "{" ALG "," TYP "," TYP "," KID "}"},
        {"kid twice", "{" ALG "," TYP "," KID ",\"kid\":\"x\"}"},
        {"typ JWT", "{" ALG ",\"typ\":\"JWT\"," KID "}"},
        {"typ in capitals", "{" ALG ",\"typ\":\"PHGRANT+JWT\"," KID "}"},
        {"typ with its tree",
         "{" ALG ",\"typ\":\"application/phgrant+jwt\"," KID "}"},
        {"typ of a command", "{" ALG ",\"typ\":\"phcmd+jwt\"," KID "}"},
        {"typ a number", "{" ALG ",\"typ\":1," KID "}"},
        {"kid of nobody", "{" ALG "," TYP ",\"kid\":\"nobody\"}"},
        {"no kid in it", "{" ALG "," TYP ",\"kid\":\"\"}"},
        {"kid a number", "{" ALG "," TYP ",\"kid\":1}"},
        {"kid a path", "{" ALG "," TYP ",\"kid\":\"../issuer.pub\"}"},
        {"kid and more", "{" ALG "," TYP ",\"kid\":\"KIDx\"}"},
        {"crit", "{" ALG "," TYP "," KID ",\"crit\":[\"exp\"]}"},
        {"crit, empty", "{" ALG "," TYP "," KID ",\"crit\":[]}"},
        {"jku", "{" ALG "," TYP "," KID ",\"jku\":\"https://evil.example\"}"},
        {"x5u", "{" ALG "," TYP "," KID ",\"x5u\":\"https://evil.example\"}"},
        {"x5c", "{" ALG "," TYP "," KID ",\"x5c\":[\"MIIB\"]}"},
        {"x5t", "{" ALG "," TYP "," KID ",\"x5t\":\"AAAA\"}"},
        {"x5t#S256", "{" ALG "," TYP "," KID ",\"x5t#S256\":\"" THUMB "\"}"},
        {"jwk", "{" ALG "," TYP "," KID ",\"jwk\":{\"kty\":\"EC\"}}"},
        {"b64", "{" ALG "," TYP "," KID ",\"b64\":false}"},
        {"cty", "{" ALG "," TYP "," KID ",\"cty\":\"JWT\"}"},
        {"zip", "{" ALG "," TYP "," KID ",\"zip\":\"DEF\"}"},
        {"an unknown member", "{" ALG "," TYP "," KID ",\"x\":0}"},
        {"jku in place of kid", "{" ALG "," TYP ",\"jku\":\"https://evil\"}"},
        {"a second object", HEADER "{}"},
        {"a blank NUL", HEADER "\\u0000"},
        {"a comment", HEADER "//"},
        {"a comma too many", "{" ALG "," TYP "," KID ",}"},
        {"single quotes", "{'alg':'ES256'," TYP "," KID "}"},
        {"a byte order mark", "\xef\xbb\xbf" HEADER},
        {"bytes that are no UTF-8", "{" ALG "," TYP ",\"kid\":\"\xff\"}"},
        {"a list", "[" HEADER "]"},
        {"a text", "\"ES256\""},
        {"null", "null"},
    };
    struct grant_fixture *f = *state;

    check_made(f, "the control", HEADER, CLAIMS, PH_OK);
    for (size_t i = 0; i < PH_COUNT(cases); i++)
        check_made(f, cases[i].wrong, cases[i].header, CLAIMS, PH_ERR_DENIED);
}

/* --- signatures --- */

/* What an attacker has of the public key, to be taken for a secret. */
static void
the_public_key_is_no_hmac_secret(void **state)
{
    static const char *const headers[] = {HS256, HEADER};
    struct grant_fixture *f = *state;
    unsigned char *der = NULL, point[65], mac[32] = {0};
    size_t point_len = 0;
    int der_len = i2d_PUBKEY(f->pkey, &der);

    assert_true(der_len > 0);
    assert_int_equal(EVP_PKEY_get_octet_string_param(f->pkey, "encoded-pub-key",
                                                     point, 65, &point_len),
                     1);
    for (size_t i = 0; i < 2 * 5; i++) {
        const struct {
            const char *wrong;
            const void *secret;
            size_t len;
        } cases[] = {
            {"HMAC by the PEM file", f->public_pem, f->public_len},
            {"HMAC by the PEM file without its line end", f->public_pem,
             f->public_len - 1},
            {"HMAC by the DER key", der, (size_t)der_len},
            {"HMAC by the point", point, point_len},
            {"HMAC by nothing", "", 0},
        };
        struct ph_buf token;

        ph_buf_init(&token, TEXT_MAX);
        put_signed_text(f, headers[i / 5], CLAIMS, &token);
        assert_non_null(HMAC(EVP_sha256(), cases[i % 5].secret,
                             (int)cases[i % 5].len, token.data, token.len, mac,
                             NULL));
        assert_int_equal(ph_buf_put_str(&token, "."), PH_OK);
        put_base64url(&token, mac, sizeof(mac));
        check_refused(f, cases[i % 5].wrong, &token, PH_ERR_SYNTAX);
        /* Nor when it is as long as a signature has to be. */
        put_base64url(&token, mac, sizeof(mac));
        if (open_token(f, token.data, token.len) == PH_OK)
            fail_msg("taken: %s, twice", cases[i % 5].wrong);
        ph_buf_close(&token);
    }
    OPENSSL_free(der);
}

/* The key that comes with the token is the attacker's. */
static void
a_key_in_the_token_is_not_asked(void **state)
{
    static const char *const headers[] = {
        HEADER,
        "{" ALG "," TYP "," KID ",\"jwk\":{\"kty\":\"EC\",\"crv\":\"P-256\","
        "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
        "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}}",
        "{" ALG "," TYP ",\"kid\":\"oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-"
        "U\"}",
    };
    struct grant_fixture *f = *state;
    EVP_PKEY *stranger = EVP_EC_gen("P-256");

    assert_non_null(stranger);
    for (size_t i = 0; i < PH_COUNT(headers); i++) {
        struct ph_buf token;

        ph_buf_init(&token, TEXT_MAX);
        make_token(f, stranger, headers[i], CLAIMS, &token);
        check_refused(f, headers[i], &token, PH_ERR_DENIED);
        ph_buf_close(&token);
    }
    EVP_PKEY_free(stranger);
}

static void
check_signature(const struct grant_fixture *f, const char *wrong,
                const void *bytes, size_t len, int expected)
{
    struct ph_buf token;

    ph_buf_init(&token, TEXT_MAX);
    put_signed_text(f, HEADER, CLAIMS, &token);
    assert_int_equal(ph_buf_put_str(&token, "."), PH_OK);
    put_base64url(&token, bytes, len);
    check_refused(f, wrong, &token, expected);
    ph_buf_close(&token);
}

static void
signatures_of_another_length_or_coding_are_refused(void **state)
{
    struct grant_fixture *f = *state;
    struct ph_buf text;
    uint8_t raw[66] = {0}, der[80];

    ph_buf_init(&text, TEXT_MAX);
    put_signed_text(f, HEADER, CLAIMS, &text);
    sign_raw(f->pkey, &text, raw);
    check_signature(f, "the control", raw, 64, PH_OK);
    check_signature(f, "63 bytes", raw, 63, PH_ERR_SYNTAX);
    check_signature(f, "63 bytes, the first cut", raw + 1, 63, PH_ERR_SYNTAX);
    check_signature(f, "65 bytes", raw, 65, PH_ERR_SYNTAX);
    memmove(raw + 1, raw, 64);
    raw[0] = 0;
    check_signature(f, "65 bytes, a zero before", raw, 65, PH_ERR_SYNTAX);
    check_signature(f, "one byte", raw, 1, PH_ERR_SYNTAX);
    check_signature(f, "32 bytes", raw + 1, 32, PH_ERR_SYNTAX);
    check_signature(f, "DER", der, sign_der(f->pkey, &text, der),
                    PH_ERR_SYNTAX);
    ph_buf_close(&text);
}

/* r or s replaced: 0, 1, n - 1, n, n + 1, the largest, and each other. */
static void
r_and_s_lie_between_0_and_n(void **state)
{
    static const char *const bad[] = {
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000001",
        "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632550",
        "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
        "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632552",
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    };
    struct grant_fixture *f = *state;
    uint8_t raw[64], changed[64];
    struct ph_buf text;

    ph_buf_init(&text, TEXT_MAX);
    put_signed_text(f, HEADER, CLAIMS, &text);
    sign_raw(f->pkey, &text, raw);
    for (size_t i = 0; i < PH_COUNT(bad); i++) {
        memcpy(changed, raw, sizeof(raw));
        assert_int_equal(ph_parse_hex(bad[i], changed, 32), PH_OK);
        check_signature(f, "r", changed, 64, PH_ERR_DENIED);
        assert_int_equal(ph_parse_hex(bad[i], changed + 32, 32), PH_OK);
        check_signature(f, "r and s", changed, 64, PH_ERR_DENIED);
        memcpy(changed, raw, 32);
        check_signature(f, "s", changed, 64, PH_ERR_DENIED);
    }
    memcpy(changed, raw + 32, 32);
    memcpy(changed + 32, raw, 32);
    check_signature(f, "r and s swapped", changed, 64, PH_ERR_DENIED);
    ph_buf_close(&text);
}

/* A good signature, but of other words. */
static void
a_signature_is_good_for_its_own_text_only(void **state)
{
    static const char other[] =
        "{\"iss\":\"https://hub\",\"aud\":\"ws-1\",\"sub\":\"x@b.c\",\"cnf\":{"
        "\"x5t#S256\":\"" THUMB "\"},\"iat\":1000,\"exp\":1120,\"jti\":"
        "\"abcdefghijklmnopqrstuv\",\"amr\":[\"pin\"]}";
    struct grant_fixture *f = *state;
    struct ph_buf memory, spliced;
    struct parts parts;

    ph_buf_init(&memory, TEXT_MAX);
    ph_buf_init(&spliced, TEXT_MAX);
    good_parts(f, &memory, &parts);
    put_signed_text(f, HEADER, other, &spliced);
    assert_int_equal(ph_buf_put_str(&spliced, "."), PH_OK);
    assert_int_equal(ph_buf_put_str(&spliced, parts.signature), PH_OK);
    check_refused(f, "claims of another user", &spliced, PH_ERR_DENIED);
    check_made(f, "those claims, signed", HEADER, other, PH_OK);
    ph_buf_close(&memory);
    ph_buf_close(&spliced);
}

/* --- size --- */

/* Signed by the issuer and good, but for its length. */
static void
a_good_token_of_64_kib_is_too_big(void **state)
{
    static const struct {
        size_t padding;
        int err;
    } cases[] = {
        {8000, PH_OK}, {12500, PH_ERR_TOO_BIG}, {48900, PH_ERR_TOO_BIG}};
    struct grant_fixture *f = *state;
    char *claims = malloc(TEXT_MAX);

    assert_non_null(claims);
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        struct ph_buf token;

        ph_buf_init(&token, TEXT_MAX);
        (void)snprintf(claims, TEXT_MAX, "%.*s,\"pad\":\"%0*d\"}",
                       (int)strlen(CLAIMS) - 1, CLAIMS, (int)cases[i].padding,
                       0);
        make_token(f, f->pkey, HEADER, claims, &token);
        check_refused(f, "padding", &token, cases[i].err);
        assert_true(i < 2 || token.len >= 65536);
        ph_buf_close(&token);
    }
    free(claims);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokens_of_other_parts_are_refused),
        cmocka_unit_test(base64url_has_one_form),
        cmocka_unit_test(a_header_has_three_members_and_no_others),
        cmocka_unit_test(the_public_key_is_no_hmac_secret),
        cmocka_unit_test(a_key_in_the_token_is_not_asked),
        cmocka_unit_test(signatures_of_another_length_or_coding_are_refused),
        cmocka_unit_test(r_and_s_lie_between_0_and_n),
        cmocka_unit_test(a_signature_is_good_for_its_own_text_only),
        cmocka_unit_test(a_good_token_of_64_kib_is_too_big),
    };

    return cmocka_run_group_tests(tests, grant_set_up, grant_tear_down);
}
