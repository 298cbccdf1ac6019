/* Certificates by their files. A renewal is the agent's. */
#include <inttypes.h>
#include <string.h>

#include "doctor.h"
#include "print.h"
#include "printhold/base/err.h"
#include "printhold/crypto/identity.h"

#define DAY_MS  INT64_C(86400000)
#define SOON_MS (14 * DAY_MS)

/* What to do when a file of the site cannot be read. */
static void
judge_unread(int err, const struct ph_why *why,
             struct ph_doctor_finding *finding)
{
    if (err == PH_ERR_DENIED) {
        ph_doctor_warn(finding, "not looked at: %s", why->text);
        ph_doctor_remedy(finding, "ask again as root");
        return;
    }
    ph_doctor_problem(finding, "%s", why->text);
    ph_doctor_remedy(finding, "put the file there, PEM, or name another one");
}

static void
judge_end(const struct ph_doctor *doctor, int64_t end_ms, const char *remedy,
          struct ph_doctor_finding *finding)
{
    char until[32];

    ph_print_time(end_ms, until, sizeof(until));
    if (end_ms <= doctor->now_ms)
        ph_doctor_problem(finding, "has ended at %s", until);
    else if (end_ms - doctor->now_ms < SOON_MS)
        ph_doctor_warn(finding, "ends at %s", until);
    else
        ph_doctor_ok(finding, "valid until %s", until);
    if (finding->level != PH_DOCTOR_OK)
        ph_doctor_remedy(finding, "%s", remedy);
}

/* No file of the site: the agent has one by enrolment, or none. */
static void
judge_enrolment(const struct ph_doctor *doctor,
                struct ph_doctor_finding *finding)
{
    const struct ph_control_status *status = &doctor->status;
    const bool is_known = doctor->agent_err == PH_OK;

    if (!is_known || strcmp(status->identity, "enrolled") != 0) {
        ph_doctor_warn(finding, "none: this computer is not enrolled");
        ph_doctor_remedy(finding, "printhold enrol, see printhold(1); or set "
                                  "the files of [identity]");
        return;
    }
    judge_end(doctor, status->identity_until_ms,
              "look with printhold status why it is not renewed", finding);
    if (finding->level != PH_DOCTOR_OK || status->identity_text[0] == '\0')
        return;
    ph_doctor_warn(finding, "%s", status->identity_text);
    ph_doctor_remedy(finding, "is the hub there, and reached from here?");
}

void
ph_doctor_certificate(const struct ph_doctor *doctor,
                      struct ph_doctor_finding *finding)
{
    struct ph_identity identity;
    char path[PH_DOCTOR_PATH_MAX];
    struct ph_why why;
    int err;

    if (doctor->config.cert_file[0] == '\0') {
        judge_enrolment(doctor, finding);
        return;
    }
    ph_doctor_path(doctor, doctor->config.cert_file, path);
    err = ph_identity_of_file(path, &identity, &why);
    if (err != PH_OK) {
        judge_unread(err, &why, finding);
        return;
    }
    judge_end(doctor, identity.not_after_ms,
              "renew it, and replace identity.cert_file and identity.key_file",
              finding);
    if (identity.kind != PH_IDENTITY_WORKSTATION) {
        ph_doctor_problem(finding, "%s is no workstation's", path);
        ph_doctor_remedy(finding, "set identity.cert_file to the one that was "
                                  "made for this computer");
    } else if (finding->level == PH_DOCTOR_OK && doctor->agent_err == PH_OK &&
               doctor->status.renewal_wanted_ms > 0) {
        ph_doctor_warn(finding, "the organisation wants a new one");
        ph_doctor_remedy(finding, "renew it, and replace identity.cert_file "
                                  "and identity.key_file");
    }
}

void
ph_doctor_authority(const struct ph_doctor *doctor,
                    struct ph_doctor_finding *finding)
{
    char path[PH_DOCTOR_PATH_MAX];
    struct ph_why why;
    int64_t end_ms;
    int err;

    if (doctor->config.ca_file[0] == '\0')
        return;
    ph_doctor_path(doctor, doctor->config.ca_file, path);
    err = ph_identity_end_of_file(path, &end_ms, &why);
    if (err != PH_OK)
        judge_unread(err, &why, finding);
    else
        judge_end(doctor, end_ms,
                  "the organisation must roll out a new authority in "
                  "identity.ca_file",
                  finding);
}
