/* printhold-hub: command line and exit codes. See printhold-hub(8). */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd_report.h"
#include "cmd_sign_in.h"
#include "command.h"
#include "config.h"
#include "init.h"
#include "printhold/base/attr.h"
#include "printhold/base/err.h"
#include "printhold/base/harden.h"
#include "printhold/base/log.h"
#include "printhold/proto/json.h"
#include "serve.h"

/* sysexits.h values, which service managers know by name. */
enum exit_code {
    EXIT_OK = 0,
    EXIT_FAILED = 1,
    EXIT_USAGE = 2,
    EXIT_BAD_CONFIG = 78, /* EX_CONFIG: do not restart, a person must act */
};

static const char help[] =
    "Usage: printhold-hub COMMAND [WORD...] [OPTION...]\n"
    "\n"
    "The server that knows people, devices and rules.\n"
    "\n"
    "  init               make a tenant: --tenant T --name HOST\n"
    "                     [--admin LOGIN] [--ca-cert FILE --ca-key FILE]\n"
    "  serve              answer devices until a signal comes\n"
    "  user               add, list, show, set, block, unblock, erase LOGIN\n"
    "                     [--name TEXT] [--group G] [--administrator yes|no]\n"
    "  printer            add, list, show, set, revoke ID [--name TEXT]\n"
    "                     [--group G] [--model TEXT] [--type TEXT]\n"
    "                     [--cert FILE]\n"
    "  workstation        the same without model and type; and bind,\n"
    "                     unbind ID LOGIN\n"
    "  token              add --class workstation|printer [--id ID]\n"
    "                     [--person LOGIN] [--name TEXT] [--group G]\n"
    "                     [--life 24h] [--count N]; list; remove NUMBER\n"
    "  service            issue ID: key and certificate of a server, such as\n"
    "                     the broker, to standard output\n"
    "  issuer             rotate [--after 1d]: another key for grants; show\n"
    "  badge              add LOGIN, list [LOGIN], remove BADGE [--file FILE]\n"
    "  pin                set, make, remove LOGIN [--file FILE] [--life 90d]\n"
    "                     [--with-badge]\n"
    "  password           set, remove LOGIN [--file FILE]\n"
    "  code               make, remove LOGIN\n"
    "  sign-in            set GROUP --ways \"WAY...\"\n"
    "                     [--self-registration yes|no]; list; remove GROUP\n"
    "  quota              set, remove --person LOGIN | --people GROUP\n"
    "                     [--period day|month] --pages N; list; show LOGIN\n"
    "  report             jobs, releases [--person LOGIN];\n"
    "                     usage [--by person|group|printer|day|month];\n"
    "                     [--from WHEN] [--to WHEN] [--format table|csv|json]\n"
    "  access             allow, deny, remove --person LOGIN | --people GROUP\n"
    "                     [--group PRINTERS | --printer ID]; list\n"
    "  policy             show [--workstation WS]; set MEMBER VALUE, unset\n"
    "                     [MEMBER] [--group G | --workstation WS]\n"
    "  command            delete-jobs WS --person LOGIN | --jobs \"ID...\",\n"
    "                     purge-user LOGIN, refresh WS, renew-certificate WS\n"
    "                     [--life 7d] [--wait 60s]; list; show NUMBER\n"
    "  crl                revoked certificates, for brokers [--life 30d]\n"
    "  denied             printers that workstations must not serve\n"
    "  audit              list, verify: what was done\n"
    "  config             show: the settings in force; check: all that is\n"
    "                     wrong with them\n"
    "\n"
    "  --dir DIR          the hub's directory (default hub.state_dir)\n"
    "  --config FILE      settings (default " PH_CONFIG_DIR "/hub.conf)\n"
    "  --json             for programs\n"
    "  --help             this text\n"
    "  --version          the version\n"
    "\n"
    "Exit codes: 0 done, 1 failure, 2 usage, 78 configuration.\n";

