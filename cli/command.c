#include "command.h"

#include <limits.h>
#include <string.h>

#include "printhold/base/attr.h"
#include "printhold/base/err.h"

static const struct ph_command commands[] = {
    {"jobs", "[--all] [--ended] [--json]", "list your held jobs",
     PH_OPTION_ALL | PH_OPTION_ENDED | PH_OPTION_JSON, 0, 0, ph_cmd_jobs},
    {"show", "JOB [--json]", "show everything about a job", PH_OPTION_JSON, 1,
     1, ph_cmd_show},
    {"delete", "JOB...", "delete jobs without printing them", 0, 1, INT_MAX,
     ph_cmd_delete},
    {"keep", "JOB... [--off]", "keep jobs after they are printed",
     PH_OPTION_OFF, 1, INT_MAX, ph_cmd_keep},
    {"code", "[--json]", "make a code that releases your jobs at a printer",
     PH_OPTION_JSON, 0, 0, ph_cmd_code},
    {"login", "[--login LOGIN] [--password-file FILE] [--json]",
     "let printers show you what this computer holds for you",
     PH_OPTIONS_LOGIN | PH_OPTION_JSON, 0, 0, ph_cmd_login},
    {"history", "[--all] [--json]",
     "show what happened to your jobs, and where",
     PH_OPTION_ALL | PH_OPTION_JSON, 0, 0, ph_cmd_history},
    {"status", "[--json]", "show how the hold service is doing", PH_OPTION_JSON,
     0, 0, ph_cmd_status},
    {"doctor", "[--json]", "say what is wrong on this computer, and what helps",
     PH_OPTION_JSON, 0, 0, ph_cmd_doctor},
    {"support-bundle", "[-o FILE]",
     "collect for support what names nobody and no document", PH_OPTION_OUTPUT,
     0, 0, ph_cmd_support_bundle},
    {"config", "check [--json] | show [--origin] [--json]",
     "check or show the configuration", PH_OPTION_JSON | PH_OPTION_ORIGIN, 1, 1,
     ph_cmd_config},
    {"enrol",
     "--server URL --token-file FILE --pin PIN | --ca FILE [--json] | --auto",
     "make this computer one of the organisation's",
     PH_OPTIONS_ENROL | PH_OPTION_JSON | PH_OPTION_AUTO, 0, 0, ph_cmd_enrol},
};

static const struct {
    const char *name;
    unsigned option;
    const char *help;
} options[] = {
    {"--all", PH_OPTION_ALL, "jobs of everybody (administrator only)"},
    {"--ended", PH_OPTION_ENDED, "released, deleted and expired jobs too"},
    {"--json", PH_OPTION_JSON, "print JSON for programs"},
    {"--off", PH_OPTION_OFF, "do not keep them any more"},
    {"-o", PH_OPTION_OUTPUT, "the archive's name"},
    {"--origin", PH_OPTION_ORIGIN, "with file and line of each value"},
    {"--server", PH_OPTION_SERVER, "https://HOST of the hub; port 9445"},
    {"--token-file", PH_OPTION_TOKEN_FILE,
     "the token, mode 0600; - is standard input"},
    {"--pin", PH_OPTION_PIN, "the pin of the hub's authority, or"},
    {"--ca", PH_OPTION_CA, "a file with its certificate"},
    {"--auto", PH_OPTION_AUTO,
     "by the settings, with the token that lies ready; as the service does"},
    {"--login", PH_OPTION_LOGIN,
     "yours at the organisation; else your account says it"},
    {"--password-file", PH_OPTION_PASSWORD_FILE,
     "the password, mode 0600; - is standard input"},
    {"--help", PH_OPTION_HELP, "print this text"},
};

