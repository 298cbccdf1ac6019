/*
 * The record of what was done, in a chain: the keyed hash of a record covers
 * its own number, time and texts and the hash of the record before it. So none
 * can be changed, taken out of the middle, or moved; taking the newest away
 * shows when a number is known from elsewhere.
 */
#include "store_private.h"

#include <string.h>

#include <openssl/crypto.h>

#include "printhold/base/buf.h"
#include "printhold/base/err.h"
#include "printhold/crypto/kdf.h"

#define RECORD_MAX 4096

/* Length before text: no two records have the same bytes. */
static int
put_text(struct ph_buf *buf, const char *text)
{
    size_t len = strlen(text);
    int err = ph_buf_put_u32(buf, (uint32_t)len);

    return err == PH_OK ? ph_buf_put(buf, text, len) : err;
}

static int
mac_of(const uint8_t key[32], const struct hub_audit_record *record,
       const uint8_t before[HUB_MAC_BYTES], uint8_t out_mac[HUB_MAC_BYTES])
{
    struct ph_buf buf;
    int err;

    ph_buf_init(&buf, RECORD_MAX);
    err = ph_buf_put(&buf, before, HUB_MAC_BYTES);
    if (err == PH_OK)
        err = ph_buf_put_u64(&buf, (uint64_t)record->number);
    if (err == PH_OK)
        err = ph_buf_put_u64(&buf, (uint64_t)record->at_ms);
    if (err == PH_OK)
        err = put_text(&buf, record->act.actor);
    if (err == PH_OK)
        err = put_text(&buf, record->act.act);
    if (err == PH_OK)
        err = put_text(&buf, record->act.object);
    if (err == PH_OK)
        err = put_text(&buf, record->act.detail);
    if (err == PH_OK)
        err = ph_hmac_sha256(key, 32, buf.data, buf.len, out_mac);
    ph_buf_close(&buf);
    return err;
}

static int
newest(struct hub_store *store, int64_t *out_number,
       uint8_t out_mac[HUB_MAC_BYTES])
{
    sqlite3_stmt *stmt = NULL;
    int err = hub_prepare(
        store, "SELECT number, mac FROM audit ORDER BY number DESC LIMIT 1",
        &stmt);

    *out_number = 0;
    memset(out_mac, 0, HUB_MAC_BYTES);
    if (err == PH_OK)
        err = hub_step(stmt);
    if (err == PH_OK) {
        *out_number = sqlite3_column_int64(stmt, 0);
        hub_column_bytes(stmt, 1, out_mac);
        hub_reset(stmt);
    }
    return err == PH_ERR_NOT_FOUND ? PH_OK : err;
}

int
hub_audit_add(struct hub_store *store, const uint8_t key[32],
              const struct hub_act *act, int64_t now_ms)
{
    struct hub_audit_record record = {.at_ms = now_ms, .act = *act};
    uint8_t before[HUB_MAC_BYTES], mac[HUB_MAC_BYTES];
    int err = newest(store, &record.number, before);

    record.number++;
    if (err == PH_OK)
        err = mac_of(key, &record, before, mac);
    if (err == PH_OK)
        err = hub_run(store,
                      "INSERT INTO audit(number, at_ms, actor, act, object,"
                      " detail, mac) VALUES(?, ?, ?, ?, ?, ?, ?)",
                      "iittttb", record.number, now_ms, act->actor, act->act,
                      act->object, act->detail, mac);
    return err;
}

/* The texts are SQLite's until the next step. */
static void
read_record(sqlite3_stmt *stmt, struct hub_audit_record *record)
{
    record->number = sqlite3_column_int64(stmt, 0);
    record->at_ms = sqlite3_column_int64(stmt, 1);
    record->act.actor = (const char *)sqlite3_column_text(stmt, 2);
    record->act.act = (const char *)sqlite3_column_text(stmt, 3);
    record->act.object = (const char *)sqlite3_column_text(stmt, 4);
    record->act.detail = (const char *)sqlite3_column_text(stmt, 5);
}

int
hub_audit_each(struct hub_store *store, int64_t since_ms, hub_audit_cb each,
               void *arg)
{
    struct hub_audit_record record;
    sqlite3_stmt *stmt = NULL;
    int err = hub_prepare(store,
                          "SELECT number, at_ms, actor, act, object, detail"
                          " FROM audit WHERE at_ms >= ? ORDER BY number",
                          &stmt);

    if (err == PH_OK)
        err = hub_bind(stmt, "i", since_ms);
    while (err == PH_OK && (err = hub_step(stmt)) == PH_OK) {
        read_record(stmt, &record);
        err = each(&record, arg);
        if (err != PH_OK) {
            hub_reset(stmt);
            return err;
        }
    }
    return err == PH_ERR_NOT_FOUND ? PH_OK : err;
}

int
hub_audit_verify(struct hub_store *store, const uint8_t key[32],
                 int64_t *out_count, int64_t *out_broken)
{
    uint8_t before[HUB_MAC_BYTES] = {0}, mac[HUB_MAC_BYTES], is[HUB_MAC_BYTES];
    struct hub_audit_record record;
    sqlite3_stmt *stmt = NULL;
    int64_t count = 0;
    int err = hub_prepare(store,
                          "SELECT number, at_ms, actor, act, object, detail,"
                          " mac FROM audit ORDER BY number",
                          &stmt);

    while (err == PH_OK && (err = hub_step(stmt)) == PH_OK) {
        read_record(stmt, &record);
        hub_column_bytes(stmt, 6, is);
        count++;
        err = mac_of(key, &record, before, mac);
        if (err == PH_OK &&
            (record.number != count || CRYPTO_memcmp(mac, is, sizeof(is)) != 0))
            err = PH_ERR_CORRUPT;
        memcpy(before, is, sizeof(before));
        if (err != PH_OK)
            hub_reset(stmt);
    }
    *out_count = count;
    *out_broken = err == PH_ERR_CORRUPT ? count : 0;
    return err == PH_ERR_NOT_FOUND ? PH_OK : err;
}
