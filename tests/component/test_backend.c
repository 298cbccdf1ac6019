/*
 * The backend as cupsd runs it, against a strict agent: real processes, a real
 * socket, what is stored decrypted and compared.
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

/* --- what goes well --- */

static void
a_pdf_from_filters_is_held_with_pages_and_ticket(void **state)
{
    struct rig *rig = *state;
    struct ph_buf pdf;

    make_pdf(&pdf, 5, 300000);
    rig_agent(rig, "accept", NULL);
    assert_int_equal(rig_print(rig, pdf.data, pdf.len), 0);
    rig_expect_document(rig, 0, pdf.data, pdf.len);
    rig_expect_ticket(rig, 0, "\"job-impressions\":5");
    rig_expect_ticket(rig, 0, "\"source\":\"TestApp 1.2\"");
    rig_expect_ticket(rig, 0, "\"document-format\":\"application/pdf\"");
    rig_expect_ticket(rig, 0, "\"sides\":\"two-sided-long-edge\"");
    rig_expect_ticket(rig, 0, "\"job-name\":\"A title\"");
    rig_expect_log(rig, "done\nack\nclosed\n");
    ph_buf_close(&pdf);
}

static void
a_file_argument_is_held_and_not_removed(void **state)
{
    struct rig *rig = *state;
    struct ph_buf pdf;
    char path[300];

    make_pdf(&pdf, 2, 10);
    (void)snprintf(path, sizeof(path), "%s/d00007-001", rig->dir.path);
    scratch_write(path, pdf.data, pdf.len);
    rig->file = path;
    rig_agent(rig, "accept", NULL);
    assert_int_equal(rig_print(rig, "not read", 8), 0);
    rig_expect_document(rig, 0, pdf.data, pdf.len);
    rig_expect_ticket(rig, 0, "\"job-impressions\":2");
    assert_int_equal(access(path, R_OK), 0);
    ph_buf_close(&pdf);
}

static void
text_and_unknown_bytes_are_held_as_what_they_are(void **state)
{
    struct rig *rig = *state;

    rig->final_type = "application/octet-stream";
    rig_agent(rig, "accept", NULL);
    assert_int_equal(rig_print(rig, "hello\n", 6), 0);
    rig_expect_ticket(rig, 0, "\"document-format\":\"text/plain\"");
    assert_int_equal(rig_print(rig, "\0\1\2\3", 4), 0);
    rig_expect_ticket(rig, 1,
                      "\"document-format\":\"application/octet-stream\"");
    rig_expect_no_ticket_text(rig, 1, "job-impressions");
}

static void
ten_thousand_pages_are_counted(void **state)
{
    struct rig *rig = *state;
    struct ph_buf pdf;

    make_pdf(&pdf, 10000, 0);
    rig_agent(rig, "accept", NULL);
    assert_int_equal(rig_print(rig, pdf.data, pdf.len), 0);
    rig_expect_ticket(rig, 0, "\"job-impressions\":10000");
    ph_buf_close(&pdf);
}

static void
a_pdf_with_a_password_is_held_with_pages_unknown(void **state)
{
    struct rig *rig = *state;
    struct ph_buf pdf;

    rig_encrypted_pdf(&pdf, "secret", "owner");
    rig_agent(rig, "accept", NULL);
    assert_int_equal(rig_print(rig, pdf.data, pdf.len), 0);
    rig_expect_document(rig, 0, pdf.data, pdf.len);
    rig_expect_no_ticket_text(rig, 0, "job-impressions");
    ph_buf_close(&pdf);
}

static void
a_pdf_with_an_owner_password_only_is_counted(void **state)
{
    struct rig *rig = *state;
    struct ph_buf pdf;

    rig_encrypted_pdf(&pdf, "", "owner");
    rig_agent(rig, "accept", NULL);
    assert_int_equal(rig_print(rig, pdf.data, pdf.len), 0);
    rig_expect_ticket(rig, 0, "\"job-impressions\":3");
    ph_buf_close(&pdf);
}

