/* Inside of the store: statements and columns. */
#ifndef PRINTHOLD_HUB_STORE_PRIVATE_H
#define PRINTHOLD_HUB_STORE_PRIVATE_H

#include <pthread.h>

#include "printhold/store/db.h"
#include "store.h"

#define HUB_STATEMENTS_MAX 256

struct hub_statement {
    const char *sql; /* the literal, by its address */
    sqlite3_stmt *stmt;
};

struct hub_store {
    pthread_mutex_t lock;
    sqlite3 *db;
    struct hub_statement statement[HUB_STATEMENTS_MAX];
    size_t statement_count;
};

extern const struct ph_db_form hub_store_form;

/* A statement of this literal, ready to be bound; prepared once. */
int hub_prepare(struct hub_store *store, const char *sql,
                sqlite3_stmt **out_stmt);

/* Bind one after the other from 1: t text, i int64_t, b 32 bytes or NULL. */
int hub_bind(sqlite3_stmt *stmt, const char *kinds, ...);

/* prepare, bind and run what returns no row. */
int hub_run(struct hub_store *store, const char *sql, const char *kinds, ...);
/* The same; PH_ERR_NOT_FOUND when it changed no row. */
int hub_run_one(struct hub_store *store, const char *sql, const char *kinds,
                ...);

/* The next row: PH_OK, PH_ERR_NOT_FOUND when there are no more (the statement
 * is reset then), or what went wrong. */
int hub_step(sqlite3_stmt *stmt);
/* Leave a statement before its last row. */
void hub_reset(sqlite3_stmt *stmt);

void hub_column_text(sqlite3_stmt *stmt, int column, char *dst, size_t cap);
/* 32 bytes, zeroes for NULL. */
void hub_column_bytes(sqlite3_stmt *stmt, int column, uint8_t *dst);

#endif
