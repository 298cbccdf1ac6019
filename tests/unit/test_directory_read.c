/* Directory documents and presence as a reader takes them. */
#include "printhold/proto/directory_read.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "printhold/base/attr.h"
#include "printhold/base/err.h"

#define ID  "0123456789abcdef0123456789abcdef"
#define PIN "sha256-0123456789012345678901234567890123456789012"
#define HEAD                                                                 \
    "\"v\":1,\"rev\":7,\"at\":\"2026-11-21T19:30:00.000Z\",\"ws\":\"ws-a\"," \
    "\"usr\":\"Ann@Example.com\",\"host\":\"lt-ann\","                       \
    "\"addr\":[\"192.0.2.7:9443\",\"[2001:db8::7]:9443\"],\"fp\":[\"" PIN    \
    "\"]"
#define JOB(more)   \
    "{\"id\":\"" ID \
    "\",\"st\":\"held\",\"exp\":\"2026-11-22T19:30:00.000Z\"" more "}"
#define DOCUMENT(jobs) "{" HEAD ",\"jobs\":[" jobs "],\"more\":2}"

static int
set_up(void **state)
{
    static struct ph_buf clean;

    ph_buf_init(&clean, (size_t)2 * PH_DIRECTORY_BYTES_MAX);
    *state = &clean;
    return 0;
}

static int
tear_down(void **state)
{
    ph_buf_close(*state);
    return 0;
}

static int
read_text(const char *text, struct ph_directory_head *head,
          struct ph_buf *clean)
{
    struct ph_why why = {{0}};
    int err = ph_directory_read(text, strlen(text), head, clean, &why);

    assert_true((err == PH_OK) == (why.text[0] == '\0'));
    assert_true((err == PH_OK) == (clean->len > 0));
    return err;
}

static void
a_document_is_read(void **state)
{
    struct ph_buf *clean = *state;
    struct ph_directory_head head;

    assert_int_equal(
        read_text(DOCUMENT(JOB(",\"job-name\":\"Offer\",\"copies\":2")), &head,
                  clean),
        PH_OK);
    assert_int_equal(head.rev, 7);
    assert_string_equal(head.workstation, "ws-a");
    assert_string_equal(head.login, "ann@example.com");
    assert_int_equal(head.at_ms, INT64_C(1795289400000));
    assert_int_equal(head.expires_ms, INT64_C(1795375800000));
    assert_int_equal(head.job_count, 1);
    assert_string_equal(
        ph_buf_str(clean),
        "{\"rev\":7,\"at\":\"2026-11-21T19:30:00.000Z\",\"ws\":\"ws-a\","
        "\"host\":\"lt-ann\",\"addr\":[\"192.0.2.7:9443\","
        "\"[2001:db8::7]:9443\"],\"fp\":[\"" PIN "\"],\"jobs\":[" JOB(
            ",\"job-name\":\"Offer\",\"copies\":2") "],\"more\":2}");
}

static void
what_the_writer_makes_the_reader_takes(void **state)
{
    static const char *const addresses[] = {"192.0.2.7:9443"};
    struct ph_directory_job jobs[80];
    struct ph_buf *clean = *state, text;
    struct ph_directory_head head;
    struct ph_ticket ticket;
    const struct ph_directory directory = {
        .rev = 3,
        .at_ms = 1795375800000,
        .workstation = "ws-test",
        .login = "alice@example.com",
        .host = "lt-alice",
        .addresses = addresses,
        .address_count = 1,
        .pin = PIN,
        .jobs = jobs,
        .job_count = PH_COUNT(jobs),
    };

    ph_ticket_init(&ticket);
    memset(ticket.job_name, '"', sizeof(ticket.job_name) - 1);
    memset(jobs, 0, sizeof(jobs));
    for (size_t i = 0; i < PH_COUNT(jobs); i++) {
        jobs[i].state = PH_JOB_HELD;
        jobs[i].expires_ms = 1795462200000 + (int64_t)i;
        jobs[i].ticket = &ticket;
    }
    ph_buf_init(&text, PH_DIRECTORY_BYTES_MAX + 1);
    assert_int_equal(ph_directory_put(&directory, &text), PH_OK);
    assert_int_equal(read_text(ph_buf_str(&text), &head, clean), PH_OK);
    assert_true(head.job_count > 10);
    ph_buf_close(&text);
}

static void
what_is_not_known_does_not_go_on(void **state)
{
    struct ph_buf *clean = *state;
    struct ph_directory_head head;

    assert_int_equal(read_text("{" HEAD ",\"jobs\":[" JOB(
                                   ",\"new\":1,\"<x>\":{}") "],\"more\":0,"
                                                            "\"next\":[]}",
                               &head, clean),
                     PH_OK);
    assert_null(strstr(ph_buf_str(clean), "new"));
    assert_null(strstr(ph_buf_str(clean), "<x>"));
    assert_null(strstr(ph_buf_str(clean), "next"));
    assert_null(strstr(ph_buf_str(clean), "xample"));
}

