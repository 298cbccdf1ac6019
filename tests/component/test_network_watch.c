/*
 * Hints of changes, with the real kernel: in network and host name namespaces
 * of our own, so that nothing of this computer changes.
 */
#include "network_watch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sched.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "printhold/base/err.h"

#define WITHIN_MS 2000
#define QUIET_MS  1500
#define SETTLE_MS 500

struct rig {
    uv_loop_t loop;
    struct ph_network_watch *watch;
    uv_timer_t timer;
    unsigned hints;
    bool is_over;
    bool is_done;
};

static void
on_hint(void *arg)
{
    struct rig *rig = arg;

    rig->hints++;
}

static void
on_done(void *arg)
{
    struct rig *rig = arg;

    assert_false(rig->is_done);
    rig->is_done = true;
}

static void
on_over(uv_timer_t *timer)
{
    struct rig *rig = timer->data;

    rig->is_over = true;
}

static int
set_up(void **state)
{
    struct rig *rig = calloc(1, sizeof(*rig));

    assert_int_equal(unshare(CLONE_NEWNET | CLONE_NEWUTS), 0);
    assert_int_equal(uv_loop_init(&rig->loop), 0);
    assert_int_equal(uv_timer_init(&rig->loop, &rig->timer), 0);
    rig->timer.data = rig;
    assert_int_equal(
        ph_network_watch_start(&rig->loop, on_hint, rig, &rig->watch), PH_OK);
    *state = rig;
    return 0;
}

static int
tear_down(void **state)
{
    struct rig *rig = *state;

    ph_network_watch_stop(rig->watch, on_done, rig);
    uv_close((uv_handle_t *)&rig->timer, NULL);
    (void)uv_run(&rig->loop, UV_RUN_DEFAULT);
    assert_true(rig->is_done);
    assert_int_equal(uv_loop_close(&rig->loop), 0);
    free(rig);
    return 0;
}

static void
run_for(struct rig *rig, uint64_t ms, unsigned hints)
{
    rig->is_over = false;
    (void)uv_timer_start(&rig->timer, on_over, ms, 0);
    while (!rig->is_over && rig->hints < hints)
        (void)uv_run(&rig->loop, UV_RUN_ONCE);
    (void)uv_timer_stop(&rig->timer);
}

/* What went before is over. */
static void
settle(struct rig *rig)
{
    do {
        rig->hints = 0;
        run_for(rig, SETTLE_MS, 1);
    } while (rig->hints > 0);
}

static void
ip(const char *arguments)
{
    char command[256];
    char shell[] = "sh", option[] = "-c";
    char *const argv[] = {shell, option, command, NULL};
    int status;
    pid_t pid;

    (void)snprintf(command, sizeof(command), "PATH=$PATH:/sbin:/usr/sbin ip %s",
                   arguments);
    assert_int_equal(posix_spawnp(&pid, shell, NULL, NULL, argv, environ), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static void
each_change_is_hinted_within_two_seconds(void **state)
{
    static const char *const changes[] = {
        "link set lo up",
        "link add wks type veth peer name far",
        "link set wks up",
        "addr add 10.1.2.3/24 dev wks",
        "link set far up", /* a carrier */
        "-6 addr add 2001:db8::3/64 dev wks nodad",
        "route add default via 10.1.2.1",
        "route del default",
        "addr del 10.1.2.3/24 dev wks",
        "link set far down",
        "link del wks",
    };
    struct rig *rig = *state;

    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        settle(rig);
        ip(changes[i]);
        run_for(rig, WITHIN_MS, 1);
        if (rig->hints != 1)
            fail_msg("no hint: ip %s", changes[i]);
    }
}

static void
the_host_name_is_hinted(void **state)
{
    struct rig *rig = *state;

    settle(rig);
    assert_int_equal(sethostname("lt-new", 6), 0);
    run_for(rig, WITHIN_MS, 1);
    assert_int_equal(rig->hints, 1);
}

static void
a_crowd_is_one_hint_and_does_not_put_it_off(void **state)
{
    struct rig *rig = *state;
    char text[64];

    settle(rig);
    for (int i = 1; i < 30; i++) {
        (void)snprintf(text, sizeof(text), "addr add 127.0.9.%d/8 dev lo", i);
        ip(text);
    }
    run_for(rig, QUIET_MS, UINT32_MAX);
    assert_in_range(rig->hints, 1, 2);
    /* One every 100 ms: never 300 ms of quiet, and a hint all the same. */
    rig->hints = 0;
    for (int i = 30; i < 50 && rig->hints == 0; i++) {
        (void)snprintf(text, sizeof(text), "addr add 127.0.9.%d/8 dev lo", i);
        ip(text);
        run_for(rig, 100, 1);
    }
    assert_int_equal(rig->hints, 1);
}

static void
a_route_to_one_host_is_no_change(void **state)
{
    struct rig *rig = *state;

    ip("link set lo up");
    settle(rig);
    ip("route add 10.9.9.9/32 dev lo");
    run_for(rig, QUIET_MS, 1);
    assert_int_equal(rig->hints, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            each_change_is_hinted_within_two_seconds, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_host_name_is_hinted, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            a_crowd_is_one_hint_and_does_not_put_it_off, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_route_to_one_host_is_no_change,
                                        set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
