/* Events as a reader takes them: what the agent makes is read as it was meant,
 * and what is wrong is refused. */
#include "printhold/proto/event_read.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "printhold/base/attr.h"
#include "printhold/base/err.h"

#define JOB  "0123456789abcdef0123456789abcdef"
#define UUID "01933b2e-8f00-7abc-8def-0123456789ab"
#define HEAD(type, subject)                                                 \
    "{\"specversion\":\"1.0\",\"id\":\"" UUID                               \
    "\",\"source\":\"urn:printhold:acme:ws:ws-a\",\"type\":\"org.printhold" \
    "." type "\",\"subject\":\"" subject                                    \
    "\",\"time\":\"2026-11-21T19:30:00.000Z\",\"datacontenttype\":"         \
    "\"application/json\",\"data\":"
#define DATA(st, more) \
    "{\"ws\":\"ws-a\",\"usr\":\"Ann@Example.com\",\"st\":\"" st "\"" more "}}"
#define HELD(more)     HEAD("job.held.v1", JOB) DATA("held", more)
#define RELEASED(more) HEAD("job.released.v1", JOB) DATA("released", more)

static int
read_text(const char *text, struct ph_event_said *said)
{
    struct ph_why why = {""};

    return ph_event_read(text, strlen(text), "acme", said, &why);
}

static void
fill(char *dst, size_t cap, const char *text)
{
    (void)snprintf(dst, cap, "%s", text);
}

static void
fill_ticket(struct ph_ticket *ticket)
{
    ph_ticket_init(ticket);
    fill(ticket->owner_login, sizeof(ticket->owner_login), "ann@example.com");
    fill(ticket->job_name, sizeof(ticket->job_name), "=1+1,\"Q3\"");
    fill(ticket->job_uuid, sizeof(ticket->job_uuid), "urn:uuid:1");
    fill(ticket->submission_ip, sizeof(ticket->submission_ip), "192.0.2.7");
    fill(ticket->submission_host, sizeof(ticket->submission_host), "desk");
    fill(ticket->document_format, sizeof(ticket->document_format),
         "application/pdf");
    fill(ticket->driver, sizeof(ticket->driver), "PrintHold PDF");
    fill(ticket->source, sizeof(ticket->source), "Writer");
    fill(ticket->sides, sizeof(ticket->sides), "two-sided-long-edge");
    fill(ticket->print_color_mode, sizeof(ticket->print_color_mode),
         "monochrome");
    fill(ticket->media, sizeof(ticket->media), "iso_a4_210x297mm");
    ticket->submitted_ms = 1795289400123;
    ticket->impressions = 12;
    ticket->copies = 3;
    ticket->number_up = 2;
    ticket->size_bytes = 4711;
    ticket->confidential = true;
}

static void
what_the_agent_says_is_read_field_by_field(void **state)
{
    const struct ph_release_report release = {.printer = "pr-1",
                                              .result = "printed",
                                              .address = "192.0.2.9",
                                              .impressions = 36,
                                              .sheets = 18,
                                              .key = "abcd",
                                              .choices = {.copies = 2}};
    struct ph_ticket ticket;
    struct ph_event event = {.time_ms = 1795375800000,
                             .tenant = "acme",
                             .workstation = "ws-a",
                             .host = "lt-ann",
                             .state = PH_JOB_RELEASED,
                             .ticket = &ticket,
                             .release = &release,
                             .reason = "printed at pr-1"};
    struct ph_event_said said;
    const struct ph_job_said *job = &said.u.job;
    struct ph_why why = {""};
    struct ph_buf text;

    (void)state;
    fill_ticket(&ticket);
    ph_buf_init(&text, PH_EVENT_BYTES_MAX);
    assert_int_equal(ph_id_make_v7(&event.id), PH_OK);
    assert_int_equal(ph_id_make(&event.job), PH_OK);
    assert_int_equal(ph_event_put(&event, &text), PH_OK);
    assert_int_equal(ph_event_read(text.data, text.len, "acme", &said, &why),
                     PH_OK);
    ph_buf_close(&text);
    assert_true(ph_id_equal(&said.id, &event.id));
    assert_int_equal(said.time_ms, event.time_ms);
    assert_string_equal(said.workstation, "ws-a");
    assert_string_equal(said.host, "lt-ann");
    assert_int_equal(said.kind, PH_EVENT_JOB);
    assert_true(ph_id_equal(&job->job, &event.job));
    assert_int_equal(job->state, PH_JOB_RELEASED);
    assert_string_equal(job->login, "ann@example.com");
    assert_string_equal(job->reason, event.reason);
    assert_string_equal(job->release.printer, "pr-1");
    assert_string_equal(job->release.address, "192.0.2.9");
    assert_string_equal(job->release.key, "abcd");
    assert_int_equal(job->release.impressions, 36);
    assert_int_equal(job->release.sheets, 18);
    assert_int_equal(job->release.choices.copies, 2);
    memset(ticket.owner_login, 0, sizeof(ticket.owner_login)); /* job->login */
    assert_memory_equal(&job->ticket, &ticket, sizeof(ticket));
}

