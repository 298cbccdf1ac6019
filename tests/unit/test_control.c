/* Unit tests of proto/control. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "printhold/base/attr.h"
#include "printhold/base/err.h"
#include "printhold/proto/control.h"
#include "printhold/proto/frame.h"

static void
requests_survive_the_way(void **state)
{
    static const struct ph_control_request requests[] = {
        {.op = PH_CONTROL_JOBS},
        {.op = PH_CONTROL_JOBS, .all = true, .ended = true},
        {.op = PH_CONTROL_SHOW, .job = "0123456789abcdef0123456789abcdef"},
        {.op = PH_CONTROL_DELETE, .job = "beef"},
        {.op = PH_CONTROL_KEEP, .job = "beef0", .keep = true},
        {.op = PH_CONTROL_STATUS},
        {.op = PH_CONTROL_WATCH},
        {.op = PH_CONTROL_WATCH,
         .all = true,
         .has_from = true,
         .from = {1763753400000, 57}},
    };
    struct ph_buf buf;

    (void)state;
    ph_buf_init(&buf, PH_CONTROL_REQUEST_MAX);
    for (size_t i = 0; i < PH_COUNT(requests); i++) {
        struct ph_control_request back;
        struct ph_why why;

        memset(&back, 0, sizeof(back));
        assert_int_equal(ph_control_request_put(&requests[i], &buf), PH_OK);
        if (ph_control_request_parse(buf.data, buf.len, &back, &why) != PH_OK)
            fail_msg("%s", why.text);
        assert_int_equal(back.op, requests[i].op);
        assert_string_equal(back.job, requests[i].job);
        assert_int_equal(back.all, requests[i].all);
        assert_int_equal(back.ended, requests[i].ended);
        assert_int_equal(back.keep, requests[i].keep);
        assert_int_equal(back.has_from, requests[i].has_from);
        assert_int_equal(back.from.held, requests[i].from.held);
        assert_int_equal(back.from.record, requests[i].from.record);
    }
    ph_buf_close(&buf);
}

static void
an_enrolment_survives_the_way(void **state)
{
    static const struct ph_control_request asked[] = {
        {.op = PH_CONTROL_ENROL,
         .enrol = {.server = "https://hub", .token = "t", .pin = "sha256-x"}},
        {.op = PH_CONTROL_ENROL,
         .enrol = {.server = "hub", .token = "t", .ca = "-----\nAA\n"}},
    };
    const struct ph_control_enrolled enrolled = {
        .id = "ws-1", .tenant = "acme", .hub = "hub:9444", .not_after_ms = 5};
    struct ph_control_enrolled got;
    struct ph_control_request back;
    struct ph_buf buf;
    struct ph_why why;

    (void)state;
    ph_buf_init(&buf, PH_CONTROL_REQUEST_MAX);
    for (size_t i = 0; i < PH_COUNT(asked); i++) {
        assert_int_equal(ph_control_request_put(&asked[i], &buf), PH_OK);
        assert_int_equal(
            ph_control_request_parse(buf.data, buf.len, &back, &why), PH_OK);
        assert_string_equal(back.enrol.server, asked[i].enrol.server);
        assert_string_equal(back.enrol.token, asked[i].enrol.token);
        assert_string_equal(back.enrol.pin, asked[i].enrol.pin);
        assert_string_equal(back.enrol.ca, asked[i].enrol.ca);
    }
    assert_int_equal(ph_control_enrolled_put(&enrolled, &buf), PH_OK);
    assert_int_equal(ph_control_enrolled_parse(buf.data, buf.len, &got), PH_OK);
    assert_string_equal(got.id, "ws-1");
    assert_string_equal(got.hub, "hub:9444");
    assert_int_equal(got.not_after_ms, 5);
    assert_int_equal(ph_control_enrolled_parse("{}", 2, &got), PH_ERR_SYNTAX);
    ph_buf_close(&buf);
}

static void
a_login_survives_the_way(void **state)
{
    const struct ph_control_request asked = {
        .op = PH_CONTROL_LOGIN,
        .login = {.login = "ann@example.com", .password = "corr \"ect"}};
    const struct ph_control_bound bound = {
        .login = "ann@example.com", .name = "Ann", .workstation = "ws-1"};
    struct ph_control_request back;
    struct ph_control_bound got;
    struct ph_why why;
    struct ph_buf buf;

    (void)state;
    ph_buf_init(&buf, PH_FRAME_MAX);
    assert_int_equal(ph_control_request_put(&asked, &buf), PH_OK);
    assert_int_equal(ph_control_request_parse(buf.data, buf.len, &back, &why),
                     PH_OK);
    assert_string_equal(back.login.login, "ann@example.com");
    assert_string_equal(back.login.password, "corr \"ect");
    assert_int_equal(ph_control_bound_put(&bound, &buf), PH_OK);
    assert_int_equal(ph_control_bound_parse(buf.data, buf.len, &got), PH_OK);
    assert_memory_equal(&got, &bound, sizeof(got));
    assert_int_equal(ph_control_bound_parse("{}", 2, &got), PH_ERR_SYNTAX);
    ph_buf_close(&buf);
}

#define V1 "{\"version\":1,"

static const struct {
    const char *name;
    const char *text;
    int err;
} bad_requests[] = {
    {"enrol with nothing", V1 "\"op\":\"enrol\"}", PH_ERR_INVALID},
    {"enrol without pin or ca",
     V1 "\"op\":\"enrol\",\"server\":\"h\",\"token\":\"t\"}", PH_ERR_INVALID},
    {"enrol with both",
     V1 "\"op\":\"enrol\",\"server\":\"h\",\"token\":\"t\",\"pin\":\"p\","
        "\"ca\":\"c\"}",
     PH_ERR_INVALID},
    {"enrol with an authority that is a number",
     V1 "\"op\":\"enrol\",\"server\":\"h\",\"token\":\"t\",\"ca\":1}",
     PH_ERR_INVALID},
    {"enrol with control characters",
     V1 "\"op\":\"enrol\",\"server\":\"h\",\"token\":\"t\","
        "\"ca\":\"\\u001b\"}",
     PH_ERR_INVALID},
    {"enrol with a job", V1 "\"op\":\"enrol\",\"job\":\"beef\"}",
     PH_ERR_INVALID},
    {"login with nothing", V1 "\"op\":\"login\"}", PH_ERR_INVALID},
    {"login with an empty password", V1 "\"op\":\"login\",\"password\":\"\"}",
     PH_ERR_INVALID},
    {"login with a password that is a number",
     V1 "\"op\":\"login\",\"password\":1}", PH_ERR_INVALID},
    {"login with a password of two lines",
     V1 "\"op\":\"login\",\"password\":\"a\\nb\"}", PH_ERR_INVALID},
    {"login of two words",
     V1 "\"op\":\"login\",\"login\":\"an n\",\"password\":\"p\"}",
     PH_ERR_INVALID},
    {"login of nobody",
     V1 "\"op\":\"login\",\"login\":\"\",\"password\":\"p\"}", PH_ERR_INVALID},
    {"login with a job", V1 "\"op\":\"login\",\"job\":\"beef\"}",
     PH_ERR_INVALID},
    {"watch with a job", V1 "\"op\":\"watch\",\"job\":\"beef\"}",
     PH_ERR_INVALID},
    {"watch from a number", V1 "\"op\":\"watch\",\"from\":1}", PH_ERR_INVALID},
    {"watch from nothing", V1 "\"op\":\"watch\",\"from\":\"\"}",
     PH_ERR_INVALID},
    {"watch from half a place", V1 "\"op\":\"watch\",\"from\":\"1\"}",
     PH_ERR_INVALID},
    {"watch from a place with an empty half",
     V1 "\"op\":\"watch\",\"from\":\"1.\"}", PH_ERR_INVALID},
    {"watch from before time", V1 "\"op\":\"watch\",\"from\":\"-1.2\"}",
     PH_ERR_INVALID},
    {"watch from three numbers", V1 "\"op\":\"watch\",\"from\":\"1.2.3\"}",
     PH_ERR_INVALID},
    {"watch from too great a number",
     V1 "\"op\":\"watch\",\"from\":\"1.9007199254740992\"}", PH_ERR_INVALID},
    {"no JSON", "status\n", PH_ERR_SYNTAX},
    {"no version", "{\"op\":\"status\"}", PH_ERR_NOT_FOUND},
    {"newer version", "{\"version\":2,\"op\":\"status\"}", PH_ERR_UNSUPPORTED},
    {"no operation", V1 "\"job\":\"beef\"}", PH_ERR_NOT_FOUND},
    {"unknown operation", V1 "\"op\":\"print\"}", PH_ERR_UNSUPPORTED},
    {"operation of a long name", V1 "\"op\":\"deletedeletedelete\"}",
     PH_ERR_TOO_BIG},
    {"operation that is a number", V1 "\"op\":1}", PH_ERR_SYNTAX},
    {"operation twice", V1 "\"op\":\"show\",\"op\":\"delete\"}", PH_ERR_SYNTAX},
    {"delete nothing", V1 "\"op\":\"delete\"}", PH_ERR_INVALID},
    {"delete by an empty prefix", V1 "\"op\":\"delete\",\"job\":\"\"}",
     PH_ERR_INVALID},
    {"prefix of three digits", V1 "\"op\":\"delete\",\"job\":\"bee\"}",
     PH_ERR_INVALID},
    {"33 digits",
     V1 "\"op\":\"show\",\"job\":\"0123456789abcdef0123456789abcdef0\"}",
     PH_ERR_TOO_BIG},
    {"upper case", V1 "\"op\":\"show\",\"job\":\"BEEF\"}", PH_ERR_INVALID},
    {"path as a job", V1 "\"op\":\"show\",\"job\":\"../../etc\"}",
     PH_ERR_INVALID},
    {"job for a list", V1 "\"op\":\"jobs\",\"job\":\"beef\"}", PH_ERR_INVALID},
    {"switch that is a number", V1 "\"op\":\"jobs\",\"all\":1}", PH_ERR_SYNTAX},
    {"switch that is text", V1 "\"op\":\"jobs\",\"ended\":\"no\"}",
     PH_ERR_SYNTAX},
};

static void
bad_requests_are_refused_with_a_reason(void **state)
{
    (void)state;
    for (size_t i = 0; i < PH_COUNT(bad_requests); i++) {
        struct ph_control_request request = {.job = "old"};
        struct ph_why why = {{0}};
        int err = ph_control_request_parse(
            bad_requests[i].text, strlen(bad_requests[i].text), &request, &why);

        if (err != bad_requests[i].err || why.text[0] == '\0' ||
            strcmp(request.job, "old") != 0)
            fail_msg("%s: %s (%s)", bad_requests[i].name, ph_err_text(err),
                     why.text);
    }
}

static void
replies_survive_the_way(void **state)
{
    struct ph_control_reply reply = {.err = PH_ERR_BUSY}, back;
    struct ph_buf buf;

    (void)state;
    ph_why_set(&reply.text, "printer pr-7 is taking it");
    ph_buf_init(&buf, 4096);
    assert_int_equal(ph_control_reply_put(&reply, &buf), PH_OK);
    assert_int_equal(ph_control_reply_parse(buf.data, buf.len, &back), PH_OK);
    assert_int_equal(back.err, PH_ERR_BUSY);
    assert_string_equal(back.text.text, "printer pr-7 is taking it");
    reply.err = PH_OK;
    assert_int_equal(ph_control_reply_put(&reply, &buf), PH_OK);
    assert_int_equal(ph_control_reply_parse(buf.data, buf.len, &back), PH_OK);
    assert_int_equal(back.err, PH_OK);
    ph_buf_close(&buf);
}

static void
a_reply_without_a_result_is_no_success(void **state)
{
    static const char *const texts[] = {"{}", "{\"text\":\"\"}",
                                        "{\"result\":0,\"text\":\"\"}",
                                        "{\"result\":\"ok\"}"};
    static const char newer[] = "{\"result\":\"moonshine\",\"text\":\"\"}";
    struct ph_control_reply reply;

    (void)state;
    for (size_t i = 0; i < PH_COUNT(texts); i++)
        assert_int_equal(
            ph_control_reply_parse(texts[i], strlen(texts[i]), &reply),
            PH_ERR_SYNTAX);
    assert_int_equal(ph_control_reply_parse(newer, strlen(newer), &reply),
                     PH_OK);
    assert_int_equal(reply.err, PH_ERR_INTERNAL);
}

static void
jobs_survive_the_way(void **state)
{
    struct ph_control_job job, back;
    struct ph_buf buf;

    (void)state;
    memset(&job, 0, sizeof(job));
    memset(&back, 0, sizeof(back));
    memset(job.id.bytes, 0xab, sizeof(job.id.bytes));
    job.state = PH_JOB_CLAIMED;
    job.held_ms = 1;
    job.expires_ms = 2;
    job.changed_ms = 3;
    job.keep = true;
    (void)snprintf(job.printer, sizeof(job.printer), "pr-7");
    job.lease_until_ms = 4;
    memset(job.sha256, 'f', 64);
    ph_ticket_init(&job.ticket);
    (void)snprintf(job.ticket.job_name, sizeof(job.ticket.job_name),
                   "Q3 \"report\"");
    ph_buf_init(&buf, PH_FRAME_MAX);
    assert_int_equal(ph_control_job_put(&job, &buf), PH_OK);
    assert_int_equal(ph_control_job_parse(buf.data, buf.len, &back), PH_OK);
    assert_memory_equal(&job.id, &back.id, sizeof(job.id));
    assert_int_equal(back.state, PH_JOB_CLAIMED);
    assert_int_equal(back.held_ms, 1);
    assert_int_equal(back.expires_ms, 2);
    assert_int_equal(back.changed_ms, 3);
    assert_int_equal(back.lease_until_ms, 4);
    assert_true(back.keep);
    assert_string_equal(back.printer, "pr-7");
    assert_string_equal(back.sha256, job.sha256);
    assert_string_equal(back.ticket.job_name, "Q3 \"report\"");
    ph_buf_close(&buf);
}

#define ID     "\"id\":\"abababababababababababababababab\","
#define TICKET "\"ticket\":{\"owner-uid\":1}}"

static const struct {
    const char *name;
    const char *text;
    int err;
} job_texts[] = {
    {"the least there can be", "{" ID "\"state\":\"held\"," TICKET, PH_OK},
    {"no id", "{\"state\":\"held\"," TICKET, PH_ERR_SYNTAX},
    {"short id", "{\"id\":\"ab\",\"state\":\"held\"," TICKET, PH_ERR_SYNTAX},
    {"unknown state", "{" ID "\"state\":\"lost\"," TICKET, PH_ERR_INVALID},
    {"no ticket", "{" ID "\"state\":\"held\"}", PH_ERR_SYNTAX},
    {"ticket that is text", "{" ID "\"state\":\"held\",\"ticket\":\"\"}",
     PH_ERR_SYNTAX},
    {"ticket with an escape",
     "{" ID "\"state\":\"held\",\"ticket\":{\"owner-uid\":1,"
     "\"job-name\":\"\\u001b[2J\"}}",
     PH_ERR_SYNTAX},
    {"time before time", "{" ID "\"state\":\"held\",\"held-ms\":-1," TICKET,
     PH_ERR_INVALID},
};

static void
jobs_are_read_strictly(void **state)
{
    (void)state;
    for (size_t i = 0; i < PH_COUNT(job_texts); i++) {
        struct ph_control_job job;
        int err = ph_control_job_parse(job_texts[i].text,
                                       strlen(job_texts[i].text), &job);

        if (err != job_texts[i].err)
            fail_msg("%s: %s", job_texts[i].name, ph_err_text(err));
    }
}

static void
the_status_survives_the_way(void **state)
{
    struct ph_control_status status, back;
    struct ph_buf buf;

    (void)state;
    memset(&status, 0, sizeof(status));
    memset(&back, 0, sizeof(back));
    (void)snprintf(status.version, sizeof(status.version), "1.2.3");
    (void)snprintf(status.health, sizeof(status.health), "warning");
    (void)snprintf(status.cloud, sizeof(status.cloud), "connecting");
    (void)snprintf(status.cloud_text, sizeof(status.cloud_text), "no route");
    status.pid = 7;
    status.held = 8;
    status.spool_bytes = INT64_C(1) << 41;
    status.release_port = 9443;
    (void)snprintf(status.host, sizeof(status.host), "lt-alice");
    (void)snprintf(status.addresses[0].address, PH_CONTROL_TEXT_MAX,
                   "192.0.2.7:9443");
    (void)snprintf(status.addresses[0].interface, PH_CONTROL_TEXT_MAX, "eth0");
    (void)snprintf(status.addresses[1].address, PH_CONTROL_TEXT_MAX,
                   "[2001:db8::7]:9443");
    status.address_count = 2;
    ph_buf_init(&buf, PH_FRAME_MAX);
    assert_int_equal(ph_control_status_put(&status, &buf), PH_OK);
    assert_int_equal(ph_control_status_parse(buf.data, buf.len, &back), PH_OK);
    assert_memory_equal(&status, &back, sizeof(status));
    assert_int_equal(ph_control_status_parse("{\"pid\":\"7\"}", 11, &back),
                     PH_ERR_SYNTAX);
    ph_buf_close(&buf);
}

static void
a_code_survives_the_way_and_is_read_strictly(void **state)
{
    static const char *const bad[] = {
        "{}",
        "{\"code\":12345678,\"expires-ms\":1}",
        "{\"code\":\"1234567\",\"expires-ms\":1}",
        "{\"code\":\"123456789\",\"expires-ms\":1}",
        "{\"code\":\"1234 567\",\"expires-ms\":1}",
        "{\"code\":\"12345678\",\"code\":\"12345678\"}",
        "{\"code\":\"12345678\",\"expires-ms\":\"1\"}",
    };
    struct ph_control_code code, back;
    struct ph_buf buf;

    (void)state;
    memset(&code, 0, sizeof(code));
    memset(&back, 0, sizeof(back));
    (void)snprintf(code.code, sizeof(code.code), "00420815");
    (void)snprintf(code.login, sizeof(code.login), "a@example.com");
    (void)snprintf(code.computer, sizeof(code.computer), "desk");
    (void)snprintf(code.address, sizeof(code.address), "[2001:db8::1]:9443");
    code.expires_ms = 1763754300000;
    ph_buf_init(&buf, PH_FRAME_MAX);
    assert_int_equal(ph_control_code_put(&code, &buf), PH_OK);
    assert_int_equal(ph_control_code_parse(buf.data, buf.len, &back), PH_OK);
    assert_memory_equal(&code, &back, sizeof(code));
    for (size_t i = 0; i < PH_COUNT(bad); i++)
        if (ph_control_code_parse(bad[i], strlen(bad[i]), &back) == PH_OK)
            fail_msg("taken: %s", bad[i]);
    ph_buf_close(&buf);
}

static void
changes_survive_the_way(void **state)
{
    struct ph_control_change change, back;
    struct ph_buf buf;

    (void)state;
    ph_buf_init(&buf, PH_FRAME_MAX);
    for (int kind = PH_CHANGE_BEGUN; kind <= PH_CHANGE_CLOUD; kind++) {
        memset(&change, 0, sizeof(change));
        memset(&back, 0, sizeof(back));
        change.kind = (enum ph_control_change_kind)kind;
        change.place = (struct ph_control_place){1763753400000, 57};
        change.at_ms = 1763753400001;
        change.until_ms = 1763753400002;
        memset(change.job, 'a', PH_ID_TEXT - 1);
        (void)snprintf(change.title, sizeof(change.title), "Q3 \"report\"");
        (void)snprintf(change.printer, sizeof(change.printer), "pr-7");
        (void)snprintf(change.reason, sizeof(change.reason), "kept");
        (void)snprintf(change.text, sizeof(change.text), "It is so.");
        assert_int_equal(ph_control_change_put(&change, &buf), PH_OK);
        assert_int_equal(ph_control_change_parse(buf.data, buf.len, &back),
                         PH_OK);
        assert_memory_equal(&change, &back, sizeof(change));
    }
    change.kind = PH_CHANGE_OTHER;
    assert_int_equal(ph_control_change_put(&change, &buf), PH_ERR_INVALID);
    ph_buf_close(&buf);
}

#define FROM "\"from\":\"1.2\""

static const struct {
    const char *name;
    const char *text;
    int err;
} change_texts[] = {
    {"the least there can be", "{\"change\":\"begun\"," FROM "}", PH_OK},
    {"one of a newer agent", "{\"change\":\"moonshine\"," FROM "}", PH_OK},
    {"a list", "[]", PH_ERR_SYNTAX},
    {"no change", "{" FROM "}", PH_ERR_SYNTAX},
    {"a change that is a number", "{\"change\":1," FROM "}", PH_ERR_SYNTAX},
    {"no place", "{\"change\":\"held\"}", PH_ERR_SYNTAX},
    {"half a place", "{\"change\":\"held\",\"from\":\"1.\"}", PH_ERR_SYNTAX},
    {"a job that is none", "{\"change\":\"held\",\"job\":\"beef\"," FROM "}",
     PH_ERR_SYNTAX},
    {"a title with an escape",
     "{\"change\":\"held\",\"job-name\":\"\\u001b[2J\"," FROM "}",
     PH_ERR_SYNTAX},
    {"time before time", "{\"change\":\"held\",\"at-ms\":-1," FROM "}",
     PH_ERR_INVALID},
    {"a change twice", "{\"change\":\"held\",\"change\":\"held\"," FROM "}",
     PH_ERR_SYNTAX},
};

static void
changes_are_read_strictly(void **state)
{
    (void)state;
    for (size_t i = 0; i < PH_COUNT(change_texts); i++) {
        struct ph_control_change change = {.at_ms = 77};
        const int err = ph_control_change_parse(
            change_texts[i].text, strlen(change_texts[i].text), &change);

        if (err != change_texts[i].err || (err != PH_OK && change.at_ms != 77))
            fail_msg("%s: %s", change_texts[i].name, ph_err_text(err));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_survive_the_way),
        cmocka_unit_test(an_enrolment_survives_the_way),
        cmocka_unit_test(a_login_survives_the_way),
        cmocka_unit_test(bad_requests_are_refused_with_a_reason),
        cmocka_unit_test(replies_survive_the_way),
        cmocka_unit_test(a_reply_without_a_result_is_no_success),
        cmocka_unit_test(jobs_survive_the_way),
        cmocka_unit_test(jobs_are_read_strictly),
        cmocka_unit_test(the_status_survives_the_way),
        cmocka_unit_test(a_code_survives_the_way_and_is_read_strictly),
        cmocka_unit_test(changes_survive_the_way),
        cmocka_unit_test(changes_are_read_strictly),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
