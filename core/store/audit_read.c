/* The reading side of the audit: records in order, and whether they hold. */
#include "audit_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "printhold/base/attr.h"
#include "printhold/base/err.h"
#include "printhold/store/db.h"

/* The schema that has the audit (schema.c). */
#define FIRST_VERSION 5
#define PATIENCE_MS   5000

int
ph_audit_each(struct ph_catalogue *catalogue,
              const struct ph_audit_filter *filter, ph_audit_each_cb each,
              void *arg)
{
    struct ph_audit_record record;
    sqlite3_stmt *stmt;
    int rc = SQLITE_DONE;
    int err = filter->by_uid
                  ? ph_catalogue_statement(
                        catalogue, STMT_AUDIT_OF_UID,
                        "SELECT " AUDIT_COLUMNS " FROM audit WHERE number > ?1"
                        " AND at_ms >= ?2 AND uid = ?4 AND uid >= 0"
                        " ORDER BY number LIMIT ?3",
                        &stmt)
                  : ph_catalogue_statement(
                        catalogue, STMT_AUDIT_ALL,
                        "SELECT " AUDIT_COLUMNS " FROM audit WHERE number > ?1"
                        " AND at_ms >= ?2 ORDER BY number LIMIT ?3",
                        &stmt);

    if (err != PH_OK)
        return err;
    (void)sqlite3_bind_int64(stmt, 1, filter->after);
    (void)sqlite3_bind_int64(stmt, 2, filter->since_ms);
    (void)sqlite3_bind_int64(stmt, 3,
                             filter->limit > 0 ? (int64_t)filter->limit : -1);
    if (filter->by_uid)
        (void)sqlite3_bind_int64(stmt, 4, filter->uid);
    while (err == PH_OK && (rc = sqlite3_step(stmt)) == SQLITE_ROW) {
        err = audit_read(stmt, &record);
        if (err == PH_OK && !each(&record, arg))
            break;
    }
    (void)sqlite3_reset(stmt);
    return err != PH_OK ? err : ph_db_err(rc);
}

/* --- verifying --- */

struct walk {
    struct ph_epoch_keys *keys;
    const struct ph_audit_mark *expected; /* NULL: none */
    size_t mac_len;
    struct ph_audit_mark last; /* the record before: number and mac */
    struct ph_audit_verdict *verdict;
};

static int
found_broken(struct walk *walk, int64_t number, const char *fault)
{
    walk->verdict->broken = number;
    ph_why_set(&walk->verdict->fault, "%s", fault);
    return PH_ERR_CORRUPT;
}

static bool
is_expected(const struct walk *walk, const struct ph_audit_mark *mark)
{
    return walk->expected != NULL && walk->expected->number == mark->number &&
           memcmp(walk->expected->mac, mark->mac, walk->mac_len) == 0;
}

static int
check_record(struct walk *walk, sqlite3_stmt *stmt)
{
    struct ph_audit_verdict *verdict = walk->verdict;
    struct ph_audit_record record;
    bool holds = false;
    int err = audit_read(stmt, &record);

    if (verdict->first == 0)
        verdict->first = record.number;
    if (record.number != walk->last.number + 1)
        return found_broken(walk, walk->last.number + 1, "it is missing");
    if (err == PH_OK)
        err = audit_holds(walk->keys, walk->last.mac, &record, &holds);
    if (err == PH_ERR_CORRUPT || (err == PH_OK && !holds))
        return found_broken(walk, record.number,
                            "it is not what was written, or not in its place");
    if (err != PH_OK)
        return err;
    walk->last.number = record.number;
    memcpy(walk->last.mac, record.mac, sizeof(record.mac));
    verdict->last = walk->last;
    verdict->seen_expected |= is_expected(walk, &walk->last);
    verdict->count++;
    return PH_OK;
}

static int
check_records(struct walk *walk, struct ph_catalogue *catalogue)
{
    sqlite3_stmt *stmt;
    int rc = SQLITE_DONE;
    int err = ph_catalogue_statement(
        catalogue, STMT_AUDIT_WALK,
        "SELECT " AUDIT_COLUMNS " FROM audit ORDER BY number", &stmt);

    if (err != PH_OK)
        return err;
    while (err == PH_OK && (rc = sqlite3_step(stmt)) == SQLITE_ROW)
        err = check_record(walk, stmt);
    (void)sqlite3_reset(stmt);
    return err != PH_OK ? err : ph_db_err(rc);
}

