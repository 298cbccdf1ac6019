/*
 * Settings of the hub: hub.conf, in the syntax of printhold.conf. Every one
 * stands once, in the table of config.c; printhold-hub.conf(5).
 */
#ifndef PRINTHOLD_HUB_CONFIG_H
#define PRINTHOLD_HUB_CONFIG_H

#include "printhold/base/why.h"
#include "printhold/model/config.h"

struct hub_config {
    /* [hub] */
    char state_dir[PH_CONFIG_TEXT_MAX];
    char log_level[PH_CONFIG_TEXT_MAX];
    /* [listen] */
    char device_address[PH_CONFIG_TEXT_MAX];
    uint64_t device_port;
    char enrol_address[PH_CONFIG_TEXT_MAX];
    uint64_t enrol_port;
    /* [devices] */
    char device_ca_file[PH_CONFIG_TEXT_MAX]; /* empty: ca.crt */
    uint64_t workstation_life_s;
    uint64_t printer_life_s;
    uint64_t renewal_interval_s;
    /* [tokens] */
    uint64_t token_life_s;
    /* [sign-in] */
    char sign_in_ways[PH_CONFIG_TEXT_MAX];
    char self_registration[PH_CONFIG_TEXT_MAX]; /* yes, no */
    uint64_t pin_digits_min;
    uint64_t pin_digits; /* of one that is made */
    uint64_t printer_attempts;
    uint64_t person_attempts;
    uint64_t attempts_span_s;
    uint64_t session_life_s;
    uint64_t grant_life_s;
    /* [directory] */
    char directory_url[PH_CONFIG_TEXT_MAX]; /* empty: no broker */
    char directory_ca_file[PH_CONFIG_TEXT_MAX];
    char directory_cert_file[PH_CONFIG_TEXT_MAX];
    char directory_key_file[PH_CONFIG_TEXT_MAX];
    /* [report] */
    uint64_t report_history_s;
    uint64_t report_keep_s;
    /* [audit] */
    uint64_t audit_keep_s;
    /* [cloud] */
    char broker_url[PH_CONFIG_TEXT_MAX]; /* told to workstations */
};

extern const struct ph_config_form hub_config_form;

/* Defaults, then the file. NULL: the default file, which need not exist. */
int hub_config_load(const char *path, struct hub_config *out_config,
                    struct ph_why *why);

/* The same, and all that is wrong with it goes to findings. */
int hub_config_check(const char *path, struct ph_findings *findings,
                     struct ph_why *why);

#endif
