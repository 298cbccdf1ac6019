/* The writing side of the audit: records, both ends, and what is forgotten. */
#include "audit_private.h"

#include <stdio.h>
#include <string.h>

#include "printhold/base/err.h"
#include "printhold/store/db.h"

#define END_LABEL "printhold/v1/audit-end"

/* --- anchor and head --- */

static int
make_proof(struct ph_epoch_keys *keys, enum audit_which which,
           const struct ph_audit_mark *mark,
           uint8_t out_proof[PH_AUDIT_MAC_BYTES])
{
    struct ph_buf input;
    int err;

    ph_buf_init(&input, 128);
    err = ph_buf_put_str(&input, END_LABEL);
    if (err == PH_OK)
        err = ph_buf_put_u8(&input, (uint8_t)which);
    if (err == PH_OK)
        err = ph_buf_put_u64(&input, (uint64_t)mark->number);
    if (err == PH_OK)
        err = ph_buf_put(&input, mark->mac, sizeof(mark->mac));
    if (err == PH_OK)
        err = ph_epoch_keys_audit_mac(keys, input.data, input.len, out_proof);
    ph_buf_close(&input);
    return err;
}

static int
read_end(sqlite3_stmt *stmt, struct ph_audit_mark *mark,
         uint8_t proof[PH_AUDIT_MAC_BYTES])
{
    if (sqlite3_column_bytes(stmt, 1) != PH_AUDIT_MAC_BYTES ||
        sqlite3_column_bytes(stmt, 2) != PH_AUDIT_MAC_BYTES)
        return PH_ERR_CORRUPT;
    mark->number = sqlite3_column_int64(stmt, 0);
    memcpy(mark->mac, sqlite3_column_blob(stmt, 1), PH_AUDIT_MAC_BYTES);
    memcpy(proof, sqlite3_column_blob(stmt, 2), PH_AUDIT_MAC_BYTES);
    return PH_OK;
}

int
audit_get_end(struct ph_catalogue *catalogue, struct ph_epoch_keys *keys,
              enum audit_which which, struct audit_end *out_end)
{
    uint8_t proof[PH_AUDIT_MAC_BYTES], right[PH_AUDIT_MAC_BYTES];
    struct audit_end end = {.is_ours = false};
    sqlite3_stmt *stmt;
    int rc, shape = PH_OK;
    int err = ph_catalogue_statement(
        catalogue, STMT_AUDIT_END_GET,
        "SELECT number, mac, proof FROM audit_end WHERE which = ?1", &stmt);

    if (err != PH_OK)
        return err;
    (void)sqlite3_bind_int(stmt, 1, (int)which);
    rc = sqlite3_step(stmt);
    err = rc == SQLITE_DONE ? PH_ERR_NOT_FOUND : ph_db_err(rc);
    if (rc == SQLITE_ROW)
        shape = read_end(stmt, &end.mark, proof);
    (void)sqlite3_reset(stmt);
    if (err == PH_OK && shape == PH_OK) {
        err = make_proof(keys, which, &end.mark, right);
        end.is_ours = err == PH_OK && memcmp(right, proof, sizeof(proof)) == 0;
    }
    if (err == PH_OK)
        *out_end = end;
    return err;
}

static int
set_end(struct ph_catalogue *catalogue, struct ph_epoch_keys *keys,
        enum audit_which which, const struct ph_audit_mark *mark)
{
    uint8_t proof[PH_AUDIT_MAC_BYTES];
    sqlite3_stmt *stmt;
    int err = make_proof(keys, which, mark, proof);

    if (err == PH_OK)
        err = ph_catalogue_statement(
            catalogue, STMT_AUDIT_END_SET,
            "INSERT INTO audit_end VALUES(?1, ?2, ?3, ?4) ON CONFLICT(which)"
            " DO UPDATE SET number = ?2, mac = ?3, proof = ?4",
            &stmt);
    if (err != PH_OK)
        return err;
    (void)sqlite3_bind_int(stmt, 1, (int)which);
    (void)sqlite3_bind_int64(stmt, 2, mark->number);
    (void)sqlite3_bind_blob(stmt, 3, mark->mac, PH_AUDIT_MAC_BYTES,
                            SQLITE_TRANSIENT);
    (void)sqlite3_bind_blob(stmt, 4, proof, PH_AUDIT_MAC_BYTES,
                            SQLITE_TRANSIENT);
    return ph_db_run(stmt);
}

