#include "printhold/base/clock.h"

#include <stdio.h>
#include <time.h>

static ph_clock_source wall_source;

static int64_t
read_clock(clockid_t which)
{
    struct timespec ts = {0};

    (void)clock_gettime(which, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int64_t
ph_clock_wall_ms(void)
{
    return wall_source != NULL ? wall_source() : read_clock(CLOCK_REALTIME);
}

int64_t
ph_clock_mono_ms(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

void
ph_clock_set_wall(ph_clock_source source)
{
    wall_source = source;
}

void
ph_clock_format(int64_t wall_ms, char dst[PH_TIME_TEXT])
{
    /* Rounded down, also before 1970. */
    int64_t ms = ((wall_ms % 1000) + 1000) % 1000;
    time_t seconds = (time_t)(wall_ms / 1000 - (wall_ms % 1000 < 0));
    struct tm tm = {0};
    char text[64];

    (void)gmtime_r(&seconds, &tm);
    (void)snprintf(text, sizeof(text), "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ",
                   tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
                   tm.tm_min, tm.tm_sec, (int)ms);
    (void)snprintf(dst, PH_TIME_TEXT, "%.24s", text);
}
