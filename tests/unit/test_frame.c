/* Unit tests of proto/frame. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cmocka.h>

#include "printhold/base/attr.h"
#include "printhold/base/err.h"
#include "printhold/base/io.h"
#include "printhold/proto/frame.h"

static const uint8_t good[] = {0, 0, 0, 3, 9, 'a', 'b', 0, 0};

static void
a_frame_is_found_at_the_front(void **state)
{
    struct ph_frame frame;
    size_t used = 0;

    (void)state;
    assert_int_equal(ph_frame_parse(good, sizeof(good), 64, &frame, &used),
                     PH_OK);
    assert_int_equal(used, 7);
    assert_int_equal(frame.type, 9);
    assert_int_equal(frame.len, 2);
    assert_memory_equal(frame.body, "ab", 2);
}

static void
every_shorter_front_is_incomplete(void **state)
{
    struct ph_frame frame = {.type = 42};
    size_t used = 42;

    (void)state;
    for (size_t len = 0; len < 7; len++)
        assert_int_equal(ph_frame_parse(good, len, 64, &frame, &used),
                         PH_ERR_AGAIN);
    assert_int_equal(frame.type, 42);
    assert_int_equal(used, 42);
}

static const struct {
    const char *name;
    uint8_t bytes[5];
    size_t max;
    int err;
} bad[] = {
    {"no type byte", {0, 0, 0, 0, 1}, 64, PH_ERR_PROTOCOL},
    {"longer than the caller takes", {0, 0, 0, 65, 1}, 64, PH_ERR_TOO_BIG},
    {"longer than a frame can be", {0, 16, 0, 1, 1}, SIZE_MAX, PH_ERR_TOO_BIG},
    {"length of all ones", {255, 255, 255, 255, 1}, SIZE_MAX, PH_ERR_TOO_BIG},
    {"text of another protocol",
     {'G', 'E', 'T', ' ', '/'},
     65536,
     PH_ERR_TOO_BIG},
};

static void
impossible_lengths_are_refused_at_once(void **state)
{
    struct ph_frame frame;
    size_t used;

    (void)state;
    for (size_t i = 0; i < PH_COUNT(bad); i++)
        if (ph_frame_parse(bad[i].bytes, 5, bad[i].max, &frame, &used) !=
            bad[i].err)
            fail_msg("%s", bad[i].name);
}

static void
put_and_parse_are_inverse_and_bounded(void **state)
{
    static uint8_t body[PH_FRAME_MAX];
    struct ph_frame frame;
    struct ph_buf buf;
    size_t used;

    (void)state;
    ph_buf_init(&buf, PH_FRAME_MAX + 16);
    assert_int_equal(ph_frame_put(&buf, 1, body, PH_FRAME_MAX), PH_ERR_TOO_BIG);
    assert_int_equal(buf.len, 0);
    assert_int_equal(ph_frame_put(&buf, 1, NULL, 0), PH_OK);
    assert_int_equal(ph_frame_parse(buf.data, buf.len, 1, &frame, &used),
                     PH_OK);
    assert_int_equal(frame.len, 0);
    /* No room: the buffer is as before. */
    assert_int_equal(ph_frame_put(&buf, 1, body, PH_FRAME_MAX - 1), PH_OK);
    assert_int_equal(ph_frame_put(&buf, 1, body, 64), PH_ERR_TOO_BIG);
    assert_int_equal(buf.len, 5 + PH_FRAME_MAX + 4);
    ph_buf_close(&buf);
}

static void
the_receiver_takes_one_frame_and_leaves_the_next(void **state)
{
    struct ph_frame frame;
    struct ph_buf buf;
    int pair[2];

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    ph_buf_init(&buf, PH_FRAME_MAX + PH_FRAME_HEAD);
    assert_int_equal(ph_frame_send(pair[0], 1, "one", 3), PH_OK);
    assert_int_equal(ph_frame_send(pair[0], 2, "second", 6), PH_OK);
    ph_io_close(&pair[0]);
    assert_int_equal(ph_frame_recv(pair[1], 64, &buf, &frame), PH_OK);
    assert_int_equal(frame.type, 1);
    assert_memory_equal(frame.body, "one", 3);
    assert_int_equal(ph_frame_recv(pair[1], 64, &buf, &frame), PH_OK);
    assert_int_equal(frame.type, 2);
    assert_memory_equal(frame.body, "second", 6);
    assert_int_equal(ph_frame_recv(pair[1], 64, &buf, &frame), PH_ERR_CLOSED);
    ph_io_close(&pair[1]);
    ph_buf_close(&buf);
}

/* What is sent, and what the receiver makes of it. */
static const struct {
    const char *name;
    const char *bytes;
    size_t len;
    int err;
} cut[] = {
    {"end inside the length", "\0\0", 2, PH_ERR_TRUNCATED},
    {"end before the type", "\0\0\0\2", 4, PH_ERR_TRUNCATED},
    {"end inside the body", "\0\0\0\5\1ab", 7, PH_ERR_TRUNCATED},
    {"no type", "\0\0\0\0", 4, PH_ERR_PROTOCOL},
    {"too long", "\0\0\1\0", 4, PH_ERR_TOO_BIG},
};

static void
a_receiver_tells_cut_and_impossible_frames(void **state)
{
    struct ph_frame frame;

    (void)state;
    for (size_t i = 0; i < PH_COUNT(cut); i++) {
        struct ph_buf buf;
        int pair[2], err;

        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
        assert_int_equal(ph_io_write_full(pair[0], cut[i].bytes, cut[i].len),
                         PH_OK);
        ph_io_close(&pair[0]);
        ph_buf_init(&buf, 512);
        err = ph_frame_recv(pair[1], 255, &buf, &frame);
        ph_buf_close(&buf);
        ph_io_close(&pair[1]);
        if (err != cut[i].err)
            fail_msg("%s: %s", cut[i].name, ph_err_text(err));
    }
}

static void
silence_ends_by_the_time_limit_of_the_socket(void **state)
{
    const struct timeval limit = {.tv_usec = 20000};
    struct ph_frame frame;
    struct ph_buf buf;
    int pair[2];

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    assert_int_equal(
        setsockopt(pair[1], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)), 0);
    ph_buf_init(&buf, 512);
    assert_int_equal(ph_frame_recv(pair[1], 64, &buf, &frame), PH_ERR_TIMEOUT);
    ph_buf_close(&buf);
    ph_io_close(&pair[0]);
    ph_io_close(&pair[1]);
}

static void
sending_to_someone_who_left_is_an_error_and_no_signal(void **state)
{
    int pair[2];

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    ph_io_close(&pair[1]);
    assert_int_equal(ph_frame_send(pair[0], 1, "x", 1), PH_ERR_CLOSED);
    ph_io_close(&pair[0]);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_frame_is_found_at_the_front),
        cmocka_unit_test(every_shorter_front_is_incomplete),
        cmocka_unit_test(impossible_lengths_are_refused_at_once),
        cmocka_unit_test(put_and_parse_are_inverse_and_bounded),
        cmocka_unit_test(the_receiver_takes_one_frame_and_leaves_the_next),
        cmocka_unit_test(a_receiver_tells_cut_and_impossible_frames),
        cmocka_unit_test(silence_ends_by_the_time_limit_of_the_socket),
        cmocka_unit_test(sending_to_someone_who_left_is_an_error_and_no_signal),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
