/*
 * The capture socket over a real loop, with a client on another thread that
 * speaks the backend's side by hand.
 */
#include "capture_server.h"
#include "jobs_fixture.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <pwd.h>
#include <signal.h>

#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include "printhold/base/fdpass.h"
#include "printhold/proto/capture.h"
#include "printhold/proto/frame.h"
#include "printhold/proto/ticket_json.h"

struct fixture {
    struct jobs_fixture jobs;
    uv_loop_t loop;
    uv_async_t stop;
    struct ph_capture_server *server;
    pthread_t thread;
    unsigned stopped;
};

static void
on_stopped(void *arg)
{
    struct fixture *f = arg;

    f->stopped++;
    uv_close((uv_handle_t *)&f->stop, NULL);
}

static void
on_stop(uv_async_t *async)
{
    struct fixture *f = async->data;

    ph_capture_server_stop(f->server, on_stopped, f);
}

static void *
run_loop(void *arg)
{
    struct fixture *f = arg;

    (void)uv_run(&f->loop, UV_RUN_DEFAULT);
    return NULL;
}

static void
start_server(struct fixture *f, const char *capture_user)
{
    struct ph_why why = {""};

    (void)snprintf(f->jobs.config.capture_user, PH_CONFIG_TEXT_MAX, "%s",
                   capture_user);
    jobs_fixture_path(&f->jobs, "capture.sock", f->jobs.config.capture_socket,
                      PH_CONFIG_TEXT_MAX);
    assert_int_equal(uv_loop_init(&f->loop), 0);
    assert_int_equal(uv_async_init(&f->loop, &f->stop, on_stop), 0);
    f->stop.data = f;
    assert_int_equal(ph_capture_server_start(&f->loop, &f->jobs.config,
                                             f->jobs.jobs, -1, &f->server,
                                             &why),
                     PH_OK);
    assert_int_equal(pthread_create(&f->thread, NULL, run_loop, f), 0);
}

static void
stop_server(struct fixture *f)
{
    assert_int_equal(uv_async_send(&f->stop), 0);
    assert_int_equal(pthread_join(f->thread, NULL), 0);
    assert_int_equal(f->stopped, 1);
    assert_int_equal(uv_loop_close(&f->loop), 0);
}

static int
set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    const struct passwd *me = getpwuid(geteuid());

    assert_non_null(f);
    assert_non_null(me);
    jobs_fixture_make(&f->jobs);
    f->jobs.config.capture_timeout_s = 2;
    start_server(f, me->pw_name);
    *state = f;
    return 0;
}

static int
tear_down(void **state)
{
    struct fixture *f = *state;

    stop_server(f);
    jobs_fixture_remove(&f->jobs);
    free(f);
    return 0;
}

/* --- the backend's side --- */

struct client {
    int fd;
    struct ph_buf buf;
    struct ph_frame frame;
};

static void
client_prepare(struct client *c)
{
    /* A stuck server must fail the test, not hang it. */
    static const struct timeval limit = {.tv_sec = 20};

    c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(c->fd >= 0);
    assert_int_equal(
        setsockopt(c->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)), 0);
    ph_buf_init(&c->buf, PH_FRAME_MAX + PH_FRAME_HEAD);
}

static void
client_connect(const struct fixture *f, const struct client *c)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    assert_true(strlen(f->jobs.config.capture_socket) <
                sizeof(address.sun_path));
    memcpy(address.sun_path, f->jobs.config.capture_socket,
           strlen(f->jobs.config.capture_socket));
    assert_int_equal(
        connect(c->fd, (struct sockaddr *)&address, sizeof(address)), 0);
}

static void
client_open(const struct fixture *f, struct client *c)
{
    client_prepare(c);
    client_connect(f, c);
}

static void
client_close(struct client *c)
{
    ph_io_close(&c->fd);
    ph_buf_close(&c->buf);
}

static void
client_begin(struct client *c)
{
    struct ph_capture_begin begin;

    jobs_fixture_begin_fill(&begin, "alice", 1001, "urn:uuid:1");
    assert_int_equal(ph_capture_begin_put(&begin, &c->buf), PH_OK);
    assert_int_equal(
        ph_frame_send(c->fd, PH_CAPTURE_BEGIN, c->buf.data, c->buf.len), PH_OK);
}

