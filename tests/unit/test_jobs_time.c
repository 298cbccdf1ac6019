/*
 * The life of a job in time: SR-76 (retention through sleep, restarts and
 * clocks that are set, SR-46: a year forward as well) and SR-33 (what is over leaves nothing).
 *
 * Two clocks are moved here: the one on the wall, and the one that counts from
 * the start of the computer.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "jobs_checks.h"

#define HOUR (3600 * INT64_C(1000))
#define DAY  (24 * HOUR)

static int64_t boot_ms;

static int64_t
boot_clock(void)
{
    return boot_ms;
}

/* The agent is away, and meanwhile the wall's clock does this. */
static void
restart(struct jobs_fixture *f, int64_t ms)
{
    jobs_fixture_close(f);
    moved_ms += ms;
    jobs_fixture_open(f);
}

/* The same with the computer: its own clock begins again. */
static void
boot(struct jobs_fixture *f, int64_t ms)
{
    static int64_t number = 1;

    jobs_fixture_close(f);
    moved_ms += ms;
    boot_ms = 1000;
    ph_clock_set_boot(boot_clock, ++number);
    jobs_fixture_open(f);
}

static void
pass(int64_t ms)
{
    moved_ms += ms;
    boot_ms += ms;
}

static enum ph_job_state
state_after_reap(struct jobs_fixture *f, const struct ph_id *id)
{
    int64_t next;

    assert_int_equal(ph_jobs_reap(f->jobs, moved_ms, &next), PH_OK);
    assert_true(next >= moved_ms);
    assert_true(next <= moved_ms + HOUR);
    return view_of(f, id).state;
}

static int
set_up_clocks(void **state)
{
    moved_ms = INT64_C(1800000000000);
    boot_ms = 50000;
    ph_clock_set_wall(moved_clock);
    ph_clock_set_boot(boot_clock, 1);
    return set_up(state);
}

static int
tear_down_clocks(void **state)
{
    int rc = tear_down(state);

    ph_clock_set_boot(NULL, 0);
    return rc;
}

/* Each step happens, then the job must be there until just before its time and
 * gone after it, counted in time that passed. */
enum what { PASSES, SET, RESTART, BOOT, LOOK };
static const struct {
    const char *what;
    struct {
        enum what what;
        int64_t ms;
    } steps[6];
    int64_t left_ms; /* of 24 hours */
} lives[] = {
    {"time passes", {{PASSES, 5 * HOUR}}, 19 * HOUR},
    {"the agent is restarted",
     {{PASSES, 5 * HOUR}, {RESTART, 0}, {PASSES, HOUR}},
     18 * HOUR},
    {"the computer sleeps, which its clock counts",
     {{PASSES, HOUR}, {LOOK, 0}, {PASSES, 20 * HOUR}},
     3 * HOUR},
    {"the computer is off for a while",
     {{PASSES, HOUR}, {LOOK, 0}, {BOOT, 10 * HOUR}},
     13 * HOUR},
    {"the clock is set forward by a year",
     {{PASSES, HOUR}, {SET, 365 * DAY}},
     23 * HOUR},
    {"the clock is set back by a year",
     {{PASSES, HOUR}, {SET, -365 * DAY}},
     23 * HOUR},
    {"forward, and back again",
     {{SET, 365 * DAY}, {LOOK, 0}, {PASSES, HOUR}, {SET, -365 * DAY}},
     23 * HOUR},
    {"back, and nobody looks before the agent is restarted",
     {{PASSES, HOUR}, {SET, -30 * DAY}, {RESTART, 0}},
     23 * HOUR},
    {"forward while the agent is away",
     {{PASSES, HOUR}, {RESTART, 30 * DAY}},
     23 * HOUR},
    {"back across a start of the computer: time off is not known",
     {{PASSES, HOUR}, {LOOK, 0}, {BOOT, -30 * DAY}},
     23 * HOUR},
    {"no battery: 1970, then the right time",
     {{PASSES, HOUR},
      {LOOK, 0},
      {BOOT, -INT64_C(1800000000000)},
      {PASSES, HOUR},
      {SET, INT64_C(1800000000000)}},
     22 * HOUR},
    {"a time service that corrects a little counts as time",
     {{PASSES, HOUR}, {SET, 1000}},
     23 * HOUR - 1000},
};

