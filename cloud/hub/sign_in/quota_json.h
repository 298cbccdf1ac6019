/* A quota's state as programs and printers are told it. */
#ifndef PRINTHOLD_HUB_QUOTA_JSON_H
#define PRINTHOLD_HUB_QUOTA_JSON_H

#include "printhold/proto/json.h"
#include "quota.h"

/* NULL: out of memory. */
json_t *hub_quota_json(const struct hub_quota_state *state);

#endif
