/* Who gets a certificate (SR-52), on a hub's real store with the clock moved. */
#include "hub_enrol_fixture.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdint.h>

#include "audit.h"
#include "enrol_calls.h"
#include "printhold/base/attr.h"
#include "printhold/base/io.h"
#include "printhold/base/log.h"
#include "printhold/proto/denied.h"

static struct hub_fixture fixture;
static EVP_PKEY *keys[3];

static void
no_log(enum ph_log_level level, const char *text, void *arg)
{
    (void)level;
    (void)text;
    (void)arg;
}

static int
set_up(void **state)
{
    (void)state;
    ph_log_set_sink(no_log, NULL);
    for (size_t i = 0; i < PH_COUNT(keys); i++)
        keys[i] = EVP_EC_gen("P-256");
    hub_fixture_make(&fixture);
    return 0;
}

static int
tear_down(void **state)
{
    (void)state;
    hub_fixture_remove(&fixture);
    for (size_t i = 0; i < PH_COUNT(keys); i++)
        EVP_PKEY_free(keys[i]);
    ph_log_set_sink(NULL, NULL);
    return 0;
}

static enum hub_verdict
enrol(const char *token, EVP_PKEY *key, struct hub_enrolled *out_enrolled)
{
    const struct ph_csr csr = hub_csr(key);
    enum hub_verdict verdict = HUB_CANNOT_SIGN;
    struct ph_why why = {""};

    memset(out_enrolled, 0, sizeof(*out_enrolled));
    assert_int_equal(hub_enrol(&fixture.hub, token, &csr, "front desk",
                               "192.0.2.1", &verdict, out_enrolled, &why),
                     PH_OK);
    return verdict;
}

static enum hub_verdict
renew(const struct hub_enrolled *shown, EVP_PKEY *key,
      struct hub_enrolled *out_enrolled)
{
    const struct ph_identity peer = hub_identity(shown);
    const struct ph_csr csr = hub_csr(key);
    enum hub_verdict verdict = HUB_CANNOT_SIGN;
    struct ph_why why = {""};

    memset(out_enrolled, 0, sizeof(*out_enrolled));
    assert_int_equal(hub_renew(&fixture.hub, &peer, &csr, "192.0.2.1", &verdict,
                               out_enrolled, &why),
                     PH_OK);
    return verdict;
}

/* A request of the device with this certificate has come. */
static void
seen(const struct hub_enrolled *enrolled)
{
    const struct ph_identity peer = hub_identity(enrolled);
    struct hub_store *store = fixture.hub.store;

    assert_int_equal(hub_store_begin(store), PH_OK);
    assert_int_equal(
        hub_store_end(store,
                      hub_certificate_seen(store, peer.thumbprint, hub_now_ms)),
        PH_OK);
}

static struct hub_device
device(const char *id)
{
    struct hub_store *store = fixture.hub.store;
    struct hub_device found;

    assert_int_equal(hub_store_begin(store), PH_OK);
    assert_int_equal(hub_store_end(store, hub_device_get(store, id, &found)),
                     PH_OK);
    return found;
}

struct count {
    const char *act;
    int times;
};

static int
count_one(const struct hub_audit_record *record, void *arg)
{
    struct count *count = arg;

    count->times += strcmp(record->act.act, count->act) == 0;
    return PH_OK;
}

static int
recorded(const char *act)
{
    struct hub_store *store = fixture.hub.store;
    struct count count = {act, 0};

    assert_int_equal(hub_store_begin(store), PH_OK);
    assert_int_equal(
        hub_store_end(store, hub_audit_each(store, 0, count_one, &count)),
        PH_OK);
    return count.times;
}

/* --- tokens --- */

