/* Whoever watches: the control server on real jobs, a real loop and socket. */
#include "watch_rig.h"

#define LONG_TITLE 500
#define MANY       250 /* more than the buffers of a socket take */

static int
setup(void **state)
{
    struct rig *rig = calloc(1, sizeof(*rig));

    assert_non_null(rig);
    rig_start(rig, 0);
    *state = rig;
    return 0;
}

static int
teardown(void **state)
{
    rig_finish(*state);
    free(*state);
    return 0;
}

/* --- the tests --- */

static void
people_hear_of_their_own_jobs_alone(void **state)
{
    struct rig *rig = *state;
    struct jobs_fixture *f = &rig->f;
    int fd = watch_from(rig, NULL);
    struct ph_id others = hold(rig, OTHERS_UID, "other"), first, second;
    struct ph_control_change change;

    first = hold(rig, rig->uid, "first");
    second = hold(rig, rig->uid, "second");
    change = expect(fd, PH_CHANGE_HELD);
    assert_job(&change, &first, "first");
    assert_int_equal(change.until_ms - change.at_ms,
                     PH_RETENTION_DEFAULT_S * INT64_C(1000));
    change = expect(fd, PH_CHANGE_HELD);
    assert_job(&change, &second, "second");
    claim(f, &first, "pr-1");
    assert_int_equal(complete(f, &first, "pr-1", "failed"), PH_OK);
    change = expect(fd, PH_CHANGE_NOT_PRINTED);
    assert_string_equal(change.printer, "pr-1");
    claim(f, &first, "pr-2");
    assert_int_equal(complete(f, &first, "pr-2", "printed"), PH_OK);
    change = expect(fd, PH_CHANGE_PRINTED);
    assert_job(&change, &first, "first");
    assert_string_equal(change.printer, "pr-2");
    assert_int_equal(ph_jobs_delete(f->jobs, &everyone, &others, NULL), PH_OK);
    assert_int_equal(ph_jobs_delete(f->jobs, &everyone, &second, NULL), PH_OK);
    change = expect(fd, PH_CHANGE_DELETED);
    assert_job(&change, &second, "second");
    assert_string_equal(change.reason, "by-administrator");
    ph_io_close(&fd);
}

static void
the_administrator_hears_of_all_only_when_asking_for_it(void **state)
{
    static const struct ph_control_request all = {.op = PH_CONTROL_WATCH,
                                                  .all = true};
    struct rig *rig = *state;
    int fd = dial_as(rig, rig->uid), own;
    struct ph_id id;
    struct ph_control_change change;

    ask(fd, &all);
    expect_reply(fd, rig->uid == 0 ? PH_OK : PH_ERR_DENIED);
    ph_io_close(&fd);
    if (geteuid() != 0)
        return; /* nobody here can be root */
    rig->uid = 0;
    own = watch_from(rig, NULL);
    fd = dial_as(rig, 0);
    ask(fd, &all);
    (void)expect(fd, PH_CHANGE_BEGUN);
    (void)expect(fd, PH_CHANGE_CLOUD);
    id = hold(rig, OTHERS_UID, "other");
    change = expect(fd, PH_CHANGE_HELD);
    assert_job(&change, &id, "other");
    id = hold(rig, 0, "own");
    change = expect(own, PH_CHANGE_HELD);
    assert_job(&change, &id, "own");
    ph_io_close(&own);
    ph_io_close(&fd);
}

static void
who_comes_again_hears_what_happened_meanwhile_and_nothing_old(void **state)
{
    struct rig *rig = *state;
    struct ph_control_change change;
    struct ph_id gone, held;
    int fd;

    gone = hold(rig, rig->uid, "old");
    fd = watch_from(rig, NULL);
    (void)hold(rig, rig->uid, "seen");
    change = expect(fd, PH_CHANGE_HELD);
    assert_string_equal(change.title, "seen");
    ph_io_close(&fd);
    held = hold(rig, rig->uid, "meanwhile");
    assert_int_equal(ph_jobs_delete(rig->f.jobs, &everyone, &gone, NULL),
                     PH_OK);
    fd = watch_from(rig, &change.place);
    change = expect(fd, PH_CHANGE_HELD);
    assert_job(&change, &held, "meanwhile");
    change = expect(fd, PH_CHANGE_DELETED);
    assert_job(&change, &gone, "old");
    ph_io_close(&fd);
    fd = watch_from(rig, &change.place);
    held = hold(rig, rig->uid, "new");
    change = expect(fd, PH_CHANGE_HELD);
    assert_job(&change, &held, "new");
    ph_io_close(&fd);
}

