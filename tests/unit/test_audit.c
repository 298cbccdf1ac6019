/*
 * The chain of the audit: whatever is changed, missing, moved or cut off is
 * named. What the agent does with it is in test_jobs_audit.
 */
#include "audit_fixture.h"

/* --- records --- */

static bool
copy_record(const struct ph_audit_record *record, void *arg)
{
    *(struct ph_audit_record *)arg = *record;
    return true;
}

struct opened {
    struct ph_epoch_keys *keys;
    int err;
    struct ph_audit_sealed sealed;
};

static bool
open_record(const struct ph_audit_record *record, void *arg)
{
    struct opened *opened = arg;

    opened->err = ph_audit_unseal(opened->keys, record, &opened->sealed);
    return true;
}

static void
a_record_comes_back_as_it_was_written(void **state)
{
    static const struct ph_audit_filter all = {.since_ms = INT64_MIN};
    struct fixture *f = *state;
    struct opened opened = {.keys = f->keys, .err = PH_ERR_INTERNAL};
    struct ph_audit_record record;

    (void)append(f, 100, MAX);
    assert_int_equal(ph_audit_each(f->catalogue, &all, copy_record, &record),
                     PH_OK);
    assert_int_equal(record.number, 1);
    assert_int_equal(record.at_ms, 105);
    assert_int_equal(record.time_ms, 100);
    assert_string_equal(record.event, "completed");
    assert_true(record.has_job);
    assert_int_equal(record.job.bytes[0], 7);
    assert_int_equal(record.uid, 1001);
    assert_string_equal(record.printer, "pr-1");
    assert_string_equal(record.amr, "badge pin");
    assert_string_equal(record.reason, "printed");
    assert_int_equal(record.count, 1);
    assert_int_equal(record.impressions, 12);
    assert_int_equal(record.sheets, 6);
    assert_int_equal(ph_audit_each(f->catalogue, &all, open_record, &opened),
                     PH_OK);
    assert_int_equal(opened.err, PH_OK);
    assert_string_equal(opened.sealed.login, "alice@example.com");
    assert_string_equal(opened.sealed.title, "Zebra.pdf");
}

static void
what_is_sealed_fits_no_other_record(void **state)
{
    static const struct ph_audit_filter second = {.after = 1};
    struct fixture *f = *state;
    struct opened opened = {.keys = f->keys, .err = PH_OK};

    append_some(f, 2);
    sql(f, "UPDATE audit SET sealed ="
           " (SELECT sealed FROM audit WHERE number = 1) WHERE number = 2");
    assert_int_equal(ph_audit_each(f->catalogue, &second, open_record, &opened),
                     PH_OK);
    assert_int_equal(opened.err, PH_ERR_CORRUPT);
}

static void
another_key_opens_and_proves_nothing(void **state)
{
    static const struct ph_audit_filter all = {.since_ms = INT64_MIN};
    struct fixture *f = *state;
    struct opened opened;

    append_some(f, 2);
    ph_epoch_keys_free(f->keys);
    f->keys = open_keys(f, 6, "other-keys");
    opened = (struct opened){.keys = f->keys, .err = PH_OK};
    assert_int_equal(ph_audit_each(f->catalogue, &all, open_record, &opened),
                     PH_OK);
    assert_int_equal(opened.err, PH_ERR_CORRUPT);
    check_broken(f, 1, "begin");
}

