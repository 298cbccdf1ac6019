#include <stdio.h>
#include <string.h>

#include "client.h"
#include "command.h"
#include "print.h"
#include "printhold/base/err.h"
#include "printhold/proto/history.h"

#define TIME_COLUMNS    16
#define WHAT_COLUMNS    28
#define PRINTER_COLUMNS 16
#define AMR_COLUMNS     12
#define SHEETS_COLUMNS  6
#define ID_COLUMNS      8
#define LOGIN_COLUMNS   24
#define TITLE_LEAST     16

struct list {
    bool json;
    bool owners;
    size_t count;
    unsigned title_columns; /* 0: as long as it is */
};

/* What the fixed columns leave of the terminal's width. */
static unsigned
title_columns(bool owners)
{
    unsigned fixed = TIME_COLUMNS + WHAT_COLUMNS + PRINTER_COLUMNS +
                     AMR_COLUMNS + SHEETS_COLUMNS + ID_COLUMNS + 6 * 2;

    if (owners)
        fixed += LOGIN_COLUMNS + 2;
    return ph_print_rest(fixed, TITLE_LEAST);
}

static void
print_head(const struct list *list)
{
    ph_print_cell(stdout, "WHEN", TIME_COLUMNS);
    ph_print_cell(stdout, "WHAT", WHAT_COLUMNS);
    ph_print_cell(stdout, "PRINTER", PRINTER_COLUMNS);
    ph_print_cell(stdout, "SIGNED IN BY", AMR_COLUMNS);
    ph_print_cell(stdout, "SHEETS", SHEETS_COLUMNS);
    ph_print_cell(stdout, "JOB", ID_COLUMNS);
    if (list->owners)
        ph_print_cell(stdout, "LOGIN", LOGIN_COLUMNS);
    (void)puts("TITLE");
}

/* "printed", "refused: confidential", "refused: no-session x7". */
static void
describe(const struct ph_history *history, char *dst, size_t cap)
{
    int len;

    if (strcmp(history->event, "completed") == 0)
        len =
            snprintf(dst, cap, "%s",
                     strcmp(history->reason, "failed") == 0 ? "not printed"
                                                            : history->reason);
    else if (history->reason[0] != '\0')
        len = snprintf(dst, cap, "%s: %s", history->event, history->reason);
    else
        len = snprintf(dst, cap, "%s", history->event);
    if (history->count > 1 && len > 0 && (size_t)len < cap)
        (void)snprintf(dst + len, cap - (size_t)len, " x%lld",
                       (long long)history->count);
}

static void
print_row(const struct list *list, const struct ph_history *history)
{
    char time[32], what[192], sheets[32] = "-", id[ID_COLUMNS + 1];

    ph_print_time(history->at_ms, time, sizeof(time));
    describe(history, what, sizeof(what));
    if (history->sheets >= 0)
        (void)snprintf(sheets, sizeof(sheets), "%lld",
                       (long long)history->sheets);
    (void)snprintf(id, sizeof(id), "%.*s", ID_COLUMNS, history->job);
    ph_print_cell(stdout, time, TIME_COLUMNS);
    ph_print_cell(stdout, what, WHAT_COLUMNS);
    ph_print_cell(stdout, history->printer[0] != '\0' ? history->printer : "-",
                  PRINTER_COLUMNS);
    ph_print_cell(stdout, history->amr[0] != '\0' ? history->amr : "-",
                  AMR_COLUMNS);
    ph_print_cell(stdout, sheets, SHEETS_COLUMNS);
    ph_print_cell(stdout, id[0] != '\0' ? id : "-", ID_COLUMNS);
    if (list->owners)
        ph_print_cell(stdout, history->login, LOGIN_COLUMNS);
    (void)ph_print_text(stdout, history->title, list->title_columns);
    (void)fputc('\n', stdout);
}

static int
on_item(const void *body, size_t len, void *arg)
{
    struct list *list = arg;
    struct ph_history history;
    int err = ph_history_parse(body, len, &history);

    if (err != PH_OK)
        return err;
    if (list->json) {
        (void)fputs(list->count == 0 ? "[\n" : ",\n", stdout);
        (void)fwrite(body, 1, len, stdout);
    } else {
        if (list->count == 0)
            print_head(list);
        print_row(list, &history);
    }
    list->count++;
    return PH_OK;
}

int
ph_cmd_history(const struct ph_command_line *line)
{
    struct ph_control_request request = {
        .op = PH_CONTROL_HISTORY,
        .all = (line->options & PH_OPTION_ALL) != 0,
    };
    struct list list = {.json = (line->options & PH_OPTION_JSON) != 0,
                        .owners = request.all,
                        .title_columns = title_columns(request.all)};
    struct ph_client client;
    struct ph_why why;
    int err = ph_client_open(&client, &why);

    if (err == PH_OK) {
        err = ph_client_ask(&client, &request, on_item, &list, &why);
        ph_client_close(&client);
    }
    if (err != PH_OK)
        ph_command_complain(&why);
    else if (list.json)
        (void)puts(list.count == 0 ? "[]" : "\n]");
    else if (list.count == 0)
        (void)puts("Nothing has happened to jobs of yours.");
    return ph_command_exit_code(err);
}
