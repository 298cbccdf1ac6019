/* What happens by itself when its time has come. */
#ifndef PRINTHOLD_HUB_DUE_H
#define PRINTHOLD_HUB_DUE_H

#include "hub.h"

/*
 * Tokens, PINs, codes and sessions whose time is over end for good, so that no
 * clock that is set back brings them again; the issuer's next key takes its next
 * step. One transaction, which writes nothing when nothing is due. "serve" does
 * it at its start and all the time.
 */
int hub_due(struct hub *hub, int64_t now_ms);

#endif
