/*
 * What a printer is told of a person who has signed in there: the workstations
 * that are believed about this person, what they hold, how to reach them, and
 * a grant for each (docs/release-api.md).
 */
#ifndef PRINTHOLD_HUB_LISTING_H
#define PRINTHOLD_HUB_LISTING_H

#include "hub.h"
#include "printhold/model/sign_in_ways.h"
#include "printhold/proto/json.h"

#define HUB_WORKSTATIONS_MAX 32 /* of one list */

/* For whom, and who asks. */
struct hub_listing {
    const struct hub_person *person;
    const char *thumbprint; /* of the printer's certificate */
    enum ph_sign_in_way way;
    int64_t now_ms;
};

/* A JSON list, to be freed with json_decref. A transaction of its own. */
int hub_listing_make(struct hub *hub, const struct hub_listing *listing,
                     json_t **out_list);

/* One grant for all jobs of the person on one workstation. token (initialised
 * by the caller) is replaced. */
int hub_grant_make(const struct hub *hub, const struct ph_jws_key *issuer,
                   const struct hub_listing *listing, const char *workstation,
                   struct ph_buf *token);

#endif
