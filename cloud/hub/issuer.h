/*
 * The issuer: the key that signs grants, policies, commands and who is denied,
 * and how a new one takes over.
 *
 *   told       the new key is made and named on cfg/keys and to devices that
 *              enrol or renew; the old one signs
 *   signs      the new one signs; the old one is named until its last grants
 *              are over (leaving)
 *   withdrawn  the old one is named no more; workstations that may trust it
 *              still are asked to renew, by which they forget it. Until all
 *              have, it signs the list of keys, which some of them would take
 *              from no other. Then it is deleted.
 *
 * Each step is one transaction; only time and certificates lead to the next, and
 * none leads back, whatever the clock does. A key's file is durable before its
 * row and goes after it.
 */
#ifndef PRINTHOLD_HUB_ISSUER_H
#define PRINTHOLD_HUB_ISSUER_H

#include "hub.h"
#include "store_issuers.h"

struct hub_issuer_now {
    const struct ph_jws_key *signer;
    const struct ph_jws_key *keys_signer; /* of the list of keys */
    const struct ph_jws_key *told[HUB_ISSUERS_MAX];
    const struct ph_buf *told_pem[HUB_ISSUERS_MAX];
    size_t told_count;
};

/* Which key does what. Between hub_store_begin and hub_store_end; the keys are
 * valid until hub_close. */
int hub_issuer_now(struct hub *hub, struct hub_issuer_now *out_now,
                   struct ph_why *why);
/* The keys that a device is given, PEM; appended. */
int hub_issuer_pem(struct hub *hub, struct ph_buf *out_pem);

/* Make a key that signs after_s from now. In a transaction. PH_ERR_STATE while
 * another one takes over. */
int hub_issuer_rotate(struct hub *hub, int64_t after_s, int64_t now_ms,
                      struct hub_issuer_row *out_row, struct ph_why *why);
/* What is due. In a transaction; for "serve". */
int hub_issuer_step(struct hub *hub, int64_t now_ms, bool *out_changed);
/* Files as the store says: issuer.pub is written, keys without a row go. At the
 * start and after each change. */
int hub_issuer_tidy(struct hub *hub);

/* The rows, also of a hub that has none. In a transaction. */
int hub_issuer_list(struct hub *hub,
                    struct hub_issuer_row out_rows[HUB_ISSUERS_MAX],
                    size_t *out_count, struct ph_why *why);

/* For hub_close. */
void hub_issuer_close(struct hub *hub);

#endif
