/*
 * A catalogue that was deleted, truncated or scribbled over: the list is made
 * again from the spool, and nothing is printed twice (SR-75, SR-45).
 */
#include "jobs_checks.h"

#include <sys/stat.h>

#define HOUR_MS (3600 * INT64_C(1000))

/* --- ways to lose it; each works on the closed file and its log --- */

static FILE *
open_part(const char *db, const char *suffix, const char *mode)
{
    char path[600];
    FILE *file;

    (void)snprintf(path, sizeof(path), "%s%s", db, suffix);
    file = fopen(path, mode);
    assert_non_null(file);
    return file;
}

static void
scribble(const char *db, const char *suffix, long offset, size_t len)
{
    FILE *file = open_part(db, suffix, "r+b");

    assert_int_equal(fseek(file, offset, SEEK_SET), 0);
    for (size_t i = 0; i < len; i++)
        (void)fputc((int)(i * 37 + 11) & 0xff, file);
    assert_int_equal(fclose(file), 0);
}

static void
lose_all(const char *db)
{
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    char path[600];

    for (size_t i = 0; i < PH_COUNT(suffixes); i++) {
        (void)snprintf(path, sizeof(path), "%s%s", db, suffixes[i]);
        (void)unlink(path);
    }
}

static void
lose_file(const char *db)
{
    assert_int_equal(unlink(db), 0);
}

static void
lose_log(const char *db)
{
    char path[600];

    (void)snprintf(path, sizeof(path), "%s-wal", db);
    assert_int_equal(unlink(path), 0);
}

static void
empty_it(const char *db)
{
    lose_all(db);
    assert_int_equal(fclose(open_part(db, "", "wb")), 0);
}

