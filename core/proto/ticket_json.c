#include "printhold/proto/ticket_json.h"

#include <string.h>

#include "printhold/base/attr.h"
#include "printhold/base/err.h"
#include "printhold/crypto/sealed_file.h"
#include "printhold/proto/json.h"

/* Integers beyond 2^53 lose digits in other people's JSON readers. */
#define INT_MAX_SAFE INT64_C(9007199254740991)

#define TEXT(member, name)                          \
    {                                               \
        name, offsetof(struct ph_ticket, member),   \
            sizeof(((struct ph_ticket *)0)->member) \
    }
static const struct {
    const char *name;
    size_t offset;
    size_t cap;
} texts[] = {
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
    TEXT(sides, "sides"),
    TEXT(print_color_mode, "print-color-mode"),
    TEXT(media, "media"),
    TEXT(finishings, "finishings"),
    TEXT(orientation_requested, "orientation-requested"),
    TEXT(print_quality, "print-quality"),
    TEXT(output_bin, "output-bin"),
    TEXT(multiple_document_handling, "multiple-document-handling"),
};
#undef TEXT

/* Numbers, with their range when they are known. */
enum number_kind { UNSIGNED_32, SIGNED_32, SIGNED_64 };
static const struct number {
    const char *name;
    size_t offset;
    enum number_kind kind;
    int64_t min;
    int64_t max;
} numbers[] = {
    {"owner-uid", offsetof(struct ph_ticket, owner_uid), UNSIGNED_32, 0,
     UINT32_MAX},
    {"submitted-ms", offsetof(struct ph_ticket, submitted_ms), SIGNED_64, 0,
     INT_MAX_SAFE},
    {"job-id", offsetof(struct ph_ticket, cups_job_id), SIGNED_32, 0,
     INT32_MAX},
    {"size-bytes", offsetof(struct ph_ticket, size_bytes), SIGNED_64, 0,
     INT_MAX_SAFE},
    {"job-impressions", offsetof(struct ph_ticket, impressions), SIGNED_64, 0,
     INT_MAX_SAFE},
    {"number-up", offsetof(struct ph_ticket, number_up), SIGNED_32, 1,
     INT32_MAX},
    {"copies", offsetof(struct ph_ticket, copies), SIGNED_32, 1, 9999},
};

static int64_t
number_get(const struct ph_ticket *ticket, const struct number *number)
{
    const char *at = (const char *)ticket + number->offset;
    uint32_t u32;
    int32_t i32;
    int64_t i64;

    switch (number->kind) {
    case UNSIGNED_32:
        memcpy(&u32, at, sizeof(u32));
        return u32;
    case SIGNED_32:
        memcpy(&i32, at, sizeof(i32));
        return i32;
    default:
        memcpy(&i64, at, sizeof(i64));
        return i64;
    }
}

static void
number_set(struct ph_ticket *ticket, const struct number *number, int64_t value)
{
    char *at = (char *)ticket + number->offset;
    uint32_t u32 = (uint32_t)value;
    int32_t i32 = (int32_t)value;

    switch (number->kind) {
    case UNSIGNED_32:
        memcpy(at, &u32, sizeof(u32));
        break;
    case SIGNED_32:
        memcpy(at, &i32, sizeof(i32));
        break;
    default:
        memcpy(at, &value, sizeof(value));
        break;
    }
}

/* What is not known is left out. */
static int
fill_object(const struct ph_ticket *ticket, json_t *root)
{
    for (size_t i = 0; i < PH_COUNT(numbers); i++) {
        int64_t value = number_get(ticket, &numbers[i]);

        if (value < numbers[i].min)
            continue;
        if (value > numbers[i].max)
            return PH_ERR_INVALID;
        if (json_object_set_new(root, numbers[i].name, json_integer(value)) !=
            0)
            return PH_ERR_NOMEM;
    }
    for (size_t i = 0; i < PH_COUNT(texts); i++) {
        const char *text = (const char *)ticket + texts[i].offset;
        json_t *value;

        if (text[0] == '\0')
            continue;
        value = json_string(text);
        if (value == NULL) /* not UTF-8, or no memory */
            return PH_ERR_INVALID;
        if (json_object_set_new(root, texts[i].name, value) != 0)
            return PH_ERR_NOMEM;
    }
    return PH_OK;
}

int
ph_ticket_json_put(const struct ph_ticket *ticket, struct ph_buf *buf)
{
    json_t *root = json_object();
    int err = root != NULL ? fill_object(ticket, root) : PH_ERR_NOMEM;

    ph_buf_clear(buf);
    if (err == PH_OK)
        err = ph_json_put(root, buf);
    if (err == PH_OK && buf->len > PH_SEALED_METADATA_MAX) {
        ph_buf_clear(buf);
        err = PH_ERR_TOO_BIG;
    }
    json_decref(root);
    return err;
}

static int
take_object(const json_t *root, struct ph_ticket *ticket, struct ph_why *why)
{
    int err;

    for (size_t i = 0; i < PH_COUNT(numbers); i++) {
        int64_t value = 0;

        err = ph_json_int(root, numbers[i].name, numbers[i].min, numbers[i].max,
                          &value);
        if (err == PH_OK)
            number_set(ticket, &numbers[i], value);
        else if (err != PH_ERR_NOT_FOUND)
            return ph_why_fail(why, err, "member %s of the ticket: %s",
                               numbers[i].name, ph_err_text(err));
    }
    for (size_t i = 0; i < PH_COUNT(texts); i++) {
        err = ph_json_text(root, texts[i].name,
                           (char *)ticket + texts[i].offset, texts[i].cap);
        if (err != PH_OK && err != PH_ERR_NOT_FOUND)
            return ph_why_fail(why, err, "member %s of the ticket: %s",
                               texts[i].name, ph_err_text(err));
    }
    return PH_OK;
}

int
ph_ticket_json_parse(const void *text, size_t len, struct ph_ticket *out_ticket,
                     struct ph_why *why)
{
    struct ph_ticket ticket;
    json_t *root = NULL;
    int err = ph_json_parse(text, len, PH_SEALED_METADATA_MAX, &root);

    if (err != PH_OK)
        return ph_why_fail(why, err, "the ticket is not a JSON object: %s",
                           ph_err_text(err));
    ph_ticket_init(&ticket);
    err = take_object(root, &ticket, why);
    if (err == PH_OK && json_object_get(root, "owner-uid") == NULL)
        err = ph_why_fail(why, PH_ERR_NOT_FOUND,
                          "the ticket names no owner (owner-uid)");
    json_decref(root);
    if (err == PH_OK)
        *out_ticket = ticket;
    return err;
}
