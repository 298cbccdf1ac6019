/*
 * What the backend says to cupsd, by lines on standard error (cups-filter(7)).
 *
 * ERROR, WARNING and INFO become the job's and the queue's state message, so
 * they are sentences for the person who printed; cupsd clears what INFO said
 * when we end, and keeps the job's message of the others. STATE adds and removes
 * printer-state-reasons, JOBSTATE sets job-state-reasons. DEBUG goes to the log only. A line is one write(2) of
 * at most 512 bytes; control bytes are replaced, so no text can forge a line.
 * Never hand titles, user names or document content to these functions: the
 * lines reach error_log and other users' queue views.
 */
#ifndef PH_BACKEND_CUPSLOG_H
#define PH_BACKEND_CUPSLOG_H

#include "printhold/base/attr.h"

void ph_cupslog_error(const char *fmt, ...) PH_PRINTF(1, 2);
void ph_cupslog_warning(const char *fmt, ...) PH_PRINTF(1, 2);
void ph_cupslog_info(const char *fmt, ...) PH_PRINTF(1, 2);
void ph_cupslog_debug(const char *fmt, ...) PH_PRINTF(1, 2);

/* "+connecting-to-device", "-connecting-to-device". */
void ph_cupslog_state(const char *change);

/* Before PH_EXIT_HOLD: the job waits in CUPS until the agent lets it go on,
 * which knows it by the words and by what a keyword in job-state-reasons does;
 * see PH_CAPTURE_HELD. */
void ph_cupslog_held(const char *why);

#endif
