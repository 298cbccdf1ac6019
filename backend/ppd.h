/* What the backend takes from the queue's PPD file. */
#ifndef PH_BACKEND_PPD_H
#define PH_BACKEND_PPD_H

#include "printhold/model/ticket.h"

#define PH_PPD_DEFAULTS_MAX 512

struct ph_ppd {
    /* NickName, clean UTF-8: the driver's name. */
    char nickname[PH_TICKET_TEXT_MAX];
    /* The queue's defaults of the options that the ticket knows, as argv[5]
     * would have them: "Duplex=None ColorModel=RGB". cupsd does not add them
     * to a job that says nothing, but lays its pages out by them. */
    char defaults[PH_PPD_DEFAULTS_MAX];
};

/* Read at most the first 256 KiB. A file that is missing or no PPD leaves
 * everything empty: a job without a driver's name is a job all the same. */
void ph_ppd_read(const char *path, struct ph_ppd *out_ppd);

/* The same from text. */
void ph_ppd_parse(const char *text, struct ph_ppd *out_ppd);

#endif
