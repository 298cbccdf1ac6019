#include "gather.h"

#include <string.h>

void
ph_gather_init(struct ph_gather *gather)
{
    memset(gather, 0, sizeof(*gather));
}

static void
make_due(struct ph_gather *gather, enum ph_notice_kind kind, int64_t now_ms)
{
    const int64_t earliest_ms = now_ms + PH_GATHER_WAIT_MS;
    const int64_t spaced_ms = gather->kinds[kind].shown_ms + PH_GATHER_SPACE_MS;

    if (gather->kinds[kind].is_due)
        return;
    gather->kinds[kind].is_due = true;
    gather->kinds[kind].due_ms =
        gather->kinds[kind].was_shown && spaced_ms > earliest_ms ? spaced_ms
                                                                 : earliest_ms;
}

static void
add_facts(struct ph_notice_facts *facts, const struct ph_control_change *change)
{
    facts->is_one_printer = facts->count == 0 ||
                            (facts->is_one_printer &&
                             strcmp(facts->last.printer, change->printer) == 0);
    if (facts->until_ms == 0 ||
        (change->until_ms != 0 && change->until_ms < facts->until_ms))
        facts->until_ms = change->until_ms;
    facts->last = *change;
    facts->count++;
}

static void
count_in(struct ph_gather *gather, enum ph_notice_kind kind,
         const struct ph_control_change *change, int64_t now_ms)
{
    struct ph_notice_facts *facts = &gather->kinds[kind].facts;

    if (!gather->kinds[kind].is_due &&
        now_ms - gather->kinds[kind].last_ms > PH_GATHER_BURST_MS) {
        *facts = (struct ph_notice_facts){.kind = kind};
        gather->kinds[kind].shown_id = 0;
    }
    facts->kind = kind;
    add_facts(facts, change);
    gather->kinds[kind].last_ms = now_ms;
    make_due(gather, kind, now_ms);
}

/* Away is worth a word after a while only, back only after that. */
static void
note_cloud(struct ph_gather *gather, const struct ph_control_change *change,
           int64_t now_ms)
{
    const bool is_away = strcmp(change->reason, "connecting") == 0;

    if (is_away && !gather->is_cloud_away)
        gather->cloud_away_ms = now_ms;
    gather->is_cloud_away = is_away;
    if (is_away || !gather->is_cloud_told)
        return;
    gather->is_cloud_told = false;
    if (strcmp(change->reason, "online") == 0)
        count_in(gather, PH_NOTICE_CLOUD_BACK, change, now_ms);
}

void
ph_gather_add(struct ph_gather *gather, const struct ph_control_change *change,
              int64_t now_ms)
{
    const enum ph_notice_kind kind = ph_notice_kind_of(change);

    if (change->kind == PH_CHANGE_CLOUD)
        note_cloud(gather, change, now_ms);
    else if (kind != PH_NOTICE_NONE)
        count_in(gather, kind, change, now_ms);
}

static bool
is_cloud_due(const struct ph_gather *gather, int64_t now_ms)
{
    return gather->is_cloud_away && !gather->is_cloud_told &&
           now_ms - gather->cloud_away_ms >= PH_GATHER_CLOUD_MS;
}

bool
ph_gather_take(struct ph_gather *gather, int64_t now_ms,
               struct ph_notice *out_notice, uint32_t *out_replaces)
{
    static const struct ph_control_change away = {.kind = PH_CHANGE_CLOUD};

    if (is_cloud_due(gather, now_ms)) {
        gather->is_cloud_told = true;
        count_in(gather, PH_NOTICE_CLOUD_AWAY, &away, now_ms);
    }
    for (size_t i = 0; i < PH_NOTICE_KINDS; i++) {
        if (!gather->kinds[i].is_due || gather->kinds[i].due_ms > now_ms)
            continue;
        gather->kinds[i].is_due = false;
        gather->kinds[i].was_shown = true;
        gather->kinds[i].shown_ms = now_ms;
        ph_notice_text(&gather->kinds[i].facts, out_notice);
        *out_replaces = gather->kinds[i].shown_id;
        return true;
    }
    return false;
}

void
ph_gather_shown(struct ph_gather *gather, enum ph_notice_kind kind, uint32_t id)
{
    gather->kinds[kind].shown_id = id;
}

int64_t
ph_gather_next_ms(const struct ph_gather *gather)
{
    int64_t next_ms = PH_GATHER_NEVER;

    for (size_t i = 0; i < PH_NOTICE_KINDS; i++)
        if (gather->kinds[i].is_due && gather->kinds[i].due_ms < next_ms)
            next_ms = gather->kinds[i].due_ms;
    if (gather->is_cloud_away && !gather->is_cloud_told &&
        gather->cloud_away_ms + PH_GATHER_CLOUD_MS < next_ms)
        next_ms = gather->cloud_away_ms + PH_GATHER_CLOUD_MS;
    return next_ms;
}
