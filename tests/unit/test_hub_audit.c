/* The record of acts when parts of it go: by age, and by name. */
#include "hub_fixture.h"

#include "audit.h"
#include "printhold/base/attr.h"
#include "printhold/store/db.h"
#include "store_audit.h"

#define DAY_MS INT64_C(86400000)

static void
act(struct hub_fixture *f, const char *object, const char *detail)
{
    const struct hub_act done = {
        .actor = "uid 0", .act = "test", .object = object, .detail = detail};

    hub_fixture_begin(f);
    assert_int_equal(hub_audit(&f->hub, &done, hub_fixture_ms), PH_OK);
    hub_fixture_end(f);
}

static int
verify(struct hub_fixture *f, int64_t *out_count, int64_t *out_broken)
{
    uint8_t key[32];
    int err;

    assert_int_equal(hub_audit_key(&f->hub, key), PH_OK);
    hub_fixture_begin(f);
    err = hub_audit_verify(f->hub.store, key, out_count, out_broken);
    (void)hub_store_end(f->hub.store, err);
    return err;
}

static void
change(struct hub_fixture *f, const char *sql)
{
    char path[400];
    sqlite3 *db = NULL;

    (void)snprintf(path, sizeof(path), "%s/hub.db", f->dir);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s", sqlite3_errmsg(db));
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* One act a day, and so many days later. */
static void
days(struct hub_fixture *f, int count)
{
    for (int i = 0; i < count; i++) {
        act(f, "ann@example.com", "");
        hub_fixture_ms += DAY_MS;
    }
}

static int64_t
keep_ms(const struct hub_fixture *f)
{
    return (int64_t)f->config.audit_keep_s * 1000;
}

static void
old_records_go_and_the_chain_holds(void **state)
{
    struct hub_fixture *f = *state;
    int64_t count, broken, before;

    days(f, 5);
    assert_int_equal(verify(f, &before, &broken), PH_OK);
    /* That of the third day is not old enough by one ms. */
    hub_fixture_ms += keep_ms(f) - 3 * DAY_MS;
    assert_int_equal(hub_audit_house(&f->hub, hub_fixture_ms), PH_OK);
    assert_int_equal(verify(f, &count, &broken), PH_OK);
    assert_int_equal(count, 3);
    act(f, "later", "");
    assert_int_equal(verify(f, &count, &broken), PH_OK);
    assert_int_equal(count, 4);
    /* All but the newest; and on from there. */
    hub_fixture_ms += keep_ms(f) * 2;
    assert_int_equal(hub_audit_house(&f->hub, hub_fixture_ms), PH_OK);
    assert_int_equal(verify(f, &count, &broken), PH_OK);
    assert_int_equal(count, 0);
    act(f, "last", "");
    hub_fixture_reopen(f);
    assert_int_equal(verify(f, &count, &broken), PH_OK);
    assert_int_equal(count, 1);
    change(f, "UPDATE audit SET object = 'other'");
    assert_int_equal(verify(f, &count, &broken), PH_ERR_CORRUPT);
    assert_int_equal(broken, before + 2); /* its number, not its place */
}

static void
a_record_is_not_kept_for_less_than_90_days(void **state)
{
    struct hub_fixture *f = *state;
    struct ph_why why = {""};
    const struct {
        const char *text;
        int err;
    } cases[] = {{"[audit]\nkeep = 89d\n", PH_ERR_CONFIG},
                 {"[audit]\nkeep = 90d\n", PH_OK}};

    for (size_t i = 0; i < 2; i++) {
        struct hub_config config;
        char path[400];
        FILE *file;

        (void)snprintf(path, sizeof(path), "%s/hub.conf", f->scratch.path);
        file = fopen(path, "w");
        assert_non_null(file);
        (void)fputs(cases[i].text, file);
        assert_int_equal(fclose(file), 0);
        assert_int_equal(hub_config_load(path, &config, &why), cases[i].err);
    }
}

static void
a_check_of_the_settings_finds_each_mistake(void **state)
{
    static const char *const texts[] = {
        "hub.conf:2: unknown key 'colour' in [hub]",
        "hub.conf:3: log_level = loud: must be",
        "hub.conf:5: sign-in.ways: wink is no way of signing in",
    };
    struct hub_fixture *f = *state;
    struct ph_findings *findings = calloc(1, sizeof(*findings));
    struct ph_why why = {""};
    char path[400];
    FILE *file;

    assert_non_null(findings);
    (void)snprintf(path, sizeof(path), "%s/hub.conf", f->scratch.path);
    file = fopen(path, "w");
    assert_non_null(file);
    (void)fputs("[hub]\ncolour = red\nlog_level = loud\n[sign-in]\n"
                "ways = wink\n",
                file);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(hub_config_check(path, findings, &why), PH_OK);
    assert_int_equal(findings->count, PH_COUNT(texts));
    for (size_t i = 0; i < PH_COUNT(texts); i++)
        if (strstr(findings->list[i].why.text, texts[i]) == NULL)
            fail_msg("%s", findings->list[i].why.text);
    free(findings);
}

static void
a_false_age_or_a_false_beginning_is_not_believed(void **state)
{
    struct hub_fixture *f = *state;
    int64_t count, broken;

    days(f, 3);
    change(f, "UPDATE audit SET at_ms = 1 WHERE number = 2");
    assert_int_equal(hub_audit_house(&f->hub, hub_fixture_ms + keep_ms(f)),
                     PH_OK); /* said in the log */
    assert_int_equal(verify(f, &count, &broken), PH_ERR_CORRUPT);
    assert_int_equal(broken, 2);
}

static void
who_cuts_the_beginning_off_has_no_proof(void **state)
{
    struct hub_fixture *f = *state;
    int64_t count, broken;

    days(f, 3);
    change(f, "INSERT INTO audit_mark(one, number, mac, proof) SELECT 1,"
              " number, mac, mac FROM audit WHERE number = 2");
    change(f, "DELETE FROM audit WHERE number <= 2");
    assert_int_equal(verify(f, &count, &broken), PH_ERR_CORRUPT);
}

static void
a_name_goes_from_every_record_and_the_chain_holds(void **state)
{
    struct hub_fixture *f = *state;
    struct hub_audit_mark before;
    int64_t count, broken, changed;
    uint8_t key[32];

    act(f, "ann@example.com", "");
    act(f, "joann@example.com", "ann@example.com");
    act(f, "bob@example.com", "");
    assert_int_equal(hub_audit_key(&f->hub, key), PH_OK);
    hub_fixture_begin(f);
    assert_int_equal(hub_audit_rename(f->hub.store, key, "ann@example.com",
                                      "person-1", &before, &changed),
                     PH_OK);
    hub_fixture_end(f);
    assert_int_equal(changed, 2);
    assert_int_equal(verify(f, &count, &broken), PH_OK);
    assert_int_equal(before.number, count);
    hub_fixture_begin(f);
    assert_int_equal(hub_audit_rename(f->hub.store, key, "ann@example.com",
                                      "person-1", &before, &changed),
                     PH_OK);
    hub_fixture_end(f);
    assert_int_equal(changed, 0);
    change(f, "UPDATE audit SET detail = 'x' WHERE object = 'bob@example.com'");
    hub_fixture_begin(f);
    assert_int_equal(hub_audit_rename(f->hub.store, key, "joann@example.com",
                                      "person-2", &before, &changed),
                     PH_ERR_CORRUPT);
    (void)hub_store_end(f->hub.store, PH_ERR_CORRUPT);
}

int
main(void)
{
#define TEST(name)                                            \
    cmocka_unit_test_setup_teardown(name, hub_fixture_set_up, \
                                    hub_fixture_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(old_records_go_and_the_chain_holds),
        TEST(a_record_is_not_kept_for_less_than_90_days),
        TEST(a_check_of_the_settings_finds_each_mistake),
        TEST(a_false_age_or_a_false_beginning_is_not_believed),
        TEST(who_cuts_the_beginning_off_has_no_proof),
        TEST(a_name_goes_from_every_record_and_the_chain_holds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
