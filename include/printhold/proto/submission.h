/* What directory documents, events and the release API all say of a ticket:
 * members named by IPP (RFC 8011, PWG 5100.13) where IPP has a name. */
#ifndef PRINTHOLD_PROTO_SUBMISSION_H
#define PRINTHOLD_PROTO_SUBMISSION_H

#include <stdint.h>

#include "printhold/base/why.h"
#include "printhold/model/ticket.h"
#include "printhold/proto/json.h"

/* Members of object; what is not known is left out. */
int ph_submission_put(json_t *object, const struct ph_ticket *ticket);

/* Into a ticket that is initialised: what object has. Other members are
 * ignored; why names one that is not fit. */
int ph_submission_take(const json_t *object, struct ph_ticket *ticket,
                       struct ph_why *why);

/* One member; empty or NULL text, a negative number and a time of 0 or less
 * add nothing. PH_ERR_INVALID for text that is not UTF-8. */
int ph_submission_text(json_t *object, const char *name, const char *text);
int ph_submission_number(json_t *object, const char *name, int64_t value);
int ph_submission_time(json_t *object, const char *name, int64_t wall_ms);

#endif
