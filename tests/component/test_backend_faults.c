/*
 * The backend as cupsd runs it, when something goes wrong around it: the agent
 * misbehaves or goes away, signals come, other people look.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <setjmp.h>

#include <cmocka.h>

#include "backend_rig.h"
#include "pdf_maker.h"
#include "printhold/base/attr.h"
#include "printhold/base/buf.h"
#include "scratch.h"

#define MIB (1024 * 1024)

static void
make_pdf(struct ph_buf *pdf, unsigned pages, size_t filler)
{
    ph_buf_init(pdf, 64 * MIB);
    assert_int_equal(pdf_make(pdf, pages, filler, "TestApp 1.2", "Maker"), 0);
}

/* --- the agent misbehaves --- */

static void
each_fault_of_the_agent_has_its_exit_code(void **state)
{
    static const struct {
        const char *mode;
        int code;
        const char *says;
    } cases[] = {
        /* before ACCEPT the backend waits, then the job is held */
        {"vanish-connect", 3, "JOBSTATE: account-printhold"},
        {"vanish-begin", 3, "WARNING: Waiting here: the hold service"},
        {"garbage", 3, "INFO: Waiting: what answers"},
        {"oversized", 3, "INFO: Waiting: what answers"},
        {"empty-frame", 3, "INFO: Waiting: what answers"},
        {"no-descriptor", 3, "INFO: Waiting: what answers"},
        {"readable-descriptor", 3, "INFO: Waiting: what answers"},
        {"short-accept", 3, "INFO: Waiting: what answers"},
        {"other-version", 3, "INFO: Waiting: what answers"},
        {"other-type", 3, "INFO: Waiting: what answers"},
        /* later cupsd must send the document anew; at once only where losses
         * can be counted: test_backend_lost.c */
        {"vanish-accept", 6, "INFO: The hold service on this computer stopped"},
        {"vanish-progress", 6, "stopped in the middle"},
        {"vanish-commit", 6, "stopped in the middle"},
        {"garbage-done", 6, "stopped in the middle"},
        /* refusals say what they want */
        {"refuse-retry", 6, "INFO: The fake agent says no."},
        {"refuse-hold", 3, "WARNING: Waiting here: The fake agent says no."},
        {"refuse-cancel", 5, "ERROR: The fake agent says no."},
        {"refuse-progress", 5, "ERROR: The fake agent says no."},
        {"refuse-commit", 3, "WARNING: Waiting here: The fake agent says no."},
    };
    struct rig *rig = *state;
    struct ph_buf pdf;

    make_pdf(&pdf, 1, 20 * MIB);
    rig->settings = "agent_wait = 1s\n";
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        rig_agent(rig, cases[i].mode, NULL);
        rig_expect_code(cases[i].mode, rig_print(rig, pdf.data, pdf.len),
                        cases[i].code);
        rig_expect_stderr(rig, cases[i].says);
        rig_agent_stop(rig);
    }
    rig_expect_no_violation(rig);
    ph_buf_close(&pdf);
}

static void
a_stranger_at_the_socket_gets_nothing(void **state)
{
    struct rig *rig = *state;

    if (geteuid() != 0)
        fail_msg("needs root to become a stranger");
    rig->settings = "agent_wait = 1s\n";
    rig_agent(rig, "accept", "65534");
    assert_int_equal(rig_print(rig, "x", 1), 3);
    rig_expect_stderr(rig, "is not it");
    assert_int_equal(rig_count_log(rig, "begin"), 0);
}

static void
a_job_waits_for_an_agent_that_comes_later(void **state)
{
    struct rig *rig = *state;
    struct ph_buf pdf;

    make_pdf(&pdf, 1, 10);
    rig->settings = "agent_wait = 60s\n";
    rig_start(rig);
    rig_wait_stderr(rig, "INFO: Waiting for the hold service");
    rig_agent(rig, "accept", NULL);
    rig_feed(rig, pdf.data, pdf.len);
    assert_int_equal(rig_finish(rig), 0);
    rig_expect_stderr(rig, "STATE: +connecting-to-device");
    rig_expect_stderr(rig, "STATE: -connecting-to-device");
    rig_expect_document(rig, 0, pdf.data, pdf.len);
    ph_buf_close(&pdf);
}

