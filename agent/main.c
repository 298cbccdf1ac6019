/* printhold-agent: command line and exit codes. See printhold-agent(8). */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent.h"
#include "harden.h"
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
    "\n"
    "Holds print jobs on this computer until a printer pulls them.\n"
    "\n"
    "  --config-dir DIR  read printhold.conf and conf.d/*.conf from DIR\n"
    "                    (default $PRINTHOLD_CONFIG_DIR or " PH_CONFIG_DIR ")\n"
    "  key init          make the machine key that protects the spool\n"
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
        return EXIT_BAD_CONFIG;
    default:
        return EXIT_FAILED;
    }
}

static int
run(const char *config_dir, int argc, char **argv)
{
    enum ph_log_level level = PH_LOG_INFO;
    struct ph_config config;
    struct ph_why why = {""};
    int err = ph_config_load(config_dir, &config, &why);

    if (err != PH_OK)
        return fail(PH_ERR_CONFIG, &why);
    (void)ph_log_level_parse(config.log_level, &level);
    ph_log_set_level(level);
    if (argc == 0)
        err = ph_agent_run(&config, &why);
    else if (argc == 2 && strcmp(argv[0], "key") == 0 &&
             strcmp(argv[1], "init") == 0)
        err = ph_agent_key_init(&config, &why);
    else {
        (void)fprintf(stderr, "printhold-agent: unknown command; see --help\n");
        return EXIT_USAGE;
    }
    return err == PH_OK ? EXIT_OK : fail(err, &why);
}

int
main(int argc, char **argv)
{
    static const struct option options[] = {
        {"config-dir", required_argument, NULL, 'c'},
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'V'},
        {NULL, 0, NULL, 0},
    };
    const char *config_dir = NULL;
    int option;

    ph_harden();
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGXFSZ, SIG_IGN);
    /* Verifying large jobs must not keep small ones waiting. */
    (void)setenv("UV_THREADPOOL_SIZE", "8", 0);
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case 'c':
            config_dir = optarg;
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
    return run(config_dir, argc - optind, argv + optind);
}
