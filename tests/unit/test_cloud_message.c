/*
 * Messages of the cloud as the workstation judges them: each forgery is wrong in
 * one thing only, and changes nothing (SR-42, SR-50).
 */
#include "cloud_message.h"

#include <openssl/hmac.h>
#include <unistd.h>

#include "cloud_message_fixture.h"
#include "denied_store.h"
#include "printhold/base/attr.h"

/* --- policy --- */

static void
a_policy_takes_effect_and_an_older_one_never_comes_back(void **state)
{
    struct rig *rig = *state;

    assert_int_equal(put_policy(rig, 5, "{\"retention-s\":7200}"),
                     PH_CLOUD_TAKEN);
    assert_int_equal(retention(rig), 7200);
    assert_int_equal(put_policy(rig, 5, "{\"retention-s\":7200}"),
                     PH_CLOUD_NO_NEWS);
    assert_int_equal(put_policy(rig, 4, "{}"), PH_CLOUD_DROP_OLD);
    /* As after a crash. */
    jobs_fixture_close(&rig->jobs);
    jobs_fixture_open(&rig->jobs);
    start(rig);
    assert_int_equal(
        ph_policy_store_apply(&rig->messages.policies, rig->jobs.jobs), PH_OK);
    assert_int_equal(retention(rig), 7200);
    assert_int_equal(put_policy(rig, 4, "{}"), PH_CLOUD_DROP_OLD);
    assert_int_equal(retention(rig), 7200);
    assert_int_equal(put_policy(rig, 6, "{}"), PH_CLOUD_TAKEN);
    assert_int_equal(retention(rig), rig->jobs.config.retention_s);
}

static void
the_workstations_policy_lies_over_the_tenants(void **state)
{
    struct rig *rig = *state;

    assert_int_equal(put_policy(rig, 5, "{\"retention-s\":7200}"),
                     PH_CLOUD_TAKEN);
    assert_int_equal(
        take_signed(rig, PH_CLOUD_MESSAGE_WORKSTATION_POLICY, rig->issuer,
                    PH_TOKEN_POLICY,
                    policy_claims(rig, WS, 1, "{\"retention-s\":10800}")),
        PH_CLOUD_TAKEN);
    assert_int_equal(retention(rig), 10800);
    assert_int_equal(put_policy(rig, 6, "{\"retention-s\":3600}"),
                     PH_CLOUD_TAKEN);
    assert_int_equal(retention(rig), 10800);
}

static void
a_file_that_is_no_policy_is_as_if_it_were_not_there(void **state)
{
    struct rig *rig = *state;
    char path[512];

    assert_int_equal(put_policy(rig, 5, "{\"retention-s\":7200}"),
                     PH_CLOUD_TAKEN);
    jobs_fixture_path(&rig->jobs, "policy", path, sizeof(path));
    assert_int_equal(unlink(path), 0);
    scratch_write(path, "{", 1);
    start(rig);
    assert_int_equal(rig->messages.policies.version[PH_POLICY_OF_TENANT], 0);
    assert_int_equal(put_policy(rig, 1, "{}"), PH_CLOUD_TAKEN);
}

/* --- the table --- */

/* Signed with HMAC under the issuer's public key, or not at all. */
static void
forge(const struct rig *rig, const char *alg, const char *claims,
      struct ph_buf *token)
{
    char header[256];
    uint8_t mac[64] = {0};
    unsigned len = 32;
    struct ph_buf part;
    const void *parts[3];
    size_t lens[3];

    (void)snprintf(header, sizeof(header),
                   "{\"alg\":\"%s\",\"typ\":\"" PH_TOKEN_COMMAND
                   "\",\"kid\":\"%s\"}",
                   alg, rig->issuer->kid);
    parts[0] = header;
    lens[0] = strlen(header);
    parts[1] = claims;
    lens[1] = strlen(claims);
    parts[2] = mac;
    lens[2] = 64;
    ph_buf_init(&part, 65536);
    for (size_t i = 0; i < 3; i++) {
        if (i == 2)
            (void)HMAC(EVP_sha256(), rig->issuer->public_pem,
                       (int)rig->issuer->public_len, token->data, token->len,
                       mac, &len);
        if (i > 0)
            assert_int_equal(ph_buf_put_str(token, "."), PH_OK);
        assert_int_equal(ph_base64url_encode(parts[i], lens[i], &part), PH_OK);
        assert_int_equal(ph_buf_put(token, part.data, part.len), PH_OK);
    }
    ph_buf_close(&part);
}

