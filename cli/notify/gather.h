/*
 * Many changes, few notices. A notice waits a moment for more of its kind, the
 * next one of that kind comes seconds later at the earliest and stands in for it,
 * with all of the burst in its number. So 200 jobs at once are a handful of
 * calls and one notice on the screen.
 *
 * Pure: the time is an argument, milliseconds of a clock that does not jump.
 */
#ifndef PRINTHOLD_CLI_NOTIFY_GATHER_H
#define PRINTHOLD_CLI_NOTIFY_GATHER_H

#include "text.h"

#define PH_GATHER_WAIT_MS  500    /* for more of the same kind */
#define PH_GATHER_SPACE_MS 5000   /* between two notices of a kind */
#define PH_GATHER_BURST_MS 10000  /* of silence end a burst */
#define PH_GATHER_CLOUD_MS 900000 /* away so long is worth a notice */
#define PH_GATHER_NEVER    INT64_MAX

/* The fields are private. */
struct ph_gather {
    struct {
        struct ph_notice_facts facts; /* of the burst */
        bool is_due;
        int64_t due_ms;
        int64_t last_ms;   /* the newest change of the burst */
        int64_t shown_ms;  /* its notice, or the one of the burst before */
        bool was_shown;    /* ever */
        uint32_t shown_id; /* of this burst's notice; 0: none */
    } kinds[PH_NOTICE_KINDS];
    bool is_cloud_away;
    bool is_cloud_told; /* that it is away */
    int64_t cloud_away_ms;
};

void ph_gather_init(struct ph_gather *gather);
void ph_gather_add(struct ph_gather *gather,
                   const struct ph_control_change *change, int64_t now_ms);
/* The next notice that is due; false: none. *out_replaces is the id of the one
 * that it stands in for, 0: of none. */
bool ph_gather_take(struct ph_gather *gather, int64_t now_ms,
                    struct ph_notice *out_notice, uint32_t *out_replaces);
/* It is on the screen, with that id. */
void ph_gather_shown(struct ph_gather *gather, enum ph_notice_kind kind,
                     uint32_t id);
/* When to come again; PH_GATHER_NEVER: when something happens. */
int64_t ph_gather_next_ms(const struct ph_gather *gather);

#endif