static void
a_job_is_held_without_a_page_counter(void **state)
{
    struct rig *rig = *state;
    struct ph_buf pdf;

    make_pdf(&pdf, 2, 10);
    rig->pagecount = "/nonexistent/printhold-pagecount";
    rig_agent(rig, "accept", NULL);
    assert_int_equal(rig_print(rig, pdf.data, pdf.len), 0);
    rig_expect_no_ticket_text(rig, 0, "job-impressions");
    ph_buf_close(&pdf);
}

static void
a_document_over_the_counters_limit_has_pages_unknown(void **state)
{
    struct rig *rig = *state;
    struct ph_buf pdf;

    make_pdf(&pdf, 2, 3 * MIB);
    rig->settings = "pagecount_document_max = 1M\n";
    rig_agent(rig, "accept", NULL);
    assert_int_equal(rig_print(rig, pdf.data, pdf.len), 0);
    rig_expect_document(rig, 0, pdf.data, pdf.len);
    rig_expect_no_ticket_text(rig, 0, "job-impressions");
    ph_buf_close(&pdf);
}

static void
progress_is_told_about_every_8_mib(void **state)
{
    struct rig *rig = *state;
    struct ph_buf pdf;

    make_pdf(&pdf, 1, 20 * MIB);
    rig_agent(rig, "accept", NULL);
    assert_int_equal(rig_print(rig, pdf.data, pdf.len), 0);
    rig_expect_document(rig, 0, pdf.data, pdf.len);
    assert_int_equal(rig_count_log(rig, "progress "), 2);
    ph_buf_close(&pdf);
}

static void
hostile_titles_and_options_become_clean_text(void **state)
{
    static const char *const bad[] = {
        "two\nlines",
        "\033[2Jcleared",
        "half \xc3",
        "\xff\xfe",
        "$(reboot)`id`",
        "%n%n%s",
        "../../etc/x",
        ("\xe2\x80\xae"
         "reversed"),
        "\"quote\\",
        "",
    };
    struct rig *rig = *state;
    struct ph_buf pdf;

    make_pdf(&pdf, 1, 10);
    rig_agent(rig, "accept", NULL);
    for (unsigned i = 0; i < PH_COUNT(bad); i++) {
        rig->title = bad[i];
        rig->options = bad[i];
        assert_int_equal(rig_print(rig, pdf.data, pdf.len), 0);
        rig_expect_document(rig, i, pdf.data, pdf.len);
    }
    ph_buf_close(&pdf);
}

static void
a_title_of_3000_bytes_is_cut(void **state)
{
    struct rig *rig = *state;
    struct ph_buf pdf;
    char title[3001];

    memset(title, 'x', sizeof(title) - 1);
    title[sizeof(title) - 1] = '\0';
    make_pdf(&pdf, 1, 10);
    rig->title = title;
    rig_agent(rig, "accept", NULL);
    assert_int_equal(rig_print(rig, pdf.data, pdf.len), 0);
    title[511] = '\0';
    rig_expect_ticket(rig, 0, title);
    ph_buf_close(&pdf);
}

/* --- what is refused --- */

static void
an_empty_document_is_cancelled_with_a_reason(void **state)
{
    struct rig *rig = *state;

    rig_agent(rig, "accept", NULL);
    assert_int_equal(rig_print(rig, "", 0), 5);
    rig_expect_stderr(rig, "ERROR: The document is empty");
    assert_int_equal(rig_count_log(rig, "commit"), 0);
}

static void
a_cut_pdf_is_cancelled_wherever_it_is_cut(void **state)
{
    struct rig *rig = *state;
    struct ph_buf pdf;

    make_pdf(&pdf, 3, 200000);
    rig_agent(rig, "accept", NULL);
    for (size_t len = 1; len < pdf.len - 6; len += pdf.len / 9) {
        assert_int_equal(rig_print(rig, pdf.data, len), 5);
        rig_expect_stderr(rig, "ERROR: The document is not complete");
    }
    assert_int_equal(rig_print(rig, pdf.data, pdf.len - 6), 5);
    assert_int_equal(rig_count_log(rig, "commit"), 0);
    ph_buf_close(&pdf);
}