/* What is too long is cut, and the record holds. */
static void
long_texts_are_cut_and_the_chain_holds(void **state)
{
    struct fixture *f = *state;
    char text[1000], title[PH_TICKET_TITLE_MAX], login[PH_TICKET_TEXT_MAX];
    char chosen[PH_AUDIT_CHOSEN_MAX];
    struct ph_audit_mark mark;
    struct ph_audit_entry entry = {.event = PH_AUDIT_REFUSED,
                                   .uid = -1,
                                   .printer = text,
                                   .amr = text,
                                   .reason = text,
                                   .login = login,
                                   .title = title,
                                   .chosen = chosen};

    memset(chosen, 'c', sizeof(chosen));
    chosen[sizeof(chosen) - 1] = '\0';
    memset(text, 'x', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    memset(title, 't', sizeof(title));
    title[sizeof(title) - 1] = '\0';
    memset(login, 'l', sizeof(login));
    login[sizeof(login) - 1] = '\0';
    assert_int_equal(ph_audit_append(f->catalogue, f->keys, &entry, MAX, &mark),
                     PH_OK);
    check_intact(f, 1, 1);
}

/* --- tampering --- */

static const struct {
    const char *field;
    const char *value;
} fields[] = {
    {"at_ms", "at_ms + 1"},
    {"time_ms", "time_ms + 1"},
    {"event", "'download'"},
    {"event", "''"},
    {"job", "x'00000000000000000000000000000001'"},
    {"job", "x''"},
    {"job", "x'01'"},
    {"uid", "1002"},
    {"uid", "-1"},
    {"printer", "'pr-2'"},
    {"printer", "printer || char(0)"},
    {"printer", "printer || char(0) || 'more'"},
    {"amr", "'badge'"},
    {"amr", "'badge pin '"},
    {"reason", "'failed'"},
    {"count", "2"},
    {"impressions", "-1"},
    {"sheets", "7"},
    {"sealed", "x''"},
    {"sealed", "zeroblob(length(sealed))"},
    {"sealed", "zeroblob(9000)"},
    {"mac", "zeroblob(32)"},
    {"mac", "x'00'"},
};

static void
keep_a_copy(struct fixture *f)
{
    sql(f, "CREATE TEMP TABLE kept AS SELECT * FROM audit");
    sql(f, "CREATE TEMP TABLE kept_end AS SELECT * FROM audit_end");
}

static void
put_back(struct fixture *f)
{
    sql(f, "DELETE FROM audit");
    sql(f, "INSERT INTO audit SELECT * FROM kept");
    sql(f, "DELETE FROM audit_end");
    sql(f, "INSERT INTO audit_end SELECT * FROM kept_end");
}

static void
a_change_of_any_field_of_any_record_is_named(void **state)
{
    struct fixture *f = *state;
    char text[256];

    append_some(f, 4);
    check_intact(f, 1, 4);
    keep_a_copy(f);
    for (size_t i = 0; i < PH_COUNT(fields); i++) {
        for (int number = 1; number <= 4; number++) {
            (void)snprintf(text, sizeof(text),
                           "UPDATE audit SET %s = %s WHERE number = %d",
                           fields[i].field, fields[i].value, number);
            sql(f, text);
            check_broken(f, number, "not what was written");
            put_back(f);
            check_intact(f, 1, 4);
        }
    }
}

/* What was done, and the first record that must be named. */
static const struct {
    const char *what;
    const char *sql;
    int64_t broken;
} moves[] = {
    {"the first is gone", "DELETE FROM audit WHERE number = 1", 1},
    {"one in the middle is gone", "DELETE FROM audit WHERE number = 3", 3},
    {"the last is gone", "DELETE FROM audit WHERE number = 5", 5},
    {"the last three are gone", "DELETE FROM audit WHERE number > 2", 3},
    {"all are gone", "DELETE FROM audit", 1},
    {"the gap was closed",
     "DELETE FROM audit WHERE number = 3;"
     "UPDATE audit SET number = number - 1 WHERE number > 3",
     3},
    {"two changed places",
     "UPDATE audit SET number = 100 WHERE number = 2;"
     "UPDATE audit SET number = 2 WHERE number = 3;"
     "UPDATE audit SET number = 3 WHERE number = 100",
     2},
    {"one stands there twice",
     "INSERT INTO audit SELECT 6, at_ms, time_ms, event, job, uid, printer,"
     " amr, reason, count, impressions, sheets, sealed, mac FROM audit"
     " WHERE number = 5",
     6},
    {"cut off, and the head made to match",
     "DELETE FROM audit WHERE number > 2;"
     "UPDATE audit_end SET number = 2,"
     " mac = (SELECT mac FROM audit WHERE number = 2) WHERE which = 2",
     3},
    {"cut off at the front, and the anchor made to match",
     "UPDATE audit_end SET number = 2,"
     " mac = (SELECT mac FROM audit WHERE number = 2) WHERE which = 1;"
     "DELETE FROM audit WHERE number < 3",
     1},
    {"the head's proof serves as the anchor's",
     "DELETE FROM audit; DELETE FROM audit_end WHERE which = 1;"
     "INSERT INTO audit_end SELECT 1, number, mac, proof FROM audit_end",
     1},
    {"no head", "DELETE FROM audit_end WHERE which = 2", 6},
    {"no anchor", "DELETE FROM audit_end WHERE which = 1", 1},
    {"neither end, no records", "DELETE FROM audit; DELETE FROM audit_end", 1},
};

static void
what_is_missing_or_moved_is_named(void **state)
{
    struct fixture *f = *state;

    append_some(f, 5);
    keep_a_copy(f);
    for (size_t i = 0; i < PH_COUNT(moves); i++) {
        sql(f, moves[i].sql);
        print_message("%s\n", moves[i].what);
        check_broken(f, moves[i].broken, "");
        put_back(f);
        check_intact(f, 1, 5);
    }
}

/* Writing on does not heal what was cut off. */
static void
a_chain_that_was_cut_stays_broken_when_it_goes_on(void **state)
{
    struct fixture *f = *state;

    append_some(f, 5);
    keep_a_copy(f);
    for (size_t i = 0; i < PH_COUNT(moves); i++) {
        if (strcmp(moves[i].what, "neither end, no records") == 0)
            continue; /* a new chain, which the journal contradicts */
        sql(f, moves[i].sql);
        print_message("%s\n", moves[i].what);
        (void)append(f, 600, MAX);
        (void)append(f, 700, MAX);
        check_broken(f, moves[i].broken, "");
        put_back(f);
    }
}

/* An older catalogue put back is whole; a mark from the journal shows it. */
static void
a_known_mark_shows_an_older_catalogue(void **state)
{
    struct ph_audit_verdict verdict = {.count = 0};
    struct fixture *f = *state;
    struct ph_audit_mark third, other;

    append_some(f, 2);
    keep_a_copy(f);
    third = append(f, 300, MAX);
    assert_int_equal(
        ph_audit_verify(f->catalogue, f->keys, &third, 8, &verdict), PH_OK);
    assert_true(verdict.seen_expected);
    other = third;
    other.mac[7] ^= 1;
    assert_int_equal(
        ph_audit_verify(f->catalogue, f->keys, &other, 8, &verdict),
        PH_ERR_CORRUPT);
    assert_int_equal(verdict.broken, 3);
    put_back(f);
    check_intact(f, 1, 2);
    assert_int_equal(
        ph_audit_verify(f->catalogue, f->keys, &third, 8, &verdict),
        PH_ERR_CORRUPT);
    assert_int_equal(verdict.broken, 3);
    /* Another third in its place. */
    (void)append(f, 301, MAX);
    check_intact(f, 1, 3);
    assert_int_equal(
        ph_audit_verify(f->catalogue, f->keys, &third, 8, &verdict),
        PH_ERR_CORRUPT);
    assert_int_equal(verdict.broken, 3);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_record_comes_back_as_it_was_written),
        TEST(what_is_sealed_fits_no_other_record),
        TEST(another_key_opens_and_proves_nothing),
        TEST(long_texts_are_cut_and_the_chain_holds),
        TEST(a_change_of_any_field_of_any_record_is_named),
        TEST(what_is_missing_or_moved_is_named),
        TEST(a_chain_that_was_cut_stays_broken_when_it_goes_on),
        TEST(a_known_mark_shows_an_older_catalogue),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