#define DEVICE_OPTIONS  (HUB_TAKES(NAME) | HUB_TAKES(GROUP))
#define PRINTER_OPTIONS (DEVICE_OPTIONS | HUB_TAKES(MODEL) | HUB_TAKES(TYPE))
#define ACCESS_OPTIONS                                          \
    (HUB_TAKES(PERSON) | HUB_TAKES(PEOPLE) | HUB_TAKES(GROUP) | \
     HUB_TAKES(PRINTER))
#define COMMAND_OPTIONS (HUB_TAKES(LIFE) | HUB_TAKES(WAIT))

#define QUOTA_OPTIONS \
    (HUB_TAKES(PERSON) | HUB_TAKES(PEOPLE) | HUB_TAKES(PERIOD))
#define SPAN_OPTIONS (HUB_TAKES(FROM) | HUB_TAKES(TO) | HUB_TAKES(FORMAT))
#define ROWS_OPTIONS (SPAN_OPTIONS | HUB_TAKES(PERSON))

/* words: what follows the name of the command. */
static const struct command {
    const char *name[2];
    int words;
    uint64_t options;
    hub_command_run run;
} commands[] = {
    {{"user", "add"},
     1,
     DEVICE_OPTIONS | HUB_TAKES(ADMINISTRATOR),
     hub_cmd_user_add},
    {{"user", "list"}, 0, 0, hub_cmd_user_list},
    {{"user", "show"}, 1, 0, hub_cmd_user_show},
    {{"user", "set"},
     1,
     DEVICE_OPTIONS | HUB_TAKES(ADMINISTRATOR),
     hub_cmd_user_set},
    {{"user", "block"}, 1, 0, hub_cmd_user_block},
    {{"user", "unblock"}, 1, 0, hub_cmd_user_unblock},
    {{"user", "erase"}, 1, 0, hub_cmd_user_erase},
    {{"printer", "add"},
     1,
     PRINTER_OPTIONS | HUB_TAKES(CERT),
     hub_cmd_printer_add},
    {{"printer", "list"}, 0, 0, hub_cmd_printer_list},
    {{"printer", "show"}, 1, 0, hub_cmd_printer_show},
    {{"printer", "set"}, 1, PRINTER_OPTIONS, hub_cmd_printer_set},
    {{"printer", "revoke"}, 1, 0, hub_cmd_printer_revoke},
    {{"workstation", "add"},
     1,
     DEVICE_OPTIONS | HUB_TAKES(CERT),
     hub_cmd_workstation_add},
    {{"workstation", "list"}, 0, 0, hub_cmd_workstation_list},
    {{"workstation", "show"}, 1, 0, hub_cmd_workstation_show},
    {{"workstation", "set"}, 1, DEVICE_OPTIONS, hub_cmd_workstation_set},
    {{"workstation", "revoke"}, 1, 0, hub_cmd_workstation_revoke},
    {{"workstation", "bind"}, 2, 0, hub_cmd_workstation_bind},
    {{"workstation", "unbind"}, 2, 0, hub_cmd_workstation_unbind},
    {{"token", "add"},
     0,
     DEVICE_OPTIONS | HUB_TAKES(CLASS) | HUB_TAKES(ID) | HUB_TAKES(PERSON) |
         HUB_TAKES(LIFE) | HUB_TAKES(MANY),
     hub_cmd_token_add},
    {{"token", "list"}, 0, 0, hub_cmd_token_list},
    {{"token", "remove"}, 1, 0, hub_cmd_token_remove},
    {{"service", "issue"}, 1, 0, hub_cmd_service_issue},
    {{"issuer", "rotate"}, 0, HUB_TAKES(AFTER), hub_cmd_issuer_rotate},
    {{"issuer", "show"}, 0, 0, hub_cmd_issuer_show},
    {{"badge", "add"}, 1, HUB_TAKES(FILE), hub_cmd_badge_add},
    {{"badge", "list"}, 1, 0, hub_cmd_badge_list},
    {{"badge", "remove"}, 1, 0, hub_cmd_badge_remove},
    {{"pin", "set"},
     1,
     HUB_TAKES(FILE) | HUB_TAKES(LIFE) | HUB_TAKES(WITH_BADGE),
     hub_cmd_pin_set},
    {{"pin", "make"},
     1,
     HUB_TAKES(LIFE) | HUB_TAKES(WITH_BADGE),
     hub_cmd_pin_make},
    {{"pin", "remove"}, 1, 0, hub_cmd_pin_remove},
    {{"password", "set"}, 1, HUB_TAKES(FILE), hub_cmd_password_set},
    {{"password", "remove"}, 1, 0, hub_cmd_password_remove},
    {{"code", "make"}, 1, 0, hub_cmd_code_make},
    {{"code", "remove"}, 1, 0, hub_cmd_code_remove},
    {{"sign-in", "set"},
     1,
     HUB_TAKES(WAYS) | HUB_TAKES(SELF_REGISTRATION),
     hub_cmd_sign_in_set},
    {{"sign-in", "list"}, 0, 0, hub_cmd_sign_in_list},
    {{"sign-in", "remove"}, 1, 0, hub_cmd_sign_in_remove},
    {{"quota", "set"}, 0, QUOTA_OPTIONS | HUB_TAKES(PAGES), hub_cmd_quota_set},
    {{"quota", "remove"}, 0, QUOTA_OPTIONS, hub_cmd_quota_remove},
    {{"quota", "list"}, 0, 0, hub_cmd_quota_list},
    {{"quota", "show"}, 1, 0, hub_cmd_quota_show},
    {{"report", "jobs"}, 0, ROWS_OPTIONS, hub_cmd_report_jobs},
    {{"report", "releases"}, 0, ROWS_OPTIONS, hub_cmd_report_releases},
    {{"report", "usage"},
     0,
     SPAN_OPTIONS | HUB_TAKES(BY),
     hub_cmd_report_usage},
    {{"access", "list"}, 0, 0, hub_cmd_access_list},
    {{"access", "allow"}, 0, ACCESS_OPTIONS, hub_cmd_access_allow},
    {{"access", "deny"}, 0, ACCESS_OPTIONS, hub_cmd_access_deny},
    {{"access", "remove"}, 0, ACCESS_OPTIONS, hub_cmd_access_remove},
    {{"policy", "show"}, 0, HUB_TAKES(WORKSTATION), hub_cmd_policy_show},
    {{"policy", "set"},
     2,
     HUB_TAKES(GROUP) | HUB_TAKES(WORKSTATION),
     hub_cmd_policy_set},
    {{"policy", "unset"},
     1,
     HUB_TAKES(GROUP) | HUB_TAKES(WORKSTATION),
     hub_cmd_policy_unset},
    {{"command", "delete-jobs"},
     1,
     COMMAND_OPTIONS | HUB_TAKES(PERSON) | HUB_TAKES(JOBS),
     hub_cmd_command_delete_jobs},
    {{"command", "purge-user"}, 1, COMMAND_OPTIONS, hub_cmd_command_purge_user},
    {{"command", "refresh"}, 1, COMMAND_OPTIONS, hub_cmd_command_refresh},
    {{"command", "renew-certificate"},
     1,
     COMMAND_OPTIONS,
     hub_cmd_command_renew_certificate},
    {{"command", "list"}, 0, 0, hub_cmd_command_list},
    {{"command", "show"}, 1, HUB_TAKES(WAIT), hub_cmd_command_show},
    {{"crl", NULL}, 0, HUB_TAKES(LIFE), hub_cmd_crl},
    {{"denied", NULL}, 0, HUB_TAKES(CLASS), hub_cmd_denied},
    {{"audit", "list"}, 0, 0, hub_cmd_audit_list},
    {{"audit", "verify"}, 0, 0, hub_cmd_audit_verify},
};

