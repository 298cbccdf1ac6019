#include "doctor.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <fcntl.h>

#include "printhold/base/buf.h"
#include "printhold/base/err.h"
#include "printhold/base/io.h"

static const struct ph_doctor_check checks[] = {
    {"version", "Version", ph_doctor_version},
    {"files", "Installed files", ph_doctor_files},
    {"directories", "Directories", ph_doctor_directories},
    {"configuration", "Configuration", ph_doctor_config},
    {"service", "Hold service", ph_doctor_agent},
    {"queue", "Print queue", ph_doctor_queue},
    {"ppd", "PPD", ph_doctor_ppd},
    {"queue-policy", "Queue's policy", ph_doctor_policy},
    {"backend", "Backend", ph_doctor_backend},
    {"confinement", "Confinement", ph_doctor_confinement},
    {"cups-purge", "Copies in CUPS", ph_doctor_purge},
    {"selinux", "SELinux", ph_doctor_selinux},
    {"apparmor", "AppArmor", ph_doctor_apparmor},
    {"disk", "Disk", ph_doctor_disk},
    {"spool", "Spool", ph_doctor_spool},
    {"catalogue", "Catalogue", ph_doctor_catalogue},
    {"key", "Machine key", ph_doctor_key},
    {"clock", "Clock", ph_doctor_clock},
    {"owners", "Logins", ph_doctor_owners},
    {"units", "Units", ph_doctor_units},
    {"enrolment", "Enrolment", ph_doctor_enrolment},
    {"certificate", "Certificate", ph_doctor_certificate},
    {"authority", "Fleet CA", ph_doctor_authority},
    {"proxy", "Proxy", ph_doctor_proxy},
    {"dns", "Name of the broker", ph_doctor_dns},
    {"cloud", "Cloud", ph_doctor_cloud},
    {"release", "Release", ph_doctor_release},
    {"port", "Port for printers", ph_doctor_port},
    {"firewall", "Firewall", ph_doctor_firewall},
};

const struct ph_doctor_check *
ph_doctor_table(size_t *out_count)
{
    *out_count = PH_COUNT(checks);
    return checks;
}

void
ph_doctor_ok(struct ph_doctor_finding *finding, const char *fmt, ...)
{
    va_list ap;

    finding->level = PH_DOCTOR_OK;
    va_start(ap, fmt);
    ph_why_vset(&finding->text, fmt, ap);
    va_end(ap);
}

void
ph_doctor_warn(struct ph_doctor_finding *finding, const char *fmt, ...)
{
    va_list ap;

    finding->level = PH_DOCTOR_WARNING;
    va_start(ap, fmt);
    ph_why_vset(&finding->text, fmt, ap);
    va_end(ap);
}

void
ph_doctor_problem(struct ph_doctor_finding *finding, const char *fmt, ...)
{
    va_list ap;

    finding->level = PH_DOCTOR_PROBLEM;
    va_start(ap, fmt);
    ph_why_vset(&finding->text, fmt, ap);
    va_end(ap);
}

void
ph_doctor_remedy(struct ph_doctor_finding *finding, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    ph_why_vset(&finding->remedy, fmt, ap);
    va_end(ap);
}

void
ph_doctor_path(const struct ph_doctor *doctor, const char *path,
               char dst[PH_DOCTOR_PATH_MAX])
{
    (void)snprintf(dst, PH_DOCTOR_PATH_MAX, "%s%s", doctor->root, path);
}

int
ph_doctor_read(const struct ph_doctor *doctor, const char *path, char *dst,
               size_t cap)
{
    char whole[PH_DOCTOR_PATH_MAX];
    struct ph_buf buf;
    int err;

    ph_doctor_path(doctor, path, whole);
    err = ph_io_read_file(AT_FDCWD, whole, cap - 1, &buf);
    if (err != PH_OK)
        return err;
    if (buf.len > 0)
        memcpy(dst, buf.data, buf.len);
    dst[buf.len] = '\0';
    ph_buf_close(&buf);
    return PH_OK;
}
