/* Whoever watches: the control server on real jobs, a real loop and socket. */
#include "jobs_checks.h"

#include <errno.h>
#include <signal.h>

#include <pthread.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <uv.h>

#include "control_server.h"
#include "control_watch.h"
#include "printhold/proto/control.h"
#include "printhold/proto/frame.h"

#define PATIENCE_S 20
#define OTHERS_UID 4711
#define LONG_TITLE 1000
#define MANY       250 /* more than the buffers of a socket take */

struct rig {
    struct jobs_fixture f;
    struct ph_config config;
    uid_t uid; /* whoever watches */
    struct ph_cloud_status cloud;
    pthread_mutex_t lock; /* of cloud */
    uv_loop_t loop;
    uv_async_t changed;
    uv_async_t stop;
    pthread_t thread;
    struct ph_control_server *server;
    unsigned stopped;
    unsigned numbers; /* of uuids */
};

/* --- the rig --- */

static void
on_changed(uv_async_t *async)
{
    struct rig *rig = async->data;

    if (rig->server != NULL)
        ph_control_server_changed(rig->server);
}

static void
on_stopped(void *arg)
{
    struct rig *rig = arg;

    rig->stopped++;
    rig->server = NULL;
    uv_close((uv_handle_t *)&rig->stop, NULL);
    uv_close((uv_handle_t *)&rig->changed, NULL);
}

static void
on_stop(uv_async_t *async)
{
    struct rig *rig = async->data;

    ph_control_server_stop(rig->server, on_stopped, rig);
}

static void
jobs_changed(void *arg)
{
    (void)uv_async_send(&((struct rig *)arg)->changed);
}

static void
give_cloud(void *arg, struct ph_cloud_status *out_status)
{
    struct rig *rig = arg;

    (void)pthread_mutex_lock(&rig->lock);
    *out_status = rig->cloud;
    (void)pthread_mutex_unlock(&rig->lock);
}

static void
say_cloud(struct rig *rig, enum ph_cloud_state state)
{
    (void)pthread_mutex_lock(&rig->lock);
    rig->cloud.state = state;
    rig->cloud.since_ms = 1763753400000;
    (void)pthread_mutex_unlock(&rig->lock);
    jobs_changed(rig);
}

static void *
run(void *arg)
{
    (void)uv_run(&((struct rig *)arg)->loop, UV_RUN_DEFAULT);
    return NULL;
}

static void
rig_start(struct rig *rig, unsigned idle_ms)
{
    const struct ph_control_sources sources = {
        .cloud = give_cloud, .arg = rig, .idle_ms = idle_ms};
    struct ph_why why = {""};

    assert_true(signal(SIGPIPE, SIG_IGN) != SIG_ERR);
    memset(rig, 0, sizeof(*rig));
    assert_int_equal(pthread_mutex_init(&rig->lock, NULL), 0);
    rig->uid = geteuid() == 0 ? 1001 : geteuid();
    jobs_fixture_make(&rig->f);
    assert_int_equal(chmod(rig->f.scratch.path, 0755), 0);
    rig->config = rig->f.config;
    (void)snprintf(rig->config.control_socket, PH_CONFIG_TEXT_MAX,
                   "%.90s/run/c.sock", rig->f.scratch.path);
    assert_int_equal(uv_loop_init(&rig->loop), 0);
    assert_int_equal(uv_async_init(&rig->loop, &rig->stop, on_stop), 0);
    assert_int_equal(uv_async_init(&rig->loop, &rig->changed, on_changed), 0);
    rig->stop.data = rig->changed.data = rig;
    if (ph_control_server_start(&rig->loop, &rig->config, rig->f.jobs, &sources,
                                -1, &rig->server, &why) != PH_OK)
        fail_msg("%s", why.text);
    ph_jobs_on_change(rig->f.jobs, jobs_changed, rig);
    assert_int_equal(pthread_create(&rig->thread, NULL, run, rig), 0);
}

static void
rig_finish(struct rig *rig)
{
    ph_jobs_on_change(rig->f.jobs, NULL, NULL);
    if (rig->stopped == 0)
        assert_int_equal(uv_async_send(&rig->stop), 0);
    assert_int_equal(pthread_join(rig->thread, NULL), 0);
    assert_int_equal(rig->stopped, 1);
    /* Busy when a handle was left open. */
    assert_int_equal(uv_loop_close(&rig->loop), 0);
    assert_int_equal(pthread_mutex_destroy(&rig->lock), 0);
    jobs_fixture_remove(&rig->f);
}

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

/* --- jobs --- */

