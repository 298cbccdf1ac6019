/*
 * The IPP requests that the agent sends to cupsd, and reading the answers
 * (RFC 8010 encoding, RFC 8011 operations, purge-job and CUPS-Get-Printers of
 * CUPS). Pure, except for ph_cups_ipp_do. libcups is not used here: it would
 * bring its TLS library and half a dozen others into a process that lives for
 * months.
 */
#ifndef PRINTHOLD_AGENT_CUPS_IPP_H
#define PRINTHOLD_AGENT_CUPS_IPP_H

#include <stddef.h>
#include <stdint.h>

#include "printhold/base/buf.h"
#include "printhold/base/why.h"

#define PH_IPP_ANSWER_MAX  (1024 * 1024)
#define PH_IPP_JOBS_MAX    1000 /* of one Get-Jobs */
#define PH_IPP_UUID_MAX    64
#define PH_IPP_KEYWORD_MAX 32
#define PH_IPP_URI_MAX     256
#define PH_IPP_TEXT_MAX    256
#define PH_IPP_JOB_HELD    4 /* job-state: pending-held */
#define PH_IPP_JOB_ENDED   7 /* canceled 7, aborted 8, completed 9 */

enum ph_ipp_operation {
    PH_IPP_CANCEL_JOB = 0x0008, /* with purge-job */
    PH_IPP_GET_JOB_ATTRIBUTES = 0x0009,
    PH_IPP_GET_JOBS = 0x000a, /* of one queue, which have not ended */
    PH_IPP_RELEASE_JOB = 0x000d,
    PH_IPP_GET_PRINTERS = 0x4002, /* all queues */
};

struct ph_ipp_request {
    enum ph_ipp_operation operation;
    int32_t job;           /* for the operations on one job */
    const char *queue_uri; /* for PH_IPP_GET_JOBS */
};

/*
 * A job, or a queue: what one group of an answer says. What is absent, of
 * another type or too long is 0 or empty.
 */
struct ph_ipp_record {
    int32_t job_id;
    int32_t job_state;
    char job_uuid[PH_IPP_UUID_MAX];
    char job_hold_until[PH_IPP_KEYWORD_MAX];
    char job_message[PH_IPP_TEXT_MAX]; /* its first bytes, if it is longer */
    char queue_uri[PH_IPP_URI_MAX];
    char device_uri[PH_IPP_URI_MAX];
};

/* Called for each group of jobs or queues, in order. */
typedef void (*ph_ipp_each_cb)(const struct ph_ipp_record *record, void *arg);

/* The answer's status: below 0x0100 is success. */
#define PH_IPP_OK_LAST      0x00ff
#define PH_IPP_NOT_POSSIBLE 0x0404
#define PH_IPP_NOT_FOUND    0x0406
#define PH_IPP_HTTP_REFUSED 0xfffe /* HTTP 401 or 403: not in SystemGroup */

/* The whole HTTP request, in the name of the local account user. */
int ph_ipp_request_put(const struct ph_ipp_request *request, const char *user,
                       struct ph_buf *buf);

/* An IPP message. PH_ERR_TRUNCATED or PH_ERR_SYNTAX when it is none; each is
 * not called then. each may be NULL. */
int ph_ipp_answer_parse(const void *bytes, size_t len, ph_ipp_each_cb each,
                        void *arg, uint16_t *out_status);

/* A whole HTTP answer with an IPP message in it. PH_ERR_TRUNCATED while bytes
 * are missing. */
int ph_ipp_http_parse(const void *bytes, size_t len, ph_ipp_each_cb each,
                      void *arg, uint16_t *out_status);

/* Ask cupsd at the socket; at most five seconds for each wait. Blocking. */
int ph_cups_ipp_do(const char *socket_path,
                   const struct ph_ipp_request *request, ph_ipp_each_cb each,
                   void *arg, uint16_t *out_status, struct ph_why *why);

#endif
