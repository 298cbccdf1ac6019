/*
 * What moves of jobs leave in the audit: one record each, in the transaction of
 * the move, and for whom.
 */
#include "audit_checks.h"

/* --- one record for each thing --- */

static void
a_release_leaves_one_record_of_each_step(void **state)
{
    struct jobs_fixture *f = *state;
    const struct ph_id id = jobs_fixture_hold(f, "Zebra", "bytes");
    struct ph_release_report report = {
        .printer = "pr-1",
        .result = "printed",
        .impressions = 12,
        .sheets = 6,
        .choices = {.copies = 2, .page_ranges = "1-4,7"}};
    const struct ph_release_choices earlier = {.copies = 3,
                                               .finishings = "staple"};
    struct ph_release_choices chosen;
    struct ph_job_view view;
    struct facts facts;

    assert_int_equal(
        ph_jobs_use_grant(f->jobs, &alice_badge, "jti", 1, moved_ms + 1000),
        PH_OK);
    assert_int_equal(
        ph_jobs_use_grant(f->jobs, &alice_badge, "jti", 1, moved_ms + 1000),
        PH_ERR_EXISTS);
    for (int i = 0; i < 2; i++) /* the second renews */
        assert_int_equal(
            ph_jobs_claim(f->jobs, &alice_badge, &id, "pr-1", &view), PH_OK);
    assert_int_equal(
        ph_jobs_choose(f->jobs, &alice_badge, &id, "pr-1", &earlier, &chosen),
        PH_OK);
    assert_int_equal(
        ph_jobs_note_download(f->jobs, &alice_badge, &id, "pr-1", true, &view),
        PH_OK);
    for (int i = 0; i < 2; i++) /* the second is the same report */
        assert_int_equal(ph_jobs_complete(f->jobs, &alice_badge, &id, &report),
                         PH_OK);
    read_history(f, &everyone, &facts);
    assert_string_equal(facts.text,
                        "began new; session at pr-1; claimed at pr-1 (alice);"
                        " download whole at pr-1 (alice);"
                        " completed printed at pr-1 (alice)");
    assert_string_equal(facts.login, "alice@example.com");
    assert_string_equal(facts.title, "Zebra");
    assert_string_equal(facts.chosen,
                        "copies=2 page-ranges=1-4,7 finishings=staple");
    assert_string_equal(facts.last.amr, "badge pin");
    assert_int_equal(facts.last.sheets, 6);
    assert_int_equal(facts.last.impressions, 12);
    assert_true(facts.last.at_ms == moved_ms);
    check_chain(f, 0);
}

static void
every_way_back_and_every_end_is_one_record(void **state)
{
    struct jobs_fixture *f = *state;
    struct ph_id id = jobs_fixture_hold(f, "a", "bytes");
    struct ph_why why = {""};

    claim(f, &id, "pr-1");
    assert_int_equal(ph_jobs_unclaim(f->jobs, &alice_badge, &id, "pr-1"),
                     PH_OK);
    claim(f, &id, "pr-1");
    assert_int_equal(complete(f, &id, "pr-1", "partly"), PH_OK);
    claim(f, &id, "pr-1");
    moved_ms += (int64_t)f->config.lease_s * 1000;
    reap(f);
    assert_int_equal(ph_jobs_fail(f->jobs, &id, "damaged"), PH_OK);
    id = jobs_fixture_hold(f, "b", "bytes of b");
    assert_int_equal(ph_jobs_delete(f->jobs, &everyone, &id, &why), PH_OK);
    (void)jobs_fixture_hold(f, "c", "bytes of c");
    /* And a second: jobs of the same moment are a millisecond apart. */
    moved_ms += (int64_t)f->config.retention_s * 1000 + 1000;
    reap(f);
    check_history(f, "began new; claimed at pr-1 (alice);"
                     " returned at pr-1 (alice); claimed at pr-1 (alice);"
                     " completed partly at pr-1 (alice);"
                     " claimed at pr-1 (alice); lease-over at pr-1 (alice);"
                     " failed damaged (alice);"
                     " deleted by-administrator (alice);"
                     " expired retention (alice)");
    check_chain(f, 0);
}

/* Another printer takes a job whose lease has ended, before housekeeping. */
static void
a_lease_that_another_printer_ends_is_a_record(void **state)
{
    struct jobs_fixture *f = *state;
    const struct ph_id id = jobs_fixture_hold(f, "a", "bytes");

    claim(f, &id, "pr-1");
    moved_ms += (int64_t)f->config.lease_s * 1000 + 1;
    claim(f, &id, "pr-2");
    check_history(f, "began new; claimed at pr-1 (alice);"
                     " lease-over at pr-1 (alice); claimed at pr-2 (alice)");
}

