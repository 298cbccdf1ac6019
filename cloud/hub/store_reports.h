/* What printers report of releases, each once. Between hub_store_begin and
 * hub_store_end. */
#ifndef PRINTHOLD_HUB_STORE_REPORTS_H
#define PRINTHOLD_HUB_STORE_REPORTS_H

#include "printhold/proto/release_report.h"
#include "store.h"

/* PH_ERR_EXISTS when one of this id is there. */
int hub_report_add(struct hub_store *store,
                   const struct ph_printer_report *report, const char *login,
                   const char *printer, int64_t now_ms);

#endif