static void
a_place_that_never_was_is_now(void **state)
{
    static const struct ph_control_place ahead = {INT64_C(9007199254740991),
                                                  INT64_C(9007199254740991)};
    struct rig *rig = *state;
    struct ph_control_change change;
    struct ph_id id;
    int fd;

    (void)hold(rig, rig->uid, "old");
    fd = watch_from(rig, &ahead);
    id = hold(rig, rig->uid, "new");
    change = expect(fd, PH_CHANGE_HELD);
    assert_job(&change, &id, "new");
    assert_int_equal(ph_jobs_delete(rig->f.jobs, &everyone, &id, NULL), PH_OK);
    (void)expect(fd, PH_CHANGE_DELETED);
    ph_io_close(&fd);
}

static void
a_title_that_is_hidden_stays_so(void **state)
{
    static const struct ph_policy policy = {
        .has = {[PH_POLICY_TITLE] = true},
        .number = {[PH_POLICY_TITLE] = PH_TITLE_HIDDEN}};
    static const struct ph_policy_versions versions = {.tenant = 1};
    struct rig *rig = *state;
    struct ph_capture_begin begin;
    struct ph_capture_refuse refuse;
    struct ph_control_change change;
    struct ph_capture *capture;
    struct ph_ticket ticket;
    struct ph_id id;
    int fd = watch_from(rig, NULL);

    jobs_fixture_begin_fill(&begin, "alice", rig->uid, "urn:uuid:1");
    capture = jobs_fixture_send(&rig->f, &begin, "secret", "c", &ticket);
    ticket.confidential = true;
    assert_int_equal(ph_jobs_commit(capture, &ticket, &id, &refuse), PH_OK);
    change = expect(fd, PH_CHANGE_HELD);
    assert_job(&change, &id, "");
    assert_int_equal(ph_jobs_set_policy(rig->f.jobs, &policy, &versions),
                     PH_OK);
    id = hold(rig, rig->uid, "plain");
    change = expect(fd, PH_CHANGE_HELD);
    assert_job(&change, &id, "");
    assert_int_equal(ph_jobs_delete(rig->f.jobs, &everyone, &id, NULL), PH_OK);
    change = expect(fd, PH_CHANGE_DELETED);
    assert_job(&change, &id, "");
    ph_io_close(&fd);
}

static void
who_was_not_served_hears_it_once(void **state)
{
    struct rig *rig = *state;
    struct ph_capture_refuse refuse = {.action = PH_CAPTURE_RETRY,
                                       .err = PH_ERR_NOMEM};
    struct ph_capture_begin begin;
    struct ph_control_change change;
    int fd = watch_from(rig, NULL);

    ph_why_set(&refuse.text, "You hold too many jobs");
    jobs_fixture_begin_fill(&begin, "alice", rig->uid, "urn:uuid:1");
    ph_jobs_note_untaken(rig->f.jobs, &begin, &refuse); /* tried again */
    refuse.action = PH_CAPTURE_HOLD;
    refuse.err = PH_ERR_LIMIT;
    ph_jobs_note_untaken(rig->f.jobs, &begin, &refuse);
    ph_jobs_note_untaken(rig->f.jobs, &begin, &refuse);
    begin.owner_uid = OTHERS_UID;
    ph_jobs_note_untaken(rig->f.jobs, &begin, &refuse);
    begin.owner_uid = rig->uid;
    begin.cups_job_id++;
    refuse.action = PH_CAPTURE_CANCEL;
    ph_jobs_note_untaken(rig->f.jobs, &begin, &refuse);
    change = expect(fd, PH_CHANGE_REFUSED);
    assert_string_equal(change.reason, "waits");
    assert_string_equal(change.text, "You hold too many jobs");
    change = expect(fd, PH_CHANGE_REFUSED);
    assert_string_equal(change.reason, "cancelled");
    ph_io_close(&fd);
}

static void
the_state_of_the_cloud_is_told_when_it_changes(void **state)
{
    struct rig *rig = *state;
    struct ph_control_change change;
    int fd;

    say_cloud(rig, PH_CLOUD_ONLINE);
    fd = watch_from(rig, NULL);
    say_cloud(rig, PH_CLOUD_CONNECTING);
    change = expect(fd, PH_CHANGE_CLOUD);
    assert_string_equal(change.reason, "connecting");
    assert_int_equal(change.at_ms, 1763753400000);
    (void)hold(rig, rig->uid, "while it is away");
    (void)expect(fd, PH_CHANGE_HELD);
    say_cloud(rig, PH_CLOUD_ONLINE);
    change = expect(fd, PH_CHANGE_CLOUD);
    assert_string_equal(change.reason, "online");
    ph_io_close(&fd);
}

static void
hold_many(struct rig *rig)
{
    char title[LONG_TITLE + 1];

    memset(title, 'x', LONG_TITLE);
    title[LONG_TITLE] = '\0';
    for (unsigned i = 0; i < MANY; i++) {
        (void)snprintf(title, 8, "%06u", i);
        title[6] = ' ';
        (void)hold(rig, rig->uid, title);
    }
}

