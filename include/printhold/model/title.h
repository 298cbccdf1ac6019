/* What of a job's title leaves the workstation: full, first-word or hidden. */
#ifndef PRINTHOLD_MODEL_TITLE_H
#define PRINTHOLD_MODEL_TITLE_H

#include <stddef.h>

enum ph_title_policy {
    PH_TITLE_FULL,
    PH_TITLE_FIRST_WORD, /* up to the first blank, then U+2026 if cut */
    PH_TITLE_HIDDEN,     /* empty */
};

/* "full", "first-word", "hidden"; PH_ERR_INVALID otherwise. */
int ph_title_policy_parse(const char *name, enum ph_title_policy *out_policy);
void ph_title_apply(enum ph_title_policy policy, const char *title, char *dst,
                    size_t cap);

#endif
