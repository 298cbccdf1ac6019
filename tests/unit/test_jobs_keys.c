/*
 * SR-30: held jobs through eight days of keys and through another machine key
 * in the middle, with real spool files.
 */
#include "jobs_checks.h"

#include "printhold/crypto/key_rotation.h"

#define DAYS   8
#define DAY_MS (86400 * INT64_C(1000))

/* As "printhold-agent key rotate" does between two runs of the agent. */
static void
rotate(struct jobs_fixture *f)
{
    const struct ph_key_place place = {"file", f->config.key_file};
    struct ph_why why = {""};
    char path[512];
    size_t count = 0;
    int fd = -1;

    jobs_fixture_close(f);
    jobs_fixture_path(f, "keys", path, sizeof(path));
    assert_int_equal(ph_io_open_dir(path, false, 0700, &fd, &why), PH_OK);
    if (ph_key_rotate(fd, &place, &place, &count, &why) != PH_OK)
        fail_msg("%s", why.text);
    assert_true(count > 0);
    ph_io_close(&fd);
    jobs_fixture_open(f);
}

static struct ph_id
hold_day(struct jobs_fixture *f, int day)
{
    char uuid[64], text[32];
    struct ph_id id = {{0}};

    (void)snprintf(uuid, sizeof(uuid), "urn:uuid:00000000-0000-0000-0000-%012d",
                   day + 1);
    (void)snprintf(text, sizeof(text), "document of day %d", day);
    assert_int_equal(
        jobs_fixture_hold_as(f, "alice", 1001, uuid, text, text, &id), PH_OK);
    return id;
}

/* Pull the job as a printer does, verified as a whole, and finish it. */
static void
release_day(struct jobs_fixture *f, const struct ph_id *id, int day,
            const char *result)
{
    struct ph_sealed_reader *reader = NULL;
    char text[32], got[32] = "";

    (void)snprintf(text, sizeof(text), "document of day %d", day);
    assert_string_equal(view_of(f, id).ticket.job_name, text);
    claim(f, id, "pr-1");
    assert_int_equal(ph_jobs_open_document(f->jobs, &alice_at_printer, id,
                                           "pr-1", NULL, &reader),
                     PH_OK);
    assert_int_equal(ph_sealed_reader_verify(reader, NULL), PH_OK);
    assert_int_equal(ph_sealed_reader_read(reader, 0, got, strlen(text)),
                     PH_OK);
    assert_string_equal(got, text);
    ph_sealed_reader_free(reader);
    assert_int_equal(complete(f, id, "pr-1", result), PH_OK);
}

static void
reap(struct jobs_fixture *f)
{
    struct ph_outbox_event events[64];
    size_t count;
    int64_t next;

    assert_int_equal(
        ph_jobs_due_events(f->jobs, 0, events, PH_COUNT(events), &count),
        PH_OK);
    for (size_t i = 0; i < count; i++) {
        jobs_fixture_answer(f, "", events[i].seq, 0);
        ph_buf_close(&events[i].payload);
    }
    assert_int_equal(ph_jobs_reap(f->jobs, moved_ms, &next), PH_OK);
}

/* Files of the directory that are keys of days. */
static size_t
count_epochs(struct jobs_fixture *f)
{
    return count_files(f, "keys") - 1; /* owner.key */
}

static bool
is_held(struct jobs_fixture *f, const struct ph_id *id)
{
    struct ph_job_view view;

    return ph_jobs_get(f->jobs, &everyone, id, &view) == PH_OK &&
           view.state == PH_JOB_HELD;
}

static void
old_and_new_jobs_release_through_days_and_another_machine_key(void **state)
{
    struct jobs_fixture *f = *state;
    struct ph_id ids[DAYS];
    int days = 0;

    jobs_fixture_close(f);
    f->config.retention_s = 7 * 86400;
    f->config.history_s = 3600;
    jobs_fixture_open(f);
    moved_ms =
        (ph_clock_wall_ms() / DAY_MS + 1) * DAY_MS + DAY_MS / 2; /* noon */
    ph_clock_set_wall(moved_clock);
    for (int day = 0; day < DAYS; day++) {
        ids[day] = hold_day(f, day);
        assert_int_equal(count_epochs(f), (size_t)day + 1);
        if (day == 3 || day == 5)
            rotate(f);
        /* Everything so far comes out, and goes back to be held. */
        for (int one = 0; one <= day; one++)
            release_day(f, &ids[one], one, "failed");
        assert_int_equal(count_jobs(f, &alice), (size_t)day + 1);
        moved_ms += day < DAYS - 1 ? DAY_MS - 1000 : 0;
        reap(f);
    }
    /* The oldest and the newest are printed; the others wait for their end. */
    release_day(f, &ids[0], 0, "printed");
    release_day(f, &ids[DAYS - 1], DAYS - 1, "printed");
    assert_int_equal(count_jobs(f, &alice), DAYS - 2);
    rotate(f);
    for (; count_epochs(f) > 0 && days < 20; days++) {
        moved_ms += DAY_MS;
        reap(f);
        /* While a job is held its key is there, and it can be printed. */
        for (int one = 1; one < DAYS - 1; one++)
            if (is_held(f, &ids[one]))
                release_day(f, &ids[one], one, "failed");
    }
    /* Retention, an hour of history, a day of grace: then no key is left. */
    assert_int_equal(count_epochs(f), 0);
    assert_in_range(days, 7, 9);
    assert_int_equal(count_files(f, "spool/held"), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(old_and_new_jobs_release_through_days_and_another_machine_key),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
