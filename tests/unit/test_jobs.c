/* Jobs from capture to their end, on real files and a real catalogue. */
#include "jobs_fixture.h"

#include <dirent.h>
#include <fcntl.h>

#include <sqlite3.h>

#include "printhold/base/attr.h"
#include "printhold/base/clock.h"

static const struct ph_asker alice = {.by_uid = true, .owner_uid = 1001};
static const struct ph_asker bob = {.by_uid = true, .owner_uid = 1002};
static const struct ph_asker alice_at_printer = {.login = "alice@example.com"};
static const struct ph_asker bob_at_printer = {.login = "bob@example.com"};
static const struct ph_asker everyone = {.everyone = true};

static int64_t moved_ms;

static int64_t
moved_clock(void)
{
    return moved_ms;
}

static int
set_up(void **state)
{
    struct jobs_fixture *f = calloc(1, sizeof(*f));

    assert_non_null(f);
    jobs_fixture_make(f);
    *state = f;
    return 0;
}

static int
tear_down(void **state)
{
    struct jobs_fixture *f = *state;

    ph_clock_set_wall(NULL);
    jobs_fixture_remove(f);
    free(f);
    return 0;
}

static bool
count_one(const struct ph_job_view *view, void *arg)
{
    (void)view;
    ++*(size_t *)arg;
    return true;
}

static size_t
count_jobs(struct jobs_fixture *f, const struct ph_asker *asker)
{
    size_t count = 0;

    assert_int_equal(ph_jobs_list(f->jobs, asker, count_one, &count), PH_OK);
    return count;
}

static size_t
count_files(struct jobs_fixture *f, const char *folder)
{
    char command[512];
    size_t count = 0;
    struct dirent *entry;
    DIR *dir;

    jobs_fixture_path(f, folder, command, sizeof(command));
    dir = opendir(command);
    assert_non_null(dir);
    while ((entry = readdir(dir)) != NULL)
        count += entry->d_name[0] != '.';
    (void)closedir(dir);
    return count;
}

/* Events in the outbox whose text has the given words. */
static size_t
count_events(struct jobs_fixture *f, const char *words)
{
    struct ph_outbox_event events[32];
    size_t count, found = 0;

    assert_int_equal(
        ph_jobs_due_events(f->jobs, 0, events, PH_COUNT(events), &count),
        PH_OK);
    for (size_t i = 0; i < count; i++) {
        found += strstr(ph_buf_str(&events[i].payload), words) != NULL;
        ph_buf_close(&events[i].payload);
    }
    return found;
}

static struct ph_job_view
view_of(struct jobs_fixture *f, const struct ph_id *id)
{
    struct ph_job_view view;

    assert_int_equal(ph_jobs_get(f->jobs, &everyone, id, &view), PH_OK);
    return view;
}

static void
claim(struct jobs_fixture *f, const struct ph_id *id, const char *printer)
{
    struct ph_job_view view;

    assert_int_equal(
        ph_jobs_claim(f->jobs, &alice_at_printer, id, printer, &view), PH_OK);
    assert_int_equal(view.state, PH_JOB_CLAIMED);
    assert_string_equal(view.holder, printer);
}

static int
complete(struct jobs_fixture *f, const struct ph_id *id, const char *printer,
         const char *result)
{
    struct ph_release_report report = {.impressions = 3, .sheets = 2};

    (void)snprintf(report.printer, sizeof(report.printer), "%s", printer);
    (void)snprintf(report.result, sizeof(report.result), "%s", result);
    return ph_jobs_complete(f->jobs, &alice_at_printer, id, &report);
}

/* --- capture --- */

static void
a_captured_job_is_held_with_its_ticket(void **state)
{
    struct jobs_fixture *f = *state;
    const struct ph_id id = jobs_fixture_hold(f, "Q3 report", "%PDF-hello");
    const struct ph_job_view view = view_of(f, &id);

    assert_int_equal(view.state, PH_JOB_HELD);
    assert_string_equal(view.ticket.job_name, "Q3 report");
    assert_string_equal(view.ticket.owner_login, "alice@example.com");
    assert_string_equal(view.ticket.submission_ip, "192.0.2.7");
    assert_int_equal(view.ticket.owner_uid, 1001);
    assert_int_equal(view.size_bytes, 10);
    assert_int_equal(view.expires_ms - view.held_ms, 86400 * 1000);
    assert_int_equal(count_files(f, "spool/incoming"), 0);
    assert_int_equal(count_files(f, "spool/held"), 1);
    assert_int_equal(count_events(f, "org.printhold.job.held.v1"), 1);
}

