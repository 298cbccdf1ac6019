/*
 * printhold doctor: what is wrong with this installation, and what helps.
 *
 * First what is outside of us is asked once (the configuration, the agent,
 * cupsd), then each check of the table judges one thing from it and from the
 * system's files. A check that has nothing to say here, for want of an answer
 * or of the system that it is about, leaves no line.
 */
#ifndef PRINTHOLD_CLI_DOCTOR_H
#define PRINTHOLD_CLI_DOCTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "printhold/base/attr.h"
#include "printhold/base/why.h"
#include "printhold/model/config.h"
#include "printhold/proto/control.h"
#include "printhold/proto/json.h"

#define PH_DOCTOR_PATH_MAX   512
#define PH_DOCTOR_QUEUES_MAX 8

enum ph_doctor_level {
    PH_DOCTOR_NOTHING, /* no line */
    PH_DOCTOR_OK,
    PH_DOCTOR_WARNING,
    PH_DOCTOR_PROBLEM,
};

/* A queue of ours, as cupsd describes it. */
struct ph_doctor_queue {
    char name[128];
    char model[128];   /* printer-make-and-model: the PPD's nickname */
    char policy[64];   /* printer-op-policy */
    char message[256]; /* printer-state-message */
    bool stopped;
    bool accepting;
};

struct ph_doctor {
    const char *root; /* in front of each path of the system; "" */
    uid_t admin;      /* whose the installed files are; 0 */
    int64_t now_ms;

    int config_err; /* config holds the defaults unless it is PH_OK */
    struct ph_why config_why;
    struct ph_config config;

    int agent_err; /* status is of no use unless it is PH_OK */
    struct ph_why agent_why;
    struct ph_control_status status;

    int cups_err; /* queues are of no use unless it is PH_OK */
    struct ph_why cups_why;
    struct ph_doctor_queue queues[PH_DOCTOR_QUEUES_MAX];
    size_t queue_count;
};

struct ph_doctor_finding {
    enum ph_doctor_level level;
    struct ph_why text;
    struct ph_why remedy; /* empty when it is well */
};

struct ph_doctor_check {
    const char *name;  /* for programs; never changes */
    const char *title; /* for people */
    void (*judge)(const struct ph_doctor *doctor,
                  struct ph_doctor_finding *finding);
};
const struct ph_doctor_check *ph_doctor_table(size_t *out_count);

/* What --json prints, and the worst level in it. */
json_t *ph_doctor_json(const struct ph_doctor *doctor,
                       enum ph_doctor_level *out_worst);

/* All that is asked; doctor is the caller's. */
void ph_doctor_ask(struct ph_doctor *doctor);

/* Ask cupsd at config.cups_socket, or the usual one. */
void ph_doctor_ask_cups(struct ph_doctor *doctor);

/* --- for the checks --- */

void ph_doctor_ok(struct ph_doctor_finding *finding, const char *fmt, ...)
    PH_PRINTF(2, 3);
/* What is wrong; then what helps, with ph_doctor_remedy. */
void ph_doctor_warn(struct ph_doctor_finding *finding, const char *fmt, ...)
    PH_PRINTF(2, 3);
void ph_doctor_problem(struct ph_doctor_finding *finding, const char *fmt, ...)
    PH_PRINTF(2, 3);
void ph_doctor_remedy(struct ph_doctor_finding *finding, const char *fmt, ...)
    PH_PRINTF(2, 3);

/* A path of the system under root. */
void ph_doctor_path(const struct ph_doctor *doctor, const char *path,
                    char dst[PH_DOCTOR_PATH_MAX]);
/* A small text file of the system; PH_ERR_*. At most cap - 1 bytes. */
int ph_doctor_read(const struct ph_doctor *doctor, const char *path, char *dst,
                   size_t cap);

/* --- the checks --- */

typedef void ph_doctor_judge(const struct ph_doctor *doctor,
                             struct ph_doctor_finding *finding);

/* doctor_agent.c: what the configuration and the agent say */
ph_doctor_judge ph_doctor_config, ph_doctor_agent, ph_doctor_version,
    ph_doctor_key, ph_doctor_clock, ph_doctor_spool, ph_doctor_catalogue,
    ph_doctor_owners, ph_doctor_cloud, ph_doctor_release;
/* doctor_install.c: files, and what confines us */
ph_doctor_judge ph_doctor_files, ph_doctor_directories, ph_doctor_backend,
    ph_doctor_confinement, ph_doctor_disk, ph_doctor_selinux,
    ph_doctor_apparmor;
/* doctor_queue.c */
ph_doctor_judge ph_doctor_queue, ph_doctor_ppd, ph_doctor_policy,
    ph_doctor_purge;
/* doctor_units.c */
ph_doctor_judge ph_doctor_units;
/* doctor_enrol.c */
ph_doctor_judge ph_doctor_enrolment;
/* doctor_certificate.c */
ph_doctor_judge ph_doctor_certificate, ph_doctor_authority;
/* doctor_network.c, doctor_firewall.c */
ph_doctor_judge ph_doctor_proxy, ph_doctor_dns, ph_doctor_port,
    ph_doctor_firewall;

#endif
