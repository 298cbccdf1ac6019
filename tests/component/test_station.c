/*
 * The station pulls from a workstation that keeps to the API or breaks it in
 * one way (support/fake_workstation.h). Files, requests and errors are looked
 * at.
 */
#include "station_rig.h"

#include <string.h>

#include <curl/curl.h>
#include <signal.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "printhold/base/attr.h"
#include "printhold/base/err.h"
#include "printhold/base/io.h"

#define PDF  FAKE_JOB ".pdf"
#define PART FAKE_JOB ".part"

/* Open a session, take the first job of the list and pull it. */
static int
pull_with(struct station_scene *scene, const struct fake_manners *manners,
          struct ph_pull_options options)
{
    struct ph_station_jobs jobs;
    int err;

    station_scene_open(scene, "ws-1", "pr-1", "ws-1", manners);
    options.dirfd = scene->dirfd;
    options.tries = 3;
    err = station_scene_sign_in(scene);
    if (err == PH_OK)
        err = ph_api_list(scene->api, &jobs, &scene->why);
    if (err == PH_OK) {
        assert_int_equal(jobs.count, 1);
        err = ph_pull_job(scene->api, &jobs.job[0], &options, &scene->result,
                          &scene->why);
        ph_messages_free_jobs(&jobs);
    }
    station_scene_end(scene);
    return err;
}

static int
pull(struct station_scene *scene, const struct fake_manners *manners)
{
    return pull_with(scene, manners,
                     (struct ph_pull_options){.complete = true});
}

