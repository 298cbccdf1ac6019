/*
 * A person erased. What people did stays in the sums, of nobody; everything
 * else goes.
 */
#ifndef PRINTHOLD_HUB_STORE_ERASE_H
#define PRINTHOLD_HUB_STORE_ERASE_H

#include "store_commands.h"

/* How many rows of which kind were deleted, or have no name any more. */
struct hub_erased {
    int64_t people, badges, pins, passwords, codes, sessions, attempts, tokens;
    int64_t bindings, documents, quotas, access;
    int64_t jobs, releases; /* made of nobody */
};

/* A purge-user for every workstation that may have something of the person, and
 * is not told yet; then each that is still to answer. made: all but device and
 * jti. Before the person is erased. */
typedef int (*hub_purge_cb)(const char *device, int64_t number, void *arg);
int hub_purges_add(struct hub_store *store, const struct hub_ws_command *made,
                   hub_purge_cb each, void *arg);

/* uk and who are those of the login: of its documents, of its attempts. Between
 * hub_store_begin and hub_store_end. */
int hub_person_erase(struct hub_store *store, const char *login, const char *uk,
                     const uint8_t who[HUB_MAC_BYTES],
                     struct hub_erased *out_erased);

/* Afterwards, between transactions: make the files anew, so that nothing of
 * what was deleted is in them. PH_ERR_BUSY when others use them all the time.
 * Takes about as long as copying the database; others wait meanwhile. */
int hub_store_compact(struct hub_store *store);
/* Only the log: it has what was deleted since the last time. */
int hub_store_empty_log(struct hub_store *store);

#endif
