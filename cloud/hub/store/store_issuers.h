/*
 * The keys of the issuer, oldest first: one, or two while a new one takes over
 * (issuer.h). No row at all is a hub that never changed its first key, number 1.
 * Between hub_store_begin and hub_store_end.
 */
#ifndef PRINTHOLD_HUB_STORE_ISSUERS_H
#define PRINTHOLD_HUB_STORE_ISSUERS_H

#include "printhold/crypto/jws.h"
#include "store.h"

enum hub_issuer_state {
    HUB_ISSUER_TOLD,      /* workstations learn it; signs from at_ms on */
    HUB_ISSUER_SIGNS,     /* since at_ms */
    HUB_ISSUER_LEAVING,   /* its last grants are over at at_ms */
    HUB_ISSUER_WITHDRAWN, /* since at_ms; signs the list of keys alone */
    HUB_ISSUER_STATES,
};

/* "told", "signs", "leaving", "withdrawn"; static. */
const char *hub_issuer_state_name(enum hub_issuer_state state);

#define HUB_ISSUERS_MAX 2

struct hub_issuer_row {
    int64_t number;
    char kid[PH_JWS_KID_MAX];
    enum hub_issuer_state state;
    int64_t made_ms; /* 0: with the hub */
    int64_t at_ms;
};

int hub_issuer_rows(struct hub_store *store,
                    struct hub_issuer_row out_rows[HUB_ISSUERS_MAX],
                    size_t *out_count);
/* Add or replace. */
int hub_issuer_put(struct hub_store *store, const struct hub_issuer_row *row);
int hub_issuer_remove(struct hub_store *store, int64_t number);

/* Workstations whose certificate in force is of before: what they were given
 * with it is of before, too. At most max. */
typedef int (*hub_issuer_cb)(const char *device, void *arg);
int hub_issuer_unaware(struct hub_store *store, int64_t before_ms,
                       int64_t now_ms, int64_t max, hub_issuer_cb each,
                       void *arg);

#endif
