/*
 * The list of denied printers that the cloud brought: state_dir/denied-cloud,
 * the claims of the message as it came (docs/cloud-protocol.md), mode 0600. It was
 * judged before it was stored, outlives the key that signed it, a restart and the
 * cloud, and an older one never comes back. It counts beside the file of
 * release.denied_printers_file: a printer on either is not served.
 */
#ifndef PRINTHOLD_AGENT_DENIED_STORE_H
#define PRINTHOLD_AGENT_DENIED_STORE_H

#include "printhold/base/why.h"
#include "printhold/model/config.h"
#include "printhold/proto/denied_message.h"

#define PH_DENIED_STORE_FILE "denied-cloud"

void ph_denied_store_path(const struct ph_config *config,
                          char dst[PH_CONFIG_TEXT_MAX + 32]);

/* PH_ERR_NOT_FOUND when there is none, or it is of another tenant than the
 * audience. Whatever else is wrong: a list that cannot be read would be printers
 * that are silently served. */
int ph_denied_store_load(const struct ph_config *config, const char *audience,
                         struct ph_denied_message *out_message,
                         struct ph_why *why);

/* Make it durable; judged by the caller. On failure that of before stays. */
int ph_denied_store_put(const struct ph_config *config, const void *json,
                        size_t len);

#endif
