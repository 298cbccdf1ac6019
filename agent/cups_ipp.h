/*
 * The two IPP requests that the agent sends to cupsd, and reading the answer
 * (RFC 8010 encoding, RFC 8011 operations, purge-job of CUPS). Pure, except
 * for ph_cups_ipp_do. libcups is not used here: it would bring its TLS library
 * and half a dozen others into a process that lives for months.
 */
#ifndef PRINTHOLD_AGENT_CUPS_IPP_H
#define PRINTHOLD_AGENT_CUPS_IPP_H

#include <stddef.h>
#include <stdint.h>

#include "printhold/base/buf.h"
#include "printhold/base/why.h"

#define PH_IPP_ANSWER_MAX 65536
#define PH_IPP_UUID_MAX   64
#define PH_IPP_JOB_ENDED  7 /* job-state: canceled 7, aborted 8, completed 9 */

enum ph_ipp_operation {
    PH_IPP_CANCEL_JOB = 0x0008, /* with purge-job */
    PH_IPP_GET_JOB_ATTRIBUTES = 0x0009,
};

struct ph_ipp_answer {
    uint16_t status;   /* below 0x0100 is success, 0x0406 not found */
    int32_t job_state; /* 0 when not there */
    char job_uuid[PH_IPP_UUID_MAX];
};

#define PH_IPP_OK_LAST      0x00ff
#define PH_IPP_NOT_FOUND    0x0406
#define PH_IPP_NOT_POSSIBLE 0x0404
#define PH_IPP_HTTP_REFUSED 0xfffe /* HTTP 401 or 403: not in SystemGroup */

/* The whole HTTP request, in the name of the local account user. */
int ph_ipp_request_put(enum ph_ipp_operation operation, int32_t job,
                       const char *user, struct ph_buf *buf);

/* An IPP message. PH_ERR_TRUNCATED or PH_ERR_SYNTAX when it is none. */
int ph_ipp_answer_parse(const void *bytes, size_t len,
                        struct ph_ipp_answer *out_answer);

/* A whole HTTP answer with an IPP message in it. PH_ERR_TRUNCATED while bytes
 * are missing. */
int ph_ipp_http_parse(const void *bytes, size_t len,
                      struct ph_ipp_answer *out_answer);

/* Ask cupsd at the socket; at most five seconds for each wait. Blocking. */
int ph_cups_ipp_do(const char *socket_path, enum ph_ipp_operation operation,
                   int32_t job, struct ph_ipp_answer *out_answer,
                   struct ph_why *why);

#endif