/* A row that cannot be read expires all the same, and is recorded. */
static void
a_job_without_its_file_is_a_record(void **state)
{
    struct jobs_fixture *f = *state;
    const struct ph_id id = jobs_fixture_hold(f, "a", "bytes");
    char name[64], path[512], text[PH_ID_TEXT];

    ph_id_format(&id, text);
    (void)snprintf(name, sizeof(name), "spool/held/%s", text);
    jobs_fixture_path(f, name, path, sizeof(path));
    jobs_fixture_close(f);
    assert_int_equal(unlink(path), 0);
    jobs_fixture_open(f);
    check_history(f, "began new; failed file-missing (alice)");
}

/* --- no move without its record, no record without its move --- */

static void
what_cannot_be_recorded_is_not_done(void **state)
{
    struct jobs_fixture *f = *state;
    const struct ph_id id = jobs_fixture_hold(f, "a", "bytes");
    struct ph_job_view view;
    struct ph_why why = {""};

    sql(f, "CREATE TRIGGER no_audit BEFORE INSERT ON audit"
           " BEGIN SELECT RAISE(ABORT, 'no'); END");
    assert_int_not_equal(
        ph_jobs_claim(f->jobs, &alice_badge, &id, "pr-1", &view), PH_OK);
    assert_int_not_equal(
        ph_jobs_use_grant(f->jobs, &alice_badge, "jti", 1, moved_ms + 1000),
        PH_OK);
    assert_int_not_equal(ph_jobs_note_session(f->jobs, &alice_badge), PH_OK);
    assert_int_not_equal(ph_jobs_delete(f->jobs, &alice, &id, &why), PH_OK);
    assert_int_equal(view_of(f, &id).state, PH_JOB_HELD);
    assert_int_equal(count_files(f, "spool/held"), 1);
    sql(f, "DROP TRIGGER no_audit");
    /* The grant was not used either. */
    assert_int_equal(
        ph_jobs_use_grant(f->jobs, &alice_badge, "jti", 1, moved_ms + 1000),
        PH_OK);
    claim(f, &id, "pr-1");
    sql(f, "CREATE TRIGGER no_audit BEFORE INSERT ON audit"
           " BEGIN SELECT RAISE(ABORT, 'no'); END");
    assert_int_not_equal(complete(f, &id, "pr-1", "printed"), PH_OK);
    assert_int_not_equal(
        ph_jobs_note_download(f->jobs, &alice_badge, &id, "pr-1", true, &view),
        PH_OK);
    assert_int_equal(view_of(f, &id).state, PH_JOB_CLAIMED);
    sql(f, "DROP TRIGGER no_audit");
    check_history(f, "began new; session at pr-1; claimed at pr-1 (alice)");
    check_chain(f, 0);
}

static void
a_move_that_is_refused_is_no_record(void **state)
{
    struct jobs_fixture *f = *state;
    const struct ph_id id = jobs_fixture_hold(f, "a", "bytes");
    struct ph_job_view view;
    struct ph_why why = {""};

    claim(f, &id, "pr-1");
    assert_int_equal(ph_jobs_claim(f->jobs, &alice_badge, &id, "pr-2", &view),
                     PH_ERR_BUSY);
    assert_int_equal(
        ph_jobs_note_download(f->jobs, &alice_badge, &id, "pr-2", true, &view),
        PH_ERR_BUSY);
    assert_int_equal(ph_jobs_delete(f->jobs, &alice, &id, &why), PH_ERR_BUSY);
    assert_int_equal(ph_jobs_unclaim(f->jobs, &alice_badge, &id, "pr-2"),
                     PH_ERR_STATE);
    check_history(f, "began new; claimed at pr-1 (alice)");
}

/* --- whose they are --- */

static void
people_see_what_happened_to_their_own_jobs(void **state)
{
    struct jobs_fixture *f = *state;
    struct ph_id mine = jobs_fixture_hold(f, "mine", "bytes"), theirs;
    struct ph_why why = {""};
    struct facts facts;

    assert_int_equal(
        jobs_fixture_hold_as(f, "bob", 1002, "u", "theirs", "b", &theirs),
        PH_OK);
    assert_int_equal(ph_jobs_note_session(f->jobs, &alice_badge), PH_OK);
    assert_int_equal(ph_jobs_delete(f->jobs, &alice, &mine, &why), PH_OK);
    assert_int_equal(ph_jobs_delete(f->jobs, &bob, &theirs, &why), PH_OK);
    read_history(f, &bob, &facts);
    assert_string_equal(facts.text, "deleted by-user");
    assert_string_equal(facts.title, "theirs");
    read_history(f, &alice, &facts);
    assert_string_equal(facts.text, "deleted by-user (alice)");
    /* Longer than the memory of the job itself. */
    moved_ms += (int64_t)f->config.history_s * 1000 + 1;
    reap(f);
    read_history(f, &alice, &facts);
    assert_string_equal(facts.title, "mine");
}

