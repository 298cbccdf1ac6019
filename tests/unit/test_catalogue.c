/* The catalogue on a real SQLite file. */
#include "printhold/store/catalogue.h"
#include "scratch.h"

#include <string.h>

#include <sqlite3.h>

#include "catalogue_private.h"
#include "printhold/base/attr.h"
#include "printhold/base/err.h"

struct fixture {
    struct scratch scratch;
    char path[300];
    struct ph_catalogue *catalogue;
};

static int
set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    struct ph_why why = {""};

    assert_non_null(f);
    scratch_make(&f->scratch);
    (void)snprintf(f->path, sizeof(f->path), "%s/catalogue.db",
                   f->scratch.path);
    assert_int_equal(ph_catalogue_open(f->path, &f->catalogue, &why), PH_OK);
    *state = f;
    return 0;
}

static int
tear_down(void **state)
{
    struct fixture *f = *state;

    ph_catalogue_close(f->catalogue);
    scratch_remove(&f->scratch);
    free(f);
    return 0;
}

static struct ph_id
add_job(struct fixture *f, uint8_t number, uint32_t uid, int64_t held_ms)
{
    struct ph_catalogue_job job = {
        .id = {{number}},
        .epoch = {{9}},
        .uid = uid,
        .owner = {(uint8_t)uid},
        .state = PH_JOB_HELD,
        .held_ms = held_ms,
        .expires_ms = held_ms + 1000,
        .size_bytes = 100,
        .sequence = 1,
        .sealed = "sealed",
        .sealed_len = 6,
    };

    (void)snprintf(job.job_uuid, sizeof(job.job_uuid), "uuid-%u", number);
    assert_int_equal(ph_catalogue_insert(f->catalogue, &job), PH_OK);
    return job.id;
}