static void
do_step(struct jobs_fixture *f, enum what what, int64_t ms,
        const struct ph_id *id)
{
    switch (what) {
    case PASSES:
        pass(ms);
        break;
    case SET:
        moved_ms += ms;
        break;
    case RESTART:
        restart(f, ms);
        break;
    case BOOT:
        boot(f, ms);
        break;
    case LOOK:
        assert_int_equal(state_after_reap(f, id), PH_JOB_HELD);
        break;
    }
}

static void
retention_is_time_that_passes(void **state)
{
    struct jobs_fixture *f = *state;

    for (size_t i = 0; i < PH_COUNT(lives); i++) {
        const struct ph_id id = jobs_fixture_hold(f, "t", lives[i].what);

        for (size_t n = 0; n < PH_COUNT(lives[i].steps); n++)
            if (lives[i].steps[n].ms != 0 || lives[i].steps[n].what != PASSES)
                do_step(f, lives[i].steps[n].what, lives[i].steps[n].ms, &id);
        if (view_of(f, &id).expires_ms - moved_ms != lives[i].left_ms &&
            (state_after_reap(f, &id) != PH_JOB_HELD ||
             view_of(f, &id).expires_ms - moved_ms != lives[i].left_ms))
            fail_msg("%s: shows %lld ms", lives[i].what,
                     (long long)(view_of(f, &id).expires_ms - moved_ms));
        pass(lives[i].left_ms - 1);
        if (state_after_reap(f, &id) != PH_JOB_HELD)
            fail_msg("%s: ended early", lives[i].what);
        pass(1);
        if (state_after_reap(f, &id) != PH_JOB_EXPIRED)
            fail_msg("%s: lives on", lives[i].what);
        assert_int_equal(count_files(f, "spool/held"), 0);
    }
}

/* Nobody looked yet: the computer has just woken up. */
static void
an_overdue_job_cannot_be_claimed(void **state)
{
    struct jobs_fixture *f = *state;
    const struct ph_id id = jobs_fixture_hold(f, "t", "bytes");
    struct ph_job_view view;

    pass(DAY - 1);
    claim(f, &id, "pr-1");
    assert_int_equal(ph_jobs_unclaim(f->jobs, &alice_at_printer, &id, "pr-1"),
                     PH_OK);
    pass(1);
    assert_int_equal(
        ph_jobs_claim(f->jobs, &alice_at_printer, &id, "pr-1", &view),
        PH_ERR_NOT_FOUND);
}

static void
a_lease_does_not_end_with_a_clock_set_forward(void **state)
{
    struct jobs_fixture *f = *state;
    const struct ph_id id = jobs_fixture_hold(f, "t", "bytes");

    claim(f, &id, "pr-1");
    moved_ms += DAY;
    assert_int_equal(state_after_reap(f, &id), PH_JOB_CLAIMED);
    pass((int64_t)f->config.lease_s * 1000);
    assert_int_equal(state_after_reap(f, &id), PH_JOB_HELD);
}

/* The cloud's documents name the ends of jobs. */
static void
count_change(void *arg)
{
    ++*(unsigned *)arg;
}

static void
a_set_clock_makes_the_documents_due_again(void **state)
{
    struct jobs_fixture *f = *state;
    const struct ph_id id = jobs_fixture_hold(f, "t", "bytes");
    struct ph_outbox_document document;
    unsigned changes = 0;
    size_t count;

    assert_int_equal(ph_jobs_due_documents(f->jobs, &document, 1, &count),
                     PH_OK);
    ph_buf_close(&document.payload);
    jobs_fixture_answer(f, document.uk, document.rev, 0);
    moved_ms += DAY;
    ph_jobs_on_change(f->jobs, count_change, &changes);
    assert_int_equal(state_after_reap(f, &id), PH_JOB_HELD);
    assert_int_equal(changes, 1); /* the link is told, without a job's change */
    assert_int_equal(ph_jobs_due_documents(f->jobs, &document, 1, &count),
                     PH_OK);
    assert_int_equal(count, 1);
    assert_int_equal(document.expires_ms, moved_ms + DAY);
    ph_buf_close(&document.payload);
}

/* --- SR-33: history has its own interval, and then nothing is left --- */

static const char *const stores[] = {"catalogue.db", "catalogue.db-wal",
                                     "catalogue.db-shm"};