static void
an_abandoned_capture_leaves_nothing(void **state)
{
    struct jobs_fixture *f = *state;
    struct ph_capture_refuse refuse;
    struct ph_capture_begin begin;
    struct ph_sealed_secret secret;
    struct ph_capture *capture;
    int fd;

    jobs_fixture_begin_fill(&begin, "alice", 1001, "u");
    assert_int_equal(
        ph_jobs_begin(f->jobs, &begin, &capture, &secret, &fd, &refuse), PH_OK);
    assert_int_equal(count_files(f, "spool/incoming"), 1);
    ph_jobs_abort(capture);
    ph_io_close(&fd);
    assert_int_equal(count_files(f, "spool/incoming"), 0);
    assert_int_equal(count_jobs(f, &everyone), 0);
}

/* The backend wrote text; what the ticket says and what arrived differ. */
static void
a_body_that_is_not_what_was_sent_is_refused(void **state)
{
    static const struct {
        const char *name;
        size_t claimed;
        int finish;
        enum ph_capture_action action;
    } cases[] = {
        {"ticket says more", 11, 1, PH_CAPTURE_RETRY},
        {"ticket says less", 9, 1, PH_CAPTURE_RETRY},
        {"last segment missing", 10, 0, PH_CAPTURE_RETRY},
    };
    struct jobs_fixture *f = *state;

    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        struct ph_capture_refuse refuse = {.err = 0};
        struct ph_sealed_writer *writer;
        struct ph_capture_begin begin;
        struct ph_sealed_secret secret;
        struct ph_capture *capture;
        struct ph_ticket ticket;
        struct ph_id id;
        uint64_t size;
        int fd;

        jobs_fixture_begin_fill(&begin, "alice", 1001, "u");
        assert_int_equal(
            ph_jobs_begin(f->jobs, &begin, &capture, &secret, &fd, &refuse),
            PH_OK);
        assert_int_equal(ph_sealed_writer_new(fd, &secret, &writer), PH_OK);
        assert_int_equal(ph_sealed_writer_write(writer, "0123456789", 10),
                         PH_OK);
        if (cases[i].finish)
            assert_int_equal(ph_sealed_writer_finish(writer, &size), PH_OK);
        ph_sealed_writer_free(writer);
        ph_io_close(&fd);
        jobs_fixture_ticket_fill(&ticket, cases[i].name, cases[i].claimed);
        assert_int_not_equal(ph_jobs_commit(capture, &ticket, &id, &refuse),
                             PH_OK);
        assert_int_equal(refuse.action, cases[i].action);
        assert_true(refuse.text.text[0] != '\0');
        assert_int_equal(count_files(f, "spool/incoming"), 0);
        assert_int_equal(count_files(f, "spool/held"), 0);
    }
}

static void
an_empty_job_is_cancelled(void **state)
{
    struct jobs_fixture *f = *state;
    struct ph_id id;

    assert_int_equal(
        jobs_fixture_hold_as(f, "alice", 1001, "u", "empty", "", &id),
        PH_ERR_TRUNCATED);
    assert_int_equal(count_jobs(f, &everyone), 0);
}

