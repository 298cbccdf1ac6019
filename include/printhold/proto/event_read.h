/*
 * Events as a reader takes them from the broker (docs/cloud-protocol.md). The
 * broker is no authority, and a workstation may be anybody's: every member is
 * bounded and checked, numbers so that sums of them cannot overflow. What is
 * believed of it is the reader's business.
 */
#ifndef PRINTHOLD_PROTO_EVENT_READ_H
#define PRINTHOLD_PROTO_EVENT_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "printhold/base/id.h"
#include "printhold/base/why.h"
#include "printhold/crypto/identity.h"
#include "printhold/model/login.h"
#include "printhold/proto/answer_event.h"
#include "printhold/proto/event.h"

#define PH_EVENT_BYTES_MAX  (32 * 1024)
#define PH_EVENT_REASON_MAX 256
#define PH_EVENT_COUNT_MAX  INT64_C(10000000) /* pages and the like */
#define PH_EVENT_SIZE_MAX   (INT64_C(1) << 40)

enum ph_event_kind {
    PH_EVENT_JOB,
    PH_EVENT_COMMAND_DONE,
    PH_EVENT_COMMAND_REFUSED,
    PH_EVENT_POLICY_APPLIED,
    PH_EVENT_OTHER, /* of a newer workstation: there is nothing to take */
};

struct ph_job_said {
    struct ph_id job;
    enum ph_job_state state; /* HELD, RELEASED to FAILED */
    char login[PH_LOGIN_MAX];
    struct ph_ticket
        ticket; /* what submissions have; the rest as initialised */
    struct ph_release_report release; /* printer empty: there is none */
    char reason[PH_EVENT_REASON_MAX];
};

struct ph_command_said {
    char cause[PH_COMMAND_JTI_MAX + 1]; /* jti */
    char op[32];
    char reason[64]; /* of a refusal */
    struct ph_command_result result;
};

struct ph_policy_said {
    char scope[16];
    int64_t version;
    size_t clamped; /* how many members hold otherwise than they say */
};

struct ph_event_said {
    struct ph_id id;
    int64_t time_ms;
    char workstation[PH_IDENTITY_MAX];
    char host[PH_TICKET_TEXT_MAX];
    enum ph_event_kind kind;
    union {
        struct ph_job_said job;
        struct ph_command_said command;
        struct ph_policy_said policy;
    } u;
};

/*
 * One event of this tenant. PH_ERR_TOO_BIG, PH_ERR_SYNTAX; PH_ERR_DENIED when
 * its source is another tenant, or another workstation than its data. why names
 * the member, never what it says.
 */
int ph_event_read(const void *text, size_t len, const char *tenant,
                  struct ph_event_said *out_said, struct ph_why *why);

#endif
