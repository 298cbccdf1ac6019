/* Unit tests of proto/ticket_json. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "printhold/base/attr.h"
#include "printhold/base/err.h"
#include "printhold/crypto/sealed_file.h"
#include "printhold/proto/ticket_json.h"

/* Text of the whole width in every field, each different. */
static void
fill(char *field, size_t cap, char letter)
{
    memset(field, letter, cap - 1);
    field[cap - 1] = '\0';
}

static struct ph_ticket
full_ticket(void)
{
    struct ph_ticket t;

    memset(&t, 0, sizeof(t));
    ph_ticket_init(&t);
    t.owner_uid = UINT32_MAX;
    fill(t.owner_name, sizeof(t.owner_name), 'a');
    fill(t.owner_auth, sizeof(t.owner_auth), 'b');
    fill(t.owner_login, sizeof(t.owner_login), 'c');
    fill(t.submission_host, sizeof(t.submission_host), 'd');
    fill(t.submission_ip, sizeof(t.submission_ip), 'e');
    t.submitted_ms = 1763753400123;
    fill(t.job_uuid, sizeof(t.job_uuid), 'f');
    t.cups_job_id = 17;
    fill(t.queue, sizeof(t.queue), 'g');
    fill(t.job_name, sizeof(t.job_name), '"'); /* grows when written */
    fill(t.document_format, sizeof(t.document_format), 'h');
    fill(t.driver, sizeof(t.driver), 'i');
    fill(t.source, sizeof(t.source), 'j');
    t.size_bytes = INT64_C(1) << 40;
    t.impressions = 10000;
    t.number_up = 2;
    t.copies = 9999;
    t.confidential = true;
    fill(t.sides, sizeof(t.sides), 'k');
    fill(t.print_color_mode, sizeof(t.print_color_mode), 'l');
    fill(t.media, sizeof(t.media), 'm');
    fill(t.finishings, sizeof(t.finishings), 'n');
    fill(t.orientation_requested, sizeof(t.orientation_requested), 'o');
    fill(t.print_quality, sizeof(t.print_quality), 'p');
    fill(t.output_bin, sizeof(t.output_bin), 'q');
    fill(t.multiple_document_handling, sizeof(t.multiple_document_handling),
         'r');
    return t;
}

static void
every_field_survives_the_way(void **state)
{
    struct ph_ticket ticket = full_ticket(), back;
    struct ph_buf buf;
    struct ph_why why;

    (void)state;
    memset(&back, 0, sizeof(back));
    ph_buf_init(&buf, PH_SEALED_METADATA_MAX);
    assert_int_equal(ph_ticket_json_put(&ticket, &buf), PH_OK);
    if (ph_ticket_json_parse(buf.data, buf.len, &back, &why) != PH_OK)
        fail_msg("%s", why.text);
    assert_memory_equal(&ticket, &back, sizeof(ticket));
    ph_buf_close(&buf);
}

static void
what_is_not_known_is_left_out_and_stays_unknown(void **state)
{
    struct ph_ticket ticket, back;
    struct ph_buf buf;
    struct ph_why why;

    (void)state;
    memset(&ticket, 0, sizeof(ticket));
    memset(&back, 0, sizeof(back));
    ph_ticket_init(&ticket);
    ph_buf_init(&buf, PH_SEALED_METADATA_MAX);
    assert_int_equal(ph_ticket_json_put(&ticket, &buf), PH_OK);
    assert_null(strstr(ph_buf_str(&buf), "job-impressions"));
    assert_null(strstr(ph_buf_str(&buf), "sides"));
    assert_int_equal(ph_ticket_json_parse(buf.data, buf.len, &back, &why),
                     PH_OK);
    assert_memory_equal(&ticket, &back, sizeof(ticket));
    ph_buf_close(&buf);
}

