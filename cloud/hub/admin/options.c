#include "options.h"

#include <getopt.h>
#include <string.h>

#include "printhold/base/attr.h"
#include "printhold/base/err.h"

#define HELP    (HUB_OPTION_COUNT + 1)
#define VERSION (HUB_OPTION_COUNT + 2)
#define FIRST   256 /* above every character that getopt returns */

#define VALUE(name, which)                             \
    {                                                  \
        name, required_argument, NULL, FIRST + (which) \
    }
#define FLAG(name, which)                        \
    {                                            \
        name, no_argument, NULL, FIRST + (which) \
    }

static const struct option table[] = {
    VALUE("dir", HUB_OPTION_DIR),
    VALUE("config", HUB_OPTION_CONFIG),
    FLAG("json", HUB_OPTION_JSON),
    VALUE("tenant", HUB_OPTION_TENANT),
    VALUE("name", HUB_OPTION_NAME),
    VALUE("admin", HUB_OPTION_ADMIN),
    VALUE("ca-cert", HUB_OPTION_CA_CERT),
    VALUE("ca-key", HUB_OPTION_CA_KEY),
    VALUE("group", HUB_OPTION_GROUP),
    VALUE("administrator", HUB_OPTION_ADMINISTRATOR),
    VALUE("class", HUB_OPTION_CLASS),
    VALUE("id", HUB_OPTION_ID),
    VALUE("person", HUB_OPTION_PERSON),
    VALUE("life", HUB_OPTION_LIFE),
    VALUE("count", HUB_OPTION_MANY),
    VALUE("cert", HUB_OPTION_CERT),
    VALUE("file", HUB_OPTION_FILE),
    FLAG("with-badge", HUB_OPTION_WITH_BADGE),
    VALUE("ways", HUB_OPTION_WAYS),
    VALUE("self-registration", HUB_OPTION_SELF_REGISTRATION),
    VALUE("from", HUB_OPTION_FROM),
    VALUE("to", HUB_OPTION_TO),
    VALUE("by", HUB_OPTION_BY),
    VALUE("format", HUB_OPTION_FORMAT),
    VALUE("printer", HUB_OPTION_PRINTER),
    VALUE("people", HUB_OPTION_PEOPLE),
    VALUE("workstation", HUB_OPTION_WORKSTATION),
    VALUE("jobs", HUB_OPTION_JOBS),
    VALUE("wait", HUB_OPTION_WAIT),
    VALUE("pages", HUB_OPTION_PAGES),
    VALUE("period", HUB_OPTION_PERIOD),
    VALUE("model", HUB_OPTION_MODEL),
    VALUE("type", HUB_OPTION_TYPE),
    VALUE("after", HUB_OPTION_AFTER),
    FLAG("help", HELP),
    FLAG("version", VERSION),
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
