/* What a service denies itself at start, whatever started it. */
#ifndef PRINTHOLD_BASE_HARDEN_H
#define PRINTHOLD_BASE_HARDEN_H

/* No core dumps, not dumpable, no new privileges, private umask. Best effort:
 * systems without one of them go on without it. */
void ph_harden(void);

#endif