static void
members_of_a_newer_writer_are_ignored(void **state)
{
    static const char text[] = "{\"owner-uid\":1000,\"copies\":3,"
                               "\"hologram\":{\"depth\":[1,2]}}";
    struct ph_ticket ticket;

    (void)state;
    assert_int_equal(
        ph_ticket_json_parse(text, sizeof(text) - 1, &ticket, NULL), PH_OK);
    assert_int_equal(ticket.owner_uid, 1000);
    assert_int_equal(ticket.copies, 3);
    assert_int_equal(ticket.number_up, 1);
}

static const struct {
    const char *name;
    const char *text;
    int err;
    const char *why;
} bad[] = {
    {"no JSON", "ticket", PH_ERR_SYNTAX, "JSON"},
    {"an array", "[]", PH_ERR_SYNTAX, "JSON"},
    {"no owner", "{}", PH_ERR_NOT_FOUND, "owner-uid"},
    {"owner as text", "{\"owner-uid\":\"0\"}", PH_ERR_SYNTAX, "owner-uid"},
    {"owner twice", "{\"owner-uid\":1,\"owner-uid\":0}", PH_ERR_SYNTAX, "JSON"},
    {"confidential as a number", "{\"owner-uid\":1,\"confidential\":1}",
     PH_ERR_INVALID, "confidential"},
    {"no copies at all", "{\"owner-uid\":1,\"copies\":0}", PH_ERR_INVALID,
     "copies"},
    {"too many copies", "{\"owner-uid\":1,\"copies\":10000}", PH_ERR_INVALID,
     "copies"},
    {"no pages per side", "{\"owner-uid\":1,\"number-up\":0}", PH_ERR_INVALID,
     "number-up"},
    {"negative size", "{\"owner-uid\":1,\"size-bytes\":-1}", PH_ERR_INVALID,
     "size-bytes"},
    {"pages as a fraction", "{\"owner-uid\":1,\"job-impressions\":1.5}",
     PH_ERR_SYNTAX, "job-impressions"},
    {"title with a new line", "{\"owner-uid\":1,\"job-name\":\"a\\nb\"}",
     PH_ERR_SYNTAX, "job-name"},
    {"title with an escape", "{\"owner-uid\":1,\"job-name\":\"\\u001b\"}",
     PH_ERR_SYNTAX, "job-name"},
    {"title that is a number", "{\"owner-uid\":1,\"job-name\":1}",
     PH_ERR_SYNTAX, "job-name"},
    {"over-long word",
     "{\"owner-uid\":1,\"sides\":"
     "\"0123456789012345678901234567890123456789012345678901234567890123\"}",
     PH_ERR_TOO_BIG, "sides"},
};

static void
bad_tickets_are_refused_and_the_member_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < PH_COUNT(bad); i++) {
        struct ph_ticket ticket = {.owner_uid = 42};
        struct ph_why why = {{0}};
        int err = ph_ticket_json_parse(bad[i].text, strlen(bad[i].text),
                                       &ticket, &why);

        if (err != bad[i].err || ticket.owner_uid != 42 ||
            strstr(why.text, bad[i].why) == NULL)
            fail_msg("%s: %s (%s)", bad[i].name, ph_err_text(err), why.text);
    }
}

static void
text_that_is_not_utf8_cannot_be_written(void **state)
{
    struct ph_ticket ticket;
    struct ph_buf buf;

    (void)state;
    ph_ticket_init(&ticket);
    (void)snprintf(ticket.job_name, sizeof(ticket.job_name), "\xff");
    ph_buf_init(&buf, PH_SEALED_METADATA_MAX);
    assert_int_equal(ph_ticket_json_put(&ticket, &buf), PH_ERR_INVALID);
    assert_int_equal(buf.len, 0);
    ticket.job_name[0] = '\0';
    ticket.copies = 10000;
    assert_int_equal(ph_ticket_json_put(&ticket, &buf), PH_ERR_INVALID);
    ph_buf_close(&buf);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field_survives_the_way),
        cmocka_unit_test(what_is_not_known_is_left_out_and_stays_unknown),
        cmocka_unit_test(members_of_a_newer_writer_are_ignored),
        cmocka_unit_test(bad_tickets_are_refused_and_the_member_named),
        cmocka_unit_test(text_that_is_not_utf8_cannot_be_written),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
