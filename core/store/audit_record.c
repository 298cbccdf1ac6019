/* One record of the audit: its bytes, its mac, what is sealed in it. */
#include "audit_private.h"

#include <stdio.h>
#include <string.h>

#include "printhold/base/attr.h"
#include "printhold/base/err.h"
#include "printhold/base/wipe.h"

#define RECORD_LABEL "printhold/v1/audit-record"
/* Far more than the fixed fields and the longest texts. */
#define MAC_INPUT_MAX (PH_AUDIT_SEALED_MAX + 1024)
#define PLAIN_MAX     (PH_TICKET_TEXT_MAX + PH_TICKET_TITLE_MAX)

const char *
ph_audit_event_name(enum ph_audit_event event)
{
    static const char *const names[] = {
#define EVENT_NAME(name, keyword) [PH_AUDIT_##name] = keyword,
        PH_AUDIT_EVENTS(EVENT_NAME)
#undef EVENT_NAME
    };

    return (size_t)event < PH_COUNT(names) ? names[event] : "unknown";
}

/* --- the row --- */

/* What is longer, or has a NUL in it, was never written by us. */
static bool
read_text(sqlite3_stmt *stmt, int column, char *dst, size_t cap)
{
    const char *text = (const char *)sqlite3_column_text(stmt, column);
    const size_t len = (size_t)sqlite3_column_bytes(stmt, column);

    (void)snprintf(dst, cap, "%s", text != NULL ? text : "");
    return text != NULL && len < cap && strlen(text) == len;
}

static bool
read_job(sqlite3_stmt *stmt, int column, struct ph_audit_record *record)
{
    const int len = sqlite3_column_bytes(stmt, column);

    record->has_job = len == PH_ID_BYTES;
    if (record->has_job)
        memcpy(record->job.bytes, sqlite3_column_blob(stmt, column),
               PH_ID_BYTES);
    return record->has_job || len == 0;
}

static bool
read_mac(sqlite3_stmt *stmt, int column, uint8_t mac[PH_AUDIT_MAC_BYTES])
{
    if (sqlite3_column_bytes(stmt, column) != PH_AUDIT_MAC_BYTES)
        return false;
    memcpy(mac, sqlite3_column_blob(stmt, column), PH_AUDIT_MAC_BYTES);
    return true;
}

int
audit_read(sqlite3_stmt *stmt, struct ph_audit_record *out_record)
{
    struct ph_audit_record *record = out_record;
    bool good;

    memset(record, 0, sizeof(*record));
    record->number = sqlite3_column_int64(stmt, 0);
    record->at_ms = sqlite3_column_int64(stmt, 1);
    record->time_ms = sqlite3_column_int64(stmt, 2);
    good = read_text(stmt, 3, record->event, sizeof(record->event));
    good &= read_job(stmt, 4, record);
    record->uid = sqlite3_column_int64(stmt, 5);
    good &= read_text(stmt, 6, record->printer, sizeof(record->printer));
    good &= read_text(stmt, 7, record->amr, sizeof(record->amr));
    good &= read_text(stmt, 8, record->reason, sizeof(record->reason));
    record->count = sqlite3_column_int64(stmt, 9);
    record->impressions = sqlite3_column_int64(stmt, 10);
    record->sheets = sqlite3_column_int64(stmt, 11);
    record->sealed = sqlite3_column_blob(stmt, 12);
    record->sealed_len = (size_t)sqlite3_column_bytes(stmt, 12);
    good &= record->sealed_len <= PH_AUDIT_SEALED_MAX;
    good &= read_mac(stmt, 13, record->mac);
    return good ? PH_OK : PH_ERR_CORRUPT;
}

/* --- the mac --- */

static int
put_bytes(struct ph_buf *buf, const void *bytes, size_t len)
{
    int err = ph_buf_put_u32(buf, (uint32_t)len);

    return err == PH_OK ? ph_buf_put(buf, bytes, len) : err;
}

static int
put_texts(struct ph_buf *buf, const struct ph_audit_record *record)
{
    const char *const texts[] = {record->event, record->printer, record->amr,
                                 record->reason};
    int err = PH_OK;

    for (size_t i = 0; i < PH_COUNT(texts) && err == PH_OK; i++)
        err = put_bytes(buf, texts[i], strlen(texts[i]));
    return err;
}

