#include "change.h"

int
ph_cmd_keep(const struct ph_command_line *line)
{
    bool keep = (line->options & PH_OPTION_OFF) == 0;
    struct ph_control_request change = {.op = PH_CONTROL_KEEP, .keep = keep};

    return ph_change_jobs(line, &change, keep ? "keeping" : "not keeping");
}