static struct ph_id
hold(struct rig *rig, uid_t uid, const char *title)
{
    char uuid[64], text[32];
    struct ph_id id;

    (void)snprintf(uuid, sizeof(uuid), "urn:uuid:00000000-0000-0000-0000-%012u",
                   ++rig->numbers);
    (void)snprintf(text, sizeof(text), "document %u", rig->numbers);
    assert_int_equal(jobs_fixture_hold_as(&rig->f,
                                          uid == OTHERS_UID ? "bob" : "alice",
                                          uid, uuid, title, text, &id),
                     PH_OK);
    return id;
}

/* --- the other end --- */

/* The uid of the calling thread alone: the server's stays. */
static void
become(uid_t uid)
{
#ifdef __linux__
    if (geteuid() != uid)
        assert_int_equal(syscall(SYS_setresuid, -1, (long)uid, -1), 0);
#else
    (void)uid;
#endif
}

static int
dial_as(const struct rig *rig, uid_t uid)
{
    const struct timeval patience = {.tv_sec = PATIENCE_S};
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const uid_t own = geteuid();
    int fd = socket(AF_UNIX, SOCK_STREAM, 0), rc;

    assert_true(fd >= 0);
    assert_int_equal(
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)),
        0);
    (void)snprintf(address.sun_path, sizeof(address.sun_path), "%.107s",
                   rig->config.control_socket);
    become(uid);
    rc = connect(fd, (const struct sockaddr *)&address, sizeof(address));
    become(own);
    assert_int_equal(rc, 0);
    return fd;
}

static void
ask(int fd, const struct ph_control_request *request)
{
    struct ph_buf body;

    ph_buf_init(&body, PH_CONTROL_REQUEST_MAX);
    assert_int_equal(ph_control_request_put(request, &body), PH_OK);
    assert_int_equal(ph_frame_send(fd, PH_CONTROL_REQUEST, body.data, body.len),
                     PH_OK);
    ph_buf_close(&body);
}

/* The next change; the error of the socket if it has ended. */
static int
next(int fd, struct ph_control_change *change)
{
    struct ph_frame frame;
    struct ph_buf buf;
    int err;

    ph_buf_init(&buf, PH_FRAME_MAX + PH_FRAME_HEAD);
    err = ph_frame_recv(fd, PH_FRAME_MAX, &buf, &frame);
    if (err == PH_OK) {
        assert_int_equal(frame.type, PH_CONTROL_ITEM);
        memset(change, 0, sizeof(*change));
        assert_int_equal(ph_control_change_parse(frame.body, frame.len, change),
                         PH_OK);
    }
    ph_buf_close(&buf);
    return err;
}

static struct ph_control_change
expect(int fd, enum ph_control_change_kind kind)
{
    struct ph_control_change change;
    int err = next(fd, &change);

    if (err != PH_OK)
        fail_msg("nothing came: %s", ph_err_text(err));
    if (change.kind != kind)
        fail_msg("change %d (%s) instead of %d", (int)change.kind, change.title,
                 (int)kind);
    return change;
}

static int
watch_from(const struct rig *rig, const struct ph_control_place *from)
{
    const struct ph_control_request request = {
        .op = PH_CONTROL_WATCH,
        .has_from = from != NULL,
        .from = from != NULL ? *from : (struct ph_control_place){0, 0}};
    int fd = dial_as(rig, rig->uid);

    ask(fd, &request);
    (void)expect(fd, PH_CHANGE_BEGUN);
    (void)expect(fd, PH_CHANGE_CLOUD);
    return fd;
}

static void
expect_reply(int fd, int expected)
{
    struct ph_control_reply reply;
    struct ph_frame frame;
    struct ph_buf buf;

    ph_buf_init(&buf, PH_FRAME_MAX + PH_FRAME_HEAD);
    do {
        assert_int_equal(ph_frame_recv(fd, PH_FRAME_MAX, &buf, &frame), PH_OK);
    } while (frame.type == PH_CONTROL_ITEM);
    assert_int_equal(ph_control_reply_parse(frame.body, frame.len, &reply),
                     PH_OK);
    ph_buf_close(&buf);
    if (reply.err != expected)
        fail_msg("%s: %s", ph_err_text(reply.err), reply.text.text);
}

static void
expect_closed(int fd)
{
    struct ph_control_change change;
    const int err = next(fd, &change);

    if (err != PH_ERR_CLOSED && err != PH_ERR_TRUNCATED)
        fail_msg("still open: %s", ph_err_text(err));
}

static void
assert_job(const struct ph_control_change *change, const struct ph_id *id,
           const char *title)
{
    char text[PH_ID_TEXT];

    ph_id_format(id, text);
    assert_string_equal(change->job, text);
    assert_string_equal(change->title, title);
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
