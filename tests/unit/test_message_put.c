/* What the hub says: it is what workstations take, and what they would not take
 * is not signed. */
#include "printhold/proto/message_put.h"

#include <stdio.h>

#include "grant_fixture.h"
#include "printhold/base/attr.h"
#include "printhold/proto/issuer_keys.h"
#include "printhold/proto/token.h"

static const struct ph_message_head head = {
    .issuer = "https://hub",
    .audience = "urn:printhold:acme",
    .version = 7,
    .issued_s = 1000,
    .expires_s = 2000,
};

static void
open_token(struct grant_fixture *f, const struct ph_buf *token,
           const char *type, struct ph_buf *claims)
{
    struct ph_why why = {""};

    assert_int_equal(ph_token_open((const char *)token->data, token->len, type,
                                   "message", f->keys, claims, &why),
                     PH_OK);
}

static void
a_policy_is_read_as_it_was_said(void **state)
{
    struct grant_fixture *f = *state;
    struct ph_policy policy = {.number = {0}}, again;
    struct ph_policy_message got;
    struct ph_buf token, claims, text;

    ph_buf_init(&token, PH_JWS_MAX);
    ph_buf_init(&claims, PH_JWS_MAX);
    ph_buf_init(&text, PH_JWS_MAX);
    for (size_t i = 0; i < PH_POLICY_MEMBERS; i++)
        policy.has[i] = true;
    for (size_t i = 0; i < PH_POLICY_NUMBERS; i++)
        policy.number[i] = 3600 + i;
    policy.number[PH_POLICY_KEEP] = 0;
    policy.number[PH_POLICY_OFFLINE_CODE] = 1;
    policy.number[PH_POLICY_TITLE] = PH_TITLE_HIDDEN;
    (void)snprintf(policy.sign_in, sizeof(policy.sign_in), "badge+pin otp");
    (void)snprintf(policy.confidential_amr, sizeof(policy.confidential_amr),
                   "mfa");
    assert_int_equal(ph_policy_sign(&head, &policy, f->key, &token), PH_OK);
    open_token(f, &token, PH_TOKEN_POLICY, &claims);
    assert_int_equal(ph_policy_parse(claims.data, claims.len, &got, NULL),
                     PH_OK);
    assert_int_equal(got.version, 7);
    assert_int_equal(got.claims.expires_s, 2000);
    assert_true(ph_message_is_for(&got.claims, "urn:printhold:acme"));
    assert_memory_equal(got.policy.has, policy.has, sizeof(policy.has));
    assert_memory_equal(got.policy.number, policy.number,
                        sizeof(policy.number));
    assert_string_equal(got.policy.sign_in, policy.sign_in);
    assert_string_equal(got.policy.confidential_amr, policy.confidential_amr);
    /* and as it is kept */
    assert_int_equal(ph_policy_put(&policy, &text), PH_OK);
    assert_int_equal(ph_policy_read(text.data, text.len, &again), PH_OK);
    assert_memory_equal(again.number, policy.number, sizeof(policy.number));
    assert_int_equal(ph_policy_read("{\"keep\":1}", 10, &again),
                     PH_ERR_INVALID);
    policy.number[PH_POLICY_TITLE] = PH_TITLE_HIDDEN + 1;
    assert_int_equal(ph_policy_sign(&head, &policy, f->key, &token),
                     PH_ERR_INVALID);
    assert_int_equal(token.len, 0);
    ph_buf_close(&text);
    ph_buf_close(&claims);
    ph_buf_close(&token);
}

static void
keys_are_told_without_their_secret_part(void **state)
{
    struct grant_fixture *f = *state;
    const struct ph_jws_key *keys[PH_ISSUER_KEYS_MAX + 1];
    struct ph_issuer_keys got;
    char kid[PH_JWS_KID_MAX];
    struct ph_why why = {""};
    struct ph_buf token;

    ph_buf_init(&token, PH_JWS_MAX);
    for (size_t i = 0; i < PH_COUNT(keys); i++)
        keys[i] = f->key;
    assert_int_equal(
        ph_issuer_keys_sign(&head, keys, PH_ISSUER_KEYS_MAX, f->key, &token),
        PH_OK);
    assert_int_equal(ph_issuer_keys_open((const char *)token.data, token.len,
                                         f->keys, &got, &why),
                     PH_OK);
    assert_int_equal(got.key_count, PH_ISSUER_KEYS_MAX);
    assert_int_equal(ph_jws_key_kid(got.key[0], kid), PH_OK);
    assert_string_equal(kid, f->kid);
    ph_issuer_keys_close(&got);
    assert_int_equal(ph_issuer_keys_sign(&head, keys, PH_ISSUER_KEYS_MAX + 1,
                                         f->key, &token),
                     PH_ERR_INVALID);
    ph_buf_close(&token);
}

