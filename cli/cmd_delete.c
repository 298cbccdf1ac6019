#include "change.h"

int
ph_cmd_delete(const struct ph_command_line *line)
{
    static const struct ph_control_request change = {.op = PH_CONTROL_DELETE};

    return ph_change_jobs(line, &change, "deleted");
}
