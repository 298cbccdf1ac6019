/* Grants: which tokens are taken, and every forgery that is not. */
#include "printhold/proto/grant.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>

#include "printhold/base/attr.h"
#include "printhold/base/err.h"
#include "printhold/base/io.h"

#define THUMB "0123456789012345678901234567890123456789012"
#define JTI   "abcdefghijklmnopqrstuv"
#define JOB   "0123456789abcdef0123456789abcdef"

#define CLAIMS_WITH(aud, sub, cnf, times, jti, more)                        \
    "{\"iss\":\"https://hub\",\"aud\":" aud ",\"sub\":" sub ",\"cnf\":" cnf \
    "," times ",\"jti\":" jti more "}"
#define CNF   "{\"x5t#S256\":\"" THUMB "\"}"
#define TIMES "\"iat\":1000,\"exp\":1120"
#define AMR   ",\"amr\":[\"pin\"]"
#define GOOD \
    CLAIMS_WITH("\"ws-1\"", "\"a@b.c\"", CNF, TIMES, "\"" JTI "\"", AMR)

struct fixture {
    EVP_PKEY *pkey;
    struct ph_jws_key *key;
    struct ph_jws_keyset *keys;
    char kid[PH_JWS_KID_MAX];
    char *public_pem;
    size_t public_len;
};

static char *
pem_of(EVP_PKEY *pkey, bool secret, size_t *out_len)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *text, *copy;
    long len;

    if (secret)
        assert_int_equal(
            PEM_write_bio_PrivateKey(bio, pkey, NULL, NULL, 0, NULL, NULL), 1);
    else
        assert_int_equal(PEM_write_bio_PUBKEY(bio, pkey), 1);
    len = BIO_get_mem_data(bio, &text);
    copy = malloc((size_t)len);
    assert_non_null(copy);
    memcpy(copy, text, (size_t)len);
    BIO_free(bio);
    *out_len = (size_t)len;
    return copy;
}

static int
set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    char path[] = "/tmp/test-grant-XXXXXX";
    struct ph_why why = {{0}};
    char *secret;
    size_t len;
    int fd;

    assert_non_null(f);
    f->pkey = EVP_EC_gen("P-256");
    assert_non_null(f->pkey);
    secret = pem_of(f->pkey, true, &len);
    assert_int_equal(ph_jws_key_from_pem(secret, len, &f->key, &why), PH_OK);
    free(secret);
    assert_int_equal(ph_jws_key_kid(f->key, f->kid), PH_OK);
    f->public_pem = pem_of(f->pkey, false, &f->public_len);
    fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(ph_io_write_full(fd, f->public_pem, f->public_len), PH_OK);
    assert_int_equal(close(fd), 0);
    assert_int_equal(ph_jws_keyset_load(path, &f->keys, &why), PH_OK);
    assert_int_equal(unlink(path), 0);
    *state = f;
    return 0;
}

static int
tear_down(void **state)
{
    struct fixture *f = *state;

    ph_jws_keyset_free(f->keys);
    ph_jws_key_free(f->key);
    EVP_PKEY_free(f->pkey);
    free(f->public_pem);
    free(f);
    return 0;
}

/* Header with the fixture's kid in place of %s. */
static void
sign(const struct fixture *f, const char *header_fmt, const char *claims,
     struct ph_buf *token)
{
    struct ph_buf header;

    ph_buf_init(&header, 1024);
    if (strstr(header_fmt, "KID") != NULL) {
        const char *at = strstr(header_fmt, "KID");

        assert_int_equal(
            ph_buf_put(&header, header_fmt, (size_t)(at - header_fmt)), PH_OK);
        assert_int_equal(ph_buf_put_str(&header, f->kid), PH_OK);
        assert_int_equal(ph_buf_put_str(&header, at + 3), PH_OK);
    } else {
        assert_int_equal(ph_buf_put_str(&header, header_fmt), PH_OK);
    }
    assert_int_equal(ph_jws_sign(f->key, ph_buf_str(&header), claims, token),
                     PH_OK);
    ph_buf_close(&header);
}

#define HEADER "{\"alg\":\"ES256\",\"typ\":\"phgrant+jwt\",\"kid\":\"KID\"}"

