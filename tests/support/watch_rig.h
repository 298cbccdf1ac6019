/*
 * The control server on real jobs, on a loop and thread of its own, and the
 * other end of its socket: for tests of who watches.
 */
#ifndef PRINTHOLD_TESTS_SUPPORT_WATCH_RIG_H
#define PRINTHOLD_TESTS_SUPPORT_WATCH_RIG_H

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

static inline void
on_changed(uv_async_t *async)
{
    struct rig *rig = async->data;

    if (rig->server != NULL)
        ph_control_server_changed(rig->server);
}

static inline void
on_stopped(void *arg)
{
    struct rig *rig = arg;

    rig->stopped++;
    rig->server = NULL;
    uv_close((uv_handle_t *)&rig->stop, NULL);
    uv_close((uv_handle_t *)&rig->changed, NULL);
}

static inline void
on_stop(uv_async_t *async)
{
    struct rig *rig = async->data;

    ph_control_server_stop(rig->server, on_stopped, rig);
}

static inline void
jobs_changed(void *arg)
{
    (void)uv_async_send(&((struct rig *)arg)->changed);
}

static inline void
give_cloud(void *arg, struct ph_cloud_status *out_status)
{
    struct rig *rig = arg;

    (void)pthread_mutex_lock(&rig->lock);
    *out_status = rig->cloud;
    (void)pthread_mutex_unlock(&rig->lock);
}

static inline void
say_cloud(struct rig *rig, enum ph_cloud_state state)
{
    (void)pthread_mutex_lock(&rig->lock);
    rig->cloud.state = state;
    rig->cloud.since_ms = 1763753400000;
    (void)pthread_mutex_unlock(&rig->lock);
    jobs_changed(rig);
}

static inline void *
run(void *arg)
{
    (void)uv_run(&((struct rig *)arg)->loop, UV_RUN_DEFAULT);
    return NULL;
}

static inline void
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

static inline void
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

/* --- jobs --- */

static inline struct ph_id
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
static inline void
become(uid_t uid)
{
#ifdef __linux__
    if (geteuid() != uid)
        assert_int_equal(syscall(SYS_setresuid, -1, (long)uid, -1), 0);
#else
    (void)uid;
#endif
}

static inline int
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

static inline void
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
static inline int
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

static inline struct ph_control_change
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

static inline int
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

static inline void
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

static inline void
expect_closed(int fd)
{
    struct ph_control_change change;
    const int err = next(fd, &change);

    if (err != PH_ERR_CLOSED && err != PH_ERR_TRUNCATED)
        fail_msg("still open: %s", ph_err_text(err));
}

static inline void
assert_job(const struct ph_control_change *change, const struct ph_id *id,
           const char *title)
{
    char text[PH_ID_TEXT];

    ph_id_format(id, text);
    assert_string_equal(change->job, text);
    assert_string_equal(change->title, title);
}

#endif
