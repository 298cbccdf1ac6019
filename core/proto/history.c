#include "printhold/proto/history.h"

#include <string.h>

#include "json_fields.h"
#include "printhold/base/attr.h"
#include "printhold/base/clock.h"
#include "printhold/base/csv.h"
#include "printhold/base/err.h"
#include "printhold/proto/frame.h"

#define TEXT(member, name) PH_TEXT_FIELD(ph_history, member, name)
#define I64(member, name)  PH_I64_FIELD(ph_history, member, name)

static const struct ph_text_field texts[] = {
    TEXT(event, "event"),    TEXT(reason, "reason"),
    TEXT(job, "job"),        TEXT(printer, "printer"),
    TEXT(amr, "amr"),        TEXT(login, "owner-login"),
    TEXT(title, "job-name"), TEXT(chosen, "chosen"),
    TEXT(chain, "chain"),
};
static const struct ph_number_field numbers[] = {
    I64(number, "number"),
    I64(at_ms, "at-ms"),
    I64(count, "count"),
    I64(impressions, "job-impressions-completed"),
    I64(sheets, "job-media-sheets-completed"),
    I64(owner_uid, "owner-uid"),
};

int
ph_history_put(const struct ph_history *history, struct ph_buf *buf)
{
    json_t *root = json_object();
    int err = PH_ERR_NOMEM;

    if (root != NULL)
        err = ph_json_put_numbers(root, numbers, PH_COUNT(numbers), history);
    if (err == PH_OK)
        err = ph_json_put_texts(root, texts, PH_COUNT(texts), history);
    if (err != PH_OK) {
        json_decref(root);
        return err;
    }
    return ph_json_put_root(root, buf);
}

int
ph_history_parse(const void *body, size_t len, struct ph_history *out_history)
{
    struct ph_history history = {.number = -1,
                                 .at_ms = -1,
                                 .count = -1,
                                 .impressions = -1,
                                 .sheets = -1,
                                 .owner_uid = -1};
    json_t *root = NULL;
    int err = ph_json_parse(body, len, PH_FRAME_MAX, &root);

    if (err != PH_OK)
        return err;
    err =
        ph_json_take_numbers(root, numbers, PH_COUNT(numbers), &history, NULL);
    if (err == PH_OK)
        err = ph_json_take_texts(root, texts, PH_COUNT(texts), &history, NULL);
    json_decref(root);
    if (err == PH_OK &&
        (history.number < 0 || history.at_ms < 0 || history.event[0] == '\0'))
        err = PH_ERR_SYNTAX;
    if (err == PH_OK)
        *out_history = history;
    return err;
}

/* --- CSV --- */

static int
put_number(struct ph_buf *buf, int64_t number)
{
    return number < 0 ? PH_OK : ph_buf_printf(buf, "%lld", (long long)number);
}

static const char head[] =
    "number,time,event,reason,job,printer,amr,count,impressions,sheets,"
    "owner-uid,owner-login,job-name,chosen,chain\r\n";

int
ph_history_csv_head(struct ph_buf *buf)
{
    return ph_buf_put_str(buf, head);
}

int
ph_history_csv(const struct ph_history *history, struct ph_buf *buf)
{
    const char *const before[] = {history->event, history->reason, history->job,
                                  history->printer, history->amr};
    const int64_t counts[] = {history->count, history->impressions,
                              history->sheets, history->owner_uid};
    const char *const after[] = {history->login, history->title,
                                 history->chosen, history->chain};
    const size_t kept = buf->len;
    char time[PH_TIME_TEXT];
    int err;

    ph_clock_format(history->at_ms, time);
    err = put_number(buf, history->number);
    if (err == PH_OK)
        err = ph_buf_printf(buf, ",%s", time);
    for (size_t i = 0; i < PH_COUNT(before) && err == PH_OK; i++)
        if ((err = ph_buf_put_u8(buf, ',')) == PH_OK)
            err = ph_csv_put(buf, before[i]);
    for (size_t i = 0; i < PH_COUNT(counts) && err == PH_OK; i++)
        if ((err = ph_buf_put_u8(buf, ',')) == PH_OK)
            err = put_number(buf, counts[i]);
    for (size_t i = 0; i < PH_COUNT(after) && err == PH_OK; i++)
        if ((err = ph_buf_put_u8(buf, ',')) == PH_OK)
            err = ph_csv_put(buf, after[i]);
    if (err == PH_OK)
        err = ph_buf_put_str(buf, "\r\n");
    if (err != PH_OK)
        buf->len = kept;
    return err;
}
