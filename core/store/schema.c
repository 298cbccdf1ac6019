/*
 * Versions of the catalogue's tables. A step is never changed once it was
 * released; a new one is added behind it.
 */
#include "db.h"

#include <stdio.h>

#include "printhold/base/attr.h"
#include "printhold/base/err.h"

/* States in the partial indexes: 2 held, 3 claimed (model/job.h). */
static const char *const steps[] = {
    "CREATE TABLE job("
    " id BLOB PRIMARY KEY NOT NULL,"
    " epoch BLOB NOT NULL,"
    " uid INTEGER NOT NULL,"
    " owner BLOB NOT NULL,"
    " state INTEGER NOT NULL,"
    " held_ms INTEGER NOT NULL,"
    " expires_ms INTEGER NOT NULL,"
    " changed_ms INTEGER NOT NULL,"
    " keep INTEGER NOT NULL,"
    " acknowledged INTEGER NOT NULL,"
    " size INTEGER NOT NULL,"
    " sequence INTEGER NOT NULL,"
    " job_uuid TEXT NOT NULL,"
    " attempt INTEGER NOT NULL,"
    " ordinal INTEGER NOT NULL,"
    " holder TEXT NOT NULL DEFAULT '',"
    " lease_ms INTEGER NOT NULL DEFAULT 0,"
    " released_by TEXT NOT NULL DEFAULT '',"
    " sha256 BLOB NOT NULL,"
    " sealed BLOB NOT NULL);"
    "CREATE INDEX job_owner ON job(owner, held_ms, id, expires_ms)"
    " WHERE state IN (2, 3);"
    "CREATE INDEX job_uid ON job(uid, held_ms, id, state);"
    "CREATE INDEX job_held ON job(held_ms, id, state);"
    "CREATE INDEX job_expires ON job(expires_ms) WHERE state IN (2, 3);"
    "CREATE INDEX job_lease ON job(lease_ms) WHERE state = 3;"
    "CREATE INDEX job_ended ON job(changed_ms) WHERE state > 3;"
    "CREATE INDEX job_of_cups ON job(job_uuid);"
    "CREATE INDEX job_epoch ON job(epoch);"
    /* What held and claimed jobs use, so that quotas need no scan. */
    "CREATE TABLE usage("
    " uid INTEGER NOT NULL,"
    " state INTEGER NOT NULL,"
    " jobs INTEGER NOT NULL,"
    " bytes INTEGER NOT NULL,"
    " PRIMARY KEY(uid, state)) WITHOUT ROWID;"
    "CREATE TRIGGER job_added AFTER INSERT ON job"
    " WHEN NEW.state IN (2, 3) BEGIN"
    "  INSERT INTO usage VALUES(NEW.uid, NEW.state, 1, NEW.size)"
    "  ON CONFLICT DO UPDATE SET jobs = jobs + 1,"
    "   bytes = bytes + excluded.bytes; END;"
    "CREATE TRIGGER job_left AFTER UPDATE OF state ON job"
    " WHEN OLD.state IN (2, 3) AND OLD.state <> NEW.state BEGIN"
    "  UPDATE usage SET jobs = jobs - 1, bytes = bytes - OLD.size"
    "  WHERE uid = OLD.uid AND state = OLD.state; END;"
    "CREATE TRIGGER job_entered AFTER UPDATE OF state ON job"
    " WHEN NEW.state IN (2, 3) AND OLD.state <> NEW.state BEGIN"
    "  INSERT INTO usage VALUES(NEW.uid, NEW.state, 1, NEW.size)"
    "  ON CONFLICT DO UPDATE SET jobs = jobs + 1,"
    "   bytes = bytes + excluded.bytes; END;"
    "CREATE TRIGGER job_removed AFTER DELETE ON job"
    " WHEN OLD.state IN (2, 3) BEGIN"
    "  UPDATE usage SET jobs = jobs - 1, bytes = bytes - OLD.size"
    "  WHERE uid = OLD.uid AND state = OLD.state; END;"
    "CREATE TABLE used_grant("
    " jti TEXT PRIMARY KEY NOT NULL,"
    " exp_ms INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE number("
    " name TEXT PRIMARY KEY NOT NULL,"
    " value INTEGER NOT NULL) WITHOUT ROWID;"
    "INSERT INTO number VALUES('high_water_ms', 0), ('rev', 0);"
    "CREATE TABLE document("
    " uk TEXT PRIMARY KEY NOT NULL,"
    " owner BLOB NOT NULL,"
    " rev INTEGER NOT NULL,"
    " acked_rev INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;"
    "CREATE TABLE event("
    " seq INTEGER PRIMARY KEY AUTOINCREMENT,"
    " epoch BLOB NOT NULL,"
    " id BLOB NOT NULL,"
    " sealed BLOB NOT NULL);"
    "CREATE INDEX event_epoch ON event(epoch);",
    /* Reports of printers by their idempotency key, hashed; the newest of a
     * job, and as long as the job is remembered. */
    "CREATE TABLE completed("
    " number INTEGER PRIMARY KEY,"
    " job BLOB NOT NULL,"
    " key BLOB NOT NULL,"
    " result TEXT NOT NULL,"
    " UNIQUE(job, key));"
    "CREATE TRIGGER completed_more AFTER INSERT ON completed BEGIN"
    "  DELETE FROM completed WHERE job = NEW.job AND number <="
    "   (SELECT number FROM completed WHERE job = NEW.job"
    "    ORDER BY number DESC LIMIT 1 OFFSET 16); END;"
    "CREATE TRIGGER completed_forgotten AFTER DELETE ON job BEGIN"
    "  DELETE FROM completed WHERE job = OLD.id; END;",
    /* Offline codes, by a keyed hash, and the wrong ones that were tried. */
    "CREATE TABLE code("
    " number INTEGER PRIMARY KEY,"
    " uid INTEGER NOT NULL,"
    " mac BLOB NOT NULL,"
    " made_ms INTEGER NOT NULL,"
    " expires_ms INTEGER NOT NULL,"
    " tries INTEGER NOT NULL);"
    "CREATE TABLE wrong_code("
    " kind INTEGER NOT NULL,"
    " whose TEXT NOT NULL,"
    " at_ms INTEGER NOT NULL);"
    "CREATE INDEX wrong_code_whose ON wrong_code(kind, whose, at_ms);"
    "CREATE INDEX wrong_code_at ON wrong_code(kind, at_ms);",
    /* What was chosen at the printer that claimed a job: until it is claimed
     * anew, so that its report can come twice. */
    "CREATE TABLE chosen("
    " job BLOB PRIMARY KEY NOT NULL,"
    " sealed BLOB NOT NULL) WITHOUT ROWID;"
    "CREATE TRIGGER chosen_anew AFTER UPDATE OF state ON job"
    " WHEN NEW.state = 3 AND OLD.state <> 3 BEGIN"
    "  DELETE FROM chosen WHERE job = NEW.id; END;"
    "CREATE TRIGGER chosen_forgotten AFTER DELETE ON job BEGIN"
    "  DELETE FROM chosen WHERE job = OLD.id; END;",
    /* Records of the audit in a chain, and both ends of it: 1 anchor, 2 head
     * (store/audit.h). */
    "CREATE TABLE audit("
    " number INTEGER PRIMARY KEY,"
    " at_ms INTEGER NOT NULL,"
    " time_ms INTEGER NOT NULL,"
    " event TEXT NOT NULL,"
    " job BLOB NOT NULL,"
    " uid INTEGER NOT NULL,"
    " printer TEXT NOT NULL,"
    " amr TEXT NOT NULL,"
    " reason TEXT NOT NULL,"
    " count INTEGER NOT NULL,"
    " impressions INTEGER NOT NULL,"
    " sheets INTEGER NOT NULL,"
    " sealed BLOB NOT NULL,"
    " mac BLOB NOT NULL);"
    "CREATE INDEX audit_uid ON audit(uid, number) WHERE uid >= 0;"
    "CREATE TABLE audit_end("
    " which INTEGER PRIMARY KEY,"
    " number INTEGER NOT NULL,"
    " mac BLOB NOT NULL,"
    " proof BLOB NOT NULL);",
};