static void
drop_log(const char *db)
{
    sqlite3 *handle;

    assert_int_equal(sqlite3_open(db, &handle), SQLITE_OK);
    assert_int_equal(sqlite3_exec(handle, "PRAGMA wal_checkpoint(TRUNCATE)",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_close(handle), SQLITE_OK);
}

static void
cut_in_half(const char *db)
{
    struct stat st;

    drop_log(db);
    assert_int_equal(stat(db, &st), 0);
    assert_int_equal(truncate(db, st.st_size / 2), 0);
}

static void
scribble_magic(const char *db)
{
    drop_log(db);
    scribble(db, "", 0, 16);
}

static void
scribble_header(const char *db)
{
    drop_log(db);
    scribble(db, "", 0, 100);
}

static void
scribble_schema(const char *db)
{
    drop_log(db);
    scribble(db, "", 100, 1000);
}

static void
scribble_everything_but_the_first_page(const char *db)
{
    struct stat st;

    drop_log(db);
    assert_int_equal(stat(db, &st), 0);
    scribble(db, "", 4096, (size_t)st.st_size - 4096);
}

static void
scribble_log_header(const char *db)
{
    scribble(db, "-wal", 0, 32);
}

static void
write_text(const char *db)
{
    lose_all(db);
    scratch_write(db, "this is no database, but a letter to a friend", 45);
}

static void
exec_sql(const char *db, const char *sql)
{
    sqlite3 *handle;

    assert_int_equal(sqlite3_open(db, &handle), SQLITE_OK);
    assert_int_equal(sqlite3_exec(handle, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(handle), SQLITE_OK);
}

/* A database of somebody else's in its place. */
static void
write_other(const char *db)
{
    lose_all(db);
    exec_sql(db, "CREATE TABLE job(title TEXT); INSERT INTO job VALUES('x')");
}

static void
scribble_rows(const char *db)
{
    exec_sql(db, "UPDATE job SET sealed = randomblob(length(sealed))");
}

static void
swap_rows(const char *db)
{
    exec_sql(db, "UPDATE job SET epoch = randomblob(16) WHERE state = 2");
    exec_sql(db, "DELETE FROM job WHERE state = 2");
}

static const struct {
    const char *name;
    void (*lose)(const char *db);
    bool is_kept; /* as catalogue.db.damaged */
    bool is_noticed_later;
    bool is_partial; /* nobody can tell: no grant is refused for it */
} losses[] = {
    {"deleted with its log", lose_all, false, false, false},
    {"deleted, the log left", lose_file, false, false, false},
    {"the log deleted", lose_log, false, false, false},
    {"emptied", empty_it, false, false, false},
    {"cut in half", cut_in_half, true, false, false},
    {"its magic scribbled over", scribble_magic, true, false, false},
    {"its header scribbled over", scribble_header, true, false, false},
    {"its schema scribbled over", scribble_schema, true, false, false},
    {"its pages scribbled over", scribble_everything_but_the_first_page, true,
     false, false},
    {"the log's header scribbled over", scribble_log_header, false, false,
     false},
    {"a text file in its place", write_text, true, false, false},
    {"another database in its place", write_other, true, false, false},
    {"its rows scribbled over", scribble_rows, true, true, false},
    {"its rows lost", swap_rows, false, false, true},
};

/* --- what must be so afterwards --- */

struct before {
    struct ph_id plain, kept, released, deleted;
    int64_t held_ms;
};

static void
copy_file(const char *from, const char *to)
{
    FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
    char bytes[4096];
    size_t n;

    assert_non_null(out);
    while (in != NULL && (n = fread(bytes, 1, sizeof(bytes), in)) > 0)
        assert_int_equal(fwrite(bytes, 1, n, out), n);
    if (in != NULL)
        assert_int_equal(fclose(in), 0);
    assert_int_equal(fclose(out), 0);
}

/* The file and its log as a kill leaves them. */
static void
close_as_if_killed(struct jobs_fixture *f, const char *db)
{
    static const char *const suffixes[] = {"", "-wal"};
    char path[600], copy[600];

    for (size_t i = 0; i < PH_COUNT(suffixes); i++) {
        (void)snprintf(path, sizeof(path), "%s%s", db, suffixes[i]);
        (void)snprintf(copy, sizeof(copy), "%s/copy%zu", f->scratch.path, i);
        copy_file(path, copy);
    }
    jobs_fixture_close(f);
    for (size_t i = 0; i < PH_COUNT(suffixes); i++) {
        (void)snprintf(path, sizeof(path), "%s%s", db, suffixes[i]);
        (void)snprintf(copy, sizeof(copy), "%s/copy%zu", f->scratch.path, i);
        (void)unlink(path);
        assert_int_equal(rename(copy, path), 0);
    }
}

static void
live(struct jobs_fixture *f, struct before *before)
{
    struct ph_capture_begin begin;
    struct ph_why why;

    before->held_ms = moved_ms;
    before->plain = jobs_fixture_hold(f, "plain", "bytes of plain");
    assert_int_equal(jobs_fixture_hold_as(f, "alice", 1001, "u-kept", "kept",
                                          "bytes of kept", &before->kept),
                     PH_OK);
    assert_int_equal(ph_jobs_keep(f->jobs, &alice, &before->kept, true, &why),
                     PH_OK);
    jobs_fixture_begin_fill(&begin, "alice", 1001, "u-released");
    assert_int_equal(
        jobs_fixture_hold_begun(f, &begin, "released", "r", &before->released),
        PH_OK);
    claim(f, &before->released, "pr-1");
    assert_int_equal(complete(f, &before->released, "pr-1", "printed"), PH_OK);
    assert_int_equal(jobs_fixture_hold_as(f, "alice", 1001, "u-deleted",
                                          "deleted", "d", &before->deleted),
                     PH_OK);
    assert_int_equal(ph_jobs_delete(f->jobs, &alice, &before->deleted, &why),
                     PH_OK);
    assert_int_equal(ph_jobs_use_grant(f->jobs, &alice_at_printer, "used",
                                       moved_ms - 1000, moved_ms + 300000),
                     PH_OK);
}

static void
check_jobs(struct jobs_fixture *f, const struct before *before)
{
    const int64_t expires_ms =
        before->held_ms + (int64_t)f->config.retention_s * 1000;
    const struct ph_job_view plain = view_of(f, &before->plain),
                             kept = view_of(f, &before->kept);
    struct ph_sealed_reader *reader;
    char text[16] = "";

    assert_int_equal(count_jobs(f, &alice), 2);
    assert_int_equal(count_jobs(f, &bob), 0);
    assert_string_equal(plain.ticket.job_name, "plain");
    assert_true(plain.held_ms == before->held_ms);
    assert_true(plain.expires_ms == expires_ms);
    assert_false(plain.keep);
    assert_true(kept.keep);
    /* Two of the same moment are told apart, until the list is made again. */
    assert_in_range(kept.held_ms - before->held_ms, 0, 1);
    claim(f, &before->kept, "pr-2");
    assert_int_equal(ph_jobs_open_document(f->jobs, &alice_at_printer,
                                           &before->kept, "pr-2", NULL,
                                           &reader),
                     PH_OK);
    assert_int_equal(ph_sealed_reader_read(reader, 0, text, 13), PH_OK);
    assert_string_equal(text, "bytes of kept");
    ph_sealed_reader_free(reader);
    assert_int_equal(count_files(f, "spool/held"), 2);
}

static void
check_grants(struct jobs_fixture *f, bool is_partial)
{
    const int64_t exp_ms = moved_ms + 300000;

    if (!is_partial) {
        assert_int_equal(ph_jobs_use_grant(f->jobs, &alice_at_printer, "used",
                                           moved_ms - HOUR_MS - 1000, exp_ms),
                         PH_ERR_EXISTS);
        assert_int_equal(ph_jobs_use_grant(f->jobs, &alice_at_printer, "unused",
                                           moved_ms - 1, exp_ms),
                         PH_ERR_EXISTS);
    }
    assert_int_equal(ph_jobs_use_grant(f->jobs, &alice_at_printer, "fresh",
                                       moved_ms + 1, exp_ms),
                     PH_OK);
}

static void
check_kept_file(const char *db, bool is_kept)
{
    char path[600];
    struct stat st;

    (void)snprintf(path, sizeof(path), "%s.damaged", db);
    assert_int_equal(stat(path, &st) == 0, is_kept);
    if (is_kept)
        assert_int_equal(st.st_mode & 07777, 0600);
}

static void
check_loss(size_t which)
{
    struct jobs_fixture fixture, *f = &fixture;
    struct ph_jobs_stats stats;
    struct before before;
    char db[512];

    print_message("    %s\n", losses[which].name);
    moved_ms = INT64_C(1795289400000);
    ph_clock_set_wall(moved_clock);
    jobs_fixture_make(f);
    jobs_fixture_path(f, "catalogue.db", db, sizeof(db));
    live(f, &before);
    close_as_if_killed(f, db);
    losses[which].lose(db);
    moved_ms += HOUR_MS;
    jobs_fixture_open(f);
    if (losses[which].is_noticed_later)
        (void)count_jobs(f, &everyone);
    check_jobs(f, &before);
    check_grants(f, losses[which].is_partial);
    check_kept_file(db, losses[which].is_kept);
    assert_int_equal(ph_jobs_stats(f->jobs, &stats), PH_OK);
    assert_int_equal(stats.catalogue_note[0] != '\0',
                     !losses[which].is_partial);
    /* and again: nothing is done a second time */
    jobs_fixture_close(f);
    jobs_fixture_open(f);
    assert_int_equal(count_jobs(f, &alice), 2);
    assert_int_equal(ph_jobs_use_grant(f->jobs, &alice_at_printer, "fresh",
                                       moved_ms + 1, moved_ms + 300000),
                     PH_ERR_EXISTS);
    jobs_fixture_remove(f);
    ph_clock_set_wall(NULL);
}

static void
whatever_happens_to_it_the_list_is_made_again(void **state)
{
    (void)state;
    for (size_t i = 0; i < PH_COUNT(losses); i++)
        check_loss(i);
}

/* SQLite meets the damage when it reads the page again. */
static void
damage_that_is_met_while_running_heals(void **state)
{
    struct jobs_fixture *f = *state;
    struct ph_jobs_stats stats;
    struct stat st;
    struct ph_id id;
    char db[512];

    id = jobs_fixture_hold(f, "one", "1");
    jobs_fixture_path(f, "catalogue.db", db, sizeof(db));
    exec_sql(db, "UPDATE number SET value = value + 1 WHERE name = 'rev'");
    drop_log(db);
    assert_int_equal(stat(db, &st), 0);
    scribble(db, "", 4096, (size_t)st.st_size - 4096);
    assert_int_equal(ph_jobs_stats(f->jobs, &stats), PH_ERR_CORRUPT);
    assert_int_equal(ph_jobs_stats(f->jobs, &stats), PH_OK);
    assert_int_equal(stats.held, 1);
    assert_string_equal(view_of(f, &id).ticket.job_name, "one");
    check_kept_file(db, true);
}

/* A capture stands between the rename and the row when the catalogue is made
 * again: its file is adopted, and it is one job. */
static void
a_capture_under_way_is_held_once(void **state)
{
    struct jobs_fixture *f = *state;
    struct ph_capture_refuse refuse;
    struct ph_capture_begin begin;
    struct ph_capture *capture;
    struct ph_ticket ticket;
    struct ph_id id;
    char db[512];

    (void)jobs_fixture_hold(f, "one", "1");
    jobs_fixture_begin_fill(&begin, "alice", 1001, "u-2");
    capture = jobs_fixture_send(f, &begin, "two", "22", &ticket);
    jobs_fixture_path(f, "catalogue.db", db, sizeof(db));
    exec_sql(db, "UPDATE job SET sealed = randomblob(99)");
    (void)count_jobs(f, &everyone); /* meets the damage */
    assert_int_equal(ph_jobs_commit(capture, &ticket, &id, &refuse), PH_OK);
    assert_int_equal(count_jobs(f, &alice), 2);
    assert_int_equal(count_files(f, "spool/held"), 2);
    assert_string_equal(view_of(f, &id).ticket.job_name, "two");
}

/* Ended jobs stand in it, sealed: as long as they are remembered elsewhere. */
static void
the_damaged_one_goes_with_the_history(void **state)
{
    struct jobs_fixture *f = *state;
    struct ph_jobs_stats stats;
    int64_t next;
    char db[512];

    (void)jobs_fixture_hold(f, "one", "1");
    jobs_fixture_path(f, "catalogue.db", db, sizeof(db));
    jobs_fixture_close(f);
    scribble_magic(db);
    jobs_fixture_open(f);
    check_kept_file(db, true);
    moved_ms = ph_clock_wall_ms();
    ph_clock_set_wall(moved_clock);
    assert_int_equal(ph_jobs_reap(f->jobs, moved_ms, &next), PH_OK);
    check_kept_file(db, true);
    moved_ms += ((int64_t)f->config.retention_s + 60) * 1000;
    assert_int_equal(ph_jobs_reap(f->jobs, moved_ms, &next), PH_OK);
    check_kept_file(db, false);
    assert_int_equal(ph_jobs_stats(f->jobs, &stats), PH_OK);
    assert_string_equal(stats.catalogue_note, "");
}

/* A reader of the cloud's document drops a lower revision. */
static void
revisions_go_on_above_those_that_were_given(void **state)
{
    struct jobs_fixture *f = *state;
    struct ph_outbox_document before = {.rev = 0}, after = {.rev = 0};
    size_t count;
    char db[512];

    (void)jobs_fixture_hold(f, "one", "1");
    for (int i = 0; i < 20; i++)
        assert_int_equal(ph_jobs_outbox_anew(f->jobs), PH_OK);
    assert_int_equal(ph_jobs_due_documents(f->jobs, &before, 1, &count), PH_OK);
    jobs_fixture_path(f, "catalogue.db", db, sizeof(db));
    jobs_fixture_close(f);
    lose_all(db);
    jobs_fixture_open(f);
    assert_int_equal(ph_jobs_due_documents(f->jobs, &after, 1, &count), PH_OK);
    assert_int_equal(count, 1);
    assert_true(after.rev > before.rev);
    ph_buf_close(&before.payload);
    ph_buf_close(&after.payload);
}

static void
a_new_computer_has_lost_nothing(void **state)
{
    struct jobs_fixture *f = *state;
    struct ph_jobs_stats stats;

    assert_int_equal(ph_jobs_stats(f->jobs, &stats), PH_OK);
    assert_string_equal(stats.catalogue_note, "");
    assert_int_equal(ph_jobs_use_grant(f->jobs, &alice_at_printer, "j", 1,
                                       ph_clock_wall_ms() + 1000),
                     PH_OK);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whatever_happens_to_it_the_list_is_made_again),
        TEST(damage_that_is_met_while_running_heals),
        TEST(a_capture_under_way_is_held_once),
        TEST(the_damaged_one_goes_with_the_history),
        TEST(revisions_go_on_above_those_that_were_given),
        TEST(a_new_computer_has_lost_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
