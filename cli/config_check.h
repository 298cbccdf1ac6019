/*
 * printhold config check: all that is wrong with the configuration and with the
 * files that people write for it, each with file and line.
 */
#ifndef PRINTHOLD_CLI_CONFIG_CHECK_H
#define PRINTHOLD_CLI_CONFIG_CHECK_H

#include <stdbool.h>

/* Findings go to standard error, or as JSON (ph_json_findings) to standard
 * output. PH_ERR_CONFIG when there are any. */
int ph_config_check(bool json);

#endif