static int
synchronous(struct fixture *f)
{
    sqlite3_stmt *stmt = NULL;
    int value;

    assert_int_equal(sqlite3_prepare_v2(f->catalogue->db, "PRAGMA synchronous",
                                        -1, &stmt, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    value = sqlite3_column_int(stmt, 0);
    assert_int_equal(sqlite3_finalize(stmt), SQLITE_OK);
    return value;
}

/* SR-75: FULL is 2, NORMAL 1. */
static void
only_a_transaction_that_asks_for_it_is_not_synced(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(synchronous(f), 2);
    assert_int_equal(ph_catalogue_begin_unsynced(f->catalogue), PH_OK);
    assert_int_equal(synchronous(f), 1);
    (void)add_job(f, 1, 1000, 10);
    assert_int_equal(ph_catalogue_commit(f->catalogue), PH_OK);
    assert_int_equal(synchronous(f), 2);
    assert_int_equal(ph_catalogue_begin_unsynced(f->catalogue), PH_OK);
    ph_catalogue_rollback(f->catalogue);
    assert_int_equal(synchronous(f), 2);
    assert_int_equal(ph_catalogue_begin(f->catalogue), PH_OK);
    assert_int_not_equal(ph_catalogue_begin_unsynced(f->catalogue), PH_OK);
    assert_int_equal(synchronous(f), 2);
}

static int
no_rollback(void *arg, int action, const char *operation, const char *b,
            const char *c, const char *d)
{
    (void)arg, (void)b, (void)c, (void)d;
    return action == SQLITE_TRANSACTION && strcmp(operation, "ROLLBACK") == 0
               ? SQLITE_DENY
               : SQLITE_OK;
}

/* SR-71: what comes after it would look done and never be committed. */
static void
a_rollback_that_fails_is_made_up_for(void **state)
{
    struct fixture *f = *state;
    struct ph_catalogue *other;
    struct ph_why why = {""};
    int64_t value = 0;

    assert_int_equal(ph_catalogue_begin(f->catalogue), PH_OK);
    assert_int_equal(ph_catalogue_set_number(f->catalogue, "undone", 1), PH_OK);
    (void)sqlite3_set_authorizer(f->catalogue->db, no_rollback, NULL);
    ph_catalogue_rollback(f->catalogue);
    assert_int_not_equal(ph_catalogue_set_number(f->catalogue, "early", 1),
                         PH_OK);
    assert_int_not_equal(ph_catalogue_begin(f->catalogue), PH_OK);
    (void)sqlite3_set_authorizer(f->catalogue->db, NULL, NULL);
    assert_int_equal(ph_catalogue_set_number(f->catalogue, "done", 7), PH_OK);
    assert_int_equal(ph_catalogue_begin(f->catalogue), PH_OK);
    assert_int_equal(ph_catalogue_set_number(f->catalogue, "too", 8), PH_OK);
    assert_int_equal(ph_catalogue_commit(f->catalogue), PH_OK);
    assert_int_equal(ph_catalogue_open(f->path, &other, &why), PH_OK);
    assert_int_equal(ph_catalogue_number(other, "done", &value), PH_OK);
    assert_int_equal(value, 7);
    assert_int_equal(ph_catalogue_number(other, "too", &value), PH_OK);
    assert_int_equal(ph_catalogue_number(other, "undone", &value),
                     PH_ERR_NOT_FOUND);
    assert_int_equal(ph_catalogue_number(other, "early", &value),
                     PH_ERR_NOT_FOUND);
    ph_catalogue_close(other);
}

struct seen {
    uint8_t numbers[16];
    size_t count;
};

static bool
note(const struct ph_catalogue_job *job, void *arg)
{
    struct seen *seen = arg;

    seen->numbers[seen->count++] = job->id.bytes[0];
    return seen->count < PH_COUNT(seen->numbers);
}

static bool
copy_job(const struct ph_catalogue_job *job, void *arg)
{
    struct ph_catalogue_job *copy = arg;

    *copy = *job;
    return false;
}

static enum ph_job_state
state_of(struct fixture *f, const struct ph_id *id, int64_t *out_lease_ms)
{
    struct ph_catalogue_job job;

    assert_int_equal(ph_catalogue_get(f->catalogue, id, copy_job, &job), PH_OK);
    if (out_lease_ms != NULL)
        *out_lease_ms = job.lease_until_ms;
    return job.state;
}

static void
lists_are_filtered_and_ordered(void **state)
{
    static const uint8_t owner_two[PH_OWNER_KEY_BYTES] = {2};
    static const struct {
        struct ph_catalogue_filter filter;
        uint8_t expected[4];
        size_t count;
    } cases[] = {
        {{.limit = 0}, {1, 2, 3}, 3},
        {{.newest_first = true}, {3, 2, 1}, 3},
        {{.by_uid = true, .uid = 1}, {1, 3}, 2},
        {{.owner = owner_two}, {2}, 1},
        {{.ended = true}, {1, 4, 2, 3}, 4},
        {{.limit = 2}, {1, 2}, 2},
        {{.by_uid = true, .uid = 77}, {0}, 0},
    };
    struct fixture *f = *state;
    struct ph_id ended;

    (void)add_job(f, 1, 1, 1000);
    (void)add_job(f, 2, 2, 2000);
    (void)add_job(f, 3, 1, 3000);
    ended = add_job(f, 4, 1, 1500);
    assert_int_equal(
        ph_catalogue_move(f->catalogue, &ended, PH_JOB_DELETED, 1, NULL, 0),
        PH_OK);
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        struct seen seen = {.count = 0};

        assert_int_equal(
            ph_catalogue_list(f->catalogue, &cases[i].filter, note, &seen),
            PH_OK);
        assert_int_equal(seen.count, cases[i].count);
        assert_memory_equal(seen.numbers, cases[i].expected, seen.count);
    }
}

static void
only_legal_moves_are_made(void **state)
{
    struct fixture *f = *state;
    const struct ph_id id = add_job(f, 1, 1, 1000);
    static const struct ph_id missing = {{99}};
    int64_t lease;

    assert_int_equal(
        ph_catalogue_move(f->catalogue, &missing, PH_JOB_DELETED, 1, NULL, 0),
        PH_ERR_NOT_FOUND);
    assert_int_equal(
        ph_catalogue_move(f->catalogue, &id, PH_JOB_RELEASED, 1, NULL, 0),
        PH_ERR_STATE);
    assert_int_equal(
        ph_catalogue_move(f->catalogue, &id, PH_JOB_CLAIMED, 1, "pr-1", 50),
        PH_OK);
    assert_int_equal(
        ph_catalogue_move(f->catalogue, &id, PH_JOB_CLAIMED, 1, "pr-2", 60),
        PH_ERR_STATE);
    assert_int_equal(
        ph_catalogue_move(f->catalogue, &id, PH_JOB_CLAIMED, 1, "pr-1", 70),
        PH_OK);
    assert_int_equal(state_of(f, &id, &lease), PH_JOB_CLAIMED);
    assert_int_equal(lease, 70);
    assert_int_equal(
        ph_catalogue_move(f->catalogue, &id, PH_JOB_RELEASED, 1, NULL, 0),
        PH_OK);
    assert_int_equal(
        ph_catalogue_move(f->catalogue, &id, PH_JOB_HELD, 1, NULL, 0),
        PH_ERR_STATE);
    assert_int_equal(state_of(f, &id, &lease), PH_JOB_RELEASED);
    assert_int_equal(lease, 0);
}

static void
a_rolled_back_transaction_leaves_nothing(void **state)
{
    struct fixture *f = *state;
    struct ph_catalogue_totals totals;
    static const uint8_t owner[PH_OWNER_KEY_BYTES] = {1};

    assert_int_equal(ph_catalogue_begin(f->catalogue), PH_OK);
    (void)add_job(f, 1, 1, 1000);
    assert_int_equal(ph_catalogue_touch_document(f->catalogue, "uk", owner),
                     PH_OK);
    ph_catalogue_rollback(f->catalogue);
    ph_catalogue_rollback(f->catalogue); /* harmless */
    assert_int_equal(ph_catalogue_totals(f->catalogue, &totals), PH_OK);
    assert_int_equal(totals.held, 0);
    assert_int_equal(totals.documents, 0);
}

static void
the_next_due_time_is_the_earliest(void **state)
{
    struct fixture *f = *state;
    struct ph_id id;
    struct seen seen = {.count = 0};
    int64_t next;

    assert_int_equal(ph_catalogue_next_due(f->catalogue, &next), PH_OK);
    assert_true(next == INT64_MAX);
    (void)add_job(f, 1, 1, 5000);
    id = add_job(f, 2, 1, 1000);
    assert_int_equal(ph_catalogue_next_due(f->catalogue, &next), PH_OK);
    assert_int_equal(next, 2000);
    assert_int_equal(
        ph_catalogue_move(f->catalogue, &id, PH_JOB_CLAIMED, 1, "pr", 1500),
        PH_OK);
    assert_int_equal(ph_catalogue_next_due(f->catalogue, &next), PH_OK);
    assert_int_equal(next, 1500);
    assert_int_equal(ph_catalogue_leases_over(f->catalogue, 1500, note, &seen),
                     PH_OK);
    assert_int_equal(seen.count, 1);
}

static void
a_claimed_job_does_not_expire(void **state)
{
    struct fixture *f = *state;
    const struct ph_id id = add_job(f, 1, 1, 1000);
    struct seen seen = {.count = 0};
    int64_t next;

    assert_int_equal(
        ph_catalogue_move(f->catalogue, &id, PH_JOB_CLAIMED, 1, "pr", 9000),
        PH_OK);
    assert_int_equal(ph_catalogue_expired(f->catalogue, 2000, note, &seen),
                     PH_OK);
    assert_int_equal(seen.count, 0);
    assert_int_equal(ph_catalogue_next_due(f->catalogue, &next), PH_OK);
    assert_int_equal(next, 9000);
    assert_int_equal(
        ph_catalogue_move(f->catalogue, &id, PH_JOB_HELD, 1, NULL, 0), PH_OK);
    assert_int_equal(ph_catalogue_expired(f->catalogue, 1999, note, &seen),
                     PH_OK);
    assert_int_equal(seen.count, 0);
    assert_int_equal(ph_catalogue_expired(f->catalogue, 2000, note, &seen),
                     PH_OK);
    assert_int_equal(seen.count, 1);
}

static void
only_an_ended_job_is_forgotten(void **state)
{
    struct fixture *f = *state;
    const struct ph_id id = add_job(f, 1, 1, 1000);
    struct seen seen = {.count = 0};

    assert_int_equal(ph_catalogue_forget(f->catalogue, &id), PH_OK);
    assert_int_equal(ph_catalogue_get(f->catalogue, &id, note, &seen), PH_OK);
    assert_int_equal(
        ph_catalogue_move(f->catalogue, &id, PH_JOB_DELETED, 500, NULL, 0),
        PH_OK);
    seen.count = 0;
    assert_int_equal(ph_catalogue_ended_before(f->catalogue, 500, note, &seen),
                     PH_OK);
    assert_int_equal(seen.count, 0);
    assert_int_equal(ph_catalogue_ended_before(f->catalogue, 501, note, &seen),
                     PH_OK);
    assert_int_equal(seen.count, 1);
    assert_int_equal(ph_catalogue_forget(f->catalogue, &id), PH_OK);
    assert_int_equal(ph_catalogue_get(f->catalogue, &id, note, &seen),
                     PH_ERR_NOT_FOUND);
}

static void
a_used_grant_is_forgotten_only_after_it_expired(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(ph_catalogue_use_grant(f->catalogue, "a", 1, 1000, 500),
                     PH_OK);
    assert_int_equal(ph_catalogue_use_grant(f->catalogue, "a", 1, 1000, 1000),
                     PH_ERR_EXISTS);
    assert_int_equal(ph_catalogue_use_grant(f->catalogue, "b", 1, 3000, 1001),
                     PH_OK);
    assert_int_equal(ph_catalogue_use_grant(f->catalogue, "a", 1, 3000, 1001),
                     PH_OK);
}

/* SR-75, first half: what cannot be read is refused, not overwritten. */
static void
damaged_and_newer_files_are_refused(void **state)
{
    struct fixture *f = *state;
    struct ph_catalogue *catalogue = NULL;
    struct ph_why why = {""};
    char path[300], garbage[8192];
    sqlite3 *db;

    memset(garbage, 'x', sizeof(garbage));
    (void)snprintf(path, sizeof(path), "%s/garbage.db", f->scratch.path);
    scratch_write(path, garbage, sizeof(garbage));
    assert_int_equal(ph_catalogue_open(path, &catalogue, &why), PH_ERR_CORRUPT);
    assert_non_null(strstr(why.text, "garbage.db"));

    ph_catalogue_close(f->catalogue);
    f->catalogue = NULL;
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(db, "PRAGMA user_version=999", NULL, NULL, NULL),
        SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    assert_int_equal(ph_catalogue_open(f->path, &catalogue, &why),
                     PH_ERR_UNSUPPORTED);
    assert_non_null(strstr(why.text, "999"));
    assert_null(catalogue);
}

/* --- every move by the one table --- */

static void
put_state(struct fixture *f, const struct ph_id *id, enum ph_job_state state)
{
    char sql[96];

    (void)snprintf(sql, sizeof(sql),
                   "UPDATE job SET state = %d, holder = 'pr-0'"
                   " WHERE hex(id) LIKE '%02X%%'",
                   (int)state, id->bytes[0]);
    assert_int_equal(sqlite3_exec(f->catalogue->db, sql, NULL, NULL, NULL),
                     SQLITE_OK);
}

static void
every_pair_of_states_follows_the_table(void **state)
{
    struct fixture *f = *state;
    const struct ph_id id = add_job(f, 1, 1000, 10);

    for (int from = PH_JOB_RECEIVING; from <= PH_JOB_FAILED; from++) {
        for (int to = 0; to <= PH_JOB_FAILED + 1; to++) {
            const bool is_legal = ph_job_move_allowed((enum ph_job_state)from,
                                                      (enum ph_job_state)to);
            int err;

            put_state(f, &id, (enum ph_job_state)from);
            err = ph_catalogue_move(f->catalogue, &id, (enum ph_job_state)to, 5,
                                    "pr-1", 9);
            if (err != (is_legal ? PH_OK : PH_ERR_STATE))
                fail_msg("%d to %d: %d", from, to, err);
            assert_int_equal(state_of(f, &id, NULL), is_legal ? to : from);
        }
    }
}

/* A job comes into being by being held, and in no other state. */
static void
a_row_begins_as_held(void **state)
{
    struct fixture *f = *state;

    for (int to = 0; to <= PH_JOB_FAILED + 1; to++) {
        const struct ph_catalogue_job job = {.id = {{(uint8_t)(to + 1)}},
                                             .state = (enum ph_job_state)to,
                                             .sealed = "s",
                                             .sealed_len = 1};

        assert_int_equal(ph_catalogue_insert(f->catalogue, &job),
                         to == PH_JOB_HELD ? PH_OK : PH_ERR_STATE);
    }
}

/* --- what quotas and long lists need --- */

static void
usage_follows_the_states_of_jobs(void **state)
{
    struct fixture *f = *state;
    const struct ph_id one = add_job(f, 1, 1000, 10);
    const struct ph_id two = add_job(f, 2, 1000, 10);
    const struct ph_id three = add_job(f, 3, 1001, 10);
    struct ph_catalogue_usage mine, all;
    static const struct {
        enum ph_job_state to;
        uint64_t mine, all;
    } steps[] = {
        {PH_JOB_CLAIMED, 2, 3},
        {PH_JOB_HELD, 2, 3},
        {PH_JOB_DELETED, 1, 2},
    };

    for (size_t i = 0; i < PH_COUNT(steps); i++) {
        assert_int_equal(
            ph_catalogue_move(f->catalogue, &one, steps[i].to, 5, "p", 9),
            PH_OK);
        assert_int_equal(ph_catalogue_used_by(f->catalogue, 1000, &mine),
                         PH_OK);
        assert_int_equal(ph_catalogue_used_by_all(f->catalogue, &all), PH_OK);
        assert_int_equal(mine.jobs, steps[i].mine);
        assert_int_equal(all.jobs, steps[i].all);
    }
    assert_int_equal(ph_catalogue_forget(f->catalogue, &one), PH_OK);
    assert_int_equal(ph_catalogue_used_by_all(f->catalogue, &all), PH_OK);
    assert_int_equal(all.jobs, 2);
    assert_int_equal(
        ph_catalogue_move(f->catalogue, &two, PH_JOB_EXPIRED, 5, NULL, 0),
        PH_OK);
    assert_int_equal(
        ph_catalogue_move(f->catalogue, &three, PH_JOB_FAILED, 5, NULL, 0),
        PH_OK);
    assert_int_equal(ph_catalogue_used_by_all(f->catalogue, &all), PH_OK);
    assert_int_equal(all.jobs, 0);
    assert_int_equal(all.bytes, 0);
}

static bool
take_place(const struct ph_catalogue_job *job, void *arg)
{
    struct ph_catalogue_place *place = arg;

    place->held_ms = job->held_ms;
    place->id = job->id;
    return false;
}

/* Also where many jobs were held in the same millisecond. */
static void
a_list_goes_on_where_it_stopped(void **state)
{
    struct fixture *f = *state;
    struct ph_catalogue_place place = {.held_ms = INT64_MIN};
    const struct ph_catalogue_filter filter = {
        .by_uid = true, .uid = 1000, .after = &place};

    for (unsigned number = 1; number <= 6; number++)
        (void)add_job(f, (uint8_t)number, 1000, 10 + number / 3);
    (void)add_job(f, 7, 1001, 11);
    for (unsigned number = 1; number <= 6; number++) {
        assert_int_equal(
            ph_catalogue_list(f->catalogue, &filter, take_place, &place),
            PH_OK);
        assert_int_equal(place.id.bytes[0], number);
    }
    assert_int_equal(
        ph_catalogue_list(f->catalogue, &filter, take_place, &place), PH_OK);
    assert_int_equal(place.id.bytes[0], 6);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(only_a_transaction_that_asks_for_it_is_not_synced),
        TEST(a_rollback_that_fails_is_made_up_for),
        TEST(lists_are_filtered_and_ordered),
        TEST(only_legal_moves_are_made),
        TEST(a_rolled_back_transaction_leaves_nothing),
        TEST(the_next_due_time_is_the_earliest),
        TEST(a_claimed_job_does_not_expire),
        TEST(only_an_ended_job_is_forgotten),
        TEST(a_used_grant_is_forgotten_only_after_it_expired),
        TEST(damaged_and_newer_files_are_refused),
        TEST(every_pair_of_states_follows_the_table),
        TEST(a_row_begins_as_held),
        TEST(usage_follows_the_states_of_jobs),
        TEST(a_list_goes_on_where_it_stopped),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
