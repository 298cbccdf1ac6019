/*
 * Versions of the hub's tables. A step is never changed once it was released;
 * a new one is added behind it. Times are Unix time in ms; a group is a name
 * that people and devices share, without a table of its own.
 */
#include "store_private.h"

#include "printhold/base/attr.h"

static const char *const steps[] = {
    "CREATE TABLE tenant("
    " one INTEGER PRIMARY KEY NOT NULL CHECK(one = 1),"
    " tenant TEXT NOT NULL,"
    " host TEXT NOT NULL,"
    " issuer TEXT NOT NULL,"
    " made_ms BIGINT NOT NULL);"
    "CREATE TABLE person("
    " login TEXT PRIMARY KEY NOT NULL,"
    " name TEXT NOT NULL,"
    " in_group TEXT NOT NULL,"
    " administrator INTEGER NOT NULL,"
    " blocked INTEGER NOT NULL,"
    " uk TEXT NOT NULL UNIQUE,"
    " made_ms BIGINT NOT NULL);"
    "CREATE TABLE device("
    " id TEXT PRIMARY KEY NOT NULL,"
    " kind INTEGER NOT NULL," /* crypto/identity.h */
    " name TEXT NOT NULL,"
    " in_group TEXT NOT NULL,"
    " revoked INTEGER NOT NULL,"
    " elsewhere INTEGER NOT NULL,"
    " flagged_ms BIGINT NOT NULL,"
    " generation BIGINT NOT NULL,"
    " made_ms BIGINT NOT NULL);"
    "CREATE TABLE binding("
    " device TEXT NOT NULL REFERENCES device(id),"
    " login TEXT NOT NULL REFERENCES person(login),"
    " how TEXT NOT NULL," /* enrolment, administrator, sign-in */
    " made_ms BIGINT NOT NULL,"
    " PRIMARY KEY(device, login));"
    "CREATE INDEX binding_login ON binding(login, device);"
    "CREATE TABLE certificate("
    " thumbprint TEXT PRIMARY KEY NOT NULL,"
    " serial TEXT NOT NULL,"
    " device TEXT NOT NULL REFERENCES device(id),"
    " generation BIGINT NOT NULL,"
    " key_hash BYTEA NOT NULL,"
    " state INTEGER NOT NULL," /* enum hub_certificate_state */
    " issued_ms BIGINT NOT NULL,"
    " not_after_ms BIGINT NOT NULL,"
    " seen_ms BIGINT NOT NULL,"
    " pem TEXT NOT NULL);"
    "CREATE INDEX certificate_device ON certificate(device, generation);"
    "CREATE INDEX certificate_over ON certificate(not_after_ms);"
    "CREATE TABLE token("
    " mac BYTEA PRIMARY KEY NOT NULL,"
    " number TEXT NOT NULL UNIQUE,"
    " kind INTEGER NOT NULL,"
    " device TEXT NOT NULL,"
    " name TEXT NOT NULL,"
    " in_group TEXT NOT NULL,"
    " login TEXT NOT NULL,"
    " made_ms BIGINT NOT NULL,"
    " expires_ms BIGINT NOT NULL,"
    " used_ms BIGINT NOT NULL,"
    " key_hash BYTEA,"
    " thumbprint TEXT NOT NULL);"
    "CREATE TABLE audit("
    " number BIGINT PRIMARY KEY NOT NULL,"
    " at_ms BIGINT NOT NULL,"
    " actor TEXT NOT NULL,"
    " act TEXT NOT NULL,"
    " object TEXT NOT NULL,"
    " detail TEXT NOT NULL,"
    " mac BYTEA NOT NULL);",
};

const struct ph_db_form hub_store_form = {
    .what = "hub's database",
    .steps = steps,
    .step_count = PH_COUNT(steps),
    .unchecked = true,
};