static int
usage(const char *why)
{
    (void)fprintf(stderr, "printhold-hub: %s; see --help\n", why);
    return EXIT_USAGE;
}

static int
fail(int err, const struct ph_why *why)
{
    const char *text = why->text[0] != '\0' ? why->text : ph_err_text(err);

    if (err == PH_ERR_INVALID)
        return usage(text);
    (void)fprintf(stderr, "printhold-hub: %s\n", text);
    return EXIT_FAILED;
}

/* A service that cannot start for what a person must change is not tried
 * again. */
static int
fail_serve(int err, const struct ph_why *why)
{
    ph_log_error("%s", why->text[0] != '\0' ? why->text : ph_err_text(err));
    switch (err) {
    case PH_ERR_CONFIG:
    case PH_ERR_NOT_FOUND:
    case PH_ERR_DENIED:
    case PH_ERR_UNSUPPORTED:
    case PH_ERR_CORRUPT:
        return EXIT_BAD_CONFIG;
    default:
        return EXIT_FAILED;
    }
}

/* --- what needs no store --- */

static int
run_init(const struct hub_options *options, const char *dir)
{
    const struct hub_init init = {
        .dir = dir,
        .tenant = options->value[HUB_OPTION_TENANT],
        .host = options->value[HUB_OPTION_NAME],
        .admin = options->value[HUB_OPTION_ADMIN],
        .ca_cert = options->value[HUB_OPTION_CA_CERT],
        .ca_key = options->value[HUB_OPTION_CA_KEY],
    };
    struct ph_why why = {""};
    int err = hub_init(&init, &why);

    if (err != PH_OK)
        return fail(err, &why);
    (void)printf("The hub of %s is in %s. Start it with: printhold-hub "
                 "serve\n",
                 init.tenant, dir);
    return EXIT_OK;
}

