#include "service_watchdog.h"

#include <stdlib.h>

#include <unistd.h>

#include "printhold/base/err.h"
#include "printhold/base/parse.h"
#include "printhold/base/service_notify.h"

#define USEC_PER_MS 1000

uint64_t
ph_service_watchdog_interval_ms(void)
{
    const char *usec = getenv("WATCHDOG_USEC");
    const char *pid = getenv("WATCHDOG_PID");
    uint64_t whole, whose;

    if (usec == NULL ||
        ph_parse_u64(usec, 2 * USEC_PER_MS, UINT64_MAX, &whole) != PH_OK)
        return 0;
    if (pid != NULL && (ph_parse_u64(pid, 1, UINT32_MAX, &whose) != PH_OK ||
                        whose != (uint64_t)getpid()))
        return 0;
    return whole / 2 / USEC_PER_MS;
}

static void
on_timer(uv_timer_t *timer)
{
    (void)timer;
    ph_service_notify("WATCHDOG=1");
}

void
ph_service_watchdog_start(struct ph_service_watchdog *watchdog, uv_loop_t *loop)
{
    uint64_t interval_ms = ph_service_watchdog_interval_ms();

    (void)uv_timer_init(loop, &watchdog->timer);
    if (interval_ms != 0)
        (void)uv_timer_start(&watchdog->timer, on_timer, 0, interval_ms);
}

void
ph_service_watchdog_stop(struct ph_service_watchdog *watchdog)
{
    uv_close((uv_handle_t *)&watchdog->timer, NULL);
}
