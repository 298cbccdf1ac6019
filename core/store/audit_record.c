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
#define PLAIN_MAX     sizeof(struct ph_audit_sealed)

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

/* --- what is sealed: login, NUL, title, NUL, choices --- */

/* The text up to a NUL, which is left out, or to the end. */
static bool
take_text(const uint8_t **at, const uint8_t *end, bool is_last, char *dst,
          size_t cap)
{
    const size_t left = (size_t)(end - *at);
    const uint8_t *stop = memchr(*at, 0, left);
    size_t len = stop != NULL ? (size_t)(stop - *at) : left;

    if ((stop == NULL) != is_last || len >= cap)
        return false;
    memcpy(dst, *at, len);
    dst[len] = '\0';
    *at += is_last ? len : len + 1;
    return true;
}

static int
split(const struct ph_buf *plain, struct ph_audit_sealed *sealed)
{
    const uint8_t *at = plain->data, *end = plain->data + plain->len;

    if (plain->len == 0 ||
        !take_text(&at, end, false, sealed->login, sizeof(sealed->login)) ||
        !take_text(&at, end, false, sealed->title, sizeof(sealed->title)) ||
        !take_text(&at, end, true, sealed->chosen, sizeof(sealed->chosen)))
        return PH_ERR_CORRUPT;
    return PH_OK;
}

int
ph_audit_unseal(struct ph_epoch_keys *keys,
                const struct ph_audit_record *record,
                struct ph_audit_sealed *out_sealed)
{
    struct ph_audit_sealed sealed;
    struct ph_buf number, plain;
    int err;

    memset(out_sealed, 0, sizeof(*out_sealed));
    if (record->sealed_len == 0) /* of nobody */
        return PH_OK;
    memset(&sealed, 0, sizeof(sealed));
    ph_buf_init(&number, 8);
    ph_buf_init(&plain, PLAIN_MAX + PH_AUDIT_SEALED_MAX);
    err = ph_buf_put_u64(&number, (uint64_t)record->number);
    if (err == PH_OK)
        err = ph_epoch_keys_audit_unseal(keys, number.data, number.len,
                                         record->sealed, record->sealed_len,
                                         &plain);
    if (err == PH_OK)
        err = split(&plain, &sealed);
    if (err == PH_OK)
        *out_sealed = sealed;
    ph_buf_close(&number);
    ph_buf_close(&plain);
    return err;
}
