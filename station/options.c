#include "options.h"

#include <getopt.h>
#include <string.h>

#include "printhold/base/attr.h"
#include "printhold/base/err.h"
#include "printhold/base/parse.h"

#define TRIES_DEFAULT     8
#define TRIES_MAX         1000
#define TIMEOUT_DEFAULT_S 30
#define TIMEOUT_MAX_S     3600

static const char usage_text[] =
    "Usage: printhold-station enrol --server URL --token-file FILE\n"
    "           --pin PIN | --ca FILE [--state DIR] [--json]\n"
    "       printhold-station renew [--if-due] [--state DIR] [--json]\n"
    "       printhold-station sign-in --way WAY [OPTION...]\n"
    "       printhold-station pin --way WAY [--choose] [OPTION...]\n"
    "       printhold-station list | pull --workstation HOST[:PORT]\n"
    "           --grant-file FILE | --code-file FILE [OPTION...]\n"
    "\n"
    "Commands:\n"
    "  enrol    exchange a token for the certificate of this printer\n"
    "  renew    get the next certificate now; the others do it by themselves\n"
    "           when two thirds of its life are over\n"
    "  sign-in  sign a person in at the hub and show what is held on all\n"
    "           workstations; with --output pull it from there\n"
    "  pin      get the person another PIN: one that the hub makes, or with\n"
    "           --choose one that is typed and opens beside a badge\n"
    "  list     show the held jobs that the grant or code covers\n"
    "  pull     fetch jobs into a directory and report them as printed\n"
    "\n"
    "Options:\n"
    "  --state DIR                where the identity from enrol lies;\n"
    "                             " PH_STATION_STATE "\n"
    "  --cert FILE, --key FILE, --ca FILE\n"
    "                             certificate and key of this printer, and "
    "the\n"
    "                             fleet's CA, PEM, in place of that identity\n"
    "  --json                     print JSON\n"
    "  --quiet                    no progress\n"
    "  --tries N                  give up after N tries; 8\n"
    "  --timeout TIME             without a byte, such as 30s or 2m; 30s\n"
    "  --help, --version\n"
    "\n"
    "Options of enrol:\n"
    "  --server URL               https://HOST of the hub; port 9445\n"
    "  --token-file FILE          the token, mode 0600; - is standard input\n"
    "  --pin PIN                  the pin of the hub's authority, or\n"
    "  --ca FILE                  its certificate, PEM\n"
    "\n"
    "Options of renew:\n"
    "  --if-due                   only when two thirds of its life are over; "
    "and\n"
    "                             tell the hub what it was not told yet\n"
    "\n"
    "Options of list and pull:\n"
    "  --workstation HOST[:PORT]  where the workstation is; port 9443\n"
    "  --workstation-id ID        which one must answer, by its certificate;\n"
    "                             without it the certificate must be for HOST\n"
    "  --grant-file FILE          the release grant; - is standard input\n"
    "  --code-file FILE           the code of printhold code in place of a "
    "grant;\n"
    "                             - is standard input\n"
    "\n"
    "Options of sign-in:\n"
    "  --hub HOST[:PORT]          where the hub is; port 9444; unless said, "
    "where\n"
    "                             it was at enrolment\n"
    "  --way WAY                  badge, pin, badge+pin, code or password;\n"
    "                             the badge's number and the secrets are "
    "typed,\n"
    "                             or are lines of standard input\n"
    "  --login LOGIN              who, with --way password\n"
    "  --secret-file FILE         take the lines from there\n"
    "  --register-badge           with code or password: one line more is a\n"
    "                             badge that is the person's from now on\n"
    "\n"
    "Options of pull, and of sign-in to pull:\n"
    "  --output DIR               where the documents go\n"
    "  --job ID                   this job; may be given again\n"
    "  --all                      all jobs that the grant or code covers\n"
    "  --choose                   (sign-in) ask which, by numbers\n"
    "  --force                    replace files of the same name\n"
    "  --no-complete              do not report: the job stays held\n"
    "  --keep-claim               do not give back the claim of a job that "
    "was\n"
    "                             not reported\n"
    "\n"
    "Exit status: 0 done, 1 other failure, 2 wrong command line, 3 refused,\n"
    "4 no such job or held by another printer, 5 workstation or hub not\n"
    "reachable or too busy,\n"
    "6 damaged answer or document, 7 cannot store the document.\n";

