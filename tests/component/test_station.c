/*
 * The station against a workstation that keeps to the API or breaks it in one
 * way (support/fake_workstation.h). Files, requests and errors are looked at.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <curl/curl.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "api.h"
#include "fake_workstation.h"
#include "printhold/base/attr.h"
#include "printhold/base/err.h"
#include "printhold/base/io.h"
#include "pull.h"
#include "scratch.h"

#define DOCUMENT_BYTES 300000
#define PDF            FAKE_JOB ".pdf"
#define PART           FAKE_JOB ".part"
#define PATH_BYTES     320

extern char **environ;

/* --- certificates, made once --- */

static struct scratch pki;

static void
make(const char *const *words)
{
    const char *argv[16] = {PH_SUPPORT_DIR "/pki", words[0], pki.path};
    int status = -1;
    pid_t pid = -1;

    for (size_t i = 1; words[i] != NULL; i++)
        argv[i + 2] = words[i];
    /* posix_spawn takes char *const[] for history's sake. */
    assert_int_equal(posix_spawn(&pid, argv[0], NULL, NULL,
                                 (char *const *)(uintptr_t)argv, environ),
                     0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static int
make_pki(void **state)
{
    static const char *const commands[][10] = {
        {"init", "--tenant", "acme"},
        {"workstation", "ws-1"},
        {"workstation", "ws-2", "--ip", "127.0.0.1"},
        {"workstation", "ws-other", "--tenant", "other"},
        {"workstation", "ws-old", "--expired"},
        {"workstation", "ws-client", "--eku", "client"},
        {"service", "svc-1"},
        {"printer", "pr-1"},
        {"printer", "pr-old", "--expired"},
    };

    (void)state;
    scratch_make(&pki);
    for (size_t i = 0; i < PH_COUNT(commands); i++)
        make(commands[i]);
    return 0;
}

static int
remove_pki(void **state)
{
    (void)state;
    scratch_remove(&pki);
    return 0;
}

static const char *
pem(const char *name, char dst[PATH_BYTES])
{
    (void)snprintf(dst, PATH_BYTES, "%s/%s", pki.path, name);
    return dst;
}

/* --- one station and one workstation --- */

struct scene {
    struct scratch scratch;
    int dirfd;
    uint8_t document[DOCUMENT_BYTES];
    struct fake *fake;
    struct ph_https *https;
    struct ph_api *api;
    struct ph_why why;
    struct ph_pull_result result;
    char log[FAKE_LOG_MAX];
};

static int
set_up(void **state)
{
    struct scene *scene = calloc(1, sizeof(*scene));

    assert_non_null(scene);
    scratch_make(&scene->scratch);
    scene->dirfd =
        open(scene->scratch.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(scene->dirfd >= 0);
    for (size_t i = 0; i < DOCUMENT_BYTES; i++)
        scene->document[i] = (uint8_t)(i * 31 + i / 251);
    *state = scene;
    return 0;
}

static int
tear_down(void **state)
{
    struct scene *scene = *state;

    assert_null(scene->fake);
    (void)close(scene->dirfd);
    scratch_remove(&scene->scratch);
    free(scene);
    return 0;
}

static void
open_as(struct scene *scene, const char *server, const char *client,
        const char *workstation_id, const struct fake_manners *manners)
{
    char cert[PATH_BYTES];
    char key[PATH_BYTES];
    char ca[PATH_BYTES];
    char name[64];
    char address[64];
    struct ph_https_options options = {.workstation = address,
                                       .workstation_id = workstation_id,
                                       .timeout_s = 10};

    (void)snprintf(name, sizeof(name), "%s.crt", server);
    (void)pem(name, cert);
    (void)snprintf(name, sizeof(name), "%s.key", server);
    scene->fake = fake_start(cert, pem(name, key), pem("ca.crt", ca),
                             scene->document, DOCUMENT_BYTES, manners);
    assert_non_null(scene->fake);
    (void)snprintf(address, sizeof(address), "127.0.0.1:%u",
                   (unsigned)fake_port(scene->fake));
    (void)snprintf(name, sizeof(name), "%s.crt", client);
    options.cert_file = pem(name, cert);
    (void)snprintf(name, sizeof(name), "%s.key", client);
    options.key_file = pem(name, key);
    options.ca_file = ca;
    assert_int_equal(ph_https_open(&options, &scene->https, &scene->why),
                     PH_OK);
    assert_int_equal(ph_api_new(scene->https, 3, &scene->api), PH_OK);
}

static void
end(struct scene *scene)
{
    ph_api_free(scene->api);
    ph_https_close(scene->https);
    (void)snprintf(scene->log, sizeof(scene->log), "%s",
                   fake_stop(scene->fake));
    fake_free(scene->fake);
    scene->fake = NULL;
}

static int
session(struct scene *scene)
{
    return ph_api_open_session(scene->api, FAKE_GRANT, &scene->why);
}

/* Open a session, take the first job of the list and pull it. */
static int
pull_with(struct scene *scene, const struct fake_manners *manners,
          struct ph_pull_options options)
{
    struct ph_station_jobs jobs;
    int err;

    open_as(scene, "ws-1", "pr-1", "ws-1", manners);
    options.dirfd = scene->dirfd;
    options.tries = 3;
    err = session(scene);
    if (err == PH_OK)
        err = ph_api_list(scene->api, &jobs, &scene->why);
    if (err == PH_OK) {
        assert_int_equal(jobs.count, 1);
        err = ph_pull_job(scene->api, &jobs.job[0], &options, &scene->result,
                          &scene->why);
        ph_messages_free_jobs(&jobs);
    }
    end(scene);
    return err;
}

static int
pull(struct scene *scene, const struct fake_manners *manners)
{
    return pull_with(scene, manners,
                     (struct ph_pull_options){.complete = true});
}

static bool
is_there(const struct scene *scene, const char *name)
{
    struct stat st;

    return fstatat(scene->dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

static void
expect_document(const struct scene *scene)
{
    struct ph_buf buf;

    assert_int_equal(
        ph_io_read_file(scene->dirfd, PDF, DOCUMENT_BYTES + 1, &buf), PH_OK);
    assert_int_equal(buf.len, DOCUMENT_BYTES);
    assert_memory_equal(buf.data, scene->document, DOCUMENT_BYTES);
    ph_buf_close(&buf);
    assert_false(is_there(scene, PART));
    assert_false(is_there(scene, PART ".etag"));
}

static void
expect_nothing(const struct scene *scene)
{
    assert_false(is_there(scene, PDF));
    assert_null(strstr(scene->log, "/complete"));
}

/* --- well-behaved --- */

static void
a_job_is_pulled_and_then_completed(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(pull(scene, &(struct fake_manners){0}), PH_OK);
    expect_document(scene);
    assert_string_equal(scene->result.name, PDF);
    assert_int_equal(scene->result.size, DOCUMENT_BYTES);
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
    struct scene *scene = *state;

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
    struct scene *scene = *state;

    assert_int_equal(pull_with(scene, &(struct fake_manners){0},
                               (struct ph_pull_options){.keep_claim = true}),
                     PH_OK);
    assert_null(strstr(scene->log, "DELETE"));
}

/* --- cuts --- */

static void
a_cut_download_goes_on_at_the_byte_where_it_stopped(void **state)
{
    struct scene *scene = *state;
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
    struct scene *scene = *state;
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
    struct scene *scene = *state;
    const struct fake_manners manners = {.cut_at = {100000},
                                         .ignores_range = true};

    assert_int_equal(pull(scene, &manners), PH_OK);
    expect_document(scene);
}

static void
put_part(const struct scene *scene, const void *bytes, size_t len,
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
    struct scene *scene = *state;

    put_part(scene, scene->document, DOCUMENT_BYTES, "\"v1\"");
    assert_int_equal(pull(scene, &(struct fake_manners){0}), PH_OK);
    expect_document(scene);
    assert_null(strstr(scene->log, "/document"));
    assert_true(scene->result.completed);
}

static void
a_complete_part_of_unknown_digest_is_fetched_anew(void **state)
{
    struct scene *scene = *state;

    put_part(scene, scene->document, DOCUMENT_BYTES, "\"v1\"");
    assert_int_equal(
        pull(scene, &(struct fake_manners){.list_without_digest = true}),
        PH_OK);
    expect_document(scene);
    assert_non_null(strstr(scene->log, "/document\n"));
}

static void
a_part_of_the_right_length_only_is_fetched_anew(void **state)
{
    struct scene *scene = *state;
    static uint8_t junk[DOCUMENT_BYTES];

    put_part(scene, junk, sizeof(junk), "\"v1\"");
    assert_int_equal(pull(scene, &(struct fake_manners){0}), PH_OK);
    expect_document(scene);
}

static void
a_document_that_is_there_already_is_only_reported(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(ph_io_write_file(scene->dirfd, PDF, scene->document,
                                      DOCUMENT_BYTES, 0600),
                     PH_OK);
    assert_int_equal(pull(scene, &(struct fake_manners){0}), PH_OK);
    expect_document(scene);
    assert_null(strstr(scene->log, "/document"));
    assert_true(scene->result.completed);
}

static void
a_damaged_part_is_fetched_anew(void **state)
{
    struct scene *scene = *state;
    static const char junk[1000] = "junk";

    put_part(scene, junk, sizeof(junk), "\"v1\"");
    assert_int_equal(pull(scene, &(struct fake_manners){0}), PH_OK);
    expect_document(scene);
    assert_int_equal(scene->result.resumed_at, 0);
}

static void
a_part_of_another_document_is_not_continued(void **state)
{
    struct scene *scene = *state;
    static const char junk[1000] = "junk";

    put_part(scene, junk, sizeof(junk), "\"v0\"");
    assert_int_equal(pull(scene, &(struct fake_manners){0}), PH_OK);
    expect_document(scene);
}

static void
a_busy_workstation_is_asked_again(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(pull(scene, &(struct fake_manners){.busy_first = 2}),
                     PH_OK);
    expect_document(scene);
}

static void
a_workstation_that_stays_busy_is_given_up(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(pull(scene, &(struct fake_manners){.busy_first = 99}),
                     PH_ERR_LIMIT);
    assert_string_equal(scene->log, "POST /v1/sessions\nPOST /v1/sessions\n"
                                    "POST /v1/sessions\n");
}

static void
a_grant_that_may_have_arrived_is_not_sent_again(void **state)
{
    struct scene *scene = *state;

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
        struct scene *scene = *state;
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
    struct scene *scene = *state;
    const struct fake_manners manners = {.cut_at = {5000},
                                         .changes_document = true};

    assert_int_equal(pull(scene, &manners), PH_OK);
    expect_document(scene);
}

static void
a_report_that_fails_keeps_the_document_and_says_so(void **state)
{
    struct scene *scene = *state;

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
    struct scene *scene = *state;
    const struct ph_pull_options force = {.complete = true, .force = true};

    assert_int_equal(ph_io_write_file(scene->dirfd, PDF, "mine", 4, 0600),
                     PH_OK);
    assert_int_equal(pull(scene, &(struct fake_manners){0}), PH_ERR_EXISTS);
    assert_null(strstr(scene->log, "/claim"));
    assert_int_equal(pull_with(scene, &(struct fake_manners){0}, force), PH_OK);
    expect_document(scene);
}

/* --- who answers, and as whom we come --- */

static void
only_the_right_workstation_is_talked_to(void **state)
{
    static const struct {
        const char *what;
        const char *server;
        const char *workstation_id;
        int err;
    } cases[] = {
        {"the expected one", "ws-1", "ws-1", PH_OK},
        {"by its address", "ws-2", NULL, PH_OK},
        {"by its id, whatever names it has", "ws-2", "ws-2", PH_OK},
        {"another workstation", "ws-2", "ws-1", PH_ERR_DENIED},
        {"no id, and the certificate is not for the address", "ws-1", NULL,
         PH_ERR_DENIED},
        {"of another tenant", "ws-other", "ws-other", PH_ERR_DENIED},
        {"expired", "ws-old", "ws-old", PH_ERR_DENIED},
        {"a certificate for clients", "ws-client", "ws-client", PH_ERR_DENIED},
        {"a service", "svc-1", "svc-1", PH_ERR_DENIED},
        {"a printer", "pr-1", "pr-1", PH_ERR_DENIED},
    };

    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        struct scene *scene = *state;
        int err;

        open_as(scene, cases[i].server, "pr-1", cases[i].workstation_id,
                &(struct fake_manners){0});
        err = session(scene);
        end(scene);
        if (err != cases[i].err)
            fail_msg("%s: %d (%s)", cases[i].what, err, scene->why.text);
        /* The grant must not have left us. */
        if (err != PH_OK)
            assert_string_equal(scene->log, "");
    }
}

static void
a_workstation_of_a_strange_authority_is_refused(void **state)
{
    struct scene *scene = *state;
    struct scratch fleet = pki;
    struct scratch strange;

    scratch_make(&strange);
    pki = strange;
    make((const char *const[]){"init", "--tenant", "acme", NULL});
    make((const char *const[]){"printer", "pr-1", NULL});
    make(
        (const char *const[]){"workstation", "ws-1", "--ca", fleet.path, NULL});
    open_as(scene, "ws-1", "pr-1", "ws-1", &(struct fake_manners){0});
    assert_int_equal(session(scene), PH_ERR_DENIED);
    end(scene);
    assert_string_equal(scene->log, "");
    pki = fleet;
    scratch_remove(&strange);
}

static void
a_refused_certificate_of_ours_is_named(void **state)
{
    struct scene *scene = *state;

    open_as(scene, "ws-1", "pr-old", "ws-1", &(struct fake_manners){0});
    assert_int_equal(session(scene), PH_ERR_DENIED);
    end(scene);
    assert_non_null(strstr(scene->why.text, "refuses our certificate"));
}

static void
a_workstation_that_is_off_is_tried_a_few_times(void **state)
{
    struct scene *scene = *state;

    open_as(scene, "ws-1", "pr-1", "ws-1", &(struct fake_manners){0});
    (void)fake_stop(scene->fake);
    fake_free(scene->fake);
    scene->fake = NULL;
    assert_int_equal(session(scene), PH_ERR_AGAIN);
    assert_non_null(strstr(scene->why.text, "cannot reach 127.0.0.1:"));
    ph_api_free(scene->api);
    ph_https_close(scene->https);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
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
        TEST(only_the_right_workstation_is_talked_to),
        TEST(a_workstation_of_a_strange_authority_is_refused),
        TEST(a_refused_certificate_of_ours_is_named),
        TEST(a_workstation_that_is_off_is_tried_a_few_times),
    };

    if (signal(SIGPIPE, SIG_IGN) == SIG_ERR ||
        curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return 1;
    return cmocka_run_group_tests(tests, make_pki, remove_pki);
}
