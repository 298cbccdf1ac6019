#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "printhold/base/err.h"
#include "printhold/base/peer.h"

static void
the_kernel_names_the_other_end(void **state)
{
    struct ph_peer peer = {0};
    int fds[2];

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    assert_int_equal(ph_peer_get(fds[0], &peer), PH_OK);
    assert_int_equal(peer.uid, geteuid());
    assert_int_equal(peer.gid, getegid());
    assert_true(peer.pid == 0 || peer.pid == getpid());
    (void)close(fds[0]);
    (void)close(fds[1]);
}

static void
what_is_no_socket_has_no_peer(void **state)
{
    struct ph_peer peer = {7, 7, 7};
    int fds[2];

    (void)state;
    assert_int_equal(pipe(fds), 0);
    assert_int_not_equal(ph_peer_get(fds[0], &peer), PH_OK);
    assert_int_not_equal(ph_peer_get(-1, &peer), PH_OK);
    assert_int_equal(peer.uid, 7);
    (void)close(fds[0]);
    (void)close(fds[1]);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_kernel_names_the_other_end),
        cmocka_unit_test(what_is_no_socket_has_no_peer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
