/*
 * Attempts to sign in that have not succeeded, by the printer and by the
 * person that was meant. An attempt is written before the secret is looked at
 * and taken away when it was right, so neither a kill nor many at once make it
 * cheaper. Between hub_store_begin and hub_store_end.
 */
#ifndef PRINTHOLD_HUB_STORE_ATTEMPTS_H
#define PRINTHOLD_HUB_STORE_ATTEMPTS_H

#include <stddef.h>
#include <stdint.h>

#include "printhold/model/limiter.h"
#include "store.h"

struct hub_attempt {
    uint8_t id[HUB_MAC_BYTES]; /* random */
    char printer[HUB_ID_MAX];
    /* Keyed hash of whom the attempt names, be there such a person or not;
     * zeroes when it names nobody (a PIN or a code alone). */
    uint8_t who[HUB_MAC_BYTES];
    int64_t at_ms;
};

int hub_attempt_add(struct hub_store *store, const struct hub_attempt *attempt);
int hub_attempt_remove(struct hub_store *store,
                       const uint8_t id[HUB_MAC_BYTES]);
int hub_attempts_forget(struct hub_store *store, int64_t before_ms);

/*
 * PH_OK when one more may be tried, PH_ERR_LIMIT with how long to wait. The
 * newest limit->max of each decide.
 */
int hub_attempts_of_printer(struct hub_store *store, const char *printer,
                            const struct ph_limit *limit, int64_t now_ms,
                            int64_t *out_wait_ms);
int hub_attempts_of_person(struct hub_store *store,
                           const uint8_t who[HUB_MAC_BYTES],
                           const struct ph_limit *limit, int64_t now_ms,
                           int64_t *out_wait_ms);

#endif
