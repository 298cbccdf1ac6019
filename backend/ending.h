/*
 * Does a document end as its kind must end? A filter that fails or is killed
 * looks to a backend like a document that ends early, with a normal end of
 * file; this is how such a document is told from a whole one.
 */
#ifndef PH_BACKEND_ENDING_H
#define PH_BACKEND_ENDING_H

#include <stddef.h>
#include <stdint.h>

#include "sniff.h"

#define PH_ENDING_BYTES 1024

/* The last bytes seen; start with all zero. */
struct ph_ending {
    uint8_t tail[PH_ENDING_BYTES];
    size_t len;
};

enum ph_ending_verdict {
    PH_ENDING_WHOLE,
    PH_ENDING_CUT,
    PH_ENDING_UNSEEN, /* this kind has no end that shows */
};

/* The next bytes of the document. */
void ph_ending_add(struct ph_ending *ending, const uint8_t *bytes, size_t len);

enum ph_ending_verdict ph_ending_judge(const struct ph_ending *ending,
                                       enum ph_sniff_kind kind);

#endif