static void
the_title_of_a_confidential_job_does_not_go_on(void **state)
{
    struct ph_buf *clean = *state;
    struct ph_directory_head head;

    assert_int_equal(
        read_text(
            DOCUMENT(JOB(",\"job-name\":\"Secret\",\"confidential\":true")),
            &head, clean),
        PH_OK);
    assert_null(strstr(ph_buf_str(clean), "Secret"));
    assert_non_null(strstr(ph_buf_str(clean), "\"confidential\":true"));
}

/* The document with one piece of it replaced. */
static void
replaced(const char *piece, const char *by, char *dst, size_t cap)
{
    static const char whole[] = DOCUMENT(JOB(""));
    const char *at = strstr(whole, piece);

    assert_non_null(at);
    (void)snprintf(dst, cap, "%.*s%s%s", (int)(at - whole), whole, by,
                   at + strlen(piece));
}

static void
a_wrong_member_refuses_the_document(void **state)
{
    static const struct {
        const char *piece;
        const char *by;
    } cases[] = {
        {"\"v\":1,", ""},
        {"\"v\":1,", "\"v\":2,"},
        {"\"v\":1,", "\"v\":\"1\","},
        {"\"v\":1,", "\"v\":1,\"v\":1,"},
        {"\"rev\":7,", ""},
        {"\"rev\":7,", "\"rev\":-1,"},
        {"\"rev\":7,", "\"rev\":7.0,"},
        {"\"rev\":7,", "\"rev\":9007199254740992,"},
        {"2026-11-21T19:30:00.000Z", "yesterday"},
        {"\"ws-a\"", "\"\""},
        {"\"ws-a\"", "\"WS-A\""},
        {"\"ws-a\"", "\"ws/a\""},
        {"\"ws-a\"", "[\"ws-a\"]"},
        {"\"ws-a\"", "\"ws-01234567890123456789012345678901234567890\""},
        {"Ann@Example.com", ""},
        {"Ann@Example.com", "ann smith"},
        {"\"lt-ann\"", "\"a\\nb\""},
        {"\"lt-ann\"", "1"},
        {"\"192.0.2.7:9443\"", "\"http://x/\""},
        {"\"192.0.2.7:9443\"", "\"\""},
        {"\"192.0.2.7:9443\"", "7"},
        {"\"192.0.2.7:9443\"",
         "\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\""},
        {PIN, "sha256-abc"},
        {PIN, "sha512-0123456789012345678901234567890123456789012"},
        {"\"jobs\":[", "\"jobs\":[1,"},
        {ID, "0123456789ABCDEF0123456789abcdef"},
        {ID, "0"},
        {"\"held\"", "\"released\""},
        {"\"held\"", "\"held\",\"copies\":-1"},
        {"\"held\"", "\"held\",\"copies\":\"2\""},
        {"\"held\"", "\"held\",\"job-name\":7"},
        {"\"held\"", "\"held\",\"job-name\":\"a\\u001b[2J\""},
        {"\"held\"", "\"held\",\"confidential\":1"},
        {"\"held\"", "\"held\",\"date-time-at-creation\":\"x\""},
        {",\"exp\":\"2026-11-22T19:30:00.000Z\"", ""},
        {"2026-11-22", "2026-13-22"},
        {"\"more\":2", "\"more\":-2"},
        {",\"more\":2", ""},
        {"\"more\":2}", "\"more\":2}}"},
        {"\"more\":2}", "\"more\":2"},
    };
    struct ph_buf *clean = *state;
    struct ph_directory_head head;
    char text[2048];

    replaced("\"rev\":7", "\"rev\":7", text, sizeof(text));
    assert_int_equal(read_text(text, &head, clean), PH_OK);
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        head.rev = 42;
        replaced(cases[i].piece, cases[i].by, text, sizeof(text));
        if (read_text(text, &head, clean) == PH_OK)
            fail_msg("taken: %s", text);
        assert_int_equal(head.rev, 42);
    }
}

