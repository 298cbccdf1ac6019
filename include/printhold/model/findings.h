/*
 * All that is wrong with files that people write, not only the first thing.
 *
 * Loading for real ends at the first mistake and needs none of this. Who checks
 * gives a list to the reader, which then goes on behind each mistake and adds
 * it here. The list is bounded: what is beyond it is counted.
 */
#ifndef PRINTHOLD_MODEL_FINDINGS_H
#define PRINTHOLD_MODEL_FINDINGS_H

#include <stddef.h>

#include "printhold/base/why.h"

#define PH_FINDINGS_MAX     100
#define PH_FINDING_FILE_MAX 1024

struct ph_finding {
    char file[PH_FINDING_FILE_MAX]; /* empty: it is of none */
    unsigned line;                  /* 0: it is of the whole file */
    struct ph_why why;              /* as loading says it */
};

/* 130 KiB: for the heap. All zero is an empty list. */
struct ph_findings {
    struct ph_finding list[PH_FINDINGS_MAX];
    size_t count;
    size_t more; /* that the list has no room for */
};

void ph_findings_add(struct ph_findings *findings, const char *file,
                     unsigned line, const struct ph_why *why);

#endif
