/*
 * Whether a device may speak to the hub: in the handshake by who is denied,
 * kept in memory, and at each request by what the store knows of the
 * certificate.
 */
#ifndef PRINTHOLD_HUB_ADMISSION_H
#define PRINTHOLD_HUB_ADMISSION_H

#include "call.h"

/* Who is denied: by id or by thumbprint. Made anew when the store changes. */
struct hub_denied;

/* Any thread, no transaction open. */
int hub_denied_load(struct hub *hub, struct hub_denied **out_denied);
/* Was it read after the other one? */
bool hub_denied_is_newer(const struct hub_denied *denied,
                         const struct hub_denied *other);
void hub_denied_free(struct hub_denied *denied);
bool hub_denied_has(const struct hub_denied *denied,
                    const struct ph_identity *peer);

/* In a thread: fill in call->device, note that the certificate was seen. False
 * when the device may not; then the answer is set. */
bool hub_admission_check(struct hub_call *call);

#endif
