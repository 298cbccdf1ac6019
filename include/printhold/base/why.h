/*
 * The reason for a person: one sentence that names the object and the remedy.
 *
 * A struct ph_why is the caller's storage; functions that take one accept
 * NULL. It never holds titles, user names' secrets, tokens or keys. Control
 * bytes are replaced when the text is set, so it can go to any output.
 */
#ifndef PRINTHOLD_BASE_WHY_H
#define PRINTHOLD_BASE_WHY_H

#include <stdarg.h>

#include "printhold/base/attr.h"

#define PH_WHY_MAX 320

struct ph_why {
    char text[PH_WHY_MAX];
};

/* Set the text, replacing what was there; cut at PH_WHY_MAX - 1 bytes. */
void ph_why_set(struct ph_why *why, const char *fmt, ...) PH_PRINTF(2, 3);
void ph_why_vset(struct ph_why *why, const char *fmt, va_list ap)
    PH_PRINTF(2, 0);

/* Set the text and return err, so that a failure is one statement. */
int ph_why_fail(struct ph_why *why, int err, const char *fmt, ...)
    PH_PRINTF(3, 4);

#endif
