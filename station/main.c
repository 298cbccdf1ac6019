#include <signal.h>
#include <stdio.h>

#include "commands.h"
#include "printhold/base/err.h"
#include "printhold/net/https.h"

#define EXIT_USAGE 2

int
main(int argc, char **argv)
{
    struct ph_options options;
    struct ph_why why = {{0}};
    int err;

    if (ph_options_parse(argc, argv, &options, &why) != PH_OK) {
        (void)fprintf(stderr,
                      "printhold-station: %s\n"
                      "Try printhold-station --help\n",
                      why.text);
        return EXIT_USAGE;
    }
    if (options.command == PH_COMMAND_HELP) {
        (void)fputs(ph_options_usage(), stdout);
        return 0;
    }
    if (options.command == PH_COMMAND_VERSION) {
        (void)puts("printhold-station " PRINTHOLD_VERSION);
        return 0;
    }
    /* A reader that went away is a write error here, not our end. */
    if (signal(SIGPIPE, SIG_IGN) == SIG_ERR || ph_https_start() != PH_OK)
        return 1;
    err = ph_commands_run(&options);
    ph_https_stop();
    return ph_commands_exit_status(err);
}