#define DELETE_ALL \
    ",\"op\":\"delete-jobs\",\"args\":{\"user\":\"alice@example.com\"}"

static void
check_commands(struct rig *rig)
{
    const int64_t now_s = rig->now_s;
    const struct {
        const char *wrong;
        const struct grant_fixture *key;
        const char *type;
        const char *aud;
        int64_t iat_s, life_s;
        const char *more;
        enum ph_cloud_drop drop;
    } cases[] = {
        {"a key that nobody knows", rig->other, PH_TOKEN_COMMAND, WS, now_s, 60,
         DELETE_ALL, PH_CLOUD_DROP_UNTRUSTED},
        {"a grant", rig->issuer, PH_TOKEN_GRANT, WS, now_s, 60, DELETE_ALL,
         PH_CLOUD_DROP_UNTRUSTED},
        {"a policy", rig->issuer, PH_TOKEN_POLICY, WS, now_s, 60, DELETE_ALL,
         PH_CLOUD_DROP_UNTRUSTED},
        {"another workstation", rig->issuer, PH_TOKEN_COMMAND, "ws-else", now_s,
         60, DELETE_ALL, PH_CLOUD_DROP_AUDIENCE},
        {"the whole tenant", rig->issuer, PH_TOKEN_COMMAND, TENANT, now_s, 60,
         DELETE_ALL, PH_CLOUD_DROP_AUDIENCE},
        {"expired", rig->issuer, PH_TOKEN_COMMAND, WS, now_s - 1000, 60,
         DELETE_ALL, PH_CLOUD_DROP_TIME},
        {"of the future", rig->issuer, PH_TOKEN_COMMAND, WS, now_s + 1000, 60,
         DELETE_ALL, PH_CLOUD_DROP_TIME},
        {"of eight days", rig->issuer, PH_TOKEN_COMMAND, WS, now_s, 8 * 86400,
         DELETE_ALL, PH_CLOUD_DROP_INVALID},
        {"op twice", rig->issuer, PH_TOKEN_COMMAND, WS, now_s, 60,
         DELETE_ALL ",\"op\":\"refresh\"", PH_CLOUD_DROP_INVALID},
        {"without an op", rig->issuer, PH_TOKEN_COMMAND, WS, now_s, 60, "",
         PH_CLOUD_DROP_INVALID},
    };

    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        const enum ph_cloud_drop drop = take_signed(
            rig, PH_CLOUD_MESSAGE_COMMAND, cases[i].key, cases[i].type,
            command_claims(rig, cases[i].aud, cases[i].iat_s, cases[i].life_s,
                           cases[i].more));

        if (drop != cases[i].drop)
            fail_msg("%s: %s", cases[i].wrong, ph_cloud_drop_keyword(drop));
    }
}

