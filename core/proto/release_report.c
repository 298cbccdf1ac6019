#include "printhold/proto/release_report.h"

#include <stdbool.h>
#include <string.h>

#include "json_fields.h"
#include "printhold/base/err.h"

static bool
is_result(const char *text)
{
    return strcmp(text, "printed") == 0 || strcmp(text, "failed") == 0 ||
           strcmp(text, "partly") == 0;
}

static int
take_id(const json_t *root, const char *name, struct ph_id *out_id)
{
    char text[PH_ID_TEXT];
    int err = ph_json_text(root, name, text, sizeof(text));

    return err == PH_OK ? ph_id_parse(text, out_id) : err;
}

static int
take_count(const json_t *root, const char *name, size_t *there, int64_t *out)
{
    int err;

    *out = -1;
    err = ph_json_int(root, name, 0, PH_RELEASE_COUNT_MAX, out);
    if (err == PH_ERR_NOT_FOUND)
        return PH_OK;
    (*there)++;
    return err;
}

static const char *
take(const json_t *root, struct ph_printer_report *report)
{
    char *ws = report->workstation, *result = report->result;
    size_t there = 4;

    if (take_id(root, "id", &report->id) != PH_OK)
        return "id";
    if (ph_json_text(root, "workstation", ws, sizeof(report->workstation)) !=
            PH_OK ||
        ws[0] == '\0' ||
        ws[strspn(ws, "abcdefghijklmnopqrstuvwxyz0123456789-")] != '\0')
        return "workstation";
    if (take_id(root, "job", &report->job) != PH_OK)
        return "job";
    if (ph_json_text(root, "result", result, sizeof(report->result)) != PH_OK ||
        !is_result(result))
        return "result";
    if (take_count(root, "impressions", &there, &report->impressions) != PH_OK)
        return "impressions";
    if (take_count(root, "sheets", &there, &report->sheets) != PH_OK)
        return "sheets";
    return json_object_size(root) == there ? NULL : "(there is one too many)";
}

int
ph_release_report_take(const json_t *root, struct ph_printer_report *out_report,
                       struct ph_why *why)
{
    struct ph_printer_report report = {.workstation = ""};
    const char *wrong = take(root, &report);

    if (wrong != NULL)
        return ph_why_fail(why, PH_ERR_SYNTAX,
                           "The member %s of the report is missing or wrong",
                           wrong);
    *out_report = report;
    return PH_OK;
}

static int
put(json_t *root, const struct ph_printer_report *report)
{
    char id[PH_ID_TEXT], job[PH_ID_TEXT];

    ph_id_format(&report->id, id);
    ph_id_format(&report->job, job);
    if (json_object_set_new(root, "id", json_string(id)) != 0 ||
        json_object_set_new(root, "workstation",
                            json_string(report->workstation)) != 0 ||
        json_object_set_new(root, "job", json_string(job)) != 0 ||
        json_object_set_new(root, "result", json_string(report->result)) != 0)
        return PH_ERR_NOMEM;
    if (report->impressions >= 0 &&
        json_object_set_new(root, "impressions",
                            json_integer(report->impressions)) != 0)
        return PH_ERR_NOMEM;
    if (report->sheets >= 0 &&
        json_object_set_new(root, "sheets", json_integer(report->sheets)) != 0)
        return PH_ERR_NOMEM;
    return PH_OK;
}

int
ph_release_report_put(const struct ph_printer_report *report,
                      struct ph_buf *buf)
{
    json_t *root = json_object();
    int err = put(root, report);

    ph_buf_clear(buf);
    if (err == PH_OK)
        err = ph_json_put(root, buf);
    json_decref(root);
    return err;
}
