#include <stdio.h>
#include <string.h>

#include "ask.h"
#include "enrol_auto.h"
#include "enrol_take.h"
#include "print.h"
#include "printhold/base/err.h"
#include "printhold/base/typed.h"
#include "printhold/base/wipe.h"

static int
on_item(const void *body, size_t len, bool as_it_is)
{
    struct ph_control_enrolled enrolled;
    char until[32];
    int err = ph_control_enrolled_parse(body, len, &enrolled);

    if (err != PH_OK || as_it_is)
        return err;
    ph_print_time(enrolled.not_after_ms, until, sizeof(until));
    ph_print_fact(stdout, "Workstation", enrolled.id);
    ph_print_fact(stdout, "Organisation", enrolled.tenant);
    ph_print_fact(stdout, "Hub", enrolled.hub);
    ph_print_fact(stdout, "Certificate", until);
    return PH_OK;
}

static int
take_line(const struct ph_command_line *line, struct ph_control_enrol *enrol,
          struct ph_why *why)
{
    int err;

    if (line->server == NULL || line->token_file == NULL ||
        (line->pin == NULL) == (line->ca == NULL))
        return ph_why_fail(why, PH_ERR_INVALID, "usage: printhold enrol %s",
                           line->command->arguments);
    err = ph_enrol_take_hub(enrol, line->server, line->pin, line->ca, why);
    if (err != PH_OK)
        return err;
    if (strcmp(line->token_file, "-") == 0)
        return ph_typed_read(NULL, "Token: ", enrol->token,
                             sizeof(enrol->token), why);
    return ph_enrol_take_token(enrol, line->token_file, why);
}

static int
take_auto(const struct ph_command_line *line)
{
    struct ph_why why;

    if (line->options == PH_OPTION_AUTO)
        return ph_enrol_auto();
    ph_why_set(&why, "enrol: --auto takes what it needs from the settings, and "
                     "no other option");
    ph_command_complain(&why);
    return PH_EXIT_USAGE;
}

int
ph_cmd_enrol(const struct ph_command_line *line)
{
    struct ph_control_request request = {.op = PH_CONTROL_ENROL};
    struct ph_why why = {""};
    int err;

    if ((line->options & PH_OPTION_AUTO) != 0)
        return take_auto(line);
    err = take_line(line, &request.enrol, &why);
    if (err != PH_OK) {
        ph_wipe(&request, sizeof(request));
        ph_command_complain(&why);
        return PH_EXIT_USAGE;
    }
    err = ph_command_ask(line, &request, on_item);
    ph_wipe(&request, sizeof(request));
    /* A token that is refused is no job that is missing. */
    return err == PH_ERR_DENIED   ? PH_EXIT_DENIED
           : err == PH_ERR_CLOSED ? PH_EXIT_NO_AGENT
           : err == PH_OK         ? PH_EXIT_OK
                                  : PH_EXIT_FAILURE;
}