static void
a_pdf_with_an_end_but_a_missing_middle_is_cancelled(void **state)
{
    struct rig *rig = *state;
    struct ph_buf pdf;

    make_pdf(&pdf, 3, 200000);
    memmove(pdf.data + 1000, pdf.data + 90000, pdf.len - 90000);
    rig_agent(rig, "accept", NULL);
    assert_int_equal(rig_print(rig, pdf.data, pdf.len - 89000), 5);
    rig_expect_stderr(rig, "ERROR: The document is not complete");
    ph_buf_close(&pdf);
}

static void
what_is_no_pdf_after_a_pdf_chain_is_cancelled(void **state)
{
    struct rig *rig = *state;

    rig_agent(rig, "accept", NULL);
    assert_int_equal(rig_print(rig, "%PD", 3), 5);
    rig_expect_stderr(rig, "conversion to PDF failed");
}

static void
a_document_over_the_size_limit_is_cancelled(void **state)
{
    struct rig *rig = *state;
    struct ph_buf pdf;

    make_pdf(&pdf, 1, 3 * MIB);
    rig->job_settings = "job_size_max = 1M\n";
    rig_agent(rig, "accept", NULL);
    assert_int_equal(rig_print(rig, pdf.data, pdf.len), 5);
    rig_expect_stderr(rig, "larger than the 1 MiB");
    assert_int_equal(rig_count_log(rig, "commit"), 0);
    ph_buf_close(&pdf);
}

static void
a_file_system_that_takes_no_more_makes_the_job_held(void **state)
{
    struct rig *rig = *state;
    struct ph_buf pdf;

    make_pdf(&pdf, 1, 3 * MIB);
    rig->file_size_limit = MIB;
    rig_agent(rig, "accept", NULL);
    assert_int_equal(rig_print(rig, pdf.data, pdf.len), 3);
    rig_expect_stderr(rig, "ERROR: No space is left");
    ph_buf_close(&pdf);
}

static void
a_job_without_a_proven_owner_is_cancelled(void **state)
{
    struct rig *rig = *state;

    rig_agent(rig, "accept", NULL);
    rig->auth_uid = NULL;
    rig->auth_username = NULL;
    assert_int_equal(rig_print(rig, "x", 1), 5);
    rig_expect_stderr(rig, "ERROR: Refused: nobody is proven");
    rig->auth_uid = "1";
    rig->auth_username = "root";
    assert_int_equal(rig_print(rig, "x", 1), 5);
    rig_expect_stderr(rig, "different accounts");
    rig->auth_uid = "4000000000";
    assert_int_equal(rig_print(rig, "x", 1), 5);
    rig_expect_stderr(rig, "does not exist");
    rig_expect_empty_log(rig);
}

static void
a_wrong_configuration_stops_the_queue(void **state)
{
    struct rig *rig = *state;

    rig->settings = "no_such_setting = 1\n";
    rig_agent(rig, "accept", NULL);
    assert_int_equal(rig_print(rig, "x", 1), 4);
    rig_expect_stderr(rig, "no_such_setting");
    rig_expect_stderr(rig, "printhold.conf");
}

static void
an_agent_account_that_does_not_exist_stops_the_queue(void **state)
{
    struct rig *rig = *state;

    rig->agent_user = "no-such-account";
    rig_agent(rig, "accept", NULL);
    assert_int_equal(rig_print(rig, "x", 1), 4);
    rig_expect_stderr(rig, "no-such-account");
}

