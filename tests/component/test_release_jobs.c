/* Jobs at port 9443: list, claim, download, complete, and what goes wrong. */
#include "release_rig.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "printhold/base/attr.h"
#include "printhold/base/clock.h"

#define BIG ((size_t)8 * 1024 * 1024)

/* A connection with a session. */
struct printer {
    struct https_client client;
    char line[RIG_PATH];
};

static void
arrive(struct rig *rig, struct printer *printer, const char *name,
       const char *user)
{
    rig_open(rig, &printer->client, name);
    rig_sign_in(rig, &printer->client, name, user, printer->line);
}

static unsigned
ask(struct printer *printer, const char *method, const struct ph_id *id,
    const char *rest, const char *json)
{
    return rig_status(&printer->client, method, rig_job_path(id, rest),
                      printer->line, json);
}

static void
check_bytes(const struct ph_buf *body, uint64_t offset)
{
    for (size_t i = 0; i < body->len; i++) {
        if (body->data[i] != rig_byte(offset + i))
            fail_msg("wrong byte at %llu", (unsigned long long)(offset + i));
    }
}

/* GET the document with further header lines. */
static void
get_document(struct printer *printer, const struct ph_id *id,
             const char *fields, struct https_reply *out_reply)
{
    char lines[RIG_PATH + 256];

    (void)snprintf(lines, sizeof(lines), "%s%s", printer->line, fields);
    https_do(&printer->client, "GET", rig_job_path(id, "/document"), lines,
             NULL, out_reply);
}

/* Ask for the document and take only the head of the answer. */
static void
begin_download(struct printer *printer, const struct ph_id *id, char etag[128])
{
    struct https_reply reply;
    char lines[RIG_PATH + 256];

    (void)snprintf(lines, sizeof(lines),
                   "GET %s HTTP/1.1\r\nHost: ws\r\n%s\r\n",
                   rig_job_path(id, "/document"), printer->line);
    assert_true(https_send(&printer->client, lines, strlen(lines)));
    https_receive_head(&printer->client, &reply);
    assert_int_equal(reply.status, 200);
    if (etag != NULL)
        (void)snprintf(etag, 128, "%s", https_field(&reply, "ETag"));
    https_reply_close(&reply);
}

static void
a_printer_lists_claims_downloads_and_completes(void **state)
{
    static const char expected[] =
        "\"state\":\"held\",\"size\":70000,\"sha-256\":\"";
    struct rig *rig = *state;
    const struct ph_id id = rig_hold(rig, "alice", 70000);
    struct printer printer;
    struct https_reply reply;
    char id_text[PH_ID_TEXT];

    arrive(rig, &printer, "pr-1", "alice");
    ph_id_format(&id, id_text);
    https_do(&printer.client, "GET", "/v1/jobs", printer.line, NULL, &reply);
    assert_int_equal(reply.status, 200);
    assert_non_null(strstr(ph_buf_str(&reply.body), id_text));
    assert_non_null(strstr(ph_buf_str(&reply.body), expected));
    assert_non_null(
        strstr(ph_buf_str(&reply.body), "\"job-name\":\"A title\""));
    assert_non_null(strstr(ph_buf_str(&reply.body), "\"more\":false"));
    https_reply_close(&reply);

    assert_int_equal(ask(&printer, "POST", &id, "/claim", NULL), 200);
    get_document(&printer, &id, "", &reply);
    assert_int_equal(reply.status, 200);
    assert_true(reply.whole);
    assert_int_equal(reply.body.len, 70000);
    check_bytes(&reply.body, 0);
    assert_string_equal(https_field(&reply, "Content-Type"), "application/pdf");
    assert_string_equal(https_field(&reply, "Accept-Ranges"), "bytes");
    https_reply_close(&reply);

    assert_int_equal(ask(&printer, "GET", &id, "", NULL), 200);
    assert_int_equal(
        ask(&printer, "POST", &id, "/complete",
            "{\"result\":\"printed\",\"impressions\":3,\"sheets\":2}"),
        200);
    assert_int_equal(ask(&printer, "GET", &id, "", NULL), 404);
    assert_int_equal(ask(&printer, "GET", &id, "/document", NULL), 404);
    /* The report may come twice: the first answer was lost perhaps. */
    assert_int_equal(
        ask(&printer, "POST", &id, "/complete", "{\"result\":\"printed\"}"),
        200);
    https_close(&printer.client);
}

