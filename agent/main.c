/* printhold-agent: command line and exit codes. See printhold-agent(8). */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent.h"
#include "audit_command.h"
#include "key_command.h"
#include "printhold/base/attr.h"
#include "printhold/base/err.h"
#include "printhold/base/harden.h"
#include "printhold/base/log.h"

/* sysexits.h values, which service managers know by name. */
enum exit_code {
    EXIT_OK = 0,
    EXIT_FAILED = 1,
    EXIT_USAGE = 2,
    EXIT_BAD_CONFIG = 78, /* EX_CONFIG: do not restart, a person must act */
};

static const char help[] =
    "Usage: printhold-agent [--config-dir DIR]\n"
    "       printhold-agent [--config-dir DIR] key init [--if-missing]\n"
    "       printhold-agent [--config-dir DIR] key rotate [--from LEVEL]\n"
    "       printhold-agent [--config-dir DIR] key status [--json]\n"
    "       printhold-agent [--config-dir DIR] audit export --csv | --json\n"
    "                       [--since TIME]\n"
    "       printhold-agent [--config-dir DIR] audit verify\n"
    "                       [--expect NUMBER:HEX]\n"
    "\n"
    "Holds print jobs on this computer until a printer pulls them.\n"
    "\n"
    "  --config-dir DIR  read printhold.conf and conf.d/*.conf from DIR\n"
    "                    (default $PRINTHOLD_CONFIG_DIR or " PH_CONFIG_DIR ")\n"
    "  key init          make the machine key that protects the spool\n"
    "    --if-missing    do nothing where there is one\n"
    "  key rotate        put another in its place, held jobs stay; goes on\n"
    "                    where it was interrupted\n"
    "    --from LEVEL    the key lies at this level so far\n"
    "  key status        where the machine key lies, and how old it is\n"
    "    --json          for programs\n"
    "  audit export      every record of what printers did here\n"
    "    --csv, --json   as a table, or for programs\n"
    "    --since TIME    only what is newer: 2026-11-21, 2026-11-21T19:30:00Z\n"
    "                    or an age such as 7d\n"
    "  audit verify      is every record there as it was written?\n"
    "    --expect N:HEX  and this one too, which the log has\n"
    "  --help            this text\n"
    "  --version         the version\n"
    "\n"
    "Exit codes: 0 stopped or done, 1 failure or a broken audit, 2 usage,\n"
    "78 configuration.\n";

static int
fail(int err, const struct ph_why *why)
{
    ph_log_error("%s", why->text[0] != '\0' ? why->text : ph_err_text(err));
    switch (err) {
    case PH_ERR_CONFIG:
    case PH_ERR_NOT_FOUND:
    case PH_ERR_DENIED:
    case PH_ERR_INVALID:
    case PH_ERR_UNSUPPORTED:
    case PH_ERR_CORRUPT:
    case PH_ERR_STATE:
        return EXIT_BAD_CONFIG;
    default:
        return EXIT_FAILED;
    }
}

enum option_bit {
    OPTION_FROM = 1 << 0,
    OPTION_JSON = 1 << 1,
    OPTION_CSV = 1 << 2,
    OPTION_SINCE = 1 << 3,
    OPTION_EXPECT = 1 << 4,
    OPTION_IF_MISSING = 1 << 5,
};

struct command_line {
    const char *config_dir;
    unsigned options; /* that were given */
    const char *from;
    const char *since;
    const char *expect;
    int argc;
    char **argv;
};

static int
usage(const char *why)
{
    (void)fprintf(stderr, "printhold-agent: %s; see --help\n", why);
    return EXIT_USAGE;
}

/* --- the commands: an error, or what the program ends with --- */

static int
run_agent(const struct ph_config *config, const struct command_line *line,
          struct ph_why *why, enum exit_code *out_code)
{
    (void)line;
    (void)out_code;
    return ph_agent_run(config, why);
}

static int
run_key_init(const struct ph_config *config, const struct command_line *line,
             struct ph_why *why, enum exit_code *out_code)
{
    (void)out_code;
    return ph_key_command_init(config, (line->options & OPTION_IF_MISSING) != 0,
                               why);
}

static int
run_key_rotate(const struct ph_config *config, const struct command_line *line,
               struct ph_why *why, enum exit_code *out_code)
{
    (void)out_code;
    return ph_key_command_rotate(config, line->from, why);
}

static int
run_key_status(const struct ph_config *config, const struct command_line *line,
               struct ph_why *why, enum exit_code *out_code)
{
    (void)out_code;
    return ph_key_command_status(config, (line->options & OPTION_JSON) != 0,
                                 why);
}

/* What a person typed is no configuration. */
static int
judge_words(int err, const struct ph_why *why, enum exit_code *out_code)
{
    if (err != PH_ERR_INVALID)
        return err;
    *out_code = (enum exit_code)usage(why->text);
    return PH_OK;
}

