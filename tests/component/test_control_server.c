/* The control server on a real loop and a real socket. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "control_rig.h"
#include "local_listen.h"
#include "printhold/base/attr.h"
#include "printhold/base/err.h"
#include "printhold/base/io.h"
#include "printhold/proto/control.h"
#include "printhold/proto/frame.h"

#define MINE       "aaaa1111111111111111111111111111"
#define OTHERS     "bbbb1111111111111111111111111111"
#define PATIENCE_S 20

static int
dial(const struct control_rig *rig)
{
    const struct timeval patience = {.tv_sec = PATIENCE_S};
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    assert_true(fd >= 0);
    assert_int_equal(
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)),
        0);
    (void)snprintf(address.sun_path, sizeof(address.sun_path), "%.107s",
                   rig->config.control_socket);
    assert_int_equal(
        connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

static void
put_request(struct ph_buf *buf, struct ph_control_request request)
{
    struct ph_buf body;

    ph_buf_init(&body, PH_CONTROL_REQUEST_MAX);
    assert_int_equal(ph_control_request_put(&request, &body), PH_OK);
    assert_int_equal(ph_frame_put(buf, PH_CONTROL_REQUEST, body.data, body.len),
                     PH_OK);
    ph_buf_close(&body);
}

static void
send_request(int fd, struct ph_control_request request)
{
    struct ph_buf buf;

    ph_buf_init(&buf, PH_CONTROL_REQUEST_MAX + 8);
    put_request(&buf, request);
    assert_int_equal(ph_io_write_full(fd, buf.data, buf.len), PH_OK);
    ph_buf_close(&buf);
}

/* Read up to the reply; how many items came before it. */
static size_t
take_reply(int fd, struct ph_control_reply *out_reply)
{
    struct ph_frame frame;
    struct ph_buf buf;
    size_t items = 0;

    ph_buf_init(&buf, PH_FRAME_MAX + PH_FRAME_HEAD);
    for (;;) {
        int err = ph_frame_recv(fd, PH_FRAME_MAX, &buf, &frame);

        if (err != PH_OK)
            fail_msg("no reply: %s", ph_err_text(err));
        if (frame.type == PH_CONTROL_REPLY)
            break;
        assert_int_equal(frame.type, PH_CONTROL_ITEM);
        items++;
    }
    assert_int_equal(ph_control_reply_parse(frame.body, frame.len, out_reply),
                     PH_OK);
    ph_buf_close(&buf);
    return items;
}

static size_t
ask_on(int fd, struct ph_control_request request, int expected)
{
    struct ph_control_reply reply;
    size_t items;

    send_request(fd, request);
    items = take_reply(fd, &reply);
    if (reply.err != expected)
        fail_msg("%s: %s", ph_err_text(reply.err), reply.text.text);
    return items;
}

#define ASK(fd, expected, ...) \
    ask_on(fd, (struct ph_control_request){__VA_ARGS__}, expected)

/* The server ends the connection; nothing more comes. */
static void
expect_closed(int fd)
{
    char byte;
    ssize_t n = recv(fd, &byte, 1, 0);

    /* ECONNRESET when it had not read all that we sent. */
    if (n > 0)
        fail_msg("a byte came");
    if (n < 0 && ph_err_from_errno(errno) != PH_ERR_CLOSED)
        fail_msg("still open: %s", strerror(errno));
}

static int
setup(void **state)
{
    struct control_rig *rig = calloc(1, sizeof(*rig));

    if (rig == NULL)
        return -1;
    control_rig_start(rig, -1, 0);
    *state = rig;
    return 0;
}

static int
teardown(void **state)
{
    struct control_rig *rig = *state;

    control_rig_stop(rig);
    control_rig_finish(rig);
    free(rig);
    return 0;
}

