/* Who gets the next certificate, who is denied (SR-53), and the record of it. */
#include "hub_enrol_checks.h"

#include <sqlite3.h>
#include <stdint.h>

#include "audit.h"
#include "enrol_calls.h"
#include "printhold/proto/denied.h"

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
