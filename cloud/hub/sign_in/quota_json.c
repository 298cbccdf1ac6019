#include "quota_json.h"

#include "printhold/base/clock.h"

json_t *
hub_quota_json(const struct hub_quota_state *state)
{
    char until[PH_TIME_TEXT];

    if (!state->is_limited)
        return json_pack("{s:b}", "limited", 0);
    ph_clock_format(state->until_ms, until);
    return json_pack("{s:b, s:s, s:I, s:I, s:I, s:s}", "limited", 1, "period",
                     hub_quota_period_name(state->period), "limit",
                     (json_int_t)state->limit, "used", (json_int_t)state->used,
                     "left", (json_int_t)state->left, "until", until);
}
