/*
 * A hub: its directory, its keys and its store. "serve" and every command of
 * administration open the same one, each in a process of its own.
 *
 * Everything that the hub is lies in one directory, 0700: hub.db, the
 * authority for devices (ca.key, ca.crt), the issuer of grants (issuer.key or a
 * successor, issuer.pub; another key), directory.key and pepper.key (32 random
 * bytes each), and its own certificate (hub.key, hub.crt). Keys are 0600 and never
 * leave it, except the directory key, which workstations are given.
 */
#ifndef PRINTHOLD_HUB_HUB_H
#define PRINTHOLD_HUB_HUB_H

#include <stdatomic.h>
#include <stdint.h>

#include "config.h"
#include "printhold/base/why.h"
#include "printhold/crypto/ca.h"
#include "printhold/crypto/identity.h"
#include "printhold/crypto/jws.h"
#include "store.h"

#define HUB_KEY_BYTES  32
#define HUB_FILE_MAX   (64 * 1024)
#define HUB_SERVICE_ID "hub"

struct hub {
    const struct hub_config *config; /* borrowed */
    char dir[PH_CONFIG_TEXT_MAX];
    struct hub_tenant tenant;
    struct hub_store *store;
    struct ph_ca *ca;
    uint8_t directory_key[HUB_KEY_BYTES];
    uint8_t pepper[HUB_KEY_BYTES];
    /* How often this process has changed what workstations are told of; those
     * of other processes show in hub_store_version. Any thread. */
    atomic_uint_fast64_t changes;
    uint16_t device_port; /* where "serve" listens; 0: it does not */
    /* Under the store's lock. */
    uint64_t denied_loads;
    int64_t refusals_since_ms; /* of this process, for enrol.c */
    unsigned refusals;
    struct ph_buf chain;                /* ca.crt, PEM */
    struct hub_issuer_key *issuer_keys; /* that were read; issuer.h */
};

/* PH_ERR_NOT_FOUND where "printhold-hub init" has not been. */
int hub_open(const char *dir, const struct hub_config *config, struct hub *hub,
             struct ph_why *why);
/* Also what hub_open left half done. */
void hub_close(struct hub *hub);

/* --- for init --- */

void hub_blank(struct hub *hub, const char *dir);
int hub_load_keys(struct hub *hub, int dir_fd, struct ph_why *why);

/* A path in the hub's directory. */
void hub_path(const struct hub *hub, const char *name, char *dst, size_t cap);

/* What is kept of a secret: HMAC-SHA-256 with the pepper of what it is for and
 * its text. Equal secrets of different kinds do not look alike. */
int hub_pepper(const struct hub *hub, const char *kind, const void *secret,
               size_t len, uint8_t out_mac[32]);

#endif