static bool
stores_have(struct jobs_fixture *f, const void *bytes, size_t len)
{
    bool found = false;

    for (size_t i = 0; i < PH_COUNT(stores); i++) {
        struct ph_buf buf;
        char path[512];

        jobs_fixture_path(f, stores[i], path, sizeof(path));
        if (ph_io_read_file(AT_FDCWD, path, 64 << 20, &buf) != PH_OK)
            continue;
        found |= memmem(buf.data, buf.len, bytes, len) != NULL;
        ph_buf_close(&buf);
    }
    return found;
}

/* The start of what is sealed of the job: the bytes that lie there for it. */
static void
sealed_of(struct jobs_fixture *f, const struct ph_id *id, uint8_t out[32])
{
    sqlite3_stmt *stmt;
    sqlite3 *db;
    char path[512];

    jobs_fixture_path(f, "catalogue.db", path, sizeof(path));
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db,
                                        "SELECT sealed FROM job WHERE id = ?1",
                                        -1, &stmt, NULL),
                     SQLITE_OK);
    (void)sqlite3_bind_blob(stmt, 1, id->bytes, PH_ID_BYTES, SQLITE_STATIC);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    memcpy(out, sqlite3_column_blob(stmt, 0), 32);
    (void)sqlite3_finalize(stmt);
    (void)sqlite3_close(db);
}

static void
history_ends_by_its_own_interval_and_leaves_nothing(void **state)
{
    struct jobs_fixture *f = *state;
    static const char uuid[] = "urn:uuid:00000000-0000-0000-0000-000000000001";
    struct ph_job_view view;
    uint8_t sealed[32];
    struct ph_why why;
    struct ph_id id;
    int64_t next;

    jobs_fixture_close(f);
    f->config.history_s = 7200;
    jobs_fixture_open(f);
    id = jobs_fixture_hold(f, "MARKERTITLE", "bytes");
    sealed_of(f, &id, sealed);
    assert_true(stores_have(f, sealed, sizeof(sealed)));
    assert_true(stores_have(f, uuid, strlen(uuid)));
    assert_false(stores_have(f, "MARKERTITLE", 11));
    assert_int_equal(ph_jobs_delete(f->jobs, &alice, &id, &why), PH_OK);
    pass(2 * HOUR);
    assert_int_equal(state_after_reap(f, &id), PH_JOB_DELETED);
    assert_string_equal(view_of(f, &id).ticket.job_name, "MARKERTITLE");
    assert_true(stores_have(f, sealed, sizeof(sealed)));
    pass(1);
    assert_int_equal(ph_jobs_reap(f->jobs, moved_ms, &next), PH_OK);
    assert_int_equal(ph_jobs_get(f->jobs, &alice, &id, &view),
                     PH_ERR_NOT_FOUND);
    assert_false(stores_have(f, sealed, sizeof(sealed)));
    assert_false(stores_have(f, uuid, strlen(uuid)));
    /* The audit knows of the deletion for as long as it is kept. */
    assert_true(stores_have(f, id.bytes, PH_ID_BYTES));
    pass((int64_t)f->config.audit_keep_s * 1000);
    assert_int_equal(ph_jobs_reap(f->jobs, moved_ms, &next), PH_OK);
    assert_false(stores_have(f, id.bytes, PH_ID_BYTES));
}

/* A clean stop leaves no log at all. */
static void
the_log_goes_with_the_agent(void **state)
{
    struct jobs_fixture *f = *state;
    char path[512];

    (void)jobs_fixture_hold(f, "t", "bytes");
    jobs_fixture_path(f, "catalogue.db-wal", path, sizeof(path));
    assert_int_equal(access(path, F_OK), 0);
    jobs_fixture_close(f);
    assert_int_equal(access(path, F_OK), -1);
    jobs_fixture_open(f);
}

#define TIMED(name) \
    cmocka_unit_test_setup_teardown(name, set_up_clocks, tear_down_clocks)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TIMED(retention_is_time_that_passes),
        TIMED(an_overdue_job_cannot_be_claimed),
        TIMED(a_lease_does_not_end_with_a_clock_set_forward),
        TIMED(a_set_clock_makes_the_documents_due_again),
        TIMED(history_ends_by_its_own_interval_and_leaves_nothing),
        TIMED(the_log_goes_with_the_agent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
