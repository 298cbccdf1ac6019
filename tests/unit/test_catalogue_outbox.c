/* The catalogue's outbox on a real SQLite file. */
#include "printhold/store/catalogue.h"
#include "scratch.h"

#include <string.h>

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

static bool
count_event(uint64_t seq, const struct ph_id *epoch, const struct ph_id *id,
            const void *sealed, size_t len, void *arg)
{
    (void)seq;
    (void)epoch;
    (void)id;
    assert_int_equal(len, 2);
    assert_memory_equal(sealed, "ev", 2);
    ++*(size_t *)arg;
    return true;
}

static void
events_come_in_order_and_go_when_acknowledged(void **state)
{
    static const struct ph_id epoch = {{1}}, id = {{2}};
    struct fixture *f = *state;
    size_t count = 0;

    for (int i = 0; i < 3; i++)
        assert_int_equal(
            ph_catalogue_add_event(f->catalogue, &epoch, &id, 1, "ev", 2),
            PH_OK);
    assert_int_equal(
        ph_catalogue_due_events(f->catalogue, 1, 10, count_event, &count),
        PH_OK);
    assert_int_equal(count, 2);
    assert_int_equal(ph_catalogue_event_acked(f->catalogue, 2, 1), PH_OK);
    count = 0;
    assert_int_equal(
        ph_catalogue_due_events(f->catalogue, 0, 10, count_event, &count),
        PH_OK);
    assert_int_equal(count, 2);
}

static struct ph_catalogue_untold
untold_of(struct fixture *f)
{
    struct ph_catalogue_untold untold;

    assert_int_equal(ph_catalogue_untold(f->catalogue, &untold), PH_OK);
    return untold;
}

static size_t
due_of(struct fixture *f, uint64_t after)
{
    size_t count = 0;

    assert_int_equal(ph_catalogue_due_events(f->catalogue, after, 20000,
                                             count_event, &count),
                     PH_OK);
    return count;
}

static void
add_events(struct fixture *f, unsigned count, int64_t now_ms)
{
    static const struct ph_id epoch = {{1}}, id = {{2}};

    assert_int_equal(ph_catalogue_begin(f->catalogue), PH_OK);
    for (unsigned i = 0; i < count; i++)
        assert_int_equal(
            ph_catalogue_add_event(f->catalogue, &epoch, &id, now_ms, "ev", 2),
            PH_OK);
    assert_int_equal(ph_catalogue_commit(f->catalogue), PH_OK);
}

static void
too_many_events_drop_the_oldest_and_count_them(void **state)
{
    struct fixture *f = *state;

    add_events(f, PH_OUTBOX_EVENTS_MAX, 1);
    assert_int_equal(untold_of(f).dropped, 0);
    add_events(f, 3, 1);
    assert_int_equal(untold_of(f).dropped, 3);
    assert_int_equal(due_of(f, 0), PH_OUTBOX_EVENTS_MAX);
    assert_int_equal(due_of(f, 3), PH_OUTBOX_EVENTS_MAX);
    /* what was acknowledged goes before them, and is no loss */
    assert_int_equal(ph_catalogue_event_acked(f->catalogue, 5000, 1), PH_OK);
    add_events(f, 1, 1);
    assert_int_equal(untold_of(f).dropped, 3);
    assert_int_equal(due_of(f, 0), PH_OUTBOX_EVENTS_MAX);
    add_events(f, 1, 1);
    assert_int_equal(untold_of(f).dropped, 4);
}

static void
old_events_are_dropped_and_counted(void **state)
{
    struct fixture *f = *state;

    add_events(f, 3, 100);
    add_events(f, 2, 200);
    assert_int_equal(ph_catalogue_event_acked(f->catalogue, 1, 150), PH_OK);
    assert_int_equal(ph_catalogue_event_parked(f->catalogue, 2, 0x80), PH_OK);
    assert_int_equal(ph_catalogue_trim_events(f->catalogue, 100, 150), PH_OK);
    assert_int_equal(untold_of(f).dropped, 0);
    assert_int_equal(ph_catalogue_trim_events(f->catalogue, 200, 151), PH_OK);
    assert_int_equal(untold_of(f).dropped, 2); /* the first had been told */
    assert_int_equal(untold_of(f).parked_events, 0);
    assert_int_equal(due_of(f, 0), 2);
    assert_int_equal(ph_catalogue_event_lost(f->catalogue, 4), PH_OK);
    assert_int_equal(untold_of(f).dropped, 3);
    assert_int_equal(ph_catalogue_trim_events(f->catalogue, 201, 151), PH_OK);
    assert_int_equal(untold_of(f).dropped, 4);
    assert_int_equal(due_of(f, 0), 0);
}

