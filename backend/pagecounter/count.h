/*
 * Counting pages, one function per kind of document. All of them run in the
 * confined page counter and may be killed by its limits at any time. A count
 * is exact or it is none: PH_PAGECOUNT_UNKNOWN, never a guess.
 *
 * The answer comes zeroed; status is always set, pages with COUNTED.
 */
#ifndef PH_PAGECOUNTER_COUNT_H
#define PH_PAGECOUNTER_COUNT_H

#include <stddef.h>
#include <stdint.h>

#include "pagecount_wire.h"

/* By libqpdf without its repair; fills creator and producer. */
void ph_count_pdf(const uint8_t *bytes, size_t len,
                  struct ph_pagecount_answer *answer);

/* By the comments of the Document Structuring Conventions 3.0. */
void ph_count_postscript(const uint8_t *bytes, size_t len,
                         struct ph_pagecount_answer *answer);

/* By the page headers of CUPS, PWG and Apple raster, with libcups, which
 * _load brings in while files can still be opened. */
void ph_count_raster_load(void);
void ph_count_raster(const uint8_t *bytes, size_t len,
                     struct ph_pagecount_answer *answer);

#endif
