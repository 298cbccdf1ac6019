#include "printhold/model/job.h"

#include <stddef.h>

#include "printhold/base/attr.h"

/* Every legal move; see the diagram in the header. */
static const struct {
    enum ph_job_state from;
    enum ph_job_state to;
} moves[] = {
    {PH_JOB_RECEIVING, PH_JOB_HELD}, /* committed */
    {PH_JOB_HELD, PH_JOB_CLAIMED},   /* a printer took a lease */
    {PH_JOB_HELD, PH_JOB_DELETED},   /* by owner or administrator */
    {PH_JOB_HELD, PH_JOB_EXPIRED},   /* retention ended */
    {PH_JOB_HELD, PH_JOB_FAILED},    /* found damaged */
    {PH_JOB_CLAIMED, PH_JOB_HELD},   /* given back, kept, or lease ended */
    {PH_JOB_CLAIMED, PH_JOB_RELEASED}, {PH_JOB_CLAIMED, PH_JOB_FAILED},
};

const char *
ph_job_state_name(enum ph_job_state state)
{
    switch (state) {
    case PH_JOB_RECEIVING:
        return "receiving";
    case PH_JOB_HELD:
        return "held";
    case PH_JOB_CLAIMED:
        return "claimed";
    case PH_JOB_RELEASED:
        return "released";
    case PH_JOB_EXPIRED:
        return "expired";
    case PH_JOB_DELETED:
        return "deleted";
    case PH_JOB_FAILED:
        return "failed";
    }
    return "unknown";
}

bool
ph_job_move_allowed(enum ph_job_state from, enum ph_job_state to)
{
    for (size_t i = 0; i < PH_COUNT(moves); i++)
        if (moves[i].from == from && moves[i].to == to)
            return true;
    return false;
}

bool
ph_job_state_has_document(enum ph_job_state state)
{
    return state == PH_JOB_RECEIVING || state == PH_JOB_HELD ||
           state == PH_JOB_CLAIMED;
}
