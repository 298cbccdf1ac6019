/* Documents at port 9443: ranges, resuming, damage, load. */
#include "release_rig.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "printhold/base/attr.h"
#include "printhold/base/clock.h"

#define BIG ((size_t)8 * 1024 * 1024)

/* The value of Repr-Digest and Content-Digest for these bytes. */
static const char *
digest_of(const struct ph_buf *bytes)
{
    static char text[128];
    unsigned char digest[32], base64[64];

    assert_int_equal(
        EVP_Digest(bytes->data, bytes->len, digest, NULL, EVP_sha256(), NULL),
        1);
    (void)EVP_EncodeBlock(base64, digest, 32);
    (void)snprintf(text, sizeof(text), "sha-256=:%s:", (const char *)base64);
    return text;
}

static void
digests_and_tags_are_those_of_the_document(void **state)
{
    struct rig *rig = *state;
    const struct ph_id id = rig_hold(rig, "alice", 100000);
    struct rig_printer printer;
    struct https_reply reply;
    unsigned char digest[32];
    char expected[128];

    rig_arrive(rig, &printer, "pr-1", "alice");
    assert_int_equal(rig_ask(&printer, "POST", &id, "/claim", NULL), 200);
    rig_get_document(&printer, &id, "", &reply);
    (void)snprintf(expected, sizeof(expected), "%s", digest_of(&reply.body));
    assert_int_equal(EVP_Digest(reply.body.data, reply.body.len, digest, NULL,
                                EVP_sha256(), NULL),
                     1);
    assert_string_equal(https_field(&reply, "Repr-Digest"), expected);
    assert_string_equal(https_field(&reply, "Content-Digest"), expected);
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
    /* The digest of no content is of no use. */
    assert_string_equal(https_field(&reply, "Content-Digest"), "");
    https_reply_close(&reply);
    /* Nothing of a body came with it: the next answer is in its place. */
    assert_int_equal(rig_ask(&printer, "GET", &id, "", NULL), 200);
    https_close(&printer.client);
}

/* RFC 9530: of a part, only when it is wanted. */
static void
the_digest_of_a_part_is_that_of_what_is_sent(void **state)
{
    static const char *const ranges[] = {"bytes=0-0", "bytes=100-199",
                                         "bytes=65000-140000", "bytes=-7",
                                         "bytes=1-"};
    struct rig *rig = *state;
    const struct ph_id id = rig_hold(rig, "alice", 200000);
    struct rig_printer printer;
    struct https_reply reply;
    char whole[128];

    rig_arrive(rig, &printer, "pr-1", "alice");
    assert_int_equal(rig_ask(&printer, "POST", &id, "/claim", NULL), 200);
    rig_get_document(&printer, &id, "", &reply);
    (void)snprintf(whole, sizeof(whole), "%s", digest_of(&reply.body));
    https_reply_close(&reply);
    for (size_t i = 0; i < PH_COUNT(ranges); i++) {
        char lines[128];

        (void)snprintf(lines, sizeof(lines), "Range: %s\r\n", ranges[i]);
        rig_get_document(&printer, &id, lines, &reply);
        assert_string_equal(https_field(&reply, "Content-Digest"), "");
        assert_string_equal(https_field(&reply, "Repr-Digest"), whole);
        https_reply_close(&reply);
        (void)snprintf(lines, sizeof(lines),
                       "Range: %s\r\nWant-Content-Digest: sha-512=3, "
                       "sha-256=10\r\n",
                       ranges[i]);
        rig_get_document(&printer, &id, lines, &reply);
        assert_int_equal(reply.status, 206);
        assert_string_equal(https_field(&reply, "Content-Digest"),
                            digest_of(&reply.body));
        assert_string_equal(https_field(&reply, "Repr-Digest"), whole);
        https_reply_close(&reply);
    }
    https_close(&printer.client);
}

/* RFC 9110 section 13.1.5: strong comparison with our tag, or from the start;
 * section 14.2: HEAD has no ranges. */
