#include "printhold/base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "printhold/base/clock.h"
#include "printhold/base/err.h"

#define RECORD_MAX 1000

static enum ph_log_level max_level = PH_LOG_INFO;
static ph_log_sink_cb sink;
static void *sink_arg;

static const char *const level_names[] = {
    [PH_LOG_ERROR] = "error",   [PH_LOG_WARNING] = "warning",
    [PH_LOG_NOTICE] = "notice", [PH_LOG_INFO] = "info",
    [PH_LOG_DEBUG] = "debug",
};

void
ph_log_set_level(enum ph_log_level level)
{
    max_level = level;
}

int
ph_log_level_parse(const char *name, enum ph_log_level *out_level)
{
    for (int i = PH_LOG_ERROR; i <= PH_LOG_DEBUG; i++) {
        if (name != NULL && strcmp(name, level_names[i]) == 0) {
            *out_level = (enum ph_log_level)i;
            return PH_OK;
        }
    }
    return PH_ERR_INVALID;
}

void
ph_log_set_sink(ph_log_sink_cb new_sink, void *arg)
{
    sink = new_sink;
    sink_arg = arg;
}

/* Copy src to dst with control bytes written as \xNN. */
static void
escape(const char *src, char *dst, size_t cap)
{
    size_t used = 0;

    for (; *src != '\0' && used + 5 <= cap; src++) {
        unsigned char c = (unsigned char)*src;

        if (c < 0x20 || c == 0x7f)
            used += (size_t)snprintf(dst + used, cap - used, "\\x%02x", c);
        else
            dst[used++] = (char)c;
    }
    dst[used] = '\0';
}

/* One write(2) per record, so records of threads do not mix. */
static void
write_stderr(enum ph_log_level level, const char *text)
{
    char line[RECORD_MAX + 64];
    char time[PH_TIME_TEXT];
    int len;

    if (getenv("JOURNAL_STREAM") != NULL) {
        len = snprintf(line, sizeof(line), "<%d>%s\n", (int)level, text);
    } else {
        ph_clock_format(ph_clock_wall_ms(), time);
        len = snprintf(line, sizeof(line), "%s %s: %s\n", time,
                       level_names[level], text);
    }
    if (len > 0 && write(STDERR_FILENO, line, (size_t)len) < 0)
        return; /* nobody is left to tell */
}

void
ph_log(enum ph_log_level level, const char *fmt, ...)
{
    char raw[RECORD_MAX];
    char text[RECORD_MAX];
    va_list ap;

    if (level > max_level)
        return;
    va_start(ap, fmt);
    (void)vsnprintf(raw, sizeof(raw), fmt, ap);
    va_end(ap);
    escape(raw, text, sizeof(text));
    if (sink != NULL)
        sink(level, text, sink_arg);
    else
        write_stderr(level, text);
}
