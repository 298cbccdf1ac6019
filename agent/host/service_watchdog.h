/*
 * Tells the service manager, again and again, that the event loop still turns,
 * after sd_watchdog_enabled(3) and sd_notify(3). A loop that stands still says
 * nothing, and the service manager starts the agent anew. Asks nothing of a
 * program that was started by hand.
 */
#ifndef PRINTHOLD_AGENT_SERVICE_WATCHDOG_H
#define PRINTHOLD_AGENT_SERVICE_WATCHDOG_H

#include <stdint.h>

#include <uv.h>

struct ph_service_watchdog {
    uv_timer_t timer;
};

/* How often a sign of life is due, in milliseconds: half of what the service
 * manager grants in WATCHDOG_USEC. 0: none is wanted, of this process. */
uint64_t ph_service_watchdog_interval_ms(void);

/* Begins on loop. The storage is the caller's, until the loop has closed. */
void ph_service_watchdog_start(struct ph_service_watchdog *watchdog,
                               uv_loop_t *loop);
void ph_service_watchdog_stop(struct ph_service_watchdog *watchdog);

#endif
