#include "options.h"

#include <getopt.h>
#include <string.h>

#include "printhold/base/attr.h"
#include "printhold/base/err.h"

#define HELP    (HUB_OPTION_COUNT + 1)
#define VERSION (HUB_OPTION_COUNT + 2)
#define FIRST   256 /* above every character that getopt returns */

static const struct option table[] = {
    {"dir", required_argument, NULL, FIRST + HUB_OPTION_DIR},
    {"config", required_argument, NULL, FIRST + HUB_OPTION_CONFIG},
    {"json", no_argument, NULL, FIRST + HUB_OPTION_JSON},
    {"tenant", required_argument, NULL, FIRST + HUB_OPTION_TENANT},
    {"name", required_argument, NULL, FIRST + HUB_OPTION_NAME},
    {"admin", required_argument, NULL, FIRST + HUB_OPTION_ADMIN},
    {"ca-cert", required_argument, NULL, FIRST + HUB_OPTION_CA_CERT},
    {"ca-key", required_argument, NULL, FIRST + HUB_OPTION_CA_KEY},
    {"group", required_argument, NULL, FIRST + HUB_OPTION_GROUP},
    {"administrator", required_argument, NULL,
     FIRST + HUB_OPTION_ADMINISTRATOR},
    {"class", required_argument, NULL, FIRST + HUB_OPTION_CLASS},
    {"id", required_argument, NULL, FIRST + HUB_OPTION_ID},
    {"person", required_argument, NULL, FIRST + HUB_OPTION_PERSON},
    {"life", required_argument, NULL, FIRST + HUB_OPTION_LIFE},
    {"count", required_argument, NULL, FIRST + HUB_OPTION_MANY},
    {"cert", required_argument, NULL, FIRST + HUB_OPTION_CERT},
    {"file", required_argument, NULL, FIRST + HUB_OPTION_FILE},
    {"with-badge", no_argument, NULL, FIRST + HUB_OPTION_WITH_BADGE},
    {"ways", required_argument, NULL, FIRST + HUB_OPTION_WAYS},
    {"self-registration", required_argument, NULL,
     FIRST + HUB_OPTION_SELF_REGISTRATION},
    {"from", required_argument, NULL, FIRST + HUB_OPTION_FROM},
    {"to", required_argument, NULL, FIRST + HUB_OPTION_TO},
    {"by", required_argument, NULL, FIRST + HUB_OPTION_BY},
    {"format", required_argument, NULL, FIRST + HUB_OPTION_FORMAT},
    {"printer", required_argument, NULL, FIRST + HUB_OPTION_PRINTER},
    {"people", required_argument, NULL, FIRST + HUB_OPTION_PEOPLE},
    {"workstation", required_argument, NULL, FIRST + HUB_OPTION_WORKSTATION},
    {"jobs", required_argument, NULL, FIRST + HUB_OPTION_JOBS},
    {"wait", required_argument, NULL, FIRST + HUB_OPTION_WAIT},
    {"pages", required_argument, NULL, FIRST + HUB_OPTION_PAGES},
    {"period", required_argument, NULL, FIRST + HUB_OPTION_PERIOD},
    {"model", required_argument, NULL, FIRST + HUB_OPTION_MODEL},
    {"type", required_argument, NULL, FIRST + HUB_OPTION_TYPE},
    {"after", required_argument, NULL, FIRST + HUB_OPTION_AFTER},
    {"help", no_argument, NULL, FIRST + HELP},
    {"version", no_argument, NULL, FIRST + VERSION},
    {NULL, 0, NULL, 0},
};

const char *
hub_option_name(enum hub_option option)
{
    for (size_t i = 0; table[i].name != NULL; i++) {
        if (table[i].val == FIRST + (int)option)
            return table[i].name;
    }
    return "?";
}

int
hub_options_parse(int argc, char **argv, struct hub_options *out_options,
                  struct ph_why *why)
{
    struct hub_options options;
    int option;

    memset(&options, 0, sizeof(options));
    opterr = 0;
    while ((option = getopt_long(argc, argv, "", table, NULL)) != -1) {
        const int which = option - FIRST;

        if (which < 0)
            return ph_why_fail(why, PH_ERR_INVALID,
                               "unknown option or missing value: %s",
                               argv[optind - 1]);
        if (which == HELP)
            options.wants_help = true;
        else if (which == VERSION)
            options.wants_version = true;
        else
            options.value[which] = optarg != NULL ? optarg : "";
    }
    if (argc - optind > HUB_WORDS_MAX)
        return ph_why_fail(why, PH_ERR_INVALID, "too many words");
    while (optind < argc)
        options.word[options.word_count++] = argv[optind++];
    *out_options = options;
    return PH_OK;
}
