/* What the station reads from the workstation's JSON. */
#include "messages.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "printhold/base/attr.h"
#include "printhold/base/err.h"

#define DIGEST \
    "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define ID "0123456789abcdef0123456789abcdef"

static int
read_jobs(const char *text, struct ph_station_jobs *jobs)
{
    return ph_messages_jobs(text, strlen(text), jobs);
}

static void
a_list_is_read(void **state)
{
    static const char text[] =
        "{\"jobs\":[{\"id\":\"" ID
        "\",\"state\":\"held\",\"job-name\":\"Plan\","
        "\"document-format\":\"application/"
        "pdf\",\"size\":1234,\"job-impressions\":3,"
        "\"sha-256\":\"" DIGEST
        "\",\"copies\":2,\"sides\":\"one-sided\",\"news\":[1]}],\"more\":true}";
    struct ph_station_jobs jobs;

    (void)state;
    assert_int_equal(read_jobs(text, &jobs), PH_OK);
    assert_int_equal(jobs.count, 1);
    assert_string_equal(jobs.job[0].id, ID);
    assert_string_equal(jobs.job[0].state, "held");
    assert_string_equal(jobs.job[0].title, "Plan");
    assert_string_equal(jobs.job[0].format, "application/pdf");
    assert_string_equal(jobs.job[0].sides, "one-sided");
    assert_string_equal(jobs.job[0].media, "");
    assert_int_equal(jobs.job[0].size, 1234);
    assert_int_equal(jobs.job[0].impressions, 3);
    assert_int_equal(jobs.job[0].copies, 2);
    assert_true(jobs.job[0].has_sha256);
    assert_int_equal(jobs.job[0].sha256[31], 0x1f);
    assert_true(jobs.more);
    ph_messages_free_jobs(&jobs);
}

static void
an_empty_list_is_a_list(void **state)
{
    struct ph_station_jobs jobs;

    (void)state;
    assert_int_equal(read_jobs("{\"jobs\":[]}", &jobs), PH_OK);
    assert_int_equal(jobs.count, 0);
    assert_false(jobs.more);
    ph_messages_free_jobs(&jobs);
}

static void
what_is_unfit_in_a_job_is_unknown(void **state)
{
    static const char text[] =
        "{\"jobs\":[{\"id\":\"" ID "\",\"state\":7,\"size\":-5,"
        "\"sha-256\":\"000102\",\"job-impressions\":\"3\",\"copies\":1.5}]}";
    struct ph_station_jobs jobs;

    (void)state;
    assert_int_equal(read_jobs(text, &jobs), PH_OK);
    assert_string_equal(jobs.job[0].state, "");
    assert_int_equal(jobs.job[0].size, -1);
    assert_int_equal(jobs.job[0].impressions, -1);
    assert_int_equal(jobs.job[0].copies, -1);
    assert_false(jobs.job[0].has_sha256);
    ph_messages_free_jobs(&jobs);
}

static void
a_title_cannot_work_on_the_terminal(void **state)
{
    static const char text[] =
        "{\"jobs\":[{\"id\":\"" ID
        "\",\"job-name\":\"a\\u001b[2Jb\\nc\\u202ed\"}]}";
    struct ph_station_jobs jobs;

    (void)state;
    assert_int_equal(read_jobs(text, &jobs), PH_OK);
    assert_string_equal(jobs.job[0].title, "a [2Jb c d");
    ph_messages_free_jobs(&jobs);
}

