/*
 * How often something may fail. Pure: no clock, no disk.
 *
 * At most so many failures within any span of the given length. The failures
 * are what the caller remembers; what is not told does not count, so memory
 * must hold them for at least the span, and max of them.
 */
#ifndef PRINTHOLD_MODEL_LIMITER_H
#define PRINTHOLD_MODEL_LIMITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ph_limit {
    size_t max;
    int64_t span_ms;
};

/*
 * May it be tried once more at now? at_ms are the times of failures in any
 * order. One of later than now happened, whatever the clock says: it counts as
 * of now, so that a clock that was set back frees nobody.
 * When it may not, *out_wait_ms (more than 0) says how long.
 */
bool ph_limiter_allows(const struct ph_limit *limit, const int64_t *at_ms,
                       size_t count, int64_t now_ms, int64_t *out_wait_ms);

#endif
