/* Inherited sockets and state notices of the service manager. */
#include "service_manager.h"
#include "service_watchdog.h"
#include "scratch.h"

#include <stdbool.h>
#include <string.h>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "printhold/base/attr.h"
#include "printhold/base/io.h"
#include "printhold/base/service_notify.h"

static void
set_env(const char *pid, const char *fds, const char *names)
{
    char own[16];

    (void)snprintf(own, sizeof(own), "%d", (int)getpid());
    assert_int_equal(setenv("LISTEN_PID", pid != NULL ? pid : own, 1), 0);
    assert_int_equal(setenv("LISTEN_FDS", fds, 1), 0);
    assert_int_equal(setenv("LISTEN_FDNAMES", names, 1), 0);
}

static void
a_sign_of_life_is_due_at_half_of_what_is_granted(void **state)
{
    static const struct {
        const char *usec, *pid; /* NULL: not set; "": this process */
        uint64_t expected_ms;
    } cases[] = {
        {NULL, NULL, 0},
        {"120000000", NULL, 60000},
        {"120000000", "", 60000},
        {"120000000", "1", 0},
        {"120000000", "x", 0},
        {"0", "", 0},
        {"1999", "", 0},
        {"2000", "", 1},
        {"-1", "", 0},
        {"2s", "", 0},
    };
    char own[16];

    (void)state;
    (void)snprintf(own, sizeof(own), "%d", (int)getpid());
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        const char *pid = cases[i].pid;

        (void)unsetenv("WATCHDOG_USEC");
        (void)unsetenv("WATCHDOG_PID");
        if (cases[i].usec != NULL)
            (void)setenv("WATCHDOG_USEC", cases[i].usec, 1);
        if (pid != NULL)
            (void)setenv("WATCHDOG_PID", pid[0] == '\0' ? own : pid, 1);
        assert_int_equal(ph_service_watchdog_interval_ms(),
                         cases[i].expected_ms);
    }
    (void)unsetenv("WATCHDOG_USEC");
    (void)unsetenv("WATCHDOG_PID");
}

static int
clear_env(void **state)
{
    (void)state;
    (void)unsetenv("LISTEN_PID");
    (void)unsetenv("LISTEN_FDS");
    (void)unsetenv("LISTEN_FDNAMES");
    (void)unsetenv("NOTIFY_SOCKET");
    return 0;
}

#define INHERITED 3

/* Different sockets from descriptor 3 on. */
static void
inherit(void)
{
    for (int fd = 3; fd < 3 + INHERITED; fd++) {
        int made = socket(AF_UNIX, SOCK_STREAM, 0);

        assert_true(made >= 0);
        if (made != fd) {
            assert_int_equal(dup2(made, fd), fd);
            (void)close(made);
        }
    }
}

/* Is fd, which is closed, the same file as the one that was inherited? */
static bool
is_of(int fd, int inherited)
{
    struct stat a, b;
    bool is_same = fd > inherited && fstat(fd, &a) == 0 &&
                   fstat(inherited, &b) == 0 && a.st_ino == b.st_ino &&
                   (fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0 &&
                   (fcntl(fd, F_GETFL) & O_NONBLOCK) != 0;

    ph_io_close(&fd);
    return is_same;
}

static void
sockets_are_found_by_name(void **state)
{
    static const struct {
        const char *pid, *fds, *names, *asked;
        int expected;
    } cases[] = {
        {NULL, "2", "capture:control", "capture", 3},
        {NULL, "2", "capture:control", "control", 4},
        {NULL, "1", "capture:control", "control", -1},
        {NULL, "2", "capture:control", "contr", -1},
        {NULL, "2", "capture:control", "", -1},
        {NULL, "2", "a:b", "control", -1},
        {NULL, "0", "capture", "capture", -1},
        {NULL, "-1", "capture", "capture", -1},
        {NULL, "99", "capture", "capture", -1},
        {NULL, "x", "capture", "capture", -1},
        {"1", "1", "capture", "capture", -1}, /* another process's */
        {"", "1", "capture", "capture", -1},
    };

    (void)state;
    inherit();
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        set_env(cases[i].pid, cases[i].fds, cases[i].names);
        /* Each time that it is asked for, since the agent starts anew. */
        for (int n = 0; n < 2; n++) {
            int fd = ph_service_socket(cases[i].asked);

            if (cases[i].expected < 0)
                assert_int_equal(fd, -1);
            else
                assert_true(is_of(fd, cases[i].expected));
        }
    }
    for (int fd = 3; fd < 3 + INHERITED; fd++)
        (void)close(fd);
    (void)clear_env(NULL);
    assert_int_equal(ph_service_socket("capture"), -1);
}

static void
a_notice_reaches_the_manager(void **state)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct scratch scratch;
    char text[64];
    ssize_t n;
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    (void)state;
    scratch_make(&scratch);
    assert_true(fd >= 0);
    n = snprintf(address.sun_path, sizeof(address.sun_path), "%.80s/notify",
                 scratch.path);
    assert_true(n > 0 && (size_t)n < sizeof(address.sun_path));
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(setenv("NOTIFY_SOCKET", address.sun_path, 1), 0);
    ph_service_notify("READY=1");
    n = recv(fd, text, sizeof(text), MSG_DONTWAIT);
    assert_int_equal(n, 7);
    assert_memory_equal(text, "READY=1", 7);
    ph_io_close(&fd);
    scratch_remove(&scratch);
}

static void
nobody_to_notify_is_fine(void **state)
{
    static const char *const paths[] = {"", "relative", "/nonexistent/notify"};

    (void)state;
    for (size_t i = 0; i < PH_COUNT(paths); i++) {
        assert_int_equal(setenv("NOTIFY_SOCKET", paths[i], 1), 0);
        ph_service_notify("READY=1");
    }
    assert_int_equal(unsetenv("NOTIFY_SOCKET"), 0);
    ph_service_notify("READY=1");
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, clear_env)
    const struct CMUnitTest tests[] = {
        TEST(sockets_are_found_by_name),
        TEST(a_notice_reaches_the_manager),
        TEST(nobody_to_notify_is_fine),
        TEST(a_sign_of_life_is_due_at_half_of_what_is_granted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