static void
answers_to_commands_and_policies_are_read(void **state)
{
    struct ph_event_said said;

    (void)state;
    assert_int_equal(
        read_text(HEAD("command.done.v1", "ws-a") "{\"ws\":\"ws-a\",\"cause\":"
                                                  "\"jti-1\",\"op\":\"purge-"
                                                  "user\",\"deleted\":2,"
                                                  "\"busy\":1,\"busy-jobs\":"
                                                  "[\"" JOB "\"]}}",
                  &said),
        PH_OK);
    assert_int_equal(said.kind, PH_EVENT_COMMAND_DONE);
    assert_string_equal(said.u.command.cause, "jti-1");
    assert_string_equal(said.u.command.op, "purge-user");
    assert_int_equal(said.u.command.result.deleted, 2);
    assert_int_equal(said.u.command.result.not_found, -1);
    assert_int_equal(said.u.command.result.busy_named, 1);
    assert_int_equal(
        read_text(HEAD("command.refused.v1",
                       "ws-a") "{\"ws\":\"ws-a\",\"cause\":\"j\",\"reason\":"
                               "\"unknown-op\"}}",
                  &said),
        PH_OK);
    assert_int_equal(said.kind, PH_EVENT_COMMAND_REFUSED);
    assert_string_equal(said.u.command.reason, "unknown-op");
    assert_int_equal(
        read_text(HEAD("policy.applied.v1",
                       "ws-a") "{\"ws\":\"ws-a\",\"scope\":\"tenant\",\"ver\":"
                               "12,\"clamped\":[\"title\"]}}",
                  &said),
        PH_OK);
    assert_int_equal(said.kind, PH_EVENT_POLICY_APPLIED);
    assert_int_equal(said.u.policy.version, 12);
    assert_int_equal(said.u.policy.clamped, 1);
    assert_int_equal(
        read_text(HEAD("job.folded.v2", JOB) "{\"ws\":\"ws-a\"}}", &said),
        PH_OK);
    assert_int_equal(said.kind, PH_EVENT_OTHER);
}