static void
digests_and_tags_are_those_of_the_document(void **state)
{
    struct rig *rig = *state;
    const struct ph_id id = rig_hold(rig, "alice", 100000);
    struct printer printer;
    struct https_reply reply;
    unsigned char digest[32], base64[64];
    char expected[128];

    arrive(rig, &printer, "pr-1", "alice");
    assert_int_equal(ask(&printer, "POST", &id, "/claim", NULL), 200);
    get_document(&printer, &id, "", &reply);
    assert_int_equal(EVP_Digest(reply.body.data, reply.body.len, digest, NULL,
                                EVP_sha256(), NULL),
                     1);
    (void)EVP_EncodeBlock(base64, digest, 32);
    (void)snprintf(expected, sizeof(expected),
                   "sha-256=:%s:", (const char *)base64);
    assert_string_equal(https_field(&reply, "Repr-Digest"), expected);
    expected[0] = '"';
    for (size_t i = 0; i < 32; i++)
        (void)snprintf(expected + 1 + 2 * i, 4, "%02x\"", digest[i]);
    assert_string_equal(https_field(&reply, "ETag"), expected);
    https_reply_close(&reply);

    https_do(&printer.client, "HEAD", rig_job_path(&id, "/document"),
             printer.line, NULL, &reply);
    assert_int_equal(reply.status, 200);
    assert_string_equal(https_field(&reply, "Content-Length"), "100000");
    assert_string_equal(https_field(&reply, "ETag"), expected);
    https_reply_close(&reply);
    /* Nothing of a body came with it: the next answer is in its place. */
    assert_int_equal(ask(&printer, "GET", &id, "", NULL), 200);
    https_close(&printer.client);
}

static void
ranges_give_the_bytes_asked_for(void **state)
{
    static const struct {
        const char *range;
        unsigned status;
        uint64_t first;
        size_t len;
        const char *content_range;
    } cases[] = {
        {"bytes=0-0", 206, 0, 1, "bytes 0-0/200000"},
        {"bytes=65479-65480", 206, 65479, 2, "bytes 65479-65480/200000"},
        {"bytes=65480-131001", 206, 65480, 65522, "bytes 65480-131001/200000"},
        {"bytes=199999-", 206, 199999, 1, "bytes 199999-199999/200000"},
        {"bytes=-5", 206, 199995, 5, "bytes 199995-199999/200000"},
        {"bytes=150000-900000", 206, 150000, 50000,
         "bytes 150000-199999/200000"},
        {"bytes=0-", 206, 0, 200000, "bytes 0-199999/200000"},
        {"bytes=0-1,5-6", 200, 0, 200000, ""},
        {"pages=1-2", 200, 0, 200000, ""},
        {"bytes=200000-", 416, 0, 0, "bytes */200000"},
        {"bytes=-0", 416, 0, 0, "bytes */200000"},
    };
    struct rig *rig = *state;
    const struct ph_id id = rig_hold(rig, "alice", 200000);
    struct printer printer;

    arrive(rig, &printer, "pr-1", "alice");
    assert_int_equal(ask(&printer, "POST", &id, "/claim", NULL), 200);
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        struct https_reply reply;
        char line[128];

        (void)snprintf(line, sizeof(line), "Range: %s\r\n", cases[i].range);
        get_document(&printer, &id, line, &reply);
        if (reply.status != cases[i].status)
            fail_msg("%s: %u", cases[i].range, reply.status);
        assert_string_equal(https_field(&reply, "Content-Range"),
                            cases[i].content_range);
        if (reply.status != 416) {
            assert_int_equal(reply.body.len, cases[i].len);
            check_bytes(&reply.body, cases[i].first);
        }
        https_reply_close(&reply);
    }
    https_close(&printer.client);
}

