/* Keys of the issuer that came from the cloud: only a pinned one brings them. */
#include "cloud_message_fixture.h"

static void
put_jwk(const struct grant_fixture *key, char *dst, size_t cap)
{
    const char *names[] = {"qx", "qy"};
    char text[2][64];

    for (size_t i = 0; i < 2; i++) {
        uint8_t bytes[32];
        BIGNUM *bn = NULL;
        struct ph_buf part;

        ph_buf_init(&part, 64);
        assert_int_equal(EVP_PKEY_get_bn_param(key->pkey, names[i], &bn), 1);
        assert_int_equal(BN_bn2binpad(bn, bytes, 32), 32);
        BN_free(bn);
        assert_int_equal(ph_base64url_encode(bytes, 32, &part), PH_OK);
        (void)snprintf(text[i], 64, "%.*s", (int)part.len, (char *)part.data);
        ph_buf_close(&part);
    }
    (void)snprintf(dst, cap,
                   "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"%s\","
                   "\"y\":\"%s\"}",
                   text[0], text[1]);
}

static enum ph_cloud_drop
put_keys(struct rig *rig, const struct grant_fixture *signer, unsigned version,
         const struct grant_fixture *key)
{
    char jwk[512] = "", claims[1024];

    if (key != NULL)
        put_jwk(key, jwk, sizeof(jwk));
    (void)snprintf(claims, sizeof(claims),
                   "{\"iss\":\"" ISSUER "\",\"aud\":\"" TENANT "\",\"ver\":%u,"
                   "\"iat\":%lld,\"keys\":[%s]}",
                   version, (long long)rig->now_s, jwk);
    return take_signed(rig, PH_CLOUD_MESSAGE_KEYS, signer, PH_TOKEN_KEYS,
                       claims);
}

static void
a_pinned_key_brings_another_that_brings_none(void **state)
{
    struct rig *rig = *state;
    static const char refresh[] = ",\"op\":\"refresh\"";

    assert_int_equal(put_command(rig, rig->other, refresh),
                     PH_CLOUD_DROP_UNTRUSTED);
    assert_int_equal(put_keys(rig, rig->issuer, 3, rig->other), PH_CLOUD_TAKEN);
    assert_int_equal(put_command(rig, rig->other, refresh), PH_CLOUD_TAKEN);
    assert_int_equal(put_keys(rig, rig->other, 4, rig->other),
                     PH_CLOUD_DROP_UNTRUSTED);
    assert_int_equal(put_keys(rig, rig->issuer, 3, rig->other),
                     PH_CLOUD_NO_NEWS);
    assert_int_equal(put_keys(rig, rig->issuer, 2, NULL), PH_CLOUD_DROP_OLD);
    assert_int_equal(put_keys(rig, rig->issuer, 4, NULL), PH_CLOUD_TAKEN);
    assert_int_equal(put_command(rig, rig->other, refresh),
                     PH_CLOUD_DROP_UNTRUSTED);
    assert_int_equal(put_command(rig, rig->issuer, refresh), PH_CLOUD_TAKEN);
}

static void
a_pinned_key_that_goes_takes_what_it_brought(void **state)
{
    struct rig *rig = *state;
    void *fixture = NULL;
    struct grant_fixture *third;

    (void)grant_set_up(&fixture);
    third = fixture;
    assert_int_equal(put_keys(rig, rig->issuer, 3, rig->other), PH_CLOUD_TAKEN);
    assert_int_equal(unlink(rig->jobs.config.issuer_key_file), 0);
    scratch_write(rig->jobs.config.issuer_key_file, third->public_pem,
                  third->public_len);
    assert_int_equal(put_command(rig, rig->other, ",\"op\":\"refresh\""),
                     PH_CLOUD_DROP_UNTRUSTED);
    assert_int_equal(put_command(rig, third, ",\"op\":\"refresh\""),
                     PH_CLOUD_TAKEN);
    (void)grant_tear_down(&fixture);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_pinned_key_brings_another_that_brings_none),
        TEST(a_pinned_key_that_goes_takes_what_it_brought),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