static void
the_hub_says_who_a_device_is(void **state)
{
    char token[HUB_TOKEN_TEXT];
    struct hub_enrolled got;
    struct ph_identity is;

    (void)state;
    hub_token_of(&fixture, PH_IDENTITY_PRINTER, "pr-lobby", "", token);
    assert_int_equal(enrol(token, keys[0], &got), HUB_ENROLLED);
    assert_false(got.is_repeated);
    is = hub_identity(&got);
    assert_int_equal(is.kind, PH_IDENTITY_PRINTER);
    assert_string_equal(is.tenant, "acme");
    assert_string_equal(is.id, "pr-lobby");
    assert_int_equal(is.not_after_ms, hub_now_ms + 7 * HUB_DAY);
    assert_string_equal(device("pr-lobby").name, "front desk");
    hub_token_of(&fixture, PH_IDENTITY_WORKSTATION, "", "admin@example.com",
                 token);
    assert_int_equal(enrol(token, keys[1], &got), HUB_ENROLLED);
    is = hub_identity(&got);
    assert_int_equal(is.kind, PH_IDENTITY_WORKSTATION);
    assert_int_equal(strncmp(is.id, "ws-", 3), 0);
    assert_int_equal(is.not_after_ms, hub_now_ms + 90 * HUB_DAY);
}

static void
a_workstation_is_bound_to_its_person(void **state)
{
    struct hub_store *store = fixture.hub.store;
    char token[HUB_TOKEN_TEXT];
    struct hub_enrolled got;
    bool has = false, other = true;

    (void)state;
    hub_token_of(&fixture, PH_IDENTITY_WORKSTATION, "ws-1", "admin@example.com",
                 token);
    assert_int_equal(enrol(token, keys[0], &got), HUB_ENROLLED);
    assert_int_equal(hub_store_begin(store), PH_OK);
    assert_int_equal(hub_binding_has(store, "ws-1", "admin@example.com", &has),
                     PH_OK);
    assert_int_equal(hub_binding_has(store, "ws-1", "bob@example.com", &other),
                     PH_OK);
    assert_int_equal(hub_store_end(store, PH_OK), PH_OK);
    assert_true(has);
    assert_false(other);
}

static void
a_lost_answer_is_given_again(void **state)
{
    char token[HUB_TOKEN_TEXT];
    struct hub_enrolled first, again;

    (void)state;
    hub_token_of(&fixture, PH_IDENTITY_PRINTER, "pr-1", "", token);
    assert_int_equal(enrol(token, keys[0], &first), HUB_ENROLLED);
    hub_now_ms += 5 * HUB_HOUR;
    hub_fixture_again(&fixture);
    assert_int_equal(enrol(token, keys[0], &again), HUB_ENROLLED);
    assert_true(again.is_repeated);
    assert_string_equal(again.pem, first.pem);
    assert_string_equal(again.id, first.id);
    assert_int_equal(device("pr-1").generation, 1);
    assert_int_equal(recorded("enrol"), 1);
}

static void
another_key_gets_nothing_and_is_recorded(void **state)
{
    char token[HUB_TOKEN_TEXT];
    struct hub_enrolled got;

    (void)state;
    hub_token_of(&fixture, PH_IDENTITY_PRINTER, "pr-1", "", token);
    assert_int_equal(enrol(token, keys[0], &got), HUB_ENROLLED);
    assert_int_equal(enrol(token, keys[1], &got), HUB_TOKEN_REFUSED);
    assert_string_equal(got.pem, "");
    assert_int_equal(recorded("enrol.refused"), 1);
    hub_fixture_again(&fixture);
    assert_int_equal(enrol(token, keys[1], &got), HUB_TOKEN_REFUSED);
    assert_int_equal(recorded("enrol.refused"), 2);
    /* And the right one is not locked out by it. */
    assert_int_equal(enrol(token, keys[0], &got), HUB_ENROLLED);
}

/* Who has a used token cannot fill the record. */
static void
refusals_are_written_down_so_often(void **state)
{
    char token[HUB_TOKEN_TEXT];
    struct hub_enrolled got;

    (void)state;
    hub_token_of(&fixture, PH_IDENTITY_PRINTER, "pr-1", "", token);
    assert_int_equal(enrol(token, keys[0], &got), HUB_ENROLLED);
    for (int i = 0; i < 130; i++)
        assert_int_equal(enrol(token, keys[1], &got), HUB_TOKEN_REFUSED);
    assert_int_equal(recorded("enrol.refused"), 100);
    hub_now_ms += HUB_HOUR;
    assert_int_equal(enrol(token, keys[1], &got), HUB_TOKEN_REFUSED);
    assert_int_equal(recorded("enrol.refused"), 101);
}