static void
a_broken_download_is_resumed_on_another_connection(void **state)
{
    struct rig *rig = *state;
    const struct ph_id id = rig_hold(rig, "alice", BIG);
    struct printer printer;
    struct https_reply reply;
    char etag[128], lines[256];
    uint8_t bytes[10000];
    size_t got = 0;

    arrive(rig, &printer, "pr-1", "alice");
    assert_int_equal(ask(&printer, "POST", &id, "/claim", NULL), 200);
    begin_download(&printer, &id, etag);
    while (got < 1000000)
        got += https_read(&printer.client, bytes, sizeof(bytes));
    https_close(&printer.client);

    rig_open(rig, &printer.client, "pr-1");
    (void)snprintf(lines, sizeof(lines),
                   "Range: bytes=%zu-\r\nIf-Range: %s\r\n", got, etag);
    get_document(&printer, &id, lines, &reply);
    assert_int_equal(reply.status, 206);
    assert_int_equal(reply.body.len, BIG - got);
    check_bytes(&reply.body, got);
    https_reply_close(&reply);

    /* Another document's tag: from the start. */
    get_document(&printer, &id, "Range: bytes=5-\r\nIf-Range: \"0123\"\r\n",
                 &reply);
    assert_int_equal(reply.status, 200);
    assert_int_equal(reply.body.len, BIG);
    https_reply_close(&reply);
    https_close(&printer.client);
}

/* --- who may --- */

static void
check_same_as_missing(struct printer *printer, const char *method,
                      const struct ph_id *id, const char *rest,
                      const char *json)
{
    static const struct ph_id missing = {{1, 2, 3}};
    struct https_reply here, there;

    https_do(&printer->client, method, rig_job_path(id, rest), printer->line,
             json, &here);
    https_do(&printer->client, method, rig_job_path(&missing, rest),
             printer->line, json, &there);
    assert_int_equal(here.status, 404);
    assert_int_equal(there.status, 404);
    assert_int_equal(here.body.len, there.body.len);
    if (here.body.len > 0)
        assert_memory_equal(here.body.data, there.body.data, here.body.len);
    https_reply_close(&here);
    https_reply_close(&there);
}

static const struct {
    const char *method;
    const char *rest;
    const char *json;
} job_routes[] = {
    {"GET", "", NULL},
    {"DELETE", "", NULL},
    {"POST", "/claim", NULL},
    {"DELETE", "/claim", NULL},
    {"GET", "/document", NULL},
    {"HEAD", "/document", NULL},
    {"POST", "/complete", "{\"result\":\"printed\"}"},
};

static void
jobs_of_someone_else_look_like_missing_ones(void **state)
{
    struct rig *rig = *state;
    const struct ph_id id = rig_hold(rig, "alice", 1000);
    struct printer alice, bob;
    struct https_reply reply;

    arrive(rig, &alice, "pr-1", "alice");
    arrive(rig, &bob, "pr-1", "bob");
    assert_int_equal(ask(&alice, "POST", &id, "/claim", NULL), 200);
    for (size_t i = 0; i < PH_COUNT(job_routes); i++)
        check_same_as_missing(&bob, job_routes[i].method, &id,
                              job_routes[i].rest, job_routes[i].json);
    https_do(&bob.client, "GET", "/v1/jobs", bob.line, NULL, &reply);
    assert_string_equal(ph_buf_str(&reply.body),
                        "{\"jobs\":[],\"more\":false}");
    https_reply_close(&reply);
    assert_int_equal(ask(&alice, "GET", &id, "/document", NULL), 200);
    https_close(&alice.client);
    https_close(&bob.client);
}

static void
a_grant_for_some_jobs_shows_only_those(void **state)
{
    struct rig *rig = *state;
    const struct ph_id one = rig_hold(rig, "alice", 1000);
    const struct ph_id two = rig_hold(rig, "alice", 1000);
    const struct ph_id other = rig_hold(rig, "bob", 1000);
    char more[256], one_text[PH_ID_TEXT], other_text[PH_ID_TEXT];
    const struct rig_grant grant = {.more = more};
    struct https_reply reply;
    struct printer printer;
    char *token;

    ph_id_format(&one, one_text);
    ph_id_format(&other, other_text);
    (void)snprintf(more, sizeof(more), ",\"jobs\":[\"%s\",\"%s\"]", one_text,
                   other_text);
    token = rig_grant(rig, &grant);
    rig_open(rig, &printer.client, "pr-1");
    rig_post_grant(&printer.client, token, &reply);
    free(token);
    assert_int_equal(reply.status, 201);
    (void)snprintf(printer.line, sizeof(printer.line),
                   "Authorization: Bearer %.32s\r\n",
                   strstr(ph_buf_str(&reply.body), "\"session\":\"") + 11);
    https_reply_close(&reply);

    assert_int_equal(ask(&printer, "GET", &one, "", NULL), 200);
    for (size_t i = 0; i < PH_COUNT(job_routes); i++) {
        check_same_as_missing(&printer, job_routes[i].method, &two,
                              job_routes[i].rest, job_routes[i].json);
        check_same_as_missing(&printer, job_routes[i].method, &other,
                              job_routes[i].rest, job_routes[i].json);
    }
    https_close(&printer.client);
}

