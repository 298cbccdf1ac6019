#include "printhold/proto/submission.h"

#include <stddef.h>
#include <string.h>

#include "json_fields.h"
#include "printhold/base/attr.h"
#include "printhold/base/clock.h"
#include "printhold/base/err.h"
#include "printhold/base/utf8.h"

#define TEXT(name, member) PH_TEXT_FIELD(ph_ticket, member, name)
#define AT(member)         offsetof(struct ph_ticket, member)

/* IPP names where IPP has one (RFC 8011, PWG 5100.13). */
static const struct ph_text_field text_members[] = {
    TEXT("job-name", job_name),
    TEXT("job-uuid", job_uuid),
    TEXT("document-format", document_format),
    TEXT("sides", sides),
    TEXT("print-color-mode", print_color_mode),
    TEXT("media", media),
    TEXT("finishings", finishings),
    TEXT("orientation-requested", orientation_requested),
    TEXT("print-quality", print_quality),
    TEXT("output-bin", output_bin),
    TEXT("multiple-document-handling", multiple_document_handling),
    TEXT("driver", driver),
    TEXT("source", source),
    TEXT("submission-ip", submission_ip),
    TEXT("job-originating-host-name", submission_host),
};

static const struct ph_number_field number_members[] = {
    {"job-impressions", AT(impressions), PH_NUMBER_I64, 0, PH_JSON_INT_MAX},
    {"copies", AT(copies), PH_NUMBER_I32, 1, 9999},
    {"number-up", AT(number_up), PH_NUMBER_I32, 1, INT32_MAX},
    {"size-bytes", AT(size_bytes), PH_NUMBER_I64, 0, PH_JSON_INT_MAX},
};

int
ph_submission_text(json_t *object, const char *name, const char *text)
{
    if (text == NULL || text[0] == '\0')
        return PH_OK;
    if (!ph_utf8_valid(text, strlen(text)))
        return PH_ERR_INVALID;
    return json_object_set_new(object, name, json_string(text)) == 0
               ? PH_OK
               : PH_ERR_NOMEM;
}

int
ph_submission_number(json_t *object, const char *name, int64_t value)
{
    if (value < 0)
        return PH_OK;
    return json_object_set_new(object, name, json_integer(value)) == 0
               ? PH_OK
               : PH_ERR_NOMEM;
}

int
ph_submission_time(json_t *object, const char *name, int64_t wall_ms)
{
    char text[PH_TIME_TEXT];

    if (wall_ms <= 0)
        return PH_OK;
    ph_clock_format(wall_ms, text);
    return ph_submission_text(object, name, text);
}

int
ph_submission_put(json_t *object, const struct ph_ticket *ticket)
{
    int err =
        ph_json_put_texts(object, text_members, PH_COUNT(text_members), ticket);

    if (err == PH_OK)
        err = ph_submission_time(object, "date-time-at-creation",
                                 ticket->submitted_ms);
    if (err == PH_OK)
        err = ph_json_put_numbers(object, number_members,
                                  PH_COUNT(number_members), ticket);
    if (err == PH_OK && ticket->confidential &&
        json_object_set_new(object, "confidential", json_true()) != 0)
        err = PH_ERR_NOMEM;
    return err;
}

static int
take_time(const json_t *object, struct ph_ticket *ticket, struct ph_why *why)
{
    char text[64];
    int err = ph_json_text(object, "date-time-at-creation", text, sizeof(text));

    if (err == PH_ERR_NOT_FOUND)
        return PH_OK;
    if (err == PH_OK)
        err = ph_clock_parse(text, &ticket->submitted_ms);
    return err == PH_OK ? PH_OK
                        : ph_why_fail(why, PH_ERR_SYNTAX,
                                      "member \"date-time-at-creation\" is no "
                                      "time");
}

int
ph_submission_take(const json_t *object, struct ph_ticket *ticket,
                   struct ph_why *why)
{
    const json_t *confidential = json_object_get(object, "confidential");
    int err = ph_json_take_texts(object, text_members, PH_COUNT(text_members),
                                 ticket, why);

    if (err == PH_OK)
        err = ph_json_take_numbers(object, number_members,
                                   PH_COUNT(number_members), ticket, why);
    if (err == PH_OK)
        err = take_time(object, ticket, why);
    if (err != PH_OK || confidential == NULL)
        return err;
    if (!json_is_boolean(confidential))
        return ph_why_fail(why, PH_ERR_SYNTAX,
                           "member \"confidential\" is not true or false");
    ticket->confidential = json_is_true(confidential);
    return PH_OK;
}
