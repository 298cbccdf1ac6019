/*
 * The release service on TCP 9443: printers pull here. docs/release-api.md.
 *
 * Runs on a loop and thread of its own, so that neither the desktop nor the
 * cloud link feels a busy or a slow printer.
 */
#ifndef PRINTHOLD_AGENT_RELEASE_SERVICE_H
#define PRINTHOLD_AGENT_RELEASE_SERVICE_H

#include <stdint.h>

#include "jobs.h"
#include "printhold/base/why.h"
#include "printhold/model/config.h"

struct ph_release_service;

struct ph_release_status {
    uint16_t port; /* as bound; configuration may say 0 in tests */
    uint64_t connections;
    uint64_t pulls;
    uint64_t refused;   /* sessions and requests refused since start */
    uint64_t denied;    /* entries of the list of denied printers */
    struct ph_why text; /* which file cannot be used; empty when well */
};

/* Bind, load certificates and issuer keys, start the thread. */
int ph_release_service_start(const struct ph_config *config,
                             struct ph_jobs *jobs,
                             struct ph_release_service **out_service,
                             struct ph_why *why);
/* From any thread. */
void ph_release_service_status(struct ph_release_service *service,
                               struct ph_release_status *out_status);
/* Called, from the service's thread, when the workstation's certificate was
 * replaced. To be set once, right after the start. */
void ph_release_service_on_renewed(struct ph_release_service *service,
                                   void (*renewed)(void *arg), void *arg);
/* Called, from any thread, when the first of some documents begins to be sent
 * and when the last has ended; ph_release_service_status says which. It
 * must not call the service. NULL: nobody, from now on. */
void ph_release_service_on_busy(struct ph_release_service *service,
                                void (*busy)(void *arg), void *arg);
/* Load every file again, whether it looks changed or not. From any thread. */
void ph_release_service_reload(struct ph_release_service *service);
/* Close the listener and every connection, join the thread, free. */
void ph_release_service_stop(struct ph_release_service *service);

#endif