static void
parked_events_come_again_behind_the_others(void **state)
{
    struct fixture *f = *state;
    size_t again = 0;

    add_events(f, 3, 1);
    assert_int_equal(ph_catalogue_event_parked(f->catalogue, 2, 0x97), PH_OK);
    assert_int_equal(due_of(f, 0), 2);
    assert_int_equal(untold_of(f).parked_events, 1);
    assert_int_equal(untold_of(f).reason, 0x97);
    assert_int_equal(
        ph_catalogue_due_again(f->catalogue, 0, 9, count_event, &again), PH_OK);
    assert_int_equal(again, 0);
    assert_int_equal(ph_catalogue_unpark_events(f->catalogue), PH_OK);
    assert_int_equal(
        ph_catalogue_due_again(f->catalogue, 0, 9, count_event, &again), PH_OK);
    assert_int_equal(again, 1);
    assert_int_equal(due_of(f, 0), 2);
    assert_int_equal(untold_of(f).reason, 0x97);
    assert_int_equal(ph_catalogue_event_acked(f->catalogue, 2, 1), PH_OK);
    assert_int_equal(untold_of(f).parked_events, 0);
}

static void
what_was_acknowledged_lately_can_be_said_anew(void **state)
{
    struct fixture *f = *state;

    add_events(f, 2, 1);
    assert_int_equal(ph_catalogue_event_acked(f->catalogue, 1, 100), PH_OK);
    assert_int_equal(ph_catalogue_event_acked(f->catalogue, 2, 200), PH_OK);
    assert_int_equal(due_of(f, 0), 0);
    assert_int_equal(ph_catalogue_events_anew(f->catalogue, 101), PH_OK);
    assert_int_equal(due_of(f, 0), 1);
    assert_int_equal(due_of(f, 1), 1);
}

static bool
note_document(const char *uk, const uint8_t owner[PH_OWNER_KEY_BYTES],
              uint64_t rev, void *arg)
{
    (void)uk;
    (void)owner;
    *(uint64_t *)arg = rev;
    return true;
}

/* The revision that is due; 0 for none. */
static uint64_t
due_rev(struct fixture *f)
{
    uint64_t rev = 0;

    assert_int_equal(
        ph_catalogue_due_documents(f->catalogue, note_document, &rev), PH_OK);
    return rev;
}

/* Its job would have ended at 5000: until then a broker may have it. */
static void
a_document_without_jobs_is_remembered_until_the_last_one_would_have_ended(
    void **state)
{
    struct fixture *f = *state;
    const struct ph_catalogue_job job = {
        .id = {{1}},
        .epoch = {{9}},
        .owner = {7},
        .state = PH_JOB_HELD,
        .expires_ms = 5000,
        .job_uuid = "uuid-1",
        .sealed = "sealed",
        .sealed_len = 6,
    };
    uint64_t rev;

    assert_int_equal(ph_catalogue_insert(f->catalogue, &job), PH_OK);
    assert_int_equal(ph_catalogue_touch_document(f->catalogue, "uk", job.owner),
                     PH_OK);
    assert_int_equal(
        ph_catalogue_move(f->catalogue, &job.id, PH_JOB_DELETED, 10, NULL, 0),
        PH_OK);
    assert_int_equal(ph_catalogue_touch_document(f->catalogue, "uk", job.owner),
                     PH_OK);
    rev = due_rev(f);
    assert_int_equal(ph_catalogue_document_acked(f->catalogue, "uk", rev),
                     PH_OK);
    assert_int_equal(due_rev(f), 0);
    assert_int_equal(ph_catalogue_forget_documents(f->catalogue, 4999), PH_OK);
    assert_int_equal(ph_catalogue_touch_all(f->catalogue), PH_OK);
    assert_true(due_rev(f) > rev);
    /* not before the broker has it */
    assert_int_equal(ph_catalogue_forget_documents(f->catalogue, 5000), PH_OK);
    rev = due_rev(f);
    assert_int_equal(
        ph_catalogue_document_parked(f->catalogue, "uk", rev, 0x87), PH_OK);
    assert_int_equal(due_rev(f), 0);
    assert_int_equal(untold_of(f).parked_documents, 1);
    assert_int_equal(ph_catalogue_unpark_documents(f->catalogue), PH_OK);
    assert_int_equal(due_rev(f), rev);
    assert_int_equal(ph_catalogue_document_acked(f->catalogue, "uk", rev),
                     PH_OK);
    assert_int_equal(ph_catalogue_forget_documents(f->catalogue, 5000), PH_OK);
    assert_int_equal(ph_catalogue_touch_all(f->catalogue), PH_OK);
    assert_int_equal(due_rev(f), 0);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(events_come_in_order_and_go_when_acknowledged),
        TEST(too_many_events_drop_the_oldest_and_count_them),
        TEST(old_events_are_dropped_and_counted),
        TEST(parked_events_come_again_behind_the_others),
        TEST(what_was_acknowledged_lately_can_be_said_anew),
        TEST(
            a_document_without_jobs_is_remembered_until_the_last_one_would_have_ended),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