static void
two_printers_cannot_hold_one_job(void **state)
{
    struct rig *rig = *state;
    const struct ph_id id = rig_hold(rig, "alice", 1000);
    struct printer one, two;
    struct https_reply reply;

    arrive(rig, &one, "pr-1", "alice");
    arrive(rig, &two, "pr-2", "alice");
    assert_int_equal(ask(&two, "GET", &id, "/document", NULL), 409);
    assert_int_equal(ask(&one, "POST", &id, "/claim", NULL), 200);
    assert_int_equal(ask(&one, "POST", &id, "/claim", NULL), 200);
    https_do(&two.client, "POST", rig_job_path(&id, "/claim"), two.line, NULL,
             &reply);
    assert_int_equal(reply.status, 409);
    assert_non_null(strstr(ph_buf_str(&reply.body), "The printer pr-1 holds"));
    https_reply_close(&reply);
    assert_int_equal(ask(&two, "GET", &id, "/document", NULL), 409);
    assert_int_equal(ask(&two, "DELETE", &id, "/claim", NULL), 409);
    assert_int_equal(ask(&two, "DELETE", &id, "", NULL), 409);
    assert_int_equal(
        ask(&two, "POST", &id, "/complete", "{\"result\":\"printed\"}"), 409);
    assert_int_equal(ask(&one, "DELETE", &id, "/claim", NULL), 204);
    assert_int_equal(ask(&one, "GET", &id, "/document", NULL), 409);
    assert_int_equal(ask(&two, "POST", &id, "/claim", NULL), 200);
    assert_int_equal(ask(&two, "GET", &id, "/document", NULL), 200);
    https_close(&one.client);
    https_close(&two.client);
}

static void
a_failed_print_leaves_the_job_held(void **state)
{
    static const char *const wrong[] = {
        "{}",
        "{\"result\":\"eaten\"}",
        "{\"result\":1}",
        "{\"result\":\"printed\",\"sheets\":\"2\"}",
        "{\"result\":\"printed\",\"sheets\":-1}",
        "{\"result\":\"printed\",\"impressions\":99999999999}",
    };
    struct rig *rig = *state;
    const struct ph_id id = rig_hold(rig, "alice", 1000);
    struct printer printer;

    arrive(rig, &printer, "pr-1", "alice");
    assert_int_equal(ask(&printer, "POST", &id, "/claim", NULL), 200);
    for (size_t i = 0; i < PH_COUNT(wrong); i++)
        assert_int_equal(ask(&printer, "POST", &id, "/complete", wrong[i]),
                         400);
    assert_int_equal(
        ask(&printer, "POST", &id, "/complete", "{\"result\":\"failed\"}"),
        200);
    assert_int_equal(ask(&printer, "GET", &id, "", NULL), 200);
    assert_int_equal(ask(&printer, "DELETE", &id, "", NULL), 204);
    assert_int_equal(ask(&printer, "GET", &id, "", NULL), 404);
    https_close(&printer.client);
}

/* --- damage --- */

/* Change one byte of the spool file, counted from its end. */
static void
damage(struct rig *rig, const struct ph_id *id, off_t from_end)
{
    char path[512], text[PH_ID_TEXT], name[64];
    uint8_t byte;
    off_t end;
    int fd;

    ph_id_format(id, text);
    (void)snprintf(name, sizeof(name), "spool/held/%s", text);
    jobs_fixture_path(&rig->jobs, name, path, sizeof(path));
    fd = open(path, O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0);
    end = lseek(fd, 0, SEEK_END);
    assert_int_equal(pread(fd, &byte, 1, end - from_end), 1);
    byte ^= 1;
    assert_int_equal(pwrite(fd, &byte, 1, end - from_end), 1);
    assert_int_equal(close(fd), 0);
}

