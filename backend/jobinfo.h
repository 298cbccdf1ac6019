/*
 * Everything that cupsd tells a backend about its job: arguments and
 * environment (backend(7)), brought into a ticket.
 */
#ifndef PH_BACKEND_JOBINFO_H
#define PH_BACKEND_JOBINFO_H

#include <stdbool.h>
#include <stdint.h>

#include "printhold/base/why.h"
#include "printhold/model/ticket.h"
#include "scrub.h"

struct ph_jobinfo {
    struct ph_ticket ticket; /* all but format, size, pages, PDF's source */
    int64_t attempt_s;       /* time-at-processing, -1 unknown */
    bool is_filtered;        /* on standard input: filters made the data */
    bool is_pdf_expected;    /* those filters end in PDF */
};

/* Is what comes a job sheet, not a document of the person? */
bool ph_jobinfo_is_banner(void);

/*
 * Read the environment and the arguments; the PPD file is opened for the
 * driver's name. PH_ERR_DENIED or PH_ERR_AGAIN as ph_owner_resolve;
 * PH_ERR_INVALID for a job number that is none.
 */
int ph_jobinfo_read(const struct ph_arguments *arguments,
                    struct ph_jobinfo *out_info, struct ph_why *why);

#endif
