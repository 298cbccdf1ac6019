/* printhold: what people do with their held jobs. printhold(1). */
#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "printhold/base/err.h"

static int
run(const struct ph_command *command, int argc, char **argv)
{
    struct ph_command_line line;
    struct ph_why why;

    if (ph_command_parse(command, argc, argv, &line, &why) != PH_OK) {
        ph_command_complain(&why);
        return PH_EXIT_USAGE;
    }
    if ((line.options & PH_OPTION_HELP) != 0) {
        ph_command_help(command, stdout);
        return PH_EXIT_OK;
    }
    return command->run(&line);
}

static int
choose(int argc, char **argv)
{
    const struct ph_command *command;
    struct ph_why why;

    if (argc < 2) {
        ph_command_help(NULL, stderr);
        return PH_EXIT_USAGE;
    }
    if (strcmp(argv[1], "--version") == 0) {
        (void)puts("printhold " PRINTHOLD_VERSION);
        return PH_EXIT_OK;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
        ph_command_help(argc > 2 ? ph_command_find(argv[2]) : NULL, stdout);
        return PH_EXIT_OK;
    }
    command = ph_command_find(argv[1]);
    if (command == NULL) {
        ph_why_set(&why, "there is no command %.40s; see printhold --help",
                   argv[1]);
        ph_command_complain(&why);
        return PH_EXIT_USAGE;
    }
    return run(command, argc - 2, argv + 2);
}

int
main(int argc, char **argv)
{
    int code;

    (void)setlocale(LC_ALL, "");
    code = choose(argc, argv);
    if ((fflush(stdout) != 0 || ferror(stdout)) && code == PH_EXIT_OK) {
        (void)fputs("printhold: cannot write the output\n", stderr);
        code = PH_EXIT_FAILURE;
    }
    return code;
}
