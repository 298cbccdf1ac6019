/* Output for people: columns, times and sizes. */
#ifndef PRINTHOLD_CLI_PRINT_H
#define PRINTHOLD_CLI_PRINT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Columns of the terminal at standard output; 0: not a terminal. */
unsigned ph_print_width(void);

/* What fixed columns leave of that width for a last one of at least so many;
 * 0 when there is no width. */
unsigned ph_print_rest(unsigned fixed, unsigned least);

/*
 * Print text with nothing in it that could move the cursor, in the locale's
 * encoding ('?' for what it has not), cut to at most columns (0: not cut).
 * Returns how many columns were used.
 */
unsigned ph_print_text(FILE *out, const char *text, unsigned columns);

/* The same, filled up to the columns with blanks and two more. */
void ph_print_cell(FILE *out, const char *text, unsigned columns);

/* "2026-11-21 19:30", local time; "-" for 0 and less. */
void ph_print_time(int64_t wall_ms, char *dst, size_t cap);

/* How long from now: "2 d", "23 h", "5 min", "now". */
void ph_print_span(int64_t span_ms, char *dst, size_t cap);

/* "812 B", "1.4 MiB". */
void ph_print_size(uint64_t bytes, char *dst, size_t cap);

/* "name       value" of a list of facts; nothing when value is empty. */
void ph_print_fact(FILE *out, const char *name, const char *value);

/* What helps when an account has no login. */
extern const char ph_unmapped_remedy[];

#endif
