/* Unit tests of proto/directory: documents and presence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "printhold/base/err.h"
#include "printhold/proto/directory.h"
#include "printhold/proto/json.h"

#define JOBS 100

static const char *const addresses[] = {"192.0.2.7:9443", "[2001:db8::7]:9443"};

struct fixture {
    struct ph_ticket ticket;
    struct ph_directory_job jobs[JOBS];
    struct ph_directory directory;
    struct ph_buf buf;
};

static int
setup(void **state)
{
    static struct fixture fixture;

    memset(&fixture, 0, sizeof(fixture));
    ph_ticket_init(&fixture.ticket);
    for (size_t i = 0; i < JOBS; i++) {
        fixture.jobs[i].id.bytes[15] = (uint8_t)i;
        fixture.jobs[i].state = PH_JOB_HELD;
        fixture.jobs[i].expires_ms = 1795462200000 + (int64_t)i;
        fixture.jobs[i].ticket = &fixture.ticket;
    }
    fixture.directory = (struct ph_directory){
        .rev = 4711,
        .at_ms = 1795375800000,
        .workstation = "ws-test",
        .login = "alice@example.com",
        .host = "lt-alice",
        .addresses = addresses,
        .address_count = 2,
        .pin = "sha256-abc",
        .jobs = fixture.jobs,
        .job_count = 1,
    };
    ph_buf_init(&fixture.buf, PH_DIRECTORY_BYTES_MAX);
    *state = &fixture;
    return 0;
}

static int
teardown(void **state)
{
    ph_buf_close(&((struct fixture *)*state)->buf);
    return 0;
}

static json_t *
put_and_parse(struct fixture *fixture)
{
    json_t *root = NULL;

    assert_int_equal(ph_directory_put(&fixture->directory, &fixture->buf),
                     PH_OK);
    assert_true(fixture->buf.len <= PH_DIRECTORY_BYTES_MAX);
    assert_int_equal(ph_json_parse(fixture->buf.data, fixture->buf.len,
                                   PH_DIRECTORY_BYTES_MAX, &root),
                     PH_OK);
    return root;
}

static void
a_document_says_all_that_is_known(void **state)
{
    struct fixture *fixture = *state;
    struct ph_ticket *ticket = &fixture->ticket;
    static const char expected[] =
        "{\"v\":1,\"rev\":4711,\"at\":\"2026-11-22T19:30:00.000Z\","
        "\"ws\":\"ws-test\",\"usr\":\"alice@example.com\","
        "\"host\":\"lt-alice\","
        "\"addr\":[\"192.0.2.7:9443\",\"[2001:db8::7]:9443\"],"
        "\"fp\":[\"sha256-abc\"],"
        "\"jobs\":[{\"id\":\"00000000000000000000000000000000\","
        "\"st\":\"held\",\"exp\":\"2026-11-23T19:30:00.000Z\","
        "\"job-name\":\"Q3 \\\"report\\\"\",\"document-format\":"
        "\"application/pdf\",\"sides\":\"two-sided-long-edge\","
        "\"print-color-mode\":\"monochrome\",\"media\":"
        "\"iso_a4_210x297mm\",\"driver\":\"PrintHold PDF\","
        "\"source\":\"Writer\",\"submission-ip\":\"192.0.2.7\","
        "\"date-time-at-creation\":\"2026-11-22T19:29:59.000Z\","
        "\"job-impressions\":12,\"copies\":2,\"number-up\":1,"
        "\"size-bytes\":482133}],\"more\":0}";

    (void)strncpy(ticket->job_name, "Q3 \"report\"", 32);
    (void)strncpy(ticket->document_format, "application/pdf", 32);
    (void)strncpy(ticket->sides, "two-sided-long-edge", 32);
    (void)strncpy(ticket->print_color_mode, "monochrome", 32);
    (void)strncpy(ticket->media, "iso_a4_210x297mm", 32);
    (void)strncpy(ticket->driver, "PrintHold PDF", 32);
    (void)strncpy(ticket->source, "Writer", 32);
    (void)strncpy(ticket->submission_ip, "192.0.2.7", 32);
    ticket->submitted_ms = 1795375799000;
    ticket->impressions = 12;
    ticket->copies = 2;
    ticket->size_bytes = 482133;
    json_decref(put_and_parse(fixture));
    assert_string_equal(ph_buf_str(&fixture->buf), expected);
}

static void
what_is_not_known_is_absent(void **state)
{
    static const char *const absent[] = {
        "job-name", "job-impressions", "sides",  "print-color-mode",
        "media",    "driver",          "source", "date-time-at-creation",
    };
    struct fixture *fixture = *state;
    json_t *root, *job;

    fixture->ticket.size_bytes = -1;
    root = put_and_parse(fixture);
    job = json_array_get(json_object_get(root, "jobs"), 0);
    for (size_t i = 0; i < sizeof(absent) / sizeof(absent[0]); i++)
        assert_null(json_object_get(job, absent[i]));
    assert_int_equal(json_integer_value(json_object_get(job, "copies")), 1);
    json_decref(root);
}

static void
only_the_64_newest_jobs_are_named(void **state)
{
    struct fixture *fixture = *state;
    json_t *root, *jobs;

    fixture->directory.job_count = JOBS;
    fixture->directory.more = 7;
    root = put_and_parse(fixture);
    jobs = json_object_get(root, "jobs");
    assert_int_equal(json_array_size(jobs), PH_DIRECTORY_JOBS_MAX);
    assert_int_equal(json_integer_value(json_object_get(root, "more")),
                     JOBS - PH_DIRECTORY_JOBS_MAX + 7);
    assert_string_equal(
        json_string_value(json_object_get(json_array_get(jobs, 1), "id")),
        "00000000000000000000000000000001");
    json_decref(root);
}

static void
a_document_never_exceeds_32_kib(void **state)
{
    struct fixture *fixture = *state;
    size_t named;
    json_t *root;

    /* control characters are six bytes each in JSON: the worst case */
    memset(fixture->ticket.job_name, '\x01', PH_TICKET_TITLE_MAX - 1);
    memset(fixture->ticket.driver, '"', PH_TICKET_TEXT_MAX - 1);
    fixture->directory.job_count = 64;
    root = put_and_parse(fixture);
    named = json_array_size(json_object_get(root, "jobs"));
    assert_in_range(named, 5, 20);
    assert_int_equal(json_integer_value(json_object_get(root, "more")),
                     64 - named);
    assert_true(fixture->buf.len > PH_DIRECTORY_BYTES_MAX - 5000);
    json_decref(root);
}