static void
what_is_no_list_is_refused(void **state)
{
    static const struct {
        const char *wrong;
        const char *text;
    } cases[] = {
        {"empty", ""},
        {"an array", "[]"},
        {"no jobs", "{}"},
        {"jobs is an object", "{\"jobs\":{}}"},
        {"jobs is null", "{\"jobs\":null}"},
        {"job is text", "{\"jobs\":[\"" ID "\"]}"},
        {"job without id", "{\"jobs\":[{\"size\":1}]}"},
        {"id is a number", "{\"jobs\":[{\"id\":1}]}"},
        {"id too short", "{\"jobs\":[{\"id\":\"0123\"}]}"},
        {"id in upper case",
         "{\"jobs\":[{\"id\":\"0123456789ABCDEF0123456789ABCDEF\"}]}"},
        {"id is a path",
         "{\"jobs\":[{\"id\":\"../../../../../../../etc/passwd0\"}]}"},
        {"id twice", "{\"jobs\":[{\"id\":\"" ID "\",\"id\":\"" ID "\"}]}"},
        {"second job is bad", "{\"jobs\":[{\"id\":\"" ID "\"},{}]}"},
        {"something behind it", "{\"jobs\":[]} x"},
        {"cut short", "{\"jobs\":[{\"id\":\"" ID "\""},
        {"not UTF-8",
         "{\"jobs\":[{\"id\":\"" ID "\",\"job-name\":\"\xff\xfe\"}]}"},
    };

    (void)state;
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        struct ph_station_jobs jobs = {NULL, 77, true};

        if (read_jobs(cases[i].text, &jobs) == PH_OK)
            fail_msg("taken: %s", cases[i].wrong);
        assert_null(jobs.job);
        assert_int_equal(jobs.count, 77);
    }
}

static void
a_list_that_is_too_long_is_refused(void **state)
{
    static const char job[] = "{\"id\":\"" ID "\"},";
    size_t each = sizeof(job) - 1;
    char *text = malloc(16 + each * (PH_JOBS_MAX + 1));
    struct ph_station_jobs jobs;
    char *at = text;

    (void)state;
    assert_non_null(text);
    at = stpcpy(at, "{\"jobs\":[");
    for (size_t i = 0; i < PH_JOBS_MAX + 1; i++)
        at = stpcpy(at, job);
    (void)stpcpy(at - 1, "]}");
    assert_int_not_equal(read_jobs(text, &jobs), PH_OK);
    free(text);
}

static void
a_session_is_a_token_and_nothing_else(void **state)
{
    static const struct {
        const char *text;
        int err;
    } cases[] = {
        {"{\"session\":\"0123456789abcdefABCDEF-_\"}", PH_OK},
        {"{\"session\":\"0123456789\"}", PH_ERR_SYNTAX},
        {"{\"session\":\"0123456789abcdef\\r\\nX-Evil: 1\"}", PH_ERR_SYNTAX},
        {"{\"session\":\"0123456789abcdef 1\"}", PH_ERR_SYNTAX},
        {"{\"session\":12345678901234567}", PH_ERR_SYNTAX},
        {"{\"sessions\":\"0123456789abcdef\"}", PH_ERR_SYNTAX},
        {"", PH_ERR_SYNTAX},
    };

    (void)state;
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        char session[PH_SESSION_MAX] = "before";
        int err =
            ph_messages_session(cases[i].text, strlen(cases[i].text), session);

        assert_int_equal(err, cases[i].err);
        if (err != PH_OK)
            assert_string_equal(session, "before");
    }
}

static void
a_problem_says_its_detail_before_its_title(void **state)
{
    static const char both[] = "{\"title\":\"Gone\",\"detail\":\"The job is\\t"
                               "over.\"}";
    static const char title[] = "{\"title\":\"Gone\",\"detail\":5}";
    struct ph_why why;

    (void)state;
    assert_int_equal(ph_messages_problem(both, sizeof(both) - 1, &why), PH_OK);
    assert_string_equal(why.text, "The job is over.");
    assert_int_equal(ph_messages_problem(title, sizeof(title) - 1, &why),
                     PH_OK);
    assert_string_equal(why.text, "Gone");
    assert_int_equal(ph_messages_problem("{}", 2, &why), PH_ERR_SYNTAX);
    assert_int_equal(ph_messages_problem("<html>", 6, &why), PH_ERR_SYNTAX);
    assert_string_equal(why.text, "Gone");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_is_read),
        cmocka_unit_test(an_empty_list_is_a_list),
        cmocka_unit_test(what_is_unfit_in_a_job_is_unknown),
        cmocka_unit_test(a_title_cannot_work_on_the_terminal),
        cmocka_unit_test(what_is_no_list_is_refused),
        cmocka_unit_test(a_list_that_is_too_long_is_refused),
        cmocka_unit_test(a_session_is_a_token_and_nothing_else),
        cmocka_unit_test(a_problem_says_its_detail_before_its_title),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