static bool
is_there(const struct station_scene *scene, const char *name)
{
    struct stat st;

    return fstatat(scene->dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

static void
expect_document(const struct station_scene *scene)
{
    struct ph_buf buf;

    assert_int_equal(
        ph_io_read_file(scene->dirfd, PDF, STATION_DOCUMENT_BYTES + 1, &buf),
        PH_OK);
    assert_int_equal(buf.len, STATION_DOCUMENT_BYTES);
    assert_memory_equal(buf.data, scene->document, STATION_DOCUMENT_BYTES);
    ph_buf_close(&buf);
    assert_false(is_there(scene, PART));
    assert_false(is_there(scene, PART ".etag"));
}

static void
expect_nothing(const struct station_scene *scene)
{
    assert_false(is_there(scene, PDF));
    assert_null(strstr(scene->log, "/complete"));
}

/* --- well-behaved --- */

static void
a_job_is_pulled_and_then_completed(void **state)
{
    struct station_scene *scene = *state;

    assert_int_equal(pull(scene, &(struct fake_manners){0}), PH_OK);
    expect_document(scene);
    assert_string_equal(scene->result.name, PDF);
    assert_int_equal(scene->result.size, STATION_DOCUMENT_BYTES);
    assert_true(scene->result.completed);
    assert_string_equal(scene->log, "POST /v1/sessions\n"
                                    "GET /v1/jobs\n"
                                    "POST /v1/jobs/" FAKE_JOB "/claim\n"
                                    "GET /v1/jobs/" FAKE_JOB "/document\n"
                                    "POST /v1/jobs/" FAKE_JOB "/complete\n");
}

static void
without_complete_the_claim_is_given_back(void **state)
{
    struct station_scene *scene = *state;

    assert_int_equal(pull_with(scene, &(struct fake_manners){0},
                               (struct ph_pull_options){.complete = false}),
                     PH_OK);
    expect_document(scene);
    assert_false(scene->result.completed);
    assert_null(strstr(scene->log, "/complete"));
    assert_non_null(strstr(scene->log, "DELETE /v1/jobs/" FAKE_JOB "/claim"));
}

static void
a_claim_can_be_kept(void **state)
{
    struct station_scene *scene = *state;

    assert_int_equal(pull_with(scene, &(struct fake_manners){0},
                               (struct ph_pull_options){.keep_claim = true}),
                     PH_OK);
    assert_null(strstr(scene->log, "DELETE"));
}

/* --- cuts --- */

static void
a_cut_download_goes_on_at_the_byte_where_it_stopped(void **state)
{
    struct station_scene *scene = *state;
    const struct fake_manners manners = {.cut_at = {100000, 100001, 250000}};

    assert_int_equal(pull(scene, &manners), PH_OK);
    expect_document(scene);
    assert_non_null(strstr(scene->log, "/document bytes=100000- if-range\n"));
    assert_non_null(strstr(scene->log, "/document bytes=100001- if-range\n"));
    assert_non_null(strstr(scene->log, "/document bytes=250000- if-range\n"));
}

static void
a_later_run_goes_on_too(void **state)
{
    struct station_scene *scene = *state;
    const struct fake_manners cut = {.cut_at = {70000, 70000, 70000, 70000}};

    assert_int_equal(pull(scene, &cut), PH_ERR_CLOSED);
    expect_nothing(scene);
    assert_true(is_there(scene, PART));
    assert_non_null(strstr(scene->log, "DELETE /v1/jobs/" FAKE_JOB "/claim"));

    assert_int_equal(pull(scene, &(struct fake_manners){0}), PH_OK);
    expect_document(scene);
    assert_int_equal(scene->result.resumed_at, 70000);
    assert_non_null(strstr(scene->log, "/document bytes=70000- if-range\n"));
}

static void
a_workstation_without_ranges_sends_everything_again(void **state)
{
    struct station_scene *scene = *state;
    const struct fake_manners manners = {.cut_at = {100000},
                                         .ignores_range = true};

    assert_int_equal(pull(scene, &manners), PH_OK);
    expect_document(scene);
}

static void
put_part(const struct station_scene *scene, const void *bytes, size_t len,
         const char *tag)
{
    assert_int_equal(ph_io_write_file(scene->dirfd, PART, bytes, len, 0600),
                     PH_OK);
    assert_int_equal(
        ph_io_write_file(scene->dirfd, PART ".etag", tag, strlen(tag), 0600),
        PH_OK);
}

static void
a_part_that_is_complete_already_is_only_reported(void **state)
{
    struct station_scene *scene = *state;

    put_part(scene, scene->document, STATION_DOCUMENT_BYTES, "\"v1\"");
    assert_int_equal(pull(scene, &(struct fake_manners){0}), PH_OK);
    expect_document(scene);
    assert_null(strstr(scene->log, "/document"));
    assert_true(scene->result.completed);
}

static void
a_complete_part_of_unknown_digest_is_fetched_anew(void **state)
{
    struct station_scene *scene = *state;

    put_part(scene, scene->document, STATION_DOCUMENT_BYTES, "\"v1\"");
    assert_int_equal(
        pull(scene, &(struct fake_manners){.list_without_digest = true}),
        PH_OK);
    expect_document(scene);
    assert_non_null(strstr(scene->log, "/document\n"));
}

static void
a_part_of_the_right_length_only_is_fetched_anew(void **state)
{
    struct station_scene *scene = *state;
    static uint8_t junk[STATION_DOCUMENT_BYTES];

    put_part(scene, junk, sizeof(junk), "\"v1\"");
    assert_int_equal(pull(scene, &(struct fake_manners){0}), PH_OK);
    expect_document(scene);
}

static void
a_document_that_is_there_already_is_only_reported(void **state)
{
    struct station_scene *scene = *state;

    assert_int_equal(ph_io_write_file(scene->dirfd, PDF, scene->document,
                                      STATION_DOCUMENT_BYTES, 0600),
                     PH_OK);
    assert_int_equal(pull(scene, &(struct fake_manners){0}), PH_OK);
    expect_document(scene);
    assert_null(strstr(scene->log, "/document"));
    assert_true(scene->result.completed);
}

static void
a_damaged_part_is_fetched_anew(void **state)
{
    struct station_scene *scene = *state;
    static const char junk[1000] = "junk";

    put_part(scene, junk, sizeof(junk), "\"v1\"");
    assert_int_equal(pull(scene, &(struct fake_manners){0}), PH_OK);
    expect_document(scene);
    assert_int_equal(scene->result.resumed_at, 0);
}

static void
a_part_of_another_document_is_not_continued(void **state)
{
    struct station_scene *scene = *state;
    static const char junk[1000] = "junk";

    put_part(scene, junk, sizeof(junk), "\"v0\"");
    assert_int_equal(pull(scene, &(struct fake_manners){0}), PH_OK);
    expect_document(scene);
}

static void
a_busy_workstation_is_asked_again(void **state)
{
    struct station_scene *scene = *state;

    assert_int_equal(pull(scene, &(struct fake_manners){.busy_first = 2}),
                     PH_OK);
    expect_document(scene);
}

static void
a_workstation_that_stays_busy_is_given_up(void **state)
{
    struct station_scene *scene = *state;

    assert_int_equal(pull(scene, &(struct fake_manners){.busy_first = 99}),
                     PH_ERR_LIMIT);
    assert_string_equal(scene->log, "POST /v1/sessions\nPOST /v1/sessions\n"
                                    "POST /v1/sessions\n");
}

static void
a_grant_that_may_have_arrived_is_not_sent_again(void **state)
{
    struct station_scene *scene = *state;

    assert_int_equal(
        pull(scene, &(struct fake_manners){.drops_session_post = true}),
        PH_ERR_CLOSED);
    assert_string_equal(scene->log, "POST /v1/sessions\n");
}

/* --- misbehaviour --- */

static void
a_workstation_that_breaks_the_rules_leaves_nothing(void **state)
{
    static const struct {
        const char *wrong;
        struct fake_manners manners;
        int err;
    } cases[] = {
        {"one byte is another", {.wrong_byte = true}, PH_ERR_CORRUPT},
        {"one byte is another, and the list has no digest",
         {.wrong_byte = true, .list_without_digest = true},
         PH_ERR_CORRUPT},
        {"no digest", {.no_digest = true}, PH_ERR_PROTOCOL},
        {"other size than in the list",
         {.wrong_size_in_list = true},
         PH_ERR_CORRUPT},
        {"no length", {.chunked = true}, PH_ERR_PROTOCOL},
        {"another range than asked for",
         {.cut_at = {5000}, .wrong_range = true},
         PH_ERR_PROTOCOL},
        {"a list that is none", {.broken_list = true}, PH_ERR_PROTOCOL},
        {"a redirect", {.redirects = true}, PH_ERR_PROTOCOL},
        {"another printer holds it", {.held_by_other = true}, PH_ERR_BUSY},
    };

    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        struct station_scene *scene = *state;
        int err = pull(scene, &cases[i].manners);

        if (err != cases[i].err)
            fail_msg("%s: %d (%s)", cases[i].wrong, err, scene->why.text);
        expect_nothing(scene);
        assert_true(scene->why.text[0] != '\0');
        (void)unlinkat(scene->dirfd, PART, 0);
        (void)unlinkat(scene->dirfd, PART ".etag", 0);
    }
}

static void
a_document_that_changes_after_a_cut_is_taken_from_its_start(void **state)
{
    struct station_scene *scene = *state;
    const struct fake_manners manners = {.cut_at = {5000},
                                         .changes_document = true};

    assert_int_equal(pull(scene, &manners), PH_OK);
    expect_document(scene);
}

static void
a_report_that_fails_keeps_the_document_and_says_so(void **state)
{
    struct station_scene *scene = *state;

    assert_int_equal(
        pull(scene, &(struct fake_manners){.refuses_complete = true}),
        PH_ERR_PROTOCOL);
    expect_document(scene);
    assert_string_equal(scene->result.name, PDF);
    assert_false(scene->result.completed);
}

static void
a_file_that_is_there_is_replaced_only_by_force(void **state)
{
    struct station_scene *scene = *state;
    const struct ph_pull_options force = {.complete = true, .force = true};

    assert_int_equal(ph_io_write_file(scene->dirfd, PDF, "mine", 4, 0600),
                     PH_OK);
    assert_int_equal(pull(scene, &(struct fake_manners){0}), PH_ERR_EXISTS);
    assert_null(strstr(scene->log, "/claim"));
    assert_int_equal(pull_with(scene, &(struct fake_manners){0}, force), PH_OK);
    expect_document(scene);
}

/* A second time a code might count as a wrong one. */
static void
a_code_is_sent_once_whatever_the_answer(void **state)
{
    static const struct {
        struct fake_manners manners;
        int err;
    } cases[] = {
        {{.busy_first = 1}, PH_ERR_DENIED},
        {{.drops_session_post = true}, PH_ERR_CLOSED},
        {{.busy_first = 0}, PH_ERR_DENIED},
    };
    struct station_scene *scene = *state;

    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        station_scene_open(scene, "ws-1", "pr-1", "ws-1", &cases[i].manners);
        assert_int_equal(ph_api_open_session(scene->api, PH_API_CODE,
                                             "12345678", &scene->why),
                         cases[i].err);
        station_scene_end(scene);
        assert_string_equal(scene->log, "POST /v1/sessions\n");
    }
}

