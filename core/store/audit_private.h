/* What writing and reading the audit share. Private. */
#ifndef PRINTHOLD_CORE_STORE_AUDIT_PRIVATE_H
#define PRINTHOLD_CORE_STORE_AUDIT_PRIVATE_H

#include "catalogue_private.h"
#include "printhold/store/audit.h"

#define AUDIT_COLUMNS                                                       \
    "number, at_ms, time_ms, event, job, uid, printer, amr, reason, count," \
    " impressions, sheets, sealed, mac"

enum audit_which {
    AUDIT_ANCHOR = 1, /* the last record that was forgotten */
    AUDIT_HEAD = 2,   /* the newest */
};

struct audit_end {
    struct ph_audit_mark mark;
    bool is_ours; /* its proof holds */
};

/* PH_ERR_NOT_FOUND. */
int audit_get_end(struct ph_catalogue *catalogue, struct ph_epoch_keys *keys,
                  enum audit_which which, struct audit_end *out_end);

/* The row that the statement stands at. PH_ERR_CORRUPT when it has a field that
 * we never write; the number is set all the same. */
int audit_read(sqlite3_stmt *stmt, struct ph_audit_record *out_record);

/* The mac that the record should have after one with that mac. */
int audit_mac(struct ph_epoch_keys *keys,
              const uint8_t before[PH_AUDIT_MAC_BYTES],
              const struct ph_audit_record *record,
              uint8_t out_mac[PH_AUDIT_MAC_BYTES]);

/* Does it have it? An error means that nothing is known. */
int audit_holds(struct ph_epoch_keys *keys,
                const uint8_t before[PH_AUDIT_MAC_BYTES],
                const struct ph_audit_record *record, bool *out_holds);

#endif
