/*
 * Refusals on their way into the audit. Whoever can reach the port makes as
 * many as they like; the disk and the loop must not feel it. So in an hour the
 * first few of a printer and a reason become records of their own and the rest
 * one record with their number; the printers and reasons of an hour are bounded
 * too, and what is beyond them is counted together.
 *
 * Most records of an hour: PH_REFUSAL_KINDS * (PH_REFUSAL_EACH + 1) + 1.
 *
 * Noting takes no disk and is safe from every thread.
 */
#ifndef PRINTHOLD_AGENT_AUDIT_REFUSALS_H
#define PRINTHOLD_AGENT_AUDIT_REFUSALS_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "printhold/base/id.h"
#include "printhold/model/ticket.h"
#include "printhold/store/audit.h"

#define PH_REFUSAL_WINDOW_MS INT64_C(3600000)
#define PH_REFUSAL_EACH      5
#define PH_REFUSAL_KINDS     64
#define PH_REFUSAL_PENDING   16

struct ph_refusal {
    char printer[PH_CATALOGUE_WORD_MAX]; /* of its certificate */
    char reason[PH_AUDIT_WORD_MAX];      /* keyword of the problem */
    char amr[PH_AUDIT_AMR_MAX];          /* of a session; may be empty */
    bool has_job;
    struct ph_id job;
    int64_t uid;                     /* of the job's owner; -1 */
    char login[PH_TICKET_TEXT_MAX];  /* who was there; may be empty */
    char title[PH_TICKET_TITLE_MAX]; /* may be empty */
    uint64_t count;                  /* how many are meant */
};

/* The fields are private. */
struct audit_refusals {
    pthread_mutex_t lock;
    int64_t window_ms; /* began then */
    struct {
        char printer[PH_CATALOGUE_WORD_MAX];
        char reason[PH_AUDIT_WORD_MAX];
        unsigned seen;
        uint64_t more; /* that are only counted */
    } kinds[PH_REFUSAL_KINDS];
    size_t kind_count;
    uint64_t others; /* beyond the kinds */
    struct ph_refusal pending[PH_REFUSAL_PENDING];
    size_t pending_count;
};

void audit_refusals_init(struct audit_refusals *refusals, int64_t now_ms);
void audit_refusals_close(struct audit_refusals *refusals);

/* now_ms only differences count. True: there is something to take. */
bool audit_refusals_note(struct audit_refusals *refusals,
                         const struct ph_refusal *refusal, int64_t now_ms);

/* Take one that is to become a record; false when there is none. What was only
 * counted comes when its hour is over, or at the end. */
bool audit_refusals_take(struct audit_refusals *refusals, int64_t now_ms,
                         bool at_end, struct ph_refusal *out_refusal);

/* It could not be written: count it with the others. */
void audit_refusals_put_back(struct audit_refusals *refusals,
                             const struct ph_refusal *refusal);

#endif