static void
check_texts(struct rig *rig)
{
    static const struct {
        const char *wrong;
        const char *text;
        enum ph_cloud_drop drop;
    } cases[] = {
        {"nothing", "", PH_CLOUD_DROP_MALFORMED},
        {"plain JSON", "{\"op\":\"delete-jobs\"}", PH_CLOUD_DROP_MALFORMED},
        {"a url", "https://evil.example/x", PH_CLOUD_DROP_MALFORMED},
        {"three dots", "...", PH_CLOUD_DROP_MALFORMED},
        {"no signature", "e30.e30.", PH_CLOUD_DROP_MALFORMED},
        {"a short signature", "e30.e30.e30", PH_CLOUD_DROP_MALFORMED},
    };
    struct ph_buf token;

    ph_buf_init(&token, 65536);
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        ph_buf_clear(&token);
        assert_int_equal(ph_buf_put(&token, "", 1), PH_OK);
        ph_buf_clear(&token);
        assert_int_equal(ph_buf_put_str(&token, cases[i].text), PH_OK);
        for (int kind = 0; kind < PH_CLOUD_MESSAGE_KINDS; kind++)
            if (take(rig, (enum ph_cloud_message_kind)kind, &token) !=
                cases[i].drop)
                fail_msg("%s on topic %d", cases[i].wrong, kind);
    }
    ph_buf_clear(&token);
    for (int i = 0; i <= PH_JWS_MAX; i++)
        assert_int_equal(ph_buf_put_u8(&token, 'A'), PH_OK);
    assert_int_equal(take(rig, PH_CLOUD_MESSAGE_COMMAND, &token),
                     PH_CLOUD_DROP_TOO_BIG);
    ph_buf_clear(&token);
    forge(rig, "HS256", command_claims(rig, WS, rig->now_s, 60, DELETE_ALL),
          &token);
    assert_int_equal(take(rig, PH_CLOUD_MESSAGE_COMMAND, &token),
                     PH_CLOUD_DROP_UNTRUSTED);
    ph_buf_clear(&token);
    forge(rig, "none", command_claims(rig, WS, rig->now_s, 60, DELETE_ALL),
          &token);
    assert_int_equal(take(rig, PH_CLOUD_MESSAGE_COMMAND, &token),
                     PH_CLOUD_DROP_UNTRUSTED);
    /* The right kid, signed by somebody else. */
    sign(rig->other, rig->issuer->kid, PH_TOKEN_COMMAND,
         command_claims(rig, WS, rig->now_s, 60, DELETE_ALL), &token);
    assert_int_equal(take(rig, PH_CLOUD_MESSAGE_COMMAND, &token),
                     PH_CLOUD_DROP_UNTRUSTED);
    ph_buf_close(&token);
}

static void
check_policies(struct rig *rig)
{
    const struct {
        const char *wrong;
        enum ph_cloud_message_kind kind;
        const char *claims;
        enum ph_cloud_drop drop;
    } cases[] = {
        {"another tenant's", PH_CLOUD_MESSAGE_POLICY,
         "{\"iss\":\"" ISSUER "\",\"aud\":\"urn:printhold:other\",\"ver\":9,"
         "\"iat\":1,\"policy\":{}}",
         PH_CLOUD_DROP_AUDIENCE},
        {"the tenant's on the workstation's topic",
         PH_CLOUD_MESSAGE_WORKSTATION_POLICY,
         "{\"iss\":\"" ISSUER "\",\"aud\":\"" TENANT "\",\"ver\":9,\"iat\":1,"
         "\"policy\":{}}",
         PH_CLOUD_DROP_AUDIENCE},
        {"the workstation's on the tenant's topic", PH_CLOUD_MESSAGE_POLICY,
         "{\"iss\":\"" ISSUER "\",\"aud\":\"" WS "\",\"ver\":9,\"iat\":1,"
         "\"policy\":{}}",
         PH_CLOUD_DROP_AUDIENCE},
        {"another issuer's", PH_CLOUD_MESSAGE_POLICY,
         "{\"iss\":\"https://evil\",\"aud\":\"" TENANT "\",\"ver\":9,"
         "\"iat\":1,\"policy\":{}}",
         PH_CLOUD_DROP_ISSUER},
        {"expired", PH_CLOUD_MESSAGE_POLICY,
         "{\"iss\":\"" ISSUER "\",\"aud\":\"" TENANT "\",\"ver\":9,\"iat\":1,"
         "\"exp\":2,\"policy\":{}}",
         PH_CLOUD_DROP_TIME},
        {"of the future", PH_CLOUD_MESSAGE_POLICY,
         "{\"iss\":\"" ISSUER "\",\"aud\":\"" TENANT "\",\"ver\":9,"
         "\"iat\":9999999999,\"policy\":{}}",
         PH_CLOUD_DROP_TIME},
        {"critical", PH_CLOUD_MESSAGE_POLICY,
         "{\"iss\":\"" ISSUER "\",\"aud\":\"" TENANT "\",\"ver\":9,\"iat\":1,"
         "\"policy\":{\"url\":\"x\"},\"crit\":[\"url\"]}",
         PH_CLOUD_DROP_CRITICAL},
        {"nonsense", PH_CLOUD_MESSAGE_POLICY, "[]", PH_CLOUD_DROP_INVALID},
    };

    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        const enum ph_cloud_drop drop = take_signed(
            rig, cases[i].kind, rig->issuer, PH_TOKEN_POLICY, cases[i].claims);

        if (drop != cases[i].drop)
            fail_msg("%s: %s", cases[i].wrong, ph_cloud_drop_keyword(drop));
    }
}

