/* Records of acts, with the key that they are chained by. */
#ifndef PRINTHOLD_HUB_AUDIT_H
#define PRINTHOLD_HUB_AUDIT_H

#include "hub.h"

int hub_audit_key(const struct hub *hub, uint8_t out_key[32]);

/* In the transaction of the act itself. */
int hub_audit(struct hub *hub, const struct hub_act *act, int64_t now_ms);

/* What is older than audit.keep, in transactions of some hundred rows. */
int hub_audit_house(struct hub *hub, int64_t now_ms);

/* Who administrates: "uid 1000 (alice)", by the kernel. */
#define HUB_ACTOR_MAX 96
void hub_audit_actor(char dst[HUB_ACTOR_MAX]);

#endif