int
ph_audit_newest(struct ph_catalogue *catalogue, int64_t *out_number)
{
    sqlite3_stmt *stmt;
    int rc;
    int err = ph_catalogue_statement(
        catalogue, STMT_AUDIT_NEWEST,
        "SELECT COALESCE(MAX(number), 0) FROM audit", &stmt);

    if (err != PH_OK)
        return err;
    rc = sqlite3_step(stmt);
    if (rc == SQLITE_ROW)
        *out_number = sqlite3_column_int64(stmt, 0);
    (void)sqlite3_reset(stmt);
    return ph_db_err(rc);
}

int
ph_audit_is_begun(struct ph_catalogue *catalogue, bool *out_is_begun)
{
    sqlite3_stmt *stmt;
    int rc;
    int err = ph_catalogue_statement(catalogue, STMT_AUDIT_IS_BEGUN,
                                     "SELECT EXISTS (SELECT 1 FROM audit_end)"
                                     " OR EXISTS (SELECT 1 FROM audit)",
                                     &stmt);

    if (err != PH_OK)
        return err;
    rc = sqlite3_step(stmt);
    if (rc == SQLITE_ROW)
        *out_is_begun = sqlite3_column_int(stmt, 0) != 0;
    (void)sqlite3_reset(stmt);
    return ph_db_err(rc);
}

/* After what the next record comes. A head that is not ours, or behind which
 * there is more, is not built on: the next record follows nothing then, and a
 * look at the chain finds it. */
static int
find_head(struct ph_catalogue *catalogue, struct ph_epoch_keys *keys,
          struct ph_audit_mark *out_head)
{
    const struct ph_audit_mark none = {.number = 0};
    struct audit_end head = {.is_ours = false};
    int64_t newest = 0;
    int err = audit_get_end(catalogue, keys, AUDIT_HEAD, &head);
    const bool is_missing = err == PH_ERR_NOT_FOUND;

    if (err == PH_OK || is_missing)
        err = ph_audit_newest(catalogue, &newest);
    if (err == PH_OK && is_missing && newest == 0)
        err = set_end(catalogue, keys, AUDIT_ANCHOR, &none);
    if (err != PH_OK)
        return err;
    *out_head = head.is_ours && head.mark.number >= newest ? head.mark : none;
    if (out_head->number < newest)
        out_head->number = newest;
    return out_head->number < INT64_MAX ? PH_OK : PH_ERR_LIMIT;
}

/* --- appending --- */

static void
put_text(char *dst, size_t cap, const char *text)
{
    (void)snprintf(dst, cap, "%s", text != NULL ? text : "");
}

static void
fill(const struct ph_audit_entry *entry, int64_t number,
     struct ph_audit_record *record)
{
    *record = (struct ph_audit_record){
        .number = number,
        .at_ms = entry->at_ms,
        .time_ms = entry->time_ms,
        .has_job = entry->job != NULL,
        .uid = entry->uid,
        .count = entry->count,
        .impressions = entry->impressions,
        .sheets = entry->sheets,
    };
    if (entry->job != NULL)
        record->job = *entry->job;
    put_text(record->event, sizeof(record->event),
             ph_audit_event_name(entry->event));
    put_text(record->printer, sizeof(record->printer), entry->printer);
    put_text(record->amr, sizeof(record->amr), entry->amr);
    put_text(record->reason, sizeof(record->reason), entry->reason);
}

/* Bound to the number, so that it fits no other record. */
static int
seal(struct ph_epoch_keys *keys, const struct ph_audit_entry *entry,
     int64_t number, struct ph_buf *out_sealed)
{
    const char *login = entry->login != NULL ? entry->login : "";
    const char *title = entry->title != NULL ? entry->title : "";
    const char *chosen = entry->chosen != NULL ? entry->chosen : "";
    struct ph_buf aad, plain;
    int err;

    if (login[0] == '\0' && title[0] == '\0' && chosen[0] == '\0')
        return PH_OK;
    ph_buf_init(&aad, 8);
    ph_buf_init(&plain, sizeof(struct ph_audit_sealed));
    err = ph_buf_put_u64(&aad, (uint64_t)number);
    if (err == PH_OK)
        err = ph_buf_put(&plain, login, strlen(login) + 1);
    if (err == PH_OK)
        err = ph_buf_put(&plain, title, strlen(title) + 1);
    if (err == PH_OK)
        err = ph_buf_put_str(&plain, chosen);
    if (err == PH_OK)
        err = ph_epoch_keys_audit_seal(keys, aad.data, aad.len, plain.data,
                                       plain.len, out_sealed);
    ph_buf_close(&aad);
    ph_buf_close(&plain);
    return err;
}

