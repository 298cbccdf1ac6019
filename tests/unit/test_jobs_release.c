/* What printers do with jobs: claim, pull, complete. */
#include "jobs_checks.h"

#include <sys/stat.h>

#include <openssl/sha.h>

static void
a_job_goes_only_after_complete(void **state)
{
    struct jobs_fixture *f = *state;
    const struct ph_id id = jobs_fixture_hold(f, "r", "the document");
    struct ph_sealed_reader *reader = NULL;
    char text[32] = "";

    claim(f, &id, "pr-1");
    assert_int_equal(ph_jobs_open_document(f->jobs, &alice_at_printer, &id,
                                           "pr-1", NULL, &reader),
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

/* Long documents are hashed when nobody waits, at the latest at release. */
static void
a_long_document_has_its_digest_when_it_is_needed(void **state)
{
    struct jobs_fixture *f = *state;
    const size_t len = (size_t)PH_SEALED_DIGEST_MAX + 1;
    uint8_t expected[PH_SHA256_BYTES];
    struct ph_sealed_reader *reader = NULL;
    char *text = malloc(len + 1);
    struct ph_id asked, acknowledged;
    static const uint8_t unknown[PH_SHA256_BYTES];

    assert_non_null(text);
    memset(text, 'x', len);
    text[len] = '\0';
    assert_non_null(SHA256((const uint8_t *)text, len, expected));
    asked = jobs_fixture_hold(f, "asked", text);
    assert_memory_equal(view_of(f, &asked).sha256, unknown, sizeof(unknown));
    assert_string_equal(view_of(f, &asked).ticket.document_sha256, "");
    claim(f, &asked, "pr-1");
    assert_int_equal(ph_jobs_open_document(f->jobs, &alice_at_printer, &asked,
                                           "pr-1", NULL, &reader),
                     PH_OK);
    ph_sealed_reader_free(reader);
    assert_memory_equal(view_of(f, &asked).sha256, expected, sizeof(expected));

    text[0] = 'y';
    assert_non_null(SHA256((const uint8_t *)text, len, expected));
    acknowledged = jobs_fixture_hold(f, "acknowledged", text);
    assert_int_equal(ph_jobs_acknowledged(f->jobs, &acknowledged), PH_OK);
    assert_memory_equal(view_of(f, &acknowledged).sha256, expected,
                        sizeof(expected));
    /* without a digest and an attempt nothing says that it is a repeat */
    assert_false(ph_id_equal(&asked, &acknowledged));
    free(text);
}

static int
verify_unless(struct jobs_fixture *f, struct ph_sealed_reader *reader, int stop)
{
    atomic_int stopped = stop;

    return ph_jobs_verify_document(f->jobs, reader, &stopped);
}

/* One that may not read anything can only remember. */
static bool
is_remembered(struct jobs_fixture *f, struct ph_sealed_reader *reader)
{
    int err = verify_unless(f, reader, 1);

    if (err != PH_OK)
        assert_int_equal(err, PH_ERR_CANCELLED);
    return err == PH_OK;
}

static struct ph_sealed_reader *
open_claimed(struct jobs_fixture *f, const struct ph_id *id)
{
    struct ph_sealed_reader *reader = NULL;

    claim(f, id, "pr-1");
    assert_int_equal(ph_jobs_open_document(f->jobs, &alice_at_printer, id,
                                           "pr-1", NULL, &reader),
                     PH_OK);
    return reader;
}

static void
what_was_verified_is_not_read_again_until_touched_or_old(void **state)
{
    struct jobs_fixture *f = *state;
    const struct ph_id id = jobs_fixture_hold(f, "r", "the document");
    struct ph_sealed_reader *reader = open_claimed(f, &id);

    assert_true(is_remembered(f, reader)); /* at its capture */
    assert_int_equal(fchmod(ph_sealed_reader_fd(reader), 0400), 0);
    assert_false(is_remembered(f, reader));
    assert_int_equal(verify_unless(f, reader, 0), PH_OK);
    assert_true(is_remembered(f, reader));

    moved_ms = ph_clock_wall_ms() + 590000;
    ph_clock_set_wall(moved_clock);
    assert_true(is_remembered(f, reader));
    moved_ms += 20000;
    assert_false(is_remembered(f, reader));
    ph_clock_set_wall(NULL);
    ph_sealed_reader_free(reader);

    /* nor by the next process */
    jobs_fixture_close(f);
    jobs_fixture_open(f);
    reader = open_claimed(f, &id);
    assert_false(is_remembered(f, reader));
    ph_sealed_reader_free(reader);
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
    assert_int_equal(ph_jobs_open_document(f->jobs, &alice_at_printer, &id,
                                           "pr-2", NULL, &reader),
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
    /* the same report again, and one of a job that is another's by now */
    assert_int_equal(complete(f, &id, "pr-1", "failed"), PH_OK);
    claim(f, &id, "pr-2");
    assert_int_equal(complete(f, &id, "pr-1", "failed"), PH_ERR_STATE);
    assert_int_equal(complete(f, &id, "pr-2", "printed"), PH_OK);
    assert_int_equal(complete(f, &id, "pr-2", "failed"), PH_ERR_NOT_FOUND);
}

/* What is being printed when its retention ends is printed, and counted; the
 * others go. */
static void
a_claimed_job_outlives_its_retention(void **state)
{
    struct jobs_fixture *f = *state;
    const struct ph_id first = jobs_fixture_hold(f, "r", "the document");
    const struct ph_id id = jobs_fixture_hold(f, "r", "another document");
    int64_t next;

    moved_ms = view_of(f, &id).expires_ms - 1000;
    ph_clock_set_wall(moved_clock);
    claim(f, &id, "pr-1");
    moved_ms += 1000;
    assert_int_equal(ph_jobs_reap(f->jobs, moved_ms, &next), PH_OK);
    assert_true(next > moved_ms);
    assert_int_equal(view_of(f, &first).state, PH_JOB_EXPIRED);
    assert_int_equal(view_of(f, &id).state, PH_JOB_CLAIMED);
    assert_int_equal(count_files(f, "spool/held"), 1);
    assert_int_equal(complete(f, &id, "pr-1", "printed"), PH_OK);
    assert_int_equal(count_events(f, "org.printhold.job.released.v1"), 1);
    assert_int_equal(count_files(f, "spool/held"), 0);
}

static void
a_retention_ends_when_the_lease_has_ended(void **state)
{
    struct jobs_fixture *f = *state;
    const struct ph_id id = jobs_fixture_hold(f, "r", "the document");
    int64_t next;

    moved_ms = view_of(f, &id).expires_ms - 1000;
    ph_clock_set_wall(moved_clock);
    claim(f, &id, "pr-1");
    moved_ms = view_of(f, &id).lease_until_ms;
    assert_int_equal(ph_jobs_reap(f->jobs, moved_ms, &next), PH_OK);
    assert_int_equal(view_of(f, &id).state, PH_JOB_EXPIRED);
    assert_int_equal(count_files(f, "spool/held"), 0);
}

static void
count_change(void *arg)
{
    ++*(unsigned *)arg;
}

static void
the_cloud_hears_of_a_lease_that_ended(void **state)
{
    struct jobs_fixture *f = *state;
    const struct ph_id id = jobs_fixture_hold(f, "r", "the document");
    unsigned changes = 0;
    int64_t next;

    claim(f, &id, "pr-1");
    moved_ms = view_of(f, &id).lease_until_ms;
    ph_clock_set_wall(moved_clock);
    ph_jobs_on_change(f->jobs, count_change, &changes);
    assert_int_equal(ph_jobs_reap(f->jobs, moved_ms, &next), PH_OK);
    assert_int_equal(changes, 1);
    assert_int_equal(ph_jobs_reap(f->jobs, moved_ms, &next), PH_OK);
    assert_int_equal(changes, 1);
}

static void
a_damaged_document_goes_with_its_job(void **state)
{
    struct jobs_fixture *f = *state;
    const struct ph_id id = jobs_fixture_hold(f, "r", "the document");

    assert_int_equal(ph_jobs_fail(f->jobs, &id, "damaged"), PH_OK);
    assert_int_equal(view_of(f, &id).state, PH_JOB_FAILED);
    assert_int_equal(count_files(f, "spool/held"), 0);
    assert_int_equal(ph_jobs_fail(f->jobs, &id, "damaged"), PH_ERR_STATE);
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

static int
report(struct jobs_fixture *f, const struct ph_id *id, const char *printer,
       const char *result, const char *key)
{
    struct ph_release_report report = {.impressions = -1, .sheets = -1};

    (void)snprintf(report.printer, sizeof(report.printer), "%s", printer);
    (void)snprintf(report.result, sizeof(report.result), "%s", result);
    (void)snprintf(report.key, sizeof(report.key), "%s", key);
    return ph_jobs_complete(f->jobs, &alice_at_printer, id, &report);
}

static void
a_report_that_comes_late_again_does_not_end_a_new_claim(void **state)
{
    struct jobs_fixture *f = *state;
    const struct ph_id id = jobs_fixture_hold(f, "r", "the document");
    struct ph_why why;

    claim(f, &id, "pr-1");
    assert_int_equal(report(f, &id, "pr-1", "failed", "a"), PH_OK);
    claim(f, &id, "pr-1");
    assert_int_equal(report(f, &id, "pr-1", "failed", "a"), PH_OK);
    assert_int_equal(view_of(f, &id).state, PH_JOB_CLAIMED);
    assert_int_equal(report(f, &id, "pr-1", "printed", "a"), PH_ERR_EXISTS);
    assert_int_equal(view_of(f, &id).state, PH_JOB_CLAIMED);
    /* A key is its printer's. */
    assert_int_equal(report(f, &id, "pr-2", "printed", "a"), PH_ERR_STATE);

    /* A kept job that is printed anew: the old report counts once. */
    assert_int_equal(ph_jobs_keep(f->jobs, &alice, &id, true, &why), PH_OK);
    assert_int_equal(report(f, &id, "pr-1", "printed", "b"), PH_OK);
    claim(f, &id, "pr-1");
    jobs_fixture_close(f);
    jobs_fixture_open(f);
    assert_int_equal(report(f, &id, "pr-1", "printed", "b"), PH_OK);
    assert_int_equal(view_of(f, &id).state, PH_JOB_CLAIMED);
    assert_int_equal(count_events(f, "org.printhold.job.released.v1"), 1);
    assert_int_equal(report(f, &id, "pr-1", "printed", "c"), PH_OK);
    assert_int_equal(count_events(f, "org.printhold.job.released.v1"), 2);
}

static void
the_newest_keys_of_a_job_are_remembered(void **state)
{
    struct jobs_fixture *f = *state;
    const struct ph_id id = jobs_fixture_hold(f, "r", "the document");
    char key[16];

    for (int i = 0; i < 40; i++) {
        claim(f, &id, "pr-1");
        (void)snprintf(key, sizeof(key), "k%d", i);
        assert_int_equal(report(f, &id, "pr-1", "failed", key), PH_OK);
    }
    claim(f, &id, "pr-1");
    assert_int_equal(report(f, &id, "pr-1", "failed", "k24"), PH_OK);
    assert_int_equal(view_of(f, &id).state, PH_JOB_CLAIMED);
    assert_int_equal(report(f, &id, "pr-1", "failed", "k23"), PH_OK);
    assert_int_equal(view_of(f, &id).state, PH_JOB_HELD);
}

static void
a_grant_is_used_once_even_after_a_restart(void **state)
{
    struct jobs_fixture *f = *state;
    const int64_t exp = ph_clock_wall_ms() + 300000;

    assert_int_equal(
        ph_jobs_use_grant(f->jobs, &alice_at_printer, "jti-1", 1, exp), PH_OK);
    assert_int_equal(
        ph_jobs_use_grant(f->jobs, &alice_at_printer, "jti-1", 1, exp),
        PH_ERR_EXISTS);
    jobs_fixture_close(f);
    jobs_fixture_open(f);
    assert_int_equal(
        ph_jobs_use_grant(f->jobs, &alice_at_printer, "jti-1", 1, exp),
        PH_ERR_EXISTS);
    assert_int_equal(
        ph_jobs_use_grant(f->jobs, &alice_at_printer, "jti-2", 1, exp), PH_OK);
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

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_job_goes_only_after_complete),
        TEST(a_long_document_has_its_digest_when_it_is_needed),
        TEST(what_was_verified_is_not_read_again_until_touched_or_old),
        TEST(two_printers_cannot_hold_one_job),
        TEST(a_lease_that_ended_gives_the_job_back),
        TEST(a_failed_print_is_held_again),
        TEST(a_claimed_job_outlives_its_retention),
        TEST(a_retention_ends_when_the_lease_has_ended),
        TEST(the_cloud_hears_of_a_lease_that_ended),
        TEST(a_damaged_document_goes_with_its_job),
        TEST(a_kept_job_stays_and_its_release_is_reported),
        TEST(a_report_that_comes_late_again_does_not_end_a_new_claim),
        TEST(the_newest_keys_of_a_job_are_remembered),
        TEST(a_grant_is_used_once_even_after_a_restart),
        TEST(the_high_water_mark_never_falls),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
