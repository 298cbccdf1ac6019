/* Asks cupsd for the queues that print to us. */
#include <cups/cups.h>
#include <stdio.h>
#include <string.h>

#include "doctor.h"
#include "printhold/base/err.h"

#define SCHEME      "printhold:"
#define PATIENCE_MS 5000

static void
take_text(ipp_attribute_t *attribute, char *dst, size_t cap)
{
    const char *text = ippGetString(attribute, 0, NULL);

    (void)snprintf(dst, cap, "%s", text != NULL ? text : "");
}

static void
take_attribute(ipp_attribute_t *attribute, struct ph_doctor_queue *queue,
               bool *ours)
{
    const char *name = ippGetName(attribute);
    const char *uri;

    if (name == NULL)
        return;
    if (strcmp(name, "printer-name") == 0) {
        take_text(attribute, queue->name, sizeof(queue->name));
    } else if (strcmp(name, "device-uri") == 0) {
        uri = ippGetString(attribute, 0, NULL);
        *ours = uri != NULL && strncmp(uri, SCHEME, strlen(SCHEME)) == 0;
    } else if (strcmp(name, "printer-make-and-model") == 0) {
        take_text(attribute, queue->model, sizeof(queue->model));
    } else if (strcmp(name, "printer-op-policy") == 0) {
        take_text(attribute, queue->policy, sizeof(queue->policy));
    } else if (strcmp(name, "printer-state-message") == 0) {
        take_text(attribute, queue->message, sizeof(queue->message));
    } else if (strcmp(name, "printer-state") == 0) {
        queue->stopped = ippGetInteger(attribute, 0) == IPP_PSTATE_STOPPED;
    } else if (strcmp(name, "printer-is-accepting-jobs") == 0) {
        queue->accepting = ippGetBoolean(attribute, 0) != 0;
    }
}

/* Each printer is a group of attributes; anything else ends it. */
static void
take_answer(ipp_t *answer, struct ph_doctor *doctor)
{
    ipp_attribute_t *attribute = ippFirstAttribute(answer);
    struct ph_doctor_queue queue = {.accepting = false};
    bool ours = false;

    for (;; attribute = ippNextAttribute(answer)) {
        if (attribute != NULL && ippGetGroupTag(attribute) == IPP_TAG_PRINTER) {
            take_attribute(attribute, &queue, &ours);
            continue;
        }
        if (ours && doctor->queue_count < PH_DOCTOR_QUEUES_MAX)
            doctor->queues[doctor->queue_count++] = queue;
        ours = false;
        memset(&queue, 0, sizeof(queue));
        if (attribute == NULL)
            return;
    }
}

static ipp_t *
ask(http_t *http)
{
    static const char *const wanted[] = {
        "printer-name",          "device-uri",
        "printer-state",         "printer-is-accepting-jobs",
        "printer-state-message", "printer-make-and-model",
        "printer-op-policy"};
    ipp_t *request = ippNewRequest(IPP_OP_CUPS_GET_PRINTERS);

    (void)ippAddStrings(request, IPP_TAG_OPERATION, IPP_TAG_KEYWORD,
                        "requested-attributes", (int)PH_COUNT(wanted), NULL,
                        wanted);
    return cupsDoRequest(http, request, "/"); /* takes the request */
}

void
ph_doctor_ask_cups(struct ph_doctor *doctor)
{
    const char *server = doctor->config.cups_socket[0] != '\0'
                             ? doctor->config.cups_socket
                             : cupsServer();
    http_t *http =
        httpConnect2(server, ippPort(), NULL, AF_UNSPEC,
                     HTTP_ENCRYPTION_IF_REQUESTED, 1, PATIENCE_MS, NULL);
    ipp_t *answer = http != NULL ? ask(http) : NULL;

    doctor->queue_count = 0;
    doctor->cups_err = PH_OK;
    if (answer != NULL && ippGetStatusCode(answer) <= IPP_STATUS_OK_CONFLICTING)
        take_answer(answer, doctor);
    else if (answer == NULL ||
             ippGetStatusCode(answer) != IPP_STATUS_ERROR_NOT_FOUND)
        doctor->cups_err = ph_why_fail(&doctor->cups_why, PH_ERR_CLOSED,
                                       "CUPS does not answer at %s: %s", server,
                                       cupsLastErrorString());
    ippDelete(answer);
    httpClose(http);
}
