/*
 * A record of the audit as people and programs get it: an item of the control
 * protocol (docs/control.md), and what 'printhold-agent audit export' writes,
 * as JSON and as CSV (RFC 4180).
 */
#ifndef PRINTHOLD_PROTO_HISTORY_H
#define PRINTHOLD_PROTO_HISTORY_H

#include <stddef.h>
#include <stdint.h>

#include "printhold/base/buf.h"
#include "printhold/base/id.h"
#include "printhold/model/ticket.h"

#define PH_HISTORY_WORD_MAX 64

/* Text that is not known is empty, numbers that are not are -1. */
struct ph_history {
    int64_t number;
    int64_t at_ms; /* wall time */
    char event[PH_HISTORY_WORD_MAX];
    char reason[PH_HISTORY_WORD_MAX];
    char job[PH_ID_TEXT];
    char printer[PH_HISTORY_WORD_MAX];
    char amr[PH_TICKET_TITLE_MAX]; /* words */
    int64_t count;
    int64_t impressions;
    int64_t sheets;
    int64_t owner_uid;
    char login[PH_TICKET_TEXT_MAX];
    char title[PH_TICKET_TITLE_MAX];
    char chosen[768]; /* at the printer: "copies=2 sides=one-sided" */
    char chain[65];   /* the record's mac, hex; empty unless exported */
};

/* Replaces buf by a JSON object. */
int ph_history_put(const struct ph_history *history, struct ph_buf *buf);
/* Unknown members are ignored; PH_ERR_SYNTAX for one of the wrong type, and
 * without number, time and event. */
int ph_history_parse(const void *body, size_t len,
                     struct ph_history *out_history);

/* Append a line of CSV with its CRLF: the names of the columns, or a record.
 * Text that a spreadsheet would take for a formula gets a ' in front. */
int ph_history_csv_head(struct ph_buf *buf);
int ph_history_csv(const struct ph_history *history, struct ph_buf *buf);

#endif
