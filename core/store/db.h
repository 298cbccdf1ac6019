/* SQLite for the catalogue: opening, statements, errors. Private. */
#ifndef PRINTHOLD_CORE_STORE_DB_H
#define PRINTHOLD_CORE_STORE_DB_H

#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

#include "printhold/base/why.h"

/* Open with the pragmas that catalogue.h promises, checked afterwards, and look
 * through the whole file: PH_ERR_CORRUPT when it is damaged or not ours. */
int ph_db_open(const char *path, sqlite3 **out_db, struct ph_why *why);

/* PH_ERR_* of a SQLite result code. */
int ph_db_err(int rc);

/* Run SQL without parameters and results. */
int ph_db_exec(sqlite3 *db, const char *sql);

int ph_schema_version(sqlite3 *db, int *out_version);

/* Bring the schema to the newest version (schema.c). */
int ph_schema_migrate(sqlite3 *db, struct ph_why *why);

/* Prepare once into *slot, later reset and reuse. */
int ph_db_prepare(sqlite3 *db, sqlite3_stmt **slot, const char *sql);

/* Step a statement that returns no row, then reset it. */
int ph_db_run(sqlite3_stmt *stmt);

#endif