static void
a_banner_is_read_and_forgotten(void **state)
{
    struct rig *rig = *state;

    rig->file_type = "job-sheet";
    rig_agent(rig, "accept", NULL);
    assert_int_equal(rig_print(rig, "%!PS banner", 11), 0);
    rig_expect_empty_log(rig);
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
        {"vanish-connect", 3, "INFO: Waiting for the hold service"},
        {"vanish-begin", 3, "INFO: Held: the hold service"},
        {"garbage", 3, "INFO: Waiting: what answers"},
        {"oversized", 3, "INFO: Waiting: what answers"},
        {"empty-frame", 3, "INFO: Waiting: what answers"},
        {"no-descriptor", 3, "INFO: Waiting: what answers"},
        {"readable-descriptor", 3, "INFO: Waiting: what answers"},
        {"short-accept", 3, "INFO: Waiting: what answers"},
        {"other-version", 3, "INFO: Waiting: what answers"},
        {"other-type", 3, "INFO: Waiting: what answers"},
        /* later cupsd must send the document anew */
        {"vanish-accept", 6, "INFO: The hold service on this computer stopped"},
        {"vanish-progress", 6, "stopped in the middle"},
        {"vanish-commit", 6, "stopped in the middle"},
        {"garbage-done", 6, "stopped in the middle"},
        /* refusals say what they want */
        {"refuse-retry", 6, "INFO: The fake agent says no."},
        {"refuse-hold", 3, "INFO: The fake agent says no."},
        {"refuse-cancel", 5, "ERROR: The fake agent says no."},
        {"refuse-progress", 5, "ERROR: The fake agent says no."},
        {"refuse-commit", 3, "INFO: The fake agent says no."},
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

    if (geteuid() != 0) {
        print_message("needs root to become a stranger\n");
        skip();
    }
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

/* --- use on the command line --- */

static void
without_arguments_the_device_is_listed(void **state)
{
    struct rig *rig = *state;

    assert_int_equal(rig_run_bare(rig, 0), 0);
    assert_string_equal(rig->errors, "direct printhold \"Unknown\" "
                                     "\"PrintHold secure queue\"\n");
}

static void
a_wrong_number_of_arguments_is_explained(void **state)
{
    struct rig *rig = *state;

    for (int count = 1; count <= 8; count++) {
        if (count == 5 || count == 6)
            continue;
        assert_int_equal(rig_run_bare(rig, count), 1);
        rig_expect_stderr(rig, "Usage: printhold");
    }
}

#define T(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)

/* An argument is a pattern: only the tests that it matches run. */
int
main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        T(a_pdf_from_filters_is_held_with_pages_and_ticket),
        T(a_file_argument_is_held_and_not_removed),
        T(text_and_unknown_bytes_are_held_as_what_they_are),
        T(ten_thousand_pages_are_counted),
        T(a_pdf_with_a_password_is_held_with_pages_unknown),
        T(a_pdf_with_an_owner_password_only_is_counted),
        T(a_job_is_held_without_a_page_counter),
        T(a_document_over_the_counters_limit_has_pages_unknown),
        T(progress_is_told_about_every_8_mib),
        T(hostile_titles_and_options_become_clean_text),
        T(a_title_of_3000_bytes_is_cut),
        T(an_empty_document_is_cancelled_with_a_reason),
        T(a_cut_pdf_is_cancelled_wherever_it_is_cut),
        T(a_pdf_with_an_end_but_a_missing_middle_is_cancelled),
        T(what_is_no_pdf_after_a_pdf_chain_is_cancelled),
        T(a_document_over_the_size_limit_is_cancelled),
        T(a_file_system_that_takes_no_more_makes_the_job_held),
        T(a_job_without_a_proven_owner_is_cancelled),
        T(a_wrong_configuration_stops_the_queue),
        T(an_agent_account_that_does_not_exist_stops_the_queue),
        T(a_banner_is_read_and_forgotten),
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
        T(without_arguments_the_device_is_listed),
        T(a_wrong_number_of_arguments_is_explained),
    };

    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    (void)signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
