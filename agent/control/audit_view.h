/* A record of the audit as it is shown: by 'printhold history' and by
 * 'printhold-agent audit export'. */
#ifndef PRINTHOLD_AGENT_AUDIT_VIEW_H
#define PRINTHOLD_AGENT_AUDIT_VIEW_H

#include <stdbool.h>

#include "printhold/proto/history.h"
#include "printhold/store/audit.h"

/* with_chain: its mac too. */
void ph_audit_view(const struct ph_audit_record *record,
                   const struct ph_audit_sealed *sealed, bool with_chain,
                   struct ph_history *out_history);

#endif
