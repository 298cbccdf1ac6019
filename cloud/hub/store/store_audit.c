/*
 * The record of what was done, in a chain: the keyed hash of a record covers
 * its own number, time and texts and the hash of the record before it. So none
 * can be changed, taken out of the middle, or moved; taking the newest away
 * shows when a number is known from elsewhere. Where old ones were forgotten,
 * the last of them has left its number and hash with a proof (audit_mark): the
 * chain begins there.
 */
#include "store_private.h"

#include <string.h>
#include <strings.h>

#include <openssl/crypto.h>

#include "printhold/base/buf.h"
#include "printhold/base/err.h"
#include "printhold/crypto/kdf.h"
#include "store_audit.h"

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

/* --- where the chain begins --- */

static int
proof_of(const uint8_t key[32], const struct hub_audit_mark *mark,
         uint8_t out_proof[HUB_MAC_BYTES])
{
    struct ph_buf buf;
    int err;

    ph_buf_init(&buf, RECORD_MAX);
    err = put_text(&buf, "printhold-hub/audit-mark");
    if (err == PH_OK)
        err = ph_buf_put_u64(&buf, (uint64_t)mark->number);
    if (err == PH_OK)
        err = ph_buf_put(&buf, mark->mac, sizeof(mark->mac));
    if (err == PH_OK)
        err = ph_hmac_sha256(key, 32, buf.data, buf.len, out_proof);
    ph_buf_close(&buf);
    return err;
}

static int
read_mark(struct hub_store *store, const char *sql, struct hub_audit_mark *mark,
          uint8_t out_proof[HUB_MAC_BYTES])
{
    sqlite3_stmt *stmt = NULL;
    int err = hub_prepare(store, sql, &stmt);

    memset(mark, 0, sizeof(*mark));
    if (err == PH_OK)
        err = hub_step(stmt);
    if (err == PH_OK) {
        mark->number = sqlite3_column_int64(stmt, 0);
        hub_column_bytes(stmt, 1, mark->mac);
        hub_column_bytes(stmt, 2, out_proof);
        hub_reset(stmt);
    }
    return err;
}

/* Nothing forgotten yet: number 0. PH_ERR_CORRUPT when it is not ours. */
static int
first_mark(struct hub_store *store, const uint8_t key[32],
           struct hub_audit_mark *mark)
{
    uint8_t is[HUB_MAC_BYTES], proof[HUB_MAC_BYTES];
    int err =
        read_mark(store, "SELECT number, mac, proof FROM audit_mark", mark, is);

    if (err == PH_ERR_NOT_FOUND)
        return PH_OK;
    if (err == PH_OK)
        err = proof_of(key, mark, proof);
    if (err == PH_OK && CRYPTO_memcmp(proof, is, sizeof(is)) != 0)
        err = PH_ERR_CORRUPT;
    return err;
}

static int
set_mark(struct hub_store *store, const uint8_t key[32],
         const struct hub_audit_mark *mark)
{
    uint8_t proof[HUB_MAC_BYTES];
    int err = proof_of(key, mark, proof);

    return err == PH_OK
               ? hub_run(store,
                         "INSERT INTO audit_mark(one, number, mac, proof)"
                         " VALUES(1, ?, ?, ?) ON CONFLICT(one) DO UPDATE SET"
                         " number = excluded.number, mac = excluded.mac,"
                         " proof = excluded.proof",
                         "ibb", mark->number, mark->mac, proof)
               : err;
}

/* --- writing --- */

static int
newest(struct hub_store *store, const uint8_t key[32],
       struct hub_audit_mark *mark)
{
    uint8_t unused[HUB_MAC_BYTES];
    int err = read_mark(store,
                        "SELECT number, mac, mac FROM audit"
                        " ORDER BY number DESC LIMIT 1",
                        mark, unused);

    return err == PH_ERR_NOT_FOUND ? first_mark(store, key, mark) : err;
}