static void
a_proper_grant_is_opened(void **state)
{
    struct fixture *f = *state;
    struct ph_grant grant;
    struct ph_why why = {{0}};
    struct ph_buf token;

    ph_buf_init(&token, 65536);
    sign(f, HEADER,
         CLAIMS_WITH("[\"ws-0\",\"ws-1\"]", "\"A@b.c\"", CNF,
                     "\"iat\":1000,\"nbf\":990,\"exp\":1120", "\"" JTI "\"",
                     AMR ",\"jobs\":[\"" JOB "\"],\"other\":{\"a\":1}"),
         &token);
    assert_int_equal(
        ph_grant_open((char *)token.data, token.len, f->keys, &grant, &why),
        PH_OK);
    assert_string_equal(grant.issuer, "https://hub");
    assert_int_equal(grant.audience_count, 2);
    assert_string_equal(grant.audience[1], "ws-1");
    assert_string_equal(grant.subject, "A@b.c");
    assert_string_equal(grant.thumbprint, THUMB);
    assert_int_equal(grant.issued_s, 1000);
    assert_int_equal(grant.not_before_s, 990);
    assert_int_equal(grant.expires_s, 1120);
    assert_string_equal(grant.jti, JTI);
    assert_string_equal(grant.method[0], "pin");
    assert_false(grant.all_jobs);
    assert_int_equal(grant.job_count, 1);
    ph_buf_close(&token);
}

static void
other_headers_are_refused(void **state)
{
    static const struct {
        const char *wrong;
        const char *header;
    } cases[] = {
        {"alg none",
         "{\"alg\":\"none\",\"typ\":\"phgrant+jwt\",\"kid\":\"KID\"}"},
        {"alg HS256",
         "{\"alg\":\"HS256\",\"typ\":\"phgrant+jwt\",\"kid\":\"KID\"}"},
        {"alg in small letters",
         "{\"alg\":\"es256\",\"typ\":\"phgrant+jwt\",\"kid\":\"KID\"}"},
        {"alg twice", "{\"alg\":\"ES256\",\"alg\":\"ES256\",\"typ\":"
                      "\"phgrant+jwt\",\"kid\":\"KID\"}"},
        {"no alg", "{\"typ\":\"phgrant+jwt\",\"kid\":\"KID\"}"},
        {"another typ", "{\"alg\":\"ES256\",\"typ\":\"JWT\",\"kid\":\"KID\"}"},
        {"no typ", "{\"alg\":\"ES256\",\"kid\":\"KID\",\"x\":\"y\"}"},
        {"no kid", "{\"alg\":\"ES256\",\"typ\":\"phgrant+jwt\",\"x\":\"y\"}"},
        {"a kid of another key", "{\"alg\":\"ES256\",\"typ\":\"phgrant+jwt\","
                                 "\"kid\":\"nobody\"}"},
        {"a kid that is a number",
         "{\"alg\":\"ES256\",\"typ\":\"phgrant+jwt\",\"kid\":1}"},
        {"crit", "{\"alg\":\"ES256\",\"typ\":\"phgrant+jwt\",\"kid\":\"KID\","
                 "\"crit\":[\"exp\"]}"},
        {"jku", "{\"alg\":\"ES256\",\"typ\":\"phgrant+jwt\",\"kid\":\"KID\","
                "\"jku\":\"https://evil\"}"},
        {"jwk", "{\"alg\":\"ES256\",\"typ\":\"phgrant+jwt\",\"kid\":\"KID\","
                "\"jwk\":{}}"},
        {"b64", "{\"alg\":\"ES256\",\"typ\":\"phgrant+jwt\",\"kid\":\"KID\","
                "\"b64\":false}"},
        {"a list", "[\"ES256\",\"phgrant+jwt\",\"KID\"]"},
        {"no JSON", "ES256"},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        struct ph_grant grant;
        struct ph_why why = {{0}};
        struct ph_buf token;

        ph_buf_init(&token, 65536);
        sign(f, cases[i].header, GOOD, &token);
        if (ph_grant_open((char *)token.data, token.len, f->keys, &grant,
                          &why) != PH_ERR_DENIED)
            fail_msg("taken: %s", cases[i].wrong);
        assert_true(why.text[0] != '\0');
        ph_buf_close(&token);
    }
}

