/* Jobs from capture to what people see, on real files and a real catalogue. */
#include "jobs_checks.h"

#include <pthread.h>

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
    assert_non_null(strstr(refuse.text.text, "no more than 1"));
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

/* The clock jumps, or the computer slept: the capture goes on. */
static void
only_what_is_abandoned_is_swept(void **state)
{
    struct jobs_fixture *f = *state;
    struct ph_capture_refuse refuse;
    struct ph_capture_begin begin;
    struct ph_ticket ticket;
    struct ph_capture *capture;
    struct ph_id id;
    char path[512];
    int64_t next;

    jobs_fixture_begin_fill(&begin, "alice", 1001, "u");
    capture = jobs_fixture_send(f, &begin, "t", "bytes", &ticket);
    jobs_fixture_path(f, "spool/incoming/left", path, sizeof(path));
    scratch_write(path, "x", 1);
    moved_ms = ph_clock_wall_ms() + 3 * 86400 * INT64_C(1000);
    ph_clock_set_wall(moved_clock);
    assert_int_equal(ph_jobs_reap(f->jobs, moved_ms, &next), PH_OK);
    assert_int_equal(ph_jobs_commit(capture, &ticket, &id, &refuse), PH_OK);
    assert_int_equal(count_jobs(f, &alice), 1); /* readable: its key is there */
    assert_int_equal(count_files(f, "spool/incoming"), 1);
    assert_int_equal(ph_jobs_reap(f->jobs, moved_ms, &next), PH_OK);
    assert_int_equal(count_files(f, "spool/incoming"), 0);
}

/* One document of an attempt at the CUPS job "u". */
static struct ph_id
hold_in_attempt(struct jobs_fixture *f, int64_t attempt_s, const char *text)
{
    struct ph_capture_begin begin;
    struct ph_id id = {{0}};

    jobs_fixture_begin_fill(&begin, "alice", 1001, "u");
    begin.attempt_s = attempt_s;
    assert_int_equal(jobs_fixture_hold_begun(f, &begin, "t", text, &id), PH_OK);
    return id;
}

/* cupsd begins again with the first document, and the filters make other bytes
 * each time: only attempt and order tell which document it is. */
static void
a_later_attempt_brings_the_same_documents_in_the_same_order(void **state)
{
    struct jobs_fixture *f = *state;
    const struct ph_id one = hold_in_attempt(f, 100, "document 1");
    const struct ph_id two = hold_in_attempt(f, 100, "document 2");
    struct ph_id again;

    assert_int_equal(ph_jobs_acknowledged(f->jobs, &one), PH_OK);
    assert_false(ph_id_equal(&one, &two));
    again = hold_in_attempt(f, 200, "document 1, other /ID");
    assert_true(ph_id_equal(&again, &one));
    again = hold_in_attempt(f, 200, "document 2, other /ID");
    assert_true(ph_id_equal(&again, &two));
    again = hold_in_attempt(f, 200, "document 3");
    assert_int_equal(count_jobs(f, &alice), 3);
    assert_int_equal(count_files(f, "spool/held"), 3);
    assert_int_equal(count_files(f, "spool/incoming"), 0);
}

/* What ended and was acknowledged is printed again on purpose. */
static void
a_restart_of_an_ended_job_is_a_new_one(void **state)
{
    struct jobs_fixture *f = *state;
    const struct ph_id one = hold_in_attempt(f, 100, "document 1");
    struct ph_why why;
    struct ph_id again;

    assert_int_equal(ph_jobs_acknowledged(f->jobs, &one), PH_OK);
    assert_int_equal(ph_jobs_delete(f->jobs, &alice, &one, &why), PH_OK);
    again = hold_in_attempt(f, 200, "document 1 again");
    assert_false(ph_id_equal(&again, &one));
    assert_int_equal(count_jobs(f, &alice), 1);
}

struct attempt {
    struct ph_capture *capture;
    struct ph_ticket ticket;
    struct ph_capture_refuse refuse;
    struct ph_id job;
    pthread_t thread;
    int err;
};

