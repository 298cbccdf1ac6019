/*
 * Job events as CloudEvents 1.0 (structured JSON), published unretained at
 * ph1/{tenant}/ev/{ws}: org.printhold.job.{held,released,deleted,expired,
 * failed}.v1. The id is a UUID version 7 and never repeats.
 */
#ifndef PRINTHOLD_PROTO_EVENT_H
#define PRINTHOLD_PROTO_EVENT_H

#include <stdint.h>

#include "printhold/base/buf.h"
#include "printhold/base/id.h"
#include "printhold/model/job.h"
#include "printhold/model/ticket.h"

#define PH_RELEASE_KEY_MAX 129

/* What was chosen at the printer (choices.h); empty and 0: as the ticket. */
struct ph_release_choices {
    int32_t copies;
    char sides[PH_TICKET_WORD_MAX];
    char print_color_mode[PH_TICKET_WORD_MAX];
    char page_ranges[PH_TICKET_TEXT_MAX];
    char finishings[PH_TICKET_TEXT_MAX];
};

/* What a printer says at the end of a release. */
struct ph_release_report {
    char printer[64];             /* pr-... of its certificate */
    char result[16];              /* printed, failed, partly */
    char address[64];             /* peer address */
    int64_t impressions;          /* -1 unknown */
    int64_t sheets;               /* -1 unknown */
    char key[PH_RELEASE_KEY_MAX]; /* names this very report; empty: none */
    struct ph_release_choices choices;
};

struct ph_event {
    struct ph_id id; /* ph_id_make_v7 */
    int64_t time_ms;
    const char *tenant;
    const char *workstation;
    const char *host;
    enum ph_job_state state; /* gives the type; HELD..FAILED */
    struct ph_id job;
    const struct ph_ticket *ticket;          /* title policy already applied */
    const struct ph_release_report *release; /* NULL unless released */
    const char *reason;                      /* NULL or why it ended */
};

/* JSON text, replaces buf. All submission fields of the ticket are in data. */
int ph_event_put(const struct ph_event *event, struct ph_buf *buf);

#endif
