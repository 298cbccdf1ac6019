/* The command line of printhold-station, read and checked. */
#ifndef PRINTHOLD_STATION_OPTIONS_H
#define PRINTHOLD_STATION_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "printhold/net/https.h"
#include "printhold/base/id.h"
#include "printhold/base/why.h"
#include "printhold/model/sign_in_ways.h"

#define PH_OPTIONS_JOBS_MAX 64
#define PH_STATION_STATE    "/var/lib/printhold-station"

enum ph_command {
    PH_COMMAND_HELP,
    PH_COMMAND_VERSION,
    PH_COMMAND_LIST,
    PH_COMMAND_PULL,
    PH_COMMAND_SIGN_IN,
    PH_COMMAND_ENROL,
    PH_COMMAND_RENEW,
    PH_COMMAND_PIN,
};

/* Text points into argv. */
struct ph_options {
    enum ph_command command;
    struct ph_https_options https;
    const char *state; /* directory of our identity and reports */
    /* enrol */
    const char *server;
    const char *token_file;
    const char *pin;
    bool if_due;            /* renew */
    const char *grant_file; /* this one, */
    const char *code_file;  /* or that; the other is NULL */
    const char *output;
    /* sign-in */
    enum ph_sign_in_way way;
    bool has_way;
    const char *login;
    const char *secret_file; /* NULL: standard input or the terminal */
    bool register_badge;
    bool choose; /* pin: one that the person types; sign-in: by numbers */
    bool json;
    bool quiet;
    bool all;
    bool force;
    bool keep_claim;
    bool no_complete;
    unsigned tries;
    char job[PH_OPTIONS_JOBS_MAX][PH_ID_TEXT];
    size_t job_count;
};

/* Is it a command that signs a person in? */
bool ph_options_is_at_hub(const struct ph_options *options);

/* Were certificate, key and CA given by hand? */
bool ph_options_have_files(const struct ph_options *options);

/* PH_ERR_INVALID with a sentence when the line makes no sense. */
int ph_options_parse(int argc, char **argv, struct ph_options *out_options,
                     struct ph_why *why);

/* What --help prints. */
const char *ph_options_usage(void);

#endif
