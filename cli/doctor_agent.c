/* What the configuration and the agent say of themselves. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "doctor.h"
#include "print.h"
#include "printhold/base/err.h"

#ifdef __APPLE__
#define RESTART "sudo launchctl kickstart -k system/org.printhold.agent"
#define JOURNAL "/Library/Logs/PrintHold/agent.log"
#else
#define RESTART "systemctl restart printhold-agent"
#define JOURNAL "journalctl -u printhold-agent"
#endif

#define CLOCK_LEAST_MS INT64_C(1735689600000) /* 2025-01-01 */

void
ph_doctor_config(const struct ph_doctor *doctor,
                 struct ph_doctor_finding *finding)
{
    if (doctor->config_err == PH_OK) {
        ph_doctor_ok(finding, "valid");
        return;
    }
    ph_doctor_problem(finding, "%s", doctor->config_why.text);
    ph_doctor_remedy(finding, "correct it, try it with 'printhold config "
                              "check', then " RESTART);
}

void
ph_doctor_agent(const struct ph_doctor *doctor,
                struct ph_doctor_finding *finding)
{
    char span[32];

    if (doctor->agent_err != PH_OK) {
        ph_doctor_problem(finding, "%s", doctor->agent_why.text);
        ph_doctor_remedy(finding, "look into " JOURNAL ", then " RESTART);
        return;
    }
    ph_print_span(doctor->status.uptime_s * 1000, span, sizeof(span));
    ph_doctor_ok(finding, "up %s, %" PRId64 " jobs held",
                 doctor->status.uptime_s < 60 ? "less than a minute" : span,
                 doctor->status.held);
}

void
ph_doctor_version(const struct ph_doctor *doctor,
                  struct ph_doctor_finding *finding)
{
    if (doctor->agent_err != PH_OK ||
        strcmp(doctor->status.version, PRINTHOLD_VERSION) == 0) {
        ph_doctor_ok(finding, "%s", PRINTHOLD_VERSION);
        return;
    }
    ph_doctor_warn(finding, "the service is %s, this command is %s",
                   doctor->status.version, PRINTHOLD_VERSION);
    ph_doctor_remedy(finding, RESTART);
}

void
ph_doctor_key(const struct ph_doctor *doctor, struct ph_doctor_finding *finding)
{
    const char *wanted = doctor->config.key_level;
    const char *level = doctor->status.key_level;

    if (doctor->agent_err != PH_OK)
        return;
    if (strcmp(level, wanted) != 0) {
        ph_doctor_problem(finding, "the level is %s, the configuration says %s",
                          level, wanted);
        ph_doctor_remedy(finding,
                         "printhold-agent key rotate, see printhold-agent(8)");
    } else if (strcmp(level, "file") == 0) {
        ph_doctor_ok(finding, "level file: whoever has the disk has the key; "
                              "host and tpm2 bind it to this computer");
    } else {
        ph_doctor_ok(finding, "level %s", level);
    }
}

void
ph_doctor_clock(const struct ph_doctor *doctor,
                struct ph_doctor_finding *finding)
{
    if (doctor->now_ms < CLOCK_LEAST_MS)
        ph_doctor_problem(finding,
                          "the clock of this computer is years behind");
    else if (doctor->agent_err == PH_OK && doctor->status.clock_text[0] != '\0')
        ph_doctor_problem(finding, "%s", doctor->status.clock_text);
    else
        ph_doctor_ok(finding, "nothing says that it is wrong");
    if (finding->level != PH_DOCTOR_OK)
        ph_doctor_remedy(finding, "set it, and let it follow a time server "
                                  "(timedatectl set-ntp true)");
}

void
ph_doctor_spool(const struct ph_doctor *doctor,
                struct ph_doctor_finding *finding)
{
    const struct ph_control_status *status = &doctor->status;
    char used[32], most[32];

