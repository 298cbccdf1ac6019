/* Making a list of denied printers. Private to core/proto. */
#ifndef PRINTHOLD_CORE_PROTO_DENIED_PRIVATE_H
#define PRINTHOLD_CORE_PROTO_DENIED_PRIVATE_H

#include "printhold/proto/denied.h"

/* NULL: out of memory. It denies somebody only when it was sorted. */
struct ph_denied *ph_denied_new(void);
/* PH_ERR_SYNTAX for what is no id, or no thumbprint in canonical base64url. */
int ph_denied_add_printer(struct ph_denied *denied, const char *text,
                          size_t len);
int ph_denied_add_thumbprint(struct ph_denied *denied, const char *text);
void ph_denied_sort(struct ph_denied *denied);

#endif
