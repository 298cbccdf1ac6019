/*
 * The one source of time, so that tests can move it.
 *
 * Wall time is Unix time in milliseconds; monotonic time has no meaning but
 * its differences and does not count sleep.
 */
#ifndef PRINTHOLD_BASE_CLOCK_H
#define PRINTHOLD_BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

int64_t ph_clock_wall_ms(void);
int64_t ph_clock_mono_ms(void);

/* Time since this computer was started, sleep included; setting the clock does
 * not change it. */
int64_t ph_clock_boot_ms(void);
/* Another number, never negative, after each start of the computer; 0 when the
 * system does not tell. */
int64_t ph_clock_boot_number(void);

/* For tests: replace wall time by a function; NULL restores the system's. Time
 * since start moves along, as when time passes, unless it is replaced too: then
 * a difference between the two is a clock that was set. */
typedef int64_t (*ph_clock_source)(void);
void ph_clock_set_wall(ph_clock_source source);
void ph_clock_set_boot(ph_clock_source source, int64_t boot_number);

#define PH_TIME_TEXT 25

/* RFC 3339 in UTC with milliseconds: "2026-11-21T19:30:00.123Z". */
void ph_clock_format(int64_t wall_ms, char dst[PH_TIME_TEXT]);

/* The same from text: of 1970 or later, in UTC ("Z"), one to nine digits of a
 * second or none. PH_ERR_SYNTAX for anything else. */
int ph_clock_parse(const char *text, int64_t *out_wall_ms);

#endif