int
ph_schema_version(sqlite3 *db, int *out_version)
{
    sqlite3_stmt *stmt = NULL;
    int rc = sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &stmt, NULL);

    if (rc == SQLITE_OK)
        rc = sqlite3_step(stmt);
    if (rc == SQLITE_ROW)
        *out_version = sqlite3_column_int(stmt, 0);
    (void)sqlite3_finalize(stmt);
    return ph_db_err(rc);
}

static int
apply(sqlite3 *db, int step)
{
    char version[64];
    int err = ph_db_exec(db, "BEGIN IMMEDIATE");

    if (err != PH_OK)
        return err;
    (void)snprintf(version, sizeof(version), "PRAGMA user_version=%d",
                   step + 1);
    err = ph_db_exec(db, steps[step]);
    /* Constant text that worked before: what it works on is not ours. */
    if (sqlite3_errcode(db) == SQLITE_ERROR)
        err = PH_ERR_CORRUPT;
    if (err == PH_OK)
        err = ph_db_exec(db, version);
    if (err == PH_OK)
        err = ph_db_exec(db, "COMMIT");
    if (err != PH_OK)
        (void)ph_db_exec(db, "ROLLBACK");
    return err;
}

int
ph_schema_migrate(sqlite3 *db, struct ph_why *why)
{
    const int newest = (int)PH_COUNT(steps);
    int version = 0;
    int err = ph_schema_version(db, &version);

    if (err != PH_OK)
        return err;
    if (version > newest)
        return ph_why_fail(why, PH_ERR_UNSUPPORTED,
                           "the catalogue is of version %d and this program "
                           "knows %d; install the newer printhold again",
                           version, newest);
    for (int step = version; step < newest && err == PH_OK; step++)
        err = apply(db, step);
    return err;
}