static void
claims_that_break_the_rules_are_refused(void **state)
{
#define C(aud, sub, cnf, times, jti, more) \
    CLAIMS_WITH(aud, sub, cnf, times, jti, more)
#define WS  "\"ws-1\""
#define SUB "\"a@b.c\""
#define ID  "\"" JTI "\""
    static const struct {
        const char *wrong;
        const char *claims;
    } cases[] = {
        {"no issuer", "{\"aud\":" WS ",\"sub\":" SUB ",\"cnf\":" CNF "," TIMES
                      ",\"jti\":" ID AMR "}"},
        {"a claim twice", C(WS, SUB, CNF, TIMES, ID, AMR ",\"sub\":\"x@y.z\"")},
        {"an empty audience", C("\"\"", SUB, CNF, TIMES, ID, AMR)},
        {"no audience in the list", C("[]", SUB, CNF, TIMES, ID, AMR)},
        {"a number in the audience", C("[1]", SUB, CNF, TIMES, ID, AMR)},
        {"nine audiences",
         C("[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\"]", SUB, CNF,
           TIMES, ID, AMR)},
        {"a number as subject", C(WS, "5", CNF, TIMES, ID, AMR)},
        {"an empty subject", C(WS, "\"\"", CNF, TIMES, ID, AMR)},
        {"a newline in the subject",
         C(WS, "\"a\\n@b.c\"", CNF, TIMES, ID, AMR)},
        {"no binding", C(WS, SUB, "{}", TIMES, ID, AMR)},
        {"a binding to a key",
         C(WS, SUB, "{\"jkt\":\"" THUMB "\"}", TIMES, ID, AMR)},
        {"two bindings",
         C(WS, SUB, "{\"x5t#S256\":\"" THUMB "\",\"jkt\":\"a\"}", TIMES, ID,
           AMR)},
        {"a short thumbprint",
         C(WS, SUB, "{\"x5t#S256\":\"abc\"}", TIMES, ID, AMR)},
        {"exp as text",
         C(WS, SUB, CNF, "\"iat\":1000,\"exp\":\"1120\"", ID, AMR)},
        {"exp as a fraction",
         C(WS, SUB, CNF, "\"iat\":1000,\"exp\":1120.5", ID, AMR)},
        {"exp before iat",
         C(WS, SUB, CNF, "\"iat\":1000,\"exp\":999", ID, AMR)},
        {"exp at iat", C(WS, SUB, CNF, "\"iat\":1000,\"exp\":1000", ID, AMR)},
        {"exp beyond all bounds",
         C(WS, SUB, CNF, "\"iat\":1000,\"exp\":99999999999", ID, AMR)},
        {"a negative iat", C(WS, SUB, CNF, "\"iat\":-1,\"exp\":5", ID, AMR)},
        {"no iat", C(WS, SUB, CNF, "\"exp\":5", ID, AMR)},
        {"no exp", C(WS, SUB, CNF, "\"iat\":5", ID, AMR)},
        {"nbf as text", C(WS, SUB, CNF, TIMES ",\"nbf\":\"0\"", ID, AMR)},
        {"nbf null", C(WS, SUB, CNF, TIMES ",\"nbf\":null", ID, AMR)},
        {"a short jti",
         C(WS, SUB, CNF, TIMES, "\"abcdefghijklmnopqrstu\"", AMR)},
        {"a jti with other bytes",
         C(WS, SUB, CNF, TIMES, "\"abcdefghijklmnopqrst=='\"", AMR)},
        {"a jti that is a number",
         C(WS, SUB, CNF, TIMES, "12345678901234567", AMR)},
        {"no amr", C(WS, SUB, CNF, TIMES, ID, "")},
        {"an empty amr", C(WS, SUB, CNF, TIMES, ID, ",\"amr\":[]")},
        {"amr as text", C(WS, SUB, CNF, TIMES, ID, ",\"amr\":\"pin\"")},
        {"jobs as text", C(WS, SUB, CNF, TIMES, ID, AMR ",\"jobs\":\"all\"")},
        {"jobs null", C(WS, SUB, CNF, TIMES, ID, AMR ",\"jobs\":null")},
        {"a job id in capitals",
         C(WS, SUB, CNF, TIMES, ID,
           AMR ",\"jobs\":[\"0123456789ABCDEF0123456789abcdef\"]")},
        {"a list", "[]"},
        {"something behind the object", GOOD "{}"},
        {"nothing", ""},
    };
    struct ph_why why = {{0}};

    (void)state;
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        struct ph_grant grant;

        memset(&grant, 0x5a, sizeof(grant));
        if (ph_grant_parse_claims(cases[i].claims, strlen(cases[i].claims),
                                  &grant, &why) != PH_ERR_INVALID)
            fail_msg("taken: %s", cases[i].wrong);
        assert_int_equal(grant.issuer[0], 0x5a);
    }
}

