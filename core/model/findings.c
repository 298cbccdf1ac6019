#include "printhold/model/findings.h"

#include <stdio.h>

void
ph_findings_add(struct ph_findings *findings, const char *file, unsigned line,
                const struct ph_why *why)
{
    struct ph_finding *finding;

    if (findings->count == PH_FINDINGS_MAX) {
        findings->more++;
        return;
    }
    finding = &findings->list[findings->count++];
    (void)snprintf(finding->file, sizeof(finding->file), "%s", file);
    finding->line = line;
    finding->why = *why;
}
