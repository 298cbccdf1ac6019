/* A person at the printer says which of the listed jobs to pull, by number. */
#ifndef PRINTHOLD_STATION_CHOOSE_H
#define PRINTHOLD_STATION_CHOOSE_H

#include <stdbool.h>
#include <stddef.h>

#include "hub_messages.h"
#include "options.h"
#include "printhold/base/why.h"

/*
 * "1", "1 3", "2-4,7" or "all" of count jobs, of which each is set in chosen.
 * Nothing at all chooses none. PH_ERR_INVALID with a sentence.
 */
int ph_choose_parse(const char *text, size_t count, bool *chosen,
                    struct ph_why *why);

/* Show the jobs of the answer with numbers on standard error, read a line of
 * standard input, and put what it names into options. The first
 * PH_OPTIONS_JOBS_MAX are shown. */
int ph_choose_jobs(const struct ph_hub_answer *answer,
                   struct ph_options *options, struct ph_why *why);

#endif
