/* Unit tests of proto/event. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "printhold/base/err.h"
#include "printhold/proto/event.h"
#include "printhold/proto/json.h"

#define EVENT_BYTES_MAX 16384

static struct ph_event
make_event(const struct ph_ticket *ticket)
{
    struct ph_event event = {.time_ms = 1795375800000,
                             .tenant = "acme",
                             .workstation = "ws-test",
                             .host = "lt-alice",
                             .state = PH_JOB_HELD,
                             .ticket = ticket};

    event.id.bytes[6] = 0x70;
    event.id.bytes[8] = 0x80;
    event.job.bytes[15] = 1;
    return event;
}

static json_t *
put_and_parse(const struct ph_event *event)
{
    struct ph_buf buf;
    json_t *root = NULL;

    ph_buf_init(&buf, EVENT_BYTES_MAX);
    assert_int_equal(ph_event_put(event, &buf), PH_OK);
    assert_int_equal(ph_json_parse(buf.data, buf.len, EVENT_BYTES_MAX, &root),
                     PH_OK);
    ph_buf_close(&buf);
    return root;
}

static const char *
text_of(json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

static void
a_held_event_is_a_cloudevent_with_the_submission(void **state)
{
    struct ph_ticket ticket = {0};
    struct ph_event event = make_event(&ticket);
    json_t *root, *data;

    (void)state;
    ph_ticket_init(&ticket);
    (void)strncpy(ticket.owner_login, "alice@example.com", 32);
    (void)strncpy(ticket.owner_name, "alice", 32);
    (void)strncpy(ticket.job_name, "Q3", 32);
    ticket.impressions = 12;
    ticket.number_up = 2;
    root = put_and_parse(&event);
    assert_string_equal(text_of(root, "specversion"), "1.0");
    assert_string_equal(text_of(root, "id"),
                        "00000000-0000-7000-8000-000000000000");
    assert_string_equal(text_of(root, "source"),
                        "urn:printhold:acme:ws:ws-test");
    assert_string_equal(text_of(root, "type"), "org.printhold.job.held.v1");
    assert_string_equal(text_of(root, "subject"),
                        "00000000000000000000000000000001");
    assert_string_equal(text_of(root, "time"), "2026-11-22T19:30:00.000Z");
    assert_string_equal(text_of(root, "datacontenttype"), "application/json");
    data = json_object_get(root, "data");
    assert_string_equal(text_of(data, "usr"), "alice@example.com");
    assert_string_equal(text_of(data, "host"), "lt-alice");
    assert_string_equal(text_of(data, "job-name"), "Q3");
    assert_int_equal(
        json_integer_value(json_object_get(data, "job-impressions")), 12);
    assert_int_equal(json_integer_value(json_object_get(data, "number-up")), 2);
    assert_null(json_object_get(data, "release"));
    assert_null(json_object_get(data, "reason"));
    json_decref(root);
}

static void
a_release_says_where_and_how_it_ended(void **state)
{
    struct ph_release_report release = {.printer = "pr-1",
                                        .result = "printed",
                                        .address = "192.0.2.9",
                                        .impressions = 12,
                                        .sheets = -1};
    struct ph_ticket ticket = {0};
    struct ph_event event = make_event(&ticket);
    json_t *root, *object;

    (void)state;
    ph_ticket_init(&ticket);
    event.state = PH_JOB_RELEASED;
    event.release = &release;
    event.reason = "printed at pr-1";
    root = put_and_parse(&event);
    assert_string_equal(text_of(root, "type"), "org.printhold.job.released.v1");
    object = json_object_get(json_object_get(root, "data"), "release");
    assert_string_equal(text_of(object, "printer"), "pr-1");
    assert_string_equal(text_of(object, "result"), "printed");
    assert_int_equal(json_integer_value(
                         json_object_get(object, "job-impressions-completed")),
                     12);
    assert_null(json_object_get(object, "job-media-sheets-completed"));
    assert_string_equal(text_of(json_object_get(root, "data"), "reason"),
                        "printed at pr-1");
    json_decref(root);
}

static void
states_that_nobody_is_told_of_are_refused(void **state)
{
    static const enum ph_job_state states[] = {PH_JOB_RECEIVING, PH_JOB_CLAIMED,
                                               (enum ph_job_state)0,
                                               (enum ph_job_state)8};
    struct ph_ticket ticket = {0};
    struct ph_event event = make_event(&ticket);
    struct ph_buf buf;

    (void)state;
    ph_ticket_init(&ticket);
    ph_buf_init(&buf, EVENT_BYTES_MAX);
    for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
        event.state = states[i];
        assert_int_equal(ph_event_put(&event, &buf), PH_ERR_INVALID);
    }
    event.state = PH_JOB_FAILED;
    ticket.job_name[0] = '\xff';
    assert_int_equal(ph_event_put(&event, &buf), PH_ERR_INVALID);
    assert_int_equal(buf.len, 0);
    ph_buf_close(&buf);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_held_event_is_a_cloudevent_with_the_submission),
        cmocka_unit_test(a_release_says_where_and_how_it_ended),
        cmocka_unit_test(states_that_nobody_is_told_of_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