static void
history_comes_in_pieces(void **state)
{
    struct jobs_fixture *f = *state;
    const struct ph_id id = jobs_fixture_hold(f, "a", "bytes");
    int64_t after = 0;
    struct facts facts;
    bool end = false;
    unsigned pieces = 0;

    for (int i = 0; i < 75; i++) {
        claim(f, &id, "pr-1");
        assert_int_equal(ph_jobs_unclaim(f->jobs, &alice_badge, &id, "pr-1"),
                         PH_OK);
    }
    while (!end) {
        memset(&facts, 0, sizeof(facts));
        assert_int_equal(
            ph_jobs_history(f->jobs, &alice, &after, note_record, &facts, &end),
            PH_OK);
        pieces++;
    }
    assert_int_equal(after, 151);
    assert_true(pieces > 1);
}

/* --- refusals --- */

static void
refusals_become_records_and_a_number(void **state)
{
    struct jobs_fixture *f = *state;
    struct ph_refusal refusal = {.printer = "pr-1",
                                 .reason = "confidential",
                                 .amr = "badge",
                                 .has_job = true,
                                 .uid = 1001,
                                 .login = "alice@example.com",
                                 .title = "Zebra"};
    struct facts facts;

    assert_true(ph_jobs_note_refusal(f->jobs, &refusal));
    check_history(f, "began new");
    assert_int_equal(ph_jobs_write_refusals(f->jobs), PH_OK);
    read_history(f, &alice, &facts);
    assert_string_equal(facts.text, "refused confidential at pr-1 (alice)");
    assert_string_equal(facts.title, "Zebra");
    for (int i = 0; i < 100; i++)
        (void)ph_jobs_note_refusal(f->jobs, &refusal);
    assert_int_equal(ph_jobs_write_refusals(f->jobs), PH_OK);
    jobs_fixture_close(f); /* what was only counted is written at the end */
    jobs_fixture_open(f);
    read_history(f, &everyone, &facts);
    assert_int_equal(facts.last.number, 1 + PH_REFUSAL_EACH + 1);
    assert_int_equal(facts.last.count, 101 - PH_REFUSAL_EACH);
    assert_string_equal(facts.login, "");
    check_chain(f, 0);
}

static void
housekeeping_writes_what_an_hour_has_counted(void **state)
{
    struct jobs_fixture *f = *state;
    const struct ph_refusal refusal = {
        .printer = "pr-1", .reason = "no-session", .uid = -1};
    struct facts facts;

    for (int i = 0; i < 30; i++)
        (void)ph_jobs_note_refusal(f->jobs, &refusal);
    moved_ms += PH_REFUSAL_WINDOW_MS - 60000;
    reap(f);
    read_history(f, &everyone, &facts);
    assert_int_equal(facts.last.count, 1);
    moved_ms += 120000;
    reap(f);
    read_history(f, &everyone, &facts);
    assert_int_equal(facts.last.count, 30 - PH_REFUSAL_EACH);
}

static void
refusals_that_cannot_be_written_are_not_lost(void **state)
{
    struct jobs_fixture *f = *state;
    const struct ph_refusal refusal = {
        .printer = "pr-1", .reason = "no-session", .uid = -1};
    struct facts facts;

    sql(f, "CREATE TRIGGER no_audit BEFORE INSERT ON audit"
           " BEGIN SELECT RAISE(ABORT, 'no'); END");
    (void)ph_jobs_note_refusal(f->jobs, &refusal);
    (void)ph_jobs_note_refusal(f->jobs, &refusal);
    assert_int_not_equal(ph_jobs_write_refusals(f->jobs), PH_OK);
    sql(f, "DROP TRIGGER no_audit");
    jobs_fixture_close(f);
    jobs_fixture_open(f);
    read_history(f, &everyone, &facts);
    assert_string_equal(facts.last.reason, "various");
    assert_int_equal(facts.last.count, 2);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_release_leaves_one_record_of_each_step),
        TEST(every_way_back_and_every_end_is_one_record),
        TEST(a_lease_that_another_printer_ends_is_a_record),
        TEST(a_job_without_its_file_is_a_record),
        TEST(what_cannot_be_recorded_is_not_done),
        TEST(a_move_that_is_refused_is_no_record),
        TEST(people_see_what_happened_to_their_own_jobs),
        TEST(history_comes_in_pieces),
        TEST(refusals_become_records_and_a_number),
        TEST(housekeeping_writes_what_an_hour_has_counted),
        TEST(refusals_that_cannot_be_written_are_not_lost),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
