/* "printhold-hub init": a tenant with its keys. */
#ifndef PRINTHOLD_HUB_INIT_H
#define PRINTHOLD_HUB_INIT_H

#include "hub.h"

struct hub_init {
    const char *dir;
    const char *tenant;
    const char *host;  /* how devices reach the hub: a DNS name or address */
    const char *admin; /* login of the first administrator; NULL: none */
    /* An authority that exists: its certificate with the chain up to its root,
     * and its key. NULL: make one. */
    const char *ca_cert;
    const char *ca_key;
};

#define HUB_CA_LIFE_S      (INT64_C(3650) * 86400)
#define HUB_SERVICE_LIFE_S (INT64_C(90) * 86400)

/* The directory is made, or must be empty but for what an interrupted init
 * left. PH_ERR_EXISTS when there is a hub. */
int hub_init(const struct hub_init *init, struct ph_why *why);

/* A new certificate and key for the hub itself, when the one it has is in the
 * last third of its life or missing; *out_renewed says whether. */
int hub_renew_own(struct hub *hub, bool *out_renewed, struct ph_why *why);

#endif
