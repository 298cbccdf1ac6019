#include <stdio.h>

#include "ask.h"
#include "print.h"
#include "printhold/base/clock.h"
#include "printhold/base/err.h"
#include "printhold/base/wipe.h"

static void
print_code(const struct ph_control_code *code)
{
    char shown[PH_CODE_SHOWN], until[32], span[32];

    ph_code_show(code->code, shown);
    ph_print_time(code->expires_ms, until, sizeof(until));
    /* Rounded: 15 min at first. */
    ph_print_span(code->expires_ms - ph_clock_wall_ms() + 30000, span,
                  sizeof(span));
    ph_print_fact(stdout, "Code", shown);
    ph_print_fact(stdout, "For the jobs of", code->login);
    ph_print_fact(stdout, "On the computer", code->computer);
    ph_print_fact(stdout, "At the address", code->address);
    (void)printf("\nGo to a printer, choose to release with a code, name this "
                 "computer and type\nthe code. It works once and ends at %s "
                 "(in %s).\n",
                 until, span);
    ph_wipe(shown, sizeof(shown));
}

static int
on_item(const void *body, size_t len, bool as_it_is)
{
    struct ph_control_code code;
    int err = ph_control_code_parse(body, len, &code);

    if (err != PH_OK)
        return err;
    if (!as_it_is)
        print_code(&code);
    ph_wipe(&code, sizeof(code));
    return PH_OK;
}

int
ph_cmd_code(const struct ph_command_line *line)
{
    const struct ph_control_request request = {.op = PH_CONTROL_CODE};

    return ph_command_exit_code(ph_command_ask(line, &request, on_item));
}