static void
quotas_hold_the_job_in_the_queue_with_a_reason(void **state)
{
    struct jobs_fixture *f = *state;
    struct ph_capture_refuse refuse;
    struct ph_capture_begin begin;
    struct ph_sealed_secret secret;
    struct ph_capture *capture;
    int fd;

    (void)jobs_fixture_hold(f, "one", "first");
    jobs_fixture_close(f);
    f->config.user_jobs_max = 1;
    jobs_fixture_open(f);
    jobs_fixture_begin_fill(&begin, "alice", 1001, "u");
    assert_int_equal(
        ph_jobs_begin(f->jobs, &begin, &capture, &secret, &fd, &refuse),
        PH_ERR_LIMIT);
    assert_int_equal(refuse.action, PH_CAPTURE_HOLD);
    assert_non_null(strstr(refuse.text.text, "number of jobs"));
    jobs_fixture_begin_fill(&begin, "bob", 1002, "u");
    assert_int_equal(
        ph_jobs_begin(f->jobs, &begin, &capture, &secret, &fd, &refuse), PH_OK);
    ph_jobs_abort(capture);
    ph_io_close(&fd);

    jobs_fixture_close(f);
    f->config.free_reserve = UINT64_MAX;
    jobs_fixture_open(f);
    assert_int_equal(
        ph_jobs_begin(f->jobs, &begin, &capture, &secret, &fd, &refuse),
        PH_ERR_NO_SPACE);
    assert_int_equal(refuse.action, PH_CAPTURE_HOLD);
}

/* CUPS sends a document again whose commit it never heard of. */
static void
the_same_document_again_is_one_job(void **state)
{
    struct jobs_fixture *f = *state;
    const struct ph_id first = jobs_fixture_hold(f, "once", "same bytes");
    const struct ph_id again = jobs_fixture_hold(f, "once", "same bytes");
    struct ph_id other;

    assert_true(ph_id_equal(&first, &again));
    assert_int_equal(count_files(f, "spool/held"), 1);
    other = jobs_fixture_hold(f, "second document", "other bytes");
    assert_false(ph_id_equal(&first, &other));
    assert_int_equal(ph_jobs_acknowledged(f->jobs, &first), PH_OK);
    other = jobs_fixture_hold(f, "printed twice on purpose", "same bytes");
    assert_false(ph_id_equal(&first, &other));
    assert_int_equal(count_jobs(f, &alice), 3);
}

/* --- who sees what --- */

static void
others_jobs_look_like_missing_ones(void **state)
{
    static const struct ph_id missing = {{1, 2, 3}};
    struct jobs_fixture *f = *state;
    const struct ph_id id = jobs_fixture_hold(f, "mine", "text");
    const struct ph_asker *const strangers[] = {&bob, &bob_at_printer};
    struct ph_job_view view;

    assert_int_equal(count_jobs(f, &alice), 1);
    assert_int_equal(count_jobs(f, &alice_at_printer), 1);
    assert_int_equal(count_jobs(f, &everyone), 1);
    for (size_t i = 0; i < PH_COUNT(strangers); i++) {
        const struct ph_asker *asker = strangers[i];
        const struct ph_id *const ids[] = {&id, &missing};

        assert_int_equal(count_jobs(f, asker), 0);
        for (size_t j = 0; j < PH_COUNT(ids); j++) {
            struct ph_why why = {""};

            assert_int_equal(ph_jobs_get(f->jobs, asker, ids[j], &view),
                             PH_ERR_NOT_FOUND);
            assert_int_equal(ph_jobs_delete(f->jobs, asker, ids[j], &why),
                             PH_ERR_NOT_FOUND);
            assert_int_equal(ph_jobs_keep(f->jobs, asker, ids[j], true, &why),
                             PH_ERR_NOT_FOUND);
            assert_int_equal(ph_jobs_claim(f->jobs, asker, ids[j], "pr", &view),
                             PH_ERR_NOT_FOUND);
            assert_string_equal(why.text, "");
        }
    }
}

/* --- release --- */

static void
a_job_goes_only_after_complete(void **state)
{
    struct jobs_fixture *f = *state;
    const struct ph_id id = jobs_fixture_hold(f, "r", "the document");
    struct ph_sealed_reader *reader = NULL;
    char text[32] = "";

    claim(f, &id, "pr-1");
    assert_int_equal(
        ph_jobs_open_document(f->jobs, &alice_at_printer, &id, "pr-1", &reader),
        PH_OK);
    assert_int_equal(ph_sealed_reader_read(reader, 0, text, 12), PH_OK);
    assert_string_equal(text, "the document");
    ph_sealed_reader_free(reader);
    assert_int_equal(count_files(f, "spool/held"), 1);
    assert_int_equal(complete(f, &id, "pr-1", "printed"), PH_OK);
    assert_int_equal(count_files(f, "spool/held"), 0);
    assert_int_equal(view_of(f, &id).state, PH_JOB_RELEASED);
    assert_int_equal(count_jobs(f, &alice), 0);
    /* the same report again counts once */
    assert_int_equal(complete(f, &id, "pr-1", "printed"), PH_OK);
    assert_int_equal(count_events(f, "org.printhold.job.released.v1"), 1);
}

