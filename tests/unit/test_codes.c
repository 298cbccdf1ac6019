/*
 * Offline codes (SR-48): single use, 15 minutes, two live ones, five wrong
 * tries, limits per printer and person; neither a restart nor the clock helps.
 */
#include "codes.h"
#include "jobs_checks.h"

#include "account.h"

#define MINUTE 60000
#define DAY    INT64_C(86400000)

/* Accounts of the tests: alice, bob, and one whose name is no login. */
static int
account_of_tests(uint32_t uid, char *dst, size_t cap)
{
    static const struct {
        uint32_t uid;
        const char *name;
    } accounts[] = {{1001, "alice"}, {1002, "bob"}, {1003, "no login"}};

    for (size_t i = 0; i < PH_COUNT(accounts); i++) {
        if (accounts[i].uid == uid) {
            (void)snprintf(dst, cap, "%s", accounts[i].name);
            return PH_OK;
        }
    }
    return PH_ERR_NOT_FOUND;
}

/* The clock that counts since the start of the computer, when it is another. */
static int64_t boot_ms;

static int64_t
moved_boot(void)
{
    return boot_ms;
}

static int
codes_set_up(void **state)
{
    struct jobs_fixture *f = calloc(1, sizeof(*f));

    assert_non_null(f);
    moved_ms = 1795000000000;
    boot_ms = 1000000;
    ph_clock_set_wall(moved_clock);
    ph_clock_set_boot(moved_boot, 7);
    ph_account_set_source(account_of_tests);
    jobs_fixture_make(f);
    jobs_fixture_close(f);
    (void)snprintf(f->config.issuer_key_file, PH_CONFIG_TEXT_MAX, "/issuer");
    jobs_fixture_open(f);
    *state = f;
    return 0;
}

static int
codes_tear_down(void **state)
{
    ph_account_set_source(NULL);
    ph_clock_set_boot(NULL, 0);
    return tear_down(state);
}

/* Time passes: both clocks go on. */
static void
wait_ms(int64_t span_ms)
{
    moved_ms += span_ms;
    boot_ms += span_ms;
}

static void
restart(struct jobs_fixture *f)
{
    jobs_fixture_close(f);
    jobs_fixture_open(f);
}

static struct ph_code
make(struct jobs_fixture *f, uint32_t uid)
{
    struct ph_code code;
    struct ph_why why = {""};

    if (ph_codes_make(f->jobs, uid, &code, &why) != PH_OK)
        fail_msg("no code: %s", why.text);
    return code;
}

static int
use_at(struct jobs_fixture *f, const char *text, const char *printer)
{
    char login[PH_TICKET_TEXT_MAX] = "";
    struct ph_why why = {""};
    int64_t wait = 0;
    int err =
        ph_codes_use(f->jobs, text, strlen(text), printer, login, &wait, &why);

    assert_int_equal(err == PH_OK, why.text[0] == '\0');
    assert_int_equal(err == PH_OK, login[0] != '\0');
    assert_int_equal(err == PH_ERR_LIMIT, wait > 0);
    /* The reason never repeats what was typed. */
    assert_true(strlen(text) != 8 || strstr(why.text, text) == NULL);
    return err;
}

static int
use(struct jobs_fixture *f, const char *text)
{
    return use_at(f, text, "pr-1");
}

