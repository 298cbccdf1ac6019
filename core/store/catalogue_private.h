/* What the files of the catalogue share. */
#ifndef PRINTHOLD_CORE_STORE_CATALOGUE_PRIVATE_H
#define PRINTHOLD_CORE_STORE_CATALOGUE_PRIVATE_H

#include "printhold/store/catalogue.h"

#include <sqlite3.h>

/* Every statement that is kept prepared, with its SQL in one table each. */
enum catalogue_statement {
    STMT_INSERT,
    STMT_GET,
    STMT_STATE,
    STMT_MOVE,
    STMT_KEEP,
    STMT_SHA256,
    STMT_RELEASED_BY,
    STMT_ACKNOWLEDGED,
    STMT_REPEAT,
    STMT_REPEAT_CONTENT,
    STMT_ATTEMPT,
    STMT_EXPIRED,
    STMT_LEASES_OVER,
    STMT_NEXT_DUE,
    STMT_ENDED_BEFORE,
    STMT_FORGET,
    STMT_USED_BY,
    STMT_USED_BY_ALL,
    STMT_OWNED,
    STMT_SET_OWNER,
    STMT_FIND,
    STMT_STATES,
    STMT_NUMBER_GET,
    STMT_NUMBER_SET,
    STMT_EPOCH_IN_USE,
    STMT_TOTALS,
    STMT_LIST_FIRST, /* 12 combinations, see list_statement */
    STMT_LIST_LAST = STMT_LIST_FIRST + 11,
    STMT_GRANTS_FROM,
    STMT_BEGIN_AGAIN,
    STMT_IS_NEW,
    STMT_GRANT_FORGET,
    STMT_GRANT_USE,
    STMT_HIGH_WATER_SET,
    STMT_HIGH_WATER_GET,
    STMT_NEXT_REV,
    STMT_DOC_TOUCH,
    STMT_DOC_ALL,
    STMT_DOC_DUE,
    STMT_DOC_ACKED,
    STMT_DOC_PARKED,
    STMT_DOC_UNPARK,
    STMT_DOC_FORGET,
    STMT_UNTOLD,
    STMT_EVENT_ADD,
    STMT_EVENT_COUNT,
    STMT_EVENT_OLDEST_SAID,
    STMT_EVENT_OLDEST,
    STMT_EVENT_DATE,
    STMT_EVENT_OLD,
    STMT_EVENT_SAID,
    STMT_EVENT_DROPPED,
    STMT_EVENT_LOST,
    STMT_EVENT_DUE,
    STMT_EVENT_DUE_AGAIN,
    STMT_EVENT_ACKED,
    STMT_EVENT_PARKED,
    STMT_EVENT_UNPARK,
    STMT_EVENT_ANEW,
    STMT_COMPLETED_ADD,
    STMT_COMPLETED_GET,
    STMT_CHOSEN_SET,
    STMT_CHOSEN_GET,
    STMT_CODE_ADD,
    STMT_CODE_EACH,
    STMT_CODE_FORGET,
    STMT_CODE_FORGET_OLD,
    STMT_CODE_FORGET_DEAD,
    STMT_CODE_TRIED,
    STMT_CODE_WRONG_ALL,
    STMT_CODE_WRONG_ADD,
    STMT_CODE_WRONG_LIST,
    STMT_CODE_WRONG_FORGET,
    STMT_AUDIT_END_GET,
    STMT_AUDIT_END_SET,
    STMT_AUDIT_NEWEST,
    STMT_AUDIT_IS_BEGUN,
    STMT_AUDIT_ADD,
    STMT_AUDIT_FORGET,
    STMT_AUDIT_MAC,
    STMT_AUDIT_OLDEST,
    STMT_AUDIT_OF_UID,
    STMT_AUDIT_ALL,
    STMT_AUDIT_WALK,
    STMT_EVENT_EVERY,
    STMT_EVENT_FORGET,
    STMT_PURGE_HISTORY,
    STMT_PURGE_CODES,
    STMT_COUNT
};

struct ph_catalogue {
    sqlite3 *db;
    sqlite3_stmt *stmt[STMT_COUNT];
    bool in_transaction;
    bool is_unsynced; /* the transaction; ph_catalogue_begin_unsynced */
    bool is_damaged;
};

/* A row, in the order that ph_catalogue_each_row reads. */
#define CATALOGUE_JOB_COLUMNS                                                 \
    "id, epoch, uid, owner, state, held_ms, expires_ms, changed_ms, keep,"    \
    " acknowledged, size, sequence, job_uuid, holder, lease_ms, released_by," \
    " sha256, sealed, attempt, ordinal"

/* Prepared and reset statement. */
int ph_catalogue_statement(struct ph_catalogue *catalogue,
                           enum catalogue_statement which, const char *sql,
                           sqlite3_stmt **out_stmt);
void ph_catalogue_bind_id(sqlite3_stmt *stmt, int column,
                          const struct ph_id *id);

/* A statement that gives one integer. */
int ph_catalogue_one_number(struct ph_catalogue *catalogue,
                            enum catalogue_statement which, const char *sql,
                            int64_t *out_value);

/* A transaction that only reads: everything is of one moment. Ends with
 * ph_catalogue_rollback. */
int ph_catalogue_read(struct ph_catalogue *catalogue);

/* Step through the rows; *out_count (may be NULL) tells how many were given
 * out. Resets the statement. */
int ph_catalogue_each_row(sqlite3_stmt *stmt, ph_catalogue_each_cb each,
                          void *arg, size_t *out_count);

#endif