static void
two_printers_cannot_hold_one_job(void **state)
{
    struct jobs_fixture *f = *state;
    const struct ph_id id = jobs_fixture_hold(f, "r", "the document");
    struct ph_sealed_reader *reader = NULL;
    struct ph_job_view view;

    claim(f, &id, "pr-1");
    assert_int_equal(
        ph_jobs_claim(f->jobs, &alice_at_printer, &id, "pr-2", &view),
        PH_ERR_BUSY);
    assert_string_equal(view.holder, "pr-1");
    assert_int_equal(
        ph_jobs_open_document(f->jobs, &alice_at_printer, &id, "pr-2", &reader),
        PH_ERR_STATE);
    assert_null(reader);
    assert_int_equal(complete(f, &id, "pr-2", "printed"), PH_ERR_STATE);
    assert_int_equal(ph_jobs_unclaim(f->jobs, &alice_at_printer, &id, "pr-2"),
                     PH_ERR_STATE);
    claim(f, &id, "pr-1"); /* renewal */
    assert_int_equal(ph_jobs_unclaim(f->jobs, &alice_at_printer, &id, "pr-1"),
                     PH_OK);
    claim(f, &id, "pr-2");
}

static void
a_lease_that_ended_gives_the_job_back(void **state)
{
    struct jobs_fixture *f = *state;
    const struct ph_id id = jobs_fixture_hold(f, "r", "the document");
    int64_t next;

    claim(f, &id, "pr-1");
    moved_ms = view_of(f, &id).lease_until_ms - 1;
    ph_clock_set_wall(moved_clock);
    assert_int_equal(ph_jobs_reap(f->jobs, moved_ms, &next), PH_OK);
    assert_int_equal(view_of(f, &id).state, PH_JOB_CLAIMED);
    assert_int_equal(next, moved_ms + 1);
    moved_ms++;
    assert_int_equal(ph_jobs_reap(f->jobs, moved_ms, &next), PH_OK);
    assert_int_equal(view_of(f, &id).state, PH_JOB_HELD);
    claim(f, &id, "pr-2");
}

static void
a_failed_print_is_held_again(void **state)
{
    struct jobs_fixture *f = *state;
    const struct ph_id id = jobs_fixture_hold(f, "r", "the document");

    claim(f, &id, "pr-1");
    assert_int_equal(complete(f, &id, "pr-1", "failed"), PH_OK);
    assert_int_equal(view_of(f, &id).state, PH_JOB_HELD);
    assert_int_equal(count_files(f, "spool/held"), 1);
    assert_int_equal(count_events(f, "job.released"), 0);
}

static void
a_kept_job_stays_and_its_release_is_reported(void **state)
{
    struct jobs_fixture *f = *state;
    const struct ph_id id = jobs_fixture_hold(f, "r", "the document");
    struct ph_why why;

    assert_int_equal(ph_jobs_keep(f->jobs, &alice, &id, true, &why), PH_OK);
    claim(f, &id, "pr-1");
    assert_int_equal(complete(f, &id, "pr-1", "printed"), PH_OK);
    assert_int_equal(complete(f, &id, "pr-1", "printed"), PH_OK);
    assert_int_equal(view_of(f, &id).state, PH_JOB_HELD);
    assert_int_equal(count_files(f, "spool/held"), 1);
    assert_int_equal(count_events(f, "org.printhold.job.released.v1"), 1);
}