static void
a_token_is_over_after_its_life(void **state)
{
    char token[HUB_TOKEN_TEXT], used[HUB_TOKEN_TEXT];
    struct hub_enrolled got;

    (void)state;
    hub_token_of(&fixture, PH_IDENTITY_PRINTER, "pr-1", "", token);
    hub_token_of(&fixture, PH_IDENTITY_PRINTER, "pr-2", "", used);
    hub_now_ms += HUB_DAY - 1;
    assert_int_equal(enrol(used, keys[0], &got), HUB_ENROLLED);
    hub_now_ms += 1;
    assert_int_equal(enrol(token, keys[0], &got), HUB_TOKEN_REFUSED);
    assert_int_equal(enrol(used, keys[0], &got), HUB_TOKEN_REFUSED);
    assert_int_equal(recorded("enrol.refused"), 2);
}

static void
tokens_that_were_never_made_are_refused(void **state)
{
    static const char *const texts[] = {
        "", "x", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "' OR 1=1 --"};
    struct hub_enrolled got;

    (void)state;
    for (size_t i = 0; i < PH_COUNT(texts); i++)
        assert_int_equal(enrol(texts[i], keys[0], &got), HUB_TOKEN_REFUSED);
}

/* The database alone is no token: what is kept is a hash with a key. */
static void
what_is_kept_is_not_the_token(void **state)
{
    char token[HUB_TOKEN_TEXT], path[400];
    struct ph_buf file;

    (void)state;
    hub_token_of(&fixture, PH_IDENTITY_PRINTER, "pr-1", "", token);
    hub_close(&fixture.hub); /* the log goes into the file */
    (void)snprintf(path, sizeof(path), "%s/hub.db", fixture.dir);
    assert_int_equal(ph_io_read_file(AT_FDCWD, path, 64 * 1024 * 1024, &file),
                     PH_OK);
    assert_non_null(memmem(file.data, file.len, "pr-1", 4));
    assert_null(memmem(file.data, file.len, token, strlen(token)));
    ph_buf_close(&file);
    hub_fixture_open(&fixture);
}

/* --- renewal --- */

static void
first_certificate(struct hub_enrolled *out_enrolled)
{
    char token[HUB_TOKEN_TEXT];

    hub_token_of(&fixture, PH_IDENTITY_PRINTER, "pr-1", "", token);
    assert_int_equal(enrol(token, keys[0], out_enrolled), HUB_ENROLLED);
    seen(out_enrolled);
    hub_now_ms += 4 * HUB_DAY;
}

static void
a_renewal_may_have_another_key(void **state)
{
    struct hub_enrolled first, second, third;

    (void)state;
    first_certificate(&first);
    assert_int_equal(renew(&first, keys[1], &second), HUB_ENROLLED);
    assert_string_equal(second.id, "pr-1");
    assert_int_equal(hub_identity(&second).not_after_ms,
                     hub_now_ms + 7 * HUB_DAY);
    seen(&second);
    hub_now_ms += HUB_DAY;
    assert_int_equal(renew(&second, keys[1], &third), HUB_ENROLLED);
    assert_int_equal(device("pr-1").generation, 3);
    assert_int_equal(device("pr-1").flagged_ms, 0);
}

static void
a_lost_renewal_is_given_again(void **state)
{
    struct hub_enrolled first, second, again;

    (void)state;
    first_certificate(&first);
    assert_int_equal(renew(&first, keys[1], &second), HUB_ENROLLED);
    hub_fixture_again(&fixture);
    assert_int_equal(renew(&first, keys[1], &again), HUB_ENROLLED);
    assert_true(again.is_repeated);
    assert_string_equal(again.pem, second.pem);
    assert_int_equal(device("pr-1").generation, 2);
    assert_int_equal(device("pr-1").flagged_ms, 0);
}

static void
a_copy_is_noticed(void **state)
{
    struct hub_enrolled first, second, copy;

    (void)state;
    first_certificate(&first);
    assert_int_equal(renew(&first, keys[1], &second), HUB_ENROLLED);
    assert_int_equal(renew(&first, keys[2], &copy), HUB_IS_A_COPY);
    assert_string_equal(copy.pem, "");
    assert_int_equal(device("pr-1").flagged_ms, hub_now_ms);
    assert_int_equal(device("pr-1").generation, 2);
    assert_int_equal(recorded("renew.copy"), 1);
}

