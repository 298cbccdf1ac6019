/*
 * Tells when some of a few files may have changed: soon after their folders
 * say so, and every now and then whatever they say, since some file systems
 * say nothing. It only hints; the caller looks (file_stamp.h).
 */
#ifndef PRINTHOLD_AGENT_FILE_WATCH_H
#define PRINTHOLD_AGENT_FILE_WATCH_H

#include <stddef.h>
#include <uv.h>

#define PH_FILE_WATCH_MAX 8

struct ph_file_watch;

typedef void (*ph_file_watch_cb)(void *arg);

/* Paths are copied; at most PH_FILE_WATCH_MAX, empty ones are skipped. The
 * callback runs on the loop. */
int ph_file_watch_start(uv_loop_t *loop, const char *const *paths, size_t count,
                        ph_file_watch_cb maybe, void *arg,
                        struct ph_file_watch **out_watch);
/* No callback comes after it; freed when the loop has closed its handles. */
void ph_file_watch_stop(struct ph_file_watch *watch);

#endif