static void
a_grant_is_used_once_even_after_a_restart(void **state)
{
    struct jobs_fixture *f = *state;
    const int64_t exp = ph_clock_wall_ms() + 300000;

    assert_int_equal(ph_jobs_use_grant(f->jobs, "jti-1", exp), PH_OK);
    assert_int_equal(ph_jobs_use_grant(f->jobs, "jti-1", exp), PH_ERR_EXISTS);
    jobs_fixture_close(f);
    jobs_fixture_open(f);
    assert_int_equal(ph_jobs_use_grant(f->jobs, "jti-1", exp), PH_ERR_EXISTS);
    assert_int_equal(ph_jobs_use_grant(f->jobs, "jti-2", exp), PH_OK);
}

static void
the_high_water_mark_never_falls(void **state)
{
    struct jobs_fixture *f = *state;
    int64_t high;

    assert_int_equal(ph_jobs_high_water(f->jobs, 5000, &high), PH_OK);
    assert_int_equal(high, 5000);
    jobs_fixture_close(f);
    jobs_fixture_open(f);
    assert_int_equal(ph_jobs_high_water(f->jobs, 4000, &high), PH_OK);
    assert_int_equal(high, 5000);
}

/* --- people --- */

static void
delete_and_expiry_remove_the_document(void **state)
{
    struct jobs_fixture *f = *state;
    struct ph_id id = jobs_fixture_hold(f, "d", "one");
    struct ph_why why = {""};
    int64_t next;

    claim(f, &id, "pr-1");
    assert_int_equal(ph_jobs_delete(f->jobs, &alice, &id, &why), PH_ERR_BUSY);
    assert_non_null(strstr(why.text, "pr-1"));
    assert_int_equal(ph_jobs_unclaim(f->jobs, &alice_at_printer, &id, "pr-1"),
                     PH_OK);
    assert_int_equal(ph_jobs_delete(f->jobs, &alice, &id, &why), PH_OK);
    assert_int_equal(ph_jobs_delete(f->jobs, &alice, &id, &why), PH_ERR_STATE);
    assert_int_equal(count_files(f, "spool/held"), 0);
    assert_int_equal(count_events(f, "org.printhold.job.deleted.v1"), 1);

    id = jobs_fixture_hold(f, "e", "two");
    moved_ms = view_of(f, &id).expires_ms;
    ph_clock_set_wall(moved_clock);
    assert_int_equal(ph_jobs_reap(f->jobs, moved_ms - 1, &next), PH_OK);
    assert_int_equal(view_of(f, &id).state, PH_JOB_HELD);
    assert_int_equal(ph_jobs_reap(f->jobs, moved_ms, &next), PH_OK);
    assert_int_equal(view_of(f, &id).state, PH_JOB_EXPIRED);
    assert_int_equal(count_files(f, "spool/held"), 0);
    assert_int_equal(count_events(f, "org.printhold.job.expired.v1"), 1);
}

/* --- crashes --- */

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
    assert_int_equal(count_files(f, "keys"), 1);
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
            assert_int_equal(ph_jobs_event_acked(f->jobs, events[i].seq),
                             PH_OK);
            ph_buf_close(&events[i].payload);
        }
        assert_int_equal(ph_jobs_reap(f->jobs, moved_ms, &next), PH_OK);
        if (day == 0) /* ended, but still remembered: its key stays */
            assert_int_equal(view_of(f, &first).state, PH_JOB_EXPIRED);
    }
    assert_int_equal(count_files(f, "keys"), 0);
    (void)jobs_fixture_hold(f, "a new day", "333");
    assert_int_equal(count_files(f, "keys"), 1);
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

/* --- SR-33, and the cloud's picture --- */

static bool
file_has(struct jobs_fixture *f, const char *name, const char *words)
{
    struct ph_buf buf;
    char path[512];
    bool found;

    jobs_fixture_path(f, name, path, sizeof(path));
    if (ph_io_read_file(AT_FDCWD, path, 64 << 20, &buf) != PH_OK)
        return false;
    found = memmem(buf.data, buf.len, words, strlen(words)) != NULL;
    ph_buf_close(&buf);
    return found;
}

