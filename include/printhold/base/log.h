/*
 * Log lines of the long-running programs, on standard error.
 *
 * One record per event and line; control bytes are escaped as \xNN, so a
 * hostile title can never forge a line. Titles, names, tokens and keys are
 * not logged by anyone. Levels follow sd-daemon(3): when standard error is
 * the journal each line carries "<N>", otherwise a time and the level's name.
 *   error    someone must act
 *   warning  we coped; the text ends ", continuing"
 *   notice   life cycle
 *   info     once per job
 *   debug    for developers; the only level that core uses
 */
#ifndef PRINTHOLD_BASE_LOG_H
#define PRINTHOLD_BASE_LOG_H

#include "printhold/base/attr.h"

enum ph_log_level {
    PH_LOG_ERROR = 3,
    PH_LOG_WARNING = 4,
    PH_LOG_NOTICE = 5,
    PH_LOG_INFO = 6,
    PH_LOG_DEBUG = 7,
};

/* Highest level that is written; default PH_LOG_INFO. Call before threads. */
void ph_log_set_level(enum ph_log_level level);

/* Parse "error".."debug"; PH_ERR_INVALID otherwise. */
int ph_log_level_parse(const char *name, enum ph_log_level *out_level);

/* Redirect complete records (no newline); NULL restores standard error. */
typedef void (*ph_log_sink_cb)(enum ph_log_level level, const char *text,
                               void *arg);
void ph_log_set_sink(ph_log_sink_cb sink, void *arg);

/* Write one record of at most 1,000 bytes. Safe from every thread. */
void ph_log(enum ph_log_level level, const char *fmt, ...) PH_PRINTF(2, 3);

#define ph_log_error(...)   ph_log(PH_LOG_ERROR, __VA_ARGS__)
#define ph_log_warning(...) ph_log(PH_LOG_WARNING, __VA_ARGS__)
#define ph_log_notice(...)  ph_log(PH_LOG_NOTICE, __VA_ARGS__)
#define ph_log_info(...)    ph_log(PH_LOG_INFO, __VA_ARGS__)
#define ph_log_debug(...)   ph_log(PH_LOG_DEBUG, __VA_ARGS__)

#endif
