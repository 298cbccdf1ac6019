/*
 * Offline codes: how a person releases their own jobs while nobody can sign
 * grants. Made here (printhold code), typed at a printer, checked here.
 *
 *   made      8 random digits, for the person that the kernel says is asking
 *   lives     15 minutes of job time (jobs_clock.c): neither a restart nor a
 *             clock that is set makes it longer
 *   used      once; it is durably gone before there is a session
 *   per user  2 live ones; a third replaces the oldest
 *   stored    only an HMAC under a key that is derived from the machine key;
 *             every live one is compared, in constant time
 *
 * A wrong code says nothing of whom it was meant for, so it counts against
 * everybody who has a live one: 5 wrong codes end every code that lives then.
 * A printer may try 10 wrong ones in 15 minutes, and with 100 against a person
 * in 30 days that person's codes are off. All of it is in the catalogue, and
 * durable before the answer goes out. (NIST SP 800-63B, 5.2.2.)
 *
 * The rules of jobs.h hold: any thread, may block.
 */
#ifndef PRINTHOLD_AGENT_CODES_H
#define PRINTHOLD_AGENT_CODES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jobs.h"
#include "printhold/base/why.h"
#include "printhold/proto/code.h"

#define PH_CODE_LIFE_MS     900000
#define PH_CODES_PER_USER   2
#define PH_CODE_TRIES_MAX   5
#define PH_CODE_PRINTER_MAX 10 /* wrong codes of one printer */
#define PH_CODE_PRINTER_MS  INT64_C(900000)
#define PH_CODE_USER_MAX    100 /* wrong codes against one person */
#define PH_CODE_USER_MS     (INT64_C(30) * 86400000)

/* A new code. Wipe it after use. */
struct ph_code {
    char text[PH_CODE_TEXT];
    int64_t expires_ms;             /* wall time */
    char login[PH_TICKET_TEXT_MAX]; /* whose jobs it releases */
    struct ph_workstation computer; /* where the printer must ask */
};

/* Has the site left codes switched on: configuration and policy? */
bool ph_codes_are_on(struct ph_jobs *jobs);

/*
 * Make a code for this person. PH_ERR_DENIED when the site has switched codes
 * off or the person has no login, PH_ERR_STATE when printers cannot pull here,
 * PH_ERR_LIMIT after too many wrong codes.
 */
int ph_codes_make(struct ph_jobs *jobs, uint32_t uid, struct ph_code *out_code,
                  struct ph_why *why);

/*
 * Use up the code that someone typed at this printer (its id), and tell whose
 * jobs are meant. text need not end in NUL.
 *   PH_ERR_SYNTAX       not eight digits; does not count as a try
 *   PH_ERR_UNSUPPORTED  the site has switched codes off
 *   PH_ERR_LIMIT        too many wrong ones at this printer: *out_wait_ms; the
 *                       code was not looked at
 *   PH_ERR_DENIED       wrong, over, used before, or never made: all the same
 *   PH_ERR_NOT_FOUND    right, and used up, but the person has no login now
 * Any other error means that nothing is known; the code may be used up.
 */
int ph_codes_use(struct ph_jobs *jobs, const char *text, size_t len,
                 const char *printer, char out_login[PH_TICKET_TEXT_MAX],
                 int64_t *out_wait_ms, struct ph_why *why);

#endif