enum {
    OPT_WORKSTATION = 1,
    OPT_WORKSTATION_ID,
    OPT_CERT,
    OPT_KEY,
    OPT_CA,
    OPT_GRANT_FILE,
    OPT_CODE_FILE,
    OPT_JSON,
    OPT_QUIET,
    OPT_TRIES,
    OPT_TIMEOUT,
    OPT_OUTPUT,
    OPT_JOB,
    OPT_ALL,
    OPT_FORCE,
    OPT_NO_COMPLETE,
    OPT_KEEP_CLAIM,
    OPT_HUB,
    OPT_WAY,
    OPT_LOGIN,
    OPT_SECRET_FILE,
    OPT_REGISTER_BADGE,
    OPT_CHOOSE,
    OPT_STATE,
    OPT_SERVER,
    OPT_TOKEN_FILE,
    OPT_PIN,
    OPT_IF_DUE,
    OPT_HELP,
    OPT_VERSION,
};

static const struct option long_options[] = {
    {"workstation", required_argument, NULL, OPT_WORKSTATION},
    {"workstation-id", required_argument, NULL, OPT_WORKSTATION_ID},
    {"cert", required_argument, NULL, OPT_CERT},
    {"key", required_argument, NULL, OPT_KEY},
    {"ca", required_argument, NULL, OPT_CA},
    {"grant-file", required_argument, NULL, OPT_GRANT_FILE},
    {"code-file", required_argument, NULL, OPT_CODE_FILE},
    {"json", no_argument, NULL, OPT_JSON},
    {"quiet", no_argument, NULL, OPT_QUIET},
    {"tries", required_argument, NULL, OPT_TRIES},
    {"timeout", required_argument, NULL, OPT_TIMEOUT},
    {"output", required_argument, NULL, OPT_OUTPUT},
    {"job", required_argument, NULL, OPT_JOB},
    {"all", no_argument, NULL, OPT_ALL},
    {"force", no_argument, NULL, OPT_FORCE},
    {"no-complete", no_argument, NULL, OPT_NO_COMPLETE},
    {"keep-claim", no_argument, NULL, OPT_KEEP_CLAIM},
    {"hub", required_argument, NULL, OPT_HUB},
    {"way", required_argument, NULL, OPT_WAY},
    {"login", required_argument, NULL, OPT_LOGIN},
    {"secret-file", required_argument, NULL, OPT_SECRET_FILE},
    {"register-badge", no_argument, NULL, OPT_REGISTER_BADGE},
    {"choose", no_argument, NULL, OPT_CHOOSE},
    {"state", required_argument, NULL, OPT_STATE},
    {"server", required_argument, NULL, OPT_SERVER},
    {"token-file", required_argument, NULL, OPT_TOKEN_FILE},
    {"pin", required_argument, NULL, OPT_PIN},
    {"if-due", no_argument, NULL, OPT_IF_DUE},
    {"help", no_argument, NULL, OPT_HELP},
    {"version", no_argument, NULL, OPT_VERSION},
    {NULL, 0, NULL, 0},
};

const char *
ph_options_usage(void)
{
    return usage_text;
}

static int
take_job(struct ph_options *options, const char *text, struct ph_why *why)
{
    struct ph_id id;

    if (ph_id_parse(text, &id) != PH_OK)
        return ph_why_fail(why, PH_ERR_INVALID,
                           "--job wants the 32 digits that list shows");
    if (options->job_count == PH_OPTIONS_JOBS_MAX)
        return ph_why_fail(why, PH_ERR_INVALID, "at most %d jobs at once",
                           PH_OPTIONS_JOBS_MAX);
    ph_id_format(&id, options->job[options->job_count++]);
    return PH_OK;
}

static int
take_tries(struct ph_options *options, const char *text, struct ph_why *why)
{
    uint64_t tries;

    if (ph_parse_u64(text, 1, TRIES_MAX, &tries) != PH_OK)
        return ph_why_fail(why, PH_ERR_INVALID, "--tries is 1 to %d",
                           TRIES_MAX);
    options->tries = (unsigned)tries;
    return PH_OK;
}

/* Where a value that is taken as it stands goes; NULL for the others. */
static const char **
place_of(struct ph_options *options, int option)
{
    switch (option) {
    case OPT_WORKSTATION:
    case OPT_HUB:
        return &options->https.address;
    case OPT_WORKSTATION_ID:
        return &options->https.workstation_id;
    case OPT_CERT:
        return &options->https.cert_file;
    case OPT_KEY:
        return &options->https.key_file;
    case OPT_CA:
        return &options->https.ca_file;
    case OPT_STATE:
        return &options->state;
    case OPT_SERVER:
        return &options->server;
    case OPT_TOKEN_FILE:
        return &options->token_file;
    case OPT_PIN:
        return &options->pin;
    case OPT_GRANT_FILE:
        return &options->grant_file;
    case OPT_CODE_FILE:
        return &options->code_file;
    case OPT_OUTPUT:
        return &options->output;
    case OPT_LOGIN:
        return &options->login;
    case OPT_SECRET_FILE:
        return &options->secret_file;
    default:
        return NULL;
    }
}