/* ACCEPT with its descriptor. */
static int
client_accepted(struct client *c, struct ph_sealed_secret *secret)
{
    uint8_t bytes[512];
    struct ph_frame frame;
    size_t len = 0, used, part;
    int fd = -1, more, err = PH_ERR_AGAIN;

    while (err == PH_ERR_AGAIN) {
        assert_int_equal(ph_fdpass_recv(c->fd, bytes + len, sizeof(bytes) - len,
                                        &part, &more),
                         PH_OK);
        fd = more >= 0 ? more : fd;
        len += part;
        err = ph_frame_parse(bytes, len, sizeof(bytes), &frame, &used);
    }
    assert_int_equal(err, PH_OK);
    assert_int_equal(frame.type, PH_CAPTURE_ACCEPT);
    assert_int_equal(ph_capture_accept_parse(frame.body, frame.len, secret),
                     PH_OK);
    assert_true(fd >= 0);
    return fd;
}

static void
client_write(int fd, const struct ph_sealed_secret *secret, const char *text)
{
    struct ph_sealed_writer *writer;
    uint64_t size;

    assert_int_equal(ph_sealed_writer_new(fd, secret, &writer), PH_OK);
    assert_int_equal(ph_sealed_writer_write(writer, text, strlen(text)), PH_OK);
    assert_int_equal(ph_sealed_writer_finish(writer, &size), PH_OK);
    ph_sealed_writer_free(writer);
}

static void
client_commit(struct client *c, const char *title, size_t size)
{
    struct ph_ticket ticket;

    jobs_fixture_ticket_fill(&ticket, title, size);
    assert_int_equal(ph_ticket_json_put(&ticket, &c->buf), PH_OK);
    assert_int_equal(
        ph_frame_send(c->fd, PH_CAPTURE_COMMIT, c->buf.data, c->buf.len),
        PH_OK);
}

static void
client_expect(struct client *c, uint8_t type)
{
    assert_int_equal(ph_frame_recv(c->fd, PH_FRAME_MAX, &c->buf, &c->frame),
                     PH_OK);
    assert_int_equal(c->frame.type, type);
}

/* The server closes: end of stream, whatever stood before it. */
static void
client_expect_end(struct client *c)
{
    char rest[4096];
    ssize_t n;

    do {
        n = recv(c->fd, rest, sizeof(rest), 0);
    } while (n > 0);
    assert_true(n == 0 || errno == ECONNRESET);
}

static bool
count_one(const struct ph_job_view *view, void *arg)
{
    (void)view;
    ++*(size_t *)arg;
    return true;
}

static size_t
count_jobs(struct fixture *f)
{
    static const struct ph_asker everyone = {.everyone = true};
    size_t count = 0;

    assert_int_equal(ph_jobs_list(f->jobs.jobs, &everyone, count_one, &count),
                     PH_OK);
    return count;
}

/* --- tests --- */

static void
a_job_is_held_when_done_is_answered(void **state)
{
    struct fixture *f = *state;
    struct ph_sealed_secret secret;
    struct client c;
    struct ph_id id;
    int fd;

    client_open(f, &c);
    client_begin(&c);
    fd = client_accepted(&c, &secret);
    client_write(fd, &secret, "the document");
    assert_int_equal(count_jobs(f), 0);
    client_commit(&c, "title", 12);
    client_expect(&c, PH_CAPTURE_DONE);
    assert_int_equal(ph_capture_done_parse(c.frame.body, c.frame.len, &id),
                     PH_OK);
    assert_true(ph_id_equal(&id, &secret.job));
    assert_int_equal(count_jobs(f), 1);
    assert_int_equal(ph_frame_send(c.fd, PH_CAPTURE_ACK, NULL, 0), PH_OK);
    client_expect_end(&c);
    ph_io_close(&fd);
    client_close(&c);
}

static void
progress_is_verified_while_receiving(void **state)
{
    struct fixture *f = *state;
    struct ph_sealed_secret secret;
    struct ph_sealed_writer *writer;
    const size_t part = 1 << 20;
    char *bytes = calloc(1, part);
    struct client c;
    uint64_t size;
    int fd;

    assert_non_null(bytes);
    client_open(f, &c);
    client_begin(&c);
    fd = client_accepted(&c, &secret);
    assert_int_equal(ph_sealed_writer_new(fd, &secret, &writer), PH_OK);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(ph_sealed_writer_write(writer, bytes, part), PH_OK);
        assert_int_equal(
            ph_capture_progress_put(ph_sealed_writer_offset(writer), &c.buf),
            PH_OK);
        assert_int_equal(
            ph_frame_send(c.fd, PH_CAPTURE_PROGRESS, c.buf.data, c.buf.len),
            PH_OK);
    }
    assert_int_equal(ph_sealed_writer_finish(writer, &size), PH_OK);
    client_commit(&c, "big", 4 * part);
    client_expect(&c, PH_CAPTURE_DONE);
    ph_sealed_writer_free(writer);
    ph_io_close(&fd);
    client_close(&c);
    free(bytes);
}