static int
insert(struct ph_catalogue *catalogue, const struct ph_audit_record *record)
{
    sqlite3_stmt *stmt;
    int err = ph_catalogue_statement(
        catalogue, STMT_AUDIT_ADD,
        "INSERT INTO audit(" AUDIT_COLUMNS ") VALUES"
        "(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14)",
        &stmt);

    if (err != PH_OK)
        return err;
    (void)sqlite3_bind_int64(stmt, 1, record->number);
    (void)sqlite3_bind_int64(stmt, 2, record->at_ms);
    (void)sqlite3_bind_int64(stmt, 3, record->time_ms);
    (void)sqlite3_bind_text(stmt, 4, record->event, -1, SQLITE_TRANSIENT);
    (void)sqlite3_bind_blob(stmt, 5, record->job.bytes,
                            record->has_job ? PH_ID_BYTES : 0,
                            SQLITE_TRANSIENT);
    (void)sqlite3_bind_int64(stmt, 6, record->uid);
    (void)sqlite3_bind_text(stmt, 7, record->printer, -1, SQLITE_TRANSIENT);
    (void)sqlite3_bind_text(stmt, 8, record->amr, -1, SQLITE_TRANSIENT);
    (void)sqlite3_bind_text(stmt, 9, record->reason, -1, SQLITE_TRANSIENT);
    (void)sqlite3_bind_int64(stmt, 10, record->count);
    (void)sqlite3_bind_int64(stmt, 11, record->impressions);
    (void)sqlite3_bind_int64(stmt, 12, record->sheets);
    (void)sqlite3_bind_blob(stmt, 13,
                            record->sealed_len > 0 ? record->sealed : "",
                            (int)record->sealed_len, SQLITE_TRANSIENT);
    (void)sqlite3_bind_blob(stmt, 14, record->mac, PH_AUDIT_MAC_BYTES,
                            SQLITE_TRANSIENT);
    return ph_db_run(stmt);
}

/* Everything up to this record; anchor is its mark. */
static int
forget_up_to(struct ph_catalogue *catalogue, struct ph_epoch_keys *keys,
             const struct ph_audit_mark *anchor)
{
    sqlite3_stmt *stmt;
    int err =
        ph_catalogue_statement(catalogue, STMT_AUDIT_FORGET,
                               "DELETE FROM audit WHERE number <= ?1", &stmt);

    if (err != PH_OK)
        return err;
    (void)sqlite3_bind_int64(stmt, 1, anchor->number);
    err = ph_db_run(stmt);
    return err == PH_OK ? set_end(catalogue, keys, AUDIT_ANCHOR, anchor) : err;
}

static int
mark_of(struct ph_catalogue *catalogue, int64_t number,
        struct ph_audit_mark *out_mark)
{
    sqlite3_stmt *stmt;
    int rc;
    int err = ph_catalogue_statement(catalogue, STMT_AUDIT_MAC,
                                     "SELECT mac FROM audit WHERE number = ?1",
                                     &stmt);

    if (err != PH_OK)
        return err;
    (void)sqlite3_bind_int64(stmt, 1, number);
    rc = sqlite3_step(stmt);
    err = rc == SQLITE_DONE ? PH_ERR_NOT_FOUND : ph_db_err(rc);
    if (rc == SQLITE_ROW && sqlite3_column_bytes(stmt, 0) != PH_AUDIT_MAC_BYTES)
        err = PH_ERR_NOT_FOUND;
    if (err == PH_OK) {
        out_mark->number = number;
        memcpy(out_mark->mac, sqlite3_column_blob(stmt, 0), PH_AUDIT_MAC_BYTES);
    }
    (void)sqlite3_reset(stmt);
    return err;
}

/* A flood must not fill the disk, whatever the chain looks like. */
static int
keep_within(struct ph_catalogue *catalogue, struct ph_epoch_keys *keys,
            int64_t newest, uint64_t records_max)
{
    struct ph_audit_mark anchor;
    int err;

    if (newest <= (int64_t)records_max)
        return PH_OK;
    err = mark_of(catalogue, newest - (int64_t)records_max, &anchor);
    if (err == PH_ERR_NOT_FOUND)
        return PH_OK; /* forgotten by its age, or missing */
    return err == PH_OK ? forget_up_to(catalogue, keys, &anchor) : err;
}

