/* The agent's two IPP requests and cupsd's answers. */
#include "cups_ipp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "printhold/base/attr.h"
#include "printhold/base/err.h"

/* As CUPS 2.4.2 answers Get-Job-Attributes, shortened. */
#define HEAD "\x02\x00\x00\x00\x00\x00\x00\x01"
#define CHARSET        \
    "\x01\x47\x00\x12" \
    "attributes-charset\x00\x05utf-8"
#define STATE   "\x02\x23\x00\x09job-state\x00\x04\x00\x00\x00\x09"
#define UUID_OF "\x45\x00\x08job-uuid\x00\x0durn:uuid:1234"
#define END     "\x03"
#define WHOLE   HEAD CHARSET STATE UUID_OF END

#define BYTES(text) (text), sizeof(text) - 1

struct seen {
    size_t count;
    struct ph_ipp_record first, last;
};

static void
on_record(const struct ph_ipp_record *record, void *arg)
{
    struct seen *seen = arg;

    if (seen->count++ == 0)
        seen->first = *record;
    seen->last = *record;
}

static int
parse(const void *bytes, size_t len, struct seen *out_seen,
      uint16_t *out_status)
{
    *out_seen = (struct seen){.count = 0};
    return ph_ipp_answer_parse(bytes, len, on_record, out_seen, out_status);
}

static void
an_answer_gives_state_and_uuid(void **state)
{
    struct seen seen;
    uint16_t status = 77;

    (void)state;
    assert_int_equal(parse(BYTES(WHOLE), &seen, &status), PH_OK);
    assert_int_equal(status, 0);
    assert_int_equal(seen.count, 1);
    assert_int_equal(seen.first.job_state, 9);
    assert_string_equal(seen.first.job_uuid, "urn:uuid:1234");
}

/* As CUPS 2.4.2 answers Get-Jobs and CUPS-Get-Printers, shortened. */
#define JOB(id, hold, text)                         \
    "\x02\x21\x00\x06job-id\x00\x04\x00\x00\x00" id \
    "\x23\x00\x09job-state\x00\x04\x00\x00\x00\x04" \
    "\x44\x00\x0ejob-hold-until\x00\x07" hold       \
    "\x41\x00\x19job-printer-state-message\x00\x05" text
#define QUEUE(uri, device)                                             \
    "\x04\x45\x00\x15printer-uri-supported\x00\x05" uri "\x45\x00\x0a" \
    "device-uri\x00\x05" device
#define LIST                                     \
    HEAD CHARSET JOB("\x07", "no-hold", "Waits") \
        JOB("\x08", "weekend", "other") END

static void
a_list_gives_each_job_and_each_queue(void **state)
{
    struct seen seen;
    uint16_t status;

    (void)state;
    assert_int_equal(parse(BYTES(LIST), &seen, &status), PH_OK);
    assert_int_equal(seen.count, 2);
    assert_int_equal(seen.first.job_id, 7);
    assert_int_equal(seen.first.job_state, PH_IPP_JOB_HELD);
    assert_string_equal(seen.first.job_hold_until, "no-hold");
    assert_string_equal(seen.first.job_message, "Waits");
    assert_int_equal(seen.last.job_id, 8);
    assert_string_equal(seen.last.job_hold_until, "weekend");
    assert_string_equal(seen.last.job_message, "other");
    assert_int_equal(parse(BYTES(HEAD CHARSET QUEUE("ipp:a", "abc:/")
                                     QUEUE("ipp:b", "def:/") END),
                           &seen, &status),
                     PH_OK);
    assert_int_equal(seen.count, 2);
    assert_string_equal(seen.first.queue_uri, "ipp:a");
    assert_string_equal(seen.first.device_uri, "abc:/");
    assert_string_equal(seen.last.queue_uri, "ipp:b");
    assert_int_equal(seen.last.job_id, 0);
}

static void
one_job_carries_nothing_of_another(void **state)
{
    static const char bytes[] = HEAD JOB("\x07", "no-hold", "Waits") "\x02" END;
    struct seen seen;
    uint16_t status;

    (void)state;
    assert_int_equal(parse(BYTES(bytes), &seen, &status), PH_OK);
    assert_int_equal(seen.count, 2);
    assert_int_equal(seen.last.job_id, 0);
    assert_string_equal(seen.last.job_hold_until, "");
    assert_string_equal(seen.last.job_message, "");
}

static void
an_answer_cut_anywhere_is_refused_whole(void **state)
{
    struct seen seen;
    uint16_t status = 77;

    (void)state;
    for (size_t len = 0; len < sizeof(LIST) - 1; len++) {
        assert_int_equal(parse(LIST, len, &seen, &status), PH_ERR_TRUNCATED);
        assert_int_equal(seen.count, 0);
    }
    assert_int_equal(status, 77);
}