static void
of_an_altered_file_not_one_byte_is_sent(void **state)
{
    struct rig *rig = *state;
    const struct ph_id id = rig_hold(rig, "alice", BIG);
    struct printer printer;
    struct https_reply reply;

    arrive(rig, &printer, "pr-1", "alice");
    assert_int_equal(ask(&printer, "POST", &id, "/claim", NULL), 200);
    damage(rig, &id, 5000); /* in the last segment */
    get_document(&printer, &id, "Range: bytes=0-9\r\n", &reply);
    assert_int_equal(reply.status, 500);
    assert_string_equal(https_field(&reply, "Content-Type"),
                        "application/problem+json");
    assert_non_null(strstr(ph_buf_str(&reply.body), "problem:damaged"));
    https_reply_close(&reply);
    assert_int_equal(ask(&printer, "GET", &id, "", NULL), 404);
    https_close(&printer.client);
}

static void
a_file_altered_after_a_download_is_verified_again(void **state)
{
    struct rig *rig = *state;
    const struct ph_id id = rig_hold(rig, "alice", BIG);
    struct printer printer;

    arrive(rig, &printer, "pr-1", "alice");
    assert_int_equal(ask(&printer, "POST", &id, "/claim", NULL), 200);
    assert_int_equal(ask(&printer, "GET", &id, "/document", NULL), 200);
    assert_int_equal(ask(&printer, "GET", &id, "/document", NULL), 200);
    damage(rig, &id, 5000);
    assert_int_equal(ask(&printer, "GET", &id, "/document", NULL), 500);
    https_close(&printer.client);
}

static void
a_file_altered_under_a_download_breaks_it(void **state)
{
    struct rig *rig = *state;
    const struct ph_id id = rig_hold(rig, "alice", 8 * BIG);
    struct printer printer;
    uint8_t bytes[65536];
    size_t got = 0, len;

    arrive(rig, &printer, "pr-1", "alice");
    assert_int_equal(ask(&printer, "POST", &id, "/claim", NULL), 200);
    begin_download(&printer, &id, NULL);
    damage(rig, &id, 5000);
    while ((len = https_read(&printer.client, bytes, sizeof(bytes))) > 0) {
        for (size_t i = 0; i < len; i += 997)
            assert_int_equal(bytes[i], rig_byte(got + i));
        got += len;
    }
    assert_true(got < 8 * BIG);
    https_close(&printer.client);
}

/* --- load --- */

static void
a_printer_that_reads_nothing_delays_nobody(void **state)
{
    struct rig *rig = *state;
    const struct ph_id slow_job = rig_hold(rig, "alice", 4 * BIG);
    const struct ph_id id = rig_hold(rig, "alice", BIG);
    struct printer slow, quick;
    struct https_reply reply;
    struct ph_release_status status;

    arrive(rig, &slow, "pr-1", "alice");
    arrive(rig, &quick, "pr-2", "alice");
    assert_int_equal(ask(&slow, "POST", &slow_job, "/claim", NULL), 200);
    begin_download(&slow, &slow_job, NULL);

    assert_int_equal(ask(&quick, "POST", &id, "/claim", NULL), 200);
    for (int i = 0; i < 5; i++) {
        get_document(&quick, &id, "", &reply);
        assert_int_equal(reply.status, 200);
        assert_int_equal(reply.body.len, BIG);
        https_reply_close(&reply);
    }
    ph_release_service_status(rig->service, &status);
    assert_int_equal(status.pulls, 1);
    assert_int_equal(status.connections, 2);
    https_close(&slow.client);
    https_close(&quick.client);
}