static void
titles_and_names_stand_nowhere_in_clear(void **state)
{
    static const char *const files[] = {"catalogue.db", "catalogue.db-wal"};
    struct jobs_fixture *f = *state;
    const struct ph_id id = jobs_fixture_hold(f, "MARKERTITLE", "MARKERTEXT");
    char name[PH_ID_TEXT], relative[64];

    for (size_t i = 0; i < PH_COUNT(files); i++) {
        assert_false(file_has(f, files[i], "MARKERTITLE"));
        assert_false(file_has(f, files[i], "alice"));
    }
    /* the search itself finds what is there: the job's uuid is in clear */
    assert_true(file_has(f, "catalogue.db-wal", "urn:uuid:"));
    ph_id_format(&id, name);
    (void)snprintf(relative, sizeof(relative), "spool/held/%s", name);
    assert_true(file_has(f, relative, "PHSPOOL1"));
    assert_false(file_has(f, relative, "MARKERTEXT"));
    assert_false(file_has(f, relative, "MARKERTITLE"));
}

static void
the_directory_document_follows_the_jobs(void **state)
{
    struct jobs_fixture *f = *state;
    const struct ph_id id = jobs_fixture_hold(f, "Doc title", "bytes");
    struct ph_outbox_document documents[4];
    struct ph_why why;
    uint64_t rev;
    size_t count;

    assert_int_equal(ph_jobs_due_documents(f->jobs, documents, 4, &count),
                     PH_OK);
    assert_int_equal(count, 1);
    assert_non_null(strstr(ph_buf_str(&documents[0].payload), "Doc title"));
    rev = documents[0].rev;
    ph_buf_close(&documents[0].payload);
    assert_int_equal(ph_jobs_document_acked(f->jobs, documents[0].uk, rev),
                     PH_OK);
    assert_int_equal(ph_jobs_due_documents(f->jobs, documents, 4, &count),
                     PH_OK);
    assert_int_equal(count, 0);
    assert_int_equal(ph_jobs_documents_all_due(f->jobs), PH_OK);
    assert_int_equal(ph_jobs_due_documents(f->jobs, documents, 4, &count),
                     PH_OK);
    assert_int_equal(count, 1);
    assert_true(documents[0].rev > rev);
    ph_buf_close(&documents[0].payload);
    assert_int_equal(ph_jobs_delete(f->jobs, &alice, &id, &why), PH_OK);
    assert_int_equal(ph_jobs_due_documents(f->jobs, documents, 4, &count),
                     PH_OK);
    assert_int_equal(count, 1);
    assert_int_equal(documents[0].payload.len, 0);
    assert_int_equal(
        ph_jobs_document_acked(f->jobs, documents[0].uk, documents[0].rev),
        PH_OK);
    ph_buf_close(&documents[0].payload);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_captured_job_is_held_with_its_ticket),
        TEST(an_abandoned_capture_leaves_nothing),
        TEST(a_body_that_is_not_what_was_sent_is_refused),
        TEST(an_empty_job_is_cancelled),
        TEST(quotas_hold_the_job_in_the_queue_with_a_reason),
        TEST(the_same_document_again_is_one_job),
        TEST(others_jobs_look_like_missing_ones),
        TEST(a_job_goes_only_after_complete),
        TEST(two_printers_cannot_hold_one_job),
        TEST(a_lease_that_ended_gives_the_job_back),
        TEST(a_failed_print_is_held_again),
        TEST(a_kept_job_stays_and_its_release_is_reported),
        TEST(a_grant_is_used_once_even_after_a_restart),
        TEST(the_high_water_mark_never_falls),
        TEST(delete_and_expiry_remove_the_document),
        TEST(an_orphan_in_the_spool_is_adopted_once),
        TEST(a_deleted_catalogue_is_rebuilt_from_the_spool),
        TEST(a_job_without_its_file_becomes_failed),
        TEST(a_lost_unlink_is_made_up_for),
        TEST(a_torn_replacement_of_the_ticket_is_repaired),
        TEST(a_days_key_goes_when_nothing_of_it_is_left),
        TEST(garbage_in_the_spool_is_left_alone_and_harmless),
        TEST(titles_and_names_stand_nowhere_in_clear),
        TEST(the_directory_document_follows_the_jobs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