/* Every field once, each with its length or of a fixed one. */
static int
put_record(struct ph_buf *buf, const uint8_t before[PH_AUDIT_MAC_BYTES],
           const struct ph_audit_record *record)
{
    const int64_t numbers[] = {
        record->number, record->at_ms,       record->time_ms, record->uid,
        record->count,  record->impressions, record->sheets};
    int err = put_bytes(buf, RECORD_LABEL, sizeof(RECORD_LABEL) - 1);

    if (err == PH_OK)
        err = ph_buf_put(buf, before, PH_AUDIT_MAC_BYTES);
    for (size_t i = 0; i < PH_COUNT(numbers) && err == PH_OK; i++)
        err = ph_buf_put_u64(buf, (uint64_t)numbers[i]);
    if (err == PH_OK)
        err = put_texts(buf, record);
    if (err == PH_OK)
        err = put_bytes(buf, record->job.bytes,
                        record->has_job ? PH_ID_BYTES : 0);
    if (err == PH_OK)
        err = put_bytes(buf, record->sealed, record->sealed_len);
    return err;
}

int
audit_mac(struct ph_epoch_keys *keys, const uint8_t before[PH_AUDIT_MAC_BYTES],
          const struct ph_audit_record *record,
          uint8_t out_mac[PH_AUDIT_MAC_BYTES])
{
    struct ph_buf input;
    int err;

    ph_buf_init(&input, MAC_INPUT_MAX);
    err = put_record(&input, before, record);
    if (err == PH_OK)
        err = ph_epoch_keys_audit_mac(keys, input.data, input.len, out_mac);
    ph_buf_close(&input);
    return err;
}

int
audit_holds(struct ph_epoch_keys *keys,
            const uint8_t before[PH_AUDIT_MAC_BYTES],
            const struct ph_audit_record *record, bool *out_holds)
{
    uint8_t mac[PH_AUDIT_MAC_BYTES];
    int err = audit_mac(keys, before, record, mac);

    if (err == PH_OK)
        *out_holds = memcmp(mac, record->mac, sizeof(mac)) == 0;
    return err;
}

/* --- what is sealed: login, NUL, title --- */

/* A text without NUL that ends in one and fits. */
static bool
take_text(const struct ph_buf *plain, size_t from, size_t len, char *dst,
          size_t cap)
{
    if (len >= cap || (len > 0 && memchr(plain->data + from, 0, len) != NULL))
        return false;
    if (len > 0)
        memcpy(dst, plain->data + from, len);
    dst[len] = '\0';
    return true;
}

static int
split(const struct ph_buf *plain, char out_login[PH_TICKET_TEXT_MAX],
      char out_title[PH_TICKET_TITLE_MAX])
{
    const uint8_t *end = memchr(plain->data, 0, plain->len);
    size_t login_len;

    if (end == NULL)
        return PH_ERR_CORRUPT;
    login_len = (size_t)(end - plain->data);
    return take_text(plain, 0, login_len, out_login, PH_TICKET_TEXT_MAX) &&
                   take_text(plain, login_len + 1, plain->len - login_len - 1,
                             out_title, PH_TICKET_TITLE_MAX)
               ? PH_OK
               : PH_ERR_CORRUPT;
}

int
ph_audit_unseal(struct ph_epoch_keys *keys,
                const struct ph_audit_record *record,
                char out_login[PH_TICKET_TEXT_MAX],
                char out_title[PH_TICKET_TITLE_MAX])
{
    struct ph_buf number, plain;
    int err;

    if (record->sealed_len == 0) { /* of nobody */
        out_login[0] = out_title[0] = '\0';
        return PH_OK;
    }
    ph_buf_init(&number, 8);
    ph_buf_init(&plain, PLAIN_MAX + PH_AUDIT_SEALED_MAX);
    err = ph_buf_put_u64(&number, (uint64_t)record->number);
    if (err == PH_OK)
        err = ph_epoch_keys_audit_unseal(keys, number.data, number.len,
                                         record->sealed, record->sealed_len,
                                         &plain);
    if (err == PH_OK)
        err = split(&plain, out_login, out_title);
    ph_buf_close(&number);
    ph_buf_close(&plain);
    return err;
}
