/*
 * SQLite as our programs use it: write-ahead log, every commit synced, deleted
 * bytes overwritten, tables in numbered versions. Only stores include this; who
 * uses a store does not see SQLite.
 *
 * A database belongs to one thread at a time.
 */
#ifndef PRINTHOLD_STORE_DB_H
#define PRINTHOLD_STORE_DB_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "printhold/base/why.h"

/* What a database is. */
struct ph_db_form {
    const char *what;         /* "catalogue": as why calls it */
    const char *const *steps; /* SQL from each version to the next; a step is
                               * never changed once it was released */
    size_t step_count;
    bool unchecked; /* do not look through the whole file */
};

/* Open (and make) it with the pragmas above, checked afterwards, and bring its
 * tables to the newest version. PH_ERR_CORRUPT when it is damaged or not ours,
 * PH_ERR_UNSUPPORTED when it is newer than this program. */
int ph_db_open(const char *path, const struct ph_db_form *form,
               sqlite3 **out_db, struct ph_why *why);

/* PH_ERR_* of a SQLite result code. */
int ph_db_err(int rc);

/* Run SQL without parameters and results. */
int ph_db_exec(sqlite3 *db, const char *sql);

int ph_db_version(sqlite3 *db, int *out_version);

/* The catalogue (schema.c). */
extern const struct ph_db_form ph_catalogue_form;

/* Prepare once into *slot, later reset and reuse. */
int ph_db_prepare(sqlite3 *db, sqlite3_stmt **slot, const char *sql);

/* Step a statement that returns no row, then reset it. */
int ph_db_run(sqlite3_stmt *stmt);

#endif
