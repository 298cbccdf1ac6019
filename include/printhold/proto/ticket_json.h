/*
 * The ticket as JSON: body of COMMIT and plaintext of the spool file's
 * metadata record. Members are the IPP and report names; unknown members are
 * ignored on reading (a newer writer), wrong types and over-long text are
 * refused. At most PH_SEALED_METADATA_MAX bytes.
 */
#ifndef PRINTHOLD_PROTO_TICKET_JSON_H
#define PRINTHOLD_PROTO_TICKET_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "printhold/base/buf.h"
#include "printhold/base/why.h"
#include "printhold/model/ticket.h"

/* Replaces buf. */
int ph_ticket_json_put(const struct ph_ticket *ticket, struct ph_buf *buf);
int ph_ticket_json_parse(const void *text, size_t len,
                         struct ph_ticket *out_ticket, struct ph_why *why);

/* What else the metadata record says, so that a lost catalogue can be made
 * again from the spool. Unknown (an older file): 0 and false. */
struct ph_ticket_held {
    int64_t held_ms; /* when the job became visible */
    bool keep;
};
int ph_ticket_record_put(const struct ph_ticket *ticket,
                         const struct ph_ticket_held *held, struct ph_buf *buf);
int ph_ticket_record_parse(const void *text, size_t len,
                           struct ph_ticket *out_ticket,
                           struct ph_ticket_held *out_held, struct ph_why *why);

#endif