int
main(void)
{
#define TEST(name)                                              \
    cmocka_unit_test_setup_teardown(name, station_scene_set_up, \
                                    station_scene_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_code_is_sent_once_whatever_the_answer),
        TEST(a_job_is_pulled_and_then_completed),
        TEST(without_complete_the_claim_is_given_back),
        TEST(a_claim_can_be_kept),
        TEST(a_cut_download_goes_on_at_the_byte_where_it_stopped),
        TEST(a_later_run_goes_on_too),
        TEST(a_workstation_without_ranges_sends_everything_again),
        TEST(a_part_that_is_complete_already_is_only_reported),
        TEST(a_complete_part_of_unknown_digest_is_fetched_anew),
        TEST(a_part_of_the_right_length_only_is_fetched_anew),
        TEST(a_document_that_is_there_already_is_only_reported),
        TEST(a_damaged_part_is_fetched_anew),
        TEST(a_part_of_another_document_is_not_continued),
        TEST(a_busy_workstation_is_asked_again),
        TEST(a_workstation_that_stays_busy_is_given_up),
        TEST(a_grant_that_may_have_arrived_is_not_sent_again),
        TEST(a_workstation_that_breaks_the_rules_leaves_nothing),
        TEST(a_document_that_changes_after_a_cut_is_taken_from_its_start),
        TEST(a_report_that_fails_keeps_the_document_and_says_so),
        TEST(a_file_that_is_there_is_replaced_only_by_force),
    };

    /* A proxy of the environment must not be used: nobody is there. */
    if (setenv("https_proxy", "http://127.0.0.1:1", 1) != 0 ||
        signal(SIGPIPE, SIG_IGN) == SIG_ERR ||
        curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return 1;
    return cmocka_run_group_tests(tests, station_pki_make_all,
                                  station_pki_remove);
}