/* Even with the key of the successor: that one is in use elsewhere. */
static void
a_copy_with_both_keys_is_noticed_too(void **state)
{
    struct hub_enrolled first, second, copy;

    (void)state;
    first_certificate(&first);
    assert_int_equal(renew(&first, keys[1], &second), HUB_ENROLLED);
    seen(&second);
    assert_int_equal(renew(&first, keys[1], &copy), HUB_IS_A_COPY);
    assert_int_equal(recorded("renew.copy"), 1);
}

static void
an_old_generation_gets_nothing(void **state)
{
    struct hub_enrolled first, second, third, copy;

    (void)state;
    first_certificate(&first);
    assert_int_equal(renew(&first, keys[0], &second), HUB_ENROLLED);
    hub_now_ms += HUB_HOUR;
    assert_int_equal(renew(&second, keys[0], &third), HUB_ENROLLED);
    assert_int_equal(renew(&first, keys[0], &copy), HUB_IS_A_COPY);
}

static void
what_has_expired_is_not_renewed(void **state)
{
    struct hub_enrolled first, second;

    (void)state;
    first_certificate(&first);
    hub_now_ms += 3 * HUB_DAY;
    assert_int_equal(renew(&first, keys[0], &second), HUB_CERTIFICATE_OVER);
    assert_string_equal(second.pem, "");
    assert_int_equal(recorded("renew.refused"), 1);
}

static void
renewals_have_a_pace(void **state)
{
    struct hub_enrolled first, second, third;

    (void)state;
    first_certificate(&first);
    assert_int_equal(renew(&first, keys[1], &second), HUB_ENROLLED);
    hub_now_ms += 10 * 60 * HUB_SECOND - 1;
    assert_int_equal(renew(&second, keys[1], &third), HUB_RENEWED_LATELY);
    hub_now_ms += 1;
    assert_int_equal(renew(&second, keys[1], &third), HUB_ENROLLED);
}

static void
another_authoritys_device_renews_there(void **state)
{
    struct hub_store *store = fixture.hub.store;
    struct hub_enrolled first, second;
    struct hub_device changed;

    (void)state;
    first_certificate(&first);
    changed = device("pr-1");
    changed.is_elsewhere = true;
    assert_int_equal(hub_store_begin(store), PH_OK);
    assert_int_equal(hub_store_end(store, hub_device_set(store, &changed)),
                     PH_OK);
    assert_int_equal(renew(&first, keys[0], &second), HUB_RENEWS_ELSEWHERE);
}

/* --- revocation --- */

static struct ph_denied *
denied_list(void)
{
    struct ph_denied *denied = NULL;
    struct ph_why why = {""};
    struct ph_buf text;

    ph_buf_init(&text, PH_DENIED_FILE_MAX);
    assert_int_equal(hub_denied_text(&fixture.hub, &text), PH_OK);
    if (ph_denied_parse("list", (const char *)text.data, text.len, &denied,
                        &why) != PH_OK)
        fail_msg("%s", why.text);
    ph_buf_close(&text);
    return denied;
}

static void
take_away(const char *id)
{
    struct hub_store *store = fixture.hub.store;

    assert_int_equal(hub_store_begin(store), PH_OK);
    assert_int_equal(hub_store_end(store, hub_revoke(&fixture.hub, id)), PH_OK);
}

/* SR-53: what workstations read. */
static void
a_revoked_printer_is_on_the_list(void **state)
{
    struct hub_enrolled first;
    struct ph_identity is, renamed;
    struct ph_denied *denied;

    (void)state;
    first_certificate(&first);
    is = renamed = hub_identity(&first);
    (void)snprintf(renamed.id, sizeof(renamed.id), "pr-other");
    denied = denied_list();
    assert_int_equal(ph_denied_count(denied), 0);
    ph_denied_free(denied);
    take_away("pr-1");
    hub_fixture_again(&fixture);
    denied = denied_list();
    assert_true(ph_denied_has(denied, &is));      /* by its id */
    assert_true(ph_denied_has(denied, &renamed)); /* by its certificate */
    ph_denied_free(denied);
}