static void
text_that_is_not_utf8_is_refused_and_the_buffer_kept(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(ph_buf_put_str(&fixture->buf, "before"), PH_OK);
    fixture->ticket.job_name[0] = '\xff';
    assert_int_equal(ph_directory_put(&fixture->directory, &fixture->buf),
                     PH_ERR_INVALID);
    assert_string_equal(ph_buf_str(&fixture->buf), "before");
}

static void
presence_says_on_off_or_asleep(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(
        ph_presence_put(PH_PRESENCE_ON, "0.1.0", 1795375800000, &fixture->buf),
        PH_OK);
    assert_string_equal(ph_buf_str(&fixture->buf),
                        "{\"v\":1,\"on\":true,"
                        "\"at\":\"2026-11-22T19:30:00.000Z\","
                        "\"ver\":\"0.1.0\"}");
    assert_int_equal(
        ph_presence_put(PH_PRESENCE_OFF, "0.1.0", 0, &fixture->buf), PH_OK);
    assert_string_equal(ph_buf_str(&fixture->buf),
                        "{\"v\":1,\"on\":false,\"ver\":\"0.1.0\"}");
    assert_int_equal(
        ph_presence_put(PH_PRESENCE_ASLEEP, "0.1.0", 0, &fixture->buf), PH_OK);
    assert_string_equal(
        ph_buf_str(&fixture->buf),
        "{\"v\":1,\"on\":false,\"asleep\":true,\"ver\":\"0.1.0\"}");
}

int
main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(a_document_says_all_that_is_known),
        CASE(what_is_not_known_is_absent),
        CASE(only_the_64_newest_jobs_are_named),
        CASE(a_document_never_exceeds_32_kib),
        CASE(text_that_is_not_utf8_is_refused_and_the_buffer_kept),
        CASE(presence_says_on_off_or_asleep),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