static int
check_anchor(struct walk *walk, struct ph_catalogue *catalogue)
{
    struct audit_end anchor;
    int err = audit_get_end(catalogue, walk->keys, AUDIT_ANCHOR, &anchor);

    if (err == PH_ERR_NOT_FOUND || (err == PH_OK && !anchor.is_ours))
        return found_broken(walk, 1, "where the records begin was changed");
    if (err == PH_OK)
        walk->last = anchor.mark;
    return err;
}

static int
check_head(struct walk *walk, struct ph_catalogue *catalogue)
{
    struct audit_end head;
    int err = audit_get_end(catalogue, walk->keys, AUDIT_HEAD, &head);

    if (err == PH_ERR_NOT_FOUND || (err == PH_OK && !head.is_ours))
        return found_broken(walk, walk->last.number + 1,
                            "where the records end was changed");
    if (err != PH_OK)
        return err;
    if (head.mark.number > walk->last.number)
        return found_broken(walk, walk->last.number + 1, "it is missing");
    if (head.mark.number < walk->last.number ||
        memcmp(head.mark.mac, walk->last.mac, PH_AUDIT_MAC_BYTES) != 0)
        return found_broken(walk, head.mark.number + 1,
                            "it was not written by the agent");
    return PH_OK;
}

/* Forgotten ones are fine: of them nothing is known. */
static int
check_expected(struct walk *walk, int64_t forgotten)
{
    if (walk->expected == NULL || walk->verdict->seen_expected ||
        walk->expected->number < forgotten)
        return PH_OK;
    if (walk->expected->number > walk->last.number)
        return found_broken(walk, walk->last.number + 1,
                            "it is missing, although a later one is known");
    return found_broken(walk, walk->expected->number,
                        "it is another than the one that is known");
}

int
ph_audit_verify(struct ph_catalogue *catalogue, struct ph_epoch_keys *keys,
                const struct ph_audit_mark *expected, size_t mac_len,
                struct ph_audit_verdict *out_verdict)
{
    struct ph_audit_verdict verdict = {.count = 0};
    struct walk walk = {.keys = keys,
                        .expected = expected,
                        .mac_len = mac_len,
                        .verdict = &verdict};
    int64_t forgotten;
    int err = ph_catalogue_read(catalogue); /* all of one moment */

    if (err != PH_OK)
        return err;
    err = check_anchor(&walk, catalogue);
    forgotten = walk.last.number;
    if (err == PH_OK)
        verdict.seen_expected = is_expected(&walk, &walk.last);
    verdict.last = walk.last;
    if (err == PH_OK)
        err = check_records(&walk, catalogue);
    if (err == PH_OK)
        err = check_head(&walk, catalogue);
    if (err == PH_OK)
        err = check_expected(&walk, forgotten);
    ph_catalogue_rollback(catalogue);
    if (err == PH_OK || verdict.broken != 0)
        *out_verdict = verdict;
    return err;
}

/* --- beside the agent --- */

static int
check_version(sqlite3 *db, const char *path, struct ph_why *why)
{
    int version = 0;
    int err = ph_db_version(db, &version);

    if (err != PH_OK)
        return ph_why_fail(why, err, "cannot read %s: %s", path,
                           sqlite3_errmsg(db));
    if (version < FIRST_VERSION)
        return ph_why_fail(why, PH_ERR_UNSUPPORTED,
                           "%s has no audit yet; start the agent once", path);
    return PH_OK;
}

int
ph_audit_open(const char *path, struct ph_catalogue **out_catalogue,
              struct ph_why *why)
{
    const int flags =
        SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW;
    struct ph_catalogue *catalogue = calloc(1, sizeof(*catalogue));
    int err;

    if (catalogue == NULL)
        return ph_why_fail(why, PH_ERR_NOMEM, "out of memory");
    err = ph_db_err(sqlite3_open_v2(path, &catalogue->db, flags, NULL));
    if (err == PH_ERR_DENIED)
        err = PH_ERR_NOT_FOUND;
    if (err != PH_OK) {
        (void)ph_why_fail(why, err, "cannot open %s: %s", path,
                          catalogue->db != NULL ? sqlite3_errmsg(catalogue->db)
                                                : "out of memory");
    } else {
        (void)sqlite3_busy_timeout(catalogue->db, PATIENCE_MS);
        err = check_version(catalogue->db, path, why);
    }
    if (err != PH_OK) {
        ph_catalogue_close(catalogue);
        return err;
    }
    *out_catalogue = catalogue;
    return PH_OK;
}