/* Options with a value. */
static int
take_value(struct ph_options *options, int option, const char *value,
           struct ph_why *why)
{
    const char **place = place_of(options, option);

    if (place != NULL) {
        *place = value[0] != '\0' ? value : NULL;
        options->https.is_hub = options->https.is_hub || option == OPT_HUB;
        return PH_OK;
    }
    switch (option) {
    case OPT_WAY:
        options->has_way = true;
        if (ph_sign_in_way_find(value, &options->way) == PH_OK)
            return PH_OK;
        return ph_why_fail(why, PH_ERR_INVALID,
                           "--way is badge, pin, badge+pin, code or password");
    case OPT_JOB:
        return take_job(options, value, why);
    case OPT_TRIES:
        return take_tries(options, value, why);
    case OPT_TIMEOUT:
        if (ph_parse_duration_s(value, 1, TIMEOUT_MAX_S,
                                &options->https.timeout_s) == PH_OK)
            return PH_OK;
        return ph_why_fail(why, PH_ERR_INVALID, "--timeout is 1s to 60m");
    default:
        return PH_ERR_INVALID;
    }
}

static int
take_option(struct ph_options *options, int option, struct ph_why *why)
{
    switch (option) {
    case OPT_JSON:
        options->json = true;
        return PH_OK;
    case OPT_QUIET:
        options->quiet = true;
        return PH_OK;
    case OPT_ALL:
        options->all = true;
        return PH_OK;
    case OPT_FORCE:
        options->force = true;
        return PH_OK;
    case OPT_NO_COMPLETE:
        options->no_complete = true;
        return PH_OK;
    case OPT_KEEP_CLAIM:
        options->keep_claim = true;
        return PH_OK;
    case OPT_REGISTER_BADGE:
        options->register_badge = true;
        return PH_OK;
    case OPT_CHOOSE:
        options->choose = true;
        return PH_OK;
    case OPT_IF_DUE:
        options->if_due = true;
        return PH_OK;
    default:
        return take_value(options, option, optarg, why);
    }
}

static int
take_command(struct ph_options *options, int argc, char **argv,
             struct ph_why *why)
{
    static const char *const names[] = {
        [PH_COMMAND_LIST] = "list",       [PH_COMMAND_PULL] = "pull",
        [PH_COMMAND_SIGN_IN] = "sign-in", [PH_COMMAND_ENROL] = "enrol",
        [PH_COMMAND_RENEW] = "renew",     [PH_COMMAND_PIN] = "pin",
    };

    if (optind + 1 != argc)
        return ph_why_fail(why, PH_ERR_INVALID,
                           optind == argc ? "a command is missing"
                                          : "one command only");
    for (size_t i = 0; i < PH_COUNT(names); i++)
        if (names[i] != NULL && strcmp(argv[optind], names[i]) == 0) {
            options->command = (enum ph_command)i;
            return PH_OK;
        }
    return ph_why_fail(why, PH_ERR_INVALID, "unknown command %s", argv[optind]);
}

static int
check_what_to_pull(const struct ph_options *options, struct ph_why *why)
{
    if (options->output == NULL)
        return ph_why_fail(why, PH_ERR_INVALID, "--output is missing");
    if (options->all + (options->job_count > 0) +
            (options->choose && options->command == PH_COMMAND_SIGN_IN) !=
        1)
        return ph_why_fail(why, PH_ERR_INVALID,
                           options->command == PH_COMMAND_SIGN_IN
                               ? "say one of --all, --choose, or which --job "
                                 "to pull"
                               : "say either --all or which --job to pull");
    return PH_OK;
}

static int
check_sign_in(const struct ph_options *options, struct ph_why *why)
{
    const bool is_password = options->way == PH_SIGN_IN_PASSWORD;

    if (options->https.workstation_id != NULL ||
        (options->https.address != NULL && !options->https.is_hub))
        return ph_why_fail(why, PH_ERR_INVALID,
                           "sign-in is at the --hub, and at no workstation");
    if (options->https.address == NULL && ph_options_have_files(options))
        return ph_why_fail(why, PH_ERR_INVALID, "--hub is missing");
    if (!options->has_way)
        return ph_why_fail(why, PH_ERR_INVALID, "--way is missing");
    if (is_password != (options->login != NULL))
        return ph_why_fail(why, PH_ERR_INVALID,
                           "--way password needs --login, no other takes it");
    if (options->register_badge && !is_password &&
        options->way != PH_SIGN_IN_CODE)
        return ph_why_fail(why, PH_ERR_INVALID,
                           "a badge is registered by code or password");
    if (options->command == PH_COMMAND_PIN ||
        (options->output == NULL && !options->all && !options->choose &&
         options->job_count == 0))
        return PH_OK; /* the PIN, or the list, only */
    return check_what_to_pull(options, why);
}

