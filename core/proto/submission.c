#include "printhold/proto/submission.h"

#include <stddef.h>
#include <string.h>

#include "printhold/base/attr.h"
#include "printhold/base/clock.h"
#include "printhold/base/err.h"
#include "printhold/base/utf8.h"

struct text_member {
    const char *name;
    size_t offset;
};

#define TEXT(name, field)                       \
    {                                           \
        name, offsetof(struct ph_ticket, field) \
    }

/* IPP names where IPP has one (RFC 8011, PWG 5100.13). */
static const struct text_member text_members[] = {
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
    int err = PH_OK;

    for (size_t i = 0; err == PH_OK && i < PH_COUNT(text_members); i++) {
        const char *text = (const char *)ticket + text_members[i].offset;

        err = ph_submission_text(object, text_members[i].name, text);
    }
    if (err == PH_OK)
        err = ph_submission_time(object, "date-time-at-creation",
                                 ticket->submitted_ms);
    if (err == PH_OK)
        err = ph_submission_number(object, "job-impressions",
                                   ticket->impressions);
    if (err == PH_OK && ticket->copies > 0)
        err = ph_submission_number(object, "copies", ticket->copies);
    if (err == PH_OK && ticket->number_up > 0)
        err = ph_submission_number(object, "number-up", ticket->number_up);
    if (err == PH_OK)
        err = ph_submission_number(object, "size-bytes", ticket->size_bytes);
    if (err == PH_OK && ticket->confidential &&
        json_object_set_new(object, "confidential", json_true()) != 0)
        err = PH_ERR_NOMEM;
    return err;
}