int
ph_audit_append(struct ph_catalogue *catalogue, struct ph_epoch_keys *keys,
                const struct ph_audit_entry *entry, uint64_t records_max,
                struct ph_audit_mark *out_mark)
{
    struct ph_audit_record record;
    struct ph_audit_mark head;
    struct ph_buf sealed;
    int err = find_head(catalogue, keys, &head);

    if (err != PH_OK)
        return err;
    ph_buf_init(&sealed, PH_AUDIT_SEALED_MAX);
    fill(entry, head.number + 1, &record);
    err = seal(keys, entry, record.number, &sealed);
    record.sealed = sealed.data;
    record.sealed_len = sealed.len;
    if (err == PH_OK)
        err = audit_mac(keys, head.mac, &record, record.mac);
    if (err == PH_OK)
        err = insert(catalogue, &record);
    ph_buf_close(&sealed);
    head.number = record.number;
    memcpy(head.mac, record.mac, sizeof(head.mac));
    if (err == PH_OK)
        err = set_end(catalogue, keys, AUDIT_HEAD, &head);
    if (err == PH_OK)
        err = keep_within(catalogue, keys, head.number, records_max);
    if (err == PH_OK)
        *out_mark = head;
    return err;
}

/* --- forgetting by age --- */

struct look {
    struct ph_epoch_keys *keys;
    int64_t before_ms;
    uint8_t before[PH_AUDIT_MAC_BYTES]; /* mac of the record before */
    struct ph_audit_mark due;           /* the last one, number 0: none */
    size_t seen, due_at;
    int64_t broken;
};

/* Is it the first that is not due? */
static int
look_at(struct look *look, sqlite3_stmt *stmt, bool *out_end)
{
    struct ph_audit_record record;
    bool holds = false;
    int err = PH_OK;

    if (audit_read(stmt, &record) == PH_OK)
        err = audit_holds(look->keys, look->before, &record, &holds);
    if (err != PH_OK)
        return err;
    look->seen++;
    if (!holds && look->broken == 0)
        look->broken = record.number;
    *out_end = holds && record.time_ms >= look->before_ms;
    if (holds && !*out_end) {
        look->due.number = record.number;
        memcpy(look->due.mac, record.mac, sizeof(record.mac));
        look->due_at = look->seen;
    }
    memcpy(look->before, record.mac, sizeof(record.mac));
    return PH_OK;
}

static int
look_for_due(struct ph_catalogue *catalogue, struct look *look)
{
    sqlite3_stmt *stmt;
    bool end = false;
    int rc = SQLITE_DONE;
    int err = ph_catalogue_statement(
        catalogue, STMT_AUDIT_OLDEST,
        "SELECT " AUDIT_COLUMNS " FROM audit ORDER BY number LIMIT ?1", &stmt);

    if (err != PH_OK)
        return err;
    (void)sqlite3_bind_int(stmt, 1, PH_AUDIT_TRIM_BATCH);
    while (err == PH_OK && !end && (rc = sqlite3_step(stmt)) == SQLITE_ROW)
        err = look_at(look, stmt, &end);
    (void)sqlite3_reset(stmt);
    return err != PH_OK ? err : ph_db_err(rc);
}

int
ph_audit_trim(struct ph_catalogue *catalogue, struct ph_epoch_keys *keys,
              int64_t before_ms, size_t *out_count, int64_t *out_broken)
{
    struct look look = {.keys = keys, .before_ms = before_ms};
    struct audit_end anchor = {.is_ours = false};
    int err = audit_get_end(catalogue, keys, AUDIT_ANCHOR, &anchor);

    if (err != PH_OK && err != PH_ERR_NOT_FOUND)
        return err;
    if (anchor.is_ours)
        memcpy(look.before, anchor.mark.mac, sizeof(look.before));
    err = look_for_due(catalogue, &look);
    if (err == PH_OK && look.due.number > 0)
        err = forget_up_to(catalogue, keys, &look.due);
    if (err != PH_OK)
        return err;
    *out_count = look.due_at;
    *out_broken = look.broken;
    return PH_OK;
}
