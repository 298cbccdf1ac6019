/* The print queue, as cupsd describes it. */
#include <stdio.h>
#include <string.h>

#include "doctor.h"
#include "printhold/base/err.h"

#ifdef __APPLE__
#define REPAIR     "sudo " PH_LIBEXEC_DIR "/queue repair"
#define START_CUPS "sudo launchctl kickstart system/org.cups.cupsd"
#else
#define REPAIR     PH_LIBEXEC_DIR "/queue repair"
#define START_CUPS "systemctl start cups"
#endif
#define MODEL  "PrintHold secure queue, " PRINTHOLD_VERSION
#define POLICY "authenticated"

void
ph_doctor_queue(const struct ph_doctor *doctor,
                struct ph_doctor_finding *finding)
{
    if (doctor->cups_err != PH_OK) {
        ph_doctor_problem(finding, "%s", doctor->cups_why.text);
        ph_doctor_remedy(finding, START_CUPS);
        return;
    }
    if (doctor->queue_count == 0) {
        ph_doctor_problem(finding, "there is none that prints to us");
        ph_doctor_remedy(finding, "%s", REPAIR);
        return;
    }
    for (size_t i = 0; i < doctor->queue_count; i++) {
        const struct ph_doctor_queue *queue = &doctor->queues[i];

        if (queue->accepting && !queue->stopped)
            continue;
        ph_doctor_problem(
            finding, "%s %s%s%s", queue->name,
            queue->stopped ? "is stopped" : "does not accept jobs",
            queue->message[0] != '\0' ? ": " : "", queue->message);
        ph_doctor_remedy(finding, "cupsenable %s; cupsaccept %s", queue->name,
                         queue->name);
        return;
    }
    ph_doctor_ok(finding, "%s%s, accepting", doctor->queues[0].name,
                 doctor->queue_count > 1 ? " and others" : "");
}

void
ph_doctor_ppd(const struct ph_doctor *doctor, struct ph_doctor_finding *finding)
{
    if (doctor->cups_err != PH_OK || doctor->queue_count == 0)
        return;
    for (size_t i = 0; i < doctor->queue_count; i++) {
        const struct ph_doctor_queue *queue = &doctor->queues[i];

        if (strcmp(queue->model, MODEL) == 0)
            continue;
        ph_doctor_warn(finding, "%s has that of \"%s\", not of \"" MODEL "\"",
                       queue->name, queue->model);
        ph_doctor_remedy(finding, REPAIR " --name %s", queue->name);
        return;
    }
    ph_doctor_ok(finding, "of this version");
}

void
ph_doctor_policy(const struct ph_doctor *doctor,
                 struct ph_doctor_finding *finding)
{
    if (doctor->cups_err != PH_OK || doctor->queue_count == 0)
        return;
    for (size_t i = 0; i < doctor->queue_count; i++) {
        const struct ph_doctor_queue *queue = &doctor->queues[i];

        if (strcmp(queue->policy, POLICY) == 0)
            continue;
        ph_doctor_problem(finding,
                          "%s has \"%s\", with which its jobs are "
                          "refused: nobody says whose they are",
                          queue->name, queue->policy);
        ph_doctor_remedy(finding, "lpadmin -p %s -o printer-op-policy=" POLICY,
                         queue->name);
        return;
    }
    ph_doctor_ok(finding, POLICY ": who prints is known");
}

void
ph_doctor_purge(const struct ph_doctor *doctor,
                struct ph_doctor_finding *finding)
{
    if (doctor->config.cups_socket[0] == '\0') {
        ph_doctor_warn(finding, "CUPS keeps its own copy of every job, as its "
                                "PreserveJobFiles says");
        ph_doctor_remedy(finding, "set cups.socket");
        return;
    }
    if (doctor->agent_err != PH_OK)
        return;
    if (doctor->status.cups_text[0] == '\0') {
        ph_doctor_ok(finding, "none");
        return;
    }
    ph_doctor_problem(finding, "%s", doctor->status.cups_text);
    ph_doctor_remedy(finding,
                     "make %s a member of a group that SystemGroup of "
                     "cups-files.conf names, and start the agent anew",
                     doctor->config.agent_user);
}
