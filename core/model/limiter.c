#include "printhold/model/limiter.h"

/* How long this failure still counts; 0: not any more. */
static int64_t
left_ms(const struct ph_limit *limit, int64_t at_ms, int64_t now_ms)
{
    if (at_ms >= now_ms)
        return limit->span_ms;
    /* Unsigned: the difference of any two times. */
    if ((uint64_t)now_ms - (uint64_t)at_ms >= (uint64_t)limit->span_ms)
        return 0;
    return limit->span_ms - (now_ms - at_ms);
}

/* How many count for longer than that? */
static size_t
count_longer(const struct ph_limit *limit, const int64_t *at_ms, size_t count,
             int64_t now_ms, int64_t wait_ms)
{
    size_t longer = 0;

    for (size_t i = 0; i < count; i++)
        longer += left_ms(limit, at_ms[i], now_ms) > wait_ms;
    return longer;
}

bool
ph_limiter_allows(const struct ph_limit *limit, const int64_t *at_ms,
                  size_t count, int64_t now_ms, int64_t *out_wait_ms)
{
    int64_t wait_ms = limit->span_ms;

    if (count_longer(limit, at_ms, count, now_ms, 0) < limit->max)
        return true;
    /* The earliest moment at which few enough are left. */
    for (size_t i = 0; i < count; i++) {
        int64_t left = left_ms(limit, at_ms[i], now_ms);

        if (left > 0 && left < wait_ms &&
            count_longer(limit, at_ms, count, now_ms, left) < limit->max)
            wait_ms = left;
    }
    *out_wait_ms = wait_ms;
    return false;
}
