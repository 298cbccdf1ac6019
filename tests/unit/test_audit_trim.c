/* What the audit forgets, and how it is read beside the agent. */
#include "audit_fixture.h"

/* --- forgetting --- */

static size_t
trim(struct fixture *f, int64_t before_ms, int64_t *out_broken)
{
    size_t count = 99;

    *out_broken = 99;
    assert_int_equal(ph_catalogue_begin(f->catalogue), PH_OK);
    assert_int_equal(
        ph_audit_trim(f->catalogue, f->keys, before_ms, &count, out_broken),
        PH_OK);
    assert_int_equal(ph_catalogue_commit(f->catalogue), PH_OK);
    return count;
}

static void
what_is_left_of_old_records_still_holds(void **state)
{
    struct ph_audit_verdict verdict;
    struct fixture *f = *state;
    struct ph_audit_mark first;
    int64_t broken;

    first = append(f, 100, MAX);
    for (int i = 2; i <= 6; i++)
        (void)append(f, 100 * i, MAX);
    assert_int_equal(trim(f, 100, &broken), 0);
    check_intact(f, 1, 6);
    assert_int_equal(trim(f, 350, &broken), 3);
    assert_int_equal(broken, 0);
    check_intact(f, 4, 6);
    (void)append(f, 700, MAX);
    check_intact(f, 4, 7);
    assert_int_equal(
        ph_audit_verify(f->catalogue, f->keys, &first, 8, &verdict), PH_OK);
    assert_int_equal(trim(f, 10000, &broken), 4);
    check_intact(f, 0, 7);
    (void)append(f, 800, MAX);
    check_intact(f, 8, 8);
}

static void
old_records_go_in_pieces(void **state)
{
    struct fixture *f = *state;
    struct ph_audit_mark mark;
    const struct ph_audit_entry entry = {.event = PH_AUDIT_SESSION, .uid = -1};
    int64_t broken;

    assert_int_equal(ph_catalogue_begin(f->catalogue), PH_OK);
    for (int i = 0; i < PH_AUDIT_TRIM_BATCH + 3; i++)
        assert_int_equal(
            ph_audit_append(f->catalogue, f->keys, &entry, MAX, &mark), PH_OK);
    assert_int_equal(ph_catalogue_commit(f->catalogue), PH_OK);
    assert_int_equal(trim(f, 1, &broken), PH_AUDIT_TRIM_BATCH);
    assert_int_equal(trim(f, 1, &broken), 3);
    assert_int_equal(trim(f, 1, &broken), 0);
    check_intact(f, 0, PH_AUDIT_TRIM_BATCH + 3);
}

/* Whoever redates records does not have us forget them and sign for it. */
static void
a_redated_record_is_not_forgotten_for_that(void **state)
{
    struct fixture *f = *state;
    int64_t broken;

    append_some(f, 5);
    sql(f, "UPDATE audit SET time_ms = 0");
    assert_int_equal(trim(f, 50, &broken), 0);
    assert_int_equal(broken, 1);
    assert_int_equal(one_number(f, "SELECT COUNT(*) FROM audit"), 5);
    check_broken(f, 1, "");
}

/* Nor does it stay for ever: what comes behind it tells its age. */
static void
a_broken_record_goes_with_what_is_as_old(void **state)
{
    struct fixture *f = *state;
    int64_t broken;

    append_some(f, 5);
    sql(f, "UPDATE audit SET time_ms = 100000 WHERE number = 2");
    assert_int_equal(trim(f, 350, &broken), 3);
    assert_int_equal(broken, 2);
    check_intact(f, 4, 5);
}

static void
there_are_never_more_than_the_bound(void **state)
{
    struct fixture *f = *state;

    for (int i = 1; i <= 25; i++) {
        (void)append(f, i, 10);
        assert_true(one_number(f, "SELECT COUNT(*) FROM audit") <= 10);
    }
    assert_int_equal(one_number(f, "SELECT MIN(number) FROM audit"), 16);
    check_intact(f, 16, 25);
    /* A smaller one, set later, counts at the next record. */
    (void)append(f, 26, 3);
    check_intact(f, 24, 26);
}

/* --- beside the agent --- */

static void
a_reader_beside_the_writer_sees_all_and_changes_nothing(void **state)
{
    struct ph_audit_verdict verdict;
    struct ph_catalogue *reader;
    struct fixture *f = *state;
    struct ph_why why = {""};

    append_some(f, 3);
    assert_int_equal(ph_audit_open(f->path, &reader, &why), PH_OK);
    assert_int_equal(ph_audit_verify(reader, f->keys, NULL, 0, &verdict),
                     PH_OK);
    assert_int_equal(verdict.count, 3);
    (void)append(f, 400, MAX);
    assert_int_equal(ph_audit_verify(reader, f->keys, NULL, 0, &verdict),
                     PH_OK);
    assert_int_equal(verdict.count, 4);
    assert_int_equal(ph_catalogue_set_number(reader, "x", 1), PH_ERR_DENIED);
    /* It holds nothing up: the log can be emptied. */
    assert_int_equal(ph_catalogue_truncate_log(f->catalogue), PH_OK);
    ph_catalogue_close(reader);
}

static void
a_reader_needs_a_catalogue_that_has_an_audit(void **state)
{
    struct fixture *f = *state;
    struct ph_catalogue *reader;
    struct ph_why why = {""};
    char path[320];

    (void)snprintf(path, sizeof(path), "%s-not-there", f->path);
    assert_int_equal(ph_audit_open(path, &reader, &why), PH_ERR_NOT_FOUND);
    assert_non_null(strstr(why.text, path));
    sql(f, "PRAGMA user_version = 3");
    assert_int_equal(ph_audit_open(f->path, &reader, &why), PH_ERR_UNSUPPORTED);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_left_of_old_records_still_holds),
        TEST(old_records_go_in_pieces),
        TEST(a_redated_record_is_not_forgotten_for_that),
        TEST(a_broken_record_goes_with_what_is_as_old),
        TEST(there_are_never_more_than_the_bound),
        TEST(a_reader_beside_the_writer_sees_all_and_changes_nothing),
        TEST(a_reader_needs_a_catalogue_that_has_an_audit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