static int
run_audit_export(const struct ph_config *config,
                 const struct command_line *line, struct ph_why *why,
                 enum exit_code *out_code)
{
    const unsigned form = line->options & (OPTION_CSV | OPTION_JSON);

    if (form != OPTION_CSV && form != OPTION_JSON) {
        *out_code = (enum exit_code)usage("audit export takes --csv or --json");
        return PH_OK;
    }
    return judge_words(
        ph_audit_command_export(config, form == OPTION_CSV, line->since, why),
        why, out_code);
}

static int
run_audit_verify(const struct ph_config *config,
                 const struct command_line *line, struct ph_why *why,
                 enum exit_code *out_code)
{
    bool is_intact = true;
    int err = ph_audit_command_verify(config, line->expect, &is_intact, why);

    if (err == PH_OK && !is_intact)
        *out_code = EXIT_FAILED;
    return judge_words(err, why, out_code);
}

static const struct command {
    const char *words[2];
    unsigned options; /* allowed */
    int (*run)(const struct ph_config *config, const struct command_line *line,
               struct ph_why *why, enum exit_code *out_code);
} commands[] = {
    {{NULL, NULL}, 0, run_agent},
    {{"key", "init"}, OPTION_IF_MISSING, run_key_init},
    {{"key", "rotate"}, OPTION_FROM, run_key_rotate},
    {{"key", "status"}, OPTION_JSON, run_key_status},
    {{"audit", "export"},
     OPTION_CSV | OPTION_JSON | OPTION_SINCE,
     run_audit_export},
    {{"audit", "verify"}, OPTION_EXPECT, run_audit_verify},
};

/* NULL: none of them. */
static const struct command *
command_of(const struct command_line *line)
{
    for (size_t i = 0; i < PH_COUNT(commands); i++) {
        const struct command *command = &commands[i];

        if (command->words[0] == NULL
                ? line->argc == 0
                : line->argc == 2 &&
                      strcmp(line->argv[0], command->words[0]) == 0 &&
                      strcmp(line->argv[1], command->words[1]) == 0)
            return command;
    }
    return NULL;
}

static int
run(const struct command_line *line)
{
    const struct command *command = command_of(line);
    enum ph_log_level level = PH_LOG_INFO;
    enum exit_code code = EXIT_OK;
    struct ph_config config;
    struct ph_why why = {""};
    int err;

    if (command == NULL)
        return usage("unknown command");
    if ((line->options & ~command->options) != 0)
        return usage("this command does not take that option");
    err = ph_config_load(line->config_dir, &config, &why);
    if (err != PH_OK)
        return fail(PH_ERR_CONFIG, &why);
    (void)ph_log_level_parse(config.log_level, &level);
    ph_log_set_level(level);
    err = command->run(&config, line, &why, &code);
    return err == PH_OK ? (int)code : fail(err, &why);
}

/* --- the command line --- */

static void
take_option(struct command_line *line, int option, const char *value)
{
    switch (option) {
    case 'c':
        line->config_dir = value;
        break;
    case 'f':
        line->from = value;
        line->options |= OPTION_FROM;
        break;
    case 's':
        line->since = value;
        line->options |= OPTION_SINCE;
        break;
    case 'e':
        line->expect = value;
        line->options |= OPTION_EXPECT;
        break;
    case 'v':
        line->options |= OPTION_CSV;
        break;
    case 'm':
        line->options |= OPTION_IF_MISSING;
        break;
    default:
        line->options |= OPTION_JSON;
        break;
    }
}

int
main(int argc, char **argv)
{
    static const struct option options[] = {
        {"config-dir", required_argument, NULL, 'c'},
        {"if-missing", no_argument, NULL, 'm'},
        {"from", required_argument, NULL, 'f'},
        {"json", no_argument, NULL, 'j'},
        {"csv", no_argument, NULL, 'v'},
        {"since", required_argument, NULL, 's'},
        {"expect", required_argument, NULL, 'e'},
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'V'},
        {NULL, 0, NULL, 0},
    };
    struct command_line line = {.config_dir = NULL};
    int option;

    ph_harden();
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGXFSZ, SIG_IGN);
    /* Printers never have more than 8 of them (release_private.h). */
    (void)setenv("UV_THREADPOOL_SIZE", "12", 0);
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case 'c':
        case 'f':
        case 's':
        case 'e':
        case 'v':
        case 'm':
        case 'j':
            take_option(&line, option, optarg);
            break;
        case 'h':
            (void)fputs(help, stdout);
            return EXIT_OK;
        case 'V':
            (void)puts("printhold-agent " PRINTHOLD_VERSION);
            return EXIT_OK;
        default:
            return EXIT_USAGE;
        }
    }
    line.argc = argc - optind;
    line.argv = argv + optind;
    return run(&line);
}
