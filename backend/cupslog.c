#include "cupslog.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "printhold/base/utf8.h"
#include "printhold/proto/capture.h"

#define LINE_TEXT_MAX 512

static void write_line(const char *prefix, const char *fmt, va_list ap)
    PH_PRINTF(2, 0);

static void
write_line(const char *prefix, const char *fmt, va_list ap)
{
    char raw[LINE_TEXT_MAX];
    char text[LINE_TEXT_MAX];
    char line[LINE_TEXT_MAX + 16];
    int len;

    (void)vsnprintf(raw, sizeof(raw), fmt, ap);
    ph_utf8_clean(raw, text, sizeof(text));
    len = snprintf(line, sizeof(line), "%s: %s\n", prefix, text);
    if (len > 0 && write(STDERR_FILENO, line, (size_t)len) < 0)
        return; /* cupsd has gone; nobody is left to tell */
}

void
ph_cupslog_error(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    write_line("ERROR", fmt, ap);
    va_end(ap);
}

void
ph_cupslog_warning(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    write_line("WARNING", fmt, ap);
    va_end(ap);
}

void
ph_cupslog_info(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    write_line("INFO", fmt, ap);
    va_end(ap);
}

void
ph_cupslog_debug(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    write_line("DEBUG", fmt, ap);
    va_end(ap);
}

static void write_keyword(const char *prefix, const char *fmt, ...)
    PH_PRINTF(2, 3);

static void
write_keyword(const char *prefix, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    write_line(prefix, fmt, ap);
    va_end(ap);
}

void
ph_cupslog_state(const char *change)
{
    write_keyword("STATE", "%s", change);
}

void
ph_cupslog_held(const char *why)
{
    write_keyword("JOBSTATE", "%s", PH_CAPTURE_HELD_KEYWORD);
    ph_cupslog_warning(PH_CAPTURE_HELD "%s.", why);
}