/* A new token brings it back: its id is served again, its old key is not. */
static void
a_printer_that_enrols_again_is_back(void **state)
{
    struct hub_enrolled first, second;
    struct ph_identity old, now;
    struct ph_denied *denied;
    char token[HUB_TOKEN_TEXT];

    (void)state;
    first_certificate(&first);
    take_away("pr-1");
    hub_token_of(&fixture, PH_IDENTITY_PRINTER, "pr-1", "", token);
    assert_int_equal(enrol(token, keys[1], &second), HUB_ENROLLED);
    old = hub_identity(&first);
    now = hub_identity(&second);
    denied = denied_list();
    assert_true(ph_denied_has(denied, &old));
    assert_false(ph_denied_has(denied, &now));
    ph_denied_free(denied);
    hub_now_ms += 4 * HUB_DAY; /* the old one is over by itself */
    denied = denied_list();
    assert_int_equal(ph_denied_count(denied), 0);
    ph_denied_free(denied);
}

/* Without being revoked before: one device, one key. */
static void
what_a_device_had_before_is_over(void **state)
{
    struct hub_enrolled first, second;
    struct ph_identity old, now;
    struct ph_denied *denied;
    char token[HUB_TOKEN_TEXT];

    (void)state;
    first_certificate(&first);
    hub_token_of(&fixture, PH_IDENTITY_PRINTER, "pr-1", "", token);
    assert_int_equal(enrol(token, keys[1], &second), HUB_ENROLLED);
    old = hub_identity(&first);
    now = hub_identity(&second);
    denied = denied_list();
    assert_true(ph_denied_has(denied, &old));
    assert_false(ph_denied_has(denied, &now));
    ph_denied_free(denied);
}

/* Whoever has the token of a device that was revoked does not get what the
 * device had. */
static void
a_revoked_certificate_is_not_given_again(void **state)
{
    char token[HUB_TOKEN_TEXT];
    struct hub_enrolled got;

    (void)state;
    hub_token_of(&fixture, PH_IDENTITY_PRINTER, "pr-1", "", token);
    assert_int_equal(enrol(token, keys[0], &got), HUB_ENROLLED);
    take_away("pr-1");
    assert_int_equal(enrol(token, keys[0], &got), HUB_TOKEN_REFUSED);
}

/* --- the record --- */

static int64_t
broken(void)
{
    struct hub_store *store = fixture.hub.store;
    int64_t count = 0, at = 0;
    uint8_t key[32];
    int err;

    assert_int_equal(hub_audit_key(&fixture.hub, key), PH_OK);
    assert_int_equal(hub_store_begin(store), PH_OK);
    err = hub_audit_verify(store, key, &count, &at);
    (void)hub_store_end(store, PH_OK);
    assert_int_equal(err, at == 0 ? PH_OK : PH_ERR_CORRUPT);
    return at;
}

static void
change_file(const char *sql)
{
    char path[400];
    sqlite3 *db = NULL;

    (void)snprintf(path, sizeof(path), "%s/hub.db", fixture.dir);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void
a_changed_record_shows(void **state)
{
    struct hub_enrolled got;

    (void)state;
    first_certificate(&got);
    (void)renew(&got, keys[1], &got);
    assert_int_equal(broken(), 0);
    change_file("UPDATE audit SET object = 'pr-2' WHERE number = 2");
    assert_int_equal(broken(), 2);
    change_file("UPDATE audit SET object = 'pr-1' WHERE number = 2");
    assert_int_equal(broken(), 0);
    change_file("DELETE FROM audit WHERE number = 1");
    assert_int_equal(broken(), 1);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(the_hub_says_who_a_device_is),
        TEST(a_workstation_is_bound_to_its_person),
        TEST(a_lost_answer_is_given_again),
        TEST(another_key_gets_nothing_and_is_recorded),
        TEST(refusals_are_written_down_so_often),
        TEST(a_token_is_over_after_its_life),
        TEST(tokens_that_were_never_made_are_refused),
        TEST(what_is_kept_is_not_the_token),
        TEST(a_renewal_may_have_another_key),
        TEST(a_lost_renewal_is_given_again),
        TEST(a_copy_is_noticed),
        TEST(a_copy_with_both_keys_is_noticed_too),
        TEST(an_old_generation_gets_nothing),
        TEST(what_has_expired_is_not_renewed),
        TEST(renewals_have_a_pace),
        TEST(another_authoritys_device_renews_there),
        TEST(a_revoked_printer_is_on_the_list),
        TEST(a_printer_that_enrols_again_is_back),
        TEST(what_a_device_had_before_is_over),
        TEST(a_revoked_certificate_is_not_given_again),
        TEST(a_changed_record_shows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
