/*
 * Reports to the hub that outlive us: what became of a job is written down
 * before it is told, and crossed out when the hub has it. What is left over,
 * because the hub was away or we ended, is told by the next call, under the same
 * id, so it counts once.
 *
 *   STATE/reports/ID   0600: the session of the sign-in, a line; the report
 *
 * A report belongs to the person who was signed in, and that session lives for
 * minutes: when the hub does not know it any more the report is given up. The
 * release is counted all the same, since the workstation tells of it too.
 */
#ifndef PRINTHOLD_STATION_REPORTS_H
#define PRINTHOLD_STATION_REPORTS_H

#include <stddef.h>

#include "printhold/base/why.h"
#include "printhold/net/https.h"

#define PH_REPORTS_MAX 1000 /* that wait; older ones are not looked at first */

/* What became of one job: "printed", "failed" or "partly". */
struct ph_report_words {
    const char *session;
    const char *workstation;
    const char *job;
    const char *result;
};

/* Write one down, to be told by ph_reports_send. */
int ph_reports_keep(const char *state, const struct ph_report_words *words,
                    struct ph_why *why);
/* Tell it at once, where it cannot be written down. */
int ph_reports_tell(struct ph_https *hub, const struct ph_report_words *words,
                    unsigned tries, struct ph_why *why);

/* Tell all that wait, also those of earlier calls. Returns how many still do,
 * and says so on standard error. */
size_t ph_reports_send(const char *state, struct ph_https *hub, unsigned tries);

#endif
