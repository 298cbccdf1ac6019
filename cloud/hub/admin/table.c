#include "table.h"

#include <stdio.h>
#include <string.h>

#include "printhold/base/clock.h"
#include "printhold/base/csv.h"
#include "printhold/base/err.h"
#include "printhold/base/utf8.h"

#define LINE_MAX_BYTES (64 * 1024)

static void
keep(struct hub_table *table, int err)
{
    if (table->err == PH_OK)
        table->err = err;
}

static void
flush(struct hub_table *table)
{
    if (table->err == PH_OK &&
        fwrite(table->line.data, 1, table->line.len, stdout) != table->line.len)
        keep(table, PH_ERR_IO);
    table->line.len = 0;
}

/* Before each cell. */
static void
separate(struct hub_table *table, const char *between)
{
    if (table->column++ > 0)
        keep(table, ph_buf_put_str(&table->line, between));
}

static void
put_heads(struct hub_table *table)
{
    for (size_t i = 0; i < table->count; i++) {
        separate(table, table->format == HUB_TABLE_CSV ? "," : "\t");
        keep(table, ph_buf_put_str(&table->line, table->names[i]));
    }
    keep(table, ph_buf_put_str(&table->line,
                               table->format == HUB_TABLE_CSV ? "\r\n" : "\n"));
}

void
hub_table_begin(struct hub_table *table, enum hub_table_format format,
                const char *const *names, size_t count)
{
    memset(table, 0, sizeof(*table));
    table->format = format;
    table->names = names;
    table->count = count;
    ph_buf_init(&table->line, LINE_MAX_BYTES);
    if (format == HUB_TABLE_JSON)
        keep(table, ph_buf_put_str(&table->line, "["));
    else
        put_heads(table);
    flush(table);
    table->column = 0;
    table->object = format == HUB_TABLE_JSON ? json_object() : NULL;
}

static void
put_member(struct hub_table *table, json_t *value)
{
    const char *name = table->names[table->column++];

    if (json_object_set_new(table->object, name, value) != 0)
        keep(table, PH_ERR_NOMEM);
}

void
hub_table_text(struct hub_table *table, const char *text)
{
    char clean[1024];

    if (table->format == HUB_TABLE_JSON) {
        if (text[0] != '\0')
            put_member(table, json_string(text));
        else
            table->column++;
        return;
    }
    separate(table, table->format == HUB_TABLE_CSV ? "," : "\t");
    if (table->format == HUB_TABLE_CSV) {
        keep(table, ph_csv_put(&table->line, text));
        return;
    }
    ph_utf8_clean(text, clean, sizeof(clean));
    keep(table, ph_buf_put_str(&table->line, clean[0] != '\0' ? clean : "-"));
}

void
hub_table_number(struct hub_table *table, int64_t value)
{
    if (table->format == HUB_TABLE_JSON) {
        if (value >= 0)
            put_member(table, json_integer(value));
        else
            table->column++;
        return;
    }
    separate(table, table->format == HUB_TABLE_CSV ? "," : "\t");
    if (value >= 0)
        keep(table, ph_buf_printf(&table->line, "%lld", (long long)value));
    else if (table->format == HUB_TABLE_TEXT)
        keep(table, ph_buf_put_u8(&table->line, '-'));
}

void
hub_table_time(struct hub_table *table, int64_t at_ms)
{
    char text[PH_TIME_TEXT] = "";

    if (at_ms > 0)
        ph_clock_format(at_ms, text);
    hub_table_text(table, text);
}

int
hub_table_row(struct hub_table *table)
{
    if (table->format == HUB_TABLE_JSON) {
        keep(table,
             ph_buf_put_str(&table->line, table->rows > 0 ? ",\n" : "\n"));
        keep(table, ph_json_put(table->object, &table->line));
        (void)json_object_clear(table->object);
    } else {
        keep(table,
             ph_buf_put_str(&table->line,
                            table->format == HUB_TABLE_CSV ? "\r\n" : "\n"));
    }
    flush(table);
    table->column = 0;
    table->rows++;
    return table->err;
}

int
hub_table_end(struct hub_table *table)
{
    if (table->format == HUB_TABLE_JSON) {
        keep(table,
             ph_buf_put_str(&table->line, table->rows > 0 ? "\n]\n" : "]\n"));
        flush(table);
    }
    if (fflush(stdout) != 0)
        keep(table, PH_ERR_IO);
    ph_buf_close(&table->line);
    json_decref(table->object);
    return table->err;
}
