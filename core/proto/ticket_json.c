#include "printhold/proto/ticket_json.h"

#include "json_fields.h"
#include "printhold/base/attr.h"
#include "printhold/base/err.h"
#include "printhold/crypto/sealed_file.h"

#define TEXT(member, name) PH_TEXT_FIELD(ph_ticket, member, name)
#define AT(member)         offsetof(struct ph_ticket, member)

static const struct ph_text_field texts[] = {
    TEXT(owner_name, "job-originating-user-name"),
    TEXT(owner_auth, "owner-auth"),
    TEXT(owner_login, "owner-login"),
    TEXT(submission_host, "job-originating-host-name"),
    TEXT(submission_ip, "submission-ip"),
    TEXT(job_uuid, "job-uuid"),
    TEXT(queue, "queue"),
    TEXT(job_name, "job-name"),
    TEXT(document_format, "document-format"),
    TEXT(driver, "driver"),
    TEXT(source, "source"),
    TEXT(document_sha256, "document-sha-256"),
    TEXT(sides, "sides"),
    TEXT(print_color_mode, "print-color-mode"),
    TEXT(media, "media"),
    TEXT(finishings, "finishings"),
    TEXT(orientation_requested, "orientation-requested"),
    TEXT(print_quality, "print-quality"),
    TEXT(output_bin, "output-bin"),
    TEXT(multiple_document_handling, "multiple-document-handling"),
};

static const struct ph_number_field numbers[] = {
    {"owner-uid", AT(owner_uid), PH_NUMBER_U32, 0, UINT32_MAX},
    {"submitted-ms", AT(submitted_ms), PH_NUMBER_I64, 0, PH_JSON_INT_MAX},
    {"time-at-processing", AT(attempt_s), PH_NUMBER_I64, 0, PH_JSON_INT_MAX},
    {"job-id", AT(cups_job_id), PH_NUMBER_I32, 0, INT32_MAX},
    {"size-bytes", AT(size_bytes), PH_NUMBER_I64, 0, PH_JSON_INT_MAX},
    {"job-impressions", AT(impressions), PH_NUMBER_I64, 0, PH_JSON_INT_MAX},
    {"number-up", AT(number_up), PH_NUMBER_I32, 1, INT32_MAX},
    {"copies", AT(copies), PH_NUMBER_I32, 1, 9999},
};

int
ph_ticket_object_put(const struct ph_ticket *ticket, json_t *object)
{
    int err = ph_json_put_numbers(object, numbers, PH_COUNT(numbers), ticket);

    if (err != PH_OK)
        return err;
    if (ticket->confidential &&
        json_object_set_new(object, "confidential", json_true()) != 0)
        return PH_ERR_NOMEM;
    return ph_json_put_texts(object, texts, PH_COUNT(texts), ticket);
}

static int
take_confidential(const json_t *object, struct ph_ticket *ticket,
                  struct ph_why *why)
{
    const json_t *value = json_object_get(object, "confidential");

    if (value != NULL && !json_is_boolean(value))
        return ph_why_fail(why, PH_ERR_INVALID,
                           "member \"confidential\" is not true or false");
    ticket->confidential = json_is_true(value);
    return PH_OK;
}

int
ph_ticket_object_take(const json_t *object, struct ph_ticket *out_ticket,
                      struct ph_why *why)
{
    struct ph_ticket ticket;
    int err;

    if (json_object_get(object, "owner-uid") == NULL)
        return ph_why_fail(why, PH_ERR_NOT_FOUND,
                           "member \"owner-uid\" is missing: the ticket has "
                           "no owner");
    ph_ticket_init(&ticket);
    err =
        ph_json_take_numbers(object, numbers, PH_COUNT(numbers), &ticket, why);
    if (err == PH_OK)
        err = ph_json_take_texts(object, texts, PH_COUNT(texts), &ticket, why);
    if (err == PH_OK)
        err = take_confidential(object, &ticket, why);
    if (err == PH_OK)
        *out_ticket = ticket;
    return err;
}

static const struct ph_number_field held_numbers[] = {
    PH_I64_FIELD(ph_ticket_held, held_ms, "held-ms"),
};

/* Replace buf by the object's text; takes root, which may be NULL. */
static int
put_root(json_t *root, int err, struct ph_buf *buf)
{
    ph_buf_clear(buf);
    if (err == PH_OK)
        err = ph_json_put(root, buf);
    json_decref(root);
    if (err == PH_OK && buf->len > PH_SEALED_METADATA_MAX) {
        ph_buf_clear(buf);
        err = PH_ERR_TOO_BIG;
    }
    return err;
}

int
ph_ticket_json_put(const struct ph_ticket *ticket, struct ph_buf *buf)
{
    json_t *root = json_object();
    int err = root != NULL ? ph_ticket_object_put(ticket, root) : PH_ERR_NOMEM;

    return put_root(root, err, buf);
}

int
ph_ticket_record_put(const struct ph_ticket *ticket,
                     const struct ph_ticket_held *held, struct ph_buf *buf)
{
    json_t *root = json_object();
    int err = root != NULL ? ph_ticket_object_put(ticket, root) : PH_ERR_NOMEM;

    if (err == PH_OK)
        err = ph_json_put_numbers(root, held_numbers, PH_COUNT(held_numbers),
                                  held);
    if (err == PH_OK && held->keep &&
        json_object_set_new(root, "keep", json_true()) != 0)
        err = PH_ERR_NOMEM;
    return put_root(root, err, buf);
}

static int
parse(const void *text, size_t len, struct ph_ticket *out_ticket,
      struct ph_ticket_held *held, struct ph_why *why)
{
    json_t *root = NULL;
    int err = ph_json_parse(text, len, PH_SEALED_METADATA_MAX, &root);

    if (err != PH_OK)
        return ph_why_fail(why, err, "the ticket is not a JSON object: %s",
                           ph_err_text(err));
    held->keep = json_is_true(json_object_get(root, "keep"));
    err = ph_json_take_numbers(root, held_numbers, PH_COUNT(held_numbers), held,
                               why);
    if (err == PH_OK)
        err = ph_ticket_object_take(root, out_ticket, why);
    json_decref(root);
    return err;
}

int
ph_ticket_json_parse(const void *text, size_t len, struct ph_ticket *out_ticket,
                     struct ph_why *why)
{
    struct ph_ticket_held held = {0};

    return parse(text, len, out_ticket, &held, why);
}

int
ph_ticket_record_parse(const void *text, size_t len,
                       struct ph_ticket *out_ticket,
                       struct ph_ticket_held *out_held, struct ph_why *why)
{
    struct ph_ticket_held held = {0};
    int err = parse(text, len, out_ticket, &held, why);

    if (err == PH_OK)
        *out_held = held;
    return err;
}