static void
an_agent_lost_while_a_filter_is_slow_is_noticed_at_once(void **state)
{
    struct rig *rig = *state;

    rig_agent(rig, "accept", NULL);
    rig_start(rig);
    rig_feed(rig, "%PDF-1.4\n", 9);
    rig_wait_log(rig, "begin");
    rig_wait_consumed(rig);
    rig_agent_stop(rig);
    /* No end of file: only the lost connection can end this. */
    assert_int_equal(rig_wait(rig), 6);
}

/* --- signals --- */

/* SR-08 */
static void
sigterm_ends_the_job_at_any_byte(void **state)
{
    static const size_t offsets[] = {0,       1,       1023,        1024,
                                     65535,   65536,   262144,      MIB + 1,
                                     8 * MIB, 9 * MIB, 20 * MIB + 5};
    struct rig *rig = *state;
    struct ph_buf pdf;

    make_pdf(&pdf, 1, 21 * MIB);
    rig_agent(rig, "accept", NULL);
    for (size_t i = 0; i < PH_COUNT(offsets); i++) {
        rig_start(rig);
        rig_wait_log_count(rig, "begin", (unsigned)i + 1);
        rig_feed(rig, pdf.data, offsets[i]);
        rig_wait_consumed(rig);
        assert_int_equal(kill(rig->backend, SIGTERM), 0);
        rig_expect_code("sigterm", rig_wait(rig), 6);
        assert_null(strstr(rig->errors, "ERROR"));
    }
    assert_int_equal(rig_count_log(rig, "commit"), 0);
    rig_expect_no_violation(rig);
    ph_buf_close(&pdf);
}

static void
sigterm_ends_the_waiting_for_the_agent(void **state)
{
    struct rig *rig = *state;

    rig->settings = "agent_wait = 60s\n";
    rig_start(rig);
    rig_wait_stderr(rig, "INFO: Waiting");
    assert_int_equal(kill(rig->backend, SIGTERM), 0);
    assert_int_equal(rig_wait(rig), 6);
}

static void
sigterm_before_the_agents_answer_leaves_no_acknowledgement(void **state)
{
    struct rig *rig = *state;
    struct ph_buf pdf;

    make_pdf(&pdf, 1, 10);
    rig_agent(rig, "hang-commit", NULL);
    rig_start(rig);
    rig_feed(rig, pdf.data, pdf.len);
    rig_close_input(rig);
    rig_wait_log(rig, "commit");
    assert_int_equal(kill(rig->backend, SIGTERM), 0);
    assert_int_equal(rig_wait(rig), 6);
    assert_int_equal(rig_count_log(rig, "ack"), 0);
    ph_buf_close(&pdf);
}

static void
a_worker_that_dies_makes_the_job_tried_again_and_leaves_no_core(void **state)
{
    static const int signals[] = {SIGKILL, SIGSEGV, SIGABRT, SIGBUS};
    struct rig *rig = *state;
    char core[300];

    rig_agent(rig, "accept", NULL);
    for (size_t i = 0; i < PH_COUNT(signals); i++) {
        rig_start(rig);
        rig_feed(rig, "%PDF-1.4\n", 9);
        rig_wait_consumed(rig);
        assert_int_equal(kill(rig_worker(rig), signals[i]), 0);
        rig_expect_code("dead worker", rig_wait(rig), 6);
        rig_expect_stderr(rig, "ERROR: Taking the job ended unexpectedly");
    }
    (void)snprintf(core, sizeof(core), "%s/core", rig->dir.path);
    assert_int_equal(access(core, F_OK), -1);
}

static void
no_process_outlives_the_backend(void **state)
{
    struct rig *rig = *state;

    rig_agent(rig, "accept", NULL);
    rig_start(rig);
    rig_feed(rig, "%PDF-1.4\n", 9);
    rig_wait_consumed(rig);
    assert_int_equal(kill(rig_worker(rig), SIGKILL), 0);
    assert_int_equal(rig_wait(rig), 6);
    /* rig_wait read standard error to its end: nobody holds it open. */
    assert_int_equal(rig_children_left(rig), 0);
}

