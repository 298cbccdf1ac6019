/* What time does with the audit of jobs, and what a lost or tampered catalogue
 * does to its chain. */
#include "audit_checks.h"

static int64_t boot_ms;

static int64_t
moved_boot(void)
{
    return boot_ms;
}

static void
records_are_kept_as_long_as_the_site_says(void **state)
{
    struct jobs_fixture *f = *state;
    const int64_t keep_ms = (int64_t)f->config.audit_keep_s * 1000;

    assert_int_equal(keep_ms, 30 * DAY);
    moved_ms += DAY;
    assert_int_equal(ph_jobs_note_session(f->jobs, &alice_badge), PH_OK);
    moved_ms += keep_ms - DAY;
    reap(f);
    check_history(f, "began new; session at pr-1");
    moved_ms += 1;
    reap(f);
    check_history(f, "session at pr-1");
    moved_ms += DAY;
    reap(f);
    check_history(f, "");
    check_chain(f, 0);
    assert_int_equal(ph_jobs_note_session(f->jobs, &alice_badge), PH_OK);
    check_history(f, "session at pr-1");
    check_chain(f, 0);
    assert_string_equal(last_error, "");
}

/* A clock that is set ends no record early (SR-46, SR-76). */
static void
a_clock_that_is_set_ends_no_record(void **state)
{
    struct jobs_fixture *f = *state;

    boot_ms = 1000;
    ph_clock_set_boot(moved_boot, 7);
    jobs_fixture_close(f);
    jobs_fixture_open(f);
    moved_ms += 365 * DAY; /* set: the other clock stands */
    reap(f);
    check_history(f, "began new");
    boot_ms += 31 * DAY;
    moved_ms += 31 * DAY; /* passed */
    reap(f);
    check_history(f, "");
    ph_clock_set_boot(NULL, 0);
}

static void
the_number_of_records_is_bounded(void **state)
{
    struct jobs_fixture *f = *state;
    struct facts facts;

    jobs_fixture_close(f);
    f->config.audit_records_max = 10;
    jobs_fixture_open(f);
    for (int i = 0; i < 30; i++)
        assert_int_equal(ph_jobs_note_session(f->jobs, &alice_badge), PH_OK);
    read_history(f, &everyone, &facts);
    assert_int_equal(facts.last.number, 31);
    assert_null(strstr(facts.text, "began"));
    check_chain(f, 0);
}

static void
housekeeping_says_that_a_record_was_changed(void **state)
{
    struct jobs_fixture *f = *state;

    assert_int_equal(ph_jobs_note_session(f->jobs, &alice_badge), PH_OK);
    assert_int_equal(ph_jobs_note_session(f->jobs, &alice_badge), PH_OK);
    sql(f, "UPDATE audit SET time_ms = 0, printer = 'pr-9' WHERE number <= 2");
    reap(f);
    assert_non_null(strstr(last_error, "audit: record 1 is not what"));
    check_history(f, "began new at pr-9; session at pr-9; session at pr-1");
    check_chain(f, 1);
    last_error[0] = '\0';
    reap(f);
    assert_string_equal(last_error, ""); /* said once */
}

/* Without anybody asking, also what the forgetting does not look at. */
static void
a_day_later_a_change_is_found_and_the_status_says_so(void **state)
{
    struct jobs_fixture *f = *state;
    struct ph_jobs_stats stats;

    for (int i = 0; i < 3; i++)
        assert_int_equal(ph_jobs_note_session(f->jobs, &alice_badge), PH_OK);
    reap(f);
    sql(f, "UPDATE audit SET printer = 'pr-9' WHERE number = 3");
    moved_ms += DAY - 60000;
    reap(f);
    assert_string_equal(last_error, "");
    moved_ms += 120000;
    reap(f);
    assert_non_null(strstr(last_error, "audit: record 3 is not what"));
    assert_int_equal(ph_jobs_stats(f->jobs, &stats), PH_OK);
    assert_int_equal(stats.audit_broken, 3);
    sql(f, "UPDATE audit SET printer = 'pr-1' WHERE number = 3");
    moved_ms += DAY + 60000;
    reap(f);
    assert_int_equal(ph_jobs_stats(f->jobs, &stats), PH_OK);
    assert_int_equal(stats.audit_broken, 0);
}

static void
a_lost_catalogue_begins_a_new_chain_and_says_so(void **state)
{
    struct jobs_fixture *f = *state;
    char path[512];

    (void)jobs_fixture_hold(f, "a", "bytes");
    assert_int_equal(ph_jobs_note_session(f->jobs, &alice_badge), PH_OK);
    jobs_fixture_close(f);
    jobs_fixture_path(f, "catalogue.db", path, sizeof(path));
    assert_int_equal(unlink(path), 0);
    jobs_fixture_open(f);
    check_history(f, "began catalogue-lost");
    check_chain(f, 0);
}

/* The tables came with an update: the chain begins then. */
static void
a_catalogue_from_before_the_audit_gets_one(void **state)
{
    struct jobs_fixture *f = *state;
    const struct ph_id id = jobs_fixture_hold(f, "a", "bytes");

    jobs_fixture_close(f);
    sql(f, "DROP TABLE audit; DROP TABLE audit_end; DROP INDEX event_due;"
           "DROP INDEX event_parked; DROP INDEX event_said;"
           "ALTER TABLE event DROP COLUMN made_ms;"
           "ALTER TABLE event DROP COLUMN acked_ms;"
           "ALTER TABLE event DROP COLUMN parked;"
           "ALTER TABLE document DROP COLUMN last_ms;"
           "ALTER TABLE document DROP COLUMN parked;"
           "PRAGMA user_version = 4");
    jobs_fixture_open(f);
    claim(f, &id, "pr-1");
    check_history(f, "began new; claimed at pr-1 (alice)");
    check_chain(f, 0);
}

static void
a_restart_goes_on_with_the_chain(void **state)
{
    struct jobs_fixture *f = *state;

    for (int i = 0; i < 3; i++) {
        assert_int_equal(ph_jobs_note_session(f->jobs, &alice_badge), PH_OK);
        jobs_fixture_close(f);
        jobs_fixture_open(f);
    }
    check_history(f, "began new; session at pr-1; session at pr-1;"
                     " session at pr-1");
    check_chain(f, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(records_are_kept_as_long_as_the_site_says),
        TEST(a_clock_that_is_set_ends_no_record),
        TEST(the_number_of_records_is_bounded),
        TEST(a_day_later_a_change_is_found_and_the_status_says_so),
        TEST(housekeeping_says_that_a_record_was_changed),
        TEST(a_lost_catalogue_begins_a_new_chain_and_says_so),
        TEST(a_catalogue_from_before_the_audit_gets_one),
        TEST(a_restart_goes_on_with_the_chain),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
