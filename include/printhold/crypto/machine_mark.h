/*
 * What tells this computer from another: a keyed hash of the number that the
 * system was given when it was installed (/etc/machine-id, see machine-id(5))
 * or that the computer was built with (IOPlatformUUID on macOS). Kept beside an
 * identity it shows that a disk was copied into another computer. The number
 * itself is written nowhere and told to nobody.
 *
 * A copy that keeps its /etc/machine-id is not noticed by this.
 */
#ifndef PRINTHOLD_CRYPTO_MACHINE_MARK_H
#define PRINTHOLD_CRYPTO_MACHINE_MARK_H

#include "printhold/base/why.h"

#define PH_MACHINE_MARK_TEXT 44 /* base64url of 32 bytes, NUL included */

/* PH_ERR_NOT_FOUND when the system tells no such number. */
int ph_machine_mark(char out_mark[PH_MACHINE_MARK_TEXT], struct ph_why *why);

#endif
