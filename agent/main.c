/* printhold-agent: command line and exit codes. See printhold-agent(8). */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent.h"
#include "harden.h"
#include "key_command.h"
#include "printhold/base/err.h"
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
    "       printhold-agent [--config-dir DIR] key init\n"
    "       printhold-agent [--config-dir DIR] key rotate [--from LEVEL]\n"
    "       printhold-agent [--config-dir DIR] key status [--json]\n"
    "\n"
    "Holds print jobs on this computer until a printer pulls them.\n"
    "\n"
    "  --config-dir DIR  read printhold.conf and conf.d/*.conf from DIR\n"
    "                    (default $PRINTHOLD_CONFIG_DIR or " PH_CONFIG_DIR ")\n"
    "  key init          make the machine key that protects the spool\n"
    "  key rotate        put another in its place, held jobs stay; goes on\n"
    "                    where it was interrupted\n"
    "    --from LEVEL    the key lies at this level so far\n"
    "  key status        where the machine key lies, and how old it is\n"
    "    --json          for programs\n"
    "  --help            this text\n"
    "  --version         the version\n"
    "\n"
    "Exit codes: 0 stopped or done, 1 failure, 2 usage, 78 configuration.\n";

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

struct command_line {
    const char *config_dir;
    const char *from;
    bool json;
    int argc;
    char **argv;
};

static int
usage(const char *why)
{
    (void)fprintf(stderr, "printhold-agent: %s; see --help\n", why);
    return EXIT_USAGE;
}

/* Which of the commands it is: "" is the agent itself. */
static const char *
command_of(const struct command_line *line)
{
    if (line->argc == 0)
        return "";
    if (line->argc == 2 && strcmp(line->argv[0], "key") == 0)
        return line->argv[1];
    return "unknown";
}

static int
run(const struct command_line *line)
{
    const char *command = command_of(line);
    enum ph_log_level level = PH_LOG_INFO;
    struct ph_config config;
    struct ph_why why = {""};
    int err;

    if (line->json && strcmp(command, "status") != 0)
        return usage("--json belongs to key status");
    if (line->from != NULL && strcmp(command, "rotate") != 0)
        return usage("--from belongs to key rotate");
    err = ph_config_load(line->config_dir, &config, &why);
    if (err != PH_OK)
        return fail(PH_ERR_CONFIG, &why);
    (void)ph_log_level_parse(config.log_level, &level);
    ph_log_set_level(level);
    if (command[0] == '\0')
        err = ph_agent_run(&config, &why);
    else if (strcmp(command, "init") == 0)
        err = ph_key_command_init(&config, &why);
    else if (strcmp(command, "rotate") == 0)
        err = ph_key_command_rotate(&config, line->from, &why);
    else if (strcmp(command, "status") == 0)
        err = ph_key_command_status(&config, line->json, &why);
    else
        return usage("unknown command");
    return err == PH_OK ? EXIT_OK : fail(err, &why);
}

int
main(int argc, char **argv)
{
    static const struct option options[] = {
        {"config-dir", required_argument, NULL, 'c'},
        {"from", required_argument, NULL, 'f'},
        {"json", no_argument, NULL, 'j'},
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'V'},
        {NULL, 0, NULL, 0},
    };
    struct command_line line = {.config_dir = NULL};
    int option;

    ph_harden();
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGXFSZ, SIG_IGN);
    /* Verifying large jobs must not keep small ones waiting. */
    (void)setenv("UV_THREADPOOL_SIZE", "8", 0);
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case 'c':
            line.config_dir = optarg;
            break;
        case 'f':
            line.from = optarg;
            break;
        case 'j':
            line.json = true;
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