static void
what_is_forged_is_dropped_and_changes_nothing(void **state)
{
    struct rig *rig = *state;
    struct ph_id held = jobs_fixture_hold(&rig->jobs, "zebra", "a document");
    const struct ph_asker everyone = {.everyone = true};
    struct ph_policy_versions versions;
    struct ph_jobs_stats before, after;
    struct ph_job_view view;

    assert_int_equal(ph_jobs_stats(rig->jobs.jobs, &before), PH_OK);
    check_commands(rig);
    check_texts(rig);
    check_policies(rig);
    assert_int_equal(ph_jobs_get(rig->jobs.jobs, &everyone, &held, &view),
                     PH_OK);
    assert_int_equal(view.state, PH_JOB_HELD);
    ph_jobs_rules(rig->jobs.jobs, NULL, &versions);
    assert_int_equal(versions.tenant + versions.workstation, 0);
    /* Nobody is answered. */
    assert_int_equal(ph_jobs_stats(rig->jobs.jobs, &after), PH_OK);
    assert_int_equal(after.outbox_events, before.outbox_events);
}

/* --- commands --- */

static void
a_command_works_once(void **state)
{
    struct rig *rig = *state;
    struct ph_cloud_effect effect;
    struct ph_buf token;

    ph_buf_init(&token, 65536);
    sign(rig->issuer, rig->issuer->kid, PH_TOKEN_COMMAND,
         command_claims(rig, WS, rig->now_s, 60, ",\"op\":\"refresh\""),
         &token);
    assert_int_equal(
        ph_cloud_message_take(&rig->messages, PH_CLOUD_MESSAGE_COMMAND,
                              (char *)token.data, token.len, &effect),
        PH_CLOUD_TAKEN);
    assert_true(effect.refresh);
    assert_int_equal(take(rig, PH_CLOUD_MESSAGE_COMMAND, &token),
                     PH_CLOUD_DROP_REPLAYED);
    jobs_fixture_close(&rig->jobs);
    jobs_fixture_open(&rig->jobs);
    start(rig);
    assert_int_equal(take(rig, PH_CLOUD_MESSAGE_COMMAND, &token),
                     PH_CLOUD_DROP_REPLAYED);
    ph_buf_close(&token);
}

/* What was forgotten when the clock was ahead does not come back with it. */
static void
a_clock_that_is_set_back_opens_nothing_again(void **state)
{
    struct rig *rig = *state;
    int64_t high_ms;
    struct ph_buf token;

    ph_buf_init(&token, 65536);
    sign(rig->issuer, rig->issuer->kid, PH_TOKEN_COMMAND,
         command_claims(rig, WS, rig->now_s, 60, ",\"op\":\"refresh\""),
         &token);
    assert_int_equal(take(rig, PH_CLOUD_MESSAGE_COMMAND, &token),
                     PH_CLOUD_TAKEN);
    assert_int_equal(ph_jobs_high_water(rig->jobs.jobs,
                                        (rig->now_s + 3600) * 1000, &high_ms),
                     PH_OK);
    assert_int_equal(take(rig, PH_CLOUD_MESSAGE_COMMAND, &token),
                     PH_CLOUD_DROP_TIME);
    ph_buf_close(&token);
}

static void
no_op_moves_a_document(void **state)
{
    static const char *const ops[] = {
        "delete-jobs", "purge-user",  "refresh",     "renew-certificate",
        "send-job",    "send",        "upload",      "release",
        "print",       "forward",     "report-logs", "set-keep",
        "set-config",  "set-url",     "run",         "exec",
        "update",      "add-printer", "trust",       "open-session",
    };
    struct rig *rig = *state;
    struct ph_id held = jobs_fixture_hold(&rig->jobs, "zebra", "a document");
    const struct ph_asker everyone = {.everyone = true};
    struct ph_job_view view;
    char more[256];

    for (size_t i = 0; i < PH_COUNT(ops); i++) {
        const bool is_known = i < PH_COMMAND_OPS;

        (void)snprintf(more, sizeof(more), ",\"op\":\"%s\",\"args\":%s", ops[i],
                       !is_known ? "{\"job\":\"all\",\"url\":\"https://evil\"}"
                       : i < 2   ? "{\"user\":\"bob@example.com\"}"
                                 : "{}");
        assert_int_equal(put_command(rig, rig->issuer, more), PH_CLOUD_TAKEN);
        assert_int_equal(ph_jobs_get(rig->jobs.jobs, &everyone, &held, &view),
                         PH_OK);
        assert_int_equal(view.state, PH_JOB_HELD);
        assert_string_equal(view.holder, "");
    }
}