int
hub_audit_add(struct hub_store *store, const uint8_t key[32],
              const struct hub_act *act, int64_t now_ms)
{
    struct hub_audit_record record = {.at_ms = now_ms, .act = *act};
    struct hub_audit_mark before;
    uint8_t mac[HUB_MAC_BYTES];
    int err = newest(store, key, &before);

    record.number = before.number + 1;
    if (err == PH_OK)
        err = mac_of(key, &record, before.mac, mac);
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

/* --- the chain, looked through --- */

#define CHAIN                                                          \
    "SELECT number, at_ms, actor, act, object, detail, mac FROM audit" \
    " ORDER BY number"

/* The next record of the statement, and whether it follows on *at, which moves
 * to it. PH_ERR_NOT_FOUND at the end, PH_ERR_CORRUPT. */
static int
next_of_chain(sqlite3_stmt *stmt, const uint8_t key[32],
              struct hub_audit_mark *at, struct hub_audit_record *record)
{
    uint8_t mac[HUB_MAC_BYTES], is[HUB_MAC_BYTES];
    int err = hub_step(stmt);

    if (err != PH_OK)
        return err;
    read_record(stmt, record);
    hub_column_bytes(stmt, 6, is);
    err = mac_of(key, record, at->mac, mac);
    if (err == PH_OK && (record->number != at->number + 1 ||
                         CRYPTO_memcmp(mac, is, sizeof(is)) != 0))
        err = PH_ERR_CORRUPT;
    at->number++;
    memcpy(at->mac, is, sizeof(at->mac));
    return err;
}

int
hub_audit_verify(struct hub_store *store, const uint8_t key[32],
                 int64_t *out_count, int64_t *out_broken)
{
    struct hub_audit_mark at;
    struct hub_audit_record record;
    sqlite3_stmt *stmt = NULL;
    int64_t first;
    int err = first_mark(store, key, &at);

    first = at.number;
    if (err == PH_OK)
        err = hub_prepare(store, CHAIN, &stmt);
    while (err == PH_OK)
        err = next_of_chain(stmt, key, &at, &record);
    if (stmt != NULL)
        hub_reset(stmt);
    *out_count = at.number - first;
    *out_broken = err == PH_ERR_CORRUPT ? at.number : 0;
    return err == PH_ERR_NOT_FOUND ? PH_OK : err;
}

/* --- what is past --- */

/* The last record before that time: its age is believed while the chain holds,
 * so that nobody makes it forget by redating. */
static int
find_last_before(struct hub_store *store, const uint8_t key[32],
                 int64_t before_ms, int64_t rows_max,
                 struct hub_audit_mark *out_last)
{
    struct hub_audit_mark at;
    struct hub_audit_record record = {.at_ms = 0};
    sqlite3_stmt *stmt = NULL;
    int err = first_mark(store, key, &at);

    *out_last = at;
    if (err == PH_OK)
        err = hub_prepare(store, CHAIN, &stmt);
    while (err == PH_OK && rows_max-- > 0) {
        err = next_of_chain(stmt, key, &at, &record);
        if (err == PH_OK && record.at_ms >= before_ms)
            break;
        if (err == PH_OK)
            *out_last = at;
    }
    if (stmt != NULL)
        hub_reset(stmt);
    return err == PH_ERR_NOT_FOUND ? PH_OK : err;
}

int
hub_audit_forget(struct hub_store *store, const uint8_t key[32],
                 int64_t before_ms, int64_t rows_max, bool *out_more)
{
    struct hub_audit_mark last;
    int err = find_last_before(store, key, before_ms, rows_max, &last);

    *out_more = false;
    if (err != PH_OK || last.number == 0)
        return err;
    err =
        hub_run(store, "DELETE FROM audit WHERE number <= ?", "i", last.number);
    *out_more = err == PH_OK && sqlite3_changes(store->db) == rows_max;
    return err == PH_OK ? set_mark(store, key, &last) : err;
}

/* --- a name that must not stay --- */

/* Of one record: its texts in the new words, in the new chain. */
static int
rewrite(struct hub_store *store, const uint8_t key[32],
        struct hub_audit_record *record, const char *name, const char *instead,
        struct hub_audit_mark *chain)
{
    int err;

    if (strcasecmp(record->act.object, name) == 0)
        record->act.object = instead;
    if (strcasecmp(record->act.detail, name) == 0)
        record->act.detail = instead;
    err = mac_of(key, record, chain->mac, chain->mac);
    chain->number = record->number;
    return err == PH_OK
               ? hub_run(store,
                         "UPDATE audit SET object = ?, detail = ?, mac = ?"
                         " WHERE number = ?",
                         "ttbi", record->act.object, record->act.detail,
                         chain->mac, record->number)
               : err;
}

int
hub_audit_rename(struct hub_store *store, const uint8_t key[32],
                 const char *name, const char *instead,
                 struct hub_audit_mark *out_before, int64_t *out_count)
{
    struct hub_audit_mark at, chain;
    struct hub_audit_record record;
    sqlite3_stmt *stmt = NULL;
    bool has_begun = false;
    int64_t count = 0;
    int err = first_mark(store, key, &at);

    chain = at;
    if (err == PH_OK)
        err = hub_prepare(store, CHAIN, &stmt);
    while (err == PH_OK &&
           (err = next_of_chain(stmt, key, &at, &record)) == PH_OK) {
        const bool is_named = strcasecmp(record.act.object, name) == 0 ||
                              strcasecmp(record.act.detail, name) == 0;

        count += is_named;
        has_begun |= is_named;
        if (has_begun) /* SQLite reads on: numbers and order stay */
            err = rewrite(store, key, &record, name, instead, &chain);
        else
            chain = at;
    }
    if (stmt != NULL)
        hub_reset(stmt);
    *out_before = at;
    *out_count = count;
    return err == PH_ERR_NOT_FOUND ? PH_OK : err;
}
