#include "config.h"

#include <stdlib.h>

#include "printhold/base/attr.h"
#include "printhold/base/err.h"
#include "printhold/model/job.h"
#include "printhold/model/sign_in_ways.h"

#define DAY        86400
#define TEXT_LAST  (PH_CONFIG_TEXT_MAX - 1)
#define DIR_MAX    160
#define AT(member) offsetof(struct hub_config, member)

#define DEFAULT_FILE PH_CONFIG_DIR "/hub.conf"

static const struct ph_config_setting settings[] = {
    {"hub", "state_dir", PH_CONFIG_PATH, AT(state_dir), 1, DIR_MAX, NULL,
     PH_HUB_STATE_DIR, "Directory of the database and the keys."},
    {"hub", "log_level", PH_CONFIG_CHOICE, AT(log_level), 0, 0,
     "error|warning|notice|info|debug", "info", "Least level that is logged."},

    {"listen", "device_address", PH_CONFIG_ADDRESS, AT(device_address), 1, 64,
     NULL, "::", "Address on which devices with a certificate are served."},
    {"listen", "device_port", PH_CONFIG_NUMBER, AT(device_port), 0, 65535, NULL,
     "9444", "TCP port for them; 0: any free one, for tests."},
    {"listen", "enrol_address", PH_CONFIG_ADDRESS, AT(enrol_address), 1, 64,
     NULL, "::", "Address on which devices come for their first certificate."},
    {"listen", "enrol_port", PH_CONFIG_NUMBER, AT(enrol_port), 0, 65535, NULL,
     "9445", "TCP port for them; 0: any free one, for tests."},

    {"devices", "ca_file", PH_CONFIG_PATH, AT(device_ca_file), 0, TEXT_LAST,
     NULL, "",
     "Authorities that devices' certificates may come from, PEM; empty: the "
     "hub's own."},
    {"devices", "workstation_life", PH_CONFIG_DURATION, AT(workstation_life_s),
     3600, 90 * DAY, NULL, "90d", "Life of a workstation's certificate."},
    {"devices", "printer_life", PH_CONFIG_DURATION, AT(printer_life_s), 3600,
     7 * DAY, NULL, "7d", "Life of a printer's certificate."},
    {"devices", "renewal_interval", PH_CONFIG_DURATION, AT(renewal_interval_s),
     0, DAY, NULL, "10m", "Least time between two certificates of one device."},

    {"tokens", "life", PH_CONFIG_DURATION, AT(token_life_s), 60, DAY, NULL,
     "24h", "Life of an enrolment token that is made without one of its own."},

    {"sign-in", "ways", PH_CONFIG_TEXT, AT(sign_in_ways), 0, TEXT_LAST, NULL,
     "pin badge+pin code password",
     "Ways that printers take whose group says nothing else: badge, pin, "
     "badge+pin, code, password."},
    {"sign-in", "self_registration", PH_CONFIG_CHOICE, AT(self_registration), 0,
     0, "yes|no", "no",
     "Whether people register a badge of nobody at such printers, by code or "
     "password."},
    {"sign-in", "pin_digits_min", PH_CONFIG_NUMBER, AT(pin_digits_min), 4, 12,
     NULL, "4", "Least digits of a PIN that somebody chooses."},
    {"sign-in", "pin_digits", PH_CONFIG_NUMBER, AT(pin_digits), 4, 12, NULL,
     "6", "Digits of a PIN that the hub makes."},
    {"sign-in", "printer_attempts", PH_CONFIG_NUMBER, AT(printer_attempts), 1,
     1000, NULL, "10",
     "Failed attempts of one printer or workstation within the span."},
    {"sign-in", "person_attempts", PH_CONFIG_NUMBER, AT(person_attempts), 1,
     1000, NULL, "5", "Failed attempts for one person within the span."},
    {"sign-in", "attempts_span", PH_CONFIG_DURATION, AT(attempts_span_s), 60,
     DAY, NULL, "15m", "How long a failed attempt counts."},
    {"sign-in", "session_life", PH_CONFIG_DURATION, AT(session_life_s), 60,
     3600, NULL, "10m", "How long a printer may ask for a person's list."},
    {"sign-in", "grant_life", PH_CONFIG_DURATION, AT(grant_life_s), 10, 300,
     NULL, "2m", "Life of a release grant."},

    {"directory", "url", PH_CONFIG_WSS_URL, AT(directory_url), 0, TEXT_LAST,
     NULL, "",
     "Broker from which the hub learns what is held where; empty: none."},
    {"directory", "ca_file", PH_CONFIG_PATH, AT(directory_ca_file), 0,
     TEXT_LAST, NULL, "",
     "Authority of the broker's certificate, PEM; empty: the hub's own."},
    {"directory", "cert_file", PH_CONFIG_PATH, AT(directory_cert_file), 0,
     TEXT_LAST, NULL, "",
     "Certificate that the hub shows to the broker, PEM; empty: its own."},
    {"directory", "key_file", PH_CONFIG_PATH, AT(directory_key_file), 0,
     TEXT_LAST, NULL, "", "Key of that certificate, PEM; empty: its own."},

    {"report", "history", PH_CONFIG_DURATION, AT(report_history_s),
     PH_RETENTION_MIN_S, PH_RETENTION_MAX_S, NULL, "24h",
     "How long after its end a job's title and where it came from are kept."},
    {"report", "keep", PH_CONFIG_DURATION, AT(report_keep_s), 31 * DAY,
     3660 * DAY, NULL, "400d", "How long usage is kept, by person."},

    {"audit", "keep", PH_CONFIG_DURATION, AT(audit_keep_s), 90 * DAY,
     3660 * DAY, NULL, "400d", "How long the record of acts is kept."},

    {"cloud", "broker_url", PH_CONFIG_WSS_URL, AT(broker_url), 0, TEXT_LAST,
     NULL, "",
     "Broker that a workstation is told of when it enrols; empty: none."},
};