/* Put another last part or another first part to a good token. */
static void
check_spoilt(struct fixture *f, const char *wrong, const char *token,
             size_t len)
{
    struct ph_grant grant;
    struct ph_why why = {{0}};

    if (ph_grant_open(token, len, f->keys, &grant, &why) == PH_OK)
        fail_msg("taken: %s", wrong);
}

static void
every_change_of_a_token_is_refused(void **state)
{
    struct fixture *f = *state;
    struct ph_grant grant;
    struct ph_why why = {{0}};
    struct ph_buf token;
    char *copy;

    ph_buf_init(&token, 65536);
    sign(f, HEADER, GOOD, &token);
    copy = malloc(token.len + 8);
    assert_non_null(copy);
    for (size_t i = 0; i < token.len; i++) {
        memcpy(copy, token.data, token.len);
        copy[i] = copy[i] == 'A' ? 'B' : 'A';
        if (memcmp(copy, token.data, token.len) != 0)
            check_spoilt(f, "one changed character", copy, token.len);
        check_spoilt(f, "a cut token", (char *)token.data, i);
    }
    memcpy(copy, token.data, token.len);
    memcpy(copy + token.len, "=", 1);
    check_spoilt(f, "padding", copy, token.len + 1);
    memcpy(copy + token.len, ".AA", 3);
    check_spoilt(f, "a fourth part", copy, token.len + 3);
    memcpy(copy + token.len, "\n", 1);
    check_spoilt(f, "a newline behind it", copy, token.len + 1);
    assert_int_equal(
        ph_grant_open((char *)token.data, token.len, f->keys, &grant, &why),
        PH_OK);
    free(copy);
    ph_buf_close(&token);
}

static void
forged_signatures_are_refused(void **state)
{
    struct fixture *f = *state;
    struct ph_buf token, forged, part;
    unsigned char mac[64] = {0};
    unsigned mac_len = 0;
    size_t signed_len;

    ph_buf_init(&token, 65536);
    ph_buf_init(&forged, 65536);
    ph_buf_init(&part, 65536);
    sign(f, HEADER, GOOD, &token);
    signed_len = token.len;
    while (token.data[signed_len - 1] != '.')
        signed_len--;

    /* r = s = 0 */
    assert_int_equal(ph_base64url_encode(mac, 64, &part), PH_OK);
    assert_int_equal(ph_buf_put(&forged, token.data, signed_len), PH_OK);
    assert_int_equal(ph_buf_put(&forged, part.data, part.len), PH_OK);
    check_spoilt(f, "r = s = 0", (char *)forged.data, forged.len);

    /* HMAC with the public key as the secret */
    assert_non_null(HMAC(EVP_sha256(), f->public_pem, (int)f->public_len,
                         token.data, signed_len - 1, mac, &mac_len));
    ph_buf_clear(&forged);
    ph_buf_clear(&part);
    assert_int_equal(ph_base64url_encode(mac, mac_len, &part), PH_OK);
    assert_int_equal(ph_buf_put(&forged, token.data, signed_len), PH_OK);
    assert_int_equal(ph_buf_put(&forged, part.data, part.len), PH_OK);
    check_spoilt(f, "HMAC of the public key", (char *)forged.data, forged.len);

    /* no signature */
    check_spoilt(f, "no signature", (char *)token.data, signed_len);
    check_spoilt(f, "no last part", (char *)token.data, signed_len - 1);
    ph_buf_close(&token);
    ph_buf_close(&forged);
    ph_buf_close(&part);
}

static void
huge_tokens_are_refused_unread(void **state)
{
    struct fixture *f = *state;
    struct ph_grant grant;
    struct ph_why why = {{0}};
    char *huge = malloc(65536);

    assert_non_null(huge);
    memset(huge, 'A', 65536);
    huge[100] = huge[65000] = '.';
    assert_int_equal(ph_grant_open(huge, 65536, f->keys, &grant, &why),
                     PH_ERR_TOO_BIG);
    free(huge);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_proper_grant_is_opened),
        cmocka_unit_test(other_headers_are_refused),
        cmocka_unit_test(claims_that_break_the_rules_are_refused),
        cmocka_unit_test(every_change_of_a_token_is_refused),
        cmocka_unit_test(forged_signatures_are_refused),
        cmocka_unit_test(huge_tokens_are_refused_unread),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