static int
check_enrol(const struct ph_options *options, struct ph_why *why)
{
    if (options->server == NULL)
        return ph_why_fail(why, PH_ERR_INVALID, "--server is missing");
    if (options->token_file == NULL)
        return ph_why_fail(why, PH_ERR_INVALID, "--token-file is missing");
    if ((options->pin == NULL) == (options->https.ca_file == NULL))
        return ph_why_fail(why, PH_ERR_INVALID,
                           "say either --pin or --ca: by it the hub is known");
    return PH_OK;
}

static int
check_at_workstation(const struct ph_options *options, struct ph_why *why)
{
    if (options->https.is_hub)
        return ph_why_fail(why, PH_ERR_INVALID, "--hub is for sign-in");
    if (options->https.address == NULL)
        return ph_why_fail(why, PH_ERR_INVALID, "--workstation is missing");
    if ((options->grant_file != NULL) == (options->code_file != NULL))
        return ph_why_fail(why, PH_ERR_INVALID,
                           "say either --grant-file or --code-file");
    return options->command == PH_COMMAND_PULL
               ? check_what_to_pull(options, why)
               : PH_OK;
}

bool
ph_options_is_at_hub(const struct ph_options *options)
{
    return options->command == PH_COMMAND_SIGN_IN ||
           options->command == PH_COMMAND_PIN;
}

bool
ph_options_have_files(const struct ph_options *options)
{
    return options->https.cert_file != NULL;
}

/* All three by hand, or none of them. */
static int
check_files(const struct ph_options *options, struct ph_why *why)
{
    const struct ph_https_options *https = &options->https;
    const int given = (https->cert_file != NULL) + (https->key_file != NULL) +
                      (https->ca_file != NULL);

    if (given == 0 || given == 3)
        return PH_OK;
    return ph_why_fail(why, PH_ERR_INVALID, "%s is missing",
                       https->cert_file == NULL  ? "--cert"
                       : https->key_file == NULL ? "--key"
                                                 : "--ca");
}

static int
check_needed(const struct ph_options *options, struct ph_why *why)
{
    int err = PH_OK;

    if (options->state == NULL)
        return ph_why_fail(why, PH_ERR_INVALID, "--state is empty");
    if (options->if_due && options->command != PH_COMMAND_RENEW)
        return ph_why_fail(why, PH_ERR_INVALID, "--if-due is for renew");
    if (options->command == PH_COMMAND_ENROL)
        return check_enrol(options, why);
    if (options->server != NULL || options->token_file != NULL ||
        options->pin != NULL)
        return ph_why_fail(why, PH_ERR_INVALID,
                           "--server, --token-file and --pin are for enrol");
    if (options->command != PH_COMMAND_RENEW)
        err = check_files(options, why);
    if (err != PH_OK || options->command == PH_COMMAND_RENEW)
        return err;
    if (options->choose && !ph_options_is_at_hub(options))
        return ph_why_fail(why, PH_ERR_INVALID,
                           "--choose is for sign-in and pin");
    return ph_options_is_at_hub(options) ? check_sign_in(options, why)
                                         : check_at_workstation(options, why);
}

int
ph_options_parse(int argc, char **argv, struct ph_options *out_options,
                 struct ph_why *why)
{
    struct ph_options options = {.tries = TRIES_DEFAULT,
                                 .state = PH_STATION_STATE,
                                 .https.product = "printhold-station",
                                 .https.timeout_s = TIMEOUT_DEFAULT_S};
    int option;
    int err = PH_OK;

    opterr = 0;
    optind = 1;
    while ((option = getopt_long(argc, argv, ":", long_options, NULL)) != -1) {
        if (option == OPT_HELP || option == OPT_VERSION) {
            out_options->command =
                option == OPT_HELP ? PH_COMMAND_HELP : PH_COMMAND_VERSION;
            return PH_OK;
        }
        if (option == '?' || option == ':')
            return ph_why_fail(why, PH_ERR_INVALID, "%s: %s", argv[optind - 1],
                               option == ':' ? "needs a value"
                                             : "unknown option");
        err = take_option(&options, option, why);
        if (err != PH_OK)
            return err;
    }
    err = take_command(&options, argc, argv, why);
    if (err == PH_OK)
        err = check_needed(&options, why);
    if (err == PH_OK)
        *out_options = options;
    return err;
}