static int
run_config_show(const struct hub_config *config)
{
    const char *section = "";

    for (size_t i = 0; i < hub_config_form.count; i++) {
        const struct ph_config_setting *setting = &hub_config_form.table[i];
        char value[PH_CONFIG_TEXT_MAX];

        if (strcmp(section, setting->section) != 0)
            (void)printf("%s[%s]\n", i > 0 ? "\n" : "", setting->section);
        section = setting->section;
        ph_config_format(config, setting, value, sizeof(value));
        (void)printf("%s = %s\n", setting->key, value);
    }
    return EXIT_OK;
}

/* NULL: the default file. */
static int
run_config_check(const char *path, bool json)
{
    struct ph_findings *findings = calloc(1, sizeof(*findings));
    struct ph_why why = {""};
    json_t *root = NULL;
    int err = PH_ERR_NOMEM;

    if (findings != NULL)
        err = hub_config_check(path, findings, &why);
    if (err == PH_OK && json) {
        root = ph_json_findings(findings);
        err = root != NULL ? PH_OK : PH_ERR_NOMEM;
    }
    if (err == PH_OK && json) {
        (void)json_dumpf(root, stdout, JSON_INDENT(2));
        (void)fputc('\n', stdout);
    } else if (err == PH_OK) {
        for (size_t i = 0; i < findings->count; i++)
            (void)fprintf(stderr, "printhold-hub: %s\n",
                          findings->list[i].why.text);
        if (findings->count == 0)
            (void)puts("The configuration is valid.");
    }
    if (err == PH_OK && findings->count > 0)
        err = PH_ERR_CONFIG;
    json_decref(root);
    free(findings);
    return err == PH_OK           ? EXIT_OK
           : err == PH_ERR_CONFIG ? EXIT_BAD_CONFIG
                                  : fail(err, &why);
}

static int
run_serve(const struct hub_config *config, const char *dir)
{
    enum ph_log_level level = PH_LOG_INFO;
    struct ph_why why = {""};
    struct hub hub;
    int err;

    (void)ph_log_level_parse(config->log_level, &level);
    ph_log_set_level(level);
    err = hub_open(dir, config, &hub, &why);
    if (err != PH_OK)
        return fail_serve(err, &why);
    err = hub_serve(&hub, &why);
    hub_close(&hub);
    return err == PH_OK ? EXIT_OK : fail_serve(err, &why);
}

/* --- the others --- */

