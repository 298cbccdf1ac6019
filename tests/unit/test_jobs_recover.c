/* Jobs after a crash, and the end of a day. */
#include "jobs_checks.h"

#include <sys/stat.h>

static void
run_sql(struct jobs_fixture *f, const char *sql)
{
    char path[512];
    sqlite3 *db;

    jobs_fixture_path(f, "catalogue.db", path, sizeof(path));
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void
an_orphan_in_the_spool_is_adopted_once(void **state)
{
    struct jobs_fixture *f = *state;
    const struct ph_id id = jobs_fixture_hold(f, "orphan", "bytes");
    struct ph_id again;

    jobs_fixture_close(f);
    run_sql(f, "DELETE FROM job"); /* killed between rename and commit */
    jobs_fixture_open(f);
    assert_string_equal(view_of(f, &id).ticket.job_name, "orphan");
    assert_int_equal(count_jobs(f, &alice), 1);
    again = jobs_fixture_hold(f, "orphan", "bytes"); /* CUPS tries again */
    assert_true(ph_id_equal(&id, &again));
    assert_int_equal(count_jobs(f, &alice), 1);
}

/* The attempt is in the sealed ticket, so the order survives the catalogue. */
static void
an_adopted_orphan_is_known_to_the_next_attempt(void **state)
{
    struct jobs_fixture *f = *state;
    struct ph_capture_begin begin;
    struct ph_id id, again;

    jobs_fixture_begin_fill(&begin, "alice", 1001, "u");
    begin.attempt_s = 100;
    assert_int_equal(jobs_fixture_hold_begun(f, &begin, "t", "bytes", &id),
                     PH_OK);
    jobs_fixture_close(f);
    run_sql(f, "DELETE FROM job");
    jobs_fixture_open(f);
    begin.attempt_s = 200;
    assert_int_equal(
        jobs_fixture_hold_begun(f, &begin, "t", "other bytes", &again), PH_OK);
    assert_true(ph_id_equal(&id, &again));
}

static void
a_deleted_catalogue_is_rebuilt_from_the_spool(void **state)
{
    static const char *const names[] = {"catalogue.db", "catalogue.db-wal",
                                        "catalogue.db-shm"};
    struct jobs_fixture *f = *state;
    char path[512];

    (void)jobs_fixture_hold(f, "one", "1");
    (void)jobs_fixture_hold(f, "two", "22");
    jobs_fixture_close(f);
    for (size_t i = 0; i < PH_COUNT(names); i++) {
        jobs_fixture_path(f, names[i], path, sizeof(path));
        (void)unlink(path);
    }
    jobs_fixture_open(f);
    assert_int_equal(count_jobs(f, &alice), 2);
}

static void
a_job_without_its_file_becomes_failed(void **state)
{
    struct jobs_fixture *f = *state;
    const struct ph_id id = jobs_fixture_hold(f, "gone", "bytes");
    char name[PH_ID_TEXT], path[512], relative[64];

    jobs_fixture_close(f);
    ph_id_format(&id, name);
    (void)snprintf(relative, sizeof(relative), "spool/held/%s", name);
    jobs_fixture_path(f, relative, path, sizeof(path));
    assert_int_equal(unlink(path), 0);
    jobs_fixture_open(f);
    assert_int_equal(view_of(f, &id).state, PH_JOB_FAILED);
    assert_int_equal(count_events(f, "org.printhold.job.failed.v1"), 1);
}

static void
a_lost_unlink_is_made_up_for(void **state)
{
    struct jobs_fixture *f = *state;

    (void)jobs_fixture_hold(f, "released", "bytes");
    jobs_fixture_close(f);
    run_sql(f, "UPDATE job SET state = 4");
    jobs_fixture_open(f);
    assert_int_equal(count_files(f, "spool/held"), 0);
    assert_int_equal(count_jobs(f, &everyone), 0);
}

/* Forgotten with its file still there, it would be held again after the next
 * start. A folder stands for a file that cannot be removed. */
static void
a_job_is_remembered_until_its_file_has_gone(void **state)
{
    const int64_t day_ms = 86400 * INT64_C(1000);
    struct jobs_fixture *f = *state;
    const struct ph_id id = jobs_fixture_hold(f, "deleted", "bytes");
    char name[PH_ID_TEXT], path[512], relative[64];
    struct ph_job_view view;
    struct ph_why why;
    int64_t next;

    ph_id_format(&id, name);
    (void)snprintf(relative, sizeof(relative), "spool/held/%s", name);
    jobs_fixture_path(f, relative, path, sizeof(path));
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(ph_jobs_delete(f->jobs, &alice, &id, &why), PH_OK);
    moved_ms = ph_clock_wall_ms() + 3 * day_ms;
    ph_clock_set_wall(moved_clock);
    assert_int_equal(ph_jobs_reap(f->jobs, moved_ms, &next), PH_OK);
    assert_int_equal(view_of(f, &id).state, PH_JOB_DELETED);
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(ph_jobs_reap(f->jobs, moved_ms, &next), PH_OK);
    assert_int_equal(ph_jobs_get(f->jobs, &alice, &id, &view),
                     PH_ERR_NOT_FOUND);
}

/* The crash tore a replacement of the ticket: the first one counts. */
static void
a_torn_replacement_of_the_ticket_is_repaired(void **state)
{
    struct jobs_fixture *f = *state;
    const struct ph_id id = jobs_fixture_hold(f, "whole ticket", "bytes");
    char name[PH_ID_TEXT], path[512], relative[64];
    FILE *file;

    jobs_fixture_close(f);
    run_sql(f, "DELETE FROM job");
    ph_id_format(&id, name);
    (void)snprintf(relative, sizeof(relative), "spool/held/%s", name);
    jobs_fixture_path(f, relative, path, sizeof(path));
    file = fopen(path, "ab");
    assert_non_null(file);
    assert_int_equal(fwrite("torn record", 1, 11, file), 11);
    assert_int_equal(fclose(file), 0);
    jobs_fixture_open(f);
    assert_string_equal(view_of(f, &id).ticket.job_name, "whole ticket");
}

/* SR-30, and what a day's end means for the ones before it. */
static void
a_days_key_goes_when_nothing_of_it_is_left(void **state)
{
    const int64_t day_ms = 86400 * INT64_C(1000);
    struct jobs_fixture *f = *state;
    struct ph_outbox_event events[4];
    struct ph_id first, second;
    size_t count;
    int64_t next;

    first = jobs_fixture_hold(f, "first day", "1");
    assert_int_equal(count_files(f, "keys"), 2); /* and the owners' secret */
    moved_ms = ph_clock_wall_ms() + day_ms - 1000;
    ph_clock_set_wall(moved_clock);
    second = jobs_fixture_hold(f, "second day", "22");
    /* old and new are readable across the rotation */
    assert_string_equal(view_of(f, &first).ticket.job_name, "first day");
    assert_string_equal(view_of(f, &second).ticket.job_name, "second day");

    /* everything expires, is reported, and is forgotten */
    for (int day = 0; day < 4; day++) {
        moved_ms += day_ms;
        assert_int_equal(
            ph_jobs_due_events(f->jobs, 0, events, PH_COUNT(events), &count),
            PH_OK);
        for (size_t i = 0; i < count; i++) {
            jobs_fixture_answer(f, "", events[i].seq, 0);
            ph_buf_close(&events[i].payload);
        }
        assert_int_equal(ph_jobs_reap(f->jobs, moved_ms, &next), PH_OK);
        if (day == 0) /* ended, but still remembered: its key stays */
            assert_int_equal(view_of(f, &first).state, PH_JOB_EXPIRED);
    }
    assert_int_equal(count_files(f, "keys"), 1);
    (void)jobs_fixture_hold(f, "a new day", "333");
    assert_int_equal(count_files(f, "keys"), 2);
}

static void
garbage_in_the_spool_is_left_alone_and_harmless(void **state)
{
    struct jobs_fixture *f = *state;
    char path[512];

    (void)jobs_fixture_hold(f, "good", "bytes");
    jobs_fixture_path(f, "spool/held/00112233445566778899aabbccddeeff", path,
                      sizeof(path));
    scratch_write(path, "garbage", 7);
    jobs_fixture_close(f);
    jobs_fixture_open(f);
    assert_int_equal(count_jobs(f, &everyone), 1);
    assert_int_equal(count_files(f, "spool/held"), 2);
}

/* SR-73: what a capture left behind goes within an hour, also without a start,
 * but not while one is under way. */
static void
an_orphan_in_incoming_is_swept_within_an_hour(void **state)
{
    const int64_t hour_ms = 3600 * INT64_C(1000);
    struct jobs_fixture *f = *state;
    struct ph_capture_begin begin;
    struct ph_capture *capture;
    struct ph_ticket ticket;
    char path[512];
    int64_t next;

    jobs_fixture_path(f, "spool/incoming/00112233445566778899aabbccddeeff",
                      path, sizeof(path));
    scratch_write(path, "half a job", 10);
    moved_ms = ph_clock_wall_ms();
    ph_clock_set_wall(moved_clock);
    assert_int_equal(ph_jobs_reap(f->jobs, moved_ms, &next), PH_OK);
    assert_int_equal(count_files(f, "spool/incoming"), 1);
    assert_true(next <= moved_ms + hour_ms);
    moved_ms += hour_ms + 2000;
    jobs_fixture_begin_fill(&begin, "alice", 1001, "u");
    capture = jobs_fixture_send(f, &begin, "t", "bytes", &ticket);
    assert_int_equal(ph_jobs_reap(f->jobs, moved_ms, &next), PH_OK);
    assert_int_equal(count_files(f, "spool/incoming"), 2);
    ph_jobs_abort(capture);
    assert_int_equal(ph_jobs_reap(f->jobs, moved_ms, &next), PH_OK);
    assert_int_equal(count_files(f, "spool/incoming"), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_orphan_in_the_spool_is_adopted_once),
        TEST(an_adopted_orphan_is_known_to_the_next_attempt),
        TEST(a_deleted_catalogue_is_rebuilt_from_the_spool),
        TEST(a_job_without_its_file_becomes_failed),
        TEST(a_lost_unlink_is_made_up_for),
        TEST(a_job_is_remembered_until_its_file_has_gone),
        TEST(a_torn_replacement_of_the_ticket_is_repaired),
        TEST(a_days_key_goes_when_nothing_of_it_is_left),
        TEST(garbage_in_the_spool_is_left_alone_and_harmless),
        TEST(an_orphan_in_incoming_is_swept_within_an_hour),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
