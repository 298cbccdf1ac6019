#include "printhold/base/clock.h"

#include <stdio.h>
#include <time.h>

#include "clock_boot.h"

#ifdef CLOCK_BOOTTIME
#define BOOT_CLOCK CLOCK_BOOTTIME
#else /* macOS: its monotonic clock counts sleep */
#define BOOT_CLOCK CLOCK_MONOTONIC
#endif

static ph_clock_source wall_source;
static ph_clock_source boot_source;
static int64_t replaced_boot_number;

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

int64_t
ph_clock_number_of_uuid(const char *uuid)
{
    int64_t number = 0;
    unsigned digits = 0;

    for (; *uuid != '\0' && digits < 15; uuid++) {
        const char c = *uuid;

        if (c == '-')
            continue;
        if (c >= '0' && c <= '9')
            number = number * 16 + (c - '0');
        else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
            number = number * 16 + ((c | 0x20) - 'a' + 10);
        else
            return 0;
        digits++;
    }
    return digits == 15 ? number : 0;
}

int64_t
ph_clock_boot_ms(void)
{
    if (boot_source != NULL)
        return boot_source();
    /* A moved wall clock is time that passes. */
    return read_clock(BOOT_CLOCK) +
           (wall_source != NULL ? wall_source() - read_clock(CLOCK_REALTIME)
                                : 0);
}

int64_t
ph_clock_boot_number(void)
{
    return boot_source != NULL ? replaced_boot_number
                               : ph_clock_read_boot_number();
}

void
ph_clock_set_boot(ph_clock_source source, int64_t boot_number)
{
    boot_source = source;
    replaced_boot_number = boot_number;
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