/* NULL: none of them; the words behind its name are what is left. */
static const struct command *
command_of(const struct hub_options *options)
{
    for (size_t i = 0; i < PH_COUNT(commands); i++) {
        const struct command *each = &commands[i];

        if (options->word_count > 0 &&
            strcmp(options->word[0], each->name[0]) == 0 &&
            (each->name[1] == NULL ||
             (options->word_count > 1 &&
              strcmp(options->word[1], each->name[1]) == 0)))
            return each;
    }
    return NULL;
}

static bool
takes(const struct hub_options *options, uint64_t allowed)
{
    allowed |= HUB_TAKES(DIR) | HUB_TAKES(CONFIG) | HUB_TAKES(JSON);
    for (int i = 0; i < HUB_OPTION_COUNT; i++) {
        if (options->value[i] != NULL && (allowed >> i & 1) == 0)
            return false;
    }
    return true;
}

static int
run_command(const struct hub_options *options, const struct hub_config *config,
            const char *dir)
{
    const struct command *found = command_of(options);
    const int skip = found != NULL && found->name[1] != NULL ? 2 : 1;
    struct ph_why why = {""};
    struct hub hub;
    struct hub_command command = {
        .hub = &hub,
        .options = options,
        .json = options->value[HUB_OPTION_JSON] != NULL,
        .why = &why,
    };
    int err;

    if (found == NULL)
        return usage("unknown command");
    if (options->word_count > skip + found->words)
        return usage("too many words");
    if (!takes(options, found->options))
        return usage("this command does not take that option");
    if (options->word_count > skip)
        command.word = options->word[skip];
    if (options->word_count > skip + 1)
        command.more = options->word[skip + 1];
    err = hub_open(dir, config, &hub, &why);
    if (err != PH_OK)
        return fail(err, &why);
    err = found->run(&command);
    hub_close(&hub);
    return err == PH_OK ? EXIT_OK : fail(err, &why);
}

static bool
is(const struct hub_options *options, const char *first, const char *second)
{
    return options->word_count == (second != NULL ? 2 : 1) &&
           strcmp(options->word[0], first) == 0 &&
           (second == NULL || strcmp(options->word[1], second) == 0);
}

static int
run(const struct hub_options *options)
{
    const uint64_t init_options = HUB_TAKES(TENANT) | HUB_TAKES(NAME) |
                                  HUB_TAKES(ADMIN) | HUB_TAKES(CA_CERT) |
                                  HUB_TAKES(CA_KEY);
    const char *dir = options->value[HUB_OPTION_DIR];
    struct hub_config config;
    struct ph_why why = {""};

    if (is(options, "config", "check"))
        return takes(options, 0)
                   ? run_config_check(options->value[HUB_OPTION_CONFIG],
                                      options->value[HUB_OPTION_JSON] != NULL)
                   : usage("this command does not take that option");
    if (hub_config_load(options->value[HUB_OPTION_CONFIG], &config, &why) !=
        PH_OK) {
        (void)fprintf(stderr, "printhold-hub: %s\n", why.text);
        return EXIT_BAD_CONFIG;
    }
    if (dir == NULL)
        dir = config.state_dir;
    if (strlen(dir) > 160)
        return usage("--dir is longer than 160 bytes");
    if (is(options, "init", NULL))
        return takes(options, init_options)
                   ? run_init(options, dir)
                   : usage("this command does not take that option");
    if (is(options, "serve", NULL))
        return takes(options, 0)
                   ? run_serve(&config, dir)
                   : usage("this command does not take that option");
    if (is(options, "config", "show"))
        return run_config_show(&config);
    return run_command(options, &config, dir);
}

int
main(int argc, char **argv)
{
    struct hub_options options;
    struct ph_why why = {""};

    ph_harden();
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGXFSZ, SIG_IGN);
    if (hub_options_parse(argc, argv, &options, &why) != PH_OK)
        return usage(why.text);
    if (options.wants_help) {
        (void)fputs(help, stdout);
        return EXIT_OK;
    }
    if (options.wants_version) {
        (void)puts("printhold-hub " PRINTHOLD_VERSION);
        return EXIT_OK;
    }
    if (options.word_count == 0)
        return usage("a command is needed");
    return run(&options);
}
