/*
 * The printers that workstations must not serve, as they are said at the broker:
 * revoked printers by their id, whatever they show, and certificates that were
 * revoked of printers that are enrolled again.
 */
#ifndef PRINTHOLD_HUB_DENIED_NAMES_H
#define PRINTHOLD_HUB_DENIED_NAMES_H

#include "printhold/base/buf.h"
#include "printhold/proto/message_put.h"
#include "store.h"

/* Of hub_denied_names_put; more would not fit into a message either. */
#define HUB_DENIED_NAMES_TEXT ((size_t)1024 * 1024)

struct hub_denied_names;

/* Between hub_store_begin and hub_store_end. */
int hub_denied_names_load(struct hub_store *store, int64_t now_ms,
                          struct hub_denied_names **out_names);
void hub_denied_names_free(struct hub_denied_names *names);

/* Append one name a line: equal lists are equal texts. */
int hub_denied_names_put(const struct hub_denied_names *names,
                         struct ph_buf *buf);
/* PH_ERR_INVALID or PH_ERR_TOO_BIG when there are more than a message takes. */
int hub_denied_names_sign(const struct hub_denied_names *names,
                          const struct ph_message_head *head,
                          const struct ph_jws_key *key,
                          struct ph_buf *out_token);

#endif