static void *
run_commit(void *arg)
{
    struct attempt *attempt = arg;

    attempt->err = ph_jobs_commit(attempt->capture, &attempt->ticket,
                                  &attempt->job, &attempt->refuse);
    return NULL;
}

/* The backend dies while its commit is under way, and CUPS tries again. */
static void
two_attempts_that_commit_at_once_are_one_job(void **state)
{
    struct jobs_fixture *f = *state;
    struct ph_capture_begin begin;
    struct attempt at[2];
    char uuid[16];

    for (size_t round = 1; round <= 20; round++) {
        (void)snprintf(uuid, sizeof(uuid), "u%zu", round);
        jobs_fixture_begin_fill(&begin, "alice", 1001, uuid);
        for (size_t i = 0; i < PH_COUNT(at); i++) {
            begin.attempt_s = 100 + (int64_t)i;
            at[i].capture =
                jobs_fixture_send(f, &begin, "t", "bytes", &at[i].ticket);
        }
        for (size_t i = 0; i < PH_COUNT(at); i++)
            assert_int_equal(
                pthread_create(&at[i].thread, NULL, run_commit, &at[i]), 0);
        for (size_t i = 0; i < PH_COUNT(at); i++) {
            assert_int_equal(pthread_join(at[i].thread, NULL), 0);
            assert_int_equal(at[i].err, PH_OK);
        }
        assert_true(ph_id_equal(&at[0].job, &at[1].job));
        assert_int_equal(count_jobs(f, &alice), round);
        assert_int_equal(count_files(f, "spool/held"), round);
        assert_int_equal(count_files(f, "spool/incoming"), 0);
    }
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
    jobs_fixture_answer(f, documents[0].uk, rev, 0);
    assert_int_equal(ph_jobs_due_documents(f->jobs, documents, 4, &count),
                     PH_OK);
    assert_int_equal(count, 0);
    assert_int_equal(ph_jobs_outbox_anew(f->jobs), PH_OK);
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
    jobs_fixture_answer(f, documents[0].uk, documents[0].rev, 0);
    ph_buf_close(&documents[0].payload);
}

/* All of them are counted, the newest are named, and it lives as long as the
 * job that ends last. */
static void
a_long_directory_document_counts_what_it_leaves_out(void **state)
{
    struct jobs_fixture *f = *state;
    struct ph_outbox_document document;
    int64_t last_ms = 0;
    struct ph_id id;
    size_t count;

    for (unsigned i = 0; i < 67; i++) {
        char text[16];

        (void)snprintf(text, sizeof(text), "n%u", i);
        id = jobs_fixture_hold(f, text, text);
        last_ms = view_of(f, &id).expires_ms;
    }
    assert_int_equal(ph_jobs_due_documents(f->jobs, &document, 1, &count),
                     PH_OK);
    assert_int_equal(count, 1);
    assert_int_equal(document.expires_ms, last_ms);
    assert_non_null(strstr(ph_buf_str(&document.payload), "\"more\":3"));
    assert_non_null(strstr(ph_buf_str(&document.payload), "\"n66\""));
    assert_null(strstr(ph_buf_str(&document.payload), "\"n2\""));
    ph_buf_close(&document.payload);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_captured_job_is_held_with_its_ticket),
        TEST(an_abandoned_capture_leaves_nothing),
        TEST(only_what_is_abandoned_is_swept),
        TEST(a_body_that_is_not_what_was_sent_is_refused),
        TEST(an_empty_job_is_cancelled),
        TEST(quotas_hold_the_job_in_the_queue_with_a_reason),
        TEST(the_same_document_again_is_one_job),
        TEST(a_later_attempt_brings_the_same_documents_in_the_same_order),
        TEST(a_restart_of_an_ended_job_is_a_new_one),
        TEST(two_attempts_that_commit_at_once_are_one_job),
        TEST(others_jobs_look_like_missing_ones),
        TEST(delete_and_expiry_remove_the_document),
        TEST(titles_and_names_stand_nowhere_in_clear),
        TEST(the_directory_document_follows_the_jobs),
        TEST(a_long_directory_document_counts_what_it_leaves_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
