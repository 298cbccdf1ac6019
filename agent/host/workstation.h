/*
 * What this computer tells the cloud about itself: who it is by certificate,
 * its host name, and the addresses at which printers reach port 9443.
 */
#ifndef PRINTHOLD_AGENT_WORKSTATION_H
#define PRINTHOLD_AGENT_WORKSTATION_H

#include <stdbool.h>
#include <stdint.h>

#include "jobs.h"
#include "printhold/base/why.h"
#include "printhold/model/config.h"

/*
 * port is the release port as bound. Without a certificate (identity.cert_file
 * empty) tenant, id and pin stay empty. A release address other than the
 * wildcard is the only address given; otherwise those of the interfaces that
 * release.interfaces chooses, the most reachable first (interface_address.h).
 * Reads the certificate: blocks on the disk.
 */
int ph_workstation_describe(const struct ph_config *config, uint16_t port,
                            struct ph_workstation *out_workstation,
                            struct ph_why *why);

/* Would the cloud be told the same? The names of interfaces do not count. */
bool ph_workstation_is_same(const struct ph_workstation *a,
                            const struct ph_workstation *b);

#endif
