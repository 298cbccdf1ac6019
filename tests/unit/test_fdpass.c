#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "printhold/base/err.h"
#include "printhold/base/fdpass.h"

static int pair[2];

static int
setup(void **state)
{
    (void)state;
    return socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
}

static int
teardown(void **state)
{
    (void)state;
    (void)close(pair[0]);
    (void)close(pair[1]);
    return 0;
}

/* Open descriptors below 100. */
static int
count_fds(void)
{
    int count = 0;

    for (int fd = 0; fd < 100; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

static void
a_descriptor_arrives_with_its_bytes(void **state)
{
    char bytes[16];
    size_t len = 0;
    struct stat sent, got;
    int pipe_fds[2], fd = -1;

    (void)state;
    assert_int_equal(pipe(pipe_fds), 0);
    assert_int_equal(ph_fdpass_send(pair[0], "hello", 5, pipe_fds[1]), PH_OK);
    assert_int_equal(ph_fdpass_recv(pair[1], bytes, sizeof(bytes), &len, &fd),
                     PH_OK);
    assert_true(len >= 1 && len <= 5);
    assert_memory_equal(bytes, "hello", len);
    assert_true(fd >= 0);
    assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    assert_int_equal(fstat(pipe_fds[1], &sent), 0);
    assert_int_equal(fstat(fd, &got), 0);
    assert_true(sent.st_ino == got.st_ino);
    (void)close(fd);
    (void)close(pipe_fds[0]);
    (void)close(pipe_fds[1]);
}

static void
bytes_without_a_descriptor_give_minus_one(void **state)
{
    char bytes[16];
    size_t len = 0;
    int fd = 7;

    (void)state;
    assert_int_equal(write(pair[0], "abc", 3), 3);
    assert_int_equal(ph_fdpass_recv(pair[1], bytes, sizeof(bytes), &len, &fd),
                     PH_OK);
    assert_int_equal(len, 3);
    assert_int_equal(fd, -1);
}

/* Send count copies of standard input's descriptor in one message. */
static void
send_many(int count)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(8 * sizeof(int))];
    } control;
    struct iovec iov = {.iov_base = (char[]){"x"}, .iov_len = 1};
    struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
    struct cmsghdr *cmsg;
    int fds[8];

    for (int i = 0; i < 8; i++)
        fds[i] = pair[0];
    memset(&control, 0, sizeof(control));
    msg.msg_control = control.bytes;
    msg.msg_controllen = CMSG_SPACE((size_t)count * sizeof(int));
    cmsg = CMSG_FIRSTHDR(&msg);
    cmsg->cmsg_level = SOL_SOCKET;
    cmsg->cmsg_type = SCM_RIGHTS;
    cmsg->cmsg_len = CMSG_LEN((size_t)count * sizeof(int));
    memcpy(CMSG_DATA(cmsg), fds, (size_t)count * sizeof(int));
    assert_int_equal(sendmsg(pair[0], &msg, 0), 1);
}

static void
more_than_one_descriptor_is_refused_and_none_leaks(void **state)
{
    static const int counts[] = {2, 3, 4, 5, 8};
    char bytes[16];

    (void)state;
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        int before = count_fds(), fd = 7;
        size_t len = 99;

        send_many(counts[i]);
        assert_int_equal(
            ph_fdpass_recv(pair[1], bytes, sizeof(bytes), &len, &fd),
            PH_ERR_PROTOCOL);
        assert_int_equal(count_fds(), before);
        assert_int_equal(fd, 7);
        assert_int_equal(len, 99);
    }
}

static void
the_end_of_the_stream_is_closed(void **state)
{
    char bytes[4];
    size_t len = 99;
    int fd = 7;

    (void)state;
    assert_int_equal(shutdown(pair[0], SHUT_WR), 0);
    assert_int_equal(ph_fdpass_recv(pair[1], bytes, sizeof(bytes), &len, &fd),
                     PH_ERR_CLOSED);
    assert_int_equal(len, 99);
    assert_int_equal(fd, 7);
}

static void
nothing_to_carry_the_descriptor_is_invalid(void **state)
{
    (void)state;
    assert_int_equal(ph_fdpass_send(pair[0], "", 0, 0), PH_ERR_INVALID);
    assert_int_not_equal(ph_fdpass_send(pair[0], "x", 1, -1), PH_OK);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_descriptor_arrives_with_its_bytes,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(
            bytes_without_a_descriptor_give_minus_one, setup, teardown),
        cmocka_unit_test_setup_teardown(
            more_than_one_descriptor_is_refused_and_none_leaks, setup,
            teardown),
        cmocka_unit_test_setup_teardown(the_end_of_the_stream_is_closed, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(
            nothing_to_carry_the_descriptor_is_invalid, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