/* What the catalogue has of codes, live or not, and of wrong ones. */
static int
count_rows(struct jobs_fixture *f, const char *table)
{
    sqlite3_stmt *stmt;
    sqlite3 *db;
    char path[512], sql[64];
    int count;

    jobs_fixture_path(f, "catalogue.db", path, sizeof(path));
    (void)snprintf(sql, sizeof(sql), "SELECT COUNT(*) FROM %s", table);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    count = sqlite3_column_int(stmt, 0);
    assert_int_equal(sqlite3_finalize(stmt), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    return count;
}

/* Eight digits that are none of these codes. */
static const char *
other_than(const struct ph_code *code)
{
    static char text[PH_CODE_TEXT];

    memcpy(text, code->text, sizeof(text));
    text[7] = text[7] == '9' ? '0' : (char)(text[7] + 1);
    return text;
}

static void
fail_times(struct jobs_fixture *f, const struct ph_code *code, unsigned times,
           const char *printer)
{
    for (unsigned i = 0; i < times; i++)
        assert_int_equal(use_at(f, other_than(code), printer), PH_ERR_DENIED);
}

/* --- use --- */

static void
a_code_opens_the_jobs_of_its_maker_once(void **state)
{
    struct jobs_fixture *f = *state;
    const struct ph_code a = make(f, 1001), b = make(f, 1002);
    char login[PH_TICKET_TEXT_MAX];
    struct ph_why why;
    int64_t wait;

    assert_int_equal(strlen(a.text), 8);
    assert_int_equal(strspn(a.text, "0123456789"), 8);
    assert_string_equal(a.login, "alice@example.com");
    assert_string_equal(a.computer.host, "desk");
    assert_int_equal(a.expires_ms, moved_ms + 15 * MINUTE);
    assert_int_equal(
        ph_codes_use(f->jobs, b.text, 8, "pr-1", login, &wait, &why), PH_OK);
    assert_string_equal(login, "bob@example.com");
    assert_int_equal(
        ph_codes_use(f->jobs, a.text, 8, "pr-2", login, &wait, &why), PH_OK);
    assert_string_equal(login, "alice@example.com");
    assert_int_equal(use(f, a.text), PH_ERR_DENIED);
    assert_int_equal(use(f, b.text), PH_ERR_DENIED);
}

static void
a_used_code_stays_used_after_a_restart(void **state)
{
    struct jobs_fixture *f = *state;
    const struct ph_code code = make(f, 1001), live = make(f, 1001);

    assert_int_equal(use(f, code.text), PH_OK);
    restart(f);
    assert_int_equal(use(f, code.text), PH_ERR_DENIED);
    assert_int_equal(use(f, live.text), PH_OK);
}

static void
two_codes_live_and_a_third_replaces_the_oldest(void **state)
{
    struct jobs_fixture *f = *state;
    const struct ph_code other = make(f, 1002);
    const struct ph_code first = make(f, 1001), second = make(f, 1001);
    const struct ph_code third = make(f, 1001);

    assert_int_equal(use(f, first.text), PH_ERR_DENIED);
    assert_int_equal(use(f, second.text), PH_OK);
    assert_int_equal(use(f, third.text), PH_OK);
    assert_int_equal(use(f, other.text), PH_OK); /* bob's was not touched */
}

static void
what_is_no_code_is_refused_and_does_not_count(void **state)
{
    struct jobs_fixture *f = *state;
    const struct ph_code code = make(f, 1001);

    for (int i = 0; i < 20; i++) {
        assert_int_equal(use(f, "1234567"), PH_ERR_SYNTAX);
        assert_int_equal(use(f, "1234 5678"), PH_ERR_SYNTAX);
        assert_int_equal(use(f, ""), PH_ERR_SYNTAX);
    }
    assert_int_equal(use(f, code.text), PH_OK);
}

static void
codes_are_random_in_every_digit(void **state)
{
    struct jobs_fixture *f = *state;
    unsigned seen[8][10] = {{0}};

    for (int i = 0; i < 40; i++) {
        const struct ph_code code = make(f, 1001);

        for (size_t d = 0; d < 8; d++)
            seen[d][code.text[d] - '0']++;
    }
    for (size_t v = 0; v < 10; v++) {
        unsigned sum = 0;

        for (size_t d = 0; d < 8; d++) {
            sum += seen[d][v];
            if (seen[d][v] > 25)
                fail_msg("digit %zu is %zu %u times of 40", d, v, seen[d][v]);
        }
        if (sum == 0 || sum > 90)
            fail_msg("%zu occurs %u times of 320", v, sum);
    }
}

/* --- time --- */

static void
a_code_ends_after_fifteen_minutes(void **state)
{
    struct jobs_fixture *f = *state;
    const struct ph_code early = make(f, 1001), late = make(f, 1001);

    wait_ms(15 * MINUTE - 1);
    assert_int_equal(use(f, early.text), PH_OK);
    wait_ms(1);
    assert_int_equal(use(f, late.text), PH_ERR_DENIED);
}

static void
the_clock_neither_lengthens_nor_shortens_its_life(void **state)
{
    struct jobs_fixture *f = *state;
    const struct ph_code first = make(f, 1001), second = make(f, 1001);
    const struct ph_code third = make(f, 1002);

    moved_ms += 10 * DAY; /* set forward: no time has passed */
    assert_int_equal(use(f, first.text), PH_OK);
    moved_ms -= 20 * DAY; /* set back */
    wait_ms(14 * MINUTE);
    assert_int_equal(use(f, second.text), PH_OK);
    wait_ms(MINUTE);
    assert_int_equal(use(f, third.text), PH_ERR_DENIED);
}

static void
nor_does_a_restart_with_the_clock_set_back(void **state)
{
    struct jobs_fixture *f = *state;
    const struct ph_code code = make(f, 1001);

    wait_ms(14 * MINUTE);
    jobs_fixture_close(f);
    moved_ms -= DAY;
    boot_ms += 2 * MINUTE;
    jobs_fixture_open(f);
    assert_int_equal(use(f, code.text), PH_ERR_DENIED);
}

/* Job time stands still while a computer is off whose clock went back; the
 * code of a later time than now is none. */
static void
a_code_of_the_future_is_none(void **state)
{
    struct jobs_fixture *f = *state;
    struct ph_code code;
    sqlite3 *db;
    char path[512];

    code = make(f, 1001);
    jobs_fixture_close(f);
    jobs_fixture_path(f, "catalogue.db", path, sizeof(path));
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db,
                                  "UPDATE code SET made_ms = made_ms + 600000,"
                                  " expires_ms = expires_ms + 600000",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    jobs_fixture_open(f);
    assert_int_equal(use(f, code.text), PH_ERR_DENIED);
}

/* --- wrong codes --- */

static void
five_wrong_codes_end_every_live_one(void **state)
{
    struct jobs_fixture *f = *state;
    const struct ph_code a = make(f, 1001), b = make(f, 1002);

    fail_times(f, &a, 5, "pr-1");
    assert_int_equal(use_at(f, a.text, "pr-2"), PH_ERR_DENIED);
    assert_int_equal(use_at(f, b.text, "pr-2"), PH_ERR_DENIED);
}

static void
four_do_not_and_a_later_code_has_five_of_its_own(void **state)
{
    struct jobs_fixture *f = *state;
    const struct ph_code first = make(f, 1001);
    struct ph_code second;

    fail_times(f, &first, 4, "pr-1");
    second = make(f, 1001);
    fail_times(f, &first, 1, "pr-2");
    assert_int_equal(use_at(f, first.text, "pr-3"), PH_ERR_DENIED);
    /* this one was the second's second */
    assert_int_equal(use_at(f, second.text, "pr-3"), PH_OK);
}

/* An exhaust script at many printers, across restarts and clock changes, gets
 * five tries at a code and no more. */
static void
an_exhaust_script_gets_five_tries(void **state)
{
    struct jobs_fixture *f = *state;
    const struct ph_code code = make(f, 1001);
    char guess[PH_CODE_TEXT], printer[16];

    for (unsigned i = 0; i < 5; i++) {
        (void)snprintf(guess, sizeof(guess), "%08u",
                       ((unsigned)strtoul(code.text, NULL, 10) + 1 + i) %
                           100000000U);
        (void)snprintf(printer, sizeof(printer), "pr-%u", i);
        assert_int_equal(use_at(f, guess, printer), PH_ERR_DENIED);
        restart(f);
        moved_ms -= DAY;
    }
    assert_int_equal(use_at(f, code.text, "pr-9"), PH_ERR_DENIED);
}

static void
a_printer_gets_ten_wrong_codes_in_fifteen_minutes(void **state)
{
    struct jobs_fixture *f = *state;
    struct ph_code code = make(f, 1001);

    fail_times(f, &code, 5, "pr-1");
    wait_ms(MINUTE);
    fail_times(f, &code, 5,
               "pr-1"); /* no code lives: they count all the same */
    code = make(f, 1001);
    assert_int_equal(use_at(f, code.text, "pr-1"), PH_ERR_LIMIT);
    restart(f);
    moved_ms -= DAY;
    assert_int_equal(use_at(f, code.text, "pr-1"), PH_ERR_LIMIT);
    moved_ms += 3 * DAY;
    assert_int_equal(use_at(f, code.text, "pr-1"), PH_ERR_LIMIT);
    /* Another printer may; the code was not even looked at. */
    assert_int_equal(use_at(f, code.text, "pr-2"), PH_OK);
    wait_ms(14 * MINUTE - 1);
    code = make(f, 1001);
    assert_int_equal(use_at(f, code.text, "pr-1"), PH_ERR_LIMIT);
    wait_ms(1);
    assert_int_equal(use_at(f, code.text, "pr-1"), PH_OK);
}

static void
a_hundred_wrong_codes_switch_a_persons_codes_off(void **state)
{
    struct jobs_fixture *f = *state;
    struct ph_code code = {.expires_ms = 0}, last, bobs;
    struct ph_why why = {""};

    for (int i = 0; i < 24; i++) {
        code = make(f, 1001);
        fail_times(f, &code, 4, i % 2 == 0 ? "pr-1" : "pr-2");
        wait_ms(15 * MINUTE);
    }
    code = make(f, 1001);
    last = make(f, 1001);
    fail_times(f, &last, 4, "pr-3");
    /* 100 in all: this one was never ended, and yet it opens nothing. */
    assert_int_equal(use_at(f, last.text, "pr-4"), PH_ERR_DENIED);
    assert_int_equal(ph_codes_make(f->jobs, 1001, &code, &why), PH_ERR_LIMIT);
    assert_non_null(strstr(why.text, "too many wrong codes"));
    restart(f);
    moved_ms -= DAY;
    assert_int_equal(ph_codes_make(f->jobs, 1001, &code, &why), PH_ERR_LIMIT);
    bobs = make(f, 1002);
    assert_int_equal(use_at(f, bobs.text, "pr-4"), PH_OK);
    wait_ms(30 * DAY);
    code = make(f, 1001);
    assert_int_equal(use_at(f, code.text, "pr-1"), PH_OK);
}

/* --- who gets none --- */

static void
whoever_has_no_login_gets_no_code(void **state)
{
    struct jobs_fixture *f = *state;
    struct ph_code code;
    struct ph_why why = {""};

    assert_int_equal(ph_codes_make(f->jobs, 1003, &code, &why), PH_ERR_DENIED);
    assert_non_null(strstr(why.text, "no login"));
    assert_int_equal(ph_codes_make(f->jobs, 4711, &code, &why), PH_ERR_DENIED);
    assert_non_null(strstr(why.text, "4711"));
}

static void
an_account_that_went_away_opens_nothing(void **state)
{
    struct jobs_fixture *f = *state;
    const struct ph_code code = make(f, 1001);

    ph_account_set_source(NULL); /* the system has no such account */
    assert_int_equal(use(f, code.text), PH_ERR_NOT_FOUND);
    ph_account_set_source(account_of_tests);
    assert_int_equal(use(f, code.text), PH_ERR_DENIED); /* it was used up */
}

static void
the_site_can_switch_codes_off(void **state)
{
    struct jobs_fixture *f = *state;
    struct ph_code code = make(f, 1001);
    struct ph_why why = {""};

    jobs_fixture_close(f);
    (void)snprintf(f->config.offline_code, PH_CONFIG_TEXT_MAX, "no");
    jobs_fixture_open(f);
    assert_int_equal(use(f, code.text), PH_ERR_UNSUPPORTED);
    assert_int_equal(ph_codes_make(f->jobs, 1001, &code, &why), PH_ERR_DENIED);
    assert_non_null(strstr(why.text, "release.offline_code"));
}

static void
without_release_there_is_no_code(void **state)
{
    struct jobs_fixture *f = *state;
    struct ph_code code;
    struct ph_why why = {""};

    jobs_fixture_close(f);
    f->config.issuer_key_file[0] = '\0';
    jobs_fixture_open(f);
    assert_int_equal(ph_codes_make(f->jobs, 1001, &code, &why), PH_ERR_STATE);
    assert_true(why.text[0] != '\0');
}

/* --- at rest --- */

static bool
file_has(const char *path, const char *text)
{
    struct ph_buf bytes;
    bool found = false;

    ph_buf_init(&bytes, 64 * 1024 * 1024);
    if (ph_io_read_file(AT_FDCWD, path, 64 * 1024 * 1024, &bytes) == PH_OK)
        found = memmem(bytes.data, bytes.len, text, strlen(text)) != NULL;
    ph_buf_close(&bytes);
    return found;
}

static void
only_a_keyed_hash_is_stored(void **state)
{
    struct jobs_fixture *f = *state;
    const struct ph_code code = make(f, 1001);
    uint8_t plain[PH_SHA256_BYTES], mac[PH_SHA256_BYTES];
    uint8_t elsewhere[PH_SHA256_BYTES];
    struct jobs_fixture other;
    sqlite3_stmt *stmt;
    sqlite3 *db;
    char path[512], wal[520];

    assert_int_equal(ph_sha256(code.text, 8, plain), PH_OK);
    assert_int_equal(ph_epoch_keys_code(f->keys, code.text, mac), PH_OK);
    assert_memory_not_equal(plain, mac, sizeof(mac));
    jobs_fixture_make(&other); /* with a machine key of its own */
    assert_int_equal(ph_epoch_keys_code(other.keys, code.text, elsewhere),
                     PH_OK);
    jobs_fixture_remove(&other);
    assert_memory_not_equal(elsewhere, mac, sizeof(mac));
    jobs_fixture_path(f, "catalogue.db", path, sizeof(path));
    (void)snprintf(wal, sizeof(wal), "%s-wal", path);
    assert_false(file_has(path, code.text));
    assert_false(file_has(wal, code.text));
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(
        sqlite3_prepare_v2(db, "SELECT mac FROM code", -1, &stmt, NULL),
        SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    assert_int_equal(sqlite3_column_bytes(stmt, 0), sizeof(mac));
    assert_memory_equal(sqlite3_column_blob(stmt, 0), mac, sizeof(mac));
    assert_int_equal(sqlite3_step(stmt), SQLITE_DONE);
    assert_int_equal(sqlite3_finalize(stmt), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* Not only when somebody makes or types the next one. */
static void
housekeeping_forgets_what_is_over(void **state)
{
    struct jobs_fixture *f = *state;
    const struct ph_code code = make(f, 1001);
    int64_t next;

    fail_times(f, &code, 2, "pr-1");
    assert_int_equal(ph_jobs_reap(f->jobs, moved_ms, &next), PH_OK);
    assert_int_equal(count_rows(f, "code"), 1);
    assert_int_equal(count_rows(f, "wrong_code"), 4);
    wait_ms(15 * MINUTE + 1);
    assert_int_equal(ph_jobs_reap(f->jobs, moved_ms, &next), PH_OK);
    assert_int_equal(count_rows(f, "code"), 0);
    assert_int_equal(count_rows(f, "wrong_code"), 2); /* against alice */
    wait_ms(30 * DAY);
    assert_int_equal(ph_jobs_reap(f->jobs, moved_ms, &next), PH_OK);
    assert_int_equal(count_rows(f, "wrong_code"), 0);
}

#define CODES_TEST(name) \
    cmocka_unit_test_setup_teardown(name, codes_set_up, codes_tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        CODES_TEST(a_code_opens_the_jobs_of_its_maker_once),
        CODES_TEST(a_used_code_stays_used_after_a_restart),
        CODES_TEST(two_codes_live_and_a_third_replaces_the_oldest),
        CODES_TEST(what_is_no_code_is_refused_and_does_not_count),
        CODES_TEST(codes_are_random_in_every_digit),
        CODES_TEST(a_code_ends_after_fifteen_minutes),
        CODES_TEST(the_clock_neither_lengthens_nor_shortens_its_life),
        CODES_TEST(nor_does_a_restart_with_the_clock_set_back),
        CODES_TEST(a_code_of_the_future_is_none),
        CODES_TEST(five_wrong_codes_end_every_live_one),
        CODES_TEST(four_do_not_and_a_later_code_has_five_of_its_own),
        CODES_TEST(an_exhaust_script_gets_five_tries),
        CODES_TEST(a_printer_gets_ten_wrong_codes_in_fifteen_minutes),
        CODES_TEST(a_hundred_wrong_codes_switch_a_persons_codes_off),
        CODES_TEST(whoever_has_no_login_gets_no_code),
        CODES_TEST(an_account_that_went_away_opens_nothing),
        CODES_TEST(the_site_can_switch_codes_off),
        CODES_TEST(without_release_there_is_no_code),
        CODES_TEST(only_a_keyed_hash_is_stored),
        CODES_TEST(housekeeping_forgets_what_is_over),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
