/* The command line: words first, then options, in any order. */
#ifndef PRINTHOLD_HUB_OPTIONS_H
#define PRINTHOLD_HUB_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "printhold/base/why.h"

/* Every option there is; a command says which it takes (options.c has the
 * names). */
enum hub_option {
    HUB_OPTION_DIR,
    HUB_OPTION_CONFIG,
    HUB_OPTION_JSON,
    HUB_OPTION_TENANT,
    HUB_OPTION_NAME,
    HUB_OPTION_ADMIN,
    HUB_OPTION_CA_CERT,
    HUB_OPTION_CA_KEY,
    HUB_OPTION_GROUP,
    HUB_OPTION_ADMINISTRATOR,
    HUB_OPTION_CLASS,
    HUB_OPTION_ID,
    HUB_OPTION_PERSON,
    HUB_OPTION_LIFE,
    HUB_OPTION_MANY,
    HUB_OPTION_CERT,
    HUB_OPTION_FILE,
    HUB_OPTION_WITH_BADGE,
    HUB_OPTION_WAYS,
    HUB_OPTION_SELF_REGISTRATION,
    HUB_OPTION_FROM,
    HUB_OPTION_TO,
    HUB_OPTION_BY,
    HUB_OPTION_FORMAT,
    HUB_OPTION_WORKSTATION,
    HUB_OPTION_PRINTER,
    HUB_OPTION_PEOPLE,
    HUB_OPTION_JOBS,
    HUB_OPTION_WAIT,
    HUB_OPTION_PAGES,
    HUB_OPTION_PERIOD,
    HUB_OPTION_MODEL,
    HUB_OPTION_TYPE,
    HUB_OPTION_AFTER,
    HUB_OPTION_COUNT
};

#define HUB_TAKES(option) (UINT64_C(1) << (HUB_OPTION_##option))

#define HUB_WORDS_MAX 6

struct hub_options {
    const char *value[HUB_OPTION_COUNT]; /* "" for one without a value */
    const char *word[HUB_WORDS_MAX];
    int word_count;
    bool wants_help;
    bool wants_version;
};

/* PH_ERR_INVALID with the reason. The texts are argv's. */
int hub_options_parse(int argc, char **argv, struct hub_options *out_options,
                      struct ph_why *why);

/* "--name" of an option. */
const char *hub_option_name(enum hub_option option);

#endif
