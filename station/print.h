/*
 * What the station shows: a table or JSON on standard output, progress on
 * standard error when that is a terminal.
 */
#ifndef PRINTHOLD_STATION_PRINT_H
#define PRINTHOLD_STATION_PRINT_H

#include <stdbool.h>
#include <stdint.h>

#include "messages.h"
#include "printhold/base/why.h"
#include "printhold/proto/json.h"
#include "pull.h"

/* PH_ERR_IO when standard output does not take it. */
int ph_print_jobs_table(const struct ph_station_jobs *jobs);
int ph_print_jobs_json(const struct ph_station_jobs *jobs);

/* One pulled or failed job, to be collected in a list. NULL: no memory. */
json_t *ph_print_pulled(const struct ph_station_job *job,
                        const struct ph_pull_result *result, int err,
                        const struct ph_why *why);

/* {"jobs": list}; the list is consumed. */
int ph_print_list_json(json_t *list);
/* Any object on a line; it is consumed, and NULL is PH_ERR_NOMEM. */
int ph_print_members_json(json_t *root);

/* "12.3 MiB" of a number of bytes; "-" when negative. */
#define PH_PRINT_SIZE_MAX 24
void ph_print_size(int64_t bytes, char dst[PH_PRINT_SIZE_MAX]);

/* A progress line that replaces the last; a ph_pull_progress_cb. */
void ph_print_progress(uint64_t done, uint64_t total, void *arg);
/* Take the progress line away. */
void ph_print_progress_end(void);

#endif
