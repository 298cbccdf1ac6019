#include "delay.h"

uint32_t
ph_delay_ms(unsigned tries, uint32_t random, uint64_t asked_s)
{
    uint32_t delay = PH_DELAY_FIRST_MS;
    uint32_t asked = asked_s > PH_DELAY_ASKED_MAX_MS / 1000
                         ? PH_DELAY_ASKED_MAX_MS
                         : (uint32_t)asked_s * 1000;

    for (unsigned i = 1; i < tries && delay < PH_DELAY_LAST_MS; i++)
        delay *= 2;
    delay -= random % (delay / 2 + 1);
    return delay > asked ? delay : asked;
}
