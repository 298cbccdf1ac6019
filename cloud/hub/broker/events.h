/*
 * One event of a workstation, taken into the store.
 *
 * It is believed when it is of the workstation of its topic, when this one is
 * known and not revoked, and when whom it names is bound to it. Then it goes to
 * the taker of its kind, in the transaction that the caller made. Events come
 * again: a taker counts one of an id once.
 */
#ifndef PRINTHOLD_HUB_EVENTS_H
#define PRINTHOLD_HUB_EVENTS_H

#include <stddef.h>
#include <stdint.h>

#include "hub.h"

/* PH_ERR_SYNTAX, PH_ERR_TOO_BIG or PH_ERR_DENIED for what is not believed: the
 * store is as before. PH_ERR_EXISTS: it was taken before. */
int hub_event_take(struct hub *hub, const char *device, const void *payload,
                   size_t len, int64_t now_ms);

/*
 * What a printer says of a release on its own topic (proto/release_report.h):
 * nobody is signed in for it, so it is of nobody until the workstation tells of
 * the same release. The printer must be known and not revoked.
 */
int hub_release_take(struct hub *hub, const char *device, const void *payload,
                     size_t len, int64_t now_ms);

#endif