static void
a_range_counts_under_its_conditions_only(void **state)
{
    static const struct {
        const char *method;
        const char *before, *after; /* of the hex of the tag */
        unsigned status;
    } cases[] = {
        {"GET", "If-Range: \"", "\"\r\n", 206},
        {"GET", "If-Range: W/\"", "\"\r\n", 200},
        {"GET", "If-Range: ", "\r\n", 200},
        {"GET", "If-Range: \"", "0\"\r\n", 200},
        {"GET", "If-Range: Thu, 01 Jan 2026 00:00:00 GMT\r\nX: ", "\r\n", 200},
        {"HEAD", "If-Range: \"", "\"\r\n", 200},
        {"HEAD", "X: ", "\r\n", 200},
    };
    struct rig *rig = *state;
    const struct ph_id id = rig_hold(rig, "alice", 1000);
    struct rig_printer printer;
    struct https_reply reply;
    char tag[128];

    rig_arrive(rig, &printer, "pr-1", "alice");
    assert_int_equal(rig_ask(&printer, "POST", &id, "/claim", NULL), 200);
    rig_get_document(&printer, &id, "", &reply);
    (void)snprintf(tag, sizeof(tag), "%.64s", https_field(&reply, "ETag") + 1);
    https_reply_close(&reply);
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        char lines[RIG_PATH + 256];

        (void)snprintf(lines, sizeof(lines), "%sRange: bytes=10-19\r\n%s%s%s",
                       printer.line, cases[i].before, tag, cases[i].after);
        https_do(&printer.client, cases[i].method,
                 rig_job_path(&id, "/document"), lines, NULL, &reply);
        if (reply.status != cases[i].status)
            fail_msg("%s %s: %u", cases[i].method, cases[i].before,
                     reply.status);
        assert_string_equal(https_field(&reply, "Content-Length"),
                            cases[i].status == 206 ? "10" : "1000");
        https_reply_close(&reply);
    }
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
    struct rig_printer printer;

    rig_arrive(rig, &printer, "pr-1", "alice");
    assert_int_equal(rig_ask(&printer, "POST", &id, "/claim", NULL), 200);
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        struct https_reply reply;
        char line[128];

        (void)snprintf(line, sizeof(line), "Range: %s\r\n", cases[i].range);
        rig_get_document(&printer, &id, line, &reply);
        if (reply.status != cases[i].status)
            fail_msg("%s: %u", cases[i].range, reply.status);
        assert_string_equal(https_field(&reply, "Content-Range"),
                            cases[i].content_range);
        if (reply.status != 416) {
            assert_int_equal(reply.body.len, cases[i].len);
            rig_check_bytes(&reply.body, cases[i].first);
        }
        https_reply_close(&reply);
    }
    https_close(&printer.client);
}

