/* The token that enrols this computer: is it there, and what became of it? */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <sys/stat.h>

#include "doctor.h"
#include "enrol_auto.h"
#include "printhold/base/err.h"
#include "printhold/model/config.h"

static void
token_path(const struct ph_doctor *doctor, const char *name,
           char dst[PH_DOCTOR_PATH_MAX])
{
    (void)snprintf(dst, PH_DOCTOR_PATH_MAX, "%s%s/%s", doctor->root,
                   ph_config_dir(), name);
}

/* It lies there and waits; why? */
static void
judge_token(const struct ph_doctor *doctor, const char *path,
            const struct stat *st, struct ph_doctor_finding *finding)
{
    const struct ph_config *config = &doctor->config;

    if (!S_ISREG(st->st_mode)) {
        ph_doctor_problem(finding, "%s is no file", path);
        ph_doctor_remedy(finding, "rm -r %s; put the token there", path);
    } else if (st->st_uid != doctor->admin || (st->st_mode & 077) != 0) {
        ph_doctor_problem(
            finding, "others than root may read %s, or it is not root's", path);
        ph_doctor_remedy(finding, "chown root %s; chmod 0600 %s", path, path);
    } else if (config->enrol_server[0] == '\0' ||
               (config->enrol_pin[0] == '\0') ==
                   (config->enrol_ca_file[0] == '\0')) {
        ph_doctor_problem(finding,
                          "there is a token, but the hub is not known");
        ph_doctor_remedy(finding, "set enrolment.server, and enrolment.pin or "
                                  "enrolment.ca_file");
    } else {
        ph_doctor_warn(finding, "not yet, it is being tried: %s",
                       doctor->status.identity_text);
        ph_doctor_remedy(finding,
                         "is the hub at %s there, and reached from "
                         "here?",
                         config->enrol_server);
    }
}

void
ph_doctor_enrolment(const struct ph_doctor *doctor,
                    struct ph_doctor_finding *finding)
{
    char path[PH_DOCTOR_PATH_MAX], refused[PH_DOCTOR_PATH_MAX];
    struct stat st;
    bool has_token;

    if (doctor->agent_err != PH_OK)
        return;
    token_path(doctor, PH_CONFIG_TOKEN, path);
    token_path(doctor, PH_CONFIG_TOKEN_REFUSED, refused);
    has_token = lstat(path, &st) == 0;
    if (ph_enrol_is_done(&doctor->status, doctor->now_ms)) {
        ph_doctor_ok(finding, "by %s", doctor->status.identity);
        if (!has_token)
            return;
        ph_doctor_warn(finding, "done, and %s lies there unused", path);
        ph_doctor_remedy(finding, "rm %s", path);
    } else if (has_token) {
        judge_token(doctor, path, &st, finding);
    } else if (lstat(refused, &st) == 0) {
        ph_doctor_problem(finding, "the hub refused the token: it is unknown "
                                   "there, has ended, or was used");
        ph_doctor_remedy(finding, "put a new one into %s, mode 0600", path);
    } else {
        ph_doctor_warn(finding, "not yet: there is no token");
        ph_doctor_remedy(finding, "put one into %s, mode 0600", path);
    }
}