    if (doctor->agent_err != PH_OK)
        return;
    ph_print_size((uint64_t)status->spool_bytes, used, sizeof(used));
    ph_print_size((uint64_t)status->spool_bytes_max, most, sizeof(most));
    if (status->spool_text[0] != '\0') {
        ph_doctor_problem(finding, "%s", status->spool_text);
        ph_doctor_remedy(finding, "look into " JOURNAL);
    } else if (status->spool_bytes > status->spool_bytes_max / 10 * 9) {
        ph_doctor_warn(finding, "%s of %s used", used, most);
        ph_doctor_remedy(finding, "raise jobs.spool_size_max, or lower "
                                  "jobs.retention");
    } else {
        ph_doctor_ok(finding, "%s of %s used", used, most);
    }
}

void
ph_doctor_catalogue(const struct ph_doctor *doctor,
                    struct ph_doctor_finding *finding)
{
    const struct ph_control_status *status = &doctor->status;

    if (doctor->agent_err != PH_OK)
        return;
    if (status->catalogue_text[0] == '\0' && status->audit_text[0] == '\0') {
        ph_doctor_ok(finding, "whole, and the audit with it");
        return;
    }
    ph_doctor_warn(finding, "%s",
                   status->catalogue_text[0] != '\0' ? status->catalogue_text
                                                     : status->audit_text);
    ph_doctor_remedy(finding,
                     "find out who or what changed files in agent.state_dir; "
                     "printhold-agent audit verify");
}

void
ph_doctor_owners(const struct ph_doctor *doctor,
                 struct ph_doctor_finding *finding)
{
    const struct ph_control_status *status = &doctor->status;

    if (doctor->agent_err == PH_OK && status->owner_text[0] != '\0') {
        ph_doctor_warn(finding, "%s", status->owner_text);
        ph_doctor_remedy(finding, "correct owner.map_file");
    } else if (doctor->agent_err == PH_OK && status->unmapped > 0) {
        ph_doctor_warn(finding,
                       "%" PRId64 " held jobs are of accounts without "
                       "a login",
                       status->unmapped);
        ph_doctor_remedy(finding, "set owner.domain, or name the accounts in "
                                  "owner.map_file");
    } else if (doctor->config.owner_domain[0] == '\0' &&
               doctor->config.owner_map_file[0] == '\0') {
        ph_doctor_warn(finding, "no account has a login of the organisation");
        ph_doctor_remedy(finding, "set owner.domain or owner.map_file");
    } else {
        ph_doctor_ok(finding, "every held job has one");
    }
}

void
ph_doctor_cloud(const struct ph_doctor *doctor,
                struct ph_doctor_finding *finding)
{
    const struct ph_control_status *status = &doctor->status;

    if (doctor->agent_err != PH_OK)
        return;
    if (strcmp(status->cloud, "off") == 0) {
        ph_doctor_warn(finding, "off: no printer learns what is held here");
        ph_doctor_remedy(finding, "set cloud.url");
    } else if (strcmp(status->cloud, "online") != 0) {
        ph_doctor_warn(finding, "%s: %s", status->cloud, status->cloud_text);
        ph_doctor_remedy(finding, "see the lines on proxy, name and "
                                  "certificate; jobs are held meanwhile");
    } else if (status->cloud_refused_text[0] != '\0') {
        ph_doctor_warn(finding, "the broker refuses: %s",
                       status->cloud_refused_text);
        ph_doctor_remedy(finding, "the broker's administrator must allow it");
    } else {
        ph_doctor_ok(finding, "online");
    }
}

void
ph_doctor_release(const struct ph_doctor *doctor,
                  struct ph_doctor_finding *finding)
{
    const struct ph_control_status *status = &doctor->status;

    if (doctor->agent_err != PH_OK)
        return;
    if (strcmp(status->release, "on") != 0) {
        ph_doctor_warn(finding, "off: nobody can collect what is held here");
        ph_doctor_remedy(
            finding,
            "printhold enrol, or set release.issuer, release.issuer_key_file "
            "and the files of [identity]");
    } else if (status->release_text[0] != '\0') {
        ph_doctor_warn(finding, "%s", status->release_text);
        ph_doctor_remedy(finding, "put that file right; nothing has to be "
                                  "restarted");
    } else {
        ph_doctor_ok(finding, "on, port %" PRId64, status->release_port);
    }
}