/* --- denied printers --- */

static enum ph_cloud_drop
put_denied(struct rig *rig, const struct grant_fixture *key, const char *aud,
           unsigned version, const char *printers)
{
    static char text[1024];

    (void)snprintf(text, sizeof(text),
                   "{\"iss\":\"" ISSUER "\",\"aud\":\"%s\",\"ver\":%u,"
                   "\"iat\":%lld,\"printers\":%s,\"certificates\":[]}",
                   aud, version, (long long)rig->now_s, printers);
    return take_signed(rig, PH_CLOUD_MESSAGE_DENIED, key, PH_TOKEN_DENIED,
                       text);
}

static size_t
denied_stored(struct rig *rig)
{
    struct ph_denied_message message = {.denied = NULL};
    size_t count;
    int err = ph_denied_store_load(&rig->jobs.config, TENANT, &message, NULL);

    if (err == PH_ERR_NOT_FOUND)
        return 0;
    assert_int_equal(err, PH_OK);
    count = ph_denied_count(message.denied);
    ph_denied_free(message.denied);
    return count;
}

static void
denied_printers_are_kept_and_older_lists_never_come_back(void **state)
{
    struct rig *rig = *state;
    struct ph_denied_message message;
    char path[PH_CONFIG_TEXT_MAX + 32];
    struct ph_why why;

    assert_int_equal(put_denied(rig, rig->other, TENANT, 9, "[\"pr-a\"]"),
                     PH_CLOUD_DROP_UNTRUSTED);
    assert_int_equal(put_denied(rig, rig->issuer, WS, 9, "[\"pr-a\"]"),
                     PH_CLOUD_DROP_AUDIENCE);
    assert_int_equal(put_denied(rig, rig->issuer, TENANT, 9, "[\"PR\"]"),
                     PH_CLOUD_DROP_INVALID);
    assert_int_equal(denied_stored(rig), 0);
    assert_int_equal(
        put_denied(rig, rig->issuer, TENANT, 9, "[\"pr-a\",\"pr-b\"]"),
        PH_CLOUD_TAKEN);
    assert_int_equal(denied_stored(rig), 2);
    assert_int_equal(put_denied(rig, rig->issuer, TENANT, 9, "[]"),
                     PH_CLOUD_NO_NEWS);
    assert_int_equal(put_denied(rig, rig->issuer, TENANT, 8, "[]"),
                     PH_CLOUD_DROP_OLD);
    start(rig); /* another process */
    assert_int_equal(put_denied(rig, rig->issuer, TENANT, 8, "[]"),
                     PH_CLOUD_DROP_OLD);
    assert_int_equal(denied_stored(rig), 2);
    assert_int_equal(ph_denied_store_load(&rig->jobs.config, "urn:printhold:b",
                                          &message, &why),
                     PH_ERR_NOT_FOUND);
    /* what cannot be read is no empty list, and is replaced */
    ph_denied_store_path(&rig->jobs.config, path);
    assert_int_equal(unlink(path), 0);
    scratch_write(path, "{", 1);
    assert_int_equal(
        ph_denied_store_load(&rig->jobs.config, TENANT, &message, &why),
        PH_ERR_CORRUPT);
    assert_int_equal(put_denied(rig, rig->issuer, TENANT, 10, "[]"),
                     PH_CLOUD_TAKEN);
    assert_int_equal(denied_stored(rig), 0);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(denied_printers_are_kept_and_older_lists_never_come_back),
        TEST(a_policy_takes_effect_and_an_older_one_never_comes_back),
        TEST(the_workstations_policy_lies_over_the_tenants),
        TEST(a_file_that_is_no_policy_is_as_if_it_were_not_there),
        TEST(what_is_forged_is_dropped_and_changes_nothing),
        TEST(a_command_works_once),
        TEST(a_clock_that_is_set_back_opens_nothing_again),
        TEST(no_op_moves_a_document),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