/* --- secrets --- */

static void
arguments_are_not_to_be_seen_by_others(void **state)
{
    struct rig *rig = *state;
    char path[64], shown[4096];
    size_t len = 0;
    FILE *file;

    rig->title = "Redundancy plan";
    rig->options = "job-password=1234";
    rig_agent(rig, "hang-begin", NULL);
    rig_start(rig);
    rig_wait_log(rig, "begin");
    for (int i = 0; i < 2; i++) {
        pid_t pid = i == 0 ? rig->backend : rig_worker(rig);

        (void)snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)pid);
        file = fopen(path, "r");
        assert_non_null(file);
        len = fread(shown, 1, sizeof(shown), file);
        (void)fclose(file);
        assert_true(len > 0);
        assert_null(memmem(shown, len, "Redundancy", 10));
        assert_null(memmem(shown, len, "1234", 4));
        assert_null(memmem(shown, len, "job-uuid", 8));
    }
    assert_int_equal(kill(rig->backend, SIGTERM), 0);
    assert_int_equal(rig_wait(rig), 6);
}

static void
a_password_in_the_environment_is_overwritten(void **state)
{
    struct rig *rig = *state;
    char path[64], shown[8192];
    size_t len;
    FILE *file;

    rig->password = "correct horse";
    rig_agent(rig, "hang-begin", NULL);
    rig_start(rig);
    rig_wait_log(rig, "begin");
    (void)snprintf(path, sizeof(path), "/proc/%d/environ", (int)rig->backend);
    file = fopen(path, "r");
    assert_non_null(file);
    len = fread(shown, 1, sizeof(shown), file);
    (void)fclose(file);
    assert_non_null(memmem(shown, len, "AUTH_USERNAME", 13));
    assert_null(memmem(shown, len, "correct", 7));
    assert_int_equal(kill(rig->backend, SIGTERM), 0);
    assert_int_equal(rig_wait(rig), 6);
}

static void
the_worker_is_confined_before_it_reads(void **state)
{
    struct rig *rig = *state;

    rig_agent(rig, "accept", NULL);
    rig_start(rig);
    rig_feed(rig, "%PDF-1.4\n", 9);
    rig_wait_consumed(rig);
    rig_expect_status(rig_worker(rig), "NoNewPrivs:\t1");
    rig_expect_status(rig_worker(rig), "Seccomp:\t2");
    assert_int_equal(kill(rig->backend, SIGTERM), 0);
    assert_int_equal(rig_wait(rig), 6);
}

static void
messages_hold_neither_title_nor_user(void **state)
{
    struct rig *rig = *state;

    rig->title = "Redundancy plan";
    rig_agent(rig, "vanish-accept", NULL);
    rig_start(rig);
    assert_int_equal(rig_wait(rig), 6);
    assert_null(strstr(rig->errors, "Redundancy"));
    assert_null(strstr(rig->errors, rig->auth_username));
}

#define T(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)

/* An argument is a pattern: only the tests that it matches run. */
int
main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        T(each_fault_of_the_agent_has_its_exit_code),
        T(a_stranger_at_the_socket_gets_nothing),
        T(a_job_waits_for_an_agent_that_comes_later),
        T(an_agent_lost_while_a_filter_is_slow_is_noticed_at_once),
        T(sigterm_ends_the_job_at_any_byte),
        T(sigterm_ends_the_waiting_for_the_agent),
        T(sigterm_before_the_agents_answer_leaves_no_acknowledgement),
        T(a_worker_that_dies_makes_the_job_tried_again_and_leaves_no_core),
        T(no_process_outlives_the_backend),
        T(arguments_are_not_to_be_seen_by_others),
        T(a_password_in_the_environment_is_overwritten),
        T(the_worker_is_confined_before_it_reads),
        T(messages_hold_neither_title_nor_user),
    };

    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    (void)signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
