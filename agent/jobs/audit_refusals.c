#include "audit_refusals.h"

#include <stdio.h>
#include <string.h>

void
audit_refusals_init(struct audit_refusals *refusals, int64_t now_ms)
{
    memset(refusals, 0, sizeof(*refusals));
    (void)pthread_mutex_init(&refusals->lock, NULL);
    refusals->window_ms = now_ms;
}

void
audit_refusals_close(struct audit_refusals *refusals)
{
    (void)pthread_mutex_destroy(&refusals->lock);
}

static bool
is_window_over(const struct audit_refusals *refusals, int64_t now_ms)
{
    return now_ms - refusals->window_ms >= PH_REFUSAL_WINDOW_MS;
}

/* Of this printer and reason; PH_REFUSAL_KINDS when there are too many. */
static size_t
find_kind(struct audit_refusals *refusals, const struct ph_refusal *refusal)
{
    size_t i = 0;

    while (i < refusals->kind_count &&
           (strcmp(refusals->kinds[i].printer, refusal->printer) != 0 ||
            strcmp(refusals->kinds[i].reason, refusal->reason) != 0))
        i++;
    if (i < refusals->kind_count || i == PH_REFUSAL_KINDS)
        return i;
    refusals->kind_count++;
    refusals->kinds[i].seen = 0;
    refusals->kinds[i].more = 0;
    (void)snprintf(refusals->kinds[i].printer, PH_CATALOGUE_WORD_MAX, "%s",
                   refusal->printer);
    (void)snprintf(refusals->kinds[i].reason, PH_AUDIT_WORD_MAX, "%s",
                   refusal->reason);
    return i;
}

bool
audit_refusals_note(struct audit_refusals *refusals,
                    const struct ph_refusal *refusal, int64_t now_ms)
{
    bool wanted;
    size_t kind;

    (void)pthread_mutex_lock(&refusals->lock);
    wanted = is_window_over(refusals, now_ms);
    kind = find_kind(refusals, refusal);
    if (kind == PH_REFUSAL_KINDS) {
        refusals->others++;
    } else if (refusals->kinds[kind].seen < PH_REFUSAL_EACH &&
               refusals->pending_count < PH_REFUSAL_PENDING) {
        refusals->kinds[kind].seen++;
        refusals->pending[refusals->pending_count] = *refusal;
        refusals->pending[refusals->pending_count++].count = 1;
        wanted = true;
    } else {
        refusals->kinds[kind].more++;
    }
    (void)pthread_mutex_unlock(&refusals->lock);
    return wanted;
}

/* One of those that were only counted. */
static bool
take_count(struct audit_refusals *refusals, struct ph_refusal *out_refusal)
{
    while (refusals->kind_count > 0) {
        const size_t last = --refusals->kind_count;

        if (refusals->kinds[last].more == 0)
            continue;
        memcpy(out_refusal->printer, refusals->kinds[last].printer,
               sizeof(out_refusal->printer));
        memcpy(out_refusal->reason, refusals->kinds[last].reason,
               sizeof(out_refusal->reason));
        out_refusal->count = refusals->kinds[last].more;
        return true;
    }
    if (refusals->others == 0)
        return false;
    (void)snprintf(out_refusal->reason, sizeof(out_refusal->reason), "various");
    out_refusal->count = refusals->others;
    refusals->others = 0;
    return true;
}

bool
audit_refusals_take(struct audit_refusals *refusals, int64_t now_ms,
                    bool at_end, struct ph_refusal *out_refusal)
{
    struct ph_refusal refusal = {.uid = -1};
    bool is_there = false;

    (void)pthread_mutex_lock(&refusals->lock);
    if (refusals->pending_count > 0) {
        refusal = refusals->pending[0];
        refusals->pending_count--;
        memmove(refusals->pending, refusals->pending + 1,
                refusals->pending_count * sizeof(refusals->pending[0]));
        is_there = true;
    } else if (at_end || is_window_over(refusals, now_ms)) {
        is_there = take_count(refusals, &refusal);
        if (!is_there)
            refusals->window_ms = now_ms;
    }
    (void)pthread_mutex_unlock(&refusals->lock);
    if (is_there)
        *out_refusal = refusal;
    return is_there;
}

void
audit_refusals_put_back(struct audit_refusals *refusals,
                        const struct ph_refusal *refusal)
{
    (void)pthread_mutex_lock(&refusals->lock);
    refusals->others += refusal->count;
    (void)pthread_mutex_unlock(&refusals->lock);
}
