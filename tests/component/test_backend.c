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
    /* at 8, at 16, and maybe once more at the end */
    assert_in_range(rig_count_log(rig, "progress "), 2, 3);
    ph_buf_close(&pdf);
}

static void
hostile_titles_and_options_become_clean_text(void **state)
{
    /* As given, and as the ticket's JSON has it. */
    static const char *const bad[][2] = {
        {"two\nlines", "\"job-name\":\"two lines\""},
        {"\033[2Jcleared", "\"job-name\":\" [2Jcleared\""},
        {"half \xc3", ("\"job-name\":\"half \xef\xbf\xbd\"")},
        {"\xff\xfe", ("\"job-name\":\"\xef\xbf\xbd\xef\xbf\xbd\"")},
        {"$(reboot)`id`", "\"job-name\":\"$(reboot)`id`\""},
        {"%n%n%s", "\"job-name\":\"%n%n%s\""},
        {"../../etc/x", "\"job-name\":\"../../etc/x\""},
        {("\xe2\x80\xae"
          "reversed"),
         "\"job-name\":\" reversed\""},
        {"\"quote\\", "\"job-name\":\"\\\"quote\\\\\""},
        {"", "\"job-impressions\":1"},
    };
    struct rig *rig = *state;
    struct ph_buf pdf;

    make_pdf(&pdf, 1, 10);
    rig_agent(rig, "accept", NULL);
    for (unsigned i = 0; i < PH_COUNT(bad); i++) {
        rig->title = bad[i][0];
        rig->options = bad[i][0];
        assert_int_equal(rig_print(rig, pdf.data, pdf.len), 0);
        rig_expect_document(rig, i, pdf.data, pdf.len);
        rig_expect_ticket(rig, i, bad[i][1]);
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

/* SR-08: SIGXFSZ would end the worker. */
static void
a_file_system_that_takes_no_more_makes_the_job_held(void **state)
{
    struct rig *rig = *state;
    struct ph_buf pdf;

    make_pdf(&pdf, 1, 3 * MIB);
    rig->file_size_limit = MIB;
    rig_agent(rig, "accept", NULL);
    assert_int_equal(rig_print(rig, pdf.data, pdf.len), 3);
    rig_expect_stderr(rig, "WARNING: Waiting here: no space is left");
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
        T(without_arguments_the_device_is_listed),
        T(a_wrong_number_of_arguments_is_explained),
    };

    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    (void)signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
