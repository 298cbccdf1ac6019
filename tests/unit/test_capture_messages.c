/* Unit tests of proto/capture. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "printhold/base/attr.h"
#include "printhold/base/err.h"
#include "printhold/proto/capture.h"

static void
begin_survives_the_way(void **state)
{
    const struct ph_capture_begin begin = {
        .owner_uid = UINT32_MAX,
        .owner_name = "j\xc3\xbcrgen",
        .owner_auth = "peercred",
        .job_uuid = "urn:uuid:0",
        .cups_job_id = INT32_MAX,
        .queue = "PrintHold",
    };
    struct ph_capture_begin back;
    struct ph_buf buf;
    struct ph_why why;

    (void)state;
    ph_buf_init(&buf, PH_CAPTURE_BODY_MAX);
    assert_int_equal(ph_capture_begin_put(&begin, &buf), PH_OK);
    memset(&back, 0, sizeof(back));
    if (ph_capture_begin_parse(buf.data, buf.len, &back, &why) != PH_OK)
        fail_msg("%s", why.text);
    assert_memory_equal(&begin, &back, sizeof(begin));
    ph_buf_close(&buf);
}

#define REST                                                              \
    "\"owner-name\":\"a\",\"owner-auth\":\"peercred\",\"job-uuid\":\"\"," \
    "\"job-id\":1,\"queue\":\"q\"}"

static const struct {
    const char *name;
    const char *text;
    int err;
} bad_begins[] = {
    {"no JSON", "begin", PH_ERR_SYNTAX},
    {"no version", "{\"owner-uid\":1," REST, PH_ERR_NOT_FOUND},
    {"newer version", "{\"version\":2,\"owner-uid\":1," REST,
     PH_ERR_UNSUPPORTED},
    {"version that is text", "{\"version\":\"1\",\"owner-uid\":1," REST,
     PH_ERR_SYNTAX},
    {"no owner", "{\"version\":1," REST, PH_ERR_NOT_FOUND},
    {"negative uid", "{\"version\":1,\"owner-uid\":-1," REST, PH_ERR_INVALID},
    {"uid beyond 32 bits", "{\"version\":1,\"owner-uid\":4294967296," REST,
     PH_ERR_INVALID},
    {"uid twice", "{\"version\":1,\"owner-uid\":1,\"owner-uid\":0," REST,
     PH_ERR_SYNTAX},
    {"uid as a fraction", "{\"version\":1,\"owner-uid\":1.0," REST,
     PH_ERR_SYNTAX},
    {"new line in a name",
     "{\"version\":1,\"owner-uid\":1,\"owner-name\":\"a\\nb\","
     "\"owner-auth\":\"\",\"job-uuid\":\"\",\"job-id\":1,\"queue\":\"\"}",
     PH_ERR_SYNTAX},
    {"no queue",
     "{\"version\":1,\"owner-uid\":1,\"owner-name\":\"a\","
     "\"owner-auth\":\"\",\"job-uuid\":\"\",\"job-id\":1}",
     PH_ERR_NOT_FOUND},
};

static void
bad_begins_are_refused_and_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < PH_COUNT(bad_begins); i++) {
        struct ph_capture_begin begin = {.owner_uid = 42};
        struct ph_why why = {{0}};
        int err = ph_capture_begin_parse(
            bad_begins[i].text, strlen(bad_begins[i].text), &begin, &why);

        if (err != bad_begins[i].err || begin.owner_uid != 42 ||
            why.text[0] == '\0')
            fail_msg("%s: %s (%s)", bad_begins[i].name, ph_err_text(err),
                     why.text);
    }
}

static void
over_long_text_is_refused(void **state)
{
    struct ph_capture_begin begin;
    struct ph_why why;
    char text[1024], name[PH_TICKET_TEXT_MAX + 1];

    (void)state;
    memset(name, 'a', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    (void)snprintf(text, sizeof(text),
                   "{\"version\":1,\"owner-uid\":1,\"owner-name\":\"%s\","
                   "\"owner-auth\":\"\",\"job-uuid\":\"\",\"job-id\":1,"
                   "\"queue\":\"\"}",
                   name);
    assert_int_equal(ph_capture_begin_parse(text, strlen(text), &begin, &why),
                     PH_ERR_TOO_BIG);
    assert_non_null(strstr(why.text, "owner-name"));
}

static void
accept_is_of_one_length_and_version(void **state)
{
    struct ph_sealed_secret secret, back;
    uint8_t bytes[128];
    struct ph_buf buf;
    size_t len;

    (void)state;
    memset(&secret, 0x5a, sizeof(secret));
    memset(&back, 0, sizeof(back));
    ph_buf_init(&buf, 256);
    assert_int_equal(ph_capture_accept_put(&secret, &buf), PH_OK);
    assert_int_equal(ph_capture_accept_parse(buf.data, buf.len, &back), PH_OK);
    assert_memory_equal(&secret, &back, sizeof(secret));

    len = buf.len;
    memset(bytes, 0, sizeof(bytes));
    memcpy(bytes, buf.data, len);
    for (size_t cut = 0; cut < len; cut++)
        assert_int_equal(ph_capture_accept_parse(bytes, cut, &back),
                         PH_ERR_TRUNCATED);
    assert_int_equal(ph_capture_accept_parse(bytes, len + 1, &back),
                     PH_ERR_SYNTAX);
    bytes[0] = PH_CAPTURE_VERSION + 1;
    assert_int_equal(ph_capture_accept_parse(bytes, len, &back),
                     PH_ERR_UNSUPPORTED);
    ph_buf_close(&buf);
}

static void
refusals_survive_the_way(void **state)
{
    static const enum ph_capture_action actions[] = {
        PH_CAPTURE_RETRY, PH_CAPTURE_HOLD, PH_CAPTURE_CANCEL};
    struct ph_capture_refuse refuse = {.err = PH_ERR_LIMIT}, back;
    struct ph_buf buf;

    (void)state;
    ph_buf_init(&buf, PH_CAPTURE_BODY_MAX);
    ph_why_set(&refuse.text, "you hold %d jobs already", 1000);
    for (size_t i = 0; i < PH_COUNT(actions); i++) {
        refuse.action = actions[i];
        assert_int_equal(ph_capture_refuse_put(&refuse, &buf), PH_OK);
        memset(&back, 0, sizeof(back));
        assert_int_equal(ph_capture_refuse_parse(buf.data, buf.len, &back),
                         PH_OK);
        assert_int_equal(back.action, actions[i]);
        assert_int_equal(back.err, PH_ERR_LIMIT);
        assert_string_equal(back.text.text, "you hold 1000 jobs already");
    }
    refuse.action = (enum ph_capture_action)3;
    assert_int_equal(ph_capture_refuse_put(&refuse, &buf), PH_ERR_INVALID);
    ph_buf_close(&buf);
}

static const struct {
    const char *name;
    const char *text;
    int err;
} refusals[] = {
    {"an error of a newer agent",
     "{\"action\":\"hold\",\"error\":\"moonshine\",\"text\":\"t\"}", PH_OK},
    {"unknown action",
     "{\"action\":\"accept\",\"error\":\"io\",\"text\":\"t\"}", PH_ERR_INVALID},
    {"no action", "{\"error\":\"io\",\"text\":\"t\"}", PH_ERR_NOT_FOUND},
    {"no text", "{\"action\":\"hold\",\"error\":\"io\"}", PH_ERR_NOT_FOUND},
    {"text with an escape sequence",
     "{\"action\":\"hold\",\"error\":\"io\",\"text\":\"\\u001b[2J\"}",
     PH_ERR_SYNTAX},
    {"empty", "", PH_ERR_SYNTAX},
};

static void
refusals_are_read_strictly(void **state)
{
    (void)state;
    for (size_t i = 0; i < PH_COUNT(refusals); i++) {
        struct ph_capture_refuse refuse = {.err = 1};
        int err = ph_capture_refuse_parse(refusals[i].text,
                                          strlen(refusals[i].text), &refuse);

        if (err != refusals[i].err ||
            refuse.err != (err == PH_OK ? PH_ERR_INTERNAL : 1))
            fail_msg("%s: %s", refusals[i].name, ph_err_text(err));
    }
}

static void
progress_and_done_have_one_length(void **state)
{
    struct ph_id job = {.bytes = {1, 2, 3}}, back;
    uint64_t offset = 0;
    struct ph_buf buf;

    (void)state;
    ph_buf_init(&buf, 64);
    assert_int_equal(ph_capture_progress_put(UINT64_MAX - 1, &buf), PH_OK);
    assert_int_equal(ph_capture_progress_parse(buf.data, 7, &offset),
                     PH_ERR_TRUNCATED);
    assert_int_equal(ph_capture_progress_parse(buf.data, 9, &offset),
                     PH_ERR_SYNTAX);
    assert_true(offset == 0);
    assert_int_equal(ph_capture_progress_parse(buf.data, 8, &offset), PH_OK);
    assert_true(offset == UINT64_MAX - 1);

    assert_int_equal(ph_capture_done_put(&job, &buf), PH_OK);
    assert_int_equal(ph_capture_done_parse(buf.data, 15, &back),
                     PH_ERR_TRUNCATED);
    assert_int_equal(ph_capture_done_parse(buf.data, 17, &back), PH_ERR_SYNTAX);
    assert_int_equal(ph_capture_done_parse(buf.data, 16, &back), PH_OK);
    assert_true(ph_id_equal(&job, &back));
    ph_buf_close(&buf);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(begin_survives_the_way),
        cmocka_unit_test(bad_begins_are_refused_and_named),
        cmocka_unit_test(over_long_text_is_refused),
        cmocka_unit_test(accept_is_of_one_length_and_version),
        cmocka_unit_test(refusals_survive_the_way),
        cmocka_unit_test(refusals_are_read_strictly),
        cmocka_unit_test(progress_and_done_have_one_length),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