const struct ph_config_form hub_config_form = {
    .table = settings,
    .count = PH_COUNT(settings),
    .size = sizeof(struct hub_config),
    .page = "printhold-hub.conf(5)",
};

static int
check_ways(const struct hub_config *config, struct ph_why *why)
{
    struct ph_why wrong = {""};
    unsigned ways;

    if (ph_sign_in_ways_parse(config->sign_in_ways, &ways, &wrong) == PH_OK)
        return PH_OK;
    return ph_why_fail(why, PH_ERR_CONFIG, "sign-in.ways: %s", wrong.text);
}

static int
load(const char *path, struct hub_config *config,
     const struct ph_config_notes *notes, struct ph_why *why)
{
    ph_config_form_init(&hub_config_form, config);
    return ph_config_form_load_noting(&hub_config_form, config,
                                      path != NULL ? path : DEFAULT_FILE,
                                      path == NULL, notes, why);
}

int
hub_config_load(const char *path, struct hub_config *out_config,
                struct ph_why *why)
{
    static const struct ph_config_notes none = {NULL, NULL};
    struct hub_config config;
    int err = load(path, &config, &none, why);

    if (err == PH_OK)
        err = check_ways(&config, why);
    if (err == PH_OK)
        *out_config = config;
    return err;
}

int
hub_config_check(const char *path, struct ph_findings *findings,
                 struct ph_why *why)
{
    struct ph_config_notes notes = {
        .origins = calloc(hub_config_form.count, sizeof(*notes.origins)),
        .findings = findings,
    };
    struct hub_config config;
    struct ph_why wrong;
    int err = PH_ERR_NOMEM;

    if (notes.origins != NULL)
        err = load(path, &config, &notes, why);
    if (err == PH_OK && check_ways(&config, &wrong) != PH_OK)
        ph_config_form_blame(&hub_config_form, notes.origins, AT(sign_in_ways),
                             wrong.text, findings);
    free(notes.origins);
    return err;
}