static void
odd_answers_are_refused_or_carry_nothing(void **state)
{
    static const struct {
        const char *what, *bytes;
        size_t len;
        int err;
        int32_t job_state;
    } cases[] = {
        {"IPP/0.1", BYTES("\x00\x01\x00\x00\x00\x00\x00\x01\x03"),
         PH_ERR_SYNTAX, 0},
        {"IPP/3.0", BYTES("\x03\x00\x00\x00\x00\x00\x00\x01\x03"),
         PH_ERR_SYNTAX, 0},
        {"another request's answer",
         BYTES("\x02\x00\x00\x00\x00\x00\x00\x02\x03"), PH_ERR_SYNTAX, 0},
        {"job-state of a wrong type",
         BYTES(HEAD "\x02\x21\x00\x09job-state\x00\x04\x00\x00\x00\x09" END),
         PH_OK, 0},
        {"job-state of two bytes",
         BYTES(HEAD "\x02\x23\x00\x09job-state\x00\x02\x00\x09" END), PH_OK, 0},
        {"job-state out of range",
         BYTES(HEAD "\x02\x23\x00\x09job-state\x00\x04\x00\x00\x01\x00" END),
         PH_OK, 0},
        {"a longer name",
         BYTES(HEAD "\x02\x23\x00\x0ajob-states\x00\x04\x00\x00\x00\x09" END),
         PH_OK, 0},
        {"a name that leaves the message",
         BYTES(HEAD "\x02\x23\xff\xffjob-state\x00\x04\x00\x00\x00\x09" END),
         PH_ERR_TRUNCATED, 0},
        {"no end", BYTES(HEAD STATE), PH_ERR_TRUNCATED, 0},
        {"job-state among the operation attributes",
         BYTES(HEAD "\x01\x23\x00\x09job-state\x00\x04\x00\x00\x00\x09" END),
         PH_OK, 0},
    };

    (void)state;
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        struct seen seen;
        uint16_t status;

        if (parse(cases[i].bytes, cases[i].len, &seen, &status) !=
                cases[i].err ||
            seen.first.job_state != cases[i].job_state)
            fail_msg("%s", cases[i].what);
    }
}

static void
a_uuid_that_is_too_long_or_has_nul_is_not_taken(void **state)
{
    static const char with_nul[] = HEAD "\x02\x45\x00\x08job-uuid\x00\x05"
                                        "urn\0x" END;
    char bytes[256] = HEAD "\x02\x45\x00\x08job-uuid\x00";
    const size_t start = sizeof(HEAD "\x02\x45\x00\x08job-uuid\x00") - 1;
    struct seen seen;
    uint16_t status;

    (void)state;
    memcpy(bytes, HEAD "\x02\x45\x00\x08job-uuid\x00", start);
    bytes[start] = PH_IPP_UUID_MAX;
    memset(bytes + start + 1, 'a', PH_IPP_UUID_MAX);
    bytes[start + 1 + PH_IPP_UUID_MAX] = 3;
    assert_int_equal(parse(bytes, start + 2 + PH_IPP_UUID_MAX, &seen, &status),
                     PH_OK);
    assert_string_equal(seen.first.job_uuid, "");
    assert_int_equal(parse(BYTES(with_nul), &seen, &status), PH_OK);
    assert_string_equal(seen.first.job_uuid, "");
}

static void
a_longer_message_is_cut_and_a_number_must_fit(void **state)
{
    char bytes[512];
    struct seen seen;
    uint16_t status;
    static const char head[] =
        HEAD "\x02\x21\x00\x06job-id\x00\x04\xff\xff\xff\xff"
             "\x41\x00\x19job-printer-state-message\x01\x40";

    (void)state;
    memcpy(bytes, head, sizeof(head) - 1);
    memset(bytes + sizeof(head) - 1, 'm', 0x140);
    bytes[sizeof(head) - 1 + 0x140] = 3;
    assert_int_equal(parse(bytes, sizeof(head) + 0x140, &seen, &status), PH_OK);
    assert_int_equal(strlen(seen.first.job_message), PH_IPP_TEXT_MAX - 1);
    assert_int_equal(seen.first.job_id, 0);
}