static void
anybody_can_connect_and_nobody_can_replace_the_socket(void **state)
{
    struct control_rig *rig = *state;
    struct stat st;
    char dir[300];

    assert_int_equal(lstat(rig->config.control_socket, &st), 0);
    assert_true(S_ISSOCK(st.st_mode));
    assert_int_equal(st.st_mode & 0777, 0666);
    (void)snprintf(dir, sizeof(dir), "%s/run", rig->scratch.path);
    assert_int_equal(stat(dir, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0755);
}

static void
one_connection_carries_many_requests(void **state)
{
    struct control_rig *rig = *state;
    int fd = dial(rig);

    fake_jobs_add(rig->jobs, MINE, geteuid(), PH_JOB_HELD, "mine");
    fake_jobs_add(rig->jobs, OTHERS, geteuid() + 1, PH_JOB_HELD, "not mine");
    assert_int_equal(ASK(fd, PH_OK, .op = PH_CONTROL_STATUS), 1);
    assert_int_equal(ASK(fd, PH_OK, .op = PH_CONTROL_JOBS), 1);
    assert_int_equal(
        ASK(fd, PH_OK, .op = PH_CONTROL_KEEP, .job = "aaaa", .keep = true), 1);
    assert_true(fake_jobs_is_kept(rig->jobs, MINE));
    assert_int_equal(ASK(fd, PH_OK, .op = PH_CONTROL_DELETE, .job = "aaaa"), 1);
    assert_int_equal(fake_jobs_state(rig->jobs, MINE), PH_JOB_DELETED);
    assert_int_equal(ASK(fd, PH_OK, .op = PH_CONTROL_JOBS), 0);
    assert_int_equal(
        ASK(fd, PH_ERR_NOT_FOUND, .op = PH_CONTROL_SHOW, .job = "ffff"), 0);
    ph_io_close(&fd);
}

static void
the_status_has_what_the_parts_say(void **state)
{
    const struct ph_cloud_status cloud = {.state = PH_CLOUD_CONNECTING,
                                          .text = "no route to host",
                                          .published = 5,
                                          .refused = 6};
    const struct ph_release_status release = {
        .port = 9443, .connections = 2, .pulls = 1, .refused = 3};
    struct control_rig *rig = *state;
    struct ph_control_status status;
    struct ph_frame frame;
    struct ph_buf buf;
    int fd = dial(rig);

    control_rig_say(rig, &cloud, &release);
    send_request(fd, (struct ph_control_request){.op = PH_CONTROL_STATUS});
    ph_buf_init(&buf, PH_FRAME_MAX + PH_FRAME_HEAD);
    assert_int_equal(ph_frame_recv(fd, PH_FRAME_MAX, &buf, &frame), PH_OK);
    assert_int_equal(ph_control_status_parse(frame.body, frame.len, &status),
                     PH_OK);
    assert_string_equal(status.version, PRINTHOLD_VERSION);
    assert_int_equal(status.pid, getpid());
    assert_string_equal(status.key_level, "file");
    assert_string_equal(status.health, "warning");
    assert_string_equal(status.cloud, "connecting");
    assert_string_equal(status.cloud_text, "no route to host");
    assert_int_equal(status.cloud_published, 5);
    assert_int_equal(status.cloud_refused, 6);
    assert_string_equal(status.release, "on");
    assert_int_equal(status.release_port, 9443);
    assert_int_equal(status.release_connections, 2);
    assert_int_equal(status.release_pulls, 1);
    assert_int_equal(status.release_refused, 3);
    ph_buf_close(&buf);
    ph_io_close(&fd);
}

static void
a_long_list_comes_whole_to_a_slow_reader(void **state)
{
    struct control_rig *rig = *state;
    int fd = dial(rig);

    /* Far more than the socket's buffers take. */
    fake_jobs_add_many(rig->jobs, 3000, geteuid());
    assert_int_equal(ASK(fd, PH_OK, .op = PH_CONTROL_JOBS), 3000);
    ph_io_close(&fd);
}

static void
a_client_that_leaves_in_the_middle_harms_nobody(void **state)
{
    struct control_rig *rig = *state;
    int other = dial(rig);
    struct ph_buf buf;

    fake_jobs_add_many(rig->jobs, 3000, geteuid());
    ph_buf_init(&buf, PH_FRAME_MAX + PH_FRAME_HEAD);
    for (int i = 0; i < 5; i++) {
        struct ph_frame frame;
        int fd = dial(rig);

        send_request(fd, (struct ph_control_request){.op = PH_CONTROL_JOBS});
        assert_int_equal(ph_frame_recv(fd, PH_FRAME_MAX, &buf, &frame), PH_OK);
        ph_io_close(&fd);
        /* Gone before the answer, and before the request was whole. */
        fd = dial(rig);
        send_request(fd, (struct ph_control_request){.op = PH_CONTROL_STATUS});
        ph_io_close(&fd);
        fd = dial(rig);
        assert_int_equal(ph_io_write_full(fd, "\0\0\0\x20\1{", 6), PH_OK);
        ph_io_close(&fd);
    }
    ph_buf_close(&buf);
    assert_int_equal(ASK(other, PH_OK, .op = PH_CONTROL_STATUS), 1);
    ph_io_close(&other);
}

static const struct {
    const char *name;
    const char *bytes;
    size_t len;
    int err; /* of the reply; PH_ERR_CLOSED: there is none */
} garbage[] = {
    {"another protocol", "GET / HTTP/1.1\r\n\r\n", 18, PH_ERR_CLOSED},
    {"no type", "\0\0\0\0", 4, PH_ERR_CLOSED},
    {"one byte over the limit", "\0\1\0\1\1", 5, PH_ERR_CLOSED},
    {"length of all ones", "\xff\xff\xff\xff", 4, PH_ERR_CLOSED},
    {"empty request", "\0\0\0\1\1", 5, PH_ERR_SYNTAX},
    {"request that is no JSON", "\0\0\0\4\1abc", 8, PH_ERR_SYNTAX},
    {"a reply as a request", "\0\0\0\3\2{}", 7, PH_ERR_PROTOCOL},
    {"unknown frame type", "\0\0\0\1\x63", 5, PH_ERR_PROTOCOL},
};

static void
garbage_is_answered_or_cut_off(void **state)
{
    struct control_rig *rig = *state;

    for (size_t i = 0; i < PH_COUNT(garbage); i++) {
        struct ph_control_reply reply;
        int fd = dial(rig);

        assert_int_equal(ph_io_write_full(fd, garbage[i].bytes, garbage[i].len),
                         PH_OK);
        if (garbage[i].err == PH_ERR_CLOSED) {
            expect_closed(fd);
        } else {
            assert_int_equal(take_reply(fd, &reply), 0);
            if (reply.err != garbage[i].err)
                fail_msg("%s: %s", garbage[i].name, ph_err_text(reply.err));
            /* The connection is still good. */
            assert_int_equal(ASK(fd, PH_OK, .op = PH_CONTROL_STATUS), 1);
        }
        ph_io_close(&fd);
    }
}

static void
requests_may_come_byte_by_byte_and_all_at_once(void **state)
{
    struct control_rig *rig = *state;
    struct ph_control_reply reply;
    struct ph_buf buf;
    int fd = dial(rig);

    fake_jobs_add(rig->jobs, MINE, geteuid(), PH_JOB_HELD, "mine");
    ph_buf_init(&buf, 4096);
    put_request(&buf, (struct ph_control_request){.op = PH_CONTROL_STATUS});
    for (size_t i = 0; i < buf.len; i++)
        assert_int_equal(ph_io_write_full(fd, buf.data + i, 1), PH_OK);
    assert_int_equal(take_reply(fd, &reply), 1);

    ph_buf_clear(&buf);
    put_request(&buf, (struct ph_control_request){
                          .op = PH_CONTROL_KEEP, .job = "aaaa", .keep = true});
    put_request(&buf, (struct ph_control_request){.op = PH_CONTROL_SHOW,
                                                  .job = "ffff"});
    put_request(&buf, (struct ph_control_request){.op = PH_CONTROL_JOBS});
    assert_int_equal(ph_io_write_full(fd, buf.data, buf.len), PH_OK);
    assert_int_equal(take_reply(fd, &reply), 1);
    assert_int_equal(reply.err, PH_OK);
    assert_int_equal(take_reply(fd, &reply), 0);
    assert_int_equal(reply.err, PH_ERR_NOT_FOUND);
    assert_int_equal(take_reply(fd, &reply), 1);
    assert_true(fake_jobs_is_kept(rig->jobs, MINE));
    ph_buf_close(&buf);
    ph_io_close(&fd);
}

static void
a_slow_disk_delays_only_who_asked(void **state)
{
    struct control_rig *rig = *state;
    struct ph_control_reply reply;
    int slow = dial(rig), other = dial(rig);

    fake_jobs_add(rig->jobs, MINE, geteuid(), PH_JOB_HELD, "mine");
    fake_jobs_block(rig->jobs);
    send_request(slow, (struct ph_control_request){.op = PH_CONTROL_JOBS});
    fake_jobs_wait_blocked(rig->jobs);
    assert_int_equal(ASK(other, PH_OK, .op = PH_CONTROL_STATUS), 1);
    fake_jobs_let_go(rig->jobs);
    assert_int_equal(take_reply(slow, &reply), 1);
    ph_io_close(&slow);
    ph_io_close(&other);
}

static void
connections_are_bounded(void **state)
{
    struct control_rig *rig = *state;
    /* One person has fewer than all together, except the administrator. */
    size_t max =
        geteuid() == 0 ? PH_CONTROL_CLIENTS_MAX : PH_CONTROL_CLIENTS_PER_UID;
    int fds[PH_CONTROL_CLIENTS_MAX], over;

    for (size_t i = 0; i < max; i++) {
        fds[i] = dial(rig);
        assert_int_equal(ASK(fds[i], PH_OK, .op = PH_CONTROL_STATUS), 1);
    }
    over = dial(rig);
    expect_closed(over);
    ph_io_close(&over);
    for (size_t i = 0; i < max; i++) {
        assert_int_equal(ASK(fds[i], PH_OK, .op = PH_CONTROL_STATUS), 1);
        ph_io_close(&fds[i]);
    }
}

static void
the_bound_is_for_each_person(void **state)
{
    (void)state;
    assert_true(ph_control_may_connect(1000, 0, 0));
    assert_true(ph_control_may_connect(1000, 63, 15));
    assert_false(ph_control_may_connect(1000, 20, 16));
    assert_true(ph_control_may_connect(0, 63, 63));
    assert_false(ph_control_may_connect(0, 64, 0));
    assert_false(ph_control_may_connect(1000, 64, 0));
}

static void
silence_ends_a_connection(void **state)
{
    struct control_rig rig;
    int silent, half;

    (void)state;
    control_rig_start(&rig, -1, 50);
    silent = dial(&rig);
    half = dial(&rig);
    assert_int_equal(ph_io_write_full(half, "\0\0", 2), PH_OK);
    expect_closed(silent);
    expect_closed(half);
    ph_io_close(&silent);
    ph_io_close(&half);
    control_rig_stop(&rig);
    control_rig_finish(&rig);
}

static void
stopping_waits_for_the_worker_and_answers_nobody(void **state)
{
    struct control_rig rig;
    int busy, idle;

    (void)state;
    control_rig_start(&rig, -1, 0);
    busy = dial(&rig);
    idle = dial(&rig);
    assert_int_equal(ASK(idle, PH_OK, .op = PH_CONTROL_STATUS), 1);
    fake_jobs_block(rig.jobs);
    send_request(busy, (struct ph_control_request){.op = PH_CONTROL_JOBS});
    fake_jobs_wait_blocked(rig.jobs);
    control_rig_stop(&rig);
    expect_closed(busy);
    expect_closed(idle);
    fake_jobs_let_go(rig.jobs);
    assert_int_equal(access(rig.config.control_socket, F_OK), -1);
    ph_io_close(&busy);
    ph_io_close(&idle);
    control_rig_finish(&rig);
}

static void
an_inherited_socket_is_used_and_its_file_left(void **state)
{
    struct control_rig rig;
    struct scratch scratch;
    struct ph_why why;
    char path[300];
    int fd = -1;

    (void)state;
    scratch_make(&scratch);
    (void)snprintf(path, sizeof(path), "%s/inherited", scratch.path);
    assert_int_equal(ph_local_listen(path, 0666, &fd, &why), PH_OK);
    control_rig_start(&rig, fd, 0);
    assert_int_equal(access(rig.config.control_socket, F_OK), -1);
    (void)snprintf(rig.config.control_socket, sizeof(rig.config.control_socket),
                   "%.200s", path);
    fd = dial(&rig);
    assert_int_equal(ASK(fd, PH_OK, .op = PH_CONTROL_STATUS), 1);
    ph_io_close(&fd);
    control_rig_stop(&rig);
    control_rig_finish(&rig);
    assert_int_equal(access(path, F_OK), 0);
    scratch_remove(&scratch);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            anybody_can_connect_and_nobody_can_replace_the_socket, setup,
            teardown),
        cmocka_unit_test_setup_teardown(one_connection_carries_many_requests,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(the_status_has_what_the_parts_say,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(
            a_long_list_comes_whole_to_a_slow_reader, setup, teardown),
        cmocka_unit_test_setup_teardown(
            a_client_that_leaves_in_the_middle_harms_nobody, setup, teardown),
        cmocka_unit_test_setup_teardown(garbage_is_answered_or_cut_off, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(
            requests_may_come_byte_by_byte_and_all_at_once, setup, teardown),
        cmocka_unit_test_setup_teardown(a_slow_disk_delays_only_who_asked,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(connections_are_bounded, setup,
                                        teardown),
        cmocka_unit_test(the_bound_is_for_each_person),
        cmocka_unit_test(silence_ends_a_connection),
        cmocka_unit_test(stopping_waits_for_the_worker_and_answers_nobody),
        cmocka_unit_test(an_inherited_socket_is_used_and_its_file_left),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