static void
too_many_jobs_and_bytes_are_refused(void **state)
{
    struct ph_buf *clean = *state, text;
    struct ph_directory_head head;
    struct ph_why why;

    ph_buf_init(&text, 65536);
    assert_int_equal(ph_buf_put_str(&text, "{" HEAD ",\"more\":0,\"jobs\":["),
                     PH_OK);
    for (int i = 0; i < PH_DIRECTORY_JOBS_MAX; i++)
        assert_int_equal(ph_buf_put_str(&text, JOB("") ","), PH_OK);
    text.len--;
    assert_int_equal(ph_buf_put_str(&text, "]}"), PH_OK);
    assert_int_equal(read_text(ph_buf_str(&text), &head, clean), PH_OK);
    text.len -= 2;
    assert_int_equal(ph_buf_put_str(&text, "," JOB("") "]}"), PH_OK);
    assert_int_equal(read_text(ph_buf_str(&text), &head, clean), PH_ERR_SYNTAX);
    memset(ph_buf_reserve(&text, PH_DIRECTORY_BYTES_MAX), ' ',
           PH_DIRECTORY_BYTES_MAX);
    assert_int_equal(ph_directory_read(text.data, PH_DIRECTORY_BYTES_MAX + 1,
                                       &head, clean, &why),
                     PH_ERR_TOO_BIG);
    ph_buf_close(&text);
}

static void
jobs_whose_time_is_over_are_dropped(void **state)
{
    static const char text[] =
        "{\"jobs\":[{\"id\":1,\"exp\":\"2026-11-21T19:30:00.000Z\"},"
        "{\"id\":2,\"exp\":\"2026-11-21T19:30:00.001Z\"},"
        "{\"id\":3,\"exp\":\"2026-11-20T00:00:00.000Z\"}]}";
    json_t *document = NULL;
    size_t left;

    (void)state;
    assert_int_equal(ph_json_parse(text, strlen(text), 4096, &document), PH_OK);
    assert_int_equal(
        ph_directory_drop_expired(document, INT64_C(1795289400000), &left),
        PH_OK);
    assert_int_equal(left, 1);
    assert_int_equal(
        json_integer_value(json_object_get(
            json_array_get(json_object_get(document, "jobs"), 0), "id")),
        2);
    json_decref(document);
}

static void
presence_is_read(void **state)
{
    static const struct {
        const char *text;
        int err;
        enum ph_presence presence;
        int64_t at_ms;
    } cases[] = {
        {"{\"v\":1,\"on\":true,\"at\":\"2026-11-21T19:30:00.000Z\","
         "\"ver\":\"0.1.0\"}",
         PH_OK, PH_PRESENCE_ON, INT64_C(1795289400000)},
        {"{\"v\":1,\"on\":false}", PH_OK, PH_PRESENCE_OFF, 0},
        {"{\"v\":1,\"on\":false,\"asleep\":true}", PH_OK, PH_PRESENCE_ASLEEP,
         0},
        {"{\"v\":1,\"on\":false,\"asleep\":false}", PH_OK, PH_PRESENCE_OFF, 0},
        {"{\"v\":1}", PH_ERR_SYNTAX, PH_PRESENCE_OFF, 0},
        {"{\"v\":2,\"on\":true}", PH_ERR_UNSUPPORTED, PH_PRESENCE_OFF, 0},
        {"{\"on\":true}", PH_ERR_SYNTAX, PH_PRESENCE_OFF, 0},
        {"{\"v\":1,\"on\":1}", PH_ERR_SYNTAX, PH_PRESENCE_OFF, 0},
        {"{\"v\":1,\"on\":false,\"asleep\":1}", PH_ERR_SYNTAX, PH_PRESENCE_OFF,
         0},
        {"{\"v\":1,\"on\":true,\"at\":1}", PH_ERR_SYNTAX, PH_PRESENCE_OFF, 0},
        {"{\"v\":1,\"on\":true,\"ver\":\"01234567890123456789012345678901\"}",
         PH_ERR_SYNTAX, PH_PRESENCE_OFF, 0},
        {"", PH_ERR_SYNTAX, PH_PRESENCE_OFF, 0},
    };

    (void)state;
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        struct ph_presence_said said = {.at_ms = 99};
        struct ph_why why;

        assert_int_equal(
            ph_presence_read(cases[i].text, strlen(cases[i].text), &said, &why),
            cases[i].err);
        if (cases[i].err != PH_OK) {
            assert_int_equal(said.at_ms, 99);
            continue;
        }
        assert_int_equal(said.presence, cases[i].presence);
        assert_int_equal(said.at_ms, cases[i].at_ms);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_document_is_read),
        cmocka_unit_test(what_the_writer_makes_the_reader_takes),
        cmocka_unit_test(what_is_not_known_does_not_go_on),
        cmocka_unit_test(the_title_of_a_confidential_job_does_not_go_on),
        cmocka_unit_test(a_wrong_member_refuses_the_document),
        cmocka_unit_test(too_many_jobs_and_bytes_are_refused),
        cmocka_unit_test(jobs_whose_time_is_over_are_dropped),
        cmocka_unit_test(presence_is_read),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
