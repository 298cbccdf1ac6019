/* The part of the status that belongs to the loop's thread. */
#ifndef PRINTHOLD_AGENT_CONTROL_STATUS_H
#define PRINTHOLD_AGENT_CONTROL_STATUS_H

#include <stdint.h>

#include "control_server.h"

/* started_ms: monotonic time of the start. */
void ph_control_fill_status(const struct ph_control_sources *sources,
                            int64_t started_ms, const char *key_level,
                            struct ph_control_status *status);

#endif