/* Nothing is kept for it, so nothing can overflow: it is cut off, comes again,
 * and has each change once and in order. */
static void
a_slow_watcher_misses_nothing(void **state)
{
    struct rig rig;
    struct ph_control_change change;
    unsigned cuts = 0;
    int fd;

    (void)state;
    rig_start(&rig, 100);
    fd = watch_from(&rig, NULL);
    (void)hold(&rig, rig.uid, "first");
    change = expect(fd, PH_CHANGE_HELD);
    hold_many(&rig);
    for (unsigned i = 0; i < MANY;) {
        const int err = next(fd, &change);

        if (err == PH_ERR_CLOSED || err == PH_ERR_TRUNCATED) {
            cuts++;
            ph_io_close(&fd);
            fd = watch_from(&rig, &change.place);
            continue;
        }
        assert_int_equal(err, PH_OK);
        assert_int_equal(change.kind, PH_CHANGE_HELD);
        assert_int_equal(strtoul(change.title, NULL, 10), i);
        i++;
    }
    assert_true(cuts > 0);
    ph_io_close(&fd);
    rig_finish(&rig);
}

static void
silence_does_not_end_a_watcher(void **state)
{
    struct rig rig;
    int fd, silent;

    (void)state;
    rig_start(&rig, 50);
    fd = watch_from(&rig, NULL);
    silent = dial_as(&rig, rig.uid);
    expect_closed(silent); /* so that the time is over */
    (void)hold(&rig, rig.uid, "later");
    (void)expect(fd, PH_CHANGE_HELD);
    ph_io_close(&silent);
    ph_io_close(&fd);
    rig_finish(&rig);
}

static void
what_a_watcher_says_ends_it(void **state)
{
    static const struct ph_control_request status = {.op = PH_CONTROL_STATUS};
    struct rig *rig = *state;
    int fd = watch_from(rig, NULL);

    ask(fd, &status);
    expect_closed(fd);
    ph_io_close(&fd);
}

static void
watchers_are_bounded_and_take_nobodys_place(void **state)
{
    static const struct ph_control_request request = {.op = PH_CONTROL_WATCH};
    static const struct ph_control_request status = {.op = PH_CONTROL_STATUS};
    struct rig *rig = *state;
    int watchers[PH_CONTROL_WATCHERS_PER_UID];
    int others[PH_CONTROL_CLIENTS_PER_UID];

    for (size_t i = 0; i < PH_COUNT(watchers); i++)
        watchers[i] = watch_from(rig, NULL);
    for (size_t i = 0; i < PH_COUNT(others); i++) {
        others[i] = dial_as(rig, rig->uid);
        ask(others[i], &status);
        expect_reply(others[i], PH_OK);
    }
    ask(others[0], &request);
    expect_reply(others[0], PH_ERR_LIMIT);
    ask(others[0], &status);
    expect_reply(others[0], PH_OK);
    (void)hold(rig, rig->uid, "all hear of it");
    for (size_t i = 0; i < PH_COUNT(watchers); i++) {
        (void)expect(watchers[i], PH_CHANGE_HELD);
        ph_io_close(&watchers[i]);
    }
    for (size_t i = 0; i < PH_COUNT(others); i++)
        ph_io_close(&others[i]);
    assert_true(ph_control_may_watch(255, 3));
    assert_false(ph_control_may_watch(255, 4));
    assert_false(ph_control_may_watch(256, 0));
}

static void
stopping_ends_watchers(void **state)
{
    struct rig *rig = *state;
    int fd = watch_from(rig, NULL);

    assert_int_equal(uv_async_send(&rig->stop), 0);
    expect_closed(fd);
    ph_io_close(&fd);
    assert_int_equal(pthread_join(rig->thread, NULL), 0);
    assert_int_equal(pthread_create(&rig->thread, NULL, run, rig), 0);
}

#define RIGGED(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        RIGGED(people_hear_of_their_own_jobs_alone),
        RIGGED(the_administrator_hears_of_all_only_when_asking_for_it),
        RIGGED(who_comes_again_hears_what_happened_meanwhile_and_nothing_old),
        RIGGED(a_place_that_never_was_is_now),
        RIGGED(a_title_that_is_hidden_stays_so),
        RIGGED(who_was_not_served_hears_it_once),
        RIGGED(the_state_of_the_cloud_is_told_when_it_changes),
        cmocka_unit_test(a_slow_watcher_misses_nothing),
        cmocka_unit_test(silence_does_not_end_a_watcher),
        RIGGED(what_a_watcher_says_ends_it),
        RIGGED(watchers_are_bounded_and_take_nobodys_place),
        RIGGED(stopping_ends_watchers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
