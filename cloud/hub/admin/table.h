/*
 * Rows to standard output as they come: a table for people, CSV (RFC 4180) or
 * a JSON array of objects. The first failure is kept, and nothing is written
 * after it. Numbers below 0 and times of 0 are not known: empty, or left out.
 */
#ifndef PRINTHOLD_HUB_TABLE_H
#define PRINTHOLD_HUB_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "printhold/base/buf.h"
#include "printhold/proto/json.h"

enum hub_table_format { HUB_TABLE_TEXT, HUB_TABLE_CSV, HUB_TABLE_JSON };

#define HUB_TABLE_COLUMNS_MAX 48

struct hub_table {
    enum hub_table_format format;
    const char *const *names; /* of the columns */
    size_t count;
    size_t column; /* of the row that is being made */
    size_t rows;
    struct ph_buf line;
    json_t *object;
    int err;
};

void hub_table_begin(struct hub_table *table, enum hub_table_format format,
                     const char *const *names, size_t count);
void hub_table_text(struct hub_table *table, const char *text);
void hub_table_number(struct hub_table *table, int64_t value);
void hub_table_time(struct hub_table *table, int64_t at_ms);
/* After the last cell of a row. */
int hub_table_row(struct hub_table *table);
/* What is written is whole when it returns PH_OK. */
int hub_table_end(struct hub_table *table);

#endif
