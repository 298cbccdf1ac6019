/*
 * The subcommands of printhold. One table (command.c) says what there is; the
 * help text and the parsing of options come from it.
 */
#ifndef PRINTHOLD_CLI_COMMAND_H
#define PRINTHOLD_CLI_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "printhold/base/why.h"

/* Exit codes; documented in printhold(1), so they never change. */
enum ph_exit {
    PH_EXIT_OK = 0,
    PH_EXIT_FAILURE = 1,
    PH_EXIT_USAGE = 2,
    PH_EXIT_NO_JOB = 3,   /* no such job, or not one of yours */
    PH_EXIT_NO_AGENT = 4, /* the hold service does not answer */
    PH_EXIT_DENIED = 5,   /* only the administrator may */
    PH_EXIT_BUSY = 6,     /* a printer holds the job, or it has ended */
};

enum ph_option {
    PH_OPTION_ALL = 1 << 0,
    PH_OPTION_ENDED = 1 << 1,
    PH_OPTION_JSON = 1 << 2,
    PH_OPTION_OFF = 1 << 3,
    PH_OPTION_HELP = 1 << 4, /* every command has it */
    PH_OPTION_ORIGIN = 1 << 12,
    /* with a value, which must not be empty */
    PH_OPTION_SERVER = 1 << 5,
    PH_OPTION_TOKEN_FILE = 1 << 6,
    PH_OPTION_PIN = 1 << 7,
    PH_OPTION_CA = 1 << 8,
    PH_OPTION_OUTPUT = 1 << 9,
    PH_OPTION_LOGIN = 1 << 10,
    PH_OPTION_PASSWORD_FILE = 1 << 11,
    /* without one again */
    PH_OPTION_AUTO = 1 << 13,
};
#define PH_OPTIONS_ENROL \
    (PH_OPTION_SERVER | PH_OPTION_TOKEN_FILE | PH_OPTION_PIN | PH_OPTION_CA)
#define PH_OPTIONS_LOGIN (PH_OPTION_LOGIN | PH_OPTION_PASSWORD_FILE)
#define PH_OPTIONS_WITH_VALUE \
    (PH_OPTIONS_ENROL | PH_OPTIONS_LOGIN | PH_OPTION_OUTPUT)

struct ph_command;

/* What was asked for. args views argv. */
struct ph_command_line {
    const struct ph_command *command;
    unsigned options;                           /* enum ph_option, or-ed */
    const char *server, *token_file, *pin, *ca; /* NULL: not given */
    const char *login, *password_file;
    const char *output;
    char **args;
    int arg_count;
};

struct ph_command {
    const char *name;
    const char *arguments; /* for the usage line */
    const char *summary;   /* one line without full stop */
    unsigned options;      /* allowed ones */
    int args_min, args_max;
    int (*run)(const struct ph_command_line *line);
};

/* NULL when there is no such command. */
const struct ph_command *ph_command_find(const char *name);

/* Read what follows the command's name; args are moved to the front of argv.
 * PH_ERR_INVALID with why when it is not understood. */
int ph_command_parse(const struct ph_command *command, int argc, char **argv,
                     struct ph_command_line *out_line, struct ph_why *why);

/* Help of one command, or of all when it is NULL. */
void ph_command_help(const struct ph_command *command, FILE *out);

/* The exit code that belongs to a PH_ERR_*. */
int ph_command_exit_code(int err);

/* "printhold: <text>" on standard error. */
void ph_command_complain(const struct ph_why *why);

int ph_cmd_jobs(const struct ph_command_line *line);
int ph_cmd_show(const struct ph_command_line *line);
int ph_cmd_delete(const struct ph_command_line *line);
int ph_cmd_keep(const struct ph_command_line *line);
int ph_cmd_history(const struct ph_command_line *line);
int ph_cmd_code(const struct ph_command_line *line);
int ph_cmd_status(const struct ph_command_line *line);
int ph_cmd_support_bundle(const struct ph_command_line *line);
int ph_cmd_doctor(const struct ph_command_line *line);
int ph_cmd_enrol(const struct ph_command_line *line);
int ph_cmd_login(const struct ph_command_line *line);
int ph_cmd_config(const struct ph_command_line *line);

#endif