static struct ph_command
sample(enum ph_command_op op)
{
    struct ph_command command = {.op = op};

    (void)snprintf(command.jti, sizeof(command.jti), "abcdefghijklmnopqrstuv");
    return command;
}

static void
commands_are_read_as_they_were_said(void **state)
{
    struct grant_fixture *f = *state;
    struct ph_message_head mine = head;
    struct ph_command made = sample(PH_COMMAND_DELETE_JOBS), got;
    struct ph_buf token, claims;

    ph_buf_init(&token, PH_JWS_MAX);
    ph_buf_init(&claims, PH_JWS_MAX);
    mine.version = 0;
    made.job_count = PH_COMMAND_JOBS_MAX;
    for (size_t i = 0; i < made.job_count; i++)
        made.job[i].bytes[2] = (uint8_t)i;
    assert_int_equal(ph_command_sign(&mine, &made, f->key, &token), PH_OK);
    open_token(f, &token, PH_TOKEN_COMMAND, &claims);
    assert_int_equal(ph_command_parse(claims.data, claims.len, &got, NULL),
                     PH_OK);
    assert_int_equal(got.op, PH_COMMAND_DELETE_JOBS);
    assert_string_equal(got.jti, made.jti);
    assert_int_equal(got.job_count, PH_COMMAND_JOBS_MAX);
    assert_memory_equal(got.job, made.job, sizeof(made.job));
    made = sample(PH_COMMAND_PURGE_USER);
    (void)snprintf(made.user, sizeof(made.user), "ann@example.com");
    assert_int_equal(ph_command_sign(&mine, &made, f->key, &token), PH_OK);
    open_token(f, &token, PH_TOKEN_COMMAND, &claims);
    assert_int_equal(ph_command_parse(claims.data, claims.len, &got, NULL),
                     PH_OK);
    assert_string_equal(got.user, "ann@example.com");
    made = sample(PH_COMMAND_REFRESH);
    assert_int_equal(ph_command_sign(&mine, &made, f->key, &token), PH_OK);
    ph_buf_close(&claims);
    ph_buf_close(&token);
}

static void
commands_that_break_the_rules_are_not_signed(void **state)
{
    struct grant_fixture *f = *state;
    struct ph_message_head mine = head;
    struct ph_command made;
    struct ph_buf token;

    ph_buf_init(&token, PH_JWS_MAX);
    made = sample(PH_COMMAND_DELETE_JOBS); /* whose? */
    assert_int_equal(ph_command_sign(&mine, &made, f->key, &token),
                     PH_ERR_INVALID);
    made = sample(PH_COMMAND_UNKNOWN);
    assert_int_equal(ph_command_sign(&mine, &made, f->key, &token),
                     PH_ERR_INVALID);
    made = sample(PH_COMMAND_REFRESH);
    (void)snprintf(made.user, sizeof(made.user), "ann@example.com");
    assert_int_equal(ph_command_sign(&mine, &made, f->key, &token),
                     PH_ERR_INVALID);
    made = sample(PH_COMMAND_REFRESH);
    made.jti[10] = '\0';
    assert_int_equal(ph_command_sign(&mine, &made, f->key, &token),
                     PH_ERR_INVALID);
    made = sample(PH_COMMAND_REFRESH);
    mine.expires_s = mine.issued_s + PH_COMMAND_LIFE_MAX_S + 1;
    assert_int_equal(ph_command_sign(&mine, &made, f->key, &token),
                     PH_ERR_INVALID);
    mine.expires_s = 0;
    assert_int_equal(ph_command_sign(&mine, &made, f->key, &token),
                     PH_ERR_INVALID);
    assert_int_equal(token.len, 0);
    ph_buf_close(&token);
}

int
main(void)
{
#define TEST(name) \
    cmocka_unit_test_setup_teardown(name, grant_set_up, grant_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_policy_is_read_as_it_was_said),
        TEST(keys_are_told_without_their_secret_part),
        TEST(commands_are_read_as_they_were_said),
        TEST(commands_that_break_the_rules_are_not_signed),
    };

    return cmocka_run_group_tests_name("message_put", tests, NULL, NULL);
}