static void
more_documents_than_configured_wait_outside(void **state)
{
    struct rig *rig = *state;
    const struct ph_id one = rig_hold(rig, "alice", 4 * BIG);
    const struct ph_id two = rig_hold(rig, "alice", 1000);
    struct printer first, second;
    struct https_reply reply;
    uint8_t bytes[65536];

    rig_stop(rig);
    rig->jobs.config.release_pulls_max = 1;
    rig_start(rig);
    arrive(rig, &first, "pr-1", "alice");
    arrive(rig, &second, "pr-1", "alice");
    assert_int_equal(ask(&first, "POST", &one, "/claim", NULL), 200);
    assert_int_equal(ask(&second, "POST", &two, "/claim", NULL), 200);
    begin_download(&first, &one, NULL);

    get_document(&second, &two, "", &reply);
    assert_int_equal(reply.status, 503);
    assert_string_equal(https_field(&reply, "Retry-After"), "5");
    https_reply_close(&reply);
    for (size_t got = 0; got < 4 * BIG;)
        got += https_read(&first.client, bytes, sizeof(bytes));
    assert_int_equal(ask(&first, "GET", &one, "", NULL), 200);
    assert_int_equal(ask(&second, "GET", &two, "/document", NULL), 200);
    https_close(&first.client);
    https_close(&second.client);
}

static void
stopping_ends_downloads_and_connections(void **state)
{
    struct rig *rig = *state;
    const struct ph_id id = rig_hold(rig, "alice", 4 * BIG);
    struct printer printer;
    uint8_t bytes[65536];
    size_t got = 0, len;

    arrive(rig, &printer, "pr-1", "alice");
    assert_int_equal(ask(&printer, "POST", &id, "/claim", NULL), 200);
    begin_download(&printer, &id, NULL);
    rig_stop(rig);
    while ((len = https_read(&printer.client, bytes, sizeof(bytes))) > 0)
        got += len;
    assert_true(got < 4 * BIG);
    https_close(&printer.client);
    rig_start(rig);
}

static int64_t moved_ms;

static int64_t
moved_clock(void)
{
    return moved_ms;
}

static void
a_lease_that_ended_is_open_to_others(void **state)
{
    struct rig *rig = *state;
    struct printer one, two;
    struct ph_id id;

    rig_stop(rig);
    jobs_fixture_close(&rig->jobs);
    rig->jobs.config.lease_s = 60;
    jobs_fixture_open(&rig->jobs);
    rig_start(rig);
    moved_ms = ph_clock_wall_ms();
    ph_clock_set_wall(moved_clock);
    id = rig_hold(rig, "alice", 1000);
    arrive(rig, &one, "pr-1", "alice");
    arrive(rig, &two, "pr-2", "alice");
    assert_int_equal(ask(&one, "POST", &id, "/claim", NULL), 200);
    moved_ms += 59999;
    assert_int_equal(ask(&two, "POST", &id, "/claim", NULL), 409);
    moved_ms += 2;
    assert_int_equal(ask(&two, "POST", &id, "/claim", NULL), 200);
    assert_int_equal(ask(&one, "GET", &id, "/document", NULL), 409);
    https_close(&one.client);
    https_close(&two.client);
}

#define RIG_TEST(f) \
    cmocka_unit_test_setup_teardown(f, rig_set_up, rig_tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(a_printer_lists_claims_downloads_and_completes),
        RIG_TEST(digests_and_tags_are_those_of_the_document),
        RIG_TEST(ranges_give_the_bytes_asked_for),
        RIG_TEST(a_broken_download_is_resumed_on_another_connection),
        RIG_TEST(jobs_of_someone_else_look_like_missing_ones),
        RIG_TEST(a_grant_for_some_jobs_shows_only_those),
        RIG_TEST(two_printers_cannot_hold_one_job),
        RIG_TEST(a_failed_print_leaves_the_job_held),
        RIG_TEST(of_an_altered_file_not_one_byte_is_sent),
        RIG_TEST(a_file_altered_after_a_download_is_verified_again),
        RIG_TEST(a_file_altered_under_a_download_breaks_it),
        RIG_TEST(a_printer_that_reads_nothing_delays_nobody),
        RIG_TEST(more_documents_than_configured_wait_outside),
        RIG_TEST(stopping_ends_downloads_and_connections),
        RIG_TEST(a_lease_that_ended_is_open_to_others),
    };

    return cmocka_run_group_tests(tests, rig_make_pki, rig_remove_pki);
}