/* Zeros where encrypted segments should be: found before commit. */
static void
damage_is_found_while_receiving(void **state)
{
    struct fixture *f = *state;
    struct ph_sealed_secret secret;
    struct client c;
    int fd;

    client_open(f, &c);
    client_begin(&c);
    fd = client_accepted(&c, &secret);
    assert_int_equal(ftruncate(fd, PH_SEALED_HEADER_BYTES + 3 * 65536), 0);
    assert_int_equal(
        ph_capture_progress_put(PH_SEALED_HEADER_BYTES + 3 * 65536, &c.buf),
        PH_OK);
    assert_int_equal(
        ph_frame_send(c.fd, PH_CAPTURE_PROGRESS, c.buf.data, c.buf.len), PH_OK);
    client_expect(&c, PH_CAPTURE_REFUSE);
    client_expect_end(&c);
    assert_int_equal(count_jobs(f), 0);
    ph_io_close(&fd);
    client_close(&c);
}

static void
a_backend_that_vanishes_leaves_nothing(void **state)
{
    struct fixture *f = *state;
    struct ph_sealed_secret secret;
    struct ph_id id;
    struct client c;
    int fd;

    for (int step = 0; step < 3; step++) {
        client_open(f, &c);
        if (step > 0) {
            client_begin(&c);
            fd = client_accepted(&c, &secret);
            if (step > 1)
                client_write(fd, &secret, "half a job");
            ph_io_close(&fd);
        }
        client_close(&c);
    }
    /* The next job goes through, and only it is there. */
    id = jobs_fixture_hold(&f->jobs, "t", "whole");
    (void)id;
    assert_int_equal(count_jobs(f), 1);
}

static void
frames_out_of_order_and_garbage_are_refused(void **state)
{
    static const uint8_t oversized[] = {0x7f, 0xff, 0xff, 0xff, 1};
    static const uint8_t empty[] = {0, 0, 0, 0, 0};
    static const uint8_t garbage[] = "GET / HTTP/1.1\r\n\r\n";
    static const uint8_t not_json[] = {0, 0, 0, 3, PH_CAPTURE_BEGIN, '{', 'x'};
    static const uint8_t commit_first[] = {0,   0,  0, 3, PH_CAPTURE_COMMIT,
                                           '{', '}'};
    static const uint8_t unknown[] = {0, 0, 0, 1, 99};
    static const struct {
        const uint8_t *bytes;
        size_t len;
    } cases[] = {
        {oversized, sizeof(oversized)},       {empty, sizeof(empty)},
        {garbage, sizeof(garbage)},           {not_json, sizeof(not_json)},
        {commit_first, sizeof(commit_first)}, {unknown, sizeof(unknown)},
    };
    struct fixture *f = *state;
    struct client c;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        client_open(f, &c);
        assert_int_equal(ph_io_write_full(c.fd, cases[i].bytes, cases[i].len),
                         PH_OK);
        client_expect_end(&c);
        client_close(&c);
    }
    assert_int_equal(count_jobs(f), 0);
}

static void
a_second_begin_is_refused(void **state)
{
    struct fixture *f = *state;
    struct ph_sealed_secret secret;
    struct client c;
    int fd;

    client_open(f, &c);
    client_begin(&c);
    fd = client_accepted(&c, &secret);
    client_begin(&c);
    client_expect(&c, PH_CAPTURE_REFUSE);
    client_expect_end(&c);
    ph_io_close(&fd);
    client_close(&c);
}

static void
a_capture_without_progress_is_given_up(void **state)
{
    struct fixture *f = *state;
    struct ph_sealed_secret secret;
    struct client c;
    int fd;

    client_open(f, &c);
    client_begin(&c);
    fd = client_accepted(&c, &secret);
    client_expect_end(&c); /* after capture_timeout_s */
    ph_io_close(&fd);
    client_close(&c);
}