static const struct {
    const char *what;
    const char *text;
} bads[] = {
    {"nothing", ""},
    {"a list", "[]"},
    {"no data", HEAD("job.held.v1", JOB) "7}"},
    {"a member twice", HELD(",\"ws\":\"ws-a\"")},
    {"another state than its type",
     HEAD("job.held.v1", JOB) DATA("deleted", "")},
    {"a job that is no id", HEAD("job.held.v1", "../x") DATA("held", "")},
    {"nobody's", HEAD("job.held.v1", JOB) "{\"ws\":\"ws-a\",\"st\":\"held\"}}"},
    {"a title with a control byte", HELD(",\"job-name\":\"a\\u0007b\"")},
    {"a title with a NUL", HELD(",\"job-name\":\"a\\u0000b\"")},
    {"a number as text", HELD(",\"copies\":\"3\"")},
    {"no copies", HELD(",\"copies\":0")},
    {"pages below nothing", HELD(",\"job-impressions\":-1")},
    {"more pages than can be summed", HELD(",\"job-impressions\":10000001")},
    {"more bytes than can be summed", HELD(",\"size-bytes\":1099511627777")},
    {"no time", HELD(",\"date-time-at-creation\":\"yesterday\"")},
    {"confidential is text", HELD(",\"confidential\":\"yes\"")},
    {"a release that is none", RELEASED(",\"release\":[]")},
    {"a release by nobody", RELEASED(",\"release\":{\"result\":\"printed\"}")},
    {"a printer with a path",
     RELEASED(",\"release\":{\"printer\":\"../x\",\"result\":\"printed\"}")},
    {"sheets that cannot be summed",
     RELEASED(",\"release\":{\"printer\":\"pr-1\",\"result\":\"printed\","
              "\"job-media-sheets-completed\":9007199254740991}")},
    {"a workstation with a path",
     HEAD("job.held.v1",
          JOB) "{\"ws\":\"../a\",\"usr\":\"a\",\"st\":\"held\"}}"},
    {"a cause that is none",
     HEAD("command.done.v1", "ws-a") "{\"ws\":\"ws-a\",\"cause\":\"\"}}"},
    {"a busy job that is none",
     HEAD("command.done.v1",
          "ws-a") "{\"ws\":\"ws-a\",\"cause\":\"j\",\"busy-jobs\":[1]}}"},
    {"a version below nothing",
     HEAD("policy.applied.v1",
          "ws-a") "{\"ws\":\"ws-a\",\"scope\":\"tenant\",\"ver\":-1}}"},
};

static void
what_is_wrong_is_refused(void **state)
{
    struct ph_event_said said;

    (void)state;
    for (size_t i = 0; i < PH_COUNT(bads); i++) {
        if (read_text(bads[i].text, &said) != PH_ERR_SYNTAX)
            fail_msg("%s", bads[i].what);
    }
}

/* The part of the text from "id" on is exchanged. */
static void
ids_and_sources_have_one_form(void **state)
{
    static const char *const from[] = {UUID,  UUID,           UUID,
                                       "1.0", "acme:ws:ws-a", "acme:ws:ws-a"};
    static const char *const to[] = {
        "01933B2E-8F00-7ABC-8DEF-0123456789AB",
        "01933b2e8f007abc8def0123456789ab",
        "01933b2e-8f00-7abc-8def-0123456789abc",
        "1.1",
        "other:ws:ws-a",
        "acme:ws:ws-b",
    };
    static const int errs[] = {PH_ERR_SYNTAX, PH_ERR_SYNTAX, PH_ERR_SYNTAX,
                               PH_ERR_SYNTAX, PH_ERR_DENIED, PH_ERR_DENIED};
    static const char good[] = HELD("");
    struct ph_event_said said;
    char text[1024];

    (void)state;
    assert_int_equal(read_text(good, &said), PH_OK);
    for (size_t i = 0; i < PH_COUNT(from); i++) {
        const char *at = strstr(good, from[i]);

        assert_non_null(at);
        (void)snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - good), good,
                       to[i], at + strlen(from[i]));
        if (read_text(text, &said) != errs[i])
            fail_msg("%s", to[i]);
    }
}

static void
an_event_beyond_its_size_is_refused(void **state)
{
    static char text[PH_EVENT_BYTES_MAX + 2];
    struct ph_event_said said;
    struct ph_why why;

    (void)state;
    memset(text, ' ', sizeof(text));
    memcpy(text, HELD(""), strlen(HELD("")));
    assert_int_equal(
        ph_event_read(text, PH_EVENT_BYTES_MAX, "acme", &said, &why), PH_OK);
    assert_int_equal(
        ph_event_read(text, PH_EVENT_BYTES_MAX + 1, "acme", &said, &why),
        PH_ERR_TOO_BIG);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_agent_says_is_read_field_by_field),
        cmocka_unit_test(answers_to_commands_and_policies_are_read),
        cmocka_unit_test(what_is_wrong_is_refused),
        cmocka_unit_test(ids_and_sources_have_one_form),
        cmocka_unit_test(an_event_beyond_its_size_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
