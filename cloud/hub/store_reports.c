#include "store_reports.h"

#include "printhold/base/err.h"
#include "store_private.h"

int
hub_report_add(struct hub_store *store, const struct ph_printer_report *report,
               const char *login, const char *printer, int64_t now_ms)
{
    char id[PH_ID_TEXT], job[PH_ID_TEXT];
    int err;

    ph_id_format(&report->id, id);
    ph_id_format(&report->job, job);
    err = hub_run_one(store,
                      "INSERT INTO release_report(id, login, printer, device,"
                      " job, result, impressions, sheets, at_ms)"
                      " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)"
                      " ON CONFLICT(id) DO NOTHING",
                      "ttttttiii", id, login, printer, report->workstation, job,
                      report->result, report->impressions, report->sheets,
                      now_ms);
    return err == PH_ERR_NOT_FOUND ? PH_ERR_EXISTS : err;
}
