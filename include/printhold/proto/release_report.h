/*
 * What a printer without MQTT reports of a release to the hub: POST
 * /v1/releases (docs/hub-api.openapi.yaml).
 *
 *   {"id":"32 hex digits","workstation":"ws-...","job":"32 hex digits",
 *    "result":"printed","impressions":12,"sheets":6}
 *
 * The id is made by the printer; the same one again is the same report. Counts
 * are optional. Other members are refused.
 */
#ifndef PRINTHOLD_PROTO_RELEASE_REPORT_H
#define PRINTHOLD_PROTO_RELEASE_REPORT_H

#include <stdint.h>

#include "printhold/base/buf.h"
#include "printhold/base/id.h"
#include "printhold/base/why.h"
#include "printhold/crypto/identity.h"
#include "printhold/proto/json.h"

#define PH_RELEASE_RESULT_MAX 16
#define PH_RELEASE_COUNT_MAX  INT64_C(10000000) /* sums cannot overflow */

struct ph_printer_report {
    struct ph_id id;
    char workstation[PH_IDENTITY_MAX];
    struct ph_id job;
    char result[PH_RELEASE_RESULT_MAX]; /* printed, failed, partly */
    int64_t impressions;                /* -1: not known */
    int64_t sheets;
};

/* Of an object that was parsed already. PH_ERR_SYNTAX, why names the member. */
int ph_release_report_take(const json_t *root,
                           struct ph_printer_report *out_report,
                           struct ph_why *why);

/* The report as text, replaces buf. */
int ph_release_report_put(const struct ph_printer_report *report,
                          struct ph_buf *buf);

#endif
