#include "jobinfo.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

#include "printhold/base/attr.h"
#include "printhold/base/err.h"
#include "scratch.h"

static char id[] = "7", user[] = "mallory", title[] = "T", copies[] = "3",
            options[] = "sides=one-sided", file[] = "/f";

static struct ph_arguments
arguments(void)
{
    return (struct ph_arguments){id, user, title, copies, options, NULL};
}

static int
setup(void **state)
{
    (void)state;
    (void)clearenv();
    (void)setenv("AUTH_UID", "1", 1);
    (void)setenv("AUTH_USERNAME", "daemon", 1);
    (void)setenv("PRINTER", "PrintHold", 1);
    (void)setenv("FINAL_CONTENT_TYPE", "application/pdf", 1);
    return 0;
}

static void
a_ticket_is_made_of_arguments_and_environment(void **state)
{
    struct ph_arguments a = arguments();
    struct ph_jobinfo info;

    (void)state;
    assert_int_equal(ph_jobinfo_read(&a, &info, NULL), PH_OK);
    assert_int_equal(info.ticket.cups_job_id, 7);
    assert_int_equal(info.ticket.copies, 3);
    assert_string_equal(info.ticket.job_name, "T");
    assert_string_equal(info.ticket.queue, "PrintHold");
    assert_string_equal(info.ticket.sides, "one-sided");
    assert_true(info.ticket.submitted_ms > 0);
    assert_false(ph_jobinfo_is_banner());
    assert_true(info.is_filtered);
    assert_true(info.is_pdf_expected);
}

static void
the_attempt_of_cupsd_is_its_time_at_processing(void **state)
{
    struct ph_arguments a = arguments();
    struct ph_jobinfo info;
    char known[] = "x=1 time-at-processing=1795300498 date-time-at-creation=";
    char wrong[] = "time-at-processing= time-at-processing=-1";

    (void)state;
    a.options = known;
    assert_int_equal(ph_jobinfo_read(&a, &info, NULL), PH_OK);
    assert_int_equal(info.attempt_s, 1795300498);
    a.options = wrong;
    assert_int_equal(ph_jobinfo_read(&a, &info, NULL), PH_OK);
    assert_int_equal(info.attempt_s, -1);
}

static void
the_owner_is_never_the_name_in_the_arguments(void **state)
{
    struct ph_arguments a = arguments();
    struct ph_jobinfo info;

    (void)state;
    assert_int_equal(ph_jobinfo_read(&a, &info, NULL), PH_OK);
    assert_string_equal(info.ticket.owner_name, "daemon");
    (void)unsetenv("AUTH_UID");
    (void)unsetenv("AUTH_USERNAME");
    assert_int_equal(ph_jobinfo_read(&a, &info, NULL), PH_ERR_DENIED);
}

static void
a_file_of_cupsd_was_not_filtered(void **state)
{
    struct ph_arguments a = arguments();
    struct ph_jobinfo info;

    (void)state;
    a.file = file;
    assert_int_equal(ph_jobinfo_read(&a, &info, NULL), PH_OK);
    assert_false(info.is_filtered);
    assert_false(info.is_pdf_expected);
}

static void
a_banner_is_known_as_one(void **state)
{
    struct ph_arguments a = arguments();
    struct ph_jobinfo info;

    (void)state;
    (void)setenv("CUPS_FILETYPE", "job-sheet", 1);
    assert_int_equal(ph_jobinfo_read(&a, &info, NULL), PH_OK);
    assert_true(ph_jobinfo_is_banner());
    (void)setenv("CUPS_FILETYPE", "document", 1);
    assert_int_equal(ph_jobinfo_read(&a, &info, NULL), PH_OK);
    assert_false(ph_jobinfo_is_banner());
}

static void
cupsds_count_of_copies_wins_and_a_wrong_one_is_ignored(void **state)
{
    struct ph_arguments a = arguments();
    struct ph_jobinfo info;
    char with_copies[] = "copies=9", wrong[] = "many";

    (void)state;
    a.options = with_copies;
    assert_int_equal(ph_jobinfo_read(&a, &info, NULL), PH_OK);
    assert_int_equal(info.ticket.copies, 3);
    a.copies = wrong;
    assert_int_equal(ph_jobinfo_read(&a, &info, NULL), PH_OK);
    assert_int_equal(info.ticket.copies, 9);
}

static void
a_job_number_that_is_none_is_refused(void **state)
{
    static const char *const wrong[] = {"", "0", "-1", "7x", "2147483648"};

    (void)state;
    for (size_t i = 0; i < PH_COUNT(wrong); i++) {
        struct ph_arguments a = arguments();
        struct ph_jobinfo info;
        char text[16];

        (void)snprintf(text, sizeof(text), "%s", wrong[i]);
        a.job_id = text;
        assert_int_equal(ph_jobinfo_read(&a, &info, NULL), PH_ERR_INVALID);
    }
}

static void
the_queues_defaults_stand_below_the_jobs_options(void **state)
{
    static const char ppd[] = "*NickName: \"The driver\"\n"
                              "*DefaultDuplex: DuplexTumble\n"
                              "*DefaultPageSize: A3\n";
    struct ph_arguments a = arguments();
    struct ph_jobinfo info;
    struct scratch scratch;
    char path[300];

    (void)state;
    scratch_make(&scratch);
    (void)snprintf(path, sizeof(path), "%s/ppd", scratch.path);
    scratch_write(path, ppd, sizeof(ppd) - 1);
    (void)setenv("PPD", path, 1);
    assert_int_equal(ph_jobinfo_read(&a, &info, NULL), PH_OK);
    assert_string_equal(info.ticket.driver, "The driver");
    assert_string_equal(info.ticket.sides, "one-sided");
    assert_string_equal(info.ticket.media, "iso_a3_297x420mm");
    scratch_remove(&scratch);
}

#define T(name) cmocka_unit_test_setup(name, setup)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_ticket_is_made_of_arguments_and_environment),
        T(the_attempt_of_cupsd_is_its_time_at_processing),
        T(the_owner_is_never_the_name_in_the_arguments),
        T(a_file_of_cupsd_was_not_filtered),
        T(a_banner_is_known_as_one),
        T(cupsds_count_of_copies_wins_and_a_wrong_one_is_ignored),
        T(a_job_number_that_is_none_is_refused),
        T(the_queues_defaults_stand_below_the_jobs_options),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