static void
http_answers_are_judged_by_status_and_length(void **state)
{
    static const struct {
        const char *what, *bytes;
        size_t len;
        int err;
        uint16_t status;
    } cases[] = {
        {"good", BYTES("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n" HEAD END),
         PH_OK, 0},
        {"name in small letters",
         BYTES("HTTP/1.1 200 OK\r\ncontent-length:9\r\n\r\n" HEAD END), PH_OK,
         0},
        {"not a member of SystemGroup", BYTES("HTTP/1.1 403 Forbidden\r\n\r\n"),
         PH_OK, PH_IPP_HTTP_REFUSED},
        {"unauthorized", BYTES("HTTP/1.1 401 Unauthorized\r\n\r\n"), PH_OK,
         PH_IPP_HTTP_REFUSED},
        {"body not there yet",
         BYTES("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n" HEAD END),
         PH_ERR_TRUNCATED, 0},
        {"head not there yet", BYTES("HTTP/1.1 200 OK\r\nContent-Len"),
         PH_ERR_TRUNCATED, 0},
        {"no length", BYTES("HTTP/1.1 200 OK\r\n\r\n" HEAD END), PH_ERR_SYNTAX,
         0},
        {"negative length",
         BYTES("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n" HEAD END),
         PH_ERR_SYNTAX, 0},
        {"huge length",
         BYTES("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n"),
         PH_ERR_SYNTAX, 0},
        {"server error",
         BYTES("HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n"), PH_ERR_SYNTAX,
         0},
        {"not HTTP", BYTES("220 mail.example.com ESMTP\r\n\r\n"), PH_ERR_SYNTAX,
         0},
    };

    (void)state;
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        uint16_t status = 0;

        if (ph_ipp_http_parse(cases[i].bytes, cases[i].len, NULL, NULL,
                              &status) != cases[i].err ||
            status != cases[i].status)
            fail_msg("%s", cases[i].what);
    }
}

/* Find an attribute's bytes in a request. */
static bool
has(const struct ph_buf *buf, const char *bytes, size_t len)
{
    for (size_t i = 0; i + len <= buf->len; i++)
        if (memcmp(buf->data + i, bytes, len) == 0)
            return true;
    return false;
}

static void
requests_name_the_job_the_user_and_what_is_wanted(void **state)
{
    struct ph_ipp_request request;
    struct ph_buf buf;

    (void)state;
    ph_buf_init(&buf, 4096);
    request = (struct ph_ipp_request){PH_IPP_CANCEL_JOB, 4711, NULL};
    assert_int_equal(ph_ipp_request_put(&request, "printhold", &buf), PH_OK);
    assert_true(has(&buf, BYTES("POST /jobs/ HTTP/1.1\r\n")));
    assert_true(has(&buf, BYTES("Authorization: PeerCred printhold\r\n")));
    assert_true(
        has(&buf, BYTES("\r\n\r\n\x02\x00\x00\x08\x00\x00\x00\x01\x01")));
    assert_true(has(&buf, BYTES("\x00\x19ipp://localhost/jobs/4711")));
    assert_true(has(&buf, BYTES("\x22\x00\x09purge-job\x00\x01\x01\x03")));
    request = (struct ph_ipp_request){PH_IPP_GET_JOB_ATTRIBUTES, 1, NULL};
    assert_int_equal(ph_ipp_request_put(&request, "lp", &buf), PH_OK);
    assert_false(has(&buf, BYTES("purge-job")));
    assert_true(has(&buf, BYTES("\x44\x00\x00\x00\x08job-uuid\x03")));
    request = (struct ph_ipp_request){PH_IPP_RELEASE_JOB, 12, NULL};
    assert_int_equal(ph_ipp_request_put(&request, "lp", &buf), PH_OK);
    assert_true(
        has(&buf, BYTES("\r\n\r\n\x02\x00\x00\x0d\x00\x00\x00\x01\x01")));
    assert_true(has(&buf, BYTES("\x00\x17ipp://localhost/jobs/12")));
    request = (struct ph_ipp_request){PH_IPP_GET_JOBS, 0, "ipp://localhost/q"};
    assert_int_equal(ph_ipp_request_put(&request, "lp", &buf), PH_OK);
    assert_true(has(&buf, BYTES("printer-uri\x00\x11ipp://localhost/q\x42")));
    assert_true(has(&buf, BYTES("limit\x00\x04\x00\x00\x03\xe8\x44")));
    request = (struct ph_ipp_request){PH_IPP_GET_PRINTERS, 0, NULL};
    assert_int_equal(ph_ipp_request_put(&request, "lp", &buf), PH_OK);
    assert_true(
        has(&buf, BYTES("\r\n\r\n\x02\x00\x40\x02\x00\x00\x00\x01\x01")));
    assert_false(has(&buf, BYTES("job-uri")));
    ph_buf_close(&buf);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_gives_state_and_uuid),
        cmocka_unit_test(a_list_gives_each_job_and_each_queue),
        cmocka_unit_test(one_job_carries_nothing_of_another),
        cmocka_unit_test(an_answer_cut_anywhere_is_refused_whole),
        cmocka_unit_test(a_longer_message_is_cut_and_a_number_must_fit),
        cmocka_unit_test(odd_answers_are_refused_or_carry_nothing),
        cmocka_unit_test(a_uuid_that_is_too_long_or_has_nul_is_not_taken),
        cmocka_unit_test(http_answers_are_judged_by_status_and_length),
        cmocka_unit_test(requests_name_the_job_the_user_and_what_is_wanted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