const struct ph_command *
ph_command_find(const char *name)
{
    for (size_t i = 0; i < PH_COUNT(commands); i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}

/* The option of that name, 0 when the command has none such. */
static unsigned
option_of(const struct ph_command *command, const char *name)
{
    unsigned allowed = command->options | PH_OPTION_HELP;

    for (size_t i = 0; i < PH_COUNT(options); i++)
        if (strcmp(options[i].name, name) == 0)
            return options[i].option & allowed;
    return 0;
}

static const char **
value_of(struct ph_command_line *line, unsigned option)
{
    switch (option) {
    case PH_OPTION_SERVER:
        return &line->server;
    case PH_OPTION_TOKEN_FILE:
        return &line->token_file;
    case PH_OPTION_PIN:
        return &line->pin;
    case PH_OPTION_LOGIN:
        return &line->login;
    case PH_OPTION_PASSWORD_FILE:
        return &line->password_file;
    case PH_OPTION_OUTPUT:
        return &line->output;
    default:
        return &line->ca;
    }
}

/* The option at argv[*at], and its value behind it. */
static int
take_option(struct ph_command_line *line, int argc, char **argv, int *at,
            struct ph_why *why)
{
    const char *name = argv[*at];
    unsigned option = option_of(line->command, name);

    if (option == 0)
        return ph_why_fail(why, PH_ERR_INVALID,
                           "%s has no option %.40s; see printhold %s --help",
                           line->command->name, name, line->command->name);
    line->options |= option;
    if ((option & PH_OPTIONS_WITH_VALUE) == 0)
        return PH_OK;
    if (++*at >= argc || argv[*at][0] == '\0')
        return ph_why_fail(why, PH_ERR_INVALID, "%s: %s needs a value",
                           line->command->name, name);
    *value_of(line, option) = argv[*at];
    return PH_OK;
}

int
ph_command_parse(const struct ph_command *command, int argc, char **argv,
                 struct ph_command_line *out_line, struct ph_why *why)
{
    struct ph_command_line line = {.command = command, .args = argv};
    bool options_end = false;

    for (int i = 0; i < argc; i++) {
        if (options_end || argv[i][0] != '-' || argv[i][1] == '\0') {
            argv[line.arg_count++] = argv[i];
        } else if (strcmp(argv[i], "--") == 0) {
            options_end = true;
        } else {
            int err = take_option(&line, argc, argv, &i, why);

            if (err != PH_OK)
                return err;
        }
    }
    if ((line.options & PH_OPTION_HELP) == 0 &&
        (line.arg_count < command->args_min ||
         line.arg_count > command->args_max))
        return ph_why_fail(why, PH_ERR_INVALID, "usage: printhold %s %s",
                           command->name, command->arguments);
    *out_line = line;
    return PH_OK;
}

static void
help_all(FILE *out)
{
    (void)fputs(
        "usage: printhold COMMAND [ARGUMENTS]\n"
        "\n"
        "Jobs printed to a hold queue wait on this computer, encrypted, "
        "until you\ncollect them at a printer.\n"
        "\n"
        "Commands:\n",
        out);
    for (size_t i = 0; i < PH_COUNT(commands); i++)
        (void)fprintf(out, "  %-15s %s\n", commands[i].name,
                      commands[i].summary);
    (void)fputs("\n"
                "JOB is the id of a job as 'printhold jobs' shows it, or the "
                "first digits of it.\n"
                "'printhold COMMAND --help' says more; printhold --version "
                "gives the version.\n",
                out);
}

void
ph_command_help(const struct ph_command *command, FILE *out)
{
    if (command == NULL) {
        help_all(out);
        return;
    }
    (void)fprintf(out, "usage: printhold %s %s\n\n%s\n\n", command->name,
                  command->arguments, command->summary);
    for (size_t i = 0; i < PH_COUNT(options); i++)
        if (option_of(command, options[i].name) != 0)
            (void)fprintf(out, "  %-12s %s\n", options[i].name,
                          options[i].help);
}

int
ph_command_exit_code(int err)
{
    switch (err) {
    case PH_OK:
        return PH_EXIT_OK;
    case PH_ERR_NOT_FOUND:
        return PH_EXIT_NO_JOB;
    case PH_ERR_CLOSED:
    case PH_ERR_TRUNCATED:
    case PH_ERR_TIMEOUT:
        return PH_EXIT_NO_AGENT;
    case PH_ERR_DENIED:
        return PH_EXIT_DENIED;
    case PH_ERR_BUSY:
    case PH_ERR_STATE:
        return PH_EXIT_BUSY;
    default:
        return PH_EXIT_FAILURE;
    }
}

void
ph_command_complain(const struct ph_why *why)
{
    (void)fflush(stdout);
    (void)fprintf(stderr, "printhold: %s\n", why->text);
}