/* Whoever may not tell CUPS to go on does not hold anything there. */
static void
without_the_socket_of_cups_it_is_tried_again(void **state)
{
    struct fixture *f = *state;
    struct ph_sealed_secret secret;
    struct client c;
    int fd;

    client_open(f, &c);
    client_begin(&c);
    fd = client_accepted(&c, &secret);
    stop_server(f);
    client_expect_end(&c);
    ph_io_close(&fd);
    client_close(&c);
    f->stopped = 0;
    start_server(f, getpwuid(geteuid())->pw_name);
}

static void
a_document_that_comes_while_the_agent_stops_waits_in_cups(void **state)
{
    struct fixture *f = *state;
    struct ph_capture_refuse refuse;
    struct ph_sealed_secret secret;
    struct client c;
    int fd;

    stop_server(f);
    f->stopped = 0;
    (void)snprintf(f->jobs.config.cups_socket, PH_CONFIG_TEXT_MAX, "/cupsd");
    start_server(f, getpwuid(geteuid())->pw_name);
    client_open(f, &c);
    client_begin(&c);
    fd = client_accepted(&c, &secret);
    stop_server(f);
    client_expect(&c, PH_CAPTURE_REFUSE);
    assert_int_equal(
        ph_capture_refuse_parse(c.frame.body, c.frame.len, &refuse), PH_OK);
    assert_int_equal(refuse.action, PH_CAPTURE_HOLD);
    client_expect_end(&c);
    ph_io_close(&fd);
    client_close(&c);
    f->stopped = 0;
    start_server(f, getpwuid(geteuid())->pw_name);
}

static void
another_account_gets_nothing(void **state)
{
    struct fixture *f = *state;
    struct client c;

    stop_server(f);
    f->stopped = 0;
    start_server(f, "nobody");
    client_open(f, &c);
    client_expect_end(&c);
    client_close(&c);
}

/* Descriptors that are left to this process: none. Returns the old limit. */
static struct rlimit
use_up_descriptors(void)
{
    struct rlimit old, none;
    int next = dup(0);

    assert_true(next >= 0);
    assert_int_equal(close(next), 0);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
    none = old;
    none.rlim_cur = (rlim_t)next;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    return old;
}

/* Of the loop and of us, who only wait. */
static int64_t
cpu_ms(void)
{
    struct rusage used;

    assert_int_equal(getrusage(RUSAGE_SELF, &used), 0);
    return (int64_t)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000 +
           (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1000;
}

/* The connection waits in the listen queue meanwhile. */
static void
without_descriptors_the_loop_rests_and_comes_back(void **state)
{
    struct fixture *f = *state;
    struct ph_sealed_secret secret;
    struct pollfd answer = {.events = POLLIN};
    struct rlimit old;
    struct client c;
    int64_t before;
    int fd;

    client_prepare(&c);
    old = use_up_descriptors();
    before = cpu_ms();
    client_connect(f, &c);
    answer.fd = c.fd;
    assert_int_equal(poll(&answer, 1, 400), 0); /* nobody answers */
    assert_true(cpu_ms() - before < 50);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
    client_begin(&c);
    fd = client_accepted(&c, &secret);
    ph_io_close(&fd);
    client_close(&c);
}

static void
an_unknown_capture_user_is_a_configuration_error(void **state)
{
    struct fixture *f = *state;
    struct ph_capture_server *server = NULL;
    struct ph_config config = f->jobs.config;
    struct ph_why why = {""};

    (void)snprintf(config.capture_user, sizeof(config.capture_user),
                   "no-such-account");
    assert_int_equal(ph_capture_server_start(&f->loop, &config, f->jobs.jobs,
                                             -1, &server, &why),
                     PH_ERR_CONFIG);
    assert_non_null(strstr(why.text, "no-such-account"));
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_job_is_held_when_done_is_answered),
        TEST(progress_is_verified_while_receiving),
        TEST(damage_is_found_while_receiving),
        TEST(a_backend_that_vanishes_leaves_nothing),
        TEST(frames_out_of_order_and_garbage_are_refused),
        TEST(a_second_begin_is_refused),
        TEST(a_capture_without_progress_is_given_up),
        TEST(without_the_socket_of_cups_it_is_tried_again),
        TEST(a_document_that_comes_while_the_agent_stops_waits_in_cups),
        TEST(another_account_gets_nothing),
        TEST(without_descriptors_the_loop_rests_and_comes_back),
        TEST(an_unknown_capture_user_is_a_configuration_error),
    };

    (void)signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
