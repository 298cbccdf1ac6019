/*
 * Reports: what people submitted and what printers released, each counted once
 * whoever tells of it and however often.
 *
 * A job is one row, of the first event that tells of it; later ones move its
 * state, by their time. A release is told by the workstation (an event) and by
 * the printer (a message with an id that it made). Both become one row: by the
 * printer's name of its report, when the event has it; else the oldest release
 * of this job at this printer that only the other has told of. What is told
 * again finds the row that it made. The counts are those that the printer said;
 * else of what the job says of itself, and marked as estimated.
 */
#ifndef PRINTHOLD_HUB_REPORTS_H
#define PRINTHOLD_HUB_REPORTS_H

#include "hub.h"
#include "printhold/proto/event_read.h"
#include "printhold/proto/release_report.h"

/* In a transaction; the event is believed. PH_ERR_DENIED when it is older than
 * what reports keep. */
int hub_report_event(struct hub *hub, const struct ph_event_said *said,
                     int64_t now_ms);

/* What a printer says; login: of whom, or empty: not known. In a transaction. PH_ERR_EXISTS when it
 * said so before. */
int hub_report_release(struct hub *hub, const struct ph_printer_report *report,
                       const char *login, const struct hub_device *printer,
                       int64_t now_ms);

/* What is past its time, in transactions of some hundred rows. */
int hub_report_forget(struct hub *hub, int64_t now_ms);

#endif
