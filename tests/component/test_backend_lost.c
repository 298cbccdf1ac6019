/*
 * The backend when the agent is lost in the middle of a job: it waits until
 * one answers again and has cupsd start it again at once, but not for ever.
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <setjmp.h>

#include <cmocka.h>

#include "backend_rig.h"
#include "printhold/base/attr.h"
#include "scratch.h"

#define WAITING "INFO: Waiting for the hold service"
#define MAX     3 /* losses within ten minutes that are healed at once */

static int
setup(void **state)
{
    struct rig *rig;

    if (rig_setup(state) != 0)
        return -1;
    rig = *state;
    rig->tmpdir = rig->dir.path;
    rig->settings = "agent_wait = 60s\n";
    return 0;
}

static void
losses_path(const struct rig *rig, char *dst, size_t cap)
{
    (void)snprintf(dst, cap, "%s/printhold-lost", rig->dir.path);
}

/* Half a document, and the agent goes. */
static void
lose(struct rig *rig)
{
    rig_agent(rig, "accept", NULL);
    rig_start(rig);
    rig_feed(rig, "%PDF-1.4\n", 9);
    rig_wait_consumed(rig);
    rig_agent_stop(rig);
}

/* And comes again; the exit code. */
static int
lose_and_return(struct rig *rig)
{
    int code;

    lose(rig);
    rig_wait_stderr(rig, WAITING);
    rig_agent(rig, "accept", NULL);
    code = rig_wait(rig);
    rig_agent_stop(rig);
    return code;
}

/* The exit code of one that should not wait at all. */
static int
lose_for_good(struct rig *rig)
{
    int code;

    lose(rig);
    code = rig_wait(rig);
    assert_null(strstr(rig->errors, WAITING));
    return code;
}

static void
set_age(const struct rig *rig, time_t seconds)
{
    const struct timespec when = {time(NULL) - seconds, 0};
    const struct timespec both[2] = {when, when};
    char path[300];

    losses_path(rig, path, sizeof(path));
    assert_int_equal(utimensat(AT_FDCWD, path, both, 0), 0);
}

static void
an_agent_that_comes_back_makes_cupsd_start_again_at_once(void **state)
{
    struct rig *rig = *state;

    assert_int_equal(lose_and_return(rig), 7);
    rig_expect_stderr(rig, "INFO: The hold service on this computer stopped");
    rig_expect_stderr(rig, "STATE: +connecting-to-device");
    rig_expect_stderr(rig, "STATE: -connecting-to-device");
    rig_expect_no_violation(rig);
    assert_int_equal(rig_children_left(rig), 0);
}

static void
one_that_does_not_come_back_leaves_the_job_held(void **state)
{
    struct rig *rig = *state;

    rig->settings = "agent_wait = 2s\n";
    lose(rig);
    assert_int_equal(rig_wait(rig), 3);
    rig_expect_stderr(rig, WAITING);
    rig_expect_stderr(rig, "JOBSTATE: account-printhold");
    rig_expect_stderr(rig, "WARNING: Waiting here: the hold service");
    rig_expect_stderr(rig, "STATE: -connecting-to-device");
}

static void
a_stranger_in_its_place_is_not_it(void **state)
{
    struct rig *rig = *state;

    if (geteuid() != 0)
        fail_msg("needs root to become a stranger");
    rig->settings = "agent_wait = 2s\n";
    lose(rig);
    rig_wait_stderr(rig, WAITING);
    rig_agent(rig, "accept", "65534");
    assert_int_equal(rig_wait(rig), 3);
}

static void
an_agent_that_dies_each_time_is_left_to_cupsds_pace(void **state)
{
    struct rig *rig = *state;

    for (int i = 0; i < MAX; i++)
        assert_int_equal(lose_and_return(rig), 7);
    assert_int_equal(lose_for_good(rig), 6);
    set_age(rig, 550);
    assert_int_equal(lose_for_good(rig), 6);
    set_age(rig, 660);
    for (int i = 0; i < MAX; i++)
        assert_int_equal(lose_and_return(rig), 7);
    /* A clock that was set back does not lock it out. */
    set_age(rig, -3600);
    assert_int_equal(lose_and_return(rig), 7);
}

static void
what_cannot_be_counted_is_left_to_cupsds_pace(void **state)
{
    struct rig *rig = *state;
    char path[300], other[300];

    rig->tmpdir = NULL;
    assert_int_equal(lose_for_good(rig), 6);
    rig->tmpdir = "relative";
    assert_int_equal(lose_for_good(rig), 6);
    rig->tmpdir = "/nonexistent";
    assert_int_equal(lose_for_good(rig), 6);

    rig->tmpdir = rig->dir.path;
    losses_path(rig, path, sizeof(path));
    (void)snprintf(other, sizeof(other), "%s/other", rig->dir.path);
    scratch_write(other, "", 0);
    assert_int_equal(symlink(other, path), 0);
    assert_int_equal(lose_for_good(rig), 6);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(link(other, path), 0);
    assert_int_equal(lose_for_good(rig), 6);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(lose_for_good(rig), 6);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(lose_for_good(rig), 6);
}

static void
a_counter_of_somebody_else_is_not_believed(void **state)
{
    struct rig *rig = *state;
    char path[300];

    if (geteuid() != 0)
        fail_msg("needs root to make a file of another");
    losses_path(rig, path, sizeof(path));
    scratch_write(path, "", 0);
    assert_int_equal(chown(path, 65534, 65534), 0);
    assert_int_equal(lose_for_good(rig), 6);
}

/* By time-at-processing, in seconds, the agent tells attempts. */
static void
the_next_attempt_is_in_another_second(void **state)
{
    struct rig *rig = *state;
    char options[200];
    time_t second = time(NULL);

    rig_agent(rig, "accept", NULL);
    while (time(NULL) == second)
        (void)poll(NULL, 0, 1);
    /* As if cupsd's clock had been a second ahead: the first look is then. */
    second = time(NULL) + 1;
    (void)snprintf(options, sizeof(options),
                   "job-uuid=urn:uuid:01234567-89ab-cdef-0123-456789abcdef "
                   "time-at-processing=%lld",
                   (long long)second);
    rig->options = options;
    rig_start(rig);
    rig_feed(rig, "%PDF-1.4\n", 9);
    rig_wait_consumed(rig);
    rig_agent_stop(rig);
    rig_agent(rig, "accept", NULL);
    assert_int_equal(rig_wait(rig), 7);
    assert_true(time(NULL) > second);
}

static void
sigterm_ends_the_wait(void **state)
{
    struct rig *rig = *state;

    lose(rig);
    rig_wait_stderr(rig, WAITING);
    assert_int_equal(kill(rig->backend, SIGTERM), 0);
    assert_int_equal(rig_wait(rig), 6);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, rig_teardown)

/* An argument is a pattern: only the tests that it matches run. */
int
main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        T(an_agent_that_comes_back_makes_cupsd_start_again_at_once),
        T(one_that_does_not_come_back_leaves_the_job_held),
        T(a_stranger_in_its_place_is_not_it),
        T(an_agent_that_dies_each_time_is_left_to_cupsds_pace),
        T(what_cannot_be_counted_is_left_to_cupsds_pace),
        T(a_counter_of_somebody_else_is_not_believed),
        T(the_next_attempt_is_in_another_second),
        T(sigterm_ends_the_wait),
    };

    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    (void)signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
