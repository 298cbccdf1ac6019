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

static void
an_answer_gives_state_and_uuid(void **state)
{
    struct ph_ipp_answer answer;

    (void)state;
    assert_int_equal(ph_ipp_answer_parse(BYTES(WHOLE), &answer), PH_OK);
    assert_int_equal(answer.status, 0);
    assert_int_equal(answer.job_state, 9);
    assert_string_equal(answer.job_uuid, "urn:uuid:1234");
}

static void
an_answer_cut_anywhere_is_refused(void **state)
{
    struct ph_ipp_answer answer = {.status = 77};

    (void)state;
    for (size_t len = 0; len < sizeof(WHOLE) - 1; len++)
        assert_int_equal(ph_ipp_answer_parse(WHOLE, len, &answer),
                         PH_ERR_TRUNCATED);
    assert_int_equal(answer.status, 77);
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
    };

    (void)state;
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        struct ph_ipp_answer answer = {.job_state = 0};

        if (ph_ipp_answer_parse(cases[i].bytes, cases[i].len, &answer) !=
                cases[i].err ||
            answer.job_state != cases[i].job_state)
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
    struct ph_ipp_answer answer;

    (void)state;
    memcpy(bytes, HEAD "\x02\x45\x00\x08job-uuid\x00", start);
    bytes[start] = PH_IPP_UUID_MAX;
    memset(bytes + start + 1, 'a', PH_IPP_UUID_MAX);
    bytes[start + 1 + PH_IPP_UUID_MAX] = 3;
    assert_int_equal(
        ph_ipp_answer_parse(bytes, start + 2 + PH_IPP_UUID_MAX, &answer),
        PH_OK);
    assert_string_equal(answer.job_uuid, "");
    assert_int_equal(ph_ipp_answer_parse(BYTES(with_nul), &answer), PH_OK);
    assert_string_equal(answer.job_uuid, "");
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
        struct ph_ipp_answer answer = {.status = 0};

        if (ph_ipp_http_parse(cases[i].bytes, cases[i].len, &answer) !=
                cases[i].err ||
            answer.status != cases[i].status)
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
    struct ph_buf buf;

    (void)state;
    ph_buf_init(&buf, 4096);
    assert_int_equal(
        ph_ipp_request_put(PH_IPP_CANCEL_JOB, 4711, "printhold", &buf), PH_OK);
    assert_true(has(&buf, BYTES("POST /jobs/ HTTP/1.1\r\n")));
    assert_true(has(&buf, BYTES("Authorization: PeerCred printhold\r\n")));
    assert_true(
        has(&buf, BYTES("\r\n\r\n\x02\x00\x00\x08\x00\x00\x00\x01\x01")));
    assert_true(has(&buf, BYTES("\x00\x19ipp://localhost/jobs/4711")));
    assert_true(has(&buf, BYTES("\x22\x00\x09purge-job\x00\x01\x01\x03")));
    assert_int_equal(
        ph_ipp_request_put(PH_IPP_GET_JOB_ATTRIBUTES, 1, "lp", &buf), PH_OK);
    assert_false(has(&buf, BYTES("purge-job")));
    assert_true(has(&buf, BYTES("\x44\x00\x00\x00\x08job-uuid\x03")));
    ph_buf_close(&buf);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_gives_state_and_uuid),
        cmocka_unit_test(an_answer_cut_anywhere_is_refused),
        cmocka_unit_test(odd_answers_are_refused_or_carry_nothing),
        cmocka_unit_test(a_uuid_that_is_too_long_or_has_nul_is_not_taken),
        cmocka_unit_test(http_answers_are_judged_by_status_and_length),
        cmocka_unit_test(requests_name_the_job_the_user_and_what_is_wanted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
