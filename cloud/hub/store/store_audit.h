/* The record of acts, when parts of it must go. Between hub_store_begin and
 * hub_store_end; writing and reading are in store.h. */
#ifndef PRINTHOLD_HUB_STORE_AUDIT_H
#define PRINTHOLD_HUB_STORE_AUDIT_H

#include "store.h"

/* A record's number and hash. */
struct hub_audit_mark {
    int64_t number;
    uint8_t mac[HUB_MAC_BYTES];
};

/* Forget at most rows_max records of before that time, oldest first, none
 * behind a younger one. What is left is still a chain. PH_ERR_CORRUPT: it is
 * broken, and nothing is forgotten. *out_more: there may be more. */
int hub_audit_forget(struct hub_store *store, const uint8_t key[32],
                     int64_t before_ms, int64_t rows_max, bool *out_more);

/*
 * Everywhere instead of a name, in whatever case, another word. The chain is made anew from the
 * first record that is changed on; out_before is its end as it was, for the
 * record of this act. PH_ERR_CORRUPT when it was broken: nothing is changed.
 */
int hub_audit_rename(struct hub_store *store, const uint8_t key[32],
                     const char *name, const char *instead,
                     struct hub_audit_mark *out_before, int64_t *out_count);

#endif
