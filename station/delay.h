/*
 * How long to wait before the next try: doubling from 250 ms to 8 s, each
 * shortened by up to half at random so that printers do not come in step, and
 * never less than the server asked for (Retry-After, at most 30 s heeded).
 * Pure; the caller waits.
 */
#ifndef PRINTHOLD_STATION_DELAY_H
#define PRINTHOLD_STATION_DELAY_H

#include <stdint.h>

#define PH_DELAY_FIRST_MS     250
#define PH_DELAY_LAST_MS      8000
#define PH_DELAY_ASKED_MAX_MS 30000

/* tries >= 1 failed so far; random is any number; asked_s 0 when the server
 * did not say. Milliseconds. */
uint32_t ph_delay_ms(unsigned tries, uint32_t random, uint64_t asked_s);

#endif