/* SR-74 */
static void
a_broken_download_is_resumed_on_another_connection(void **state)
{
    struct rig *rig = *state;
    const struct ph_id id = rig_hold(rig, "alice", BIG);
    struct rig_printer printer;
    struct https_reply reply;
    char etag[128], lines[256];
    uint8_t bytes[10000];
    size_t got = 0;

    rig_arrive(rig, &printer, "pr-1", "alice");
    assert_int_equal(rig_ask(&printer, "POST", &id, "/claim", NULL), 200);
    rig_begin_download(&printer, &id, etag);
    while (got < 1000000)
        got += https_read(&printer.client, bytes, sizeof(bytes));
    https_close(&printer.client);

    rig_open(rig, &printer.client, "pr-1");
    (void)snprintf(lines, sizeof(lines),
                   "Range: bytes=%zu-\r\nIf-Range: %s\r\n", got, etag);
    rig_get_document(&printer, &id, lines, &reply);
    assert_int_equal(reply.status, 206);
    assert_int_equal(reply.body.len, BIG - got);
    rig_check_bytes(&reply.body, got);
    https_reply_close(&reply);

    /* Another document's tag: from the start. */
    rig_get_document(&printer, &id, "Range: bytes=5-\r\nIf-Range: \"0123\"\r\n",
                     &reply);
    assert_int_equal(reply.status, 200);
    assert_int_equal(reply.body.len, BIG);
    https_reply_close(&reply);
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

/* SR-25 */
static void
of_an_altered_file_not_one_byte_is_sent(void **state)
{
    struct rig *rig = *state;
    const struct ph_id id = rig_hold(rig, "alice", BIG);
    struct rig_printer printer;
    struct https_reply reply;

    rig_arrive(rig, &printer, "pr-1", "alice");
    assert_int_equal(rig_ask(&printer, "POST", &id, "/claim", NULL), 200);
    damage(rig, &id, 5000); /* in the last segment */
    rig_get_document(&printer, &id, "Range: bytes=0-9\r\n", &reply);
    assert_int_equal(reply.status, 500);
    assert_string_equal(https_field(&reply, "Content-Type"),
                        "application/problem+json");
    assert_non_null(strstr(ph_buf_str(&reply.body), "problem:damaged"));
    https_reply_close(&reply);
    assert_int_equal(rig_ask(&printer, "GET", &id, "", NULL), 404);
    https_close(&printer.client);
}

static void
a_file_altered_after_a_download_is_verified_again(void **state)
{
    struct rig *rig = *state;
    const struct ph_id id = rig_hold(rig, "alice", BIG);
    struct rig_printer printer;

    rig_arrive(rig, &printer, "pr-1", "alice");
    assert_int_equal(rig_ask(&printer, "POST", &id, "/claim", NULL), 200);
    assert_int_equal(rig_ask(&printer, "GET", &id, "/document", NULL), 200);
    assert_int_equal(rig_ask(&printer, "GET", &id, "/document", NULL), 200);
    damage(rig, &id, 5000);
    assert_int_equal(rig_ask(&printer, "GET", &id, "/document", NULL), 500);
    https_close(&printer.client);
}

static void
a_file_altered_under_a_download_breaks_it(void **state)
{
    struct rig *rig = *state;
    const struct ph_id id = rig_hold(rig, "alice", 8 * BIG);
    struct rig_printer printer;
    uint8_t bytes[65536];
    size_t got = 0, len;

    rig_arrive(rig, &printer, "pr-1", "alice");
    assert_int_equal(rig_ask(&printer, "POST", &id, "/claim", NULL), 200);
    rig_begin_download(&printer, &id, NULL);
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
    struct rig_printer slow, quick;
    struct https_reply reply;
    struct ph_release_status status;

    rig_arrive(rig, &slow, "pr-1", "alice");
    rig_arrive(rig, &quick, "pr-2", "alice");
    assert_int_equal(rig_ask(&slow, "POST", &slow_job, "/claim", NULL), 200);
    rig_begin_download(&slow, &slow_job, NULL);

    assert_int_equal(rig_ask(&quick, "POST", &id, "/claim", NULL), 200);
    for (int i = 0; i < 5; i++) {
        rig_get_document(&quick, &id, "", &reply);
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

/* --- the lease --- */

#define LEASE_S 1

/* Take a little, again and again, for longer than two leases. */
static size_t
read_slowly(struct rig_printer *reader, struct rig_printer *other,
            const struct ph_id *id)
{
    const int64_t end_ms = ph_clock_mono_ms() + 2500 * LEASE_S;
    uint8_t bytes[32768];
    size_t got = 0;

    for (int i = 0; ph_clock_mono_ms() < end_ms; i++) {
        size_t len = https_read(&reader->client, bytes, sizeof(bytes));

        assert_true(len > 0);
        got += len;
        if (i % 10 == 0)
            assert_int_equal(rig_ask(other, "POST", id, "/claim", NULL), 409);
        (void)poll(NULL, 0, 10); /* a slow reader, not a wait */
    }
    return got;
}

static void
traffic_renews_the_lease_and_silence_ends_it(void **state)
{
    struct rig *rig = *state;
    struct rig_printer slow, other;
    const int room = 65536;
    uint8_t bytes[65536];
    size_t got, len;
    struct ph_id id;
    int64_t end_ms;

    rig_stop(rig);
    jobs_fixture_close(&rig->jobs);
    rig->jobs.config.lease_s = LEASE_S;
    jobs_fixture_open(&rig->jobs);
    rig_start(rig);
    id = rig_hold(rig, "alice", 8 * BIG);
    rig_arrive(rig, &slow, "pr-1", "alice");
    rig_arrive(rig, &other, "pr-2", "alice");
    /* Or the kernel takes so much that nothing moves for a while. */
    assert_int_equal(
        setsockopt(slow.client.fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room)),
        0);
    assert_int_equal(rig_ask(&slow, "POST", &id, "/claim", NULL), 200);
    rig_begin_download(&slow, &id, NULL);
    got = read_slowly(&slow, &other, &id);

    end_ms = ph_clock_mono_ms() + 10000 * LEASE_S;
    while (rig_ask(&other, "POST", &id, "/claim", NULL) != 200) {
        assert_true(ph_clock_mono_ms() < end_ms);
        (void)poll(NULL, 0, 50);
    }
    /* What is the other's now is not sent to the first one any more. */
    while ((len = https_read(&slow.client, bytes, sizeof(bytes))) > 0)
        got += len;
    assert_true(got < 8 * BIG);
    https_close(&slow.client);
    https_close(&other.client);
}

static void
more_documents_than_configured_wait_outside(void **state)
{
    struct rig *rig = *state;
    const struct ph_id one = rig_hold(rig, "alice", 4 * BIG);
    const struct ph_id two = rig_hold(rig, "alice", 1000);
    struct rig_printer first, second;
    struct https_reply reply;
    uint8_t bytes[65536];

    rig_stop(rig);
    rig->jobs.config.release_pulls_max = 1;
    rig_start(rig);
    rig_arrive(rig, &first, "pr-1", "alice");
    rig_arrive(rig, &second, "pr-1", "alice");
    assert_int_equal(rig_ask(&first, "POST", &one, "/claim", NULL), 200);
    assert_int_equal(rig_ask(&second, "POST", &two, "/claim", NULL), 200);
    rig_begin_download(&first, &one, NULL);

    rig_get_document(&second, &two, "", &reply);
    assert_int_equal(reply.status, 503);
    assert_string_equal(https_field(&reply, "Retry-After"), "5");
    assert_string_equal(https_field(&reply, "Content-Type"),
                        "application/problem+json");
    assert_non_null(strstr(ph_buf_str(&reply.body), "\"detail\":\"This "));
    https_reply_close(&reply);
    for (size_t got = 0; got < 4 * BIG;)
        got += https_read(&first.client, bytes, sizeof(bytes));
    assert_int_equal(rig_ask(&first, "GET", &one, "", NULL), 200);
    assert_int_equal(rig_ask(&second, "GET", &two, "/document", NULL), 200);
    https_close(&first.client);
    https_close(&second.client);
}

static void
stopping_ends_downloads_and_connections(void **state)
{
    struct rig *rig = *state;
    const struct ph_id id = rig_hold(rig, "alice", 4 * BIG);
    struct rig_printer printer;
    uint8_t bytes[65536];
    size_t got = 0, len;

    rig_arrive(rig, &printer, "pr-1", "alice");
    assert_int_equal(rig_ask(&printer, "POST", &id, "/claim", NULL), 200);
    rig_begin_download(&printer, &id, NULL);
    rig_stop(rig);
    while ((len = https_read(&printer.client, bytes, sizeof(bytes))) > 0)
        got += len;
    assert_true(got < 4 * BIG);
    https_close(&printer.client);
    rig_start(rig);
}

#define RIG_TEST(f) \
    cmocka_unit_test_setup_teardown(f, rig_set_up, rig_tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(digests_and_tags_are_those_of_the_document),
        RIG_TEST(the_digest_of_a_part_is_that_of_what_is_sent),
        RIG_TEST(a_range_counts_under_its_conditions_only),
        RIG_TEST(ranges_give_the_bytes_asked_for),
        RIG_TEST(a_broken_download_is_resumed_on_another_connection),
        RIG_TEST(of_an_altered_file_not_one_byte_is_sent),
        RIG_TEST(a_file_altered_after_a_download_is_verified_again),
        RIG_TEST(a_file_altered_under_a_download_breaks_it),
        RIG_TEST(a_printer_that_reads_nothing_delays_nobody),
        RIG_TEST(traffic_renews_the_lease_and_silence_ends_it),
        RIG_TEST(more_documents_than_configured_wait_outside),
        RIG_TEST(stopping_ends_downloads_and_connections),
    };

    return cmocka_run_group_tests(tests, rig_make_pki, rig_remove_pki);
}
